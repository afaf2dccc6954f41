"""Disks that fill up, turn read-only or forbid: real ones, on a mount of their own. The intake pauses, the service says
that it isn't ready, nothing is done by halves, and it goes on by itself once there is room again."""

from __future__ import annotations

import getpass
import gzip
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from drops import Child, Consumer, drop, numbered, plan_for, run_once, service_for, violations, wait_for
from sshd import Server

from edi_check.cli.main import main
from edi_check.reading.guide import load
from edi_check.watching import service as service_module
from edi_check.watching import troubles as troubles_module
from edi_check.watching import waiting as waiting_module
from edi_check.watching.checkup import examine
from edi_check.watching.intake import Rules
from edi_check.watching.layout import LayoutError
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
        assert wait_for(lambda: not service.figures.is_ready, 20)
        said = log.getvalue()
        errno = json.loads(said.splitlines()[-1])["errno"]
        # Each pause is short here, and ends for a moment while it tries again.
        assert wait_for(lambda: asked(plan).paused == [errno], 20), said
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


def test_what_a_full_disk_pauses_is_told_with_the_folder_each_time(small: Path) -> None:
    """Only the first line and the first look of ``status`` had it: what was tried out afterwards didn't say where."""
    plan = plan_for(small, min_free_bytes=1 << 60)
    log = io.StringIO()
    service = service_for(plan, log)
    drop(small / "inbound", "a.837", numbered(1))
    fill(small)
    thread = threading.Thread(target=service.run)
    thread.start()
    assert wait_for(lambda: log.getvalue().count('"paused"') >= 3, 30)
    service.stop()
    thread.join()
    service.close()
    told = [json.loads(line) for line in log.getvalue().splitlines() if '"paused"' in line]
    assert {(line["errno"], line.get("folder")) for line in told} == {("ENOSPC", str(small / "work"))}, told


@pytest.mark.parametrize("lacking", ["room", "inodes"])
def test_doctor_says_that_nothing_can_be_written_though_there_is_enough_free(
    small: Path, server: Server, lacking: str
) -> None:
    """A remote source has no folder here that would be tried out."""
    if lacking == "inodes":
        assert mount(small, "-o", "size=64m,nr_inodes=60,mode=0755")
    plan = plan_for(small, min_free_bytes=0, sources=(server.source(),))
    assert [a for a in examine(plan) if not a.is_well] == []
    before = sorted(os.listdir(plan.layout.work))
    if lacking == "room":
        fill(small)
    else:
        with pytest.raises(OSError, match="No space left"):
            for number in range(100):
                (small / str(number)).touch()
    wrong = [a for a in examine(plan) if not a.is_well]
    assert len(wrong) == 1 and plan.layout.work in wrong[0].what, wrong
    assert "No space left" in wrong[0].remedy and ("inode" in wrong[0].remedy) == (lacking == "inodes")
    assert sorted(os.listdir(plan.layout.work)) == before


