"""``edi-check config show``: every setting in force and where it came from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from ..configuration import Configuration, Value, load
from ..telling.render import visible
from .session import Session, config_option, verbosity_options

__all__ = ["config"]


@click.group(short_help="Show the settings in force.")
def config() -> None:
    """The settings: option, EDI_CHECK_* variable, --config, ./edi-check.toml, default: the first one that says so.

    \b
    Example:
      edi-check config show --set
    """


@config.command(short_help="Every setting and where it came from.")
@config_option
@click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--set", "only_set", is_flag=True, help="Leave out what stands at its default.")
@verbosity_options
@click.pass_obj
def show(session: Session, config_file: str, form: str, only_set: bool) -> None:
    """Print every setting, its value, and where it came from.

    \b
    Examples:
      edi-check config show
      EDI_CHECK_JOBS=4 edi-check config show --set
    """
    found = load(config_file)
    session.warn(found.warnings)
    entries = [e for e in _entries(found) if not only_set or e[2].origin != "default"]
    if form == "json":
        # "used" is from when settings were known that nothing read; keys of JSON don't go.
        rows = [{"section": s, "key": k, "value": v.value, "origin": v.origin, "used": True} for s, k, v in entries]
        click.echo(json.dumps(rows, indent=1))
        return
    if not entries:
        click.echo("Every setting stands at its default.")
        return
    section = ""
    for name, key, value in entries:
        if name != section:
            click.echo(("\n" if section else "") + visible(name))
            section = name
        click.echo(visible(f"  {key} = {_toml(value.value)}").ljust(44) + visible(f"  # {value.origin}"))


def _entries(found: Configuration) -> Iterator[tuple[str, str, Value]]:
    """(section, key, value) in the order of the model, then packs and sources."""
    for section, values in found.sections.items():
        for name, value in values.items():
            yield f"[{section}]", name, value
    for pack, values in found.packs.items():
        for name, value in values.items():
            yield f"[pack.{pack}]", name, value
    for source in found.sources:
        for name, value in source.items():
            yield "[[source]]", name, value


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f'"{"-".join(str(v) for v in value)}"'
    return json.dumps(value, ensure_ascii=False, default=str)
