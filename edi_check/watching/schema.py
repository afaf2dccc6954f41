"""The ledger's tables, and how its file is opened: the journal mode that this SQLite is safe with.

Version 2 added ``unfinished``; a ledger of version 1 gets it when it is opened.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable

from ..findings import EdiCheckError
from .locks import BUSY_SECONDS, SLICE, Patient

__all__ = ["LedgerError", "damage", "open_database"]

VERSION = 2

SCHEMA = """
CREATE TABLE IF NOT EXISTS file (
  id TEXT PRIMARY KEY, source TEXT NOT NULL, name BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
  inode INTEGER NOT NULL, taken REAL NOT NULL, is_remote INTEGER NOT NULL, is_overdue INTEGER NOT NULL,
  origin TEXT NOT NULL, state TEXT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0, ends INTEGER NOT NULL DEFAULT 0,
  sha256 TEXT NOT NULL DEFAULT '', disposition TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',
  stored TEXT NOT NULL DEFAULT '', decided REAL NOT NULL DEFAULT 0, ended REAL NOT NULL DEFAULT 0,
  claims INTEGER NOT NULL DEFAULT 0, there_ns INTEGER NOT NULL DEFAULT 0, owner TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS file_open ON file (state, taken) WHERE state NOT IN ('done', 'quarantined');
CREATE INDEX IF NOT EXISTS file_state ON file (state, source);
CREATE INDEX IF NOT EXISTS file_content ON file (sha256) WHERE sha256 <> '';
CREATE INDEX IF NOT EXISTS file_ended ON file (ended) WHERE ended > 0;
CREATE INDEX IF NOT EXISTS file_name ON file (source, name) WHERE is_remote = 1;
CREATE TABLE IF NOT EXISTS output (
  file_id TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, folder TEXT NOT NULL, name TEXT NOT NULL,
  sha256 TEXT NOT NULL, size INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (file_id, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS output_open ON output (folder, state) WHERE state <> 'published';
CREATE TABLE IF NOT EXISTS interchange (
  key TEXT NOT NULL, file_id TEXT NOT NULL, origin TEXT NOT NULL, taken REAL NOT NULL, PRIMARY KEY (key, file_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO counter VALUES ('control', 1);
CREATE TABLE IF NOT EXISTS unfinished (
  source TEXT NOT NULL, key TEXT NOT NULL, boot TEXT NOT NULL, since REAL NOT NULL, PRIMARY KEY (source, key)
) WITHOUT ROWID;
"""

SAFE_WAL = (3, 51, 3)
"""Before it, a WAL that several connections write could lose a commit after a checkpoint."""


class LedgerError(EdiCheckError):
    """The ledger can't be used: another version of this program made it, it is damaged, or the machine forbids."""


def open_database(
    path: str,
    *,
    is_safe_with_wal: bool = sqlite3.sqlite_version_info >= SAFE_WAL,
    busy_seconds: float = BUSY_SECONDS,
    is_hurried: Callable[[], bool] = lambda: False,
) -> sqlite3.Connection:
    """The database at ``path``, 0600, made when it isn't there. Commits are durable when they return. While another has
    it locked, ``busy_seconds`` are waited, or a moment once ``is_hurried``."""
    if not os.path.exists(path):
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise _unopened(path, error.strerror) from None
    db = sqlite3.connect(path, timeout=SLICE, isolation_level=None, check_same_thread=False, factory=Patient)
    db.path, db.seconds, db.is_hurried = path, busy_seconds, is_hurried
    try:
        mode, sync = ("WAL", "FULL") if is_safe_with_wal else ("TRUNCATE", "EXTRA")
        found = db.execute(f"PRAGMA journal_mode = {mode}").fetchone()[0]
        if found.upper() != mode:
            raise LedgerError(
                f"the ledger stays in journal mode {found}; stop every process that has it open, then start again"
            )
        db.execute(f"PRAGMA synchronous = {sync}")
        db.execute("PRAGMA secure_delete = ON")  # not every SQLite overwrites by itself what prune deletes
        _migrate(db)
    except sqlite3.DatabaseError as error:
        db.close()
        if isinstance(error, sqlite3.OperationalError):  # the machine's, not the ledger's
            raise _unopened(path, error) from None
        raise damage(error) or error from None
    except BaseException:
        db.close()
        raise
    return db


def damage(error: sqlite3.DatabaseError) -> LedgerError | None:
    """What to do where an error says that the file is damaged, or no database; nothing where it says something else."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return None
    return LedgerError(
        f"the ledger can't be read ({error}); stop what has it open, and restore it from a backup; never start with an "
        "empty one beside files that were taken"
    )


def _unopened(path: str, why: object) -> LedgerError:
    if "locked" in str(why):
        held = "" if " by " in str(why) else " another program holds it:"
        return LedgerError(f"{path}: {why};{held} wait until it is done, or end it")
    return LedgerError(f"{path}: {why}; let this user read and write it and its folder, and see that the disk has room")


def _migrate(db: sqlite3.Connection) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == VERSION:
        return
    if version > VERSION:
        raise LedgerError(f"the ledger is of version {version}, this program knows {VERSION}; run the newer program")
    db.execute("BEGIN IMMEDIATE")  # no script: it would begin by a commit
    for statement in SCHEMA.split(";"):
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")
