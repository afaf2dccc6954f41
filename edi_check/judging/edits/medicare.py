"""Medicare's rules for therapy and spinal manipulation, as far as a claim shows them.

Claims Processing Manual ch. 5, Benefit Policy Manual ch. 15, 42 CFR 410; each edit of the pack names its own section.
"""

from __future__ import annotations

from ...findings import Status
from ...model import Claim, ServiceLine
from ..conditions import Codes
from ..registry import Hit, Result, check

_INVALID = Status("A7", ("453",))


@check(looks_at="service", gives="modifiers_given")
def discipline_modifier_missing(line: ServiceLine, *, disciplines: frozenset[str]) -> Result:
    """A therapy service doesn't say under which plan it was rendered, or names two (Claims Processing Manual ch. 5,
    20.1).

    Wrong:  SV1*HC:97140*120*UN*2***1     SV1*HC:97140:GP:GO*120*UN*2***1
    Right:  SV1*HC:97140:GP*120*UN*2***1

    Returns one hit, on SV101-2, or on the second such modifier with the status of an invalid one.
    """
    given = [(n, m) for n, m in enumerate(line.modifiers, 3) if m in disciplines]
    if len({m for _, m in given}) == 1:
        return ()
    if not given:
        return (Hit("SV101-2", values={"modifiers_given": ""}),)
    at, _ = next((n, m) for n, m in given if m != given[0][1])
    return (Hit(f"SV101-{at}", values={"modifiers_given": [m for _, m in given]}, says="several", status=_INVALID),)


@check(looks_at="service", gives="modifier discipline")
def assistant_modifier_without_discipline(line: ServiceLine, *, assistants: tuple[str, ...],
                                          disciplines: tuple[str, ...]) -> Result:
    """An assistant's modifier without the discipline it belongs to: CQ goes with GP, CO with GO (42 CFR 410.59,
    410.60).

    ``assistants`` and ``disciplines`` are pairs, in order.

    Wrong:  SV1*HC:97140:GO:CQ*120*UN*2***1
    Right:  SV1*HC:97140:GP:CQ*120*UN*2***1

    Returns a hit on each such modifier.
    """
    modifiers = line.modifiers
    if len(modifiers) < 1:
        return ()
    return [Hit(f"SV101-{n}", values={"modifier": m, "discipline": discipline})
            for assistant, discipline in zip(assistants, disciplines, strict=True)
            for n, m in enumerate(modifiers, 3) if m == assistant and discipline not in modifiers]


@check
def line_without_date(claim: Claim, line: ServiceLine, *, qualifiers: frozenset[str]) -> Result:
    """A line for which neither the line nor the claim gives a day that the payer wants (DTP with one of
    ``qualifiers``).

    Wrong:  SV1*HC:98940:AT*60*UN*1***1    without DTP*454
    Right:  DTP*454*D8*20260105    SV1*HC:98940:AT*60*UN*1***1

    Returns one hit on the line.
    """
    for d in claim.dates:
        if d.qualifier in qualifiers:
            return ()
    for d in line.dates:
        if d.qualifier in qualifiers:
            return ()
    return (Hit("SV101-2"),)


@check
def acute_manifestation_date_missing(claim: Claim, line: ServiceLine, *, conditions: frozenset[str],
                                     qualifier: str) -> Result:
    """CR208 says that the condition is acute, or an acute manifestation of a chronic one, and no DTP*453 says since
    when (TR3 2300 DTP*453).

    Wrong:  CR2********A    SV1*HC:98940:AT*60*UN*1***1
    Right:  DTP*453*D8*20260105    CR2********A    SV1*HC:98940:AT*60*UN*1***1

    Returns one hit, on CR208, for the first such line.
    """
    s = claim.spinal_manipulation
    if s is None or s.condition not in conditions or claim.date(qualifier) is not None:
        return ()
    return (Hit("CR208", s.segment),)


@check(gives="taxonomy")
def chiropractor_bills_other_service(claim: Claim, line: ServiceLine, *, covered: Codes, taxonomy: str,
                                     excused: frozenset[str]) -> Result:
    """A chiropractor renders what Medicare doesn't pay a chiropractor for: anything but spinal manipulation (42 CFR
    410.21).

    ``excused``: modifiers that say that the service is known not to be covered.

    Wrong:  NM1*82*1*LOE*KIM****XX*1900000021    PRV*PE*PXC*111N00000X    SV1*HC:97140:GP*60*UN*1***1
    Right:  the same with SV1*HC:97140:GP:GY*60*UN*1***1

    Returns one hit on SV101-2.
    """
    party = line.rendering or claim.rendering or claim.billing
    is_chiropractor = party.taxonomy.upper().startswith(taxonomy)
    if not is_chiropractor or line.procedure in covered or not excused.isdisjoint(line.modifiers):
        return ()
    return (Hit("SV101-2", values={"taxonomy": party.taxonomy}),)


@check(looks_at="service", gives="modifier other")
def liability_modifiers_conflict(line: ServiceLine, *, expected: str, unexpected: str, active: str) -> Result:
    """Modifiers that contradict each other: GA, a waiver is on file, with GZ, none is; AT, active treatment, with one
    of them (``warn``), since they stand for care that is expected to be denied.

    Wrong:  SV1*HC:98940:GA:GZ*60*UN*1***1
    Right:  SV1*HC:98940:GA*60*UN*1***1

    Returns one hit, on the later of the two modifiers.
    """
    modifiers = line.modifiers
    if len(modifiers) < 2:
        return ()
    if expected in modifiers and unexpected in modifiers:
        return (_conflict(modifiers, expected, unexpected, "", ""),)
    if active in modifiers:
        for other in (expected, unexpected):
            if other in modifiers:
                return (_conflict(modifiers, active, other, "warn", "active"),)
    return ()


def _conflict(modifiers: tuple[str, ...], one: str, other: str, level: str, says: str) -> Hit:
    at = max(modifiers.index(one), modifiers.index(other))
    return Hit(f"SV101-{at + 3}", values={"modifier": one, "other": other}, level=level, says=says)


@check(names_line=True)
def certifying_provider_missing(claim: Claim, *, procedures: Codes, entities: frozenset[str]) -> Result:
    """Therapy without the provider who certified the plan of care (NM1*DN; Claims Processing Manual ch. 5, 20).

    Wrong:  SV1*HC:97140:GP*120*UN*2***1    without NM1*DN
    Right:  NM1*DN*1*LOE*KIM****XX*1900000021    SV1*HC:97140:GP*120*UN*2***1

    Returns one hit, on the first line that lacks one.
    """
    if any(p.entity in entities for p in claim.referring):
        return ()
    for line in claim.service_lines:
        if line.procedure in procedures and not any(p.entity in entities for p in line.referring):
            return (Hit("SV101-2", line.service_segment, line.number),)
    return ()
