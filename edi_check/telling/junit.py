"""Claims as tests in JUnit's XML, for CI: a suite for each file, a test for each claim, and one for what is above the
claims.

A claim that is accepted passes, one that is rejected fails. A finding below *reject* fails its claim where
``fail_on`` says so; with ``fail_on`` *never* nothing fails, and rejected claims are skipped tests. What could not be
checked, and faults of ours, are errors. Written by junitparser (extra ``[junit]``), imported by whoever asks for it;
only attributes that Jenkins's own schema has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import TextIO

from junitparser import Error, Failure, Skipped
from junitparser.xunit2 import JUnitXml, TestCase, TestSuite

from ..findings import LEVELS, UNKNOWN_EDIT, Finding, is_at_least
from ..phrases import counted
from ..privacy import masked, unmasked
from ..report import ClaimResult, FileReport, Report
from .finding_told import codes_told
from .spots import spot_of
from .visible import visible

__all__ = ["write_junit"]

ABOVE = "file and envelope"
MOST_ABOVE = 5
"""Faults above a claim that its test tells, too; all of them are in the test ``ABOVE``."""


def write_junit(report: Report, out: TextIO) -> None:
    """The whole report. Values that identify a person are masked unless it shows them. The tests are held in memory:
    about 1 KiB a claim."""
    xml = JUnitXml("edi-check")
    for file in report.files:
        suite = TestSuite(visible(file.path))
        suite.add_property("as_of", report.as_of)
        suite.add_property("disposition", file.disposition)
        suite.add_testcases(list(_tests(report, file)))
        xml.append(suite)
    xml.update_statistics()
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring().decode("utf-8") + "\n")


def _tests(report: Report, file: FileReport) -> Iterator[TestCase]:
    own: dict[int, list[Finding]] = {}
    for finding in file.findings:
        own.setdefault(finding.claim, []).append(finding)
    yield _above(report, file, own.get(0, []))
    failed = {fault.claim: fault for fault in file.faults}
    above = _by_place(own.get(0, []))
    for claim in file.claims() if file.counts.claims else ():
        test = TestCase(f"{visible(claim.number) or '(no number)'} (claim {claim.index})", visible(file.path))
        found = sorted(own.get(claim.index, ()), key=lambda f: LEVELS.index(f.level))
        if claim.index in failed:
            fault = failed[claim.index]
            test.result = Error(f"Our check {fault.edit} failed on this claim; it rejected nothing.", fault.edit)
        else:
            more = 0
            if claim.disposition == "rejected" and not (found and found[0].level == "reject"):
                lists = [above.get(place, []) for place in _places(claim)]
                taken = list(islice(chain(*lists), MOST_ABOVE))
                found, more = taken + found, sum(map(len, lists)) - len(taken)
            _judge(test, report, file, claim, found, more)
        yield test


Place = tuple[str, int]
"""A scope of findings above claims, and its number in the file."""


def _by_place(found: Sequence[Finding]) -> dict[Place, list[Finding]]:
    """What rejects the claims under it, by the place it takes them at."""
    places: dict[Place, list[Finding]] = {}
    for f in found:
        if f.level == "reject":
            places.setdefault((f.scope, f.scope_number), []).append(f)
    return places


def _places(claim: ClaimResult) -> tuple[Place, ...]:
    """Where a claim stands, the nearest first."""
    return (("patient", claim.levels[6] if len(claim.levels) > 6 else 0), ("subscriber", claim.subscriber),
            ("provider", claim.provider), ("set", claim.set_index), ("group", claim.group),
            ("interchange", claim.interchange))


def _above(report: Report, file: FileReport, found: Sequence[Finding]) -> TestCase:
    """The test of what stands above the claims: interchange, group, set, subscribers."""
    test = TestCase(ABOVE, visible(file.path))
    found = sorted(found, key=lambda f: LEVELS.index(f.level))
    counting = [f for f in found if is_at_least(f.level, report.fail_on)]
    if file.disposition == "unreadable":
        test.result = _told(Error, report, file, found, "The file could not be checked.")
    elif counting:
        test.result = _told(Failure, report, file, found)
    elif found:
        test.system_out = _text(report, file, found)
    return test


def _judge(test: TestCase, report: Report, file: FileReport, claim: ClaimResult, found: Sequence[Finding],
           more: int) -> None:
    """``more`` further faults stand above it."""
    if claim.disposition == "rejected" and report.fail_on == "never":
        test.result = _told(Skipped, report, file, found, "Rejected (fail_on is never).", more)
    elif claim.disposition == "rejected":
        otherwise = "Rejected with what stands above it, or for a finding that is not listed."
        test.result = _told(Failure, report, file, found, otherwise, more)
    elif any(is_at_least(f.level, report.fail_on) for f in found):
        test.result = _told(Failure, report, file, found)
    elif found:
        test.system_out = _text(report, file, found)


def _told(kind: type[Failure | Error | Skipped], report: Report, file: FileReport, found: Sequence[Finding],
          otherwise: str = "", more: int = 0) -> Failure | Error | Skipped:
    """The outcome: the gravest finding as its message, all of them as its text."""
    says = visible(_shown(report, found[0].message)) if found else otherwise
    result = kind(says, found[0].edit if found else "rejected")
    result.text = _text(report, file, found) or otherwise
    if more:
        result.text += f"\nand {counted(more, 'further fault')} above the claim, in the test “{ABOVE}”"
    return result


def _shown(report: Report, text: str) -> str:
    return unmasked(text) if report.show_values else masked(text)


def _text(report: Report, file: FileReport, found: Sequence[Finding]) -> str:
    """Findings as CI shows them: what, where, the segment, what to do."""
    lines: list[str] = []
    for finding in found:
        edit = report.edits.get(finding.edit, UNKNOWN_EDIT)
        where = finding.where
        place = " ".join(p for p in (where.loop, where.element or where.segment_id) if p)
        code = next((words if said in ("TA1", "999") else said for said, words in codes_told(finding)), "")
        lines.append(" ".join(p for p in (finding.level.upper(), finding.edit, edit.name) if p)
                     + (f", line {finding.line}" if finding.line else "") + (f" ({code})" if code else ""))
        lines.append("  " + visible(_shown(report, finding.message)))
        spot = spot_of(file, finding, report.show_values)
        if spot:
            lines += ["  | " + spot.shown] + (["  | " + spot.pointer] if spot.pointer else [])
        lines.append("  Fix: " + visible(_shown(report, finding.fix or edit.fix)))
        if where.line:
            at = f"{file.path}:{where.line}:{where.column}"
            lines.append("  Where: " + visible(", ".join(p for p in (place, f"segment {where.segment}", at) if p)))
    return "\n".join(lines)
