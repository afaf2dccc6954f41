"""Where in a claim a 277's status points: the segment and element that its code and party most likely mean.

A 277CA says which claim and which line, and what is wrong with it, but not in which segment. What stands here is our
reading of the codes; where a code leads nowhere, the claim's CLM or the line's SV1 is shown without a caret.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model import Claim, Delimiters, Place
from ..telling.refusals import PROVIDER_LOOPS
from ..telling.spots import Spot, designated, spot
from .likely import likely_place
from .received import Code

__all__ = ["CONTROL_POINTS", "beside_lines", "claim_spots", "line_spots", "segments_of"]

CONTROL_POINTS = {
    "TA105": {"001": "IEA02", "002": "ISA11", "003": "ISA12", "004": "ISA", "005": "ISA05", "006": "ISA06",
              "007": "ISA07", "008": "ISA08", "009": "ISA08", "010": "ISA01", "011": "ISA02", "012": "ISA03",
              "013": "ISA04", "014": "ISA09", "015": "ISA10", "016": "ISA11", "017": "ISA12", "018": "ISA13",
              "019": "ISA14", "020": "ISA15", "021": "IEA01", "025": "ISA13", "026": "ISA", "027": "ISA16"},
    "AK905": {"1": "GS01", "2": "GS08", "4": "GE02", "5": "GE01", "6": "GS06", "19": "GS06"},
    "IK502": {"1": "ST01", "3": "SE02", "4": "SE01", "6": "ST01", "7": "ST02", "19": "ST03", "23": "ST02",
              "I6": "ST03"},
}
"""The element of a control segment that a code is about; ``ISA``: the segment."""

PARTIES = {
    "40": ("1000B",), "41": ("1000A",), "85": ("2010AA", "2000A"), "87": ("2010AB",),
    "IL": ("2010BA", "2000B"), "QC": ("2010CA", "2000C", "2010BA", "2000B"), "PR": ("2010BB", "2000B"),
    "DN": ("2420F", "2310A"), "P3": ("2420F", "2310A"), "82": ("2420A", "2310B", "2010AA", "2000A"),
    "77": ("2420C", "2310C", "2010AA"), "DQ": ("2420D", "2310D"), "DK": ("2420E",), "QB": ("2420B",),
    "GB": ("2330A", "2320"),
}
"""Loops of a party, the most particular first."""

OF_PARTY: dict[str, tuple[str, ...]] = {
    "125": ("NM103",), "504": ("NM103",), "505": ("NM104",), "562": ("NM109",), "153": ("NM109",), "755": ("NM109",),
    "164": ("NM109",), "163": ("NM109",), "33": ("NM109",), "560": ("REF02",), "128": ("REF*EI02", "REF*SY02"),
    "145": ("PRV03",), "158": ("DMG02",), "157": ("DMG03",), "159": ("PAT06",), "126": ("N301",), "503": ("N301",),
    "500": ("N403",), "501": ("N402",), "502": ("N401",), "480": ("SBR09",), "742": ("SBR01",), "127": ("PER04",),
    "116": ("NM109",), "496": ("NM109",), "24": ("NM109",), "26": ("NM109",), "88": ("NM109",), "97": ("NM109",),
}
"""Status codes that speak of a party's segments."""

OF_A_PERSON = frozenset({"26", "88", "97"})
"""Of these the status is about somebody, who is known by an id, and not about the id."""

OF_CLAIM: dict[str, tuple[str, ...]] = {
    "178": ("CLM02",), "400": ("CLM02",), "54": ("CLM01",), "78": ("CLM01",), "535": ("CLM05-3",), "249": ("CLM05-1",),
    "750": ("CLM11-4",), "700": ("HI01-1",), "508": ("HI01-1",), "772": ("HI01-2",), "464": ("REF*F802", "CLM05-3"),
    "672": ("AMT*D02",), "516": ("DTP*57303", "2330B NM1"), "252": ("REF*G102",), "188": ("DTP*43403",),
    "189": ("DTP*43503",), "192": ("DTP*43103",), "397": ("DTP*43103",), "701": ("DTP*45403",),
    "715": ("DTP*45303", "CR208"), "727": ("DTP*43903", "CLM11"), "757": ("DTP*30403",), "489": ("PWK06",),
    "693": ("CLM02",), "694": ("CLM02",), "697": ("CLM02",), "402": ("CLM02",), "742": ("SBR01",), "480": ("SBR09",),
    "583": ("CLM02",), "121": ("CLM01",),
}
OF_LINE: dict[str, tuple[str, ...]] = {
    "454": ("SV101-2",), "507": ("SV101-2",), "796": ("SV101-2",), "306": ("SV101-7",), "258": ("SV104",),
    "476": ("SV104",), "659": ("SV103",), "583": ("SV102",), "693": ("SV102",), "694": ("SV102",), "697": ("SV102",),
    "402": ("SV102",), "249": ("SV105",), "488": ("SV107",), "187": ("DTP*47203",), "643": ("SVD02",),
    "710": ("SVD02",), "772": ("SV107",), "54": ("SV101",), "78": ("SV101",), "735": ("SV101-2",), "777": ("SV101-2",),
}

