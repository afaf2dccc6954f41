"""Diagnoses of the claim (HI) and the pointers of its lines (SV107). Whether a code exists on a day is CORE-DX-07's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ...findings import Status
from ...identifiers import is_icd9cm_shape, is_icd10cm_shape
from ...model import Claim, Diagnosis, ServiceLine
from ..codesets import Diagnoses
from ..registry import Hit, Result, Unjudged, check
from ._known import HIGHEST, ICD10_SHAPED, LIMIT
from ._screens import has_ordinary_diagnoses
from ._stray import has_strayed
from ._words import listing

_ICD10_DAY = date(2015, 10, 1)
_ICD10 = ("ABK", "ABF")
_ICD9 = ("BK", "BF")
_PRINCIPAL = "254"
_OTHER = "255"


def _at(d: Diagnosis) -> str:
    return f"HI{d.position:02}-2"


def _is_principal(d: Diagnosis) -> bool:
    return d.position == 1


@check(gives="pointer diagnoses", screen=has_ordinary_diagnoses, names_line=True)
def pointer_to_absent_diagnosis(claim: Claim) -> Result:
    """A line points to a diagnosis that the claim doesn't have (TR3 2400 SV107).

    Wrong:  HI*ABK:M5450*ABF:M25511    SV1*HC:97140:GP*120*UN*2***1:3
    Right:  HI*ABK:M5450*ABF:M25511    SV1*HC:97140:GP*120*UN*2***1:2

    Returns a hit on each SV107 component at fault; none when the claim has no HI at all, another HI strayed, or the
    pointer isn't a number from 1 to 12 (all of them the guide's edits).
    """
    ds = claim.diagnoses
    count = len(ds)
    if not count or (claim.faults and has_strayed(claim, "HI")):
        return ()
    found: list[Hit] = []
    for line in claim.service_lines:
        highest = HIGHEST.get(line.pointers)
        if highest is None:
            highest = highest_pointer(line.pointers)
        if highest <= count and all(d.code for d in ds):
            continue
        for n, p in enumerate(line.pointers, 1):
            number = _number(p)
            if 0 < number <= 12 and (number > count or not ds[number - 1].code):
                values = {"pointer": p, "diagnoses": sum(1 for d in ds if d.code)}
                code = f"HI{number:02}-"
                codeless = ((claim.diagnoses_segment, code + "1"), (claim.diagnoses_segment, code + "2"))
                is_left_out = number <= count
                found.append(Hit(f"SV107-{n}", line.service_segment, line.number, values,
                                 says="left_out" if is_left_out else "", unless=codeless if is_left_out else ()))
    return found


def highest_pointer(pointers: tuple[str, ...]) -> int:
    """The highest diagnosis that pointers of a line name, 0 for none; what is no number to 12 is the guide's edit."""
    highest = max((n for n in map(_number, pointers) if n <= 12), default=0)
    if len(HIGHEST) < LIMIT:
        HIGHEST[pointers] = highest
    return highest


def _number(pointer: str) -> int:
    return int(pointer) if pointer.isascii() and pointer.isdecimal() and len(pointer) < 4 else 0


@check(looks_at="service", gives="pointer")
def pointer_repeated(line: ServiceLine) -> Result:
    """A line points to the same diagnosis twice.

    Wrong:  SV1*HC:97140:GP*120*UN*2***1:1
    Right:  SV1*HC:97140:GP*120*UN*2***1:2

    Returns a hit on each repeated component of SV107.
    """
    pointers = line.pointers
    if len(pointers) < 2 or pointers in _DISTINCT:
        return ()
    if len(set(pointers)) == len(pointers):
        if len(_DISTINCT) < LIMIT:
            _DISTINCT.add(pointers)
        return ()
    return [Hit(f"SV107-{n + 1}", values={"pointer": p}) for n, p in enumerate(pointers) if p and p in pointers[:n]]


_DISTINCT: set[tuple[str, ...]] = set()


