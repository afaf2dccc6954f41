"""The files that wait in a source's inbound folder: scanned, remembered, ready ones in a queue.

``intake.decide`` chooses; this only keeps its memory, says when to scan again, and what is left at the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from time import monotonic, time
from typing import NamedTuple

from .intake import Entry, Rules, Seen, decide
from .transport import DropFolder

__all__ = ["Left", "Waiting", "in_turn", "left_of", "unmarked"]

SCAN_SHARE = 4
"""A scan may cost a quarter of the time; 100,000 names take half a second."""


REFUSED_SECONDS = 60.0


class Left(NamedTuple):
    """Files that stay in a folder when nothing more can be done: why (``incomplete``, ``no_done_marker``,
    ``unreadable``, ``taken``: fetched, and the server doesn't let us remove it), how many, and after how many seconds
    the first is taken as it is (``None``: not by waiting)."""

    reason: str
    files: int
    wait_seconds: float | None


def unmarked(names: Iterable[bytes], marker: str) -> set[bytes]:
    """Those of a listing's names that lack the second file that says they are finished; none where no marker is
    asked for."""
    if not marker:
        return set()
    ending, known = marker.encode("utf-8", "surrogateescape"), set(names)
    return {name for name in known if not name.endswith(ending) and name + ending not in known}


def left_of(memory: Mapping[bytes, Seen], unreadable: Collection[bytes], lacking: Collection[bytes],
            rules: Rules) -> list[Left]:
    """What of a folder's memory stays there, by reason."""
    found = []
    for reason, names in (
        ("unreadable", [n for n in memory if n in unreadable]),
        ("no_done_marker", [n for n in memory if n in lacking and n not in unreadable]),
    ):
        if names:
            found.append(Left(reason, len(names), None))
    cut = [s for n, s in memory.items() if s.is_partial and n not in unreadable and n not in lacking]
    if cut:
        due = min(s.since for s in cut) + rules.incomplete_grace_seconds
        found.append(Left("incomplete", len(cut), max(0.0, due - time())))
    return found


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
        self._unmarked: set[bytes] = set()
        self._refused: dict[bytes, float] = {}
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
        listing = self.folder.scan()
        self._memory, choice = decide(listing, self._memory, time(), self.rules)
        self._unmarked = unmarked((e.name for e in listing), self.rules.done_marker)
        self._unreadable &= self._memory.keys()
        self._refused = {name: until for name, until in self._refused.items() if name in self._memory}
        ready = [(e, False) for e in choice.look] + [(e, True) for e in choice.overdue]
        self.ready = deque((e, is_overdue) for e, is_overdue in ready if self._refused.get(e.name, 0.0) <= began)
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

    def refuse(self, name: bytes) -> bool:
        """Its folder didn't let us take it: not again for a minute. Out: is that new?"""
        is_new = name not in self._refused
        self._refused[name] = monotonic() + REFUSED_SECONDS
        return is_new

    def partial(self, entry: Entry) -> None:
        """It is still but not whole: don't look again before it changes or is overdue. Where the disk has our clock,
        the wait began with its last change, so that runs of ``--once``, none of which sees it for long, add up."""
        seen = self._memory.get(entry.name)
        if seen:
            since = min(seen.since, entry.changed or seen.since)
            self._memory[entry.name] = seen._replace(is_partial=True, since=since)

    def forget(self, entry: Entry) -> None:
        """It was taken."""
        self._memory.pop(entry.name, None)

    @property
    def unsettled(self) -> int:
        """How many may become ready by waiting a little; partial ones, unless they are overdue, and those that lack
        their done marker or can't be taken don't count."""
        overdue = time() - self.rules.incomplete_grace_seconds
        return sum(1 for name, seen in self._memory.items() if name not in self._unmarked and name not in self._refused
                   and (not seen.is_partial or (seen.since <= overdue and name not in self._unreadable)))

    @property
    def left(self) -> list[Left]:
        """What stays there, and why."""
        return left_of(self._memory, {*self._unreadable, *self._refused}, self._unmarked, self.rules)

    @property
    def oldest_seconds(self) -> float:
        return max(0.0, time() - min((seen.since for seen in self._memory.values()), default=time()))


def in_turn(sources: Sequence[Waiting]) -> Iterator[tuple[Waiting, Entry, bool]]:
    """Ready entries, one of each source after the other, so that a full folder doesn't keep the others waiting."""
    while any(w.ready for w in sources):
        for w in sources:
            if w.ready:
                yield (w, *w.ready.popleft())
