"""The HTML report as its templates want it: totals, what was rejected by edit and by provider, and the claims, row by
row, each unfolding.

``summary`` tells the files; here is what only the page has. The claims come from generators, read anew from the spool
while the page is written, so a report of any size costs no more memory than its listed findings. Values that identify
a person are masked before a template sees them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from ..findings import LEVELS, UNKNOWN_EDIT, Finding, graver
from ..report import ClaimResult, FileReport, Report
from .above_claims import AboveClaims, CommonFault
from .claim_details import Details, LineView, Stretch, Told
from .finding_told import FindingView, decimal_of, finding_view, money, provider_name
from .summary import FileView, ReportView, summarize

__all__ = ["Bar", "Choice", "FilePage", "Page", "Part", "RowView", "html_page"]

PARTS = (("rejected", "Rejected"), ("review", "To review"), ("accepted", "Accepted"))
GRAVEST = ("unreadable", "rejected", "partial", "accepted")
CHUNK = 50
"""Rows that a browser lays out together, when they come into view."""
BARS = 8
LISTED = 20_000
"""Rows of a file and disposition; more would make a page that no browser likes to open. The rest is counted."""
WHOLE = 1000
"""Claims of a report up to which every claim unfolds to its segments; of a longer one, those with findings do, and the
others unfold to their lines."""
OPEN = 5
"""Faulty claims of a report up to which they are unfolded from the start."""
LINKS = 50
"""Other claims that a finding names."""


class Bar(NamedTuple):
    """A bar of a chart: how many claims were rejected, and what they charge. ``width`` of 100."""

    key: int
    label: str
    more: str
    claims: int
    of: int
    charge: str
    width: str


class Choice(NamedTuple):
    """What the claims can be narrowed down to."""

    key: int
    label: str
    claims: int


class Link(NamedTuple):
    """Another claim that a finding is about; ``target`` is its anchor in the page."""

    text: str
    target: str


@dataclass(slots=True)
class RowView:
    """A claim: what its row says, and what it unfolds to."""

    anchor: str
    number: str
    index: int
    charge: str
    amount: str
    provider: str
    provider_key: int
    edits: str
    lead: str
    why: str
    more: int
    payer_id: str
    lob: str
    set_number: str
    segment: int
    line_count: int
    findings: Sequence[tuple[FindingView, Sequence[Link]]] = ()
    above: Sequence[CommonFault] = ()
    """What is told above the claims, and hits this one too: the gravest of it."""
    further: int = 0
    """How much more of it there is."""
    lines: Sequence[LineView] = ()
    stretches: Sequence[Stretch] = ()
    beyond: str = ""
    """Edits whose findings of this claim are not listed (``max_findings``)."""


@dataclass
class Part:
    """The claims of one disposition."""

    name: str
    title: str
    count: int
    hidden: int
    chunks: Iterable[Sequence[RowView]]


@dataclass
class FilePage:
    """One file."""

    number: int
    view: FileView
    parts: list[Part]


@dataclass
class Page:
    """The report."""

    head: ReportView
    totals: dict[str, tuple[int, str]]
    line_count: int
    verdict: str
    by_edit: list[Bar]
    by_provider: list[Bar]
    more_edits: int
    more_providers: int
    edits: list[tuple[str, list[Choice]]]
    providers: list[Choice]
    files: list[FilePage]
    sender: str
    shows_values: bool
    is_open: bool
    is_whole: bool

    @property
    def ranked(self) -> list[FilePage]:
        """The files, those to be looked at first."""
        return sorted(self.files, key=lambda f: GRAVEST.index(f.view.disposition))


def html_page(report: Report) -> Page:
    """The page, its claims not read yet but for their counts."""
    head = summarize(report, with_claims=False)
    tally = _Tally(report)
    files = []
    for number, (file, view) in enumerate(zip(report.files, head.files, strict=True), 1):
        tally.count(file, view.common)
        files.append(FilePage(number, view, []))
    is_open = sum(f.counts.rejected + f.counts.review for f in report.files) <= OPEN
    is_whole = sum(f.counts.claims for f in report.files) <= WHOLE
    for file, page in zip(report.files, files, strict=True):
        rows = _Rows(report, file, page.number, tally, is_whole, page.view.common)
        counts = {"rejected": file.counts.rejected, "review": file.counts.review, "accepted": file.counts.accepted}
        page.parts = [Part(name, title, counts[name], max(0, counts[name] - LISTED), rows.chunks(name))
                      for name, title in PARTS if counts[name]]
    claims, taken, rejected = (sum((Decimal(getattr(f.counts, field)) for f in report.files), Decimal())
                               for field in ("charge", "accepted_charge", "rejected_charge"))
    senders = {s.submitter for f in head.files for s in f.sets}
    verdicts = {f.disposition: f.verdict for f in head.files}
    return Page(
        head, {"claims": (head.claims, money(str(claims))),
               "accepted": (head.accepted, money(str(taken - tally.review_charge))),
               "review": (head.review, money(str(tally.review_charge))),
               "rejected": (head.rejected, money(str(rejected)))},
        sum(f.lines for f in head.files), next(iter(verdicts)) if len(verdicts) == 1 else "",
        tally.edit_bars()[:BARS], tally.provider_bars()[:BARS], max(0, len(tally.edit_bars()) - BARS),
        max(0, len(tally.provider_bars()) - BARS), tally.edit_choices(), tally.provider_choices(), files,
        senders.pop() if len(senders) == 1 else "", report.show_values, is_open, is_whole)


@dataclass
class _Sum:
    claims: int = 0
    rejected: int = 0
    charge: Decimal = field(default_factory=Decimal)


class _Tally:
    """Claims counted by edit and by billing provider, each file in one pass over its rows. Edits and providers get a
    number each, by which the rows name them."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.edits: dict[str, int] = {}
        self.levels: dict[str, str] = {}
        self.by_edit: dict[str, _Sum] = {}
        self.providers: dict[str, int] = {}
        self.by_provider: dict[str, _Sum] = {}
        self.review_charge = Decimal()

    def count(self, file: FileReport, common: AboveClaims) -> None:
        names = _Names(self.report, file)
        for claim in file.claims():
            charge = decimal_of(claim.charge)
            is_rejected = claim.disposition == "rejected"
            if claim.disposition == "review":
                self.review_charge += charge
            said: dict[str, str] = {}
            for edit, level in (*((f[0], f[6]) for f in claim.packed), *common.edits(claim)):
                said[edit] = graver(level, said.get(edit, level))
            for edit, level in said.items():
                self._count_edit(edit, level, is_rejected and level == "reject", charge)
            name = names[claim.provider]
            total = self.by_provider.get(name)
            if total is None:
                total = self.by_provider[name] = _Sum()
                self.providers[name] = len(self.providers)
            total.claims += 1
            if is_rejected:
                total.rejected += 1
                total.charge += charge

    def _count_edit(self, edit: str, level: str, is_reason: bool, charge: Decimal) -> None:
        total = self.by_edit.get(edit)
        if total is None:
            total = self.by_edit[edit] = _Sum()
            self.edits[edit] = len(self.edits)
        self.levels[edit] = graver(level, self.levels.get(edit, level))
        total.claims += 1
        if is_reason:
            total.rejected += 1
            total.charge += charge

    def edit_bars(self) -> list[Bar]:
        catalogue = self.report.edits
        return _bars((edit, self.edits[edit], catalogue[edit].name if edit in catalogue else "", total)
                     for edit, total in self.by_edit.items())

    def provider_bars(self) -> list[Bar]:
        named = ((name.partition(", NPI "), self.providers[name], total) for name, total in self.by_provider.items())
        return _bars((name or "No billing provider", key, f"NPI {npi}" if npi else "", total)
                     for (name, _, npi), key, total in named)

    def edit_choices(self) -> list[tuple[str, list[Choice]]]:
        """By level, the gravest first."""
        titles = {"reject": "Rejects", "review": "To review", "warn": "Warnings", "note": "Notes"}
        found = []
        for level, title in titles.items():
            choices = []
            for edit in sorted(e for e, own in self.levels.items() if own == level):
                name = self.report.edits[edit].name if edit in self.report.edits else ""
                choices.append(Choice(self.edits[edit], f"{edit} {name}".strip(), self.by_edit[edit].claims))
            if choices:
                found.append((title, choices))
        return found

    def provider_choices(self) -> list[Choice]:
        return [Choice(self.providers[name], name or "No billing provider", self.by_provider[name].claims)
                for name in sorted(self.providers)]


