"""The operator's page, docs/watching.md, says of every event, reason and setting what to do, and of none that isn't."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import get_args

import pytest

from edi_check.findings import TransportError
from edi_check.settings import SOURCE, WATCH
from edi_check.watching import sftp, transport
from edi_check.watching.journal import Event

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/watching.md").read_text("utf-8")
CODE = sorted((ROOT / "edi_check/watching").glob("*.py"))


def first_cells(head: str) -> list[str]:
    """The first column of the table with this heading."""
    lines = PAGE[PAGE.index(head) :].partition("\n\n")[0].splitlines()[2:]
    return [line.split("|")[1].strip() for line in lines]


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_table_of_events_has_each_of_them_and_no_other() -> None:
    told = [w for cell in first_cells("| event | what to do |") if not cell.startswith("reason") for w in words(cell)]
    assert sorted(told) == sorted(get_args(Event))


def test_every_event_is_told_somewhere() -> None:
    """mypy holds the calls to the list; this holds the list to the calls."""
    texts = {
        node.value
        for path in CODE
        if path.name != "journal.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    } | {"library"}
    assert set(get_args(Event)) <= texts


def reasons() -> set[str]:
    """Of ``source_down``: of a remote source the kind of the error, of a local one a word of its own."""
    kinds = {
        kind.__name__.lower()
        for _, kind in inspect.getmembers(sftp, inspect.isclass)
        if issubclass(kind, TransportError) and kind is not TransportError
    }
    return kinds | {"oserror", "operationalerror"} | set(transport.REASONS)


def test_the_table_of_events_has_each_reason_of_a_source_that_is_down() -> None:
    told = [w for cell in first_cells("| event | what to do |") if cell.startswith("reason") for w in words(cell)]
    assert sorted(told) == sorted(reasons())


@pytest.mark.parametrize(
    ("head", "keys"), [("| `[watch]` | default | |", WATCH), ("| `[[source]]` | default | |", SOURCE)]
)
def test_the_tables_of_settings_have_each_of_them(head: str, keys: dict[str, object]) -> None:
    assert sorted(w for cell in first_cells(head) for w in words(cell)) == sorted(keys)


def test_the_unit_hides_nothing_of_proc_that_the_watcher_reads() -> None:
    """Without the boot's id, a set clock counts as a boot; without the locks nobody knows who has the ledger."""
    read = {m for path in CODE for m in re.findall(r'"(/proc/[^"]+)"', path.read_text("utf-8"))}
    beside = {path for path in read if not path.startswith(("/proc/self/", "/proc/{pid}/"))}
    assert beside == {"/proc/locks", "/proc/sys/kernel/random/boot_id"}
    unit = (ROOT / "docs/deploy/edi-check.service").read_text("utf-8").splitlines()
    assert not [line for line in unit if line.startswith("ProcSubset=")]
