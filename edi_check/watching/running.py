"""A watcher as a process: signals, workers, probes and figures around ``Service``."""

from __future__ import annotations

import _thread
import os
import signal
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import replace

from .. import __version__
from ..findings import EdiCheckError
from .disk import ROOM_ERRORS
from .figures import Figures
from .journal import Journal
from .layout import LayoutError
from .operations import Answerer, ListenError, TextFile, notify
from .plan import Plan
from .service import Service
from .workers import Workers, hand_on, stop_with_parent

__all__ = ["GaveUp", "run", "stop_soon"]

INCOMPLETE, FAULT = 3, 70
"""Exit codes of ``--once``: when a source could not be served, a file not be read, or the machine hindered; when a
fault of ours put a file into quarantine, unanswered."""
ONCE_SECONDS = 2.0
"""``--once`` pauses no longer between two looks: nobody waits for the next file, and how long one must be still is a
matter of ``settle_seconds``."""


class GaveUp(EdiCheckError):
    """``--once`` was hindered again and again: by what, and where."""


def run(
    plan: Plan, journal: Journal, *, once: bool, textfile: str, is_worker: bool, worker_command: Sequence[str]
) -> int:
    """Work until told to stop, or with ``once`` until all is done. Out: the exit code. Raises LayoutError, LedgerError,
    ListenError before anything is taken; LedgerError, too, when another ledger takes the place of ours; GaveUp."""
    if once:
        plan = replace(plan, poll_seconds=min(plan.poll_seconds, ONCE_SECONDS))
    figures = Figures()
    service = _service(plan, journal, figures, is_worker)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores it for us
            signal.signal(number, lambda n, frame: stop_soon(service))
    journal.write("info", "started", version=__version__, workers=plan.workers)
    service.answering.make_ready()
    if is_worker:
        stop_with_parent(service.stop)
    workers = Workers(worker_command, 0 if once or is_worker else plan.workers - 1, journal, figures)
    try:
        written = TextFile(figures, textfile) if textfile and not is_worker else None
        answerer = Answerer(figures, plan.listen) if plan.listen and not is_worker else None
    except (LayoutError, ListenError):
        service.close()
        raise
    state = {"is_told": False}

    def each_round() -> None:
        workers.tick()
        if is_worker:
            hand_on(figures)
        if written:
            written.tick()
        if figures.is_started and not state["is_told"]:
            state["is_told"] = True
            notify("READY=1", f"MAINPID={os.getpid()}")
        if "WATCHDOG_USEC" in os.environ:
            notify("WATCHDOG=1")

    service.each_round = each_round
    gave_up = ""
    try:
        service.run(once)
        code = _code(service) if once else 0
    except (OSError, sqlite3.OperationalError) as error:
        if not once:
            raise
        gave_up, code = _told(error), INCOMPLETE
    finally:
        notify("STOPPING=1")
        workers.stop()
        service.close()
        if is_worker:
            hand_on(figures)
        if written:
            written.tick(is_last=True)
        if answerer:
            answerer.close()
    journal.write("info", "ended", code=code)
    if gave_up:
        raise GaveUp(f"{gave_up}. Not all was done; mend that, and the next run goes on")
    return code


def _code(service: Service) -> int:
    if service.steps.unanswered - {"lost"}:
        return FAULT
    is_incomplete = service.figures.down or service.has_left or any(c.failed for c in service.carriers)
    is_incomplete = is_incomplete or "lost" in service.steps.unanswered
    return INCOMPLETE if is_incomplete else 0


def _service(plan: Plan, journal: Journal, figures: Figures, is_worker: bool) -> Service:
    try:
        return Service(plan, journal, figures, is_main=not is_worker)
    except OSError as error:
        raise LayoutError(f"{_told(error)}; see that this user may write there") from None


def _told(error: Exception) -> str:
    """What hinders, and where: the folder, because a dropped file's name tells whose it is."""
    if not isinstance(error, OSError):
        return f"the ledger: {error}"
    where = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else ""
    where = where if os.path.isdir(where) else os.path.dirname(where)
    if error.errno in ROOM_ERRORS and not where:
        return f"{error.strerror}: in the root, or for temporary files in {tempfile.gettempdir()} (TMPDIR)"
    return f"{where}: {error.strerror}" if where else str(error.strerror)


def stop_soon(service: Service) -> None:
    """For a signal's handler, which runs in the middle of anything: a lock that it waited for might be one that the
    thread it interrupted holds. So another thread does it."""
    _thread.start_new_thread(service.stop, ())
