"""A report as a person reads it: who sent what, what is refused and why, what needs a look, what was not judged.

Prepares plain values for the templates of ``text``, ``html`` and ``markdown``, which only loop over them. Values that
identify a person are masked here, before any template sees them. What it lists is bounded by the findings that the
report holds; the rest is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..findings import LEVELS, UNKNOWN_EDIT, Finding
from ..model import Party
from ..phrases import counted, day_told, listed
from ..privacy import MASK, masked, unmasked
from ..report import FileReport, Report
from .above_claims import GRAVE, AboveClaims, CommonFault
from .claims_told import ClaimsView, claims_told
from .editions import tables_told
from .finding_told import FindingView, finding_view, money
from .wording import ANSWERS

__all__ = ["FileView", "GroupView", "ReportView", "summarize"]

VERDICTS = {"accepted": "accepted", "partial": "partly accepted", "rejected": "rejected", "unreadable": "not checked"}
IN_PART = "checked in part"
"""Of a file that could not be checked to its end: what could be read has been judged."""
NAMED_CLAIMS = 12
REASONS = 8
SETS_SHOWN = 20
USAGES = {"P": "production", "T": "test", "I": "information"}


@dataclass
class GroupView:
    """Findings of one edit: how many, and in which claims (``numbers``)."""

    edit: str
    name: str
    level: str
    count: int
    numbers: list[str]
    message: str
    along: int = 0
    """Claims that it takes along, where it is of none in particular."""

    @property
    def claims(self) -> str:
        """The first of them."""
        return listed(self.numbers, NAMED_CLAIMS)


@dataclass
class SetView:
    """One line of the envelope: what was answered to interchange, group and set."""

    interchange: str
    date: str
    usage: str
    sender: str
    receiver: str
    ta1: str
    group: str
    version: str
    ak9: str
    number: str
    ik5: str
    reference: str
    claims: int
    submitter: str
    addressee: str


@dataclass
class FileView:
    """One input file."""

    path: str
    disposition: str
    verdict: str
    claims: int
    lines: int
    accepted: int
    review: int
    rejected: int
    charge: str
    accepted_charge: str
    rejected_charge: str
    routes: list[str] = field(default_factory=list)
    sets: list[SetView] = field(default_factory=list)
    hidden_sets: int = 0
    reasons: list[GroupView] = field(default_factory=list)
    doubts: list[GroupView] = field(default_factory=list)
    hidden_reasons: int = 0
    above: list[FindingView] = field(default_factory=list)
    refused: ClaimsView = field(default_factory=ClaimsView)
    doubtful: ClaimsView = field(default_factory=ClaimsView)
    common: AboveClaims = field(init=False, repr=False)
    """What ``above`` tells, and the claims that it hits."""
    remarks: list[GroupView] = field(default_factory=list)
    not_evaluated: list[tuple[str, int, str]] = field(default_factory=list)
    faults: list[tuple[str, int, str]] = field(default_factory=list)
    omitted: int = 0

    @property
    def is_clean(self) -> bool:
        """Nothing refused, nothing to review, nothing that failed."""
        return self.disposition == "accepted" and not (self.review or self.above or self.faults)

    @property
    def is_in_part(self) -> bool:
        """Was only a part of it checked?"""
        return self.verdict == IN_PART

    @property
    def above_title(self) -> str:
        """What stands above the claims, as a heading."""
        if not any(f.level in GRAVE for f in self.above):
            return "Told once for several claims"
        return "Faults above the claims" if self.claims else "What is wrong"

    @property
    def unjudged(self) -> str:
        """The edits that could not be evaluated, for the one line that a clean file gets."""
        return ", ".join(edits for edits, _, _ in self.not_evaluated)

    @property
    def is_long(self) -> bool:
        """So many refused claims that the reasons deserve a table of their own."""
        return self.rejected > 3

    @property
    def taken(self) -> int:
        """Claims that a 277CA would accept: those to review are among them."""
        return self.accepted + self.review


@dataclass
class ReportView:
    """The run."""

    as_of: str
    version: str
    files: list[FileView]
    packs: list[tuple[str, str, str]]
    claims: int
    accepted: int
    review: int
    rejected: int
    tables: str
    """Those used, in one line; ``""`` without any."""
    left_out: str
    """What the settings kept from running, in one line; ``""`` for nothing."""
    example: str
    """Id of an edit that is told, for the hint at the end."""


def summarize(report: Report, *, with_claims: bool = True) -> ReportView:
    """The whole report prepared for a template; ``with_claims`` false leaves ``refused`` and ``doubtful`` empty, for a
    form that reads the claims as it writes them, with all that is said of them."""
    files = [_file(report, f, with_claims) for f in report.files]
    told = [g.edit for level in ("reasons", "doubts", "remarks") for f in files for g in getattr(f, level)]
    return ReportView(
        report.as_of, report.version, files, [(p.id, p.title, p.source) for p in report.packs],
        sum(f.claims for f in files), sum(f.accepted for f in files), sum(f.review for f in files),
        sum(f.rejected for f in files), tables_told(report.tables), ", ".join(report.left_out),
        told[0] if told else "")


def _file(report: Report, file: FileReport, with_claims: bool) -> FileView:
    counts = file.counts
    is_in_part = file.disposition == "unreadable" and counts.claims
    view = FileView(
        file.path, file.disposition, IN_PART if is_in_part else VERDICTS[file.disposition], counts.claims,
        counts.lines, counts.accepted, counts.review, counts.rejected, money(counts.charge),
        money(counts.accepted_charge), money(counts.rejected_charge))
    _envelope(report, file, view)
    view.common = AboveClaims(file, GRAVE if with_claims else LEVELS[:4])
    view.above = [_above(report, file, fault) for fault in view.common.told]
    if with_claims:
        told = claims_told(report, file, view.common)
        view.refused, view.doubtful = told["rejected"], told["review"]
    view.reasons = _grouped(report, file, view.common, ("reject",))
    view.hidden_reasons = max(0, len(view.reasons) - REASONS)
    view.reasons = view.reasons[:REASONS]
    view.doubts = _grouped(report, file, view.common, ("review",))
    view.remarks = _grouped(report, file, view.common, ("warn", "note"))
    view.not_evaluated = _not_evaluated(file)
    view.faults = [(f.edit, f.claim, f.error) for f in file.faults]
    view.omitted = sum(file.omitted.values())
    return view


def _above(report: Report, file: FileReport, fault: CommonFault) -> FindingView:
    shown = finding_view(report, file, fault.finding)
    if fault.claims and fault.is_referred_to:
        is_reject = fault.finding.level == "reject"
        shown.message += (f" It takes {counted(fault.claims, 'claim')} with it." if is_reject else
                          f" It concerns {counted(fault.claims, 'claim')}.")
    return shown


def _grouped(report: Report, file: FileReport, common: AboveClaims, levels: tuple[str, ...]) -> list[GroupView]:
    """Findings of these levels by edit, the gravest level first, then the most frequent."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in file.findings:
        if finding.level in levels:
            groups.setdefault((finding.level, finding.edit), []).append(finding)
    told = unmasked if report.show_values else masked
    views = []
    for (level, edit), found in groups.items():
        numbers = dict.fromkeys((f.claim, f.claim_number) for f in found if f.claim)
        name = report.edits.get(edit, UNKNOWN_EDIT).name
        count = len(found) + (file.omitted.get(edit, 0) if level == found[-1].level else 0)
        views.append(GroupView(edit, name, level, count, [n or f"claim {index}" for index, n in numbers],
                               told(found[0].message)))
    for group in views:
        group.along = 0 if group.numbers else sum(f.claims for f in common.told if f.finding.edit == group.edit)
    views.sort(key=lambda g: (LEVELS.index(g.level), -g.count, g.edit))
    return views


