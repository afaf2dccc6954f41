"""A real SFTP server for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sshd import Server, served

from edi_check.watching.carrier import Retry


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(Retry, "LONGEST", 0.3)
    yield from served(tmp_path)
