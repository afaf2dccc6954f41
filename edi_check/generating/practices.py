"""The practices that send the generated claims, and who treats in them."""

from __future__ import annotations

from typing import NamedTuple

from .draws import Draws
from .people import NPI_COUNT, Address, Name, address, employer_id, npi, person, phone

__all__ = ["Clinician", "KINDS", "Practice", "practice"]

KINDS = ("therapy",) * 11 + ("chiropractic",) * 5 + ("family",) * 6 + ("massage",) * 2

_WORDS = {
    "therapy": (
        "PHYSICAL THERAPY",
        "REHAB AND MOTION",
        "THERAPY CENTER",
        "SPORT AND SPINE THERAPY",
        "HAND AND OCCUPATIONAL THERAPY",
    ),
    "chiropractic": ("CHIROPRACTIC", "SPINE AND JOINT", "CHIROPRACTIC CLINIC"),
    "family": ("FAMILY MEDICINE", "PRIMARY CARE", "MEDICAL GROUP", "INTERNAL MEDICINE"),
    "massage": ("MASSAGE THERAPY", "THERAPEUTIC MASSAGE", "BODYWORK STUDIO"),
}
_PLACES = (
    "ALPENGLOW", "BROKEN TOP", "CANYON VIEW", "CASCADE", "CENTRAL", "CRATER", "DRY RIVER", "EAST BENCH", "FOOTHILL",
    "HIGH LAVA", "JUNIPER", "LAKESIDE", "LONE PINE", "MILL POND", "NORTH FORK", "OLD STATION", "PAINTED HILLS",
    "RIVERBEND", "SAGEBRUSH", "SHEVLIN", "SOUTH BUTTE", "STEELHEAD", "SUMMIT", "THREE CREEKS", "TRILLIUM",
    "TWIN BRIDGES", "WESTSIDE", "WHITEWATER",
)  # fmt: skip
_TAXONOMY = {
    "therapy": ("225100000X", "225100000X", "225100000X", "225X00000X"),
    "chiropractic": ("111N00000X",),
    "family": ("207Q00000X", "207R00000X", "363LF0000X", "363A00000X"),
    "massage": ("225700000X",),
}
_GROUP_TAXONOMY = {
    "therapy": "261QP2000X",
    "chiropractic": "111N00000X",
    "family": "261QP2300X",
    "massage": "225700000X",
}


class Clinician(NamedTuple):
    """Somebody who treats: NPI, name, taxonomy."""

    npi: str
    name: Name
    taxonomy: str

    @property
    def is_occupational(self) -> bool:
        return self.taxonomy == "225X00000X"


class Practice(NamedTuple):
    """A billing provider. ``organization`` is empty for a person who practises alone (then ``clinicians`` has one).
    ``pay_to`` is a post office box or ``""``. ``price`` multiplies the usual charges. The last four are habits of
    its billing software: how claim numbers begin, whether lines and charts are numbered and payers have an address."""

    kind: str
    organization: str
    npi: str
    tax_id: str
    taxonomy: str
    address: Address
    pay_to: str
    phone: str
    clinicians: tuple[Clinician, ...]
    referrers: tuple[Clinician, ...]
    price: float
    number_prefix: str
    has_line_numbers: bool
    has_chart_numbers: bool
    has_payer_addresses: bool


def practice(draws: Draws, number: int) -> Practice:
    """Practice ``number`` (from 0). Each has eight invented NPIs to itself; after 1,250 practices they come round again
    (what is summed by provider is then far apart: other patients, other days)."""
    kind = draws.pick(KINDS)
    first_npi = number * 8 % NPI_COUNT
    is_alone = draws.chance(0.22)
    clinicians = tuple(
        Clinician(npi(first_npi + 1 + n), person(draws), draws.pick(_TAXONOMY[kind]))
        for n in range(1 if is_alone else draws.between(1, 4))
    )
    referrers = tuple(Clinician(npi(first_npi + 5 + n), person(draws), "207Q00000X") for n in range(3))
    organization = ""
    own_npi, taxonomy = clinicians[0].npi, clinicians[0].taxonomy
    if not is_alone:
        own_npi, taxonomy = npi(first_npi), _GROUP_TAXONOMY[kind]
        organization = f"{draws.pick(_PLACES)} {draws.pick(_WORDS[kind])}{draws.pick(('', '', ' LLC', ' PC', ' INC'))}"
    return Practice(
        kind,
        organization,
        own_npi,
        employer_id(number),
        taxonomy,
        address(draws, is_local=True),
        f"PO BOX {draws.between(12, 9800)}" if draws.chance(0.25) else "",
        phone(draws),
        clinicians,
        referrers,
        0.85 + draws.below(40) / 100,
        draws.pick(("", "", "A", "26-", "PT", "ACCT", "C.", f"{number}X")),
        draws.chance(0.7),
        draws.chance(0.5),
        draws.chance(0.4),
    )
