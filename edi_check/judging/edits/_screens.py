"""What makes a claim ordinary: one look that spares several checks the trouble. Not a topic: no checks here.

A screen says yes only when none of the checks that name it (``@check(screen=…)``) can find anything, whatever their
parameters; where it says no, they run and decide. So a screen may be too strict, never too lax: a test runs claims of
all kinds with and without. It is there for speed alone: most claims are ordinary, and five screens cost less than the
forty checks they stand for.
"""

from __future__ import annotations

from datetime import date

from ...identifiers import is_npi, is_zip9
from ...model import BillingProvider, Claim, Party
from ._known import FILLERS, GOOD_ZIPS, HIGHEST, ICD10_SHAPED, TAXONOMIES, lasting_states, zip_states

_ICD10 = ("ABK", "ABF")
_ICD10_DAY = date(2015, 10, 1)
_NUMBERS = tuple(str(n) for n in range(100))
_EXTERNAL = frozenset("VWXY")
_OLDEST = 150


def has_ordinary_heading(claim: Claim) -> bool:
    """An original without accident; the subscriber is the patient, with demographics, or there is a patient loop."""
    s = claim.subscriber
    if claim.frequency != "1" or claim.related_causes:
        return False
    if claim.patient_hl_segment:
        if s.relationship:
            return False
    elif s.relationship != "18" or not (s.has_address and s.has_city and s.has_demographics):
        return False
    for reference in claim.references:  # noqa: SIM110 - a generator would cost more than the screen
        if reference[0] == "F8":
            return False
    return True


def names_no_cause(claim: Claim) -> bool:
    """Neither accident nor employment (CLM11)."""
    return not claim.related_causes


def has_no_other_payer(claim: Claim) -> bool:
    """No 2320, and the destination payer isn't the second or third."""
    return not claim.other_payers and claim.subscriber.sequence not in ("S", "T")


def has_ordinary_days(claim: Claim, *, as_of: date) -> bool:
    """Single days of service up to the day of receipt, after the patient's birth, and no other day after the first of
    them, but for other payers' decisions, which come before the receipt; nobody died."""
    if claim.patient_death_date is not None or (claim.other_payers and not _are_decided(claim, as_of)):
        return False
    s = claim.subscriber
    birth = s.birth_date
    if birth is not None and (birth > as_of or as_of.year - birth.year >= _OLDEST):
        return False
    if claim.dependent is not None:
        birth = claim.dependent.birth_date
        if birth is not None and as_of.year - birth.year >= _OLDEST:
            return False
    first = as_of
    for line in claim.service_lines:
        d = line.service_dates
        start = d.start
        if start is None or d.end is not start or start > as_of or len(line.dates) > 1:
            return False
        if start < first:
            first = start
    if birth is not None and birth > first:
        return False
    for d in claim.dates:  # noqa: SIM110
        if d.start is None or d.end is not d.start or d.start > first:
            return False
    return True


def _are_decided(claim: Claim, as_of: date) -> bool:
    """Days of other payers' decisions that can be read and aren't in the future."""
    for other in claim.other_payers:
        for d in other.dates:
            if d.start is None or d.start > as_of:
                return False
    for line in claim.service_lines:
        for a in line.adjudications:
            if a.date is not None and (a.date.start is None or a.date.start > as_of):
                return False
    return True


def is_in_time(claim: Claim, *, as_of: date, filing_days: int) -> bool:
    """No service longer before the day of receipt than the filing limit."""
    for line in claim.service_lines:
        start = line.service_dates.start
        if start is not None and (as_of - start).days > filing_days:
            return False
    return True


def has_ordinary_diagnoses(claim: Claim) -> bool:
    """ICD-10-CM codes of good shape, no two alike, no external cause first; pointers to them; days from 2015-10-01."""
    ds = claim.diagnoses
    n = len(ds)
    if n == 0 or ds[0][1][:1] in _EXTERNAL:
        return False
    if n > 1 and (ds[0][1] == ds[1][1] if n == 2 else len({d[1] for d in ds}) != n):
        return False
    for qualifier, code, _ in ds:
        if code not in ICD10_SHAPED or qualifier not in _ICD10:
            return False
    for line in claim.service_lines:
        start = line.service_dates.start
        if start is None or start < _ICD10_DAY or HIGHEST.get(line.pointers, 99) > n:
            return False
    return True


