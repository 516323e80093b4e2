"""Ed25519 (RFC 8032), strictly: keys in their one encoding, no point of small order. With the package `cryptography`, or slowly."""

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    x, y = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    t, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = y - x, z - t, z + t, y + x
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n, a):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, a)
        a, n = add(a, a), n >> 1
    return out


def point(data):
    """The point, if this is its one encoding."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if len(data) != 32 or y >= P:
        return None
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - xx) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def neutral(a):
    return a[0] == 0 and (a[1] - a[2]) % P == 0


GOOD = {}


def usable(data):
    """Is it a point in its one encoding, and not of small order?"""
    if data not in GOOD:
        a = point(data)
        GOOD[data] = a is not None and not neutral(times(8, a))
    return GOOD[data]


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def slow_holds(key, message, signature):
    a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = times(s, BASE), add(r, times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    def quick_holds(key, message, signature):
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
            return True
        except (InvalidSignature, ValueError):
            return False

except ImportError:
    quick_holds = slow_holds


def holds(key, message, signature):
    first = signature[:32]
    # The first half of a signature may be a point of small order only by bad luck or ill will; reading it costs as much as it does for a key.
    small = point(first)
    return len(signature) == 64 and usable(key) and small is not None and not neutral(times(8, small)) and quick_holds(key, message, signature)