def test_a_file_for_which_there_is_no_room_waits_alone(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk of temporary files is full; a file that is unpacked there has to wait, the others are answered."""
    fill(small)
    root = tmp_path / "root"
    plan = plan_for(root)
    dropped = {"big.837.gz": gzip.compress(numbered(1) + b"\n" * 40_000), "2.837": numbered(2)}
    for name, data in dropped.items():
        drop(root / "inbound", name, data)
    monkeypatch.setattr(service_module, "LONGEST_PAUSE", 0.1)
    monkeypatch.setattr("tempfile.tempdir", str(small))
    log = run_once(plan)
    told = [(e["event"], e["errno"]) for e in map(json.loads, log.splitlines()) if "errno" in e]
    assert told == [("paused", "ENOSPC")] * 2 + [("set_aside", "ENOSPC")] * 3, log
    assert [p.read_bytes() for p in (root / "archive").rglob("*.837")] == [numbered(2)]
    monkeypatch.undo()
    run_once(plan)
    assert {p.read_bytes() for p in (root / "archive").rglob("*.837")} == set(dropped.values())


@pytest.mark.parametrize("which", ["work/claimed", "work/stage", "work/ledger.db", "work"])
def test_a_folder_of_ours_that_is_gone_pauses_and_is_told(tmp_path: Path, which: str) -> None:
    plan = plan_for(tmp_path)
    service = service_for(plan)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        assert wait_for(lambda: service.figures.is_ready, 20)
        (tmp_path / which).rename(tmp_path / "elsewhere")
        drop(tmp_path / "inbound", "a.837", numbered(1))
        assert wait_for(lambda: service._note.paused == "ENOENT", 20)
        (tmp_path / "elsewhere").rename(tmp_path / which)
        assert wait_for(lambda: bool(list((tmp_path / "archive").rglob("*.837"))), 30)
    finally:
        service.stop()
        thread.join(30)
        service.close()
    assert violations(tmp_path, {"a.837": numbered(1)}, Consumer(tmp_path / "outbound")) == []


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


def test_another_ledger_in_the_place_of_ours_ends_the_watcher(tmp_path: Path) -> None:
    """The disk went away and was mounted anew, or a backup put back: SQLite has the old file open. No waiting helps;
    whoever starts next works with what is there."""
    plan = plan_for(tmp_path)
    ledger, copy = tmp_path / "work/ledger.db", tmp_path / "backup.db"
    command = [sys.executable, "-m", "edi_check", "watch", "--in", plan.sources[0].inbound, "--out",
               plan.sources[0].outbound]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as watcher:
        try:
            assert watcher.stderr and '"started"' in watcher.stderr.readline()
            shutil.copyfile(ledger, copy)
            copy.rename(ledger)
            assert watcher.wait(20) == 2
        finally:
            watcher.kill()
        assert f"{ledger} is another file than the one that this watcher began with" in watcher.stderr.read()
    drop(tmp_path / "inbound", "a.837", numbered(1))
    run_once(plan)
    assert violations(tmp_path, {"a.837": numbered(1)}, Consumer(tmp_path / "outbound")) == []


@pytest.mark.parametrize("which", ["inbound", "outbound"])
def test_a_folder_on_a_mount_of_its_own_is_refused(tmp_path: Path, which: str) -> None:
    """Of the same filesystem, as two volumes of a container may be: a rename between them is refused all the same."""
    root = tmp_path / "root"
    plan = plan_for(root)
    (root / which).mkdir(exist_ok=True)
    (tmp_path / "volume").mkdir()
    command = ["mount", "--bind", str(tmp_path / "volume"), str(root / which)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip(f"{getpass.getuser()} may not mount here")
    try:
        assert os.stat(root / which).st_dev == os.stat(root).st_dev
        with pytest.raises(LayoutError, match=f"{which} lies on another mount"):
            service_for(plan)
        assert [a.remedy for a in examine(plan) if "another mount" in a.remedy]
    finally:
        subprocess.run(["umount", str(root / which)], check=True)
    drop(root / "inbound", "a.837", numbered(1))
    run_once(plan)
    assert violations(root, {"a.837": numbered(1)}, Consumer(root / "outbound")) == []


# Folders behind symbolic links


@pytest.fixture
def linked(tmp_path: Path) -> Plan:
    """A root whose outbound folder is a link to one elsewhere on the disk, and so is that of its source ``a``."""
    for name in ("root/in", "elsewhere/all", "elsewhere/a"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "root/outbound").symlink_to(tmp_path / "elsewhere/all")
    (tmp_path / "root/a").symlink_to("../elsewhere/a")
    rules = Rules(settle_seconds=0.0, incomplete_grace_seconds=0.3)
    source = SourcePlan("a", str(tmp_path / "root/in"), str(tmp_path / "root/a"), rules)
    return plan_for(tmp_path / "root", sources=(source,))


def test_answers_go_through_a_link_to_the_folder_it_names(linked: Plan, tmp_path: Path) -> None:
    drop(tmp_path / "root/in", "a.837", numbered(1))
    (tmp_path / "root/inbound").mkdir(exist_ok=True)
    run_once(linked)
    assert (tmp_path / "root/a").is_symlink() and (tmp_path / "root/outbound").is_symlink()
    assert all(p.stat().st_mode & 0o777 == 0o600 for p in (tmp_path / "elsewhere/a").iterdir())
    assert violations(tmp_path / "root", {"a.837": numbered(1)}, Consumer(tmp_path / "elsewhere/a")) == []


def test_a_link_to_another_disk_or_to_nowhere_is_refused(linked: Plan, small: Path, tmp_path: Path) -> None:
    for target, says in ((small, "another filesystem"), (tmp_path / "nowhere", "no such folder")):
        (tmp_path / "root/a").unlink()
        (tmp_path / "root/a").symlink_to(target)
        with pytest.raises(LayoutError, match=says):
            service_for(linked)


@pytest.mark.parametrize(("target", "reason"), [("in", "onefolder"), ("../small", "otherdisk"), ("no", "nooutbound")])
def test_a_link_that_is_changed_while_it_works_loses_and_doubles_nothing(
    linked: Plan, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, reason: str
) -> None:
    """To the inbound folder, whose answers would be taken as claims; to another disk; to nowhere."""
    monkeypatch.setattr(troubles_module, "DOWN_SECONDS", 0.2)
    link = tmp_path / "root/a"
    dropped = {f"{n}.837": numbered(n) for n in (1, 2)}
    service = service_for(linked)
    thread = threading.Thread(target=service.run)
    thread.start()
    inbound = tmp_path / "root/in"
    try:
        drop(inbound, "1.837", numbered(1))
        assert wait_for(lambda: not os.listdir(tmp_path / "root/work/claimed") and not os.listdir(inbound), 20)
        (tmp_path / "root/new").symlink_to(target)
        (tmp_path / "root/new").rename(link)
        assert wait_for(lambda: asked(linked).sources_down == {"a": reason}, 20), asked(linked)
        drop(inbound, "2.837", numbered(2))
        time.sleep(0.5)
        assert os.listdir(inbound) == ["2.837"]
        link.unlink()
        link.symlink_to("../elsewhere/a")
        for w in service.arrivals.waiting:
            w._next = 0
        done = lambda: len(list((tmp_path / "root/archive").rglob("*.837")))  # noqa: E731
        assert wait_for(lambda: done() == 2 and asked(linked).sources_down == {}, 30), asked(linked)
    finally:
        service.stop()
        thread.join(30)
        service.close()
    (tmp_path / "root/inbound").mkdir(exist_ok=True)
    assert os.listdir(small) == []
    assert violations(tmp_path / "root", dropped, Consumer(tmp_path / "elsewhere/a")) == []


def test_a_link_planted_under_an_answers_name_is_replaced_and_not_followed(linked: Plan, tmp_path: Path) -> None:
    """Whoever can write to the outbound folder gets no other file of ours overwritten."""
    (tmp_path / "treasure").write_text("ours")
    drop(tmp_path / "root/in", "a.837", numbered(1))
    service = service_for(linked)
    service.arrivals.scan()
    time.sleep(0.05)
    service.arrivals.scan()
    steps = service.steps
    [record] = steps.judge(steps.take(steps.claim(service.arrivals.choose(1))))
    names = [o.name for o in service.ledger.outputs([record.id]) if o.folder == "outbound"]
    for name in names:
        (tmp_path / "elsewhere/a" / name).symlink_to(tmp_path / "treasure")
    steps.finish(steps.publish([record]))
    service.close()
    assert (tmp_path / "treasure").read_text() == "ours" and len(names) == 4
    assert not any(p.is_symlink() for p in (tmp_path / "elsewhere/a").iterdir())


# As a user who may not do everything


class Unprivileged(Child):
    """A watcher that runs as nobody."""

    def __init__(self, plan: Plan, log: Path) -> None:
        load()  # nobody may not be allowed to read what is installed
        os.chown(plan.layout.root, NOBODY, NOBODY)
        super().__init__(plan, log=log, user=NOBODY)


@pytest.fixture
def open_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody can reach. Not one of pytest's own: those above it would have to be opened, and another run
    of pytest, of the same user, closes them again."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    first = plan_for(tmp_path / "first")
    drop(tmp_path / "first/inbound", "a.837", numbered(1))
    run_once(first)  # what it imports, root's Python may keep from others
    with tempfile.TemporaryDirectory(prefix="edi-check-") as made:
        os.chmod(made, 0o711)
        root = Path(made, "root")
        root.mkdir()
        yield root


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
        told = [json.loads(line) for line in log.read_text().splitlines() if '"paused"' in line]
        assert all(str(root / where) in line["folder"] for line in told), told
        assert wait_for(lambda: str(root / where) in asked(plan).paused_at.get("EACCES", ""), 10), asked(plan)
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
