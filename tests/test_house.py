"""The rules of the house. Each failure says what to do; edi_check/README.md says why the rules are there."""

from __future__ import annotations

import ast
import configparser
import doctest
import fnmatch
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import edi_check
from edi_check.identifiers import is_npi
from edi_check.judging.packs import load_builtin_packs, retired_ids

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "edi_check"
MODULES = sorted(PACKAGE.rglob("*.py"))
TEXTS = sorted(
    path for path in ROOT.rglob("*")
    if path.is_file() and not any(part in {"build", "dist", "__pycache__"} or part.endswith(".egg-info")
                                  or (part.startswith(".") and part != ".ci") for part in path.relative_to(ROOT).parts)
)

LONGEST_MODULE = 420
LONGEST_FUNCTION = 60
LONGER = {
    # The one loop that meets every segment of every file: a call for each of its steps would cost a third of its speed.
    "edi_check/reading/reader.py:_run": 96,
}
VAGUE = {"manager", "managers", "helper", "helpers", "util", "utils", "misc", "common", "tools"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


# Modules


@pytest.mark.parametrize("path", [p for p in MODULES if ">>> " in p.read_text()], ids=named)
def test_examples_in_docstrings_say_what_comes_out(path: Path) -> None:
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert doctest.testmod(module).failed == 0, "mend the example, or the function"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_is_small_and_says_what_it_is(path: Path) -> None:
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree) or not text.strip(), (
        f"{named(path)} has no docstring: say in its first line what it is, and what it is not")
    count = text.count("\n")
    assert count <= LONGEST_MODULE, (
        f"{named(path)} has {count} lines, at most {LONGEST_MODULE}: look for the second thing it does and give it a "
        "module that is named after it")
    for function in functions(tree):
        length = (function.end_lineno or 0) - function.lineno + 1
        most = LONGER.get(f"{named(path)}:{function.name}", LONGEST_FUNCTION)
        assert length <= most, (
            f"{named(path)}:{function.lineno} {function.name} has {length} lines, at most {most}: "
            "name the steps and make them functions")
    assert not VAGUE & set(path.stem.split("_")), (
        f"{named(path)}: the name says nothing; name the module after what it holds, a noun of the trade")


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_nothing_is_left_unfinished(path: Path) -> None:
    marks = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "NotImplemented" + "Error"))
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        assert not re.search(rf"\b({marks})\b", line), f"{named(path)}:{number} is unfinished: finish or drop it"


LAYERS = (
    ("foundation", ("model", "findings", "report", "rows", "spool", "identifiers", "codelists", "privacy",
                    "phrases", "sources", "parts", "interchange", "tables", "toml_text", "planted")),
    ("pillars", ("reading", "judging", "telling", "generating")),
    ("beam", ("side_by_side", "checking", "pipeline", "answers", "redacting")),
    ("settings", ("settings", "configuration")),
    ("doors", ("cli", "watching", "arrow", "__main__")),
)
UPWARDS = {("report", "telling")}
"""Report.to_dict() looks upwards, when it is called."""


@pytest.mark.parametrize("path", [p for p in MODULES if p != PACKAGE / "__init__.py"], ids=named)
def test_imports_go_downwards_only(path: Path) -> None:
    rank = {part: n for n, (_, parts) in enumerate(LAYERS) for part in parts}
    relative = path.relative_to(PACKAGE).with_suffix("").parts
    own = relative[0]
    assert own in rank, f"{named(path)}: say in LAYERS here, and in pyproject.toml, on which floor {own} lives"
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        for target in imported(node, relative):
            if target not in rank or target == own or (own, target) in UPWARDS:
                continue
            assert rank[target] <= rank[own], (
                f"{named(path)}:{node.lineno} imports {target} from above: imports go from doors to pipeline to "
                "pillars to foundation; move what is shared down")
            assert rank[target] < rank[own] or rank[own] != 1, (
                f"{named(path)}:{node.lineno}: {own} imports {target}; pillars never import one another. What both "
                "need belongs to the foundation, what joins them to the pipeline")


