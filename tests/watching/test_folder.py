"""A local drop folder: odd names, files still being written, repetition, files that end processes, machines that
fail."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from glob import glob
from pathlib import Path
from typing import Any

import pytest
from drops import (
    Child,
    Consumer,
    database,
    drop,
    numbered,
    plan_for,
    run_once,
    service_for,
    violations,
    wait_for,
)

from edi_check import check
from edi_check.telling.settings import AckSettings
from edi_check.watching import alone as alone_module
from edi_check.watching import answering as answering_module
from edi_check.watching import layout as layout_module
from edi_check.watching import service as service_module
from edi_check.watching import troubles as troubles_module
from edi_check.watching import unfinished as unfinished_module
from edi_check.watching import waiting as waiting_module
from edi_check.watching.answering import Answering, Policy
from edi_check.watching.disk import looks
from edi_check.watching.intake import Rules
from edi_check.watching.journal import Journal
from edi_check.watching.layout import LayoutError
from edi_check.watching.ledger import SqliteLedger
from edi_check.watching.orders import OrderError, prune, quarantined, release, requeue, standing
from edi_check.watching.plan import Plan, SourcePlan
from edi_check.watching.publishing import Publishing
from edi_check.watching.records import DONE, QUARANTINED
from edi_check.watching.schema import LedgerError, open_database
from edi_check.watching.transport import Unpacking, is_file_whole


def rows(root: Path) -> list[dict[str, Any]]:
    with database(root / "work/ledger.db") as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute("SELECT * FROM file ORDER BY taken, id")]


def answers(root: Path) -> Counter[str]:
    return Counter(p.name.rsplit("_", 1)[1] for p in (root / "outbound").iterdir())


# Names and kinds


ODD = [
    b"a\nb.837",
    "\u202etxt.837".encode(),
    b"\xff\xfe.837",
    b"x" * 251 + b".837",
    b"-rf",
    b"A.837",
    b"a.837",
    b"' or 1=1",
]


def test_odd_names_are_answered_like_others_and_appear_nowhere(tmp_path: Path) -> None:
    dropped = {}
    plan = plan_for(tmp_path)
    for n, name in enumerate(ODD, 1):
        (tmp_path / "inbound" / os.fsdecode(name)).write_bytes(numbered(n))
        dropped[str(name)] = numbered(n)
    log = run_once(plan)
    assert {row["name"] for row in rows(tmp_path)} == set(ODD)
    assert violations(tmp_path, dropped, Consumer(tmp_path / "outbound")) == []
    names = {p.name for p in tmp_path.rglob("*")}
    assert not names & {os.fsdecode(name) for name in ODD}
    assert "or 1=1" not in log and "\\u202e" not in log


@pytest.mark.parametrize("name", [b"*LISA*", b"*ISA*"])
def test_a_patient_whose_name_ends_like_the_first_segment_is_no_interchange(tmp_path: Path, name: bytes) -> None:
    """Such a file was taken for one that is cut off, and refused."""
    plan = plan_for(tmp_path, incomplete_grace_seconds=900.0)
    dropped = {f"{n}.837": numbered(n).replace(b"*ADA*", name) for n in (1, 2)}
    dropped["both.837"] = dropped["1.837"].replace(b"000000001", b"000000003").replace(b"*0800*1*", b"*0800*3*")
    dropped["both.837"] = dropped["both.837"].replace(b"CLM*C1*", b"CLM*C3*").replace(b"GE*1*1~", b"GE*1*3~")
    for file, data in dropped.items():
        assert name in data
        drop(tmp_path / "inbound", file, data)
    run_once(plan)
    assert violations(tmp_path, dropped, Consumer(tmp_path / "outbound")) == []


def test_one_name_in_two_sources_and_one_content_under_two_names(tmp_path: Path) -> None:
    """Each is answered in its own folder, once, with control numbers of its own."""
    sources = []
    for name in ("a", "b"):
        for folder in ("in", "out"):
            (tmp_path / name / folder).mkdir(parents=True)
        sources.append(SourcePlan(name, str(tmp_path / name / "in"), str(tmp_path / name / "out"), Rules(0.0, 0.3)))
    plan = plan_for(tmp_path, sources=tuple(sources))
    for source, name, number in (("a", "x.837", 1), ("b", "x.837", 2), ("a", "y.837", 3), ("b", "z.837", 3)):
        drop(tmp_path / source / "in", name, numbered(number))
    run_once(plan)
    texts = {s: [p.read_text() for p in sorted((tmp_path / s / "out").glob("*.x12"))] for s in ("a", "b")}
    told = {s: sorted(n for t in texts[s] for n in re.findall(r"TRN\*2\*C(\d+)~", t)) for s in texts}
    assert told == {"a": ["1", "3"], "b": ["2", "3"]}
    numbers = [n for s in texts for t in texts[s] for n in re.findall(r"\*\^\*00501\*(\d{9})\*", t)]
    assert len(numbers) == len(set(numbers)) == 8
    reports = [json.loads(p.read_text()) for s in ("a", "b") for p in (tmp_path / s / "out").glob("*_report.json")]
    assert len(reports) == 4
    assert Counter(p.read_bytes() for p in (tmp_path / "archive").rglob("*.837")) == {
        numbered(1): 1, numbered(2): 1, numbered(3): 2}


def test_links_devices_and_folders_stay(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    inbound = tmp_path / "inbound"
    secret = tmp_path / "secret"
    secret.write_bytes(numbered(1))
    (inbound / "link.837").symlink_to(secret)
    (inbound / "folder.837").mkdir()
    os.mkfifo(inbound / "pipe.837")
    run_once(plan)
    assert rows(tmp_path) == []
    assert sorted(p.name for p in inbound.iterdir()) == ["folder.837", "link.837", "pipe.837"]


@pytest.mark.parametrize("seconds", [10**10, -(10**10)])
def test_a_file_of_another_age_is_answered(tmp_path: Path, seconds: int) -> None:
    """Times that the ledger's numbers, nanoseconds in 64 bits, can't hold; and inodes."""
    plan = plan_for(tmp_path)
    dropped = {f"{n}.837": numbered(n) for n in (1, 2)}
    for name, data in dropped.items():
        drop(tmp_path / "inbound", name, data)
    os.utime(tmp_path / "inbound/1.837", (seconds, seconds))
    run_once(plan)
    assert violations(tmp_path, dropped, Consumer(tmp_path / "outbound")) == []
    far = os.stat_result((0o100600, (1 << 64) - 1, 0, 1, 0, 0, 5, 0, 0, 0), {"st_mtime_ns": seconds * 10**9})
    assert all(abs(n) < 1 << 63 for n in looks(far))


def test_everything_is_private(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    drop(tmp_path / "inbound", "a.837", numbered(1))
    (tmp_path / "inbound/a.837").chmod(0o666)
    run_once(plan)
    for path in tmp_path.rglob("*"):
        if path != tmp_path / "inbound":
            wanted = 0o700 if path.is_dir() else 0o600
            assert path.stat().st_mode & 0o777 == wanted, path


def test_a_gzip_file_is_judged_unpacked(tmp_path: Path) -> None:
    plan = plan_for(tmp_path, incomplete_grace_seconds=900.0)
    drop(tmp_path / "inbound", "a.837.gz", gzip.compress(numbered(1)))
    drop(tmp_path / "inbound", "cut.837.gz", gzip.compress(numbered(2))[:-9])
    run_once(plan)
    assert answers(tmp_path) == {"999.x12": 1, "277CA.x12": 1, "report.html": 1, "report.json": 1}
    assert [p.name for p in (tmp_path / "inbound").iterdir()] == ["cut.837.gz"]


def bomb(data: bytes, blanks: int) -> bytes:
    """A gzip file of these bytes and so many line ends, cut off: who unpacks all of it finds that it isn't whole."""
    return gzip.compress(data + b"\n" * blanks)[:-9]


