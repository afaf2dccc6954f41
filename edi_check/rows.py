"""What is kept of a claim until the end of the file: its row and its details, tuples that ``marshal`` can write.

Together they are the fields of ``report.ClaimResult``, and what ``judging`` compares. They lie in two spools, because
most readers want the short rows only. Findings are packed as plain tuples. Nothing here is masked: the
acknowledgments need the values, and a row never leaves the process.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from .findings import Finding, Related, Status, Where
from .model import BillingProvider, Claim, Party, ServiceLine
from .spool import Spool, Store

__all__ = [
    "COMPARE",
    "DAYS",
    "LINES",
    "PATIENT",
    "Overruled",
    "acknowledged",
    "claim_details",
    "claim_row",
    "kept_lines",
    "pack",
    "provider_id",
    "provider_row",
    "unpacked",
]

COMPARE: Final = 2
PATIENT: Final = 3
"""Places in the details: of what is compared, and of the number of the patient level."""

LINES: Final = 7
"""Place of ``kept_lines`` in what is compared; all else there is for ``judging`` only."""

DAYS: Final = 1
"""Place of DTP03 in a line of ``kept_lines``."""


def pack(f: Finding) -> tuple[Any, ...]:
    """A finding as a plain tuple."""
    return (
        f.edit,
        f.message,
        tuple(f.where),
        f.claim,
        f.line,
        f.claim_number,
        f.level,
        f.fix,
        tuple(f.status),
        tuple([tuple(r) for r in f.related]),
        f.interchange,
        f.group,
        f.set_index,
        f.scope,
        f.ik3,
        f.ik4,
        f.trigger,
        f.level_number,
        f.data_element,
    )


def unpacked(row: tuple[Any, ...]) -> Finding:
    """The finding that ``pack`` made the tuple of."""
    edit, message, where, claim, line, number, level, fix, status, related, *rest = row
    return Finding(
        edit,
        message,
        Where(*where),
        claim,
        line,
        number,
        level,
        fix,
        Status(*status),
        tuple([Related(*r) for r in related]),
        *rest,
    )


def provider_row(b: BillingProvider, set_index: int) -> tuple[Any, ...]:
    """(name, qualifier, id, type, last, first, middle, suffix, tax id, set index) of a billing level."""
    return (
        b.name,
        b.id_qualifier,
        b.id,
        b.type,
        b.last_name,
        b.first_name,
        b.middle_name,
        b.suffix,
        b.tax_id,
        set_index,
    )


def claim_row(c: Claim, disposition: str, lob: str) -> tuple[Any, ...]:
    """The first sixteen fields of ``ClaimResult``."""
    st, subscriber, charge = c.set, c.subscriber, c.charge_text
    payer = subscriber.payer
    return (
        c.index,
        c.number,
        disposition,
        charge if charge[-3:-2] == "." and "1" <= charge[0] <= "9" and c.charge is not None
        else charge_told(charge, c.charge),
        len(c.service_lines),
        lob,
        payer.id if payer is not None else "",
        c.interchange.index,
        c.group.index,
        st.index,
        st.control_number,
        c.first_segment,
        c.offset,
        c.length,
        c.billing.number,
        subscriber.number,
    )


def charge_told(text: str, charge: Decimal | None) -> str:
    """A charge as reports write it: two decimals, or as many as were sent; ``""`` when it can't be read.

    >>> charge_told("220", Decimal("220")), charge_told("220.5", Decimal("220.5")), charge_told(".125", Decimal(".125"))
    ('220.00', '220.50', '0.125')
    """
    if charge is None:
        return ""
    whole, _, cents = text.partition(".")
    if not whole.isdecimal() or (whole[0] == "0" and len(whole) > 1):
        whole, _, cents = f"{charge:f}".partition(".")
    return f"{whole}.{cents}" if len(cents) > 1 else f"{whole}.{cents:0<2}"


def claim_details(c: Claim, findings: Sequence[Finding], compare: tuple[Any, ...] | None) -> tuple[Any, ...]:
    """Of a claim: its findings packed, its HL levels, what ``judging`` compares, the number of its patient level;
    patient's last, first, middle name, suffix, member id qualifier, member id; REF*D9; and its lines where ``compare``
    doesn't hold them; the places of lines whose dates can't be read (those of a claim without faults can)."""
    subscriber = c.subscriber
    patient = c.dependent or subscriber
    trace = ""
    for r in c.references:
        if r[0] == "D9":
            trace = r[1]
            break
    return (
        tuple([pack(f) for f in findings]) if findings else (),
        c.levels,
        compare,
        c.patient_number,
        patient.last_name,
        patient.first_name,
        patient.middle_name,
        patient.suffix,
        subscriber.id_qualifier,
        subscriber.id,
        trace,
        kept_lines(c) if compare is None else (),
        tuple([n for n, line in enumerate(c.service_lines) if not _has_days(line)]) if c.faults else (),
    )


def _has_days(line: ServiceLine) -> bool:
    dates = line.service_dates
    return dates.start is not None and dates.end is not None


def kept_lines(c: Claim) -> tuple[tuple[str, str, str, str], ...]:
    """Of each line: its SV1 and its DTP03 as sent, its control number (else LX01), and who rendered it, ``""`` where
    the claim says that."""
    lines = []
    for line in c.service_lines:
        own = line.rendering
        lines.append(
            (
                line.text,
                line.service_dates.text,
                line.control_number or line.line_number,
                provider_id(own) if own is not None else "",
            )
        )
    return tuple(lines)


def provider_id(party: Party) -> str:
    """Whatever NM109 says, else the tax id, else the name."""
    return party.id or party.tax_id or party.name


def acknowledged(details: tuple[Any, ...]) -> tuple[Any, ...]:
    """The last three fields of ``ClaimResult`` from the details: findings packed, ``ak``, levels with the number of the
    patient level. ``ak`` is (patient's last, first, middle name, suffix, member id qualifier, member id, REF*D9, first
    day, last day, lines), a line (SV1 as sent, control number, DTP03 as sent)."""
    packed, levels, compare, patient, last_name, first_name, middle, suffix, qualifier, member, trace, *rest = details
    lines, undated = rest[0], frozenset(rest[1]) if rest[1] else ()
    first = last = ""
    found = []
    for n, (sv1, days, control, _) in enumerate(lines if compare is None else compare[LINES]):
        begin, end = days[:8], days[-8:]
        if days and n not in undated:
            if not first or begin < first:
                first = begin
            if end > last:
                last = end
        found.append((sv1, control, days))
    ak = (last_name, first_name, middle, suffix, qualifier, member, trace, first, last, tuple(found))
    return packed, ak, (*levels, patient)


class Overruled:
    """The claims whose row *settle* overruled, in file order: disposition and further findings packed. On disk, but for
    their indexes."""

    def __init__(self, store: Store | None = None) -> None:
        self.claims = array("q")
        self.spool = Spool(store, 16)

    def __len__(self) -> int:
        return len(self.claims)

    def add(self, claim: int, disposition: str, packed: tuple[Any, ...]) -> None:
        """Overrule a claim; the next must come later in the file."""
        self.claims.append(claim)
        self.spool.append((disposition, packed))

    def of(self, claim: int) -> tuple[str, tuple[Any, ...]] | None:
        """Disposition and findings of a claim, when it was overruled."""
        n = bisect_left(self.claims, claim)
        if n == len(self.claims) or self.claims[n] != claim:
            return None
        found: tuple[str, tuple[Any, ...]] = self.spool[n]
        return found
