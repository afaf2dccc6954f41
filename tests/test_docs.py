"""The documents say what is so: commands that run, output that is real, tables that the code makes, links that lead
somewhere."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import click
import pytest
from one_claim import BAD

from edi_check.cli import exits
from edi_check.cli.catalogue_page import pack_table, page
from edi_check.cli.check import FORMATS
from edi_check.cli.main import cli, main
from edi_check.judging.packs import load_builtin_packs

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "edi_check").rglob("*.md"),
                    *(ROOT / "fixtures").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")})


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def test_the_first_two_blocks_are_one_command_each() -> None:
    first, second = blocks("sh")[:2]
    for block in (first, second):
        assert len(block.splitlines()) == 1, f"README.md: {block!r} must be one command on one line"
        assert block.startswith("python3 -m venv .venv && "), "a fresh machine has Python and git, nothing else"
    assert "fixtures/demo" in first
    assert ".venv/bin/pytest" in second
    assert README.index("```sh") < README.index("## "), "README.md: the commands come before everything else"


def test_the_output_shown_is_real(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    shown = blocks("text")[0].rstrip("\n").removesuffix("…").rstrip("\n")
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("XDG_DATA_HOME", str(ROOT / "no-such-folder"))  # not the tables of whoever runs the tests
    code = main(shlex.split(blocks("sh")[0].rpartition("edi-check ")[2]))
    printed = capsys.readouterr().out
    assert code == exits.FOUND
    assert shown and printed.startswith(shown), (
        "README.md, 'What it prints': paste the beginning of what the first command prints now")


def test_the_table_of_packs_is_current(request: pytest.FixtureRequest) -> None:
    mark = "<!-- packs: made from the packs; tests/test_docs.py holds it to them -->\n"
    head, _, rest = README.partition(mark)
    old, end, tail = rest.partition("\n## ")
    table = pack_table(load_builtin_packs())
    if request.config.getoption("--rewrite-goldens"):
        (ROOT / "README.md").write_text(head + mark + table + end + tail, "utf-8")
        return
    assert old == table, "README.md, the table of packs: pytest --rewrite-goldens tests/test_docs.py makes it"


def test_docs_edits_is_current(request: pytest.FixtureRequest) -> None:
    path = ROOT / "docs" / "edits.md"
    if request.config.getoption("--rewrite-goldens"):
        path.write_text(page(load_builtin_packs()), "utf-8")
        return
    assert path.read_text("utf-8") == page(load_builtin_packs()), (
        "docs/edits.md is behind the packs: edi-check edits -f markdown -o docs/edits.md")


def test_the_formats_and_exit_codes_are_all_told() -> None:
    assert "Formats: " + ", ".join(f"`{form}`" for form in FORMATS) in README
    codes = {getattr(exits, name) for name in exits.__all__ if isinstance(getattr(exits, name), int)}
    told = {int(code) for cell in re.findall(r"^\| ([\d, ]+) \|", README, re.M) for code in cell.split(",")}
    assert told == codes, "README.md: the table of exit codes"


def examples() -> list[str]:
    """Every edi-check command line in the documents and in the help."""
    found = []
    for document in DOCUMENTS:
        for language in ("bash", "sh"):
            for block in blocks(language, document.read_text("utf-8")):
                found += re.findall(r"edi-check [^|>#\n]+", block)
    return sorted({line.strip() for line in found})


@pytest.mark.parametrize("line", examples())
def test_a_command_that_is_shown_exists(line: str) -> None:
    words = shlex.split(line)[1:]
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group):
        name = words.pop(0)
        found = command.get_command(context, name)
        assert found is not None, f"{line}: there is no command {name}"
        command = found
    if "--help" not in words:
        command.make_context("edi-check", words)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text("utf-8")
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
               for heading in re.findall(r"^#+ (.*)$", text, re.M)}
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if target.startswith("#"):
            assert target[1:] in anchors, f"{document.name}: nothing is called {target}"
        elif not target.startswith(("http://", "https://")):
            assert (document.parent / target.partition("#")[0]).exists(), f"{document.name}: there is no {target}"


def test_the_python_example_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("batch.837").write_text(BAD)
    names: dict[str, object] = {}
    exec(compile(blocks("python")[0], "README.md", "exec"), names)
    printed = capsys.readouterr().out
    assert "CORE-BAL-01 C1" in printed
    assert "97140 ('GP',) 2 60" in printed
    assert "</html>" in str(names["html"])


def module_table() -> str:
    """Every module with the first paragraph of its docstring, which may go over several lines."""
    lines = ["| module | what it is |", "|---|---|"]
    package = ROOT / "edi_check"
    for path in sorted(package.rglob("*.py"), key=lambda p: (len(p.relative_to(package).parts) > 1, p)):
        said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        if path.name != "__init__.py":
            said = " ".join(said.partition("\n\n")[0].split())
            lines.append(f"| `{path.relative_to(package)}` | {said} |")
    return "\n".join(lines) + "\n"


def test_the_table_of_modules_has_them_all(request: pytest.FixtureRequest) -> None:
    path = ROOT / "edi_check" / "README.md"
    text = path.read_text("utf-8")
    head, mark, table = text.partition("holds it to them -->\n")
    if request.config.getoption("--rewrite-goldens"):
        path.write_text(head + mark + module_table(), "utf-8")
        return
    told, there = (set(rows.splitlines()) for rows in (table, module_table()))
    assert told == there, (
        f"edi_check/README.md, Modules: {sorted(told ^ there)}: pytest --rewrite-goldens tests/test_docs.py mends it")
