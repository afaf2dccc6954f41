"""The ledger in SQLite: one host, several processes. What is committed here is the truth; the folders follow it.

Every row that is worked on has an owner, a process that holds the lock on its own file in ``work/owners``. The lock
goes with the process however it ends, so a row whose owner's file can be locked is free to be taken over. No clock and
no lease is involved.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

from .disk import looks, unlink_quietly
from .records import (
    CLAIMED,
    DECIDED,
    DONE,
    FETCHED,
    PUBLISHED,
    PUSHING,
    QUARANTINED,
    Claim,
    Decision,
    Output,
    OwnershipLost,
    Precedent,
    Record,
)
from .register import COLUMNS, NOT_THERE, Register, marks, record_of

__all__ = ["JUDGED", "SqliteLedger", "is_id", "is_token", "new_id", "probe_name"]

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's: nothing in it looks like something else."""

JUDGED, ROOM = 16, 4080
"""An owner's file begins with the id of the file that is being judged; then comes a note. Room for one is made at the
start, so that a full disk doesn't keep it from being told."""

LARGEST = 999_999_999
"""ISA13 has nine digits; after that the numbers begin again."""


def is_token(name: str) -> bool:
    """Is this the name of an owner's file (and not the lock of a source)?"""
    return len(name) == 16 and all(c in "0123456789abcdef" for c in name)


