"""CBOR (RFC 8949 §4.2.1): the one encoding of each value, of the part that the protocol uses."""


class Bad(Exception):
    """Bytes that are not in the one form."""


def head(data, at):
    if at >= len(data):
        raise Bad("cut")
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if info < 24:
        return major, info, at
    if info > 27:
        raise Bad("not shortest")
    width = 1 << (info - 24)
    if at + width > len(data):
        raise Bad("cut")
    value = int.from_bytes(data[at : at + width], "big")
    if value < (24 if width == 1 else 1 << (width * 4)):
        raise Bad("not shortest")
    return major, value, at + width


class Reader:
    """Reads items; at most so many and so deep. With `signed`, tags and negative integers as COSE has them."""

    def __init__(self, data, items, depth, signed=False):
        self.data, self.items, self.depth, self.signed = data, items, depth, signed

    def item(self, at, depth=0):
        """One item, and where it ends."""
        self.items -= 1
        if self.items < 0:
            raise Bad("more items than anything has")
        major, value, at = head(self.data, at)
        if major == 0:
            return value, at
        if major in (2, 3):
            if at + value > len(self.data):
                raise Bad("cut")
            part = bytes(self.data[at : at + value])
            try:
                return (part if major == 2 else part.decode("utf-8")), at + value
            except UnicodeDecodeError as why:
                raise Bad("not text") from why
        if major == 7 and value in (20, 21) and self.data[at - 1] < 0xF8:
            return value == 21, at
        if major in (4, 5):
            if value and depth >= self.depth:
                raise Bad("deep")
            if value > len(self.data) - at:
                raise Bad("cut")
            return self.several(major, value, at, depth + 1)
        if self.signed and major == 1:
            return -1 - value, at
        if self.signed and major == 6:
            if depth >= self.depth:
                raise Bad("deep")
            inner, at = self.item(at, depth + 1)
            return ("tag", value, inner), at
        raise Bad("kind")

    def several(self, major, count, at, depth):
        if major == 4:
            out = []
            for _ in range(count):
                one, at = self.item(at, depth)
                out.append(one)
            return out, at
        out, last = {}, -1
        for _ in range(count):
            key, at = self.item(at, depth)
            if type(key) is not int or key <= last:
                raise Bad("keys")
            last = key
            out[key], at = self.item(at, depth)
        return out, at


def whole(data, items=1024, depth=8, signed=False):
    """The one item that these bytes are."""
    value, end = Reader(data, items, depth, signed).item(0)
    if end != len(data):
        raise Bad("trailing")
    return value


# --- writing


def number(major, value):
    for info, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 24:
            return bytes([major << 5 | value])
        if value < 1 << (8 * width):
            return bytes([major << 5 | info]) + value.to_bytes(width, "big")
    raise Bad("long")


def encode(value):
    """The one encoding: numbers, bytes, text, truth, arrays, maps."""
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if type(value) is int:
        return number(0, value) if value >= 0 else number(1, -1 - value)
    if type(value) is bytes:
        return number(2, len(value)) + value
    if type(value) is str:
        return number(3, len(value.encode())) + value.encode()
    if type(value) is dict:
        return number(5, len(value)) + b"".join(encode(key) + encode(value[key]) for key in sorted(value, key=encode))
    return number(4, len(value)) + b"".join(map(encode, value))
