"""The ledger's file: its transactions, and what can be asked of it. What changes a file's state is in ``ledger``."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .records import CLAIMED, DECIDED, FETCHED, PUBLISHED, PUSHING, Output, Record
from .schema import open_database

__all__ = ["COLUMNS", "Register", "marks", "record_of"]

COLUMNS = (
    "id, source, name, size, mtime_ns, inode, taken, is_remote, is_overdue, origin, state, attempt, ends, sha256, "
    "disposition, reason, stored, decided, ended"
)


def marks(values: Sequence[object]) -> str:
    """As many question marks."""
    return ",".join("?" * len(values))


def record_of(row: tuple[Any, ...]) -> Record:
    """A row of ``COLUMNS``."""
    record = Record(*row)
    record.is_remote, record.is_overdue = bool(record.is_remote), bool(record.is_overdue)
    return record


class Register:
    """One connection, for one thread at a time."""

    def __init__(self, path: str, **options: Any) -> None:
        self.db = open_database(path, **options)
        self._lock = threading.RLock()

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed and durable at the end, or as if it had never been."""
        with self._lock:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise

    def find(self, id: str) -> Record | None:
        """The file of this id."""
        with self._lock:
            row = self.db.execute(f"SELECT {COLUMNS} FROM file WHERE id = ?", (id,)).fetchone()  # noqa: S608
        return record_of(row) if row else None

    def was_taken(self, source: str, name: bytes, size: int, mtime_ns: int) -> bool:
        """Was this very file of a remote source fetched before, and could not be removed there?"""
        with self._lock:
            return (
                self.db.execute(
                    "SELECT 1 FROM file WHERE source = ? AND name = ? AND is_remote = 1 AND size = ? AND there_ns = ? "
                    "AND state NOT IN (?, 'returning') LIMIT 1",
                    (source, name, size, mtime_ns, CLAIMED),
                ).fetchone()
                is not None
            )

    def outputs(self, ids: Sequence[str]) -> list[Output]:
        """The answers of these files that are not published yet."""
        found: list[Output] = []
        with self._lock:
            for i in ids:
                rows = self.db.execute(
                    "SELECT file_id, number, kind, folder, name, sha256, size, state FROM output WHERE "
                    "file_id = ? AND state <> ? ORDER BY number",
                    (i, PUBLISHED),
                )
                found += [Output(*row) for row in rows]
        return found

    def remote_outputs(self, source: str, limit: int) -> list[Output]:
        """Acknowledgments that wait to be pushed to a source, oldest first, of files whose local answers are out."""
        with self._lock:
            rows = self.db.execute(
                "SELECT o.file_id, o.number, o.kind, o.folder, o.name, o.sha256, o.size, o.state "
                "FROM output o JOIN file f ON f.id = o.file_id "
                "WHERE o.folder = 'remote' AND o.state <> ? AND f.source = ? AND f.state = ? "
                "ORDER BY f.taken, f.id, o.number LIMIT ?",
                (PUBLISHED, source, PUSHING, limit),
            )
            return [Output(*row) for row in rows]

    def open_counts(self) -> dict[str, int]:
        """How many files stand in each state before the last."""
        found = dict.fromkeys((CLAIMED, FETCHED, DECIDED, PUSHING, PUBLISHED), 0)
        with self._lock:
            found.update(
                self.db.execute(
                    "SELECT state, count(*) FROM file WHERE state NOT IN ('done', 'quarantined') GROUP BY 1"
                )
            )
        return found

    def counts(self) -> dict[tuple[str, str], int]:
        """How many files by (source, state)."""
        with self._lock:
            return {(s, t): n for s, t, n in self.db.execute("SELECT source, state, count(*) FROM file GROUP BY 1, 2")}
