"""The exported record (record.md): what is in it, and what is wrong with it."""

import hashlib

import acts
import form
from anchor import Anchor, statement_device
from cbor import Bad, Reader, whole
from charter import device_key
from cose import many, one, one_holds, only_holds, sha384
from form import HASH, HEAD, NODE, U8, U64, must
from merkle import leaf, roots

INCOMPLETE, ALTERED, PROOF = 3, 4, 5
WEIGHTS = dict.fromkeys(("no_end", "truncated", "unsealed", "not_in_force", "no_charter", "uncovered", "seal_time"), INCOMPLETE)
WEIGHTS.update(dict.fromkeys(("two_histories", "disputed", "statement", "misplaced"), PROOF))
ITEM_MAX, ENTRY_MAX, SEAL_MAX, EVIDENCE_MAX, BARE_MS, APART_MS = 409600, 8192, 16384, 4096, 7200000, 300000
ITEMS = {
    0: {1: U8, 2: NODE, 3: HASH},
    1: {1: bytes},
    2: {1: NODE, 2: U64, 3: bytes},
    3: {1: bytes, -2: bytes},
    4: {1: U64, 2: HASH, -3: bytes},
}
SEAL = {1: NODE, 2: U64, 3: HASH, 4: [HEAD]}


# In the place of a device's key: its certificate is not in the file; or has no keys of it, so that nobody could have signed.
MISSING, NOBODY = "missing", "nobody"


class Journal:
    def __init__(self):
        self.last, self.hash, self.leaves, self.holes, self.late, self.key = 0, bytes(48), [], [], {}, 0
        self.devices, self.bare, self.time, self.marks = {}, None, 0, []
        self.charters, self.latest = [], 0

    def read(self, entry):
        """Since when has its node not signed with ML-DSA-87 what it writes?"""
        before, self.time, number = self.time, entry[4], entry[5][0]
        if number == 9:
            # While it stood still it could not sign. The time before that counts.
            bare = 0 if self.bare is None else max(0, before - self.bare)
            self.bare = max(0, entry[4] - bare)
        elif number != 17 and self.bare is None:
            self.bare = entry[4]


    def misplaced(self, entry):
        """May the statement in this entry not stand there (journal.md §4.4)? Takes note of the journal's charters and time."""
        (number, fields), time, found = entry[5], entry[4], False
        if number == 0 and all(fields[1] != known for known, _ in self.charters):
            self.charters = (self.charters + [(fields[1], time)])[-256:]
        if number == 9:
            self.latest = time
        if number == 4:
            found = self.stands_elsewhere(entry[1], time, fields[1])
        self.latest = max(self.latest, time)
        return found

    def stands_elsewhere(self, node, time, data):
        try:
            said = acts.statement(one(data if len(data) <= 7680 else b"")[0])
        except Bad:
            return False
        now, since = self.charters[-1] if self.charters else (None, 0)
        before = self.charters[-2][0] if len(self.charters) > 1 and time <= since + 60000 else now
        lasts = acts.LASTS[said[4][0]]
        when = self.latest <= time <= said[7] <= time + lasts + 300000
        return said[5] != node or said[6] not in (now, before) or not when


class Evidence:
    def __init__(self, item, against, position, data, entry, payload):
        self.item, self.against, self.position, self.data = item, against, position, data
        self.entry, self.hash, self.proves = entry, sha384(payload), False


