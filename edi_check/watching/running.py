"""A watcher as a process: signals, workers, probes and figures around ``Service``."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from .. import __version__
from .figures import Figures
from .journal import Journal
from .operations import Answerer, TextFile, notify
from .plan import Plan
from .service import Service
from .workers import Workers, stop_with_parent

__all__ = ["run"]

INCOMPLETE = 3
"""Exit code of ``--once`` when a source could not be served."""


def run(
    plan: Plan, journal: Journal, *, once: bool, textfile: str, is_worker: bool, worker_command: Sequence[str]
) -> int:
    """Work until told to stop, or with ``once`` until all is done. Out: the exit code."""
    figures = Figures()
    service = Service(plan, journal, figures, is_main=not is_worker)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores it for us
            signal.signal(number, lambda n, frame: _stop(service, journal, n))
    journal.write("info", "started", version=__version__, workers=plan.workers)
    service.answering.make_ready()
    if is_worker:
        stop_with_parent(service.stop)
    workers = Workers(worker_command, 0 if once or is_worker else plan.workers - 1, journal)
    answerer = Answerer(figures, plan.listen) if plan.listen and not is_worker else None
    written = TextFile(figures, textfile) if textfile and not is_worker else None
    state = {"is_told": False}

    def each_round() -> None:
        workers.tick()
        if written:
            written.tick()
        if figures.is_started and not state["is_told"]:
            state["is_told"] = True
            notify("READY=1", f"MAINPID={os.getpid()}")
        if "WATCHDOG_USEC" in os.environ:
            notify("WATCHDOG=1")

    service.each_round = each_round
    try:
        service.run(once)
        code = INCOMPLETE if once and (figures.down or any(c.failed for c in service.carriers)) else 0
    finally:
        notify("STOPPING=1")
        workers.stop()
        service.close()
        if written:
            written.tick(is_last=True)
        if answerer:
            answerer.close()
    journal.write("info", "ended", code=code)
    return code


def _stop(service: Service, journal: Journal, number: int) -> None:
    # Nothing is written here that takes a lock: the handler runs in the middle of anything.
    service.stop()
