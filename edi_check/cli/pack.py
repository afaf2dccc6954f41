"""``edi-check pack lint FILE``: is a pack of one's own in order?"""

from __future__ import annotations

import os

import click

from ..findings import PackError
from ..judging.packs import load_builtin_packs, load_pack
from ..phrases import counted
from . import exits
from .session import Session, verbosity_options

__all__ = ["pack"]


@click.group(short_help="Work on packs of your own.")
def pack() -> None:
    """Packs are edits as data: a TOML file that names conditions and built-in checks, and runs nothing.

    \b
    Example:
      edi-check pack lint acme-therapy.toml
    """


@pack.command(short_help="Find the mistakes in a pack.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@verbosity_options
@click.pass_obj
def lint(session: Session, files: tuple[str, ...]) -> int:
    """Find the mistakes in a pack: each with its edit, what is wrong, and the choices.

    The exit code is 0 when every file can be used with `check --pack FILE`, else 2.

    \b
    Example:
      edi-check pack lint acme-therapy.toml
    """
    builtin = {os.path.realpath(p.path): p for p in load_builtin_packs()}
    taken = {data.edit.id: p.id for p in builtin.values() for data in p.edits}
    code = exits.CHECKED
    for path in files:
        try:
            found = load_pack(path, os.path.realpath(path) in builtin)
            clashes = [d.edit.id for d in found.edits if taken.get(d.edit.id, found.id) != found.id]
            if clashes:
                raise PackError("\n".join(f"{path}: {edit}: the id belongs to pack {taken[edit]}" for edit in clashes))
        except PackError as error:
            for line in str(error).splitlines():
                session.tell(line, level=-1)
            code = exits.USAGE
        else:
            count = len(found.edits)
            click.echo(f"{path}: {found.id} is in order: {counted(count, 'edit')}")
    return code
