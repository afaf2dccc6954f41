"""Lists with an entry for each of very many claims: they lie on disk, and give their entries back as often as asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import eq
from typing import Any, Generic, TypeVar

from ..spool import Spool, Store

__all__ = ["Kept"]

T = TypeVar("T")


class Kept(Generic[T]):
    """A list that grows at its end. ``pack`` makes a tuple that ``marshal`` can write of an entry, ``unpack`` the entry
    of the tuple. The last entry may still be changed until the next one comes; those given back are copies."""

    def __init__(self, pack: Callable[[T], tuple[Any, ...]], unpack: Callable[[tuple[Any, ...]], T],
                 store: Store | None = None) -> None:
        self._pack, self._unpack = pack, unpack
        self._spool = Spool(store)
        self._last: list[T] = []

    def append(self, entry: T) -> None:
        self._close()
        self._last.append(entry)

    def extend(self, entries: Iterable[T]) -> None:
        for entry in entries:
            self.append(entry)

    def _close(self) -> None:
        for entry in self._last:
            self._spool.append(self._pack(entry))
        self._last.clear()

    def __len__(self) -> int:
        return len(self._spool) + len(self._last)

    def __iter__(self) -> Iterator[T]:
        self._close()
        for row in self._spool:
            yield self._unpack(row)

    def __getitem__(self, index: int) -> T:
        self._close()
        return self._unpack(self._spool[index if index >= 0 else len(self) + index])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kept) and len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]
