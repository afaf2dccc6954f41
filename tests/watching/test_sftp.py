"""Remote folders against a real OpenSSH server: both directions, and what goes wrong with servers."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from drops import Child, Consumer, drop, numbered, plan_for, run_once, violations, wait_for
from sshd import Server, served

from edi_check.watching.carrier import Retry
from edi_check.watching.pickup import Pickup
from edi_check.watching.plan import Plan
from edi_check.watching.records import Record
from edi_check.watching.sftp import RemoteFolder


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(Retry, "LONGEST", 0.5)
    yield from served(tmp_path)


def remote_plan(tmp_path: Path, server: Server, **more: object) -> Plan:
    return plan_for(tmp_path / "root", sources=(server.source(**more),))


def marked_plan(tmp_path: Path, server: Server, claims_by: str) -> Plan:
    """One whose files have done markers."""
    plan = remote_plan(tmp_path, server, claims_by=claims_by)
    object.__setattr__(plan.sources[0].rules, "done_marker", ".done")
    return plan


class Partner(Consumer):
    """Collects acknowledgments where they were pushed, and reports where they stay, as one consumer; half-written
    names are not its business."""

    def __init__(self, server: Server, root: Path) -> None:
        super().__init__(server.outbound)
        self.reports = Consumer(root / "outbound")

    def take(self) -> int:
        before = len(self.taken)
        for path in list(self.folder.iterdir()):
            if not path.name.startswith("."):
                self.taken.append((path.name, path.read_bytes()))
                path.unlink()
        self.reports.take()
        self.taken += self.reports.taken
        self.reports.taken.clear()
        return len(self.taken) - before


def test_pull_and_push(tmp_path: Path, server: Server) -> None:
    dropped = {f"claims-{n}.837": numbered(n) for n in range(1, 15)}
    for name, data in dropped.items():
        drop(server.inbound, name, data)
    log = run_once(remote_plan(tmp_path, server))
    partner = Partner(server, tmp_path / "root")
    (tmp_path / "root" / "inbound").mkdir(exist_ok=True)
    assert violations(tmp_path / "root", dropped, partner) == [], log
    assert list(server.inbound.iterdir()) == []
    assert sum(name.endswith("_999.x12") for name, _ in partner.taken) == 12


@pytest.mark.parametrize("claims_by", ["rename", "ledger"])
def test_a_server_that_closes_in_the_middle_of_a_big_file(tmp_path: Path, server: Server, claims_by: str) -> None:
    """Each time some of it is here; it is answered once, when all of it is."""
    dropped = {name: numbered(n).replace(b"~\n", b"~" + b"\n" * (24 << 20), 1) for n, name in ((1, "a b"), (2, "b"))}
    plan = remote_plan(tmp_path, server, claims_by=claims_by)
    claimed = Path(plan.layout.claims)
    log = tmp_path / "log"
    log.touch()
    child = Child(plan, log=log)
    try:
        assert wait_for(lambda: '"source_up"' in log.read_text(), 30)
        for name, data in dropped.items():
            drop(server.inbound, name, data)
        cut = 0
        while cut < 6 and not list((tmp_path / "root/archive").rglob("*.837")):
            if wait_for(lambda: any(map(is_begun, claimed.glob("*.part"))), 1):
                cut += bool(server.signal_sessions(signal.SIGKILL))
        assert cut, "the disk was quicker than we"
        assert wait_for(lambda: len(list((tmp_path / "root/archive").rglob("*.837"))) == 2, 90, 0.05), log.read_text()
        assert wait_for(lambda: len(list(server.outbound.glob("*_277CA.x12"))) == 2, 30, 0.05)
    finally:
        assert child.end(signal.SIGTERM) == 0
    partner = Partner(server, tmp_path / "root")
    (tmp_path / "root/inbound").mkdir(exist_ok=True)
    assert violations(tmp_path / "root", dropped, partner) == []
    assert list(server.inbound.iterdir()) == []
    reasons = [e["reason"] for e in map(json.loads, log.read_text().splitlines()) if e["event"] == "source_down"]
    assert reasons and set(reasons) == {"lost"}


def is_begun(part: Path) -> bool:
    try:
        return part.stat().st_size > 0
    except FileNotFoundError:  # all of it is here
        return False


NAMES = [b"a b c.837", b"new\nline.837", "Ünïcödé-日本.837".encode(), b"a..837", b"x" * 255, "é".encode() * 127, b"*",
         b"\\..\\up.837", b"%2e%2e%2fup.837", b"$(touch pwned).837", b" ", b"\x7f\x1b[2J.837", b"-rf", b"\xff\xfe"]


@pytest.mark.parametrize("claims_by", ["rename", "ledger"])
def test_odd_names_at_a_server_are_answered_like_others(tmp_path: Path, server: Server, claims_by: str) -> None:
    left = [b".hidden.837", b"..837", b"...837", b"a.837~"]
    for n, name in enumerate([*NAMES, *left], 1):
        (server.inbound / os.fsdecode(name)).write_bytes(numbered(n))
    log = run_once(remote_plan(tmp_path, server, claims_by=claims_by))
    (tmp_path / "root/inbound").mkdir(exist_ok=True)
    dropped = {str(name): numbered(n) for n, name in enumerate(NAMES, 1)}
    assert violations(tmp_path / "root", dropped, Partner(server, tmp_path / "root")) == []
    assert sorted(os.listdir(os.fsencode(server.inbound))) == sorted(left)
    assert [line for line in log.splitlines() if '"warn"' in line or '"error"' in line] == [] and "pwned" not in log


def test_once_says_what_stays_at_the_server(tmp_path: Path, server: Server) -> None:
    drop(server.inbound, "cut.837", numbered(1)[:500])
    drop(server.inbound, "whole.837", numbered(2))
    plan = remote_plan(tmp_path, server)
    object.__setattr__(plan.sources[0].rules, "incomplete_grace_seconds", 900.0)
    log = [json.loads(line) for line in run_once(plan).splitlines()]
    told = [(line["reason"], line["files"]) for line in log if line["event"] == "left_waiting"]
    assert told == [("incomplete", 1)]
    assert [p.name for p in server.inbound.iterdir()] == ["cut.837"]


@pytest.mark.parametrize("name", ["cut.837", "cut.837.gz"])
def test_runs_of_once_add_up_until_a_cut_file_goes_to_quarantine(tmp_path: Path, server: Server, name: str) -> None:
    data = gzip.compress(numbered(1))[:300] if name.endswith("gz") else numbered(1)[:500]
    (server.inbound / name).write_bytes(data)
    plan = remote_plan(tmp_path, server)
    object.__setattr__(plan.sources[0].rules, "incomplete_grace_seconds", 3.0)
    began = time.monotonic()
    runs = 0
    while os.listdir(server.inbound):
        assert time.monotonic() - began < 60, "no run sees it for long enough"
        runs += 1
        log = run_once(plan)
        assert ('"left_waiting"' in log) == bool(os.listdir(server.inbound)), log
    assert runs > 1 and time.monotonic() - began >= 3.0
    assert [p.read_bytes() for p in (tmp_path / "root/quarantine").iterdir()] == [data]
    assert [p.name[-8:] for p in server.outbound.iterdir()] == ["_TA1.x12"]


@pytest.mark.parametrize("claims_by", ["rename", "ledger"])
def test_a_file_that_is_given_back_still_has_its_done_marker(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, claims_by: str
) -> None:
    """The partner goes on writing as it is claimed."""
    plan = marked_plan(tmp_path, server, claims_by)
    handle = open(server.inbound / "a.837", "wb", buffering=0)  # noqa: SIM115
    handle.write(numbered(1))
    (server.inbound / "a.837.done").touch()
    original = Pickup._claim_there

    async def claim_there(self: Pickup, folder: RemoteFolder, r: Record) -> bytes:
        monkeypatch.setattr(Pickup, "_claim_there", original)
        there = await original(self, folder, r)
        handle.write(numbered(2))
        handle.close()
        return there

    monkeypatch.setattr(Pickup, "_claim_there", claim_there)
    log = run_once(plan)
    assert '"given_back"' in log and '"left_waiting"' not in log, log
    assert [p.read_bytes() for p in (tmp_path / "root/archive").rglob("*.837")] == [numbered(1) + numbered(2)]
    assert list(server.inbound.iterdir()) == []


@pytest.mark.parametrize("claims_by", ["rename", "ledger"])
def test_a_done_marker_goes_with_its_file_and_not_with_the_next(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, claims_by: str
) -> None:
    """A second file of that name comes, with its marker, while the first is on its way."""
    plan = marked_plan(tmp_path, server, claims_by)
    second = numbered(2) + numbered(3)
    drop(server.inbound, "a.837", numbered(1))
    (server.inbound / "a.837.done").touch()
    original = Pickup._keep

    def keep(self: Pickup, came: Sequence[tuple[Record, bool]]) -> None:
        monkeypatch.setattr(Pickup, "_keep", original)
        original(self, came)
        drop(server.inbound, "a.837", second)
        drop(server.inbound, "a.837.done", b"")

    monkeypatch.setattr(Pickup, "_keep", keep)
    log = run_once(plan)
    kept = sorted(p.read_bytes() for p in (tmp_path / "root/archive").rglob("*.837"))
    assert kept == sorted([numbered(1), second]), log
    assert list(server.inbound.iterdir()) == []


def test_a_gzip_file_beyond_the_limits_is_answered(tmp_path: Path, server: Server) -> None:
    """It was cut off, too: who unpacks all of it finds that it isn't whole, and waits."""
    drop(server.inbound, "bomb.gz", gzip.compress(numbered(1) + b"\n" * (64 << 20))[:-9])
    drop(server.inbound, "cut.gz", gzip.compress(numbered(2))[:-9])
    plan = remote_plan(tmp_path, server)
    object.__setattr__(plan.sources[0].rules, "incomplete_grace_seconds", 900.0)
    run_once(plan)
    assert [p.name for p in server.inbound.iterdir()] == ["cut.gz"]
    [report] = (tmp_path / "root/outbound").glob("*_report.json")
    assert "unpacks beyond the limit" in report.read_text()


