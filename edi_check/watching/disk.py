"""What the watcher asks of a filesystem: private files, durable writes, renames that replace nothing.

Not here: which file goes where (``layout``) and when (``steps``). Linux; elsewhere on POSIX the rename that replaces
nothing is a hard link and an unlink.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import BinaryIO, TypeVar

__all__ = [
    "BLOCK_ERRORS",
    "FILE_ERRORS",
    "MACHINE_ERRORS",
    "NEW_FILE",
    "PLACE_ERRORS",
    "ROOM_ERRORS",
    "Flusher",
    "blamed",
    "create",
    "fsync_file",
    "fsync_folder",
    "identities",
    "is_apart",
    "is_network",
    "is_ours_to_fix",
    "is_there",
    "looks",
    "may_change",
    "make_private_folder",
    "mount_of",
    "open_regular",
    "rename_new",
    "unlink_quietly",
    "write_durably",
]

T = TypeVar("T")

BLOCK_ERRORS = frozenset(
    {
        errno.EIO,
        errno.ETIMEDOUT,
        *(
            getattr(errno, name)
            for name in ("EUCLEAN", "EBADMSG", "ENODATA", "EREMOTEIO")  # ext4's and XFS's words for damage
            if hasattr(errno, name)
        ),
    }
)
"""Errors about a block, or a few, of a disk: where others can be written, they are one file's."""

ROOM_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""There is no room for what was to be written."""

FILE_ERRORS = BLOCK_ERRORS | {
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.ELOOP,
    errno.EINVAL,
    errno.ENXIO,
    errno.EISDIR,
    errno.EBUSY,
    errno.EOVERFLOW,
}
"""On opening or reading one file, these are about that file; those of blocks, where the disk is well otherwise."""

MACHINE_ERRORS = BLOCK_ERRORS | ROOM_ERRORS | frozenset(
    {
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ESTALE,
        errno.ENODEV,
        errno.ETXTBSY,
        errno.EXDEV,
        errno.EBUSY,
    }
)
"""Errors that say something about the machine and nothing about what a file holds."""

PLACE_ERRORS = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.ELOOP,
        errno.ESTALE,
        errno.EBUSY,
        errno.EXDEV,
    }
)
"""Errors that say something about the folder or the file that was named. Where it is a source's and our own folders are
in order, only that source has to wait."""

NETWORK_FILESYSTEMS = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "afs",
        "ceph",
        "glusterfs",
        "lustre",
        "ncpfs",
        "coda",
        "gfs2",
        "ocfs2",
        "beegfs",
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.rclone",
        "fuse.ceph",
        "fuse.davfs",
        "davfs",
    }
)
"""Where SQLite's locks can't be relied on (sqlite.org, "How To Corrupt An SQLite Database File", section 2.1)."""

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
RENAME_NOREPLACE = 1
LARGEST = (1 << 63) - 1
"""SQLite's integers, too, are of 64 bits with a sign."""
AT_FDCWD = -100


def is_ours_to_fix(error: OSError) -> bool:
    """Is this error the machine's (full, read-only, forbidden, broken), so that waiting may help?"""
    return error.errno in MACHINE_ERRORS


def looks(s: os.stat_result) -> tuple[int, int, int]:
    """By what a file is known again: size, time of change in nanoseconds, inode. As the ledger can hold them: times of
    before 1678 or after 2261 become the nearest, inodes lose their 64th bit."""
    return s.st_size, max(-LARGEST, min(s.st_mtime_ns, LARGEST)), s.st_ino & LARGEST


def is_there(path: str | bytes) -> bool:
    """Is there something under this name? Raises OSError where that can't be learned: ``os.path.lexists`` says no then,
    and what is there would be taken for gone."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def identities(paths: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Device and inode of each folder that is there, links followed: by whatever name, it is the same."""
    for path in paths:
        with suppress(OSError):
            s = os.stat(path)
            yield s.st_dev, s.st_ino


def is_apart(path: str | bytes, other: str) -> bool:
    """Do two folders lie on different filesystems, or mounts, so that nothing can be renamed between them?"""
    return os.stat(path).st_dev != os.stat(other).st_dev or mount_of(path) != mount_of(other)


