"""``edi-check compare OLD NEW``: what was mended between two reports, what is new, what remains."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

import click

from .. import __version__
from ..findings import LEVELS
from ..phrases import counted, folded, listed
from ..telling.changes import Comparison, FileChanges, NotAReport, read_report, to_dict
from ..telling.changes import compare as compared
from ..telling.render import visible
from . import exits
from .outputs import STDOUT, Output, opened, refuse_clashes, tell_fitting_format
from .session import Session, verbosity_options

__all__ = ["compare"]

FORMATS = ("text", "json")
SHOWN = 25
"""Findings of a kind that the text names; JSON has them all."""


@click.command(short_help="Compare two reports: mended, new, remaining.")
@click.argument("old", metavar="OLD.json")
@click.argument("new", metavar="NEW.json")
@click.option("-f", "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("-o", "--output", default=STDOUT, metavar="FILE", help="Write there instead of standard output.")
@click.option("--fail-on", type=click.Choice([*LEVELS[:-1], "never"]), default="reject", show_default=True,
              help="Lowest level of a new finding that makes the exit code 1.")
@click.option("--all", "is_all", is_flag=True, help=f"Text: name every finding, not the first {SHOWN} of a kind.")
@verbosity_options
@click.pass_obj
def compare(session: Session, old: str, new: str, form: str, output: str, fail_on: str, is_all: bool) -> int:
    """Compare two reports of `edi-check check -f json` (or ndjson), of a file before and after it was corrected, or of
    two versions of the rules: which findings are mended, which are new, which remain.

    Claims are matched by their number and content, so they may stand at other places; findings by edit and element
    within a claim. One of the two may be - for standard input.

    \b
    Exit code: 0 nothing new at or above --fail-on;
    1 something is new, or graver than it was;
    2 wrong usage; 3 one of the two is no report that can be read.

    \b
    Examples:
      edi-check check -f json -o before.json batch.837
      edi-check check -f json corrected.837 | edi-check compare before.json -
    """
    for path in (old, new):
        if path != "-" and not os.path.exists(path):
            raise click.UsageError(f"There is no file {path}; nothing was compared.")
    if old == new == "-":
        raise click.UsageError("The two reports can't both be standard input.")
    refuse_clashes([Output(form, output)], [old, new])
    tell_fitting_format(session, Output(form, output), FORMATS)
    reports = []
    for path in (old, new):
        try:
            reports.append(read_report(_text(path)))
        except (NotAReport, OSError, UnicodeError) as error:
            says = str(error) if isinstance(error, NotAReport) else _reason(error)
            session.tell(f"{'standard input' if path == '-' else path} {says}", level=-1)
            return exits.UNCHECKED
    found = compared(*reports)
    code = exits.FOUND if found.is_worse(fail_on) else exits.CHECKED
    with opened(output) as out:
        if form == "json":
            json.dump(to_dict(found, __version__, code), out, indent=1)
            out.write("\n")
        else:
            _write(found, out, sys.maxsize if is_all else SHOWN)
    return code


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return ("is no text in UTF-8, as reports are (packed, perhaps, or saved in another encoding): make it again "
                "with `edi-check check -f json -o FILE`")
    return f"can't be read: {error.strerror or type(error).__name__}"


def _text(path: str) -> str:
    """The text of a report. Windows writes UTF-16 when the output of a command is redirected; that is read, too."""
    if path == "-":
        data = sys.stdin.buffer.read()
    else:
        with open(path, "rb") as file:
            data = file.read()
    return data.decode(json.detect_encoding(data))


def _write(found: Comparison, out: TextIO, most: int) -> None:
    lines: list[str] = []
    for one in found.files:
        lines += ["", *_file(one, most)] if lines else _file(one, most)
    if not found.files:
        lines.append("Neither report is about a file.")
    lines += ["", *(f"Note: {remark}." for remark in found.remarks)] if found.remarks else []
    out.write("\n".join(visible(line) for line in lines) + "\n")


def _file(one: FileChanges, most: int) -> list[str]:
    if not one.new_path or not one.old_path:
        which, path = ("older", one.old_path) if one.old_path else ("newer", one.new_path)
        return [f"{path}: only in the {which} report, {counted(len(one.gone or one.added), 'claim')}, "
                f"{counted(len(one.lost or one.new), 'finding')}"]
    title = one.new_path if one.new_path == one.old_path else f"{one.old_path} -> {one.new_path}"
    lines = [title, f"  {len(one.mended):,} mended, {len(one.new):,} new, {len(one.remaining):,} remaining"]
    lines += [line for text in _claims(one) for line in _wrapped(text, "  ", "    ")]
    raised = [now for _, now in one.raised]
    for name, findings in (("New", one.new), ("Graver than before", raised), ("Mended", one.mended),
                           ("Remaining", [now for _, now in one.remaining])):
        if findings:
            lines += ["", f"  {name}"]
            lines += [line for finding in findings[:most] for line in _finding(finding, name == "New")]
            if len(findings) > most:
                lines.append(f"    … and {len(findings) - most:,} more: --all shows them")
    return lines


def _claims(one: FileChanges) -> Iterator[str]:
    """What became of the claims."""
    turns: dict[tuple[str, str], list[str]] = {}
    for then, now in one.turned:
        turns.setdefault((str(then.get("disposition")), str(now.get("disposition"))), []).append(now["number"])
    for (before, after), numbers in sorted(turns.items()):
        yield f"{counted(len(numbers), 'claim')} {before} before, {after} now: {_named(numbers)}"
    if one.gone:
        lost = f", with {counted(len(one.lost), 'finding')}" if one.lost else ""
        yield f"{counted(len(one.gone), 'claim')} gone{lost}: {_named([c['number'] for c in one.gone])}"
    if one.added:
        yield f"{counted(len(one.added), 'claim')} added: {_named([c['number'] for c in one.added])}"


def _named(numbers: Sequence[str], most: int = 5) -> str:
    return listed([number or "(no number)" for number in numbers], most)


def _finding(finding: dict[str, Any], is_long: bool) -> Iterator[str]:
    whom = finding["claim_number"] if finding["claim"] else "above the claims"
    line = f" line {finding['line']}" if finding["line"] else ""
    yield f"    {finding['level']:<6}  {finding['edit']:<11}  {whom}{line}  {finding.get('name', '')}".rstrip()
    if is_long:
        yield from _wrapped(finding["message"], " " * 12, " " * 12)


def _wrapped(text: str, first: str, further: str) -> list[str]:
    return folded(text, min(click.formatting.HelpFormatter().width, 100), first, further).splitlines()
