"""Who did it, and to whom: the one notion of provider and of patient, wherever lines or claims are compared.

Two parties are one where the file says so, never where it only doesn't say otherwise: a finding that rests on "the same
provider" or "the same patient" refuses claims. What it is not: a directory. Nothing is looked up.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ..model import Claim, Party

__all__ = [
    "DESCRIPTIONS", "Details", "comparable", "details_of", "in_file", "may_be_one", "patient_key", "persons", "plain",
    "provider_key",
]

UNKNOWN: Final = "?"
"""First character of the key of a provider who is known within his claim only."""

DESCRIPTIONS: Final = 40
"""Descriptions compared under one patient key; nobody is told of in more ways, and a hostile file could."""

Details = tuple[str, str, str, str, str, str, str]
"""What may tell a patient from others of the same key: last name, middle name, suffix, sex, and the numbers of REF*Y4
(the accident's case), SY and 1W."""

_NO_NUMBERS: Final = ("", "", "")


def plain(text: str) -> str:
    """Letters and digits in upper case: ``O'Neil`` is ``ONEIL``, ``W123-45`` is ``W12345``."""
    text = text.upper()
    return text if not text or text.isalnum() else "".join([c for c in text if c.isalnum()])


# --- providers -------------------------------------------------------------------------------------------------


def provider_key(rendering: Party, billing: Party) -> str:
    """Who did it. In: the rendering party (2420A, else 2310B), or ``billing`` where nobody else is named: then it
    rendered the service itself (TR3 2310B).

    The NPI where there is one (EDITS, common ground). Without an NPI the party is known by all it says of itself
    together, name, secondary numbers and the practice it bills under: two such parties are one when all that is alike.
    Somebody without a first name (or with an initial only) and without a number, or a biller without a tax id, is known
    within the claim only: the key then begins with ``UNKNOWN`` and is made fit for the file by ``in_file``.
    """
    if rendering.id_qualifier == "XX" and rendering.id:
        return rendering.id
    numbers = sorted([f"{r.qualifier}{plain(r.value)}" for r in rendering.references])
    names = [plain(rendering.last_name), plain(rendering.first_name), plain(rendering.middle_name),
             plain(rendering.suffix)]
    if rendering is billing:
        is_known = rendering.tax_id != ""
    else:
        is_named = names[0] != "" and (len(names[1]) > 1 or rendering.type == "2")
        is_known = is_named or any(n[:2] in ("0B", "1G", "G2") for n in numbers)
    if not is_known:
        return f"{UNKNOWN}{rendering.segment}"
    return "\x1f".join([*names, rendering.id_qualifier + plain(rendering.id), *numbers, billing.npi or billing.tax_id])


def in_file(provider: str, claim: int) -> str:
    """A key of ``provider_key`` among those of all claims of a file: one that holds in its claim only gets the claim's
    index."""
    return f"{provider}@{claim}" if provider[:1] == UNKNOWN else provider


# --- patients --------------------------------------------------------------------------------------------------


def patient_key(claim: Claim, payer: str) -> str:
    """Payer (its first id), subscriber id, the patient's birth date and first name; ``""`` without a subscriber id:
    then two claims can't be told to be one patient's. A dependent has no id of its own in 5010. Case, spaces and
    punctuation don't count. Whom a key names may still be two: see ``persons``."""
    member = plain(claim.subscriber.id)
    if not member:
        return ""
    patient = claim.dependent or claim.subscriber
    return f"{payer.upper()}\x1f{member}\x1f{patient.birth_text.strip()}\x1f{plain(patient.first_name)}"


def details_of(patient: Party) -> Details:
    """What else a claim says of its patient, as sent: it is gathered of every claim, and few are compared."""
    case, security, own = _NO_NUMBERS if not patient.references else (
        patient.reference("Y4"), patient.reference("SY"), patient.reference("1W"))
    return patient.last_name, patient.middle_name, patient.suffix, patient.gender, case, security, own


def comparable(details: Details) -> Details:
    """The same, fit to be compared."""
    last_name, middle_name, suffix, gender, case, security, own = details
    return (last_name.strip().upper(), plain(middle_name), plain(suffix), gender.strip().upper(), plain(case),
            plain(security), plain(own))


def persons(described: Collection[Details]) -> dict[Details, int]:
    """Whom each of the descriptions under one patient key means, by a number: those with one number are one person.
    ``-1`` where several may be meant, of whom it fits each (``ROE, BABY`` beside ``ROE, BABY ANN`` and ``ROE, BABY
    BEA``). It doesn't depend on their order, nor on how often each stands there; what goes beyond ``DESCRIPTIONS`` of
    them names nobody.
    """
    known = sorted(described)[:DESCRIPTIONS]
    near = [frozenset([n for n, other in enumerate(known) if may_be_one(one, other)]) for one in known]
    # Who is told has only such beside him as may be one among themselves; then two of them have the same beside them.
    told = {n for n, these in enumerate(near) if all(these <= near[m] for m in these)}
    found = dict.fromkeys(described, -1)
    found.update({known[n]: min(near[n] & told) for n in told})
    return found


def may_be_one(one: Details, other: Details) -> bool:
    """Does nothing that they say contradict that they are one? Last names that share a word are one (``ROE`` and
    ``ROE-LOE``), a middle initial fits the name, a sex that isn't M or F says nothing. Twins who were given one first
    name differ in one of these, and so do employees insured under one policy."""
    names, others = _words(one[0]), _words(other[0])
    if names and others and set(names).isdisjoint(others):
        return False
    middle, theirs = one[1], other[1]
    if middle and theirs and not (middle.startswith(theirs) or theirs.startswith(middle)):
        return False
    if one[3] != other[3] and one[3] in ("M", "F") and other[3] in ("M", "F"):
        return False
    # the suffix, and the numbers
    return all(not one[n] or not other[n] or one[n] == other[n] for n in (2, 4, 5, 6))


def _words(name: str) -> list[str]:
    """The words of a last name: ``O'NEIL-ROE`` has ONEIL and ROE, and both together."""
    parts = [plain(word) for word in name.replace("-", " ").split()]
    return [word for word in (*parts, "".join(parts)) if word]