def _bars(totals: Iterable[tuple[str, int, str, _Sum]]) -> list[Bar]:
    """The longest first."""
    found = sorted((t for t in totals if t[3].rejected), key=lambda t: (-t[3].rejected, -t[3].charge, t[0]))
    most = found[0][3].rejected if found else 1
    return [Bar(key, label, more, total.rejected, total.claims, money(str(total.charge)),
                f"{max(1.0, 100 * total.rejected / most):.1f}") for label, key, more, total in found]


class _Names(dict[int, str]):
    """Names of the billing levels of a file, by their number."""

    def __init__(self, report: Report, file: FileReport) -> None:
        self._report, self._file = report, file

    def __missing__(self, number: int) -> str:
        name = self[number] = provider_name(self._report, self._file, number)
        return name


class _Rows:
    """The claims of a file as rows."""

    def __init__(self, report: Report, file: FileReport, number: int, tally: _Tally, is_whole: bool,
                 common: AboveClaims) -> None:
        self.report, self.file, self.number, self.tally = report, file, number, tally
        self.is_whole, self.common = is_whole, common
        self.names = _Names(report, file)
        self.own: dict[int, list[Finding]] = {}
        for finding in file.findings:
            if finding.claim and not common.is_shared(finding):
                self.own.setdefault(finding.claim, []).append(finding)

    def chunks(self, disposition: str) -> Iterator[list[RowView]]:
        """The rows of a disposition in file order, ``CHUNK`` at a time, ``LISTED`` at most."""
        details = Details(self.file, self.report.show_values)
        rows = islice((self._row(c, details) for c in self.file.claims() if c.disposition == disposition), LISTED)
        while chunk := list(islice(rows, CHUNK)):
            yield chunk

    def _row(self, claim: ClaimResult, details: Details) -> RowView:
        above, more = self.common.referred_to(claim)
        listed = [*self.own.get(claim.index, ()), *self.common.near(claim)]
        listed.sort(key=lambda f: (LEVELS.index(f.level), f.line, f.where.segment, f.edit))
        told = [Told(f, finding_view(self.report, self.file, f, with_spot=False)) for f in listed]
        edits = dict.fromkeys([*(f.edit for f in listed), *(f[0] for f in claim.packed),
                               *(edit for edit, _ in self.common.edits(claim))])
        name = self.names[claim.provider]
        row = RowView(
            f"c{self.number}-{claim.index}", claim.number, claim.index, money(claim.charge),
            f"{decimal_of(claim.charge):f}", name, self.tally.providers[name],
            " ".join(str(self.tally.edits[e]) for e in edits), "", "", 0, claim.payer_id, claim.lob,
            claim.set_control_number, claim.segment, claim.lines)
        row.beyond = ", ".join(sorted(_counted(self.common.own(claim), self.own.get(claim.index, ()))))
        row.findings = [(view, self._links(f)) for f, view in told]
        row.above, row.further = above, more
        row.lead, row.why = _why(claim, above, told, self.report)
        row.more = max(0, len(above) + more + len(told) - 1)
        row.lines = details.lines(claim, told)
        if told or self.is_whole:
            row.stretches = details.stretches(claim, told)
        return row

    def _links(self, finding: Finding) -> list[Link]:
        links = []
        for other in finding.related[:LINKS]:
            line = f"line {other.line}" if other.line else ""
            if other.claim == finding.claim:
                links.append(Link(line, ""))
            else:
                text = f"claim {other.claim} of the file" + (f", {line}" if line else "")
                links.append(Link(text, f"c{self.number}-{other.claim}"))
        if len(finding.related) > len(links):
            links.append(Link(f"{len(finding.related) - len(links)} more", ""))
        return [link for link in links if link.text]


def _why(claim: ClaimResult, above: Sequence[CommonFault], told: Sequence[Told], report: Report) -> tuple[str, str]:
    """What a row says while it is folded: an edit, and its message; of what is told above, whose fault it is."""
    if above and (not told or (above[0].finding.level == "reject" and told[0].view.level != "reject")):
        edit = above[0].finding.edit
        return edit, f"{report.edits.get(edit, UNKNOWN_EDIT).name}, {above[0].whole}".lstrip(", ")
    if told:
        return told[0].view.edit, told[0].view.message
    return "", ", ".join(dict.fromkeys(f[0] for f in claim.packed))


def _counted(packed: Sequence[tuple[Any, ...]], listed: Sequence[Finding]) -> Counter[str]:
    """Edits of a claim that stand more often in it than they are listed."""
    return Counter(f[0] for f in packed) - Counter(f.edit for f in listed)
