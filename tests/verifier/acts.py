"""What consoles say: statements (journal.md §3)."""

from cbor import Bad, whole
from charter import shown
from form import CALL, DEVICE, GROUP, HASH, LINE, NODE, OFFICE, PARTY, REFERENCE, SUBJECT, U16, U32, U64, U8, kind, must, rises


def most(count, of, least=0, each=None):
    """An array of so many, ascending (by the field `each`), each once."""

    def fits(value):
        keys = value if each is None else [one[each] for one in value] if kind([of], value) else []
        return kind([of], value) and least <= len(value) <= count and rises(keys)

    return fits


def up_to(number):
    return lambda value: U8(value) and value <= number


def body(value):
    return kind(REFERENCE, value) and value[2] <= 524288


def distinct(count, least=0):
    return lambda value: kind([DEVICE], value) and least <= len(value) <= count and len(set(value)) == len(value)


OFFERS = most(18, {1: NODE, 2: body}, each=1)
PARTIES = most(9, PARTY)
PRECEDENCE, LANGUAGE, REASON = up_to(4), up_to(2), up_to(3)
WORD = {1: PARTIES, 2: PARTIES, 3: PARTIES, 4: PARTIES, 5: bool}
HEARD = {1: PARTY, 2: bool, -3: U32, -4: lambda value: U16(value) and 100 <= value <= 500, -5: U32}
KEY = {1: GROUP, 2: 48}
WRITING = {
    1: up_to(3),
    -2: HASH,
    3: most(9, KEY, 1, each=1),
    4: lambda value: kind(REFERENCE, value) and value[2] <= 204800,
    5: HASH,
    6: U64,
    7: up_to(2),
    8: PRECEDENCE,
    -9: U64,
    -10: lambda value: kind(REFERENCE, value) and value[2] <= 392 * 48 and value[2] % 48 == 0 and value[2] > 0,
}


def writes(value):
    if type(value) is not dict:
        return False
    message, about = value.get(1) == 0, value.get(1) in (1, 3)
    return kind(WRITING, value) and (message or (9 not in value and 10 not in value)) and (not about or 2 in value)


def moves(fields):
    """A handshake: its welcome is there exactly when somebody is added, its commit unless it begins at epoch 0."""
    return (4 in fields) == bool(fields[5]) and (3 in fields or fields[2] == 0)


ACTS = {
    0: {1: CALL, 2: OFFERS, 3: PRECEDENCE},
    1: {1: CALL, 2: OFFERS},
    2: {1: CALL, 2: REASON, -3: U64, -4: OFFICE},
    3: {-1: PRECEDENCE},
    4: {1: GROUP, 2: U64, -3: body, -4: body, 5: distinct(32), 6: distinct(32)},
    5: {1: CALL, 2: U64},
    6: {1: PARTY},
    7: {1: PARTIES},
    8: {1: DEVICE, 2: bool},
    9: {1: DEVICE},
    10: {1: PARTY, 2: bool},
    11: {1: U64},
    12: {1: CALL, 2: SUBJECT, 3: LINE, 4: U64, 5: PRECEDENCE},
    13: {1: HASH, 2: LINE, -3: {1: OFFICE, 2: U64}},
    14: {1: CALL},
    15: {1: most(9, PARTY, 1)},
    16: {1: CALL, 2: OFFERS, -3: PRECEDENCE, 4: WORD},
    18: {1: most(9, HEARD, 1, each=1)},
    19: {1: 16},
    20: {1: U16, 2: LANGUAGE},
    21: {1: HASH, 2: LANGUAGE, 3: lambda value: shown(value, 500, "line")},
    22: {1: body},
    23: {1: GROUP, 2: body, 3: distinct(24, 1)},
    24: {1: writes},
    25: {1: most(32, HASH, 1)},
    26: {1: HASH, -2: HASH},
    27: {1: HASH},
    28: {1: HASH},
    29: {1: most(32, HASH, 1), 2: bool},
    30: {1: up_to(16383), 2: bool, 3: body},
    31: {1: PARTY, 2: most(4, CALL, 1)},
}


def act(value):
    if not (type(value) is list and len(value) == 2 and type(value[0]) is int and value[0] in ACTS):
        return False
    return kind(ACTS[value[0]], value[1]) and (value[0] != 4 or moves(value[1]))


STATEMENT = {1: DEVICE, 2: U64, 3: LINE, 4: act, 5: NODE, 6: HASH, 7: U64}
# How long after it was said an act may be written down, in milliseconds: those with bodies longer.
LASTS = dict.fromkeys(ACTS, 60000) | dict.fromkeys((4, 22, 23, 24, 30), 300000)


def statement(payload):
    """A statement's payload, of the form of journal.md §3."""
    said = must(STATEMENT, whole(payload))
    (number, fields), device = said[4], said[1]
    others = fields[5] + fields[6] if number == 4 else fields[3] if number == 23 else []
    if device in others:
        raise Bad("its own device among the others")
    return said
