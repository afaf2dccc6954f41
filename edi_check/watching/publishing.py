"""The last steps of a file, once its verdict is committed: its answers appear, and it is put away. ``steps`` has those
before, and says what holds for all.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import time

from .disk import BLOCK_ERRORS, Flusher, fsync_folder, is_there, make_private_folder, unlink_quietly
from .figures import Figures
from .journal import Journal
from .layout import Layout, stamp
from .records import DONE, QUARANTINED, Ledger, Output, Record
from .transport import DropFolder, LocalFolder
from .troubles import Troubles

__all__ = ["Publishing"]

MOST_OUTPUTS = 10


class Publishing:
    """What can be done to files that were decided, or can't be. ``folders``: the sources by name."""

    def __init__(self, layout: Layout, ledger: Ledger, folders: Mapping[str, DropFolder], troubles: Troubles) -> None:
        self.layout, self.ledger, self.folders, self.troubles = layout, ledger, folders, troubles
        self.journal: Journal = troubles.journal
        self.figures: Figures = troubles.figures
        self.flusher = Flusher()
        self.unanswered: set[str] = set()
        """Why files went to quarantine without an answer."""

    def _clear_stage(self, id: str) -> None:
        """What an attempt that was cut off left, where nothing was decided."""
        for number in range(MOST_OUTPUTS):
            unlink_quietly(self.layout.staged(id, number))

    def sweep(self) -> None:
        """Answers that nobody will publish: a process was killed as it gave their file back."""
        for name in os.listdir(self.layout.stage):
            record = self.ledger.find(name.partition(".")[0])
            if record is None or record.state in (DONE, QUARANTINED):
                unlink_quietly(os.path.join(self.layout.stage, name))

    # --- published -----------------------------------------------------------------------------------------------

    def publish(self, records: Sequence[Record]) -> list[Record]:
        """Let the local answers of decided files appear. Out: those that have nothing left to push; those of a source
        that is down stay decided."""
        if not records:
            return []
        by_id = {r.id: r for r in records}
        folders = {r.id: self._local(r) for r in records}
        local = [o for o in self.ledger.outputs(list(by_id)) if o.folder != "remote"]
        placed: dict[str, set[str]] = {}
        for o in local:
            placed.setdefault(folders[o.file_id].place(o), set()).add(o.file_id)
        failed: dict[str, OSError] = {}
        broken: dict[str, OSError] = {}

        def blame(place: str, ids: set[str], error: OSError) -> None:
            is_of_place = self.troubles.is_of_place(error) or error.errno in BLOCK_ERRORS
            if place in self.layout.shared or not is_of_place:
                raise error
            failed.update(dict.fromkeys(ids, error))

        def publish(o: Output) -> None:
            folder = folders[o.file_id]
            try:
                folder.publish(o, self.layout.staged(o.file_id, o.number))
            except OSError as error:
                if error.errno in BLOCK_ERRORS:
                    broken[o.file_id] = error
                else:
                    blame(folder.place(o), {o.file_id}, error)

        def sync(place: str) -> None:
            try:
                fsync_folder(place)
            except OSError as error:
                blame(place, placed[place], error)

        self._unmark(records)
        self.flusher.each(publish, local)
        self.flusher.each(sync, list(placed))
        self.flusher.folders([self.layout.stage])
        self.troubles.set_aside(broken, records)
        for i, error in failed.items():
            self.troubles.goes_down(by_id[i].source, error)
        ready = set(self.ledger.publish([i for i in by_id if i not in failed and i not in broken]))
        return [r for r in records if r.id in ready]

    def _unmark(self, records: Sequence[Record]) -> None:
        """Done markers go once their files are decided, or nobody's to judge: those given back are still marked."""
        for r in records:
            if not r.is_remote and r.source in self.folders and r.origin == r.id:  # what is repeated has none
                self.folders[r.source].unmark(r)

    def _local(self, r: Record) -> LocalFolder:
        """Where the local answers of a file go: its source's folder, or the root's own."""
        folder = self.folders.get(r.source)
        return (
            folder
            if isinstance(folder, LocalFolder)
            else LocalFolder("", self.layout.inbound, self.layout.outbound, self.layout)
        )

    # --- done ----------------------------------------------------------------------------------------------------

    def finish(self, records: Sequence[Record]) -> None:
        """Move published files to where they stay."""
        if not records:
            return
        kept = {
            r.id: self.layout.folder("quarantine") if r.reason == "incomplete" else self.layout.archive(r.taken)
            for r in records
        }
        for folder in set(kept.values()):
            self.flusher.folders(make_private_folder(folder))
        failed: dict[str, OSError] = {}
        lost: set[str] = set()

        def put_away(r: Record) -> None:
            try:
                self._put_away(r, kept[r.id])
            except FileNotFoundError:
                self._missing(r)
                lost.add(r.id)
            except OSError as error:
                if error.errno not in BLOCK_ERRORS:
                    raise
                failed[r.id] = error

        self.flusher.each(put_away, records)
        self.troubles.set_aside(failed, records)
        for r in records:
            if r.id in lost:
                self.lose(r, DONE)
        done = [r for r in records if r.id not in failed and r.id not in lost]
        for r in done:
            if r.is_remote:
                with suppress(OSError):
                    self._clear_stage(r.id)  # a carrier that was killed between its commit and this
        self.flusher.folders(kept[r.id] for r in done)
        self.ledger.end([(r.id, self._place(r, kept[r.id])) for r in done], time())
        self.troubles.over(r.id for r in done)
        for r in done:
            self.figures.add("files_archived_total", source=r.source)
            if r.reason == "incomplete":
                self.figures.add("files_quarantined_total", source=r.source, reason=r.reason)

    def _put_away(self, r: Record, folder: str) -> None:
        """Rename a file to its last place."""
        place = os.path.join(self.layout.root, self._place(r, folder))
        try:
            os.rename(self.layout.claimed(r.id), place)
        except FileNotFoundError:
            if not is_there(place):
                self.flusher.folders(make_private_folder(folder))  # it was empty, and somebody pruned
                os.rename(self.layout.claimed(r.id), place)

    def _missing(self, r: Record) -> None:
        """A file isn't in ``work/claimed``, and should be. Raises FileNotFoundError when that folder isn't there."""
        if not os.path.isdir(self.layout.claims):
            raise FileNotFoundError(errno.ENOENT, "the folder of claimed files is gone", self.layout.claims)

    def lose(self, r: Record, state: str) -> None:
        """Somebody took this file out of ``work/claimed``: nobody can judge it any more, or put it away. The others go
        on, and it is told."""
        self.journal.write("error", "file_lost", id=r.id, source=r.source, state=state)
        self.ledger.end([(r.id, "")], time(), state, "lost")
        if state == QUARANTINED:
            self._clear_stage(r.id)
            self.unanswered.add("lost")
            self.figures.add("files_quarantined_total", source=r.source, reason="lost")
        self.troubles.over([r.id])

    def _place(self, r: Record, folder: str) -> str:
        """Where a file stays, relative to the root."""
        return os.path.join(os.path.relpath(folder, self.layout.root), f"{stamp(r.taken)}_{r.id}.837")

    def quarantine(self, r: Record, reason: str) -> None:
        """Put a file that can't be judged aside, unanswered; an operator decides."""
        folder = self.layout.folder("quarantine")
        self.flusher.folders(make_private_folder(folder))
        self._put_away(r, folder)
        self.flusher.folders([folder])
        self.ledger.end([(r.id, self._place(r, folder))], time(), QUARANTINED, reason)
        self._clear_stage(r.id)
        self._unmark([r])
        self.troubles.over([r.id])
        self.unanswered.add(reason)
        self.figures.add("files_quarantined_total", source=r.source, reason=reason)
        self.journal.write("error", "quarantined", id=r.id, source=r.source, reason=reason)
