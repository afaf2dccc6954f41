"""The guides: every command they show is run, in a real shell, and prints what they say it prints.

CONTRIBUTING.md is one of them. A guide names its files in a comment
(``<!-- files: fixtures/demo/family.837 as batch.837 -->``). Its console blocks run one after the other in one folder:
lines that begin with ``$ `` are commands, what follows is their output, to the letter, up to a line ``…`` that stands
for the rest. ``--rewrite-goldens`` puts in what is printed now. With a comment
``<!-- tree -->`` the folder is a clone of this tree; ``<!-- append to: FILE -->`` and ``<!-- write: FILE -->`` above a
block do what a reader would.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
GUIDES = [*sorted((ROOT / "docs" / "guides").glob("*.md")), ROOT / "CONTRIBUTING.md"]
BLOCK = re.compile(r"^(?:<!-- (?P<do>append to|write): (?P<file>\S+) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$",
                   re.M | re.S)
NOT_IN_A_CLONE = (".git", ".venv", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis", "out")
BASH = shutil.which("bash")

pytestmark = pytest.mark.skipif(BASH is None, reason="the guides' commands are for a Unix shell")


class Step(NamedTuple):
    """A command of a guide and what the guide shows of its output; ``is_whole``: all of it."""

    command: str
    shown: list[str]
    is_whole: bool


def steps(block: str) -> Iterator[Step]:
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, *shown = part.rstrip("\n").split("\n")
        is_whole = not shown or shown[-1] != "…"
        yield Step(command, shown if is_whole else shown[:-1], is_whole)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to work in, with a home of its own and the command in the PATH."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "work").mkdir()
    command = tmp_path / "bin" / "edi-check"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m edi_check "$@"\n')
    command.chmod(0o755)
    return tmp_path / "work"


def clone(folder: Path) -> None:
    """A copy of this tree as a repository, with a .venv that runs it."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_IN_A_CLONE), dirs_exist_ok=True)
    commands = folder / ".venv" / "bin"
    commands.mkdir(parents=True)
    for name, module in (("edi-check", "edi_check"), ("pytest", "pytest -p no:cacheprovider")):
        (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        (commands / name).chmod(0o755)
    made = "git init -q && git add -A && git -c user.name=a -c user.email=a@example.org commit -qm all"
    assert shell(folder, made) == []


def shell(folder: Path, command: str) -> list[str]:
    """What a command prints on both streams."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "SYSTEMROOT") if name in os.environ}
    env = {**kept, "PATH": f"{folder.parent / 'bin'}:{os.environ['PATH']}", "HOME": str(folder.parent),
           "PYTHONPATH": str(folder if (folder / "edi_check").is_dir() else ROOT), "PYTHONUTF8": "1", "COLUMNS": "80",
           "EDI_CHECK_AS_OF": "2026-10-30", "LC_COLLATE": "C"}
    assert BASH
    done = subprocess.run([BASH, "-c", command], cwd=folder, env=env, text=True, encoding="utf-8", timeout=600,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return [line.rstrip() for line in done.stdout.splitlines()]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda p: p.stem)
def test_a_guide_shows_what_happens(guide: Path, folder: Path, request: pytest.FixtureRequest) -> None:
    text = guide.read_text("utf-8")
    if "<!-- tree -->" in text:
        clone(folder)
    for named in re.findall(r"<!-- files: (.*?) -->", text):
        for pair in named.split(", "):
            source, _, target = pair.partition(" as ")
            (folder / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / source, folder / target)
    rewrites = request.config.getoption("--rewrite-goldens")

    def run(block: re.Match[str]) -> str:
        if block["do"]:
            with (folder / block["file"]).open("x" if block["do"] == "write" else "a", encoding="utf-8") as out:
                out.write(block["text"])
        if block["kind"] != "console":
            return block[0]
        lines = ["```console"]
        for step in steps(block["text"]):
            printed = shell(folder, step.command)
            wanted = printed if step.is_whole else printed[: len(step.shown)]
            if not rewrites:
                assert step.shown == wanted, (
                    f"{guide.name}: $ {step.command}\nIf that is right: pytest --rewrite-goldens tests/test_guides.py")
            lines += ["$ " + step.command, *wanted, *([] if step.is_whole else ["…"])]
        return "\n".join([*lines, "```"])

    changed = BLOCK.sub(run, text)
    files = [path.read_text("utf-8") for path in (ROOT / "docs" / "examples").glob("*.py")]
    for block in re.findall(r"(?<!-->\n)^```python\n(.*?)^```$", text, re.M | re.S):
        if block in files:
            continue  # run by test_neighbours.py
        (folder / "example.py").write_text(block, "utf-8")
        printed = shell(folder, f'"{sys.executable}" example.py')
        assert printed and "Traceback" not in "\n".join(printed), printed
    if rewrites:
        guide.write_text(changed, "utf-8")
