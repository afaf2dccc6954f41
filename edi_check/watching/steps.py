"""The steps of a file, for a batch of files at a time. Each commits before it does, and may be done again.

Claimed: the row is committed, then the file is renamed from its folder to ``work/claimed/ID``. Decided: the answers are
written and made durable in ``work/stage``, then the verdict is committed with the hash of each; from here on those
bytes are the answer, whatever program runs next. Published: each answer is renamed to its place; a staged file that is
gone was published. Done: the file is renamed into the archive.

Where a source's own folder hinders a step, that source is down for a while and its files stay in their state; the steps
of the others go on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from time import monotonic, time

from .alone import Died, answer_alone
from .answering import Answering
from .disk import (
    MACHINE_ERRORS,
    PLACE_ERRORS,
    Flusher,
    fsync_folder,
    looks,
    make_private_folder,
    may_change,
    unlink_quietly,
)
from .figures import Figures
from .journal import Journal
from .layout import Layout, stamp
from .records import CLAIMED, DONE, QUARANTINED, RETURNING, Claim, Decision, Ledger, Output, Record
from .transport import CHANGED, GONE, TAKEN, DropFolder, LocalFolder, is_as_claimed

__all__ = ["SUSPICIOUS", "Steps"]

PATIENCE = 3
"""Attempts at a file on which our own program raises, before it goes to quarantine."""
SUSPICIOUS = 2
"""Ends of whole processes that met a file while it was judged; then it is judged in a process of its own."""
HOLD_SECONDS = 5.0
DOWN_SECONDS = 5.0
MOST_OUTPUTS = 10


class Steps:
    """What can be done to files. ``folders``: the sources by name. ``remote``: the answers that a source wants
    pushed."""

    def __init__(
        self,
        layout: Layout,
        ledger: Ledger,
        answering: Answering,
        folders: Mapping[str, DropFolder],
        *,
        journal: Journal,
        figures: Figures,
        window_seconds: float,
        remote: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self.layout, self.ledger, self.answering, self.folders = layout, ledger, answering, folders
        self.journal, self.figures, self.window_seconds = journal, figures, window_seconds
        self.remote = remote or {}
        self.flusher = Flusher()
        self.held: dict[str, float] = {}
        self._claimed: set[str] = set()
        """Files that this process claimed and doesn't surely have yet: another may have been quicker."""
        self.down: dict[str, float] = {}
        """Sources whose folders hinder us, and until when (monotonic) they are left alone."""
        self.refused: Callable[[Record, OSError], None] = lambda r, error: None
        """Called for a file that couldn't be taken, and lies where it was."""

    # --- sources in trouble --------------------------------------------------------------------------------------

    def _is_of_place(self, error: OSError) -> bool:
        """Is this error about a source's folder or file, and not about the machine or our own folders?"""
        ours = (self.layout.claims, self.layout.stage)
        return error.errno in PLACE_ERRORS and all(map(may_change, ours))

    def _goes_down(self, source: str, error: OSError) -> None:
        if source not in self.down:
            self.journal.fault("error", "source_down", error, source=source, wait_seconds=DOWN_SECONDS)
        self.down[source] = monotonic() + DOWN_SECONDS
        self.figures.source(source, False)

    # --- claimed -------------------------------------------------------------------------------------------------

    def claim(self, claims: Sequence[Claim]) -> list[Record]:
        """Enter the claims; the files themselves are moved by ``take``."""
        if claims:
            self.ledger.claim(claims)
            self._claimed.update(c.id for c in claims)
        return [Record(*c[:9], c.origin or c.id, CLAIMED, 1) for c in claims]

    def take(self, records: Sequence[Record]) -> list[Record]:
        """Bring claimed files in. Out: those that lie in ``work/claimed`` and look as they did."""
        became: dict[str, str] = {}
        refused: list[tuple[Record, OSError]] = []

        def take(r: Record) -> None:
            try:
                became[r.id] = self.folders[r.source].take(r)
            except OSError as error:
                if not self._is_of_place(error):
                    raise
                is_here = os.path.lexists(self.layout.claimed(r.id))  # but can't be made ours
                became[r.id] = CHANGED if is_here else GONE
                refused.append((r, error))

        self.flusher.each(take, [r for r in records if not r.is_remote and r.source in self.folders])
        for r in records:
            if r.id not in became:  # a carrier has fetched it, or its source was taken out of the settings
                became[r.id] = TAKEN if os.path.lexists(self.layout.claimed(r.id)) else GONE
        ready = [r for r in records if became[r.id] == TAKEN]
        for r in ready:
            if not r.is_remote:
                self._note_inode(r)
            if r.id in self._claimed:
                self.figures.add("files_taken_total", source=r.source)
        self._claimed.difference_update(became)
        self.give_back([r for r in records if became[r.id] == CHANGED])
        self.ledger.forget([r.id for r in records if became[r.id] == GONE and not r.is_remote])
        for r, error in refused:
            self.refused(r, error)
        return ready

    def _note_inode(self, r: Record) -> None:
        """A copy of ours took the place of a file of another user's."""
        inode = looks(os.lstat(self.layout.claimed(r.id)))[2]
        if inode != r.inode:
            self.ledger.restat(r.id, r.size, r.mtime_ns, inode)
            r.inode = inode

    def give_back(self, records: Sequence[Record]) -> None:
        """Files that somebody is still writing go back under their names; where the name is in use again they are kept,
        and judged once they are still."""
        fresh = [r.id for r in records if r.state != RETURNING]
        self.ledger.advance(fresh, CLAIMED, RETURNING)
        for r in records:
            folder = self.folders.get(r.source)
            try:
                is_back = folder is not None and folder.give_back(r)
            except OSError as error:
                if not self._is_of_place(error):
                    raise
                self._goes_down(r.source, error)
                continue
            if is_back:
                self.ledger.forget([r.id])
                self.figures.add("files_given_back_total", source=r.source)
                self.journal.write("info", "given_back", id=r.id, source=r.source)
                continue
            self.ledger.restat(r.id, *looks(os.lstat(self.layout.claimed(r.id))))
            self.ledger.advance([r.id], RETURNING, CLAIMED)
            self.hold(r.id, HOLD_SECONDS)
            self.journal.write("info", "kept_unfinished", id=r.id, source=r.source)

    def hold(self, id: str, seconds: float) -> None:
        """Leave this file alone for a while."""
        self.held[id] = time() + seconds

    def unheld(self, records: Sequence[Record]) -> list[Record]:
        """Those that may be looked at now."""
        now = time()
        self.held = {i: until for i, until in self.held.items() if until > now}
        return [r for r in records if r.id not in self.held]

    # --- decided -------------------------------------------------------------------------------------------------

    def judge(self, records: Sequence[Record]) -> list[Record]:
        """Judge files, stage their answers, commit the verdicts. Out: the files decided."""
        decisions: list[Decision] = []
        judged = {r.id: r for r in records}
        try:
            for r in records:
                decision = self._judge(r)
                if decision is None:
                    continue
                if is_as_claimed(r, self.layout.claimed(r.id)):
                    decisions.append(decision)
                else:
                    self._clear_stage(r.id)
                    self.give_back([r])
        finally:
            self.ledger.now_judging("")
        # Two files of one batch may be each other's precedent: those after the first are judged again, with it known.
        first, later = _apart(decisions)
        self._make_durable(first)
        stale = self.ledger.decide(first, time() - self.window_seconds) if first else []
        for d in first:
            if d.id not in stale:
                self._tell(judged[d.id], d)
        again = [judged[d.id] for d in later] + [judged[i] for i in stale]
        for r in again:
            self._clear_stage(r.id)
        decided = [judged[d.id] for d in first if d.id not in stale]
        return decided + (self.judge(again) if again else [])

    def _judge(self, r: Record) -> Decision | None:
        """One file; none when it has to wait or went to quarantine. Raises OSError when the machine is at fault."""
        if r.attempt > 1:
            self._clear_stage(r.id)
        self.ledger.now_judging(r.id)
        try:
            remote = self.remote.get(r.source, frozenset())
            if r.ends >= SUSPICIOUS:
                return answer_alone(self.answering, r, self.layout, time(), remote)
            return self.answering.answer(r, self.layout, time(), remote)
        except Died as died:
            self.journal.write("error", "judge_died", id=r.id, source=r.source, signal=died.signal, code=died.code)
            self.quarantine(r, "judge_died")
        except OSError as error:
            if error.errno in MACHINE_ERRORS:
                raise
            self._failed(r, error)
        except MemoryError as error:
            r.ends = SUSPICIOUS
            self._failed(r, error)
        except Exception as error:
            self._failed(r, error)
        return None

    def _failed(self, r: Record, error: BaseException) -> None:
        """A fault of ours on this file: again later, a few times, then to quarantine. The others go on."""
        self.figures.add("faults_total", event="judge")
        self.journal.fault("error", "judge_failed", error, id=r.id, source=r.source, attempt=r.attempt)
        if r.attempt >= PATIENCE:
            self.quarantine(r, "fault")
        else:
            self.ledger.attempt([r.id])
            self.hold(r.id, HOLD_SECONDS * r.attempt)

    def _make_durable(self, decisions: Sequence[Decision]) -> None:
        if not decisions:
            return
        staged = self.layout.staged
        self.flusher.new((staged(d.id, number), data) for d in decisions for number, data in d.held.items())
        self.flusher.files(
            [staged(d.id, o.number) for d in decisions for o in d.outputs if o.number not in d.held]
            + [self.layout.claimed(d.id) for d in decisions]
        )
        self.flusher.folders([self.layout.stage, self.layout.claims])

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

    def _tell(self, r: Record, d: Decision) -> None:
        self.figures.add("files_decided_total", source=r.source, disposition=d.disposition)
        self.figures.add("claims_total", d.claims, source=r.source)
        self.figures.add("judging_seconds_total", d.seconds)
        self.journal.write(
            "info",
            "decided",
            id=r.id,
            source=r.source,
            hash=d.sha256,
            disposition=d.disposition,
            claims=d.claims,
            bytes=r.size,
            seconds=d.seconds,
            reason=d.reason,
            attempt=r.attempt,
        )
        r.sha256, r.disposition, r.reason, r.decided = d.sha256, d.disposition, d.reason, d.decided

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

        def attempt(place: str, ids: set[str], do: Callable[[], None]) -> None:
            try:
                do()
            except OSError as error:
                if place in self.layout.shared or not self._is_of_place(error):
                    raise
                failed.update(dict.fromkeys(ids, error))

        def publish(o: Output) -> None:
            folder, staged = folders[o.file_id], self.layout.staged(o.file_id, o.number)
            attempt(folder.place(o), {o.file_id}, lambda: folder.publish(o, staged))

        self._unmark(records)
        self.flusher.each(publish, local)
        self.flusher.each(lambda place: attempt(place, placed[place], lambda: fsync_folder(place)), list(placed))
        self.flusher.folders([self.layout.stage])
        for i, error in failed.items():
            self._goes_down(by_id[i].source, error)
        ready = set(self.ledger.publish([i for i in by_id if i not in failed]))
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
        self.flusher.each(lambda r: self._put_away(r, kept[r.id]), records)
        for r in records:
            if r.is_remote:
                self._clear_stage(r.id)  # a carrier that was killed between its commit and this
        self.flusher.folders(kept.values())
        self.ledger.end([(r.id, self._place(r, kept[r.id])) for r in records], time())
        for r in records:
            self.figures.add("files_archived_total", source=r.source)
            if r.reason == "incomplete":
                self.figures.add("files_quarantined_total", source=r.source, reason=r.reason)

    def _put_away(self, r: Record, folder: str) -> None:
        """Rename a file to its last place."""
        place = os.path.join(self.layout.root, self._place(r, folder))
        try:
            os.rename(self.layout.claimed(r.id), place)
        except FileNotFoundError:
            if not os.path.lexists(place):
                raise

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
        self.figures.add("files_quarantined_total", source=r.source, reason=reason)
        self.journal.write("error", "quarantined", id=r.id, source=r.source, reason=reason)


def _apart(decisions: Sequence[Decision]) -> tuple[list[Decision], list[Decision]]:
    """Those that share neither content nor an interchange with an earlier one, and the rest."""
    first: list[Decision] = []
    later: list[Decision] = []
    used: set[str] = set()
    for d in decisions:
        marks = {d.sha256, *d.asked}
        (later if marks & used else first).append(d)
        used |= marks
    return first, later
