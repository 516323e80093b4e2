#!/usr/bin/env python3
"""Verifies an exported record (spec/record.md) with a charter and nothing else. Shares no code with the program that wrote it.

    verify.py RECORD --charter charter.cbor [--charter-hash HEX] [--json]

Needs Python 3.9 and its standard library; with the package `cryptography` it is a hundred times faster. There is no ML-DSA-87 in either: of charters and
certificates the Ed25519 half alone is verified here. Give --charter-hash, the hash that the security officers have compared, to trust the charter
for more than that. The exit code is that of `trialogue record verify`: 0 all holds, 3 incomplete, 4 altered, 5 proof, 1 nothing can be said.
"""

import argparse
import hashlib
import json
import sys

INCOMPLETE, ALTERED, PROOF = 3, 4, 5


class Bad(Exception):
    """Bytes that are not in the one form."""


# --- CBOR (RFC 8949 §4.2.1), the part that the protocol uses


def head(data, at):
    if at >= len(data):
        raise Bad("cut")
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if info < 24:
        return major, info, at
    if info > 27:
        raise Bad("not shortest")
    width = 1 << (info - 24)
    if at + width > len(data):
        raise Bad("cut")
    value = int.from_bytes(data[at : at + width], "big")
    if value < (24 if width == 1 else 1 << (width * 4)):
        raise Bad("not shortest")
    return major, value, at + width


def item(data, at=0, depth=0):
    """One item, and where it ends."""
    if depth > 12:
        raise Bad("deep")
    major, value, at = head(data, at)
    if major == 0:
        return value, at
    if major == 1:
        return -1 - value, at
    if major in (2, 3):
        if at + value > len(data):
            raise Bad("cut")
        part = data[at : at + value]
        try:
            return (part if major == 2 else part.decode("utf-8")), at + value
        except UnicodeDecodeError as why:
            raise Bad("not text") from why
    if major == 4:
        if value > len(data):
            raise Bad("cut")
        out = []
        for _ in range(value):
            one, at = item(data, at, depth + 1)
            out.append(one)
        return out, at
    if major == 5:
        out, last = {}, None
        for _ in range(value):
            begin = at
            key, at = item(data, at, depth + 1)
            name = data[begin:at]
            if last is not None and (len(last), last) >= (len(name), name):
                raise Bad("keys")
            last = name
            out[key], at = item(data, at, depth + 1)
        return out, at
    if major == 6:
        inner, at = item(data, at, depth + 1)
        return ("tag", value, inner), at
    if major == 7 and value in (20, 21):
        return value == 21, at
    raise Bad("kind")


def whole(data):
    value, end = item(data)
    if end != len(data):
        raise Bad("trailing")
    return value


def text(data):
    size = len(data)
    first = bytes([0x60 | size]) if size < 24 else bytes([0x78, size])
    return first + data.encode()


def bstr(data):
    size = len(data)
    for info, width in ((24, 1), (25, 2), (26, 4)):
        if size < 24:
            return bytes([0x40 | size]) + data
        if size < 1 << (8 * width):
            return bytes([0x40 | info]) + size.to_bytes(width, "big") + data
    raise Bad("long")


