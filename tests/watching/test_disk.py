"""Disks that fill up, turn read-only or forbid: real ones, on a mount of their own. The intake pauses, the service says
that it isn't ready, nothing is done by halves, and it goes on by itself once there is room again."""

from __future__ import annotations

import getpass
import io
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from drops import Child, Consumer, drop, numbered, plan_for, run_once, service_for, violations, wait_for

from edi_check.cli.main import main
from edi_check.reading.guide import load
from edi_check.watching import service as service_module
from edi_check.watching import troubles as troubles_module
from edi_check.watching import waiting as waiting_module
from edi_check.watching.intake import Rules
from edi_check.watching.ledger import SqliteLedger
from edi_check.watching.orders import Standing, standing
from edi_check.watching.plan import Plan, SourcePlan

NOBODY = 65534
COUNT = 40


def mount(folder: Path, *options: str) -> bool:
    command = ["mount", *options, "-t", "tmpfs", "edi-check-test", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 16 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0 or not shutil.which("mount") or not mount(folder, "-o", "size=16m,mode=0755"):
        pytest.skip(f"{getpass.getuser()} may not mount here")
    yield folder
    while os.path.ismount(folder):
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, leave: int = 0) -> Path:
    """Write until the disk has no more than ``leave`` bytes left."""
    path = folder / "ballast"
    with open(path, "wb", buffering=0) as out:
        while True:
            s = os.statvfs(folder)
            piece = min(1 << 16, s.f_bavail * s.f_frsize - leave)
            if piece <= 0:
                return path
            try:
                out.write(bytes(piece))
            except OSError:
                return path


