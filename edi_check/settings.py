"""Every setting there is: its kind, its default, a sentence, its choices. Data and the conversion of one value.

Not here: where values come from and which one wins (``configuration``). The keys of ``[pack.…]`` and the ids of
``[levels]`` belong to the packs, which are held to them when they are loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, NamedTuple

from .findings import LEVELS

__all__ = ["CHECK", "FREE", "LISTS", "LOBS", "MODEL", "SOURCE", "Key", "convert", "nearest"]

LOBS = ("commercial", "medicare", "medicaid", "other")


class Key(NamedTuple):
    """A setting: its kind (see ``KINDS``), default, a sentence, and the choices when only some words are allowed."""

    kind: str
    default: Any
    says: str
    choices: tuple[str, ...] = ()


CHECK = {
    "format": Key("text", "text", "what goes to standard output or to `output`"),
    "output": Key("path", "", "file for the report instead of standard output"),
    "report": Key("reports", [], "further reports of the same run, each FORMAT=FILE"),
    "ack_dir": Key("path", "", "folder for TA1, 999 and 277CA"),
    "split_dir": Key("path", "", "folder for the accepted and the rejected claims as two files"),
    "split_review": Key("flag", False, "claims to review in a third file instead of with the accepted"),
    "pack": Key("packs", [], "packs by name or file; none given: all built-in ones"),
    "no_packs": Key("flag", False, "only what belongs to the guide, and CORE"),
    "lob": Key("choice", "auto", "line of business", ("auto", "commercial", "medicare", "medicaid")),
    "snip": Key("snip", (1, 7), "SNIP types to check, N or N-M"),
    "strict": Key("flag", False, "any syntax fault rejects its whole transaction set"),
    "fail_on": Key("choice", "reject", "lowest level that makes the exit code 1",
                   ("reject", "review", "warn", "note", "never")),
    "as_of": Key("day", "", "day of receipt; default today"),
    "control_number": Key("control", 0, "first control number of the acknowledgments"),
    "jobs": Key("count", 1, "processes; 0: all cores"),
    "max_findings": Key("count", 1000, "findings listed per file and edit; the rest are counted"),
    "show_values": Key("flag", False, "show values that identify a person"),
    "progress": Key("flag", True, "progress bar, on a terminal only"),
}

LIMITS = {
    "segment_bytes": Key("count", 65_536, "longest segment"),
    "segment_elements": Key("count", 1_000, "elements of a segment"),
    "file_sets": Key("count", 100_000, "transaction sets of a file"),
    "gzip_bytes": Key("count", 4 * 1024**3, "unpacked size of a .gz"),
    "gzip_ratio": Key("count", 200, "unpacked to packed size of a .gz"),
}

TABLES = {
    "store": Key("path", "", "file that keeps the loaded tables; default: in the user's data folder"),
    "ptp": Key("paths", [], "NCCI pairs (PTP) of Medicare, as CMS publishes them"),
    "mue": Key("paths", [], "NCCI units (MUE) of Medicare, as CMS publishes them"),
    "medicaid_ptp": Key("paths", [], "NCCI pairs (PTP) of Medicaid"),
    "medicaid_mue": Key("paths", [], "NCCI units (MUE) of Medicaid"),
    "procedures": Key("paths", [], "procedure codes with their days of validity"),
    "icd10cm": Key("paths", [], "billable ICD-10-CM codes by year"),
}

ACK = {
    "source_entity": Key("choice", "PR", "who answers in a 277CA: payer or clearinghouse (2100A NM101)", ("PR", "AY")),
    "source_name": Key("text", "", "their name; empty: whom the 837 was addressed to"),
    "source_qualifier": Key("choice", "PI", "kind of their id (2100A NM108)", ("PI", "XV", "FI", "46")),
    "source_id": Key("text", "", "their id"),
    "accepted_status": Key("claim_status", "A2:20:PR", "status of an accepted claim"),
    "received_status": Key("batch_status", "A1:19:PR", "status of the batch and of the provider"),
    "line_status_date": Key("flag", False, "fill STC02 of lines, which the guide leaves empty"),
    "answer_each_claim": Key("flag", False, "a 277CA tells every refused claim, also of a provider or batch refused "
                                            "as such"),
    "time": Key("clock", "", "HHMM of the acknowledgments; default: 1200, so that a replay gives the same bytes; "
                             "of a watched folder, when the file was taken"),
}

WATCH = {
    "root": Key("path", "", "folder that holds inbound, work, outbound and the others"),
    "work": Key("path", "", "folder of the ledger and of files in work, on the disk of the root; default: work in it"),
    "poll_seconds": Key("number", 2.0, "pause between two looks"),
    "settle_seconds": Key("number", 10.0, "how long a file must have been still"),
    "incomplete_grace_seconds": Key("number", 900.0, "how long a file may lack its IEA"),
    "isa_window_days": Key("count", 400, "how long an interchange number, or a content, counts as used"),
    "duplicate_content": Key("choice", "flag", "a file that was here before", ("flag", "reject", "accept")),
    "duplicate_control_number": Key(
        "choice", "reject", "an interchange number of this sender that was here before", ("flag", "reject", "accept")),
    "ignore": Key("texts", [], "patterns of names that are left alone; default: the usual temporary names"),
    "done_marker": Key("text", "", "suffix, such as .done, of a second file that says the first is finished"),
    "workers": Key("count", 1, "files judged at the same time"),
    "min_free_megabytes": Key("count", 64, "with less disk free than this, nothing is taken"),
    "listen": Key("text", "", "127.0.0.1:PORT for /livez, /readyz and /metrics"),
    "metrics_textfile": Key("path", "", "file for the figures, for a node exporter to pick up"),
}

SOURCE = {
    "name": Key("text", "", "what the logs call it"),
    "host": Key("text", "", "SFTP server; without one, the folders are on this machine"),
    "port": Key("count", 22, "its port"),
    "user": Key("text", "", "login"),
    "key_file": Key("path", "", "private key"),
    "known_hosts": Key("path", "", "host keys that are trusted"),
    "inbound": Key("text", "", "folder there in which claim files appear"),
    "outbound": Key("text", "", "folder there that takes the acknowledgments"),
    "claim": Key("choice", "rename", "how a file there is taken", ("rename", "ledger")),
    "ignore": Key("texts", [], "as in [watch], for this source"),
    "done_marker": Key("text", "", "as in [watch], for this source"),
    "legacy_algorithms": Key("flag", False, "allow SHA-1 signatures and the like with this server"),
}

MODEL: dict[str, dict[str, Key]] = {
    "check": CHECK, "limits": LIMITS, "tables": TABLES, "ack": ACK, "watch": WATCH, "source": SOURCE,
}
"""Sections with fixed keys. ``levels``, ``payers`` and ``pack`` have free keys."""

FREE: dict[str, Key] = {
    "levels": Key("choice", "", "edit id to level", LEVELS),
    "payers": Key("choice", "", "payer id to line of business", LOBS),
}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text in quotes is expected")
    if "\0" in value:
        raise ValueError("a text without NUL is expected")
    return value


def _texts(value: Any) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(v, str) for v in texts):
        raise ValueError('a list of texts is expected, such as ["a", "b"]')
    return [_text(one) for one in texts]


def _flag(value: Any) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    if not isinstance(value, bool):
        raise ValueError("true or false is expected")
    return value


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, bool) or not 0 <= number < float("inf"):
        raise ValueError("a number, 0 or more, is expected")
    return number


def _count(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a whole number, 0 or more, is expected")
    return value


def _control(value: Any) -> int:
    number = _count(value)
    if number > 999_999_999:
        raise ValueError("a control number has nine digits at most (ISA13): 1 to 999999999")
    return number


def _day(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()[:10]
    try:
        return date.fromisoformat(value).isoformat() if value else ""
    except (TypeError, ValueError):
        raise ValueError("a day is expected, as 2026-11-21") from None


def _snip(value: Any) -> tuple[int, int]:
    if isinstance(value, tuple | list) and len(value) == 2:
        value = f"{value[0]}-{value[1]}"
    first, _, last = str(value).partition("-")
    last = last or first
    if not (len(first) == len(last) == 1 and "1" <= first <= last <= "7"):
        raise ValueError("SNIP types are 1 to 7: N or N-M, such as 4 or 1-5")
    return int(first), int(last)


def _clock(value: Any) -> str:
    if value != "" and not re.fullmatch("([01][0-9]|2[0-3])[0-5][0-9]", _text(value)):
        raise ValueError("a time is expected, as 0930 or 1200")
    return str(value)


def _status(of: str) -> Callable[[Any], str]:
    """Takes a status that accepts, of a ``claim`` or a ``batch``: category, code and, for whom there is one, entity."""
    def converted(value: Any) -> str:
        from .telling import statuses  # not above: settings are read by every command, and few set a status

        if not re.fullmatch("A[12]:[0-9A-Za-z]{1,30}(:[0-9A-Z]{2,3})?", _text(value)):
            raise ValueError("a status that accepts is expected, as A2:20:PR: category A1 or A2, code, entity")
        entity = statuses.receiver_status(value).entity
        entities = statuses.CLAIM_ENTITIES if of == "claim" else statuses.BATCH_ENTITIES
        if entity and statuses.STAND_INS.get(entity, entity) not in entities:
            raise ValueError(f"{entity!r} is no entity of a {of}'s status; choices: {', '.join(sorted(entities))}")
        return str(value)
    return converted


KINDS: dict[str, Callable[[Any], Any]] = {
    "text": _text, "choice": _text, "path": _text, "texts": _texts, "paths": _texts, "packs": _texts,
    "reports": _texts, "flag": _flag, "number": _number,
    "count": _count, "control": _control, "day": _day, "snip": _snip,
    "clock": _clock, "claim_status": _status("claim"), "batch_status": _status("batch"),
}


LISTS = ("texts", "paths", "packs", "reports")


def nearest(word: str, choices: Iterable[str]) -> str:
    """``; did you mean X?`` or the choices when nothing is near."""
    import difflib

    words = [str(c) for c in choices]
    near = difflib.get_close_matches(word.replace("-", "_"), words, 1) or difflib.get_close_matches(word, words, 1)
    return f"; did you mean {near[0]}?" if near else f"; choices: {', '.join(words)}" if words else ""


def convert(key: Key, value: Any) -> Any:
    """The value in the setting's own type. Raises ValueError with what is expected instead."""
    value = KINDS[key.kind](value)
    if key.choices and value not in key.choices:
        raise ValueError(f"{value!r} is none of the choices{nearest(value, key.choices)}")
    return value
