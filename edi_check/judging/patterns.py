"""Regular expressions of packs (``matches``): only those that can be tried on a value in a bounded number of ways.

Whoever wrote a pack, and whoever sent a file: no pattern and no value may keep a machine busy, as ``(A+)+`` does with
forty times A. How many ways there are is counted in Python's own reading of the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any

__all__ = ["LONGEST", "pattern_of"]

LONGEST = 80
"""Characters of a value that patterns are tried on: the guide has no longer code or number. What is longer is told by
the guide's own edits."""
MOST = 10_000
"""Ways to match a value of that length."""
REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


def pattern_of(text: Any) -> tuple[re.Pattern[str] | None, str]:
    """(pattern, mistake).

    >>> pattern_of("M990[0-9A-Z]*")[1], pattern_of("(A+)+")[1][:45], pattern_of("(")[1][:19]
    ('', "'(A+)+' can be matched in too many ways: no r", "'(' is not a patter")
    """
    try:
        pattern = re.compile(text)
        ways = _ways(import_module("re._parser").parse(text))
    except (re.error, TypeError, OverflowError, RecursionError) as error:
        return None, f"{text!r} is not a pattern: {error}"
    if ways > MOST:
        return None, (f"{text!r} can be matched in too many ways: no repeat in a repeat, two without end at most, and "
                      "[AB] rather than (A|B) in one")
    return pattern, ""


def _ways(parts: Iterable[tuple[Any, Any]]) -> int:
    """How many ways there are at most to match a text of ``LONGEST`` characters, one part after the other."""
    ways = 1
    for name, value in parts:
        ways = min(ways * _ways_of(str(name), value), MOST + 1)  # each time: a product of thousands takes minutes
    return ways


def _ways_of(name: str, value: Any) -> int:
    if name in REPEATS:
        low, high, parts = value
        ways = _ways(parts)
        low, high = min(int(low), LONGEST), min(int(high), LONGEST)
        return high - low + 1 if ways == 1 else sum(ways**times for times in range(low, high + 1))
    if name == "BRANCH":
        return sum(_ways(parts) for parts in value[1])
    if name == "GROUPREF_EXISTS":
        return sum(_ways(parts) for parts in value[1:] if parts)
    if name in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
        return _ways(value[-1])
    return _ways(value) if name == "ATOMIC_GROUP" else 1
