"""AES-256-GCM (FIPS 197, NIST SP 800-38D), written out: for vectors, not for secrets."""


def sbox():
    table, p, q = [0x63] * 256, 1, 1
    while True:
        p = p ^ (p << 1) & 255 ^ (0x1B if p & 128 else 0)
        q ^= q << 1
        q ^= q << 2
        q = (q ^ q << 4) & 255
        q ^= 0x09 if q & 128 else 0
        table[p] = q ^ (q << 1 | q >> 7) & 255 ^ (q << 2 | q >> 6) & 255 ^ (q << 3 | q >> 5) & 255 ^ (q << 4 | q >> 4) & 255 ^ 0x63
        if p == 1:
            return table


SBOX = sbox()


def double(value):
    return value << 1 & 255 ^ (0x1B if value & 128 else 0)


def expanded(key):
    words, round_constant = [list(key[at : at + 4]) for at in range(0, 32, 4)], 1
    for at in range(8, 60):
        word = list(words[-1])
        if at % 8 == 0:
            word = [SBOX[byte] for byte in word[1:] + word[:1]]
            word[0] ^= round_constant
            round_constant = double(round_constant)
        elif at % 8 == 4:
            word = [SBOX[byte] for byte in word]
        words.append([a ^ b for a, b in zip(words[at - 8], word)])
    return [sum(words[at : at + 4], []) for at in range(0, 60, 4)]


def block(keys, data):
    state = [a ^ b for a, b in zip(data, keys[0])]
    for turn in range(1, 15):
        state = [SBOX[state[(at + 4 * (at % 4)) % 16]] for at in range(16)]
        if turn < 14:
            mixed = []
            for at in range(0, 16, 4):
                a, whole = state[at : at + 4], state[at] ^ state[at + 1] ^ state[at + 2] ^ state[at + 3]
                mixed += [a[i] ^ whole ^ double(a[i] ^ a[(i + 1) % 4]) for i in range(4)]
            state = mixed
        state = [a ^ b for a, b in zip(state, keys[turn])]
    return bytes(state)


def ghash(h, data):
    out = 0
    for at in range(0, len(data), 16):
        x, v, out = out ^ int.from_bytes(data[at : at + 16].ljust(16, b"\0"), "big"), h, 0
        for bit in range(127, -1, -1):
            if x >> bit & 1:
                out ^= v
            v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
    return out


def padded(data):
    return data + bytes(-len(data) % 16)


def seal(key, nonce, plain, extra=b""):
    """Ciphertext and tag."""
    keys, count = expanded(key), int.from_bytes(nonce + b"\0\0\0\1", "big")
    stream = b"".join(block(keys, (count + 1 + at).to_bytes(16, "big")) for at in range((len(plain) + 15) // 16))
    out = bytes(a ^ b for a, b in zip(plain, stream))
    lengths = (8 * len(extra)).to_bytes(8, "big") + (8 * len(out)).to_bytes(8, "big")
    h = int.from_bytes(block(keys, bytes(16)), "big")
    tag = ghash(h, padded(extra) + padded(out) + lengths) ^ int.from_bytes(block(keys, count.to_bytes(16, "big")), "big")
    return out + tag.to_bytes(16, "big")
