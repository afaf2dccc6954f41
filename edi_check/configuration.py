"""The settings of a run and where each came from: option, ``EDI_CHECK_*``, ``--config``, ``./edi-check.toml``, default.

In: a TOML file, the environment, the options given. Out: a ``Configuration`` whose every value knows its origin, or a
``ConfigurationError`` that names each mistake with the right word beside it.

Not here: which settings there are (``settings``) and what they do. A file named by ``--config`` takes the place of
``./edi-check.toml``, so that a run with ``--config`` doesn't depend on the folder it is started in. Paths in a file are
relative to that file's folder, or begin with ``~``.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from .findings import EdiCheckError
from .planted import is_planted
from .settings import CHECK, FREE, LISTS, MODEL, SOURCE, Key, convert, nearest
from .toml_text import read_toml

__all__ = ["Configuration", "ConfigurationError", "Value", "load"]

DEFAULT_FILE = "edi-check.toml"
PREFIX = "EDI_CHECK_"


NOT_OURS = re.compile(r"(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)")
"""What Kubernetes gives every container of a namespace with a service that is called edi-check."""
FOR_TESTS = ("COMPILED_TREE", "CORPUS", "LANES", "MUTANTS", "TESTED_TREE")
"""Read by our tests: where their files lie, how long they run, on which package."""
FOR_SETUP = ("COMPILED",)
"""Read by setup.py."""


class ConfigurationError(EdiCheckError):
    """A setting can't be used: where it stands, what is wrong, and the choices. Exit code 2."""


class Value(NamedTuple):
    """What is in force, and who said so."""

    value: Any
    origin: str


