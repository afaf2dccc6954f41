"""Further processes of one watcher: started, started again when they die, told to drain. They share the folders through
the ledger as strangers would, so there is nothing to hand over.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from time import monotonic

from .journal import Journal

__all__ = ["Workers", "stop_with_parent"]

LONGEST_WAIT = 30.0
DRAIN_SECONDS = 60.0


class Workers:
    """``count`` processes that run ``command``. Their standard input is a pipe: when it closes, we are gone."""

    def __init__(self, command: Sequence[str], count: int, journal: Journal) -> None:
        self.command, self.journal = list(command), journal
        self.running: list[subprocess.Popen[bytes] | None] = [None] * count
        self._next = [0.0] * count
        self._waits = [0.5] * count

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
                self.running[n] = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603 - ourselves

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


def stop_with_parent(stop: Callable[[], None]) -> None:
    """Call ``stop`` when standard input ends: the process that started us is gone, or wants us to drain."""

    def wait() -> None:
        while sys.stdin.buffer.read(1):
            pass
        stop()

    threading.Thread(target=wait, name="parent", daemon=True).start()
