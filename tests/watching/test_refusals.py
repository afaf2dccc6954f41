"""What the watcher and its companions refuse, and how: exit code 2 or 3 with what, where and what to do; never a fault
of ours where somebody else must act."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from drops import drop, numbered

from edi_check.cli.main import main
from edi_check.configuration import ConfigurationError, load
from edi_check.watching.plan import make_plan


def configured(root: Path, sources: str = "", **more: object) -> Path:
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
