"""What stands on a real terminal: colours, carets, the first screen, the bar; nothing that the data sends."""

from __future__ import annotations

import fcntl
import gzip
import os
import pty
import re
import struct
import sys
import termios
from pathlib import Path

import pytest
from one_claim import BAD, GOOD

ROOT = Path(__file__).resolve().parent.parent
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
OURS = re.compile(r"\x1b\[(?:0|1|2|3[1-6](?:;1)?)m")
EVIL = "\x1b]0;owned\x07\x1b[2J\u202e\u200b\u115f"
IN_A_HURRY = "import sys; from edi_check.cli import progress; progress.PATIENCE = 0; progress.INTERVAL = 0; " \
             "from edi_check.cli.main import main; sys.exit(main())"


def on_a_terminal(*args: str | Path, columns: int = 80, **environment: str) -> str:
    """What a terminal of 24 lines gets of the command, standard error included."""
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(ROOT)
        for name in ("NO_COLOR", "TERM"):
            os.environ.pop(name, None)
        os.environ.update({"EDI_CHECK_AS_OF": "2026-03-01", "TERM": "xterm", "XDG_DATA_HOME": "/nowhere"} | environment)
        command = ["-c", IN_A_HURRY] if environment.get("HURRY") else ["-m", "edi_check"]
        os.execv(sys.executable, [sys.executable, *command, *map(str, args)])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    got = b""
    while True:
        try:
            piece = os.read(terminal, 1 << 16)
        except OSError:  # Linux says so when the other end is closed
            break
        if not piece:
            break
        got += piece
    os.close(terminal)
    os.waitpid(pid, 0)
    return got.decode("utf-8", "surrogateescape").replace("\r\n", "\n")


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.837"
    path.write_text(BAD)
    return path


@pytest.mark.parametrize("columns", [80, 120])
def test_the_demo_fits_and_every_caret_points(columns: int) -> None:
    got = on_a_terminal("check", "--no-progress", "--config", "fixtures/demo/edi-check.toml", "--as-of", "2026-11-21",
                        "fixtures/demo", columns=columns)
    lines = ESCAPES.sub("", got).splitlines()
    assert "\x1b[31;1m" in got and max(map(len, lines)) <= 80 and not any(line != line.rstrip() for line in lines)
    carets = [(lines[n - 1], line) for n, line in enumerate(lines) if re.fullmatch(r" +\| +\^+", line)]
    assert len(carets) == 13
    pointed = {above[line.index("^") : line.rindex("^") + 1] for above, line in carets}
    assert {"195.5", "1900000063", "20261032", "51", "MJ"} <= pointed


def test_the_first_screen_says_what_matters(bad: Path) -> None:
    screen = "\n".join(ESCAPES.sub("", on_a_terminal("check", "--no-progress", bad)).splitlines()[:24])
    for needed in ("rejected", "$61.00", "C1", "CORE-BAL-01", "CLM*C1*61*", "^^", "Fix:", "A8:400,178", "SUBMITTER"):
        assert needed in screen


def test_a_good_file_needs_no_screen(tmp_path: Path) -> None:
    (tmp_path / "good.837").write_text(GOOD)
    assert len(on_a_terminal("check", "--no-progress", tmp_path / "good.837").splitlines()) <= 5


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_where_none_is_wanted(bad: Path, environment: dict[str, str]) -> None:
    assert "\x1b" not in on_a_terminal("check", "--no-progress", bad, **environment)
    for name in ("CORE", "CORE-BAL-01", "SNIP"):
        assert "\x1b[1m" in on_a_terminal("explain", name)
        assert "\x1b" not in on_a_terminal("explain", name, **environment)


def test_the_data_sends_nothing(tmp_path: Path) -> None:
    path = tmp_path / f"b{EVIL}d.837"
    text = BAD.replace("CLM*C1*", f"CLM*C{EVIL}1*").replace("M5450", f"M5{EVIL}").replace("TEST PAYER", f"A{EVIL}")
    path.write_text(text.replace("*GP*", f"*{EVIL}*").replace("CASCADE TEST CLINIC", f"B{EVIL}"))
    got = on_a_terminal("check", "--no-progress", "--show-values", path)
    assert "\\x1b]0;owned\\x07" in got
    assert not [c for c in OURS.sub("", got) if not c.isprintable() and c != "\n"]
    assert not set("\u202e\u200b\u115f") & set(got)


def test_a_bar_for_long_work_and_only_there(tmp_path: Path) -> None:
    (tmp_path / "good.837").write_text(GOOD)
    got = on_a_terminal("check", tmp_path / "good.837", HURRY="1")
    assert re.search(r"Checking  \[#{20}\]  100%.*1 claims?, [\d,]+/s", got) and "[?25h" in got
    assert "Checking" not in on_a_terminal("check", "--no-progress", tmp_path / "good.837", HURRY="1")
    assert "Checking" not in on_a_terminal("check", "-q", tmp_path / "good.837", HURRY="1")


def test_a_copy_has_a_bar_too(tmp_path: Path) -> None:
    path = tmp_path / "good.837"
    path.write_text(GOOD)
    (tmp_path / "good.837.gz").write_bytes(gzip.compress(GOOD.encode()))
    for name in ("good.837", "good.837.gz"):
        words = ("redact", tmp_path / name, "-o", tmp_path / "copy.837")
        got = on_a_terminal(*words, HURRY="1")
        steps = re.findall(r"Copying  \[#*-*\] +(\d+)%.*?((?:reading|writing|judging)(?: the \w+)?)", got)
        assert dict.fromkeys(step for _, step in steps) == dict.fromkeys(
            ("reading", "writing", "judging the original", "judging the copy"))
        shown = [int(percent) for percent, _ in steps]
        assert shown == sorted(shown) and shown[-1] == 100 and {25, 50, 75} <= set(shown)
        assert "Copying" not in on_a_terminal(*words, "--no-progress", HURRY="1")