class Record:
    def __init__(self, charter):
        self.anchor, self.journals, self.findings, self.claims = Anchor(charter), {}, [], []
        # Evidence by the place of its entry, and by the heads of its place that it says.
        self.of_entry, self.of_head = {}, {}
        self.evidence, self.kinds, self.entries, self.statements, self.current = [], {}, 0, 0, None
        self.count, self.stage, self.header, self.ended, self.digest = 0, 0, None, False, hashlib.sha384()
        # By journal: places in the chain of charters, each opened before any newer one.
        self.opened, self.had, self.missing, self.more, self.sealed = {}, {}, {}, set(), None

    def find(self, kind, where=None):
        self.findings.append((WEIGHTS.get(kind, ALTERED), kind, where))

    def journal(self, node):
        return self.journals.setdefault(node, Journal())

    # --- the items

    def read(self, data):
        at = 0
        while at < len(data):
            try:
                value, end = Reader(data, 16, 8).item(at)
                if end - at > ITEM_MAX or not (type(value) is list and len(value) == 2 and type(value[0]) is int):
                    raise Bad("no item")
                must(ITEMS.get(value[0], lambda v: False), value[1])
            except Bad:
                self.find("unreadable", self.count + 1)
                self.ended = True
                break
            self.take(value[0], value[1], data[at:end])
            at = end
        self.finish()

    def take(self, number, fields, data):
        self.count += 1
        stage = number + 1
        if stage < self.stage or (stage == self.stage and stage in (1, 5)) or (self.stage == 0 and stage != 1):
            self.find("order", self.count)
        self.stage = max(self.stage, stage)
        if stage > 2:
            self.settle()
        if stage < 5:
            self.digest.update(data)
        if number == 0:
            if fields[1] != 2:
                self.find("unreadable", self.count)
            self.header = self.header or (fields[2], fields[3])
        elif number == 1:
            wrong = self.anchor.offer(fields[1])
            if wrong:
                self.find(wrong, self.count)
        elif number == 2:
            self.take_evidence(fields[1], fields[2], fields[3])
        elif number == 3:
            self.entry(fields[1], fields.get(2))
        else:
            self.end(fields)

    def settle(self):
        for _ in range(self.anchor.settle()):
            self.find("charter", self.count)

    def end(self, fields):
        self.ended = True
        if fields[1] + 1 != self.count:
            self.find("order", self.count)
        here = self.digest.digest()
        if fields[2] != here:
            self.find("digest")
        if 3 not in fields:
            return self.find("unsealed")
        try:
            self.seal(fields[3], here)
        except (Bad, KeyError, TypeError):
            self.find("seal")

    def seal(self, data, digest):
        payload, found = many(data, SEAL_MAX)
        said = must(SEAL, whole(payload))
        heads = []
        for node, journal in sorted(self.journals.items()):
            size = len(journal.leaves)
            heads += [{1: node, 2: size, 3: roots(journal.leaves, {size})[size]}] if size else []
        node = said[1]
        fits = self.header and self.header[0] == node and said[3] == digest and said[4] == heads
        keys = [charter.nodes[node][3] for charter in self.counting() if node in charter.nodes]
        signed = (only_holds(key, b"trialogue record 1", payload, found, node.encode()) for key in keys)
        if not (fits and any(signed)):
            raise Bad("not sealed so")
        self.sealed = said[2]
        if said[2] + APART_MS < self.journal(node).time:
            self.find("seal_time")
        for head in heads:
            # Of others' journals it is the sealer's word alone.
            if head[1] == node:
                self.journal(node).marks.append((node, head[2], head[3]))

    # --- entries

    def open(self, data):
        """What is wrong, entry, payload, which key."""
        try:
            if len(data) > ENTRY_MAX:
                raise Bad("large")
            payload, signature = one(data)
            entry = form.entry(whole(payload))
        except Bad:
            return "malformed", None, None, None
        charter = self.anchor.with_node(entry[1])
        if charter is None:
            return "unknown_node", entry, None, None
        keys = charter.keys(entry[1])
        for place in reversed(range(len(keys))):
            if one_holds(keys[place], b"trialogue entry 1", payload, signature):
                if not charter.counts(entry[1], place, entry[2], sha384(payload), entry[3]):
                    return "former_key", entry, None, None
                return None, entry, payload, place
        return "forged", entry, None, None

    def take_evidence(self, against, position, data):
        wrong, entry, payload, _ = self.open(data)
        if wrong:
            return self.find("evidence", self.count)
        self.claim(entry)
        place, last = (against, position, sha384(data)), self.evidence[-1] if self.evidence else None
        if last and (last.against, last.position, sha384(last.data)) >= place or len(self.evidence) >= EVIDENCE_MAX:
            return self.find("order", self.count)
        kept = Evidence(self.count, against, position, data, entry, payload)
        self.evidence.append(kept)
        self.of_entry.setdefault((entry[1], entry[2]), []).append(kept)
        for head in entry[5][1][1] if entry[5][0] == 17 else []:
            if (head[1], head[2]) == (against, position):
                self.of_head.setdefault((against, position, head[3]), []).append(kept)

    def claim(self, entry):
        number, fields = entry[5]
        for seen in fields[1] if number == 17 else []:
            self.claims.append((seen[1], seen[2], seen[3], entry[1], entry[2]))

    def entry(self, data, certificate):
        wrong, entry, payload, key = self.open(data)
        if wrong:
            return self.spoilt(wrong, entry)
        node, position, name = entry[1], entry[2], sha384(payload)
        if self.current is not None and self.current > node:
            self.find("order", self.count)
        self.current = node
        journal = self.journal(node)
        self.against(entry, name)
        if position <= journal.last:
            if position == journal.last and journal.hash not in (None, name):
                self.find("two_histories", (node, position))
            else:
                journal.late[position] = journal.last
            return None
        if position > journal.last + 1:
            journal.holes.append((journal.last + 1, position - 1))
            journal.hash = None
        if journal.hash is not None and entry[3] != journal.hash:
            self.find("two_histories", (node, journal.last))
        if key < journal.key:
            self.find("former_key", (node, position))
        journal.key, journal.last, journal.hash = max(journal.key, key), position, name
        if len(journal.leaves) + 1 == position:
            journal.leaves.append(leaf(payload))
            if journal.misplaced(entry):
                self.find("misplaced", (node, position))
        journal.read(entry)
        self.entries += 1
        self.says(journal, entry, certificate)

    def spoilt(self, wrong, entry):
        if wrong == "malformed" and self.current is not None:
            journal = self.journal(self.current)
            journal.last, journal.hash = journal.last + 1, None
        if wrong in ("forged", "former_key"):
            journal = self.journal(entry[1])
            journal.last, journal.hash = journal.last + (entry[2] == journal.last + 1), None
        self.find(wrong, (entry[1], entry[2]) if entry else self.count)

    def against(self, entry, name):
        node, position = entry[1], entry[2]
        same = [kept for kept in self.of_entry.get((node, position), ()) if kept.hash != name]
        after = [kept for kept in self.of_entry.get((node, position + 1), ()) if kept.entry[3] != name]
        for kept in same + after:
            kept.proves |= kept.against == node and kept.position == position
            self.find("two_histories", (node, position))

    # --- what entries say

    def says(self, journal, entry, certificate):
        (node, position), (number, fields) = (entry[1], entry[2]), entry[5]
        label, where = f"entry {number}", (node, position)
        if number == 0:
            self.opens(node, fields[1])
        elif number == 17:
            self.claim(entry)
            if 2 in fields:
                self.signed_heads(journal, entry, fields, where)
        if number == 1:
            self.enrols(journal, entry, fields, certificate)
        elif certificate is not None:
            self.find("certificate", where)
        elif number == 4:
            label = self.states(journal, fields[1], where) or label
        self.kinds[label] = self.kinds.get(label, 0) + 1

    def opens(self, node, charter):
        """A journal puts a charter in force; one of the 256 newest that it has opened changes nothing."""
        had, places = self.had.setdefault(node, []), self.opened.setdefault(node, [])
        if charter in had:
            return
        self.had[node] = (had + [charter])[-256:]
        place = self.anchor.place(charter)
        if place is None:
            self.missing[node] = charter
            self.more.add(node)
        elif place > max(places, default=-1):
            places.append(place)
            self.missing.pop(node, None)

    def signed_heads(self, journal, entry, fields, where):
        if not self.anchor.head_holds(entry):
            return self.find("head", where)
        for head in fields[1]:
            self.journal(head[1]).marks.append((entry[1], head[2], head[3]))
            if head[1] == entry[1] and head[2] + 1 == entry[2]:
                journal.bare = None

    def enrols(self, journal, entry, fields, certificate):
        named, device = fields[2], fields[1]
        if certificate is None or len(certificate) != named[2] or sha384(certificate) != named[1]:
            if journal.devices.get(device, NOBODY) == NOBODY:
                journal.devices[device] = MISSING
            return self.find("no_certificate", (entry[1], entry[2]))
        key = device_key(certificate, device)
        if key is not None:
            journal.devices[device] = key
        else:
            journal.devices.setdefault(device, NOBODY)

    def states(self, journal, data, where):
        """Whatever it says: the device that it names has signed it."""
        try:
            name, payload, signature = statement_device(data)
        except Bad:
            return self.find("statement", where)
        self.statements += 1
        # Where entries are missing, the enrolment may be among them.
        key = journal.devices.get(name, NOBODY if len(journal.leaves) == where[1] else MISSING)
        if key == NOBODY or (key != MISSING and not one_holds(key, b"trialogue statement 1", payload, signature)):
            self.find("statement", where)
        act = whole(payload).get(4)
        return f"act {act[0]}" if type(act) is list and act and type(act[0]) is int else None

    # --- the end

    def counting(self):
        """Charters of the chain that count."""
        return self.anchor.chain[self.anchor.begin(self.opened) :]

    def cover(self):
        if self.header is None:
            return self.find("header")
        node, charter = self.header
        counting, held = self.counting(), self.journals.get(node)
        known = any(node in charter.nodes for charter in counting)
        if not known or held is None or not held.leaves or self.anchor.last != charter:
            self.find("header")
        for place, charter in enumerate(self.anchor.chain):
            if charter not in counting or not self.anchor.vouched_for(self.opened, place, place):
                self.find("not_in_force", charter.hash.hex())
        for holder, missing in self.missing.items():
            if self.opened[holder] or holder == node:
                self.find("no_charter", missing.hex())

    def finish(self):
        self.settle()
        if not self.ended:
            self.find("no_end", self.count)
        self.cover()
        self.tops = {}
        serving = [node for node, known in self.anchor.newest().nodes.items() if not known[8]]
        self.absent = sorted(node for node in serving if node not in self.journals or not self.journals[node].last)
        for node, journal in sorted(self.journals.items()):
            if journal.last and not any(node in charter.nodes for charter in self.counting()):
                self.find("unknown_node", (node, journal.last))
            self.journal_ends(node, journal)
        for kept in self.evidence:
            if not kept.proves:
                self.find("evidence", kept.item)
        named = {claim[0] for claim in self.claims}
        more = bool(self.header) and self.header[0] in self.more
        for node in sorted(node for node in named if more or self.anchor.with_node(node)):
            held = self.journals[node].last if node in self.journals else 0
            if max((claim[1] for claim in self.claims if claim[0] == node), default=0) > held:
                self.find("truncated", (node, held + 1))

    def journal_ends(self, node, journal):
        for begin, end in journal.holes:
            if not all(position in journal.late for position in range(begin, end + 1)):
                self.find("removed", (node, begin))
        for position in journal.late:
            self.find("reordered", (node, position))
        of, count = [claim for claim in self.claims if claim[0] == node], len(journal.leaves)
        sizes = {claim[1] for claim in of} | {mark[1] for mark in journal.marks} | {count}
        known = roots(journal.leaves, sizes)
        for _, size, root, by, position in of:
            if size in known and known[size] != root:
                self.find("disputed", (node, size, by, position))
                for kept in self.of_head.get((node, size, root), ()):
                    kept.proves = True
        signed = [mark for mark in journal.marks if known.get(mark[1]) == mark[2]]
        serves = node in self.anchor.newest().nodes and not self.anchor.newest().nodes[node][8]
        if serves and journal.bare is not None and journal.time > journal.bare + BARE_MS:
            self.find("uncovered", (node, journal.last))
        if count or journal.last:
            self.tops[node] = {
                "entries": count,
                "last": journal.time,
                "root": known.get(count, hashlib.sha256(b"").digest()).hex(),
                "covered": max((mark[1] for mark in signed if mark[0] == node), default=0),
                "covered_by_others": max((mark[1] for mark in signed if mark[0] != node), default=0),
            }
