"""The commands around a watcher, as processes: signals, probes, figures, workers, orders, and what must appear
nowhere."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from drops import (
    Consumer,
    configured,
    drop,
    numbered,
    plan_for,
    process,
    service_for,
    stood,
    violations,
    wait_for,
    with_two_sources,
)
from sshd import free_port

from edi_check.cli.main import main
from edi_check.configuration import ConfigurationError, load
from edi_check.watching.answering import Answering
from edi_check.watching.figures import HELP
from edi_check.watching.journal import KEYS, Journal
from edi_check.watching.layout import LayoutError
from edi_check.watching.operations import notify
from edi_check.watching.plan import make_plan
from edi_check.watching.steps import Steps


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def test_a_service_with_workers_probes_and_figures_ends_with_0(tmp_path: Path) -> None:
    port = free_port()
    config = configured(tmp_path, workers=2, listen=f"127.0.0.1:{port}", metrics_textfile="figures.prom")
    dropped = {f"{n}.837": numbered(n) for n in range(1, 21)}
    for name, data in dropped.items():
        drop(tmp_path / "inbound", name, data)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(tmp_path / "notify"))
    listener.settimeout(40)
    os.environ["NOTIFY_SOCKET"] = str(tmp_path / "notify")
    try:
        watcher = process("watch", "--config", config, stderr=subprocess.PIPE)
    finally:
        del os.environ["NOTIFY_SOCKET"]
    try:
        assert b"READY=1" in listener.recv(1000)
        assert wait_for(lambda: get(port, "/readyz")[0] == 200, 30)
        assert get(port, "/livez") == (200, "ok\n")
        assert get(port, "/nothing")[0] == 404
        assert wait_for(lambda: len(list((tmp_path / "archive").rglob("*.837"))) == 20, 60)
        figures = get(port, "/metrics")[1]
        assert 'edi_check_source_up{source="inbound"} 1.0' in figures
        names = {n.removesuffix("_total") for n in re.findall(r"^# HELP edi_check_(\w+)", figures, re.M)}
        assert names == {n.removesuffix("_total") for n in HELP} | {"up", "ready"}
        capture = subprocess.run(
            [sys.executable, "-m", "edi_check", "status", "--config", str(config), "-f", "json"],
            capture_output=True,
            check=True,
            cwd=Path(__file__).parents[2],
        )
        assert json.loads(capture.stdout)["processes"] == 2
    finally:
        watcher.send_signal(signal.SIGTERM)
        log = watcher.communicate(timeout=60)[1].decode()
        listener.close()
    assert watcher.returncode == 0, log
    assert (tmp_path / "figures.prom").stat().st_mode & 0o777 == 0o600
    assert violations(tmp_path, dropped, Consumer(tmp_path / "outbound")) == []
    assert os.listdir(tmp_path / "work/owners") == []
    for line in log.splitlines():
        assert set(json.loads(line)) <= KEYS


def test_figures_count_what_workers_did(tmp_path: Path) -> None:
    port = free_port()
    textfile = tmp_path / "figures.prom"
    config = configured(tmp_path, workers=3, listen=f"127.0.0.1:{port}", metrics_textfile=str(textfile))
    watcher = process("watch", "--config", config, stderr=subprocess.DEVNULL)
    owners = tmp_path / "work/owners"

    def counted(text: str) -> list[int]:
        """Files taken, decided, archived. Of several claims of one file, only the one that won is counted."""
        kinds = ("taken", "decided", "archived")
        found = [re.findall(rf"^edi_check_files_{kind}_total{{.*}} (\S+)$", text, re.M) for kind in kinds]
        return [int(sum(map(float, values))) for values in found]

    try:
        assert wait_for(lambda: owners.is_dir() and len(os.listdir(owners)) == 3, 60)
        for n in range(1, 151):
            drop(tmp_path / "inbound", f"{n}.837", numbered(n))
        assert wait_for(lambda: counted(get(port, "/metrics")[1]) == [150] * 3, 60, 0.1), get(port, "/metrics")[1]
        watcher.send_signal(signal.SIGTERM)
        assert watcher.wait(60) == 0
    finally:
        watcher.kill()
        watcher.wait()
    assert counted(textfile.read_text()) == [150] * 3


@pytest.mark.parametrize("ignored", [False, True])
def test_a_hangup_ends_it_as_sigterm_does_unless_it_was_started_under_nohup(tmp_path: Path, ignored: bool) -> None:
    config = configured(tmp_path, workers=2)

    def start() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)

    watcher = process("watch", "--config", config, stderr=subprocess.DEVNULL, preexec_fn=start)
    try:
        owners = tmp_path / "work/owners"
        assert wait_for(lambda: owners.is_dir() and len(os.listdir(owners)) == 2, 60)
        watcher.send_signal(signal.SIGHUP)
        if ignored:
            drop(tmp_path / "inbound", "a.837", numbered(1))
            assert wait_for(lambda: bool(list((tmp_path / "archive").rglob("*.837"))), 30)
            watcher.send_signal(signal.SIGTERM)
        assert watcher.wait(60) == 0
    finally:
        watcher.kill()
        watcher.wait()


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    config = configured(tmp_path, workers=3)
    watcher = process("watch", "--config", config, stderr=subprocess.DEVNULL)
    owners = tmp_path / "work/owners"
    assert wait_for(lambda: owners.is_dir() and len(os.listdir(owners)) == 3, 60)
    watcher.kill()
    watcher.wait()
    assert wait_for(lambda: len(os.listdir(owners)) <= 1, 30), "workers live on without their parent"


def test_once_without_a_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDI_CHECK_WATCH_SETTLE_SECONDS", "0")
    monkeypatch.setenv("EDI_CHECK_WATCH_POLL_SECONDS", "0.05")
    drop(tmp_path / "in", "a.837", numbered(1))
    ran = process("watch", "--in", "in", "--out", "out", "--once", stderr=subprocess.PIPE, cwd=tmp_path)
    log = ran.communicate(timeout=60)[1]
    assert ran.returncode == 0, log
    assert len(list((tmp_path / "out").iterdir())) == 4
    capsys.readouterr()
    assert main(["status", "--root", str(tmp_path)]) == 0
    assert "inbound: 1 done" in capsys.readouterr().out
    assert main(["doctor", "--root", str(tmp_path), "--local"]) == 3  # the default source's folders aren't there
    assert "WRONG" in capsys.readouterr().out
    assert main(["prune", "--days", "0", "--root", str(tmp_path)]) == 0
    assert main(["requeue", "nosuchid", "--root", str(tmp_path)]) == 2
    assert main(["quarantine", "list", "--root", str(tmp_path)]) == 0


def test_orders_may_be_said_with_watch_before_them_and_take_the_settings_by_c(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(configured(tmp_path))
    assert main(["watch", "-c", config, "--once"]) == 0
    capsys.readouterr()
    for order in (["status"], ["quarantine", "list"], ["prune", "--days", "9"], ["doctor"]):
        told = []
        for words in ([*order, "--config", config], ["watch", *order, "-c", config]):
            assert main(words) == 0, words
            told.append(re.sub(r"\d+", "", capsys.readouterr().out))
        assert told[0] == told[1], order


@pytest.mark.parametrize("which", ["in", "out"])
def test_status_names_a_local_source_that_is_down_and_what_stays_in_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], which: str
) -> None:
    config = with_two_sources(tmp_path, workers=2)
    watcher = process("watch", "--config", config, stderr=subprocess.DEVNULL)
    try:
        (tmp_path / "b/in/cut.837").write_bytes(numbered(1)[:500])
        owners = tmp_path / "work/owners"
        assert wait_for(lambda: owners.is_dir() and len(os.listdir(owners)) == 2, 60)
        assert stood(config)["sources_down"] == {}
        (tmp_path / "a" / which).rename(tmp_path / "gone")
        reason = f"no{which}bound"
        assert wait_for(lambda: stood(config)["sources_down"] == {"a": reason}, 30, 0.2), stood(config)
        capsys.readouterr()
        assert main(["status", "--config", str(config)]) == 0
        assert f"a is down: {reason}\n" in capsys.readouterr().out
        (tmp_path / "gone").rename(tmp_path / "a" / which)
        assert wait_for(lambda: stood(config)["sources_down"] == {}, 30, 0.2)
        assert wait_for(lambda: stood(config)["waiting"] == {"b": {"incomplete": 1}}, 20, 0.2)
        assert main(["status", "--config", str(config)]) == 0
        assert "b: in its folder stay 1 incomplete\n" in capsys.readouterr().out
    finally:
        watcher.send_signal(signal.SIGTERM)
        watcher.wait(60)
    assert stood(config)["processes"] == 0 and stood(config)["waiting"] == {}


def test_a_fault_of_ours_that_leaves_a_file_unanswered_ends_once_with_70(tmp_path: Path) -> None:
    program = """