def imported(node: ast.AST, relative: tuple[str, ...]) -> list[str]:
    """Top-level parts of edi_check that an import statement names."""
    if isinstance(node, ast.Import):
        return [a.name.split(".")[1] for a in node.names if a.name.startswith("edi_check.")]
    if not isinstance(node, ast.ImportFrom):
        return []
    if node.level:
        folder = relative[: len(relative) - node.level]
        parts = folder + tuple((node.module or "").split(".")) if node.module else folder
    elif (node.module or "").split(".")[0] == "edi_check":
        parts = tuple((node.module or "").split(".")[1:])
    else:
        return []
    return [parts[0]] if parts else [alias.name for alias in node.names]


def test_only_the_guide_module_knows_pyx12() -> None:
    for path in MODULES:
        if named(path) != "edi_check/reading/guide.py":
            found = re.search(r"^\s*(import|from) pyx12", path.read_text("utf-8"), re.M)
            assert not found, f"{named(path)} imports pyx12: ask edi_check.reading.guide, the only module that knows it"


# The package


def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", "utf-8")
    return parser


def test_every_package_is_installed() -> None:
    listed = set(setup_cfg()["options"]["packages"].split())
    there = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("__init__.py")}
    there.add("edi_check.templates")
    add, drop = sorted(there - listed), sorted(listed - there)
    assert listed == there, f"setup.cfg, packages: add {add or 'nothing'}, take out {drop or 'nothing'}"


def test_every_folder_of_modules_is_a_package() -> None:
    for path in MODULES:
        assert (path.parent / "__init__.py").is_file(), f"{named(path.parent)} needs an __init__.py to be installed"


def test_every_data_file_is_installed() -> None:
    data = setup_cfg()["options.package_data"]
    for package, folder in (("edi_check", PACKAGE), ("edi_check.templates", ROOT / "templates")):
        patterns = data[package].split()
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix not in (".py", ".pyc", ".md", ".so"):
                name = path.relative_to(folder).as_posix()
                assert any(fnmatch.fnmatch(name, p.replace("**/", "*")) for p in patterns), (
                    f"{named(path)} would be missing from the wheel: add it to setup.cfg, options.package_data")


def test_the_version_stands_in_one_place() -> None:
    version = edi_check.__version__
    assert setup_cfg()["metadata"]["version"] == "attr: edi_check.__version__"
    for path in (ROOT / "setup.cfg", ROOT / "pyproject.toml", *MODULES):
        if path != PACKAGE / "__init__.py":
            assert f'"{version}"' not in path.read_text("utf-8"), (
                f"{named(path)} repeats the version {version}: import edi_check.__version__ instead")
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text("utf-8"), f"CHANGELOG.md lacks {version}: add a section"


def test_public_names_exist() -> None:
    for name in edi_check.__all__:
        assert getattr(edi_check, name) is not None
    with pytest.raises(AttributeError):
        getattr(edi_check, "no_such_name")  # noqa: B009 - mypy would refuse the plain form


@pytest.mark.parametrize(("statement", "unwanted"), [
    ("import edi_check", {"click", "jinja2", "pyx12", "edi_check.pipeline", "tempfile", "decimal"}),
    ("from edi_check import check", {"click", "jinja2", "pyx12", "markupsafe"}),
    ("import edi_check.cli.check", {"jinja2", "pyx12", "asyncio", "logging", "urllib.request"}),
    ("import edi_check; edi_check.check(b'')", {
        "click", "jinja2", "pyx12.map_if", "multiprocessing", "sqlite3", "logging", "socket", "concurrent.futures"}),
])
def test_an_import_costs_only_what_it_needs(statement: str, unwanted: set[str]) -> None:
    code = f"{statement}\nimport sys; print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                                cwd=ROOT).stdout.split())
    assert not loaded & unwanted, (
        f"`{statement}` loads {sorted(loaded & unwanted)}: import it in the function that needs it; "
        "start-up is part of the promise (0.4 s for a one-claim file)")


def test_texts_name_no_machine() -> None:
    places = [re.compile(rf"(?<![\w.])/{p}/\w") for p in ("wor" + "k", "roo" + "t", "hom" + "e", "User" + "s")]
    kinds = (".py", ".md", ".toml", ".cfg", ".j2", ".csv", ".json", ".yml", "")
    for path in TEXTS:
        if path.suffix in kinds and path.name != "LICENSE":
            text = path.read_text("utf-8", errors="replace")
            for place in places:
                found = place.search(text)
                assert not found, f"{named(path)} names a place on somebody's machine ({found}): make it relative"


