"""Further processes of one watcher: started, started again when they die, told to drain. They share the folders through
the ledger as strangers would, so there is nothing to hand over but what they counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import IO

from .figures import Figures
from .journal import Journal

__all__ = ["Workers", "hand_on", "stop_with_parent"]

LONGEST_WAIT = 30.0
DRAIN_SECONDS = 60.0


class Workers:
    """``count`` processes that run ``command``. Their standard input is a pipe: when it closes, we are gone. Their
    standard output is one, too: on it they tell what they counted, and we add it to ``figures``."""

    def __init__(self, command: Sequence[str], count: int, journal: Journal, figures: Figures) -> None:
        self.command, self.journal, self.figures = list(command), journal, figures
        self.running: list[subprocess.Popen[bytes] | None] = [None] * count
        self._next = [0.0] * count
        self._waits = [0.5] * count
        self._readers: list[threading.Thread | None] = [None] * count

    def tick(self) -> None:
        """Start what isn't running, not too often."""
        for n, process in enumerate(self.running):
            if process is not None and process.poll() is None:
                continue
            if process is not None:
                self.journal.write("error", "worker_died", worker=n + 1, code=process.returncode)
                if process.stdin:
                    process.stdin.close()
                self._waits[n] = min(LONGEST_WAIT, self._waits[n] * 2)
                self._next[n] = monotonic() + self._waits[n]
                self.running[n] = None
            if monotonic() >= self._next[n]:
                command = [sys.executable, "-m", "edi_check", *self.command]
                started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ourselves
                self.running[n] = started
                reader = self._readers[n] = threading.Thread(target=self._add_up, args=(started.stdout,), daemon=True)
                reader.start()

    def _add_up(self, told: IO[bytes]) -> None:
        with told:
            for line in told:
                with suppress(ValueError):  # cut off: it was killed
                    self.figures.take_in(json.loads(line))

    def stop(self) -> None:
        """Let them drain; whoever doesn't is killed, which harms nothing."""
        left = [p for p in self.running if p is not None]
        for process in left:
            if process.stdin:
                process.stdin.close()
        for process in left:
            try:
                process.wait(DRAIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for reader in self._readers:
            if reader is not None:
                reader.join(5)


def hand_on(figures: Figures) -> None:
    """Tell the process that started us what we counted since."""
    counted = figures.handed_on()
    if counted:
        with suppress(OSError):  # it is gone, and we soon are
            os.write(1, json.dumps(counted).encode() + b"\n")


def stop_with_parent(stop: Callable[[], None]) -> None:
    """Call ``stop`` when standard input ends: the process that started us is gone, or wants us to drain."""

    def wait() -> None:
        while sys.stdin.buffer.read(1):
            pass
        stop()

    threading.Thread(target=wait, name="parent", daemon=True).start()
