"""The files that wait in a source's inbound folder: scanned, remembered, ready ones in a queue.

``intake.decide`` chooses; this only keeps its memory and says when to scan again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from time import monotonic, time

from .intake import Entry, Rules, Seen, decide
from .transport import DropFolder

__all__ = ["Waiting", "in_turn"]

SCAN_SHARE = 4
"""A scan may cost a quarter of the time; 100,000 names take half a second."""


class Waiting:
    """What waits in one drop folder."""

    def __init__(self, folder: DropFolder, rules: Rules, poll_seconds: float) -> None:
        self.folder, self.rules, self.poll_seconds = folder, rules, poll_seconds
        self.ready: deque[tuple[Entry, bool]] = deque()
        """Entries and whether they are overdue."""
        self.count = self.odd = self.scans = 0
        self.scan_seconds = 0.0
        self._memory: dict[bytes, Seen] = {}
        self._unreadable: set[bytes] = set()
        self._next = 0.0

    @property
    def is_due(self) -> bool:
        return monotonic() >= self._next

    @property
    def is_overdue(self) -> bool:
        """Has this scan waited as long again as it should have?"""
        return monotonic() >= self._next + max(self.poll_seconds, self.scan_seconds * SCAN_SHARE)

    def postpone(self, seconds: float) -> None:
        """No scan before that: the folder can't be read."""
        self._next = monotonic() + seconds
        self.ready.clear()

    def scan(self) -> None:
        """Look at the folder. Raises what the folder raises, and forgets nothing then."""
        began = monotonic()
        self._memory, choice = decide(self.folder.scan(), self._memory, time(), self.rules)
        self._unreadable &= self._memory.keys()
        self.ready = deque([(e, False) for e in choice.look] + [(e, True) for e in choice.overdue])
        self.count, self.odd = choice.waiting + len(self.ready), choice.odd
        self.scans += 1
        self.scan_seconds = monotonic() - began
        self._next = began + max(self.poll_seconds, self.scan_seconds * SCAN_SHARE)

    def unreadable(self, entry: Entry) -> bool:
        """It can't be opened. Out: is that new? It is tried again when it changes."""
        is_new = entry.name not in self._unreadable
        self._unreadable.add(entry.name)
        return is_new

    def is_readable(self, entry: Entry) -> bool:
        """False when it couldn't be opened: then it isn't taken, even when it is overdue."""
        return entry.name not in self._unreadable

    def partial(self, entry: Entry) -> None:
        """It is still but not whole: don't look again before it changes or is overdue."""
        seen = self._memory.get(entry.name)
        if seen:
            self._memory[entry.name] = seen._replace(is_partial=True)

    def forget(self, entry: Entry) -> None:
        """It was taken."""
        self._memory.pop(entry.name, None)

    @property
    def unsettled(self) -> int:
        """How many may become ready by waiting a little; partial ones don't count."""
        return sum(1 for seen in self._memory.values() if not seen.is_partial)

    @property
    def oldest_seconds(self) -> float:
        return max(0.0, time() - min((seen.since for seen in self._memory.values()), default=time()))


def in_turn(sources: Sequence[Waiting]) -> Iterator[tuple[Waiting, Entry, bool]]:
    """Ready entries, one of each source after the other, so that a full folder doesn't keep the others waiting."""
    while any(w.ready for w in sources):
        for w in sources:
            if w.ready:
                yield (w, *w.ready.popleft())
