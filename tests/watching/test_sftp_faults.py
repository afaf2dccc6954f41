"""Servers that freeze, lie, or aren't who they were; partners who upload slowly and stop half way."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import io
import json
import os
import signal
import socket
import stat
import subprocess
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from drops import drop, numbered, plan_for, run_once, service_for, wait_for
from sshd import Server, free_port, key

from edi_check.watching import pickup as pickup_module
from edi_check.watching import sftp as sftp_module
from edi_check.watching.carrier import Carrier, Retry
from edi_check.watching.checkup import examine
from edi_check.watching.figures import Figures
from edi_check.watching.journal import Journal
from edi_check.watching.layout import Layout
from edi_check.watching.ledger import SqliteLedger, new_id
from edi_check.watching.orders import requeue, standing
from edi_check.watching.plan import Plan
from edi_check.watching.records import Claim
from edi_check.watching.running import run
from edi_check.watching.sftp import Lost, Refused, WrongHostKey
from edi_check.watching.stranded import stranded


class Running:
    """A carrier alone, with its log."""

    def __init__(self, plan: Plan, once: bool = False, keepalive: float | None = None) -> None:
        plan.layout.prepare([])
        self.log, self.figures = io.StringIO(), Figures()
        self.carrier = Carrier(plan, plan.sources[0], Journal(self.log), self.figures, once, keepalive)
        self.carrier.start()

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def saw(self, event: str, **fields: object) -> bool:
        return any(e["event"] == event and all(e.get(k) == v for k, v in fields.items()) for e in self.events())

    def stop(self) -> None:
        self.carrier.stop()
        self.carrier.join(20)
        assert not self.carrier.is_alive()


def down(plan: Plan) -> dict[str, str]:
    """What ``status`` says of the sources while a process lives."""
    ledger = SqliteLedger(plan.layout.ledger, plan.layout.owners)
    try:
        return standing(plan.layout, ledger, [s.name for s in plan.sources]).sources_down
    finally:
        ledger.close()


def test_an_unknown_and_a_changed_host_key_stop_the_source(tmp_path: Path, server: Server) -> None:
    drop(server.inbound, "claims.837", numbered(1))
    for lines in ("", None):
        if lines is None:
            server.trust(key(tmp_path / "other_key"))
        else:
            server.known_hosts.write_text(lines)
        plan = plan_for(tmp_path / "root", sources=(server.source(),))
        running = Running(plan)
        running.carrier.join(20)
        assert not running.carrier.is_alive() and running.carrier.failed
        assert running.saw("source_down", reason="wronghostkey"), running.events()
        assert "partner" in running.figures.down
        assert down(plan) == {"partner": "wronghostkey, stopped"}
    assert [p.name for p in server.inbound.iterdir()] == ["claims.837"]


def test_a_wrong_key_is_tried_three_times(tmp_path: Path, server: Server) -> None:
    wrong = key(tmp_path / "wrong_key")
    running = Running(plan_for(tmp_path / "root", sources=(server.source(key_file=str(wrong)),)))
    assert wait_for(lambda: running.saw("source_down", wait_seconds=900.0), 20), running.events()
    assert sum(e["event"] == "source_down" for e in running.events()) == 3
    running.stop()


@pytest.mark.parametrize("damage", ["no key", "no known_hosts", "a passphrase", "NUL in known_hosts", "NUL in the key"])
def test_a_key_file_or_known_hosts_of_no_use_is_named(tmp_path: Path, server: Server, damage: str) -> None:
    """The log says which kind of trouble it is, doctor which file; once it is mended, all goes on by itself."""
    path = server.known_hosts if "known_hosts" in damage else server.user_key
    good = path.read_bytes()
    if damage.startswith("no "):
        path.unlink()
    elif damage.startswith("NUL"):
        path.write_bytes(bytes(20))
    else:
        subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", str(path)], check=True)
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    running = Running(plan)
    assert wait_for(lambda: running.saw("source_down", reason="badfile"), 20), running.events()
    assert not running.saw("carrier_failed") and down(plan) == {"partner": "badfile"}
    assert [a.remedy for a in examine(plan) if not a.is_well and str(path) in a.remedy]
    path.write_bytes(good)
    path.chmod(0o600)
    assert wait_for(lambda: running.figures.get("source_up", source="partner") == 1, 20), running.events()
    assert wait_for(lambda: down(plan) == {}, 5)
    running.stop()


@pytest.mark.parametrize("which", ["inbound", "outbound"])
def test_a_folder_that_is_not_there_is_named(tmp_path: Path, server: Server, which: str) -> None:
    drop(server.inbound, "claims.837", numbered(1))
    folder = server.inbound if which == "inbound" else server.outbound
    folder.rename(tmp_path / "gone")
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    log = [json.loads(line) for line in run_once(plan).splitlines()]
    assert {e["reason"] for e in log if e["event"] == "source_down"} == {f"no{which}"}
    (wrong,) = (a for a in examine(plan) if not a.is_well and "partner" in a.what)
    assert str(folder) in wrong.remedy
    (tmp_path / "gone").rename(folder)
    assert all(a.is_well for a in examine(plan) if "partner" in a.what)


def test_status_says_what_of_this_machine_hinders_a_remote_source(tmp_path: Path, server: Server) -> None:
    """Nothing else may pause: with remote sources alone, nobody else meets the full disk."""
    drop(server.inbound, "claims.837", numbered(1))
    plan = plan_for(tmp_path / "root", sources=(server.source(),), min_free_bytes=1 << 60)
    running = Running(plan)
    assert wait_for(lambda: running.saw("source_down", reason="oserror", errno="ENOSPC"), 20), running.events()
    assert down(plan) == {"partner": "oserror, ENOSPC"}
    running.stop()


def test_once_ends_though_files_that_were_claimed_can_not_be_fetched(tmp_path: Path, server: Server) -> None:
    """A watcher was killed as it fetched, and now the server is away: only it has those files."""
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    run_once(plan)
    drop(server.inbound, "claims.837", numbered(1))
    claimed_and_killed(plan, server, "claims.837", new_id())
    server.stop()
    service = service_for(plan)
    late = threading.Timer(30, service.stop)
    late.start()
    service.run(once=True)
    assert not service.stopping.is_set(), "it goes on for ever"
    assert [c.failed for c in service.carriers] == [True], "and ends with 3"
    late.cancel()
    service.close()
    server.start()
    log = [json.loads(line)["event"] for line in run_once(plan).splitlines()]
    assert log.count("fetched") == log.count("decided") == 1 and not list(server.inbound.iterdir())


def with_answers_waiting(tmp_path: Path, server: Server) -> Plan:
    """A file was taken and judged; its answers wait, because the server's outbound folder has gone to ``away``."""
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    drop(server.inbound, "pushing.837", numbered(1))
    server.outbound.rename(tmp_path / "away")
    run_once(plan)
    return plan


