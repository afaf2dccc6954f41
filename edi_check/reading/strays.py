"""What to say of bytes that are no segment: a file that isn't X12, an ISA that can't be read, a segment without end,
segments with other delimiters than their ISA's."""

from __future__ import annotations

import re

from ..model import Delimiters
from ..phrases import counted
from ..privacy import legible, private
from .segments import Stray

__all__ = ["looks_like", "misread", "told"]


def told(stray: Stray, is_later: bool, limit: int, skipped: int = 0) -> tuple[str, str, str]:
    """(edit, sentence, remedy). ``is_later``: an interchange came before; ``limit`` of a segment, in bytes;
    ``skipped``: bytes of filler before it."""
    if stray.kind == "bad-header":
        return (
            "CORE-FILE-01",
            "The ISA can't be read: it must hold 16 elements of fixed width, 106 characters in all.",
            "Send an ISA of 106 characters, every element padded to its width.",
        )
    if stray.kind == "too-long":
        says = f"A segment is longer than {limit} bytes; reading stops there."
        return "CORE-FILE-03", says, "Look for a missing segment terminator."
    what = looks_like(stray.text)
    if is_later:
        says = f"What follows the last interchange is not X12: it begins {what}."
    else:
        says = f"The file is not X12: it begins {what}, not with ISA." if stray.text else _empty(skipped)
        if _BARE.match(stray.text):
            says = f"The file is no interchange: it begins {what}."
    return "CORE-FILE-01", says, _REMEDIES.get(what, "Send a file that begins with ISA and ends with IEA.")


def _empty(skipped: int) -> str:
    if not skipped:
        return "The file is empty."
    count = counted(skipped, "byte")
    return f"The file holds nothing but filler, {count} of it: blanks, line ends or zero bytes."


_REMEDIES = {
    "like a zip archive or a spreadsheet": "Unpack a zip archive, and send the 837 file in it; a spreadsheet is none.",
    "like UTF-16 text": "Save it as plain text (ASCII or UTF-8), beginning with ISA and ending with IEA.",
}
_BARE = re.compile(r"(GS|ST)[^A-Za-z0-9\s]")
"""X12 without its envelope."""
_KNOWN_STARTS = (
    ("%PDF", "like a PDF"),
    ("PK\x03\x04", "like a zip archive or a spreadsheet"),
    ("<", "like XML or HTML"),
    ("{", "like JSON"),
    ("[", "like JSON"),
    ("\xff\xfe", "like UTF-16 text"),
    ("\xfe\xff", "like UTF-16 text"),
    ("I\x00S\x00A", "like UTF-16 text"),
    ("\x00I\x00S\x00A", "like UTF-16 text"),
    ("UNA", "like EDIFACT"),
    ("UNB", "like EDIFACT"),
)


def looks_like(text: str) -> str:
    """What a text that is no interchange begins with, for a message. Its first characters may be a person's name, so
    they are marked as private."""
    for start, words in _KNOWN_STARTS:
        if text.startswith(start):
            return words
    bare = _BARE.match(text)
    if bare:
        return f"with {bare[1]}, without the ISA{' and GS' if bare[1] == 'ST' else ''} before it"
    return f"with “{private(text[:20])}”"


_GROUP = re.compile("GS([^A-Za-z0-9 \r\n])")
_AND_MORE = re.compile("GS.*[0-9]{6}X[0-9]{3}(?:A[0-9])?([^A-Za-z0-9 ])")
"""A whole GS, and a character behind its version."""


def misread(text: str, d: Delimiters) -> tuple[str, str, str] | None:
    """(edit, sentence, remedy) for a group that the delimiters of its ISA don't cut into segments and elements, because
    it has others; ``None`` where that isn't plain. ``text`` begins where the GS should."""
    begun = _GROUP.match(text)
    if begun is None:
        return None
    mark = begun[1]
    if mark not in (d.element, d.terminator):
        return "TA1-026", (
            f"ISA has “{legible(d.element)}” between its elements; GS and what follows have “{legible(mark)}”."
        ), "Write all of the interchange, ISA included, with one separator between the elements."
    is_line_break = d.terminator in "\r\n"
    if text.count(mark) > 8:
        found = re.search(f"([^A-Za-z0-9 ])[\r\n]*ST{re.escape(mark)}", text)
    else:
        found = _AND_MORE.fullmatch(text) if is_line_break else None
    if found is None or found[1] in (mark, d.terminator, d.component):
        return None
    others = _shown(found[1]) + (" and a line break" if is_line_break else "")
    return "TA1-004", f"ISA ends in {_shown(d.terminator)}; GS and what follows end in {others}.", (
        "End all segments of the interchange, ISA included, with one character.")


def _shown(terminator: str) -> str:
    return {"\n": "a line break (LF)", "\r": "a line break (CR)"}.get(terminator, f"“{legible(terminator)}”")
