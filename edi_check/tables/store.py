"""The tables of the user in one SQLite file: which sources it holds, and what they say of a code.

Read by *judging*, filled by ``adding``. Nothing here knows an edit, and nothing of CMS or the AMA is shipped: the user
loads the files that CMS publishes. Only rows that somebody asks for are read; who asks remembers them.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..findings import PackError

if TYPE_CHECKING:
    import sqlite3

__all__ = ["EPOCH", "FOREVER", "KINDS", "PAIR", "Selection", "Store", "TableError", "TableSource"]

KINDS = ("ptp", "mue", "icd10cm", "procedures")

VERSION = 1

PAIR = struct.Struct(">5sHHc")
"""An NCCI pair as it is kept under its column-1 code: column-2 code, first and last day (days since EPOCH),
indicator."""

EPOCH = date(1980, 1, 1).toordinal()
FOREVER = 0xFFFF
"""The last day of a pair that has none."""

_SCHEMA = """
CREATE TABLE source (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, lob TEXT NOT NULL, first TEXT NOT NULL,
    last TEXT NOT NULL, label TEXT NOT NULL, part INTEGER NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL,
    rows INTEGER NOT NULL, known_until TEXT NOT NULL);
CREATE TABLE seen (path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE ptp (source INTEGER, code TEXT, pairs BLOB, PRIMARY KEY (source, code)) WITHOUT ROWID;
CREATE TABLE mue (source INTEGER, code TEXT, units INTEGER, mai INTEGER, PRIMARY KEY (source, code)) WITHOUT ROWID;
CREATE TABLE icd10cm (source INTEGER, code TEXT, billable INTEGER, PRIMARY KEY (source, code)) WITHOUT ROWID;
CREATE TABLE procedures (source INTEGER, code TEXT, first TEXT, last TEXT,
    PRIMARY KEY (source, code, first)) WITHOUT ROWID;
"""


class TableError(PackError):
    """A table can't be used: which file, what is wrong, what to do."""


class TableSource(NamedTuple):
    """One file (or one part of it) that was loaded.

    ``kind``         one of KINDS
    ``lob``          ``medicare`` or ``medicaid`` (NCCI), else ``""``
    ``first, last``  the days of service it speaks of, ISO, both counted
    ``label``        its own name of the edition: ``2026Q2``, ``FY2026 from 2025-10-01``
    ``part``         f1 to f4 of a PTP table; 0: the whole
    ``name``         the file's name, ``sha256`` of it as it was given (a zip: of the zip), ``rows`` that were taken
    ``known_until``  the last day to which it is known to be complete (an October edition of ICD-10-CM: March 31, until
                     when nothing is added)
    """

    id: int
    kind: str
    lob: str
    first: str
    last: str
    label: str
    part: int
    name: str
    sha256: str
    rows: int
    known_until: str


class Selection(NamedTuple):
    """Tables to check with: the file that holds them, and the numbers of the sources to use (``None``: all)."""

    path: str
    sources: tuple[int, ...] | None = None

    @classmethod
    def of(cls, chosen: Selection | str | os.PathLike[str]) -> Selection:
        """As it is, or all that a file holds."""
        return chosen if isinstance(chosen, Selection) else cls(os.fspath(chosen))

    def sources_in(self, store: Store) -> list[TableSource]:
        """Those that are chosen."""
        return [s for s in store.sources() if self.sources is None or s.id in self.sources]


class Store:
    """An open file of tables. In: its path; ``create``: for writing, made if there is none. Raises ``TableError``."""

    def __init__(self, path: str | os.PathLike[str], create: bool = False) -> None:
        import sqlite3  # not above: most runs have no tables, and it is a part of what they take to start

        self.path = os.fspath(path)
        self._process = os.getpid()
        try:
            self._db = self._create() if create else self._open()
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
        except (sqlite3.Error, OSError) as error:
            raise TableError(f"{self.path}: can't be opened as tables of edi-check: {error}") from None
        if version != VERSION:
            self.close()
            raise TableError(f"{self.path}: holds no tables of this version; remove it and add the files again")

    def _open(self) -> sqlite3.Connection:
        if not os.path.isfile(self.path):
            raise TableError(f"{self.path}: there is no such file; make it with `edi-check tables add`")
        import sqlite3

        return sqlite3.connect(f"{Path(self.path).resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)

    def _create(self) -> sqlite3.Connection:
        import sqlite3

        folder = os.path.dirname(self.path)
        if folder:
            os.makedirs(folder, mode=0o700, exist_ok=True)
        is_new = not os.path.exists(self.path)
        db = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        if is_new:
            with suppress(OSError):
                os.chmod(self.path, 0o600)
        db.execute("BEGIN IMMEDIATE")  # two that begin at once: the second finds the tables made
        if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
        return db

    def _one(self, statement: str, given: tuple[object, ...]) -> Any:
        """The first row of a look-up. A forked process opens the file anew: SQLite's connections don't survive a
        fork."""
        if os.getpid() != self._process:
            self._db, self._process = self._open(), os.getpid()
        return self._db.execute(statement, given).fetchone()

    def close(self) -> None:
        self._db.close()

    def __del__(self) -> None:
        # Who judges keeps it open to the end of the run, and Python 3.13 warns of a connection that nobody closed.
        with suppress(Exception):
            self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- what it holds -----------------------------------------------------------------------------------------

    def sources(self) -> list[TableSource]:
        """All sources, sorted by kind, line of business, days, part."""
        rows = self._db.execute("SELECT * FROM source ORDER BY kind, lob, first, last, part, id")
        return [TableSource._make(row) for row in rows]

    def pairs(self, source: int, code: str) -> bytes:
        """The NCCI pairs with ``code`` in column 1: records of PAIR in order of their bytes."""
        row = self._one("SELECT pairs FROM ptp WHERE source = ? AND code = ?", (source, code))
        return zlib.decompress(row[0]) if row else b""

    def units(self, source: int, code: str) -> tuple[int, int] | None:
        """(most units, MAI) of a code; MAI 0 where the file has none."""
        row = self._one("SELECT units, mai FROM mue WHERE source = ? AND code = ?", (source, code))
        return (row[0], row[1]) if row else None

    def diagnosis(self, source: int, code: str) -> str:
        """``billable``; ``divided`` when only longer codes are; ``""`` when there is no such code."""
        row = self._one("SELECT billable FROM icd10cm WHERE source = ? AND code = ?", (source, code))
        return "" if row is None else "billable" if row[0] else "divided"

    def procedure(self, source: int, code: str) -> list[tuple[date, date]]:
        """First and last days of validity of a procedure code."""
        row = self._one("SELECT group_concat(first || last, '') FROM procedures WHERE source = ? AND code = ?",
                        (source, code))
        days = [date.fromisoformat(row[0][n:n + 10]) for n in range(0, len(row[0] or ""), 10)]
        return list(zip(days[::2], days[1::2], strict=True))

    def has_procedures(self, source: int, day: date, is_numeric: bool) -> bool:
        """Does the table hold codes that are valid on ``day`` and begin with a digit, or else with a letter?"""
        given = (source, is_numeric, day.isoformat(), day.isoformat())
        return self._one("SELECT 1 FROM procedures WHERE source = ? AND (code < 'A') = ? AND first <= ? AND last >= ? "
                         "LIMIT 1", given) is not None

    def seen(self, path: str) -> str:
        """The hash of a file that was loaded from this path and hasn't changed since, else ``""``. Raises
        ``TableError`` when there is no such file."""
        try:
            there = os.stat(path)
        except FileNotFoundError:
            raise TableError(f"{path}: there is no such file") from None
        except OSError as error:
            raise TableError(f"{path}: can't be read: {error.strerror}") from None
        row = self._db.execute("SELECT sha256 FROM seen WHERE path = ? AND size = ? AND modified = ?",
                               (os.path.abspath(path), there.st_size, there.st_mtime_ns)).fetchone()
        return row[0] if row else ""

    # --- filling it --------------------------------------------------------------------------------------------

    def add(self, source: TableSource, rows: Iterable[tuple[object, ...]]) -> list[TableSource]:
        """Put one source in, whole or not at all; ``rows`` as the table of its kind has them, without ``source``. It
        takes the place of those with the same kind, line of business, days and part, which are returned."""
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            alike = [s for s in self.sources() if s[1:5] == source[1:5]]
            old = [s for s in alike if s.part == source.part or not s.part * source.part]
            for one in old:
                self._remove(one)
            cursor = db.execute(f"INSERT INTO source VALUES (NULL{', ?' * 10})", source[1:])  # noqa: S608
            number = cursor.lastrowid
            marks = ", ?" * {"ptp": 2, "mue": 3, "icd10cm": 2, "procedures": 3}[source.kind]
            statement = f"INSERT OR REPLACE INTO {source.kind} VALUES ({number}{marks})"  # noqa: S608
            db.executemany(statement, rows)
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        return old

    def _remove(self, source: TableSource) -> None:
        self._db.execute(f"DELETE FROM {source.kind} WHERE source = ?", (source.id,))  # noqa: S608
        self._db.execute("DELETE FROM source WHERE id = ?", (source.id,))

    def remove(self, source: TableSource) -> None:
        """Take one source out, and give its room back."""
        self._remove(source)
        self._db.execute("VACUUM")

    def remember(self, path: str, sha256: str) -> None:
        """Note that the file at ``path``, as it is now, has this hash."""
        there = os.stat(path)
        self._db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)",
                         (os.path.abspath(path), there.st_size, there.st_mtime_ns, sha256))
