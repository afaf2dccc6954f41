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
from drops import Child, numbered, plan_for, process, wait_for

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


@pytest.mark.long  # its figures are times: shown, and held where nothing else runs
def test_a_hundred_thousand_waiting_files(tmp_path: Path) -> None:
    """The first answer comes within 5 s of the first scan, each of 20 sources gets its turn, memory stays small."""
    rules = Rules(settle_seconds=1.0)
    sources = tuple(
        SourcePlan(f"s{k}", str(tmp_path / f"in{k}"), str(tmp_path / "outbound"), rules) for k in range(SOURCES)
    )
    for k in range(SOURCES):
        (tmp_path / f"in{k}").mkdir()
    for n in range(100_000):
        # The first source has most of them; the others must not wait for it.
        k = n % SOURCES if n < 20_000 else 0
        handle = os.open(f"{tmp_path}/in{k}/{n}.837", os.O_WRONLY | os.O_CREAT)
        os.write(handle, numbered(n + 1))
        os.close(handle)
    time.sleep(1.1)
    plan = plan_for(tmp_path, sources=sources, poll_seconds=2.0)
    inherited = memory_of("self", "VmRSS")
    watcher = Child(plan, log=tmp_path / "log")
    owners = tmp_path / "work/owners"
    assert wait_for(lambda: owners.is_dir() and bool(os.listdir(owners)), 30)
    began = time.monotonic()  # it scans now
    outbound = tmp_path / "outbound"
    assert wait_for(lambda: outbound.is_dir() and bool(os.listdir(outbound)), 30, 0.01), (tmp_path / "log").read_text()
    first = time.monotonic() - began
    db = sqlite3.connect(tmp_path / "work/ledger.db", timeout=30)

    def turns() -> Counter[str]:
        return Counter(source for (source,) in db.execute("SELECT source FROM file"))

    early = Counter[str]()
    while sum(early.values()) < 600:
        early = turns()
        time.sleep(0.02)
    everyone = wait_for(lambda: len(turns()) == SOURCES, 30, 0.1)
    memory = memory_of(watcher.pid) - inherited + bare()
    watcher.end()
    db.close()
    small = [early[f"s{k}"] for k in range(1, SOURCES)]
    least, most = min(small), max(small)
    print(f"first answer after {first:.1f} s, {memory >> 20} MiB at most, turns {least} to {most}")
    shutil.rmtree(tmp_path)
    assert first <= 5.0
    assert memory < 200 << 20
    assert everyone, "the big source never got its turn"
    assert least >= most / 2


@pytest.mark.long
def test_throughput(tmp_path: Path) -> None:
    """Small files a second by one process without kills, ledger and syncs included. For a machine that does nothing
    else."""
    inbound, count = tmp_path / "inbound", 3000
    inbound.mkdir()
    for n in range(count):
        (inbound / f"{n}.837").write_bytes(numbered(n + 1))
    (tmp_path / "edi-check.toml").write_text('[watch]\nroot = "."\nsettle_seconds = 0\npoll_seconds = 0.1\n')
    watcher = process("watch", "--config", tmp_path / "edi-check.toml", stderr=subprocess.DEVNULL)

    def archived() -> int:
        return sum(len(files) for _, _, files in os.walk(tmp_path / "archive"))

    assert wait_for(lambda: archived() > 0, 60, 0.02)
    began, first = time.monotonic(), archived()
    assert wait_for(lambda: archived() == count, 120, 0.1)
    seconds = time.monotonic() - began
    watcher.terminate()
    assert watcher.wait(30) == 0
    rate = (count - first) / seconds
    print(f"{rate:.0f} files/s, load {os.getloadavg()[0]:.1f}")
    assert rate >= 150
