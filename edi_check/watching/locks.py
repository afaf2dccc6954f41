"""Waiting for a ledger that somebody else has locked: for how long, and who that is.

SQLite's own waiting lets no signal through before it is over. Ours is made of short ones, so that a watcher that is
told to stop does so within seconds, whoever holds the ledger.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any

__all__ = ["BUSY_SECONDS", "Locked", "Patient", "SLICE", "holders"]

BUSY_SECONDS = 30.0
SLICE = 0.2
"""Seconds that SQLite waits of itself, at a time."""
HURRIED_SECONDS = 2.0
"""How long somebody waits who was told to stop: other watchers hold a ledger for some milliseconds."""
LOCK_BYTES = range(0x40000000, 0x40000000 + 512)
WAL_LOCK_BYTES = range(120, 129)
"""Where SQLite locks: in the file itself, and in the ``-shm`` of one in WAL mode (sqlite.org, "File Locking" and
"WAL-mode File Format")."""


class Locked(sqlite3.OperationalError):
    """The ledger was locked for longer than we wait. ``holder``: by whom, as far as the system tells."""

    def __init__(self, path: str, error: sqlite3.OperationalError) -> None:
        self.holder = ", ".join(holders(path))
        self.sqlite_errorcode, self.sqlite_errorname = error.sqlite_errorcode, error.sqlite_errorname
        super().__init__(str(error) + (f" by {self.holder}" if self.holder else ""))


class Patient(sqlite3.Connection):
    """A connection that waits for others' locks, ``seconds`` long, and less once ``is_hurried`` says so. It asks SQLite
    for single statements only: a script, or many values, come inside a transaction, which has the lock."""

    path = ""
    seconds = BUSY_SECONDS
    is_hurried: Callable[[], bool] = staticmethod(lambda: False)
    _has_given_up = False

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        began = monotonic()
        while True:
            try:
                return super().execute(sql, parameters)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                waited = monotonic() - began
                if self.is_hurried() and (self._has_given_up or waited >= HURRIED_SECONDS):
                    self._has_given_up = True  # whoever holds it, holds it; what comes next doesn't wait again
                elif waited < self.seconds:
                    continue
                raise Locked(self.path, error) from None


def holders(path: str) -> list[str]:
    """The processes that hold a lock on the database at ``path``, ourselves left out: number and, where the system
    tells, name. Nothing is opened at ``path``: closing it would let go of the locks that this process has there."""
    found: dict[str, str] = {}
    with suppress(OSError, ValueError, IndexError):
        inodes = dict(_inodes(path))
        with open("/proc/locks", encoding="ascii", errors="replace") as locks:
            for line in locks:
                _, kind, _, _, pid, place, start, _ = line.replace("-> ", "").split()
                where = inodes.get(int(place.rpartition(":")[2]), ())
                if kind == "POSIX" and int(start) in where and pid != str(os.getpid()) and "->" not in line:
                    found[pid] = _named(pid)
    return list(found.values())


def _inodes(path: str) -> Iterator[tuple[int, range]]:
    for name, where in ((path, LOCK_BYTES), (path + "-shm", WAL_LOCK_BYTES)):
        with suppress(OSError):
            yield os.stat(name).st_ino, where


def _named(pid: str) -> str:
    if int(pid) <= 0:
        return "a process of another container"
    with suppress(OSError), open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as name:
        return f"process {pid} ({name.read().strip()})"
    return f"process {pid}"
