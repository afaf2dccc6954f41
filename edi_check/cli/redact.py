"""``edi-check redact``: a copy of a claim file with invented people that still raises the same findings."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import IO, Any

import click

from ..configuration import Configuration, load
from ..findings import NotX12
from ..redacting import RedactionFailed, differences
from ..redacting import redact as redacted
from ..sources import Source
from . import exits
from .inputs import STDIN, Input
from .outputs import NO_ROOM, STDOUT, Output, opened_bytes, refuse_clashes, refuse_no_room
from .progress import Passes, shown
from .session import Session, config_option, verbosity_options

__all__ = ["redact"]


def _sixteen_bytes(ctx: click.Context, param: click.Parameter, value: int | None) -> int | None:
    if value is not None and abs(value) >> 127:
        raise click.BadParameter("a whole number of at most 38 digits is expected")
    return value


@click.command(short_help="Copy a claim file with invented people, the same findings kept.")
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", default=STDOUT, metavar="FILE", help="Write there instead of standard output.")
@click.option("--seed", type=int, metavar="N", callback=_sixteen_bytes,
              help="The same inventions again, for tests: who knows the number can try guesses against the copy "
                   "[default: nobody can repeat them].")
@click.option("--pack", multiple=True, metavar="NAME|FILE",
              help="Edits whose findings are to stay; repeatable [default: all built-in packs].")
@click.option("--as-of", metavar="YYYY-MM-DD", help="Day of receipt of the comparison [default: today].")
@config_option
@click.option("--progress/--no-progress", default=None, help="A progress bar, on a terminal only [default: yes].")
@verbosity_options
@click.pass_obj
def redact(session: Session, /, file: str, output: str, seed: int | None, config_file: str, **options: Any) -> int:
    """Copy a claim file with invented people in it, to show to somebody who must not see the real ones. FILE is a claim
    file, a .gz of one (the copy is unpacked), or - for standard input.

    Replaced, the same everywhere in the file: names of persons and practices, addresses, telephone numbers, member,
    chart, claim and control numbers of the sender, NPIs (valid stays valid), tax ids, group numbers, birth and death
    dates, all free text but the words that edits look for, and whatever stands where nothing belongs. The copy has the
    length of the original, its separators, its line ends and its damage.

    The copy is judged beside the original before it is written: unless both raise the same findings at the same
    places, nothing is. It is NOT anonymous: days of service, procedure and diagnosis codes, charges, sex, state and
    payers stay, because the edits look at them. Treat it as what your agreements call limited data.

    \b
    Exit code: 0 the copy is there; 2 wrong usage;
    3 the file can't be read to its end or is an acknowledgment, nothing written;
    70 a fault of ours, nothing written.

    \b
    Examples:
      edi-check redact batch.837 -o shareable.837
      zcat batch.837.gz | edi-check redact - > shareable.837
    """
    if file != STDIN and (not os.path.exists(file) or os.path.isdir(file)):
        what = f"{file} is a folder" if os.path.isdir(file) else f"There is no file {file}"
        raise click.UsageError(f"{what}; nothing was copied.")
    refuse_clashes([Output("837", output)], [file])
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in options.items()
             if value or value is False}
    settings = load(config_file, options=given)
    session.warn(settings.warnings)
    with refuse_no_room(), tempfile.TemporaryFile(prefix="edi-check-") as copy:
        try:
            with shown([Input(file, "")], settings.get("progress") and session.verbosity >= 0, _bar) as bar:
                seen = _copied(sys.stdin.buffer if file == STDIN else file, copy, seed, settings, bar)
        except (NotX12, RedactionFailed, OSError) as error:
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise
            text = error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
            session.tell(f"{'standard input' if file == STDIN else file}: {text}", level=-1)
            return exits.UNCHECKED
        if seen:
            some = "; ".join(seen[:3]) + (f"; and {len(seen) - 3:,} more" if len(seen) > 3 else "")
            session.tell(f"a fault of ours: the copy would not raise the same findings ({some}). Nothing was written. "
                         "Please report it.", level=-1)
            return exits.FAULT
        copy.seek(0)
        with opened_bytes(output) as out:
            shutil.copyfileobj(copy, out, 1 << 20)
    session.tell("the copy raises the same findings; days of service, codes and charges are the original's")
    return exits.CHECKED


def _bar(size: int) -> Passes:
    return Passes(size, "Copying", ("reading", "writing", "judging the original", "judging the copy"))


def _copied(source: str | IO[bytes], copy: IO[bytes], seed: int | None, settings: Configuration,
            bar: Passes | None) -> list[str]:
    """Write the copy; what differs when both are judged."""
    from ..pipeline import check
    from .running import arguments

    how = arguments(settings)
    day = date.fromisoformat(str(how["as_of"])) if how["as_of"] else date.today()
    options = how | {"as_of": day, "jobs": 1}
    limits = options.get("limits") or {}
    original = Source(source, **{key: limits[name] for key, name in (("gzip_limit", "gzip_bytes"), (
        "gzip_ratio", "gzip_ratio")) if name in limits})

    def reach(number: int, taken: int, claims: int = 0) -> None:
        if bar:
            bar.reach(number, taken, original.size if number else bar.size)

    try:
        redacted(original, copy, seed=seed, packs=how["packs"], settings=how["settings"], as_of=day, progress=reach)
        copy.seek(0)
        (mine,), (its,) = (check(one, **options, progress=partial(reach, number)).files
                           for number, one in enumerate((_Reader(original.read_at), copy), 2))
        if mine.is_acknowledgment:
            raise RedactionFailed("An acknowledgment is no claim file: a copy would not keep what its codes say. Copy "
                                  "the claim file that it answers, and let the copy be answered. Nothing was written.")
        return list(differences(mine, its))
    finally:
        original.close()


class _Reader(io.RawIOBase):
    """The unpacked content of a source once more, from its beginning."""

    def __init__(self, read_at: Callable[[int, int], bytes]) -> None:
        self._read_at, self._at = read_at, 0

    def read(self, size: int | None = -1) -> bytes:
        found = self._read_at(self._at, 1 << 17 if size is None or size < 0 else size)
        self._at += len(found)
        return found
