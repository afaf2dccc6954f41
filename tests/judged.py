"""Judge bytes, and hold the report to what is true of every report, whatever the bytes are."""

from __future__ import annotations

import datetime
import io
import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import edi_check
from edi_check.findings import LEVELS
from edi_check.report import FileReport, Report

AS_OF = datetime.date(2026, 11, 1)


def judged(data: bytes, *, is_rendered: bool = False, **options: Any) -> Report:
    """The report of these bytes.

    No fault of ours, no exit code but 0, 1 and 3; counts that add up; each finding with a sentence, a remedy and a
    place; a file that is not wholly accepted has a finding that says why. ``is_rendered``: the reports can be written.
    """
    report = edi_check.check(data, as_of=AS_OF, **options)
    (file,) = report.files
    assert file.faults == [], file.faults
    assert report.exit_code in (0, 1, 3)
    counts = file.counts
    assert counts.claims == counts.accepted + counts.review + counts.rejected
    assert file.bytes == len(data)
    if file.disposition != "accepted" or report.exit_code:
        assert any(f.level in ("reject", "review") for f in file.findings), "refused without a reason"
    for finding in file.findings:
        assert finding.level in LEVELS
        assert finding.message.endswith((".", "?", "”", ")")) and len(finding.message) < 600, finding.message
        assert finding.fix or report.edits[finding.edit].fix, f"{finding.edit} without a remedy"
        where = finding.where
        assert where.segment >= 1 and 0 <= where.offset <= len(data), where
        assert 0 <= finding.claim <= counts.claims
    if is_rendered:
        rendered(report)
    return report


def rendered(report: Report) -> dict[str, Any]:
    """The JSON report as plain values; the text report is made too."""
    edi_check.render(report, "text")
    out = edi_check.render(report, "json")
    text = out.getvalue() if isinstance(out, io.StringIO) else out
    return json.loads(text)  # type: ignore[no-any-return]


def only_file(report: Report) -> FileReport:
    (file,) = report.files
    return file


def edits_of(report: Report) -> set[str]:
    """Ids of the edits that fired."""
    return {f.edit for f in only_file(report).findings}


def lines_run(work: Callable[[], Any]) -> int:
    """Lines of Python that the work runs, loops within a line counted each time: a clock would measure the machine."""
    count = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count