@pytest.mark.parametrize("now", ["renamed", "taken out", "local"])
def test_files_whose_remote_source_is_gone_from_the_settings_are_told(
    tmp_path: Path, server: Server, now: str
) -> None:
    """One was claimed and not fetched, of another the acknowledgments wait; put back under its name, both go on."""
    plan = with_answers_waiting(tmp_path, server)
    (tmp_path / "away").rename(server.outbound)
    drop(server.inbound, "claimed.837", numbered(2))
    claimed_and_killed(plan, server, "claimed.837", new_id())
    local = plan_for(tmp_path / "root").sources[0]
    changed = {"renamed": server.source("other"), "taken out": local, "local": replace(local, name="partner")}[now]
    later = replace(plan, sources=(changed,))
    ledger = SqliteLedger(plan.layout.ledger)
    assert (stranded(plan, ledger), stranded(later, ledger)) == ({}, {"partner": 2})
    [wrong] = (a for a in examine(later) if not a.is_well)
    assert "partner (2)" in wrong.remedy
    log = io.StringIO()
    assert run(later, Journal(log), once=True, textfile="", is_worker=False, worker_command=[]) == 3
    told = [e for e in map(json.loads, log.getvalue().splitlines()) if e["event"] == "no_source"]
    assert [(e["source"], e["files"]) for e in told] == [("partner", 2)]
    run_once(plan)
    assert stranded(later, ledger) == {} and ledger.counts() == {("partner", "done"): 2}
    assert sorted(p.name.rpartition("_")[2] for p in server.outbound.iterdir()) == ["277CA.x12"] * 2 + ["999.x12"] * 2
    ledger.close()


def with_a_file_fetched(tmp_path: Path, server: Server) -> Plan:
    """A file is here, and the watcher ended before it was judged."""
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    drop(server.inbound, "fetched.837", numbered(1))
    running = Running(plan)
    assert wait_for(lambda: running.saw("fetched") and not list(server.inbound.iterdir()), 20), running.events()
    running.stop()
    return plan


