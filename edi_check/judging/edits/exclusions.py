"""What a policy excludes, as far as a claim can show it: codes, diagnoses, words in notes, other services, dates.

None of it proves anything: it is for a person to look at.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from decimal import Decimal
from functools import lru_cache

from ...findings import Related
from ...model import Claim, Diagnosis, ServiceLine
from ..aggregate import DayLine, DayOfService
from ..conditions import Codes
from ..registry import ALWAYS_HEARD, ALWAYS_SILENT, Hit, Result, check
from ..words import Words
from ._screens import names_no_cause


def _texts(claim: Claim, line: ServiceLine) -> Iterator[tuple[str, str, int]]:
    """(text, designator, segment) of what a line says in words: SV101-7, its NTE, the claim's NTE."""
    if line.description:
        yield line.description, "SV101-7", line.service_segment
    for note in (*line.notes, *claim.notes):
        if note.code != "K3":
            yield note.text, "NTE02", note.segment


def _only_such(claim: Claim, line: ServiceLine, such: Codes) -> list[str]:
    """The codes of the diagnoses that the line points to, when all of them belong to the list; else none."""
    has = such.has
    for diagnosis in claim.diagnoses:
        if has(diagnosis[1]):
            break
    else:
        return []  # the usual claim: none of them, whatever the line points to
    pointed = line.diagnoses
    return [d.code for d in pointed] if all(d.is_icd10 and has(d.code) for d in pointed) else []


@check(gives="diagnoses")
def diagnosis_not_supportive(diagnoses: tuple[Diagnosis, ...], *, supportive: Codes, unrelated: Codes) -> Result:
    """No diagnosis that the line points to is one for which manual therapy is known to be appropriate (policy 1 gives
    examples, no list); ``review`` when all of them clearly have nothing to do with it.

    Wrong:  HI*ABK:H2513 with SV1*HC:97140:GP*120*UN*2***1
    Right:  HI*ABK:M5450 with SV1*HC:97140:GP*120*UN*2***1

    Returns one hit on SV107.
    """
    if not diagnoses or any(not d.is_icd10 or supportive.has(d.code) for d in diagnoses):
        return ()
    is_unrelated = all(unrelated.has(d.code) for d in diagnoses)
    level, says = ("review", "unrelated") if is_unrelated else ("", "")
    return (Hit("SV107", values={"diagnoses": [d.code for d in diagnoses]}, level=level, says=says),)


@check(gives="diagnoses")
def only_such_diagnoses(diagnoses: tuple[Diagnosis, ...], *, such: Codes) -> Result:
    """All diagnoses that the line points to belong to a list.

    Wrong:  HI*ABK:F17210 with SV1*HC:97140:GP*120*UN*2***1
    Right:  HI*ABK:M5450*ABF:F17210 with SV1*HC:97140:GP*120*UN*2***1:2

    Returns one hit on SV107.
    """
    if not diagnoses or not all(d.is_icd10 and such.has(d.code) for d in diagnoses):
        return ()
    return (Hit("SV107", values={"diagnoses": [d.code for d in diagnoses]}),)


def says_nothing_in_words(claim: Claim) -> bool:
    """No note and no description anywhere: what looks for words needn't look."""
    if claim.is_plain:  # no notes anywhere
        for line in claim.service_lines:  # noqa: SIM110 - on every claim: a generator would cost three times as much
            if line.description:
                return False
        return True
    if claim.notes:
        return False
    for line in claim.service_lines:  # noqa: SIM110
        if line.notes or line.description:
            return False
    return True


@check(gives="word", names_line=True, screen=says_nothing_in_words)
def words_in_notes(claim: Claim, *, procedures: Codes, words: Words, besides: Words | None = None) -> Result:
    """A line's description, its notes or the claim's notes name something, and don't deny it.

    Wrong:  SV1*HC:97140:GP*120*UN*2***1 with NTE*ADD*Gua sha to upper back
    Right:  SV1*HC:97140:GP*120*UN*2***1 with NTE*ADD*Patient declined gua sha

    ``besides``: phrases in which such a word means something else, as in the name of a clinic or of a job.

    Returns a hit for each line with one of the ``procedures``, where the first such word stands.
    """
    found: list[Hit] = []
    for line in claim.service_lines:
        if procedures.has(line.procedure):
            for text, at, segment in _texts(claim, line):
                word = words.find(text, besides)
                if word:
                    found.append(Hit(at, segment, line.number, {"word": word.rstrip("*")}))
                    break
    return found


