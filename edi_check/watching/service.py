"""The loop: look at the sources, take what is ready, judge it, answer it, put it away; pause when the machine fails.

One service does one thing after the other, in batches, because one commit for 100 files costs as much as one for a
single file. Several services (``workers``, or several hosts' worth of them on one host) share the folders through the
ledger. Remote sources have carriers of their own (``carrier``), so that a peer that hangs stops nobody else.
"""

from __future__ import annotations

import errno
import os
import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from time import monotonic, time
from typing import Any

from .answering import Answering
from .arrivals import Arrivals, local_folders
from .disk import blamed, is_ours_to_fix
from .figures import Figures
from .journal import Journal, kind_of
from .ledger import SqliteLedger
from .machine import Machine
from .notes import Note, Notebook
from .plan import PUSHED, Plan
from .records import CLAIMED, DECIDED, FETCHED, PUBLISHED, RETURNING, Ledger, OwnershipLost, Record
from .steps import SUSPICIOUS, Steps
from .stranded import stranded
from .troubles import Troubles

__all__ = ["Service"]

BATCH_FILES = 128
BATCH_SECONDS = 1.0
"""A batch grows to 128 files while it takes less than this."""
REAP_SECONDS = 5.0
SUSPECTS_SECONDS = 30.0
LONGEST_PAUSE = 30.0
SUMMARY_SECONDS = 5.0


