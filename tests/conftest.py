"""Options and fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import edi_check

GOLDENS = Path(__file__).parent / "goldens"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-goldens", action="store_true", help="write what is made now as what is expected; then read the diff"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: takes minutes; run with -m long, left out otherwise")
    tree = os.environ.get("EDI_CHECK_TESTED_TREE")
    if tree and not Path(edi_check.__file__).is_relative_to(tree):
        raise pytest.UsageError(f"the tests would run on {edi_check.__file__}, not on what is in {tree}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked ``long`` unless markers are asked for by ``-m``."""
    if not config.option.markexpr:
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str | Path, str], None]:
    """Compare text with a file (below tests/goldens, or any path); ``--rewrite-goldens`` writes the file instead."""

    def compare(name: str | Path, text: str) -> None:
        path = name if isinstance(name, Path) else GOLDENS / name
        if request.config.getoption("--rewrite-goldens"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
            return
        assert path.exists(), f"{path} is missing: pytest --rewrite-goldens writes it"
        assert path.read_bytes().decode("utf-8") == text, f"{path} differs: if that is right, pytest --rewrite-goldens"

    return compare
