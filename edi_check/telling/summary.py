"""A report as a person reads it: who sent what, what is refused and why, what needs a look, what was not judged.

Prepares plain values for the templates of ``text``, ``html`` and ``markdown``, which only loop over them. Values that
identify a person are masked here, before any template sees them. What it lists is bounded by the findings that the
report holds; the rest is counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from ..findings import LEVELS, UNKNOWN_EDIT, Finding, Related, Status
from ..model import Party
from ..phrases import counted, day_told
from ..privacy import MASK, masked, unmasked
from ..report import ClaimResult, FileReport, Report
from .dispositions import is_guide_fault
from .editions import tables_told
from .spots import Spot, spot_of
from .wording import ANSWERS, LEVEL_WORDS, status_code, status_words

__all__ = ["ClaimView", "FileView", "FindingView", "GroupView", "ReportView", "finding_view", "money",
           "provider_name", "summarize"]

VERDICTS = {"accepted": "accepted", "partial": "partly accepted", "rejected": "rejected", "unreadable": "not checked"}
NAMED_CLAIMS = 4
NAMED_ALONG = 12
REASONS = 8
SETS_SHOWN = 20
USAGES = {"P": "production", "T": "test", "I": "information"}
ENVELOPE_CODES = {"TA1": ("TA1", "TA105"), "AK9": ("999", "AK905"), "IK5": ("999", "IK502")}
SYNTAX = Status("A3", ("684",))


@dataclass
class FindingView:
    """One finding. ``codes`` pairs of code and meaning; ``place`` loop and designator, ``position`` where to look,
    ``spot`` the segment, masked; ``None`` when there is none to show."""

    edit: str
    name: str
    level: str
    message: str
    fix: str
    line: int
    place: str
    position: str
    codes: list[tuple[str, str]]
    related: str
    source: str
    spot: Spot | None = None

    @property
    def level_told(self) -> str:
        """In a word, for who can't see the colour: what refuses a claim stands beside what doesn't."""
        return LEVEL_WORDS[self.level]


@dataclass
class ClaimView:
    """A claim with what is said of it. ``provider`` is the billing provider."""

    index: int
    number: str
    charge: str
    provider: str
    payer_id: str
    disposition: str
    findings: list[FindingView]


@dataclass
class GroupView:
    """Findings of one edit: how many, and in which claims (the first few)."""

    edit: str
    name: str
    level: str
    count: int
    claims: str
    message: str


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
    refused: list[ClaimView] = field(default_factory=list)
    along: str = ""
    """Claims that are refused with what is above them and for nothing of their own: how many, and the first few."""
    hidden_refused: int = 0
    doubtful: list[ClaimView] = field(default_factory=list)
    hidden_doubtful: int = 0
    remarks: list[GroupView] = field(default_factory=list)
    not_evaluated: list[tuple[str, int, str]] = field(default_factory=list)
    faults: list[tuple[str, int, str]] = field(default_factory=list)
    omitted: int = 0

    @property
    def is_clean(self) -> bool:
        """Nothing refused, nothing to review, nothing that failed."""
        return self.disposition == "accepted" and not (self.review or self.above or self.faults)

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
    example: str
    """Id of an edit that is told, for the hint at the end."""


def summarize(report: Report, *, with_claims: bool = True) -> ReportView:
    """The whole report prepared for a template; ``with_claims`` false leaves ``refused`` and ``doubtful`` empty, for a
    form that reads the claims as it writes them."""
    files = [_file(report, f, with_claims) for f in report.files]
    told = [g.edit for level in ("reasons", "doubts", "remarks") for f in files for g in getattr(f, level)]
    return ReportView(
        report.as_of, report.version, files, [(p.id, p.title, p.source) for p in report.packs],
        sum(f.claims for f in files), sum(f.accepted for f in files), sum(f.review for f in files),
        sum(f.rejected for f in files), tables_told(report.tables), told[0] if told else "")


def _file(report: Report, file: FileReport, with_claims: bool) -> FileView:
    counts = file.counts
    view = FileView(
        file.path, file.disposition, VERDICTS[file.disposition], counts.claims, counts.lines, counts.accepted,
        counts.review, counts.rejected, money(counts.charge), money(counts.accepted_charge),
        money(counts.rejected_charge))
    _envelope(report, file, view)
    _claims(report, file, view, with_claims)
    view.reasons = _grouped(report, file, ("reject",))
    view.hidden_reasons = max(0, len(view.reasons) - REASONS)
    view.reasons = view.reasons[:REASONS]
    view.doubts = _grouped(report, file, ("review",))
    view.remarks = _grouped(report, file, ("warn", "note"))
    view.not_evaluated = _not_evaluated(file)
    view.faults = [(f.edit, f.claim, f.error) for f in file.faults]
    view.omitted = sum(file.omitted.values())
    return view


def _claims(report: Report, file: FileReport, view: FileView, with_claims: bool) -> None:
    """Sort the findings to their claims, in one pass over the rows; what is above the claims is told with the number of
    claims it takes along."""
    own: dict[int, list[Finding]] = {}
    shared: dict[tuple[str, int], list[Finding]] = {}
    above: list[Finding] = []
    for finding in file.findings:
        if finding.level not in ("reject", "review"):
            continue
        if finding.claim:
            own.setdefault(finding.claim, []).append(finding)
        elif finding.scope in ("subscriber", "patient"):
            shared.setdefault((finding.scope, finding.level_number), []).append(finding)
        else:
            above.append(finding)
    hit: Counter[tuple[str, int]] = Counter()
    refusing = {(f.scope, f.scope_number) for f in above if f.level == "reject"}
    along: list[str] = []
    met: set[tuple[str, int]] = set()
    if file.counts.rejected or file.counts.review:
        for claim in file.claims():
            if claim.disposition == "accepted":
                continue
            places = (("set", claim.set_index), ("group", claim.group), ("interchange", claim.interchange),
                      ("provider", claim.provider))
            hit.update(places)
            levels = (("subscriber", claim.subscriber), ("patient", claim.levels[6] if claim.levels else 0))
            said = own.get(claim.index, [])
            for level in levels:
                if level in shared:
                    met.add(level)
                    said = said + shared[level]
            if said and with_claims:
                shown = _claim(report, file, claim, said)
                (view.refused if claim.disposition == "rejected" else view.doubtful).append(shown)
            elif not refusing.isdisjoint(places) and not any(f[6] == "reject" for f in claim.packed):
                along.append(claim_name(claim) if len(along) < NAMED_ALONG else "")
    above += [f for level, found in shared.items() if level not in met for f in found]
    if along:
        more = f" and {len(along) - NAMED_ALONG} more" if len(along) > NAMED_ALONG else ""
        view.along = f"{counted(len(along), 'claim')}: {', '.join(along[:NAMED_ALONG])}{more}"
    view.hidden_refused = file.counts.rejected - len(view.refused) - len(along)
    view.hidden_doubtful = file.counts.review - len(view.doubtful)
    view.above = [_above(report, file, f, hit) for f in above]


def _above(report: Report, file: FileReport, finding: Finding, hit: Counter[tuple[str, int]]) -> FindingView:
    shown = finding_view(report, file, finding)
    taken = hit[finding.scope, finding.scope_number] if finding.level == "reject" else 0
    if taken:
        shown.message += f" It takes {counted(taken, 'claim')} with it."
    return shown


def _claim(report: Report, file: FileReport, claim: ClaimResult, findings: list[Finding]) -> ClaimView:
    findings = sorted(findings, key=lambda f: (LEVELS.index(f.level), f.line, f.where.segment, f.edit))
    return ClaimView(claim.index, claim_name(claim), money(claim.charge), provider_name(report, file, claim.provider),
                     claim.payer_id, claim.disposition, [finding_view(report, file, f) for f in findings])


def claim_name(claim: ClaimResult) -> str:
    """Its number; without one, where it stands."""
    return claim.number or f"claim {claim.index} of the file"


def provider_name(report: Report, file: FileReport, number: int) -> str:
    """Name and id of a billing provider; a person's name is masked."""
    if not 0 < number <= len(file.providers):
        return ""
    row = file.providers[number - 1]
    name, qualifier, identity = str(row[0]).strip(), row[1], str(row[2]).strip()
    is_person = row[3] == "1" if len(row) > 3 else ", " in name
    if is_person and name and not report.show_values:
        name = MASK
    if qualifier == "XX" and identity:
        return f"{name}, NPI {identity}" if name else f"NPI {identity}"
    return name


