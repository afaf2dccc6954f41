"""What ``edi-check explain PACK`` says: whom a pack is for, where its rules come from, its edits."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click

from ..judging.packs import Pack
from ..phrases import counted, folded
from .catalogue import applied_to, edit_rows
from .glossary import Word, page_of_word

__all__ = ["find_pack", "page_of_pack"]


def find_pack(name: str, packs: Iterable[Pack]) -> Pack | None:
    """The pack with this id, in any case."""
    return next((pack for pack in packs if pack.id.upper() == name.upper()), None)


def page_of_pack(pack: Pack, word: Word | None, form: str) -> str:
    """The page of a pack; ``form`` text, json or markdown. ``word``: what the glossary says of a word of the same name
    (NCCI is one), told first."""
    if form == "json":
        said = json.loads(page_of_word(word, form)) if word else {}
        edits = [{"id": data.edit.id, "name": data.edit.name, "level": data.edit.level, "snip": data.edit.snip}
                 for data in pack.edits]
        return json.dumps(said | {"pack": pack.id, "title": pack.title, "version": pack.version,
                                  "scope": applied_to(pack, pack.lobs), "source": pack.source, "file": pack.path,
                                  "edits": edits}, indent=1)
    if form == "markdown":
        table = ["| id | name | level | SNIP |", "|---|---|---|---|",
                 *(f"| {e.id} | {e.name} | {e.level} | {e.snip} |" for e in (data.edit for data in pack.edits))]
        told = f"- Applied to: {applied_to(pack, pack.lobs)}\n- Source: {pack.source}\n- File: `{pack.path}`"
        return "\n\n".join([f"# {pack.id}: {pack.title}", *([word.says] if word else []), told, "\n".join(table)])
    width = min(click.formatting.HelpFormatter().width, 100)
    parts = [page_of_word(word, form)] if word else []
    parts.append(f"{click.style(f'Pack {pack.id}', bold=True)}  {pack.title}")
    parts += [label + "\n" + folded(text, width) for label, text in (
        ("Applied to", applied_to(pack, pack.lobs)), ("Source", pack.source)) if text]
    parts.append(f"File\n  {pack.path}")
    count = len(pack.edits)
    parts.append("\n".join([counted(count, "edit"), *edit_rows(pack)]))
    return "\n\n".join([*parts, "More about one: edi-check explain ID"])
