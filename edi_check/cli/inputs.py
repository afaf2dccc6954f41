"""PATHs of the command line to the files meant by them (CONTRACT section 1, Inputs)."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import click

__all__ = ["STDIN", "Input", "Unread", "expand"]

EXTENSIONS = (".837", ".837p", ".edi", ".x12", ".txt", ".dat")
STDIN = "-"


class Input(NamedTuple):
    """A file to check: its path (``-`` for standard input), and what outputs made from it are called, with the folders
    below a folder PATH and without ``.gz`` and the extension."""

    path: str
    stem: str


class Unread(NamedTuple):
    """A folder that gave nothing: why, and what to do."""

    folder: str
    says: str
    fix: str


def expand(paths: Sequence[str]) -> tuple[list[Input], list[Unread]]:
    """The inputs in the order given, each once, and the folders in which nothing matched or that can't be looked into.

    A file that is named is taken whatever it is called; in a folder the extension decides, case-insensitive, at any
    depth, and names with a leading dot (uploads under way), pipes and devices are left out. Raises UsageError when a
    PATH doesn't exist.
    """
    missing = [path for path in paths if path != STDIN and not os.path.lexists(path)]
    if missing:
        raise click.UsageError(f"There is no {' and no '.join(missing)}; nothing was checked.{_meant(missing, paths)}")
    inputs: dict[str, Input] = {}
    unread: list[Unread] = []
    for path in paths:
        if path == STDIN or not os.path.isdir(path):
            found = [Input(path, "stdin" if path == STDIN else stem(os.path.basename(path)))]
        else:
            found, closed = _search(path)
            unread += closed
            if not found and not closed:
                names = " ".join("*" + extension for extension in EXTENSIONS)
                unread.append(Unread(path, f"The folder holds no claim file ({names}, or a .gz of one).",
                                     "Name the file itself, or give its name one of these extensions."))
        for one in found:
            inputs.setdefault(one.path if one.path == STDIN else os.path.abspath(one.path), one)
    return list(inputs.values()), unread


def _meant(missing: Sequence[str], paths: Sequence[str]) -> str:
    """What may have been meant by names of nothing: a name with spaces, a pattern, a slip."""
    whole = " ".join(paths)
    if len(paths) > 1 and os.path.lexists(whole):
        return f' A name with spaces stands in quotes: "{whole}"'
    if any(mark in path for path in missing for mark in "*?"):
        return " No name fits that pattern."
    folder, name = os.path.split(missing[0])
    try:
        near = difflib.get_close_matches(name, os.listdir(folder or "."), 1, 0.8)
    except OSError:
        near = []
    return f" Did you mean {os.path.join(folder, near[0])}?" if near and len(missing) == 1 else ""


def stem(name: str) -> str:
    """The name without ``.gz`` and without the extension before it: ``a.837.gz`` is ``a``."""
    if name.lower().endswith(".gz"):
        name = name[:-3]
    return os.path.splitext(name)[0]


def _walk(folder: str, closed: list[OSError]) -> Iterator[tuple[str, list[str], list[str]]]:
    """As ``os.walk``, and after it what the links to folders that it met lead to."""
    waiting = [folder]
    for begin in waiting:
        for place, folders, names in os.walk(begin, onerror=closed.append):
            yield place, folders, names
            waiting += [path for path in (os.path.join(place, f) for f in folders) if os.path.islink(path)]


def _search(folder: str) -> tuple[list[Input], list[Unread]]:
    """What lies in a folder, and the folders in it that can't be looked into: what is in them is not checked. Links to
    folders are followed last, and no folder is looked into twice: a link may lead back to where it lies."""
    found: list[Input] = []
    closed: list[OSError] = []
    met: set[object] = set()
    for place, folders, names in _walk(folder, closed):
        try:
            status = os.stat(place)
        except OSError as error:
            closed.append(error)
            continue
        # A number of 0 tells nothing: some filesystems, of networks and under Windows, give it to all their folders.
        folder_met = (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(place)
        if folder_met in met:
            folders.clear()
            continue
        met.add(folder_met)
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            plain = name.lower().removesuffix(".gz")
            if plain.endswith(EXTENSIONS) and not name.startswith("."):
                path = os.path.join(place, name)
                if os.path.exists(path) and not os.path.isfile(path):
                    continue  # a pipe would be waited for without end
                found.append(Input(path, stem(os.path.relpath(path, folder))))
    return found, [
        Unread(error.filename, f"The folder can't be looked into: {error.strerror}. What is in it was not checked.",
               "Look at its permissions and at the disk.")
        for error in closed
    ]
