"""``edi-check explain`` for the short forms of reports: a 277CA's status (``A8:400,178``), a designator (``SV107-2``).

In words of our own, as messages have them; a form that they have no words for isn't explained.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..findings import Edit, Status
from ..judging.packs import load_packs
from ..reading.names import element_name
from ..telling.wording import CATEGORIES, STATUSES, status_words
from .glossary import Word

__all__ = ["find_designation"]

_STATUS = re.compile(r"([A-Z]\d)(?::(\d+(?:,\d+)*)(?::(\w\w))?)?")
_DESIGNATOR = re.compile(r"([A-Z][A-Z0-9]{1,2})(\d\d)(?:-(\d+))?")


def find_designation(name: str, packs: tuple[str, ...]) -> Word | None:
    """What a status or a designator means, with the edits that speak of it; ``None`` when it is neither."""
    name = name.upper()
    if status := _STATUS.fullmatch(name):
        category, codes, entity = status.groups(default="")
        meant = Status(category, tuple(filter(None, codes.split(","))), entity)
        if category not in CATEGORIES or not set(meant.codes) <= set(STATUSES):
            return None
        says = status_words(meant) if codes else CATEGORIES[category]
        return Word(name, (), f"In a 277CA: {says}." + _listed(_told_so(meant, packs) if codes else ()))
    if place := _DESIGNATOR.fullmatch(name):
        said = element_name(name)
        if said:
            segment, number, part = place.groups()
            where = f"component {int(part)} of element {int(number)}" if part else f"element {int(number)}"
            return Word(name, (), f"{said.capitalize() if said.islower() else said}: {where} of a segment {segment}."
                        + _listed(_about(name, packs)))
    return None


def _listed(edits: Iterator[Edit] | tuple[()]) -> str:
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
