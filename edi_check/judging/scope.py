"""Whom a claim is for: payer, line of business, and whether another payer comes first (EDITS, common ground)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ..findings import PackError
from ..model import Claim
from .packs import LINES_OF_BUSINESS, PayerGroup
from .values import listed, suggest

__all__ = ["Scope", "conflicts", "is_secondary"]

LOB_OF_FILING = {
    **dict.fromkeys(("MA", "MB", "16"), "medicare"), "MC": "medicaid",
    **dict.fromkeys(("CI", "HM", "12", "13", "14", "15", "BL"), "commercial"),
    **dict.fromkeys(("WC", "AM", "LM", "TV", "CH", "VA", "FI"), "other"),
}
"""SBR09 to line of business; any other filing code tells nothing."""

_CONFLICTS = {
    "commercial": frozenset({"MA", "MB", "16", "MC"}), "medicare": frozenset({"MC"}),
    "medicaid": frozenset({"MA", "MB", "16"}),
}


def conflicts(payer_lob: str, filing: str) -> bool:
    """Does SBR09 contradict the line of business that the payer id is mapped to? (HM, CI and 12 are usual for Medicare
    Advantage.)"""
    return filing in _CONFLICTS.get(payer_lob, ())


def is_secondary(claim: Claim) -> bool:
    """Does another payer come first: SBR01 neither P nor U, or a payer that has adjudicated (2320 with AMT*D, or a
    2430)? A 2320 that only names a later payer changes nothing."""
    if claim.subscriber.sequence not in ("P", "U"):
        return True
    for other in claim.other_payers:
        if other.has_adjudicated:
            return True
    for line in claim.service_lines:  # noqa: SIM110 - asked of most claims, and a generator costs as much as the answer
        if line.adjudications:
            return True
    return False


class Scope:
    """Payer ids, their groups and lines of business. ``payers``: the user's own, which win; ``lob``: ``auto``, or the
    one for all claims."""

    def __init__(self, groups: Iterable[PayerGroup], payers: Mapping[str, str], lob: str = "auto") -> None:
        choices = LINES_OF_BUSINESS[:-1]
        for payer, given in payers.items():
            if given not in choices:
                hint = suggest(given, choices) + listed(choices)
                raise PackError(f"payers: {payer}: {given!r} is not a line of business{hint}")
        if lob != "auto" and lob not in choices:
            hint = suggest(lob, choices) + listed(("auto", *choices))
            raise PackError(f"lob: {lob!r} is not a line of business{hint}")
        self.forced = "" if lob == "auto" else lob
        self._first_ids: dict[str, str] = {}
        by_id: dict[str, str] = {}
        for group in groups:
            for payer in group.ids:
                by_id[payer.upper()] = group.lob
                self._first_ids[payer.upper()] = group.ids[0]
        by_id.update({payer.strip().upper(): given for payer, given in payers.items()})
        self.lob_of_payer: Mapping[str, str] = MappingProxyType(by_id)

    def line_of_business(self, payer_id: str, filing: str) -> tuple[str, bool, bool]:
        """(line of business, does the payer map name it, does SBR09 contradict it)."""
        mapped = self.lob_of_payer.get(payer_id, "")
        if self.forced:
            return self.forced, mapped == self.forced, False
        if mapped:
            return mapped, True, conflicts(mapped, filing)
        return LOB_OF_FILING.get(filing, "unknown"), False, False

    def first_id(self, payer_id: str) -> str:
        """One id for all that name the same payer."""
        first = self._first_ids.get(payer_id)
        if first is None:
            plain = payer_id.strip().upper()
            first = self._first_ids.get(plain, plain)
        return first
