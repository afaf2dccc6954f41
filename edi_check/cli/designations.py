"""``edi-check explain`` for short forms: a 277CA's status (``A8:400,178``), a code of a TA1 or 999 (``IK403:7``, or
``IK403`` for all of them), a designator (``SV107-2``), a procedure (``97140``).

In words of our own, as messages have them; a form that they have no words for isn't explained.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..answers.codes import LISTS, all_of_list, is_known_status, status_meaning
from ..findings import Edit, Status
from ..judging.conditions import Codes
from ..judging.packs import EditData, Pack, Setting, load_packs
from ..reading.names import element_name
from ..telling.wording import CATEGORIES, STATUSES, status_words
from .glossary import Word

__all__ = ["find_designation"]

_STATUS = re.compile(r"([A-Z]\d)(?::(\d+(?:,\d+)*)(?::(\w\w))?)?")
_ANSWER = re.compile(r"(TA105|[AI]K(?:[35]0[24]|403)|AK905)(?:[ :=*-](I?\d+))?")
_EDIT_OF_ANSWER = re.compile(r"(TA1|AK9|IK[345])-(I?\d+)")
_ELEMENTS = {"TA1": "TA105", "AK9": "AK905", "IK3": "IK304", "IK4": "IK403", "IK5": "IK502"}
_DESIGNATOR = re.compile(r"([A-Z][A-Z0-9]{1,2})(\d\d)(?:-(\d+))?")
_PROCEDURE = re.compile(r"[A-Z0-9]\d{3}[A-Z0-9]")


def find_designation(name: str, packs: tuple[str, ...]) -> Word | None:
    """What a short form means, with the edits that speak of it; ``None`` when it is none."""
    name = name.upper()
    if status := _STATUS.fullmatch(name):
        category, codes, entity = status.groups(default="")
        meant = Status(category, tuple(filter(None, codes.split(","))), entity)
        if category not in CATEGORIES or not all(map(is_known_status, meant.codes)):
            return None
        says = CATEGORIES[category] if not codes else status_words(meant) if set(meant.codes) <= set(STATUSES) else (
            "; ".join([status_meaning(category, code, entity) for code in meant.codes]))
        return Word(name, (), f"In a 277CA: {says}." + _listed(_told_so(meant, packs) if codes else ()))
    if answer := _ANSWER.fullmatch(name):
        return _of_answer(name, answer[1].replace("AK3", "IK3").replace("AK4", "IK4").replace("AK5", "IK5"), answer[2])
    if answer := _EDIT_OF_ANSWER.fullmatch(name):  # a code that no edit of ours stands for
        return _of_answer(name, _ELEMENTS[answer[1]], answer[2])
    if place := _DESIGNATOR.fullmatch(name):
        said = element_name(name)
        if said:
            segment, number, part = place.groups()
            where = f"component {int(part)} of element {int(number)}" if part else f"element {int(number)}"
            return Word(name, (), f"{said.capitalize() if said.islower() else said}: {where} of a segment {segment}."
                        + _listed(_about(name, packs)))
    if _PROCEDURE.fullmatch(name):
        return _procedure(name, load_packs(packs or None))
    return None


def _of_answer(name: str, element: str, code: str | None) -> Word | None:
    """A code of an acknowledgment's element, or all that the element may have."""
    if element not in LISTS:
        return None
    known = all_of_list(element)
    if code is not None:
        code = code.zfill(3) if element == "TA105" else code
        known = {code: known[code]} if code in known else {}
    if not known:
        return None
    said = "; ".join([f"{one}: {words}" for one, words in known.items()])
    what = {"TA105": "of a TA1, on the interchange", "AK905": "of a 999, on a group", "IK502": "of a 999, on a set",
            "IK304": "of a 999, on a segment", "IK403": "of a 999, on an element"}[element]
    return Word(name, (), f"Code{'s' if len(known) > 1 else ''} in {element} {what}. {said}.")


def _procedure(code: str, packs: list[Pack]) -> Word | None:
    """A procedure, as a pack calls it, and the edits that name it. What edits hold against all procedures (CORE's,
    NCCI's tables) isn't about this one."""
    names = dict.fromkeys(pack.names[code] for pack in packs if code in pack.names)
    edits = [data.edit for pack in packs for data in pack.edits if _names(data, code)]
    if not names and not edits:
        return None
    called = f" ({', '.join(names)})" if names else ""
    return Word(code, (), f"A procedure{called}, SV101-2." + _listed(edits))


def _names(data: EditData, code: str) -> bool:
    for one in (data, *data.also):
        values = [v.default if isinstance(v, Setting) else v for v in one.parameters.values()]
        for codes in (one.procedures, *values):
            if codes == code or (isinstance(codes, Codes) and code in (codes.enumerated() or ())):
                return True
    return False


def _listed(edits: Iterable[Edit]) -> str:
    ids = [edit.id for edit in edits]
    return f" Edits: {', '.join(ids)}." if ids else ""


def _told_so(status: Status, packs: tuple[str, ...]) -> Iterator[Edit]:
    for edit in _edits(packs):
        if edit.status.category == status.category and set(status.codes) <= set(edit.status.codes):
            yield edit


def _about(designator: str, packs: tuple[str, ...]) -> Iterator[Edit]:
    whole = designator.partition("-")[0]
    named = re.compile(rf"\b({designator}|{whole})(?![\d-])")
    for edit in _edits(packs):
        if named.search(f"{edit.source.section} {edit.says} {edit.fix}"):
            yield edit


def _edits(packs: tuple[str, ...]) -> Iterator[Edit]:
    for pack in load_packs(packs or None):
        yield from (data.edit for data in pack.edits if pack.id != "GUIDE")