# --- Ed25519 (RFC 8032): with the package, or slowly

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    x, y = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    t, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = y - x, z - t, z + t, y + x
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n, a):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, a)
        a, n = add(a, a), n >> 1
    return out


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - xx) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def slow_holds(key, message, signature):
    a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q or times(8, a)[0] == 0 or times(8, r)[0] == 0:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    left, right = times(s, BASE), add(r, times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    def holds(key, message, signature):
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
            return len(signature) == 64
        except (InvalidSignature, ValueError):
            return False

except ImportError:

    def holds(key, message, signature):
        return len(signature) == 64 and slow_holds(key, message, signature)


# --- COSE (RFC 9052) as charter.md §2 has it

EDDSA = bytes([0xA1, 0x01, 0x27])


def sha384(data):
    return hashlib.sha384(data).digest()


def one(data):
    """Payload and signature of a COSE_Sign1."""
    value = whole(data)
    if not (isinstance(value, tuple) and value[1] == 18 and len(value[2]) == 4):
        raise Bad("no COSE_Sign1")
    protected, unprotected, payload, signature = value[2]
    if protected != EDDSA or unprotected != {} or not isinstance(payload, bytes) or len(signature) != 64:
        raise Bad("no COSE_Sign1 of this protocol")
    return payload, signature


def one_holds(key, domain, payload, signature):
    return holds(key, b"\x84" + text("Signature1") + bstr(EDDSA) + bstr(domain) + bstr(payload), signature)


def many(data):
    """Payload, and signatures by key id and algorithm with their protected headers, of a COSE_Sign."""
    value = whole(data)
    if not (isinstance(value, tuple) and value[1] == 98 and len(value[2]) == 4):
        raise Bad("no COSE_Sign")
    found = {}
    for protected, _, signature in value[2][3]:
        names = whole(protected)
        found[names[4], names[1]] = (protected, signature)
    return value[2][2], found


def many_holds(key, domain, payload, found, kid):
    protected, signature = found.get((kid, -8), (b"", b""))
    message = b"\x85" + text("Signature") + bstr(b"") + bstr(protected) + bstr(domain) + bstr(payload)
    return (kid, -50) in found and holds(key, message, signature)


# --- Charter (charter.md §3, §9)


class Charter:
    def __init__(self, data):
        self.payload, self.found = many(data)
        self.hash = sha384(self.payload)
        value = whole(self.payload)
        self.serial, self.amending = value[2], value[8].get(6, 0)
        self.parties = {party[1]: party[3] for party in value[4]}
        self.nodes = {node[1]: node for node in value[5]}
        for name, root in self.parties.items():
            if not many_holds(root[1], b"trialogue charter 1", self.payload, self.found, name.encode()):
                raise Bad(f"the root of {name} has not signed the charter")

    def supersedes(self, held):
        agreed = 0
        for name, root in held.parties.items():
            stays = self.parties.get(name) == root
            kid = name.encode() if stays else b"former " + name.encode()
            domain = b"trialogue charter 1" if stays else b"trialogue amendment 1"
            agreed += many_holds(root[1], domain, self.payload, self.found, kid)
        missing = len(held.parties) - agreed
        return self.serial > held.serial and (missing == 0 or (held.amending == 1 and missing == 1 and agreed >= 2))

    def keys(self, node):
        known = self.nodes[node]
        return list(known.get(7, [])) + [known[3][1]]


def device(charter, party, data, name):
    """The device's key, if the certificate leads to the party's root."""
    payload, found = many(data)
    value = whole(payload)
    voucher_payload, voucher_found = many(value[1])
    voucher = whole(voucher_payload)
    fits = voucher[2] == party and voucher[6] == sha384(value[2][1] + value[2][2]) and value[4] <= voucher[5]
    fits = fits and sha384(value[3][1] + value[3][2])[:32] == name
    root = charter.parties[party][1]
    fits = fits and many_holds(root, b"trialogue voucher 1", voucher_payload, voucher_found, party.encode())
    fits = fits and many_holds(value[2][1], b"trialogue device 1", payload, found, voucher[1])
    return value[3][1] if fits else None


# --- Merkle trees (RFC 9162 §2.1.1)


def over(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def roots(leaves, sizes):
    """The roots at these sizes."""
    peaks, out = [], {}
    for size, leaf in enumerate(leaves, 1):
        peaks.append((1, leaf))
        while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
            (count, right), (_, left) = peaks.pop(), peaks.pop()
            peaks.append((2 * count, over(left, right)))
        if size in sizes:
            top = peaks[-1][1]
            for _, left in reversed(peaks[:-1]):
                top = over(left, top)
            out[size] = top
    return out


# --- The record (record.md)


class Journal:
    def __init__(self):
        self.last, self.hash, self.payload = 0, bytes(48), b""
        self.leaves, self.holes, self.late, self.key, self.devices = [], [], {}, 0, {}


class Record:
    def __init__(self, charter):
        self.charter, self.journals, self.findings, self.claims = charter, {}, [], []
        self.evidence, self.kinds, self.entries, self.statements, self.current = [], {}, 0, 0, None

    def find(self, weight, kind, where):
        self.findings.append((weight, kind, where))

    def read(self, data):
        at, count, stage, ended = 0, 0, -1, False
        while at < len(data):
            try:
                value, end = item(data, at)
                number, fields = value
                if not isinstance(fields, dict) or number not in range(5) or number < stage or ended:
                    raise Bad("order")
                if (count == 0) != (number == 0):
                    raise Bad("header")
                count, stage, at = count + 1, number, end
                if number == 0 and fields[1] != 1:
                    raise Bad("version")
                if number == 1:
                    self.amend(fields[1])
                elif number == 2:
                    self.take_evidence(fields[1], fields[3])
                elif number == 3:
                    self.entry(fields[1], fields.get(2))
                elif number == 4:
                    ended = True
                    if fields[1] != count - 1:
                        self.find(ALTERED, "order", count)
            except (Bad, TypeError, ValueError, KeyError, IndexError, AttributeError):
                self.find(ALTERED, "unreadable", count + 1)
                ended = True
                break
        if not ended:
            self.find(INCOMPLETE, "no_end", count)

    def amend(self, data):
        try:
            charter = Charter(data)
            if charter.serial > self.charter.serial:
                if not charter.supersedes(self.charter):
                    raise Bad("not agreed")
                self.charter = charter
        except (Bad, TypeError, KeyError):
            self.find(ALTERED, "charter", None)

    def open(self, data):
        """Entry, payload, which key; or the finding."""
        try:
            payload, signature = one(data)
            entry = whole(payload)
            node, position = entry[1], entry[2]
            number, _ = entry[5]
            sound = isinstance(position, int) and position > 0 and isinstance(number, int) and len(data) <= 8192
            if not sound or (position == 1 and entry[3] != bytes(48)):
                raise Bad("entry")
        except (Bad, TypeError, ValueError, KeyError):
            return "malformed", None, None
        if node not in self.charter.nodes:
            return "unknown", entry, None
        keys = self.charter.keys(node)
        for place in reversed(range(len(keys))):
            if one_holds(keys[place], b"trialogue entry 1", payload, signature):
                return None, entry, (payload, place)
        return "forged", entry, None

    def take_evidence(self, against, data):
        wrong, entry, more = self.open(data)
        if wrong:
            return self.find(ALTERED, "malformed", None)
        self.evidence.append((entry, sha384(more[0])))
        self.claim(entry)

    def claim(self, entry):
        number, fields = entry[5]
        for seen in fields[1] if number == 17 else []:
            self.claims.append((seen[1], seen[2], seen[3], entry[1], entry[2]))

    def entry(self, data, certificate):
        wrong, entry, more = self.open(data)
        if wrong == "unknown":
            return None
        if wrong:
            node = entry[1] if entry else self.current
            journal = self.journals.setdefault(node, Journal())
            if entry is None or entry[2] == journal.last + 1:
                journal.last += 1
            journal.hash = None
            return self.find(ALTERED, wrong, (node, journal.last))
        node, position, (payload, key) = entry[1], entry[2], more
        if self.current is not None and self.current > node:
            self.find(ALTERED, "order", node)
        self.current = node
        journal, name = self.journals.setdefault(node, Journal()), sha384(payload)
        for other, other_hash in self.evidence:
            same = other[2] == position and other_hash != name
            after = other[2] == position + 1 and other[3] != name
            if other[1] == node and (same or after):
                self.find(PROOF, "two_histories", (node, position))
        if position <= journal.last:
            if position == journal.last and journal.hash not in (None, name):
                self.find(PROOF, "two_histories", (node, position))
            else:
                journal.late[position] = journal.last
            return None
        if position > journal.last + 1:
            journal.holes.append((journal.last + 1, position - 1))
            journal.hash = None
        if journal.hash is not None and entry[3] != journal.hash:
            self.find(PROOF, "two_histories", (node, journal.last))
        if key < journal.key:
            self.find(ALTERED, "former_key", (node, position))
        journal.key, journal.last, journal.hash = max(journal.key, key), position, name
        if len(journal.leaves) + 1 == position:
            journal.leaves.append(hashlib.sha256(b"\x00" + payload).digest())
        self.entries += 1
        self.claim(entry)
        self.says(journal, entry, certificate)

    def says(self, journal, entry, certificate):
        number, fields = entry[5]
        kind = f"entry {number}"
        if number == 1:
            party = self.charter.nodes[entry[1]][2]
            if certificate is None:
                self.find(ALTERED, "no_certificate", (entry[1], entry[2]))
            else:
                key = device(self.charter, party, certificate, fields[1])
                if key is not None:
                    journal.devices.setdefault(fields[1], key)
        elif number == 4:
            payload, signature = one(fields[1])
            said = whole(payload)
            kind = f"act {said[4][0]}"
            key = journal.devices.get(said[1])
            # What a device says that the newest charter does not know counts for nothing; it is in the journal all the same.
            if key is not None:
                self.statements += 1
                if not one_holds(key, b"trialogue statement 1", payload, signature):
                    self.find(PROOF, "statement", (entry[1], entry[2]))
        self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def finish(self):
        tops = {}
        for node, journal in sorted(self.journals.items(), key=lambda pair: str(pair[0])):
            for begin, end in journal.holes:
                if not all(position in journal.late for position in range(begin, end + 1)):
                    self.find(ALTERED, "removed", (node, begin))
            for position in journal.late:
                self.find(ALTERED, "reordered", (node, position))
            of = [claim for claim in self.claims if claim[0] == node]
            known = roots(journal.leaves, {claim[1] for claim in of} | {len(journal.leaves)})
            for _, size, root, by, position in of:
                if size in known and known[size] != root:
                    self.find(PROOF, "disputed", (node, size, by, position))
            tops[node] = {"entries": len(journal.leaves), "root": known.get(len(journal.leaves), b"").hex()}
        for node in self.charter.nodes:
            held = self.journals[node].last if node in self.journals else 0
            if max((claim[1] for claim in self.claims if claim[0] == node), default=0) > held:
                self.find(INCOMPLETE, "truncated", (node, held + 1))
        return tops


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("record")
    arguments.add_argument("--charter", required=True)
    arguments.add_argument("--charter-hash", help="96 hexadecimal digits")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    try:
        with open(given.charter, "rb") as file:
            charter = Charter(file.read())
        with open(given.record, "rb") as file:
            data = file.read()
    except (OSError, Bad, TypeError, KeyError, ValueError) as why:
        print(f"nothing can be said: {why}", file=sys.stderr)
        return 1
    if given.charter_hash and charter.hash.hex() != given.charter_hash.lower():
        print("nothing can be said: the charter is not the one with that hash", file=sys.stderr)
        return 1
    record = Record(charter)
    record.read(data)
    tops = record.finish()
    findings = sorted(set(map(str, record.findings)))
    weight = max((finding[0] for finding in record.findings), default=0)
    if given.json:
        out = {"journals": tops, "entries": record.entries, "heads": len(record.claims), "statements": record.statements}
        out.update(kinds=record.kinds, findings=[[w, kind, str(where)] for w, kind, where in record.findings])
        print(json.dumps(out, sort_keys=True))
    else:
        for node, top in tops.items():
            print(f"{node}  {top['entries']} entries  root {top['root']}")
        for finding in findings:
            print(finding)
        print(f"{record.entries} entries, {len(record.claims)} heads, {record.statements} statements: {'all holds' if not weight else weight}")
        if not given.charter_hash:
            print("Of the charter only the Ed25519 signatures were verified: compare its hash,", charter.hash.hex())
    return weight


if __name__ == "__main__":
    sys.exit(main())
