"""Chance that repeats itself: the same seed draws the same values on every Python version.

Only ``random.Random(int)`` and its ``random()`` are used: the documentation of the ``random`` module promises
that, for the same (version 2) seed, ``random()`` keeps its sequence. ``choice``, ``sample``, ``shuffle`` and
``randrange`` make no such promise, so what is needed of them is done here, by ``int(random() * n)``.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from random import Random
from typing import TypeVar

__all__ = ["Draws", "words"]

T = TypeVar("T")


def words(text: str) -> tuple[str, ...]:
    """The words of a long line, for tables that are easier read so."""
    return tuple(text.split())


class Draws:
    """A seeded stream of choices."""

    __slots__ = ("random",)

    def __init__(self, seed: int) -> None:
        self.random = Random(seed).random  # noqa: S311 (nothing secret: it is to repeat itself)

    def below(self, n: int) -> int:
        """A whole number from 0 to ``n`` - 1."""
        return int(self.random() * n)

    def between(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both possible."""
        return low + int(self.random() * (high - low + 1))

    def chance(self, share: float) -> bool:
        """True in ``share`` of the draws."""
        return self.random() < share

    def pick(self, values: Sequence[T]) -> T:
        """One of the values; one that stands there twice comes twice as often."""
        return values[int(self.random() * len(values))]

    def some(self, values: Sequence[T], n: int) -> list[T]:
        """``n`` different places of ``values`` (all, when there are fewer), in drawn order."""
        left: MutableSequence[T] = list(values)
        return [left.pop(int(self.random() * len(left))) for _ in range(min(n, len(left)))]

    def digits(self, n: int) -> str:
        """``n`` decimal digits."""
        return str(int(self.random() * 10**n)).zfill(n)