import sys
from edi_check.cli.main import main
from edi_check.watching import answering, steps

def failing(self, record, *rest, answer=answering.Answering.answer):
    if record.size == 5:
        raise ValueError("SMITH")
    return answer(self, record, *rest)

answering.Answering.answer = failing
steps.HOLD_SECONDS = 0.01
sys.exit(main(sys.argv[1:]))
"""
    config = configured(tmp_path)
    drop(tmp_path / "inbound", "a.837", b"hello")
    drop(tmp_path / "inbound", "b.837", numbered(1))
    command = [sys.executable, "-c", program, "watch", "--once", "--config", str(config)]
    for code in (70, 0):
        ran = subprocess.run(command, capture_output=True, cwd=Path(__file__).parents[2], check=False)
        assert ran.returncode == code, ran.stderr.decode()
        assert b"SMITH" not in ran.stderr
    assert len(os.listdir(tmp_path / "quarantine")) == 1 and len(list((tmp_path / "archive").rglob("*.837"))) == 1


@pytest.mark.parametrize("how", ["option", "setting"])
def test_work_elsewhere_is_known_to_every_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    """One option, one setting, one default, for the watcher and for what asks about it."""
    config = configured(tmp_path / "root", **({"work": "../work"} if how == "setting" else {}))
    where = ["--config", str(config)] + (["--work", str(tmp_path / "work")] if how == "option" else [])
    drop(tmp_path / "root/inbound", "a.837", numbered(1))
    ran = process("watch", "--once", *where, stderr=subprocess.PIPE)
    log = ran.communicate(timeout=60)[1].decode()
    assert ran.returncode == 0, log
    assert (tmp_path / "work/ledger.db").exists() and not (tmp_path / "root/work").exists()
    [id] = re.findall(r'"decided".*"id": "(\w+)"', log)
    capsys.readouterr()
    assert main(["status", *where]) == 0
    assert "inbound: 1 done" in capsys.readouterr().out
    assert main(["doctor", *where]) == 0, capsys.readouterr().out
    assert main(["requeue", id, *where]) == 0
    assert os.listdir(tmp_path / "work/claimed") == [capsys.readouterr().out.split()[-1]]
    assert main(["quarantine", "list", *where]) == 0
    assert main(["prune", "--days", "0", *where]) == 0
    assert capsys.readouterr().out == "removed 1 files and 0 rows of the ledger\n"
    assert main(["status", "--root", str(tmp_path / "root")]) == 2
    assert "--work" in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["outbound", "archive", "inbound", ""])
def test_work_in_the_place_of_another_folder_is_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(ConfigurationError, match="has another purpose"):
        make_plan(load(str(configured(tmp_path))), {}, work=str(tmp_path / folder))


def test_doctor_looks_at_the_folders_of_a_watcher_without_a_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    assert main(["doctor", "--in", "in", "--out", "out"]) == 0, capsys.readouterr().out
    assert main(["doctor", "--in", "in"]) == 2
    assert main(["doctor", "--in", "no", "--out", "out"]) == 3
    assert f"{tmp_path}/no: there is no such folder" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('[watch]\nroot = "."\nlisten = "0.0.0.0:80"\n', "loopback"),
        ("[watch]\npoll_seconds = 1\n", "root is not set"),
        ('[watch]\nroot = "."\ndone_marker = "/"\n', "inbound: done_marker '/': files with that ending are left alone"),
        ('[watch]\nroot = "."\ndone_marker = ".tmp"\n', "left alone"),
        ('[watch]\nroot = "."\nworkers = 1000\n', "workers: 1000; at most 256"),
        ('[watch]\nroot = "a\\u0000b"\n', "without NUL"),
        ('[watch]\nroot = "."\n[[source]]\nhost = "h"\ninbound = "i"\n', "known_hosts is not set"),
        ('[watch]\nroot = "."\n[[source]]\nname = "a b"\ninbound = "i"\n', "letters"),
        (
            '[watch]\nroot = "."\n[[source]]\nname = "a"\ninbound = "i"\n[[source]]\nname = "a"\ninbound = "j"\n',
            "twice",
        ),
    ],
)
def test_a_setting_that_cannot_be_used_is_told(tmp_path: Path, settings: str, says: str) -> None:
    (tmp_path / "edi-check.toml").write_text(settings)
    with pytest.raises(ConfigurationError, match=says):
        make_plan(load(str(tmp_path / "edi-check.toml")), {})


def test_folders_and_a_ledger_that_cannot_be_used_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are the operator's to mend, no fault of ours: exit code 2."""
    for command in ("status", "requeue"):
        words = [command, *(["x"] if command == "requeue" else []), "--root", str(tmp_path / "mistyped")]
        assert main(words) == 2
        said = capsys.readouterr().err
        assert f"There is no ledger {tmp_path}/mistyped/work/ledger.db. If that folder is on a disk of its own" in said
    assert not (tmp_path / "mistyped").exists(), "asking makes no folders"
    (tmp_path / "out").mkdir()
    folders = ["--in", str(tmp_path / "none"), "--out", str(tmp_path / "out")]
    mask = os.umask(0o077)
    assert main(["watch", *folders, "--once"]) == 2
    assert "none: there is no such folder; make it first" in capsys.readouterr().err
    (tmp_path / "none").mkdir()
    (tmp_path / "work/ledger.db").write_bytes(b"no database " * 100)
    for words in (["watch", *folders, "--once"], ["status", "--root", str(tmp_path)]):
        assert main(words) == 2
        told = capsys.readouterr().err
        assert "the ledger can't be read" in told and "a fault of ours" not in told
    os.umask(mask)


