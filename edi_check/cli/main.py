"""The command ``edi-check``: finds the subcommand, imports only that one, and turns every ending into an exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from .. import __version__
from ..configuration import ConfigurationError
from ..findings import PackError
from ..settings import nearest
from . import exits
from .outputs import Unwritten, unwritten
from .session import Session

__all__ = ["cli", "main"]

COMMANDS = {
    "check": "check:check",
    "lines": "lines:lines",
    "edits": "catalogue:edits",
    "explain": "explain:explain",
    "generate": "generate:generate",
    "redact": "redact:redact",
    "compare": "compare:compare",
    "pack": "pack:pack",
    "tables": "tables:tables",
    "config": "config:config",
    "watch": "watch:watch",
    "status": "orders:status",
    "requeue": "orders:requeue",
    "quarantine": "orders:quarantine",
    "prune": "orders:prune",
    "doctor": "orders:doctor",
}
"""Name to module and function; nothing is imported before it is asked for."""
OF_WATCHER = [name for name, where in COMMANDS.items() if where.startswith("orders:")]
"""What may be said with ``watch`` before it, too: ``edi-check watch status``."""


class Commands(click.Group):
    """A group whose commands are imported on demand."""

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        with exits.guarded_pipe():
            return super().make_context(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        with exits.guarded_pipe():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command = getattr(import_module(f"edi_check.cli.{module}"), name)
        assert isinstance(command, click.Command)
        if "_EDI_CHECK_COMPLETE" in os.environ:
            from .completion import equip

            equip(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        _refuse_content(ctx, args)
        if args[:1] == ["watch"] and args[1:2] and args[1] in OF_WATCHER:
            args = args[1:]
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = "; to judge a file: edi-check check " + args[0] if os.path.exists(args[0]) else ""
            ctx.fail(f"There is no command {args[0]!r}{hint or nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


def _refuse_content(ctx: click.Context, args: list[str]) -> None:
    """``edi-check check "$(cat batch.837)"``: that there is no such file would be said with all the patients in it."""
    if any("ISA" in arg[:20] for arg in args):
        from ..sources import is_content  # not above: seldom needed

        if any(is_content(arg) for arg in args):
            ctx.fail("An argument is a claim file's content, not its name; name the file, or - and give the content on "
                     "standard input. Nothing was done.")


def _tell_version(ctx: click.Context, _: click.Parameter, is_asked: bool) -> None:
    if is_asked and not ctx.resilient_parsing:
        from ..model import is_compiled

        click.echo(f"edi-check {__version__}{' (compiled)' if is_compiled() else ''}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_tell_version,
              help="Show the version and exit.")
def cli() -> None:
    """Judge X12 837P claim files: which claims will be rejected, where, why, and what to do.

    \b
    Examples:
      edi-check check batch.837
      edi-check check -f json -o report.json inbox/
      edi-check explain PSRC-MT-03
    """


def main(args: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code. In: the arguments without the program's name (default sys.argv). Leaves
    the process as it was, for whoever calls it in theirs."""
    handler = signal.getsignal(signal.SIGTERM)
    streams = sys.stdin, sys.stdout, sys.stderr
    try:
        _stand_in_for_closed()
        with contextlib.suppress(ValueError):  # not in the main thread
            signal.signal(signal.SIGTERM, _terminate)
        return _run(args, Session())
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        with contextlib.suppress(ValueError, TypeError):
            signal.signal(signal.SIGTERM, handler)


def _stand_in_for_closed() -> None:
    """A stream that was closed before we came (``>&-``) is None in Python: standard input is then empty, standard error
    silent, and standard output refuses what is written, as a full disk does: a report that went nowhere isn't told."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - as long as the process
    if sys.stdout is None:
        sys.stdout = open(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _run(args: Sequence[str] | None, session: Session) -> int:
    try:
        code = cli.main(None if args is None else list(args), prog_name="edi-check", standalone_mode=False, obj=session)
        sys.stdout.flush()
        return code if isinstance(code, int) else exits.CHECKED
    except exits.Terminated:
        return exits.TERMINATED
    except SystemExit as stop:  # shell completion ends so
        return stop.code if isinstance(stop.code, int) else exits.FAULT
    except (exits.PipeClosed, BrokenPipeError):
        return _closed_pipe()
    except click.ClickException as error:
        with contextlib.suppress(OSError):
            error.show()
        return exits.USAGE
    except (click.Abort, KeyboardInterrupt) as error:
        return _fault(error.__cause__, session) if isinstance(error.__cause__, EOFError) else exits.INTERRUPTED
    except (ConfigurationError, PackError) as error:
        for line in str(error).splitlines():
            session.tell(line, level=-1)
        return exits.USAGE
    except OSError as error:
        if error.errno is None:
            return _fault(error, session)
        # Inputs, files and folders are looked after where they are used: this is standard output, of a help text, say.
        return _unwritten(unwritten(error.filename or "standard output", error), session)
    except Unwritten as error:
        return _unwritten(error, session)
    except Exception as error:
        return _fault(error, session)


def _terminate(number: int, frame: Any) -> NoReturn:
    raise exits.Terminated


def _unwritten(error: Unwritten, session: Session) -> int:
    for line in str(error).splitlines():
        session.tell(line, level=-1)
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        exits.silence(sys.stdout)
    return exits.UNCHECKED


def _closed_pipe() -> int:
    """Nobody reads any more."""
    exits.silence(sys.stdout)
    return exits.BROKEN_PIPE


def _fault(error: BaseException, session: Session) -> int:
    with contextlib.suppress(OSError):
        click.echo(exits.describe_fault(error, session.verbosity >= 2), err=True)
    return exits.FAULT
