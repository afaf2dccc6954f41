"""A drop folder under test: numbered claim files, a watcher in a process that can be killed, a consumer that takes the
answers away, and the count of what must have come out: each file answered once, with the bytes decided, archived
once."""

from __future__ import annotations

import ctypes
import datetime
import hashlib
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from one_claim import BAD, GOOD

from edi_check.pipeline import Desk
from edi_check.watching.answering import Answering, Policy
from edi_check.watching.intake import Rules
from edi_check.watching.journal import Journal
from edi_check.watching.layout import Layout
from edi_check.watching.ledger import SqliteLedger
from edi_check.watching.plan import Plan, SourcePlan
from edi_check.watching.service import Service


def numbered(number: int) -> bytes:
    """A claim file with control numbers and a claim number of its own; every fifth has a rejected claim, every
    seventh an interchange that only a TA1 answers."""
    text = BAD if number % 5 == 0 else GOOD
    text = text.replace("000000001", f"{number:09d}", 1)
    text = text.replace("IEA*1*000000001", f"IEA*{2 if number % 7 == 0 else 1}*{number:09d}")
    text = text.replace("*0800*1*X*", f"*0800*{number}*X*").replace("GE*1*1~", f"GE*1*{number}~")
    return text.replace("CLM*C1*", f"CLM*C{number}*").encode()


def drop(folder: Path, name: str, data: bytes) -> None:
    """As a careful partner does it: under a temporary name, then renamed."""
    temporary = folder / f".{name}.tmp"
    temporary.write_bytes(data)
    temporary.rename(folder / name)


def plan_for(root: Path, **more: Any) -> Plan:
    """One local source that needs no settling; ``more`` are fields of the plan, or of its rules."""
    rules = {key: more.pop(key) for key in list(more) if key in Rules.__dataclass_fields__}
    (root / "inbound").mkdir(parents=True, exist_ok=True)
    source = SourcePlan(
        "inbound",
        str(root / "inbound"),
        str(root / "outbound"),
        Rules(**{"settle_seconds": 0.0, "incomplete_grace_seconds": 0.3, **rules}),
    )
    return Plan(Layout(str(root)), more.pop("sources", (source,)), **{"poll_seconds": 0.02, **more})


@lru_cache(maxsize=2)
def ready_desk(day: datetime.date) -> Desk:
    """The rules, made ready once for all watchers of a run."""
    return Desk(day)


def quick_answering(policy: Policy, window: float) -> Callable[[SqliteLedger], Answering]:
    """As the service makes it, but with the rules of an earlier one."""
    desk = ready_desk(datetime.date.today())

    def make(ledger: SqliteLedger) -> Answering:
        made = Answering(
            policy,
            ledger.lease_numbers,
            lambda digest, keys, origin: ledger.precedent(digest, keys, origin, time.time() - window),
        )
        made._desk = desk
        return made

    return make


def service_for(plan: Plan, log: Any = None, kind: type[Service] = Service) -> Service:
    """A service in this process."""
    return kind(plan, Journal(log or io.StringIO()), answering=quick_answering(plan.policy, plan.isa_window_seconds))


def run_once(plan: Plan) -> str:
    """Drain the folder; the log."""
    log = io.StringIO()
    service = service_for(plan, log)
    try:
        service.run(once=True)
    finally:
        service.close()
    return log.getvalue()


def stopped_child(log: str | Path, work: Callable[[TextIO], int]) -> int:
    """A forked process that a tracer may be put to. ``work`` gets the log, which is its standard error, too; stops
    itself (SIGSTOP) before its first step, and returns the exit code, which is 1 when it raises. Out: the process, once
    it has stopped."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            ctypes.CDLL(None).prctl(0x59616D61, -1, 0, 0, 0)  # PR_SET_PTRACER: any
            out = open(log, "a")  # noqa: SIM115 - until the process ends
            os.dup2(out.fileno(), 2)
            code = work(out)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.waitpid(pid, os.WUNTRACED)
    return pid


class Child:
    """A watcher in a forked process."""

    def __init__(self, plan: Plan, kind: type[Service] = Service, log: Path | None = None, user: int = 0) -> None:
        """``user``: whom to run as, where that isn't us."""
        make = quick_answering(plan.policy, plan.isa_window_seconds)
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: a test that fails leaves nothing
            try:
                if user:
                    os.setgroups([])
                    os.setresgid(user, user, user)
                    os.setresuid(user, user, user)
                out = open(log or os.devnull, "a")  # noqa: SIM115 - until the process ends
                os.dup2(out.fileno(), 2)
                service = kind(plan, Journal(out), answering=make)
                signal.signal(signal.SIGTERM, lambda *_: service.stop())
                service.run()
                service.close()
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)

    def end(self, number: int = signal.SIGKILL) -> int:
        """Send a signal and wait; the exit status as ``os.waitstatus_to_exitcode`` gives it."""
        os.kill(self.pid, number)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def is_running(self) -> bool:
        return os.waitpid(self.pid, os.WNOHANG)[0] == 0