@pytest.mark.parametrize("now", ["renamed", "taken out", "local"])
def test_what_was_fetched_from_a_source_that_is_gone_from_the_settings_waits_and_is_told(
    tmp_path: Path, server: Server, now: str
) -> None:
    """It was answered into the root's own outbound folder, where its partner never looks, and nothing said so."""
    plan = with_a_file_fetched(tmp_path, server)
    local = plan_for(tmp_path / "root").sources[0]
    changed = {"renamed": server.source("other"), "taken out": local, "local": replace(local, name="partner")}[now]
    later = replace(plan, sources=(changed,))
    theirs = server.inbound if now == "renamed" else tmp_path / "root/inbound"
    drop(theirs, "others.837", numbered(2))
    ledger = SqliteLedger(plan.layout.ledger)
    assert (stranded(plan, ledger), stranded(later, ledger)) == ({}, {"partner": 1})
    assert ["partner (1)" in a.remedy for a in examine(later) if not a.is_well] == [True]
    log = io.StringIO()
    assert run(later, Journal(log), once=True, textfile="", is_worker=False, worker_command=[]) == 3
    told = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(e["source"], e["files"]) for e in told if e["event"] == "no_source"] == [("partner", 1)]
    assert [e["bytes"] for e in told if e["event"] == "decided"] == [len(numbered(2))], "the others go on"
    [held] = ledger.select("state = 'fetched'")
    assert held.source == "partner" and not list((tmp_path / "root/outbound").glob(f"*_{held.id}_*"))
    run_once(plan)
    assert [p.name.rpartition("_")[2] for p in sorted(server.outbound.glob(f"*_{held.id}_*"))] == [
        "277CA.x12", "999.x12"
    ]
    assert stranded(later, ledger) == {} and {state for _, state in ledger.counts()} == {"done"}
    ledger.close()


def test_what_was_fetched_from_a_server_that_is_gone_for_good_is_answered_here(
    tmp_path: Path, server: Server
) -> None:
    """By what the page says."""
    plan = with_a_file_fetched(tmp_path, server)
    ledger = SqliteLedger(plan.layout.ledger)
    given_up(ledger)
    later = plan_for(tmp_path / "root")
    assert "no_source" not in run_once(later) and ledger.counts() == {("partner", "done"): 1}
    assert len(list((tmp_path / "root/outbound").glob("*_277CA.x12"))) == 1
    ledger.close()


def test_a_file_that_is_answered_once_more_waits_for_its_server_only_where_the_settings_have_it(
    tmp_path: Path, server: Server
) -> None:
    plan = with_a_file_fetched(tmp_path, server)
    run_once(plan)
    later = plan_for(tmp_path / "root")
    ledger = SqliteLedger(plan.layout.ledger)
    [(id,)] = ledger.db.execute("SELECT id FROM file")
    waits = requeue(plan.layout, ledger, id, ["partner"])
    here = requeue(plan.layout, ledger, id)
    run_once(later)
    assert {r.id for r in ledger.select("state = 'fetched'")} == {waits} and stranded(later, ledger) == {"partner": 1}
    assert len(list((tmp_path / "root/outbound").glob(f"*_{here}_277CA.x12"))) == 1
    run_once(plan)
    assert len(list(server.outbound.glob(f"*_{waits}_277CA.x12"))) == 1
    ledger.close()


@pytest.mark.parametrize("claims_by", ["rename", "ledger"])
def test_what_is_answered_once_more_is_not_taken_for_a_file_without_a_time_at_the_server(
    tmp_path: Path, server: Server, claims_by: str
) -> None:
    """A server that tells no times: the next file of that name and size was removed there, unread."""
    plan = plan_for(tmp_path / "root", sources=(server.source(claims_by=claims_by),))
    ledger: SqliteLedger | None = None
    for number in (1, 2):
        drop(server.inbound, "daily.837", numbered(number))
        os.utime(server.inbound / "daily.837", (0, 0))
        log = run_once(plan)
        assert log.count('"decided"') == 1 and not list(server.inbound.iterdir()), log
        ledger = ledger or SqliteLedger(plan.layout.ledger)
        [old, *_] = ledger.select("state = 'done' ORDER BY taken")
        if number == 1:
            requeue(plan.layout, ledger, old.id, ["partner"])
            run_once(plan)
    assert ledger
    ledger.close()


