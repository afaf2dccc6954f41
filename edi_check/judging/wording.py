"""A hit gets its words: the edit's sentence with the values filled in, and the place it speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from ..findings import Finding, Related, Where
from ..model import Claim, Place, ServiceLine
from ..privacy import legible, private
from .aggregate import DayOfService
from .packs import render_text
from .places import place_of, where_of
from .plan import Active
from .registry import Hit

__all__ = ["finding_at", "finding_of", "message_of", "shown", "with_day"]

_LONGEST = 60
_CODES = frozenset({"N4", "NM1"})
"""Segments whose codes messages quote. (Of a note they quote words of ours only.)"""


def finding_of(active: Active, hit: Hit, claim: Claim, line: ServiceLine | None, level: str) -> Finding:
    """The finding of a hit on a claim, or on one of its lines."""
    segment = hit.segment or (line.service_segment if line is not None else 0) or claim.first_segment
    values: dict[str, Any] = {"claim_number": claim.number, "claim_charge": claim.charge_text}
    if line is not None:
        days = line.service_dates
        values.update(line=line.number, procedure=line.procedure, modifiers=line.modifiers, units=line.units,
                      charge=line.charge_text, place=line.place,
                      day=days.text if days.start is None else days.start if days.is_single_day
                      else f"{days.start} to {days.end}")
    delimiters = claim.interchange.delimiters
    where = where_of(place_of(claim.locate, segment, hit.at, delimiters), hit.at, delimiters)
    message, fix = message_of(active, hit, values, where)
    return Finding(
        active.id, message, where, claim.index, line.number if line is not None else 0, claim.number, level, fix,
        hit.status or active.edit.status, _related(hit.related, claim.index),
        claim.interchange.index, claim.group.index, claim.set.index)


def finding_at(active: Active, hit: Hit, place: Place, delimiters: Any, claim: int, number: str, level: str,
               values: Mapping[str, Any]) -> Finding:
    """The finding of a hit on a claim that is no longer at hand (``settle``)."""
    where = where_of(place, hit.at, delimiters) if place.text else Where(
        place.loop, hit.at[:-2] if hit.at else "", hit.at, 0, place.segment, place.set_segment, 0, 0, place.offset,
        place.length)
    message, fix = message_of(active, hit, {"claim_number": number, **values}, where)
    return Finding(active.id, message, where, claim, hit.line, number, level, fix, hit.status or active.edit.status,
                   _related(hit.related, claim))


def _related(related: tuple[Related, ...], claim: int) -> tuple[Related, ...]:
    return tuple(r if r.claim else Related(claim, r.line) for r in related) if related else ()


def message_of(active: Active, hit: Hit, values: Mapping[str, Any], where: Where) -> tuple[str, str]:
    """(message, fix): fix is ``""`` when it is the edit's own as it stands. Where the value at fault identifies a
    person (a name has moved to a code's place), it does so in the message, too."""
    data = active.data
    hidden = where.value.upper() if where.is_private and where.segment_id in _CODES else ""
    filled = {**active.parameters, **values, **hit.values}
    names = active.pack.names

    def value_of(name: str, form: str) -> str:
        value = filled.get(name, "")
        if hidden and isinstance(value, str) and value.upper() == hidden:
            return private(value)
        text = shown(value)
        return f"{text} ({names[text]})" if form == "name" and text in names else text

    key = hit.says or data.says_key
    says = data.also_says.get(key) or data.edit.says
    message = render_text(says, value_of)
    if active.pack.closing:
        message = f"{message.rstrip('.')} ({active.pack.closing})."
    fix = data.also_fix.get(key, "")
    if not fix and "{" in data.edit.fix:
        fix = data.edit.fix
    return message, render_text(fix, value_of)


def shown(value: Any) -> str:
    """A value for people: days as ISO, numbers plain, lists as ``a, b and c``, text legible (a value that a check has
    marked as private keeps its mark)."""
    if isinstance(value, str):
        return value if value[:1] == "\x02" else legible(value, _LONGEST)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return str(value)
    if value is None:
        return ""
    items = [shown(v) for v in value]
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def _number(value: Decimal) -> str:
    if not value.is_finite() or abs(value) >= Decimal(10) ** 20:
        return str(value)
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_day(hit: Any, day: DayOfService) -> Any:
    """The hit of a check on a day, with the day's name among its values."""
    return hit._replace(values={"day": day.name, **hit.values}) if isinstance(hit, Hit) else hit
