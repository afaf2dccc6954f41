"""Words and phrases looked for in free text: word-bounded, in any case, not where the writer denies them.

``gua sha`` also finds ``gua-sha`` and ``guasha``; ``rolf*`` finds every word that begins so. A hit is dropped when one
of NEGATIONS stands within the four words before it in the same sentence (``no cupping performed``). Whatever is found
here is never above ``review`` (EDITS, common ground): a note may say what was not done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

__all__ = ["NEGATIONS", "NOT_OF_TREATMENT", "OF_THE_VISIT", "OTHER_MINUTES", "Words", "is_word_entry"]

NEGATIONS = frozenset({"no", "not", "denies", "denied", "without", "declined", "declines", "never", "nor"})

_BEHIND = ("sitting", "standing", "walking", "walk", "driving", "drive", "commute", "running", "run", "sleep",
           "sleeping", "lying", "late", "rest", "stiffness")
_BEFORE = ("after", "since", "every", "within", "past", "last", "lasts", "sit", "sits", "stand", "stands", "walk",
           "walks", "drive", "drives", "run", "runs", "sleep", "sleeps", "lie", "lies", "tolerate", "tolerates",
           "tolerance", "hep", "stiffness", "sitting", "standing", "walking", "driving", "running", "sleeping",
           "lying")
OTHER_MINUTES = frozenset({"in", *_BEFORE, *_BEHIND, "of", "when", "while", "with"})
"""The words of NOT_OF_TREATMENT; a copy without people keeps them."""
NOT_OF_TREATMENT = re.compile(
    rf"\b(?:in|(?:{'|'.join(_BEFORE)})(?:\s[^\s.;!?]+){{0,2}})\s\d{{1,3}}\s*(?:-\s*)?min"
    rf"|min(?:ute)?s?\s(?:(?:of|when|while|with)\s)?(?:{'|'.join(_BEHIND)})\b", re.I)
"""Minutes of what the patient can do, does or has: ``pain after 60 minutes of sitting``, ``walks 20 min``, ``6 minute
walk test``, ``10 min late``."""
OF_THE_VISIT = re.compile(
    r"\b(?:total(\s+timed)?|session|visit|(?:re-?)?eval(?:uation)?|e-?stim|ice|heat|hot packs?|cold packs?)\b", re.I)
"""Whose minutes are those of all services of the day together, the untimed ones included, or of an untimed one; not of
``total timed``."""

_ENTRY = re.compile(r"[a-z][a-z' -]*\*?\Z")
_TOKEN = re.compile(r"[\w']+")
_SENTENCE_END = re.compile(r"[.;!?]")


def is_word_entry(text: str) -> bool:
    """May ``text`` stand in a word list: lower case words, spaces or hyphens between, ``*`` at the end at most?"""
    return bool(_ENTRY.match(text))


class Words:
    """A list of phrases. ``find(text)`` gives the first that stands there and isn't denied, else ``""``.

    >>> w = Words(["gua sha", "rolf*"])
    >>> w.find("treated with Gua-Sha"), w.find("no gua sha, no rolfing"), w.find("ROLFING x2")
    ('gua sha', '', 'rolf*')
    """

    __slots__ = ("_pattern", "entries")

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self.entries = tuple(entries)
        self._pattern: re.Pattern[str] | None = None

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return f"Words({list(self.entries)!r})"

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What finds an entry, denied or not; ``None`` for an empty list. Compiled for the first text that is looked
        through: few files have any."""
        if self._pattern is None and self.entries:
            one = "|".join(f"({_expression(entry)})" for entry in self.entries)
            self._pattern = re.compile(rf"(?<!\w)(?:{one})(?!\w)", re.I)
        return self._pattern

    def find(self, text: str, besides: Words | None = None) -> str:
        """The entry that is met first, as the list writes it; not as a part of what stands in ``besides``.

        >>> Words(["wellness"]).find("seen at a wellness center", Words(["wellness center"]))
        ''
        """
        pattern = self.pattern if text else None
        other = besides.pattern if besides is not None and pattern is not None else None
        spans = [m.span() for m in other.finditer(text)] if other is not None else []
        for match in pattern.finditer(text) if pattern else ():
            if any(first <= match.start() and match.end() <= last for first, last in spans):
                continue
            sentence = _SENTENCE_END.split(text[max(0, match.start() - 80):match.start()])[-1]
            before = _TOKEN.findall(sentence.lower())[-4:]
            if not NEGATIONS.intersection(before):
                return self.entries[(match.lastindex or 1) - 1]
        return ""


def _expression(entry: str) -> str:
    words = re.split(r"[ -]+", entry.rstrip("*"))
    return r"[\s_-]*".join(re.escape(w) for w in words) + (r"\w*" if entry.endswith("*") else "")