@check(gives="diagnosis", screen=has_ordinary_diagnoses)
def diagnosis_repeated(claim: Claim) -> Result:
    """A diagnosis stands twice in HI.

    Wrong:  HI*ABK:M5450*ABF:M5450
    Right:  HI*ABK:M5450*ABF:M25511

    Returns a hit on each repeated one.
    """
    ds = claim.diagnoses
    n = len(ds)
    if n < 2 or (n == 2 and ds[0].code != ds[1].code) or len({d.code for d in ds}) == n:
        return ()
    seen: set[str] = set()
    found: list[Hit] = []
    for d in ds:
        if d.code and d.code in seen:
            found.append(Hit(_at(d), claim.diagnoses_segment, values={"diagnosis": d.code}))
        seen.add(d.code)
    return found


@check(gives="diagnosis", screen=has_ordinary_diagnoses)
def diagnosis_malformed(claim: Claim) -> Result:
    """A diagnosis that can't be one: with a decimal point, or not of the shape that its qualifier promises.

    ABK and ABF: ICD-10-CM; BK and BF: ICD-9-CM (45 CFR 162.1002). The point is never sent.

    Wrong:  HI*ABK:M54.50    HI*ABK:7242    HI*BK:M5450
    Right:  HI*ABK:M5450     HI*BK:7242 (days before 2015-10-01)

    Returns a hit on each diagnosis at fault.
    """
    for qualifier, code, _ in claim.diagnoses:
        if code not in ICD10_SHAPED or qualifier not in _ICD10:
            break
    else:
        return ()
    found: list[Hit] = []
    for d in claim.diagnoses:
        if not _is_well_formed(d.qualifier, d.code):
            found.append(Hit(_at(d), claim.diagnoses_segment, values={"diagnosis": d.code},
                             says="point" if "." in d.code else "icd10" if d.is_icd10 else "icd9",
                             status=Status("A7", (_PRINCIPAL if _is_principal(d) else _OTHER,))))
    return found


def _is_well_formed(qualifier: str, code: str) -> bool:
    if not code or qualifier not in _ICD10:
        return not code or qualifier not in _ICD9 or is_icd9cm_shape(code.upper())
    is_good = is_icd10cm_shape(code.upper())
    if is_good and len(ICD10_SHAPED) < LIMIT:
        ICD10_SHAPED.add(code)
    return is_good


@check(gives="day", screen=has_ordinary_diagnoses)
def diagnosis_version_wrong_for_date(claim: Claim, *, filings: frozenset[str]) -> Result:
    """ICD-10-CM codes for services before 2015-10-01, ICD-9-CM codes for later ones, or both on one claim.

    The first day of each line counts (45 CFR 162.1002; a stay that began earlier keeps the codes of its first day).
    A day before the patient's birth is wrong itself (CORE-LIN-04) and says nothing of the codes.
    ``filings``: SBR09 of payers that HIPAA doesn't bind to ICD-10 (WC, AM, LM): ``warn``.

    Wrong:  HI*BK:7242     DTP*472*D8*20260201      HI*ABK:M5450   DTP*472*D8*20150930
    Right:  HI*ABK:M5450   DTP*472*D8*20260201      HI*BK:7242     DTP*472*D8*20150930

    Returns one hit, on the principal diagnosis, or on the first of the other version.
    """
    ds = claim.diagnoses
    if not ds:
        return ()
    is_new = ds[0].qualifier in _ICD10
    birth = claim.patient.birth_date if is_new else None
    day = None
    for line in claim.service_lines:
        first = line.service_dates.start
        if first is not None and (first < _ICD10_DAY) == is_new and (birth is None or first >= birth):
            day = first
            break
    if day is None and is_new:
        for qualifier, _, _ in ds:
            if qualifier not in _ICD10:
                break
        else:
            return ()
    return _version(claim, day, "warn" if claim.subscriber.filing in filings else "")


def _version(claim: Claim, day: date | None, level: str) -> Result:
    ds = tuple(d for d in claim.diagnoses if d.code)
    if not ds or any(d.qualifier not in _ICD10 and d.qualifier not in _ICD9 for d in ds):
        return ()
    other = next((d for d in ds if d.is_icd10 != ds[0].is_icd10), None)
    if other is not None:
        return (Hit(f"HI{other.position:02}-1", claim.diagnoses_segment, level=level, says="mixed",
                    values={"day": day or ""}, status=Status("A8", (_OTHER, "508"))),)
    if day is None:
        return ()
    if ds[0].is_icd10:
        return (Hit("HI01-1", claim.diagnoses_segment, level=level, says="early", values={"day": day},
                    status=Status("A8", (_PRINCIPAL, "700"))),)
    return (Hit("HI01-1", claim.diagnoses_segment, level=level, values={"day": day},
                status=Status("A8", (_PRINCIPAL, "508"))),)


