"""From visits to segments: a subscriber's levels and the claims below them, written with ``*``, ``:`` and ``^``.

Segments come without terminators; ``batch`` numbers the HL levels and puts the delimiters that are wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .draws import Draws
from .payers import COMMERCIAL_GROUPS, EMPLOYERS, Payer
from .people import Address, Name, address, person
from .practices import Clinician, Practice
from .visits import Visit

__all__ = ["DraftClaim", "Patient", "billing_segments", "claim_segments", "money", "new_patient", "patient_segments"]


@dataclass(slots=True)
class Patient:
    """Who was treated, and whose insurance pays: ``subscriber`` and, when it is not the same person, ``dependent``."""

    payer: Payer
    member_id: str
    subscriber: Name
    birth: str
    home: Address
    filing: str
    group: str
    employer: str = ""
    other_payer: Payer | None = None
    other_member_id: str = ""
    dependent: Name | None = None
    dependent_birth: str = ""
    relationship: str = ""


@dataclass(slots=True)
class DraftClaim:
    """A claim before and after it is written. ``levels`` are the segments of its subscriber and patient (shared by that
    patient's claims), ``segments`` its own from CLM; ``is_alone`` when no other claim hangs under its levels.
    ``billing`` is a billing level of its own (without HL), which only a fault gives it."""

    number: str
    index: int
    visit: Visit
    practice: Practice
    clinician: Clinician
    patient: Patient
    frequency: str = "1"
    is_alone: bool = True
    levels: list[str] = field(default_factory=list)
    segments: list[str] = field(default_factory=list)
    billing: list[str] = field(default_factory=list)


def money(cents: int) -> str:
    """Cents as an X12 decimal: no point when it is whole, no zero at the end."""
    if cents % 100 == 0:
        return str(cents // 100)
    return f"{cents // 100}.{cents % 100:02d}".rstrip("0")


def new_patient(draws: Draws, payer: Payer, number: int, other: Payer | None) -> Patient:
    """Patient ``number`` of the file: about one in four of a private payer's is a dependent."""
    subscriber = person(draws)
    old = (1931, 1961) if payer.kind == "medicare" else (1944, 2004)
    patient = Patient(
        payer,
        payer.member(number),
        subscriber,
        _birth(draws, *old),
        address(draws, is_local=draws.chance(0.7)),
        draws.pick(payer.filings),
        draws.pick(COMMERCIAL_GROUPS) if payer.kind in ("pacificsource", "commercial") and draws.chance(0.9) else "",
    )
    if patient.group:
        patient.employer = draws.pick(EMPLOYERS)
    if other is not None:
        patient.other_payer, patient.other_member_id = other, other.member(number)
    if not payer.has_only_subscribers and draws.chance(0.32):
        patient.relationship = draws.pick(("01", "01", "19", "19", "19", "G8"))
        years = (1950, 2004) if patient.relationship == "01" else (2004, 2023)
        patient.dependent_birth = _birth(draws, *years)
        patient.dependent = person(draws, subscriber.last if draws.chance(0.85) else "")
    return patient


def _birth(draws: Draws, first: int, last: int) -> str:
    return f"{draws.between(first, last)}{draws.between(1, 12):02d}{draws.between(1, 28):02d}"


def _address_segments(home: Address) -> tuple[str, str]:
    n3 = f"N3*{home.street}*{home.unit}" if home.unit else f"N3*{home.street}"
    return n3, f"N4*{home.city}*{home.state}*{home.zip_code}"


def _person(entity: str, name: Name, qualifier: str = "", identifier: str = "") -> str:
    """An NM1 of a person, without empty elements at the end."""
    if identifier:
        return f"NM1*{entity}*1*{name.last}*{name.first}*{name.middle}***{qualifier}*{identifier}"
    if name.middle:
        return f"NM1*{entity}*1*{name.last}*{name.first}*{name.middle}"
    return f"NM1*{entity}*1*{name.last}*{name.first}"


def billing_segments(practice: Practice) -> list[str]:
    """2000A but its HL: taxonomy, name, street, tax id, telephone, pay-to address."""
    out = [f"PRV*BI*PXC*{practice.taxonomy}"]
    if practice.organization:
        out.append(f"NM1*85*2*{practice.organization}*****XX*{practice.npi}")
    else:
        out.append(_person("85", practice.clinicians[0].name, "XX", practice.npi))
    out += _address_segments(practice.address)
    out.append(f"REF*EI*{practice.tax_id}")
    if practice.has_line_numbers:
        out.append(f"PER*IC*BILLING OFFICE*TE*{practice.phone}")
    if practice.pay_to:
        home = practice.address
        out += ("NM1*87*2", f"N3*{practice.pay_to}", f"N4*{home.city}*{home.state}*{home.zip_code}")
    return out


def patient_segments(patient: Patient, has_payer_address: bool) -> list[str]:
    """2000B and, for a dependent, 2000C. An HL is written ``HL*22`` or ``HL*23``: ``batch`` numbers it."""
    payer = patient.payer
    sequence = "S" if patient.other_payer else "P"
    relationship = "" if patient.dependent else "18"
    out = [
        "HL*22",
        f"SBR*{sequence}*{relationship}*{patient.group}*{patient.employer}*****{patient.filing}",
        _person("IL", patient.subscriber, "MI", patient.member_id),
    ]
    if not patient.dependent:
        out += _address_segments(patient.home)
        out.append(f"DMG*D8*{patient.birth}*{patient.subscriber.gender}")
    out.append(f"NM1*PR*2*{payer.name}*****PI*{payer.id}")
    if has_payer_address:
        out += payer.address
    if patient.dependent:
        out += ("HL*23", f"PAT*{patient.relationship}", _person("QC", patient.dependent))
        out += _address_segments(patient.home)
        out.append(f"DMG*D8*{patient.dependent_birth}*{patient.dependent.gender}")
    return out


def claim_segments(draws: Draws, draft: DraftClaim, calendar: Sequence[str]) -> list[str]:
    """Loop 2300 with all below it. ``calendar`` gives the day (CCYYMMDD) of an age."""
    visit, practice, payer = draft.visit, draft.practice, draft.patient.payer
    total = sum(line.cents for line in visit.lines)
    cause = {"work": "*EM", "auto": f"*AA:::{practice.address.state}"}.get(payer.kind, "")
    if not cause and draws.chance(0.012):
        cause = "*OA"
    head = f"CLM*{draft.number}*{money(total)}***{visit.place}:B:{draft.frequency}*Y*A*Y*Y"
    out = [f"{head}*P{cause}" if cause else head]
    if cause:
        visit.dates.append(("439", visit.age + draws.between(0, 70)))
    out += [f"DTP*{qualifier}*D8*{calendar[age]}" for qualifier, age in sorted(visit.dates, key=_date_order)]
    if draws.chance(0.01):
        out.append(f"PWK*{draws.pick(('08', '09', 'OZ'))}*{draws.pick(('BM', 'FX', 'EL'))}***AC*ATT{draft.index:07d}")
    if draws.chance(0.12):
        out.append(f"AMT*F5*{draws.between(5, min(40, total // 100))}")
    out += _references(draws, draft)
    if visit.note:
        out.append(f"NTE*ADD*{visit.note}")
    if visit.condition:
        out.append(f"CR2********{visit.condition}")
    out.append("HI*ABK:" + "*ABF:".join(visit.diagnoses))
    if visit.needs_referrer:
        doctor = draws.pick(practice.referrers)
        out.append(_person("DN", doctor.name, "XX", doctor.npi))
    if practice.organization:
        out += (
            _person("82", draft.clinician.name, "XX", draft.clinician.npi),
            f"PRV*PE*PXC*{draft.clinician.taxonomy}",
        )
    if visit.place == "11" and draws.chance(0.03):
        out.append("NM1*77*2*SATELLITE OFFICE")
        out += _address_segments(address(draws, is_local=True))
    paid_by_line = _other_payer(draws, draft, calendar, out)
    _lines(draws, draft, calendar, paid_by_line, out)
    return out


_DATE_ORDER = ("431", "454", "304", "453", "439", "455")


def _date_order(date: tuple[str, int]) -> int:
    return _DATE_ORDER.index(date[0])


def _references(draws: Draws, draft: DraftClaim) -> list[str]:
    """REF of the claim, in the guide's order."""
    out = []
    practice, kind = draft.practice, draft.patient.payer.kind
    if draws.chance(0.03):
        out.append(f"REF*9F*RF{draws.digits(7)}")
    if kind in ("pacificsource", "coordinated-care", "work") and draws.chance(0.22):
        out.append(f"REF*G1*{draws.between(26000000, 26999999)}")
    if draft.frequency != "1":
        out.append(f"REF*F8*{draws.pick(('E', '2026', 'ICN'))}{draws.digits(9)}")
    if draws.chance(0.4):
        out.append(f"REF*D9*{20260000000 + draft.index * 13}")
    if practice.has_chart_numbers:
        out.append(f"REF*EA*MR{draws.digits(6)}")
    return out


def _other_payer(draws: Draws, draft: DraftClaim, calendar: Sequence[str], out: list[str]) -> list[list[str]]:
    """2320 of the payer before, balanced; what it made of each line (2430) when it said so by line."""
    patient, visit = draft.patient, draft.visit
    other = patient.other_payer
    if other is None:
        return []
    day = calendar[max(visit.age - draws.between(5, 12), 0)]
    is_by_line = draws.chance(0.65)
    lines, written_off, patient_share = [], 0, 0
    for line in visit.lines:
        discount = line.cents * draws.between(10, 45) // 100
        share = min(draws.pick((0, 0, 1500, 2000, 2500)), line.cents - discount)
        paid = line.cents - discount - share
        written_off += discount
        patient_share += share
        procedure = ":".join(("HC", line.procedure, *line.modifiers))
        segments = [f"SVD*{other.id}*{money(paid)}*{procedure}**{line.units}"]
        if discount:
            segments.append(f"CAS*CO*45*{money(discount)}")
        if share:
            segments.append(f"CAS*PR*{draws.pick('123')}*{money(share)}")
        lines.append([*segments, f"DTP*573*D8*{day}"])
    total = sum(line.cents for line in visit.lines)
    out.append(f"SBR*P*{patient.relationship or '18'}*******{draws.pick(other.filings)}")
    if not is_by_line:
        if written_off:
            out.append(f"CAS*CO*45*{money(written_off)}")
        if patient_share:
            out.append(f"CAS*PR*{draws.pick('123')}*{money(patient_share)}")
    out += (f"AMT*D*{money(total - written_off - patient_share)}", "OI***Y***Y")
    out.append(_person("IL", patient.subscriber, "MI", patient.other_member_id))
    out.append(f"NM1*PR*2*{other.name}*****PI*{other.id}")
    if is_by_line:
        return lines
    out.append(f"DTP*573*D8*{day}")
    return []


def _lines(draws: Draws, draft: DraftClaim, calendar: Sequence[str], paid: list[list[str]], out: list[str]) -> None:
    """The 2400 loops, appended to ``out``."""
    day = calendar[draft.visit.age]
    when = f"DTP*472*D8*{day}" if draws.chance(0.97) else f"DTP*472*RD8*{day}-{day}"
    for n, line in enumerate(draft.visit.lines, 1):
        procedure = ":".join(("HC", line.procedure, *line.modifiers))
        if line.description:
            procedure += ":" * (5 - len(line.modifiers)) + line.description
        pointers = ":".join(map(str, line.pointers))
        out += (
            f"LX*{n}",
            f"SV1*{procedure}*{money(line.cents)}*UN*{line.units}*{line.place}**{pointers}",
            when,
        )
        if draft.practice.has_line_numbers:
            out.append(f"REF*6R*{draft.index:X}L{n}")
        if line.note:
            out.append(f"NTE*ADD*{line.note}")
        if line.drug:
            out += (f"LIN**N4*{line.drug}", f"CTP****{line.units}*ML")
        if paid:
            out += paid[n - 1]
