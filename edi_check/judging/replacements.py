"""Which claims of a file another one takes the place of: a replacement (CLM05-3 = 7) or a void (8) of the same number
and patient, on days that overlap. What it is not: a verdict; ``settle`` leaves these claims out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set

from ..rows import LINES
from .aggregate import LONGEST_RANGE
from .comparison import span_of
from .keys import CHANGES, Keys
from .standing import Rows, Standing

__all__ = ["replaced"]


def replaced(rows: Rows | Sequence[Standing], keys: Keys, failed: Set[int],
             refused_sets: Set[int]) -> dict[int, int]:
    """Claims that another of the file takes the place of (same CLM01 and patient, overlapping days), and by which. A
    replacement (7) does so to originals anywhere and to replacements before it, a void (8) to all before it.
    ``failed``: replacements that were refused themselves."""
    spans: dict[int, tuple[tuple[str, str], str, int, int]] = {}
    changes: set[tuple[str, str]] = set()
    for index in keys.renumbered:
        _, set_index, is_refused, kept, *_ = rows[index - 1]
        if kept is not None and kept[3] and not is_refused and set_index not in refused_sets and index not in failed:
            key, frequency = (kept[0], kept[3]), kept[2]
            spans[index] = (key, frequency, *span_of(kept[LINES]))
            if frequency in CHANGES:
                changes.add(key)
    spans = {index: span for index, span in spans.items() if span[0] in changes}
    by_any: dict[tuple[str, str], _Days] = defaultdict(_Days)
    for index, (key, frequency, first, last) in spans.items():
        if frequency == "7":
            by_any[key].add(first, last, index)
    by_later: dict[tuple[str, str], _Days] = defaultdict(_Days)
    gone: dict[int, int] = {}
    for index, (key, frequency, first, last) in reversed(spans.items()):
        by = by_later[key].get(first, last) if key in by_later and frequency != "8" else 0
        if not by and frequency not in CHANGES and key in by_any:
            by = by_any[key].get(first, last)
        if by:
            gone[index] = by
        if frequency in CHANGES:
            by_later[key].add(first, last, index)
    return gone


class _Days:
    """Which days are spoken for, and by which claim. A long span counts as every day."""

    __slots__ = ("always", "by_day", "last")

    def __init__(self) -> None:
        self.by_day: dict[int, int] = {}
        self.always = self.last = 0

    def add(self, first: int, last: int, claim: int) -> None:
        self.last = claim
        if 0 <= last - first < LONGEST_RANGE:
            self.by_day.update(dict.fromkeys(range(first, last + 1), claim))
        else:
            self.always = claim

    def get(self, first: int, last: int) -> int:
        """The claim that speaks for one of these days, 0 when none does."""
        if self.always or not 0 <= last - first < LONGEST_RANGE:
            return self.always or self.last
        return next((self.by_day[day] for day in range(first, last + 1) if day in self.by_day), 0)
