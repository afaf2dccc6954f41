"""What a living process leaves for ``status`` in its owner's file: whether it pauses, which local sources are down,
what stays in folders and in work, and why. It goes with the process.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from .ledger import JUDGED, is_token
from .records import Ledger

__all__ = ["Note", "Notebook", "living"]


@dataclass
class Note:
    """``is_carrier``: of a thread that serves a remote source, its process has another; ``paused``: what hinders the
    machine; ``down``: sources and why; ``waiting``: by source, how many files stay in its folder, by reason;
    ``set_aside``: by source, how many files in work can't be read or written."""

    is_carrier: bool = False
    paused: str = ""
    down: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, dict[str, int]] = field(default_factory=dict)
    set_aside: dict[str, int] = field(default_factory=dict)


class Notebook:
    """Writes the note of one owner, when there is something new."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._written = ""

    def write(self, note: Note) -> None:
        text = json.dumps(asdict(note), sort_keys=True)
        if text != self._written:
            with suppress(OSError):  # a full disk is told elsewhere
                self.ledger.note(text)
                self._written = text


def living(owners: str) -> Iterator[Note]:
    """The notes of the owners that live."""
    for name in os.listdir(owners):
        if is_token(name):
            note = _of_living(os.path.join(owners, name))
            if note is not None:
                yield note


def _of_living(path: str) -> Note | None:
    """None when the lock isn't held: the process is gone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(handle)
    finally:
        os.close(handle)
    return None


def _read(handle: int) -> Note:
    """An empty one when it is being written, or was by another version."""
    text = os.pread(handle, os.fstat(handle).st_size, JUDGED).decode("utf-8", "replace")
    try:
        return Note(**json.loads(text))
    except (ValueError, TypeError):
        return Note()
