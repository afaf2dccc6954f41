"""Log lines: one JSON object a line, keys from a list, values that can hold nothing of a claim and no file's name.

An error is told by its kind and the place in our code it came from, never by its text: texts quote what they choke on.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

__all__ = ["KEYS", "Event", "LEVELS", "Journal", "kind_of", "place_of"]

KEYS = frozenset(
    {
        "time",
        "level",
        "event",
        "pid",
        "version",
        "source",
        "id",
        "hash",
        "state",
        "disposition",
        "reason",
        "kind",
        "files",
        "claims",
        "bytes",
        "seconds",
        "attempt",
        "wait_seconds",
        "error",
        "errno",
        "place",
        "waiting",
        "odd",
        "signal",
        "worker",
        "workers",
        "owners",
        "free_bytes",
        "code",
        "holder",
        "folder",
    }
)
Event = Literal[
    "carrier_failed",
    "claims_by_ledger",
    "decided",
    "ended",
    "fetched",
    "file_lost",
    "file_refused",
    "file_unreadable",
    "given_back",
    "gone_there",
    "judge_died",
    "judge_failed",
    "kept_unfinished",
    "left_waiting",
    "library",
    "no_source",
    "ownership_lost",
    "paused",
    "pushed",
    "pushed_unseen",
    "quarantined",
    "removal_refused",
    "resumed",
    "set_aside",
    "source_down",
    "source_up",
    "started",
    "took_over",
    "worker_died",
]
"""What may be told. docs/watching.md says of each what to do, and a test holds it to this list."""
LEVELS = ("debug", "info", "warn", "error")
HASH_LENGTH = 12


def place_of(error: BaseException) -> str:
    """Module and line of the innermost frame of ours."""
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(ours)]
    return f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""


def _code_of(error: BaseException) -> str:
    """The system's, or SQLite's, name for an error; nothing where it has none."""
    number = getattr(error, "errno", None)
    code = errno.errorcode.get(number, "") if isinstance(number, int) else ""
    return code or str(getattr(error, "sqlite_errorname", "") or "")


def kind_of(error: BaseException) -> str:
    """That name, or else the kind of the exception."""
    return _code_of(error) or type(error).__name__


class Journal:
    """Writes to standard error unless told otherwise. ``level``: the least that is written. A line that can't be
    written is dropped: a full disk under the log must not stop the work."""

    def __init__(self, out: TextIO | None = None, level: str = "info") -> None:
        self._out, self._least = out, LEVELS.index(level)
        self._lock = threading.Lock()

    def write(self, level: str, event: Event, **fields: Any) -> None:
        """A line. Keys that aren't on the list are left out; a hash is cut to its first 12 characters."""
        if LEVELS.index(level) < self._least:
            return
        line: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": level,
            "event": event,
            "pid": os.getpid(),
        }
        for key, value in fields.items():
            if key in KEYS and value not in ("", None):
                line[key] = (
                    value[:HASH_LENGTH] if key == "hash" else round(value, 4) if isinstance(value, float) else value
                )
        try:
            with self._lock:
                out = self._out or sys.stderr
                out.write(json.dumps(line) + "\n")
                out.flush()
        except (OSError, ValueError):
            pass

    def fault(self, level: str, event: Event, error: BaseException, **fields: Any) -> None:
        """A line about an exception: kind, errno, place; of a ledger that is locked, who holds it."""
        code = _code_of(error)
        fields["holder"] = getattr(error, "holder", "")
        self.write(level, event, error=type(error).__name__, errno=code, place=place_of(error), **fields)

    @contextmanager
    def of_libraries(self) -> Iterator[None]:
        """Meanwhile, what asyncio and asyncssh log themselves is told, at ``debug``, by whose it is and from where:
        their texts quote what they choke on, and would stand among our lines as they are."""
        handler = _OfLibraries(self)
        loggers = [logging.getLogger(name) for name in ("asyncio", "asyncssh")]
        before = [logger.propagate for logger in loggers]
        for logger in loggers:
            logger.addHandler(handler)
            logger.propagate = False
        try:
            yield
        finally:
            for logger, propagated in zip(loggers, before, strict=True):
                logger.removeHandler(handler)
                logger.propagate = propagated


class _OfLibraries(logging.Handler):
    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self.journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        self.journal.write("debug", "library", kind=record.name, place=f"{record.filename}:{record.lineno}")
