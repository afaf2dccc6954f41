"""``edi-check tables``: the code tables that the user loads, which quarters they are of, what they cover."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import date

import click

from ..configuration import load
from ..tables.adding import Said, add
from ..tables.store import KINDS, Store, TableError, TableSource
from ..telling.render import visible
from . import exits
from .chosen_tables import store_path
from .session import Session, config_option, verbosity_options

__all__ = ["tables"]

NAMES = {"ptp": "NCCI pairs (PTP)", "mue": "NCCI units (MUE)", "icd10cm": "ICD-10-CM", "procedures": "procedures"}
EDITS = {"ptp": "NCCI-01, NCCI-02", "mue": "NCCI-03", "icd10cm": "CORE-DX-07", "procedures": "CORE-LIN-11"}


@click.group(short_help="Load and list code tables: NCCI, ICD-10-CM, procedures.")
def tables() -> None:
    """Code tables that you load once a quarter or a year: NCCI's as CMS publishes them, ICD-10-CM, procedure codes.

    None comes with edi-check: CPT needs the AMA's licence. Without a table its edits are reported as not evaluated.

    \b
    Examples:
      edi-check tables add ccipra-v322r0-f*.zip
      edi-check tables list
    """


def _day(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    try:
        return date.fromisoformat(value).isoformat() if value else ""
    except ValueError:
        raise click.BadParameter("a day is expected, as 2026-04-01") from None


@tables.command("add", short_help="Load files.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--lob", type=click.Choice(["medicare", "medicaid"]),
              help="Whose NCCI table it is [default: by its name, else medicare].")
@click.option("--from", "first", metavar="YYYY-MM-DD", callback=_day,
              help="First day of service it is for [default: by its name].")
@click.option("--until", "last", metavar="YYYY-MM-DD", callback=_day,
              help="Last day [default: end of the quarter or fiscal year].")
@config_option
@verbosity_options
@click.pass_obj
def add_files(session: Session, files: tuple[str, ...], lob: str | None, first: str, last: str,
              config_file: str) -> int:
    """Load tables into the file that `check` uses: PTP (txt, xlsx, zip, parts f1 to f4), MUE (csv, xlsx, zip),
    ICD-10-CM order files (txt, zip) or the name simple-icd-10-cm, procedures (csv with code,from,to).

    \b
    Examples:
      edi-check tables add ccipra-v322r0-f*.zip
      edi-check tables add MCR_MUE_PractitionerServices_Eff_07-01-2026.csv
      edi-check tables add icd10cm_order_2026.txt
    """
    code = exits.CHECKED
    with Store(_store_of(config_file), create=True) as store:
        for path in files:
            try:
                done = add(store, path, Said(lob or "", first, last))
            except TableError as error:
                session.tell(str(error), level=-1)
                code = exits.USAGE
                continue
            for one in done:
                click.echo(visible(f"{one.source.name}: {NAMES[one.source.kind]}, {edition(one.source)}: "
                                   f"{one.source.rows:,} codes or pairs"
                                   + ("" if one.is_new else " (was loaded before)")
                                   + (f", in place of {', '.join(one.replaced)}" if one.replaced else "")))
    return code


def _store_of(config_file: str) -> str:
    """Where the settings have the tables."""
    settings = load(config_file)
    click.get_current_context().ensure_object(Session).warn(settings.warnings)
    return store_path(settings)


@tables.command("list", short_help="What is loaded, of which quarters.")
@click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@config_option
@verbosity_options
def list_tables(form: str, config_file: str) -> None:
    """List what is loaded: quarters and years, the files and their hashes, which days of service they cover.

    \b
    Example:
      edi-check tables list
    """
    path = _store_of(config_file)
    sources: list[TableSource] = []
    if os.path.exists(path):
        with Store(path) as store:
            sources = store.sources()
    if form == "json":
        click.echo(json.dumps([s._asdict() for s in sources], indent=1))
        return
    click.echo(visible(f"Tables in {path}"))
    for kind in KINDS:
        its = [s for s in sources if s.kind == kind]
        click.echo(f"\n{NAMES[kind]}, for {EDITS[kind]}" + ("" if its else ": none; not evaluated"))
        for source in its:
            click.echo(visible(f"  {source.id:>3}  {edition(source)}: {source.rows:,} codes or pairs, {source.name}, "
                               f"sha256 {source.sha256[:12]}"))
        for line in covered(its):
            click.echo("       " + line)


@tables.command("remove", short_help="Take tables out.")
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True, type=int)
@config_option
@verbosity_options
def remove(numbers: tuple[int, ...], config_file: str) -> None:
    """Take out tables by their number in `edi-check tables list`.

    \b
    Example:
      edi-check tables remove 3 4
    """
    with Store(_store_of(config_file), create=True) as store:
        by_number = {s.id: s for s in store.sources()}
        unknown = [n for n in numbers if n not in by_number]
        if unknown:
            raise click.UsageError(f"There is no table {unknown[0]}; `edi-check tables list` names them.")
        for number in numbers:
            store.remove(by_number[number])
            click.echo(visible(f"{by_number[number].name}: taken out"))


def edition(source: TableSource) -> str:
    """``Medicare, 2026Q1, part f1``."""
    parts = [source.lob.capitalize(), source.label, f"part f{source.part}" if source.part else ""]
    return ", ".join(part for part in parts if part)


def covered(sources: Sequence[TableSource]) -> list[str]:
    """Which days of service the sources of a kind speak of, and what is missing."""
    lines = []
    for lob in dict.fromkeys(s.lob for s in sources):
        its = [s for s in sources if s.lob == lob]
        whose = f" of {lob.capitalize()}" if lob else ""
        spans: list[list[str]] = []
        for first, last in sorted({(s.first, s.last) for s in its}):
            if spans and first <= _next(spans[-1][1]):
                spans[-1][1] = max(spans[-1][1], last)
            else:
                spans.append([first, last])
        lines.append(f"days of service{whose}: " + "; ".join(_span(*span) for span in spans))
        for label in dict.fromkeys(s.label for s in its if s.kind == "ptp"):
            there = {s.part for s in its if s.label == label}
            missing = [f"f{n}" for n in (1, 2, 3, 4) if n not in there]
            if 0 not in there and missing:
                lines.append(f"{label}{whose} lacks {', '.join(missing)}: its edits are not evaluated")
    return lines


def _next(day: str) -> str:
    last = date.fromisoformat(day)
    return date.fromordinal(min(last.toordinal() + 1, date.max.toordinal())).isoformat()


def _span(first: str, last: str) -> str:
    return "all" if first == date.min.isoformat() else f"{first} to {last}"
