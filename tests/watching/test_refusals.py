"""What the watcher and its companions refuse, and how: exit code 2 or 3 with what, where and what to do; never a fault
of ours where somebody else must act."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from drops import database, drop, numbered, plan_for, process, run_once

from edi_check.cli.main import main
from edi_check.configuration import ConfigurationError, load
from edi_check.watching.plan import make_plan
from edi_check.watching.schema import LedgerError, open_database


def configured(root: Path, sources: str = "", /, **more: object) -> Path:
    """A configuration file that needs no settling."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "inbound").mkdir(exist_ok=True)
    settings = {"root": ".", "settle_seconds": 0, "poll_seconds": 0.1, **more}
    path = root / "edi-check.toml"
    path.write_text("[watch]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in settings.items()) + sources)
    return path


# Folders that are each other's


def local(inbound: str, outbound: str, name: str = "a") -> str:
    return f"[[source]]\nname = {name!r}\ninbound = {inbound!r}\noutbound = {outbound!r}\n"


def remote(inbound: str, outbound: str, name: str = "a", host: str = "h") -> str:
    return local(inbound, outbound, name) + f"host = {host!r}\nuser = 'u'\nkey_file = 'k'\nknown_hosts = 'h'\n"


@pytest.mark.parametrize(
    ("sources", "says"),
    [
        (local("x", "x"), "a: inbound and outbound are one folder"),
        (local("x", "link"), "a: inbound and outbound are one folder"),
        (local("outbound", ""), "a: inbound and outbound are one folder"),
        (local("outbound", "x"), "a: inbound .*outbound is where this watcher puts files"),
        (local("accepted", "x"), "a: inbound .*accepted is where"),
        (local("archive/2026/11/22", "y"), "a: inbound .*22 is where"),
        (local("work/claimed", "y"), "a: inbound .*claimed is where"),
        (local("x", "y") + local("y", "z", "b"), "b: inbound .*y is where"),
        (local("x", "work/claimed"), "a: outbound .*work/claimed is the watcher's own"),
        (remote("x", "./x/"), "a: inbound and outbound are one folder"),
        (remote("x", "y") + remote("y", "z", "b"), "b: inbound and outbound of a are one folder"),
    ],
)
def test_folders_that_feed_the_watcher_its_own_files_are_refused(tmp_path: Path, sources: str, says: str) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "link").symlink_to("x")
    with pytest.raises(ConfigurationError, match=says):
        make_plan(load(str(configured(tmp_path, sources))), {})


@pytest.mark.parametrize(
    "sources",
    [
        local("x", "x/answers"),
        local("answers/in", "answers"),
        local("x", "") + local("y", "", "b"),
        remote("x", "y") + remote("y", "x", "b", host="another"),
        remote("x", "") + remote("y", "x/answers", "b"),
    ],
)
def test_folders_that_may_lie_so(tmp_path: Path, sources: str) -> None:
    make_plan(load(str(configured(tmp_path, sources))), {})


def test_one_folder_for_both_ends_with_2_before_anything_is_taken(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    drop(tmp_path / "x", "a.837", numbered(1))
    assert main(["watch", "--in", str(tmp_path / "x"), "--out", str(tmp_path / "x"), "--once"]) == 2
    assert [p.name for p in tmp_path.rglob("*")] == ["x", "a.837"]


# What somebody else must mend


def watched(config: Path) -> tuple[int, str]:
    """Exit code and standard error of ``watch --once``."""
    ran = process("watch", "--config", config, "--once", stderr=subprocess.PIPE)
    told = ran.communicate(timeout=90)[1].decode()
    assert "a fault of ours" not in told and "Traceback" not in told
    return ran.returncode, told


def test_too_little_disk_ends_once_with_3(tmp_path: Path) -> None:
    config = configured(tmp_path, min_free_megabytes=1 << 40)
    drop(tmp_path / "inbound", "SMITH.837", numbered(1))
    code, told = watched(config)
    assert code == 3
    last = told.splitlines()[-1]
    assert "less is free than min_free_megabytes" in last and str(tmp_path / "work") in last, last
    assert "SMITH" not in told and [p.name for p in (tmp_path / "inbound").iterdir()] == ["SMITH.837"]


def test_a_port_that_is_in_use_and_one_that_is_none_end_with_2(tmp_path: Path) -> None:
    with socket.socket() as used:
        used.bind(("127.0.0.1", 0))
        used.listen()
        code, told = watched(configured(tmp_path, listen=f"127.0.0.1:{used.getsockname()[1]}"))
        assert code == 2 and "listen: 127.0.0.1:" in told and "already in use" in told, told
    assert os.listdir(tmp_path / "work/owners") == []
    for port in ("99999", "abc", ""):
        with pytest.raises(ConfigurationError, match=f"listen: .*:{port} has no port"):
            make_plan(load(str(configured(tmp_path, listen=f"127.0.0.1:{port}"))), {})
    with pytest.raises(ConfigurationError, match="a: port 99999 is none"):
        make_plan(load(str(configured(tmp_path, remote("x", "y") + "port = 99999\n"))), {})


@pytest.mark.parametrize("root", ["/proc/edi-check", "file/below"])
def test_a_root_that_cannot_be_made_ends_with_2(tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    config = configured(tmp_path, root=root)
    code, told = watched(config)
    assert code == 2 and "can't be made" in told, told
    assert main(["doctor", "--config", str(config)]) == 3


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A root with a ledger and a file, on a disk that is read-only now."""
    root = tmp_path / "root"
    run_once(plan_for(root))
    drop(root / "inbound", "SMITH.837", numbered(1))
    configured(root)
    for options in (["--bind", str(root), str(root)], ["-o", "remount,bind,ro", str(root)]):
        if os.geteuid() != 0 or subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
            pytest.skip("may not mount here")
    yield root
    subprocess.run(["umount", "-l", str(root)], check=True)


def test_a_read_only_root_ends_with_2(read_only: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = watched(read_only / "edi-check.toml")
    assert code == 2 and str(read_only) in told and "SMITH" not in told, told
    assert main(["doctor", "--root", str(read_only)]) == 3
    assert "can't be written" in capsys.readouterr().out
    for order in (["status"], ["requeue", "0123456789ab"], ["quarantine", "list"]):
        assert main([*order, "--root", str(read_only)]) in (0, 2)
        assert "fault of ours" not in capsys.readouterr().err


def test_a_locked_ledger_is_told(tmp_path: Path) -> None:
    path = str(tmp_path / "ledger.db")
    holder = open_database(path)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerError, match=r"database is locked.*another program"):
        open_database(path, busy_seconds=0.1)
    holder.close()


def test_a_pruned_file_cannot_be_requeued(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = plan_for(tmp_path)
    drop(tmp_path / "inbound", "a.837", numbered(1))
    run_once(plan)
    with database(plan.layout.ledger) as db:
        ((id,),) = db.execute("SELECT id FROM file").fetchall()
    root = ["--root", str(tmp_path)]
    assert main(["prune", "--days", "0", *root]) == 0
    assert main(["requeue", id, *root]) == 2
    assert "isn't in the archive any more" in capsys.readouterr().err
    assert os.listdir(tmp_path / "work/claimed") == []
