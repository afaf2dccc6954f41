"""``edi-check generate``: invented claim files, with faults planted on request and a ledger of what was planted."""

from __future__ import annotations

import csv
import json
from collections import Counter
from contextlib import ExitStack
from datetime import date
from difflib import get_close_matches
from typing import Any, TextIO

import click

from ..generating import FAULTS, Planned
from ..generating import generate as generated
from ..model import Delimiters
from .outputs import Output, opened, opened_bytes, refuse_clashes
from .session import Session, verbosity_options

__all__ = ["LedgerFile", "generate"]

LINE_ENDS = {"lf": "\n", "crlf": "\r\n", "none": ""}
NAMED = 3
"""So many faults that found no place are named; more are counted."""
ENOUGH = 4000
"""Claims in which every fault finds one that it suits, with any seed that was tried; a test plants them all."""
COLUMNS = ("claim", "claim_number", "fault", "edit", "level", "also")


class LedgerFile:
    """Where the generator writes what it planted, line by line: CSV, or a JSON object a line; without ``out`` it only
    counts."""

    def __init__(self, out: TextIO | None, *, is_csv: bool = False) -> None:
        self.planted: Counter[str] = Counter()
        self._out = out
        self._csv = csv.writer(out, lineterminator="\r\n") if out is not None and is_csv else None
        if self._csv is not None:
            self._csv.writerow(COLUMNS)

    def append(self, planned: Planned, /) -> None:
        """Write one."""
        self.planted[planned.fault] += 1
        if self._csv is not None:
            self._csv.writerow([*planned[:5], " ".join(planned.also)])
        elif self._out is not None:
            self._out.write(json.dumps(dict(zip(COLUMNS, planned, strict=True))) + "\n")


def _list_faults(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        width = max(map(len, FAULTS))
        for fault in FAULTS.values():
            click.echo(f"{fault.name:<{width}}  {fault.edit:<10}  {fault.level}")
        ctx.exit()


class Count(click.IntRange):
    """A number, in words that a mistake is told in."""

    name = "whole number"


@click.command(short_help="Make invented claim files, with planted faults if you like.")
@click.option("--claims", type=Count(1), default=100, show_default=True, metavar="N", help="How many claims.")
@click.option("--seed", type=int, default=1, show_default=True, metavar="N", help="Another number, another file.")
@click.option("--faults", default="", metavar="LIST|all",
              help="Faults to plant, one a claim: names or ids of edits, with commas between [default: none].")
@click.option("--share", type=click.FloatRange(0, 1), default=1.0, metavar="X",
              help="The part of the claims that are to be faulty, with --faults [default: 1, each that one suits].")
@click.option("--ledger", metavar="FILE",
              help="Write what was planted: CSV when the name ends in .csv, else a JSON object a line.")
@click.option("-o", "--output", default="-", metavar="FILE", help="Write there instead of standard output.")
@click.option("--as-of", metavar="YYYY-MM-DD",
              help="Day of the batch [default: today]. With it, the same options give the same bytes on any day.")
@click.option("--claims-per-set", type=Count(1), default=1000, show_default=True, metavar="N",
              help="How many of them in one ST to SE.")
@click.option("--line-ends", type=click.Choice(list(LINE_ENDS)), default="lf", show_default=True,
              help="What follows each segment's terminator.")
@click.option("--delimiters", default="*^:~", show_default=True, metavar="CCCC",
              help="Element, repetition, component, terminator.")
@click.option("--usage", type=click.Choice(["T", "P"]), default="T", show_default=True, help="ISA15: test, production.")
@click.option("--list", "is_list", is_flag=True, expose_value=False, is_eager=True, callback=_list_faults,
              help="List the faults that can be planted, each with its edit, and end.")
@verbosity_options
@click.pass_obj
def generate(session: Session, /, claims: int, faults: str, ledger: str | None, output: str, **options: Any) -> None:
    """Make an 837P file of invented claims: practices of several kinds, dependents, secondary payers, therapy,
    chiropractic, massage and office visits. Nobody in it exists.

    Without --faults every claim is clean, under the guide and under every edit down to warn. With it, each faulty
    claim has one fault, and the ledger names the claim, the fault, the edit that must find it, its level, and what may
    be found besides. Same options and --as-of, same bytes.

    \b
    Examples:
      edi-check generate --claims 500 -o batch.837
      edi-check generate --faults all --ledger planted.csv -o faulty.837
      edi-check generate --faults CORE-BAL-01,npi-check-digit | edi-check check -
    """
    names = chosen(faults)
    day = _day(options["as_of"])
    signs = options["delimiters"]
    if len(signs) != 4:
        raise click.UsageError(f"--delimiters {signs!r}: write four characters, such as '*^:~'.")
    if ledger and not names:
        raise click.UsageError("--ledger is for planted faults; add --faults.")
    refuse_clashes([Output("837", output), *([Output("ledger", ledger)] if ledger else [])], [])
    with ExitStack() as stack:
        book = LedgerFile(stack.enter_context(opened(ledger)) if ledger else None,
                          is_csv=bool(ledger) and str(ledger).lower().endswith(".csv"))
        try:
            chunks = generated(claims, options["seed"], faults=names, share=options["share"] if names else 0.0,
                               ledger=book, delimiters=Delimiters(*signs), newline=LINE_ENDS[options["line_ends"]],
                               per_set=options["claims_per_set"], as_of=day, usage=options["usage"])
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        stack.enter_context(opened_bytes(output)).writelines(chunks)
    if names:
        _tell(session, claims, names, book.planted)


def chosen(text: str) -> list[str]:
    """The names of the faults meant by ``--faults``: ``all``, names, ids of edits. Raises UsageError."""
    names: list[str] = []
    for word in filter(None, (word.strip() for word in text.split(","))):
        found = [name for name, fault in FAULTS.items()
                 if word.lower() in ("all", name.lower()) or fault.edit == word.upper()]
        if not found:
            known = {name.lower(): name for fault in FAULTS.values() for name in (fault.name, fault.edit)}
            close = get_close_matches(word.lower(), known, n=1)
            hint = f"did you mean {known[close[0]]}?" if close else "`edi-check generate --list` has all."
            raise click.UsageError(f"There is no fault {word} to be planted; {hint}")
        names += found
    return list(dict.fromkeys(names))


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text) if text else date.today()
    except ValueError:
        raise click.UsageError(f"--as-of {text}: write a day as YYYY-MM-DD.") from None


def _tell(session: Session, claims: int, names: list[str], planted: Counter[str]) -> None:
    count = planted.total()
    session.tell(f"{claims:,} claims, {count:,} of them with a fault, {len(planted):,} kinds of {len(names):,}")
    missing = [name for name in names if not planted[name]]
    if len(missing) > NAMED and session.verbosity < 1:
        session.tell(f"{len(missing):,} kinds were not planted, because no claim suited them (-v names them); "
                     f"--claims {ENOUGH} without --share plants every kind")
    elif missing:
        session.tell(f"not planted, because no claim suited them (more claims help): {', '.join(missing)}")
