"""Where reports go: standard output, or files that appear whole or not at all, readable by their owner only."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TextIO

import click

__all__ = ["STDOUT", "Output", "opened", "parse_report", "refuse_clashes"]

STDOUT = "-"


class Output(NamedTuple):
    """A report to write: its format, and its file (``-`` for standard output)."""

    format: str
    path: str


def parse_report(text: str) -> Output:
    """``html=batch.html`` of ``--report``. Raises UsageError."""
    form, mark, path = text.partition("=")
    if not mark or not form or not path:
        raise click.UsageError(f"--report {text!r}: write FORMAT=FILE, such as html=report.html")
    return Output(form, path)


def refuse_clashes(outputs: Sequence[Output], inputs: Sequence[str]) -> None:
    """Refuse, before anything is checked, what could not be written at the end. Raises UsageError."""
    taken = {os.path.realpath(path): path for path in inputs if path != "-"}
    sources = set(taken)
    for output in outputs:
        if output.path == STDOUT:
            real = STDOUT
        else:
            real = os.path.realpath(output.path)
            folder = os.path.dirname(real)
            if not os.path.isdir(folder):
                raise click.UsageError(f"{output.path}: there is no folder {folder}; make it first.")
            if os.path.isdir(real):
                raise click.UsageError(f"{output.path} is a folder; name a file in it.")
        if real in sources:
            raise click.UsageError(f"{output.path} is one of the inputs; the report would take its place.")
        if real in taken:
            raise click.UsageError(f"Two reports would go to {'standard output' if real == STDOUT else output.path}.")
        taken[real] = output.path


@contextlib.contextmanager
def opened(path: str) -> Iterator[TextIO]:
    """A text stream in UTF-8 that becomes ``path`` when all went well; on any ending but that, nothing is left.

    Written beside the target under a temporary name (0600) and renamed; through a symbolic link, to what it points to.
    A device or a pipe is written as it is: renaming would replace it.
    """
    if path == STDOUT:
        yield _standard_output()
        return
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "w", encoding="utf-8", errors="backslashreplace") as out:
            yield out
        return
    handle, temporary = tempfile.mkstemp(prefix=".edi-check-", suffix=".tmp", dir=os.path.dirname(target))
    try:
        with open(handle, "w", encoding="utf-8", errors="backslashreplace", newline="") as out:
            yield out
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _standard_output() -> TextIO:
    """Standard output in UTF-8 wherever it isn't a terminal, so that a pipeline doesn't depend on the locale. What
    can't be encoded (names of files in other encodings, an old terminal) is shown as an escape."""
    out = sys.stdout
    reconfigure = getattr(out, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding=None if out.isatty() else "utf-8", errors="backslashreplace")
    return out
