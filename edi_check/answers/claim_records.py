"""The claims of the file that is answered: a few numbers of each in memory, on disk what was looked at for an answer.

A ``ClaimRecord`` is made when it is asked for; ``Claims`` are some of them, as ranges of running numbers.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, overload

from ..model import Claim
from ..spool import Spool, Store

__all__ = ["ClaimRecord", "ClaimRecords", "Claims", "joined"]

LEVELS = 6
WIDTH = 2 + LEVELS
"""First and last segment, then offset and length of the three levels above."""


class ClaimRecord(NamedTuple):
    """A claim of the file. ``levels``: offset and length of each level above it; ``sights``: what was looked at, rows
    that ``marshal`` can write."""

    running: int
    number: str
    set_index: int
    first: int
    last: int
    levels: tuple[int, ...]
    sights: tuple[Any, ...]


class ClaimRecords:
    """Claims are entered in file order; ``running`` counts from 1."""

    def __init__(self, store: Store) -> None:
        self._numbers: list[str] = []
        self._places = array("Q")
        self._sights = Spool(store)
        self._seen: dict[int, int] = {}
        self.sets: dict[int, tuple[int, int]] = {}
        """First and last running number of each set."""
        self.providers: dict[int, list[tuple[tuple[str, ...], int, int]]] = {}
        """By set: NPI and other ids of each billing level with its first and last running number."""
        self.tax_ids: dict[str, set[str]] = {"EI": set(), "SY": set()}
        """Of the billing levels: employers' (REF*EI), and social security numbers (REF*SY)."""
        self.provider_sights: dict[int, tuple[Any, ...]] = {}
        """By the first claim of the level."""
        self._billing = -1
        self._starts = array("Q")
        self._set_numbers = array("Q")

    def enter(self, claim: Claim, sights: tuple[Any, ...]) -> bool:
        """Take the next claim. Is it the first of a billing level?"""
        self._numbers.append(claim.number)
        running = len(self._numbers)
        levels = (*claim.levels[:LEVELS], *[0] * LEVELS)[:LEVELS]
        self._places.extend((claim.first_segment, claim.last_segment, *levels))
        if sights:
            self._seen[running] = len(self._sights)
            self._sights.append(sights)
        index, billing = claim.set.index, claim.billing
        if index not in self.sets:
            self._starts.append(running)
            self._set_numbers.append(index)
        self.sets[index] = (self.sets.get(index, (running, 0))[0], running)
        levels_of_set = self.providers.setdefault(index, [])
        if levels_of_set and billing.number == self._billing:
            ids, first, _ = levels_of_set[-1]
            levels_of_set[-1] = (ids, first, running)
            return False
        self._billing = billing.number
        for r in billing.references:
            if r.qualifier in self.tax_ids:
                self.tax_ids[r.qualifier].add(r.value)
        levels_of_set.append(((billing.id, *(r.value for r in billing.references)), running, running))
        return True

    def see_provider(self, sights: tuple[Any, ...]) -> None:
        """What was looked at of the billing level that the last claim begins."""
        if sights:
            self.provider_sights[len(self._numbers)] = sights

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, running: int) -> str:
        """Its CLM01."""
        return self._numbers[running - 1]

    def record(self, running: int) -> ClaimRecord:
        """All that is known of the claim with this running number."""
        first, last, *levels = self._places[(running - 1) * WIDTH : running * WIDTH]
        seen = self._seen.get(running)
        return ClaimRecord(running, self._numbers[running - 1], self.set_of(running), first, last, tuple(levels),
                           () if seen is None else self._sights[seen])

    def set_of(self, running: int) -> int:
        """The number of the set that it stands in."""
        return self._set_numbers[bisect_right(self._starts, running) - 1]

    def last_before(self, first: int, last: int, segment: int) -> int:
        """Of the claims from ``first`` to ``last``, the last that begins at this segment or before it; less than
        ``first`` when none does."""
        return first + bisect_right(range(first, last + 1), segment,
                                    key=lambda n: self._places[(n - 1) * WIDTH]) - 1

    def is_under(self, running: int, offset: int) -> bool:
        """Does this byte stand in one of the levels above the claim?"""
        levels = self._places[(running - 1) * WIDTH + 2 : running * WIDTH]
        return any(begin <= offset < begin + length for begin, length in zip(levels[::2], levels[1::2], strict=True))


class Claims(Sequence[ClaimRecord]):
    """Some claims, as ranges (first and last running number)."""

    def __init__(self, records: ClaimRecords | None = None, ranges: Sequence[tuple[int, int]] = ()) -> None:
        self.records, self.ranges = records, tuple(ranges)

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)

    def pairs(self) -> Iterator[tuple[int, str]]:
        """Running number and CLM01 of each."""
        records = self.records
        if records is not None:
            for first, last in self.ranges:
                for running in range(first, last + 1):
                    yield running, records.number(running)

    def __iter__(self) -> Iterator[ClaimRecord]:
        records = self.records
        if records is not None:
            for first, last in self.ranges:
                for running in range(first, last + 1):
                    yield records.record(running)

    @overload
    def __getitem__(self, index: int) -> ClaimRecord: ...
    @overload
    def __getitem__(self, index: slice) -> list[ClaimRecord]: ...
    def __getitem__(self, index: int | slice) -> ClaimRecord | list[ClaimRecord]:
        return list(self)[index]


def joined(ranges: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """Ascending ranges, those that touch as one."""
    found: list[tuple[int, int]] = []
    for first, last in ranges:
        if found and found[-1][1] + 1 == first:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found
