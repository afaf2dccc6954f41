"""Many files, many sources, and how fast."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from drops import Child, numbered, plan_for, process, service_for, wait_for

from edi_check.watching.intake import Rules
from edi_check.watching.plan import SourcePlan

SOURCES = 20


def memory_of(pid: int | str, what: str = "VmHWM") -> int:
    """The most memory a process has had (``VmHWM``), or has now (``VmRSS``), in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no {what}")


def bare() -> int:
    """What a process has that only imported the watcher and judged one file; the forked one began with pytest in it."""
    code = (
        "import datetime; from edi_check.pipeline import Desk; import edi_check.watching.service as s\n"
        "Desk(datetime.date(2026, 11, 21)).file(b'ISA')\n"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    root = Path(__file__).resolve().parent.parent.parent
    return int(subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=True).stdout) * 1024


def processor_seconds(pid: int) -> float:
    """Processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(
    "count", [pytest.param(8_000, id="8,000"), pytest.param(100_000, id="100,000", marks=pytest.mark.long)]
)
def test_many_waiting_files(tmp_path: Path, count: int) -> None:
    """Many files in 20 folders, most of them in one. The first answer doesn't wait for the others' being taken, each
    folder gets its turn, memory stays small. Counted, not timed, but for the processor's time, so that it holds on a
    machine that does something else; within 5 s of the first scan where the watcher has a processor to itself."""
    sources = tuple(
        SourcePlan(f"s{k}", str(tmp_path / f"in{k}"), str(tmp_path / "outbound"), Rules(settle_seconds=1.0))
        for k in range(SOURCES)
    )
    for k in range(SOURCES):
        (tmp_path / f"in{k}").mkdir()
    for n in range(count):
        # The first source has most of them; the others must not wait for it.
        k = n % SOURCES if n < count // 5 else 0
        handle = os.open(f"{tmp_path}/in{k}/{n}.837", os.O_WRONLY | os.O_CREAT)
        os.write(handle, numbered(n + 1))
        os.close(handle)
    time.sleep(1.1)
    plan = plan_for(tmp_path, sources=sources, poll_seconds=2.0)
    service_for(plan).close()  # the ledger is there
    inherited = memory_of("self", "VmRSS")
    watcher = Child(plan, log=tmp_path / "log")
    owners, outbound = tmp_path / "work/owners", tmp_path / "outbound"
    assert wait_for(lambda: bool(os.listdir(owners)), 60)
    began, busy = time.monotonic(), processor_seconds(watcher.pid)  # it scans now
    db = sqlite3.connect(tmp_path / "work/ledger.db", timeout=60)

    def turns(limit: int = -1) -> Counter[str]:
        rows = db.execute("SELECT source FROM file ORDER BY taken, id LIMIT ?", (limit,))
        return Counter(source for (source,) in rows)

    assert wait_for(lambda: bool(os.listdir(outbound)), 120, 0.01), (tmp_path / "log").read_text()
    first, busy = time.monotonic() - began, processor_seconds(watcher.pid) - busy
    before = sum(turns().values())
    enough = 300 if count < 50_000 else 800
    assert wait_for(lambda: sum(turns().values()) >= enough and len(turns()) == SOURCES, 120, 0.1), turns()
    memory = memory_of(watcher.pid) - inherited + bare()
    early = turns(200)
    watcher.end()
    db.close()
    small = [early[f"s{k}"] for k in range(1, SOURCES)]
    print(
        f"{count:,} files: first answer after {first:.1f} s ({busy:.1f} s of processor), when {before} were taken; "
        f"{memory >> 20} MiB at most; of the first 200 files each small folder had {min(small)} to {max(small)}, "
        f"the big one {early['s0']}; load {os.getloadavg()[0]:.1f}"
    )
    shutil.rmtree(tmp_path)
    assert before <= 64, "the first answer waited for many files to be taken"
    assert busy <= 5.0
    assert first <= 5.0 or busy < 0.8 * first, "nothing else had the processor"
    assert memory < 200 << 20
    assert max(small) - min(small) <= 2 and min(small) >= 200 // SOURCES - 2, early


def spent_by(pid: int) -> float:
    """Processor time of a process and of those it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return processor_seconds(pid) + sum(processor_seconds(int(child)) for child in children)


def spent_by_all() -> float:
    """Processor time of the whole machine, but for waiting."""
    user, nice, system, _, _, irq, soft, *_ = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 2])
def test_throughput(tmp_path: Path, workers: int) -> None:
    """Small files a second without kills, ledger and syncs included. Where others compute at the same time, what the
    clock says is only shown, and the processor's time is held."""
    inbound, count = tmp_path / "inbound", 3000
    inbound.mkdir()
    for n in range(count):
        (inbound / f"{n}.837").write_bytes(numbered(n + 1))
    settings = f'root = "."\nsettle_seconds = 0\npoll_seconds = 0.1\nworkers = {workers}\n'
    (tmp_path / "edi-check.toml").write_text("[watch]\n" + settings)
    watcher = process("watch", "--config", tmp_path / "edi-check.toml", stderr=subprocess.DEVNULL)

    def archived() -> int:
        return sum(len(files) for _, _, files in os.walk(tmp_path / "archive"))

    assert wait_for(lambda: archived() > 0, 60, 0.02)
    began, first, ours, all_ = time.monotonic(), archived(), spent_by(watcher.pid), spent_by_all()
    assert wait_for(lambda: archived() == count, 120, 0.1)
    seconds, ours, all_ = time.monotonic() - began, spent_by(watcher.pid) - ours, spent_by_all() - all_
    watcher.terminate()
    assert watcher.wait(30) == 0
    rate, others = (count - first) / seconds, (all_ - ours) / seconds
    each = ours / (count - first)
    print(
        f"{workers} of us: {rate:.0f} files/s, {each * 1000:.1f} ms of processor each; "
        f"others had {others:.1f} processors meanwhile"
    )
    assert rate >= 150 or others > 0.3
    assert each <= workers / 150
