"""Told to stop while somebody else holds the ledger: within seconds, nothing by halves, and it is said who waits for
whom. And ``--once`` stops by itself when nothing is left to do."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from drops import Consumer, configured, drop, numbered, plan_for, process, run_once, service_for, violations, wait_for
from sshd import Server

from edi_check.watching.intake import Rules
from edi_check.watching.journal import Journal
from edi_check.watching.layout import Layout
from edi_check.watching.locks import HURRIED_SECONDS, Locked, holders
from edi_check.watching.running import run, stop_soon
from edi_check.watching.schema import LedgerError, open_database

PROMPT_SECONDS = 12.0
"""A few, and some for a machine that does something else: it used to be most of a minute."""

HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute(sys.argv[2])
if sys.argv[2] == "BEGIN": db.execute("SELECT count(*) FROM file").fetchall()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(ledger: str | Path, how: str = "BEGIN EXCLUSIVE") -> Iterator[int]:
    """Another program holds the ledger; its process."""
    command = [sys.executable, "-c", HOLD, str(ledger), how]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout and holder.stdout.readline() == b"held\n"
        yield holder.pid
    finally:
        holder.kill()
        holder.communicate()


@pytest.mark.parametrize("how", ["BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_watcher_stops_though_another_program_holds_the_ledger(tmp_path: Path, workers: int, how: str) -> None:
    config = configured(tmp_path, workers=workers)
    dropped = {f"{n}.837": numbered(n) for n in range(1, 31)}
    log = tmp_path / "log"
    with open(log, "wb") as out:
        watcher = process("watch", "--config", config, stderr=out)
    try:
        owners = tmp_path / "work/owners"
        assert wait_for(lambda: owners.is_dir() and len(os.listdir(owners)) == workers, 60)
        for name in list(dropped)[:15]:
            drop(tmp_path / "inbound", name, dropped[name])
        assert wait_for(lambda: bool(list((tmp_path / "archive").rglob("*.837"))), 60)
        with held(tmp_path / "work/ledger.db", how) as pid:
            for name in list(dropped)[15:]:
                drop(tmp_path / "inbound", name, dropped[name])
            time.sleep(1)
            began = time.monotonic()
            watcher.send_signal(signal.SIGTERM)
            assert watcher.wait(90) == 0
            assert time.monotonic() - began < PROMPT_SECONDS
    finally:
        watcher.kill()
        watcher.wait()
    told = [json.loads(line) for line in log.read_text().splitlines()]
    locked = [e for e in told if e["event"] == "paused" and e["errno"].startswith("SQLITE_BUSY")]
    assert locked and all(e["holder"].startswith(f"process {pid} (") for e in locked), log.read_text()
    assert told[-1]["event"] == "ended" and told[-1]["code"] == 0
    ran = subprocess.run([sys.executable, "-m", "edi_check", "watch", "--once", "--config", str(config)],
                         capture_output=True, check=False, cwd=Path(__file__).parents[2])
    assert ran.returncode == 0, ran.stderr
    assert violations(tmp_path, dropped, Consumer(tmp_path / "outbound")) == []


def test_a_carrier_stops_though_another_program_holds_the_ledger(tmp_path: Path, server: Server) -> None:
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    service = service_for(plan)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        assert wait_for(lambda: service.figures.get("source_up", source="partner") == 1, 30)
        with held(plan.layout.ledger):
            for n in range(1, 9):
                drop(server.inbound, f"{n}.837", numbered(n))
            time.sleep(1)
            began = time.monotonic()
            service.stop()
            thread.join(90)
            service.close()
            assert time.monotonic() - began < PROMPT_SECONDS
    finally:
        service.stop()
        thread.join(90)
    run_once(plan)
    names = [path.name for path in server.inbound.iterdir()]
    assert names == [] and len(list((tmp_path / "root/archive").rglob("*.837"))) == 8
    answered = [path.name for path in server.outbound.iterdir()]
    assert sum(name.endswith("_999.x12") for name in answered) == 7
    assert sum(name.endswith("_TA1.x12") for name in answered) == 1


def test_a_ledger_that_is_held_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    """As long as SQLite itself would wait; and by one that is told to stop, too, for the moment that others take."""
    path = str(tmp_path / "ledger.db")
    open_database(path).close()
    for hurried in (False, True):
        db = open_database(path, is_hurried=lambda hurried=hurried: hurried)  # type: ignore[misc]
        holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        holder.execute("BEGIN EXCLUSIVE")
        release = threading.Timer(0.9, holder.execute, ["COMMIT"])
        release.start()
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO counter VALUES (?, 1)", (str(hurried),))
        db.execute("COMMIT")
        release.join()
        holder.close()
        db.close()


def test_who_reads_a_ledger_is_named_when_a_commit_waits_for_it(tmp_path: Path) -> None:
    path = str(tmp_path / "ledger.db")
    db = open_database(path, busy_seconds=0.3, is_safe_with_wal=False)
    with held(path, "BEGIN") as reader:
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO counter VALUES ('x', 1)")
        with pytest.raises(Locked, match=rf"database is locked by process {reader} \("):
            db.execute("COMMIT")
        db.execute("ROLLBACK")
    assert holders(path) == []
    db.close()


@pytest.mark.parametrize("is_safe", [True, False], ids=["WAL", "TRUNCATE"])
def test_who_writes_to_a_ledger_is_named(tmp_path: Path, is_safe: bool) -> None:
    path = str(tmp_path / "ledger.db")
    db = open_database(path, busy_seconds=0.3, is_safe_with_wal=is_safe)
    db.execute("SELECT * FROM file").fetchall()
    with held(path, "BEGIN IMMEDIATE") as writer:
        began = time.monotonic()
        with pytest.raises(Locked, match=rf"locked by process {writer} \(python"):
            db.execute("BEGIN IMMEDIATE")
        assert time.monotonic() - began < HURRIED_SECONDS
    db.close()
    if not is_safe:
        with held(path) as writer, pytest.raises(LedgerError, match=rf"locked by process {writer} \(.*wait until it"):
            open_database(path, busy_seconds=0.3)


def test_orders_and_once_say_who_holds_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from edi_check.cli.main import main
    from edi_check.watching import locks, schema

    run_once(plan_for(tmp_path))
    monkeypatch.setattr(schema.open_database, "__kwdefaults__",
                        {**(schema.open_database.__kwdefaults__ or {}), "busy_seconds": 0.3})
    with held(Layout(str(tmp_path)).ledger) as pid:
        for order in (["status"], ["prune", "--days", "1"], ["watch", "--once", "--in", "inbound", "--out", "out"]):
            where = ["--root", str(tmp_path)] if "--in" not in order else []
            monkeypatch.chdir(tmp_path)
            (tmp_path / "out").mkdir(exist_ok=True)
            assert main([*order, *where]) == 2
            told = capsys.readouterr().err
            assert f"locked by process {pid} (" in told and "wait until it is done, or end it" in told, told
    assert locks.holders(str(tmp_path / "none")) == []


def test_a_signal_that_comes_while_the_loop_begins_to_wait_is_not_a_deadlock(tmp_path: Path) -> None:
    """An event's lock isn't one that the thread which holds it can take again, and a handler runs in that thread."""
    service = service_for(plan_for(tmp_path))
    before = signal.signal(signal.SIGTERM, lambda *_: stop_soon(service))
    try:
        with service.stopping._cond:
            signal.raise_signal(signal.SIGTERM)
        assert wait_for(service.stopping.is_set, 10)
    finally:
        signal.signal(signal.SIGTERM, before)
        service.close()


@pytest.mark.parametrize("where", ["local", "remote"])
@pytest.mark.parametrize("settle_seconds", [0.0, 4.0])
def test_once_waits_for_what_must_be_still_and_no_longer(
    tmp_path: Path, server: Server, where: str, settle_seconds: float
) -> None:
    """Between two looks it went to sleep for all of ``poll_seconds``: a day, where the settings say so."""
    plan = plan_for(tmp_path / "root", poll_seconds=60.0)
    source = plan.sources[0] if where == "local" else server.source()
    plan = replace(plan, sources=(replace(source, rules=Rules(settle_seconds=settle_seconds)),))
    drop(server.inbound if where == "remote" else tmp_path / "root/inbound", "a.837", numbered(1))
    log = io.StringIO()
    began = time.monotonic()
    assert run(plan, Journal(log), once=True, textfile="", is_worker=False, worker_command=[]) == 0
    took = time.monotonic() - began
    assert log.getvalue().count('"decided"') == 1
    assert settle_seconds * 0.9 <= took < 45.0, "two looks for each of four steps, and a busy machine"
