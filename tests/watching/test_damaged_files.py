"""One file that the disk can't read, sync, move or find: it waits, is told, and is tried again; the others are answered
meanwhile, and it too once the disk can. Real errors: injected by strace at the calls on that one path, and a damaged
inode of a real ext4.
"""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest
from drops import (
    Consumer,
    drop,
    numbered,
    plan_for,
    process,
    run_once,
    service_for,
    stopped_child,
    violations,
    wait_for,
)

from edi_check.cli.main import main
from edi_check.watching import aside as aside_module
from edi_check.watching import service as service_module
from edi_check.watching import troubles as troubles_module
from edi_check.watching.disk import Flusher
from edi_check.watching.ledger import SqliteLedger
from edi_check.watching.orders import standing
from edi_check.watching.plan import Plan

STRACE = shutil.which("strace") or ""
BAD, OTHERS = 3, (1, 2, 4, 5)
needs_strace = pytest.mark.skipif(not STRACE, reason="strace is not installed (Debian: strace)")


def dropped_in(root: Path) -> dict[str, bytes]:
    dropped = {f"{n}.837": numbered(n) for n in (*OTHERS, BAD)}
    for name, data in dropped.items():
        drop(root / "inbound", name, data)
    return dropped


def claimed_as(number: int) -> str:
    return f"{number:012d}"


def begun(plan: Plan, log: Path, once: bool) -> int:
    """A watcher that has stopped itself before its first step, and claims each file under an id that is known before:
    the number of its interchange. With ``once`` its status is the exit code."""
    service_for(plan).close()

    def watch(out: TextIO) -> int:
        troubles_module.FIRST_SECONDS = 0.05
        service_module.LONGEST_PAUSE = 0.01
        service = service_for(plan, out)
        service.steps.flusher = Flusher(1)  # strace counts the calls of each thread
        for w in service.arrivals.waiting:
            w._unreadable.first = w._refused.first = 0.05
        chosen = service.arrivals.choose

        def choose(limit: int) -> Any:
            return [c._replace(id=claimed_as(int(c.name.split(b".")[0]))) for c in chosen(limit)]

        service.arrivals.choose = choose  # type: ignore[method-assign]
        signal.signal(signal.SIGTERM, lambda *_: service.stop())
        os.kill(os.getpid(), signal.SIGSTOP)
        service.run(once=once)
        code = 3 if once and (service.has_left or service.figures.down) else 0
        service.close()
        return code

    return stopped_child(log, watch)


class Traced:
    """A watcher to which every ``call`` on ``path`` fails while this is on."""

    def __init__(self, plan: Plan, log: Path, path: Path, call: str, error: str, once: bool = False) -> None:
        self.pid = begun(plan, log, once)
        name, _, when = call.partition(":")
        options = ["-f", "-qq", "-o", "/dev/null", "-P", str(path), "-e", f"trace={name}"]
        options += ["-e", f"inject={name}:error={error}" + f":{when}" * bool(when)]
        self.tracer = subprocess.Popen([STRACE, *options, "-p", str(self.pid)], stderr=subprocess.PIPE)
        state = Path(f"/proc/{self.pid}/status")
        attached = wait_for(lambda: not re.search(r"TracerPid:\t0\n", state.read_text()), 10)
        if not attached:
            os.kill(self.pid, signal.SIGKILL)
            pytest.skip(f"strace may not attach here: {self.tracer.communicate(timeout=20)[1][:200]!r}")
        os.kill(self.pid, signal.SIGCONT)

    def heal(self) -> None:
        """From now on no call fails."""
        self.tracer.terminate()
        self.tracer.communicate(timeout=20)

    def wait(self) -> int:
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.tracer.communicate(timeout=20)
        return status


def answered(root: Path) -> list[int]:
    """The numbers of the interchanges that 999s answer."""
    texts = [p.read_text() for p in (root / "outbound").glob("*_999.x12")]
    return sorted(int(n) for text in texts for n in re.findall(r"AK1\*HC\*(\d+)\*", text))