@pytest.mark.parametrize(("blanks", "limits"), [(64 << 20, {}), (1 << 16, {"gzip_bytes": 1 << 15})])
def test_a_gzip_file_beyond_the_limits_is_answered_as_check_answers_it(
    tmp_path: Path, blanks: int, limits: dict[str, int]
) -> None:
    """And not unpacked to its end before."""
    plan = plan_for(tmp_path, policy=Policy(check={"limits": limits}), incomplete_grace_seconds=900.0)
    data = bomb(numbered(1), blanks)
    (tmp_path / "bomb.837.gz").write_bytes(data)
    checked = check(tmp_path / "bomb.837.gz", limits=limits)
    drop(tmp_path / "inbound", "bomb.837.gz", data)
    service = service_module.Service(plan, Journal(io.StringIO()))  # the rules of others have other limits
    service.run(once=True)
    service.close()
    [row] = rows(tmp_path)
    assert (row["state"], row["disposition"]) == (DONE, checked.files[0].disposition)
    [answered] = (tmp_path / "outbound").glob("*_report.json")
    found = json.loads(answered.read_text())["files"][0]
    assert [f["edit"] for f in found["findings"]] == [f.edit for f in checked.files[0].findings]
    assert any("limit" in f["message"] for f in found["findings"])
    assert os.listdir(tmp_path / "inbound") == []


def test_unpacking_shows_signs_of_life(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(os.urandom(1 << 20) * 8))
    beats: list[int] = []
    with open(tmp_path / "a.gz", "rb") as file:
        assert is_file_whole(file, 0, Unpacking(progress=lambda: beats.append(file.tell())))
    assert len(beats) > 8


