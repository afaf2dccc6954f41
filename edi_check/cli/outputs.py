"""Where reports go: standard output, or files that appear whole or not at all, readable by their owner only."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, NamedTuple, TextIO, cast

import click
from click.core import ParameterSource

from ..planted import is_planted
from .session import Session

__all__ = ["STDOUT", "Output", "Unwritten", "opened", "opened_bytes", "parse_report", "refuse_clashes",
           "refuse_no_room", "takes_color", "tell_fitting_format", "unwritten", "written"]

STDOUT = "-"
BINARY = ("parquet",)
ENDINGS = {
    ".sarif": "sarif", ".sarif.json": "sarif", ".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson",
    ".html": "html", ".htm": "html", ".md": "markdown", ".csv": "csv", ".xml": "junit", ".parquet": "parquet",
}
"""What the name of an output promises. The format is text all the same unless ``-f`` says otherwise (CONTRACT 1)."""
NEEDED = {"junit": ("junitparser", "junit"), "parquet": ("pyarrow", "arrow")}
"""Formats that need a package of an extra."""


NO_ROOM = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
REMEDIES = {
    **dict.fromkeys(NO_ROOM, "Make room there, or name another place, and run it again."),
    errno.EIO: "The disk has a fault: name another place, and run it again.",
    errno.EBADF: "It is closed: leave it open, or name a file.",
}


class Unwritten(Exception):
    """What was to be written can't be: a full disk, say. Not an OSError, because click and others look for those."""


def unwritten(what: str, error: OSError) -> Unwritten:
    """What can't be written, why, and what to do."""
    why = error.strerror or str(error) or type(error).__name__
    remedy = REMEDIES.get(error.errno or 0, "Name a place that can be written, and run it again.")
    return Unwritten(f"{what} can't be written: {why}. {remedy}")


@contextlib.contextmanager
def _told(path: str) -> Iterator[None]:
    """Turn what goes wrong with writing ``path`` into ``Unwritten``. A pipe that nobody reads any more is no trouble,
    and an error without a number is one of ours about the input (it has changed since it was checked)."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno is None:
            raise Unwritten(f"{path} can't be written: {error}; run it again.") from error
        whole = " What is there of it is not whole." if path == STDOUT else ""
        told = unwritten("standard output" if path == STDOUT else path, error)
        raise Unwritten(f"{told}{whole}") from error


@contextlib.contextmanager
def refuse_no_room() -> Iterator[None]:
    """For what reads and judges: it looks after its inputs, so an error of the system that comes out is about the
    folder of temporary files, in which rows wait."""
    try:
        yield
    except OSError as error:
        if error.errno in (None, errno.EPIPE):
            raise
        import tempfile

        try:
            folder = tempfile.gettempdir()
        except OSError:  # there is none
            raise Unwritten(f"{error.strerror}. Set the variable TMPDIR to a folder that can be written.") from error
        why = error.strerror or type(error).__name__
        raise Unwritten(f"the folder for temporary files, {folder}, can't be used: {why}. Make room there, or set "
                        "the variable TMPDIR to a folder that has some, and run it again.") from error


class Output(NamedTuple):
    """A report to write: its format, and its file (``-`` for standard output)."""

    format: str
    path: str

    @property
    def tables(self) -> dict[str, str]:
        """The files of a binary format: the findings get the name that was asked for, claims and service lines one
        made from it; a folder gets all three."""
        if os.path.isdir(self.path) or self.path.endswith(os.sep):
            return {name: os.path.join(self.path, f"{name}.parquet") for name in ("findings", "claims", "lines")}
        base, extension = os.path.splitext(self.path)
        return {"findings": self.path, **{name: f"{base}.{name}{extension}" for name in ("claims", "lines")}}


def parse_report(text: str) -> Output:
    """``html=batch.html`` of ``--report``. Raises UsageError."""
    form, mark, path = text.partition("=")
    if not mark or not form or not path:
        raise click.UsageError(f"--report {text!r}: write FORMAT=FILE, such as html=report.html")
    return Output(form, path)


def tell_fitting_format(session: Session, output: Output, choices: Sequence[str], option: str = "form") -> None:
    """Say so when nobody gave ``-f`` and the output's name promises another format than it gets."""
    if click.get_current_context().get_parameter_source(option) is not ParameterSource.DEFAULT:
        return
    fitting = next((form for ending, form in ENDINGS.items() if output.path.lower().endswith(ending)), "")
    if fitting in choices and fitting != output.format:
        session.tell(f"{output.path} gets the format {output.format}; -f {fitting} is what its name says")


def refuse_unwritable(output: Output) -> None:
    """Refuse a format that lacks its package, and standard output, a device or a pipe for a binary one. Raises
    UsageError."""
    from importlib.util import find_spec

    if output.format in BINARY and output.path == STDOUT:
        raise click.UsageError(f"The format {output.format} is not for standard output; name a file with -o.")
    if output.format in BINARY and any(os.path.exists(p) and not os.path.isfile(p) for p in output.tables.values()):
        raise click.UsageError(f"{output.path} is a device or a pipe; the format {output.format} makes files, which "
                               "would take its place.")
    package, extra = NEEDED.get(output.format, ("", ""))
    if package and find_spec(package) is None:
        raise click.UsageError(f"The format {output.format} needs {package}: pip install 'edi-check[{extra}]'; nothing "
                               "was checked.")


