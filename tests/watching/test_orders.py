"""What an operator is told when no watcher lives, and what ``prune`` doesn't do by a clock that may be wrong."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from drops import Child, database, drop, numbered, plan_for, process, run_once, stood, wait_for, with_two_sources
from sshd import Server

from edi_check.cli.main import main
from edi_check.watching import arrivals as arrivals_module
from edi_check.watching import notes as notes_module
from edi_check.watching import orders as orders_module
from edi_check.watching import publishing as publishing_module
from edi_check.watching import service as service_module
from edi_check.watching.ledger import SqliteLedger
from edi_check.watching.orders import OrderError, prune, standing

DAY = 86_400.0

# What is asked for when no root is named


@pytest.mark.parametrize("order", ["status", "requeue x", "quarantine list", "prune --days 1"])
def test_an_order_is_not_advised_options_that_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], order: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(order.split()) == 2
    assert "watch and doctor also take --in and --out" in " ".join(capsys.readouterr().err.split())


# How things stand when nobody watches


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_status_says_since_when_nobody_watches_and_what_was_down_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], how: signal.Signals
) -> None:
    config = with_two_sources(tmp_path, workers=2)
    (tmp_path / "b/in/cut.837").write_bytes(numbered(1)[:500])
    watcher = process("watch", "--config", config, stderr=subprocess.DEVNULL)
    try:
        owners = tmp_path / "work/owners"
        assert wait_for(lambda: owners.is_dir() and len(os.listdir(owners)) == 2, 60)
        (tmp_path / "a/in").rename(tmp_path / "gone")
        assert wait_for(lambda: stood(config)["sources_down"] == {"a": "noinbound"}, 30, 0.2)
        assert wait_for(lambda: stood(config)["waiting"] == {"b": {"incomplete": 1}}, 20, 0.2)
        assert stood(config)["last_look"] is None
        watcher.send_signal(how)
        ended = time.time()
    finally:
        watcher.kill() if how == signal.SIGKILL else watcher.send_signal(how)
        watcher.wait(60)
    assert wait_for(lambda: stood(config)["processes"] == 0, 30, 0.2)
    found = stood(config)
    assert found["sources_down"] == {} and found["waiting"] == {}, "nobody knows how it is now"
    last = found["last_look"]
    at = last.pop("at")
    assert last == {
        "is_killed": how == signal.SIGKILL,
        "sources_down": {"a": "noinbound"},
        "paused": "",
        "paused_at": "",
        "waiting": {"b": {"incomplete": 1}},
        "set_aside": {},
    }
    assert ended - notes_module.SIGN_SECONDS - 5 < at < ended + 30
    capsys.readouterr()
    assert main(["status", "--config", str(config)]) == 0
    told = capsys.readouterr().out
    how_told = "ended before its time, after" if how == signal.SIGKILL else "ended at"
    when = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(at))
    assert told.startswith(f"no process is at work; the last one {how_told} {when}\n"), told
    assert "at its last look: a is down: noinbound\nat its last look: b: in its folder stay 1 incomplete\n" in told
    (tmp_path / "gone").rename(tmp_path / "a/in")
    ran = subprocess.run([sys.executable, "-m", "edi_check", "watch", "--once", "--config", str(config)],
                         capture_output=True, check=False, cwd=Path(__file__).parents[2])
    assert ran.returncode == 0, ran.stderr
    assert stood(config)["last_look"]["sources_down"] == {} and not stood(config)["last_look"]["is_killed"]


def test_status_knows_a_remote_source_that_was_down_when_the_last_watcher_ended(tmp_path: Path, server: Server) -> None:
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    assert standing_of(plan).last_look is None, "nobody ever looked"
    server.stop()
    run_once(plan)
    last = standing_of(plan).last_look
    assert last and last.sources_down == {"partner": "lost"} and abs(last.at - time.time()) < 60
    server.start()
    run_once(plan)
    last = standing_of(plan).last_look
    assert last and last.sources_down == {}


def standing_of(plan: Any) -> Any:
    plan.layout.prepare([])
    ledger = SqliteLedger(plan.layout.ledger)
    try:
        return standing(plan.layout, ledger, [s.name for s in plan.sources if s.remote])
    finally:
        ledger.close()


def test_of_a_watcher_killed_before_it_looked_the_one_before_says_what_was_down(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    (tmp_path / "inbound").rename(tmp_path / "gone")
    (tmp_path / "inbound").mkdir()
    run_once(plan)
    child = Child(plan)
    assert wait_for(lambda: bool(os.listdir(plan.layout.owners)), 20)
    (tmp_path / "inbound").rmdir()
    assert wait_for(lambda: standing_of(plan).sources_down == {"inbound": "noinbound"}, 20)
    child.end()
    dead = os.path.join(plan.layout.owners, "0" * 16)
    Path(dead).write_text("")
    later = time.time() + 100
    os.utime(dead, (later, later))
    last = standing_of(plan).last_look
    assert last.at == pytest.approx(later, abs=1) and last.is_killed
    assert last.sources_down == {"inbound": "noinbound"}


def test_a_watcher_with_nothing_to_do_gives_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes_module, "SIGN_SECONDS", 0.2)
    plan = plan_for(tmp_path)
    plan.layout.prepare([])
    child = Child(plan)
    try:
        assert wait_for(lambda: bool(os.listdir(plan.layout.owners)), 20)
        [owner] = Path(plan.layout.owners).iterdir()
        assert wait_for(lambda: b"{" in owner.read_bytes(), 20)
        before = owner.stat().st_mtime_ns
        assert wait_for(lambda: owner.stat().st_mtime_ns > before + 10**9, 20)
    finally:
        child.end()


# Old files, by which clock?


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the wall clock so many days ahead of the right time."""
    def set_it(days: float) -> None:
        for module in (arrivals_module, service_module, publishing_module, orders_module):
            monkeypatch.setattr(module, "time", lambda: time.time() + days * DAY)

    return set_it