def test_answers_too_big_for_memory_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small answers stay in memory until their batch is written; with no room there, each goes to the stage at once."""
    dropped = {f"{n}.837": numbered(n) for n in range(1, 9)}
    for held in (answering_module.HELD, 1, 300):
        monkeypatch.setattr(answering_module, "HELD", held)
        root = tmp_path / str(held)
        plan = plan_for(root)
        for name, data in dropped.items():
            drop(root / "inbound", name, data)
        run_once(plan)
        assert violations(root, dropped, Consumer(root / "outbound")) == []


def test_what_a_killed_watcher_left_in_the_stage_is_removed(tmp_path: Path) -> None:
    """Answers hold claims: those of a file that was given back must not lie about for ever."""
    plan = plan_for(tmp_path)
    watcher = Child(plan)
    assert wait_for(lambda: any(map(os.path.getsize, glob(str(tmp_path / "work/owners/*")))), 20), "it is at work"
    watcher.end(signal.SIGKILL)
    stray = tmp_path / "work/stage/0123456789ab.0"
    stray.write_bytes(b"ISA")
    assert "took_over" in run_once(plan)
    assert not stray.exists()


# Files that aren't finished


def until(service: service_module.Service, is_true: Any, seconds: float = 20) -> None:
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        assert wait_for(is_true, seconds)
    finally:
        service.stop()
        thread.join(30)
        service.close()


def test_a_file_that_stays_incomplete_is_answered_by_a_ta1_and_kept_in_quarantine(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    (tmp_path / "inbound/cut.837").write_bytes(numbered(1)[:500])
    (tmp_path / "inbound/empty.837").write_bytes(b"")
    until(service_for(plan), lambda: len(rows(tmp_path)) == 2 and {r["state"] for r in rows(tmp_path)} == {DONE})
    assert answers(tmp_path)["TA1.x12"] == 1
    [ta1] = (tmp_path / "outbound").glob("*_TA1.x12")
    assert "*R*023" in ta1.read_text()
    assert {p.read_bytes() for p in (tmp_path / "quarantine").iterdir()} == {numbered(1)[:500], b""}
    assert [r["reason"] for r in rows(tmp_path)] == ["incomplete", "incomplete"]


def left(log: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.splitlines()]
    return [line for line in lines if line["event"] == "left_waiting"]


def test_once_says_what_stays_and_when_it_is_due(tmp_path: Path) -> None:
    plan = plan_for(tmp_path, incomplete_grace_seconds=900.0)
    (tmp_path / "inbound/SMITH-cut.837").write_bytes(numbered(1)[:500])
    drop(tmp_path / "inbound", "whole.837", numbered(2))
    log = run_once(plan)
    (told,) = left(log)
    assert (told["source"], told["reason"], told["files"]) == ("inbound", "incomplete", 1)
    assert 800 < told["wait_seconds"] <= 900
    assert "SMITH" not in log, "no name of a file is in the log"
    assert [p.name for p in (tmp_path / "inbound").iterdir()] == ["SMITH-cut.837"]


def test_runs_of_once_add_up_until_a_cut_file_goes_to_quarantine(tmp_path: Path) -> None:
    plan = plan_for(tmp_path, incomplete_grace_seconds=1.0)
    (tmp_path / "inbound/cut.837").write_bytes(numbered(1)[:500])
    assert left(run_once(plan))
    time.sleep(1.1)
    assert not left(run_once(plan))
    assert [row["reason"] for row in rows(tmp_path)] == ["incomplete"]
    assert [p.read_bytes() for p in (tmp_path / "quarantine").iterdir()] == [numbered(1)[:500]]


def unfinished(root: Path) -> list[tuple[str, ...]]:
    with database(root / "work/ledger.db") as db:
        return db.execute("SELECT * FROM unfinished").fetchall()


def test_the_wait_of_a_cut_file_is_kept_between_runs_and_forgotten_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished_module, "SURELY_LISTED", 0.0)
    plan = plan_for(tmp_path, incomplete_grace_seconds=900.0)
    (tmp_path / "inbound/SMITH.837").write_bytes(numbered(1)[:500])
    (tmp_path / "inbound/b.837").write_bytes(numbered(2)[:500])
    (first,) = left(run_once(plan))
    kept = unfinished(tmp_path)
    assert len(kept) == 2 and "SMITH" not in str(kept)
    time.sleep(0.3)
    (second,) = left(run_once(plan))
    assert second["wait_seconds"] < first["wait_seconds"] - 0.3 and unfinished(tmp_path) == kept
    (tmp_path / "inbound/b.837").write_bytes(numbered(2)[:600])  # it grew: another wait
    run_once(plan)
    assert len(unfinished(tmp_path)) == 2 and len({*unfinished(tmp_path), *kept}) == 3
    for n, name in enumerate(("SMITH", "b"), 1):
        (tmp_path / f"inbound/{name}.837").write_bytes(numbered(n))
    run_once(plan)
    assert unfinished(tmp_path) == [] and [r["reason"] for r in rows(tmp_path)] == ["", ""]


def test_what_others_left_of_files_that_are_gone_is_removed(tmp_path: Path) -> None:
    plan = plan_for(tmp_path, incomplete_grace_seconds=900.0)
    for name in ("a", "b"):
        (tmp_path / f"inbound/{name}.837").write_bytes(numbered(1)[:500])
    run_once(plan)
    (tmp_path / "inbound/a.837").unlink()
    run_once(plan)
    assert len(unfinished(tmp_path)) == 2, "another process may have seen it since"
    with database(plan.layout.ledger) as db:
        db.execute("UPDATE unfinished SET since = since - 61")
    run_once(plan)
    assert len(unfinished(tmp_path)) == 1


@pytest.mark.parametrize("between_runs", [True, False])
@pytest.mark.parametrize("ahead", [86_400.0, -86_400.0])
def test_a_clock_that_is_set_refuses_no_file_early_nor_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: float, between_runs: bool
) -> None:
    """The wall clock goes a day forward, or back, while a cut file waits."""
    def set_clock() -> None:
        for module in (waiting_module, service_module, unfinished_module):
            monkeypatch.setattr(module, "time", lambda: time.time() + ahead)

    plan = plan_for(tmp_path, incomplete_grace_seconds=1.5)
    (tmp_path / "inbound/cut.837").write_bytes(numbered(1)[:500])
    began = time.monotonic()
    if between_runs:
        assert left(run_once(plan))
        set_clock()
        assert left(run_once(plan)), "it waited for a second and a half, by no clock but one that was set"
        time.sleep(max(0.0, began + 1.6 - time.monotonic()))
        assert not left(run_once(plan))
        return
    service = service_for(plan)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        assert wait_for(lambda: bool(unfinished(tmp_path)), 20)
        set_clock()
        assert wait_for(lambda: bool(rows(tmp_path)), 20)
        assert time.monotonic() - began >= 1.5
        assert wait_for(lambda: [r["reason"] for r in rows(tmp_path)] == ["incomplete"], 20)
    finally:
        service.stop()
        thread.join(30)
        service.close()


def test_after_a_boot_the_wait_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_for(tmp_path, incomplete_grace_seconds=0.5)
    (tmp_path / "inbound/cut.837").write_bytes(numbered(1)[:500])
    assert left(run_once(plan))
    time.sleep(0.6)
    monkeypatch.setattr(unfinished_module, "boot", lambda: "another")
    assert left(run_once(plan)), "moments of another boot are no moments of this"
    time.sleep(0.6)
    assert not left(run_once(plan))


def test_which_boot_it_is_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    first = unfinished_module.boot()
    assert first == unfinished_module.boot() and len(first) == 36
    monkeypatch.setattr("builtins.open", lambda *a, **k: os.stat("/nowhere"))
    elsewhere = unfinished_module.boot()
    assert elsewhere.isdigit()
    monkeypatch.setattr(unfinished_module, "time", lambda: time.time() + 86_400)
    assert unfinished_module.boot() != elsewhere


def test_a_ledger_of_the_first_version_gets_what_it_lacks(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    drop(tmp_path / "inbound", "a.837", numbered(1))
    run_once(plan)
    with database(plan.layout.ledger) as db:
        db.execute("DROP TABLE unfinished")
        db.execute("PRAGMA user_version = 1")
    drop(tmp_path / "inbound", "b.837", numbered(2))
    (tmp_path / "inbound/cut.837").write_bytes(numbered(3)[:500])
    run_once(plan)
    assert [r["state"] for r in rows(tmp_path)][:2] == [DONE, DONE]
    with database(plan.layout.ledger) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)


def test_once_does_not_wait_for_a_done_marker(tmp_path: Path) -> None:
    plan = plan_for(tmp_path, done_marker=".done")
    for name in ("a.837", "b.837", "b.837.done"):
        drop(tmp_path / "inbound", name, numbered(ord(name[0])))
    (told,) = left(run_once(plan))
    assert (told["reason"], told["files"]) == ("no_done_marker", 1)
    assert "wait_seconds" not in told
    assert sorted(p.name for p in (tmp_path / "inbound").iterdir()) == ["a.837"]
    assert [row["state"] for row in rows(tmp_path)] == [DONE]


def test_a_file_somebody_still_writes_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_for(tmp_path)
    whole = numbered(1) + numbered(2)
    handle = open(tmp_path / "inbound/a.837", "wb", buffering=0)  # noqa: SIM115
    handle.write(numbered(1))
    original = Answering.answer
    calls = []

    def answer(self: Answering, record: Any, layout: Any, *rest: Any) -> Any:
        made = original(self, record, layout, *rest)
        if not calls:  # the writer goes on while the file is judged
            handle.write(numbered(2))
        calls.append(record.id)
        return made

    monkeypatch.setattr(Answering, "answer", answer)
    log = run_once(plan)
    handle.close()
    assert '"given_back"' in log
    assert len(set(calls)) == 2
    assert [p.read_bytes() for p in (tmp_path / "archive").rglob("*.837")] == [whole]
    assert answers(tmp_path)["999.x12"] == 1
    assert len(rows(tmp_path)) == 1


def run_once_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[str], None]) -> str:
    """The log of a run over a file with its done marker; ``meanwhile`` gets its path here before it is judged first."""
    plan = plan_for(tmp_path, done_marker=".done")
    drop(tmp_path / "inbound", "a.837", numbered(1))
    (tmp_path / "inbound/a.837.done").touch()
    original = Answering.answer

    def answer(self: Answering, record: Any, layout: Any, *rest: Any) -> Any:
        monkeypatch.setattr(Answering, "answer", original)
        meanwhile(layout.claimed(record.id))
        return original(self, record, layout, *rest)

    monkeypatch.setattr(Answering, "answer", answer)
    return run_once(plan)


def test_a_file_that_is_given_back_still_has_its_done_marker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # as a partner's synchronisation does it
    log = run_once_marked(tmp_path, monkeypatch, lambda path: os.utime(path, (10**9, 10**9)))
    assert '"given_back"' in log and '"left_waiting"' not in log
    assert [p.read_bytes() for p in (tmp_path / "archive").rglob("*.837")] == [numbered(1)]
    assert os.listdir(tmp_path / "inbound") == []


def test_a_done_marker_goes_with_its_file_and_not_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second file of that name comes, with its marker, while the first is judged."""
    def meanwhile(path: str) -> None:
        drop(tmp_path / "inbound", "a.837", numbered(2))
        drop(tmp_path / "inbound", "a.837.done", b"")

    run_once_marked(tmp_path, monkeypatch, meanwhile)
    kept = sorted(p.read_bytes() for p in (tmp_path / "archive").rglob("*.837"))
    assert kept == [numbered(1), numbered(2)]
    assert os.listdir(tmp_path / "inbound") == []


