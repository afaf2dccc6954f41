"""``edi-check explain``: an edit of the catalogue, a pack, a word of the trade, or what an acknowledgment file says."""

from __future__ import annotations

import json
import os
import sys

import click

from ..configuration import Configuration, load
from ..judging.packs import load_packs
from . import exits
from .catalogue import as_json, describe, named, pack_option
from .outputs import Output, opened, refuse_clashes, refuse_no_room, takes_color, tell_fitting_format
from .session import Session, config_option, verbosity_options

__all__ = ["explain"]

KINDS = (".999", ".997", ".277ca", ".277", ".ta1")
FORMATS = ("text", "json", "markdown")


@click.command(short_help="Explain an edit, a pack, a word, or what an acknowledgment says.")
@click.argument("name", metavar="ID|WORD|FILE")
@click.option("--original", metavar="FILE.837", default="",
              help="The claim file that the acknowledgment answers: its segments are shown, its claims named.")
@click.option("-f", "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("-o", "--output", default="-", metavar="FILE", help="Write there instead of standard output.")
@click.option("--show-values", is_flag=True, help="Show values that identify a person.")
@pack_option
@config_option
@verbosity_options
@click.pass_context
def explain(ctx: click.Context, name: str, original: str, form: str, output: str, show_values: bool,
            packs: tuple[str, ...], config_file: str) -> int:
    """Explain one edit: why it is there, what to do, a wrong and a right example, its source, its codes. Or a pack
    (CORE): whom it is for and its edits. Or a word that messages use, such as SNIP or loop, a status (A8:400,178), a
    code of a 999 or TA1 (IK403:7), a place in a segment (SV107-2) or a procedure (97140). Or, given a file, what an
    acknowledgment (TA1, 999, 997, 277CA, of ours or of anybody's) says, in words, at the segment it speaks of, and
    which claims it hits.

    A file is explained with exit code 0, whatever it says; 3 means that not all of it, or of the original, could be
    read. Of the settings it takes the limits.

    \b
    Examples:
      edi-check explain PSRC-MT-03
      edi-check explain "service line"
      edi-check explain batch.999 --original batch.837
      edi-check explain -f json batch.277ca
    """
    tell_fitting_format(ctx.ensure_object(Session), Output(form, output), FORMATS)
    if not _is_file(name):
        if original or show_values:
            raise click.UsageError(f"There is no file {name}; --original and --show-values are for acknowledgments.")
        told = _told(name, packs, form)
        refuse_clashes([Output(form, output)], [])
        with opened(output) as out:
            click.echo(told, out, color=takes_color(out))
        return exits.CHECKED
    for path in filter(None, (name, original)):
        if path != "-" and not os.path.isfile(path) and (os.path.isdir(path) or not os.path.exists(path)):
            what = f"{path} is a folder" if os.path.isdir(path) else f"There is no file {path}"
            raise click.UsageError(f"{what}; nothing was explained.")
    if name == original == "-":
        raise click.UsageError("The acknowledgment and the original can't both be standard input.")
    refuse_clashes([Output(form, output)], [path for path in (name, original) if path])
    settings = load(config_file)
    ctx.ensure_object(Session).warn(settings.warnings)
    return _explain_file(ctx.ensure_object(Session), settings, name, original, form, output, show_values)


def _is_file(name: str) -> bool:
    """Is a file meant, and not an edit? An edit's id is never a path that exists, unless somebody names a file so."""
    return name == "-" or os.path.exists(name) or os.sep in name or name.lower().removesuffix(".gz").endswith(KINDS)


def _told(name: str, packs: tuple[str, ...], form: str) -> str:
    """The page of an edit, a pack, a word of the glossary or a short form, without the last line end."""
    loaded = load_packs(packs or None)
    try:
        pack, data = named(name, loaded)
    except click.UsageError:
        from .designations import find_designation
        from .glossary import find_word, page_of_word
        from .pack_page import find_pack, page_of_pack

        word = find_word(name)
        if found := find_pack(name, loaded):
            return page_of_pack(found, word, form)
        word = word or find_designation(name, packs)
        if word is None:
            raise
        return page_of_word(word, form)
    if form == "json":
        return json.dumps(as_json(pack, data), indent=1)
    if form == "markdown":
        from .catalogue_page import edit_page

        return edit_page(pack, data).rstrip("\n")
    return describe(pack, data)


def _explain_file(session: Session, settings: Configuration, name: str, original: str, form: str, output: str,
                  show_values: bool) -> int:
    from ..answers.explanation import explained, write

    with refuse_no_room():
        told = explained(_source(name), _source(original) if original else None, show_values=show_values,
                         limits=settings.plain("limits"))
    with opened(output) as out:
        write(told, form, out, color=takes_color(out))
    if not told.is_whole:
        session.tell("not everything could be read; the explanation says what")
        if original.lower().removesuffix(".gz").endswith(KINDS):
            session.tell(f"the answer comes first: edi-check explain {original} --original {name}")
    return exits.CHECKED if told.is_whole else exits.UNCHECKED


def _source(path: str) -> object:
    return sys.stdin.buffer if path == "-" else path