def archived(root: Path) -> int:
    return len(list((root / "archive").rglob("*.837")))


@pytest.mark.parametrize("ahead", [61.0, 365.0, 7168.0], ids=["two months", "a year", "an epoch of GPS"])
@pytest.mark.parametrize("answered", [0, 1, 3], ids=["nothing", "a file", "files"])
def test_prune_removes_nothing_by_a_clock_that_went_ahead(
    tmp_path: Path, set_clock: Callable[[float], None], ahead: float, answered: int
) -> None:
    """So it is where files were answered under the wrong clock before anybody pruned: the gap is seen wherever it
    lies."""
    plan = plan_for(tmp_path)
    for day in (-100, -60, -20, 0):
        set_clock(day)
        drop(tmp_path / "inbound", f"{day}.837", numbered(200 + day))
        run_once(plan)
    set_clock(ahead)
    for n in range(answered):
        drop(tmp_path / "inbound", f"wrong{n}.837", numbered(300 + n))
        run_once(plan)
    ledger = SqliteLedger(plan.layout.ledger)
    for is_trial in (True, False):
        with pytest.raises(OrderError, match=r"Nothing was removed: if the clock was set ahead.*--clock-is-right"):
            prune(plan.layout, ledger, 90, 400, is_trial)
    assert archived(tmp_path) == 4 + answered
    set_clock(0)  # somebody set it right: the one that is old goes, without a word
    assert prune(plan.layout, ledger, 90, 400, is_trial=False)["files"] == 1
    assert archived(tmp_path) == 3 + answered
    ledger.close()


def test_prune_goes_on_once_somebody_said_that_the_clock_is_right(
    tmp_path: Path, set_clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A watcher that rested for a summer: once is enough, also while the gap lies among what isn't old."""
    plan = plan_for(tmp_path)
    for day in (-200, -160, -85, -40, 0):
        set_clock(day)
        drop(tmp_path / "inbound", f"{day}.837", numbered(300 + day))
        run_once(plan)
    order = ["prune", "--days", "170", "--root", str(tmp_path)]
    assert main(order) == 2
    told = capsys.readouterr().err
    days = [time.strftime("%Y-%m-%d", time.gmtime(time.time() + d * DAY)) for d in (-160, -85, 0)]
    assert all(day in told for day in days) and "`date`" in told, told
    assert main([*order, "--clock-is-right", "--dry-run"]) == 0
    assert main(order) == 2, "nothing is remembered of a dry run"
    assert main([*order, "--clock-is-right"]) == 0
    assert archived(tmp_path) == 4
    set_clock(15)
    assert main(order) == 0
    assert archived(tmp_path) == 3
    set_clock(15 + 365)
    assert main(order) == 2, "that was of then"
    capsys.readouterr()


@pytest.mark.parametrize("days", [0, 7, 90])
def test_prune_in_daily_use_asks_nothing(tmp_path: Path, set_clock: Callable[[float], None], days: int) -> None:
    """A file now and then, holidays among them, and pruned every day; --days 0 is an order to remove them all."""
    plan = plan_for(tmp_path)
    ledger = None
    for n, day in enumerate((-300, -250, -220, -165, -110, -100, -95, -89, -30, -3, 0)):
        set_clock(day)
        drop(tmp_path / "inbound", f"{n}.837", numbered(n + 1))
        run_once(plan)
        ledger = ledger or SqliteLedger(plan.layout.ledger)
        for later in (0, 5, 20):
            set_clock(day + later)
            prune(plan.layout, ledger, days, 400, is_trial=False)
    set_clock(0 if days else 1000)
    prune(plan.layout, ledger, days, 400, is_trial=False)
    with database(plan.layout.ledger) as db:
        kept = db.execute("SELECT count(*) FROM file WHERE stored <> ''").fetchone()[0]
    assert ledger is not None
    ledger.close()
    assert archived(tmp_path) == kept == {0: 0, 7: 0, 90: 3}[days]


def test_an_empty_ledger_has_nothing_to_prune_by_any_clock(
    tmp_path: Path, set_clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    run_once(plan_for(tmp_path))
    set_clock(5000)
    assert main(["prune", "--days", "90", "--root", str(tmp_path)]) == 0
    assert json.dumps(capsys.readouterr().out) == '"removed 0 files and 0 rows of the ledger\\n"'


def test_what_prune_takes_from_the_ledger_is_not_left_in_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's SQLite overwrites what is deleted; as others are built, it does so only when asked."""
    connect = sqlite3.connect

    def built_otherwise(*args: Any, **options: Any) -> sqlite3.Connection:
        db = connect(*args, **options)
        db.execute("PRAGMA secure_delete = OFF")
        return db

    monkeypatch.setattr(sqlite3, "connect", built_otherwise)
    plan = plan_for(tmp_path)
    for n in range(1, 4):
        drop(tmp_path / "inbound", f"QUIXOTEX {n}.837", numbered(n))
    run_once(plan)
    file = tmp_path / "work/ledger.db"
    assert b"QUIXOTEX" in file.read_bytes(), "else nothing could be found below"
    ledger = SqliteLedger(str(file))
    assert prune(plan.layout, ledger, 0, 400, is_trial=False)["files"] == 3
    ledger.close()
    assert b"QUIXOTEX" not in file.read_bytes()
