"""What loops and elements are called in a message, in our own words.

A biller knows the subscriber and the line charge, not loop 2010BA and data element 782. No text of the guide is
here; an element without an entry is named by its designator alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..privacy import legible, private
from .guide import SegmentUse

__all__ = ["QUALIFIED", "element_name", "like_an_id", "party", "segment_name", "shown", "some_of", "subject"]

_LOOPS = {
    "ISA_LOOP": "the interchange", "GS_LOOP": "the functional group", "ST_LOOP": "the transaction set",
    "HEADER": "the transaction set", "DETAIL": "the transaction set", "FOOTER": "the transaction set",
    "1000A": "the submitter", "1000B": "the receiver",
    "2000A": "the billing provider's level", "2010AA": "the billing provider", "2010AB": "the pay-to address",
    "2010AC": "the pay-to plan",
    "2000B": "the subscriber's level", "2010BA": "the subscriber", "2010BB": "the payer",
    "2000C": "the patient's level", "2010CA": "the patient",
    "2300": "the claim", "2310A": "the referring provider", "2310B": "the rendering provider",
    "2310C": "the service facility", "2310D": "the supervising provider", "2310E": "the ambulance pick-up place",
    "2310F": "the ambulance drop-off place",
    "2320": "the other payer's coverage", "2330A": "the other subscriber", "2330B": "the other payer",
    "2330C": "the other payer's referring provider", "2330D": "the other payer's rendering provider",
    "2330E": "the other payer's service facility", "2330F": "the other payer's supervising provider",
    "2330G": "the other payer's billing provider",
    "2400": "the service line", "2410": "the line's drug", "2420A": "the line's rendering provider",
    "2420B": "the line's purchased service provider", "2420C": "the line's service facility",
    "2420D": "the line's supervising provider", "2420E": "the line's ordering provider",
    "2420F": "the line's referring provider", "2420G": "the line's ambulance pick-up place",
    "2420H": "the line's ambulance drop-off place",
    "2430": "the other payer's decision on the line", "2440": "the line's form",
}

_ELEMENTS = {
    "BHT03": "batch reference", "BHT04": "creation date", "BHT05": "creation time", "BHT06": "claim or encounter",
    "CLM01": "claim number", "CLM02": "claim charge", "CLM05": "place and frequency", "CLM05-1": "place of service",
    "CLM05-2": "kind of place code", "CLM05-3": "claim frequency", "CLM06": "provider signature",
    "CLM07": "accepts assignment", "CLM08": "benefits assigned", "CLM09": "release of information",
    "CLM10": "who signed for the patient", "CLM11": "related causes", "CLM11-1": "related cause",
    "CLM11-2": "second related cause", "CLM11-4": "accident state", "CLM11-5": "accident country",
    "CLM12": "special program", "CLM20": "reason for delay",
    "SV101": "procedure", "SV101-1": "kind of procedure code", "SV101-2": "procedure code",
    "SV101-3": "modifier 1", "SV101-4": "modifier 2", "SV101-5": "modifier 3", "SV101-6": "modifier 4",
    "SV101-7": "description", "SV102": "line charge", "SV103": "unit basis", "SV104": "units",
    "SV105": "place of service", "SV107": "diagnosis pointers", "SV107-1": "diagnosis pointer 1",
    "SV107-2": "diagnosis pointer 2", "SV107-3": "diagnosis pointer 3", "SV107-4": "diagnosis pointer 4",
    "SV109": "emergency", "SV111": "EPSDT", "SV112": "family planning", "SV115": "copay status",
    "SV501": "equipment procedure", "SV502": "days", "SV503": "days needed", "SV504": "rental price",
    "SV505": "purchase price", "SV506": "rental period",
    "NM101": "who this is", "NM102": "person or organization", "NM104": "first name", "NM105": "middle name",
    "NM107": "name suffix", "NM108": "kind of id",
    "N301": "street", "N302": "second street line", "N401": "city", "N402": "state", "N403": "ZIP code",
    "N404": "country", "N407": "country subdivision",
    "PER01": "kind of contact", "PER02": "contact name", "PER03": "kind of number", "PER04": "phone or e-mail",
    "PER05": "second kind of number", "PER06": "second phone or e-mail", "PER07": "third kind of number",
    "PER08": "third phone or e-mail",
    "DMG01": "date format", "DMG02": "birth date", "DMG03": "gender",
    "PAT01": "relationship to the subscriber", "PAT05": "date format", "PAT06": "date of death",
    "PAT07": "weight unit", "PAT08": "weight", "PAT09": "pregnancy",
    "SBR01": "payer sequence", "SBR02": "relationship to the subscriber", "SBR03": "group or policy number",
    "SBR04": "group name", "SBR05": "insurance type", "SBR09": "claim filing indicator",
    "PRV01": "provider role", "PRV02": "kind of code", "PRV03": "taxonomy code",
    "REF01": "kind of number", "REF02": "number", "DTP01": "which date", "DTP02": "date format", "DTP03": "date",
    "AMT01": "which amount", "AMT02": "amount", "QTY01": "which quantity", "QTY02": "quantity",
    "NTE01": "kind of note", "NTE02": "note text", "K301": "fixed text",
    "PWK01": "kind of attachment", "PWK02": "how it is sent", "PWK05": "kind of control number",
    "PWK06": "attachment control number",
    "HL01": "level number", "HL02": "parent level number", "HL03": "kind of level", "HL04": "has levels below",
    "LX01": "line number", "CUR02": "currency",
    "CAS01": "adjustment group",
    "SVD01": "other payer id", "SVD02": "amount paid", "SVD03": "procedure", "SVD03-1": "kind of procedure code",
    "SVD03-2": "procedure code", "SVD05": "units paid", "SVD06": "bundled into line",
    "CR101": "weight unit", "CR102": "patient weight", "CR104": "transport reason", "CR105": "distance unit",
    "CR106": "distance", "CR208": "patient condition", "CR210": "condition description",
    "CR211": "second condition description",
    "CRC01": "condition category", "CRC02": "condition applies", "LIN02": "kind of drug code", "LIN03": "drug code",
    "CTP04": "drug quantity", "CTP05": "drug unit", "CTP05-1": "drug unit",
    "MEA03": "test result", "PS101": "purchased service provider id", "PS102": "purchased service charge",
    "OI03": "benefits assigned", "OI04": "who signed for the patient", "OI06": "release of information",
    "LQ01": "kind of form", "LQ02": "form number", "FRM01": "question number",
    "HCP01": "pricing method", "HCP02": "repriced amount", "CN101": "contract type",
    "ST02": "set control number", "SE01": "segment count", "SE02": "set control number",
}

_CAS_PARTS = ("reason", "amount", "quantity")


def party(loop: str) -> str:
    """Whom or what a loop is about: ``the billing provider (loop 2010AA)``; wrappers of the map have no number."""
    words = _LOOPS.get(loop, "the loop")
    return f"{words} (loop {loop})" if loop[:1].isdigit() else words


def element_name(designator: str, elements: Sequence[str] = ()) -> str:
    """Short words for an element, ``""`` when there are none. ``elements`` (the segment) tells a person's name from
    an organisation's and diagnoses from other codes."""
    segment = designator[:2]
    if designator == "NM103":
        kind = elements[2] if len(elements) > 2 else ""
        return {"1": "last name", "2": "organization name"}.get(kind, "last name or organization name")
    if designator == "NM109":
        return {"IL": "member id", "PR": "payer id"}.get(elements[1] if len(elements) > 1 else "", "id")
    if segment == "HI" and designator.endswith("-2"):
        position = int(designator[2:4]) if designator[2:4].isdigit() else 0
        qualifier = elements[position][:3] if position < len(elements) else ""
        return "diagnosis code" if qualifier.startswith(("ABK", "ABF", "BK", "BF")) else "code"
    if segment == "HI":
        return "kind of code" if designator.endswith("-1") else ""
    if designator.startswith("CAS") and designator not in _ELEMENTS and designator[3:].isdigit():
        number, part = divmod(int(designator[3:]) - 2, 3)
        return f"adjustment {_CAS_PARTS[part]} {number + 1}"
    return _ELEMENTS.get(designator, "")


