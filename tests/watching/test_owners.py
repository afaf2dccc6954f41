"""Owners of files: who is gone, and who only seems to be."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import pytest
from drops import plan_for

from edi_check.watching import ledger as ledger_module
from edi_check.watching.ledger import SqliteLedger
from edi_check.watching.records import CLAIMED, Claim


def claimed(ledger: SqliteLedger, id: str) -> None:
    ledger.claim([Claim(id, "inbound", b"a.837", 1, 1, 1, 1.0)])


class Between:
    """In the place of ``fcntl``: something happens right before the next lock that is waited for, or tried."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, act: Any, *, is_tried: bool) -> None:
        self.act, self.is_tried = act, is_tried
        monkeypatch.setattr(ledger_module, "fcntl", self)

    def __getattr__(self, name: str) -> Any:
        return getattr(fcntl, name)

    def flock(self, handle: int, how: int) -> None:
        if bool(how & fcntl.LOCK_NB) == self.is_tried and self.act:
            act, self.act = self.act, None
            act()
        fcntl.flock(handle, how)


def test_an_owner_that_is_about_to_lock_its_file_is_not_taken_for_a_dead_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A carrier's, as its service first asks who is gone: each start could say ``took_over``, a process ended."""
    plan = plan_for(tmp_path)
    plan.layout.prepare([])
    service = SqliteLedger(plan.layout.ledger, plan.layout.owners)
    gone: list[int] = []
    Between(monkeypatch, lambda: gone.append(service.reap()), is_tried=False)
    carrier = SqliteLedger(plan.layout.ledger, plan.layout.owners)
    assert gone == [0]
    claimed(carrier, "0123456789ab")
    assert service.reap() == 0 and service.adopt([CLAIMED], 1) == []
    assert sorted(os.listdir(plan.layout.owners)) == sorted([carrier.token, service.token])
    carrier.close()
    service.close()


def test_an_owner_that_ends_as_it_is_asked_about_is_not_taken_for_a_dead_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_for(tmp_path)
    plan.layout.prepare([])
    service = SqliteLedger(plan.layout.ledger, plan.layout.owners)
    carrier = SqliteLedger(plan.layout.ledger, plan.layout.owners)
    Between(monkeypatch, carrier.close, is_tried=True)
    assert service.reap() == 0
    service.close()


def test_a_file_of_an_owner_that_died_before_it_had_anything_goes(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    plan.layout.prepare([])
    service = SqliteLedger(plan.layout.ledger, plan.layout.owners)
    Path(plan.layout.owners, "0123456789abcdef").touch()
    assert service.reap() == 0 and os.listdir(plan.layout.owners) == [service.token]
    service.close()


def test_an_owner_that_died_without_room_for_its_note_has_its_files_taken_over(tmp_path: Path) -> None:
    """On a full disk its file stays empty."""
    plan = plan_for(tmp_path)
    plan.layout.prepare([])
    service = SqliteLedger(plan.layout.ledger, plan.layout.owners)
    dead = SqliteLedger(plan.layout.ledger, plan.layout.owners)
    claimed(dead, "0123456789ab")
    os.truncate(Path(plan.layout.owners, dead.token), 0)
    os.close(dead._handle)
    assert service.reap() == 1 and [r.id for r in service.adopt([CLAIMED], 1)] == ["0123456789ab"]
    service.close()


def test_two_that_ask_at_once_do_not_free_the_files_of_an_owner_that_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One has opened the file of an owner that starts; another takes it for a dead one's, and it is made again."""
    plan = plan_for(tmp_path)
    plan.layout.prepare([])
    first = SqliteLedger(plan.layout.ledger, plan.layout.owners)
    token = "0123456789abcdef"
    path = Path(plan.layout.owners, token)
    path.touch()
    carrier: list[SqliteLedger] = []

    def starts() -> None:
        path.unlink()  # as the other does
        monkeypatch.setattr(ledger_module.secrets, "token_hex", lambda n: token)
        carrier.append(SqliteLedger(plan.layout.ledger, plan.layout.owners))
        claimed(carrier[0], "0123456789ab")

    Between(monkeypatch, starts, is_tried=True)
    assert first.reap() == 0
    assert first.adopt([CLAIMED], 1) == [] and path.exists()
    carrier[0].close()
    first.close()
