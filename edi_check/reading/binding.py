"""Which function takes a segment: by loop and segment id. Which element fills which field is in ``bindings``.

``binding(use)`` gives for a use of the guide what the reader calls: ``parse`` (elements to a value that may be
remembered with the segment's text, or ``None``), ``act`` (put it where it belongs), and whether segments of this use
repeat often enough to be worth remembering whole.
"""

from __future__ import annotations

from . import assembly as above
from . import claims
from .assembly import Act, Parse
from .guide import SegmentUse

__all__ = ["binding"]

NAMES: dict[str, Act] = {
    "1000A": above.submitter,
    "1000B": above.receiver,
    "2010AA": above.billing_name,
    "2010AB": above.pay_to,
    "2010AC": above.pay_to_plan,
    "2010BA": above.subscriber_name,
    "2010BB": above.payer_name,
    "2010CA": above.patient_name,
    "2310A": above.claim_referring,
    "2310B": above.claim_party("rendering", "2310B"),
    "2310C": above.claim_party("facility", "2310C"),
    "2310D": above.claim_party("supervising", "2310D"),
    "2330A": above.other_subscriber,
    "2330B": above.other_payer_name,
    "2420A": above.line_party("rendering", "2420A"),
    "2420B": above.line_party("purchased", "2420B"),
    "2420C": above.line_party("facility", "2420C"),
    "2420D": above.line_party("supervising", "2420D"),
    "2420E": above.line_party("ordering", "2420E"),
    "2420F": above.line_referring,
}

PLACED: dict[tuple[str, str], tuple[Parse | None, Act]] = {
    ("HEADER", "BHT"): (None, above.begin_transaction),
    ("2000A", "HL"): (None, above.billing_level),
    ("2000A", "CUR"): (None, above.currency),
    ("2000B", "HL"): (None, above.subscriber_level),
    ("2000B", "SBR"): (None, above.subscriber_information),
    ("2000B", "PAT"): (None, above.patient_information),
    ("2000C", "HL"): (None, above.patient_level),
    ("2000C", "PAT"): (None, above.patient_information),
    ("2300", "CLM"): (None, claims.claim),
    ("2300", "DTP"): (claims.parse_dates, claims.claim_date),
    ("2300", "REF"): (None, claims.claim_reference),
    ("2300", "PWK"): (None, claims.claim_attachment),
    ("2300", "NTE"): (None, claims.claim_note),
    ("2300", "K3"): (None, claims.claim_free_text),
    ("2300", "AMT"): (None, claims.patient_paid),
    ("2300", "CR2"): (None, claims.spinal_manipulation),
    ("2320", "SBR"): (None, claims.other_payer),
    ("2320", "CAS"): (None, claims.other_adjustment),
    ("2320", "AMT"): (None, claims.other_amount),
    ("2330B", "DTP"): (claims.parse_dates, claims.other_date),
    ("2330B", "REF"): (None, claims.other_reference),
    ("2400", "LX"): (None, claims.line),
    ("2400", "SV1"): (claims.parse_service, claims.service),
    ("2400", "DTP"): (claims.parse_dates, claims.line_date),
    ("2400", "REF"): (None, claims.line_reference),
    ("2400", "NTE"): (None, claims.line_note),
    ("2400", "K3"): (None, claims.line_free_text),
    ("2400", "PWK"): (None, claims.line_attachment),
    ("2410", "LIN"): (None, claims.drug),
    ("2430", "SVD"): (None, claims.adjudication),
    ("2430", "CAS"): (None, claims.line_adjustment),
    ("2430", "DTP"): (claims.parse_dates, claims.adjudication_date),
}

ANYWHERE: dict[str, Act] = {
    "N3": above.street,
    "N4": above.city,
    "DMG": above.demographics,
    "PRV": above.taxonomy,
    "PER": above.contact,
    "REF": above.party_reference,
}

REPEATING = frozenset({"SV1", "DTP", "LX", "PRV", "SBR", "HI"})
"""Segments worth remembering whole: few distinct texts over many claims."""

REPEATING_NAMES = frozenset({"1000A", "1000B", "2010BB", "2310A", "2310B", "2310D", "2330B", "2420A"})


def binding(use: SegmentUse) -> tuple[Parse | None, Act | None, bool]:
    """(parse, act, is it worth remembering) for a use; ``act`` is ``None`` for what the model doesn't hold."""
    loop, segment = use.loop.id, use.id
    if segment == "HI":
        q = use.qualifier
        is_diagnosis = q is not None and "ABK" in q[2]
        return (claims.parse_diagnoses, claims.diagnoses, True) if is_diagnosis else (None, None, True)
    if segment == "NM1":
        return None, NAMES.get(loop, above.somebody), loop in REPEATING_NAMES
    placed = PLACED.get((loop, segment))
    if placed is not None:
        return (*placed, segment in REPEATING)
    if loop in ("2300", "2320", "2400", "2410", "2430", "2440"):
        return None, None, False
    return None, ANYWHERE.get(segment), segment in REPEATING
