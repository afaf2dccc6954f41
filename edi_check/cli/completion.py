"""What the Tab key offers: ids of edits, words, levels, formats, packs, files; told by what the help calls a value.

``main`` calls it when a shell asks (``_EDI_CHECK_COMPLETE`` is set), never otherwise; no command knows of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from ..findings import LEVELS

__all__ = ["equip"]

Offer = Callable[[str], list[CompletionItem]]


class Offered(click.types.StringParamType):
    """A text for which the shell is offered something."""

    def __init__(self, offer: Offer) -> None:
        self.offer = offer

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return self.offer(incomplete)


def equip(command: click.Command) -> click.Command:
    """The command, and those below it, with a completion for each value that its help names (``FILE``, ``ID=LEVEL``,
    ``text|json``)."""
    for parameter in command.params:
        if type(parameter.type) is type(click.STRING):
            offer = _offer(parameter.metavar or "")
            if offer:
                parameter.type = Offered(offer)
    for below in getattr(command, "commands", {}).values():
        equip(below)
    return command


def _offer(metavar: str) -> Offer | None:
    known: dict[str, Offer] = {
        "ID|WORD|FILE": _edits_and_words, "ID=LEVEL": _levels_of_edits, "FORMAT=FILE": _formats_to_files,
        "NAME|FILE": _packs, "DIR": lambda begun: [CompletionItem(begun, type="dir")],
    }
    if metavar in known:
        return known[metavar]
    if metavar.startswith(("FILE", "PATH")):
        return _paths
    choices = metavar.split("|")
    if len(choices) > 1 and re.fullmatch("[a-z|]+", metavar):
        return lambda begun: _begun(begun, choices)
    return None


def _edits_and_words(begun: str) -> list[CompletionItem]:
    """Ids of packs and edits, words of the glossary once one is begun, and files (by name, for a shell offers its own
    only when it is offered nothing else)."""
    from .glossary import glossary

    words = _begun(begun, (word.name for word in glossary())) if begun else []
    return [*_packs_by_id(begun), *_edits(begun), *words, *_files(begun)] or _paths(begun)


def _files(begun: str) -> list[CompletionItem]:
    folder, name = os.path.split(begun)
    try:
        entries = sorted(os.scandir(folder or "."), key=lambda entry: entry.name)
    except OSError:
        return []
    return [CompletionItem(os.path.join(folder, entry.name) + "/" * entry.is_dir()) for entry in entries
            if entry.name.startswith(name) and (name or not entry.name.startswith(".")) and begun]


def _levels_of_edits(begun: str) -> list[CompletionItem]:
    """``ID=LEVEL``: ids first; when only one is left, its levels."""
    edit, mark, _ = begun.partition("=")
    found = _edits(edit)
    if mark or len(found) == 1:
        edit = edit if mark else found[0].value
        return _begun(begun, (f"{edit}={level}" for level in LEVELS))
    return found


def _paths(begun: str) -> list[CompletionItem]:
    """Files and folders. But bash takes ``ID=LEVEL`` apart at the ``=``: what follows ``--level ID=`` is not a path."""
    number = os.environ.get("COMP_CWORD", "")  # of the word; fish says the word itself
    words = os.environ.get("COMP_WORDS", "").split()[: int(number) + 1] if number.isdecimal() else []
    if words[-3:-2] == ["--level"] and words[-1:] == ["="]:
        return _begun("", LEVELS)
    if words[-4:-3] == ["--level"] and words[-2:-1] == ["="]:
        return _begun(begun, LEVELS)
    return [CompletionItem(begun, type="file")]


def _formats_to_files(begun: str) -> list[CompletionItem]:
    from ..telling.render import FORMATS

    form, mark, file = begun.partition("=")
    return [CompletionItem(file, type="file")] if mark else _begun(form, (f"{each}=" for each in FORMATS))


def _packs(begun: str) -> list[CompletionItem]:
    return _packs_by_id(begun) or _paths(begun)


def _packs_by_id(begun: str) -> list[CompletionItem]:
    from ..judging.packs import load_builtin_packs

    return _begun(begun, (pack.id for pack in load_builtin_packs()))


def _edits(begun: str) -> list[CompletionItem]:
    from ..judging.packs import load_builtin_packs

    return [CompletionItem(data.edit.id, help=data.edit.name) for pack in load_builtin_packs() for data in pack.edits
            if data.edit.id.startswith(begun.upper())]


def _begun(begun: str, choices: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(choice) for choice in choices if choice.lower().startswith(begun.lower())]
