"""What the commands share: how much to say, saying it on standard error, and the options that most of them have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import click

__all__ = ["Session", "config_option", "verbosity_options"]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Session:
    """``verbosity``: -1 quiet, 0 normal, 1 and more for ``-v``."""

    verbosity: int = 0

    def tell(self, text: str, level: int = 0) -> None:
        """A line on standard error when ``level`` is low enough. Names of files may hold anything: escape sequences
        in them are shown, not sent."""
        if self.verbosity >= level:
            from ..telling.render import visible

            with suppress(OSError):  # standard error on a full disk: the exit code says what there is to say
                click.echo("edi-check: " + visible(text), err=True)

    def warn(self, warnings: Iterable[str]) -> None:
        """What looks like a slip in the settings, a line each."""
        for warning in warnings:
            self.tell(warning)


def _set_verbosity(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    session = ctx.ensure_object(Session)
    if param.name == "quiet" and value:
        session.verbosity = -1
    elif param.name == "verbose" and value:
        session.verbosity = value
    return value


def verbosity_options(command: F) -> F:
    """``-q`` and ``-v``; they act on the session, the command doesn't see them."""
    command = click.option("-v", "--verbose", count=True, expose_value=False, callback=_set_verbosity,
                           help="Say more on standard error; -vv more still.")(command)
    return click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_set_verbosity,
                        help="Say nothing on standard error but errors.")(command)


def config_option(command: F) -> F:
    """``-c``, ``--config FILE``."""
    return click.option("-c", "--config", "config_file", metavar="FILE", default="",
                        help="Settings [default: ./edi-check.toml, when there is one].")(command)
