"""What of a claim belongs nowhere: segments out of place, amounts of a payer it doesn't name. Not a topic."""

from __future__ import annotations

from ...model import Claim, LineAdjudication, ServiceLine

__all__ = ["has_strayed", "ids_of_payers", "names_another_payer", "of_other_payers", "same_payer"]


def has_strayed(claim: Claim, segment_id: str, loop: str = "") -> bool:
    """Did the reader meet such a segment in the claim (in ``loop``) and not know where to put it, or one too many, or
    one whose qualifier is no good? That has a finding of its own; what it would have said is there all the same, so
    nobody should say that it is missing, or doesn't add up."""
    if not claim.faults:
        return False
    first = segment_id + "01"
    return any(
        f.where.segment_id == segment_id and f.where.loop.startswith(loop) and f.level != "warn"
        and (f.ik3 in ("2", "5", "7") or f.where.element == first)
        for f in claim.faults
    )


def names_another_payer(claim: Claim) -> bool:
    """Does a line say what a payer decided whom the claim doesn't name? CORE-SIT-09 says so; whose amounts and dates
    these are, nobody knows."""
    ids = ids_of_payers(claim)
    return any(of_other_payers(ids, line) for line in claim.service_lines)


def same_payer(payer_id: str) -> str:
    """What the ids of one payer have in common: a receiver may well tell 60054AB from 60054ab, but that is not sure.

    >>> same_payer("60054ab") == same_payer("60054AB")
    True
    """
    return payer_id.strip().upper()


def ids_of_payers(claim: Claim) -> set[str]:
    """The ids of the other payers that the claim names (``same_payer``)."""
    return {same_payer(other.payer_id) for other in claim.other_payers}


def of_other_payers(ids: set[str], line: ServiceLine) -> list[LineAdjudication]:
    """The line's 2430 loops of payers whom the claim doesn't name (``ids_of_payers``), or that name none."""
    return [a for a in line.adjudications if same_payer(a.payer_id) not in ids]
