"""Amounts that have to add up: charges of the lines to the claim, and what other payers made of both (SNIP type 3).

An amount that can't be read is never judged: the guide edits have named it already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from ...model import Adjustment, Claim, LineAdjudication, OtherPayer, ServiceLine
from ..registry import Hit, Result, Unjudged, check
from ._screens import has_no_other_payer, has_ordinary_lines
from ._stray import has_strayed, names_another_payer, same_payer
from ._words import money
from .charges import has_parts

_ZERO = Decimal(0)
_CENT = Decimal("0.01")
_Decided = list[tuple[ServiceLine, list[LineAdjudication]]]
_OnLines = dict[str, _Decided]


@check(gives="charge total lines", screen=has_ordinary_lines)
def claim_charge_differs_from_lines(claim: Claim) -> Result:
    """The claim's charge is not the sum of its lines' charges (TR3 1.4.4; X12 RFI 1294).

    Wrong:  CLM*A1*200***11:B:1*Y*A*Y*Y  over  SV1*HC:97140:GP*120*…  and  SV1*HC:97110:GP*90*…
    Right:  CLM*A1*210***11:B:1*Y*A*Y*Y  over the same lines

    Returns one hit on CLM02; none when a charge can't be read, the claim has no line or one without its LX, or when a
    charge below zero (CORE-LIN-07) or with parts of a cent (CORE-LIN-08) makes the difference.
    """
    charge = claim.charge
    lines = claim.service_lines
    if charge is None or not lines:
        return ()
    total = lines[0].charge
    if total is None:
        return ()
    for line in lines[1:]:
        amount = line.charge
        if amount is None:
            return ()
        total += amount
    if total == charge or has_strayed(claim, "SV1") or _is_of_form(claim, charge, total):
        return ()
    return (Hit("CLM02", values={"charge": money(charge), "total": money(total), "lines": len(lines)},
                says="" if len(lines) > 1 else "single", unless=tuple((n.service_segment, "SV102") for n in lines)),)


def _is_of_form(claim: Claim, charge: Decimal, total: Decimal) -> bool:
    """Is it only a minus sign or parts of a cent for which the charges don't add up (CORE-LIN-07, CORE-LIN-08)?"""
    charges = [line.charge or _ZERO for line in claim.service_lines]
    if min(charge, *charges) < 0:
        return abs(charge) == sum(map(abs, charges))
    texts = [claim.charge_text, *(line.charge_text for line in claim.service_lines)]
    return abs(charge - total) < _CENT and any(map(has_parts, texts))


@check(gives="payer paid adjusted expected whole", screen=has_no_other_payer)
def other_payer_claim_out_of_balance(claim: Claim) -> Result:
    """What another payer paid and adjusted doesn't account for the claim (TR3 1.4.4.1; X12 RFI 1294).

    For each 2320 with AMT*D: if lines carry a 2430 of that payer, AMT*D is the sum of their SVD02 less the CAS of the
    2320; if none has one, CLM02 is AMT*D plus the CAS of the 2320. If every line has one, CLM02 is AMT*D plus the
    payer's CAS at both levels; that follows from the first rule where each line balances (CORE-BAL-03) and the lines
    make the claim (CORE-BAL-01), so it isn't looked at: one wrong amount is told where it stands.

    Wrong:  CLM*A1*100…  SBR*P*18…  CAS*PR*1*30  AMT*D*60
    Right:  CLM*A1*100…  SBR*P*18…  CAS*PR*1*30  AMT*D*70

    Returns a hit on each AMT02 at fault; none when a 2430 names a payer that the claim doesn't (CORE-SIT-09 says so),
    when what a line lacks or has too much is the difference (CORE-BAL-03), or when only CLM02 is wrong (CORE-BAL-01);
    ``Unjudged`` when a pay-to plan (2010AC) stands in for a payer or two 2320 have one payer id, since then nobody can
    say whose amounts these are.
    """
    payers = claim.other_payers
    if not payers or names_another_payer(claim):
        return ()
    found: list[Hit | Unjudged] = []
    times = Counter(same_payer(p.payer_id) for p in payers)
    on_lines: _OnLines = {}
    for line in claim.service_lines:
        for payer, its in _by_payer(line).items():
            on_lines.setdefault(payer, []).append((line, its))
    for other in payers:
        payer = same_payer(other.payer_id)
        if not other.paid_text or not payer:
            continue
        if claim.billing.pay_to_plan is not None:
            return (Unjudged("a pay-to plan (2010AC) claims for another payer"),)
        if times[payer] > 1:
            return (Unjudged("two other payers have the same id"),)
        hit = _payer_balance(claim, other, on_lines.get(payer, []))
        if hit is not None:
            found.append(hit)
    return found


