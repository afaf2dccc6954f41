"""Free text of a copy: which words must stay because an edit looks for them, so that the same ones are found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..judging.packs import Pack, Setting
from ..judging.words import NEGATIONS, NOT_OF_TREATMENT, OF_THE_VISIT, OTHER_MINUTES, Words

__all__ = ["Vocabulary"]

_MINUTES = re.compile(r"\d{1,4}\s*(?:-\s*)?min\w*", re.I)
"""A little wider than what the edits on minutes read."""
_NEGATION = re.compile(rf"(?<![\w'])(?:{'|'.join(sorted(NEGATIONS))})(?![\w'])", re.I)
_OTHER_MINUTES = re.compile(rf"(?<![\w'])(?:{'|'.join(sorted(OTHER_MINUTES))})(?![\w'])", re.I)
"""Only beside minutes: elsewhere such a word turns nothing away, and may be a name."""
_OF_MINUTES = {"min", "mins", "minute", "minutes", "total", "timed", "session", "visit", "eval", "evaluation", "reeval",
               "reevaluation", "stim", "estim", "ice", "heat", "hot", "cold", "pack", "packs"}


class Vocabulary:
    """The words that the edits of some packs look for. ``settings`` are those in force, pack id to name to value."""

    def __init__(self, packs: Sequence[Pack] = (), settings: dict[str, dict[str, Any]] | None = None) -> None:
        lists = list(_word_lists(packs, settings or {}))
        self._patterns = [pattern for words in lists if (pattern := words.pattern) is not None]
        self._patterns += [_MINUTES, _NEGATION]
        self.words = frozenset(word for words in lists for entry in words for word in re.split("[^a-z]+", entry)
                               ) | NEGATIONS | OTHER_MINUTES | _OF_MINUTES
        """Single words that must not come into a text where they didn't stand, in lower case."""

    def places(self, text: str) -> list[tuple[int, int, int]]:
        """(list, start, stop) of every word and phrase that an edit may find or be turned away by."""
        found = [(n, *match.span()) for n, pattern in enumerate(self._patterns) for match in pattern.finditer(text)]
        for around in NOT_OF_TREATMENT.finditer(text):
            found += [(len(self._patterns), *word.span()) for word in _OTHER_MINUTES.finditer(text, *around.span())]
        if _MINUTES.search(text):  # without minutes such a word says nothing, and may be a name
            found += [(len(self._patterns) + 1, *word.span()) for word in OF_THE_VISIT.finditer(text)]
        return found


def _word_lists(packs: Sequence[Pack], settings: dict[str, dict[str, Any]]) -> Iterator[Words]:
    for pack in packs:
        yield from _words(settings.get(pack.id, {}).values())
        for data in pack.edits:
            for one in (data, *data.also):
                yield from _words(one.parameters.values())


def _words(values: Iterable[Any]) -> Iterator[Words]:
    for value in values:
        if isinstance(value, Setting):
            value = value.default
        if isinstance(value, Words):
            yield value
