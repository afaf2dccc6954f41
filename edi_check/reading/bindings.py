"""Elements to model fields: what the reader keeps of the segments that fill several fields at once.

Every function takes the object, the padded elements (``e[1]`` is the first) and, where a composite is taken apart, the
component separator. A field that is seldom sent is left at its default when it is empty. Which *object* a segment
belongs to is ``assembly``'s business, and ``claims``'; SV1 and DTP are remembered, and bound there.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Final

from ..model import Claim, LineAdjudication, OtherPayer, Party, SpinalManipulation, Subscriber, TransactionSet
from .values import parse_day

__all__ = [
    "amount",
    "day",
    "set_bht",
    "set_clm",
    "set_cr2",
    "set_dmg",
    "set_n3",
    "set_n4",
    "set_nm1",
    "set_sbr",
    "set_svd",
]

_number: Final = re.compile(r"-?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})", re.ASCII).fullmatch
_amounts: Final[dict[str, Decimal | None]] = {"": None}
_days: Final[dict[str, date | None]] = {"": None}
REMEMBERED: Final = 20_000


def amount(text: str) -> Decimal | None:
    """An amount or quantity as sent; ``None`` when absent or not a number."""
    try:
        return _amounts[text]
    except KeyError:
        value = Decimal(text) if _number(text) else None
        if len(_amounts) < REMEMBERED and len(text) < 20:
            _amounts[text] = value
        return value


def day(text: str) -> date | None:
    """CCYYMMDD to a day; ``None`` when absent or no day of the calendar."""
    try:
        return _days[text]
    except KeyError:
        value = parse_day(text)
        if len(_days) < REMEMBERED and len(text) < 20:
            _days[text] = value
        return value


def set_bht(s: TransactionSet, e: list[str]) -> None:
    """BHT02 purpose, BHT03 reference, BHT04 date, BHT05 time, BHT06 type."""
    s.purpose, s.reference, s.type = e[2], e[3], e[6]
    s.date, s.time = e[4], e[5]


def set_nm1(p: Party, e: list[str]) -> None:
    """NM101 entity, NM102 type, NM103 to NM105 and NM107 the name, NM108 and NM109 the id."""
    p.entity, p.type = e[1], e[2]
    p.last_name, p.first_name = e[3], e[4]
    if e[5]:
        p.middle_name = e[5]
    if e[7]:
        p.suffix = e[7]
    p.id_qualifier, p.id = e[8], e[9]


def set_n3(p: Party, e: list[str]) -> None:
    """N301 and N302: the street."""
    p.street = e[1]
    if e[2]:
        p.street_2 = e[2]


def set_n4(p: Party, e: list[str]) -> None:
    """N401 city, N402 state, N403 ZIP code, N404 country."""
    p.city, p.state, p.zip_code = e[1], e[2], e[3]
    if e[4]:
        p.country = e[4]


def set_dmg(p: Party, e: list[str]) -> None:
    """DMG02 birth, DMG03 gender."""
    p.birth_text, p.birth_date, p.gender = e[2], day(e[2]), e[3]


def set_sbr(s: Subscriber | OtherPayer, e: list[str]) -> None:
    """SBR01 sequence, SBR02 relationship, SBR03 and SBR04 the group, SBR05 type of insurance, SBR09 filing code."""
    s.sequence, s.relationship, s.filing = e[1], e[2], e[9]
    if e[3]:
        s.group_number = e[3]
    if e[4]:
        s.group_name = e[4]
    if e[5]:
        s.insurance_type = e[5]


def set_clm(c: Claim, e: list[str], component: str) -> None:
    """CLM01 number, CLM02 charge, CLM05-1 place of service, CLM05-3 frequency."""
    c.number, c.charge_text, c.charge = e[1], e[2], amount(e[2])
    parts = e[5].split(component)
    parts += ("", "", "")
    c.place_of_service, c.frequency = parts[0], parts[2]


def set_cr2(s: SpinalManipulation, e: list[str]) -> None:
    """CR208 condition, CR210 and CR211 its description."""
    s.condition, s.description, s.description_2 = e[8], e[10], e[11]


def set_svd(j: LineAdjudication, e: list[str], component: str) -> None:
    """SVD01 payer, SVD02 paid, SVD03-2 procedure and what follows it modifiers, SVD05 units, SVD06 bundled into."""
    j.payer_id, j.paid_text, j.paid = e[1], e[2], amount(e[2])
    parts = e[3].split(component)
    j.procedure = parts[1] if len(parts) > 1 else ""
    j.modifiers = tuple([m for m in parts[2:6] if m])
    j.units, j.bundled_into = amount(e[5]), e[6]