class Consumer:
    """Takes answers out of the outbound folder as soon as it sees them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken: list[tuple[str, bytes]] = []

    def take(self) -> int:
        """How many there were."""
        names = os.listdir(self.folder) if self.folder.is_dir() else []
        for name in names:
            path = self.folder / name
            self.taken.append((name, path.read_bytes()))
            path.unlink()
        return len(names)


@contextmanager
def database(path: Path, **options: Any) -> Iterator[sqlite3.Connection]:
    """A ledger as another program sees it; what is done to it is done at the end, and the file is let go of."""
    with closing(sqlite3.connect(path, **options)) as db, db:
        yield db


def violations(root: Path, dropped: dict[str, bytes], consumer: Consumer) -> list[str]:
    """What of the promise doesn't hold. ``dropped``: by name; files of ``numbered``."""
    consumer.take()
    wrong: list[str] = []
    names = Counter(name for name, _ in consumer.taken)
    wrong += [f"{name} was published {n} times" for name, n in names.items() if n > 1]
    with database(root / "work" / "ledger.db") as db:
        rows = db.execute("SELECT id, name, state, stored, sha256 FROM file").fetchall()
        promised = dict(db.execute("SELECT name, sha256 FROM output WHERE folder IN ('outbound', 'remote')").fetchall())
    states = Counter(row[2] for row in rows)
    if states != {"done": len(dropped)}:
        wrong.append(f"{len(dropped)} files dropped, the ledger has {dict(states)}")
    wrong += [f"{name} was never published" for name in promised if not names[name]]
    wrong += [f"{name} isn't in the ledger" for name in names if name not in promised]
    wrong += [
        f"{name} has other bytes than decided"
        for name, data in consumer.taken
        if name in promised and hashlib.sha256(data).hexdigest() != promised[name]
    ]
    wrong += _wrong_answers(dropped, consumer)
    archived = Counter(p.read_bytes() for p in (root / "archive").rglob("*.837"))
    expected = Counter(dropped.values())
    if archived != expected:
        wrong.append(
            f"archive: {sum((expected - archived).values())} lost, {sum((archived - expected).values())} double"
        )
    for folder in ("inbound", "work/claimed", "work/stage"):
        left = os.listdir(root / folder)
        if left:
            wrong.append(f"{len(left)} left in {folder}")
    return wrong


def _wrong_answers(dropped: dict[str, bytes], consumer: Consumer) -> list[str]:
    """Without the ledger: what each file's own numbers say of its answers."""
    wrong = []
    text = {
        kind: [d.decode() for n, d in consumer.taken if n.endswith(f"_{kind}.x12")] for kind in ("TA1", "999", "277CA")
    }
    answered = {
        "TA1": Counter(n for t in text["TA1"] for n in re.findall(r"TA1\*(\d{9})\*", t)),
        "999": Counter(n for t in text["999"] for n in re.findall(r"AK1\*HC\*(\d+)\*", t)),
        "277CA": Counter(n for t in text["277CA"] for n in re.findall(r"TRN\*2\*C(\d+)~", t)),
    }
    for data in dropped.values():
        found = re.search(rb"\*0800\*(\d+)\*X\*", data)
        assert found
        number = int(found[1])
        refused = number % 7 == 0
        expected = {"TA1": int(refused), "999": int(not refused), "277CA": int(not refused)}
        for kind, n in expected.items():
            there = answered[kind][f"{number:09d}" if kind == "TA1" else str(number)]
            if there != n:
                wrong.append(f"file {number} has {there} {kind} where {n} belongs")
    used = Counter(m for kind in text.values() for t in kind for m in re.findall(r"\*\^\*00501\*(\d{9})\*", t))
    wrong += [f"control number {n} stands in {times} answers" for n, times in used.items() if times > 1]
    return wrong


def wait_for(is_true: Callable[[], bool], seconds: float, pause: float = 0.002) -> bool:
    """Did it become true in time?"""
    end = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def configured(root: Path, **more: Any) -> Path:
    """A configuration file that needs no settling."""
    (root / "inbound").mkdir(parents=True, exist_ok=True)
    settings = {"root": ".", "settle_seconds": 0, "poll_seconds": 0.1, **more}
    path = root / "edi-check.toml"
    path.write_text("[watch]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in settings.items()))
    return path


def with_two_sources(root: Path, **settings: object) -> Path:
    """A configuration file with two local sources, ``a`` and ``b``, each with a folder ``in`` and one ``out``."""
    config = configured(root, **settings)
    with open(config, "a") as out:
        for name in ("a", "b"):
            for folder in ("in", "out"):
                (root / name / folder).mkdir(parents=True)
            out.write(f'[[source]]\nname = "{name}"\ninbound = "{name}/in"\noutbound = "{name}/out"\n')
    return config


def stood(config: Path) -> dict[str, Any]:
    """What ``status`` says."""
    command = [sys.executable, "-m", "edi_check", "status", "--config", str(config), "-f", "json"]
    told: dict[str, Any] = json.loads(
        subprocess.run(command, capture_output=True, check=True, cwd=Path(__file__).parents[1]).stdout
    )
    return told


def process(*args: str | Path, **options: Any) -> Any:
    """``edi-check`` as a process of its own."""
    root = Path(__file__).resolve().parent.parent
    return subprocess.Popen(
        [sys.executable, "-m", "edi_check", *map(str, args)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))},
        **options,
    )
