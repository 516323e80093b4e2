"""Merkle trees (RFC 9162 §2.1.1) over the payloads of entries."""

import hashlib


def leaf(data):
    return hashlib.sha256(b"\x00" + data).digest()


def over(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def roots(leaves, sizes):
    """The roots at these sizes."""
    peaks, out = [], {}
    for size, hashed in enumerate(leaves, 1):
        peaks.append((1, hashed))
        while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
            (count, right), (_, left) = peaks.pop(), peaks.pop()
            peaks.append((2 * count, over(left, right)))
        if size in sizes:
            top = peaks[-1][1]
            for _, left in reversed(peaks[:-1]):
                top = over(left, top)
            out[size] = top
    return out


def climbs(leaf, index, size, path):
    """The root that a proof of one leaf of a tree of this size leads to (RFC 9162 §2.1.3.2); none: it leads to no root."""
    if index >= size:
        return None
    at, last, top = index, size - 1, leaf
    for beside in path:
        if at & 1 or at == last:
            top = over(beside, top)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            top = over(top, beside)
        at, last = at >> 1, last >> 1
    return top if last == 0 else None