@pytest.mark.parametrize("damage", ["some pages", "half of it", "while it works"])
def test_a_damaged_ledger_ends_with_2_and_what_to_do(tmp_path: Path, damage: str) -> None:
    config = configured(tmp_path)
    for n in range(1, 120):
        drop(tmp_path / "inbound", f"{n}.837", numbered(n))
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "edi_check"]
    once = [*command, "watch", "--once", "--config", str(config)]
    subprocess.run(once, capture_output=True, check=True, cwd=root)
    ledger = tmp_path / "work/ledger.db"
    watcher = None
    if damage == "while it works":
        watcher = process("watch", "--config", config, stderr=subprocess.PIPE)
        assert wait_for(lambda: bool(os.listdir(tmp_path / "work/owners")), 60)
    with open(ledger, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        if damage == "half of it":
            file.truncate(size // 2)
        else:
            file.seek(4096)
            file.write(os.urandom(size - 4096))
    drop(tmp_path / "inbound", "new.837", numbered(500))
    if watcher:
        told, code = watcher.communicate(timeout=60)[1].decode(), watcher.returncode
    else:
        ran = subprocess.run(once, capture_output=True, text=True, check=False, cwd=root)
        told, code = ran.stderr, ran.returncode
    assert code == 2 and "restore it from a backup" in told and "fault of ours" not in told, told
    for order, code in ((["status"], 2), (["quarantine", "list"], 2), (["doctor", "--local"], 3)):
        ran = subprocess.run(
            [*command, *order, "--config", str(config)], capture_output=True, text=True, check=False, cwd=root
        )
        assert ran.returncode == code and "from a backup" in ran.stdout + ran.stderr, ran


def test_a_lost_ledger_is_told_and_no_empty_one_begun(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = plan_for(tmp_path)
    drop(tmp_path / "inbound", "a.837", numbered(1))
    service = service_for(plan)
    service.run(once=True)
    service.close()
    (tmp_path / "work/ledger.db").rename(tmp_path / "backup")
    for empty in (False, True):
        if empty:
            (tmp_path / "work/ledger.db").touch()
        with pytest.raises(LayoutError, match=r"there is no ledger .*ledger\.db, but files lie in .*archive"):
            service_for(plan)
        assert main(["doctor", "--root", str(tmp_path), "--local"]) == 3
        assert "restore the ledger from a backup" in capsys.readouterr().out
        if empty:  # an order made it a ledger with nothing in it, beside which the next watcher started
            for order in (["status"], ["quarantine", "list"], ["requeue", "x"], ["prune", "--days", "9"]):
                assert main([*order, "--root", str(tmp_path)]) == 2
                assert "restore the ledger from a backup" in capsys.readouterr().err
            assert (tmp_path / "work/ledger.db").stat().st_size == 0
    (tmp_path / "backup").rename(tmp_path / "work/ledger.db")
    service_for(plan).close()


def test_a_file_of_figures_that_cannot_be_written_is_refused_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (tmp_path / "none/figures.prom", tmp_path):
        config = configured(tmp_path, metrics_textfile=str(path))
        mask = os.umask(0o077)
        assert main(["watch", "--once", "--config", str(config)]) == 2
        os.umask(mask)
        assert f"the file of figures, {path}" in capsys.readouterr().err
    assert os.listdir(tmp_path / "work/owners") == []


@pytest.mark.parametrize("option", [True, False])
def test_figures_without_their_library_are_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: bool
) -> None:
    config = configured(tmp_path) if option else configured(tmp_path, metrics_textfile="figures.prom")
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: find(name) if name != "prometheus_client" else None)
    more = ["--metrics-textfile", str(tmp_path / "figures.prom")] if option else []
    assert main(["watch", "--config", str(config), "--once", *more]) == 2
    assert "A file of figures needs prometheus_client: pip install 'edi-check[metrics]'" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


def test_an_unknown_key_of_a_log_line_is_left_out() -> None:
    out = io.StringIO()
    Journal(out).write("info", "decided", id="x", name="SMITH.837", hash="a" * 64)
    line = json.loads(out.getvalue())
    assert "name" not in line and line["hash"] == "a" * 12
    notify("READY=1")  # without systemd: nothing happens


def test_libraries_write_no_lines_of_their_own_into_the_log(tmp_path: Path) -> None:
    """asyncio says ``socket.send() raised exception.`` when a connection ends, and quotes what went wrong."""
    program = """
import logging, sys
from edi_check.cli.main import main
from edi_check.watching import service

def talking(self, once, run=service.Service.run):
    logging.getLogger("asyncio").warning("socket.send() raised exception.")
    run(self, once)

service.Service.run = talking
sys.exit(main(sys.argv[1:]))
"""
    command = [sys.executable, "-c", program, "watch", "-v", "--once", "--config", str(configured(tmp_path))]
    ran = subprocess.run(command, capture_output=True, cwd=Path(__file__).parents[2], check=True)
    events = [json.loads(line) for line in ran.stderr.decode().splitlines()]
    assert [e["kind"] for e in events if e["event"] == "library"] == ["asyncio"]
    assert b"socket.send" not in ran.stderr


# What must appear nowhere


def canaries(count: int = 200) -> list[str]:
    draw = random.Random(5)
    letters = "BCDFGHJKLMNPQRSTVWXZ"
    return ["QX" + "".join(draw.choice(letters) for _ in range(10)) for _ in range(count)]


def with_canaries(number: int, values: list[str]) -> bytes:
    """A file whose persons, addresses, ids and notes are canaries; a few of them break it in their places."""
    last, first, member, street, city, note, clm = values
    text = numbered(number).decode()
    text = text.replace("*TESTER*ADA****MI*M0001", f"*{last}*{first}****MI*{member}")
    text = text.replace("N3*1 SAMPLE ST", f"N3*{street}").replace("N4*BEND*OR*97701~", f"N4*{city}*OR*97701~", 1)
    text = text.replace("HI*ABK:M5450~", f"NTE*ADD*{note}~\nHI*ABK:M5450~").replace(f"CLM*C{number}*", f"CLM*{clm}*")
    if number % 3 == 0:
        text = text.replace("DMG*D8*19700101*F", f"DMG*D8*{last}*{first}")
    if number % 4 == 0:
        text = text.replace("SV1*HC:97140", f"SV1*HC:{note}{note}")
    return text.encode()


def test_no_canary_in_logs_figures_ledger_status_or_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """200 values that identify persons, in 28 files with names that do, too; 30 failures forced with texts that quote
    them. Only answers, reports, the archive and the ledger's name column may hold any."""
    from edi_check.watching import steps as steps_module

    monkeypatch.setattr(steps_module, "HOLD_SECONDS", 0.01)
    monkeypatch.setattr("edi_check.watching.service.LONGEST_PAUSE", 0.01)
    values = canaries()
    names = [f"{values[196 + n % 4]}-{n}.837" for n in range(28)]
    plan = plan_for(tmp_path)
    for n in range(28):
        drop(tmp_path / "inbound", names[n], with_canaries(n + 1, values[n * 7 : n * 7 + 7]))
    forced = [0]
    original_answer, original_publish = Answering.answer, Steps.publish

    def answer(self: Answering, record: Any, *rest: Any) -> Any:
        if forced[0] < 20 and record.attempt < 3:
            forced[0] += 1
            kinds: list[Exception] = [
                KeyError(values[forced[0]]),
                ValueError(os.fsdecode(record.name)),
                MemoryError(),
                OSError(28, values[3], os.fsdecode(record.name)),
            ]
            raise kinds[forced[0] % 3 if forced[0] % 2 else 3]
        return original_answer(self, record, *rest)

    def publish(self: Steps, records: Any) -> Any:
        if records and 20 <= forced[0] < 30:
            forced[0] += 1
            raise OSError(5, values[7], os.fsdecode(records[0].name))
        return original_publish(self, records)

    monkeypatch.setattr(Answering, "answer", answer)
    monkeypatch.setattr(Steps, "publish", publish)
    log = io.StringIO()
    service = service_for(plan, log)
    thread = threading.Thread(target=service.run)
    thread.start()
    assert wait_for(
        lambda: forced[0] == 30 and not os.listdir(tmp_path / "inbound") and not os.listdir(tmp_path / "work/claimed"),
        90,
        0.05,
    ), log.getvalue()[-2000:]
    service.stop()
    thread.join()
    from edi_check.watching.operations import exposition

    figures = exposition(service.figures).decode()
    db = service.ledger.db
    columns = [c[1] for c in db.execute("PRAGMA table_info(file)") if c[1] != "name"]
    ledger = str(db.execute(f"SELECT {','.join(columns)} FROM file").fetchall())
    for table in ("output", "interchange", "counter"):
        ledger += str(db.execute(f"SELECT * FROM {table}").fetchall())
    kept = {os.fsdecode(n) for (n,) in db.execute("SELECT name FROM file")}
    service.close()
    assert kept == set(names)
    capfd.readouterr()
    for arguments in (
        ["status"],
        ["status", "-f", "json"],
        ["quarantine", "list"],
        ["quarantine", "list", "-f", "json"],
        ["doctor", "--local"],
        ["requeue", "nosuchid"],
        ["-h"],
    ):
        main([*arguments, "--root", str(tmp_path)] if arguments != ["-h"] else arguments)
    shown = capfd.readouterr()
    told = {
        "log": log.getvalue(),
        "figures": figures,
        "ledger": ledger,
        "commands": shown.out + shown.err,
        "names": " ".join(str(p) for p in tmp_path.rglob("*")),
    }
    found = [(where, value) for where, text in told.items() for value in values if value in text]
    assert found == []
    assert "19700101" not in "".join(told.values())