# Edits and their fixtures

PACKS = load_builtin_packs()
EDITS = {data.edit.id: (pack, data) for pack in PACKS for data in pack.edits}
CASES = sorted((ROOT / "fixtures" / "edits").glob("*.toml"))


def test_ids_are_unique_and_never_used_again() -> None:
    every = [data.edit.id for pack in PACKS for data in pack.edits]
    twice = {edit for edit in every if every.count(edit) > 1}
    assert not twice, f"{sorted(twice)}: an id stands for one edit; take the next free number"
    again = set(every) & set(retired_ids())
    assert not again, f"{sorted(again)} are in packs/retired.csv: an id is never used again; take the next free number"


@pytest.mark.parametrize("edit_id", EDITS)
def test_an_edit_is_complete(edit_id: str) -> None:
    pack, data = EDITS[edit_id]
    edit = data.edit
    prefixes = {"GUIDE": ("TA1", "AK9", "IK5", "IK3", "IK4")}.get(pack.id, (pack.id,))
    assert edit_id.startswith(tuple(p + "-" for p in prefixes)), f"{edit_id}: ids of this pack begin with {prefixes}"
    for what in ("name", "says", "fix", "why"):
        assert getattr(edit, what), f"{edit_id} has no `{what}`: a biller needs it; write it in {pack.path}"
    assert edit.source.document, f"{edit_id} has no source: say in {pack.path} where the rule comes from"
    assert edit.source.section, f"{edit_id} has no section: say in {pack.path} where in its source the rule stands"
    assert edit.status.category and edit.status.codes, (
        f"{edit_id} has no status: somebody may re-level it to reject, and a 277CA must then say something "
        "(A3 with the nearest code)")
    assert 1 <= edit.snip <= 7


def cases_of(path: Path) -> list[dict[str, object]]:
    cases = tomllib.loads(path.read_text("utf-8")).get("case", [])
    assert isinstance(cases, list)
    return cases


NEEDS_A_TABLE = {"CORE-DX-07", "CORE-LIN-11"}
"""Never judged until the user's tables can be loaded; until then they are under not_evaluated."""


@pytest.mark.parametrize("edit_id", [e for e, (_, d) in EDITS.items() if d.found_by == "" and e not in NEEDS_A_TABLE])
def test_an_edit_has_a_firing_and_a_silent_case(edit_id: str) -> None:
    path = ROOT / "fixtures" / "edits" / f"{edit_id}.toml"
    assert path.is_file(), f"write {named(path)} with a case that fires and one that doesn't (fixtures/edits/README.md)"
    fires = [any(str(e).split()[0] == edit_id for e in case.get("expect", [])) for case in cases_of(path)]  # type: ignore[attr-defined]
    assert any(fires), f"{named(path)} has no case in which {edit_id} fires: add one"
    assert not all(fires), f"{named(path)} has no case in which {edit_id} stays silent: add the nearest valid claim"


@pytest.mark.parametrize("path", CASES, ids=named)
def test_a_case_file_belongs_to_an_edit(path: Path) -> None:
    assert path.stem in EDITS, f"{named(path)}: no pack has {path.stem}; rename the file or add the edit"


FAILS_LUHN_ON_PURPOSE = {"1900000063"}


def test_fixtures_use_invented_npis_only() -> None:
    wrong_on_purpose = {"CORE-ID-01", "IK4-3"}
    for path in [p for p in TEXTS if "fixtures" in p.relative_to(ROOT).parts and p.suffix in (".837", ".toml", ".txt")]:
        for npi in re.findall(r"\*XX\*(\w+)", path.read_text("latin-1")):
            assert npi.startswith("19000000") or path.stem in wrong_on_purpose, (
                f"{named(path)} uses NPI {npi}, which may be somebody's: take one of 19000000nn (edi_check.identifiers "
                "tells which pass Luhn)")
            assert is_npi(npi) or npi in FAILS_LUHN_ON_PURPOSE or path.stem in wrong_on_purpose, (
                f"{named(path)}: NPI {npi} fails its check digit, so CORE-ID-01 fires besides what is meant: take "
                "1900000013 or another that passes")
