"""What failed and is left alone for a while, longer each time; by the monotonic clock."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from time import monotonic
from typing import Generic, NamedTuple, TypeVar

__all__ = ["PATIENCE", "Aside", "Try"]

K = TypeVar("K", bound=Hashable)

PATIENCE = 8
"""After so many tries in vain (two minutes) somebody is told once more, and louder. It is tried again all the same."""
ONCE = 3
"""So often a single run tries before it leaves something to the next."""
LONGEST = 300.0


class Try(NamedTuple):
    """``times``: how often it failed; ``until``: when it may be tried again."""

    times: int
    until: float


class Aside(Generic[K]):
    """Things that failed, by a key. The first wait is ``first`` seconds, each further one twice as long."""

    def __init__(self, first: float = 1.0) -> None:
        self.first = first
        self._tries: dict[K, Try] = {}

    def fail(self, key: K) -> tuple[int, float]:
        """It failed. Out: how often by now, and how long it is left alone."""
        count = self.count(key) + 1
        wait = min(LONGEST, self.first * 2.0 ** min(count - 1, 20))
        self._tries[key] = Try(count, monotonic() + wait)
        return count, wait

    def hold(self, key: K, seconds: float) -> None:
        """Leave it alone for so long."""
        self._tries[key] = Try(self.count(key), monotonic() + seconds)

    def clear(self, key: K) -> None:
        """It is well, or not ours any more."""
        self._tries.pop(key, None)

    def keep(self, keys: Collection[K]) -> None:
        """Forget all others."""
        self._tries = {key: tried for key, tried in self._tries.items() if key in keys}

    def count(self, key: K) -> int:
        """How often it failed."""
        return self._tries[key].times if key in self._tries else 0

    def is_held(self, key: K) -> bool:
        """Is it to be left alone now?"""
        return key in self._tries and self._tries[key].until > monotonic()

    def __contains__(self, key: object) -> bool:
        return key in self._tries

    def __iter__(self) -> Iterator[K]:
        return iter(list(self._tries))

    def __len__(self) -> int:
        return len(self._tries)