SUBSCRIBER_LOOPS = frozenset({"2000B", "2010BA", "2010BB", "2000C", "2010CA"})


def segments_of(claim: Claim) -> list[Place]:
    """The claim's own segments, and those of the levels it hangs under, these last."""
    found = list(claim.segments())
    for start, loops in ((claim.patient_hl_segment, SUBSCRIBER_LOOPS), (claim.subscriber.hl_segment, SUBSCRIBER_LOOPS),
                         (claim.billing.hl_segment, PROVIDER_LOOPS)):
        found.extend(_level(claim, start, loops))
    return found


def _level(claim: Claim, start: int, loops: frozenset[str]) -> Iterator[Place]:
    for n in range(start, start + 200) if start else ():
        place = claim.locate(n)
        if not place.text or place.loop not in loops or (n > start and place.text.startswith("HL")):
            return
        yield place


def claim_spots(codes: Sequence[Code], places: Sequence[Place], delimiters: Delimiters,
                show_values: bool) -> list[Spot]:
    """The places that the statuses of a claim point to, those of its line among them where it has but one; its CLM when
    they point nowhere."""
    above = [place for place in places if place.loop[:2] != "24"]
    line = [place for place in places if place.loop[:2] == "24"]
    is_only = sum(place.text.startswith("LX" + delimiters.element) for place in line) == 1
    return _spots(codes, above, OF_CLAIM, "CLM", delimiters, show_values, only_line=line if is_only else ())


def line_spots(codes: Sequence[Code], own: Sequence[Place], others: Sequence[Place], delimiters: Delimiters,
               show_values: bool) -> list[Spot]:
    """The same for a line of the claim with its ``own`` segments; its SV1 when they point nowhere. ``others``: the
    claim's, without those of lines (``beside_lines``)."""
    return _spots(codes, own, OF_LINE, "SV1", delimiters, show_values, others)


def beside_lines(places: Sequence[Place]) -> list[Place]:
    """Those of a claim's segments that are no line's."""
    return [place for place in places if place.loop[:2] not in ("24", "")]


def _spots(codes: Sequence[Code], places: Sequence[Place], table: dict[str, tuple[str, ...]], otherwise: str,
           delimiters: Delimiters, show_values: bool, others: Sequence[Place] = (),
           only_line: Sequence[Place] = ()) -> list[Spot]:
    found: dict[tuple[int, str], Spot] = {}
    for code in codes:
        hit = likely_place(code, codes, places, others, delimiters)
        hit = hit or _of_party(code, [*places, *others], delimiters)
        hit = hit or _first(table.get(code.status, ()), places, delimiters)
        if hit is None and others:
            hit = _first(OF_CLAIM.get(code.status, ()), others, delimiters)
        if hit is None and only_line:
            hit = likely_place(code, codes, only_line, places, delimiters)
            hit = hit or _first(OF_LINE.get(code.status, ()), only_line, delimiters)
        if hit:
            place, designator = hit
            position, component = designated(designator)
            found.setdefault((place.segment, designator), spot(place, delimiters, position, component, show_values))
    if not found:
        whole = next((p for p in places if p.text.startswith(otherwise + delimiters.element)), None)
        return [spot(whole, delimiters, 0, 0, show_values)] if whole else []
    return list(found.values())


def _of_party(code: Code, places: Sequence[Place], delimiters: Delimiters) -> tuple[Place, str] | None:
    wanted = OF_PARTY.get(code.status)
    if not wanted or (not code.entity and code.status not in ("164", "33", "116")):
        return None
    entity = code.entity or ("PR" if code.status == "116" else "IL")
    for loop in PARTIES.get(entity, ()):
        hit = _first(wanted, [p for p in places if p.loop == loop], delimiters)
        if hit and loop == "2010CA" and hit[1] == "NM109":  # a dependent has no id: the subscriber's, or who it is
            hit = (hit[0], "NM1") if code.status in OF_A_PERSON else None
        if hit:
            return hit
    for loop in PARTIES.get(entity, ()):  # what is wanted isn't there: whose it is
        name = next((p for p in places if p.loop == loop and p.text.startswith("NM1" + delimiters.element)), None)
        if name:
            return name, "NM1"
    return None


def _first(wanted: tuple[str, ...], places: Sequence[Place], delimiters: Delimiters) -> tuple[Place, str] | None:
    """The first segment that has one of the designators (``REF*EI02``: with this qualifier; ``2330B NM1``: the whole
    segment, of this loop)."""
    for name in wanted:
        loop, _, whole = name.partition(" ")
        if whole:
            hit = next((p for p in places if p.loop == loop and p.text.startswith(whole + delimiters.element)), None)
            if hit:
                return hit, whole
            continue
        segment_id, _, qualified = name.partition("*")
        designator = segment_id + qualified[-2:] if qualified else name
        head = segment_id if qualified else name[:-2].partition("-")[0] if "-" not in name else name.split("-")[0][:-2]
        start = delimiters.element.join([head, *([qualified[:-2]] if qualified else []), ""])
        for place in places:
            if place.text.startswith(start):
                return place, designator
    return None
