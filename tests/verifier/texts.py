"""Texts that are shown (charter.md §1): what is refused, and what becomes of what an officer types."""

import bisect
import json
import os

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "spec", "vectors", "text.json")
HIDDEN, UNKNOWN, GAP, COMMON, MARK, SYMBOL, IDEOGRAPH, EAST_ASIAN, LATIN = range(9)
MARKS = 6
SPACES = " \u3000"
ENDS = "\n\r\x0b\x0c\x85\u2028\u2029"


def table(said):
    rows = [row.split(" ") for row in said["ranges"]]
    return [int(first, 16) for first, _ in rows], [int(of) for _, of in rows]


with open(VECTORS, encoding="utf-8") as opened:
    FIRSTS, CLASSES = table(json.load(opened))


def of(character):
    return CLASSES[bisect.bisect_right(FIRSTS, ord(character)) - 1]


def script(character):
    """Latin and East Asian letters count as one; none: no letter."""
    found = of(character)
    return LATIN if IDEOGRAPH <= found <= LATIN else found if found > LATIN else None


def chooses(before, selector):
    if selector in "\ufe0e\ufe0f":
        return before is not None and of(before) == SYMBOL
    ideograph = "\ufe00" <= selector <= "\ufe02" or "\U000e0100" <= selector <= "\U000e01ef"
    return ideograph and before is not None and of(before) == IDEOGRAPH


class Reading:
    def __init__(self, form):
        self.form, self.before, self.marks, self.script = form, None, 0, None

    def fault(self, c):
        """What stands against the next character."""
        seen = of(c) >= COMMON or c in SPACES or (c == "\n" and self.form == "prose") or chooses(self.before, c)
        if not seen:
            return "hidden"
        if self.form in ("name", "file") and c in SPACES and (self.before is None or self.before in SPACES):
            return "space"
        if of(c) == MARK and self.marks >= MARKS:
            return "marks"
        if self.form == "name" and script(c) is not None and self.script not in (None, script(c)):
            return "scripts"
        return None

    def take(self, c):
        self.marks = self.marks + 1 if of(c) == MARK else 0
        if script(c) is not None:
            self.script = script(c)
        elif not (of(c) == MARK or c in "0123456789" or of(c) < COMMON):
            self.script = None
        self.before = c


def passes(text, form, most):
    reading = Reading(form)
    if type(text) is not str or len(text) > most or not text.strip(SPACES + "\n"):
        return False
    for c in text:
        if reading.fault(c):
            return False
        reading.take(c)
    if form != "prose" and text.strip(SPACES) != text:
        return False
    return form != "file" or not (text in (".", "..") or "/" in text or "\\" in text)


def meant(c, form):
    """What stands for a character that was typed."""
    if c in ENDS:
        return "\n" if form == "prose" else " "
    if c == "\t":
        return "    " if form == "prose" else " "
    if form == "file" and c in "/\\":
        return "_"
    return {GAP: " ", UNKNOWN: "\ufffd"}.get(of(c), c)


def clean(text, form):
    reading, kept = Reading(form), []
    for c in text.replace("\r\n", "\n"):
        for put in c if chooses(reading.before, c) else meant(c, form):
            if reading.fault(put) in (None, "scripts"):
                reading.take(put)
                kept.append(put)
    cleaned = "".join(kept)
    if form != "prose":
        cleaned = cleaned.strip(SPACES)
    return "_" + cleaned if form == "file" and cleaned in (".", "..") else cleaned
