"""Serves one remote source in a thread of its own: connects, again and again, fetches files (``pickup``) and pushes
acknowledgments (``delivery``).
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .delivery import Delivery
from .figures import Figures
from .journal import Journal, kind_of
from .layout import NOTE
from .ledger import SqliteLedger
from .notes import Note, Notebook
from .pickup import Pickup
from .plan import Plan, SourcePlan
from .records import DONE, PUSHING, QUARANTINED, Ledger
from .sftp import Missing, NoInbound, Refused, WrongHostKey, connect
from .waiting import Left

__all__ = ["Carrier", "Retry"]

RESTART_SECONDS = 60.0
ONCE_TRIES, ASKED_SECONDS = 4, 0.1
"""Somebody who asks whether a source is served takes its lock for a moment: that isn't another who serves it."""


class Retry:
    """How long to wait after a failure: full jitter under a ceiling that doubles from 1 s to 5 min; a refused login
    three times, then a quarter of an hour. ``None``: not before somebody has done something."""

    LONGEST, REFUSALS, REFUSED_SECONDS = 300.0, 3, 900.0

    def __init__(self, draw: Callable[[float, float], float] = random.uniform) -> None:
        self._draw = draw
        self.failures = self.refusals = 0

    def success(self) -> None:
        self.failures = self.refusals = 0

    def after(self, error: BaseException) -> float | None:
        """Seconds to wait after this error."""
        if isinstance(error, WrongHostKey):
            return None
        if isinstance(error, Refused):
            self.refusals += 1
            if self.refusals >= self.REFUSALS:
                self.refusals = 0
                return self.REFUSED_SECONDS
        self.failures += 1
        return self._draw(0.0, min(self.LONGEST, 2.0 ** min(self.failures - 1, 9)))


