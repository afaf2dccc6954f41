"""The steps of a file, for a batch of files at a time. Each commits before it does, and may be done again.

Claimed: the row is committed, then the file is renamed from its folder to ``work/claimed/ID``. Decided: the answers are
written and made durable in ``work/stage``, then the verdict is committed with the hash of each; from here on those
bytes are the answer, whatever program runs next. Published: each answer is renamed to its place; a staged file that is
gone was published. Done: the file is renamed into the archive.

Where a source's own folder hinders a step, that source is down for a while and its files stay in their state; the steps
of the others go on. So it is with a single file that can't be read or written while the disk is well (``troubles``).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import time

from .alone import Died, answer_alone
from .answering import Answering
from .disk import BLOCK_ERRORS, MACHINE_ERRORS, ROOM_ERRORS, fsync_file, is_there, looks, write_durably
from .layout import Layout
from .publishing import Publishing
from .records import CLAIMED, FETCHED, QUARANTINED, RETURNING, Claim, Decision, Ledger, Record
from .transport import CHANGED, GONE, TAKEN, DropFolder, is_as_claimed
from .troubles import Troubles

__all__ = ["SUSPICIOUS", "Steps"]

ATTEMPTS = 3
"""Attempts at a file on which our own program raises, before it goes to quarantine."""
SUSPICIOUS = 2
"""Ends of whole processes that met a file while it was judged; then it is judged in a process of its own."""
HOLD_SECONDS = 5.0
FAILED, LOST = "failed", "lost"
"""What becomes of a claim whose file lies in ``work/claimed`` and can't be made ours, or was there and isn't."""


class Steps(Publishing):
    """What can be done to files. ``remote``: the answers that a source wants pushed."""

    def __init__(
        self,
        layout: Layout,
        ledger: Ledger,
        answering: Answering,
        folders: Mapping[str, DropFolder],
        *,
        troubles: Troubles,
        window_seconds: float,
        remote: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        super().__init__(layout, ledger, folders, troubles)
        self.answering, self.window_seconds, self.remote = answering, window_seconds, remote or {}
        self._claimed: set[str] = set()
        """Files that this process claimed and doesn't surely have yet: another may have been quicker."""
        self.refused: Callable[[Record, OSError], None] = lambda r, error: None
        """Called for a file that couldn't be taken, and lies where it was."""

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
        inodes: dict[str, int] = {}
        refused: list[tuple[Record, OSError]] = []
        failed: dict[str, OSError] = {}

        def take(r: Record) -> None:
            try:
                if not r.is_remote and r.source in self.folders:
                    became[r.id] = self.folders[r.source].take(r)
                else:  # a carrier has fetched it, or its source was taken out of the settings
                    became[r.id] = TAKEN if is_there(self.layout.claimed(r.id)) else GONE
                if became[r.id] == GONE and (r.state == FETCHED or r.id in self.troubles.here):
                    self._missing(r)
                    became[r.id] = LOST
                if became[r.id] == TAKEN:
                    inodes[r.id] = looks(os.lstat(self.layout.claimed(r.id)))[2]
            except OSError as error:
                if error.errno not in BLOCK_ERRORS and not self.troubles.is_of_place(error):
                    raise
                if error.errno in BLOCK_ERRORS:
                    failed[r.id] = error
                is_here = self._may_be_here(r)
                became[r.id] = GONE if not is_here else FAILED if r.id in failed else CHANGED  # it can't be made ours
                if not r.is_remote and became[r.id] != FAILED:
                    refused.append((r, error))

        self.flusher.each(take, records)
        self.troubles.set_aside(failed, [r for r in records if became[r.id] == FAILED])
        ready = [r for r in records if became[r.id] == TAKEN]
        for r in ready:
            if not r.is_remote and inodes[r.id] != r.inode:  # a copy of ours took the place of another user's file
                self.ledger.restat(r.id, r.size, r.mtime_ns, inodes[r.id])
                r.inode = inodes[r.id]
            if r.id in self._claimed:
                self.figures.add("files_taken_total", source=r.source)
        self._claimed.difference_update(i for i, state in became.items() if state != FAILED)
        self.give_back([r for r in records if became[r.id] == CHANGED])
        gone = [r.id for r in records if became[r.id] == GONE and not r.is_remote]
        self.ledger.forget(gone)
        self.troubles.over(gone)
        for r in records:
            if became[r.id] == LOST:
                self.lose(r, QUARANTINED)
        self.troubles.here.update(r.id for r in ready)
        for r, error in refused:
            self.refused(r, error)
        return ready

    def _may_be_here(self, r: Record) -> bool:
        """Does it lie in ``work/claimed``, as far as can be told?"""
        try:
            return is_there(self.layout.claimed(r.id))
        except OSError:
            return True

    def give_back(self, records: Sequence[Record]) -> None:
        """Files that somebody is still writing go back under their names; where the name is in use again they are kept,
        and judged once they are still."""
        fresh = [r.id for r in records if r.state != RETURNING]
        self.ledger.advance(fresh, CLAIMED, RETURNING)
        for r in records:
            folder = self.folders.get(r.source)
            try:
                is_back = folder is not None and folder.give_back(r)
                look = None if is_back else looks(os.lstat(self.layout.claimed(r.id)))
            except OSError as error:
                if error.errno in BLOCK_ERRORS:
                    self.troubles.set_aside({r.id: error}, [r])
                elif self.troubles.is_of_place(error):
                    self.troubles.goes_down(r.source, error)
                else:
                    raise
                continue
            if look is None:
                self.ledger.forget([r.id])
                self.troubles.over([r.id])
                self.figures.add("files_given_back_total", source=r.source)
                self.journal.write("info", "given_back", id=r.id, source=r.source)
                continue
            self.ledger.restat(r.id, *look)
            self.ledger.advance([r.id], RETURNING, CLAIMED)
            self.troubles.hold(r.id, HOLD_SECONDS)
            self.journal.write("info", "kept_unfinished", id=r.id, source=r.source)

    # --- decided -------------------------------------------------------------------------------------------------

    def judge(self, records: Sequence[Record]) -> list[Record]:
        """Judge files, stage their answers, commit the verdicts. Out: the files decided."""
        decisions: list[Decision] = []
        judged = {r.id: r for r in records}
        try:
            for r in records:
                decision = self._judge(r)
                if decision is not None:
                    decisions.append(decision)
        finally:
            self.ledger.now_judging("")
        # Two files of one batch may be each other's precedent: those after the first are judged again, with it known.
        first, later = _apart(decisions)
        failed = self._make_durable(first)
        self.troubles.set_aside(failed, records)
        first = [d for d in first if d.id not in failed]
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
        """One file; none when it has to wait, was given back or went to quarantine. Raises OSError when the machine is
        at fault."""
        if r.attempt > 1 or r.ends or r.id in self.troubles.files:
            self._clear_stage(r.id)
        self.ledger.now_judging(r.id)
        try:
            decision = self._answer(r)
            if is_as_claimed(r, self.layout.claimed(r.id)):
                return decision
            self._clear_stage(r.id)
            self.give_back([r])
        except Died as died:
            self.journal.write("error", "judge_died", id=r.id, source=r.source, signal=died.signal, code=died.code)
            self.quarantine(r, "judge_died")
        except OSError as error:
            if error.errno in BLOCK_ERRORS or (error.errno in ROOM_ERRORS and self.troubles.is_too_big(r)):
                self.troubles.set_aside({r.id: error}, [r])
            elif error.errno in MACHINE_ERRORS:
                raise
            elif error.errno == errno.ENOENT and not self._may_be_here(r):
                self._missing(r)
                self.lose(r, QUARANTINED)
            else:
                self._failed(r, error)
        except MemoryError as error:
            r.ends = SUSPICIOUS
            self._failed(r, error)
        except Exception as error:
            self._failed(r, error)
        return None

    def _answer(self, r: Record) -> Decision:
        remote = self.remote.get(r.source, frozenset())
        if r.ends >= SUSPICIOUS:
            return answer_alone(self.answering, r, self.layout, time(), remote)
        return self.answering.answer(r, self.layout, time(), remote)

    def _failed(self, r: Record, error: BaseException) -> None:
        """A fault of ours on this file: again later, a few times, then to quarantine. The others go on."""
        self.figures.add("faults_total", event="judge")
        self.journal.fault("error", "judge_failed", error, id=r.id, source=r.source, attempt=r.attempt)
        if r.attempt >= ATTEMPTS:
            self.quarantine(r, "fault")
        else:
            self.ledger.attempt([r.id])
            self.troubles.hold(r.id, HOLD_SECONDS * r.attempt)

    def _make_durable(self, decisions: Sequence[Decision]) -> dict[str, OSError]:
        """Files and answers, before a verdict is committed. Out: those files that can't be, by id, and why."""
        failed: dict[str, OSError] = {}

        def attempt(thing: tuple[str, Callable[[], object]]) -> None:
            try:
                thing[1]()
            except OSError as error:
                if error.errno not in BLOCK_ERRORS:
                    raise
                failed[thing[0]] = error

        staged, claimed = self.layout.staged, self.layout.claimed
        new = [(d.id, partial(write_durably, staged(d.id, n), data)) for d in decisions for n, data in d.held.items()]
        big = [(d.id, partial(fsync_file, staged(d.id, o.number)))
               for d in decisions for o in d.outputs if o.number not in d.held]
        self.flusher.each(attempt, new)
        self.flusher.each(attempt, big + [(d.id, partial(fsync_file, claimed(d.id))) for d in decisions])
        if decisions:
            self.flusher.folders([self.layout.stage, self.layout.claims])
        return failed

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
