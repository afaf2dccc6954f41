"""The ledger's file: its transactions, and what can be asked of it. What changes a file's state is in ``ledger``."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .records import CLAIMED, DECIDED, FETCHED, PUBLISHED, PUSHING, RETURNING, Output, Record
from .schema import LedgerError, open_database

__all__ = ["COLUMNS", "NOT_THERE", "Register", "marks", "record_of"]

COLUMNS = (
    "id, source, name, size, mtime_ns, inode, taken, is_remote, is_overdue, origin, state, attempt, ends, sha256, "
    "disposition, reason, stored, decided, ended"
)


NOT_THERE = -1
"""Instead of the time that a fetched file has at its source: it doesn't lie there under the partner's name. Where it
has our name for it there, its time is kept as one below this."""

ENDED = "(state = 'done' OR (state = 'quarantined' AND reason = 'lost'))"
"""Nothing more can be done for these files."""
STAYS = "(is_remote = 1 AND there_ns >= 0)"
"""As far as is known they lie at their server under the partner's name: without name and row they'd be taken again."""
FORGETTABLE = f"{ENDED} AND NOT {STAYS}"


def marks(values: Collection[object]) -> str:
    """As many question marks."""
    return ",".join("?" * len(values))


def record_of(row: tuple[Any, ...]) -> Record:
    """A row of ``COLUMNS``."""
    record = Record(*row)
    record.is_remote, record.is_overdue = bool(record.is_remote), bool(record.is_overdue)
    return record


def _identity(path: str) -> tuple[int, int]:
    s = os.stat(path)
    return s.st_dev, s.st_ino


class Register:
    """One connection, for one thread at a time."""

    def __init__(self, path: str, **options: Any) -> None:
        self.path = path
        self.db = open_database(path, **options)
        self._identity = _identity(path)
        self._lock = threading.RLock()

    def close(self) -> None:
        self.db.close()

    def refuse_replaced(self) -> None:
        """SQLite has a file open; is it still the one of that name? Raises LedgerError where another has taken its
        place, and OSError where none is there, which may pass: a disk that was unmounted."""
        if _identity(self.path) != self._identity:
            raise LedgerError(f"{self.path} is another file than the one that this watcher began with: a disk was "
                              "mounted there, or a backup put back. Start the watcher again")

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

    def select(self, where: str, *values: object) -> list[Record]:
        """Files by a condition of ours."""
        with self._lock:
            found = self.db.execute(f"SELECT {COLUMNS} FROM file WHERE {where}", values)  # noqa: S608
            return [record_of(row) for row in found]

    # --- an operator's orders --------------------------------------------------------------------------------------

    def enter_again(
        self, old: Record, id: str, size: int, mtime_ns: int, inode: int, taken: float, *, is_remote: bool
    ) -> None:
        """A copy of a file that was put away, lying in ``work/claimed``, for whoever comes first. Nothing at a server
        may be taken for it."""
        with self.writing() as db:
            db.execute(
                "INSERT INTO file (id, source, name, size, mtime_ns, inode, taken, is_remote, is_overdue, origin, "
                "state, there_ns) VALUES (?,?,?,?,?,?,?,?,0,?,?,?)",
                (id, old.source, old.name, size, mtime_ns, inode, taken, is_remote, old.origin, FETCHED, NOT_THERE),
            )

    def free_again(self, id: str, size: int, mtime_ns: int, inode: int) -> None:
        """A file out of quarantine, as if nothing had happened to it."""
        with self.writing() as db:
            db.execute(
                "UPDATE file SET state = ?, size = ?, mtime_ns = ?, inode = ?, attempt = 0, ends = 0, ended = 0, "
                "stored = '', reason = '', owner = '' WHERE id = ? AND state = 'quarantined'",
                (FETCHED, size, mtime_ns, inode, id),
            )

    def forget_places(self, ids: Sequence[str]) -> None:
        """Files that were removed from the archive: their names go too, unless they still lie at their server."""
        forget = f"UPDATE file SET stored = '', name = CASE WHEN {STAYS} THEN name ELSE x'' END WHERE id = ?"  # noqa: S608
        with self.writing() as db:
            db.executemany(forget, [(i,) for i in ids])

    def count_ended(self, before: float) -> int:
        """How many rows of files put away before that time."""
        found = self.db.execute(f"SELECT count(*) FROM file WHERE {FORGETTABLE} AND ended < ?", (before,))  # noqa: S608
        return int(found.fetchone()[0])

    def newest_ended(self, before: float) -> float:
        """When the last file before that time was put away; 0 when none was."""
        found = self.db.execute("SELECT max(ended) FROM file WHERE ended > 0 AND ended < ?", (before,)).fetchone()[0]
        return float(found or 0.0)

    def ended_since(self, moment: float, now: float) -> Iterator[float]:
        """When files were put away after that time, in this order."""
        query = "SELECT ended FROM file WHERE ended > 0 AND ended > ? AND ended <= ? ORDER BY ended"
        return (ended for (ended,) in self.db.execute(query, (moment, now)))

    def clock_trusted(self, now: float) -> float:
        """Until when an operator said that the clock was right; 0 when nobody did, or by a clock that was ahead."""
        found = self.db.execute("SELECT next FROM counter WHERE name = 'clock'").fetchone()
        return float(found[0]) if found and found[0] <= now else 0.0

    def trust_clock(self, now: float) -> None:
        """The clock is right, and was whenever a file was put away before."""
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO counter VALUES ('clock', ?)", (int(now),))

    def remove_ended(self, before: float) -> None:
        """Remove those rows, with what belongs to them."""
        with self.writing() as db:
            gone = f"SELECT id FROM file WHERE {FORGETTABLE} AND ended < ?"  # noqa: S608
            db.execute(f"DELETE FROM output WHERE file_id IN ({gone})", (before,))  # noqa: S608
            db.execute(f"DELETE FROM interchange WHERE file_id IN ({gone})", (before,))  # noqa: S608
            db.execute(f"DELETE FROM file WHERE {FORGETTABLE} AND ended < ?", (before,))  # noqa: S608

    # --- files that aren't whole -----------------------------------------------------------------------------------

    def unfinished(self, source: str, keys: Sequence[str], boot: str, now: float) -> dict[str, float]:
        """Since when these have been known not to be whole: moments of this boot's monotonic clock. Those that weren't
        known, or before this boot, are entered with ``now``."""
        found: dict[str, float] = {}
        with self.writing() as db:
            for key in keys:
                db.execute(
                    "INSERT INTO unfinished VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET boot = excluded.boot, "
                    "since = excluded.since WHERE boot <> excluded.boot OR since > excluded.since",
                    (source, key, boot, now),
                )
                row = db.execute("SELECT since FROM unfinished WHERE source = ? AND key = ?", (source, key)).fetchone()
                found[key] = row[0]
        return found

    def unfinished_rows(self, source: str) -> list[tuple[str, str, float]]:
        """Key, boot and moment of all of a source."""
        with self._lock:
            return self.db.execute("SELECT key, boot, since FROM unfinished WHERE source = ?", (source,)).fetchall()

    def finished(self, source: str, keys: Sequence[str]) -> None:
        """They are whole, or gone, or others."""
        if keys:
            with self.writing() as db:
                db.executemany("DELETE FROM unfinished WHERE source = ? AND key = ?", [(source, key) for key in keys])

    # --- questions -------------------------------------------------------------------------------------------------

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

    def is_ours(self, id: str, size: int, mtime_ns: int) -> bool:
        """Is what has our name for this file, which was fetched, that file? Another has got that name where a rename
        was carried out late, after the partner had used the old name again."""
        with self._lock:
            return (
                self.db.execute(
                    "SELECT 1 FROM file WHERE id = ? AND size = ? AND there_ns IN (?, ?, ?)",
                    (id, size, NOT_THERE, mtime_ns, NOT_THERE - 1 - mtime_ns),
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

    def waiting_for_others(self, fetched_from: Collection[str], pushed_to: Collection[str]) -> dict[str, int]:
        """Files that lie at a server, were fetched and not judged, or have acknowledgments to push, of other remote
        sources than these: how many, by source."""
        with self._lock:
            found = self.db.execute(
                "SELECT source, sum(files) FROM (SELECT source, count(*) AS files FROM file "  # noqa: S608
                f"WHERE state = ? AND source NOT IN ({marks(pushed_to)}) GROUP BY source "
                "UNION ALL SELECT source, count(*) AS files FROM file WHERE state IN (?, ?, ?) AND is_remote = 1 "
                f"AND source NOT IN ({marks(fetched_from)}) GROUP BY source) GROUP BY source",
                (PUSHING, *pushed_to, CLAIMED, RETURNING, FETCHED, *fetched_from),
            )
            return dict(found.fetchall())

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
