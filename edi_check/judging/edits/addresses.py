"""Addresses: no PO box for the billing provider, nine-digit ZIP codes, states and countries that exist.

States, countries and the states of a ZIP prefix are small dated lists of ours (``edi_check/codes``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from ...codelists import CodeList, code_list
from ...findings import Status
from ...identifiers import is_zip, is_zip9
from ...model import BillingProvider, Claim, Party
from ..registry import Hit, Result, check
from ._known import FILLERS, GOOD_ZIPS, LIMIT, STATE_OF_ZIP, lasting_states, zip_states
from ._screens import has_ordinary_parties
from ._words import role

_HOME = ("", "US")
_BOX = re.compile(
    r"\bP[\s.,/-]*[O0][\s.,-]*B[O0]?X(?![A-Z])"  # PO BOX, P.O. BOX, P O BX, POBOX12, P0 B0X, P/O BOX, PO-BOX
    r"|\bP[\s.,/-]*[O0][\s.,-]+DRAWER(?![A-Z])"  # P.O. DRAWER 5
    r"|\bPOST(?:AL)?[\s.]+[O0]FF?(?:ICE|C)?[\s.]+B[O0]?X(?![A-Z])"  # POST OFFICE BOX
    r"|\bLOCK[\s-]*B[O0]X(?![A-Z])[\s.,#]*(?:N[O0]\.?\s*)?(?:[0-9]|$)",  # LOCK BOX 12; not LOCKBOX RD
).search
_POB = re.compile(r"\s*P[\s.]*[O0][\s.]*B\.?[\s#]+[0-9]{2,}\s*").fullmatch
"""POB 12, P.O.B. 12. Behind a street, or with more behind it, POB is a clinic's office building."""
_ROUTE = re.compile(  # a box on a route or base is where the mail is brought to, no post office box
    r"^\s*(?:R\.?\s?R\.?|RFD|RURAL|H\.?\s?C\.?|HIGHWAY CONTRACT|HCR|STAR R|PSC|CMR|UNIT)[\s.#0-9]").search
_BOXES: dict[str, bool] = {}
_BOXES_LIMIT = 20_000
_LONGEST = 55
"""Characters of a street line in the guide. Longer ones are not kept: the table is bounded by their number only."""


def is_po_box(street: str) -> bool:
    """Does a street line (N301, N302) hold a post office box or lock box? Kept in a bounded table.

    >>> is_po_box("P/O BOX 12"), is_po_box("PO-BOX 12"), is_po_box("P.O. DRAWER 5"), is_po_box("5 DRAWER LN")
    (True, True, True, False)
    >>> is_po_box("P.O. BOX 12"), is_po_box("1 OAK ST, P0 B0X 5"), is_po_box("RR 2 BOX 12"), is_po_box("12 BOXWOOD LN")
    (True, True, False, False)
    >>> is_po_box("POB 12"), is_po_box("1200 HOSPITAL DR POB 3"), is_po_box("POB 2, STE 310")
    (True, False, False)
    """
    known = _BOXES.get(street)
    if known is None:
        text = street.upper()
        known = (_BOX(text) is not None and _ROUTE(text) is None) or _POB(text) is not None
        if len(street) <= _LONGEST:
            if len(_BOXES) >= _BOXES_LIMIT:
                _BOXES.clear()
            _BOXES[street] = known
    return known


@check
def billing_address_is_a_po_box(billing: BillingProvider) -> Result:
    """The billing provider's street is a PO box or lock box (TR3 2010AA N3; X12 RFI 1451): 2010AB is the place for it.

    Wrong:  NM1*85*2*RIVERSIDE PT*****XX*1900000013   N3*P.O. BOX 12
    Right:  NM1*85*2*RIVERSIDE PT*****XX*1900000013   N3*12 RIVER RD    and  NM1*87*2   N3*PO BOX 12

    Returns one hit, on N301 or N302; on N302 not for POB, which beside a street is a building.
    """
    if is_po_box(billing.street):
        return (Hit("N301", billing.segment),)
    if billing.street_2 and is_po_box(billing.street_2) and _POB(billing.street_2.upper()) is None:
        return (Hit("N302", billing.segment),)
    return ()


@check(gives="who", screen=has_ordinary_parties)
def zip_not_nine_digits(claim: Claim) -> Result:
    """ZIP code of a billing provider or service facility in the US that isn't nine digits (TR3 2010AA, 2310C, 2420C
    N403).

    Wrong:  N4*BEND*OR*97701
    Right:  N4*BEND*OR*977010123    and any postal code with a country in N404 that isn't US

    Returns a hit on each N403 at fault; at ``warn`` one that ends in 0000 or 9999, a filler.
    """
    found: list[Hit] = []
    good = GOOD_ZIPS
    if claim.billing.zip_code not in good:
        _judge_zip(claim.billing, 0, found)
    if claim.facility is not None and claim.facility.zip_code not in good:
        _judge_zip(claim.facility, 0, found)
    for line in claim.service_lines:
        if line.facility is not None and line.facility.zip_code not in good:
            _judge_zip(line.facility, line.number, found)
    return found


