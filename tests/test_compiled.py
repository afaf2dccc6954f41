"""Compiled (setup.py, docs/compiled.md) it is the same program: the same reports, byte for byte.

What needs a compiled package runs where there is one: ``EDI_CHECK_COMPILED_TREE`` names the folder it was installed
into. ``.ci/run`` builds one, and runs other tests on it as well.
"""

from __future__ import annotations

import ast
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from test_telling_acknowledgments import mutated

from edi_check.generating import AS_OF, generate

ROOT = Path(__file__).resolve().parent.parent
TREE = os.environ.get("EDI_CHECK_COMPILED_TREE", "")
needs_one = pytest.mark.skipif(not TREE, reason="EDI_CHECK_COMPILED_TREE names no compiled package")


@pytest.fixture(scope="module")
def compiled() -> list[str]:
    """The modules that setup.py compiles, by their paths."""
    for node in ast.parse((ROOT / "setup.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "COMPILED":
            listed = ast.literal_eval(node.value)
            return [os.path.normpath(os.path.join("edi_check", folder, f"{name}.py"))
                    for folder, names in listed.items() for name in names.split()]
    raise AssertionError("setup.py has no COMPILED")


def test_the_modules_that_are_compiled_exist(compiled: list[str]) -> None:
    assert len(compiled) > 20
    assert [path for path in compiled if not (ROOT / path).is_file()] == []


def test_who_inherits_from_a_compiled_class_is_compiled(compiled: list[str]) -> None:
    """An interpreted class can't: it would fail when it is first made, and only in a compiled package."""
    bases = {node.name for path in compiled for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8")))
             if isinstance(node, ast.ClassDef) and not _is_python_s_own(node)}
    assert {"Record", "Reader", "Step"} <= bases
    for path in (ROOT / "edi_check").rglob("*.py"):
        if str(path.relative_to(ROOT)) in compiled:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                taken = bases & {base.id for base in node.bases if isinstance(base, ast.Name)}
                assert not taken, f"{path}: {node.name} inherits from {taken}, so its module must stand in setup.py"


def _is_python_s_own(node: ast.ClassDef) -> bool:
    """Named tuples and errors stay Python's, compiled or not."""
    return any(isinstance(base, ast.Name) and base.id in ("NamedTuple", "Exception", "Protocol") for base in node.bases)


def run(tree: str, *arguments: str, given: bytes = b"") -> tuple[int, bytes, bytes]:
    """``edi-check`` out of a folder: exit code, output, and what it says on standard error."""
    done = subprocess.run([sys.executable, "-P", "-m", "edi_check", *arguments], input=given, capture_output=True,
                          env={**os.environ, "PYTHONPATH": tree}, cwd=ROOT / "fixtures", check=False)
    return done.returncode, done.stdout, done.stderr


@needs_one
def test_it_is_compiled_and_says_so() -> None:
    assert b"(compiled)" in run(TREE, "--version")[1]
    assert b"(compiled)" not in run(str(ROOT), "--version")[1]


@needs_one
@pytest.mark.parametrize("form", ["json", "ndjson", "text"])
def test_the_reports_on_all_fixtures_are_the_same(form: str) -> None:
    """Good ones and bad ones, in every form that tells all."""
    command = ("check", "-f", form, "--as-of", str(AS_OF), ".")
    ours, theirs = run(str(ROOT), *command), run(TREE, *command)
    assert ours == theirs
    assert ours[0] == 3 and len(ours[1]) > 10_000  # some fixtures are no X12


@needs_one
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_reports_on_generated_files_are_the_same(seed: int) -> None:
    """A thousand claims, a third of them faulty, as written and with damage done to it."""
    whole = b"".join(generate(1000, seed, faults=0.33, newline=["\n", "\r\n", ""][seed % 3]))
    for data in (whole, damaged(whole, seed)):
        command = ("check", "-f", "json", "--max-findings", "100000", "--as-of", str(AS_OF), "-")
        ours, theirs = run(str(ROOT), *command, given=data), run(TREE, *command, given=data)
        assert ours == theirs
        assert ours[0] in (1, 3) and not ours[2].startswith(b"Traceback")


def damaged(data: bytes, seed: int) -> bytes:
    """One to three segments in three hundred damaged, dropped, doubled or moved."""
    rng, segments = random.Random(seed), data.split(b"~")[:-1]
    return b"".join([mutated(rng, segments[n:n + 300]) for n in range(0, len(segments), 300)])
