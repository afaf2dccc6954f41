"""A claim's row: what is kept of it until the end of the file, as a tuple that ``marshal`` can write.

The first nineteen fields are those of ``report.ClaimResult``, the last is what ``judging`` compares. Findings are packed as
plain tuples. Nothing here is masked: the acknowledgments need the values, and a row never leaves the process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .findings import Finding, Related, Status, Where
from .model import BillingProvider, Claim
from .report import ClaimResult

__all__ = ["COMPARE", "FINDINGS", "claim_row", "pack", "provider_row", "settled", "unpacked"]

FINDINGS, COMPARE = 16, 19
"""Places of the packed findings and of what is compared."""


def pack(f: Finding) -> tuple[Any, ...]:
    """A finding as a plain tuple."""
    return (f.edit, f.message, tuple(f.where), f.claim, f.line, f.claim_number, f.level, f.fix, tuple(f.status),
            tuple([tuple(r) for r in f.related]), f.interchange, f.group, f.set_index, f.scope, f.ik3, f.ik4, f.trigger,
            f.level_number, f.data_element)


def unpacked(row: tuple[Any, ...]) -> Finding:
    """The finding that ``pack`` made the tuple of."""
    edit, message, where, claim, line, number, level, fix, status, related, *rest = row
    return Finding(edit, message, Where(*where), claim, line, number, level, fix, Status(*status),
                   tuple([Related(*r) for r in related]), *rest)


def provider_row(b: BillingProvider, set_index: int) -> tuple[Any, ...]:
    """(name, qualifier, id, type, last, first, middle, suffix, tax id, set index) of a billing level."""
    return (b.name, b.id_qualifier, b.id, b.type, b.last_name, b.first_name, b.middle_name, b.suffix, b.tax_id, set_index)


def claim_row(c: Claim, disposition: str, lob: str, findings: Sequence[Finding], compare: tuple[Any, ...] | None,
              ) -> tuple[Any, ...]:
    """The row of a claim, after it was judged alone. ``ak`` is (patient's last, first, middle name, suffix, member id
    qualifier, member id, REF*D9, first day, last day, lines), a line (SV1 as sent, control number, DTP03 as sent)."""
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
    st = c.set
    payer = subscriber.payer
    return (
        c.index, c.number, disposition, c.charge_text if c.charge is not None else "", len(lines), lob, payer.id if payer else "",
        c.interchange.index, c.group.index, st.index, st.control_number, c.first_segment, c.offset, c.length,
        c.billing.number, subscriber.number, tuple([pack(f) for f in findings]) if findings else (),
        (patient.last_name, patient.first_name, patient.middle_name, patient.suffix, subscriber.id_qualifier, subscriber.id,
         trace, first, last, tuple(lines)),
        (*c.levels, c.patient_number), compare)


def settled(row: tuple[Any, ...], outcome: tuple[str, tuple[Any, ...]] | None, sets: Mapping[int, str],
            levels: tuple[frozenset[int], frozenset[int], frozenset[int]]) -> ClaimResult:
    """The row as settled: refused with its set or a level above it, or overruled."""
    result = ClaimResult._make(row[:19])
    if outcome is not None:
        result = result._replace(disposition=outcome[0], packed=(*result.packed, *outcome[1]))
    if result.set_index in sets or result.provider in levels[0] or result.subscriber in levels[1] or row[18][6] in levels[2]:
        result = result._replace(disposition="rejected")
    return result