def _judge_zip(party: Party, line: int, found: list[Hit]) -> None:
    zip_code = party.zip_code
    if party.country.upper() not in _HOME or not party.has_city:
        return
    values = {"who": role(party, line)}
    status = Status("A7", ("500",), party.entity)
    if not is_zip9(zip_code):
        # Without country, state and ZIP nobody can say that this is in the US.
        if zip_code or party.country or party.state:
            found.append(Hit("N403", party.segment, line, values, status=status, unless=((party.segment, "N404"),)))
    elif zip_code[5:] in FILLERS:
        found.append(Hit("N403", party.segment, line, values, level="warn", says="filler", status=status))
    elif len(GOOD_ZIPS) < LIMIT:
        GOOD_ZIPS.add(zip_code)


@check(gives="who state states", screen=has_ordinary_parties)
def zip_state_disagree(claim: Claim) -> Result:
    """The first three digits of a ZIP code belong to another state (US Postal Service, labelling list L002).

    Wrong:  N4*BEND*WA*977010123
    Right:  N4*BEND*OR*977010123    and any prefix that our list lacks

    Returns a hit on each N403 at fault.
    """
    found: list[Hit] = []
    known = STATE_OF_ZIP.get
    b = claim.billing
    s = claim.subscriber
    if known(b.zip_code) != b.state:
        _judge_state_of_zip(b, 0, found)
    if known(s.zip_code) != s.state:
        _judge_state_of_zip(s, 0, found)
    for party, line in _other_addresses(claim):
        if known(party.zip_code) != party.state:
            _judge_state_of_zip(party, line, found)
    return found


def _judge_state_of_zip(party: Party, line: int, found: list[Hit]) -> None:
    states = zip_states().get(party.zip_code[:3], ())
    state = party.state.upper()
    if (party.country.upper() in _HOME and states and is_zip(party.zip_code) and state not in states
            and _states().is_valid(state)):
        values = {"who": role(party, line), "state": party.state, "states": " or ".join(states)}
        found.append(Hit("N403", party.segment, line, values, status=Status("A3", ("500",), party.entity)))
    elif party.country.upper() in _HOME and len(STATE_OF_ZIP) < LIMIT:
        STATE_OF_ZIP[party.zip_code] = party.state


@check(gives="who code", screen=has_ordinary_parties)
def state_or_country_unknown(claim: Claim) -> Result:
    """A state, province or country code that isn't in our dated lists, on the day of the first service.

    States are judged in the US and Canada only.

    Wrong:  N4*BEND*OX*977010123
    Right:  N4*BEND*OR*977010123    N4*MONTREAL*QC*H2X1Y4*CA

    Returns a hit on each N402, N404, CLM11-4 and CLM11-5 at fault.
    """
    found: list[Hit] = []
    lasting = lasting_states()
    b = claim.billing
    s = claim.subscriber
    if s.state not in lasting or s.country or b.state not in lasting or b.country:
        _judge_codes(b, 0, claim, found)
        _judge_codes(s, 0, claim, found)
    for party, line in _other_addresses(claim):
        if party.state not in lasting or party.country:
            _judge_codes(party, line, claim, found)
    if claim.related_causes and (claim.accident_state or claim.accident_country):
        day = _day(claim)
        state, country = claim.accident_state.upper(), claim.accident_country.upper()
        if state and country in _STATED and not _states().is_valid(state, day):
            found.append(Hit("CLM11-4", values={"who": "accident", "code": state}, status=Status("A3", ("750",))))
        if country and not _countries().is_valid(country, day):
            found.append(Hit("CLM11-5", values={"who": "accident", "code": country}, says="country",
                             status=Status("A3", ("750",))))
    return found


_STATED = ("", "US", "CA")


def _judge_codes(party: Party, line: int, claim: Claim, found: list[Hit]) -> None:
    state, country = party.state.upper(), party.country.upper()
    if state and country in _STATED and not _states().is_valid(state, _day(claim)):
        found.append(Hit("N402", party.segment, line, {"who": role(party, line), "code": state},
                         status=Status("A3", ("501",), party.entity)))
    if country and not _countries().is_valid(country, _day(claim)):
        found.append(Hit("N404", party.segment, line, {"who": role(party, line), "code": country}, says="country",
                         status=Status("A3", ("126",), party.entity)))


def _day(claim: Claim) -> date | None:
    return min((n.service_dates.start for n in claim.service_lines if n.service_dates.start), default=None)


def _other_addresses(claim: Claim) -> Iterator[tuple[Party, int]] | tuple[()]:
    """Addresses besides those of billing provider and subscriber, which every claim has."""
    if claim.dependent is None and claim.facility is None and not claim.other_payers:
        b = claim.billing
        payer = claim.subscriber.payer
        if b.pay_to is None and b.pay_to_plan is None and (payer is None or not payer.has_city):
            for line in claim.service_lines:
                if line.facility is not None or line.ordering is not None:
                    break
            else:
                return ()
    return _each_address(claim)


def _each_address(claim: Claim) -> Iterator[tuple[Party, int]]:
    b = claim.billing
    parties = [b.pay_to, b.pay_to_plan, claim.subscriber.payer, claim.dependent, claim.facility]
    for other in claim.other_payers:
        parties += [other.subscriber, other.payer]
    for party in parties:
        if party is not None and party.has_city:
            yield party, 0
    for line in claim.service_lines:
        for party in (line.facility, line.ordering):
            if party is not None and party.has_city:
                yield party, line.number


def _states() -> CodeList:
    return code_list("states")


def _countries() -> CodeList:
    return code_list("countries")
