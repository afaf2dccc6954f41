"""Timed therapy and manipulation: units, what may stand on one day together, modifiers, minutes, spinal regions."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from decimal import Decimal

from ...findings import Finding, Related
from ...model import Claim, ServiceLine
from ...phrases import counted
from ..aggregate import DayLine, DayOfService, Tallies, name_of
from ..conditions import Codes
from ..registry import ALWAYS_HEARD, ALWAYS_SILENT, Hit, Result, check
from ..words import NOT_OF_TREATMENT, OF_THE_VISIT
from ._spread import over_for_sure, over_perhaps
from .exclusions import says_nothing_in_words

RELATED = 10
"""Lines that a finding on a sum names; more wouldn't help anybody."""

# Not \s*-?\s*: a run of spaces would be cut in two in every way there is, before it is no match.
_MINUTES = re.compile(r"(?<![\w.])(\d{1,3})\s*(?:-\s*)?min(?:ute)?s?\b", re.I)


@check(looks_at="service")
def units_not_whole(line: ServiceLine) -> Result:
    """A timed code's units are not a whole number: there is no part of a 15-minute unit.

    Wrong:  SV1*HC:97140:GP*60*UN*1.5***1
    Right:  SV1*HC:97140:GP*60*UN*2.0***1

    Returns one hit on SV104. Units in another basis than UN are MT-01's.
    """
    units = line.units
    if units is None or units == int(units) or line.unit_basis != "UN":
        return ()
    return (Hit("SV104"),)


@check(looks_at="service", gives="modifier")
def modifier_not_eligible(line: ServiceLine, *, modifiers: frozenset[str], warned: Codes) -> Result:
    """A modifier that the code can't take, in any of the four places; for the codes of ``warned`` a ``warn``.

    Wrong:  SV1*HC:97140:GP:51*120*UN*2***1
    Right:  SV1*HC:97140:GP*120*UN*2***1

    Returns a hit on each such modifier.
    """
    if modifiers.isdisjoint(line.modifiers):
        return ()
    level, says = ("warn", "warned") if line.procedure in warned else ("", "")
    return [Hit(f"SV101-{n}", values={"modifier": m}, level=level, says=says)
            for n, m in enumerate(line.modifiers, 3) if m in modifiers]


def _room_of_one(touched: frozenset[str], *, procedure: str, most: Decimal) -> tuple[tuple[str], Decimal]:
    return (procedure,), most


@check(gives="total", room=_room_of_one)
def units_over_daily_limit(
    day: DayOfService, *, procedure: str, most: Decimal, exempt_groups: frozenset[str] | None
) -> Result:
    """More units of one code for one patient on one date of service than the policy allows, over lines and claims of
    the file, whatever their modifiers (policy 3.b, which names no provider).

    The edit's own level: one provider alone passes the limit, and ``exempt_groups`` is set and lacks this group
    (3.b.1).
    ``review``: only several providers together pass it; or ``exempt_groups`` is not set; or a range of n days has more
    than the limit of one day, though not n times that, by itself or with the days and ranges that it overlaps.
    ``note``: the group is exempt.

    Wrong:  SV1*HC:97140:GP*300*UN*5***1 and SV1*HC:97140:GP:CQ*120*UN*2***1 on one day
    Right:  SV1*HC:97140:GP*240*UN*4***1 and SV1*HC:97140:GP:CQ*120*UN*2***1 on one day

    Lines with a part of a unit are another edit's. Returns one hit, on the line with which the sum passes the limit.
    """
    if not day.overlapping and not day.overlapping_before:
        total = day.before.of(procedure).units
        for line in day.lines:
            if line.procedure == procedure:
                total += line.units
        if total <= most:
            return ()  # the usual day
    over = over_for_sure(day, procedure, most) or over_perhaps(day, procedure, most)
    if over is None:
        return ()
    level, says = "", ""
    group = day.group.strip().upper()
    if any(group == exempt.strip().upper() for exempt in exempt_groups or ()):
        level, says = "note", "exempt"
    elif over.how != "alone":
        level, says = "review", over.how
    elif exempt_groups is None:
        level, says = "review", "group_unknown"
    values = {"total": over.total, "day": name_of(over.first, over.last)}
    return (Hit("SV104", over.line.segment, over.line.number, values, level, says, related=over.related[:RELATED]),)