def finding_view(report: Report, file: FileReport, finding: Finding, *, with_spot: bool = True) -> FindingView:
    """A finding as it is told; ``with_spot`` false where its segment is shown anyhow."""
    edit = report.edits.get(finding.edit, UNKNOWN_EDIT)
    told = unmasked if report.show_values else masked
    where = finding.where
    place = " ".join(p for p in (where.loop, where.element or where.segment_id) if p)
    position = ", ".join(p for p in (f"segment {where.segment}" if where.segment else "",
                                     f"file line {where.line}:{where.column}" if where.line else "") if p)
    related = ", ".join(_related(finding, r) for r in finding.related[:NAMED_CLAIMS])
    if len(finding.related) > NAMED_CLAIMS:
        related += f" and {len(finding.related) - NAMED_CLAIMS} more"
    return FindingView(finding.edit, edit.name, finding.level, told(finding.message), told(finding.fix or edit.fix),
                       finding.line, place, position, _codes(finding), related,
                       ", ".join(s for s in edit.source if s),
                       spot_of(file, finding, report.show_values) if with_spot else None)


def _related(finding: Finding, other: Related) -> str:
    """A line of the same claim, or another claim of the file by its number in it."""
    line = f"line {other.line}" if other.line else ""
    if line and other.claim == finding.claim:
        return line
    return f"claim {other.claim} of the file" + (f", {line}" if line else "")


