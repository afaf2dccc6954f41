"""``edi-check edits`` and the pages of ``edi-check explain ID``: the catalogue, read from the packs."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Any

import click

from ..findings import Edit
from ..judging.packs import EditData, Pack, load_packs, render_text, retired_ids
from ..phrases import folded
from ..settings import nearest
from ..telling.wording import status_code, status_words
from .outputs import Output, opened, refuse_clashes, tell_fitting_format
from .session import Session, verbosity_options

__all__ = ["SNIP", "acknowledged", "applied_to", "as_json", "describe", "edit_rows", "edits", "legible", "named",
           "pack_option", "scope_of", "segments", "source_of", "told_as"]

FORMATS = ("text", "json", "markdown")
ELEMENT_OF_999 = {"TA1": "TA105", "AK9": "AK905", "IK5": "IK502", "IK3": "IK304", "IK4": "IK403"}
"""Where the acknowledgment carries the code of a guide edit; CONTRACT section 3."""

SNIP = {
    1: "X12 syntax", 2: "the 837P guide", 3: "balancing", 4: "values that depend on each other", 5: "code sets",
    6: "line of business", 7: "a receiver's own rules",
}

pack_option = click.option("--pack", "packs", multiple=True, metavar="NAME|FILE",
                           help="Only this pack and those of the guide; repeatable. A file adds a pack of your own.")


@click.command(short_help="List every edit: what is checked.")
@click.option("-f", "--format", "form", type=click.Choice(FORMATS), default="text",
              show_default=True)
@click.option("-o", "--output", default="-", metavar="FILE", help="Write there instead of standard output.")
@click.option("--coverage", "is_coverage", is_flag=True, help="Instead: what of the guide and of both policy texts is "
              "checked, and what is not.")
@pack_option
@verbosity_options
@click.pass_obj
def edits(session: Session, form: str, output: str, is_coverage: bool, packs: tuple[str, ...]) -> None:
    """List every edit with its level: what `edi-check check` can find.

    \b
    Examples:
      edi-check edits
      edi-check edits -f json --pack PSRC-MT
      edi-check edits --coverage
    """
    refuse_clashes([Output(form, output)], [])
    tell_fitting_format(session, Output(form, output), FORMATS)
    loaded = load_packs(packs or None)
    if is_coverage:
        from .coverage import told

        text = told(loaded, form)
    elif form == "json":
        text = json.dumps([as_json(pack, data) for pack in loaded for data in pack.edits], indent=1) + "\n"
    elif form == "markdown":
        from .catalogue_page import page

        text = page(loaded)
    else:
        text = _table(loaded)
    with opened(output) as out:
        out.write(text)


def named(name: str, loaded: Sequence[Pack]) -> tuple[Pack, EditData]:
    """An edit by its id or name, for `edi-check explain ID`. Raises UsageError."""
    known = {data.edit.id: (pack, data) for pack in loaded for data in pack.edits}
    by_name = {data.edit.name: data.edit.id for _, data in known.values()}
    key = name.upper() if name.upper() in known else by_name.get(name.lower(), "")
    if not key:
        retired = retired_ids().get(name.upper())
        if retired is not None:
            raise click.UsageError(f"{name.upper()} is retired: {retired}")
        padded = re.sub(r"-(\d)$", r"-0\1", name.upper())
        all_ids = [*known, *(pack.id for pack in loaded)]
        close = f"; did you mean {padded}?" if padded in known else nearest(name.upper(), all_ids)
        hint = close if "did you mean" in close else "; `edi-check edits` lists all."
        raise click.UsageError(f"There is no edit, pack or word {name}{hint}")
    return known[key]


def acknowledged(edit: Edit) -> str:
    """The element and code with which the TA1 or 999 tells this edit, ``""`` when only the 277CA and the reports do."""
    lead, _, code = edit.id.partition("-")
    return f"{ELEMENT_OF_999[lead]} = {code}" if lead in ELEMENT_OF_999 else ""


def legible(template: str) -> str:
    """A sentence of a pack with its placeholders as ‹total›, ‹day›, ‹procedure›."""
    return render_text(template, lambda name, form: f"‹{name.replace('_', ' ')}›")


def segments(example: str) -> list[str]:
    """The segments of a pack's example, one a line; claims are parted by empty ones."""
    return [segment.strip() for line in example.strip().splitlines() for segment in line.split("~")]