def _payer_balance(claim: Claim, other: OtherPayer, on_lines: _Decided) -> Hit | None:
    """``on_lines``: the lines on which this payer has decided, and how."""
    payer_id = other.payer_id
    adjusted = _sum(other.adjustments)
    if other.paid is None or adjusted is None or claim.charge is None:
        return None
    paid_on_lines = balanced = _ZERO
    for line, its in on_lines:
        sums = _line_sums(its)
        if sums is None:
            return None
        paid, line_adjusted = sums
        paid_on_lines += paid
        balanced += paid if line.charge is None else line.charge - line_adjusted
    paid_on_claim = other.paid + adjusted
    if on_lines:
        if paid_on_claim in (paid_on_lines, balanced):  # ``balanced``: as the lines would have it with other SVD02
            return None
        return Hit("AMT02", other.paid_segment, says="lines", values={
            "payer": payer_id, "paid": money(other.paid), "adjusted": money(adjusted),
            "expected": money(paid_on_lines - adjusted), "whole": money(paid_on_lines)})
    if paid_on_claim in (claim.charge, _charges(claim)):
        return None
    return Hit("AMT02", other.paid_segment, values={
        "payer": payer_id, "paid": money(other.paid), "adjusted": money(adjusted),
        "expected": money(paid_on_claim), "whole": money(claim.charge)})


def _charges(claim: Claim) -> Decimal | None:
    """What the lines add up to; ``None`` when one can't be read or there is none."""
    charges = [line.charge for line in claim.service_lines]
    readable = [charge for charge in charges if charge is not None]
    return sum(readable, _ZERO) if readable and len(readable) == len(charges) else None


@check(gives="payer charge paid adjusted expected", screen=has_ordinary_lines, names_line=True)
def other_payer_line_out_of_balance(claim: Claim) -> Result:
    """What another payer paid and adjusted on a line is not the line's charge (TR3 1.4.4.2; X12 RFI 1555).

    Each payer alone, over all its 2430 loops of the line: a service it unbundled has several, and payers that each
    decided on the whole line are never chained.

    Wrong:  SV1*HC:97140:GP*100*…  SVD*PRIME*60*HC:97140:GP**2  CAS*PR*1*30
    Right:  SV1*HC:97140:GP*100*…  SVD*PRIME*60*HC:97140:GP**2  CAS*PR*1*30**CO*45*10

    Returns a hit for each line on the first SVD02 of each payer at fault; ``Unjudged`` when two 2320 have that payer
    id.
    """
    found: list[Hit | Unjudged] = []
    times = Counter(same_payer(p.payer_id) for p in claim.other_payers)
    for line in claim.service_lines:
        if line.adjudications and line.charge is not None:
            found.extend(_line_balance(times, line, line.charge))
    return found


def _line_balance(times: Mapping[str, int], line: ServiceLine, charge: Decimal) -> Iterator[Hit | Unjudged]:
    """``times``: how often the claim names a payer's id."""
    for payer, its in _by_payer(line).items():
        sums = _line_sums(its)
        if sums is None or sums[0] + sums[1] == charge:
            continue
        if times.get(payer, 0) > 1:
            yield Unjudged("two other payers have the same id")
            continue
        paid, adjusted = sums
        yield Hit("SVD02", its[0].segment, line.number, {
            "payer": its[0].payer_id, "charge": money(charge), "paid": money(paid), "adjusted": money(adjusted),
            "expected": money(paid + adjusted)})


def _by_payer(line: ServiceLine) -> dict[str, list[LineAdjudication]]:
    """A line's 2430 loops by payer (``same_payer``), in order: a hostile claim has thousands of both."""
    found: dict[str, list[LineAdjudication]] = {}
    for a in line.adjudications:
        found.setdefault(same_payer(a.payer_id), []).append(a)
    return found


def _line_sums(decided: Sequence[LineAdjudication]) -> tuple[Decimal, Decimal] | None:
    """Paid and adjusted in 2430 loops of one payer and line; ``None`` when an amount can't be read."""
    paid = adjusted = _ZERO
    for a in decided:
        cas = _sum(a.adjustments)
        if a.paid is None or cas is None:
            return None
        paid += a.paid
        adjusted += cas
    return paid, adjusted


def _sum(adjustments: Sequence[Adjustment]) -> Decimal | None:
    """All amounts of all CAS; ``None`` when one can't be read."""
    total = _ZERO
    for adjustment in adjustments:
        for _reason, amount, _quantity in adjustment.amounts:
            if amount is None:
                return None
            total += amount
    return total
