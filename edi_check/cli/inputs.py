"""PATHs of the command line to the files meant by them (CONTRACT section 1, Inputs)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

import click

__all__ = ["EXTENSIONS", "STDIN", "Input", "expand"]

EXTENSIONS = (".837", ".837p", ".edi", ".x12", ".txt", ".dat")
STDIN = "-"


class Input(NamedTuple):
    """A file to check: its path (``-`` for standard input), and what outputs made from it are called, with the folders
    below a folder PATH and without ``.gz`` and the extension."""

    path: str
    stem: str


def expand(paths: Sequence[str]) -> tuple[list[Input], list[str]]:
    """The inputs in the order given, each once, and the folders in which nothing matched.

    A file that is named is taken whatever it is called; in a folder the extension decides, case-insensitive, at any
    depth, and names with a leading dot (uploads under way), pipes and devices are left out. Raises UsageError when a
    PATH doesn't exist.
    """
    missing = [path for path in paths if path != STDIN and not os.path.lexists(path)]
    if missing:
        raise click.UsageError(f"There is no {' and no '.join(missing)}; nothing was checked.")
    inputs: dict[str, Input] = {}
    empty: list[str] = []
    for path in paths:
        if path == STDIN or not os.path.isdir(path):
            found = [Input(path, "stdin" if path == STDIN else stem(os.path.basename(path)))]
        else:
            found = _search(path)
            if not found:
                empty.append(path)
        for one in found:
            inputs.setdefault(one.path if one.path == STDIN else os.path.abspath(one.path), one)
    return list(inputs.values()), empty


def stem(name: str) -> str:
    """The name without ``.gz`` and without the extension before it: ``a.837.gz`` is ``a``."""
    if name.lower().endswith(".gz"):
        name = name[:-3]
    return os.path.splitext(name)[0]


def _search(folder: str) -> list[Input]:
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            plain = name.lower().removesuffix(".gz")
            if plain.endswith(EXTENSIONS) and not name.startswith("."):
                path = os.path.join(place, name)
                if os.path.exists(path) and not os.path.isfile(path):
                    continue  # a pipe would be waited for without end
                found.append(Input(path, stem(os.path.relpath(path, folder))))
    return found
