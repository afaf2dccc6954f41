"""The glossary: every word found by each of its names, in words a newcomer can read."""

from __future__ import annotations

import re

import pytest

from edi_check.cli.glossary import Word, find_word, glossary, page_of_word
from edi_check.judging.packs import load_builtin_packs

NAMES = [(name, word) for word in glossary() for name in (word.name, *word.also)]
IDS = {data.edit.id for pack in load_builtin_packs() for data in pack.edits}


@pytest.mark.parametrize(("name", "word"), NAMES, ids=[n for n, _ in NAMES])
def test_a_word_is_found_by_each_of_its_names(name: str, word: Word) -> None:
    for written in (name, name.upper(), name.lower(), name.replace(" ", "-")):
        assert find_word(written) == word, f"{written!r} is a name of another word, too"
    assert name.upper() not in IDS


@pytest.mark.parametrize("word", glossary(), ids=lambda w: w.name)
def test_a_word_is_said_in_a_sentence(word: Word) -> None:
    assert word.says.endswith(".") and len(word.says) > 40
    for form in ("text", "json", "markdown"):
        assert word.name in page_of_word(word, form)
    for other in re.findall(r"[Ss]ee also (\w+)", word.says):
        assert find_word(other), f"{word.name} speaks of {other}, which isn't there"


def test_what_is_no_word() -> None:
    assert find_word("no such word") is None and find_word("") is None