def refuse_planted(path: str) -> None:
    """Refuse a link or pipe that somebody else put where we write: the link may lead to any file of ours, the pipe
    takes our report to them. Raises UsageError."""
    if path != STDOUT and is_planted(path) and (os.path.islink(path) or not os.path.isfile(path)):
        raise click.UsageError(f"{path} is another user's link or pipe, in a folder in which everybody may write; what "
                               "is written would go where they want it. Name another file.")


def refuse_clashes(outputs: Sequence[Output], inputs: Sequence[str]) -> None:
    """Refuse, before anything is checked, what could not be written at the end. Raises UsageError."""
    taken = {os.path.realpath(path): path for path in inputs if path != "-"}
    sources = set(taken)
    for output in _files(outputs):
        if output.path == STDOUT:
            real = STDOUT
        else:
            real = os.path.realpath(output.path)
            folder = os.path.dirname(real)
            refuse_planted(output.path)
            if not os.path.isdir(folder):
                raise click.UsageError(f"{output.path}: there is no folder {folder}; make it first.")
            if not os.access(folder, os.W_OK):
                raise click.UsageError(f"{output.path}: nothing may be written in {folder}.")
            if os.path.isdir(real):
                raise click.UsageError(f"{output.path} is a folder; name a file in it.")
        if real in sources:
            raise click.UsageError(f"{output.path} is one of the inputs; what is written would take its place.")
        if real in taken and (real == STDOUT or not os.path.exists(real) or os.path.isfile(real)):  # not /dev/null
            raise click.UsageError(f"Two reports would go to {'standard output' if real == STDOUT else output.path}.")
        taken[real] = output.path


def _files(outputs: Sequence[Output]) -> Iterator[Output]:
    for output in outputs:
        if output.format in BINARY:
            yield from (Output(output.format, path) for path in output.tables.values())
        else:
            yield output


@contextlib.contextmanager
def opened_tables(paths: dict[str, str]) -> Iterator[dict[str, IO[Any]]]:
    """A binary stream for each path; all of them become files when all went well, else none does."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_told(" and ".join(paths.values())))
        for path in paths.values():
            refuse_planted(path)
        yield {name: stack.enter_context(_replacing(os.path.realpath(path), is_binary=True))
               for name, path in paths.items()}


@contextlib.contextmanager
def opened(path: str) -> Iterator[TextIO]:
    """A text stream in UTF-8 that becomes ``path`` when all went well; on any ending but that, nothing is left.

    Written beside the target under a temporary name (0600) and renamed; through a symbolic link, to what it points to.
    A device or a pipe is written as it is: renaming would replace it.
    """
    with _opened(path, is_binary=False) as out:
        yield cast(TextIO, out)


def takes_color(out: TextIO) -> bool:
    """Is ``out`` a terminal that shows colours, and does nobody forbid them (https://no-color.org)?"""
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@contextlib.contextmanager
def opened_bytes(path: str) -> Iterator[IO[bytes]]:
    """As ``opened``, for bytes."""
    with _opened(path, is_binary=True) as out:
        yield out


@contextlib.contextmanager
def _opened(path: str, is_binary: bool) -> Iterator[IO[Any]]:
    with _told(path):
        refuse_planted(path)
        target = os.path.realpath(path)
        if path == STDOUT:
            out: IO[Any] = sys.stdout.buffer if is_binary else _standard_output()
            yield out
            out.flush()
        elif os.path.exists(target) and not os.path.isfile(target):
            text: dict[str, Any] = {} if is_binary else {"encoding": "utf-8", "errors": "backslashreplace"}
            with open(target, "wb" if is_binary else "w", **text) as device:
                yield device
        else:
            with _replacing(target, is_binary) as file:
                yield file


def written(path: str, write: Callable[[IO[Any]], int], *, is_binary: bool) -> bool:
    """Let ``write`` fill ``path``, folders made on the way (0700); when it says it wrote nothing (0), no file is there
    afterwards. The folder may be a symbolic link; one under the file's own name is replaced and not followed: whoever
    may write in the folder could point it at any file of ours."""
    count = 0
    with _told(path):
        folder = os.path.realpath(os.path.dirname(path))
        _make_folder(folder)
        path = os.path.join(folder, os.path.basename(path))
        with contextlib.suppress(_Nothing), _replacing(path, is_binary) as out:
            count = write(out)
            if not count:
                raise _Nothing
        if not count:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
    return bool(count)


class _Nothing(Exception):
    pass


def _make_folder(folder: str) -> None:
    if not os.path.isdir(folder):
        _make_folder(os.path.dirname(folder))
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)


@contextlib.contextmanager
def _replacing(target: str, is_binary: bool) -> Iterator[IO[Any]]:
    """A new file beside ``target`` that takes its place when the block ends well."""
    import tempfile

    handle, temporary = tempfile.mkstemp(prefix=".edi-check-", suffix=".tmp", dir=os.path.dirname(target))
    text: dict[str, Any] = {} if is_binary else {"encoding": "utf-8", "errors": "backslashreplace", "newline": ""}
    try:
        with open(handle, "wb" if is_binary else "w", **text) as out:
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
