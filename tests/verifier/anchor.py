"""Which charters of a file count: those that the auditor's leads to, upwards and downwards (record.md §2)."""

import mldsa
from cbor import Bad, encode, whole
from charter import Charter
from cose import ML_DSA_87, many, part_holds, sha384


class Anchor:
    def __init__(self, pinned):
        self.pinned, self.offered, self.count, self.last, self.chain, self.settled = pinned, [], 0, None, [pinned], False

    def offer(self, data):
        """Nothing, or what is wrong."""
        self.count += 1
        if self.count > 256:
            return "charter"
        try:
            self.last = sha384(many(data, 393216)[0])
            charter = Charter(data)
        except (Bad, KeyError, TypeError, ValueError, IndexError, AttributeError):
            return "charter"
        if self.offered and self.offered[-1].serial >= charter.serial:
            return "order"
        self.offered.append(charter)
        return None

    def settle(self):
        """How many are refused."""
        if self.settled:
            return 0
        self.settled, refused, chain = True, int(self.count == 0), [self.pinned]
        for charter in (one for one in self.offered if one.serial >= self.pinned.serial):
            if charter.hash == chain[-1].hash:
                continue
            if charter.supersedes(chain[-1]):
                refused += 1
                break
            chain.append(charter)
        for charter in (one for one in reversed(self.offered) if one.serial < self.pinned.serial):
            if chain[0].supersedes(charter):
                refused += 1
                break
            chain.insert(0, charter)
        self.chain = chain
        return refused

    def place(self, charter):
        """Where the charter with this hash stands in the chain."""
        return next((place for place, known in enumerate(self.chain) if known.hash == charter), None)

    def begin(self, opened):
        """The first place from which on charters count: going down from the auditor's, as long as a node of this one and the next has opened it."""
        first = self.place(self.pinned.hash)
        while first and self.vouched_for(opened, first - 1, first):
            first -= 1
        return first

    def vouched_for(self, opened, place, also_in):
        """Has a node of the charter at this place, and of that one, opened it before any newer one?"""
        both = [node for node in self.chain[place].nodes if node in self.chain[also_in].nodes]
        return any(place in opened.get(node, ()) for node in both)

    def newest(self):
        return self.chain[-1]

    def with_node(self, node):
        """The newest charter that has this node."""
        return next((charter for charter in reversed(self.chain) if node in charter.nodes), None)

    def keys(self, node):
        """All hybrid journal keys that the charters give a node, the newest first."""
        return [charter.nodes[node][3] for charter in reversed(self.chain) if node in charter.nodes]

    def head_holds(self, entry):
        """Has the node signed the heads of this entry with ML-DSA-87?"""
        fields = entry[5][1]
        payload, kid = encode({1: entry[1], 2: entry[4], 3: fields[1]}), entry[1].encode()
        signed = (part_holds(key, b"trialogue head 1", payload, kid, ML_DSA_87, fields[2]) for key in self.keys(entry[1]))
        return len(fields[2]) == mldsa.SIGNATURE and any(signed)


def statement_device(data):
    """The device that a statement names, payload and signature; or Bad."""
    from cose import one

    payload, signature = one(data)
    said = whole(payload)
    if type(said) is not dict or next(iter(said), None) != 1 or type(said[1]) is not bytes or len(said[1]) != 32:
        raise Bad("no statement")
    return said[1], payload, signature
