"""Acknowledgments whose last step, the rename to their name, is refused or can't be seen: none is taken for delivered
that wasn't."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drops import Consumer, database, drop, numbered, plan_for, run_once, violations
from sshd import Server, served

from edi_check.watching.carrier import Retry
from edi_check.watching.plan import Plan
from edi_check.watching.records import UPLOADED

POSIX, RENAMES = "posix-rename", "rename,posix-rename,hardlink"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(Retry, "LONGEST", 0.05)
    monkeypatch.setattr(Retry, "REFUSED_SECONDS", 0.05)
    yield from served(tmp_path)


def plan_of(tmp_path: Path, server: Server) -> Plan:
    return plan_for(tmp_path / "root", sources=(server.source(claims_by="ledger"),))


def pushed(log: str) -> list[tuple[str, str]]:
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.splitlines()]
    return sorted((e["event"], e["kind"]) for e in lines if e["event"].startswith("push"))


def states(tmp_path: Path) -> set[str]:
    with database(tmp_path / "root/work/ledger.db") as db:
        return {state for (state,) in db.execute("SELECT state FROM output WHERE folder = 'remote'")}


def right(tmp_path: Path, server: Server) -> list[str]:
    """What of the promise doesn't hold; the partner's answers and our reports are taken away."""
    consumer = Consumer(server.outbound)
    reports = Consumer(tmp_path / "root/outbound")
    consumer.take()
    reports.take()
    consumer.taken += reports.taken
    (tmp_path / "root/inbound").mkdir(exist_ok=True)
    return violations(tmp_path / "root", {"a.837": numbered(1)}, consumer)


def test_a_refused_rename_is_no_delivery(tmp_path: Path, server: Server) -> None:
    """The partner sweeps what looks forgotten, and mends the rights: everything is uploaded again."""
    drop(server.inbound, "a.837", numbered(1))
    server.deny(RENAMES)
    assert pushed(run_once(plan_of(tmp_path, server))) == []
    swept = list(server.outbound.iterdir())
    assert {p.suffix for p in swept} == {".part"}
    for path in swept:
        path.unlink()
    server.deny()
    assert pushed(run_once(plan_of(tmp_path, server))) == [("pushed", "277CA"), ("pushed", "999")]
    assert right(tmp_path, server) == []


def uploaded(tmp_path: Path, server: Server) -> list[Path]:
    """As a connection leaves it that ended with the rename: uploads, committed as such."""
    drop(server.inbound, "a.837", numbered(1))
    server.deny(RENAMES)
    run_once(plan_of(tmp_path, server))
    with database(tmp_path / "root/work/ledger.db") as db:
        db.execute("UPDATE output SET state = ? WHERE folder = 'remote'", (UPLOADED,))
    return list(server.outbound.iterdir())


def test_what_has_both_names_is_delivered(tmp_path: Path, server: Server) -> None:
    """OpenSSH's rename without posix-rename is a link and an unlink: a session killed in between leaves both."""
    for path in uploaded(tmp_path, server):
        path.with_name(path.name[1:].removesuffix(".part")).hardlink_to(path)
    server.deny(POSIX)
    assert pushed(run_once(plan_of(tmp_path, server))) == [("pushed", "277CA"), ("pushed", "999")]
    assert right(tmp_path, server) == []


def test_a_delivery_that_nobody_saw_is_told(tmp_path: Path, server: Server) -> None:
    """Neither name is there: the rename was carried out and the partner has taken it away, as a rule. It isn't pushed
    twice."""
    for path in uploaded(tmp_path, server):
        path.unlink()
    server.deny()
    assert pushed(run_once(plan_of(tmp_path, server))) == [("pushed_unseen", "277CA"), ("pushed_unseen", "999")]
    assert states(tmp_path) == {"published"}


def test_a_folder_that_is_away_for_a_while_has_nothing_delivered(tmp_path: Path, server: Server) -> None:
    """A disk that isn't mounted at the server: the uploads lie on it, and get their names when it is back."""
    uploaded(tmp_path, server)
    server.deny()
    server.outbound.rename(tmp_path / "away")
    log = run_once(plan_of(tmp_path, server))
    assert pushed(log) == [] and '"nooutbound"' in log and states(tmp_path) == {UPLOADED}
    (tmp_path / "away").rename(server.outbound)
    assert pushed(run_once(plan_of(tmp_path, server))) == [("pushed", "277CA"), ("pushed", "999")]
    assert right(tmp_path, server) == []
