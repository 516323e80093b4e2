"""Charters, vouchers, certificates (charter.md §3–5, §9)."""

import mldsa
from cbor import Bad, whole
from cose import EDDSA, ML_DSA_87, fingerprint, hybrid, many, many_holds, only_holds, sha384
from ed25519 import holds
from form import HASH, HYBRID, OFFICE, PARTY, U64, kind, must
from sound import sound
from texts import passes

FORMER = b"former "


class Charter:
    def __init__(self, data):
        self.payload, self.found = many(data, 393216)
        self.hash = sha384(self.payload)
        value = sound(whole(self.payload, 1 << 16, 16))
        self.serial, self.amending = value[2], value[8][6]
        self.parties = {party[1]: party[3] for party in value[4]}
        self.nodes = {node[1]: node for node in value[5]}
        self.offices = {office[1]: office[2] for office in value[6]}
        self.signers()
        for name, root in self.parties.items():
            if not many_holds(root, b"trialogue charter 1", self.payload, self.found, name.encode()):
                raise Bad(f"the root of {name} has not signed the charter")

    def signers(self):
        """Parties alone have signed, and roots that parties of the charter before had: at most as many, each with both halves."""
        names = {name for name, _ in self.found}
        former = {name for name in names if name.startswith(FORMER)}
        ids = [name.removeprefix(FORMER).decode("ascii", "replace") for name in former]
        if not all(name.decode("ascii", "replace") in self.parties for name in names - former):
            raise Bad("somebody has signed who is no party")
        if len(former) > 9 or not all(kind(PARTY, name) for name in ids):
            raise Bad("more have signed than were parties")
        lengths = {EDDSA: 64, ML_DSA_87: mldsa.SIGNATURE}
        if not all(len(self.found.get((name, half), b"")) == lengths[half] for name in former for half in lengths):
            raise Bad("noise in the place of a signature")

    def supersedes(self, held):
        """Nothing; or why it does not take the place of that one."""
        if self.serial <= held.serial:
            return None if self.hash == held.hash else "not newer"
        agreed = 0
        for name, root in held.parties.items():
            stays = self.parties.get(name) == root
            kid = name.encode() if stays else FORMER + name.encode()
            domain = b"trialogue charter 1" if stays else b"trialogue amendment 1"
            agreed += many_holds(root, domain, self.payload, self.found, kid)
        missing = len(held.parties) - agreed
        if missing and not (held.amending == 1 and missing == 1 and agreed >= 2):
            return "not agreed"
        return None if self.keeps(held) else "not what an amendment may do"

    def keeps(self, held):
        for name, before in held.nodes.items():
            now = self.nodes.get(name)
            if now is None and before[2] in self.parties:
                return False
            if now is not None and not self.keeps_node(before, now):
                return False
        taken = {node[6] for node in held.nodes.values()}
        fresh = all(node[6] not in taken for name, node in self.nodes.items() if name not in held.nodes)
        return fresh and all(self.offices.get(name, party) == party for name, party in held.offices.items())

    def keeps_node(self, before, now):
        if before[2] != now[2] or before[6] != now[6] or (before[8] and not now[8]):
            return False
        former, added = now[7][: len(before[7])], now[7][len(before[7]) :]
        kept = [one[1] for one in former] == [one[1] for one in before[7]] and all(2 in one for one in former)
        ends = all(2 not in was or was[2] == one[2] for was, one in zip(before[7], former)) if kept else False
        if not kept or not ends or (9 in before and before[9] != now.get(9)):
            return False
        return [one[1] for one in added[:1]] == [before[3][1]] if now[3] != before[3] else not added

    def keys(self, node):
        """The Ed25519 journal keys of a node, the oldest first."""
        known = self.nodes[node]
        return [one[1] for one in known[7]] + [known[3][1]]

    def counts(self, node, place, position, name, previous):
        """Does an entry count under the key at this place among the node's?"""
        known = self.nodes[node]
        ends = [one.get(2) for one in known[7]] + [known.get(9)]
        before, last = ends[place - 1] if place else None, ends[place]
        if before and (position <= before[1] or (position == before[1] + 1 and previous != before[2])):
            return False
        return not last or position < last[1] or (position == last[1] and name == last[2])


def shown(value, most=80, form="name"):
    """Is it a text that a screen can show?"""
    return passes(value, form, most)


VOUCHER = {1: 16, 2: PARTY, 3: OFFICE, 4: shown, 5: U64, 6: HASH}
CERTIFICATE = {1: bytes, 2: HYBRID, 3: HYBRID, 4: U64, 5: 64}


def device_key(data, name):
    """The Ed25519 key of this device in a certificate, whoever has signed it: the id is made of the keys. None: they are not in it."""
    try:
        value = must(CERTIFICATE, whole(many(data, 20480)[0]))
        fits = hybrid(value[3]) and fingerprint(value[3])[:32] == name
        return value[3][1] if fits else None
    except (Bad, KeyError, TypeError, AttributeError):
        return None


def device(charter, party, data, name):
    """The device's Ed25519 key, if the certificate leads to the party's root."""
    try:
        payload, found = many(data, 20480)
        value = must(CERTIFICATE, whole(payload))
        said, signed = many(value[1], 6144)
        voucher = must(VOUCHER, whole(said))
        root = charter.parties[party]
        fits = voucher[2] == party and charter.offices.get(voucher[3]) == party
        fits = fits and hybrid(value[2]) and hybrid(value[3])
        fits = fits and voucher[6] == fingerprint(value[2]) and value[4] <= voucher[5]
        fits = fits and fingerprint(value[3])[:32] == name
        fits = fits and only_holds(root, b"trialogue voucher 1", said, signed, party.encode())
        fits = fits and only_holds(value[2], b"trialogue device 1", payload, found, voucher[1])
        fits = fits and holds(value[3][1], b"trialogue possession 1" + sha384(value[1]), value[5])
        return value[3][1] if fits else None
    except (Bad, KeyError, TypeError, AttributeError):
        return None
