#!/usr/bin/env python3
"""Reads the vectors of spec/vectors a second time, in another language and from the specification alone: each form, each hash, each signature.

    vectors.py [DIRECTORY]

Prints what was read and ends with 0, or with 1 and the name of the first vector that does not hold.
"""

import base64
import hashlib
import hmac
import json
import os
import sys

import acts
import form
import messages
import sealing
import texts
import xwing
from cbor import Bad, Reader, encode, whole
from charter import Charter, device
from cose import fingerprint, many, one, one_holds, only_holds, sha384
from ed25519 import BASE, ORDER, P, holds, times
from form import DEVICE, NODE, PARTY, kind
from legs import describe
from merkle import climbs, leaf, over, roots
from record import Record


def must(condition, what):
    if not condition:
        raise Bad(what)


def expand(seed, info):
    """HKDF-SHA-384 with one block (RFC 5869)."""
    secret = hmac.new(b"trialogue key 1", seed, hashlib.sha384).digest()
    return hmac.new(secret, info + b"\x01", hashlib.sha384).digest()[:32]


def public(seed):
    """The Ed25519 public key of a private one (RFC 8032 §5.1.5)."""
    number = bytearray(hashlib.sha512(seed).digest()[:32])
    number[0], number[31] = number[0] & 248, number[31] & 127 | 64
    x, y, z, _ = times(int.from_bytes(number, "little") % ORDER, BASE)
    x, y = x * pow(z, P - 2, P) % P, y * pow(z, P - 2, P) % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def of_charter(said):
    raw = bytes.fromhex
    key = said["key"]
    must(expand(raw(key["seed"]), b"ed25519") == raw(key["ed25519_seed"]), "key: seed of Ed25519")
    must(expand(raw(key["seed"]), b"ml-dsa-87") == raw(key["ml_dsa_87_seed"]), "key: seed of ML-DSA-87")
    must(public(raw(key["ed25519_seed"])) == raw(key["ed25519"]), "key: public half")
    must(fingerprint({1: raw(key["ed25519"]), 2: raw(key["ml_dsa_87"])}).hex() == key["fingerprint"], "key: fingerprint")
    charter = Charter(raw(said["charter"]["bytes"]))
    must(charter.hash.hex() == said["charter"]["hash"], "charter: hash")
    for root in said["charter"]["roots"]:
        known = charter.parties[root["party"]][1]
        must(public(expand(raw(root["seed"]), b"ed25519")) == known, f"charter: root of {root['party']}")
    amended = Charter(raw(said["amendment"]["bytes"]))
    must(amended.hash.hex() == said["amendment"]["hash"], "amendment: hash")
    must(amended.supersedes(charter) is None, "amendment: does not supersede the charter")
    must(charter.supersedes(amended) is not None, "amendment: is superseded by the charter")
    of_device(charter, said["device"])
    for number, request in enumerate(said["officer"]):
        payload, found = many(raw(request), 12288)
        asked = form.must({1: PARTY, 2: NODE, 3: 32, 4: officers_act}, whole(payload))
        root = charter.parties[asked[1]]
        must(only_holds(root, b"trialogue officer 1", payload, found, asked[1].encode()), f"officer's request {number}")
        if asked[4][0] == 1:
            must(asked[4][1][1] == raw(said["revocation"]["bytes"]), f"officer's request {number}: the revocation")
        if asked[4][0] == 2:
            must(asked[4][1][1] == [raw(said["device"]["id"])], f"officer's request {number}: the device")
    revocation = said["revocation"]
    payload, found = many(raw(revocation["bytes"]), 6144)
    must(whole(payload) == {1: revocation["party"], 2: raw(revocation["device"])}, "revocation: payload")
    for party, root in charter.parties.items():
        held = only_holds(root, b"trialogue revocation 1", payload, found, party.encode())
        must(held == (party == revocation["party"]), f"revocation: by the root of {party}")
    return 6 + len(said["officer"]) + len(said["charter"]["roots"])


def officers_act(act):
    match act:
        case [0, {}]:
            return True
        case [1, said]:
            return kind({1: bytes}, said)
        case [2, said]:
            return kind({1: [32]}, said) and len(said[1]) <= 16
    return False