def mount_of(path: str | bytes) -> int:
    """The number of the mount that a folder lies on, 0 where the system doesn't tell. Between two of them nothing is
    renamed, though they may be of one filesystem (a bind mount, a volume of a container)."""
    flags = getattr(os, "O_PATH", 0)
    if not flags:
        return 0
    try:
        handle = os.open(path, flags | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        with open(f"/proc/self/fdinfo/{handle}", encoding="ascii", errors="replace") as info:
            return next((int(line.split()[1]) for line in info if line.startswith("mnt_id:")), 0)
    except (OSError, ValueError):
        return 0
    finally:
        os.close(handle)


def may_change(path: str | bytes) -> bool:
    """Do the rights of this folder let us make and remove names in it? A read-only filesystem is another matter.
    Raises OSError when there is no such folder."""
    return os.access(path, os.W_OK | os.X_OK) or bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def blamed(error: OSError) -> str:
    """The folder that an error is about, never a file: its name may tell whose it is. Of a rename's two, the one whose
    rights forbid it. Nothing where the error names no path."""
    paths = [os.fsdecode(p) for p in (error.filename, error.filename2) if isinstance(p, (str, bytes))]
    folders = [folder for folder in map(os.path.dirname, paths) if folder]
    closed = [folder for folder in folders if not os.access(folder, os.W_OK | os.X_OK)]
    return next(iter(closed or folders), "")


def make_private_folder(path: str) -> list[str]:
    """The folder and those above it, 0700 where they weren't there. One that is there keeps its mode: an SFTP server
    may own it. Out: the folders whose names are new and not durable yet, that is, their parents."""
    if os.path.isdir(path):
        return []
    parent = os.path.dirname(path)
    made = make_private_folder(parent) if parent else []
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return made
    return [*made, parent or "."]


@contextmanager
def create(path: str) -> Iterator[BinaryIO]:
    """A new file, 0600, written whole or gone. It is not durable before a ``Flusher`` has seen it."""
    handle = os.open(path, NEW_FILE, 0o600)
    try:
        with open(handle, "wb") as out:
            yield out
    except BaseException:
        unlink_quietly(path)
        raise


def open_regular(path: str | bytes) -> BinaryIO:
    """A regular file for reading. Symbolic links and anything that could block or isn't a file: OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return open(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def fsync_folder(path: str) -> None:
    """Make the names in a folder durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def fsync_file(path: str) -> None:
    """Make the content of a file durable."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Flusher:
    """Does the same to many files at once, in several threads. A journalling filesystem commits syncs that come
    together as one (128 small files take 20 ms by eight threads and 500 ms one after the other); and a new file or a
    rename waits for a commit that is under way, so that many had better wait together."""

    def __init__(self, threads: int = 8) -> None:
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads, "disk")

    def files(self, paths: Iterable[str]) -> None:
        """Every file durable, or the first error."""
        self.each(fsync_file, list(paths))

    def folders(self, paths: Iterable[str]) -> None:
        """The names of every folder durable, or the first error."""
        self.each(fsync_folder, list(set(paths)))

    def each(self, do: Callable[[T], object], things: Sequence[T]) -> None:
        """``do`` each, in no order. Nothing goes on any more when this returns or raises the first error."""
        if len(things) < 2:
            for one in things:
                do(one)
            return
        count = min(self.threads, len(things))
        shares = [self._pool.submit(_do_all, do, things[n::count]) for n in range(count)]
        wait(shares)
        for share in shares:
            share.result()

    def close(self) -> None:
        self._pool.shutdown()


def _do_all(do: Callable[[T], object], things: Sequence[T]) -> None:
    for one in things:
        do(one)


def write_durably(path: str, data: bytes) -> None:
    """A new file, 0600 and durable."""
    handle = os.open(path, NEW_FILE, 0o600)
    try:
        while data:
            data = data[os.write(handle, data) :]
        os.fsync(handle)
    except BaseException:
        unlink_quietly(path)
        raise
    finally:
        os.close(handle)


def rename_new(source: str | bytes, target: str | bytes) -> None:
    """Rename unless the target exists: then FileExistsError, and nothing has happened."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is not None:
        if rename(AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), RENAME_NOREPLACE) == 0:
            return
        code = ctypes.get_errno()
        if code not in (errno.ENOSYS, errno.EINVAL):
            raise OSError(code, os.strerror(code))
    os.link(source, target, follow_symlinks=False)
    os.unlink(source)


def unlink_quietly(path: str | bytes) -> None:
    """Remove a file that may be gone already."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def is_network(path: str) -> bool:
    """Does this folder lie on a network filesystem? False where the system doesn't tell."""
    device = os.stat(path).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
            for line in mounts:
                left, _, right = line.partition(" - ")
                if left.split()[2] == wanted:
                    return right.split()[0] in NETWORK_FILESYSTEMS
    except OSError:
        return False
    return False
