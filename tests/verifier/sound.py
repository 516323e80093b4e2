"""Is a charter sound in itself: forms, bounds, references, order (charter.md §3)."""

import ipaddress
import re

from cbor import Bad
from cose import hybrid
from ed25519 import usable
from form import HASH, HYBRID, LINE, NODE, OFFICE, PARTY, SUBJECT, U8, U16, U32, U64, kind, must, rises
from texts import passes


def up_to(most):
    return lambda value: U8(value) and value <= most


def between(least, most):
    return lambda value: type(value) is int and least <= value <= most


def some(of, least, most):
    """An array of so many."""
    return lambda value: kind([of], value) and least <= len(value) <= most


def named(most):
    return lambda value: passes(value, "name", most)


TEXTS = {1: named(80), 2: named(80), 3: named(80)}
LAST = {1: U64, 2: HASH}
CHARTER = {
    0: lambda value: value == 1 and U8(value),
    1: named(80),
    2: U64,
    3: lambda value: type(value) is int and value in (0x004E, 0x0907),
    4: some({1: PARTY, 2: TEXTS, 3: HYBRID}, 2, 9),
    5: some(
        {
            1: NODE,
            2: PARTY,
            3: HYBRID,
            4: 32,
            5: [str],
            6: up_to(63),
            7: some({1: 32, -2: LAST}, 0, 8),
            8: bool,
            -9: LAST,
            10: some(str, 0, 8),
        },
        1,
        36,
    ),
    6: some({1: OFFICE, 2: PARTY, 3: TEXTS, 4: up_to(4)}, 1, 96),
    7: some(
        {
            1: LINE,
            2: TEXTS,
            3: named(120),
            4: some(OFFICE, 1, 96),
            5: [{1: OFFICE, 2: between(1, 4)}],
            6: bool,
            7: up_to(1),
        },
        1,
        16,
    ),
    8: {
        1: between(10, 600),
        2: between(2, 120),
        3: between(5, 600),
        4: between(0, 600),
        5: up_to(1),
        6: up_to(1),
        7: some({1: PARTY, 2: PARTY}, 0, 72),
        8: {1: between(10, 3600), 2: between(60, 86400), 3: between(600, 604800)},
        -9: between(64, 1024),
    },
    9: some({1: SUBJECT, 2: TEXTS}, 0, 32),
}


def need(condition, what):
    if not condition:
        raise Bad(what)


def sound(value):
    """The charter's content, or Bad."""
    must(CHARTER, value)
    parties, nodes, offices, lines, policy = value[4], value[5], value[6], value[7], value[8]
    for what, several in (("parties", parties), ("nodes", nodes), ("offices", offices)):
        need(rises([one[1] for one in several]), f"{what} out of order")
    for what, several in (("lines", lines), ("subjects", value[9])):
        need(len({one[1] for one in several}) == len(several), f"{what} twice")
    known, serving = {party[1] for party in parties}, [node for node in nodes if not node[8]]
    need(1 <= len(serving) <= 18 and known == {node[2] for node in serving}, "nodes in service")
    need(all(one[2] in known for one in nodes + offices), "an unknown party")
    barred = [(one[1], one[2]) for one in policy[7]]
    need(rises(barred) and all(a in known and b in known and a != b for a, b in barred), "relays")
    need(len({node[6] for node in nodes}) == len(nodes), "an index twice")
    each_key_once(parties, nodes)
    for node in nodes:
        addresses = 0 if node[8] else 1
        need(addresses <= len(node[5]) <= 8 * addresses and all(map(is_address, node[5])), "addresses")
        need(rises(node[10]) and all(map(is_origin, node[10])), "origins")
        need(ends_in_order(node), "last entries of keys")
    of = {office[1]: office for office in offices}
    for line in lines:
        of_line(line, of)
    return value


def each_key_once(parties, nodes):
    hybrids = [party[3] for party in parties] + [node[3] for node in nodes]
    plain = [former[1] for node in nodes for former in node[7]] + [node[4] for node in nodes]
    need(all(map(hybrid, hybrids)) and all(map(usable, plain)), "no usable key")
    keys = [key[half] for key in hybrids for half in (1, 2)] + plain
    need(len(set(keys)) == len(keys), "a key twice")


def ends_in_order(node):
    """Every former key but the newest has a last entry, none before that of the one before it; only a retired node has one itself."""
    ends = [former.get(2) for former in node[7]] + [node.get(9)]
    known = [end for end in ends if end is not None]
    whole = all(end is not None for end in ends[:-2]) and (9 not in node or len(known) == len(ends))
    order = all(a[1] < b[1] or a == b for a, b in zip(known, known[1:]))
    return whole and order and all((end[1] == 0) == (end[2] == bytes(48)) for end in known) and (node[8] or 9 not in node)


def of_line(line, of):
    need(len(set(line[4])) == len(line[4]) and all(office in of for office in line[4]), "offices of a line")
    there = [of[office] for office in line[4]]
    stations = [office for office in there if office[4] == 4]
    need(len({office[2] for office in there}) >= 2 and len(stations) in (0, len(there)), "who is on a line")
    prepared = {office[2] for office in there if office[4] == 0}
    need(not line[6] or all(office[2] in prepared for office in there), "nobody prepares")
    having = [authority[1] for authority in line[5]]
    need(rises(having) and all(office in line[4] for office in having), "authority")


LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")


def is_host(address):
    """`host:port`: a DNS name, an IPv4 address or an IPv6 address in brackets."""
    host, colon, port = address.rpartition(":")
    if not colon or not re.fullmatch("[0-9]+", port) or not 0 < int(port.lstrip("0")[:6] or "0") < 65536:
        return False
    if host.startswith("["):
        return host.endswith("]") and is_ipv6(host[1:-1])
    return len(host) <= 253 and all(LABEL.fullmatch(label) for label in host.split("."))


def is_ipv6(text):
    try:
        return "%" not in text and ipaddress.IPv6Address(text) is not None
    except ValueError:
        return False


def is_address(address):
    carrier, equals, rest = address.partition("=")
    return len(address.encode()) <= 277 and is_host(rest if equals else address) and (not equals or re.fullmatch("[a-z0-9-]{1,16}", carrier) is not None)


def is_origin(origin):
    rest = origin.removeprefix("https://")
    if rest == origin or len(origin.encode()) > 267 or re.search("[A-Z]", rest) or rest.endswith(":443"):
        return False
    port = ":" in rest and not rest.endswith("]")
    return is_host(rest if port else rest + ":443")
