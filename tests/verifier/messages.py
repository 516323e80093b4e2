"""Messages between console and node, between nodes, frames on a path, and the header of media (console.md, link.md, media.md)."""

import re

from cbor import Bad
from form import DEVICE, HASH, LINE, NODE, U16, U32, U64, U8, kind, must

BUNDLE = {1: bytes, 2: [bytes]}
AT = {1: NODE, 2: U64}
SITE = {1: NODE, 2: str}
MEASURE = {1: str, 2: str, 3: bool, -4: U32, 5: U32, 6: U32, -7: U32, 8: bool, 9: U32, 10: U32}
PATH = {1: NODE, 2: bool, 3: bool, -4: U32, 5: [MEASURE], 6: bool}


def ice(least, most):
    return re.compile(f"[A-Za-z0-9+/]{{{least},{most}}}")


END = {1: ice(4, 32), 2: ice(22, 64), 3: 32}
STREAM = {1: U32, -2: U32}
NUMBERS = {1: U8, 2: U8, -3: U8, 4: U8, -5: U8, -6: U8}
MID = re.compile("[A-Za-z0-9]{1,16}")
OFFER = {1: END, 2: NUMBERS, 3: [MID], 4: U8, 5: STREAM, 6: STREAM}
ADDRESS = {1: lambda value: type(value) is bytes and len(value) in (4, 16), 2: U16, 3: bool}
ANSWER = {1: END, 2: [ADDRESS], 3: [STREAM]}


def medium(value):
    return U8(value) and value < 2


TO_NODE = {
    0: {1: U8, 2: bytes, 3: bytes, 4: bool, 5: str},
    1: {1: bytes, 2: [bytes]},
    2: {1: OFFER, 2: U32},
    3: {1: DEVICE},
    4: {1: [HASH]},
    5: {1: U32},
    6: {1: LINE, 2: bool, 3: bool},
    7: {1: U64},
    8: {1: bool},
    9: {1: [HASH]},
    10: {1: bytes},
    11: {1: U16},
    12: {1: DEVICE},
    13: {},
    14: {1: bool},
}
TO_CONSOLE = {
    0: {1: U8, 2: NODE, 3: 32, 4: bytes},
    1: {1: U64},
    2: {1: [BUNDLE]},
    3: {1: [PATH]},
    4: {1: U64, 2: bool},
    5: {-1: U64, 2: U8, -3: U32},
    6: {1: ANSWER, 2: U32},
    7: {1: str, -2: DEVICE, 3: medium, 4: U32},
    8: {1: [bytes]},
    9: {1: U32},
    10: {1: DEVICE, 2: bool, 3: bool},
    11: {1: bytes},
    12: {1: [SITE]},
    13: {1: [HASH]},
    14: {1: HASH},
    15: {1: U16},
    16: {1: U64},
    20: {1: 16},
    21: {},
}
LINK = {
    0: {1: U8, 2: NODE, 3: HASH, 4: [AT], 5: U64},
    1: {1: [BUNDLE]},
    2: {1: [AT]},
    3: {1: [NODE]},
    4: {1: DEVICE},
    5: {1: lambda value: type(value) is bytes and len(value) <= 512, 2: 64},
    8: {1: bytes},
    9: {1: HASH, 2: U32, 3: U32},
    10: {1: HASH, 2: U32, 3: U32, 4: bytes},
    16: {1: U32, 2: lambda value: type(value) is bytes and not any(value)},
    17: {1: U32},
}


WHAT = {0: {1: U16, 2: medium, -3: U32}, 1: {1: medium}, 2: {1: bool, 2: bool}}
WORD = {1: NODE, 2: U64, 3: DEVICE, 4: LINE, 5: lambda value: type(value) is list and len(value) == 2 and kind(WHAT.get(value[0], bytes), value[1])}


def message(forms, value):
    """One message: a choice of these."""
    if not (type(value) is list and len(value) == 2 and value[0] in forms):
        raise Bad("a message of another kind")
    must(forms[value[0]], value[1])


def media(data):
    """Is it a media datagram?"""
    return len(data) > 12 and data[0] < 12 and data[1] < 64


def path(data):
    """Is it a frame of a path, with its length before it?"""
    size, kind, rest = int.from_bytes(data[:4], "big"), data[4], data[5:]
    if size != len(data) - 4:
        return False
    if kind == 0:
        carrier = rest[10 : 10 + rest[9]]
        label = rest[11 + rest[9] :]
        return len(carrier) == rest[9] <= 16 and len(label) == rest[10 + rest[9]] <= 16
    return len(rest) == 8 if kind in (1, 3) else kind == 2 and len(rest) > 8
