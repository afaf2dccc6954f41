"""Options and fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDENS = Path(__file__).parent / "goldens"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-goldens", action="store_true", help="write what is made now as what is expected; then read the diff"
    )


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
