"""The catalogue in Markdown: all of it (``edits -f markdown``), or one edit (``explain ID -f markdown``).

``docs/edits.md`` is exactly the first, and a test says so; the documentation site has the second for every edit.
"""

from __future__ import annotations

from ..judging.packs import EditData, Pack
from ..telling.wording import status_code
from .catalogue import SNIP, legible, scope_of, segments, source_of, told_as

__all__ = ["edit_page", "pack_table", "page"]

MADE_BY = "Made by `edi-check edits -f markdown -o docs/edits.md` from the packs; edit those, not this page.\n\n"

HEAD = f"""\
# The edits

{MADE_BY}\
Levels: **reject** refuses the claim, **review** asks a person to look, **warn** and **note** only tell. A level can be
changed with `--level ID=LEVEL` or under `[levels]` in `edi-check.toml`. Status is what a 277CA says (category, codes,
entity); an edit below reject has one for the day somebody re-levels it.

CPT is a registered trademark of the American Medical Association. Procedure codes stand here as bare numbers, with
words of our own; who works with them needs the AMA's own book and licence.
"""


def page(packs: list[Pack]) -> str:
    """The whole page: a table and then a section an edit, for each pack."""
    parts = [HEAD]
    for pack in packs:
        if pack.edits:
            parts.append(_pack(pack))
            parts.extend(_edit(pack, data) for data in pack.edits)
    return "\n".join(parts)


def pack_table(packs: list[Pack]) -> str:
    """The table of packs in README.md."""
    lines = ["| pack | what | edits | reject | review | warn | note |", "|---|---|---|---|---|---|---|"]
    for pack in packs:
        if pack.edits:
            levels = [data.edit.level for data in pack.edits]
            counts = [len(levels), *(levels.count(level) for level in ("reject", "review", "warn", "note"))]
            lines.append(f"| {pack.id} | {_cell(pack.title)} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines) + "\n"


def _pack(pack: Pack) -> str:
    lines = [f"## {pack.id}: {pack.title}", ""]
    if pack.source:
        lines += [f"Source: {_cell(pack.source)}", ""]
    lines += ["| id | name | level | SNIP | status |", "|---|---|---|---|---|"]
    for data in pack.edits:
        edit = data.edit
        row = (f"[{edit.id}](#{edit.id.lower()})", edit.name, edit.level, str(edit.snip), status_code(edit.status))
        lines.append("| " + " | ".join(_cell(cell) for cell in row) + " |")
    return "\n".join(lines) + "\n"


def _edit(pack: Pack, data: EditData) -> str:
    edit = data.edit
    lines = [f"### {edit.id}", "", f"**{edit.name}** ({edit.level})", "", f"> {_flow(legible(edit.says))}", ""]
    if edit.why:
        lines += [_flow(edit.why), ""]
    if edit.fix:
        lines += [f"*What to do:* {_flow(legible(edit.fix))}", ""]
    if edit.wrong or edit.right:
        lines.append("```text")
        for label, text in (("wrong:", edit.wrong), ("right:", edit.right)):
            lines += [f"{'' if n else label:<7}{segment}".rstrip() for n, segment in enumerate(segments(text)) if text]
        lines += ["```", ""]
    lines += [f"- Applied to: {_flow(scope_of(pack, data))}", f"- Source: {_flow(source_of(edit))}",
              f"- Told as: {_flow(told_as(edit))}"]
    lines += [f"- Setting `{name}`, default `{default}`: {_flow(says)}" for name, default, says in edit.settings]
    return "\n".join(lines) + "\n"


def edit_page(pack: Pack, data: EditData) -> str:
    """The page of one edit, in Markdown."""
    edit = data.edit
    lines = [f"# {edit.id}: {edit.name}", "",
             f"**{edit.level}** · SNIP {edit.snip} ({SNIP[edit.snip]}) · {pack.id}: {_flow(pack.title)}", "",
             f"> {_flow(legible(edit.says))}", "", "## Why", "", _flow(edit.why), "",
             "## What to do", "", _flow(legible(edit.fix)), ""]
    if edit.wrong or edit.right:
        lines += ["## Wrong and right", ""]
    for label, text in (("Wrong:", edit.wrong), ("Right:", edit.right)):
        if text:
            lines += [label, "", "```text", *segments(text), "```", ""]
    lines += ["## Applied to", "", _flow(scope_of(pack, data)), "", "## Where the rule comes from", "",
              _flow(source_of(edit)), "", "## How it is told", "", _flow(told_as(edit)), ""]
    if edit.settings:
        lines += ["## Settings", "", "| setting | default | |", "|---|---|---|",
                  *(f"| `[pack.{name.rpartition('.')[0]}]` `{name.rpartition('.')[2]}` | `{_cell(default)}` | "
                    f"{_cell(says)} |" for name, default, says in edit.settings), ""]
    lines += ["## To change its level", "", f"For one run `--level {edit.id}=LEVEL`, for all in `edi-check.toml`:", "",
              "```toml", "[levels]", f'{edit.id} = "warn"          # reject, review, warn, note, off', "```"]
    return "\n".join(lines) + "\n"


def _flow(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;")


def _cell(text: str) -> str:
    return _flow(text).replace("|", "\\|")