def test_once_serves_a_source_though_somebody_asks_whether_it_is_served(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking takes its lock for a moment; the run left that source alone, and ended with 0."""
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    plan.layout.prepare([])
    drop(server.inbound, "claims.837", numbered(1))
    handle = os.open(plan.layout.source_lock("partner"), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_SH)
    original = Carrier._is_ours

    def is_ours(lock: int) -> bool:
        found = original(lock)
        fcntl.flock(handle, fcntl.LOCK_UN)
        return found

    monkeypatch.setattr(Carrier, "_is_ours", staticmethod(is_ours))
    running = Running(plan, once=True)
    assert wait_for(lambda: running.saw("fetched"), 20), running.events()
    running.stop()
    os.close(handle)


def test_once_leaves_a_source_to_the_watcher_that_serves_it(tmp_path: Path, server: Server) -> None:
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    first = Running(plan)
    assert wait_for(lambda: first.saw("source_up"), 20), first.events()
    second = Running(plan, once=True)
    second.carrier.join(10)
    assert not second.carrier.is_alive() and second.events() == [] and not second.carrier.failed
    first.stop()


def given_up(ledger: SqliteLedger) -> None:
    """What the page has an operator do when a server is gone for good."""
    page = (Path(__file__).parents[2] / "docs/watching.md").read_text("utf-8")
    ledger.db.executescript(page.partition('ledger.db "\n')[2].partition('"\n')[0].replace("NAME", "partner"))


def test_files_of_a_server_that_is_gone_for_good_can_be_given_up(tmp_path: Path, server: Server) -> None:
    """By what the page says: archived or forgotten, with nothing left over."""
    plan = with_answers_waiting(tmp_path, server)
    drop(server.inbound, "claimed.837", numbered(2))
    claimed_and_killed(plan, server, "claimed.837", new_id())
    ledger = SqliteLedger(plan.layout.ledger)
    given_up(ledger)
    later = plan_for(tmp_path / "root")
    assert "no_source" not in run_once(later)
    assert stranded(later, ledger) == {} and all(a.is_well for a in examine(later))
    assert ledger.counts() == {("partner", "done"): 1} and standing(plan.layout, ledger).pushes_waiting == 0
    assert not list((tmp_path / "root/work/stage").iterdir()) and not list((tmp_path / "root/work/claimed").iterdir())
    [(id,)] = ledger.db.execute("SELECT id FROM file")
    requeue(plan.layout, ledger, id)
    run_once(later)
    assert len(list((tmp_path / "root/outbound").glob("*_277CA.x12"))) == 1
    ledger.close()


def test_without_an_outbound_folder_nothing_is_pushed_any_more(tmp_path: Path, server: Server) -> None:
    """Without a folder its place would be the top of the server."""
    plan = with_answers_waiting(tmp_path, server)
    later = replace(plan, sources=(server.source(outbound=""),))
    log = io.StringIO()
    service = service_for(later, log)
    late = threading.Timer(30, service.stop)
    late.start()
    service.run(once=True)
    assert not service.stopping.is_set(), "it goes on for ever"
    late.cancel()
    service.close()
    events = [json.loads(line)["event"] for line in log.getvalue().splitlines()]
    assert "no_source" in events and "pushed" not in events and service.has_left


@pytest.mark.parametrize("state", ["claimed", "returning"])
def test_claimed_files_outlive_a_folder_that_is_away_for_a_while(tmp_path: Path, server: Server, state: str) -> None:
    """A disk that isn't mounted at the server: nobody else knows of what was renamed there."""
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    run_once(plan)
    drop(server.inbound, "claims.837", numbered(1))
    claimed_and_killed(plan, server, "claims.837", new_id())
    ledger = SqliteLedger(plan.layout.ledger)
    ledger.db.execute("UPDATE file SET state = ?", (state,))
    ledger.close()
    server.inbound.rename(tmp_path / "away")
    log = [json.loads(line) for line in run_once(plan).splitlines()]
    assert {e["reason"] for e in log if e["event"] == "source_down"} == {"noinbound"}
    assert "source_up" not in {e["event"] for e in log}, "it says that a trouble is over"
    (tmp_path / "away").rename(server.inbound)
    told = [json.loads(line)["event"] for line in run_once(plan).splitlines()]
    assert told.count("decided") == 1 and "gone_there" not in told and not list(server.inbound.iterdir())


def test_a_source_is_not_up_while_its_outbound_folder_is_away_and_something_waits(
    tmp_path: Path, server: Server
) -> None:
    """It was, and down again, at every try: who reads the log took the trouble for over each time."""
    server.outbound.rename(tmp_path / "away")
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    assert '"source_up"' in run_once(plan), "nothing has to go there yet"
    drop(server.inbound, "claims.837", numbered(1))
    told = [json.loads(line)["event"] for line in run_once(plan).splitlines()]
    assert told.count("source_down") > 1 == told.count("source_up")
    (tmp_path / "away").rename(server.outbound)
    assert '"source_up"' in run_once(plan) and len(list(server.outbound.iterdir())) == 2


def test_a_claimed_file_that_is_not_there_any_more_is_told(tmp_path: Path, server: Server) -> None:
    """The inbound folder was changed in the settings: it lies in the old one under a name that nobody looks at."""
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    run_once(plan)
    drop(server.inbound, "claims.837", numbered(1))
    claimed_and_killed(plan, server, "claims.837", id := new_id())
    (server.home / "new").mkdir()
    log = [json.loads(line) for line in run_once(replace(plan, sources=(server.source(
        inbound=str(server.home / "new")),))).splitlines()]
    assert [(e["id"], e["source"]) for e in log if e["event"] == "gone_there"] == [(id, "partner")]
    (server.inbound / f".edi-check-{id}").rename(server.home / "new/again.837")
    log = [json.loads(line) for line in run_once(replace(plan, sources=(server.source(
        inbound=str(server.home / "new")),))).splitlines()]
    assert [e["event"] for e in log if e["event"] in ("decided", "gone_there")] == ["decided"]


def claimed_and_killed(plan: Plan, server: Server, name: str, id: str) -> None:
    """As a watcher leaves it that was killed after it had renamed a file at the server."""
    ledger = SqliteLedger(plan.layout.ledger, plan.layout.owners)
    s = (server.inbound / name).stat()
    there_ns = int(s.st_mtime) * 1_000_000_000
    ledger.claim([Claim(id, "partner", name.encode(), s.st_size, there_ns, 0, time.time(), True)])
    (server.inbound / name).rename(server.inbound / f".edi-check-{id}")
    ledger.close()


@pytest.mark.parametrize("state", ["claimed", "returning"])
def test_another_file_of_the_same_name_does_not_take_the_place_of_one_that_was_claimed(
    tmp_path: Path, server: Server, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The partner goes on while no watcher runs. What had been renamed was renamed again: the new file over it."""
    monkeypatch.setattr(pickup_module, "HOLD_SECONDS", 0.1)
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    run_once(plan)
    drop(server.inbound, "daily.837", numbered(1))
    claimed_and_killed(plan, server, "daily.837", new_id())
    ledger = SqliteLedger(plan.layout.ledger)
    ledger.db.execute("UPDATE file SET state = ?", (state,))
    ledger.close()
    drop(server.inbound, "daily.837", numbered(2) + b"\n")
    log = run_once(plan)
    kept = sorted(p.read_bytes() for p in (tmp_path / "root/archive").rglob("*.837"))
    assert kept == sorted([numbered(1), numbered(2) + b"\n"]), log
    assert not list(server.inbound.iterdir()) and "given_back" not in log


def advice(plan: Plan) -> dict[str, str]:
    """What ``doctor`` says of the server: nothing of what is well."""
    return {a.what.partition(": ")[2]: "" if a.is_well else a.remedy for a in examine(plan) if "partner" in a.what}


def test_doctor_tells_of_claimed_files_that_the_ledger_does_not_know(tmp_path: Path, server: Server) -> None:
    """The ledger was put back from a backup: nobody fetches them. A name that isn't an id isn't shown."""
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    run_once(plan)
    drop(server.inbound, "a.837", numbered(1))
    claimed_and_killed(plan, server, "a.837", known := new_id())
    what = "no claimed file lies there that the ledger doesn't know"
    (server.inbound / f".edi-check-{new_id()}.part").touch()  # another doctor's
    assert advice(plan)[what] == ""
    (server.inbound / f".edi-check-{(lost := new_id())}").write_bytes(numbered(2))
    (server.inbound / ".edi-check-DOE.837").write_bytes(numbered(3))
    said = advice(plan)[what]
    assert said.startswith("2 named") and lost in said and known not in said and "DOE" not in said


@pytest.mark.parametrize(
    ("denied", "claims_by", "taking", "putting"),
    [
        ("", "rename", "", ""),
        ("rename,posix-rename", "rename", "renamed in", "renamed in"),
        ("rename,posix-rename", "ledger", "", "renamed in"),
        ("write", "rename", "", "written in"),
        ("remove", "rename", "removed from", ""),
    ],
)
def test_doctor_tries_out_what_the_server_allows(
    tmp_path: Path, server: Server, denied: str, claims_by: str, taking: str, putting: str
) -> None:
    """With a tiny file that partners and watchers leave alone, and that is gone afterwards."""
    server.deny(denied)
    plan = plan_for(tmp_path / "root", sources=(server.source(claims_by=claims_by),))
    said = advice(plan)
    taken, put = said["files can be taken from there"], said["files can be put there"]
    assert taking in taken and bool(taking) == bool(taken), said
    assert putting in put and bool(putting) == bool(put), said
    left = [p for folder in (server.inbound, server.outbound) for p in folder.iterdir()]
    assert all(p.name.startswith(".edi-check-") and p.name.endswith(".part") for p in left)
    assert not left or denied == "remove", left
    server.deny()
    log = run_once(plan)
    assert "source_down" not in log and '"fetched"' not in log, "a watcher takes no trial for a claim file"


@pytest.mark.parametrize("which", ["inbound", "outbound"])
def test_doctor_finds_a_remote_folder_that_may_not_be_written(tmp_path: Path, server: Server, which: str) -> None:
    folder = getattr(server, which)
    if subprocess.run(["chattr", "+i", str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("no folder can be made immutable here")
    try:
        said = advice(plan_for(tmp_path / "root", sources=(server.source(),)))
    finally:
        subprocess.run(["chattr", "-i", str(folder)], check=True)
    put = said["files can be put there"]
    assert (str(folder) in put) == (which == "outbound"), said
    assert not said["files can be taken from there"], "nothing can be made there, which isn't needed"


def test_a_process_with_a_carrier_is_one_process(tmp_path: Path, server: Server) -> None:
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    (server.inbound / "cut.837").write_bytes(numbered(1)[:500])
    object.__setattr__(plan.sources[0].rules, "incomplete_grace_seconds", 900.0)
    service = service_for(plan)
    thread = threading.Thread(target=service.run)
    thread.start()
    ledger = SqliteLedger(plan.layout.ledger)
    try:
        told = lambda: standing(plan.layout, ledger, ["partner"])  # noqa: E731
        assert wait_for(lambda: told().waiting == {"partner": {"incomplete": 1}}, 20), told()
        assert told().processes == 1
    finally:
        ledger.close()
        service.stop()
        thread.join(30)
        service.close()


def test_a_host_that_is_not_found_is_lost(tmp_path: Path, server: Server) -> None:
    """As one that doesn't answer; ``oserror`` is about this machine."""
    source = server.source()
    assert source.remote
    source = replace(source, remote=replace(source.remote, host="sftp.invalid"))
    server.known_hosts.write_text(server.known_hosts.read_text().replace("127.0.0.1", "sftp.invalid"))
    running = Running(plan_for(tmp_path / "root", sources=(source,)))
    assert wait_for(lambda: running.saw("source_down", reason="lost"), 30), running.events()
    running.stop()


def test_doctor_says_which_server_does_not_answer(tmp_path: Path, server: Server) -> None:
    source = server.source()
    assert source.remote
    port = free_port()
    server.known_hosts.write_text(server.known_hosts.read_text().replace(str(server.port), str(port)))
    source = replace(source, remote=replace(source.remote, port=port))
    [wrong] = [a for a in examine(plan_for(tmp_path / "root", sources=(source,))) if not a.is_well]
    assert wrong.remedy.startswith(f"there is no connection to 127.0.0.1, port {port} (Connection refused)")


@pytest.mark.parametrize(("mode", "is_well"), [(0o600, True), (0o440, True), (0o644, False), (0o604, False)])
def test_doctor_says_that_everybody_can_read_the_private_key(
    tmp_path: Path, server: Server, mode: int, is_well: bool
) -> None:
    server.user_key.chmod(mode)
    said = list(examine(plan_for(tmp_path / "root", sources=(server.source(),)), is_remote_asked=False))
    [key] = [a for a in said if "private key" in a.what]
    assert key.is_well == is_well and key.remedy == f"chmod 600 {server.user_key}"


@pytest.mark.parametrize(("error", "says"), [
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 22)"), "Connection refused"),
    (OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 22, 0, 0), "
             "[Errno 111] Connect call failed ('127.0.0.1', 22)"), os.strerror(111)),
    (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
    (TimeoutError(), "TimeoutError"),
    (asyncssh.ConnectionLost("[Errno 111] from the other side"), "ConnectionLost"),
])
def test_why_there_is_no_connection_is_said_in_the_system_s_words(error: Exception, says: str) -> None:
    """Python's loop says there what it did (``Connect call failed``), which is no reason."""
    assert sftp_module._named(error) == says