def of_device(charter, said):
    raw = bytes.fromhex
    log_in = said["log_in"]
    party = charter.nodes[log_in["node"]][2]
    key = device(charter, party, raw(said["certificate"]), raw(said["id"]))
    must(key is not None and key == public(expand(raw(said["seed"]), b"ed25519")), "device: certificate")
    name = log_in["node"].encode()
    origin = log_in["origin"].encode()
    challenge = b"trialogue log-in 2" + bytes([len(name)]) + name + len(origin).to_bytes(2, "big") + origin + raw(log_in["nonce"])
    must(holds(key, challenge, raw(log_in["signature"])), "device: log-in")
    payload, signature = one(raw(said["statement"]["bytes"]))
    must(payload == raw(said["statement"]["payload"]), "device: payload of a statement")
    must(one_holds(key, b"trialogue statement 1", payload, signature), "device: statement")
    link = said["link_fragment"].split("enrol=")[1]
    inner = whole(base64.urlsafe_b64decode(link + "=" * (-len(link) % 4)))
    must(kind({1: 32, 2: bytes, 3: 48}, inner), "device: link")
    certified = whole(many(raw(said["certificate"]), 20480)[0])
    must(public(expand(inner[1], b"ed25519")) == certified[2][1] and inner[2] == certified[1], "device: one-time key")
    must(inner[3] == fingerprint(charter.parties[party]), "device: root in the link")


def of_journal(said):
    raw = bytes.fromhex
    key = public(expand(raw(said["device_seed"]), b"ed25519"))
    for name, vector in said["statements"].items():
        payload, signature = one(raw(vector["signed"]))
        must(payload == raw(vector["payload"]) and encode(whole(payload)) == payload, f"statement {name}: payload")
        read = acts.statement(payload)
        must(read[7] - said["said_ms"] == acts.LASTS[read[4][0]], f"statement {name}: how long it may be written down")
        must(one_holds(key, b"trialogue statement 1", payload, signature), f"statement {name}: signature")
    seen = {whole(raw(vector["payload"]))[4][0] for vector in said["statements"].values()}
    must(seen == set(acts.ACTS), f"statements: no vector of act {sorted(set(acts.ACTS) - seen)}")
    key, previous, leaves, kinds = public(expand(raw(said["node_seed"]), b"ed25519")), bytes(48), [], set()
    for position, vector in enumerate(said["entries"], 1):
        payload, signature = one(raw(vector["signed"]))
        entry = form.entry(whole(payload))
        must(payload == raw(vector["payload"]) and encode(entry) == payload, f"entry {vector['name']}: payload")
        must(one_holds(key, b"trialogue entry 1", payload, signature), f"entry {vector['name']}: signature")
        must(entry[2] == position and entry[3] == previous, f"entry {vector['name']}: chain")
        if entry[5][0] == 21:
            # Of the devices 01… and 02….
            fits = all(one[2] == 2 and one[3] == sha384(bytes([1]) * 32 + bytes([2]) * 32) for one in entry[5][1][1])
            must(fits, f"entry {vector['name']}: digest")
        previous = sha384(payload)
        must(previous.hex() == vector["hash"], f"entry {vector['name']}: hash")
        leaves.append(leaf(payload))
        kinds.add(entry[5][0])
        if "root" in vector:
            must(roots(leaves, {position})[position].hex() == vector["root"], f"entry {vector['name']}: root")
    must(kinds == set(form.BODIES), f"entries: no vector of {sorted(set(form.BODIES) - kinds)}")
    return len(said["statements"]) + len(said["entries"])


def of_wire(said):
    raw, count = bytes.fromhex, 0
    for group, forms in (("to_node", messages.TO_NODE), ("to_console", messages.TO_CONSOLE), ("link", messages.LINK)):
        seen = set()
        for name, vector in said[group].items():
            value = whole(raw(vector))
            messages.message(forms, value)
            must(encode(value) == raw(vector), f"{group} {name}: not the one encoding")
            seen.add(value[0])
            count += 1
        must(seen == set(forms), f"{group}: no vector of {sorted(set(forms) - seen)}")
    for name, vector in said["word"].items():
        value = whole(raw(vector))
        must(messages.kind(messages.WORD, value) and encode(value) == raw(vector), f"word {name}")
    for name, vector in said["frame"].items():
        data = raw(vector)
        value = whole(data[4:])
        messages.message(messages.LINK, value)
        must(int.from_bytes(data[:4], "big") == len(data) - 4, f"frame {name}: length")
        must(name != "hello" or value[0] == 0, "frame hello: is no hello")
    for name, vector in said["media"].items():
        must(messages.media(raw(vector)), f"media {name}")
    for name, vector in said["path"].items():
        must(messages.path(raw(vector)), f"path {name}")
    return count + len(said["frame"]) + len(said["media"]) + len(said["path"])


def of_leg(said):
    """An offer and an answer, and the descriptions made of them."""
    offer, answer = (whole(bytes.fromhex(said[name])) for name in ("offer", "answer"))
    messages.message(messages.TO_NODE, offer)
    messages.message(messages.TO_CONSOLE, answer)
    must(describe(offer[1][1]) == said["offer_described"], "leg: offer")
    must(describe(offer[1][1], answer[1][1]) == said["answer_described"], "leg: answer")
    return 2


