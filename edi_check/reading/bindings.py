"""Designator to model field: the one readable table of what the reader keeps, and the setters made from it.

``FIELDS`` says for a segment which element fills which field of the object it belongs to; ``?``: left at its default
when empty; after a colon, how the text is turned: ``amount`` (Decimal or None), ``day`` (date or None). ``setter``
compiles a row into a plain function, so that reading the table costs nothing when a file is read. Which *object* a
segment belongs to is ``assembly``'s business.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from .values import parse_day

__all__ = ["FIELDS", "amount", "day", "setter"]

FIELDS: dict[str, str] = {
    "NM1": "NM101 entity, NM102 type, NM103 last_name, NM104 first_name?, NM105 middle_name?, NM107 suffix?, "
    "NM108 id_qualifier, NM109 id",
    "N3": "N301 street, N302 street_2?",
    "N4": "N401 city, N402 state, N403 zip_code, N404 country?",
    "DMG": "DMG02 birth_text, DMG02 birth_date:day, DMG03 gender",
    "SBR": "SBR01 sequence, SBR02 relationship, SBR03 group_number?, SBR04 group_name?, SBR05 insurance_type?, "
    "SBR09 filing",
    "BHT": "BHT02 purpose, BHT03 reference, BHT04 date, BHT05 time, BHT06 type",
    "CLM": "CLM01 number, CLM02 charge_text, CLM02 charge:amount, CLM05-1 place_of_service, CLM05-3 frequency",
    "CR2": "CR208 condition, CR210 description, CR211 description_2",
    "SVD": "SVD01 payer_id, SVD02 paid_text, SVD02 paid:amount, SVD03-2 procedure, SVD05 units:amount, "
    "SVD06 bundled_into",
    "SV1": "SV101-1 procedure_qualifier, SV101-2 procedure, SV101-3..6 modifiers, SV101-7 description, "
    "SV102 charge_text, SV102 charge:amount, SV103 unit_basis, SV104 units_text, SV104 units:amount, "
    "SV105 place_of_service, SV107 pointers, SV109 emergency",
}

_number = re.compile(r"-?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})", re.ASCII).fullmatch
_amounts: dict[str, Decimal | None] = {"": None}
_days: dict[str, date | None] = {"": None}
REMEMBERED = 20_000


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


@cache
def setter(segment: str) -> Callable[[Any, list[str], str], None]:
    """A function ``(object, padded elements, component separator)`` that fills the object's fields. The source is made
    from ``FIELDS`` and handed to ``linecache``, so that a traceback shows it."""
    lines, composites = [f"def set_{segment}(o, e, c):"], set()
    for row in FIELDS[segment].split(", "):
        designator, _, target = row.partition(" ")
        name, _, turn = target.partition(":")
        element, _, component = designator[len(segment) :].partition("-")
        at = int(element)
        if component:
            if at not in composites:
                composites.add(at)
                lines.append(f"    p{at} = e[{at}].split(c) + PAD")
            value = f"p{at}[{int(component) - 1}]"
        else:
            value = f"e[{at}]"
        if name.endswith("?"):
            lines.append(f"    if {value}: o.{name[:-1]} = {value}")
        else:
            lines.append(f"    o.{name} = {turn}({value})" if turn else f"    o.{name} = {value}")
    source = "\n".join(lines) + "\n"
    file = f"<bindings of {segment}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    scope: dict[str, Any] = {"amount": amount, "day": day, "PAD": [""] * 12}
    exec(compile(source, file, "exec"), scope)  # noqa: S102 - our own table, never a file's content
    made: Callable[[Any, list[str], str], None] = scope[f"set_{segment}"]
    return made
