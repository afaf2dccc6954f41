"""One run of the pipeline over the inputs of the command line, with a progress bar on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from time import monotonic
from typing import Any

from ..configuration import Configuration
from ..findings import Finding, Where
from ..pipeline import check
from ..report import FileReport, Report
from .chosen_tables import chosen_tables
from .inputs import STDIN, Input, Unread
from .outputs import refuse_no_room
from .progress import Bar, shown
from .session import Session

__all__ = ["run"]


def run(inputs: Sequence[Input], unread: Sequence[Unread], settings: Configuration, session: Session) -> Report:
    """The report of all inputs, in their order. ``unread`` are folders that gave nothing: each is in the report as
    unreadable, so that the exit code is 3 and says why."""
    started = monotonic()
    with refuse_no_room(), shown(inputs, settings.get("progress") and session.verbosity >= 0, Bar) as bar:
        sources = [sys.stdin.buffer if one.path == STDIN else one.path for one in inputs]
        report = check(sources, **arguments(settings), tables=chosen_tables(settings, session), progress=bar)
    _tell_figures(report, monotonic() - started, session)
    report.files.extend(map(_nothing_in, unread))
    return report


def arguments(settings: Configuration) -> dict[str, Any]:
    """The settings as the options of ``edi_check.check``."""
    packs = () if settings.get("no_packs") else tuple(settings.get("pack")) or None
    return {
        "packs": packs,
        "as_of": settings.get("as_of") or None,
        "levels": settings.plain("levels"),
        "settings": settings.pack_settings(),
        "payers": settings.plain("payers"),
        "limits": settings.plain("limits"),
        **{name: settings.get(name) for name in ("jobs", "lob", "snip", "strict", "fail_on", "max_findings",
                                                 "show_values")},
    }


def _tell_figures(report: Report, seconds: float, session: Session) -> None:
    """What ``-v`` says of the run."""
    for file in report.files:
        counts = file.counts
        slow = file.slow_but_clean
        rare = f", {slow:,} of them valid in a form that takes longer to read" if slow else ""
        session.tell(f"{file.path}: {counts.claims:,} claims, {counts.segments:,} segments{rare}", level=1)
    claims = sum(file.counts.claims for file in report.files)
    session.tell(f"{claims:,} claims in {seconds:.2f} s, {claims / seconds:,.0f}/s, reports not counted", level=1)


def _nothing_in(unread: Unread) -> FileReport:
    report = FileReport(path=unread.folder, disposition="unreadable")
    report.findings.append(Finding("CORE-FILE-01", unread.says, Where(), level="reject", fix=unread.fix, scope="file"))
    report.counts.findings["reject"] = 1
    return report
