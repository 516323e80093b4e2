#!/usr/bin/env python3
"""Verifies an exported record (spec/record.md) with a charter and nothing else. Shares no code with the program that wrote it.

    verify.py RECORD... --charter charter.cbor [--charter-hash HEX] [--json]

Needs Python 3.9 and its standard library; with the package `cryptography` it is faster. Both halves of every signature are verified, Ed25519 and ML-DSA-87.
The exit code is that of `trialogue record verify`: 0 all holds, 3 incomplete, 4 altered, 5 proof, 1 nothing can be said. Of several records: the highest.
"""

import argparse
import json
import sys

from cbor import Bad
from charter import Charter
from record import Record


def say(record, as_json):
    findings = sorted({(weight, kind, str(where)) for weight, kind, where in record.findings})
    weight = max((finding[0] for finding in findings), default=0)
    if as_json:
        out = {"journals": record.tops, "entries": record.entries, "heads": len(record.claims), "code": weight}
        out.update(statements=record.statements, kinds=record.kinds, findings=findings, sealed=record.sealed, absent=record.absent)
        print(json.dumps(out, sort_keys=True))
        return weight
    for node, top in record.tops.items():
        print(f"{node}  {top['entries']} entries  root {top['root']}  last at {top['last']} ms by its own clock")
        print(f"  signed with ML-DSA-87: {top['covered']} by the node itself, {top['covered_by_others']} by others")
    for node in record.absent:
        print(f"{node}  no entry in this file")
    for finding in findings:
        print(finding)
    print(f"{record.entries} entries, {len(record.claims)} heads, {record.statements} statements: {weight or 'all holds'}")
    return weight


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("record", nargs="+")
    arguments.add_argument("--charter", required=True)
    arguments.add_argument("--charter-hash", help="96 hexadecimal digits, which the officers have compared")
    arguments.add_argument("--json", action="store_true", help="one object a record")
    given = arguments.parse_args()
    try:
        with open(given.charter, "rb") as file:
            charter = Charter(file.read())
        if given.charter_hash and charter.hash.hex() != given.charter_hash.lower():
            raise Bad("the charter is not the one with that hash")
    except Exception as why:
        print(f"nothing can be said: {why!r}", file=sys.stderr)
        return 1
    code = 0
    for name in given.record:
        # Whatever is wrong with one file, or with this program, the others are judged.
        try:
            with open(name, "rb") as file:
                data = file.read()
            record = Record(charter)
            record.read(data)
            said = say(record, given.json)
        except Exception as why:
            print(f"nothing can be said of {name}: {why!r}", file=sys.stderr)
            said = 1
        code = max(code, said)
    return code


if __name__ == "__main__":
    sys.exit(main())
