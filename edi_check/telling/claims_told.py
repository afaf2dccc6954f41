"""The claims of a file as text and Markdown tell them: those refused, those to review. What stands above several of
them is only referred to, and claims that have nothing else are named together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..findings import LEVELS, Finding
from ..phrases import listed
from ..report import ClaimResult, FileReport, Report
from .above_claims import GRAVE, AboveClaims, CommonFault
from .finding_told import FindingView, claim_name, decimal_of, finding_view, money, provider_name

__all__ = ["AlongView", "ClaimView", "ClaimsView", "claims_told"]

NAMED = 1000
"""Claims that are named together; more are counted."""


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
    above: str = ""
    """Faults that are told above the claims and hit this one, too."""


@dataclass
class AlongView:
    """Claims for which the same ``faults`` above them say all: how many, what they charge, whose they are when they are
    of one billing provider, and the numbers of the first of them."""

    faults: str
    count: int
    charge: str
    provider: str
    numbers: list[str]

    @property
    def claims(self) -> str:
        """Their numbers in one line."""
        return listed(self.numbers, NAMED, self.count)


@dataclass
class ClaimsView:
    """The claims of one disposition: ``each`` with what is said of it, ``along`` those refused (or to review) with what
    is above them and for nothing of their own. The ``hidden`` ones have findings that are not listed."""

    each: list[ClaimView] = field(default_factory=list)
    along: list[AlongView] = field(default_factory=list)
    hidden: int = 0


def claims_told(report: Report, file: FileReport, above: AboveClaims) -> dict[str, ClaimsView]:
    """The claims that are rejected and to review, sorted in one pass over the rows."""
    own: dict[int, list[Finding]] = {}
    for finding in file.findings:
        if finding.claim and finding.level in GRAVE and not above.is_shared(finding):
            own.setdefault(finding.claim, []).append(finding)
    told = {"rejected": ClaimsView(), "review": ClaimsView()}
    together: dict[tuple[str, tuple[int, ...]], _Together] = {}
    if file.counts.rejected or file.counts.review:
        for claim in file.claims():
            if claim.disposition == "accepted":
                continue
            common, more = above.referred_to(claim)
            said = own.get(claim.index, []) + [f for f in above.near(claim) if f.level in GRAVE]
            if said:
                told[claim.disposition].each.append(_claim(report, file, claim, said, _referred(common, more)))
            elif _says_all(common, above.own(claim), claim.disposition):
                kind = claim.disposition, (more, *(f.number for f in common))
                together.setdefault(kind, _Together(_referred(common, more))).add(claim)
    for (disposition, _), one in together.items():
        told[disposition].along.append(one.told(report, file))
    for view, count in ((told["rejected"], file.counts.rejected), (told["review"], file.counts.review)):
        view.hidden = count - len(view.each) - sum(a.count for a in view.along)
    return told


def _says_all(common: Sequence[CommonFault], own: Sequence[tuple[Any, ...]], disposition: str) -> bool:
    """Is what is told above the claim all the reason that it has? What else it has may be beyond ``max_findings``."""
    level = "reject" if disposition == "rejected" else "review"
    return any(f.finding.level == level for f in common) and not any(row[6] == level for row in own)


def _referred(common: Sequence[CommonFault], more: int) -> str:
    """The faults that are told above, as a claim refers to them; ``more`` are not among ``common``."""
    return ", ".join(f.finding.edit + (f" (segment {f.finding.where.segment})" if f.finding.where.segment else "")
                     for f in common) + (f" and {more:,} more" if more else "")


@dataclass
class _Together:
    """Claims for which the same faults above them say all."""

    faults: str
    count: int = 0
    charge: Decimal = field(default_factory=Decimal)
    names: list[str] = field(default_factory=list)
    providers: set[int] = field(default_factory=set)

    def add(self, claim: ClaimResult) -> None:
        self.count += 1
        self.charge += decimal_of(claim.charge)
        self.providers.add(claim.provider)
        if self.count <= NAMED:
            self.names.append(claim_name(claim))

    def told(self, report: Report, file: FileReport) -> AlongView:
        provider = provider_name(report, file, self.providers.pop()) if len(self.providers) == 1 else ""
        return AlongView(self.faults, self.count, money(str(self.charge)), provider, self.names)


def _claim(report: Report, file: FileReport, claim: ClaimResult, findings: list[Finding], above: str) -> ClaimView:
    findings = sorted(findings, key=lambda f: (LEVELS.index(f.level), f.line, f.where.segment, f.edit))
    return ClaimView(claim.index, claim_name(claim), money(claim.charge), provider_name(report, file, claim.provider),
                     claim.payer_id, claim.disposition, [finding_view(report, file, f) for f in findings], above)
