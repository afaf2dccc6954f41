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

__all__ = ["Spool"]

BATCH = 256


class Spool:
    """Append rows, then iterate over them in order, or ask for one by number (from 0)."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._batch: list[Any] = []
        self._starts: list[int] = []
        self._end = 0
        self._count = 0
        self._cached: tuple[int, list[Any]] = (-1, [])

    def __len__(self) -> int:
        return self._count

    def append(self, row: tuple[Any, ...]) -> None:
        self._batch.append(row)
        self._count += 1
        if len(self._batch) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="edi-check-")
        data = marshal.dumps(self._batch)
        self._starts.append(self._end)
        self._file.write(len(data).to_bytes(8, "little") + data)
        self._end += len(data) + 8
        self._batch = []

    def _load(self, number: int) -> list[Any]:
        if number == len(self._starts):
            return self._batch
        if self._cached[0] != number:
            assert self._file is not None
            self._file.seek(self._starts[number])
            size = int.from_bytes(self._file.read(8), "little")
            self._cached = (number, marshal.loads(self._file.read(size)))
            self._file.seek(self._end)
        return self._cached[1]

    def __iter__(self) -> Iterator[Any]:
        for number in range(len(self._starts) + 1):
            yield from self._load(number)

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return self._load(index // BATCH)[index % BATCH]

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._batch, self._starts, self._count = [], [], 0

    def __del__(self) -> None:
        # A report lives as long as its user keeps it, and nobody closes it: without this, Python warns of an open file.
        if self._file is not None:
            self._file.close()
