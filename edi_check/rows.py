"""What is kept of a claim until the end of the file: its row and its details, tuples that ``marshal`` can write.

Together they are the fields of ``report.ClaimResult``, and what ``judging`` compares. They lie in two spools, because
most readers want the short rows only. Findings are packed as plain tuples. Nothing here is masked: the
acknowledgments need the values, and a row never leaves the process.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from .findings import Finding, Related, Status, Where
from .model import BillingProvider, Claim

__all__ = ["COMPARE", "claim_details", "claim_row", "pack", "provider_row", "unpacked"]

COMPARE = 3
"""Place in the details of what is compared."""


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
    st, payer = c.set, c.subscriber.payer
    return (
        c.index,
        c.number,
        disposition,
        charge_told(c.charge_text, c.charge),
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
        c.subscriber.number,
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
    """The other three fields, and what ``judging`` compares. ``ak`` is (patient's last, first, middle name, suffix,
    member id qualifier, member id, REF*D9, first day, last day, lines), a line (SV1 as sent, control number, DTP03 as
    sent)."""
    subscriber = c.subscriber
    patient = c.dependent or subscriber
    first = last = ""
    lines = []
    for line in c.service_lines:
        dates = line.service_dates
        text = dates.text
        if dates.start is not None and dates.end is not None:
            begin, end = text[:8], text[-8:]
            if not first or begin < first:
                first = begin
            if end > last:
                last = end
        lines.append((line.text, line.control_number or line.line_number, text))
    trace = ""
    for r in c.references:
        if r[0] == "D9":
            trace = r[1]
            break
    return (
        tuple([pack(f) for f in findings]) if findings else (),
        (
            patient.last_name,
            patient.first_name,
            patient.middle_name,
            patient.suffix,
            subscriber.id_qualifier,
            subscriber.id,
            trace,
            first,
            last,
            tuple(lines),
        ),
        (*c.levels, c.patient_number),
        compare,
    )
