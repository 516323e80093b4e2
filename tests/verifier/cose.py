"""COSE (RFC 9052) as charter.md §2 has it: One and Many, each in its one encoding."""

import hashlib

import ed25519
import mldsa
from cbor import Bad, encode, number, whole

EDDSA, ML_DSA_87 = -8, -50
HELD = {}


def sha384(data):
    return hashlib.sha384(data).digest()


def hybrid(key):
    """Is this a usable hybrid public key?"""
    return len(key[2]) == mldsa.PUBLIC and ed25519.usable(key[1])


def fingerprint(key):
    return sha384(key[1] + key[2])


def once(key, message, signature):
    name = sha384(key + encode(len(message)) + message + signature)
    if name not in HELD:
        HELD[name] = ed25519.holds(key, message, signature)
    return HELD[name]


def one(data):
    """Payload and signature of a COSE_Sign1."""
    value = whole(data, 16, 4, signed=True)
    if not (isinstance(value, tuple) and value[1] == 18 and isinstance(value[2], list) and len(value[2]) == 4):
        raise Bad("no COSE_Sign1")
    protected, unprotected, payload, signature = value[2]
    if protected != encode({1: EDDSA}) or unprotected != {} or type(payload) is not bytes:
        raise Bad("no COSE_Sign1 of this protocol")
    if type(signature) is not bytes or len(signature) != 64:
        raise Bad("no signature of this protocol")
    return payload, signature


def one_holds(key, domain, payload, signature):
    return once(key, encode(["Signature1", encode({1: EDDSA}), domain, payload]), signature)


def many(data, most):
    """Payload, and signatures by key id and algorithm, of a COSE_Sign."""
    if len(data) > most:
        raise Bad("large")
    value = whole(data, 4096, 8, signed=True)
    if not (isinstance(value, tuple) and value[1] == 98 and isinstance(value[2], list) and len(value[2]) == 4):
        raise Bad("no COSE_Sign")
    protected, unprotected, payload, signatures = value[2]
    if protected != b"" or unprotected != {} or type(payload) is not bytes or type(signatures) is not list:
        raise Bad("no COSE_Sign of this protocol")
    found = {}
    for signed in signatures:
        if not (isinstance(signed, list) and len(signed) == 3 and type(signed[0]) is bytes and type(signed[2]) is bytes):
            raise Bad("no signature")
        names = whole(signed[0], 8, 2, signed=True)
        if type(names) is not dict:
            raise Bad("no header")
        kid, algorithm = names.get(4), names.get(1)
        if signed[1] != {} or algorithm not in (EDDSA, ML_DSA_87) or type(kid) is not bytes or set(names) != {1, 4}:
            raise Bad("a signature of another kind")
        found[kid, algorithm] = signed[2]
    order = sorted(found, key=lambda name: (name[0], -name[1]))
    body = [b"", {}, payload, [[header(*name), {}, found[name]] for name in order]]
    if number(6, 98) + encode(body) != bytes(data):
        raise Bad("not the one encoding")
    return payload, found


def header(kid, algorithm):
    return encode({1: algorithm, 4: kid})


def part_holds(key, domain, payload, kid, algorithm, signature):
    message = encode(["Signature", b"", header(kid, algorithm), domain, payload])
    if algorithm == EDDSA:
        return once(key[1], message, signature)
    return mldsa.holds(key[2], message, signature)


def many_holds(key, domain, payload, found, kid):
    """Have both halves of a key signed?"""
    both = ((kid, algorithm) in found for algorithm in (EDDSA, ML_DSA_87))
    return all(both) and all(part_holds(key, domain, payload, kid, a, found[kid, a]) for a in (EDDSA, ML_DSA_87))


def only_holds(key, domain, payload, found, kid):
    """And nobody else?"""
    return all(name[0] == kid for name in found) and many_holds(key, domain, payload, found, kid)