def _codes(finding: Finding) -> list[tuple[str, str]]:
    """What the acknowledgments say of it: a 277CA status, or the 999's codes."""
    if finding.level != "reject":
        return []
    prefix, _, code = finding.edit.partition("-")
    if prefix in ENVELOPE_CODES:
        answer, element = ENVELOPE_CODES[prefix]
        return [(answer, f"{element} {code}")]
    if is_guide_fault(finding.edit):
        in_999 = f"IK304 {finding.ik3}" + (f", IK403 {finding.ik4}" if finding.ik4 else "")
        if finding.scope in ("claim", "patient", "subscriber", "provider"):
            return [(status_code(SYNTAX), f"{status_words(SYNTAX)} ({in_999})")]
        return [("999", in_999)]
    return [(status_code(finding.status), status_words(finding.status))] if finding.status.category else []


def _grouped(report: Report, file: FileReport, levels: tuple[str, ...]) -> list[GroupView]:
    """Findings of these levels by edit, the gravest level first, then the most frequent."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in file.findings:
        if finding.level in levels:
            groups.setdefault((finding.level, finding.edit), []).append(finding)
    told = unmasked if report.show_values else masked
    views = []
    for (level, edit), found in groups.items():
        numbers = list(dict.fromkeys((f.claim, f.claim_number) for f in found if f.claim))
        claims = ", ".join(number or f"claim {index}" for index, number in numbers[:NAMED_CLAIMS])
        if len(numbers) > NAMED_CLAIMS:
            claims += f" and {len(numbers) - NAMED_CLAIMS} more"
        name = report.edits.get(edit, UNKNOWN_EDIT).name
        count = len(found) + (file.omitted.get(edit, 0) if level == found[-1].level else 0)
        views.append(GroupView(edit, name, level, count, claims, told(found[0].message)))
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


def money(amount: str) -> str:
    """A decimal string as dollars; what can't be read is a dash.

    >>> money("1234.5"), money("0.005"), money("-3"), money("")
    ('$1,234.50', '$0.005', '-$3.00', '–')
    """
    try:
        value = Decimal(amount)
        places = max(2, -int(value.as_tuple().exponent))
        return f"{'-' if value < 0 else ''}${abs(value):,.{places}f}"
    except (InvalidOperation, ValueError, TypeError):
        return "–"