def events(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


CALLS = [
    ("inbound", "read", "file_unreadable"),
    ("inbound", "openat", "file_unreadable"),
    ("inbound", "newfstatat", "file_unreadable"),
    ("inbound", "rename", "file_refused"),
    ("work/claimed", "read", "set_aside"),
    ("work/claimed", "openat", "set_aside"),
    ("work/claimed", "fsync", "set_aside"),
    ("work/claimed", "newfstatat:when=2+", "set_aside"),  # not yet when it is looked whether it is there already
]


@needs_strace
@pytest.mark.parametrize("error", ["EIO", "EUCLEAN"])
@pytest.mark.parametrize(("where", "call", "event"), CALLS)
def test_a_file_the_disk_cannot_read_waits_and_the_others_are_answered(
    tmp_path: Path, where: str, call: str, event: str, error: str
) -> None:
    plan, log = plan_for(tmp_path), tmp_path / "log"
    dropped = dropped_in(tmp_path)
    path = tmp_path / where / (f"{BAD}.837" if where == "inbound" else claimed_as(BAD))
    watcher = Traced(plan, log, path, call, error, once=True)
    assert watcher.wait() == 3, log.read_text()  # something could not be checked
    assert answered(tmp_path) == sorted(OTHERS), log.read_text()
    told = [e for e in events(log) if e["event"] == event]
    assert told and {e["errno"] for e in told} == {error} and told[0]["level"] == "warn", log.read_text()
    assert not [e for e in events(log) if e["event"] in ("paused", "source_down", "quarantined", "judge_failed")]
    left = {e["reason"]: e["files"] for e in events(log) if e["event"] == "left_waiting"}
    assert left == {"set_aside" if event == "set_aside" else "unreadable": 1}
    run_once(plan)
    assert violations(tmp_path, dropped, Consumer(tmp_path / "outbound")) == []


@needs_strace
def test_it_is_tried_again_told_louder_and_answered_when_the_disk_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(aside_module, "LONGEST", 0.2)
    monkeypatch.setattr(service_module, "SUMMARY_SECONDS", 0.1)
    plan, log = plan_for(tmp_path), tmp_path / "log"
    dropped = dropped_in(tmp_path)
    watcher = Traced(plan, log, tmp_path / "work/claimed" / claimed_as(BAD), "read", "EIO")
    tries = lambda: [e for e in events(log) if e["event"] == "set_aside"]  # noqa: E731
    assert wait_for(lambda: len(tries()) >= aside_module.PATIENCE, 30), log.read_text()
    for level, some in (("warn", tries()[:7]), ("error", tries()[7:])):
        assert {e["level"] for e in some} == {level}
    assert [e["attempt"] for e in tries()[:8]] == list(range(1, 9))
    assert tries()[1]["wait_seconds"] == 2 * tries()[0]["wait_seconds"]
    drop(tmp_path / "inbound", "7.837", numbered(8))
    dropped["7.837"] = numbered(8)
    assert wait_for(lambda: answered(tmp_path) == [*sorted(OTHERS), 8], 20), log.read_text()
    assert main(["status", "--root", str(tmp_path)]) == 0
    assert "inbound: 1 in work can't be read or written" in capsys.readouterr().out
    watcher.heal()
    assert wait_for(lambda: answered(tmp_path) == [*sorted([*OTHERS, BAD]), 8], 20), log.read_text()
    ledger = SqliteLedger(plan.layout.ledger)
    assert wait_for(lambda: standing(plan.layout, ledger).set_aside == {}, 5)
    ledger.close()
    os.kill(watcher.pid, signal.SIGTERM)
    assert watcher.wait() == 0
    assert violations(tmp_path, dropped, Consumer(tmp_path / "outbound")) == []


@needs_strace
@pytest.mark.parametrize("path", [f"claimed/{claimed_as(BAD)}", f"stage/{claimed_as(BAD)}.1"])
def test_a_decided_file_that_cannot_be_moved_holds_nobody_up(tmp_path: Path, path: str) -> None:
    """Its rename into the archive fails, or that of one of its answers."""
    plan, log = plan_for(tmp_path), tmp_path / "log"
    dropped = dropped_in(tmp_path)
    watcher = Traced(plan, log, tmp_path / "work" / path, "rename", "EIO", once=True)
    assert watcher.wait() == 3, log.read_text()
    assert len(list((tmp_path / "archive").rglob("*.837"))) == len(OTHERS)
    assert {e["reason"] for e in events(log) if e["event"] == "left_waiting"} == {"set_aside"}
    run_once(plan)
    assert violations(tmp_path, dropped, Consumer(tmp_path / "outbound")) == []


@pytest.fixture
def image(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """An ext4 in a file, and where it is mounted."""
    path, folder = tmp_path / "image", tmp_path / "disk"
    folder.mkdir()
    with open(path, "wb") as out:
        out.truncate(32 << 20)
    tools = all(shutil.which(name) for name in ("mkfs.ext4", "debugfs", "mount"))
    if os.geteuid() != 0 or not tools or subprocess.run(["mkfs.ext4", "-q", "-F", str(path)], check=False).returncode:
        pytest.skip("no ext4 can be made here")
    if not mounted(path, folder):
        pytest.skip(f"{getpass.getuser()} may not mount here")
    yield path, folder
    while os.path.ismount(folder):
        subprocess.run(["umount", "-l", str(folder)], check=True)


def mounted(path: Path, folder: Path) -> bool:
    command = ["mount", "-o", "loop,errors=continue", str(path), str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def flip_inode(image: tuple[Path, Path], name: str) -> None:
    """Damage a file's inode, or mend it again: its checksum doesn't match what it says."""
    path, folder = image
    subprocess.run(["umount", str(folder)], check=True)
    command = ["debugfs", "-R", f"imap {name}", str(path)]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    found = re.search(r"located at block (\d+), offset (0x[0-9a-f]+)", said)
    head = subprocess.run(["dumpe2fs", "-h", str(path)], capture_output=True, check=True, text=True).stdout
    block = re.search(r"Block size:\s+(\d+)", head)
    assert found and block, said
    with open(path, "r+b") as disk:
        disk.seek(int(found[1]) * int(block[1]) + int(found[2], 16) + 8)  # its time of access
        byte = disk.read(1)
        disk.seek(-1, os.SEEK_CUR)
        disk.write(bytes([byte[0] ^ 0xFF]))
    assert mounted(path, folder)


def test_a_damaged_inode_of_a_real_disk_is_one_files_trouble(image: tuple[Path, Path]) -> None:
    root = image[1] / "dropped"
    plan = plan_for(root, min_free_bytes=0)
    dropped = dropped_in(root)
    flip_inode(image, f"/dropped/inbound/{BAD}.837")
    with pytest.raises(OSError, match=r"Bad message|Structure needs cleaning|Input/output"):
        os.stat(root / "inbound" / f"{BAD}.837")
    settings = "settle_seconds = 0\npoll_seconds = 0.1\nmin_free_megabytes = 0\n"
    (root / "edi-check.toml").write_text(f'[watch]\nroot = "."\n{settings}')
    ran = process("watch", "--config", root / "edi-check.toml", "--once", stderr=subprocess.PIPE)
    log = ran.communicate(timeout=90)[1].decode()
    assert ran.returncode == 3, log
    assert '"file_unreadable"' in log and '"reason": "unreadable"' in log and "source_down" not in log, log
    assert answered(root) == sorted(OTHERS)
    flip_inode(image, f"/dropped/inbound/{BAD}.837")
    run_once(plan)
    assert violations(root, dropped, Consumer(root / "outbound")) == []
