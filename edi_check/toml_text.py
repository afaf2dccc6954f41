"""TOML that anybody may have written, settings or a pack, as plain values within bounds.

No nesting without end, and no number beyond the 64 bits that TOML promises: whatever is done with the values later,
their ``repr`` for a message included, would come upon an error of Python's."""

from __future__ import annotations

import re
import tomllib
from os import PathLike
from typing import Any

__all__ = ["read_toml"]

LONGEST = 16 << 20
"""Bytes of a file. A list of all codes that there are has about a tenth of it."""
DEEPEST = 32
_DOTTED = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""")
"""A key of so many parts: tomllib takes a time that grows with their square, and nests as many tables."""


def read_toml(path: str | PathLike[str]) -> dict[str, Any]:
    """The tables of a file. Raises OSError, UnicodeDecodeError, TOMLDecodeError, and RecursionError where it is nested
    without end."""
    with open(path, "rb") as file:
        data = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise tomllib.TOMLDecodeError(f"longer than {LONGEST >> 20} MiB")
    text = data.decode("utf-8-sig")
    if any(line.count(".") >= DEEPEST and _DOTTED.search(line) for line in text.split("\n")):
        raise RecursionError
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # Python turns no text of thousands of digits into a number
        raise tomllib.TOMLDecodeError("a number of thousands of digits") from None
    _refuse_unbounded(found)
    return found


def _refuse_unbounded(found: dict[str, Any]) -> None:
    waiting: list[tuple[Any, int]] = [(found, 0)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, dict | list):
            if depth > DEEPEST:
                raise RecursionError
            waiting += [(one, depth + 1) for one in (value.values() if isinstance(value, dict) else value)]
        elif isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            raise tomllib.TOMLDecodeError("a whole number of more than 64 bits")
