"""What goes wrong with one source or one file, while the machine is well: it waits, and the others go on.

A source whose own folder hinders a step is down for a while. A file that can't be read or written, though the disk is
well otherwise, is set aside: it keeps its state and is tried again, later each time, for as long as it takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic

from .aside import ONCE, PATIENCE, Aside
from .disk import PLACE_ERRORS, may_change
from .figures import Figures
from .journal import Journal
from .layout import Layout
from .records import Record
from .transport import DropFolder

__all__ = ["Troubles"]

DOWN_SECONDS = 5.0
FIRST_SECONDS = 1.0


class Troubles:
    """Those of one watcher. ``is_well`` is asked whether the disk is."""

    def __init__(self, layout: Layout, folders: Mapping[str, DropFolder], journal: Journal, figures: Figures,
                 is_well: Callable[[], bool]) -> None:
        self.layout, self.folders, self.journal, self.figures = layout, folders, journal, figures
        self.is_well = is_well
        self.down: dict[str, float] = {}
        """Sources whose folders hinder us, and until when (monotonic) they are left alone."""
        self.aside: Aside[str] = Aside(FIRST_SECONDS)
        """Files that are left alone for a while, by id."""
        self.files: dict[str, str] = {}
        """Of those, which can't be read or written, and their sources."""
        self.here: set[str] = set()
        """Files in work that surely were in ``work/claimed``."""
        self._crowded: Counter[str] = Counter()

    def is_of_place(self, error: OSError) -> bool:
        """Is this error about a source's folder or file, and not about the machine or our own folders?"""
        ours = (self.layout.claims, self.layout.stage)
        return error.errno in PLACE_ERRORS and all(map(may_change, ours))

    def goes_down(self, source: str, error: OSError) -> None:
        """A step failed for this source's folders: leave it alone for a while."""
        self.is_down(source, error, DOWN_SECONDS)
        self.down[source] = monotonic() + DOWN_SECONDS

    def is_down(self, source: str, error: OSError, wait: float) -> None:
        """Tell, once and whenever the reason is another, that a source's folders hinder us. ``wait``: in how many
        seconds they are tried again."""
        reason = self.folders[source].trouble(error) if source in self.folders else "oserror"
        if self.figures.reasons.get(source) != reason:
            self.journal.fault("error", "source_down", error, source=source, reason=reason, wait_seconds=wait)
        self.figures.source(source, False, reason)

    def is_up(self, source: str) -> None:
        """Its folders can be read again, or still."""
        if source in self.figures.down:
            self.journal.write("info", "source_up", source=source)
        self.figures.source(source, True)

    # --- files in trouble ----------------------------------------------------------------------------------------

    def set_aside(self, failed: Mapping[str, OSError], records: Sequence[Record]) -> None:
        """These files can't be read or written: they keep their state, and are tried again, later each time. Raises the
        error where it is the disk that isn't well."""
        for error in failed.values():
            if not self.is_well():
                raise error
        for r in records:
            if r.id in failed:
                count, wait = self.aside.fail(r.id)
                self.files[r.id] = r.source
                self.figures.add("file_errors_total", source=r.source)
                level = "warn" if count < PATIENCE else "error"
                self.journal.fault(
                    level, "set_aside", failed[r.id], id=r.id, source=r.source, attempt=count, wait_seconds=wait
                )

    def is_too_big(self, r: Record) -> bool:
        """There was no room for what is made of a file. Out: so it was three times, though there is some: then it is
        this file that has to wait, and no longer all others with it."""
        self._crowded[r.id] += 1
        return self._crowded[r.id] >= ONCE and self.is_well()

    def hold(self, id: str, seconds: float) -> None:
        """Leave this file alone for a while."""
        self.aside.hold(id, seconds)

    def unheld(self, records: Sequence[Record]) -> list[Record]:
        """Those that may be looked at now."""
        return [r for r in records if not self.aside.is_held(r.id)]

    def is_given_up(self, r: Record) -> bool:
        """Was it tried as often as a single run tries?"""
        return r.id in self.files and self.aside.count(r.id) >= ONCE

    def over(self, ids: Iterable[str]) -> None:
        """These are no longer in work."""
        for i in ids:
            self.aside.clear(i)
            self.files.pop(i, None)
            self._crowded.pop(i, None)
            self.here.discard(i)
