"""Figures of a running watcher: counters and gauges with few labels, and whether it lives and is ready.

Kept without a library; ``exposition`` hands them to prometheus_client (extra ``metrics``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from time import monotonic
from typing import Any

__all__ = ["HELP", "Figures"]

HELP = {
    "files_taken_total": ("counter", "files taken; those that another process got don't count", ("source",)),
    "files_decided_total": ("counter", "files judged, by disposition", ("source", "disposition")),
    "files_archived_total": ("counter", "files answered and archived", ("source",)),
    "files_given_back_total": ("counter", "files that were still being written when they were taken", ("source",)),
    "files_quarantined_total": ("counter", "files put into quarantine", ("source", "reason")),
    "file_errors_total": ("counter", "times a file in work was set aside, unreadable", ("source",)),
    "claims_total": ("counter", "claims judged", ("source",)),
    "judging_seconds_total": ("counter", "time spent judging", ()),
    "faults_total": ("counter", "faults of ours", ("event",)),
    "pauses_total": ("counter", "times the machine (disk, permissions, ledger) stopped the intake", ()),
    "transport_errors_total": ("counter", "connections and operations of a remote folder that failed", ("source",)),
    "acknowledgments_pushed_total": ("counter", "acknowledgments pushed to a remote folder", ("source",)),
    "files_waiting": ("gauge", "files in the inbound folder that aren't ready or not taken yet", ("source",)),
    "files_unreadable": ("gauge", "files, waiting or taken, that can't be read, moved or written", ("source",)),
    "files_odd": ("gauge", "names in the inbound folder that are no files", ("source",)),
    "oldest_waiting_seconds": ("gauge", "how long the oldest of them has been seen", ("source",)),
    "files_open": ("gauge", "files taken and not archived yet", ("state",)),
    "source_up": ("gauge", "1 while the folder can be read", ("source",)),
    "last_scan_seconds": ("gauge", "duration of the last scan", ("source",)),
    "paused": ("gauge", "1 while the machine doesn't let us work", ()),
}
"""Name to kind, sentence and labels; ``edi_check_`` leads each name outside."""

STALL_SECONDS = 600.0


class Figures:
    """Thread-safe. ``beat`` is called by the loop; ``is_live`` is false when it hasn't been for ten minutes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[tuple[str, tuple[str, ...]], float] = {}
        self._told: dict[tuple[str, tuple[str, ...]], float] = {}
        self._beat = monotonic()
        self.is_paused = False
        self.is_started = False
        self.is_stopping = False
        self.down: set[str] = set()
        self.reasons: dict[str, str] = {}
        """Of the sources that are down, why: a word of the log."""

    def add(self, name: str, amount: float = 1, **labels: str) -> None:
        key = (name, tuple(labels[label] for label in HELP[name][2]))
        with self._lock:
            self._values[key] = self._values.get(key, 0) + amount

    def put(self, name: str, value: float, **labels: str) -> None:
        with self._lock:
            self._values[name, tuple(labels[label] for label in HELP[name][2])] = value

    def handed_on(self) -> list[tuple[str, tuple[str, ...], float]]:
        """What was counted since this was asked last: a worker tells its parent."""
        with self._lock:
            counted = {key: value for key, value in self._values.items() if HELP[key[0]][0] == "counter"}
            news = [(*key, value - self._told.get(key, 0)) for key, value in counted.items()]
            self._told = counted
        return [(name, labels, amount) for name, labels, amount in news if amount]

    def take_in(self, counted: Iterable[tuple[str, Sequence[str], float]]) -> None:
        """What another process handed on."""
        with self._lock:
            for name, labels, amount in counted:
                self._values[name, tuple(labels)] = self._values.get((name, tuple(labels)), 0) + amount

    def get(self, name: str, **labels: str) -> float:
        return self._values.get((name, tuple(labels[label] for label in HELP[name][2])), 0)

    def beat(self) -> None:
        self._beat = monotonic()

    @property
    def is_live(self) -> bool:
        return monotonic() - self._beat < STALL_SECONDS

    @property
    def is_ready(self) -> bool:
        """Does it take files from every source?"""
        return self.is_started and not self.is_stopping and not self.is_paused and not self.down and self.is_live

    def source(self, name: str, is_up: bool, reason: str = "") -> None:
        """A source can be read, or can't, and why."""
        with self._lock:
            (self.down.discard if is_up else self.down.add)(name)
            self.reasons.pop(name, None)
            if not is_up:
                self.reasons[name] = reason
        self.put("source_up", int(is_up), source=name)

    def values(self) -> Iterator[tuple[str, tuple[str, ...], float]]:
        with self._lock:
            items: list[Any] = list(self._values.items())
        for (name, labels), value in items:
            yield name, labels, value