def hinder(plan: Plan, before: Callable[[], None], after: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> str:
    """A watcher meets files on a disk that hinders it; it pauses; the disk is well again; it goes on. Out: what the log
    said while it paused."""
    monkeypatch.setattr(service_module, "LONGEST_PAUSE", 0.2)
    log = io.StringIO()
    service = service_for(plan, log)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        assert wait_for(lambda: service.figures.is_ready, 20)
        before()
        assert wait_for(lambda: '"paused"' in log.getvalue(), 20), log.getvalue()
        assert not service.figures.is_ready
        said = log.getvalue()
        assert asked(plan).paused == [json.loads(said.splitlines()[-1])["errno"]], said
        after()
        assert wait_for(lambda: service.figures.is_ready, 20), log.getvalue()
        inbound, claims = plan.sources[0].inbound, plan.layout.claims
        assert wait_for(lambda: not os.listdir(inbound) and not os.listdir(claims), 60), log.getvalue()
    finally:
        service.stop()
        thread.join(30)
        service.close()
    assert '"resumed"' in log.getvalue() and "quarantined" not in log.getvalue()
    return said


def files(root: Path) -> dict[str, bytes]:
    return {f"{n}.837": numbered(n) for n in range(1, COUNT + 1)}


def prepared(root: Path) -> Callable[[], None]:
    """The files, under names that are ignored; what is returned gives them theirs."""
    for name, data in files(root).items():
        (root / "inbound" / f".{name}.tmp").write_bytes(data)
    inbound = os.open(root / "inbound", os.O_RDONLY)

    def appear() -> None:
        for name in files(root):
            os.rename(f".{name}.tmp", name, src_dir_fd=inbound, dst_dir_fd=inbound)
        os.close(inbound)

    return appear


@pytest.mark.parametrize("leave", [0, 40_000, 120_000, 300_000])
def test_a_full_disk(small: Path, leave: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Full at once, or after some of the answers, the ledger's journal among what no longer fits."""
    plan = plan_for(small, min_free_bytes=0)
    ballast: list[Path] = []

    def before() -> None:
        appear = prepared(small)
        ballast.append(fill(small, leave))
        appear()

    said = hinder(plan, before, lambda: ballast[0].unlink(), monkeypatch)
    assert "ENOSPC" in said or "SQLITE_FULL" in said or "SQLITE_IOERR" in said, said
    assert violations(small, files(small), Consumer(small / "outbound")) == []


def test_a_disk_that_turns_read_only(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only mount comes to lie over the root: what is open goes on being written, as the ledger, and nothing else
    can be."""
    plan = plan_for(small, min_free_bytes=0)

    def before() -> None:
        appear = prepared(small)
        subprocess.run(["mount", "--bind", str(small), str(small)], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", str(small)], check=True)
        appear()

    def after() -> None:
        subprocess.run(["umount", "-l", str(small)], check=True)

    said = hinder(plan, before, after, monkeypatch)
    assert "EROFS" in said or "SQLITE_" in said, said
    assert violations(small, files(small), Consumer(small / "outbound")) == []


# As a user who may not do everything


class Unprivileged(Child):
    """A watcher that runs as nobody."""

    def __init__(self, plan: Plan, log: Path) -> None:
        load()  # nobody may not be allowed to read what is installed
        os.chown(plan.layout.root, NOBODY, NOBODY)
        super().__init__(plan, log=log, user=NOBODY)


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder that nobody can reach; those above it let it pass."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):
        if folder.stat().st_mode & 0o011 != 0o011 and os.access(folder, os.W_OK):
            folder.chmod(folder.stat().st_mode | 0o011)
    first = plan_for(tmp_path / "first")
    drop(tmp_path / "first/inbound", "a.837", numbered(1))
    run_once(first)  # what it imports, root's Python may keep from others
    root = tmp_path / "root"
    root.mkdir()
    return root


def test_files_that_may_not_be_read_stay_and_the_others_are_answered(open_folder: Path) -> None:
    root = open_folder
    plan = plan_for(root)
    inbound = root / "inbound"
    dropped = {f"{n}.837": numbered(n) for n in range(1, 9)}
    for name, data in dropped.items():
        drop(inbound, name, data)
    os.chown(inbound, NOBODY, NOBODY)
    for n in (1, 2, 3, 4):
        os.chown(inbound / f"{n}.837", NOBODY, NOBODY)
    (inbound / "2.837").chmod(0)  # ours, and forbidden
    (inbound / "5.837").chmod(0o600)  # another user's, and forbidden
    (inbound / "6.837").chmod(0o644)  # another user's, who lets it be read
    log = root / "log"
    log.touch()
    os.chown(log, NOBODY, NOBODY)
    watcher = Unprivileged(plan, log)
    try:
        assert wait_for(lambda: sorted(os.listdir(inbound)) == ["2.837", "5.837"], 30, 0.05), log.read_text()
        assert wait_for(lambda: log.read_text().count('"file_unreadable"') == 2, 10), log.read_text()
        for name in ("2.837", "5.837"):
            (inbound / name).chmod(0o644)  # the partner mends it
        assert wait_for(lambda: not os.listdir(inbound) and not os.listdir(root / "work/claimed"), 30), log.read_text()
    finally:
        assert watcher.end(signal.SIGTERM) == 0
    assert violations(root, dropped, Consumer(root / "outbound")) == []
    for path in root.rglob("*"):
        if path.is_file() and path != log:
            assert path.stat().st_uid == NOBODY and path.stat().st_mode & 0o777 == 0o600, path


def test_orders_of_root_are_carried_out_as_the_watchers_user(
    open_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What root's doctor and root's requeue make, the watcher can use."""
    root = open_folder
    plan = plan_for(root)
    os.chown(root / "inbound", NOBODY, NOBODY)
    os.chown(root, NOBODY, NOBODY)
    assert main(["doctor", "--root", str(root)]) == 0, capsys.readouterr()
    assert {p.stat().st_uid for p in root.rglob("*")} == {NOBODY} and (root / "work/ledger.db").exists()
    drop(root / "inbound", "a.837", numbered(1))
    (root / "inbound/a.837").chmod(0o644)
    log = root / "log"
    log.touch()
    os.chown(log, NOBODY, NOBODY)
    watcher = Unprivileged(plan, log)
    archived = lambda: len(list((root / "archive").rglob("*.837")))  # noqa: E731
    try:
        assert wait_for(lambda: archived() == 1, 30), log.read_text()
        assert main(["requeue", next((root / "archive").rglob("*.837")).stem[-12:], "--root", str(root)]) == 0
        assert wait_for(lambda: archived() == 2, 30), log.read_text()
        (root / "outbound").chmod(0)
        capsys.readouterr()
        assert main(["doctor", "--root", str(root)]) == 3
        assert "give this user rights on" in capsys.readouterr().out, "it looks as the watcher, not as root"
        (root / "outbound").chmod(0o700)
    finally:
        assert watcher.end(signal.SIGTERM) == 0
    assert os.geteuid() == 0 and {p.stat().st_uid for p in root.rglob("*")} == {NOBODY}


def test_roots_doctor_makes_no_root(open_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whose it is to be can't be known."""
    assert main(["doctor", "--root", str(open_folder / "new")]) == 3
    assert "make it" in capsys.readouterr().out and not (open_folder / "new").exists()


@pytest.mark.parametrize("where", ["outbound", "archive", "work/stage", "work/claimed", "accepted"])
def test_a_folder_that_forbids_writing_pauses_and_goes_on(open_folder: Path, where: str) -> None:
    root = open_folder
    plan = plan_for(root)
    log = root / "log"
    log.touch()
    os.chown(log, NOBODY, NOBODY)
    os.chown(root / "inbound", NOBODY, NOBODY)
    watcher = Unprivileged(plan, log)
    try:
        assert wait_for(lambda: '"ready"' in log.read_text() or (root / "work/owners").is_dir(), 20)
        assert wait_for(lambda: bool(os.listdir(root / "work/owners")), 20)
        (root / where).chmod(0o500)
        for name, data in files(root).items():
            drop(root / "inbound", name, data)
            os.chown(root / "inbound" / name, NOBODY, NOBODY)
        assert wait_for(lambda: '"paused"' in log.read_text(), 20), log.read_text()
        assert '"EACCES"' in log.read_text()
        (root / where).chmod(0o700)
        assert wait_for(lambda: not os.listdir(root / "inbound") and not os.listdir(root / "work/claimed"), 60, 0.05), (
            log.read_text()
        )
    finally:
        assert watcher.end(signal.SIGTERM) == 0
    assert '"resumed"' in log.read_text() and "quarantined" not in log.read_text()
    assert violations(root, files(root), Consumer(root / "outbound")) == []


# One of several sources


class TwoSources:
    """``a`` gets into trouble, ``b`` must not notice. Their watcher runs as nobody."""

    def __init__(self, root: Path) -> None:
        self.root, self.log, self.dropped = root, root / "log", dict[str, bytes]()
        self.of_b = 0
        for name in ("a/in", "a/out", "b/in", "b/out", "inbound"):
            (root / name).mkdir(parents=True)
            os.chown(root / name, NOBODY, NOBODY)
        self.log.touch()
        os.chown(self.log, NOBODY, NOBODY)
        rules = Rules(settle_seconds=0.0, incomplete_grace_seconds=0.3)
        self.plan = plan_for(
            root, sources=tuple(SourcePlan(s, str(root / s / "in"), str(root / s / "out"), rules) for s in "ab")
        )
        self.watcher = Unprivileged(self.plan, self.log)

    def drop(self, source: str, *numbers: int, user: int = NOBODY) -> None:
        """As the partner does it; files of another ``user`` may be read by all."""
        inbound = self.root / source / "in"
        for n in numbers:
            self.dropped[f"{n}.837"] = numbered(n)
            (inbound / ".new").write_bytes(numbered(n))
            (inbound / ".new").chmod(0o644)
            os.chown(inbound / ".new", user, user)
            (inbound / ".new").rename(inbound / f"{n}.837")

    def answers(self, source: str) -> int:
        return sum(name.endswith("_999.x12") for name in os.listdir(self.root / source / "out"))

    def events(self, event: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def b_goes_on(self) -> None:
        """Its next file is answered as if nothing had happened."""
        self.of_b += 1
        self.drop("b", 700 + self.of_b)
        assert wait_for(lambda: self.answers("b") == self.of_b, 20), self.log.read_text()

    def ends_well(self) -> None:
        """All of both sources is answered once."""
        assert wait_for(lambda: not os.listdir(self.root / "a/in"), 30), self.log.read_text()
        assert self.watcher.end(signal.SIGTERM) == 0
        run_once(self.plan)
        outs = [Consumer(self.root / name) for name in ("a/out", "b/out", "outbound")]
        for consumer in outs:
            consumer.take()
        outs[0].taken += outs[1].taken + outs[2].taken
        assert violations(self.root, self.dropped, outs[0]) == []


def asked(plan: Plan) -> Standing:
    """What ``status`` tells."""
    ledger = SqliteLedger(plan.layout.ledger)
    try:
        return standing(plan.layout, ledger)
    finally:
        ledger.close()


@pytest.fixture
def two(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoSources]:
    monkeypatch.setattr(troubles_module, "DOWN_SECONDS", 0.5)
    monkeypatch.setattr(waiting_module, "REFUSED_SECONDS", 1.0)
    made = TwoSources(open_folder)
    yield made
    with suppress(OSError):
        made.watcher.end()


@pytest.mark.parametrize("which", ["in", "out"])
def test_a_folder_of_one_source_that_forbids_stops_no_other(two: TwoSources, which: str) -> None:
    two.drop("a", 1)
    assert wait_for(lambda: two.answers("a") == 1, 30), two.log.read_text()
    (two.root / "a" / which).chmod(0o555)
    two.drop("a", 2, 3)
    two.b_goes_on()
    assert wait_for(lambda: bool(two.events("source_down")), 10)
    assert [(e["source"], e["errno"]) for e in two.events("source_down")] == [("a", "EACCES")]
    assert not two.events("paused")
    assert asked(two.plan).sources_down == {"a": "forbidden"}
    (two.root / "a" / which).chmod(0o755)
    two.ends_well()


def test_a_file_that_cannot_be_taken_is_left_and_the_others_are_taken(two: TwoSources) -> None:
    """A sticky folder of another user's, and a file of another user's in it."""
    os.chown(two.root / "a/in", 0, 0)
    (two.root / "a/in").chmod(0o1777)
    two.drop("a", 1, user=0)
    two.drop("a", 2)
    two.b_goes_on()
    assert wait_for(lambda: os.listdir(two.root / "a/in") == ["1.837"], 20)
    time.sleep(1.5)  # it is tried again
    two.b_goes_on()
    assert [(e["source"], e["errno"]) for e in two.events("file_refused")] == [("a", "EPERM")]
    assert not two.events("paused") and not two.events("source_down")
    os.chown(two.root / "a/in/1.837", NOBODY, NOBODY)
    two.ends_well()
