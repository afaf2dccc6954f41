"""The pages of the documentation site that are made from the code, and those of the repository that it takes in.

``build`` hands them to Sphinx; nothing here needs it, so ``tests/test_site.py`` looks at them without it, too.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

import edi_check
from edi_check.cli.catalogue_page import HEAD, MADE_BY, edit_page, pack_table
from edi_check.cli.glossary import glossary
from edi_check.cli.main import cli
from edi_check.judging.packs import EditData, Pack, load_builtin_packs
from edi_check.settings import FREE, MODEL, Key

ROOT = Path(__file__).resolve().parent.parent.parent

TAKEN_IN = {
    "README.md": "overview.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changes.md",
    "edi_check/README.md": "project/architecture.md",
    "fixtures/edits/README.md": "reference/packs.md",
    "edi_check/telling/report.schema.json": "reference/report.schema.json",
}
"""Files of the repository outside docs/ that are pages or files of the site."""

INSTEAD = {
    "edi_check/telling/report.schema.json": "reference/report.md",
    "docs/edits.md": "edits/index.md",
}
"""What a link to such a file leads to on the site, when it is not the file itself."""


NAV = {
    "Guides": ["guides/rejected-file", "guides/partner-999", "guides/pipeline", "guides/command-line", "watching",
               "guides/neighbours", "compiled", "tables", "tutorial-payer-pack"],
    "Edits": ["edits/index"],
    "Reference": ["reference/commands", "reference/settings", "formats", "reference/report", "reference/python",
                  "acknowledgments", "test-claims", "reference/packs", "coverage", "deviations", "reference/words"],
    "Project": ["Overview </overview>", "project/contributing", "project/architecture", "project/changes"],
}
"""The navigation. A page that is nowhere in it is a warning, and so an error."""


ORPHAN = "---\norphan: true\n---\n\n"
"""Of the pages of edits: reached from their packs and by search; two hundred lines would bury the navigation."""


def sources() -> dict[str, str]:
    """All pages, by their name on the site, ready for the generator: those of docs/, of TAKEN_IN, and the made ones."""
    texts = {path.relative_to(ROOT / "docs").as_posix(): path.read_text("utf-8")
             for folder in ("docs", "docs/guides") for path in (ROOT / folder).glob("*.md")}
    del texts["edits.md"]
    texts["index.md"] += "".join(toctree(pages, title) for title, pages in NAV.items())
    texts |= {uri: (ROOT / path).read_text("utf-8") for path, uri in TAKEN_IN.items()}
    return {uri: relinked(text, uri) if uri.endswith(".md") else text for uri, text in {**texts, **made()}.items()}


def made() -> dict[str, str]:
    """The pages that are made from the code, by their name on the site."""
    packs = [pack for pack in load_builtin_packs() if pack.edits]
    return {
        "edits/index.md": index_of_edits(packs),
        **{f"edits/{pack.id.lower()}.md": page_of_pack(pack) for pack in packs},
        **{f"edits/{data.edit.id.lower()}.md": page_of_edit(pack, data) for pack in packs for data in pack.edits},
        "reference/commands.md": commands(),
        "reference/settings.md": settings(packs),
        "reference/report.md": report(),
        "reference/python.md": python(),
        "reference/words.md": words(),
    }


def toctree(pages: list[str], title: str = "") -> str:
    """A part of the navigation, not shown where it stands."""
    caption = f":caption: {title}\n" if title else ""
    entries = "".join(f"{page}\n" if "<" in page else f"/{page}\n" for page in pages)
    return "\n```{toctree}\n:hidden:\n" + caption + "\n" + entries + "```\n"


# Edits


def index_of_edits(packs: list[Pack]) -> str:
    """The packs, and every edit with its name."""
    head = HEAD.replace(MADE_BY, "")
    lines = [head, "`edi-check explain ID` shows these pages in the terminal.", "", "## Packs", "",
             re.sub(r"^\| ([A-Z-]+) \|", lambda m: f"| [{m[1]}]({m[1].lower()}.md) |", pack_table(packs), flags=re.M)]
    for pack in packs:
        lines += [f"## {pack.id}", "", "| edit | what is wrong | level |", "|---|---|---|"]
        lines += [f"| [{d.edit.id}]({d.edit.id.lower()}.md) | {_words(d.edit.name)} | {d.edit.level} |"
                  for d in pack.edits]
        lines += [""]
    return "\n".join(lines) + toctree([f"edits/{pack.id.lower()}" for pack in packs])


def page_of_pack(pack: Pack) -> str:
    """A pack: where it comes from, whom it is about, its edits, its settings."""
    lines = [f"# {pack.id}: {pack.title}", ""]
    if pack.source:
        lines += [f"Source: {_cell(pack.source)}.", ""]
    if pack.payer_ids:
        lines += [f"For the payer ids {', '.join(sorted(pack.payer_ids))}.", ""]
    lines += ["| edit | what is wrong | level | SNIP |", "|---|---|---|---|"]
    lines += [f"| [{d.edit.id}]({d.edit.id.lower()}.md) | {_words(d.edit.name)} | {d.edit.level} | {d.edit.snip} |"
              for d in pack.edits]
    if pack.settings:
        lines += ["", f"Its settings are under [`[pack.{pack.id}]`](../reference/settings.md#pack-{pack.id.lower()})."]
    return "\n".join(lines) + "\n"


def page_of_edit(pack: Pack, data: EditData) -> str:
    """The page of ``edi-check explain ID -f markdown``, with links to its pack and settings."""
    text = edit_page(pack, data).replace(f" · {pack.id}: ", f" · [{pack.id}]({pack.id.lower()}.md): ", 1)
    settings = f"../reference/settings.md#pack-{pack.id.lower()}"
    text = text.replace(f"`[pack.{pack.id}]`", f"[`[pack.{pack.id}]`]({settings})")
    title, _, rest = text.partition("\n")
    return f"{ORPHAN}{title}\n{indexed(data.edit.id, _words(data.edit.name))}{rest}"


def indexed(*entries: str) -> str:
    """Main entries of the index: search puts them first, where it would take PSRC-MT-03 apart at the hyphens."""
    return "".join(f"\n```{{index}} ! single: {entry}\n```\n" for entry in entries)


def _words(name: str) -> str:
    return name.replace("-", " ")


# Reference


def commands() -> str:
    """The help of every command."""
    lines = ["# Commands", "", "Each as its `--help` has it. How shells complete them is told under",
             "[On the command line](../guides/command-line.md#completion)."]
    for name, command in _below(cli, "edi-check"):
        told = command.get_help(click.Context(command, info_name=name, terminal_width=96))
        lines += ["", f"## {name}", "", "```text", told, "```"]
    return "\n".join(lines) + "\n"


def _below(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for below in group.list_commands(context):
        command = group.get_command(context, below)
        if isinstance(command, click.Group):
            yield from _below(command, f"{name} {below}")
        elif command and not command.hidden:
            yield f"{name} {below}", command


def settings(packs: list[Pack]) -> str:
    """Every key of ``edi-check.toml`` with its kind, default and sentence."""
    lines = ["# Settings", "",
             "All of `edi-check.toml`. An option wins over an `EDI_CHECK_*` variable (`EDI_CHECK_JOBS=2` for",
             "`[check] jobs`), that over the file of `--config`, which stands in for `./edi-check.toml`. An unknown",
             "key is an error. `edi-check config show` says what is in force and where it came from."]
    for section, keys in MODEL.items():
        title = "[[source]]" if section == "source" else f"[{section}]"
        lines += ["", f"({section})=", f"## `{title}`", "", "| key | default | what it does |", "|---|---|---|"]
        lines += [_setting(name, key) for name, key in keys.items()]
    for section, key in FREE.items():
        lines += ["", f"({section})=", f"## `[{section}]`", "", f"{key.says.capitalize()}: {', '.join(key.choices)}."]
    for pack in packs:
        if pack.settings:
            lines += ["", f"(pack-{pack.id.lower()})=", f"## `[pack.{pack.id}]`", "",
                      "| key | default | what it does |", "|---|---|---|"]
            for setting in pack.settings.values():
                shown = setting.shown or ("not set" if setting.default is None else str(setting.default))
                lines.append(f"| `{setting.name}` | `{_cell(shown)}` | {_cell(setting.says)} |")
    return "\n".join(lines) + "\n"


def _setting(name: str, key: Key) -> str:
    default = "" if key.default in ("", []) else f"`{json.dumps(key.default)}`"
    choices = f" ({', '.join(f'`{c}`' for c in key.choices)})" if key.choices else ""
    return f"| `{name}` | {default} | {_cell(key.says)}{choices} |"


def report() -> str:
    """The JSON report as tables, from its schema."""
    schema = json.loads((ROOT / "edi_check/telling/report.schema.json").read_text("utf-8"))
    lines = ["# The JSON report", "", schema["description"], "",
             "The schema itself: [report.schema.json](report.schema.json) (JSON Schema, draft 2020-12; in the",
             "package `edi_check/telling/report.schema.json`). With `-f ndjson` each finding is an object with `type`",
             "*finding*, then comes one of `type` *file* per file, and last one of `type` *summary* with `complete`",
             "true: without that line the output was cut short.", "", "## report", "", *_object(schema)]
    for name, part in schema["$defs"].items():
        if "properties" in part:
            said = [part["description"], ""] if "description" in part else []
            lines += ["", f"## {name}", "", *said, *_object(part)]
    return "\n".join(lines) + "\n"


def _object(part: dict[str, Any], lead: str = "") -> list[str]:
    return ["| key | type | |", "|---|---|---|", *_rows(part, lead)]


def _rows(part: dict[str, Any], lead: str) -> Iterator[str]:
    required = part.get("required", ())
    for name, value in part["properties"].items():
        optional = "" if name in required else " optional."
        yield f"| `{lead}{name}` | {_type(value)} | {_cell(value.get('description', ''))}{optional} |"
        inner = value.get("items", value)
        if "properties" in inner:
            yield from _rows(inner, f"{lead}{name}{'[]' if inner is not value else ''}.")


def _type(value: dict[str, Any]) -> str:
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return PLAIN.get(name) or f"[{name}](#{name})"
    if "const" in value:
        return f"`{json.dumps(value['const'])}`"
    if "enum" in value:
        return ", ".join(f"`{json.dumps(v)}`" for v in value["enum"])
    if value.get("type") == "array":
        return f"list of {_type(value['items'])}" if "items" in value else "list"
    if "additionalProperties" in value and isinstance(value["additionalProperties"], dict):
        return f"object of {_type(value['additionalProperties'])}"
    if "format" in value:
        return f"text, {value['format']}"
    kinds = value.get("type", "any")
    return " or ".join(KINDS.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))


KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
PLAIN = {"count": "number from 0", "index": "number from 1", "money": "amount as text",
         "level": '`"reject"`, `"review"`, `"warn"`, `"note"`'}


def python() -> str:
    """The public names, from their docstrings."""
    groups = {
        "Functions": ("check", "read_claims", "render"),
        "What a run leaves": ("Report", "FileReport", "ClaimResult", "Finding", "Edit"),
        "What a claim file is made of": ("Claim", "ServiceLine"),
        "Errors": tuple(n for n in edi_check.__all__ if isinstance(getattr(edi_check, n), type)
                        and issubclass(getattr(edi_check, n), Exception)),
    }
    missing = set(edi_check.__all__) - {name for names in groups.values() for name in names} - {"__version__"}
    assert not missing, f"docs/site/pages.py, python(): {sorted(missing)} have no group"
    lines = ["# Python", "",
             "What `edi_check.__all__` names is public and only added to; everything else may change.",
             "Nothing is imported before it is used, nothing is printed, no signal handler is set, and the content of",
             "a file raises nothing from `check`. Examples are in [the guide](../guides/pipeline.md#from-python)."]
    for title, names in groups.items():
        lines += ["", f"## {title}", "", "```{eval-rst}"]
        for name in names:
            thing = getattr(edi_check, name)
            kind = ("exception" if title == "Errors" else "class") if isinstance(thing, type) else "function"
            lines += [f".. auto{kind}:: {thing.__module__}.{name}", ""]
        lines += ["```"]
    return "\n".join(lines) + "\n"


def words() -> str:
    """The glossary."""
    lines = ["# Words", "",
             "What the words in messages and pages mean here; `edi-check explain WORD` has them, too.", ""]
    for word in glossary():
        also = [f"*Also: {', '.join(word.also)}*"] if word.also else []
        lines += [f"## {word.name}", indexed(word.name, *word.also), word.says, *also, ""]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;").replace("|", "\\|")


# Links


_LINK = re.compile(r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|`[^`]*`)*)\]\((?P<target>[^)\s]+)\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.M | re.S)


def relinked(markdown: str, uri: str) -> str:
    """``markdown`` of the page ``uri`` with links between files of the repository made links of the site. A file that
    the site doesn't have (code, fixtures) is named without a link; what doesn't exist is left for the build to
    refuse."""
    source = next((path for path, taken in TAKEN_IN.items() if taken == uri), f"docs/{uri}")
    parts, end = [], 0
    for fence in _FENCE.finditer(markdown):
        parts += [_relinked(markdown[end:fence.start()], uri, source), fence[0]]
        end = fence.end()
    return "".join([*parts, _relinked(markdown[end:], uri, source)])


def _relinked(text: str, uri: str, source: str) -> str:
    def replaced(link: re.Match[str]) -> str:
        target, mark, anchor = link["target"].partition("#")
        if not target or ":" in target:
            return link[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if path == "docs/edits.md" and anchor and not anchor.startswith(("guide", "the-edits")):
            there, mark, anchor = f"edits/{anchor}.md", "", ""
        elif path in INSTEAD or path in TAKEN_IN:
            there = INSTEAD.get(path) or TAKEN_IN[path]
        elif path.startswith("docs/"):
            there = path.removeprefix("docs/")
        elif (ROOT / path).exists():
            return link["text"]
        else:
            return link[0]
        there = posixpath.relpath(there, posixpath.dirname(uri) or ".")
        return f"{link['image']}[{link['text']}]({there}{mark}{anchor})"

    return _LINK.sub(replaced, text)