@check(looks_at="service")
def procedure_is_listed(line: ServiceLine) -> Result:
    """The code itself is what the edit is about.

    Wrong:  SV1*HC:S8990*60*UN*1***1
    Right:  SV1*HC:97140:GP*60*UN*1***1

    Returns one hit on SV101-2.
    """
    return (Hit("SV101-2"),)


@check(looks_at="service", gives="modifier")
def modifier_is_listed(line: ServiceLine, *, modifiers: frozenset[str]) -> Result:
    """The line carries one of some modifiers.

    Wrong:  SV1*HC:97140:GP:GZ*120*UN*2***1
    Right:  SV1*HC:97140:GP*120*UN*2***1

    Returns one hit, on the first of them.
    """
    for n, modifier in enumerate(line.modifiers, 3):
        if modifier in modifiers:
            return (Hit(f"SV101-{n}", values={"modifier": modifier}),)
    return ()


@check(gives="diagnosis")
def principal_diagnosis_is_listed(claim: Claim, *, such: Codes) -> Result:
    """The claim's principal diagnosis belongs to a list.

    Wrong:  HI*ABK:Z0000*ABF:M5450
    Right:  HI*ABK:M5450*ABF:Z0000

    Returns one hit on HI01-2.
    """
    if not claim.diagnoses or not such.has(claim.diagnoses[0][1]) or not claim.diagnoses[0].is_icd10:
        return ()
    return (Hit("HI01-2", claim.diagnoses_segment, values={"diagnosis": claim.diagnoses[0].code}),)


@check(screen=names_no_cause)
def related_cause_is(claim: Claim, *, cause: str) -> Result:
    """CLM11 gives this cause: AA auto accident, EM employment, OA other accident.

    Wrong:  CLM*A1*120***11:B:1*Y*A*Y*Y**EM, where employment is looked for
    Right:  CLM*A1*120***11:B:1*Y*A*Y*Y

    Returns one hit on it.
    """
    if cause not in claim.related_causes:
        return ()
    return (Hit(f"CLM11-{claim.related_causes.index(cause) + 1}", claim.first_segment),)


def _room_for_other(touched: frozenset[str], *, codes: Codes, others: Codes) -> tuple[Container[str], float]:
    is_there = any(code in codes for code in touched) and any(code in others for code in touched)
    return ALWAYS_HEARD if is_there else ALWAYS_SILENT


@check(gives="procedure other", room=_room_for_other)
def with_other_on_one_day(day: DayOfService, *, codes: Codes, others: Codes) -> Result:
    """One of the ``codes`` and one of the ``others`` for one patient on one day, or on days that overlap in ranges: in
    one claim, or in claims of one provider or practice. What another practice did that day has nothing to do with it.
    The edit's ``where`` names both kinds of codes.

    Wrong:  SV1*HC:97140:GP*120*UN*2***1 and SV1*HC:90901*80*UN*1***1 on one day
    Right:  the same on different days

    Returns a hit on each line with one of the ``codes``; where only an earlier claim has one, on the first line with
    one of the ``others``.
    """
    if len(day.all_lines) < 2 and day.ledger is None:
        return ()
    mine = day.of(codes)
    if mine:
        own = next((n for n in day.touching(day.first, day.last) if others.has(n.procedure)), None)
        if own is not None:
            return [_beside(line, own.procedure, Related(0, own.number)) for line in mine]
        hits = [_beside_earlier(line, day, others) for line in mine]
        return [hit for hit in hits if hit is not None]
    for line in day.of(others):
        hit = _beside_earlier(line, day, codes)
        if hit is not None:
            return (hit,)
    return ()


