"""Judging a file in a process of its own, with limits, because it was there when whole services ended.

``python -m edi_check.watching.alone`` reads a job from standard input and writes its decision to standard output, both
as JSON. That process opens no ledger: its parent answers what it asks of it beforehand, and commits what it decides.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, fields
from typing import Any

from ..telling.settings import AckSettings
from .answering import Answering, Policy
from .layout import Layout
from .records import Decision, Output, Precedent, Record

__all__ = ["Died", "answer_alone"]

MEMORY_BYTES = 2 << 30
CPU_SECONDS = 900
GRACE_SECONDS = 1.0
"""After a death: if the whole service is being killed, we are next, and nothing may be committed before."""
BLOCK = 200_000
"""Control numbers a file is given: more than it can have groups that are answered."""


class Died(Exception):
    """The process that judged a file died, twice, while this one lives."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code, self.signal = max(code, 0), max(-code, 0)


def answer_alone(answering: Answering, record: Record, layout: Layout, now: float, remote: frozenset[str]) -> Decision:
    """As ``Answering.answer``. Raises Died."""
    code = 0
    for attempt in (1, 2):
        precedents: dict[str, Any] = {"asked": None}
        for _ in range(2):  # the second time with what the ledger says of the keys that the first found
            job = {
                "record": {**asdict(record), "name": ""},
                "root": layout.root,
                "work": layout.work,
                "now": now,
                "remote": sorted(remote),
                "policy": _policy(answering.policy),
                "precedent": precedents,
                "first": answering.numbers.lease(BLOCK),
            }
            done = subprocess.run(
                [sys.executable, "-m", "edi_check.watching.alone"],
                input=json.dumps(job).encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                check=False,
            )
            code = done.returncode
            if code:
                break
            result = json.loads(done.stdout)
            decision = _decision(result)
            said = answering.ask(decision.sha256, decision.asked, record.origin)
            if said == decision.precedent:
                return decision
            precedents = {"content": said.content, "keys": sorted(said.keys)}
        if attempt == 1 and code:
            time.sleep(GRACE_SECONDS)
    time.sleep(GRACE_SECONDS)
    raise Died(code)


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "duplicate_content": policy.duplicate_content,
        "duplicate_control_number": policy.duplicate_control_number,
        "ack": asdict(policy.ack),
        "check": {**policy.check},
    }


def _decision(data: dict[str, Any]) -> Decision:
    said = data.pop("precedent")
    outputs = [Output(*o) for o in data.pop("outputs")]
    names = {f.name for f in fields(Decision)}
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k in names}
    return Decision(**plain, outputs=outputs, precedent=Precedent(said["content"], frozenset(said["keys"])))


def main() -> None:
    """The child: limits first, then the work."""
    import signal

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent drains; this file is part of what it drains
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    job = json.load(sys.stdin)
    said = job["precedent"]
    precedent = Precedent(said.get("content", False), frozenset(said.get("keys", ())))
    policy = job["policy"]
    policy["check"] = {k: tuple(v) if k == "snip" else v for k, v in policy["check"].items()}
    answering = Answering(
        Policy(
            policy["duplicate_content"],
            policy["duplicate_control_number"],
            AckSettings(**policy["ack"]),
            policy["check"],
        ),
        lambda count: int(job["first"]),
        lambda digest, keys, origin: precedent,
    )
    answering.numbers.block = BLOCK
    record = Record(**{**job["record"], "name": b""})
    decision = answering.answer(record, Layout(job["root"], job["work"]), job["now"], frozenset(job["remote"]))
    data = asdict(decision)
    data["precedent"] = {"content": decision.precedent.content, "keys": sorted(decision.precedent.keys)}
    data["outputs"] = [list(o) for o in decision.outputs]
    json.dump(data, sys.stdout)


if __name__ == "__main__":
    main()
