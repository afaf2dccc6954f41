"""Settings and levels in force: those of the packs, changed by what the user gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..findings import LEVELS, PackError
from .packs import Pack
from .values import listed, setting_value, suggest

__all__ = ["levels_in_force", "settings_in_force"]


def settings_in_force(packs: Sequence[Pack], given: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Pack id to its settings by name. Raises ``PackError`` for a pack, a setting or a value that doesn't exist."""
    by_id = {pack.id: pack for pack in packs}
    values = {pack.id: {s.name: s.default for s in pack.settings.values()} for pack in packs}
    for pack_id, table in given.items():
        if pack_id not in by_id:
            raise PackError(f"settings: there is no pack {pack_id} in this run{suggest(pack_id, by_id)}{listed(by_id)}")
        known = by_id[pack_id].settings
        for name, value in table.items():
            if name not in known:
                raise PackError(f"settings: pack {pack_id} has no setting {name}{suggest(name, known)}{listed(known)}")
            values[pack_id][name], mistake = setting_value(known[name].kind, value, known[name].choices)
            if mistake:
                raise PackError(f"settings: {pack_id}.{name}: {mistake}")
    return values


def levels_in_force(packs: Sequence[Pack], given: Mapping[str, str]) -> dict[str, str]:
    """Edit id to the level that the user gives it. Raises ``PackError`` for an edit or a level that doesn't exist."""
    known = {data.edit.id for pack in packs for data in pack.edits}
    for edit, level in given.items():
        if edit not in known:
            raise PackError(f"levels: there is no edit {edit} in this run{suggest(edit, known)}")
        if level not in LEVELS:
            raise PackError(f"levels: {edit}: {level!r} is not a level{suggest(level, LEVELS)}{listed(LEVELS)}")
    return dict(given)
