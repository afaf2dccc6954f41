"""TOML to a ``Pack``, and every mistake in it found here, at load: file, id, what is wrong, and the allowed choices."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from ..findings import PackError
from ..toml_text import read_toml
from . import registry
from .conditions import Codes, is_code_entry
from .lint_edit import EditReader
from .packs import ALWAYS, LINES_OF_BUSINESS, Pack, PayerGroup, Setting, retired_ids
from .values import SETTING_KINDS, kind_of_setting, listed, setting_value, suggest
from .words import Words, is_word_entry

__all__ = ["read_pack", "read_payers"]

HEAD = ("pack", "title", "version", "source", "closing", "topics", "prefixes", "policy", "applies", "names", "settings",
        "lists", "words", "edit")
APPLIES = ("payer_ids", "lob", "by_payer_only")
SETTING = ("default", "says", "kind", "choices")


def read_pack(path: str, is_builtin: bool) -> Pack:
    """The pack in this file. Raises ``PackError`` with one line for each mistake."""
    data = _toml(path)
    reader = PackReader(path, data, is_builtin)
    pack = reader.pack()
    if reader.mistakes:
        raise PackError("\n".join(reader.mistakes))
    return pack


def read_payers(path: str) -> tuple[PayerGroup, ...]:
    """The payer groups of ``payers.toml``."""
    return tuple(PayerGroup(p["name"], p["group"], p["lob"], tuple(p["ids"])) for p in _toml(path)["payer"])


def _toml(path: str) -> dict[str, Any]:
    try:
        return read_toml(path)
    except OSError as error:
        raise PackError(f"{path}: {error.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError:
        raise PackError(f"{path}: the file is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"{path}: not TOML: {error}") from None
    except RecursionError:
        raise PackError(f"{path}: TOML nested without end") from None


class PackReader:
    """One pack being read; ``mistakes`` grows instead of stopping at the first."""

    def __init__(self, path: str, data: dict[str, Any], is_builtin: bool) -> None:
        self.path, self.data, self.is_builtin = path, data, is_builtin
        self.mistakes: list[str] = []
        self.place = ""
        self.lists: dict[str, Codes] = {}
        self.words: dict[str, Words] = {}
        self.settings: dict[str, Setting] = {}
        self.checks: dict[str, registry.Check] = {}

    def wrong(self, what: str) -> None:
        where = f"{self.path}: {self.place}: " if self.place else f"{self.path}: "
        self.mistakes.append(where + what)

    def known(self, table: Mapping[str, Any], choices: tuple[str, ...], what: str) -> None:
        for key in table:
            if key not in choices:
                self.wrong(f"unknown {what} {key}{suggest(key, choices)}{listed(choices)}")

    def table(self, table: Mapping[str, Any], key: str) -> dict[str, Any]:
        value = table.get(key, {})
        if not isinstance(value, dict):
            self.wrong(f"{key} must be a table")
            return {}
        return value

    def text(self, table: Mapping[str, Any], key: str, default: str = "") -> str:
        value = table.get(key, default)
        if not isinstance(value, str):
            self.wrong(f"{key} must be text, not {value!r}")
            return default
        return value.strip()

    def texts(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key, ())
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
            self.wrong(f"{key} must be a list of texts")
            return ()
        return tuple(value)

    def one_of(self, value: Any, choices: tuple[str, ...], what: str) -> bool:
        if value not in choices:
            self.wrong(f"{what} {value!r} is not one of the choices{suggest(value, choices)}{listed(choices)}")
            return False
        return True

    def pack(self) -> Pack:
        head = self.data
        self.known(head, HEAD, "key")
        for key in ("pack", "title", "version", "source"):
            if not self.text(head, key):
                self.wrong(f"{key} is missing")
        name, title, version, source = (self.text(head, key) for key in ("pack", "title", "version", "source"))
        pack = Pack(name, title, version, source, self.path)
        pack.closing, pack.is_builtin = self.text(head, "closing"), self.is_builtin
        if pack.id in ALWAYS and not self.is_builtin:
            self.wrong(f"the pack id {pack.id} is taken by a built-in pack")
        pack.is_policy = bool(head.get("policy", pack.id not in ALWAYS))
        self.read_applies(pack)
        self.read_lists()
        self.read_settings()
        pack.settings = self.settings
        pack.names = {code: self.text(self.table(head, "names"), code) for code in self.table(head, "names")}
        self.read_topics()
        prefixes = self.texts(head, "prefixes") or (pack.id,)
        seen: set[str] = set()
        retired = retired_ids()
        edits = head.get("edit", [])
        if not isinstance(edits, list) or not all(isinstance(t, dict) for t in edits):
            self.wrong("edits are written as [[edit]]")
            edits = []
        for number, table in enumerate(edits, 1):
            self.place = str(table.get("id", f"edit {number}"))
            entry = EditReader(self, table, pack, prefixes).read()
            if entry is None:
                continue
            if entry.edit.id in seen:
                self.wrong("the id is given twice")
            if entry.edit.id in retired:
                self.wrong("the id is retired; ids are never used again")
            seen.add(entry.edit.id)
            pack.edits.append(entry)
        self.place = ""
        if not pack.edits and not self.mistakes:
            self.wrong("the pack has no [[edit]]")
        return pack

    def read_applies(self, pack: Pack) -> None:
        applies = self.table(self.data, "applies")
        self.place = "[applies]"
        self.known(applies, APPLIES, "key")
        pack.payer_ids = frozenset(i.upper() for i in self.texts(applies, "payer_ids"))
        pack.lobs = self.lobs(applies)
        pack.by_payer_only = bool(applies.get("by_payer_only", False))
        self.place = ""

    def lobs(self, table: Mapping[str, Any]) -> frozenset[str]:
        given = self.texts(table, "lob")
        return frozenset(lob for lob in given if self.one_of(lob, LINES_OF_BUSINESS[:-1], "lob"))

    def read_lists(self) -> None:
        for name, entries in self.table(self.data, "lists").items():
            self.place = f"[lists] {name}"
            self.lists[name] = Codes(self.code_entries({name: entries}, name))
        for name, entries in self.table(self.data, "words").items():
            self.place = f"[words] {name}"
            texts = self.texts({name: entries}, name)
            for text in texts:
                if not is_word_entry(text):
                    self.wrong(f"{text!r} is not lower-case words, with * at the end at most")
            self.words[name] = Words(t for t in texts if is_word_entry(t))
        self.place = ""

    def code_entries(self, table: Mapping[str, Any], key: str) -> list[str]:
        entries = self.texts(table, key)
        for entry in entries:
            if not is_code_entry(entry):
                self.wrong(f"{entry!r} is not a code, a prefix (N97*) or a range (M00-M99) in upper case")
        return [e for e in entries if is_code_entry(e)]

    def read_settings(self) -> None:
        for name in self.table(self.data, "settings"):
            self.place = f"[settings.{name}]"
            table = self.table(self.data["settings"], name)
            self.known(table, SETTING, "key")
            if not self.text(table, "says"):
                self.wrong("says is missing: a sentence on what the setting does")
            kind = kind_of_setting(table)
            if not kind:
                self.wrong(f"kind is needed: the default doesn't tell it{listed(SETTING_KINDS)}")
                continue
            default, mistake = self.setting_default(kind, table)
            if mistake:
                self.wrong(mistake)
                continue
            self.settings[name] = Setting(name, kind, default, self.text(table, "says"), self.texts(table, "choices"),
                                          str(table.get("default", "not set")))
        self.place = ""

    def setting_default(self, kind: str, table: Mapping[str, Any]) -> tuple[Any, str]:
        if "default" not in table:
            return None, ""
        value = table["default"]
        for prefix, named in (("list:", self.lists), ("words:", self.words)):
            if isinstance(value, str) and value.startswith(prefix):
                name = value[len(prefix):]
                if name not in named:
                    return None, f"there is no {prefix[:-1]} {name}{suggest(name, named)}{listed(named)}"
                return named[name], ""
        return setting_value(kind, value, self.texts(table, "choices"))

    def read_topics(self) -> None:
        for topic in self.texts(self.data, "topics"):
            try:
                self.checks.update(registry.checks_of(topic))
            except KeyError:
                choices = registry.topics()
                self.wrong(f"there is no topic {topic}{suggest(topic, choices)}{listed(choices)}")
