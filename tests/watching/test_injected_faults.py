"""Every rename, sync and write of the sequence, killed there or failing there (strace --inject): no violation.

The watcher is a forked process that waits until strace is attached; it syncs in one thread so that calls can be
counted. A failing call is one call: the disk is full, or broken, once; the watcher pauses and goes on by itself.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any, TextIO

import pytest
from drops import Consumer, drop, numbered, plan_for, run_once, service_for, stopped_child, violations, wait_for

from edi_check.watching import service as service_module
from edi_check.watching.disk import Flusher
from edi_check.watching.plan import Plan

STRACE = shutil.which("strace") or ""
CALLS = ("rename", "fsync", "fdatasync", "pwrite64", "write", "openat", "ftruncate", "unlink")
FILES = (1, 5, 7)
"""Accepted, with a rejected claim, refused by a TA1."""

pytestmark = pytest.mark.skipif(not STRACE, reason="strace is not installed (Debian: strace)")


class SerialFlusher(Flusher):
    def each(self, do: Any, things: Any) -> None:
        for one in things:
            do(one)


def begin(plan: Plan) -> int:
    """A watcher that has stopped itself before its first step; it drains the folder and ends with 0."""
    service_for(plan).close()  # the ledger and the folders are there

    def drain(out: TextIO) -> int:
        service_module.LONGEST_PAUSE = 0.01
        service = service_for(plan, io.StringIO())
        service.steps.flusher = SerialFlusher()
        os.kill(os.getpid(), signal.SIGSTOP)
        service.run(once=True)
        service.close()
        return 0

    return stopped_child(plan.layout.root + "/log", drain)


def traced(plan: Plan, *options: str) -> int:
    """Let a watcher run under strace with these options; its exit status."""
    pid = begin(plan)
    tracer = subprocess.Popen([STRACE, "-qq", "-p", str(pid), *options], stderr=subprocess.PIPE)
    state = Path(f"/proc/{pid}/status")
    attached = wait_for(lambda: not re.search(r"TracerPid:\t0\n", state.read_text()), 10)
    os.kill(pid, signal.SIGCONT)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    error = tracer.communicate(timeout=20)[1].decode()
    if not attached:
        pytest.skip(f"strace may not attach here: {error[:200]}")
    return status


def folder_with_files(root: Path) -> tuple[Plan, dict[str, bytes]]:
    plan = plan_for(root)
    dropped = {f"claims-{n}.837": numbered(n) for n in FILES}
    for name, data in dropped.items():
        drop(root / "inbound", name, data)
    return plan, dropped


def count_calls(root: Path) -> Counter[str]:
    """How often the sequence makes each call."""
    plan, dropped = folder_with_files(root)
    log = root / "calls"
    assert traced(plan, "-o", str(log), "-e", "trace=" + ",".join(CALLS)) == 0, (root / "log").read_text()
    assert violations(root, dropped, Consumer(root / "outbound")) == []
    return Counter(line.partition("(")[0] for line in log.read_text().splitlines())


def inject(root: Path, call: str, number: int, fault: str) -> list[str]:
    """One fault at one call; what doesn't hold afterwards."""
    plan, dropped = folder_with_files(root)
    consumer = Consumer(root / "outbound")
    what = "signal=KILL" if fault == "KILL" else f"error={fault}"
    status = traced(plan, "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{what}:when={number}")
    consumer.take()  # what is out may be taken away before the next start
    if status != 0 or os.listdir(root / "inbound"):  # a folder that couldn't be listed is down for this run
        run_once(plan)
    wrong = violations(root, dropped, consumer)
    if fault != "KILL" and status != 0:
        wrong.append(f"the watcher ended with {status}: {(root / 'log').read_text()[-1500:]}")
    return wrong


def all_faults(tmp_path: Path, every: dict[str, int]) -> tuple[int, list[str]]:
    """Inject at each call (or every so many) of each kind; how many cases, and what went wrong."""
    made = count_calls(tmp_path / "count")
    assert made["rename"] >= 3 + 10 + 3 and made["fsync"] >= 15 and made["fdatasync"] + made["pwrite64"] >= 8, made
    wrong: list[str] = []
    cases = 0
    for call, step in every.items():
        for number in range(1, made[call] + 1, step):
            for fault in ("KILL", "ENOSPC", "EIO"):
                root = tmp_path / f"{call}-{number}-{fault}"
                wrong += [f"{call} {number} {fault}: {text}" for text in inject(root, call, number, fault)]
                cases += 1
                shutil.rmtree(root)
    return cases, wrong


def test_faults_at_every_rename_and_sync(tmp_path: Path) -> None:
    began = time.monotonic()
    cases, wrong = all_faults(tmp_path, {"rename": 3, "fsync": 6, "fdatasync": 6, "pwrite64": 17, "write": 17})
    print(f"{cases} faults injected in {time.monotonic() - began:.0f} s, {len(wrong)} violations")
    assert wrong == []


@pytest.mark.long
def test_faults_at_every_call(tmp_path: Path) -> None:
    cases, wrong = all_faults(tmp_path, dict.fromkeys(CALLS, 1))
    print(f"{cases} faults injected, {len(wrong)} violations")
    assert wrong == [], "\n".join(wrong)