class Service:
    """One watcher. ``run`` returns when ``stop`` was called (a batch in hand is finished) or, with ``once``, when
    nothing is left to do. It raises LedgerError when somebody put another ledger in the place of ours."""

    def __init__(
        self,
        plan: Plan,
        journal: Journal | None = None,
        figures: Figures | None = None,
        answering: Callable[[SqliteLedger], Answering] | None = None,
        is_main: bool = True,
    ) -> None:
        self.plan, self.journal, self.figures = plan, journal or Journal(), figures or Figures()
        self.is_main = is_main
        self.stopping = threading.Event()
        plan.layout.prepare([f for s in plan.sources if not s.remote for f in (s.inbound, s.outbound)])
        plan.layout.refuse_lost_ledger()
        self.ledger: Ledger = SqliteLedger(
            plan.layout.ledger, plan.layout.owners, is_hurried=self.stopping.is_set
        )
        self.answering = (
            answering(self.ledger) if answering else Answering(plan.policy, self.ledger.lease_numbers, self._ask)
        )
        folders = local_folders(plan, self.figures.beat)
        self.machine = Machine(plan.layout.work, self.ledger)
        self.troubles = Troubles(plan.layout, folders, self.journal, self.figures, self.machine.is_well)
        self.arrivals = Arrivals(plan, folders, self.ledger, self.troubles, self.stopping)
        self.steps = Steps(
            plan.layout,
            self.ledger,
            self.answering,
            folders,
            troubles=self.troubles,
            window_seconds=plan.isa_window_seconds,
            remote={s.name: PUSHED for s in plan.sources if s.remote and s.remote.outbound},
        )
        self.steps.refused = self.arrivals.refused
        self.answering.progress = lambda taken, claims: self.figures.beat()
        self.carriers: list[Any] = []
        self._remote = [s.name for s in plan.sources if s.remote]
        """What was fetched from others isn't judged: it would be answered where its partner never looks."""
        self._stranded: dict[str, int] = {}
        self._notebook, self._note = Notebook(self.ledger), Note()
        self.each_round: Callable[[], None] = lambda: None
        self._batch = 8
        self._reaped = self._summed = -1e9
        self._suspected = monotonic()

    def _ask(self, digest: str, keys: Sequence[str], origin: str) -> Any:
        return self.ledger.precedent(digest, keys, origin, time() - self.plan.isa_window_seconds)

    # --- the loop ------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Take nothing more; finish what is in hand, unless somebody has the ledger locked: then leave it to the next
        start. Not for a signal's handler, which runs in the middle of anything: an event's lock may be taken."""
        self.figures.is_stopping = True
        self.stopping.set()

    def run(self, once: bool = False) -> None:
        """Work until told to stop."""
        pause, pauses = 0.0, 0
        self._start_carriers(once)
        while not self.stopping.is_set():
            self.figures.beat()
            self.each_round()
            try:
                self.ledger.refuse_replaced()
                if pause:
                    self.machine.try_out()
                did = self._cycle()
            except OwnershipLost:
                self.journal.write("warn", "ownership_lost")
                self.arrivals.look_again()
                continue
            except (OSError, sqlite3.OperationalError) as error:
                self.arrivals.look_again()
                pause, pauses = min(LONGEST_PAUSE, pause * 2 or 1.0), pauses + 1
                folder = blamed(error) if isinstance(error, OSError) else ""
                self._leave_note(kind_of(error), folder or str(getattr(error, "holder", "")))
                self._pause(error, 0.0 if self.stopping.is_set() else pause, folder)
                if once and pauses >= 3:
                    raise
                self.stopping.wait(random.uniform(pause / 2, pause))  # noqa: S311 - no secret
                continue
            if pause:
                self._resume()
            pause, pauses = 0.0, 0
            self._leave_note("")
            self.figures.is_started = True
            if did:
                self.arrivals.look_again()
            elif once and self._is_drained():
                self._tell_left()
                break
            if not did:
                self.stopping.wait(min(self.plan.poll_seconds, 0.5) or 0.01)
        for carrier in self.carriers:
            carrier.stop()
        for carrier in self.carriers:
            carrier.join()

    def _leave_note(self, paused: str, where: str = "") -> None:
        """For ``status``."""
        local = {w.folder.name for w in self.arrivals.waiting}
        self._note.paused, self._note.where = paused, where
        self._note.down = {name: why for name, why in self.figures.reasons.items() if name in local}
        self._note.set_aside = dict(Counter(self.troubles.files.values()))
        self._notebook.write(self._note)

    @property
    def has_left(self) -> bool:
        """Is there a file that could not be read, moved or written, or whose source is gone?"""
        carried = (left for carrier in self.carriers for left in carrier.left)
        left = {reason for reasons in self.arrivals.left.values() for reason in reasons}
        return bool(self.troubles.files or self._stranded) or "unreadable" in left.union(one.reason for one in carried)

    def close(self) -> None:
        """After ``run``: let others have what is not finished."""
        self.steps.flusher.close()
        if self.is_main:
            self._notebook.keep(self.plan.layout.last_note)
        self.ledger.close()

    def _start_carriers(self, once: bool) -> None:
        remote = [s for s in self.plan.sources if s.remote]
        if remote and self.is_main:
            from .carrier import Carrier

            self.carriers = [Carrier(self.plan, s, self.journal, self.figures, once) for s in remote]
            for carrier in self.carriers:
                carrier.start()

    def _cycle(self) -> bool:
        """One round. Out: was there anything to do?"""
        if monotonic() - self._reaped > REAP_SECONDS:
            self._reaped = monotonic()
            gone = self.ledger.reap()
            if gone:
                self.journal.write("warn", "took_over", owners=gone)
                self.steps.sweep()
        did = self._catch_up()
        self.arrivals.scan()
        suspects, records = self._open_files()
        if len(records) < self._batch and self._has_room():
            records += self.steps.claim(self.arrivals.choose(self._batch - len(records)))
        others = records or self.arrivals.may_settle
        if suspects and (not others or monotonic() - self._suspected > SUSPECTS_SECONDS):
            self._suspected = monotonic()
            self._work(suspects[:1])
            did = True
        if records:
            self._work(records)
            did = True
        self._sum_up()
        return did

    def _catch_up(self) -> bool:
        """What an interruption, or a carrier, left between two steps."""
        steps = self.steps
        now = monotonic()
        down = self.troubles.down
        away = {source for source, until in down.items() if until > now}
        returning = self._adopted([RETURNING], BATCH_FILES, is_remote=False, without=away)
        if returning:
            steps.give_back(returning)
        decided = self._adopted([DECIDED], BATCH_FILES, without=away)
        steps.finish(steps.publish(decided))
        published = self._adopted([PUBLISHED], BATCH_FILES)
        if published:
            steps.finish(published)
        for source, until in list(down.items()):
            if until <= now:  # and it wasn't in trouble again; whether it is up its next scan says
                del down[source]
        return bool(returning or decided or published)

    def _adopted(self, states: Sequence[str], limit: int, **which: Any) -> list[Record]:
        """Files in these states that may be looked at now: those left alone for a while keep nobody out."""
        found = self.ledger.adopt(states, limit + len(self.troubles.aside), **which)
        return self.troubles.unheld(found)[:limit]

    def _open_files(self) -> tuple[list[Record], list[Record]]:
        """Files that were taken and not judged: those that whole services ended on, and the others. The first are
        judged in processes of their own, which takes seconds: one at a time, when nothing else is there, or now and
        then."""
        found = self._adopted([CLAIMED, FETCHED], self._batch, is_remote=False, without=self.troubles.down)
        if self._remote:
            found += self._adopted([FETCHED], self._batch, is_remote=True, sources=self._remote)
        suspects = [r for r in found if r.ends >= SUSPICIOUS]
        return suspects, [r for r in found if r.ends < SUSPICIOUS]

    def _work(self, records: Sequence[Record]) -> None:
        began = monotonic()
        steps = self.steps
        steps.finish(steps.publish(steps.judge(steps.take(records))))
        took = monotonic() - began
        if took > 2 * BATCH_SECONDS:
            self._batch = max(1, self._batch // 2)
        elif took < BATCH_SECONDS and len(records) == self._batch:
            self._batch = min(BATCH_FILES, self._batch * 2)

    # --- the machine ---------------------------------------------------------------------------------------------

    def _has_room(self) -> bool:
        """Is there disk for more? What was taken is finished in any case."""
        s = os.statvfs(self.plan.layout.work)
        if s.f_bavail * s.f_frsize >= self.plan.min_free_bytes:
            return True
        raise OSError(errno.ENOSPC, "less is free than min_free_megabytes", os.path.join(self.plan.layout.work, ""))

    def _pause(self, error: Exception, seconds: float, folder: str) -> None:
        if isinstance(error, OSError) and not is_ours_to_fix(error):
            self.figures.add("faults_total", event="loop")
        if not self.figures.is_paused:
            self.figures.add("pauses_total")
        self.figures.is_paused = True
        self.figures.put("paused", 1)
        self.journal.fault("error", "paused", error, wait_seconds=seconds or None, folder=folder)

    def _resume(self) -> None:
        self.figures.is_paused = False
        self.figures.put("paused", 0)
        self.journal.write("info", "resumed")

    # --- figures -------------------------------------------------------------------------------------------------

    def _is_drained(self) -> bool:
        """Nothing open, nothing that only has to settle, carriers done. What these left lies at a server, and is the
        next run's."""
        if not self.arrivals.are_drained or any(carrier.is_alive() for carrier in self.carriers):
            return False
        most, down = 1 + len(self.troubles.aside), self.troubles.down
        found = self.ledger.adopt([DECIDED, PUBLISHED], most, without=down)
        found += self.ledger.adopt([CLAIMED, FETCHED, RETURNING], most, is_remote=False, without=down)
        found += self.ledger.adopt([FETCHED], most, is_remote=True, sources=self._remote)
        return all(map(self.troubles.is_given_up, found))

    def _tell_left(self) -> None:
        """What stays after ``--once``, in the folders and in work."""
        self._tell_stranded()
        self.arrivals.tell_left()
        for source, files in self._note.set_aside.items():
            self.journal.write("warn", "left_waiting", source=source, reason="set_aside", files=files)

    def _tell_stranded(self) -> None:
        """Files whose remote source isn't in the settings any more: told once of each source."""
        if self.is_main:
            found = stranded(self.plan, self.ledger)
            for source in found.keys() - self._stranded.keys():
                self.journal.write("error", "no_source", source=source, files=found[source])
            self._stranded = found

    def _sum_up(self) -> None:
        if monotonic() - self._summed < SUMMARY_SECONDS:
            return
        self._summed = monotonic()
        self.arrivals.sum_up(self._note.set_aside)
        self._note.waiting = self.arrivals.left
        self._tell_stranded()
        for state, count in self.ledger.open_counts().items():
            self.figures.put("files_open", count, state=state)