def of_text(said):
    """Texts, with what is said of them."""
    for text in said["texts"]:
        what = f"text {text['text']!r} as {text['form']}"
        must(texts.passes(text["text"], text["form"], 200) == (text["refuse"] == "passes"), f"{what}: refuse")
        must(texts.clean(text["text"], text["form"]) == text["clean"], f"{what}: clean")
    return len(said["texts"])


def of_tree(said):
    """Roots, a proof of one entry, a proof that a journal only grew (RFC 9162 §2.1.3, §2.1.4)."""
    raw = bytes.fromhex
    leaves = [leaf(raw(payload)) for payload in said["payloads"]]
    known = roots(leaves, set(range(1, len(leaves) + 1)))
    must([known[size].hex() for size in sorted(known)] == said["roots"], "tree: roots")
    for proof in said["inclusion"]:
        top = climbs(leaves[proof["index"]], proof["index"], proof["size"], map(raw, proof["path"]))
        must(top == known[proof["size"]], f"tree: proof of leaf {proof['index']}")
    for proof in said["consistency"]:
        must(grew(proof["first"], proof["second"], [raw(part) for part in proof["path"]], known), f"tree: growth {proof}")
    return len(said["roots"]) + len(said["inclusion"]) + len(said["consistency"])


def grew(first, second, path, known):
    """RFC 9162 §2.1.4.2."""
    if first == second:
        return not path
    hashes = ([known[first]] if first & (first - 1) == 0 else []) + path
    at, last, old, new = first - 1, second - 1, hashes[0], hashes[0]
    while at & 1:
        at, last = at >> 1, last >> 1
    for beside in hashes[1:]:
        if at & 1 or at == last:
            old, new = over(beside, old), over(beside, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = over(new, beside)
        at, last = at >> 1, last >> 1
    return last == 0 and old == known[first] and new == known[second]


def of_record(said):
    data, parts, at = bytes.fromhex(said["whole"]), [], 0
    while at < len(data):
        (number, fields), end = Reader(data, 16, 8).item(at)
        parts.append((number, fields, data[at:end]))
        at = end
    charters = [Charter(fields[1]) for number, fields, _ in parts if number == 1]
    must(len(charters) == 2 and charters[1].supersedes(charters[0]) is None, "record: charters")
    must(findings(charters[0], data) == set(), "record: does not hold")
    begin = next(place for place, part in enumerate(parts) if part[0] == 3)
    items = [part[2] for part in parts[:-1]]
    items.insert(begin, bytes.fromhex(said["evidence"]))
    end = encode([4, {1: len(items), 2: sha384(b"".join(items))}])
    must(findings(charters[1], b"".join(items) + end) == {"two_histories", "unsealed"}, "record: two histories")
    of_proof(charters[1], said["proof"])
    return 3


def findings(charter, data):
    record = Record(charter)
    record.read(data)
    return {kind for _, kind, _ in record.findings}


def of_proof(charter, text):
    """c2sp.org/tlog-proof of one entry, with a c2sp.org/tlog-checkpoint (record.md §3)."""
    head, body, lines = text.split("\n\n")
    heading, extra, index, *path = head.split("\n")
    must(heading == "c2sp.org/tlog-proof@v1" and extra.startswith("extra ") and index.startswith("index "), "proof: form")
    data, at = base64.b64decode(extra[6:]), int(index[6:])
    payload, signature = one(data)
    entry = form.entry(whole(payload))
    must(any(one_holds(key, b"trialogue entry 1", payload, signature) for key in charter.keys(entry[1])), "proof: entry")
    origin, size, root = body.split("\n")
    must(origin == name_of(charter, entry[1]) and entry[2] == at + 1, "proof: of another entry")
    top = climbs(leaf(payload), at, int(size), map(base64.b64decode, path))
    must(top and base64.b64encode(top).decode() == root, "proof: path")
    signers = [of_note(charter, entry[1], body + "\n", line) for line in lines.strip("\n").split("\n")]
    must(any(signers), "proof: nobody signed")


def name_of(charter, node):
    digest = hashlib.sha256(charter.keys(node)[0] + node.encode()).hexdigest()
    return f"trialogue/{digest[:32]}/{node}"


def of_note(charter, journal, text, line):
    """Who has signed a checkpoint with its present key: the journal's node (type 1), or another as witness (type 4). Nobody: another key."""
    _, name, signed = line.split(" ")
    node, data = name.rsplit("/", 1)[-1], base64.b64decode(signed)
    if node not in charter.nodes or name != name_of(charter, node):
        return None
    own, key = node == journal, charter.keys(node)[-1]
    number = hashlib.sha256(name.encode() + b"\n" + bytes([1 if own else 4]) + key).digest()[:4]
    time = "" if own else f"cosignature/v1\ntime {int.from_bytes(data[4:12], 'big')}\n"
    if data[:4] != number:
        return None
    must(holds(key, (time + text).encode(), data[4 if own else 12 :]), "note: signature")
    return node


def of_code(said):
    """The verification code (sealing.md §10)."""
    parts = [bytes.fromhex(group["id"] + group["authenticator"]) for group in sorted(said["groups"], key=lambda g: g["id"])]
    hashed = sha384(b"trialogue code 1" + b"".join(parts))
    blocks = [int.from_bytes(hashed[at : at + 5], "big") % 100000 for at in range(0, 30, 5)]
    must("".join(f"{block:05}" for block in blocks) == said["digits"], "code: digits")
    number = int.from_bytes(hashed, "big")
    must([number >> (384 - 251 - 11 * word) & 2047 for word in range(6)] == said["words"], "code: words")
    return 1


def of_sealing(said):
    """Each is sealed once more, with the keys that stand beside it."""
    raw = bytes.fromhex
    vector = said["frame"]
    base, kid = raw(vector["base_key"]), int(vector["key_id"], 16)
    clear, plain = raw(vector["clear"]), raw(vector["plain"])
    sealed = sealing.frame(base, kid, vector["number"], clear, sealing.filled(clear, plain))
    must(sealing.filled(clear, plain, said["filled"]["step"]) == raw(said["filled"]["bytes"]), "sealing: a filled picture")
    must(sealed == raw(vector["sealed"]), "sealing: frame")
    key = sealing.tag_key(base, raw(vector["secret"]), kid, raw(vector["sender"]), raw(vector["receiver"]))
    must(key == raw(vector["tag_key"]), "sealing: tag key")
    blocks = [(vector["party"], [sealing.tag(key, 1, sealed)])]
    must(sealing.tagged(sealed, blocks) == raw(vector["tagged"]), "sealing: tagged frame")
    told = said["secrets"]
    must(xwing.public_of(raw(told["hearing_seed"])) == raw(told["hearing_key"]), "sealing: hearing key")
    hearer = (raw(vector["receiver"]), raw(told["hearing_key"]), raw(vector["secret"]), raw(told["drawn"]))
    listed = sealing.secrets(raw(vector["sender"]), told["line"], told["generation"], [hearer])
    must(encode({1: listed, 2: raw(told["signature"])}) == raw(told["body"]), "sealing: list of secrets")
    signed = b"trialogue tag secrets 1\0" + listed
    must(holds(raw(told["signature_key"]), signed, raw(told["signature"])), "sealing: who says the secrets")
    vector = said["written"]
    content, key = raw(vector["content"]), raw(vector["content_key"])
    must(sha384(content).hex() == vector["digest"] and encode(whole(content)) == content, "sealing: content")
    must(sealing.content(content, key) == raw(vector["sealed"]), "sealing: sealed content")
    circle_key, device, circle = raw(vector["circle_key"]), raw(vector["device"]), raw(vector["circle"])
    must(sealing.wrapped(circle_key, device, vector["number"], circle, key) == raw(vector["wrapped"]), "sealing: key")
    vector = said["attached"]
    data, named = raw(vector["file"]), whole(content)[2][1][3][0]
    must(named[2] == len(data) and named[3] == sha384(data) and named[4] == raw(vector["key"]), "sealing: file")
    must([chunk.hex() for chunk in sealing.chunks(data, named[4])] == vector["chunks"], "sealing: chunks")
    vector = said["archived"]
    public = xwing.public_of(raw(vector["seed"]))
    must(public == raw(vector["public"]), "sealing: public key of an archive")
    sealed = sealing.archived(public, raw(vector["drawn"]), raw(vector["writing"]), vector["line"], content)
    must(sealed == raw(vector["sealed"]), "sealing: archived content")
    return 5


READ = {
    "charter": of_charter,
    "code": of_code,
    "journal": of_journal,
    "leg": of_leg,
    "record": of_record,
    "sealing": of_sealing,
    "text": of_text,
    "tree": of_tree,
    "wire": of_wire,
}


def main():
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "spec", "vectors")
    directory = sys.argv[1] if len(sys.argv) > 1 else here
    for file in sorted(os.listdir(directory)):
        name = file.removesuffix(".json")
        try:
            with open(os.path.join(directory, file), encoding="utf-8") as opened:
                said = json.load(opened)
            must(name in READ, "nobody reads this file a second time: teach vectors.py")
            print(f"{name}: {READ[name](said)} vectors")
        except (Bad, KeyError, TypeError, ValueError, IndexError) as why:
            print(f"{file}: {why!r}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