def _room_for_both(touched: frozenset[str], *, kept: str, refused: str) -> tuple[Container[str], float]:
    return ALWAYS_HEARD if kept in touched and refused in touched else ALWAYS_SILENT


@check(gives="procedure other", room=_room_for_both)
def not_on_one_day(day: DayOfService, *, kept: str, refused: str) -> Result:
    """Two codes that one provider can't bill for one patient and date of service; no modifier cures it (policy 3.c).

    The edit's own level: same rendering provider. ``review``: another provider of the same tax id, or days that only
    overlap in ranges. Another tax id: nothing.

    Wrong:  SV1*HC:97140:GP*120*UN*2***1 and SV1*HC:97124:GP:59*50*UN*1***1 on one day
    Right:  one of them, or both on different days

    Returns a hit on each ``refused`` line; across claims, on the later claim's line, whichever code it has.
    """
    if len(day.lines) < 2 and not (day.before or day.overlapping or day.overlapping_before):
        return ()
    found = []
    for line in day.of((refused, kept)):
        if line.procedure == refused:
            hit = _together(line, kept, day, (day.before, day.own), (*day.overlapping_before, *day.overlapping))
        else:  # with a refused line of this claim: told there
            hit = _together(line, refused, day, (day.before,), day.overlapping_before)
        if hit is not None:
            found.append(hit)
    return found


def _together(line: DayLine, other: str, day: DayOfService, same_days: Sequence[Tallies],
              other_days: Sequence[Tallies]) -> Hit | None:
    def hit(lines: tuple[Related, ...], level: str, says: str) -> Hit:
        return Hit("SV101-2", line.segment, line.number, {"procedure": line.procedure, "other": other}, level, says,
                   related=lines[:RELATED])

    by_provider = sum((t.of_provider(other, line.provider).lines for t in same_days), ())
    by_practice = sum((t.of_tax_id(other, line.tax_id).lines for t in same_days), ())
    if day.days == 1 and by_provider:
        return hit(by_provider, "", "")
    if day.days == 1 and by_practice:
        return hit(by_practice, "review", "same_group")
    for tallies in other_days:
        by_practice += tallies.of_provider(other, line.provider).lines or tallies.of_tax_id(other, line.tax_id).lines
    together = by_provider or by_practice
    return hit(together, "review", "range") if together else None


def _room_for_one_unit(touched: frozenset[str], *, codes: Codes) -> tuple[Codes, int]:
    return codes, 1


@check(gives="total procedures", room=_room_for_one_unit)
def more_than_one_spinal_manipulation(day: DayOfService, *, codes: Codes) -> Result:
    """More than one spinal manipulation code, or more than one unit of one, for a patient, provider and day: each code
    stands for all the regions treated in a session.

    Wrong:  SV1*HC:98940:AT*40*UN*1***1 and SV1*HC:98941:AT*55*UN*1***1 on one day
    Right:  SV1*HC:98941:AT*55*UN*1***1

    Returns one hit for a provider, on the line with which the second unit comes.
    """
    found = []
    sums: dict[str, Decimal] = {}
    told: set[str] = set()
    by_provider: dict[str, list[DayLine]] = {}
    for line in day.of(codes):
        by_provider.setdefault(line.provider, []).append(line)
    for line in day.of(codes):
        if line.provider not in sums:
            sums[line.provider] = sum((day.before.of_provider(c, line.provider).units for c in codes), Decimal(0))
        sums[line.provider] += line.units
        if sums[line.provider] > day.days and line.provider not in told:
            told.add(line.provider)
            mine = by_provider[line.provider]
            earlier = [r for c in codes for r in day.before.of_provider(c, line.provider).lines]
            total = sum((d.units for d in mine), sums[line.provider] - _until(mine, line))
            values = {"total": total, "procedures": sorted({d.procedure for d in mine})}
            related = (*earlier, *(Related(0, d.number) for d in mine if d is not line))
            found.append(Hit("SV104", line.segment, line.number, values, related=related[:RELATED]))
    return found


def _until(lines: Sequence[DayLine], last: DayLine) -> Decimal:
    return sum((d.units for d in lines[:lines.index(last) + 1]), Decimal(0))


