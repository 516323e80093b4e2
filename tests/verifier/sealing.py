"""What consoles seal (sealing.md §4–9)."""

import hashlib
import hmac

import aesgcm
import xwing
from cbor import encode


def extract(secret, salt=b""):
    return hmac.new(salt, secret, hashlib.sha512).digest()


def expand(key, info, length):
    """HKDF-SHA-512 with one block (RFC 5869)."""
    return hmac.new(key, info + b"\x01", hashlib.sha512).digest()[:length]


def shortest(number):
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")


def header(kid, counter):
    """An SFrame header (RFC 9605 §4.3)."""
    long_kid, long_counter = kid >= 8, counter >= 8
    kid_bytes, counter_bytes = shortest(kid), shortest(counter)
    first = (128 | len(kid_bytes) - 1 << 4) if long_kid else kid << 4
    first |= (8 | len(counter_bytes) - 1) if long_counter else counter
    return bytes([first]) + (kid_bytes if long_kid else b"") + (counter_bytes if long_counter else b"")


def filled(clear, plain, step=1):
    """What is sealed of a picture."""
    return plain + b"\x80" + bytes(-(len(clear) + len(plain) + 1) % step)


def frame(base_key, kid, counter, clear, plain):
    """A sealed frame, AES_256_GCM_SHA512_128."""
    secret, name = extract(base_key), kid.to_bytes(8, "big") + b"\x00\x05"
    key = expand(secret, b"SFrame 1.0 Secret key " + name, 32)
    salt = expand(secret, b"SFrame 1.0 Secret salt " + name, 12)
    nonce = (int.from_bytes(salt, "big") ^ counter).to_bytes(12, "big")
    head = header(kid, counter)
    return clear + head + aesgcm.seal(key, nonce, plain, head + clear)


def tag_key(base_key, secret, kid, sender, receiver):
    """By what one device knows the frames of another."""
    return expand(extract(secret, base_key), b"trialogue tag 1" + kid.to_bytes(8, "big") + sender + receiver, 32)


def tag(key, picture, sealed):
    over = hashlib.sha384(bytes([picture]) + sealed).digest()
    return hmac.new(key, over, hashlib.sha384).digest()[: 8 if picture else 4]


def tagged(sealed, blocks):
    """A sealed frame with a block for each party: its number, and its tags."""
    out = sealed
    for at, (party, tags) in enumerate(blocks):
        out += b"".join(tags) + bytes([len(tags), party | (128 if at else 0)])
    return out


def secrets(sender, line, generation, hearers):
    """A sender's list of secrets with suite 0x004E; `hearers`: (device, hearing key, secret, 64 bytes in the place of drawn ones)."""
    listed = []
    for device, key, secret, drawn in hearers:
        bound = sender + device + generation.to_bytes(2, "big") + line.encode()
        both = xwing.seal(key, drawn, b"trialogue tag secrets 1", bound, secret, "sha384")
        listed.append({1: device, 2: both[:1120], 3: both[1120:]})
    return encode({1: sender, 2: line, 3: generation, 4: listed})


def padded(said):
    bare = len(said).to_bytes(4, "big") + said
    return bare + bytes(-len(bare) % 256)


def content(said, key):
    """The sealed content of a writing."""
    return aesgcm.seal(key, bytes(12), padded(said))


def archived(public, drawn, writing, line, said):
    """The same, sealed for a party's archive with these 64 bytes in the place of drawn ones."""
    return xwing.seal(public, drawn, b"trialogue archive 1", writing + line.encode(), padded(said))


def wrapped(circle_key, device, number, circle, key):
    """The key of a content, for a circle."""
    info = b"trialogue written wrap 1" + device + number.to_bytes(8, "big") + circle
    return aesgcm.seal(expand(extract(circle_key), info, 32), bytes(12), key)


def chunks(data, key):
    """The sealed chunks of a file."""
    out = []
    for at in range(0, len(data), 262128):
        piece = data[at : at + 262128]
        piece += bytes(min(-len(piece) % 4096, 262128 - len(piece)))
        out.append(aesgcm.seal(key, bytes(4) + len(out).to_bytes(8, "big"), piece))
    return out


def message(salt, language, text, marking, files):
    """The content of a message, as it is signed."""
    fields = {1: {1: language, 2: text}, 2: marking}
    if files:
        fields[3] = files
    return encode({1: salt, 2: [0, fields]})
