"""One finding as a person reads it, and the names and amounts that reports tell. Values that identify a person are
masked here, before any template sees them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from ..findings import UNKNOWN_EDIT, Finding, Related, Status
from ..phrases import listed
from ..privacy import MASK, is_private, masked, unmasked
from ..report import ClaimResult, FileReport, Report
from .dispositions import is_guide_fault
from .spots import Spot, spot_of
from .wording import LEVEL_WORDS, status_code, status_words

__all__ = ["FindingView", "claim_name", "codes_told", "decimal_of", "finding_view", "money", "provider_name"]

NAMED_CLAIMS = 12
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


def claim_name(claim: ClaimResult) -> str:
    """Its number; without one, where it stands."""
    return claim.number or f"claim {claim.index} of the file"


def provider_name(report: Report, file: FileReport, number: int) -> str:
    """Name and id of a billing provider; a person's name is masked."""
    if not 0 < number <= len(file.providers):
        return ""
    name, qualifier, identity, *more = file.providers[number - 1]
    name, identity = str(name).strip(), str(identity).strip()
    kind, last, first, middle, suffix = [*(more or "2"), *[""] * 4][:5]
    sent = ("NM1", "85", kind, last, first, middle, "", suffix, qualifier, identity)
    if name and is_private(sent, 3) and not report.show_values:
        name = MASK
    if qualifier != "XX" or not identity:
        return name
    if is_private(sent, 9) and not report.show_values:
        identity = MASK  # a street or a name that has run into it
    return f"{name}, NPI {identity}" if name else f"NPI {identity}"


def finding_view(report: Report, file: FileReport, finding: Finding, *, with_spot: bool = True) -> FindingView:
    """A finding as it is told; ``with_spot`` false where its segment is shown anyhow."""
    edit = report.edits.get(finding.edit, UNKNOWN_EDIT)
    told = unmasked if report.show_values else masked
    where = finding.where
    place = " ".join(p for p in (where.loop, where.element or where.segment_id) if p)
    position = ", ".join(p for p in (f"segment {where.segment}" if where.segment else "",
                                     f"file line {where.line}:{where.column}" if where.line else "") if p)
    related = listed([_related(finding, r) for r in finding.related], NAMED_CLAIMS)
    return FindingView(finding.edit, edit.name, finding.level, told(finding.message), told(finding.fix or edit.fix),
                       finding.line, place, position, codes_told(finding), related,
                       ", ".join(s for s in edit.source if s),
                       spot_of(file, finding, report.show_values) if with_spot else None)


def _related(finding: Finding, other: Related) -> str:
    """A line of the same claim, or another claim of the file by its number in it."""
    line = f"line {other.line}" if other.line else ""
    if line and other.claim == finding.claim:
        return line
    return f"claim {other.claim} of the file" + (f", {line}" if line else "")


def codes_told(finding: Finding) -> list[tuple[str, str]]:
    """What the acknowledgments say of it: a 277CA status, or the 999's codes. Of what is no claim file nothing is said:
    it isn't answered in X12."""
    if finding.level != "reject":
        return []
    prefix, _, code = finding.edit.partition("-")
    if prefix in ENVELOPE_CODES:
        answer, element = ENVELOPE_CODES[prefix]
        return [(answer, f"{element} {code}")]
    if finding.scope == "file":
        return []
    if is_guide_fault(finding.edit):
        in_999 = f"IK304 {finding.ik3}" + (f", IK403 {finding.ik4}" if finding.ik4 else "")
        if finding.scope in ("claim", "patient", "subscriber", "provider"):
            return [(status_code(SYNTAX), f"{status_words(SYNTAX)} ({in_999})")]
        return [("999", in_999)]
    return [(status_code(finding.status), status_words(finding.status))] if finding.status.category else []


def decimal_of(amount: str) -> Decimal:
    """A charge to add up; what can't be read is nothing."""
    try:
        return Decimal(amount or "0")
    except InvalidOperation:
        return Decimal()


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
