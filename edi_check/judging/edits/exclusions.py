"""What a policy excludes, as far as a claim can show it: diagnoses, words in notes, other services, dates, places.

None of it proves anything: it is for a person to look at.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ...findings import Related
from ...model import Claim, Diagnosis, ServiceLine
from ..conditions import Codes
from ..registry import Hit, Result, check
from ..words import Words


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


@check(gives="word")
def words_in_notes(claim: Claim, line: ServiceLine, *, words: Words) -> Result:
    """The line's description, its notes or the claim's notes name something, and don't deny it.

    Wrong:  SV1*HC:97140:GP*120*UN*2***1 with NTE*ADD*Gua sha to upper back
    Right:  SV1*HC:97140:GP*120*UN*2***1 with NTE*ADD*Patient declined gua sha

    Returns one hit, where the first such word stands.
    """
    if not line.notes and not claim.notes and not line.description:
        return ()
    for text, at, segment in _texts(claim, line):
        word = words.find(text)
        if word:
            return (Hit(at, segment, values={"word": word.rstrip("*")}),)
    return ()


@check(gives="procedure")
def past_the_acute_phase(claim: Claim, *, procedures: Codes, days: Decimal, conditions: frozenset[str]) -> Result:
    """The service comes long after onset (DTP*431), accident (439) or initial treatment (454); or every diagnosis it
    points to is a sequela (seventh character S); ``review`` when CR208 says that the condition is not acute and there
    is no acute manifestation (DTP*453). The policy doesn't say when a condition is past its acute phase.

    Wrong:  DTP*431*D8*20250901 with SV1*HC:97140:GP*120*UN*2***1 on 2026-02-03
    Right:  DTP*431*D8*20260105 with the same line

    Returns one hit, for the first of these reasons.
    """
    manipulation = claim.spinal_manipulation
    is_sequela = has_dates = bool(claim.dates)
    for diagnosis in claim.diagnoses:
        if len(diagnosis[1]) == 7:
            is_sequela = True
    for line in claim.service_lines:
        if len(line.dates) > 1:  # more than its DTP*472
            has_dates = True
    if manipulation is None and not is_sequela and not has_dates:
        return ()  # the usual claim
    lines = [line for line in claim.service_lines if line.procedure in procedures]
    if manipulation is not None and manipulation.condition in conditions and claim.date("453") is None:
        return (Hit("CR208", manipulation.segment, values={"procedure": lines[0].procedure}, level="review",
                    says="not_acute"),)
    for line in lines:
        start = line.service_dates.start
        known = [d for d in (claim.date("431"), claim.date("439"), line.date("454") or claim.date("454"))
                 if d is not None and d.start is not None]
        if start is not None and known:
            latest = max(known, key=lambda d: d.start or start)
            if latest.start is not None and (start - latest.start).days > days:
                return (Hit("DTP03", latest.segment, line.number, {"procedure": line.procedure}),)
    for line in lines:
        pointed = line.diagnoses if is_sequela else ()
        if pointed and all(d.is_icd10 and _is_sequela(d.code) for d in pointed):
            return (Hit("SV107", line.service_segment, line.number, {"procedure": line.procedure}, says="sequela"),)
    return ()


def _is_sequela(code: str) -> bool:
    return len(code) == 7 and code[6] == "S"


@check(gives="procedure modifier diagnosis word", names_line=True)
def maintenance_or_wellness_care(
    claim: Claim, *, procedures: Codes, codes: Codes, modifiers: frozenset[str], principal: Codes, words: Words
) -> Result:
    """The claim says that the service keeps up, prevents, or is for wellness: by its code, a liability modifier, a
    principal diagnosis of examination or screening, or in words.

    Wrong:  SV1*HC:S8990*60*UN*1***1
    Right:  SV1*HC:97140:GP*120*UN*2***1 with HI*ABK:M5450

    Returns a hit on each such line, and one on the principal diagnosis.
    """
    found: list[Hit] = []
    first = claim.diagnoses[0] if claim.diagnoses else None
    if first is not None and principal.has(first[1]) and first.is_icd10 and any(
            procedures.has(line.procedure) for line in claim.service_lines):
        named = {"procedure": "", "modifier": "", "diagnosis": first.code, "word": ""}
        found.append(Hit("HI01-2", claim.diagnoses_segment, values=named, says="diagnosis"))
    for line in claim.service_lines:
        procedure = line.procedure
        is_maintenance = codes.has(procedure)
        if not is_maintenance and (
                not procedures.has(procedure)
                or (modifiers.isdisjoint(line.modifiers) and not (line.notes or claim.notes or line.description))):
            continue
        values: dict[str, object] = {"procedure": procedure, "modifier": "", "diagnosis": "", "word": ""}
        if is_maintenance:
            found.append(Hit("SV101-2", line.service_segment, line.number, values))
            continue
        for n, modifier in enumerate(line.modifiers, 3):
            if modifier in modifiers:
                found.append(Hit(f"SV101-{n}", line.service_segment, line.number, {**values, "modifier": modifier},
                                 says="modifier"))
                break
        found.extend(_named(claim, line, words, values))
    return found


@check(gives="procedure diagnoses", names_line=True)
def excluded_rehabilitation(claim: Claim, *, procedures: Codes, codes: Codes, diagnoses: Codes) -> Result:
    """Vocational, stroke or long-term rehabilitation, as far as codes show it: a work code, or only diagnoses of work
    or of a stroke and what it leaves; ``warn`` for a work-related condition (CLM11 = EM), which may be another payer's.

    Wrong:  SV1*HC:97545:GP*200*UN*1***1
    Right:  SV1*HC:97140:GP*120*UN*2***1 with HI*ABK:M25511*ABF:I69351 and both pointed to

    Returns a hit on each such line, and one on CLM11.
    """
    found: list[Hit] = []
    if "EM" in claim.related_causes:
        at = f"CLM11-{claim.related_causes.index('EM') + 1}"
        nothing = {"procedure": "", "diagnoses": ()}
        found.append(Hit(at, claim.first_segment, values=nothing, level="warn", says="employment"))
    for line in claim.service_lines:
        if codes.has(line.procedure):
            values = {"procedure": line.procedure, "diagnoses": ()}
            found.append(Hit("SV101-2", line.service_segment, line.number, values))
        elif procedures.has(line.procedure):
            pointed = _only_such(claim, line, diagnoses)
            if pointed:
                values = {"procedure": line.procedure, "diagnoses": pointed}
                found.append(Hit("SV107", line.service_segment, line.number, values, says="diagnoses"))
    return found


@check(gives="procedure other diagnoses word", names_line=True)
def behavioural_service(claim: Claim, *, procedures: Codes, codes: Codes, diagnoses: Codes, words: Words) -> Result:
    """Hypnotherapy, behaviour training, sleep therapy or biofeedback on one day with manual therapy; or manual therapy
    for sleep disorders only; or the words in its notes.

    Wrong:  SV1*HC:97140:GP*120*UN*2***1 and SV1*HC:90901*80*UN*1***1 on one day
    Right:  the same on different days

    Returns a hit on each behavioural line of such a day, and on each manual-therapy line with the diagnoses or words.
    """
    found: list[Hit] = []
    for line in claim.service_lines:
        is_behavioural = codes.has(line.procedure)
        if not is_behavioural and not procedures.has(line.procedure):
            continue
        values: dict[str, object] = {"procedure": line.procedure, "other": "", "diagnoses": (), "word": ""}
        if is_behavioural:
            other = next((n for n in claim.service_lines if procedures.has(n.procedure) and _overlap(n, line)), None)
            if other is not None:
                found.append(Hit("SV101-2", line.service_segment, line.number, {**values, "other": other.procedure},
                                 related=(Related(0, other.number),)))
        else:
            pointed = _only_such(claim, line, diagnoses)
            if pointed:
                found.append(Hit("SV107", line.service_segment, line.number, {**values, "diagnoses": pointed},
                                 says="diagnoses"))
            if line.notes or claim.notes or line.description:
                found.extend(_named(claim, line, words, values))
    return found


def _named(claim: Claim, line: ServiceLine, words: Words, values: dict[str, object]) -> Iterator[Hit]:
    """A hit where the first of the words stands in the line's texts."""
    for text, at, segment in _texts(claim, line):
        word = words.find(text)
        if word:
            yield Hit(at, segment, line.number, {**values, "word": word.rstrip("*")}, says="word")
            return


def _overlap(a: ServiceLine, b: ServiceLine) -> bool:
    first, second = a.service_dates, b.service_dates
    if first.start is None or first.end is None or second.start is None or second.end is None:
        return False
    return first.start <= second.end and second.start <= first.end


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