class Carrier(threading.Thread):
    """Serves one remote source until ``stop``, or, with ``once``, until there is nothing left to carry. ``failed``:
    it gave up."""

    def __init__(
        self,
        plan: Plan,
        source: SourcePlan,
        journal: Journal,
        figures: Figures,
        once: bool = False,
        keepalive: float | None = None,
    ) -> None:
        super().__init__(name=f"carrier-{source.name}", daemon=True)
        assert source.remote
        self.plan, self.source, self.remote, self.once = plan, source, source.remote, once
        self.journal, self.figures, self.keepalive = journal, figures, keepalive
        self.stopping = threading.Event()
        self.failed = False
        self.left: list[Left] = []
        """What stayed at the server when it was looked at last."""
        self._lock, self._noted = -1, "?"
        self.retry = Retry()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self.ledger: Ledger
        self.pickup: Pickup
        self.delivery: Delivery
        self.notebook: Notebook

    # --- the thread --------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """End at once: every step may be cut."""
        self.stopping.set()
        if self._loop and self._task:
            try:
                self._loop.call_soon_threadsafe(self._task.cancel)
            except RuntimeError:
                pass  # it has ended

    def run(self) -> None:
        path = self.plan.layout.source_lock(self.source.name)
        lock = self._lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            tries = 1
            while not self._is_ours(lock):
                if (self.once and tries == ONCE_TRIES) or self.stopping.wait(ASKED_SECONDS if self.once else 2.0):
                    return
                tries += 1
            self._note("")
            while not self._served() and not self.stopping.wait(RESTART_SECONDS):
                pass
        finally:
            os.close(lock)

    def _served(self) -> bool:
        """Serve until there is no more to do; false after a fault of ours, to be tried again."""
        try:
            layout = self.plan.layout
            self.ledger = SqliteLedger(layout.ledger, layout.owners, is_hurried=self.stopping.is_set)
            self.pickup = Pickup(self.plan, self.source, self.ledger, self.journal, self.figures)
            self.notebook = Notebook(self.ledger)
            self._leave_note()
            self.delivery = Delivery(self.plan.layout, self.source.name, self.ledger, self.journal, self.figures)
            self.pickup.progressed = self.delivery.progressed = self.retry.success
            try:
                asyncio.run(self._main())
            finally:
                self.pickup.close()
                self.ledger.close()
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self.figures.add("faults_total", event="carrier")
            self.figures.source(self.source.name, False, "fault")
            self._note("fault")
            self.journal.fault("error", "carrier_failed", error, source=self.source.name)
            self.failed = self.once
            return self.once
        return True

    def _note(self, reason: str) -> None:
        """Why this source is down, for ``status``; nothing when it isn't."""
        if reason != self._noted:
            with suppress(OSError):  # a full disk is told elsewhere
                os.pwrite(self._lock, reason[:NOTE].ljust(NOTE).encode(), 0)
                self._noted = reason

    def _leave_note(self) -> None:
        waiting = {self.source.name: {one.reason: one.files for one in self.left}} if self.left else {}
        self.notebook.write(Note(is_carrier=True, waiting=waiting))

    @staticmethod
    def _is_ours(lock: int) -> bool:
        """One process at a time serves a source; the others wait for its end."""
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    async def _main(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        retry = self.retry
        while not self.stopping.is_set():
            try:
                await self._session()
                return
            except (TimeoutError, Exception) as error:
                if not isinstance(error, (OSError, sqlite3.OperationalError)) and not _is_transport(error):
                    raise
                wait = retry.after(error)
                self.figures.add("transport_errors_total", source=self.source.name)
                self.figures.source(self.source.name, False, _reason(error))
                self._note(_reason(error) + _of_machine(error) + (", stopped" if wait is None else ""))
                self.journal.fault(
                    "warn" if wait is not None else "error",
                    "source_down",
                    error,
                    source=self.source.name,
                    reason=_reason(error),
                    wait_seconds=wait,
                )
                if wait is None or (self.once and retry.failures + retry.refusals >= 3):
                    self.failed = True
                    return
                await asyncio.sleep(wait)

    async def _session(self) -> None:
        """One connection, until it ends or there is no more to do."""
        options: dict[str, Any] = {} if self.keepalive is None else {"keepalive": self.keepalive}
        folder = await connect(self.remote, **options)
        self.pickup.look_anew()
        try:
            missing = await folder.lacks()
            if isinstance(missing, NoInbound) or (missing and self.ledger.remote_outputs(self.source.name, 1)):
                raise missing
            self.journal.write("info", "source_up", source=self.source.name)
            while not self.stopping.is_set():
                try:
                    did = bool(self.remote.outbound) and await self.delivery.push(folder)
                    did = await self.pickup.collect(folder) or did
                except Missing as error:
                    raise await folder.lacks() or error from None
                self.retry.success()
                self.figures.source(self.source.name, True)
                self._note("")
                self.left = self.pickup.left
                self._leave_note()
                if self.once and not did and self._is_done():
                    for left in self.left:
                        self.journal.write("warn", "left_waiting", source=self.source.name, **left._asdict())
                    return
                if not did:
                    await asyncio.sleep(self.plan.poll_seconds)
        finally:
            await folder.close()

    def _is_done(self) -> bool:
        over = {DONE, QUARANTINED} | (set() if self.remote.outbound else {PUSHING})
        return self.pickup.is_drained() and not any(
            n
            for (s, state), n in self.ledger.counts().items()
            if s == self.source.name and state not in over
        )


def _is_transport(error: BaseException) -> bool:
    from ..findings import TransportError

    return isinstance(error, TransportError)


def _reason(error: BaseException) -> str:
    """Our own words for an error; nothing of what the other side sent. ``oserror``, ``operationalerror``: it is this
    machine's, its disk or the ledger."""
    return "oserror" if isinstance(error, OSError) else type(error).__name__.lower()


def _of_machine(error: BaseException) -> str:
    """What of this machine hinders, for ``status``: with remote sources alone, no other may meet it."""
    return f", {kind_of(error)}" if isinstance(error, (OSError, sqlite3.OperationalError)) else ""