@check(gives="minutes expected", names_line=True, screen=says_nothing_in_words)
def minutes_disagree_with_units(claim: Claim, *, procedures: Codes, timed: Codes, rule: str) -> Result:
    """Minutes that a note gives don't make the units billed: 15 minutes a unit, the last begun one counting from its
    eighth minute. ``midpoint`` counts each code by itself, ``eight-minute`` the timed minutes of the day together.

    Wrong:  SV1*HC:97140:GP*180*UN*3***1 with NTE*ADD*25 minutes manual therapy
    Right:  SV1*HC:97140:GP*120*UN*2***1 with NTE*ADD*25 minutes manual therapy

    Only where minutes can't be misread: one number in the line's own text, or in the claim's when it has one timed
    line; not how long the patient can sit, walk or sleep, nor after which time something is felt; nor the total of a
    visit in which something else was done, too, nor an evaluation's or a hot pack's.
    Returns a hit on the units of each line at fault.
    """
    lines = [line for line in claim.service_lines if line.procedure in timed and line.units is not None]
    minutes = {line.number: _minutes(claim, line, len(lines) == 1) for line in lines}
    of_days: dict[tuple[object, object], list[ServiceLine]] = {}
    for line in lines:
        of_days.setdefault(_days(line), []).append(line)
    firsts = {next((n.number for n in its if n.procedure in procedures), 0) for its in of_days.values()}
    found = []
    for line in lines:
        if line.procedure not in procedures or not minutes[line.number]:
            continue
        together = [line]
        if rule == "eight-minute":
            together = of_days[_days(line)]
            if line.number not in firsts or not all(minutes[n.number] for n in together):
                continue
        total, units = sum(minutes[n.number] for n in together), sum(n.units or 0 for n in together)
        expected = (total + 7) // 15
        if expected != units:
            values = {"minutes": total, "expected": counted(expected, "unit"), "units": units}
            found.append(Hit("SV104", line.service_segment, line.number, values))
    return found


def _days(line: ServiceLine) -> tuple[object, object]:
    """First and last day of service; as sent where they can't be read."""
    dates = line.service_dates
    return (dates.start, dates.end) if dates.is_readable else (dates.text, None)


def _minutes(claim: Claim, line: ServiceLine, is_only_one: bool) -> int:
    """The one number of minutes that the line's texts give, else 0."""
    notes = [*line.notes, *(claim.notes if is_only_one else ())]
    texts = " ; ".join([line.description, *(n.text for n in notes if n.code != "K3")])
    given = _MINUTES.findall(texts)
    if len(given) != 1 or NOT_OF_TREATMENT.search(texts):
        return 0
    if any(not m[1] for m in OF_THE_VISIT.finditer(texts)):
        of_day = [n for n in claim.service_lines if _days(n) == _days(line)]
        return int(given[0]) if len(of_day) == 1 else 0
    return int(given[0])


@check(gives="regions needed", names_line=True)
def manipulation_level_above_diagnoses(
    claim: Claim, *, three: str, five: str, cervical: Codes, thoracic: Codes, lumbar: Codes, sacral: Codes,
    pelvic: Codes
) -> Result:
    """A manipulation code says that more spinal regions were treated than the claim's diagnoses name.

    Wrong:  HI*ABK:M9901 with SV1*HC:98941:AT*55*UN*1***1
    Right:  HI*ABK:M9901*ABF:M9902*ABF:M9903 with SV1*HC:98941:AT*55*UN*1***1:2:3

    All diagnoses of the HI count, since a line can point to four only. Returns a hit on each such line.
    """
    for d in claim.diagnoses:
        if not d.is_icd10:
            return ()
    codes = [d.code for d in claim.diagnoses]
    named = 0
    for region in (cervical, thoracic, lumbar, sacral, pelvic):
        if any(map(region.has, codes)):
            named += 1
    found = []
    for line in claim.service_lines:
        needed = 3 if line.procedure == three else 5
        if named < needed and line.procedure in (three, five):
            found.append(Hit("SV101-2", line.service_segment, line.number, {"regions": named, "needed": needed}))
    return found


@check
def records_to_have_ready(found: Sequence[Finding]) -> Result:
    """A claim that a person will look at: what the policy asks to be documented (policy 2.a-e).

    Returns one hit on the claim when another edit of the pack asks for review.
    """
    return (Hit(),) if any(f.level == "review" for f in found) else ()
