"""Who is billed: the payers of the generated claims, and how their members are numbered.

PacificSource's ids are those of its published payer lists; every other payer is invented.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .draws import Draws

__all__ = ["COMMERCIAL_GROUPS", "EMPLOYERS", "Payer", "payer_for", "primary_before"]

COMMERCIAL_GROUPS = tuple(f"G{n:07d}" for n in range(1204, 9000, 173))
"""Group numbers that members of private payers are given."""

EMPLOYERS = (
    "", "", "", "JUNIPER SCHOOL DISTRICT", "HIGH LAVA BREWING", "RIMROCK LUMBER CO", "TUMALO OUTFITTERS INC",
    "CITY OF LONE PINE", "STEELHEAD MARINE SUPPLY", "PAINTED HILLS DAIRY COOPERATIVE", "CRATER COUNTY",
    "NORTHWEST FREIGHT TRUST",
)  # fmt: skip
"""Whose groups they are (SBR04); often not said."""


class Payer(NamedTuple):
    """``kind`` is pacificsource, medicare-advantage, coordinated-care, medicare, medicaid, commercial, work or auto;
    ``filings`` the SBR09 that its claims may carry; ``member`` makes a member id from a number no other member has."""

    kind: str
    name: str
    id: str
    filings: tuple[str, ...]
    member: Callable[[int], str]

    @property
    def address(self) -> tuple[str, str]:
        """N3 and N4 of its claims office (invented)."""
        return f"N3*PO BOX {sum(map(ord, self.id)) * 13}", "N4*SPRINGFIELD*OR*97475"

    @property
    def is_pacificsource(self) -> bool:
        return self.kind == "pacificsource"

    @property
    def is_medicare(self) -> bool:
        return self.kind in ("medicare", "medicare-advantage")

    @property
    def is_medicaid(self) -> bool:
        return self.kind in ("medicaid", "coordinated-care")

    @property
    def has_only_subscribers(self) -> bool:
        """Every member of these has an id of their own, so nobody is a dependent."""
        return self.kind not in ("pacificsource", "commercial")


_LETTERS = "ACDEFGHJKMNPQRTUVWXY"


def _numbered(prefix: str, width: int, suffix: str = "") -> Callable[[int], str]:
    """Member ids as ``prefix`` + scattered digits + ``suffix``; different numbers give different ids."""
    modulus = 10**width

    def member(n: int) -> str:
        # 7 919 and 10 have no common divisor, so n -> 7919 n is one to one below the modulus.
        return f"{prefix}{(n * 7919 + 104729) % modulus:0{width}d}{suffix}"

    return member


def _medicare(n: int) -> str:
    """In the form of a Medicare number, but with 0 first, which none has."""
    n = (n * 7919 + 104729) % 8_000_000
    a, n = _LETTERS[n % 20], n // 20
    b, n = _LETTERS[n % 20], n // 20
    c, n = _LETTERS[n % 20], n // 20
    return f"0{a}{n % 10}{n // 10 % 10}T{b}{n // 100 % 10}M{c}73"


_PACIFICSOURCE = tuple(
    Payer("pacificsource", name, payer_id, filings, _numbered("0", 8, "00"))
    for name, payer_id, filings in (
        ("PACIFICSOURCE HEALTH PLANS", "93029", ("CI", "CI", "CI", "12", "HM", "13")),
        ("PACIFICSOURCE HEALTH PLANS", "93029", ("CI", "12")),
        ("PACIFICSOURCE HEALTH PLANS", "93029", ("CI",)),
        ("PACIFICSOURCE", "10375", ("CI", "12")),
        ("PACIFICSOURCE HEALTH PLAN", "5441", ("CI", "BL")),
        ("PACIFICSOURCE", "PSHLTH", ("CI", "14", "15")),
    )
)
_ADVANTAGE = tuple(
    Payer("medicare-advantage", "PACIFICSOURCE MEDICARE", payer_id, ("16", "HM", "12"), _numbered("0", 9))
    for payer_id in ("20377", "6147", "PSMED")
)
_COORDINATED = (
    Payer("coordinated-care", "PACIFICSOURCE COMMUNITY SOLUTIONS", "20416", ("MC",), _numbered("EX", 6, "A")),
)
_MEDICARE = (
    Payer("medicare", "MEDICARE PART B NORTHWEST", "EXMB1", ("MB",), _medicare),
    Payer("medicare", "MEDICARE PART B MOUNTAIN", "EXMB2", ("MB",), _medicare),
)
_MEDICAID = (
    Payer("medicaid", "HIGH DESERT MEDICAID", "EXMC1", ("MC",), _numbered("EX", 7)),
    Payer("medicaid", "STATE MEDICAL ASSISTANCE", "EXMC2", ("MC",), _numbered("EXM", 7)),
)
_COMMERCIAL = (
    Payer("commercial", "CASCADE MUTUAL HEALTH", "EXC01", ("CI", "12"), _numbered("EXW", 9)),
    Payer("commercial", "BLUE HERON HEALTH", "EXC02", ("BL",), _numbered("EXH", 9)),
    Payer("commercial", "TIMBERLINE BENEFIT TRUST", "EXC03", ("CI", "13", "14"), _numbered("EX", 9)),
    Payer("commercial", "COLUMBIA CREST HMO", "EXC04", ("HM",), _numbered("EXK", 8)),
)
_WORK = (Payer("work", "OREGON TIMBER COMPENSATION FUND", "EXW01", ("WC",), _numbered("EXWC", 7)),)
_AUTO = (Payer("auto", "OVERLAND AUTO CASUALTY", "EXA01", ("AM",), _numbered("EXAM", 7)),)

_MIX = (_PACIFICSOURCE,) * 46 + (_COMMERCIAL,) * 18 + (_MEDICARE,) * 13 + (_ADVANTAGE,) * 6 + (
    (_MEDICAID,) * 6 + (_COORDINATED,) * 6 + (_WORK,) * 3 + (_AUTO,) * 2
)  # fmt: skip
_PRIVATE = (_PACIFICSOURCE,) * 7 + (_COMMERCIAL,) * 2 + (_AUTO,)


def payer_for(draws: Draws, is_private: bool) -> Payer:
    """A payer; ``is_private`` leaves out the public programmes, which don't pay every kind of practice."""
    return draws.pick(draws.pick(_PRIVATE if is_private else _MIX))


def primary_before(draws: Draws) -> Payer:
    """The other payer that has already paid a secondary claim."""
    return draws.pick(_COMMERCIAL)
