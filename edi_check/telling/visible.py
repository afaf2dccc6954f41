"""Text that a terminal, a browser or a spreadsheet shows as it is: what has no shape of its own is spelled out."""

from __future__ import annotations

import re

__all__ = ["visible"]

_SHAPELESS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\U0001d173-\U0001d17a"
    "\U000e0100-\U000e01ef]")
"""Characters that Python calls printable and nobody sees: fillers, joiners, variation selectors, the blank of Braille
(most have Unicode's property Default_Ignorable_Code_Point)."""


def visible(text: str) -> str:
    """Text with everything that has no shape of its own spelled out: control characters, escape sequences, characters
    that turn or hide what stands around them.

    >>> visible("A\\x1b[31mB\\u202eC\\u200bD")
    'A\\\\x1b[31mB\\\\u202eC\\\\u200bD'
    """
    if text.isascii() and text.isprintable():
        return text
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " if c == "\xa0" else _spelled(c) for c in text)
    return _SHAPELESS.sub(lambda found: _spelled(found[0]), text)


def _spelled(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
