"""X-Wing (draft-connolly-cfrg-xwing-kem-06: ML-KEM-768 of FIPS 203 beside X25519 of RFC 7748) and HPKE over it (RFC 9180), written out: for vectors, not
for secrets."""

import hashlib
import hmac

import aesgcm

Q, K = 3329, 3
ZETAS = [pow(17, int(f"{i:07b}"[::-1], 2), Q) for i in range(128)]
GAMMAS = [pow(17, 2 * int(f"{i:07b}"[::-1], 2) + 1, Q) for i in range(128)]
P25519 = 2**255 - 19
BASE = (9).to_bytes(32, "little")
# KEM X-Wing, HKDF, AES-256-GCM, by the hash of HKDF.
SUITES = {"sha256": b"HPKE" + bytes.fromhex("647a00010002"), "sha384": b"HPKE" + bytes.fromhex("647a00020002")}


def ntt(poly):
    out, at, width = list(poly), 0, 128
    while width >= 2:
        for start in range(0, 256, 2 * width):
            at += 1
            for j in range(start, start + width):
                t = ZETAS[at] * out[j + width] % Q
                out[j + width], out[j] = (out[j] - t) % Q, (out[j] + t) % Q
        width //= 2
    return out


def inverse(poly):
    out, at, width = list(poly), 128, 2
    while width <= 128:
        for start in range(0, 256, 2 * width):
            at -= 1
            for j in range(start, start + width):
                t = out[j]
                out[j], out[j + width] = (t + out[j + width]) % Q, ZETAS[at] * (out[j + width] - t) % Q
        width *= 2
    return [value * 3303 % Q for value in out]


def product(a, b):
    out = []
    for i in range(128):
        a0, a1, b0, b1 = a[2 * i], a[2 * i + 1], b[2 * i], b[2 * i + 1]
        out += [(a0 * b0 + a1 * b1 * GAMMAS[i]) % Q, (a0 * b1 + a1 * b0) % Q]
    return out


def total(*polys):
    return [sum(values) % Q for values in zip(*polys)]


def bits(data, width):
    value, mask = int.from_bytes(data, "little"), (1 << width) - 1
    return [value >> at & mask for at in range(0, 8 * len(data), width)]


def packed(poly, width):
    return sum(value << at * width for at, value in enumerate(poly)).to_bytes(32 * width, "little")


def compressed(poly, width):
    return packed([((value << width) + Q // 2) // Q % (1 << width) for value in poly], width)


def uniform(seed):
    """A polynomial of the matrix A (algorithm 7)."""
    stream, out = hashlib.shake_128(seed).digest(2048), []
    for at in range(0, len(stream), 3):
        a, b, c = stream[at : at + 3]
        out += [value for value in (a + 256 * (b % 16), b // 16 + 16 * c) if value < Q]
        if len(out) >= 256:
            return out[:256]
    raise ValueError("a stream without enough numbers")


def small(seed, number):
    """A polynomial of the binomial distribution (algorithm 8, η = 2)."""
    pairs = bits(hashlib.shake_256(seed + bytes([number])).digest(128), 1)
    return [(sum(pairs[at : at + 2]) - sum(pairs[at + 2 : at + 4])) % Q for at in range(0, 1024, 4)]


def matrix(rho):
    return [[uniform(rho + bytes([j, i])) for j in range(K)] for i in range(K)]


def public(d):
    """ML-KEM-768's encapsulation key (algorithm 13)."""
    both = hashlib.sha3_512(d + bytes([K])).digest()
    rho, sigma = both[:32], both[32:]
    a = matrix(rho)
    s = [ntt(small(sigma, n)) for n in range(K)]
    e = [ntt(small(sigma, K + n)) for n in range(K)]
    t = [total(*[product(a[i][j], s[j]) for j in range(K)], e[i]) for i in range(K)]
    return b"".join(packed(poly, 12) for poly in t) + rho


def encapsulated(key, m):
    """ML-KEM-768's shared secret and ciphertext (algorithms 14 and 17)."""
    both = hashlib.sha3_512(m + hashlib.sha3_256(key).digest()).digest()
    secret, r = both[:32], both[32:]
    t = [bits(key[384 * i : 384 * (i + 1)], 12) for i in range(K)]
    a = matrix(key[1152:])
    y = [ntt(small(r, n)) for n in range(K)]
    e = [small(r, K + n) for n in range(K)]
    u = [total(inverse(total(*[product(a[j][i], y[j]) for j in range(K)])), e[i]) for i in range(K)]
    mu = [bit * ((Q + 1) // 2) for bit in bits(m, 1)]
    v = total(inverse(total(*[product(t[i], y[i]) for i in range(K)])), small(r, 2 * K), mu)
    return secret, b"".join(compressed(poly, 10) for poly in u) + compressed(v, 4)


def x25519(scalar, point):
    k = int.from_bytes(scalar, "little") & ((1 << 254) - 8) | 1 << 254
    x1 = int.from_bytes(point, "little") % (1 << 255) % P25519
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for at in range(254, -1, -1):
        bit = k >> at & 1
        if swap ^ bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a, c * b, a * a, b * b
        x3, z3 = (da + cb) ** 2 % P25519, x1 * (da - cb) ** 2 % P25519
        e = aa - bb
        x2, z2 = aa * bb % P25519, e * (aa + 121665 * e) % P25519
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P25519 - 2, P25519) % P25519).to_bytes(32, "little")


def public_of(seed):
    """The public half of the key of these 32 bytes, as HPKE derives it (draft, DeriveKeyPair)."""
    three = hashlib.shake_256(hashlib.shake_256(seed).digest(32)).digest(96)
    return public(three[:32]) + x25519(three[64:], BASE)


def shared(key, drawn):
    """X-Wing's shared secret and ciphertext, from 64 drawn bytes."""
    secret, first = encapsulated(key[:1184], drawn[:32])
    second = x25519(drawn[32:], BASE)
    both = secret + x25519(drawn[32:], key[1184:]) + second + key[1184:] + b"\\.//^\\"
    return hashlib.sha3_256(both).digest(), first + second


def labelled(kdf, salt, label, secret):
    return hmac.new(salt, b"HPKE-v1" + SUITES[kdf] + label + secret, kdf).digest()


def expanded(kdf, secret, label, info, length):
    """With one block."""
    info = length.to_bytes(2, "big") + b"HPKE-v1" + SUITES[kdf] + label + info
    return hmac.new(secret, info + b"\x01", kdf).digest()[:length]


def seal(key, drawn, info, extra, plain, kdf="sha256"):
    """HPKE's single-shot seal in base mode (RFC 9180 §6.1): encapsulated key and ciphertext."""
    secret, encapsulation = shared(key, drawn)
    context = b"\0" + labelled(kdf, b"", b"psk_id_hash", b"") + labelled(kdf, b"", b"info_hash", info)
    secret = labelled(kdf, secret, b"secret", b"")
    name, nonce = expanded(kdf, secret, b"key", context, 32), expanded(kdf, secret, b"base_nonce", context, 12)
    return encapsulation + aesgcm.seal(name, nonce, plain, extra)
