"""ML-DSA-87 (FIPS 204): verifying, with the package `cryptography` where it has it, otherwise slowly, with hashlib alone."""

import hashlib

Q, K, L, TAU, GAMMA1, GAMMA2, BETA, OMEGA = 8380417, 8, 7, 60, 1 << 19, (8380417 - 1) // 32, 120, 75
PUBLIC, SIGNATURE = 2592, 4627
ZETAS = [pow(1753, int(f"{i:08b}"[::-1], 2), Q) for i in range(256)]


def ntt(poly):
    out, at, width = list(poly), 0, 128
    while width:
        for start in range(0, 256, 2 * width):
            at += 1
            zeta = ZETAS[at]
            for j in range(start, start + width):
                t = zeta * out[j + width] % Q
                out[j + width], out[j] = (out[j] - t) % Q, (out[j] + t) % Q
        width //= 2
    return out


def inverse(poly):
    out, at, width = list(poly), 256, 1
    while width < 256:
        for start in range(0, 256, 2 * width):
            at -= 1
            zeta = Q - ZETAS[at]
            for j in range(start, start + width):
                a, b = out[j], out[j + width]
                out[j], out[j + width] = (a + b) % Q, zeta * (a - b) % Q
        width *= 2
    return [value * 8347681 % Q for value in out]


def bits(data, width):
    """Numbers of `width` bits, the lowest bit first."""
    value, mask = int.from_bytes(data, "little"), (1 << width) - 1
    return [value >> at & mask for at in range(0, 8 * len(data), width)]


def uniform(seed):
    """A polynomial of the matrix A (algorithm 30)."""
    size, out = 1024, []
    while True:
        stream = hashlib.shake_128(seed).digest(size)
        out = []
        for at in range(0, size - 2, 3):
            value = stream[at] | stream[at + 1] << 8 | (stream[at + 2] & 127) << 16
            if value < Q:
                out.append(value)
                if len(out) == 256:
                    return out
        size *= 2


def in_ball(seed):
    """The challenge (algorithm 29)."""
    size = 512
    while True:
        stream = hashlib.shake_256(seed).digest(size)
        signs, at, out = int.from_bytes(stream[:8], "little"), 8, [0] * 256
        try:
            for i in range(256 - TAU, 256):
                while stream[at] > i:
                    at += 1
                out[i], out[stream[at]] = out[stream[at]], -1 if signs >> (i + TAU - 256) & 1 else 1
                at += 1
            return out
        except IndexError:
            size *= 2


def hints(data):
    """The hint (algorithm 21); none: it is in no form that a signer makes."""
    out, at = [set() for _ in range(K)], 0
    for i in range(K):
        end = data[OMEGA + i]
        if end < at or end > OMEGA:
            return None
        for place in range(at, end):
            if place > at and data[place - 1] >= data[place]:
                return None
            out[i].add(data[place])
        at = end
    return None if any(data[at:OMEGA]) else out


def high(value, hint):
    """The high bits of a number, put right by the hint (algorithm 40)."""
    low = value % (2 * GAMMA2)
    if low > GAMMA2:
        low -= 2 * GAMMA2
    if value - low == Q - 1:
        top, low = 0, low - 1
    else:
        top = (value - low) // (2 * GAMMA2)
    if not hint:
        return top
    return (top + 1) % 16 if low > 0 else (top - 1) % 16


KEYS = {}


def expanded(key):
    """The matrix and the vector of a key, worked out once."""
    if key not in KEYS:
        matrix = [[uniform(key[:32] + bytes([s, r])) for s in range(L)] for r in range(K)]
        t1 = [bits(key[32 + 320 * r : 352 + 320 * r], 10) for r in range(K)]
        KEYS[key] = (matrix, [ntt([value << 13 for value in row]) for row in t1])
    return KEYS[key]


def slow_holds(key, message, signature):
    if len(key) != PUBLIC or len(signature) != SIGNATURE:
        return False
    z = [[GAMMA1 - value for value in bits(signature[64 + 640 * i : 704 + 640 * i], 20)] for i in range(L)]
    hint = hints(signature[64 + 640 * L :])
    if hint is None or any(abs(value) >= GAMMA1 - BETA for row in z for value in row):
        return False
    (matrix, t1), z, c = expanded(key), [ntt(row) for row in z], ntt(in_ball(signature[:64]))
    mu = hashlib.shake_256(hashlib.shake_256(key).digest(64) + b"\0\0" + message).digest(64)
    packed = b""
    for r in range(K):
        row = [sum(a[j] * b[j] for a, b in zip(matrix[r], z)) - c[j] * t1[r][j] for j in range(256)]
        top = [high(value, j in hint[r]) for j, value in enumerate(inverse(row))]
        packed += bytes(top[j] | top[j + 1] << 4 for j in range(0, 256, 2))
    return hashlib.shake_256(mu + packed).digest(64) == signature[:64]


try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA87PublicKey

    def quick_holds(key, message, signature):
        try:
            MLDSA87PublicKey.from_public_bytes(key).verify(signature, message)
            return True
        except (InvalidSignature, ValueError):
            return False
        except UnsupportedAlgorithm:
            return slow_holds(key, message, signature)

except ImportError:
    quick_holds = slow_holds

HELD = {}


def holds(key, message, signature):
    """Whether a signature holds depends on nothing but these, so that each is worked out once."""
    name = hashlib.sha384(b"".join(len(part).to_bytes(8, "big") + part for part in (key, message, signature))).digest()
    if name not in HELD:
        HELD[name] = quick_holds(key, message, signature)
    return HELD[name]
