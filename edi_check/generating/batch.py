"""The stream: interchange, groups, sets, billing levels, and the claims below them, as bytes.

The same arguments give the same bytes on every Python version and machine (see ``draws``). Memory doesn't grow
with the number of claims but for a count of Medicare's timed units by clinician and day, and the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from ..model import Delimiters
from .claims import DraftClaim, billing_segments, claim_segments, new_patient, patient_segments
from .draws import Draws
from .faults import USUAL, Planter
from .faults.catalogue import Ledger
from .payers import payer_for, primary_before
from .practices import Practice, practice
from .visits import visit

__all__ = ["AS_OF", "generate"]

AS_OF = date(2026, 10, 30)
"""The day of the batch, when none is given."""

_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .-#")
_USUAL = Delimiters()
_CHUNK = 1 << 16
_MOST_TIMED_UNITS = 30  # of a clinician's day with Medicare patients


@dataclass
class _Batch:
    """Counters of a run, and what is drawn from."""

    draws: Draws
    planter: Planter
    calendar: tuple[str, ...]
    workdays: tuple[int, ...]
    claims: int = 0
    patients: int = 0
    practices: int = 0
    levels: int = 0
    timed: dict[tuple[str, int], int] = field(default_factory=dict)


def generate(
    claims: int,
    seed: int = 1,
    *,
    faults: float | Iterable[str] = 0.0,
    share: float | None = None,
    ledger: Ledger | None = None,
    delimiters: Delimiters = _USUAL,
    newline: str = "",
    per_set: int = 1000,
    sets_per_group: int = 0,
    as_of: date = AS_OF,
    control_number: int = 1,
    usage: str = "T",
) -> Iterator[bytes]:
    """An 837P interchange with ``claims`` invented claims, in chunks of about 64 KiB.

    ``faults`` is the share of claims to be made faulty, with any fault of ``USUAL``, or the names of faults (of
    ``FAULTS``); ``share`` is the share for the names (default: every claim that one of them suits). Each faulty claim
    has one fault; what was planted is appended to ``ledger``. ``newline`` follows each terminator; a set holds at most
    ``per_set`` claims, a group ``sets_per_group`` sets (0: all). ``as_of`` is the day of the batch; every date lies
    before it. Raises ValueError for a fault that doesn't exist, delimiters that occur in data, a day of another time.
    """
    _check(claims, per_set, delimiters, as_of)
    if isinstance(faults, (int, float)):
        planter = Planter(USUAL, float(faults), seed, ledger)
    else:
        planter = Planter(faults, 1.0 if share is None else share, seed, ledger)
    days = tuple(as_of - timedelta(n) for n in range(600))
    workdays = tuple(n for n in range(3, 64) if days[n].weekday() < 5)
    batch = _Batch(Draws(seed), planter, tuple(f"{d:%Y%m%d}" for d in days), workdays)
    sizes = [min(per_set, claims - done) for done in range(0, claims, per_set)]
    return _chunks(
        _segments(batch, sizes, sets_per_group or len(sizes), delimiters, control_number, usage), delimiters, newline
    )


def _check(claims: int, per_set: int, delimiters: Delimiters, as_of: date) -> None:
    if claims < 1 or per_set < 1:
        raise ValueError("At least one claim, and one claim to a set.")
    if not date(2025, 1, 1) <= as_of <= date(2079, 12, 31):  # the people are born between 1931 and 2023
        raise ValueError(f"The day of the batch must lie between 2025-01-01 and 2079-12-31: {as_of}.")
    if len(set(delimiters)) != 4 or any(len(d) != 1 or d in _ALPHABET or not d.isascii() for d in delimiters):
        raise ValueError(
            "The four delimiters must differ, be ASCII, and must not be letters, digits, or one of ' .-#': "
            + "".join(delimiters)
        )


def _chunks(segments: Iterator[str], delimiters: Delimiters, newline: str) -> Iterator[bytes]:
    """Segments to bytes: put the delimiters and collect."""
    end = delimiters.terminator + newline
    table = str.maketrans("*^:", delimiters.element + delimiters.repetition + delimiters.component)
    is_plain = delimiters[:3] == ("*", "^", ":")
    held: list[str] = []
    size = 0
    for segment in segments:
        held.append(segment)
        size += len(segment)
        if size > _CHUNK:
            text = end.join(held) + end
            yield (text if is_plain else text.translate(table)).encode("ascii")
            held.clear()
            size = 0
    text = end.join(held) + end
    yield (text if is_plain else text.translate(table)).encode("ascii")


def _segments(
    batch: _Batch, sizes: list[int], sets_per_group: int, delimiters: Delimiters, control_number: int, usage: str
) -> Iterator[str]:
    """All segments of the interchange, with ``*``, ``^`` and ``:``."""
    day = batch.calendar[0]
    yield (
        f"ISA*00*          *00*          *ZZ*EXSUBMITTER    *ZZ*EXRECEIVER     *{day[2:]}*0815*^*00501*"
        f"{control_number:09d}*0*{usage}*:"
    )
    groups = [sizes[n : n + sets_per_group] for n in range(0, len(sizes), sets_per_group)]
    number = 0
    for group_number, group in enumerate(groups, control_number):
        yield f"GS*HC*EXSUBMITTER*EXRECEIVER*{day}*0815*{group_number}*X*005010X222A1"
        for size in group:
            number += 1
            yield from _set(batch, number, size, f"{control_number:06d}{number:04d}")
        yield f"GE*{len(group)}*{group_number}"
    yield f"IEA*{len(groups)}*{control_number:09d}"


def _set(batch: _Batch, number: int, size: int, reference: str) -> Iterator[str]:
    """One transaction set with ``size`` claims."""
    yield f"ST*837*{number:04d}*005010X222A1"
    yield f"BHT*0019*00*{reference}*{batch.calendar[0]}*0815*CH"
    yield "NM1*41*2*EXAMPLE BILLING SERVICE*****46*EXSUBMITTER"
    yield "PER*IC*BILLING DESK*TE*5415550100*EM*DESK@EXAMPLE.ORG"
    yield "NM1*40*2*EXAMPLE CLEARINGHOUSE*****46*EXRECEIVER"
    count = 5
    batch.levels = 0
    while size:
        wanted = min(size, batch.draws.between(6, 60))
        size -= wanted
        for segments in _billing(batch, wanted):
            count += len(segments)
            yield from segments
    yield f"SE*{count + 1}*{number:04d}"


def _billing(batch: _Batch, size: int) -> Iterator[list[str]]:
    """A new practice with ``size`` claims: the billing level, then what hangs under it, patient by patient."""
    clinic = practice(batch.draws, batch.practices)
    batch.practices += 1
    usual = billing_segments(clinic)
    parent = 0
    while size:
        drafts = _patient_claims(batch, clinic, min(size, batch.draws.pick((1, 1, 1, 1, 1, 1, 1, 2, 2, 3))))
        size -= len(drafts)
        batch.planter.plant(drafts, batch.calendar)
        own = drafts[0].billing
        if own or not parent:
            yield _opened(batch, own or usual)
            parent = batch.levels
        out = _numbered(batch, drafts[0].levels, parent)
        for draft in drafts:
            out += draft.segments
        yield out
        if own:
            parent = 0  # the next patient isn't of this billing level


def _opened(batch: _Batch, billing: list[str]) -> list[str]:
    """A billing level, numbered."""
    batch.levels += 1
    return [f"HL*{batch.levels}**20*1", *billing]


def _patient_claims(batch: _Batch, clinic: Practice, count: int) -> list[DraftClaim]:
    """The claims of a new patient, on as many different days."""
    draws = batch.draws
    batch.patients += 1
    payer = payer_for(draws, is_private=clinic.kind == "massage")
    has_primary = payer.kind in ("pacificsource", "commercial") and draws.chance(0.08)
    other = primary_before(draws) if has_primary else None
    while other is not None and other.id == payer.id:
        other = primary_before(draws)
    patient = new_patient(draws, payer, batch.patients, other)
    clinician = draws.pick(clinic.clinicians)
    levels = patient_segments(patient, clinic.has_payer_addresses)
    drafts = []
    for age in draws.some(batch.workdays, count):
        batch.claims += 1
        number = f"{clinic.number_prefix}{batch.claims:07d}"
        seen = visit(draws, clinic, clinician, payer, age + (21 if other else 0))
        if payer.is_medicare:
            seen.age += _free_day(batch, clinician.npi, seen.age, seen.timed_units)
        draft = DraftClaim(
            number, batch.claims, seen, clinic, clinician, patient, _frequency(draws), count == 1, levels
        )
        draft.segments = claim_segments(draws, draft, batch.calendar)
        drafts.append(draft)
    return drafts


def _frequency(draws: Draws) -> str:
    chance = draws.random()
    return "1" if chance < 0.982 else "7" if chance < 0.997 else "8"


def _free_day(batch: _Batch, npi: str, age: int, units: int) -> int:
    """How many weeks, in days, to go back until the clinician's day has room for these timed units."""
    back = 0
    while batch.timed.get((npi, age + back), 0) + units > _MOST_TIMED_UNITS and back < 140:
        back += 7
    batch.timed[npi, age + back] = batch.timed.get((npi, age + back), 0) + units
    return back


def _numbered(batch: _Batch, levels: list[str], parent: int) -> list[str]:
    """A patient's levels with HL numbers, parents and the child flag."""
    out = []
    is_dependent = "HL*23" in levels
    for segment in levels:
        if segment == "HL*22":
            batch.levels += 1
            segment = f"HL*{batch.levels}*{parent}*22*{1 if is_dependent else 0}"
        elif segment == "HL*23":
            batch.levels += 1
            segment = f"HL*{batch.levels}*{batch.levels - 1}*23*0"
        out.append(segment)
    return out