def test_a_file_that_changed_while_its_name_was_taken_again_is_kept_and_judged_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edi_check.watching import steps as steps_module

    monkeypatch.setattr(steps_module, "HOLD_SECONDS", 0.2)
    plan = plan_for(tmp_path)
    drop(tmp_path / "inbound", "a.837", numbered(1))
    original = Answering.answer
    calls = []

    def answer(self: Answering, record: Any, layout: Any, *rest: Any) -> Any:
        made = original(self, record, layout, *rest)
        calls.append(record.id)
        if len(calls) == 1:
            with open(layout.claimed(record.id), "ab") as file:
                file.write(numbered(2))
            drop(tmp_path / "inbound", "a.837", numbered(3))
        return made

    monkeypatch.setattr(Answering, "answer", answer)
    until(service_for(plan), lambda: sum(r["state"] == DONE for r in rows(tmp_path)) == 2)
    kept = {p.read_bytes() for p in (tmp_path / "archive").rglob("*.837")}
    assert kept == {numbered(1) + numbered(2), numbered(3)}
    assert answers(tmp_path)["999.x12"] == 2


@pytest.mark.parametrize("time_set", ["0000", "1200", ""])
def test_answers_bear_the_time_that_is_set_or_else_that_of_taking(tmp_path: Path, time_set: str) -> None:
    plan = plan_for(tmp_path, policy=Policy(ack=AckSettings(time=time_set)))
    drop(tmp_path / "inbound", "a.837", numbered(1))
    run_once(plan)
    [row] = rows(tmp_path)
    of_taking = datetime.fromtimestamp(row["taken"]).astimezone().strftime("%H%M")
    told = [p.read_text().split("*")[10] for p in (tmp_path / "outbound").glob("*.x12")]
    assert told == [time_set or of_taking] * 2


# Repetition


@pytest.mark.parametrize(("policy", "ta1", "told"), [("flag", 0, True), ("reject", 1, True), ("accept", 0, False)])
def test_the_same_content_twice(tmp_path: Path, policy: str, ta1: int, told: bool) -> None:
    assert _sent_twice(tmp_path, Policy(duplicate_content=policy)) == (ta1, told)


@pytest.mark.parametrize(("content", "number", "ta1", "told"), [
    ("flag", "reject", 0, True), ("accept", "reject", 0, False), ("reject", "accept", 1, True)])
def test_of_the_same_content_the_number_is_not_asked(tmp_path: Path, content: str, number: str, ta1: int,
                                                     told: bool) -> None:
    """docs/watching.md says so."""
    policy = Policy(duplicate_content=content, duplicate_control_number=number)
    assert _sent_twice(tmp_path, policy) == (ta1, told)