@check(gives="diagnosis", screen=has_ordinary_diagnoses)
def external_cause_as_principal(claim: Claim) -> Result:
    """The first diagnosis is an external cause (ICD-10-CM V00 to Y99, ICD-9-CM E codes): it says how, not what.

    Wrong:  HI*ABK:W19XXXA*ABF:S43401A
    Right:  HI*ABK:S43401A*ABF:W19XXXA

    Returns one hit on HI01.
    """
    if not claim.diagnoses:
        return ()
    d = claim.diagnoses[0]
    if d.code[:1] not in _EXTERNAL:
        return ()
    if d.position != 1 or not (d.code[:1] in "VWXY" if d.qualifier in _ICD10 else d.code[:1] == "E"):
        return ()
    return (Hit("HI01-2", claim.diagnoses_segment, values={"diagnosis": d.code}),)


_EXTERNAL = frozenset("VWXYE")


@check(gives="diagnosis day")
def diagnosis_not_in_code_set(claim: Claim, *, icd10cm: Diagnoses) -> Result:
    """A diagnosis that isn't a billable ICD-10-CM code on any day of the lines that point to it (of all lines, where
    none does). Codes change on October 1, and a claim may have lines on both sides of it.

    ``icd10cm`` are the user's tables by year; without one the edit is not evaluated.

    Wrong:  HI*ABK:M545    on 2026-02-03 (the code was divided on 2021-10-01)
    Right:  HI*ABK:M5450

    Returns a hit on each diagnosis at fault; one ``Unjudged`` when the tables don't speak of a day of some of them.
    """
    found: list[Hit | Unjudged] = []
    unjudged: list[Hit | Unjudged] = []
    for d in claim.diagnoses:
        if not d.is_icd10 or not is_icd10cm_shape(d.code):
            continue
        days = _days([line for line in claim.service_lines if d in line.diagnoses]) or _days(claim.service_lines)
        standings = {day: icd10cm.standing(d.code, day) for day in days}
        if not days or "billable" in standings.values():
            continue
        gap = next((day for day, standing in standings.items() if not standing), None)
        if gap is not None:
            unjudged = unjudged or [Unjudged(f"the tables of ICD-10-CM codes don't tell those of {gap:%Y-%m}")]
            continue
        is_short = standings[days[0]] == "divided"
        code = "772" if is_short else _PRINCIPAL if _is_principal(d) else _OTHER
        found.append(Hit(_at(d), claim.diagnoses_segment, values={"diagnosis": d.code, "day": days[0]},
                         says="short" if is_short else "", status=Status("A7", (code,))))
    return found + unjudged


def _days(lines: Iterable[ServiceLine]) -> list[date]:
    """First and last days of service, in order."""
    ends = [day for line in lines for day in (line.service_dates.start, line.service_dates.end)]
    return sorted({day for day in ends if day is not None})


@check(gives="codes", as_sent=True)
def lower_case_code(claim: Claim) -> Result:
    """A procedure, modifier or diagnosis in lower case. It is judged as if it stood in upper case.

    Wrong:  SV1*HC:97140:gp*120*UN*2***1    HI*ABK:m5450
    Right:  SV1*HC:97140:GP*120*UN*2***1    HI*ABK:M5450

    Returns one hit for each line, on its SV101, and one for HI.
    """
    found: list[Hit] = []
    known = _UPPER
    for line in claim.service_lines:
        if line.procedure not in known or line.modifiers not in known:
            codes = _lower((line.procedure, *line.modifiers))
            if codes:
                found.append(Hit("SV101", line.service_segment, line.number, {"codes": listing(codes)}))
            elif len(known) < LIMIT:
                known.update((line.procedure, line.modifiers))
    for d in claim.diagnoses:
        if d.code not in known:
            codes = _lower(e.code for e in claim.diagnoses)
            if codes:
                found.append(Hit("", claim.diagnoses_segment, values={"codes": listing(codes)}))
                break
            if len(known) < LIMIT:
                known.add(d.code)
    return found


_UPPER: set[object] = set()


def _lower(codes: Iterable[str]) -> list[str]:
    return [c for c in codes if c != c.upper()]
