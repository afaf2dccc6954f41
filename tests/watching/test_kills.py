"""kill -9 at any moment: nothing lost, nothing twice, the bytes first decided.

The consumer takes answers away as soon as it sees them, so that a watcher can't find out from the folder what it had
published. Kills fall while the watcher is at work: 0 to 80 ms after an answer has appeared, with a backlog waiting.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from drops import Child, Consumer, drop, numbered, plan_for, run_once, violations, wait_for

from edi_check.watching.records import Record
from edi_check.watching.service import Service
from edi_check.watching.steps import Steps

BACKLOG = 40


class Hunt:
    """Kills a watcher again and again."""

    def __init__(self, root: Path, seed: int, kind: type[Service] = Service, children: int = 1) -> None:
        self.plan = plan_for(root)
        self.root, self.kind, self.children = root, kind, children
        self.random = random.Random(seed)
        self.dropped: dict[str, bytes] = {}
        self.consumer = Consumer(root / "outbound")

    def feed(self) -> None:
        for _ in range(BACKLOG - len(list((self.root / "inbound").iterdir()))):
            number = len(self.dropped) + 1
            self.dropped[f"claims-{number}.837"] = numbered(number)
            drop(self.root / "inbound", f"claims-{number}.837", numbered(number))

    def run(self, kills: int) -> list[str]:
        for _ in range(kills):
            self.feed()
            watchers = [Child(self.plan, self.kind) for _ in range(self.children)]
            assert wait_for(lambda: bool(self.consumer.take()), 180), "no answer within three minutes"
            end = time.monotonic() + self.random.uniform(0, 0.080)
            while time.monotonic() < end:
                self.consumer.take()
            for watcher in watchers:
                assert watcher.end(signal.SIGKILL) == -signal.SIGKILL
        run_once(self.plan)
        return violations(self.root, self.dropped, self.consumer)


class Naive(Steps):
    """Publishes first and writes it down afterwards."""

    def judge(self, records: Sequence[Record]) -> list[Record]:
        decided = []
        for r in records:
            decision = self._judge(r)
            assert decision is not None
            self._make_durable([decision])
            for o in decision.outputs:
                self._local(r).publish(o, self.layout.staged(r.id, o.number))
            decided.append((r, decision))
        self.ledger.decide([d for _, d in decided], 0)
        return [r for r, _ in decided]


class NaiveService(Service):
    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.steps.__class__ = Naive


def test_a_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    hunt = Hunt(tmp_path, 1)
    assert hunt.run(100) == []
    assert len(hunt.dropped) >= 100


def test_kills_of_three_watchers_on_one_folder(tmp_path: Path) -> None:
    assert Hunt(tmp_path, 2, children=3).run(12) == []


def test_a_naive_publisher_fails_the_same_test(tmp_path: Path) -> None:
    wrong = Hunt(tmp_path, 3, NaiveService).run(20)
    assert any("belongs" in text for text in wrong), "the test doesn't see answers given twice"


@pytest.mark.long
def test_a_thousand_kills(tmp_path: Path) -> None:
    hunt = Hunt(tmp_path, 4)
    assert hunt.run(1000) == []
    print(f"1,000 kills over {len(hunt.dropped):,} files: 0 lost, 0 doubled")