def source_of(edit: Edit) -> str:
    """Document and section that the rule comes from."""
    return ", ".join(part for part in edit.source if part)


def applied_to(pack: Pack, lobs: Collection[str]) -> str:
    """For which payers and lines of business, in words."""
    payers = "any payer" if not pack.payer_ids else "payer ids " + ", ".join(sorted(pack.payer_ids))
    return f"{payers}; " + ("any line of business" if not lobs else " and ".join(sorted(lobs)))


def scope_of(pack: Pack, data: EditData) -> str:
    """For which payers, lines of business and days of service the edit is applied, in words."""
    if data.edit.scope:
        return data.edit.scope
    parts = [applied_to(pack, data.lobs or pack.lobs)]
    if data.first_day:
        parts.append(f"services from {data.first_day}")
    if data.last_day:
        parts.append(f"services to {data.last_day}")
    return "; ".join(parts)


def as_json(pack: Pack, data: EditData) -> dict[str, Any]:
    """An edit as `edi-check edits -f json` gives it."""
    edit = data.edit
    return {
        "id": edit.id, "name": edit.name, "level": edit.level, "snip": edit.snip, "pack": pack.id, "says": edit.says,
        "why": edit.why, "fix": edit.fix, "wrong": edit.wrong, "right": edit.right, "scope": scope_of(pack, data),
        "source": {"document": edit.source.document, "section": edit.source.section},
        "status": {"category": edit.status.category, "codes": list(edit.status.codes), "entity": edit.status.entity},
        "acknowledged": acknowledged(edit),
        "settings": [{"name": n, "default": default, "says": says} for n, default, says in edit.settings],
    }


def describe(pack: Pack, data: EditData) -> str:
    """The page of `edi-check explain`, wrapped to the terminal."""
    edit = data.edit
    width = min(click.formatting.HelpFormatter().width, 100)
    blocks = [f"{click.style(edit.id, bold=True)}  {edit.name}",
              f"{edit.level}, SNIP {edit.snip} ({SNIP.get(edit.snip, 'other')}), pack {pack.id}: {pack.title}"]
    for label, text in (("Says", legible(edit.says)), ("Why", edit.why), ("What to do", legible(edit.fix))):
        if text:
            blocks.append(_paragraph(label, text, width))
    for label, text in (("Wrong", edit.wrong), ("Right", edit.right)):
        if text:
            blocks.append(label + "\n" + "\n".join(f"  {segment}".rstrip() for segment in segments(text)))
    blocks.append(_paragraph("Applied to", scope_of(pack, data), width))
    blocks.append(_paragraph("Source", source_of(edit), width))
    blocks.append(_paragraph("Told as", told_as(edit), width))
    for name, default, says in edit.settings:
        blocks.append(_paragraph(f"Setting {name}, default {default}", says, width))
    blocks.append(_paragraph("To change it", f"edi-check check --level {edit.id}=warn, or [levels] in edi-check.toml "
                             "(reject, review, warn, note, off)", width))
    return "\n\n".join(blocks)


def told_as(edit: Edit) -> str:
    """Where the acknowledgments tell the edit, in words."""
    ack, status = acknowledged(edit), status_code(edit.status)
    told = [f"{'TA1' if edit.id.startswith('TA1') else '999'}: {ack}."] if ack else []
    if ack and not edit.id.startswith(("IK3", "IK4")):
        told.append("What it takes with it gets no 277CA.")
    elif status:
        when = "" if edit.level == "reject" else " if it were re-levelled to reject; as it is, in the reports only"
        told.append(f"277CA: {status} ({status_words(edit.status)}){when}.")
    return " ".join(told) or "In the reports only."


def _paragraph(label: str, text: str, width: int) -> str:
    return label + "\n" + folded(" ".join(text.split()), width)


def edit_rows(pack: Pack) -> list[str]:
    """A line an edit: id, level, SNIP type, name."""
    width = max((len(data.edit.id) for data in pack.edits), default=0)
    return [f"  {edit.id:<{width}}  {edit.level:<6}  SNIP {edit.snip}  {edit.name}"
            for edit in (data.edit for data in pack.edits)]


def _table(packs: list[Pack]) -> str:
    lines: list[str] = []
    for pack in packs:
        if pack.edits:
            lines += ["", f"{pack.id}: {pack.title}"] if lines else [f"{pack.id}: {pack.title}"]
            lines += edit_rows(pack)
    lines += ["", "More about one: edi-check explain ID"]
    return "\n".join(lines) + "\n"
