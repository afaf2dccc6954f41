"""The claims of the file that is answered, by their numbers as an answer may repeat them; its billing levels, by id.

Each question costs what it finds, never a walk over the claims: a file may have a hundred thousand of one number, or of
numbers that differ in punctuation only.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from .claim_records import ClaimRecords, joined

__all__ = ["BillingLevels", "ClaimNumbers", "cut_key", "number_key", "span"]


KEPT = 20
"""Characters of CLM01 that a receiver must store and return (837P guide, CLM01); TRN02 of a 277CA may end there."""


def number_key(number: str) -> str:
    """CLM01 as an acknowledgment repeats it, freed of what it can't repeat, or some receivers don't: small letters.

    >>> number_key("pcn 1/2"), number_key("")
    ('PCN12', '0')
    """
    return "".join(c for c in number if c.isascii() and c.isalnum())[:35].upper() or "0"


def cut_key(number: str) -> str:
    """The ``number_key`` of a CLM01 as it is repeated by who keeps no more of it than the guide demands; ``""`` for one
    that isn't longer.

    >>> cut_key("CLINIC-2026-0000000417"), cut_key("PCN1")
    ('CLINIC202600000004', '')
    """
    number = number.strip()
    return number_key(number[:KEPT]) if len(number) > KEPT else ""


class ClaimNumbers:
    """Running numbers of claims (ascending) by number. ``key`` is a ``number_key``, ``number`` a CLM01 without blanks
    around it."""

    def __init__(self, claims: ClaimRecords) -> None:
        self._first: dict[str, int] = {}
        self._alike: dict[str, list[int]] = {}
        """Of keys that several claims have."""
        self._exact: dict[str, list[int]] = {}
        """Of the numbers of these."""
        self._cut: dict[str, list[int]] = {}
        for running in range(1, len(claims) + 1):
            number = claims.number(running)
            key = number_key(number)
            cut = cut_key(number)
            if cut:
                self._cut.setdefault(cut, []).append(running)
            first = self._first.setdefault(key, running)
            if first != running:
                if key not in self._alike:
                    self._alike[key] = [first]
                    self._exact.setdefault(claims.number(first).strip(), []).append(first)
                self._alike[key].append(running)
                self._exact.setdefault(number.strip(), []).append(running)

    def alike(self, key: str) -> Sequence[int]:
        """All with this key."""
        several = self._alike.get(key)
        if several is not None:
            return several
        first = self._first.get(key)
        return () if first is None else (first,)

    def beginning(self, key: str) -> Sequence[int]:
        """Those of a long number whose ``cut_key`` this is."""
        return self._cut.get(key, ())

    def exact(self, number: str) -> Sequence[int]:
        """Of several with one key, those with this very number."""
        return self._exact.get(number, ())

    def named(self, number: str, first: int, last: int) -> int:
        """Of the claims from ``first`` to ``last``, the first with this number, else with its key; 0 for none."""
        for same in (self.exact(number), self.alike(number_key(number))):
            found = span(same, first, last)
            if found:
                return same[found[0]]
        return 0


def span(numbers: Sequence[int], first: int, last: int) -> range:
    """The places of those of some ascending numbers that lie between two."""
    return range(bisect_left(numbers, first), bisect_right(numbers, last))


class BillingLevels:
    """The billing levels of a set, by NPI and other ids, each as first and last claim. ``levels``: ids, first, last."""

    def __init__(self, levels: Iterable[tuple[tuple[str, ...], int, int]]) -> None:
        self._all: dict[str, list[tuple[int, int]]] = {}
        self._by_count: dict[tuple[str, int], list[tuple[int, int]]] = {}
        self._next: dict[tuple[str, int], int] = {}
        self._told: set[int] = set()
        self._joined: dict[str, Sequence[tuple[int, int]]] = {}
        for ids, first, last in levels:
            for key in {number_key(i) for i in ids}:
                self._all.setdefault(key, []).append((first, last))
                self._by_count.setdefault((key, last - first + 1), []).append((first, last))

    def take(self, key: str, count: int) -> tuple[Sequence[tuple[int, int]], Sequence[tuple[int, int]]]:
        """The level of this id (``number_key``) with so many claims that is meant: the next of them, the first again
        when all were. Where none has as many, all of the id. Twice: level by level, and those that touch as one."""
        fitting = self._by_count.get((key, count))
        if not fitting:
            levels = self._all.get(key, [])
            if key not in self._joined:
                self._joined[key] = joined(levels)
            return levels, self._joined[key]
        at = self._next.get((key, count), 0)
        while at < len(fitting) and fitting[at][0] in self._told:
            at += 1
        self._next[key, count] = at
        level = fitting[at] if at < len(fitting) else fitting[0]
        self._told.add(level[0])
        return (level,), (level,)
