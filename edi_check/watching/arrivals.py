"""What arrives in the local sources' folders: which folder is scanned when, and which of the files that are ready are
taken next. ``waiting`` has one folder's memory; what is done with what was chosen is ``service``'s and ``steps``'.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from time import time

from .aside import PATIENCE
from .disk import BLOCK_ERRORS, FILE_ERRORS, identities
from .intake import Entry
from .journal import Event
from .ledger import new_id
from .plan import Plan
from .records import Claim, Ledger, Record
from .transport import DropFolder, LocalFolder
from .troubles import Troubles
from .unfinished import Unfinished
from .waiting import Waiting, in_turn

__all__ = ["BATCH_BYTES", "Arrivals", "local_folders"]

BATCH_BYTES = 8 << 20
LONG_SCAN = 0.1
UNSEEN_SECONDS = 5.0
"""Not before that a folder that can't be read is looked at again."""


def local_folders(plan: Plan, progress: Callable[[], object]) -> dict[str, DropFolder]:
    """The folders of a plan's local sources, by name. ``progress`` is called while a big file is unpacked."""
    unpacking = plan.unpacking(progress)
    return {
        s.name: LocalFolder(s.name, s.inbound, s.outbound, plan.layout, s.rules.done_marker, unpacking=unpacking)
        for s in plan.sources
        if not s.remote
    }


class Arrivals:
    """Those of one watcher. ``stopping``: look no further."""

    def __init__(self, plan: Plan, folders: Mapping[str, DropFolder], ledger: Ledger, troubles: Troubles,
                 stopping: threading.Event) -> None:
        self.poll_seconds, self.troubles, self.stopping = plan.poll_seconds, troubles, stopping
        self.figures = troubles.figures
        self._filled = plan.filled()
        self.waiting = [
            Waiting(folders[s.name], s.rules, plan.poll_seconds, Unfinished(ledger, s.name))
            for s in plan.sources
            if not s.remote
        ]

    def look_again(self) -> None:
        """Files may have come, gone back, or not been claimed after all: look anew before the folders count as
        drained."""
        for w in self.waiting:
            w.scans = 0

    def scan(self) -> None:
        """Scan what is due, the smallest folders first; a big one waits while there is work at hand."""
        filled: list[tuple[int, int]] = []
        for w in sorted(self.waiting, key=lambda w: w.scan_seconds):
            if self.stopping.is_set() or not w.is_due:
                continue
            if w.scan_seconds > LONG_SCAN and not w.is_overdue and any(other.ready for other in self.waiting):
                continue
            name = w.folder.name
            if name in self.troubles.down:
                w.postpone(0.0)
                continue
            try:
                filled = filled or list(identities(self._filled))
                w.folder.filled = filled
                failed = w.scan()
            except OSError as error:
                wait = max(UNSEEN_SECONDS, self.poll_seconds)
                w.postpone(wait)
                self.troubles.is_down(name, error, wait)
                continue
            for trouble, tries in failed:
                self._tell_tries("file_unreadable", trouble, name, tries)
            self.troubles.is_up(name)
            for figure, value in (
                ("files_waiting", w.count),
                ("files_odd", w.odd),
                ("last_scan_seconds", w.scan_seconds),
                ("oldest_waiting_seconds", w.oldest_seconds),
            ):
                self.figures.put(figure, value, source=name)

    def _tell_tries(self, event: Event, error: OSError, source: str, tries: int) -> None:
        """The first time, and once more when it seems to last."""
        if tries in (1, PATIENCE):
            level = "warn" if tries == 1 else "error"
            self.troubles.journal.fault(level, event, error, source=source, attempt=tries)

    # --- choosing ------------------------------------------------------------------------------------------------

    def choose(self, limit: int) -> list[Claim]:
        """Ready and whole files, one of each source in turn."""
        chosen: list[Claim] = []
        size = 0
        last = self.waiting[-1] if self.waiting else None
        for w, entry, is_overdue in in_turn(self.waiting):
            is_whole = self._looks_whole(w, entry)
            if is_whole is None:
                continue
            if is_whole or is_overdue:
                chosen.append(
                    Claim(
                        new_id(),
                        w.folder.name,
                        entry.name,
                        entry.size,
                        entry.mtime_ns,
                        entry.inode,
                        time(),
                        is_overdue=is_overdue,
                    )
                )
                w.forget(entry)
                size += entry.size
                last = w
            else:
                w.partial(entry)
            if len(chosen) >= limit or size >= BATCH_BYTES or self.stopping.is_set():
                break
        for w in self.waiting:
            w.record()
        if last is not None:  # whoever comes after the last one served begins next time
            turn = self.waiting.index(last) + 1
            self.waiting = self.waiting[turn:] + self.waiting[:turn]
        return chosen

    def _looks_whole(self, w: Waiting, entry: Entry) -> bool | None:
        """None when it can't be read, or is gone."""
        try:
            is_whole = w.folder.looks_whole(entry)
        except FileNotFoundError:
            return None
        except OSError as error:
            is_of_block = error.errno in BLOCK_ERRORS
            if error.errno not in FILE_ERRORS or (is_of_block and not self.troubles.is_well()):
                raise
            self._tell_tries("file_unreadable", error, w.folder.name, w.unreadable(entry))
            return None
        w.readable(entry)
        return is_whole

    def refused(self, r: Record, error: OSError) -> None:
        """A file can't be taken: sticky folder, immutable, locked, damaged. The others don't wait for it."""
        for w in self.waiting:
            if w.folder.name == r.source:
                self._tell_tries("file_refused", error, r.source, w.refuse(r.name, error.errno in BLOCK_ERRORS))

    # --- what stays ----------------------------------------------------------------------------------------------

    @property
    def may_settle(self) -> bool:
        """Is there a file that may become ready by waiting a little?"""
        return any(w.unsettled for w in self.waiting)

    @property
    def are_drained(self) -> bool:
        """Nothing ready, nothing that only has to settle, in any folder that can be read."""
        up = [w for w in self.waiting if w.folder.name not in self.figures.down]
        return not any(w.ready or w.scans < 2 or w.unsettled for w in up)

    @property
    def left(self) -> dict[str, dict[str, int]]:
        """By source, how many files stay in its folder, by reason; without those where none does."""
        left = {w.folder.name: {one.reason: one.files for one in w.left} for w in self.waiting}
        return {name: reasons for name, reasons in left.items() if reasons}

    def tell_left(self) -> None:
        """What stays in the folders after ``--once``: nobody looks at it again before the next run."""
        for w in self.waiting:
            for left in w.left:
                self.troubles.journal.write("warn", "left_waiting", source=w.folder.name, **left._asdict())

    def sum_up(self, set_aside: Mapping[str, int]) -> None:
        """The figures of what can't be read. In: by source, how many files in work can't."""
        for w in self.waiting:
            count = w.unreadable_count + set_aside.get(w.folder.name, 0)
            self.figures.put("files_unreadable", count, source=w.folder.name)
