"""``status``, ``requeue``, ``quarantine``, ``prune`` and ``doctor``: how a watcher stands, and what it may be told."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from ..configuration import load
from ..phrases import counted
from ..telling.render import visible
from . import exits
from .session import Session, config_option, verbosity_options
from .watch import folder_options, place_options, plan_of, unusable_told

__all__ = ["doctor", "prune", "quarantine", "requeue", "status"]

FORMAT = click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)


@contextmanager
def opened(session: Session, config_file: str, places: dict[str, str]) -> Iterator[tuple[Any, Any]]:
    """The plan and the ledger."""
    from ..watching.layout import as_owner_of
    from ..watching.ledger import SqliteLedger
    from ..watching.orders import OrderError

    plan = plan_of(load(config_file), session, **places)
    with unusable_told():
        if not os.path.exists(plan.layout.ledger):
            raise click.ClickException(visible(
                f"There is no ledger {plan.layout.ledger}. If that folder is on a disk of its own, is it mounted? Are "
                "--root and --work those of the watcher? If they are, no watcher has worked there yet."))
        with as_owner_of(plan.layout.ledger):
            plan.layout.prepare([])
            plan.layout.refuse_lost_ledger()  # one without a byte would be made anew here
            ledger = SqliteLedger(plan.layout.ledger)
            try:
                yield plan, ledger
            except OrderError as error:
                raise click.ClickException(str(error)) from None
            except (OSError, sqlite3.OperationalError) as error:
                what = error.strerror if isinstance(error, OSError) else error
                where = getattr(error, "filename", None) or plan.layout.work
                raise click.ClickException(visible(f"{where}: {what}. Mend that and give the order again.")) from None
            finally:
                ledger.close()


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ") if seconds else "never"


def _asleep(last: Any) -> str:
    """That no process is at work, and since when."""
    if last is None:
        return "no process is at work"
    if last.is_killed:
        return f"no process is at work; the last one ended before its time, after {_when(last.at)}"
    return f"no process is at work; the last one ended at {_when(last.at)}"


def _at(where: str) -> str:
    return f" ({where})" if where else ""


def _troubles(of: Any) -> Iterator[str]:
    """What hinders single sources, now or at the last look."""
    for source, reason in of.sources_down.items():
        yield f"{source} is down: {reason}"
    for source, reasons in of.waiting.items():
        yield f"{source}: in its folder stay " + ", ".join(f"{n:,} {reason}" for reason, n in reasons.items())
    for source, count in of.set_aside.items():
        yield f"{source}: {count:,} in work can't be read or written, and will be tried again"


@click.command(short_help="How a watcher stands.")
@config_option
@place_options
@FORMAT
@verbosity_options
@click.pass_obj
def status(session: Session, /, config_file: str, form: str, **places: str) -> None:
    """How many files stand where, what waits, and when the last one was done. Names of files are not shown.

    \b
    Example:
      edi-check status --config edi-check.toml
    """
    from ..watching.orders import standing
    from ..watching.stranded import stranded

    with opened(session, config_file, places) as (plan, ledger):
        found = standing(plan.layout, ledger, [s.name for s in plan.sources if s.remote])
        found.no_source = stranded(plan, ledger)
    if form == "json":
        click.echo(json.dumps(asdict(found)))
        return
    click.echo(f"{counted(found.processes, 'process', 'es')} at work" if found.processes else _asleep(found.last_look))
    for source, states in found.files.items():
        click.echo(f"{source}: " + ", ".join(f"{count:,} {state}" for state, count in states.items()))
    for reason in found.paused:
        click.echo(visible(f"paused: {reason}{_at(found.paused_at.get(reason, ''))}"))
    for source, files in found.no_source.items():
        click.echo(f"{source}: {files:,} in work wait for a remote source of this name, and the settings have none")
    for line in _troubles(found):
        click.echo(line)
    if found.last_look:
        if found.last_look.paused:
            last = found.last_look
            click.echo(visible(f"at its last look: paused: {last.paused}{_at(last.paused_at)}"))
        for line in _troubles(found.last_look):
            click.echo(f"at its last look: {line}")
    click.echo(f"oldest file in work: {found.oldest_open_seconds:,.0f} s; "
               f"acknowledgments to push: {found.pushes_waiting:,}; "
               f"in quarantine: {found.quarantined:,}; last done: {_when(found.last_done)}")


@click.command(short_help="Judge and answer a file once more.")
@click.argument("id")
@config_option
@place_options
@verbosity_options
@click.pass_obj
def requeue(session: Session, /, id: str, config_file: str, **places: str) -> None:
    """Judge and answer a file of the archive or the quarantine once more: new id, new answers; its own repetition
    isn't held against it.

    \b
    Example:
      edi-check requeue 4k7zq0m2x9ab --config edi-check.toml
    """
    from ..watching.orders import requeue as ordered

    with opened(session, config_file, places) as (plan, ledger):
        new = ordered(plan.layout, ledger, id, [s.name for s in plan.sources if s.remote])
    click.echo(new)


@click.group(short_help="Files that were put aside.")
def quarantine() -> None:
    """Files that were put aside: cut off and answered so, or unanswered because judging them ended a process.

    \b
    Examples:
      edi-check quarantine list --config edi-check.toml
      edi-check quarantine release 4k7zq0m2x9ab --config edi-check.toml
    """


@quarantine.command("list", short_help="What lies in quarantine.")
@config_option
@place_options
@FORMAT
@verbosity_options
@click.pass_obj
def list_(session: Session, /, config_file: str, form: str, **places: str) -> None:
    """What lies in quarantine, and why.

    \b
    Example:
      edi-check quarantine list --config edi-check.toml
    """
    from ..watching.orders import as_plain, quarantined

    with opened(session, config_file, places) as (_, ledger):
        rows = [as_plain(record) for record in quarantined(ledger)]
    if form == "json":
        click.echo(json.dumps(rows))
        return
    for row in rows:
        answered = "answered" if row["state"] == "done" else "not answered"
        click.echo(f"{row['id']}  {_when(row['taken'])}  {row['source']}  "
                   f"{row['reason']}, {answered}, {row['bytes']:,} bytes")


@quarantine.command(short_help="Give a file to the watcher again.")
@click.argument("id")
@config_option
@place_options
@verbosity_options
@click.pass_obj
def release(session: Session, /, id: str, config_file: str, **places: str) -> None:
    """Give a file in quarantine, which nobody answered, to the watcher again.

    \b
    Example:
      edi-check quarantine release 4k7zq0m2x9ab --config edi-check.toml
    """
    from ..watching.orders import release as ordered

    with opened(session, config_file, places) as (plan, ledger):
        ordered(plan.layout, ledger, id)


@click.command(short_help="Remove old files that were answered.")
@click.option("--days", type=click.FloatRange(min=0), required=True, metavar="N", help="Older than so many days.")
@click.option("--dry-run", is_flag=True, help="Only say how many.")
@click.option("--clock-is-right", is_flag=True, help="Though nothing was put away for two months by this clock.")
@config_option
@place_options
@verbosity_options
@click.pass_obj
def prune(session: Session, /, days: float, dry_run: bool, clock_is_right: bool, config_file: str,
          **places: str) -> None:
    """Remove old files from the archive, and those in quarantine that were answered; their names go from the ledger,
    too. What nobody answered stays, and what the ledger needs to know repetitions stays for isa_window_days. Where the
    clock may have been set ahead nothing is removed.

    \b
    Example:
      edi-check prune --days 90 --config edi-check.toml
    """
    from ..watching.orders import prune as ordered

    with opened(session, config_file, places) as (plan, ledger):
        counted = ordered(plan.layout, ledger, days, plan.isa_window_seconds / 86400, dry_run, clock_is_right)
    would = "would remove" if dry_run else "removed"
    click.echo(f"{would} {counted['files']:,} files and {counted['rows']:,} rows of the ledger")


@click.command(short_help="Is everything there that a watcher needs?")
@config_option
@folder_options
@place_options
@click.option("--local", "is_local", is_flag=True, help="Don't ask the remote sources.")
@verbosity_options
@click.pass_obj
def doctor(session: Session, /, config_file: str, is_local: bool, **places: str) -> int:
    """Look at folders, rights, disk, ledger and remote sources. Exit code 3 when something is wrong.

    \b
    Example:
      edi-check doctor --config edi-check.toml
    """
    from ..watching.checkup import examine

    plan = plan_of(load(config_file), session, **places)
    code = exits.CHECKED
    for advice in examine(plan, is_remote_asked=not is_local):
        click.echo(("well   " if advice.is_well else "WRONG  ") + advice.what
                   + ("" if advice.is_well else f": {advice.remedy}"))
        code = code if advice.is_well else exits.UNCHECKED
    return code