def has_ordinary_lines(claim: Claim) -> bool:
    """Lines in order, none alike, not inpatient, not decided by another payer; plain amounts that make the claim's."""
    total = claim.charge
    text = claim.charge_text
    if total is None or claim.other_payers or text[:1] == "-" or "." in text[:-3]:
        return False
    lines = claim.service_lines
    n = 0
    for n, line in enumerate(lines, 1):
        amount = line.charge
        text = line.charge_text
        if (amount is None or text[:1] == "-" or "." in text[:-3] or line.line_number != _NUMBERS[n % 100]
                or line.place == "21" or line.adjudications):
            return False
        total -= amount
    if total:
        return False
    if n == 1:
        return True
    if n == 2:
        a, b = lines
        return ((a.procedure != b.procedure or a.service_dates.start != b.service_dates.start)
                and (not a.control_number or a.control_number != b.control_number))
    if len({line.control_number for line in lines}) != n and any(line.control_number for line in lines):
        return False
    return (len({line.procedure for line in lines}) == n
            or len({(line.procedure, line.service_dates.start) for line in lines}) == n)


BILLING: list[BillingProvider | None] = [None]
"""The billing provider that was last found ordinary: it comes with many claims."""


def has_ordinary_parties(claim: Claim) -> bool:
    """Everybody with a good NPI, persons who render, and addresses in the state of their ZIP code."""
    b = claim.billing
    if b is not BILLING[0] and not is_ordinary_billing(b):
        return False
    if claim.accident_country or claim.accident_state not in lasting_states():
        return False
    for other in claim.other_payers:
        for party in (other.subscriber, other.payer):
            if party is not None and party.has_city and not is_at_home(party):
                return False
    if claim.subscriber.has_city and not is_at_home(claim.subscriber):
        return False
    party = claim.rendering
    if party is not None and not is_ordinary_person(party):
        return False
    party = claim.supervising
    if party is not None and not (party.id_qualifier == "XX" and is_npi(party.id)):
        return False
    for party in claim.referring:
        if not (party.id_qualifier == "XX" and is_npi(party.id)):
            return False
    party = claim.dependent
    if party is not None and party.has_city and not is_at_home(party):
        return False
    party = claim.subscriber.payer
    if party is not None and party.has_city and not is_at_home(party):
        return False
    party = claim.facility
    if party is not None and not is_ordinary_place(party):
        return False
    for line in claim.service_lines:
        if (line.facility is not None or line.ordering is not None or line.purchased is not None
                or line.supervising is not None or line.referring
                or (line.rendering is not None and not is_ordinary_person(line.rendering))):
            return False
    return True


def is_at_home(party: Party) -> bool:
    """An address in a state that was always valid and that its ZIP code belongs to."""
    return (party.state in zip_states().get(party.zip_code[:3], ()) and party.state in lasting_states()
            and not party.country)


def is_ordinary_person(party: Party) -> bool:
    """A good NPI, and a good taxonomy code if any."""
    return (party.id_qualifier == "XX" and is_npi(party.id) and party.type != "2"
            and (not party.taxonomy or party.taxonomy in TAXONOMIES))


def is_ordinary_place(party: Party) -> bool:
    """At home, with a ZIP code of nine digits, and a good NPI if any."""
    zip_code = party.zip_code
    return (is_at_home(party) and (zip_code in GOOD_ZIPS or (is_zip9(zip_code) and zip_code[5:] not in FILLERS))
            and (party.id_qualifier != "XX" or not party.id or is_npi(party.id)))


def is_ordinary_billing(b: BillingProvider) -> bool:
    """A billing provider with a good NPI, at home in its state; the last one is remembered."""
    if not ((b.pay_to is None or is_at_home(b.pay_to)) and b.pay_to_plan is None
            and b.id_qualifier == "XX" and is_ordinary_place(b)
            and is_npi(b.id) and (not b.taxonomy or b.taxonomy in TAXONOMIES)):
        return False
    BILLING[0] = b
    return True
