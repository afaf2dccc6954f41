"""Servers that don't let us rename: the ledger says what was taken, and what lies there under the partner's name may
be another file by the time that it is removed."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from drops import drop, numbered, plan_for, run_once, service_for, wait_for
from sshd import Server

from edi_check.watching import pickup as pickup_module
from edi_check.watching.carrier import Retry
from edi_check.watching.ledger import SqliteLedger, new_id
from edi_check.watching.orders import prune
from edi_check.watching.pickup import PREFIX, Pickup
from edi_check.watching.plan import Plan
from edi_check.watching.records import Claim
from edi_check.watching.sftp import Lost, RemoteFolder

RENAMES = "rename,posix-rename,hardlink"


def by_ledger(tmp_path: Path, server: Server) -> Plan:
    return plan_for(tmp_path / "root", sources=(server.source(claims_by="ledger"),))


def archived(tmp_path: Path) -> list[bytes]:
    return sorted(p.read_bytes() for p in (tmp_path / "root/archive").rglob("*.837"))


def events(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines()]


def once_kept(monkeypatch: pytest.MonkeyPatch, do: Any) -> None:
    """Do something, the first time, between the commit of what was fetched and its removal there."""
    original, done = Pickup._keep, []

    def keep(self: Pickup, records: Any) -> None:
        original(self, records)
        if records and not done:
            done.append(do())

    monkeypatch.setattr(Pickup, "_keep", keep)


@contextmanager
def running(plan: Plan) -> Iterator[io.StringIO]:
    log = io.StringIO()
    service = service_for(plan, log)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        yield log
    finally:
        service.stop()
        thread.join(30)
        service.close()


def test_what_replaced_a_file_that_was_fetched_is_fetched_too(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(server.inbound, "a.837", numbered(1))
    once_kept(monkeypatch, lambda: drop(server.inbound, "a.837", numbered(1) + numbered(2)))
    log = run_once(by_ledger(tmp_path, server))
    assert archived(tmp_path) == sorted([numbered(1), numbered(1) + numbered(2)]), log
    assert list(server.inbound.iterdir()) == []


def test_the_same_name_size_and_second_once_more_is_another_file(tmp_path: Path, server: Server) -> None:
    plan = by_ledger(tmp_path, server)
    for n in (1, 2):
        (server.inbound / ".new").write_bytes(numbered(n))
        os.utime(server.inbound / ".new", (10**9, 10**9))
        (server.inbound / ".new").rename(server.inbound / "a.837")
        run_once(plan)
    assert len(numbered(1)) == len(numbered(2))
    assert archived(tmp_path) == sorted([numbered(1), numbered(2)])


def test_a_file_that_the_server_lets_nobody_remove_is_told(tmp_path: Path, server: Server) -> None:
    server.deny(RENAMES + ",remove")
    drop(server.inbound, "a.837", numbered(7))
    plan = by_ledger(tmp_path, server)
    object.__setattr__(plan.sources[0].remote, "outbound", "")  # nothing can be pushed to this one
    for _ in range(2):
        log = events(run_once(plan))
        assert [e["source"] for e in log if e["event"] == "removal_refused"] == ["partner"], log
        assert [(e["reason"], e["files"]) for e in log if e["event"] == "left_waiting"] == [("taken", 1)]
    assert archived(tmp_path) == [numbered(7)]


def test_a_refused_rename_makes_no_rule(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be renamed is claimed by the ledger, and the next file is tried to be renamed again."""
    names: list[bytes] = []
    original = Pickup._keep

    def keep(self: Pickup, records: Any) -> None:
        names.extend(os.listdir(os.fsencode(server.inbound)))
        original(self, records)

    monkeypatch.setattr(Pickup, "_keep", keep)
    server.deny(RENAMES)
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    object.__setattr__(plan.sources[0].remote, "outbound", "")
    drop(server.inbound, "a.837", numbered(1))
    with running(plan) as log:
        assert wait_for(lambda: archived(tmp_path) == [numbered(1)] and not os.listdir(server.inbound), 30)
        assert set(names) == {b"a.837"}
        names.clear()
        server.deny()
        for n in (2, 3):
            drop(server.inbound, f"{n}.837", numbered(n))
            time.sleep(0.3)
        assert wait_for(lambda: len(archived(tmp_path)) == 3, 30), log.getvalue()
    assert all(name.startswith(PREFIX) for name in names if name not in (b"2.837", b"3.837"))
    assert any(name.startswith(PREFIX) for name in names), names
    assert log.getvalue().count('"claims_by_ledger"') == 1
    assert os.listdir(server.inbound) == []