def segment_name(use: SegmentUse, elements: Sequence[str]) -> str:
    """``REF*SY of the subscriber (loop 2010BA)``: the qualifier is named where the guide has several uses of the id
    and the segment's own is one of this use's."""
    qualifier = use.qualifier
    if use.id in QUALIFIED and qualifier and len(elements) > 1 and elements[1] in qualifier[2]:
        return f"{use.id}*{elements[1]} of {party(use.loop.id)}"
    return f"{use.id} of {party(use.loop.id)}"


QUALIFIED = frozenset({"AMT", "CRC", "DTP", "NTE", "PWK", "QTY", "REF"})
"""Segments that the guide has in many uses, told apart by their qualifier alone."""


def subject(use: SegmentUse, designator: str, elements: Sequence[str]) -> str:
    """How a message begins: ``NM103 (last name) of the subscriber (loop 2010BA)``, ``DTP03 (date) in DTP*472 of the
    service line (loop 2400)``."""
    name = element_name(designator, elements)
    head = f"{designator} ({name})" if name else designator
    whole = segment_name(use, elements)
    return f"{head} in {whole}" if whole.startswith(use.id + "*") else f"{head} of {party(use.loop.id)}"


def shown(elements: Sequence[str]) -> str:
    """A segment that is one of the guide's by its id and qualifier; its other values may be a person's."""
    is_told_apart = elements[0] in QUALIFIED or elements[0] in ("NM1", "PRV")
    return f"{elements[0]}*{elements[1]}" if is_told_apart and len(elements) > 1 else elements[0]


def like_an_id(text: str) -> str:
    """A segment id or qualifier for a message; what is longer than one may be anything, a name too, and is private."""
    return legible(text) if len(text) < 4 else private(text[:20])


def some_of(codes: Iterable[str]) -> str:
    """Codes in a row, the first dozen."""
    listed = sorted(codes)
    return ", ".join(listed[:12]) + (" …" if len(listed) > 12 else "")