def _not_evaluated(file: FileReport) -> list[tuple[str, int, str]]:
    """(edits, claims, why), edits with the same reason and number of claims put together."""
    reasons: dict[tuple[int, str], list[str]] = {}
    for edit, claims, why in file.not_evaluated:
        reasons.setdefault((claims, why), []).append(edit)
    return [(", ".join(edits), claims, why) for (claims, why), edits in reasons.items()]


def _envelope(report: Report, file: FileReport, view: FileView) -> None:
    """Who sent what to whom, and what was answered: a line for each set, and for a group or interchange without one."""
    results = file.results
    rows: list[SetView] = []
    for i in file.interchanges:
        sender, receiver = (f"{q.strip()}:{v.strip()}" for q, v in (
            (i.sender_qualifier, i.sender), (i.receiver_qualifier, i.receiver)))
        date, usage = day_told(i.date), USAGES.get(i.usage, i.usage)
        head = (i.control_number.strip(), date, usage, sender, receiver, ANSWERS.get(results.ta1.get(i.index, ""), ""))
        before = len(rows)
        for g in i.groups:
            group = (g.control_number, g.version, ANSWERS.get(results.ak9.get(g.index, ""), ""))
            rows += [
                SetView(*head, *group, s.control_number, ANSWERS.get(results.ik5.get(s.index, ""), ""), s.reference,
                        s.claims, _party(report, s.submitter), _party(report, s.receiver)) for s in g.sets
            ] or [SetView(*head, *group, "", "", "", 0, "", "")]
        if len(rows) == before:
            rows.append(SetView(*head, "", "", "", "", "", "", 0, "", ""))
    routes = dict.fromkeys(
        f"{_named(r.submitter, r.sender)} to {_named(r.addressee, r.receiver)}, {r.date}, {r.usage}" for r in rows)
    view.routes = list(routes)[:SETS_SHOWN]
    view.sets, view.hidden_sets = rows[:SETS_SHOWN], max(0, len(rows) - SETS_SHOWN)


def _named(name: str, identity: str) -> str:
    return f"{name} ({identity})" if name else identity


def _party(report: Report, party: Party | None) -> str:
    if party is None:
        return ""
    return MASK if party.is_person and party.name and not report.show_values else party.name.strip()
