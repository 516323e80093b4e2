"""Forms of values: of what kind each field is, and how long it may be (journal.md §2, record.md §1)."""

import re

from cbor import Bad

U8, U16, U32, U64 = ((lambda v, most=1 << bits: type(v) is int and 0 <= v < most) for bits in (8, 16, 32, 64))
PARTY, NODE, OFFICE = (re.compile(form) for form in (r"[A-Z0-9]{1,8}", r"[a-z0-9-]{1,32}", r"[a-z0-9-]{1,48}"))
LINE = SUBJECT = NODE


def kind(of, value):
    """Is the value of this form? A form is a function, a pattern, a type, a number of bytes, a list of one form, a tuple of several, or a map of fields, of which
    those whose number is negative may be missing."""
    if isinstance(of, re.Pattern):
        return type(value) is str and of.fullmatch(value) is not None
    if of in (bool, bytes, str):
        return type(value) is of
    if isinstance(of, int):
        return type(value) is bytes and len(value) == of
    if isinstance(of, list):
        return type(value) is list and all(kind(of[0], one) for one in value)
    if isinstance(of, tuple):
        return type(value) is list and len(value) == len(of) and all(map(kind, of, value))
    if isinstance(of, dict):
        if type(value) is not dict or any(key not in of and -key not in of for key in value):
            return False
        return all(kind(form, value[abs(key)]) if abs(key) in value else key < 0 for key, form in of.items())
    return of(value)


def must(of, value):
    if not kind(of, value):
        raise Bad("not of this form")
    return value


def rises(values):
    """Ascending, each once?"""
    return all(a < b for a, b in zip(values, values[1:]))


HASH, DEVICE, CALL, GROUP = 48, 32, 16, 16
REFERENCE = {1: HASH, 2: U32}
HYBRID = {1: 32, 2: bytes}
HEAD = {1: NODE, 2: U64, 3: 32}
MEASURED = {1: NODE, 2: U8, 3: bool, -4: U32, -5: U32, -6: U32, -7: U32}

OFFICES = ({1: [(OFFICE, U16)]}, lambda e, f: len(f[1]) <= 96 and rises([one[0] for one in f[1]]))

# By number: the fields, and what else must be so of entry and fields.
BODIES = {
    0: ({1: HASH}, None),
    1: ({1: DEVICE, 2: REFERENCE}, lambda e, f: f[2][2] <= 524288),
    2: ({1: bytes}, lambda e, f: len(f[1]) <= 6144),
    3: OFFICES,
    4: ({1: bytes}, lambda e, f: len(f[1]) <= 7680),
    5: ({1: CALL, 2: LINE}, None),
    6: ({1: CALL, 2: LINE, 3: U16}, None),
    7: ({1: CALL, 2: LINE}, None),
    8: ({1: DEVICE, 2: LINE}, None),
    9: ({}, None),
    10: ({1: CALL, 2: LINE, 3: lambda v: U8(v) and v < 4}, None),
    11: ({1: CALL, 2: LINE, 3: bool}, None),
    12: ({1: CALL, 2: LINE, 3: U8}, None),
    13: ({1: [OFFICE]}, lambda e, f: len(f[1]) <= 96 and rises(f[1])),
    16: ({1: [MEASURED]}, lambda e, f: len(f[1]) <= 64 and rises([(one[1], one[2]) for one in f[1]])),
    17: ({1: [HEAD], -2: 4627}, lambda e, f: heads(e, f)),
    19: ({1: LINE, 2: DEVICE, 3: [NODE]}, lambda e, f: len(f[3]) <= 18 and rises(f[3]) and e[1] not in f[3]),
    22: OFFICES,
    23: ({1: CALL, 2: LINE, 3: {1: PARTY, 2: OFFICE, 3: lambda v: U8(v) and v < 5, 4: U64, -5: U64}}, None),
    21: ({1: [{1: PARTY, 2: U32, 3: HASH}]}, lambda e, f: len(f[1]) <= 9 and rises([one[1] for one in f[1]]) and all(one[2] > 0 for one in f[1])),
    20: ({1: DEVICE, 2: bool}, None),
    18: ({1: [HASH]}, lambda e, f: 1 <= len(f[1]) <= 64 and rises(f[1])),
}


def position(value):
    return U64(value) and value <= 1 << 48


def heads(entry, fields):
    if not all(position(head[2]) for head in fields[1]):
        return False
    most = 36 if 2 in fields else 64
    sizes = all(head[2] > 0 and (head[1] != entry[1] or head[2] < entry[2]) for head in fields[1])
    return len(fields[1]) <= most and rises([head[1] for head in fields[1]]) and sizes


def entry(value):
    """An entry's payload, of the form of journal.md §2."""
    must({1: NODE, 2: position, 3: HASH, 4: U64, 5: lambda v: type(v) is list and len(v) == 2 and type(v[0]) is int}, value)
    number, fields = value[5]
    if number not in BODIES:
        raise Bad("an entry of another kind")
    form, more = BODIES[number]
    must(form, fields)
    if more and not more(value, fields):
        raise Bad("over a bound")
    if value[2] == 0 or (value[2] == 1 and value[3] != bytes(48)):
        raise Bad("position")
    return value
