"""What a process leaves for ``status``: whether it pauses, which local sources are down, what stays in folders and in
work, and why. While it lives that is in its owner's file, which goes when it ends; what it knew then is kept in
``work/last-note``. Of one that was killed the owner's file is there until another watcher starts.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import NamedTuple

from .disk import create, open_regular
from .ledger import JUDGED, is_token
from .records import Ledger

__all__ = ["Last", "Note", "Notebook", "is_locked", "last", "living"]

SIGN_SECONDS = 10.0
"""So long after the last sign of life one is given, though there is nothing new."""


@dataclass
class Note:
    """``is_carrier``: of a thread that serves a remote source, its process has another; ``paused``: what hinders the
    machine, and ``where`` (a folder, or who holds the ledger); ``down``: sources and why; ``waiting``: by source, how
    many files stay in its folder, by reason; ``set_aside``: by source, how many files in work can't be read or written;
    ``is_written``: somebody wrote it."""

    is_carrier: bool = False
    paused: str = ""
    where: str = ""
    down: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, dict[str, int]] = field(default_factory=dict)
    set_aside: dict[str, int] = field(default_factory=dict)
    is_written: bool = False


class Last(NamedTuple):
    """What the last watcher knew: ``at`` is when it ended or, where it was ended (``is_killed``), when it was last seen
    at work."""

    at: float
    is_killed: bool
    note: Note


class Notebook:
    """Writes the note of one owner, when there is something new, and now and then to show that it lives."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._written, self._next = "", 0.0

    def write(self, note: Note) -> None:
        text = json.dumps(asdict(note), sort_keys=True)
        if text != self._written or monotonic() >= self._next:
            with suppress(OSError):  # a full disk is told elsewhere
                self.ledger.note(text)
                self._written, self._next = text, monotonic() + SIGN_SECONDS

    def keep(self, path: str) -> None:
        """We end: what we know, for ``last``. Nothing where we didn't look at anything."""
        if self._written:
            with suppress(OSError):
                with create(path + ".new") as out:
                    out.write(self._written.encode())
                os.rename(path + ".new", path)


def living(owners: str) -> Iterator[Note]:
    """The notes of the owners that live."""
    for handle, is_alive in _each(owners):
        if is_alive:
            yield _read(handle, JUDGED)


def last(owners: str, path: str) -> Last | None:
    """The last watcher, asked when none lives: of those that were killed, and the one whose note is kept at ``path``,
    the one seen last. One that had no time to look at anything has only that time."""
    found: list[Last] = []
    for handle, is_alive in _each(owners):
        note = _read(handle, JUDGED)
        if not is_alive and not note.is_carrier:
            found.append(Last(os.fstat(handle).st_mtime, True, note))
    with suppress(OSError), open_regular(path) as file:
        found.append(Last(os.fstat(file.fileno()).st_mtime, False, _read(file.fileno(), 0)))
    if not found:
        return None
    newest = max(found, key=lambda one: one.at)
    known = [one for one in found if one.note.is_written]
    return newest._replace(note=max(known, key=lambda one: one.at).note) if known else newest


def _each(owners: str) -> Iterator[tuple[int, bool]]:
    """The owners' files, open, and whether their locks are held: else the process is gone."""
    for name in os.listdir(owners):
        if not is_token(name):
            continue
        try:
            handle = os.open(os.path.join(owners, name), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            yield handle, is_locked(handle)
        finally:
            os.close(handle)


def is_locked(handle: int) -> bool:
    """Does some process hold this lock? Asking takes it for a moment, shared: two that ask don't take one another for
    its holder, who has it alone."""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(handle, fcntl.LOCK_UN)
    return False


def _read(handle: int, start: int) -> Note:
    """An empty one when it is being written, or was by another version."""
    text = os.pread(handle, os.fstat(handle).st_size, start).decode("utf-8", "replace")
    try:
        return Note(**{**json.loads(text), "is_written": True})
    except (ValueError, TypeError):
        return Note()
