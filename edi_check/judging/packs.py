"""Packs: edits as data. What one holds, where the built-in ones lie, and how those that are asked for are chosen.

The format is described in ``fixtures/edits/README.md``; ``lint`` turns TOML into the objects here and finds the
mistakes. A pack is data only: it names built-in checks, it imports and runs nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from ..findings import Edit, PackError
from .conditions import Codes, Condition
from .registry import Check

__all__ = [
    "ALWAYS", "LINES_OF_BUSINESS", "PLACEHOLDERS", "EditData", "Pack", "PayerGroup", "Setting", "builtin_packs",
    "load_builtin_packs", "load_pack", "load_packs", "load_payers", "placeholders_in", "render_text",
]

ALWAYS = ("GUIDE", "CORE")
"""Packs that belong to the guide: they run with ``--no-packs`` too."""

LINES_OF_BUSINESS = ("commercial", "medicare", "medicaid", "other", "unknown")

_LINE = frozenset(["claim_number", "line", "procedure", "modifiers", "units", "charge", "day", "place"])
PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "claim": frozenset({"claim_number", "claim_charge"}),
    "line": _LINE,
    "service": _LINE,
    "diagnoses": _LINE,
    "billing": frozenset({"claim_number"}),
    "day": frozenset({"claim_number", "day"}),
    "visit": frozenset({"claim_number", "day"}),
    "shift": frozenset({"claim_number", "day"}),
    "course": frozenset({"claim_number"}),
    "claims": frozenset({"claim_number", "earlier_claim"}),
    "after": frozenset({"claim_number"}),
    "elsewhere": frozenset(),
}
"""What the engine itself fills, by kind of check; a ``require`` adds ``value`` and ``allowed``, a check what it
gives."""

PACKS_FOLDER = os.path.join(os.path.dirname(os.path.dirname(__file__)), "packs")


class Setting(NamedTuple):
    """A named setting of a pack. ``kind``: number, text, yes_no, codes, words, choice; ``default`` ``None``: not
    set."""

    name: str
    kind: str
    default: Any
    says: str
    choices: tuple[str, ...] = ()
    shown: str = ""


class PayerGroup(NamedTuple):
    """Ids that are one payer, and its line of business."""

    name: str
    group: str
    lob: str
    ids: tuple[str, ...]


@dataclass(slots=True)
class EditData:
    """An edit as its pack gives it: the catalogue entry, its test, and whom it is about."""

    edit: Edit
    kind: str
    check: Check | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    require: tuple[Condition, ...] = ()
    where: tuple[Condition, ...] = ()
    procedures: Codes | None = None
    also_says: dict[str, str] = field(default_factory=dict)
    also_fix: dict[str, str] = field(default_factory=dict)
    lobs: frozenset[str] = frozenset()
    levels_by_lob: dict[str, str] = field(default_factory=dict)
    first_day: date | None = None
    last_day: date | None = None
    on_void: bool = False
    found_by: str = ""
    says_key: str = ""
    hit_level: str = ""
    also: list[EditData] = field(default_factory=list)
    """Further checks of the same edit; of those ``says_key`` and ``hit_level`` are what a hit gets that has none."""

    def bound(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The check's parameters with ``setting:…`` replaced by the values in force."""
        return {name: settings[value.name] if isinstance(value, Setting) else value
                for name, value in self.parameters.items()}


@dataclass(slots=True)
class Pack:
    """A pack. ``payer_ids`` empty: any payer. ``is_policy``: a payer's rules, a step milder on secondary claims."""

    id: str
    title: str
    version: str
    source: str
    path: str = ""
    payer_ids: frozenset[str] = frozenset()
    lobs: frozenset[str] = frozenset()
    by_payer_only: bool = False
    is_policy: bool = True
    closing: str = ""
    names: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)
    edits: list[EditData] = field(default_factory=list)
    is_builtin: bool = False


_PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")