def _sent_twice(tmp_path: Path, policy: Policy) -> tuple[int, bool]:
    """The TA1s that the same bytes get, under two names, and whether a report tells that they came again."""
    plan = plan_for(tmp_path, policy=policy)
    for name in ("a.837", "b.837"):
        drop(tmp_path / "inbound", name, numbered(1))
        run_once(plan)
    reports = [json.loads(p.read_text()) for p in (tmp_path / "outbound").glob("*.json")]
    findings = (f for r in reports for f in r["files"][0]["findings"])
    return answers(tmp_path)["TA1.x12"], any(f["edit"] == "CORE-DUP-04" for f in findings)


@pytest.mark.parametrize(("policy", "code"), [("flag", ""), ("reject", "025"), ("accept", "")])
def test_an_interchange_number_used_again(tmp_path: Path, policy: str, code: str) -> None:
    plan = plan_for(tmp_path, policy=Policy(duplicate_control_number=policy))
    drop(tmp_path / "inbound", "a.837", numbered(1))
    drop(tmp_path / "inbound", "b.837", numbered(1).replace(b"*60*UN", b"*60.00*UN"))
    run_once(plan)
    told = [re.search(r"TA1\*.*\*R\*(\d{3})", p.read_text()) for p in (tmp_path / "outbound").glob("*_TA1.x12")]
    assert [m[1] for m in told if m] == ([code] if code else [])