def new_id() -> str:
    """The claim-check id of a file: 12 characters, 60 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12))


def is_id(text: str) -> bool:
    """Can this be the id of a file?"""
    return len(text) == 12 and all(c in ALPHABET for c in text)


def _is_at(path: str, handle: int) -> bool:
    """Is this open file the one of that name?"""
    try:
        return os.stat(path).st_ino == os.fstat(handle).st_ino
    except FileNotFoundError:
        return False


def probe_name() -> str:
    """Of a file that somebody makes to see whether it can be made: one that everybody leaves alone."""
    return f".edi-check-{new_id()}.part"


class SqliteLedger(Register):
    """See ``records.Ledger``. A process (or a thread with work of its own) opens one; ``token`` is its name as an
    owner. ``owners``: folder of the locks; without it the ledger is only read, or written by an operator's command."""

    def __init__(self, path: str, owners: str = "", **options: Any) -> None:
        super().__init__(path, **options)
        self.owners, self.token = owners, secrets.token_hex(8)
        self._handle = -1
        if owners:
            self._handle = self._own()
            with suppress(OSError):
                self.note("")

    def _own(self) -> int:
        """Make our owner's file and lock it. Somebody who reaps may have taken it for a dead one's before it was
        locked: then it is gone, and is made again."""
        path = self._owner_file(self.token)
        while True:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_at(path, handle):
                return handle
            os.close(handle)

    def _owner_file(self, token: str) -> str:
        return os.path.join(self.owners, token)

    def close(self) -> None:
        """Let go: whoever comes next may take over what isn't finished."""
        if self._handle >= 0:
            with suppress(OSError, sqlite3.Error):  # the lock is what counts
                with self.writing() as db:
                    db.execute("UPDATE file SET owner = '' WHERE owner = ?", (self.token,))
                unlink_quietly(self._owner_file(self.token))
            os.close(self._handle)
            self._handle = -1
        super().close()

    def now_judging(self, id: str) -> None:
        """Leave the id of the file that is being judged (or none) where a kill can't take it: in our owner's file."""
        if self._handle >= 0:
            os.pwrite(self._handle, id.ljust(JUDGED).encode(), 0)

    def note(self, text: str) -> None:
        """Leave a text for whoever asks how things stand. Raises OSError."""
        if self._handle >= 0:
            data = text.ljust(ROOM).encode()
            os.pwrite(self._handle, data, JUDGED)
            os.ftruncate(self._handle, JUDGED + len(data))

    # --- taking and letting go ---------------------------------------------------------------------------------

    def claim(self, claims: Sequence[Claim]) -> None:
        """Enter files that are about to be taken, as ours."""
        with self.writing() as db:
            db.executemany(
                "INSERT INTO file (id, source, name, size, mtime_ns, inode, taken, is_remote, is_overdue, origin, "
                "state, attempt, owner) VALUES (?,?,?,?,?,?,?,?,?,?,?,1,?)",
                [(*c[:9], c.origin or c.id, CLAIMED, self.token) for c in claims],
            )

    def adopt(
        self,
        states: Sequence[str],
        limit: int,
        *,
        is_remote: bool | None = None,
        sources: Collection[str] | None = None,
        without: Collection[str] = (),
    ) -> list[Record]:
        """Files in these states that are ours or nobody's, now ours: of some sources, or of all ``without`` some. Files
        that have met ends of processes come last."""
        where = f"state IN ({marks(states)}) AND owner IN ('', ?)"
        values: list[object] = [*states, self.token]
        if is_remote is not None:
            where, values = where + " AND is_remote = ?", [*values, int(is_remote)]
        if sources is not None:
            where, values = f"{where} AND source IN ({marks(sources)})", [*values, *sources]
        if without:
            where, values = f"{where} AND source NOT IN ({marks(without)})", [*values, *without]
        query = f"SELECT {COLUMNS}, owner FROM file WHERE {where} ORDER BY ends > 1, taken, id LIMIT ?"  # noqa: S608
        with self._lock:
            rows = self.db.execute(query, (*values, limit)).fetchall()
            if any(row[-1] != self.token for row in rows):
                with self.writing() as db:
                    rows = db.execute(query, (*values, limit)).fetchall()
                    db.executemany("UPDATE file SET owner = ? WHERE id = ?", [(self.token, r[0]) for r in rows])
        return [record_of(row[:-1]) for row in rows]

    def attempt(self, ids: Sequence[str]) -> None:
        """Count an attempt, before the work."""
        if ids:
            with self.writing() as db:
                db.executemany("UPDATE file SET attempt = attempt + 1 WHERE id = ?", [(i,) for i in ids])

    def reap(self) -> int:
        """Free the files of owners that are gone; the one that was being judged has met an end. Returns how many owners
        were gone."""
        gone = 0
        for token in os.listdir(self.owners):
            if token == self.token or not is_token(token):
                continue
            path = self._owner_file(token)
            try:
                handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not _is_at(path, handle):  # let go meanwhile, or made again by an owner that lives
                    continue
                freed = self._free(token, os.pread(handle, JUDGED, 0).decode("ascii", "replace").strip())
                # An empty one may be of somebody who is about to lock it, and has nothing yet.
                gone += bool(freed or os.fstat(handle).st_size)
                unlink_quietly(path)
            except BlockingIOError:
                pass
            finally:
                os.close(handle)
        with self._lock:
            known = [
                o
                for (o,) in self.db.execute(
                    "SELECT DISTINCT owner FROM file WHERE state NOT IN ('done', 'quarantined') AND owner <> ''"
                )
            ]
        for token in known:  # an owner's file that somebody removed: nobody can hold it
            if token != self.token and not os.path.exists(self._owner_file(token)):
                self._free(token, "")
        return gone

    def _free(self, token: str, judged: str) -> int:
        """Out: how many files were its."""
        with self.writing() as db:
            db.execute(
                "UPDATE file SET ends = ends + 1 WHERE id = ? AND owner = ? AND state IN (?, ?)",
                (judged, token, CLAIMED, FETCHED),
            )
            return db.execute("UPDATE file SET owner = '' WHERE owner = ?", (token,)).rowcount

    def fetched(self, files: Sequence[tuple[str, os.stat_result, int, bool]]) -> None:
        """The bytes of remote files are here and durable: whoever judges may have them. In: id, how the file looks
        here, its time there in nanoseconds, and whether it still has the partner's name."""
        with self.writing() as db:
            for id, s, there_ns, is_there in files:
                self._step(
                    db,
                    "UPDATE file SET state = ?, size = ?, mtime_ns = ?, inode = ?, there_ns = ?, owner = '' "
                    "WHERE id = ? AND state = ? AND owner = ?",
                    (FETCHED, *looks(s), there_ns if is_there else NOT_THERE - 1 - there_ns, id, CLAIMED, self.token),
                )

    def removed_there(self, source: str, files: Sequence[tuple[bytes, int, int]]) -> None:
        """Files (name, size, time there in nanoseconds) that were fetched don't lie there any more: what looks like one
        of them from now on is another."""
        if files:
            with self.writing() as db:
                db.executemany(
                    "UPDATE file SET there_ns = ? WHERE source = ? AND name = ? AND is_remote = 1 AND size = ? "
                    "AND there_ns = ?",
                    [(NOT_THERE, source, *f) for f in files],
                )

    # --- steps ---------------------------------------------------------------------------------------------------

    def _step(self, db: sqlite3.Connection, sql: str, values: Sequence[object]) -> None:
        if db.execute(sql, values).rowcount != 1:
            raise OwnershipLost

    def advance(self, ids: Sequence[str], before: str, after: str) -> None:
        """From one state to the next, all or none. A file in ``published`` or ``fetched`` is for whoever comes first
        when another thread works on it."""
        if ids:
            with self.writing() as db:
                for i in ids:
                    self._step(
                        db,
                        "UPDATE file SET state = ? WHERE id = ? AND state = ? AND owner = ?",
                        (after, i, before, self.token),
                    )

    def forget(self, ids: Sequence[str]) -> None:
        """Files that were not taken after all: another was quicker, or they were given back."""
        if ids:
            with self.writing() as db:
                for i in ids:
                    self._step(
                        db,
                        "DELETE FROM file WHERE id = ? AND state IN ('claimed', 'returning') AND owner = ?",
                        (i, self.token),
                    )

    def restat(self, id: str, size: int, mtime_ns: int, inode: int) -> None:
        """A claimed file looks different now: this is how it must look when it is judged."""
        with self.writing() as db:
            self._step(
                db,
                "UPDATE file SET size = ?, mtime_ns = ?, inode = ? WHERE id = ? AND owner = ?",
                (size, mtime_ns, inode, id, self.token),
            )

    # --- deciding ------------------------------------------------------------------------------------------------

    def precedent(self, sha256: str, keys: Sequence[str], origin: str, since: float) -> Precedent:
        """What was here before this file, its own replays left out."""
        with self._lock:
            return self._precedent(self.db, sha256, keys, origin, since)

    @staticmethod
    def _precedent(db: sqlite3.Connection, sha256: str, keys: Sequence[str], origin: str, since: float) -> Precedent:
        # One question, because each takes the locks of the file and lets them go.
        found = db.execute(
            "SELECT '' FROM (SELECT 1 FROM file WHERE sha256 = ? AND origin <> ? AND taken >= ? LIMIT 1) "  # noqa: S608
            f"UNION ALL SELECT DISTINCT key FROM interchange WHERE key IN ({marks(keys)}) AND origin <> ? "
            "AND taken >= ?",
            (sha256, origin, since, *keys, origin, since),
        ).fetchall()
        used = frozenset(key for (key,) in found)
        return Precedent("" in used, used - {""})

    def decide(self, decisions: Sequence[Decision], since: float) -> list[str]:
        """Commit verdicts: hash, answers, control numbers used. Returns the ids of those that were judged on a
        precedent that doesn't hold any more, because another process was quicker: they must be judged again."""
        stale: list[str] = []
        with self.writing() as db:
            for d in decisions:
                if self._precedent(db, d.sha256, d.asked, d.origin, since) != d.precedent:
                    stale.append(d.id)
                    continue
                self._step(
                    db,
                    "UPDATE file SET state = ?, sha256 = ?, disposition = ?, reason = ?, decided = ?, claims = ? "
                    "WHERE id = ? AND owner = ? AND state IN (?, ?)",
                    (
                        DECIDED,
                        d.sha256,
                        d.disposition,
                        d.reason,
                        d.decided,
                        d.claims,
                        d.id,
                        self.token,
                        CLAIMED,
                        FETCHED,
                    ),
                )
                db.executemany("INSERT INTO output VALUES (?,?,?,?,?,?,?,?)", d.outputs)
                db.executemany(
                    "INSERT OR IGNORE INTO interchange SELECT ?, id, origin, taken FROM file WHERE id = ?",
                    [(key, d.id) for key in d.keys],
                )
        return stale

    def end(self, places: Sequence[tuple[str, str]], now: float, state: str = DONE, reason: str = "") -> None:
        """Files that lie where they stay: (id, place below the root)."""
        if places:
            with self.writing() as db:
                for i, place in places:
                    self._step(
                        db,
                        "UPDATE file SET state = ?, stored = ?, ended = ?, owner = '', "
                        "reason = CASE WHEN ? <> '' THEN ? ELSE reason END "
                        "WHERE id = ? AND owner = ? AND state NOT IN (?, ?)",
                        (state, place, now, reason, reason, i, self.token, DONE, QUARANTINED),
                    )

    def mark_outputs(self, outputs: Sequence[Output], state: str) -> None:
        """Remote acknowledgments on their way; each has a state of its own, because a connection can end between
        two."""
        if outputs:
            with self.writing() as db:
                for o in outputs:
                    self._step(
                        db, "UPDATE output SET state = ? WHERE file_id = ? AND number = ?", (state, o.file_id, o.number)
                    )

    def publish(self, ids: Sequence[str]) -> list[str]:
        """The local answers of these files are out. Those without a remote one still to go are published (returned)."""
        ready = []
        with self.writing() as db:
            for i in ids:
                db.execute("UPDATE output SET state = ? WHERE file_id = ? AND folder <> 'remote'", (PUBLISHED, i))
                if db.execute(
                    "SELECT 1 FROM output WHERE file_id = ? AND state <> ? LIMIT 1", (i, PUBLISHED)
                ).fetchone():
                    self._step(
                        db,
                        "UPDATE file SET state = ?, owner = '' WHERE id = ? AND state = ? AND owner = ?",
                        (PUSHING, i, DECIDED, self.token),
                    )
                else:
                    self._step(
                        db,
                        "UPDATE file SET state = ? WHERE id = ? AND state = ? AND owner = ?",
                        (PUBLISHED, i, DECIDED, self.token),
                    )
                    ready.append(i)
        return ready

    def pushed(self, outputs: Sequence[Output]) -> None:
        """Remote acknowledgments are out; with its last one a file is published and free to be archived."""
        if outputs:
            with self.writing() as db:
                db.executemany(
                    "UPDATE output SET state = ? WHERE file_id = ? AND number = ?",
                    [(PUBLISHED, o.file_id, o.number) for o in outputs],
                )
                db.executemany(
                    "UPDATE file SET state = ?, owner = '' WHERE id = ? AND state = ? AND NOT EXISTS "
                    "(SELECT 1 FROM output WHERE file_id = file.id AND state <> ?)",
                    [(PUBLISHED, i, PUSHING, PUBLISHED) for i in sorted({o.file_id for o in outputs})],
                )

    def lease_numbers(self, count: int) -> int:
        """The first of ``count`` control numbers that nobody else gets. Numbers not used are gone: gaps are allowed,
        repetition isn't."""
        with self.writing() as db:
            first = int(db.execute("SELECT next FROM counter WHERE name = 'control'").fetchone()[0])
            if first + count - 1 > LARGEST:
                first = 1
            db.execute("UPDATE counter SET next = ? WHERE name = 'control'", (first + count,))
        return first
