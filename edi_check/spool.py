"""Rows that go to disk instead of memory: a temporary file that has no name, read back as often as needed.

Rows are tuples of text, bytes, integers and ``None`` (nested tuples too), written by ``marshal`` a few hundred at a
time: a microsecond or two a row. The file never leaves this process, so marshal's lack of a stable format is no
concern; it is opened 0600 and unlinked by the system as soon as it is open.
"""

from __future__ import annotations

import _thread
import io
import marshal
import os
import tempfile
from array import array
from collections.abc import Iterator
from itertools import accumulate
from typing import IO, Any, Final

__all__ = ["GROUP", "Spool", "Store", "read_at"]

GROUP: Final = 256
"""Rows that are written together."""

FEW: Final = 16
"""Rows of a spool that stay at hand when no more come."""
KEPT: Final = 2048
"""Rows of all spools of a store that stay so: a file of some hundred claims needs no disk."""
PENDING: Final = 1 << 16
"""Bytes that wait for a write of their own no longer."""

_turn = _thread.allocate_lock()
"""To read, where the system can't without moving the file's place."""


class Store:
    """The temporary file behind any number of spools, opened when the first of them needs it. ``content`` stands for
    one: it is all that will be written."""

    def __init__(self, number: int = -1, content: bytes = b"") -> None:
        self._file: IO[bytes] | None = io.BytesIO(content) if content else None
        self._end = len(content)
        self._pending: list[bytes] = []
        self._waiting = 0
        self.kept = 0
        """Rows that closed spools keep at hand."""
        self.number = number
        """Which of the stores of several processes it is; -1 where there is only one process."""

    def open(self) -> None:
        """Open the file now, so that a process forked later shares it."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="edi-check-", buffering=0)

    def write(self, data: bytes) -> int:
        """Append; returns where the data begin."""
        at = self._end
        self._pending.append(data)
        self._waiting += len(data)
        self._end += len(data)
        if self._waiting >= PENDING:
            self.flush()
        return at

    def flush(self) -> None:
        """Write what waits, so that another process that shares the file finds it."""
        if not self._waiting:
            return
        self.open()
        assert self._file is not None
        self._file.seek(self._end - self._waiting)
        data = memoryview(b"".join(self._pending))
        while data:
            data = data[self._file.write(data) :]
        self._pending.clear()
        self._waiting = 0

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()

    def read(self, at: int, size: int) -> bytes:
        """Some bytes that were written."""
        self.flush()
        assert self._file is not None
        data = read_at(self._file, at, size)
        if len(data) < size:
            raise EOFError("the temporary file is shorter than what was written to it")
        return data


def read_at(file: IO[bytes], at: int, size: int) -> bytes:
    """Some bytes of a file, wherever it stands: a report may be told in several threads, or processes forked later,
    at once."""
    if isinstance(file, io.BytesIO):
        return file.getvalue()[at : at + size]  # not getbuffer, which copies all that came as bytes
    if not hasattr(os, "pread"):
        with _turn:
            file.seek(at)
            return file.read(size)
    data = os.pread(file.fileno(), size, at)
    while len(data) < size and (more := os.pread(file.fileno(), size - len(data), at + len(data))):
        data += more  # a system gives 2 GB at most
    return data


class Spool:
    """Append rows, then iterate over them in order, or ask for one by number (from 0). Spools of one run share a
    store. ``piece``: rows that must be read to get at one of them; a divisor of ``GROUP``."""

    def __init__(self, store: Store | None = None, piece: int = GROUP) -> None:
        self._store = store if store is not None else Store()
        self._piece = piece
        self._batch: list[Any] = []
        self._groups = array("q")
        """Where each group begins in the store."""
        self._ends = array("q")
        """Where each piece ends, from the beginning of its group."""
        self._count = 0
        self._cached: tuple[int, list[Any]] = (-1, [])

    def __len__(self) -> int:
        return self._count

    def append(self, row: tuple[Any, ...]) -> None:
        self._batch.append(row)
        self._count += 1
        if len(self._batch) == GROUP:
            self._write(self._batch)
            self._batch = []

    def extend(self, rows: list[tuple[Any, ...]]) -> None:
        """Append several; cheapest by groups."""
        if len(rows) == GROUP and not self._batch:
            self._write(rows)
            self._count += GROUP
        elif len(rows) + len(self._batch) < GROUP:
            self._batch += rows
            self._count += len(rows)
        else:
            for row in rows:
                self.append(row)

    def close(self) -> None:
        """No more rows come: where many are at hand, of this spool and of others, they are written, too, so that those
        of hundreds of files don't fill the memory."""
        count = len(self._batch)
        if count > FEW:
            if self._store.kept + count > KEPT:
                self._write(self._batch)
                self._batch = []
            else:
                self._store.kept += count
        self._cached = (-1, [])

    def _write(self, rows: list[Any]) -> None:
        step = self._piece
        pieces = [marshal.dumps(rows[n : n + step]) for n in range(0, len(rows), step)]
        self._groups.append(self._store.write(b"".join(pieces)))
        end = 0
        for piece in pieces:
            end += len(piece)
            self._ends.append(end)

    def _load(self, number: int) -> list[Any]:
        """A piece."""
        cached = self._cached
        if cached[0] != number:
            group, n = divmod(number, GROUP // self._piece)
            start = self._ends[number - 1] if n else 0
            data = self._store.read(self._groups[group] + start, self._ends[number] - start)
            cached = self._cached = (number, marshal.loads(data))
        return cached[1]

    def __iter__(self) -> Iterator[Any]:
        many = GROUP // self._piece
        for group, at in enumerate(self._groups):
            start, ends = 0, self._ends[group * many : (group + 1) * many]
            data = memoryview(self._store.read(at, ends[-1]))
            for end in ends:
                yield from marshal.loads(data[start:end])
                start = end
        yield from self._batch

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        written = self._count - len(self._batch)
        if index >= written:
            return self._batch[index - written]
        return self._load(index // self._piece)[index % self._piece]

    def __getstate__(self) -> tuple[Any, ...]:
        """What goes to another process that has the same stores: the number of the store. To any other, and into a
        copy, goes the content."""
        groups, content = self._groups, b""
        if self._store.number < 0:
            many = GROUP // self._piece
            lengths = [self._ends[min((n + 1) * many, len(self._ends)) - 1] for n in range(len(groups))]
            content = b"".join([self._store.read(at, size) for at, size in zip(groups, lengths, strict=True)])
            groups = array("q", list(accumulate(lengths, initial=0))[:-1])
        return self._store.number, self._piece, self._batch, groups, self._ends, self._count, content

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        number, self._piece, self._batch, self._groups, self._ends, self._count, content = state
        self._store, self._cached = Store(number, content), (-1, [])

    def adopt(self, stores: list[Store]) -> None:
        """After the way between processes: use this process's handle of the store."""
        self._store = stores[self._store.number]
