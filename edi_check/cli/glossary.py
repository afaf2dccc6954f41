"""The words that messages and pages use, in words of our own: ``edi-check explain WORD``. In ``packs/words.toml``."""

from __future__ import annotations

import json
import os
import tomllib
from typing import NamedTuple

import click

from ..judging.packs import PACKS_FOLDER
from ..phrases import folded

__all__ = ["Word", "find_word", "glossary", "page_of_word"]


class Word(NamedTuple):
    """A word, other names that find it, and what it means."""

    name: str
    also: tuple[str, ...]
    says: str


def glossary() -> list[Word]:
    """All words, in the order of the alphabet."""
    with open(os.path.join(PACKS_FOLDER, "words.toml"), "rb") as file:
        data = tomllib.load(file)
    return [Word(name, tuple(entry.get("also", ())), " ".join(entry["says"].split()))
            for name, entry in sorted(data.items(), key=lambda item: item[0].lower())]


def find_word(name: str) -> Word | None:
    """The word called ``name``, by any of its names, upper or lower case, hyphens for spaces too."""
    wanted = {name.lower(), name.lower().replace("-", " ").replace("_", " ")}
    return next((word for word in glossary() if wanted & {n.lower() for n in (word.name, *word.also)}), None)


def page_of_word(word: Word, form: str) -> str:
    """What ``edi-check explain WORD`` prints: ``form`` text, json or markdown."""
    if form == "json":
        return json.dumps({"word": word.name, "also": list(word.also), "says": word.says}, indent=1)
    also = f"Also: {', '.join(word.also)}" if word.also else ""
    if form == "markdown":
        return "\n\n".join(filter(None, (f"# {word.name}", word.says, also)))
    width = min(click.formatting.HelpFormatter().width, 100)
    return "\n\n".join(filter(None, (click.style(word.name, bold=True), folded(word.says, width),
                                     also and folded(also, width, "  ", "        "))))
