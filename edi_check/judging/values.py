"""Values that edits and settings carry: what may be written, and what a check gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from .conditions import Codes, is_code_entry
from .words import Words, is_word_entry

__all__ = ["SETTING_KINDS", "convert", "kind_of_setting", "listed", "setting_value", "suggest"]

SETTING_KINDS = ("number", "text", "texts", "yes_no", "codes", "words", "choice")


LARGEST = 18
"""Digits before the point, or zeros behind it: 1e99999999 as a whole number fills any memory."""


def suggest(word: object, choices: Iterable[str]) -> str:
    """``"; did you mean …?"`` when a choice is close to ``word``, else ``""``."""
    from difflib import get_close_matches

    close = get_close_matches(str(word), list(choices), 1, 0.6)
    return f"; did you mean {close[0]}?" if close else ""


def listed(choices: Iterable[str]) -> str:
    """``" (choices: …)"``."""
    return f" (choices: {', '.join(choices)})"


def kind_of_setting(table: Mapping[str, Any]) -> str:
    """The kind of a setting: as said, or as its default tells; ``""`` when neither does."""
    if "kind" in table:
        return table["kind"] if table["kind"] in SETTING_KINDS else ""
    default = table.get("default")
    if "choices" in table:
        return "choice"
    if isinstance(default, bool):
        return "yes_no"
    if isinstance(default, (int, float)):
        return "number"
    if isinstance(default, str):
        return {"list": "codes", "words": "words"}.get(default.partition(":")[0] if ":" in default else "", "text")
    return "codes" if isinstance(default, list) else ""


def setting_value(kind: str, given: Any, choices: tuple[str, ...] = ()) -> tuple[Any, str]:
    """(value, mistake) of a setting of this kind."""
    if kind == "number":
        return convert("Decimal", given)
    if kind == "yes_no":
        return convert("bool", given)
    if kind == "codes":
        return convert("Codes", given)
    if kind == "texts":
        return convert("frozenset[str]", given)
    if kind == "words":
        return convert("Words", given)
    if kind == "choice" and not choices:
        return None, "a choice needs choices: a list of texts, the default among them"
    if kind == "choice" and given not in choices:
        return None, f"{given!r} is not one of the choices{suggest(given, choices)}{listed(choices)}"
    return convert("str", given)


def convert(annotation: str, given: Any) -> tuple[Any, str]:
    """(value, mistake): what a parameter with this annotation gets for what is written in a pack."""
    wanted = annotation.replace(" | None", "").replace("None | ", "").strip()
    if given is None:
        return (None, "") if "None" in annotation else (None, "it has no value")
    if wanted == "Decimal":
        return _number(given)
    if wanted == "int":
        number, mistake = _number(given)
        whole = not mistake and number == int(number)
        return (int(number), "") if whole else (None, f"{given!r} is not a whole number")
    if wanted == "bool":
        return (given, "") if isinstance(given, bool) else (None, f"{given!r} is not true or false")
    if wanted == "str":
        return (given, "") if isinstance(given, str) else (None, f"{given!r} is not text")
    if wanted == "Codes":
        return _entries(Codes, is_code_entry, given, "a code, a prefix (N97*) or a range (M00-M99) in upper case")
    if wanted == "Words":
        return _entries(Words, is_word_entry, given, "lower-case words, with * at the end at most")
    if wanted in ("frozenset[str]", "tuple[str, ...]"):
        texts = list(given) if isinstance(given, (list, tuple, frozenset, Codes, Words)) else None
        if texts is None or not all(isinstance(t, str) for t in texts):
            written = f': write ["{given}"]' if isinstance(given, str) else ""
            return None, f"{given!r} is not a list of texts{written}"
        return (frozenset(texts) if wanted[0] == "f" else tuple(texts)), ""
    return None, f"a parameter of type {annotation or 'unknown'} can't be given in a pack"


def _number(given: Any) -> tuple[Any, str]:
    if not isinstance(given, bool) and isinstance(given, (int, float, str, Decimal)):
        try:
            number = Decimal(str(given))
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite() and abs(number.adjusted()) > LARGEST:
            return None, f"{given!r} is a number beyond any claim's"
        if number.is_finite():
            return number, ""
    return None, f"{given!r} is not a number"


def _entries(kind: Any, is_entry: Any, given: Any, wanted: str) -> tuple[Any, str]:
    if isinstance(given, kind):
        return given, ""
    texts = given if isinstance(given, list) else None
    if texts is None:
        return None, f"{given!r} is not a list"
    for text in texts:
        if not isinstance(text, str) or not is_entry(text):
            return None, f"{text!r} is not {wanted}"
    return kind(texts), ""