def placeholders_in(template: str) -> list[tuple[str, str]]:
    """(name, form) of each placeholder; form is ``""``, or ``name``: the code with its own-words name."""
    return _PLACEHOLDER.findall(template)


def render_text(template: str, value_of: Callable[[str, str], str]) -> str:
    """``template`` with each placeholder replaced by ``value_of(name, form)``."""
    return _PLACEHOLDER.sub(lambda m: value_of(m[1], m[2] or ""), template) if "{" in template else template


def builtin_packs() -> dict[str, str]:
    """Files of the packs that come with the package: folder and name without ``.toml`` (``psrc/manual_therapy``) to
    path."""
    found = {}
    for folder in sorted(os.listdir(PACKS_FOLDER)):
        inside = os.path.join(PACKS_FOLDER, folder)
        if os.path.isdir(inside):
            for name in sorted(os.listdir(inside)):
                if name.endswith(".toml"):
                    found[f"{folder}/{name[:-5]}"] = os.path.join(inside, name)
    return found


def load_pack(path: str | os.PathLike[str], is_builtin: bool = False) -> Pack:
    """Read one pack. Raises ``PackError`` that lists every mistake: file, id, what, and the choices."""
    from .lint import read_pack

    return read_pack(os.fspath(path), is_builtin)


def load_builtin_packs() -> list[Pack]:
    """All packs of the package, those of the guide first. Read once in a process: nobody changes a pack."""
    return list(_builtin())


@cache
def _builtin() -> tuple[Pack, ...]:
    packs = [load_pack(path, True) for path in builtin_packs().values()]
    packs.sort(key=lambda p: (ALWAYS.index(p.id) if p.id in ALWAYS else len(ALWAYS), p.id))
    _refuse_repeated_ids(packs)
    return tuple(packs)


def load_packs(chosen: Iterable[str | os.PathLike[str]] | None = None) -> list[Pack]:
    """The packs of a run. ``None``: all built-in ones. Else those of ALWAYS and the chosen: an id (``PSRC-MT``), or a
    file's path. Raises ``PackError``."""
    packs = load_builtin_packs()
    if chosen is None:
        return packs
    by_id = {p.id: p for p in packs}
    taken = {p.id: p for p in packs if p.id in ALWAYS}
    for one in chosen:
        name = os.fspath(one)
        if name.upper() in by_id:
            taken[name.upper()] = by_id[name.upper()]
        elif name.endswith(".toml") or os.sep in name or os.path.exists(name):
            pack = load_pack(name)
            if pack.id in by_id:
                raise PackError(f"{name}: the id {pack.id} belongs to a built-in pack; choose another")
            if pack.id in taken:
                raise PackError(f"{name}: the pack {pack.id} is given twice")
            taken[pack.id] = pack
        else:
            from .values import suggest

            choices = ", ".join(by_id)
            raise PackError(f"there is no pack {name}{suggest(name, by_id)} (packs: {choices}; or a .toml file)")
    result = list(taken.values())
    _refuse_repeated_ids(result)
    return result


@cache
def load_payers() -> tuple[PayerGroup, ...]:
    """``packs/payers.toml``: which payer ids are one payer, and its line of business."""
    from .lint import read_payers

    return read_payers(os.path.join(PACKS_FOLDER, "payers.toml"))


def retired_ids() -> dict[str, str]:
    """``packs/retired.csv``: ids that were used once, with the reason; they are never used again."""
    retired = {}
    with open(os.path.join(PACKS_FOLDER, "retired.csv"), encoding="utf-8") as file:
        for row in file.read().splitlines()[1:]:
            if row and not row.startswith("#"):
                edit, _, why = row.partition(",")
                retired[edit] = why
    return retired


def _refuse_repeated_ids(packs: list[Pack]) -> None:
    seen: dict[str, Pack] = {}
    for pack in packs:
        for data in pack.edits:
            if data.edit.id in seen:
                raise PackError(f"{pack.path}: {data.edit.id} is also in {seen[data.edit.id].path}; ids are unique")
            seen[data.edit.id] = pack
