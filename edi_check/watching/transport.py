"""Drop folders behind one interface, and the local one. ``sftp`` has the other.

A drop folder is where files appear and where acknowledgments go. What it does may be done again after any interruption:
``take`` finds out how far it had got.
"""

from __future__ import annotations

import errno
import os
import stat
import zlib
from collections.abc import Callable, Collection
from typing import BinaryIO, NamedTuple, Protocol

from ..sources import CHUNK, GZIP_LIMIT, GZIP_RATIO, unpacks_too_far
from .disk import create, fsync_folder, is_apart, is_there, looks, may_change, open_regular, rename_new, unlink_quietly
from .intake import Entry, is_whole
from .layout import Layout
from .records import Output, Record

__all__ = ["CHANGED", "GONE", "TAKEN", "DropFolder", "LocalFolder", "Unpacking", "is_file_whole"]

TAKEN, GONE, CHANGED = "taken", "gone", "changed"
"""What became of a claim: the bytes are in ``work/claimed``; another was quicker; it isn't the file that was looked
at."""

REASONS = ("noinbound", "nooutbound", "forbidden", "onefolder", "otherdisk", "oserror")
"""What may be wrong with the folders of a local source."""

HEAD, TAIL = 4096, 1 << 16
GZIP = b"\x1f\x8b"


class DropFolder(Protocol):
    """``name`` is the source's in the configuration; ``unseen``: the names of the last scan of which nothing could be
    learned, and why; ``filled``: devices and inodes of the folders that the watcher fills, which are no inbound
    ones."""

    name: str
    is_remote: bool
    unseen: dict[bytes, OSError]
    filled: Collection[tuple[int, int]]

    def scan(self) -> list[Entry]:
        """Everything in the inbound folder. Raises OSError or TransportError, also when nothing could be taken from
        there, or answered."""

    def trouble(self, error: OSError) -> str:
        """What is wrong with the folders, in a word of the log."""

    def looks_whole(self, entry: Entry) -> bool:
        """Does the file end where its own trailer says? Raises OSError when it can't be read."""

    def take(self, record: Record) -> str:
        """Bring a claimed file to ``work/claimed/ID``: ``TAKEN``, ``GONE`` or ``CHANGED``."""

    def give_back(self, record: Record) -> bool:
        """Put a claimed file back under its own name; false when that name is in use again."""

    def unmark(self, record: Record) -> None:
        """Remove the done marker of a file that is surely ours, unless its name is in use again: then the marker may be
        the next one's, and a file without its marker would wait for ever."""

    def publish(self, output: Output, staged: str) -> None:
        """Make one answer appear, whole, under its name. Durable after ``settle``."""


class Unpacking(NamedTuple):
    """How far a gzip file is unpacked to see whether it is whole (as ``sources`` has it); ``progress`` is called
    meanwhile."""

    limit: int = GZIP_LIMIT
    ratio: int = GZIP_RATIO
    progress: Callable[[], object] = lambda: None


def is_file_whole(file: BinaryIO, size: int, unpacking: Unpacking) -> bool:
    """``intake.is_whole`` of an open file; a gzip file is unpacked for it, without keeping it."""
    head = file.read(HEAD)
    if head[:2] == GZIP:
        file.seek(0)
        return _is_gzip_whole(file, unpacking)
    file.seek(max(0, size - TAIL))
    return is_whole(head, file.read(TAIL))


def _is_gzip_whole(file: BinaryIO, unpacking: Unpacking) -> bool:
    """The first member only: that it is complete is what can be known. What unpacks too far counts as whole: it is
    refused when it is judged."""
    limit, ratio, progress = unpacking
    machine, first, last = zlib.decompressobj(31), b"", b""
    packed = unpacked = 0
    try:
        while not machine.eof and (data := file.read(CHUNK)):
            packed += len(data)
            while data and not machine.eof:
                piece = machine.decompress(data, 1 << 20)
                data = machine.unconsumed_tail
                unpacked += len(piece)
                if unpacks_too_far(packed, unpacked, limit, ratio):
                    return True
                first += piece[: HEAD - len(first)]
                last = (last + piece)[-TAIL:]
                progress()
    except zlib.error:
        return False
    return machine.eof and is_whole(first, last)


