"""Days of service, of birth and death, and those of DTP segments, against each other and the day of receipt.

A day that can't be read is the guide's edit (IK4-8) and is not judged here; a range whose ends are reversed is named
once (CORE-LIN-03) and nothing else is said about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from ...findings import Related, Status
from ...model import Claim, DateRange
from ..conditions import Codes
from ..registry import Hit, Result, check
from ..scope import is_secondary
from ._screens import has_ordinary_days, is_in_time

_ONSETS = {"439": ("727", ""), "454": ("701", ""), "431": ("397", "review"), "453": ("715", "review"),
           "484": ("191", "review")}
"""DTP01 to (status code, level) of a day that can't come after the service."""

_NAMES = {
    "304": "the last visit", "431": "the onset of the illness", "435": "admission", "439": "the accident",
    "453": "the acute manifestation", "454": "the initial treatment", "455": "the last X-ray",
    "484": "the last menstrual period", "573": "the other payer's decision",
}
_PAST_ONLY = {"304": "757", "431": "397", "435": "189", "439": "727", "453": "715", "454": "701", "455": "187",
              "484": "191", "573": "516"}
"""DTP01 of days that lie in the past when a claim is made, to the status code that names them."""

_BIRTH_FUTURE = Status("A7", ("510", "158"), "QC")
_BIRTH_ABSURD = Status("A7", ("158",), "QC")
_DEATH = Status("A8", ("159",), "QC")
_OLDEST = 150
_PAYMENT_AHEAD = 30
"""Days by which an 835 may come before its payment (BPR16)."""


@check(gives="ends", screen=has_ordinary_days, names_line=True)
def service_date_in_future(claim: Claim, *, as_of: date) -> Result:
    """A service more than one day after the day of receipt.

    Wrong:  DTP*472*D8*20270101    received on 2026-11-21
    Right:  DTP*472*D8*20261120    received on 2026-11-21

    Returns a hit on the DTP03 of each line at fault; at ``warn`` when the service is on the next day (time zones) or
    only the end of a range lies ahead (a drug's days' supply, a rental).
    """
    found: list[Hit] = []
    for line in claim.service_lines:
        d = line.service_dates
        end = d.end
        if end is None or end <= as_of or d.start is None or d.start > end:
            continue
        ahead = (d.start - as_of).days
        level, sentence = ("", "") if ahead > 1 else ("warn", "tomorrow" if ahead == 1 else "range")
        found.append(Hit("DTP03", d.segment, line.number, {"ends": end}, level, sentence))
    return found


@check(gives="first last number", screen=has_ordinary_days)
def date_range_reversed(claim: Claim) -> Result:
    """A range of days (RD8) ends before it begins. One that isn't two days is the guide's (IK4-8).

    Wrong:  DTP*472*RD8*20260210-20260203
    Right:  DTP*472*RD8*20260203-20260210    DTP*472*RD8*20260203-20260203

    Returns a hit on each DTP03 at fault, of the lines and the claim.
    """
    found: list[Hit] = []
    for line in claim.service_lines:
        d = line.service_dates
        if d.format == "RD8" and d.start is not None and d.end is not None and d.end < d.start:
            found.append(_reversed(d, line.number))
    for d in claim.dates:
        if d.format == "RD8" and d.start is not None and d.end is not None and d.end < d.start:
            found.append(_reversed(d, 0))
    return found


def _reversed(d: DateRange, line: int) -> Hit:
    sentence = "" if d.qualifier == "472" else "claim"
    return Hit("DTP03", d.segment, line, {"first": d.start, "last": d.end, "number": line}, says=sentence)


@check(gives="service", screen=has_ordinary_days, names_line=True)
def service_outside_life(claim: Claim, *, posthumous: Codes, as_of: date) -> Result:
    """A service before the patient was born, or after the day of death (PAT06).

    ``posthumous``: what is done to the dead only.

    Wrong:  DMG*D8*20260301*F    DTP*472*D8*20260203
    Right:  DMG*D8*20260203*F    DTP*472*D8*20260203

    Returns a hit on the DTP03 of each line at fault; at ``review`` for a day after death. Where no service is after the
    birth, it is the birth date that is doubtful: one hit, on the first line, and none where that date lies ahead, which
    is told by itself (CORE-LIN-16).
    """
    birth = (claim.dependent or claim.subscriber).birth_date
    death = claim.patient_death_date
    if birth is not None and _lies_ahead(birth, as_of):
        birth = None
    found: list[Hit] = []
    for line in claim.service_lines:
        d = line.service_dates
        first = d.start
        if first is None:
            continue
        if birth is not None and first < birth and d.is_readable:
            found.append(Hit("DTP03", d.segment, line.number, {"service": first}))
        elif death is not None and first > death and d.is_readable and line.procedure not in posthumous:
            found.append(Hit("DTP03", d.segment, line.number, {"service": first}, "review", "death", _DEATH))
    if birth is not None and len(found) > 1 and all(n.service_dates.end is None or n.service_dates.end < birth
                                                    for n in claim.service_lines):
        return (found[0]._replace(says="birth", related=tuple([Related(0, hit.line) for hit in found[1:]])),)
    return found


