"""One ``[[edit]]`` of a pack: its TOML table to ``EditData``, with every mistake in it (called by ``lint``)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..findings import LEVELS, Edit, Source, Status
from . import registry
from .conditions import FIELDS, QUALIFIED, WORDS, Codes, Condition, field_named
from .packs import LINES_OF_BUSINESS, PLACEHOLDERS, EditData, Pack, Setting, placeholders_in, render_text
from .patterns import pattern_of
from .values import convert, listed, suggest

if TYPE_CHECKING:
    from .lint import PackReader

__all__ = ["EditReader"]

EDIT = ("id", "name", "level", "snip", "says", "also_says", "fix", "also_fix", "why", "wrong", "right", "source",
        "section", "status", "where", "require", "check", "with", "lob", "levels", "from", "until", "on_void",
        "found_by", "also")
ALSO = ("check", "with", "where", "says", "level")
NEEDED = ("id", "name", "level", "snip", "says", "fix", "why", "section", "status")
STATUS = ("category", "codes", "entity")
FOUND_BY = ("reading", "watching")
_ID = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+\Z")
_NAME = re.compile(r"[a-z0-9]+(-[A-Za-z0-9]+)*\Z")
_CATEGORY = re.compile(r"A[0-8]\Z")
_STATUS_CODE = re.compile(r"\d{1,3}\Z")


class EditReader:
    """One ``[[edit]]`` being read."""

    def __init__(self, reader: PackReader, table: Mapping[str, Any], pack: Pack, prefixes: tuple[str, ...]) -> None:
        self.reader, self.table, self.pack, self.prefixes = reader, table, pack, prefixes
        self.wrong = reader.wrong

    def read(self) -> EditData | None:
        reader, table = self.reader, self.table
        reader.known(table, EDIT, "key")
        missing = [key for key in NEEDED if key not in table]
        if missing:
            self.wrong(f"missing: {', '.join(missing)}")
            return None
        edit = self.catalogue_entry()
        data = EditData(edit, "elsewhere")
        self.read_where(data)
        data.lobs = reader.lobs(table) or self.pack.lobs
        data.on_void = bool(table.get("on_void", False))
        data.found_by = reader.text(table, "found_by")
        data.first_day, data.last_day = self.day("from"), self.day("until")
        if data.first_day and data.last_day and data.first_day > data.last_day:
            self.wrong(f"from {data.first_day} is after until {data.last_day}")
        for lob, level in reader.table(table, "levels").items():
            is_lob = reader.one_of(lob, LINES_OF_BUSINESS, "levels: line of business")
            if reader.one_of(level, LEVELS, "level") and is_lob:
                data.levels_by_lob[lob] = level
        also_says, also_fix = reader.table(table, "also_says"), reader.table(table, "also_fix")
        data.also_says = {key: reader.text(also_says, key) for key in also_says}
        data.also_fix = {key: reader.text(also_fix, key) for key in also_fix}
        for key in data.also_fix:
            if key not in data.also_says:
                self.wrong(f"also_fix {key} has no sentence of that key in also_says{listed(data.also_says)}")
        self.read_test(data)
        self.check_scope(data)
        self.read_also(data)
        self.check_placeholders(data)
        edit.scope = _scope(self.pack, data)
        settings = {s.name: s for one in (data, *data.also) for s in one.parameters.values() if isinstance(s, Setting)}
        edit.settings = tuple((f"{self.pack.id}.{s.name}", s.shown, s.says) for s in settings.values())
        return data

    def read_where(self, data: EditData) -> None:
        where = self.conditions("where")
        data.where = tuple(c for c in where if not _is_procedure_index(c))
        data.procedures = next((c.operand for c in where if _is_procedure_index(c)), None)

    def read_also(self, data: EditData) -> None:
        """``[[edit.also]]``: further checks of the edit, each with its own lines and its own sentence."""
        whole, tables = self.table, self.table.get("also", [])
        if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
            self.wrong("also is written as [[edit.also]]")
            return
        for table in tables:
            self.reader.known(table, ALSO, "key of also")
            self.table = table
            one = replace(data, check=None, parameters={}, require=(), where=(), procedures=None, also=[])
            self.read_where(one)
            if "check" in table:
                self.read_check(one)
            else:
                self.wrong("also: check is missing")
            one.says_key, one.hit_level = self.reader.text(table, "says"), self.reader.text(table, "level")
            if one.says_key and one.says_key not in data.also_says:
                self.wrong(f"also: there is no sentence {one.says_key} in also_says{listed(data.also_says)}")
            if one.hit_level:
                self.reader.one_of(one.hit_level, LEVELS, "also: level")
            self.check_scope(one)
            data.also.append(one)
        self.table = whole

    def catalogue_entry(self) -> Edit:
        reader, table = self.reader, self.table
        edit_id, name, level, snip = table["id"], table["name"], table["level"], table["snip"]
        if not isinstance(edit_id, str) or not _ID.match(edit_id):
            self.wrong("the id must be capitals and digits joined by hyphens, such as ACME-01")
        elif not edit_id.startswith(tuple(p + "-" for p in self.prefixes)):
            self.wrong(f"the id must begin with {' or '.join(p + '-' for p in self.prefixes)}")
        if not isinstance(name, str) or not _NAME.match(name):
            self.wrong(f"name {name!r} must be lower-case words joined by hyphens")
        reader.one_of(level, LEVELS, "level")
        if not isinstance(snip, int) or isinstance(snip, bool) or not 1 <= snip <= 7:
            self.wrong(f"snip {snip!r} must be a number from 1 to 7")
            snip = 7
        for key in ("says", "fix", "why", "section"):
            if not reader.text(table, key):
                self.wrong(f"{key} is empty")
        document = reader.text(table, "source") or self.pack.source
        says, fix, section, why, wrong, right = (
            reader.text(table, key) for key in ("says", "fix", "section", "why", "wrong", "right"))
        return Edit(str(edit_id), str(name), str(level), says, fix, self.pack.id, snip, Source(document, section),
                    self.status(), why, "", wrong, right)

    def status(self) -> Status:
        reader = self.reader
        table = reader.table(self.table, "status")
        reader.known(table, STATUS, "status key")
        category, codes = reader.text(table, "category"), reader.texts(table, "codes")
        if not _CATEGORY.match(category):
            self.wrong(f"status category {category!r} must be A0 to A8")
        if not 1 <= len(codes) <= 3 or not all(_STATUS_CODE.match(c) for c in codes):
            self.wrong("status codes must be one to three numbers as text")
        return Status(category, codes, reader.text(table, "entity"))

    def day(self, key: str) -> datetime.date | None:
        value = self.table.get(key)
        if value is None:
            return None
        if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
            self.wrong(f"{key} must be a day without quotes, such as {key} = 2020-01-01, not {value!r}")
            return None
        return value

    def conditions(self, key: str) -> list[Condition]:
        table = self.reader.table(self.table, key)
        found = []
        for name, words in table.items():
            field = field_named(name)
            if field is None:
                choices = (*FIELDS, *(q + ":QUALIFIER" for q in QUALIFIED))
                self.wrong(f"{key}: there is no field {name}{suggest(name, choices)}{listed(choices)}")
                continue
            if not isinstance(words, dict):
                words = {"any": words}
            for word, operand in words.items():
                if word not in WORDS:
                    self.wrong(f"{key}: {name}: there is no condition {word}{suggest(word, WORDS)}{listed(WORDS)}")
                elif field.kind not in WORDS[word].kinds:
                    fitting = [w for w in WORDS if field.kind in WORDS[w].kinds]
                    self.wrong(f"{key}: {name} is a {field.kind}; {word} doesn't fit it{listed(fitting)}")
                else:
                    value = self.operand(f"{key}: {name}: {word}", WORDS[word].operand, field.kind, operand)
                    if value is not None:
                        found.append(Condition(field, word, value))
        return found

    def operand(self, place: str, wanted: str, kind: str, given: Any) -> Any:
        if wanted == "yes":
            if given is True:
                return True
            self.wrong(f"{place} takes true only")
        elif wanted == "codes":
            if isinstance(given, str) and given.startswith("list:"):
                return self.named("list:", self.reader.lists, given)
            return Codes(self.reader.code_entries({place: given}, place))
        elif wanted == "pattern":
            pattern, mistake = pattern_of(given)
            if not mistake:
                return pattern
            self.wrong(f"{place}: {mistake}")
        elif kind == "number":
            if isinstance(given, (int, float, str)) and not isinstance(given, bool):
                value, mistake = convert("Decimal", given)
                if not mistake:
                    return value
            self.wrong(f"{place}: {given!r} is not a number")
        elif kind == "date":
            if isinstance(given, datetime.date) and not isinstance(given, datetime.datetime):
                return given
            self.wrong(f"{place}: {given!r} is not a day without quotes")
        elif isinstance(given, str):
            return given
        else:
            self.wrong(f"{place}: {given!r} is not text")
        return None

    def named(self, prefix: str, choices: Mapping[str, Any], given: str) -> Any:
        name = given[len(prefix):]
        if name not in choices:
            self.wrong(f"there is no {prefix[:-1]} {name}{suggest(name, choices)}{listed(choices)}")
            return None
        return choices[name]

    def read_test(self, data: EditData) -> None:
        """``require``, or ``check`` with its parameters, or ``found_by``: exactly one of them."""
        table = self.table
        given = [key for key in ("require", "check", "found_by") if key in table]
        if len(given) != 1:
            self.wrong("exactly one of require, check and found_by is needed, "
                       + (f"not {' and '.join(given)}" if given else "and there is none"))
            return
        if "with" in table and given != ["check"]:
            self.wrong("with belongs to check")
        if given == ["found_by"]:
            if self.reader.is_builtin:
                self.reader.one_of(data.found_by, FOUND_BY, "found_by")
            else:
                self.wrong("found_by is for built-in packs only; use require or check")
        elif given == ["require"]:
            data.require = tuple(self.conditions("require"))
            levels = {c.field.level for c in (*data.require, *data.where)}
            data.kind = "line" if "line" in levels or data.procedures is not None else "claim"
        else:
            self.read_check(data)

    def read_check(self, data: EditData) -> None:
        name = str(self.table["check"])
        checks = self.reader.checks
        if name not in checks:
            elsewhere = [t for t in registry.topics() if name in registry.checks_of(t)]
            hint = (f"; it is in the topic {elsewhere[0]}, which this pack doesn't name in topics" if elsewhere
                    else suggest(name, checks))
            self.wrong(f"there is no check {name}{hint}{listed(sorted(checks))}")
            return
        data.check = check = checks[name]
        data.kind = check.kind
        given = self.reader.table(self.table, "with")
        wanted = {p.name: p for p in check.parameters.values() if p.name not in registry.PROVIDED}
        for key in given:
            if key not in wanted:
                self.wrong(f"check {name} has no parameter {key}{suggest(key, wanted)}{listed(wanted)}")
        for parameter in wanted.values():
            if parameter.name in given:
                value = self.parameter(parameter, given[parameter.name])
                if value is not None:
                    data.parameters[parameter.name] = value
            elif not parameter.is_optional:
                self.wrong(f"check {name} needs the parameter {parameter.name} under with")

    def parameter(self, parameter: registry.Parameter, given: Any) -> Any:
        annotation = parameter.annotation
        if isinstance(given, str) and given.startswith("setting:"):
            setting: Setting | None = self.named("setting:", self.reader.settings, given)
            if setting is not None and setting.default is not None:
                _, mistake = convert(annotation, setting.default)
                if mistake:
                    self.wrong(f"parameter {parameter.name}: setting {setting.name}: {mistake}")
            elif setting is not None and "None" not in annotation:
                self.wrong(f"parameter {parameter.name} needs a value, and setting {setting.name} has no default")
            return setting
        if isinstance(given, str) and given.startswith("list:"):
            given = self.named("list:", self.reader.lists, given)
        elif isinstance(given, str) and given.startswith("words:"):
            given = self.named("words:", self.reader.words, given)
        if given is None:
            return None
        value, mistake = convert(annotation, given)
        if mistake:
            self.wrong(f"parameter {parameter.name}: {mistake}")
            return None
        return value

    def check_placeholders(self, data: EditData) -> None:
        if data.kind == "elsewhere":
            return  # the reader writes these messages; says is the catalogue's sentence
        allowed: set[str] = set()
        for one in (data, *data.also):
            allowed |= PLACEHOLDERS[one.kind]
            if one.check is not None:
                allowed |= one.check.gives | set(one.check.parameters)
                allowed |= PLACEHOLDERS["line"] if one.check.names_line else set()
        if "require" in self.table:
            allowed |= {"value", "allowed"}
        templates = {"says": data.edit.says, "fix": data.edit.fix}
        templates.update((f"also_says {k}", v) for k, v in data.also_says.items())
        templates.update((f"also_fix {k}", v) for k, v in data.also_fix.items())
        for place, template in templates.items():
            for name, form in placeholders_in(template):
                if name not in allowed:
                    self.wrong(f"{place}: nothing fills {{{name}}}{suggest(name, allowed)}{listed(sorted(allowed))}")
                if form not in ("", "name"):
                    self.wrong(f"{place}: {{{name}:{form}}}: the only form is :name")
            if re.search(r"[{}]", render_text(template, lambda name, form: "")):
                self.wrong(f"{place}: a brace that belongs to no placeholder")

    def check_scope(self, data: EditData) -> None:
        if data.kind in ("day", "shift", "course", "diagnoses") and data.procedures is None:
            self.wrong("this check needs where = { procedure = [...] }: the lines that it is about")
        if data.procedures is not None and data.procedures.enumerated() is None:
            self.wrong("where: procedure takes codes and ranges of all-digit codes only: edits are found by code")
        for condition in data.where:
            if data.kind in ("claim", "billing") and condition.field.level == "line":
                self.wrong(f"where: {condition.field.name} is a line's; this edit runs once per {data.kind}")
            elif data.kind in ("day", "visit", "shift", "course", "claims", "after"):
                self.wrong(f"where: {condition.field.name}: a check over several claims takes procedures only")


def _is_procedure_index(condition: Condition) -> bool:
    return condition.field.name == "procedure" and condition.word == "any"


def _scope(pack: Pack, data: EditData) -> str:
    """Whom the edit is about, in words."""
    parts = []
    if pack.payer_ids:
        parts.append("payer ids " + ", ".join(sorted(pack.payer_ids)))
    parts.append(" and ".join(sorted(data.lobs)) + " claims" if data.lobs else "any line of business")
    if data.procedures is not None:
        parts.append("procedures " + ", ".join(data.procedures))
    if data.first_day:
        parts.append(f"days of service from {data.first_day}")
    if data.last_day:
        parts.append(f"days of service until {data.last_day}")
    return "; ".join(parts)