@dataclass
class Configuration:
    """``sections["check"]["jobs"]`` is a ``Value``; ``packs`` the settings of each pack; ``sources`` the ``[[source]]``
    tables; ``path`` the file that was read, ``""`` for none; ``warnings`` what looks like a slip but is no error."""

    path: str = ""
    sections: dict[str, dict[str, Value]] = field(default_factory=dict)
    packs: dict[str, dict[str, Value]] = field(default_factory=dict)
    sources: list[dict[str, Value]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def get(self, key: str, section: str = "check") -> Any:
        """The value in force of a key with a fixed name."""
        return self.sections[section][key].value

    def plain(self, section: str) -> dict[str, Any]:
        """A section as key to value."""
        return {key: value.value for key, value in self.sections[section].items()}

    def pack_settings(self) -> dict[str, dict[str, Any]]:
        """``{"PSRC-MT": {"max_units": 6}}``: only what somebody set."""
        return {pack: {k: v.value for k, v in keys.items()} for pack, keys in self.packs.items()}


def load(path: str = "", environ: Mapping[str, str] | None = None,
         options: Mapping[str, Any] | None = None, folder: str = ".") -> Configuration:
    """The configuration of a run.

    ``path``: the file of ``--config`` (must exist); ``options``: keys of ``[check]``, and ``level`` as a mapping, as
    far as they were given on the command line. Raises ConfigurationError with every mistake found.
    """
    environ = os.environ if environ is None else environ
    path = path or environ.get(PREFIX + "CONFIG", "")
    found = Configuration()
    for section, keys in MODEL.items():
        if section != "source":
            found.sections[section] = {name: Value(key.default, "default") for name, key in keys.items()}
    for section in FREE:
        found.sections[section] = {}
    mistakes: list[str] = []
    if not path and is_planted(os.path.join(folder, DEFAULT_FILE)):
        raise ConfigurationError(f"{DEFAULT_FILE} of this folder, in which everybody may write, is another user's, and "
                                 "settings say what is written where. Name it with "
                                 f"--config {DEFAULT_FILE} if it is meant.")
    if path or (Path(folder) / DEFAULT_FILE).is_file():
        file = Path(path or Path(folder) / DEFAULT_FILE)
        found.path = str(file)
        _merge_file(found, _parse(file), file, mistakes)
    _merge_environment(found, environ, mistakes)
    for name, value in (options or {}).items():
        if name == "level":
            _merge_free(found, "levels", value, "--level", mistakes)
        else:
            _put(found.sections["check"], CHECK, name, value, "--" + name.replace("_", "-"), "", mistakes)
    if mistakes:
        raise ConfigurationError("\n".join(mistakes))
    return found


def _parse(file: Path) -> dict[str, Any]:
    try:
        return read_toml(file)
    except FileNotFoundError:
        raise ConfigurationError(f"{file}: there is no such file") from None
    except OSError as error:
        raise ConfigurationError(f"{file}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file}: is not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigurationError(f"{file}: is TOML nested without end") from None


def _merge_file(found: Configuration, data: dict[str, Any], file: Path, mistakes: list[str]) -> None:
    known = [*MODEL, *FREE, "pack"]
    for section, table in data.items():
        label = f"{file}: [{section}]"
        if section not in known:
            hint = nearest(section, [f"[{k}]" for k in known])
            if section in CHECK and not isinstance(table, dict):
                hint = f"; it belongs under [check]: {section} = …"
            mistakes.append(f"{file}: {section} is not a section{hint}")
        elif section == "source":
            _merge_sources(found, table, file, mistakes)
        elif not isinstance(table, dict):
            mistakes.append(f"{file}: {section} must be a section, written [{section}]")
        elif section == "pack":
            _merge_packs(found, table, file, mistakes)
        elif section in FREE:
            _merge_free(found, section, table, str(file), mistakes)
        else:
            for name, value in table.items():
                _put(found.sections[section], MODEL[section], name, value, str(file), label, mistakes, file.parent)


def _merge_packs(found: Configuration, table: dict[str, Any], file: Path, mistakes: list[str]) -> None:
    for pack, keys in table.items():
        if not isinstance(keys, dict):
            mistakes.append(f"{file}: [pack] {pack}: settings of a pack stand under its name, such as [pack.PSRC-MT]")
            continue
        found.packs[pack] = {name: Value(value, str(file)) for name, value in keys.items()}


def _merge_sources(found: Configuration, tables: Any, file: Path, mistakes: list[str]) -> None:
    if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        mistakes.append(f"{file}: source is a list of sections, each written [[source]]")
        return
    for number, table in enumerate(tables, 1):
        source = {name: Value(key.default, "default") for name, key in SOURCE.items()}
        for name, value in table.items():
            _put(source, SOURCE, name, value, str(file), f"{file}: [[source]] {number}:", mistakes, file.parent)
        found.sources.append(source)


def _merge_free(found: Configuration, section: str, table: Mapping[str, Any], origin: str, mistakes: list[str]) -> None:
    for name, value in table.items():
        try:
            found.sections[section][name] = Value(convert(FREE[section], value), origin)
        except ValueError as error:
            mistakes.append(f"{origin}: [{section}] {name}: {error}")


def _merge_environment(found: Configuration, environ: Mapping[str, str], mistakes: list[str]) -> None:
    """``EDI_CHECK_JOBS`` is ``[check] jobs``, ``EDI_CHECK_LIMITS_FILE_SETS`` is ``[limits] file_sets``; lists are
    separated by commas. An unknown one is a warning and no error: others may own it."""
    known: dict[str, tuple[str, str]] = {}
    for section, keys in MODEL.items():
        if section != "source":
            lead = PREFIX if section == "check" else f"{PREFIX}{section.upper()}_"
            known.update({lead + name.upper(): (section, name) for name in keys})
    for variable in sorted(v for v in environ if v.startswith(PREFIX)):
        text = environ[variable]
        if variable in known:
            section, name = known[variable]
            value: Any = text
            if MODEL[section][name].kind in LISTS:
                value = [part.strip() for part in text.split(",") if part.strip()]
            _put(found.sections[section], MODEL[section], name, value, variable, "", mistakes)
        elif variable[len(PREFIX):].lower() in FREE:
            section = variable[len(PREFIX):].lower()
            pairs = [part.partition("=") for part in text.split(",") if part.strip()]
            _merge_free(found, section, {k.strip(): v.strip() for k, _, v in pairs}, variable, mistakes)
        elif variable != PREFIX + "CONFIG":
            _warn_of_variable(found, variable, [*known, *(PREFIX + name.upper() for name in (*FREE, "config"))])


def _warn_of_variable(found: Configuration, variable: str, known: Iterable[str]) -> None:
    import difflib

    name = variable.removeprefix(PREFIX)
    if name in (*FOR_TESTS, *FOR_SETUP) or NOT_OURS.fullmatch(name):
        return
    near = difflib.get_close_matches(name.upper(), [one.removeprefix(PREFIX) for one in known], 1)
    hint = f"did you mean {PREFIX}{near[0]}?" if near else "`edi-check config show` lists all settings"
    found.warnings.append(f"the environment's {variable} is not a setting; {hint}")


def _put(values: dict[str, Value], keys: dict[str, Key], name: str, value: Any, origin: str, label: str,
         mistakes: list[str], base: Path | None = None) -> None:
    """Convert and store one value, or note the mistake. ``label`` leads the message (``""``: the origin does)."""
    label = label or f"{origin}:"
    if name not in keys:
        hint = "; levels have their own section, [levels]" if name in ("level", "levels") else nearest(name, keys)
        mistakes.append(f"{label} {name} is not a setting{hint}")
        return
    try:
        result = convert(keys[name], value)
    except ValueError as error:
        mistakes.append(f"{label} {name}: {error}" if base else f"{label} {error}")
        return
    values[name] = Value(_under(base, keys[name].kind, result), origin)


def _under(base: Path | None, kind: str, value: Any) -> Any:
    """Paths of a file are relative to its folder, and ``~`` in front is the home; those of options and the environment
    are relative to the current folder, and the shell sees to ``~``."""
    if base is None or not value:
        return value

    def path(part: str) -> str:
        return str(base / os.path.expanduser(part))

    if kind == "path":
        return value if value == "-" else path(value)
    if kind == "paths":
        return [path(part) for part in value]
    if kind == "packs":
        return [path(part) if part.endswith(".toml") else part for part in value]
    if kind == "reports":
        pairs = [part.partition("=") for part in value]
        return [f"{form}={path(file)}" if file not in ("", "-") else form + mark + file for form, mark, file in pairs]
    return value
