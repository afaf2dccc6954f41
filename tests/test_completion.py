"""What the Tab key offers, in the shells themselves: bash, and zsh and fish where they are installed, on a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from edi_check.cli.main import cli

ROOT = Path(__file__).resolve().parent.parent

START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
             "bind 'set bell-style none'; eval \"$(_EDI_CHECK_COMPLETE=bash_source edi-check)\""),
    "zsh": (["zsh", "-f", "-i"],
            "autoload -U compinit; compinit -u -D; eval \"$(_EDI_CHECK_COMPLETE=zsh_source edi-check)\""),
    "fish": (["fish", "--no-config", "-i"], "_EDI_CHECK_COMPLETE=fish_source edi-check | source"),
}


class Terminal:
    """A shell on a pseudo-terminal, in a folder with a file, the command in its PATH."""

    def __init__(self, shell: str, folder: Path) -> None:
        program, start = START[shell]
        self.child, self.line = pty.fork()
        if self.child == 0:
            os.chdir(folder)
            os.execvpe(program[0], program, {
                "PATH": f"{folder.parent / 'bin'}:{os.environ['PATH']}", "HOME": str(folder.parent), "TERM": "xterm",
                "PS1": "> ", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder.parent)})
        self.type(start + "; echo re''ady\n", until="ready")

    def type(self, text: str, until: str, seconds: float = 20) -> str:
        """What the terminal shows from now until ``until`` stands there."""
        os.write(self.line, text.encode())
        shown, end = "", time.monotonic() + seconds
        while until not in plain(shown):
            if time.monotonic() > end:
                pytest.fail(f"after {text!r}: no {until!r} in {plain(shown)!r}")
            if select.select([self.line], [], [], 0.2)[0]:
                got = os.read(self.line, 65536)
                if b"\x1b[c" in got or b"\x1b[0c" in got:  # fish asks what kind of terminal this is
                    os.write(self.line, b"\x1b[?62;c")
                shown += got.decode("utf-8", "replace")
        return plain(shown)

    def close(self) -> None:
        os.close(self.line)
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)


def plain(shown: str) -> str:
    """Without escape sequences."""
    return re.sub(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_=>()][0-9A-B]?)|\r|\x08", "", shown)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "edi-check"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m edi_check "$@"\n')
    command.chmod(0o755)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "october-batch.837").touch()
    return tmp_path / "work"


@pytest.mark.parametrize("shell", START)
@pytest.mark.parametrize(("typed", "tabs", "offered"), [
    ("edi-check expl", 1, "edi-check explain "),
    ("edi-check explain CORE-BAL-0", 2, "BAL-02"),
    ("edi-check explain octo", 1, "october-batch.837"),
    ("edi-check check --fail-on rev", 1, "review"),
    ("edi-check check octo", 1, "october-batch.837"),
    ("edi-check check --pack PSR", 1, "PSRC-MT"),
    ("edi-check check --level CORE-BAL-01=w", 1, "CORE-BAL-01=warn"),
    ("edi-check edits -f mark", 1, "markdown"),
])
def test_the_tab_key(shell: str, typed: str, tabs: int, offered: str, folder: Path) -> None:
    if not shutil.which(START[shell][0][0]):
        pytest.skip(f"no {shell} here")
    terminal = Terminal(shell, folder)
    try:
        terminal.type(typed + "\t" * tabs, until=offered)
    finally:
        terminal.close()


def test_a_run_loads_nothing_for_it() -> None:
    command = cli.get_command(None, "check")  # type: ignore[arg-type]
    assert command and all("Offered" not in type(p.type).__name__ for p in command.params)


def test_every_value_that_help_names_has_an_offer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every command: what is called FILE, DIR or a|b in its help is completed."""
    monkeypatch.setenv("_EDI_CHECK_COMPLETE", "bash_complete")
    complete = BashComplete(cli, {}, "edi-check", "_EDI_CHECK_COMPLETE")
    assert "text" in [i.value for i in complete.get_completions(["lines", "-f"], "t")]
    assert [i.type for i in complete.get_completions(["check", "--ack-dir"], "")] == ["dir"]
    assert [i.type for i in complete.get_completions(["tables", "add"], "x")] == ["file"]
    assert [i.value for i in complete.get_completions(["check", "--report"], "ht")] == ["html="]
    assert "GUIDE" in [i.value for i in complete.get_completions(["explain"], "guid")]
