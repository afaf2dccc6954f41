"""Identifiers of providers: NPI, tax id, taxonomy. Whether they were ever issued can't be known from a claim."""

from __future__ import annotations

from ...findings import Status
from ...identifiers import has_one_digit_only, is_npi, is_tax_id, is_taxonomy
from ...model import BillingProvider, Claim
from ..registry import Hit, Result, check
from ._known import LIMIT, TAXONOMIES
from ._screens import has_ordinary_parties
from ._words import providers, role

_TAX = ("EI", "SY")


@check(gives="who npi", screen=has_ordinary_parties)
def npi_check_digit(claim: Claim) -> Result:
    """An NPI that isn't one: not ten digits from 1 or 2, or its check digit is wrong (45 CFR 162.406).

    Wrong:  NM1*85*2*RIVERSIDE PT*****XX*1900000014
    Right:  NM1*85*2*RIVERSIDE PT*****XX*1900000013

    Returns a hit on each NM109 at fault, of the claim, its lines and the billing provider.
    """
    b = claim.billing
    r = claim.rendering
    if ((b.id_qualifier != "XX" or is_npi(b.id) or not b.id)
            and (r is None or r.id_qualifier != "XX" or is_npi(r.id))
            and claim.facility is None and claim.supervising is None and not claim.referring):
        for line in claim.service_lines:
            if (line.rendering is not None or line.purchased is not None or line.facility is not None
                    or line.supervising is not None or line.ordering is not None or line.referring):
                break
        else:
            return ()
    found: list[Hit] = []
    for party, number in providers(claim):
        if party.id_qualifier == "XX" and party.id and not is_npi(party.id):
            found.append(Hit("NM109", party.segment, number, {"who": role(party, number), "npi": party.id},
                             status=Status("A7", ("562",), party.entity)))
    return found


@check(gives="who")
def tax_id_malformed(billing: BillingProvider) -> Result:
    """A tax id that isn't nine digits (TR3 2010AA, 2010AC REF*EI, REF*SY).

    Wrong:  REF*EI*12-3456789
    Right:  REF*EI*123456789

    Returns a hit on each REF02 at fault; at ``warn`` one whose digits are all the same.
    """
    found: list[Hit] = []
    for party in (billing, billing.pay_to_plan):
        if party is None:
            continue
        for r in party.references:
            if r.qualifier in _TAX and r.value:
                if not is_tax_id(r.value):
                    found.append(Hit("REF02", r.segment, values={"who": role(party)}))
                elif has_one_digit_only(r.value):
                    found.append(Hit("REF02", r.segment, values={"who": role(party)}, level="warn", says="filler"))
    return found


@check(gives="who taxonomy", screen=has_ordinary_parties)
def taxonomy_malformed(claim: Claim) -> Result:
    """A taxonomy code that isn't ten letters or digits ending in X (NUCC).

    Wrong:  PRV*PE*PXC*225100000
    Right:  PRV*PE*PXC*225100000X

    Returns a hit on each PRV03 at fault: billing provider, 2310B, 2420A.
    """
    found: list[Hit] = []
    b = claim.billing
    if b.taxonomy and b.taxonomy not in TAXONOMIES and not _is_good(b.taxonomy):
        found.append(Hit("PRV03", b.hl_segment, values={"who": role(b), "taxonomy": b.taxonomy},
                         status=Status("A7", ("145",), b.entity)))
    r = claim.rendering
    if r is not None and r.taxonomy and r.taxonomy not in TAXONOMIES and not _is_good(r.taxonomy):
        found.append(Hit("PRV03", r.segment, values={"who": role(r), "taxonomy": r.taxonomy},
                         status=Status("A7", ("145",), r.entity)))
    for line in claim.service_lines:
        r = line.rendering
        if r is not None and r.taxonomy and r.taxonomy not in TAXONOMIES and not _is_good(r.taxonomy):
            found.append(Hit("PRV03", r.segment, line.number,
                             {"who": role(r, line.number), "taxonomy": r.taxonomy},
                             status=Status("A7", ("145",), r.entity)))
    return found


def _is_good(taxonomy: str) -> bool:
    if not is_taxonomy(taxonomy.upper()):
        return False
    if len(TAXONOMIES) < LIMIT:
        TAXONOMIES.add(taxonomy)
    return True