@check(gives="what other last", screen=has_ordinary_days)
def onset_after_service(claim: Claim, *, as_of: date) -> Result:
    """What came first is dated after the last service: accident (439), initial treatment (454); at ``review`` onset
    (431), acute manifestation (453), last menstrual period (484).

    Wrong:  DTP*439*D8*20260210    DTP*472*D8*20260203
    Right:  DTP*439*D8*20260203    DTP*472*D8*20260203

    Returns a hit on each DTP03 at fault; a line's own DTP*454 is held to that line. None when a day of service can't be
    used, because the last service is then not known, nor for a day that lies ahead: that is told so (CORE-LIN-16).
    """
    lines = claim.service_lines
    found: list[Hit] = []
    for line in lines:
        if len(line.dates) > 1 and line.service_dates.is_readable:
            found.extend(_late(line.dates, line.service_dates.end, as_of, line.number))
    if claim.dates and lines:
        last = lines[0].service_dates.end
        for line in lines:
            end = line.service_dates.end
            if end is None or last is None or not line.service_dates.is_readable:
                return found
            if end > last:
                last = end
        found.extend(_late(claim.dates, last, as_of, 0))
    return found


def _late(dates: Sequence[DateRange], last: date | None, as_of: date, line: int) -> Iterator[Hit]:
    for d in dates:
        if d.start is None or last is None or _lies_ahead(d.start, as_of):
            continue
        if d.qualifier in _ONSETS and d.start > last:
            code, level = _ONSETS[d.qualifier]
            yield Hit("DTP03", d.segment, line, {"what": _NAMES[d.qualifier], "other": d.start, "last": last}, level,
                      status=Status("A8", ("187", code)))


@check(gives="service days", screen=is_in_time)
def past_filing_limit(claim: Claim, *, as_of: date, filing_days: int) -> Result:
    """The first service is more than ``filing_days`` before the day of receipt.

    Not asked of replacements and voids, nor of claims that another payer has decided, that are for a later payer or
    that say why they are late (CLM20).

    Wrong:  DTP*472*D8*20250101    received on 2026-11-21
    Right:  DTP*472*D8*20260203    received on 2026-11-21

    Returns one hit, on the earliest day.
    """
    first = None
    for line in claim.service_lines:
        start = line.service_dates.start
        if start is not None and (first is None or start < first):
            first = start
    if first is None or (as_of - first).days <= filing_days:
        return ()
    birth = claim.patient.birth_date
    if birth is not None and first < birth:  # that the day is wrong is told (CORE-LIN-04)
        return ()
    if claim.frequency in ("7", "8") or claim.delay_reason or is_secondary(claim):
        return ()
    line = next(n for n in claim.service_lines if n.service_dates.start == first)
    return (Hit("DTP03", line.service_dates.segment, line.number, {"service": first, "days": (as_of - first).days}),)


@check(gives="what", screen=has_ordinary_days)
def other_date_in_future_or_absurd(claim: Claim, *, as_of: date) -> Result:
    """A day that must lie in the past is more than a day after the day of receipt, or a birth more than 150 years ago.

    Looked at: DTP 304, 431, 435, 439, 453, 454, 455, 484, 573 and the birth dates of subscriber and patient.

    Wrong:  DTP*431*D8*20270101    DMG*D8*18700101*F
    Right:  DTP*431*D8*20260101    DMG*D8*19700101*F

    Returns a hit on each DTP03 or DMG02 at fault; at ``warn`` for another payer's decision up to 30 days ahead: an 835
    often comes days before the day of its payment.
    """
    found: list[Hit] = []
    s = claim.subscriber
    birth = s.birth_date
    if birth is not None and (birth > as_of or as_of.year - birth.year >= _OLDEST):
        _judge_birth(birth, "subscriber", s.segment, as_of, found)
    if claim.dependent is not None:
        birth = claim.dependent.birth_date
        if birth is not None:
            _judge_birth(birth, "patient", claim.dependent.segment, as_of, found)
    for d in claim.dates:
        if d.start is not None and d.start > as_of and d.qualifier in _PAST_ONLY:
            _judge_past(d, 0, as_of, found)
    for line in claim.service_lines:
        if len(line.dates) > 1:
            for d in line.dates:
                if d.start is not None and d.start > as_of and d.qualifier in _PAST_ONLY:
                    _judge_past(d, line.number, as_of, found)
    if claim.other_payers:
        for d, number in _decision_dates(claim):
            if d.start is not None and d.start > as_of and d.qualifier in _PAST_ONLY:
                _judge_past(d, number, as_of, found)
    return found


def _decision_dates(claim: Claim) -> Iterator[tuple[DateRange, int]]:
    for other in claim.other_payers:
        for d in other.dates:
            yield d, 0
    for line in claim.service_lines:
        for a in line.adjudications:
            if a.date is not None:
                yield a.date, line.number


def _lies_ahead(day: date, as_of: date) -> bool:
    """After the day of receipt, by more than time zones make of it."""
    return (day - as_of).days > 1


def _judge_past(d: DateRange, line: int, as_of: date, found: list[Hit]) -> None:
    if d.start is not None and _lies_ahead(d.start, as_of):
        is_payment = d.qualifier == "573"
        level = "warn" if is_payment and (d.start - as_of).days <= _PAYMENT_AHEAD else ""
        found.append(Hit("DTP03", d.segment, line, {"what": f"{_NAMES[d.qualifier]} is {d.start}"}, level=level,
                         status=Status("A7", ("510", _PAST_ONLY[d.qualifier]), "PR" if is_payment else "")))


def _judge_birth(birth: date, who: str, segment: int, as_of: date, found: list[Hit]) -> None:
    values = {"what": f"birth date of the {who}"}
    if _lies_ahead(birth, as_of):
        found.append(Hit("DMG02", segment, values=values, says="birth", status=_BIRTH_FUTURE))
    elif (as_of.year - birth.year, as_of.month, as_of.day) > (_OLDEST, birth.month, birth.day):
        found.append(Hit("DMG02", segment, values=values, says="absurd", status=_BIRTH_ABSURD))