@pytest.mark.parametrize("claims_by", ["rename", "ledger"])
def test_what_was_taken_by_the_ledger_stays_taken_when_renames_are_allowed(
    tmp_path: Path, server: Server, claims_by: str
) -> None:
    """A new process knows it, too: the partner gave the right to rename, and nobody could remove the file before."""
    server.deny(RENAMES + ",remove")
    drop(server.inbound, "a.837", numbered(7))
    plan = plan_for(tmp_path / "root", sources=(server.source(claims_by=claims_by),))
    object.__setattr__(plan.sources[0].remote, "outbound", "")  # nothing can be pushed to this one
    run_once(plan)
    assert [p.name for p in server.inbound.iterdir()] == ["a.837"]
    server.deny()
    object.__setattr__(plan.sources[0].remote, "claims_by", "rename")
    log = run_once(plan)
    assert '"decided"' not in log and archived(tmp_path) == [numbered(7)], log
    assert list(server.inbound.iterdir()) == []


@pytest.mark.parametrize("is_name_used_again", [False, True])
def test_what_was_renamed_before_the_settings_said_ledger_is_fetched(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, is_name_used_again: bool
) -> None:
    """A watcher was killed after it had renamed a file at the server, and the next one doesn't rename."""
    monkeypatch.setattr(pickup_module, "HOLD_SECONDS", 0.1)
    plan = by_ledger(tmp_path, server)
    run_once(plan)
    drop(server.inbound, "a.837", numbered(1))
    s, id = (server.inbound / "a.837").stat(), new_id()
    ledger = SqliteLedger(plan.layout.ledger, plan.layout.owners)
    ledger.claim([Claim(id, "partner", b"a.837", s.st_size, int(s.st_mtime) * 10**9, 0, time.time(), True)])
    ledger.close()
    (server.inbound / "a.837").rename(server.inbound / f".edi-check-{id}")
    if is_name_used_again:
        drop(server.inbound, "a.837", numbered(2) + b"\n")
    log = run_once(plan)
    expected = [numbered(1), numbered(2) + b"\n"] if is_name_used_again else [numbered(1)]
    assert archived(tmp_path) == sorted(expected), log
    assert os.listdir(server.inbound) == []


def test_what_nobody_can_remove_is_not_taken_again_after_prune(tmp_path: Path, server: Server) -> None:
    server.deny(RENAMES + ",remove")
    drop(server.inbound, "a.837", numbered(7))
    plan = by_ledger(tmp_path, server)
    object.__setattr__(plan.sources[0].remote, "outbound", "")  # nothing can be pushed to this one
    run_once(plan)
    ledger = SqliteLedger(plan.layout.ledger)
    for days in (100, 1000):
        ledger.db.execute("UPDATE file SET taken = taken - ?, ended = ended - ?", (days * 86400, days * 86400))
        assert prune(plan.layout, ledger, 90, 400, is_trial=False, is_clock_right=True)["files"] == (days == 100)
        log = run_once(plan)
        assert '"decided"' not in log and '"removal_refused"' in log, log
    ledger.close()


def test_a_rename_that_is_carried_out_late_loses_no_file(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session freezes with our rename in hand, another one does all, the partner uses the name again, and then the
    first goes on: the new file has our name for the old one."""
    monkeypatch.setattr(Retry, "LONGEST", 0.1)
    original, frozen = RemoteFolder.rename, []

    async def rename(self: RemoteFolder, old: bytes, new: bytes) -> None:
        if not frozen:
            frozen.append(server.sessions()[-1])
            os.kill(frozen[0], signal.SIGSTOP)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(original(self, old, new), 0.3)
            raise Lost("frozen")
        await original(self, old, new)

    monkeypatch.setattr(RemoteFolder, "rename", rename)
    drop(server.inbound, "a.837", numbered(1))
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    log = run_once(plan)
    assert archived(tmp_path) == [numbered(1)] and os.listdir(server.inbound) == [], log
    drop(server.inbound, "a.837", numbered(2) + b"\n")
    os.kill(frozen[0], signal.SIGCONT)
    assert wait_for(lambda: os.listdir(server.inbound)[0].startswith(".edi-check-"), 5)
    log = run_once(plan)
    assert archived(tmp_path) == sorted([numbered(1), numbered(2) + b"\n"]), log
    assert os.listdir(server.inbound) == []