class LocalFolder:
    """Two folders of this machine: ``inbound`` and ``outbound``. A file is taken by a rename, so on this filesystem."""

    is_remote = False

    def __init__(
        self,
        name: str,
        inbound: str,
        outbound: str,
        layout: Layout,
        done_marker: str = "",
        is_own_clock: bool = True,
        unpacking: Unpacking = Unpacking(),  # noqa: B008 - it can't be changed
    ) -> None:
        self.name, self.layout = name, layout
        self.inbound, self.outbound = os.fsencode(inbound), outbound
        self.marker = os.fsencode(done_marker)
        self.is_own_clock, self.unpacking = is_own_clock, unpacking
        self.unseen: dict[bytes, OSError] = {}
        self.filled: Collection[tuple[int, int]] = ()

    def _path(self, name: bytes) -> bytes:
        return os.path.join(self.inbound, name)

    def scan(self) -> list[Entry]:
        for folder in (self.inbound, self.outbound):
            if folder not in self.layout.shared and not may_change(folder):
                raise PermissionError(errno.EACCES, "names can't be made and removed there")
            if is_apart(folder, self.layout.work):
                raise OSError(errno.EXDEV, "nothing can be renamed from or to there")
        s = os.stat(self.inbound)
        if (s.st_dev, s.st_ino) in self.filled:  # by a link that was changed, or a mount
            raise OSError(errno.EDEADLK, "answers would be taken as claims")
        found = []
        self.unseen = {}
        with os.scandir(self.inbound) as names:
            for e in names:
                try:
                    s = e.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    self.unseen[e.name] = error
                    continue
                mode = s.st_mode
                kind = (
                    "file"
                    if stat.S_ISREG(mode)
                    else "folder"
                    if stat.S_ISDIR(mode)
                    else "link"
                    if stat.S_ISLNK(mode)
                    else "other"
                )
                changed = max(s.st_mtime, s.st_ctime) if self.is_own_clock else 0.0
                found.append(Entry(e.name, *looks(s), kind, changed))
        return found

    def trouble(self, error: OSError) -> str:
        if not os.path.isdir(self.inbound):
            return "noinbound"
        if not os.path.isdir(self.outbound):
            return "nooutbound"
        known = {errno.EACCES: "forbidden", errno.EPERM: "forbidden", errno.EDEADLK: "onefolder"}
        return known.get(error.errno or 0, "otherdisk" if error.errno == errno.EXDEV else "oserror")

    def looks_whole(self, entry: Entry) -> bool:
        with open_regular(self._path(entry.name)) as file:
            return is_file_whole(file, os.fstat(file.fileno()).st_size, self.unpacking)

    def take(self, record: Record) -> str:
        target = self.layout.claimed(record.id)
        if not is_there(target):
            try:
                os.rename(self._path(record.name), target)
            except FileNotFoundError:
                if not os.path.isdir(self.layout.claims):
                    raise
                return GONE
        if not is_as_claimed(record, target):
            return CHANGED
        make_ours(target)
        return TAKEN

    def give_back(self, record: Record) -> bool:
        try:
            rename_new(self.layout.claimed(record.id), self._path(record.name))
        except FileNotFoundError:
            if is_there(self.layout.claimed(record.id)):
                raise  # it is the folder that is gone
            return True  # it is back already
        except FileExistsError:
            return False
        return True

    def unmark(self, record: Record) -> None:
        try:
            if self.marker and not is_there(self._path(record.name)):
                unlink_quietly(self._path(record.name + self.marker))
        except OSError:
            pass  # it is no reason to hold the answers back

    def publish(self, output: Output, staged: str) -> None:
        try:
            os.rename(staged, os.path.join(self.place(output), output.name))
        except FileNotFoundError:
            if is_there(staged):
                raise  # it is the folder that is gone
            # else published before an interruption; the other side may have fetched it since

    def place(self, output: Output) -> str:
        """The folder where an answer goes. Its names must be durable before the answer counts as published."""
        return self.outbound if output.folder == "outbound" else self.layout.folder(output.folder)


def is_as_claimed(record: Record, path: str) -> bool:
    """Does the file at ``path`` still look as when it was claimed?"""
    s = os.lstat(path)
    size, mtime_ns, inode = looks(s)
    same = (size, mtime_ns) == (record.size, record.mtime_ns) and stat.S_ISREG(s.st_mode)
    return same and (record.is_remote or not record.inode or inode == record.inode)


def make_ours(path: str) -> None:
    """Readable by nobody else. Where the file belongs to another user, a copy of ours takes its place: whoever holds
    the old one open can't change what was answered. Size and time stay."""
    s = os.lstat(path)
    if s.st_uid == os.geteuid():
        if s.st_mode & 0o777 != 0o600:
            os.chmod(path, 0o600)
        return
    copy = path + ".copy"
    with open_regular(path) as source, create(copy) as out:
        while piece := source.read(1 << 20):
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    os.utime(copy, ns=(s.st_atime_ns, s.st_mtime_ns))
    os.rename(copy, path)
    fsync_folder(os.path.dirname(path))
