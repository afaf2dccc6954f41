"""Is this machine well? Asked before work goes on after a pause, and when a file can't be read or written: is that the
file's trouble, or the disk's?"""

from __future__ import annotations

import os
import sqlite3
from threading import Lock
from time import monotonic

from .disk import NEW_FILE, unlink_quietly
from .records import Ledger

__all__ = ["Machine"]

BELIEVED_SECONDS = 1.0
"""How long what was tried out is believed: of many files that can't be read, each would cost a sync."""


class Machine:
    """The disk of ``work``, and the ledger."""

    def __init__(self, work: str, ledger: Ledger) -> None:
        self.work, self.ledger = work, ledger
        self._lock = Lock()
        self._asked, self._was_well = -1e9, False

    def try_out(self) -> None:
        """Write, durably, and commit. Raises what hinders us."""
        path = os.path.join(self.work, "probe")
        handle = os.open(path, NEW_FILE, 0o600)
        try:
            os.write(handle, bytes(1 << 16))
            os.fsync(handle)
        except OSError as error:  # of an open file: it doesn't say which
            error.filename = path
            raise
        finally:
            os.close(handle)
            unlink_quietly(path)
        self.ledger.lease_numbers(1)

    def is_well(self) -> bool:
        """Could it be tried out, now or a moment ago?"""
        with self._lock:
            if monotonic() - self._asked > BELIEVED_SECONDS:
                try:
                    self.try_out()
                    self._was_well = True
                except (OSError, sqlite3.OperationalError):
                    self._was_well = False
                self._asked = monotonic()
            return self._was_well
