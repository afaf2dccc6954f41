"""Judging a file in a process of its own, with limits, because it was there when whole services ended.

``python -m edi_check.watching.alone`` reads a job from standard input and writes its decision to standard output. That
process opens no ledger: its parent says what the ledger holds against the file, and commits what it decides. Both ends
are this program, so values travel pickled.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
from typing import Any

from .answering import Answering, Policy
from .layout import Layout
from .records import Decision, Precedent, Record

__all__ = ["Died", "answer_alone"]

MEMORY_BYTES = 2 << 30
CPU_SECONDS = 900
GRACE_SECONDS = 1.0
"""After a death: if the whole service is being killed, we are next, and nothing may be committed before."""
PR_SET_PDEATHSIG = 1
BLOCK = 200_000
"""Control numbers a file is given: more than it can have groups that are answered."""


class Died(Exception):
    """The process that judged a file died, twice, while this one lives."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code, self.signal = max(code, 0), max(-code, 0)


def answer_alone(answering: Answering, record: Record, layout: Layout, now: float, remote: frozenset[str]) -> Decision:
    """As ``Answering.answer``. Raises Died, and OSError when the machine hinders that process."""
    job: dict[str, Any] = {
        "record": record,
        "layout": layout,
        "now": now,
        "remote": remote,
        "policy": answering.policy,
        "precedent": Precedent(),
    }
    decision = _asked(answering, job)
    said = answering.ask(decision.sha256, decision.asked, record.origin)
    if said != decision.precedent:  # only now that its numbers are known could the ledger be asked
        job["precedent"] = said
        decision = _asked(answering, job)
    return decision


def _asked(answering: Answering, job: dict[str, Any]) -> Decision:
    code = 0
    for _ in range(2):
        job["first"] = answering.numbers.lease(BLOCK)
        done = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-m", "edi_check.watching.alone", str(os.getpid())],
            input=pickle.dumps(job),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode == 0:
            said: Decision | OSError = pickle.loads(done.stdout)  # noqa: S301 - a process of ours
            if isinstance(said, OSError):
                raise said
            return said
        code = done.returncode
        time.sleep(GRACE_SECONDS)
    raise Died(code)


def end_with(parent: int) -> None:
    """Be killed when our parent is: whoever starts next judges the same file, and writes answers of the same names."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def main() -> None:
    """The child: limits first, then the work."""
    end_with(int(sys.argv[1]))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent drains; this file is part of what it drains
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    job = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - our parent's
    policy: Policy = job["policy"]
    answering = Answering(policy, lambda count: int(job["first"]), lambda digest, keys, origin: job["precedent"])
    answering.numbers.block = BLOCK
    said: Decision | OSError
    try:
        said = answering.answer(job["record"], job["layout"], job["now"], job["remote"])
    except OSError as error:
        said = OSError(error.errno, error.strerror)
    sys.stdout.buffer.write(pickle.dumps(said))


if __name__ == "__main__":
    main()