def test_waits_double_under_full_jitter() -> None:
    asked: list[tuple[float, float]] = []
    retry = Retry(lambda low, high: asked.append((low, high)) or high)  # type: ignore[func-returns-value]
    assert [retry.after(Lost("x")) for _ in range(11)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert {low for low, _ in asked} == {0.0}
    retry.success()
    assert [retry.after(Refused("x")) for _ in range(3)] == [1, 2, 900.0]
    assert retry.after(WrongHostKey("x")) is None


def test_a_frozen_server_is_noticed(tmp_path: Path, server: Server) -> None:
    """With the keepalives of production, 10 s and three of them, the promise of a minute has some slack; here a second
    each, to see that they work."""
    assert sftp_module.KEEPALIVE_SECONDS * (sftp_module.KEEPALIVES + 1) <= 60
    running = Running(plan_for(tmp_path / "root", sources=(server.source(),)), keepalive=1.0)
    assert wait_for(lambda: running.figures.get("source_up", source="partner") == 1, 20)
    server.signal_sessions(signal.SIGSTOP)
    try:
        assert wait_for(lambda: running.figures.get("source_up", source="partner") == 0, 15), running.events()
        # The figure falls just before the line is written.
        assert wait_for(lambda: running.saw("source_down", reason="lost"), 10), running.events()
    finally:
        server.signal_sessions(signal.SIGCONT)
    assert wait_for(lambda: running.figures.get("source_up", source="partner") == 1, 20)
    running.stop()


@pytest.mark.long
def test_a_frozen_server_is_noticed_within_a_minute(tmp_path: Path, server: Server) -> None:
    running = Running(plan_for(tmp_path / "root", sources=(server.source(),)))
    assert wait_for(lambda: running.figures.get("source_up", source="partner") == 1, 20)
    server.signal_sessions(signal.SIGSTOP)
    began = time.monotonic()
    assert wait_for(lambda: running.figures.get("source_up", source="partner") == 0, 60)
    print(f"noticed after {time.monotonic() - began:.0f} s")
    server.signal_sessions(signal.SIGCONT)
    running.stop()


def test_slow_uploads_aborted_at_fifty_offsets(tmp_path: Path, server: Server) -> None:
    """A partner writes slowly, under the final name, and stops. Nothing is taken before it is overdue; then each part
    is answered by a TA1 where an ISA is there, and lies in quarantine."""
    data = numbered(3)
    plan = plan_for(tmp_path / "root", sources=(server.source(),))
    object.__setattr__(plan.sources[0].rules, "incomplete_grace_seconds", 1.5)
    service = service_for(plan)
    thread = threading.Thread(target=service.run)
    thread.start()
    offsets = [round(n * (len(data) - 3) / 49) for n in range(50)]
    try:
        handles = [open(server.inbound / f"slow-{n}.837", "wb", buffering=0) for n in range(50)]  # noqa: SIM115
        for part in range(4):
            for handle, offset in zip(handles, offsets, strict=True):
                handle.write(data[offset * part // 4 : offset * (part + 1) // 4])
            time.sleep(0.2)
        assert len(list(server.inbound.glob("slow-*"))) == 50, "a file was taken while it was being written"
        for handle in handles:
            handle.close()
        assert wait_for(lambda: len(list((tmp_path / "root/quarantine").iterdir())) == 50, 60)
    finally:
        service.stop()
        thread.join(30)
        service.close()
    kept = {p.read_bytes() for p in (tmp_path / "root/quarantine").iterdir()}
    assert kept == {data[:offset] for offset in offsets}
    answers = [p.read_text() for p in server.outbound.iterdir()]
    readable = sum(offset >= 106 for offset in offsets)
    assert len(answers) == readable
    assert all("*R*023" in a or "*R*025" in a for a in answers)


HOSTILE = [
    b"../escape",
    b"..",
    b".",
    b"/etc/passwd",
    b"a/../../b",
    b"",
    b"nul\0name",
    b"x" * 256,
    b"x" * 5000,
    b"..\\up",
    b"a/b",
    b"/",
    b"//",
    b"~root",
    b"\n",
    b"-rf",
    b"a\nb",
    b"\xff\xfe",
    b"$(id)",
    b"`id`",
    b";ls",
    b"%2e%2e%2f",
    b"con",
    b"a b",
    "\u202e.837".encode(),
]


class Liar(asyncssh.SFTPServer):
    """Lists names that are no names, sizes that aren't true, and folders without an end."""

    endless = False
    grows = False

    def _attrs(self) -> asyncssh.SFTPAttrs:
        return asyncssh.SFTPAttrs(size=719, permissions=stat.S_IFREG | 0o644, mtime=1, atime=1)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        n = 0
        while True:
            for name in HOSTILE:
                yield asyncssh.SFTPName(name, b"", self._attrs())
            n += 1
            if not self.endless:
                return
            yield asyncssh.SFTPName(f"file-{n}".encode(), b"", self._attrs())

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self._attrs()

    stat = lstat

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        return object()

    def read(self, file: object, offset: int, size: int) -> bytes:
        data = numbered(1)
        return b"X" * size if self.grows else data[offset : offset + size]

    def close(self, file: object) -> None:
        pass

    def rename(self, old: bytes, new: bytes) -> None:
        pass

    posix_rename = rename

    def remove(self, path: bytes) -> None:
        pass


class LiarServer:
    """In a thread of its own."""

    def __init__(self, home: Path, kind: type[asyncssh.SFTPServer]) -> None:
        home.mkdir()
        self.port, self.home = free_port(), home
        self.host_key, self.user_key = key(home / "host"), key(home / "user")
        kind_, data = (home / "host.pub").read_text().split()[:2]
        (home / "known").write_text(f"[127.0.0.1]:{self.port} {kind_} {data}\n")
        self.ready, self.kind = threading.Event(), kind
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self.ready.wait(10)

    def _run(self) -> None:
        connections = self.connections

        class Host(asyncssh.SSHServer):
            def connection_made(self, connection: asyncssh.SSHServerConnection) -> None:
                connections.append(connection)

        async def listen() -> None:
            self.server = await asyncssh.listen(
                "127.0.0.1",
                self.port,
                server_host_keys=[str(self.host_key)],
                authorized_client_keys=str(self.home / "user.pub"),
                sftp_factory=self.kind,
                server_factory=Host,
            )
            self.ready.set()

        self.loop.run_until_complete(listen())
        self.loop.run_forever()

    def stop(self) -> None:
        async def end() -> None:
            self.server.close()
            for connection in self.connections:
                connection.abort()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await asyncio.sleep(0.1)

        asyncio.run_coroutine_threadsafe(end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    def plan(self, root: Path) -> Plan:
        import getpass

        from edi_check.watching.intake import Rules
        from edi_check.watching.plan import RemoteSource, SourcePlan

        remote = RemoteSource(
            "127.0.0.1", self.port, getpass.getuser(), str(self.user_key), str(self.home / "known"), "/in", "/out"
        )
        return Plan(Layout(str(root)), (SourcePlan("liar", "/in", "/out", Rules(0, 1), remote),), poll_seconds=0.05)


def memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("lie", ["names", "endless", "grows"])
def test_a_hostile_server_writes_nothing_outside_and_fills_no_memory(
    tmp_path: Path, lie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Retry, "LONGEST", 0.3)
    monkeypatch.setattr(sftp_module, "MOST_NAMES", 3000)
    kind = type("Kind", (Liar,), {"endless": lie == "endless", "grows": lie == "grows"})
    liar = LiarServer(tmp_path / "liar", kind)
    before = memory()
    root = tmp_path / "down" / "root"
    running = Running(liar.plan(root))
    time.sleep(3)
    running.stop()
    liar.stop()
    assert memory() - before < 60 << 20
    outside = {p for p in tmp_path.rglob("*") if root not in p.parents and (tmp_path / "liar") not in p.parents}
    assert outside == {tmp_path / "down", root, tmp_path / "liar"}
    ids = {p.name.removesuffix(".part") for p in (root / "work/claimed").iterdir()}
    assert all(len(i) == 12 and i.isalnum() for i in ids)
    assert not running.carrier.failed, running.events()
    if lie == "endless":
        assert running.saw("source_down", reason="refused")
    if lie == "grows":
        assert all(p.stat().st_size <= 720 for p in (root / "work/claimed").iterdir())


@pytest.mark.filterwarnings("ignore")
def test_a_server_that_lets_nobody_rename_or_remove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger then remembers what was taken; each file is answered once, also by the watcher that starts next."""
    monkeypatch.setattr(Retry, "LONGEST", 0.3)
    there = tmp_path / "there"
    for name in ("in", "out"):
        (there / name).mkdir(parents=True)
    for n in (1, 2, 3):
        drop(there / "in", f"{n}.837", numbered(n))

    class Stern(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=os.fsencode(there))

        def rename(self, old: bytes, new: bytes) -> None:
            if old.startswith(b"/in"):
                raise asyncssh.SFTPPermissionDenied("no")
            super().rename(old, new)

        def posix_rename(self, old: bytes, new: bytes) -> None:
            raise asyncssh.SFTPOpUnsupported("no")

        def remove(self, path: bytes) -> None:
            raise asyncssh.SFTPPermissionDenied("no")

    stern = LiarServer(tmp_path / "stern", Stern)
    log = ""
    for _ in range(2):
        log += run_once(stern.plan(tmp_path / "root"))
    stern.stop()
    assert "claims_by_ledger" in log
    pushed = Counter(p.name.rsplit("_", 1)[1] for p in (there / "out").iterdir())
    assert pushed == {"999.x12": 3, "277CA.x12": 3}
    assert len(list((there / "in").iterdir())) == 3
    kept = [p.read_bytes() for p in (tmp_path / "root/archive").rglob("*.837")]
    assert sorted(kept) == sorted(numbered(n) for n in (1, 2, 3))


@pytest.mark.filterwarnings("ignore")
def test_a_remote_file_that_may_not_be_read_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays under its own name, even when it is overdue, and is taken once it can be read."""
    monkeypatch.setattr(Retry, "LONGEST", 0.3)
    there = tmp_path / "there"
    for name in ("in", "out"):
        (there / name).mkdir(parents=True)
    for n in (1, 2, 3):
        drop(there / "in", f"{n}.837", numbered(n))
    forbidden = {b"/in/2.837"}

    class Choosy(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=os.fsencode(there))

        def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
            if path in forbidden:
                raise asyncssh.SFTPPermissionDenied("no")
            return super().open(path, pflags, attrs)

    choosy = LiarServer(tmp_path / "choosy", Choosy)
    log = io.StringIO()
    service = service_for(choosy.plan(tmp_path / "root"), log)
    thread = threading.Thread(target=service.run)
    thread.start()

    def answered() -> int:
        return sum(p.name.endswith("_999.x12") for p in (there / "out").iterdir())

    try:
        assert wait_for(lambda: answered() == 2, 30), log.getvalue()
        time.sleep(1.5)  # overdue after one second
        assert [p.name for p in (there / "in").iterdir()] == ["2.837"]
        forbidden.clear()
        assert wait_for(lambda: answered() == 3 and not os.listdir(there / "in"), 30), log.getvalue()
    finally:
        service.stop()
        thread.join(30)
        service.close()
        choosy.stop()
    assert log.getvalue().count('"file_unreadable"') == 1
    assert "source_down" not in log.getvalue()
