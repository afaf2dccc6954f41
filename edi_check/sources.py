"""Where bytes come from: a path, bytes, an open binary file; plain or gzip. Read once in chunks, then here and there
again.

A path is read again from the file itself (kept open, so that a rename doesn't matter); anything that can't be read
twice (standard input, a pipe, gzip) is spooled to a nameless temporary file while it is read. ``size`` and ``sha256``
are those of the unpacked content.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import tempfile
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import IO, Any

from .spool import read_at

__all__ = ["CHUNK", "GZIP_LIMIT", "GZIP_RATIO", "Source", "is_content", "unpacks_too_far"]

CHUNK = 1 << 17
GZIP = b"\x1f\x8b"
GZIP_LIMIT = 4 << 30
GZIP_RATIO = 200
RATIO_FROM = 1 << 20
"""The ratio is looked at from this many unpacked bytes on: a small file of blanks may well pack 1,000 to 1."""


def unpacks_too_far(packed: int, unpacked: int, limit: int, ratio: int) -> bool:
    """Do so many packed bytes go beyond the limit of the unpacked size, or of its ratio to the packed one?"""
    return unpacked > limit or (unpacked > RATIO_FROM and unpacked > packed * ratio)


class Source:
    """One input. ``name`` is what reports call it; ``taken`` counts the bytes read so far, as they are stored.
    ``trouble`` says, after reading, why the content is not all there: ``""``, ``"gzip"`` (damaged or cut),
    ``"limit"`` (unpacks too far), ``"read"`` (the system refused); of gzip and read, ``error`` says more, and of read
    ``number`` is the system's (0 where it gave none)."""

    def __init__(
        self, source: Any, name: str = "", *, gzip_limit: int = GZIP_LIMIT, gzip_ratio: int = GZIP_RATIO
    ) -> None:
        self.size = 0
        self.taken = 0
        self.sha256 = ""
        self.trouble = ""
        self.error = ""
        self.number = 0
        self._limit, self._ratio = gzip_limit, gzip_ratio
        self._file: IO[bytes] | None = None
        self._again: IO[bytes] | None = None
        self._is_own = self._is_copied = False
        if isinstance(source, (bytes, bytearray, memoryview)):
            self._file, self.name = io.BytesIO(bytes(source)), name or "bytes"
        elif hasattr(source, "read"):
            # What is left in memory is copied: positions count from here, and the stream may be gone when it is told.
            self._file = io.BytesIO(bytes(source.read())) if isinstance(source, io.BytesIO) else source
            own = getattr(source, "name", "")
            self.name = name or ("stdin" if own == "<stdin>" else own if isinstance(own, str) and own else "stream")
        elif isinstance(source, str) and is_content(source):  # reports would call the file so, patients and all
            raise TypeError("this is a claim file's content, not its path; give its bytes: text.encode()")
        else:
            self._path = os.fspath(source)
            self.name = name or os.fsdecode(self._path)
        self._stamp: tuple[int, ...] = ()

    def chunks(self) -> Iterator[bytes]:
        """The unpacked content in chunks, once. Raises OSError when the folder of temporary files takes no copy of it,
        which says nothing of the content; what the content does to us is a ``trouble``."""
        digest = hashlib.sha256()
        for chunk in self._readable():
            digest.update(chunk)
            self.size += len(chunk)
            if self._is_copied:
                self._copy(chunk)
            yield chunk
        if self._is_copied:
            self._copy(b"").flush()
        self.sha256 = digest.hexdigest()

    def _readable(self) -> Iterator[bytes]:
        try:
            yield from self._unpacked(self._raw())
        except zlib.error as e:
            self.trouble, self.error = "gzip", _damage(str(e))
        except OSError as e:
            self.trouble, self.error, self.number = "read", e.strerror or type(e).__name__, e.errno or 0

    def _copy(self, chunk: bytes) -> IO[bytes]:
        """The temporary file, with one chunk more."""
        if self._again is None:
            self._again = tempfile.TemporaryFile(prefix="edi-check-")  # noqa: SIM115 - lives as long as the source
        self._again.write(chunk)
        return self._again

    def _raw(self) -> Iterator[bytes]:
        if self._file is None:
            self._file = open(self._path, "rb")  # noqa: SIM115 - stays open: positions are looked up later
            self._is_own = True
        while chunk := _next(self._file):
            self.taken += len(chunk)
            yield _bytes(chunk)

    def _unpacked(self, raw: Iterable[bytes]) -> Iterator[bytes]:
        chunks = iter(raw)
        head = b""
        for chunk in chunks:
            head += chunk
            if len(head) >= 2:
                break
        is_packed = head[:2] == GZIP
        if not is_packed and self._file is not None and self._is_seekable():
            self._again = self._file
        else:
            self._is_copied = True
        yield from self._gunzip(head, chunks) if is_packed else self._chained(head, chunks)

    def _is_seekable(self) -> bool:
        try:
            return bool(self._file and self._file.seekable() and self._file.tell() >= 0) and (
                self._is_own or isinstance(self._file, io.BytesIO)
            )
        except (OSError, ValueError, AttributeError):
            return False

    @staticmethod
    def _chained(head: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
        if head:
            yield head
        yield from rest

    def _gunzip(self, head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
        machine, packed, unpacked, is_open = zlib.decompressobj(31), 0, 0, False
        for chunk in self._chained(head, rest):
            packed += len(chunk)
            while chunk:
                if machine.eof:
                    chunk = chunk.lstrip(b"\0") if not is_open else chunk
                    if not chunk:
                        break
                    machine = zlib.decompressobj(31)  # a further member
                is_open = True
                piece = machine.decompress(chunk, CHUNK)
                unpacked += len(piece)
                if unpacks_too_far(packed, unpacked, self._limit, self._ratio):
                    self.trouble = "limit"
                    return
                if piece:
                    yield piece
                chunk = machine.unconsumed_tail
                if machine.eof:
                    chunk, is_open = machine.unused_data, False
        if not machine.eof:
            self.trouble, self.error = "gzip", "the gzip data is cut off"

    @property
    def is_plain(self) -> bool:
        """A file of its own that can be opened again by its path, not spooled and not somebody else's handle."""
        return self._is_own and (self._again is None or self._again is self._file)

    def rest(self) -> None:
        """Close a file that was opened here, after reading; it is opened again when somebody asks for its bytes. A
        run over thousands of files must not hold them all open."""
        if self._is_own and self._file is not None and self._again is self._file:
            self._stamp = _identity(self._file)
            self._file.close()
            self._file = self._again = None

    def __getstate__(self) -> dict[str, Any]:
        """For pickles and copies: a path is opened again there, as after ``rest``; any other content goes along."""
        state = {**self.__dict__, "_file": None, "_again": None}
        if self._again is not None:
            if self.is_plain:
                state["_stamp"] = _identity(self._again)
            else:
                state["_again"] = io.BytesIO(self.read_at(0, self.size))
        return state

    def read_at(self, offset: int, length: int) -> bytes:
        """Some bytes of the unpacked content, after it was read. Raises OSError when the file has been changed
        since."""
        file = self._again
        if file is None and self._stamp:
            file = open(self._path, "rb")  # noqa: SIM115 - stays open
            if _identity(file) != self._stamp:
                file.close()
                raise OSError("the file has changed since it was checked")
            self._file = self._again = file
        return read_at(file, offset, length) if file is not None else b""

    def line_columns(self, offsets: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Physical line and column (from 1) of byte offsets. A line ends with LF, CR LF, or CR alone."""
        wanted = sorted(set(offsets))
        found: dict[int, tuple[int, int]] = {}
        if self._again is None or not wanted:
            return found
        self._again.seek(0)
        at, line, start, n, was_return = 0, 1, 0, 0, False
        while n < len(wanted):
            chunk = self._again.read(1 << 20)
            if not chunk:
                break
            done = 0
            if was_return and chunk[:1] == b"\n":  # the CR LF was cut in two: its line has begun, here it does
                start, done = at + 1, 1
            ends = [mark for mark in (b"\n", b"\r") if mark in chunk]
            upto = bisect_right(wanted, at + len(chunk) - 1)
            for here in (*wanted[n:upto], None):
                count, last, done = _breaks(chunk, ends, done, len(chunk) if here is None else here - at)
                line += count
                if last:
                    start = at + last
                if here is not None:
                    found[here] = (line, max(here - start, 0) + 1)
            n = upto
            was_return = chunk.endswith(b"\r")
            at += len(chunk)
        for offset in wanted[n:]:
            found[offset] = (line, offset - start + 1)
        return found

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file and of its copy; a file that somebody else opened stays open."""
        for file in (self._again, self._file):
            if file is not None and (self._is_own or file is not self._file):
                try:  # not contextlib.suppress: when Python ends, that may be gone before the last report is
                    file.close()
                except OSError:  # the end of a copy that found no room
                    pass
        self._again = None


def _next(file: Any) -> Any:
    """What a stream gives next. One that doesn't block gives ``None`` while there is nothing, which is not its end: it
    is waited for. Programs such as Node and ssh leave their pipes so."""
    while (chunk := file.read(CHUNK)) is None:
        import selectors

        try:
            with selectors.DefaultSelector() as selector:
                selector.register(file, selectors.EVENT_READ)
                selector.select()
        except (AttributeError, OSError, ValueError):
            raise BlockingIOError(errno.EAGAIN, "the stream doesn't wait for what is to come") from None
    return chunk


def _identity(file: IO[bytes]) -> tuple[int, ...]:
    s = os.fstat(file.fileno())
    return s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns


def is_content(text: str) -> bool:
    """Does a text that is given for a path begin with an ISA?"""
    head = text[:200].lstrip("\ufeff \t\r\n")
    element = head[3:4]
    return head[:3] == "ISA" and element != os.sep and not element.isalnum() and head[:106].count(element) > 12


def _bytes(given: Any) -> bytes:
    """What a stream gives: bytes, a bytearray, or by mistake text."""
    if isinstance(given, str):
        raise TypeError("the stream gives text, not bytes; open it in binary mode")
    return given if type(given) is bytes else bytes(given)


def _damage(says: str) -> str:
    """What zlib says of data that it can't unpack, in words. A check comes after all data: the last of what was
    unpacked is not given out then, so that claims which were changed on the way are never taken for whole."""
    if "incorrect data check" in says:
        return "the gzip data was unpacked, but its checksum doesn't match: it was changed on the way"
    if "incorrect length check" in says:
        return "the gzip data was unpacked, but isn't as long as it says: it was changed on the way"
    return "the gzip data is damaged"


def _breaks(chunk: bytes, ends: list[bytes], begin: int, end: int) -> tuple[int, int, int]:
    """How many lines end in a part of a chunk, where the last of them does (0 when none), and up to where was looked:
    a CR LF isn't cut in two. ``ends``: which of LF and CR the chunk has."""
    if len(ends) > 1 and begin < end < len(chunk) and chunk[end - 1 : end + 1] == b"\r\n":
        end -= 1
    if begin >= end:
        return 0, 0, begin
    count = sum([chunk.count(mark, begin, end) for mark in ends])
    if len(ends) > 1:
        count -= chunk.count(b"\r\n", begin, end)
    return count, max([chunk.rfind(mark, begin, end) for mark in ends], default=-1) + 1, end