def test_another_sender_and_an_old_use_are_no_repetition(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    drop(tmp_path / "inbound", "a.837", numbered(1))
    run_once(plan)
    with database(tmp_path / "work/ledger.db") as db:
        db.execute("UPDATE interchange SET taken = taken - 401 * 86400.0")
        db.execute("UPDATE file SET taken = taken - 401 * 86400.0")
    drop(tmp_path / "inbound", "b.837", numbered(1))
    drop(tmp_path / "inbound", "c.837", numbered(2).replace(b"SUBMITTER      ", b"OTHER          "))
    drop(tmp_path / "inbound", "d.837", numbered(2))
    run_once(plan)
    assert answers(tmp_path)["TA1.x12"] == 0
    assert answers(tmp_path)["999.x12"] == 4


def test_what_a_ta1_refused_may_come_again(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    drop(tmp_path / "inbound", "a.837", numbered(7))
    run_once(plan)
    drop(tmp_path / "inbound", "b.837", numbered(7).replace(b"IEA*2*", b"IEA*1*"))
    run_once(plan)
    assert answers(tmp_path) == {"TA1.x12": 1, "999.x12": 1, "277CA.x12": 1, "report.html": 2, "report.json": 2}


def test_requeue_answers_once_more_and_is_no_repetition(tmp_path: Path) -> None:
    plan = plan_for(tmp_path, policy=Policy(duplicate_content="reject"))
    drop(tmp_path / "inbound", "a.837", numbered(1))
    run_once(plan)
    [first] = rows(tmp_path)
    ledger = SqliteLedger(plan.layout.ledger)
    with pytest.raises(OrderError, match="twelve letters and digits"):
        requeue(plan.layout, ledger, "a.837")
    second = requeue(plan.layout, ledger, os.path.basename(first["stored"]))  # what an operator sees in archive/
    ledger.close()
    run_once(plan)
    assert answers(tmp_path)["999.x12"] == 2
    assert answers(tmp_path)["TA1.x12"] == 0
    assert {r["id"]: r["state"] for r in rows(tmp_path)} == {first["id"]: DONE, second: DONE}


# Files that end processes


def suspicious(plan: Plan, ends: int = 2) -> str:
    """A claimed file that whole services have ended on; its id."""
    service = service_for(plan)
    service.arrivals.scan()
    time.sleep(0.05)
    service.arrivals.scan()
    [claim] = service.arrivals.choose(1)
    service.steps.take(service.steps.claim([claim]))
    service.ledger.db.execute("UPDATE file SET ends = ?", (ends,))
    service.close()
    return claim.id


def test_a_suspicious_file_is_judged_in_a_process_of_its_own(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    drop(tmp_path / "inbound", "a.837", numbered(5))
    suspicious(plan)
    assert "judge_died" not in run_once(plan)
    assert violations(tmp_path, {"a.837": numbered(5)}, Consumer(tmp_path / "outbound")) == []


def test_a_suspicious_file_is_judged_last(tmp_path: Path) -> None:
    """A process of its own takes seconds; the others must not wait for it."""
    plan = plan_for(tmp_path)
    drop(tmp_path / "inbound", "a.837", numbered(1))
    id = suspicious(plan)
    for n in range(2, 12):
        drop(tmp_path / "inbound", f"{n}.837", numbered(n))
    run_once(plan)
    order = [r["id"] for r in sorted(rows(tmp_path), key=lambda r: r["decided"])]
    assert len(order) == 11 and order[-1] == id


def test_a_file_whose_process_dies_goes_to_quarantine_and_can_be_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone_module, "GRACE_SECONDS", 0.05)
    monkeypatch.setattr(alone_module.sys, "executable", "/bin/false")
    plan = plan_for(tmp_path)
    drop(tmp_path / "inbound", "a.837", numbered(1))
    drop(tmp_path / "inbound", "b.837", numbered(2))
    id = suspicious(plan)
    log = run_once(plan)
    monkeypatch.undo()
    assert "judge_died" in log and "quarantined" in log
    assert Counter(r["state"] for r in rows(tmp_path)) == {DONE: 1, QUARANTINED: 1}
    assert answers(tmp_path)["999.x12"] == 1, "the file that was bad was answered, or the other wasn't"
    ledger = SqliteLedger(plan.layout.ledger)
    assert [r.id for r in quarantined(ledger)] == [id]
    release(plan.layout, ledger, id)
    with pytest.raises(OrderError):
        release(plan.layout, ledger, id)
    ledger.close()
    run_once(plan)
    assert answers(tmp_path)["999.x12"] == 2
    assert {r["state"] for r in rows(tmp_path)} == {DONE}


def test_killing_the_service_never_quarantines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six kills in the middle of one file: from the third start on it is judged alone, and answered in the end."""
    plan = plan_for(tmp_path)
    drop(tmp_path / "inbound", "a.837", numbered(1))
    marker = tmp_path / "judging"

    class Slow(service_module.Service):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            judge = self.steps._judge

            def slow(record: Any) -> Any:
                self.ledger.now_judging(record.id)
                marker.touch()
                time.sleep(2)
                return judge(record)

            self.steps._judge = slow  # type: ignore[method-assign]

    for _ in range(6):
        watcher = Child(plan, Slow)
        assert wait_for(marker.exists, 20)
        assert watcher.end(signal.SIGKILL) == -signal.SIGKILL
        marker.unlink()
    service = service_module.Service(plan, Journal(io.StringIO()))  # the rules of others have other limits
    service.run(once=True)
    service.close()
    [row] = rows(tmp_path)
    assert (row["state"], row["ends"]) == (DONE, 6)
    assert answers(tmp_path)["999.x12"] == 1


def test_a_fault_of_ours_is_tried_three_times_and_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edi_check.watching import steps as steps_module

    monkeypatch.setattr(steps_module, "HOLD_SECONDS", 0.05)
    original = Answering.answer
    bad: list[str] = []

    def answer(self: Answering, record: Any, layout: Any, *rest: Any) -> Any:
        if b"C1*" in Path(layout.claimed(record.id)).read_bytes():
            bad.append(record.id)
            raise KeyError("ADA TESTER")
        return original(self, record, layout, *rest)

    monkeypatch.setattr(Answering, "answer", answer)
    plan = plan_for(tmp_path)
    for n in (1, 2, 3):
        drop(tmp_path / "inbound", f"{n}.837", numbered(n))
    log = run_once(plan)
    assert len(bad) == 3
    assert Counter(r["state"] for r in rows(tmp_path)) == {DONE: 2, QUARANTINED: 1}
    assert "KeyError" in log and "ADA" not in log


# The process and its machine


def test_sigterm_finishes_what_is_in_hand(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    for n in range(1, 60):
        drop(tmp_path / "inbound", f"{n}.837", numbered(n))
    watcher = Child(plan)
    consumer = Consumer(tmp_path / "outbound")
    assert wait_for(lambda: bool(consumer.take()), 30)
    assert watcher.end(signal.SIGTERM) == 0
    assert {r["state"] for r in rows(tmp_path)} == {DONE}
    assert os.listdir(tmp_path / "work/claimed") == os.listdir(tmp_path / "work/owners") == []


def test_three_claimers_race_and_one_wins_each_file(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    dropped = {f"{n}.837": numbered(n) for n in range(1, 201)}
    for name, data in dropped.items():
        drop(tmp_path / "inbound", name, data)
    watchers = [Child(plan) for _ in range(3)]
    assert wait_for(
        lambda: not os.listdir(tmp_path / "inbound") and not os.listdir(tmp_path / "work/claimed"), 120, 0.05
    )
    assert [w.end(signal.SIGTERM) for w in watchers] == [0, 0, 0]
    assert violations(tmp_path, dropped, Consumer(tmp_path / "outbound")) == []


def test_a_race_that_was_lost_is_no_file_taken(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    for n in range(1, 9):
        drop(tmp_path / "inbound", f"{n}.837", numbered(n))
    both = [service_for(plan), service_for(plan)]
    for service in both:
        service.arrivals.scan()
    time.sleep(0.05)
    claimed = []
    for service in both:
        service.arrivals.scan()
        claimed.append(service.steps.claim(service.arrivals.choose(8)))
    assert [len(records) for records in claimed] == [8, 8]
    first = both[0].steps.take(claimed[0][:3])
    second = both[1].steps.take(claimed[1])
    first += both[0].steps.take(claimed[0][3:])
    assert (len(first), len(second)) == (3, 5)
    assert [s.figures.get("files_taken_total", source="inbound") for s in both] == [3, 5]
    assert len(both[0].steps.take(first)) == 3, "again, as after a pause"
    assert both[0].figures.get("files_taken_total", source="inbound") == 3
    for service in both:
        service.close()


def test_fifty_rounds_of_three_claimers(tmp_path: Path) -> None:
    """Claiming alone: three processes at once take 200 names, each is taken by exactly one."""
    plan = plan_for(tmp_path)
    for round_ in range(50):
        for n in range(200):
            (tmp_path / "inbound" / f"{n}").write_bytes(b"hello")
        won = tmp_path / "won"
        pids = []
        for k in range(3):
            pid = os.fork()
            if pid == 0:
                try:
                    service = service_for(plan)
                    service._batch = 200
                    service.arrivals.scan()
                    time.sleep(0.03)
                    service.arrivals.waiting[0]._next = 0
                    service.arrivals.scan()
                    taken = service.steps.take(service.steps.claim(service.arrivals.choose(200)))
                    (tmp_path / f"won-{k}").write_text(" ".join(r.id for r in taken))
                    service.close()
                finally:
                    os._exit(0)
            pids.append(pid)
        for pid in pids:
            os.waitpid(pid, 0)
        ids = [i for k in range(3) for i in (tmp_path / f"won-{k}").read_text().split()]
        assert sorted(ids) == sorted(os.listdir(tmp_path / "work/claimed")), f"round {round_}"
        assert len(ids) == 200
        assert not won.exists()
        with database(tmp_path / "work/ledger.db") as db:
            assert db.execute("SELECT count(*) FROM file").fetchone() == (200,)
            db.execute("DELETE FROM file")
        for i in ids:
            (tmp_path / "work/claimed" / i).unlink()


def test_too_little_disk_pauses_and_goes_on_by_itself(tmp_path: Path) -> None:
    plan = plan_for(tmp_path, min_free_bytes=1 << 60)
    drop(tmp_path / "inbound", "a.837", numbered(1))
    service = service_for(plan)
    thread = threading.Thread(target=service.run)
    thread.start()
    assert wait_for(lambda: service.figures.is_paused, 20)
    assert not service.figures.is_ready
    assert rows(tmp_path) == []
    service.plan = replace(plan, min_free_bytes=0)
    assert wait_for(lambda: [r["state"] for r in rows(tmp_path)] == [DONE], 30)
    assert wait_for(lambda: service.figures.is_ready, 5)
    service.stop()
    thread.join()
    service.close()


def test_a_folder_that_cannot_be_read_is_down_and_the_others_go_on(tmp_path: Path) -> None:
    from edi_check.watching.intake import Rules
    from edi_check.watching.plan import SourcePlan

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        drop(tmp_path / name, "a.837", numbered(1 if name == "one" else 2))
    sources = tuple(SourcePlan(n, str(tmp_path / n), str(tmp_path / "outbound"), Rules(0, 1)) for n in ("one", "two"))
    plan = plan_for(tmp_path, sources=sources)
    service = service_for(plan)
    (tmp_path / "one").rename(tmp_path / "gone")
    thread = threading.Thread(target=service.run)
    thread.start()
    assert wait_for(lambda: [r["source"] for r in rows(tmp_path) if r["state"] == DONE] == ["two"], 20)
    assert service.figures.down == {"one"} and not service.figures.is_ready
    (tmp_path / "gone").rename(tmp_path / "one")
    for w in service.arrivals.waiting:
        w._next = 0
    assert wait_for(lambda: len([r for r in rows(tmp_path) if r["state"] == DONE]) == 2, 20)
    service.stop()
    thread.join()
    service.close()


@pytest.mark.parametrize("which", ["in", "out"])
def test_a_folder_that_goes_while_its_file_is_judged_stops_no_other_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    """The file has to be given back, or its answers have to be published, and the folder isn't there: it is done when
    the folder comes again."""
    monkeypatch.setattr(troubles_module, "DOWN_SECONDS", 0.2)
    for name in ("a/in", "a/out", "b/in", "b/out"):
        (tmp_path / name).mkdir(parents=True)
    rules = Rules(settle_seconds=0.0, incomplete_grace_seconds=0.3)
    sources = [SourcePlan(s, str(tmp_path / s / "in"), str(tmp_path / s / "out"), rules) for s in "ab"]
    drop(tmp_path / "a/in", "a.837", numbered(1))
    whole = numbered(1)
    original = Answering.answer

    def answer(self: Answering, record: Any, layout: Any, *rest: Any) -> Any:
        nonlocal whole
        made = original(self, record, layout, *rest)
        if record.source == "a":
            monkeypatch.setattr(Answering, "answer", original)
            (tmp_path / "a" / which).rename(tmp_path / "gone")
            if which == "in":
                whole += numbered(2)
                with open(layout.claimed(record.id), "ab") as file:
                    file.write(numbered(2))
        return made

    monkeypatch.setattr(Answering, "answer", answer)
    log = io.StringIO()
    service = service_for(plan_for(tmp_path, sources=tuple(sources)), log)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        assert wait_for((tmp_path / "gone").exists, 20)
        for n in (3, 4):
            drop(tmp_path / "b/in", f"{n}.837", numbered(n))
            assert wait_for(lambda: not os.listdir(tmp_path / "b/in"), 20), log.getvalue()
        assert wait_for(lambda: sum(r["state"] == DONE and r["source"] == "b" for r in rows(tmp_path)) == 2, 20)
        assert service.figures.down == {"a"}
        (tmp_path / "gone").rename(tmp_path / "a" / which)
        assert wait_for(lambda: sum(r["state"] == DONE for r in rows(tmp_path)) == 3, 20), log.getvalue()
        assert wait_for(lambda: not service.figures.down, 20)
    finally:
        service.stop()
        thread.join(30)
        service.close()
    down = [json.loads(line) for line in log.getvalue().splitlines() if '"source_down"' in line]
    assert [(line["source"], line["errno"]) for line in down] == [("a", "ENOENT")]
    assert '"paused"' not in log.getvalue()
    assert whole in [p.read_bytes() for p in (tmp_path / "archive").rglob("*.837")]
    assert sum(name.endswith("_999.x12") for name in os.listdir(tmp_path / "a/out")) == 1


def test_a_ledger_of_a_newer_program_and_a_damaged_one_are_refused(tmp_path: Path) -> None:
    db = open_database(str(tmp_path / "a.db"))
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LedgerError, match="version 99"):
        open_database(str(tmp_path / "a.db"))
    (tmp_path / "b.db").write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(LedgerError, match="backup"):
        open_database(str(tmp_path / "b.db"))


@pytest.mark.parametrize("is_safe", [False, True])
def test_the_journal_fits_the_version_of_sqlite(tmp_path: Path, is_safe: bool) -> None:
    db = open_database(str(tmp_path / "a.db"), is_safe_with_wal=is_safe)
    assert db.execute("PRAGMA journal_mode").fetchone()[0] == ("wal" if is_safe else "truncate")
    assert db.execute("PRAGMA synchronous").fetchone()[0] == (2 if is_safe else 3)
    db.close()


def test_network_filesystems_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout_module, "is_network", lambda path: True)
    with pytest.raises(LayoutError, match="network"):
        service_for(plan_for(tmp_path))


@pytest.mark.skipif(
    not os.path.isdir("/dev/shm") or os.stat("/dev/shm").st_dev == os.stat("/tmp").st_dev, reason="one disk"
)
def test_folders_on_two_filesystems_are_refused(tmp_path: Path) -> None:
    other = Path("/dev/shm") / f"edi-check-test-{os.getpid()}"
    other.mkdir()
    try:
        from edi_check.watching.intake import Rules
        from edi_check.watching.plan import SourcePlan

        source = SourcePlan("x", str(other), str(tmp_path / "outbound"), Rules())
        with pytest.raises(LayoutError, match="another filesystem"):
            service_for(plan_for(tmp_path, sources=(source,)))
    finally:
        shutil.rmtree(other)


def test_prune_removes_files_names_and_in_the_end_rows(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    for n in (1, 2):
        drop(tmp_path / "inbound", f"{n}.837", numbered(n))
    run_once(plan)
    ledger = SqliteLedger(plan.layout.ledger)
    ledger.db.execute("UPDATE file SET ended = ended - 100 * 86400.0 WHERE name = '1.837'")
    ledger.db.execute("UPDATE file SET ended = ended - 100 * 86400.0 WHERE name = x'312e383337'")
    assert prune(plan.layout, ledger, 90, 400, is_trial=True, is_clock_right=True) == {"files": 1, "rows": 0}
    assert len(list((tmp_path / "archive").rglob("*.837"))) == 2
    assert prune(plan.layout, ledger, 90, 400, is_trial=False, is_clock_right=True) == {"files": 1, "rows": 0}
    assert len(list((tmp_path / "archive").rglob("*.837"))) == 1
    assert sorted(r["name"] for r in rows(tmp_path)) == [b"", b"2.837"]
    assert prune(plan.layout, ledger, 90, 30, is_trial=False, is_clock_right=True)["rows"] == 1
    assert standing(plan.layout, ledger).files == {"inbound": {"done": 1}}
    ledger.close()


@pytest.mark.parametrize("when", ["before it is judged", "while it is judged", "once it is decided"])
def test_a_file_that_is_taken_out_of_work_is_told_and_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """As a virus scanner does it."""
    plan = plan_for(tmp_path)
    drop(tmp_path / "inbound", "a.837", numbered(1))
    original = Answering.answer

    def answer(self: Answering, record: Any, layout: Any, *rest: Any) -> Any:
        if record.size != len(numbered(1)) or record.name != b"a.837":
            return original(self, record, layout, *rest)
        if when == "before it is judged":
            os.unlink(layout.claimed(record.id))
        made = original(self, record, layout, *rest)
        if when == "while it is judged":
            os.unlink(layout.claimed(record.id))
        return made

    monkeypatch.setattr(Answering, "answer", answer)
    if when == "once it is decided":
        finish = Publishing.finish

        def without(self: Publishing, records: Any) -> None:
            for r in records:
                os.unlink(self.layout.claimed(r.id))
            finish(self, records)

        monkeypatch.setattr(Publishing, "finish", without)
    log = run_once(plan)
    monkeypatch.undo()
    drop(tmp_path / "inbound", "b.837", numbered(2))
    log += run_once(plan)
    events = [json.loads(line) for line in log.splitlines()]
    is_answered = when == "once it is decided"
    state = DONE if is_answered else QUARANTINED
    assert [(e["level"], e["state"]) for e in events if e["event"] == "file_lost"] == [("error", state)], log
    assert not [e for e in events if e["event"] in ("paused", "judge_failed", "ownership_lost")], log
    assert {(r["state"], r["reason"], r["stored"] != "") for r in rows(tmp_path)} == {
        (DONE, "", True),
        (state, "lost", False),
    }
    assert answers(tmp_path)["999.x12"] == 1 + is_answered
    [lost] = [r["id"] for r in rows(tmp_path) if r["reason"] == "lost"]
    ledger = SqliteLedger(plan.layout.ledger)
    for order in (release, requeue) if not is_answered else (requeue,):
        with pytest.raises(OrderError, match="was lost; ask for it once more"):
            order(plan.layout, ledger, lost)
    assert standing(plan.layout, ledger).quarantined == (not is_answered)
    assert prune(plan.layout, ledger, 0, 0, is_trial=True)["rows"] == 2
    prune(plan.layout, ledger, 0, 0, is_trial=False)
    assert rows(tmp_path) == []
    ledger.close()


def test_a_file_that_is_to_be_answered_again_and_was_taken_away_is_told_once(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    drop(tmp_path / "inbound", "a.837", numbered(1))
    run_once(plan)
    ledger = SqliteLedger(plan.layout.ledger)
    new = requeue(plan.layout, ledger, rows(tmp_path)[0]["id"])
    ledger.close()
    os.unlink(plan.layout.claimed(new))
    log = run_once(plan)
    assert log.count('"file_lost"') == 1 and '"ownership_lost"' not in log
    assert [(r["state"], r["reason"]) for r in rows(tmp_path)] == [(DONE, ""), (QUARANTINED, "lost")]


def test_prune_removes_answered_files_from_quarantine_and_no_others(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    (tmp_path / "inbound/cut.837").write_bytes(numbered(1)[:500])
    until(service_for(plan), lambda: len(rows(tmp_path)) == 1 and rows(tmp_path)[0]["state"] == DONE)
    service = service_for(plan)
    drop(tmp_path / "inbound", "b.837", numbered(2))
    service.arrivals.scan()
    time.sleep(0.05)
    service.arrivals.scan()
    [record] = service.steps.take(service.steps.claim(service.arrivals.choose(1)))
    service.steps.quarantine(record, "judge_died")
    service.close()
    ledger = SqliteLedger(plan.layout.ledger)
    kept = lambda: {p.read_bytes() for p in (tmp_path / "quarantine").iterdir()}  # noqa: E731
    assert kept() == {numbered(1)[:500], numbered(2)}
    assert prune(plan.layout, ledger, 1, 400, is_trial=False) == {"files": 0, "rows": 0}, "both are of today"
    ledger.db.execute("UPDATE file SET ended = ended - 100 * 86400.0, taken = taken - 100 * 86400.0")
    assert prune(plan.layout, ledger, 90, 400, is_trial=True, is_clock_right=True)["files"] == 1 and len(kept()) == 2
    assert prune(plan.layout, ledger, 90, 30, is_trial=False, is_clock_right=True) == {"files": 1, "rows": 1}
    assert kept() == {numbered(2)}
    release(plan.layout, ledger, record.id)
    ledger.close()
    run_once(plan)
    assert [p.read_bytes() for p in (tmp_path / "archive").rglob("*.837")] == [numbered(2)]
