"""The files that wait in a source's inbound folder: scanned, remembered, ready ones in a queue.

``intake.decide`` chooses; this only keeps its memory, says when to scan again, and what is left at the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from time import monotonic, time
from typing import NamedTuple

from .aside import ONCE, Aside
from .intake import Entry, Rules, Seen, decide
from .transport import DropFolder
from .unfinished import Unfinished, recorded

__all__ = ["Left", "Waiting", "forget_changed", "in_turn", "left_of", "may_settle", "unmarked"]

SCAN_SHARE = 4
"""A scan may cost a quarter of the time; 100,000 names take half a second."""

REFUSED_SECONDS = 60.0
STEADY_SECONDS = 1.0
"""The wall clock went further, or less far, than the monotonic one by more than that: somebody set it."""


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
    found = [Left("unreadable", len(unreadable), None)] if unreadable else []
    unmarked = sum(n in lacking and n not in unreadable for n in memory)
    if unmarked:
        found.append(Left("no_done_marker", unmarked, None))
    cut = [s for n, s in memory.items() if s.is_partial and n not in unreadable and n not in lacking]
    if cut:
        due = min(s.cut_since for s in cut) + rules.incomplete_grace_seconds
        found.append(Left("incomplete", len(cut), max(0.0, due - monotonic())))
    return found


def forget_changed(unreadable: Aside[bytes], memory: Mapping[bytes, Seen], unseen: Collection[bytes] = ()) -> None:
    """After a scan: of the files that couldn't be read, those that look different now may be tried at once, and those
    that are gone are nobody's. ``unseen``: names of which nothing could be learned."""
    unreadable.keep({name for name in unreadable if name in unseen or (name in memory and memory[name].scans != 1)})


def may_settle(name: bytes, seen: Seen, unreadable: Aside[bytes], overdue: float) -> bool:
    """May a file become ready by waiting a little? ``overdue``: since then, or longer, one that isn't whole has been
    waiting that is taken as it is."""
    if name in unreadable:
        return unreadable.count(name) < ONCE
    return not seen.is_partial or seen.cut_since <= overdue


class Waiting:
    """What waits in one drop folder."""

    def __init__(self, folder: DropFolder, rules: Rules, poll_seconds: float, unfinished: Unfinished) -> None:
        self.folder, self.rules, self.poll_seconds, self.unfinished = folder, rules, poll_seconds, unfinished
        self.ready: deque[tuple[Entry, bool]] = deque()
        """Entries and whether they are overdue."""
        self.count = self.odd = self.scans = 0
        self.scan_seconds = 0.0
        self._memory: dict[bytes, Seen] = {}
        self._cut: list[bytes] = []
        self._unreadable: Aside[bytes] = Aside()
        self._refused: Aside[bytes] = Aside()
        self._unmarked: set[bytes] = set()
        self._lead: float | None = None
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

    def scan(self) -> list[tuple[OSError, int]]:
        """Look at the folder. Raises what the folder raises, and forgets nothing then. Out: what went wrong with single
        files, and for which time."""
        began = monotonic()
        listing = self.folder.scan()
        self._memory, choice = decide(listing, self._memory, began, self.rules, self._wall())
        self._cut.clear()
        self._unmarked = unmarked((e.name for e in listing), self.rules.done_marker)
        unseen = {name: error for name, error in self.folder.unseen.items() if not self.rules.ignores(name)}
        forget_changed(self._unreadable, self._memory, unseen)
        self._refused.keep(self._memory)
        self.unfinished.keep(self._memory)
        ready = [(e, False) for e in choice.look] + [(e, True) for e in choice.overdue]
        self.ready = deque((e, is_overdue) for e, is_overdue in ready if not self._is_aside(e.name))
        self.count, self.odd = choice.waiting + len(ready) + len(unseen), choice.odd
        self.scans += 1
        self.scan_seconds = monotonic() - began
        self._next = began + max(self.poll_seconds, self.scan_seconds * SCAN_SHARE)
        tried = {name: error for name, error in unseen.items() if not self._unreadable.is_held(name)}
        return [(error, self._unreadable.fail(name)[0]) for name, error in tried.items()]

    def _wall(self) -> float:
        """The wall clock; 0 when it was set since the last scan, because a change made before then bears another
        time."""
        now = time()
        before, self._lead = self._lead, now - monotonic()
        return now if before is None or abs(self._lead - before) < STEADY_SECONDS else 0.0

    def _is_aside(self, name: bytes) -> bool:
        return self._unreadable.is_held(name) or self._refused.is_held(name)

    def unreadable(self, entry: Entry) -> int:
        """It can't be read: not again for a while. Out: for which time."""
        return self._unreadable.fail(entry.name)[0]

    def refuse(self, name: bytes, is_of_disk: bool) -> int:
        """It can't be moved: because of the disk, then not again for a while; else its folder didn't let us, and not
        again for a minute. Out: for which time; of the folder's refusals, for the first or another."""
        if is_of_disk:
            return self._refused.fail(name)[0]
        is_new = name not in self._refused
        self._refused.hold(name, REFUSED_SECONDS)
        return 1 if is_new else 2

    def readable(self, entry: Entry) -> None:
        """It could be read."""
        self._unreadable.clear(entry.name)

    def partial(self, entry: Entry) -> None:
        """It is still but not whole: don't look again before it changes or is overdue. ``record`` enters them all."""
        self._cut.append(entry.name)

    def record(self) -> None:
        """Keep since when what was found not to be whole has been known."""
        recorded(self._memory, self._cut, self.unfinished)
        self._cut.clear()

    def forget(self, entry: Entry) -> None:
        """It was taken."""
        self._memory.pop(entry.name, None)

    @property
    def unsettled(self) -> int:
        """How many may become ready by waiting a little: partial ones that aren't overdue don't count, nor those that
        lack their done marker, can't be taken, or couldn't be read several times."""
        overdue = monotonic() - self.rules.incomplete_grace_seconds
        unseen = sum(name not in self._memory and self._unreadable.count(name) < ONCE for name in self._unreadable)
        return unseen + sum(self._may_settle(name, seen, overdue) for name, seen in self._memory.items())

    def _may_settle(self, name: bytes, seen: Seen, overdue: float) -> bool:
        if name in self._unmarked:
            return False
        if name in self._refused:
            return 0 < self._refused.count(name) < ONCE
        return may_settle(name, seen, self._unreadable, overdue)

    @property
    def unreadable_count(self) -> int:
        """How many can't be read or moved."""
        return len({*self._unreadable, *self._refused})

    @property
    def left(self) -> list[Left]:
        """What stays there, and why."""
        return left_of(self._memory, {*self._unreadable, *self._refused}, self._unmarked, self.rules)

    @property
    def oldest_seconds(self) -> float:
        return max(0.0, monotonic() - min((seen.since for seen in self._memory.values()), default=monotonic()))


def in_turn(sources: Sequence[Waiting]) -> Iterator[tuple[Waiting, Entry, bool]]:
    """Ready entries, one of each source after the other, so that a full folder doesn't keep the others waiting."""
    while any(w.ready for w in sources):
        for w in sources:
            if w.ready:
                yield (w, *w.ready.popleft())
