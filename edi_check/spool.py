"""Rows that go to disk instead of memory: a temporary file that has no name, read back as often as needed.

Rows are tuples of text, bytes, integers and ``None`` (nested tuples too), written by ``marshal`` a few hundred at a
time: about one microsecond a row. The file never leaves this process, so marshal's lack of a stable format is no
concern; it is opened 0600 and unlinked by the system as soon as it is open.
"""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Iterator
from typing import IO, Any

__all__ = ["Spool", "Store"]

BATCH = 256


class Store:
    """The temporary file behind any number of spools, opened when the first of them needs it."""

    def __init__(self, number: int = -1) -> None:
        self._file: IO[bytes] | None = None
        self._end = 0
        self.number = number
        """Which of the stores of several processes it is; -1 where there is only one process."""

    def open(self) -> None:
        """Open the file now, so that a process forked later shares it."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="edi-check-")

    def write(self, data: bytes) -> int:
        """Append; returns where the data begin."""
        self.open()
        assert self._file is not None
        at = self._end
        self._file.seek(at)
        self._file.write(data)
        self._end += len(data)
        if self.number >= 0:
            self._file.flush()
        return at

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()

    def read(self, at: int, size: int) -> bytes:
        assert self._file is not None
        self._file.seek(at)
        return self._file.read(size)


class Spool:
    """Append rows, then iterate over them in order, or ask for one by number (from 0). Spools of one run share a
    store."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = store if store is not None else Store()
        self._batch: list[Any] = []
        self._places: list[tuple[int, int]] = []
        self._count = 0
        self._cached: tuple[int, list[Any]] = (-1, [])

    def __len__(self) -> int:
        return self._count

    def append(self, row: tuple[Any, ...]) -> None:
        self._batch.append(row)
        self._count += 1
        if len(self._batch) >= BATCH:
            data = marshal.dumps(self._batch)
            self._places.append((self._store.write(data), len(data)))
            self._batch = []

    def _load(self, number: int) -> list[Any]:
        if number == len(self._places):
            return self._batch
        if self._cached[0] != number:
            self._cached = (number, marshal.loads(self._store.read(*self._places[number])))
        return self._cached[1]

    def __iter__(self) -> Iterator[Any]:
        for number in range(len(self._places)):
            yield from self._load(number)
        yield from self._batch

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return self._load(index // BATCH)[index % BATCH]

    def __getstate__(self) -> tuple[int, list[Any], list[tuple[int, int]], int]:
        """What goes to another process that has the same stores: the number of the store, not its content."""
        return self._store.number, self._batch, self._places, self._count

    def __setstate__(self, state: tuple[int, list[Any], list[tuple[int, int]], int]) -> None:
        number, self._batch, self._places, self._count = state
        self._store, self._cached = Store(number), (-1, [])

    def adopt(self, stores: list[Store]) -> None:
        """After the way between processes: use this process's handle of the store."""
        self._store = stores[self._store.number]
