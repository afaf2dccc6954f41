"""``edi-check watch``: the settings to a running watcher, and the signals that end it."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from ..configuration import Configuration, load
from ..telling.render import visible
from . import exits
from .session import Session, config_option, verbosity_options

__all__ = ["folder_options", "place_options", "plan_of", "unusable_told", "watch"]


def place_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--root`` and ``--work``: where a watcher works. The same for it and for every order."""
    command = click.option("--work", metavar="DIR", default="", help="Folder of the ledger and of files in work "
                           "[default: [watch] work, or else work in the root].")(command)
    return click.option("--root", metavar="DIR", default="",
                        help="The watcher's root [default: [watch] root].")(command)


def folder_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--in`` and ``--out``: the one source of a watcher without a configuration."""
    command = click.option("--out", "outbound", metavar="DIR", default="",
                           help="Where answers go; its parent is the root, where none is named.")(command)
    return click.option("--in", "inbound", metavar="DIR", default="",
                        help="Where files are dropped, without a configuration.")(command)


@click.command(short_help="Watch drop folders: judge, answer, archive what arrives.")
@config_option
@folder_options
@place_options
@click.option("--once", is_flag=True, help="Drain the folders and end.")
@click.option("--metrics-textfile", metavar="FILE", help="Write the figures there, every quarter of a minute.")
@click.option("--worker", is_flag=True, hidden=True)
@verbosity_options
@click.pass_obj
def watch(session: Session, /, config_file: str, once: bool, metrics_textfile: str | None, worker: bool,
          **places: str) -> int:
    """Watch drop folders. Every file that arrives is judged, answered once (TA1, 999, 277CA and a report) and
    archived once, whatever happens to this process. SIGTERM finishes what is in hand and ends with 0.

    \b
    Examples:
      edi-check watch --in /srv/claims/inbound --out /srv/claims/outbound
      edi-check watch --config edi-check.toml
      edi-check watch --config edi-check.toml --once
    """
    settings = load(config_file)
    plan = plan_of(settings, session, **places)
    textfile = metrics_textfile or plan.metrics_textfile
    if any(s.remote for s in plan.sources):
        _need("asyncssh", "A remote source", "sftp")
    if textfile:
        _need("prometheus_client", "A file of figures", "metrics")
    gc.enable()
    os.umask(0o077)
    from ..watching.journal import Journal
    from ..watching.running import GaveUp, run

    level = {-1: "error", 0: "info"}.get(session.verbosity, "debug")
    journal = Journal(level=level)
    arguments = [a for a in sys.argv[1:] if a != "--once"]
    try:
        with unusable_told(), journal.of_libraries():
            code = run(plan, journal, once=once, textfile=textfile, is_worker=worker,
                       worker_command=[*arguments, "--worker"])
    except GaveUp as error:
        session.tell(str(error), -1)
        code = exits.UNCHECKED
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return code


@contextmanager
def unusable_told() -> Iterator[None]:
    """Folders, ledgers and ports that can't be used are for the operator to mend: exit code 2, and what to do. So is a
    ledger that turns out to be damaged."""
    import sqlite3

    from ..watching.layout import LayoutError
    from ..watching.operations import ListenError
    from ..watching.schema import LedgerError, damage

    try:
        yield
    except (LayoutError, LedgerError, ListenError) as error:
        raise click.ClickException(visible(str(error))) from None
    except sqlite3.DatabaseError as error:
        told = damage(error)
        if told is None:
            raise
        raise click.ClickException(visible(str(told))) from None


def plan_of(settings: Configuration, session: Session, **places: str) -> Any:
    """The plan of a configuration and of ``root``, ``work``, ``inbound`` and ``outbound`` as options say. Raises
    ConfigurationError, PackError, UsageError."""
    if bool(places.get("inbound")) != bool(places.get("outbound")):
        raise click.UsageError("--in and --out go together.")
    from ..watching.plan import make_plan
    from .chosen_tables import chosen_tables
    from .running import arguments

    session.warn(settings.warnings)
    check = arguments(settings)
    for name in ("jobs", "as_of"):
        check.pop(name)
    check["tables"] = chosen_tables(settings, session)
    return make_plan(settings, check, **places)


def _need(package: str, what: str, extra: str) -> None:
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise click.UsageError(f"{what} needs {package}: pip install 'edi-check[{extra}]'")