class Chase:
    """Kills one side again and again while files are fetched and acknowledgments pushed."""

    def __init__(self, tmp_path: Path, server: Server, seed: int) -> None:
        self.server, self.root = server, tmp_path / "root"
        self.plan = remote_plan(tmp_path, server)
        (self.root / "inbound").mkdir(parents=True, exist_ok=True)
        self.partner = Partner(server, self.root)
        self.random = random.Random(seed)
        self.dropped: dict[str, bytes] = {}

    def feed(self, backlog: int = 12) -> None:
        """A partner with a few names, who uses each again as soon as it is free; ``link`` because a file may be given
        back in between."""
        there = {p.name for p in self.server.inbound.iterdir()}
        for name in sorted({f"daily-{n}.837" for n in range(backlog)} - there):
            number = len(self.dropped) + 1
            temporary = self.server.inbound / f".{name}.tmp"
            temporary.write_bytes(numbered(number))
            os.link(temporary, self.server.inbound / name)
            temporary.unlink()
            self.dropped[str(number)] = numbered(number)

    def pause(self) -> None:
        """Until something moves at the server, or, every other time, until an acknowledgment does; and up to 120 ms
        more. Kills that all fell on the first move would never meet a push."""
        before, answers = self.names(), self.random.random() < 0.5
        pushed = {p.name for p in self.server.outbound.iterdir()}

        def moved() -> bool:
            if answers:
                return {p.name for p in self.server.outbound.iterdir()} != pushed
            return self.names() != before

        assert wait_for(moved, 60)
        end = time.monotonic() + self.random.uniform(0, 0.120)
        while time.monotonic() < end:
            self.partner.take()

    def verdict(self) -> list[str]:
        run_once(self.plan)
        wrong = violations(self.root, self.dropped, self.partner)
        left = [p.name for p in [*self.server.inbound.iterdir(), *self.server.outbound.iterdir()]]
        return wrong + [f"{len(left)} left at the server"] * bool(left)

    def names(self) -> set[str]:
        return {p.name for p in [*self.server.inbound.iterdir(), *self.server.outbound.iterdir()]}

    def kill_clients(self, kills: int) -> list[str]:
        for _ in range(kills):
            self.feed()
            self.partner.take()
            watcher = Child(self.plan)
            self.pause()
            assert watcher.end(signal.SIGKILL) == -signal.SIGKILL
        return self.verdict()

    def kill_sessions(self, kills: int) -> list[str]:
        watcher = Child(self.plan, log=self.root / "log")
        for _ in range(kills):
            self.feed()
            self.pause()
            wait_for(lambda: self.server.signal_sessions(signal.SIGKILL) > 0, 30)
        assert watcher.is_running(), (self.root / "log").read_text()
        assert watcher.end(signal.SIGTERM) == 0
        return self.verdict()


def test_twenty_client_kills(tmp_path: Path, server: Server) -> None:
    assert Chase(tmp_path, server, 1).kill_clients(20) == []


def test_twenty_session_kills(tmp_path: Path, server: Server) -> None:
    assert Chase(tmp_path, server, 2).kill_sessions(20) == []


@pytest.mark.long
def test_five_hundred_client_kills(tmp_path: Path, server: Server) -> None:
    chase = Chase(tmp_path, server, 3)
    assert chase.kill_clients(500) == []
    print(f"500 kills of the client over {len(chase.dropped):,} files: 0 lost, 0 doubled")


@pytest.mark.long
def test_five_hundred_session_kills(tmp_path: Path, server: Server) -> None:
    chase = Chase(tmp_path, server, 4)
    assert chase.kill_sessions(500) == []
    print(f"500 kills of the server's sessions over {len(chase.dropped):,} files: 0 lost, 0 doubled")