def _beside_earlier(line: DayLine, day: DayOfService, codes: Codes) -> Hit | None:
    for tallies in (day.before, *day.overlapping_before):
        for code in _in_order(codes) if tallies else ():
            where = tallies.of_provider(code, line.provider).lines or tallies.of_tax_id(code, line.tax_id).lines
            if where:
                return _beside(line, code, where[0])
    return None


@lru_cache(maxsize=100)
def _in_order(codes: Codes) -> tuple[str, ...]:
    return tuple(sorted(codes.enumerated() or ()))


def _beside(line: DayLine, other: str, where: Related) -> Hit:
    return Hit("SV101-2", line.segment, line.number, {"procedure": line.procedure, "other": other},
               related=(where,))


@check(gives="procedure")
def past_the_acute_phase(claim: Claim, *, procedures: Codes, days: Decimal, conditions: frozenset[str]) -> Result:
    """The service comes long after onset (DTP*431), accident (439) or initial treatment (454), and there is no later
    acute manifestation (453); or every diagnosis it points to is a sequela (seventh character S); ``review`` when
    CR208 says that the condition is not acute and there is no acute manifestation (DTP*453). The policy doesn't say
    when a condition is past its acute phase.

    Wrong:  DTP*431*D8*20250901 with SV1*HC:97140:GP*120*UN*2***1 on 2026-02-03
    Right:  DTP*431*D8*20260105 with the same line

    Returns one hit, for the first of these reasons.
    """
    manipulation = claim.spinal_manipulation
    is_sequela = False
    for diagnosis in claim.diagnoses:
        if diagnosis[1][6:] == "S":
            is_sequela = True
    if manipulation is None and not is_sequela and _is_recent(claim, days):
        return ()  # the usual claim
    lines = [line for line in claim.service_lines if line.procedure in procedures]
    onset, accident, treatment, acute = (claim.date(qualifier) for qualifier in ("431", "439", "454", "453"))
    if manipulation is not None and manipulation.condition in conditions and acute is None:
        return (Hit("CR208", manipulation.segment, values={"procedure": lines[0].procedure}, level="review",
                    says="not_acute"),)
    for line in lines:
        start = line.service_dates.start
        known = [d for d in (onset, accident, line.date("454") or treatment) if d is not None and d.start is not None]
        if start is not None and known:
            latest = max(known, key=lambda d: d.start or start)
            if acute is not None and acute.start is not None and (start - acute.start).days <= days:
                continue
            if latest.start is not None and (start - latest.start).days > days:
                return (Hit("DTP03", latest.segment, line.number, {"procedure": line.procedure}),)
    for line in lines:
        pointed = line.diagnoses if is_sequela else ()
        if pointed and all(d.is_icd10 and _is_sequela(d.code) for d in pointed):
            return (Hit("SV107", line.service_segment, line.number, {"procedure": line.procedure}, says="sequela"),)
    return ()


def _is_recent(claim: Claim, days: Decimal) -> bool:
    """Do no dates but those of service say how long ago it began, or none so long ago?"""
    if not claim.is_plain:
        for line in claim.service_lines:
            if len(line.dates) > 1:  # more than its DTP*472
                return False
    if claim.dates:
        last = None
        for line in claim.service_lines:
            start = line.service_dates.start
            if start is not None and (last is None or start > last):
                last = start
        for d in claim.dates:
            if last is not None and d.start is not None and (last - d.start).days > days:
                return False
    return True


def _is_sequela(code: str) -> bool:
    return len(code) == 7 and code[6] == "S"


@check
def location_not_shown(
    claim: Claim, line: ServiceLine, *, unlocated: Codes, modifiers: frozenset[str], words: Words
) -> Result:
    """No diagnosis that the line points to, no modifier and no text says where on the body it was applied (policy 2.c).

    Wrong:  HI*ABK:R52 with SV1*HC:97140:GP*120*UN*2***1
    Right:  HI*ABK:R52 with SV1*HC:97140:GP:LT*120*UN*2***1, or HI*ABK:M25511

    Returns one hit on SV107.
    """
    if not _only_such(claim, line, unlocated):
        return ()
    if not modifiers.isdisjoint(line.modifiers) or any(words.find(text) for text, _, _ in _texts(claim, line)):
        return ()
    return (Hit("SV107"),)
