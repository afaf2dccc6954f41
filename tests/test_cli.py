"""The command line: what goes in, what comes out where, and every exit code of the contract."""

from __future__ import annotations

import csv
import gc
import gzip
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from one_claim import BAD, GOOD

from edi_check.cli import exits
from edi_check.cli.main import cli, main
from edi_check.judging.packs import Pack, load_builtin_packs
from edi_check.model import is_compiled
from edi_check.planted import is_planted

ROOT = Path(__file__).resolve().parent.parent

REVIEWED = "--level=CORE-BAL-01=review"


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """The command in this process, in an empty folder, with a day of receipt that doesn't move."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDI_CHECK_AS_OF", "2026-03-01")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / ".data"))  # not the tables of whoever runs the tests

    def call(*args: str | Path) -> Ran:
        code = main([str(arg) for arg in args])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    before = signal.getsignal(signal.SIGTERM)
    yield call
    assert gc.isenabled(), "the collector is the process's own: only __main__ turns it off"
    assert signal.getsignal(signal.SIGTERM) == before, "main() left its handler of SIGTERM"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.837"
    path.write_text(GOOD)
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.837"
    path.write_text(BAD)
    return path


def process(*args: str | Path, **options: object) -> subprocess.CompletedProcess[bytes]:
    """The command as a process of its own, in a clone's root."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "EDI_CHECK_AS_OF": "2026-03-01"}
    return subprocess.run([sys.executable, "-m", "edi_check", *map(str, args)], env=environment, timeout=60,
                          capture_output=True, **options)  # type: ignore[call-overload,no-any-return]


# Exit codes


def test_0_when_all_is_well(run: Run, good: Path) -> None:
    assert run("check", good).code == exits.CHECKED


def test_the_content_of_a_file_as_an_argument_is_not_said_again(run: Run) -> None:
    for args in (["check"], ["lines"], ["explain"], ["redact"], ["compare", "a.json"], ["check", "-o"], []):
        told = run(*args, BAD)
        assert told.code == exits.USAGE
        assert "a claim file's content, not its name" in told.err and "TESTER" not in told.err + told.out


def test_1_when_a_claim_is_rejected(run: Run, bad: Path) -> None:
    ran = run("check", bad)
    assert ran.code == exits.FOUND
    assert "CORE-BAL-01" in ran.out


@pytest.mark.parametrize(("fail_on", "code"), [("reject", 0), ("review", 1), ("warn", 1), ("never", 0)])
def test_fail_on_sets_the_level(run: Run, bad: Path, fail_on: str, code: int) -> None:
    assert run("check", REVIEWED, "--fail-on", fail_on, bad).code == code


@pytest.mark.parametrize("args", [
    ("check",),
    ("check", "no-such-file.837"),
    ("check", "good.837", "no-such-file.837"),
    ("check", "--no-such-option", "good.837"),
    ("check", "-f", "pdf", "good.837"),
    ("check", "--report", "html", "good.837"),
    ("check", "--report", "pdf=x.pdf", "good.837"),
    ("check", "-o", "no/such/folder/x.txt", "good.837"),
    ("check", "-o", ".", "good.837"),
    ("check", "-o", "good.837", "good.837"),
    ("check", "-o", "x.json", "--report", "html=x.json", "good.837"),
    ("check", "--report", "html=-", "good.837"),
    ("check", "--level", "CORE-BAL-01", "good.837"),
    ("check", "--level", "CORE-BAL-01=reviw", "good.837"),
    ("check", "--level", "CORE-BAL-99=review", "good.837"),
    ("check", "--pack", "NO-SUCH-PACK", "good.837"),
    ("check", "--pack", "PSRC-MT", "--no-packs", "good.837"),
    ("check", "--snip", "8", "good.837"),
    ("check", "--jobs", "many", "good.837"),
    ("check", "--as-of", "2026-02-30", "good.837"),
    ("check", "--lob", "dental", "good.837"),
    ("check", "--fail-on", "always", "good.837"),
    ("check", "--config", "no-such.toml", "good.837"),
    ("chek", "good.837"),
    ("explain", "NO-SUCH-EDIT"),
    ("pack", "lint", "no-such.toml"),
])
def test_2_for_wrong_usage_and_nothing_is_checked(run: Run, good: Path, args: tuple[str, ...]) -> None:
    before = sorted(Path().iterdir())
    ran = run(*args)
    assert ran.code == exits.USAGE
    assert ran.out == ""
    assert ran.err.strip()
    assert "Traceback" not in ran.err
    assert sorted(Path().iterdir()) == before
    assert good.read_text() == GOOD


@pytest.mark.parametrize("content", [b"", b"hello", b"ISA*00", GOOD[:400].encode(), b"\xff\xfe" * 99, b"\x1f\x8b\x08x"])
def test_3_for_what_cannot_be_checked(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.837").write_bytes(content)
    ran = run("check", "odd.837")
    assert ran.code == exits.UNCHECKED
    assert "odd.837" in ran.out


def test_3_for_a_folder_without_claim_files(run: Run, tmp_path: Path, good: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.md").write_text("x")
    ran = run("check", "-f", "json", "empty")
    assert ran.code == exits.UNCHECKED
    assert json.loads(ran.out)["files"][0]["disposition"] == "unreadable"
    assert json.loads(ran.out)["summary"]["exit_code"] == exits.UNCHECKED
    assert run("check", "empty", good).code == exits.UNCHECKED


def test_3_outranks_1_and_both_files_are_reported(run: Run, tmp_path: Path, bad: Path) -> None:
    (tmp_path / "odd.837").write_bytes(b"hello")
    ran = run("check", "-f", "json", "odd.837", bad)
    assert ran.code == exits.UNCHECKED
    assert [f["disposition"] for f in json.loads(ran.out)["files"]] == ["unreadable", "rejected"]


def test_70_for_a_fault_of_ours_says_where_and_no_value(run: Run, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import edi_check.cli.running

    def fail(*args: object, **options: object) -> None:
        raise KeyError("ADA TESTER".lower())

    monkeypatch.setattr(edi_check.cli.running, "check", fail)
    ran = run("check", good)
    assert ran.code == exits.FAULT
    assert "KeyError in running.py" in ran.err
    detailed = run("check", "-vv", good).err
    assert "running.py" in detailed
    for text in (ran.err, detailed):
        assert "ada tester" not in text
        assert "Traceback" not in text


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (exits.Terminated, 143), (BrokenPipeError, 141),
                                             (MemoryError, 70), (RecursionError, 70), (EOFError, 70), (OSError, 70)])
def test_endings_have_their_codes(run: Run, good: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException],
                                  code: int) -> None:
    import edi_check.cli.running

    def fail(*args: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(edi_check.cli.running, "check", fail)
    assert run("check", good).code == code


def test_130_and_143_leave_no_file_behind(tmp_path: Path) -> None:
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        child = subprocess.Popen(
            [sys.executable, "-m", "edi_check", "check", "-v", "-o", "report.json", "-f", "json", "-"], cwd=tmp_path,
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
            # In the background of a script SIGINT is ignored, and by whatever is started there.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        assert child.stdin is not None and child.stderr is not None
        child.stdin.write(GOOD[:300].encode())
        child.stdin.flush()
        assert b"inputs: 1" in child.stderr.readline()  # it has begun, however slow the machine
        child.send_signal(number)
        _, err = child.communicate(timeout=30)
        assert child.returncode == code, err
        assert b"Traceback" not in err
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("args", [("check", "-f", "json"), ("check",), ("lines",), ("edits",), ("check", "--help")])
def test_141_when_nobody_reads(good: Path, args: tuple[str, ...]) -> None:
    paths = [str(good)] * (args[0] != "edits")
    command = [sys.executable, "-m", "edi_check", *args, *paths]
    reading, writing = os.pipe()
    os.close(reading)
    child = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
    os.close(writing)
    assert child.returncode == exits.BROKEN_PIPE, child.stderr
    assert child.stderr == b""


# Inputs


def test_standard_input(good: Path, bad: Path) -> None:
    assert process("check", "-", input=GOOD.encode()).returncode == 0
    ran = process("check", "-f", "json", "-", input=BAD.encode())
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["files"][0]["path"] in ("-", "stdin")


def test_folders_are_searched_at_any_depth_whatever_the_case(run: Run, tmp_path: Path) -> None:
    below = tmp_path / "in" / "b" / "c"
    below.mkdir(parents=True)
    for name in ("Z.837", "b/A.EDI", "b/c/x.Txt", "b/c/y.dat", "b/notes.md", ".hidden.837", "m.837.part"):
        (tmp_path / "in" / name).write_text(GOOD)
    with gzip.open(tmp_path / "in" / "b" / "packed.X12.GZ", "wt") as packed:
        packed.write(GOOD)
    ran = run("check", "-f", "json", "in")
    names = [Path(f["path"]).relative_to("in").as_posix() for f in json.loads(ran.out)["files"]]
    assert names == ["Z.837", "b/A.EDI", "b/packed.X12.GZ", "b/c/x.Txt", "b/c/y.dat"]
    assert ran.code == 0


def test_a_file_named_twice_is_checked_once(run: Run, good: Path) -> None:
    ran = run("check", "-f", "json", good, good.parent, good.name)
    assert len(json.loads(ran.out)["files"]) == 1


# Outputs


def test_reports_are_written_whole_and_for_their_owner_only(run: Run, bad: Path, tmp_path: Path) -> None:
    ran = run("check", "-f", "json", "-o", "r.json", "--report", "html=r.html", "--report", "markdown=r.md", bad)
    assert (ran.code, ran.out) == (1, "")
    assert json.loads((tmp_path / "r.json").read_text())["summary"]["rejected"] == 1
    assert "CORE-BAL-01" in (tmp_path / "r.html").read_text()
    assert "CORE-BAL-01" in (tmp_path / "r.md").read_text().replace("\\", "")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.837", "r.html", "r.json", "r.md"]
    for name in ("r.json", "r.html", "r.md"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("name", "form"), [
    ("r.html", "html"), ("r.JSON", "json"), ("r.ndjson", "ndjson"), ("r.md", "markdown"), ("r.csv", "csv"),
    ("r.sarif", "sarif"), ("r.sarif.json", "sarif"), ("r.xml", "junit"), ("r.parquet", "parquet"), ("r.txt", ""),
])
def test_a_name_that_promises_another_format_is_told(run: Run, good: Path, name: str, form: str) -> None:
    """The contract has text as the default, whatever the output is called."""
    ran = run("check", "-o", name, good)
    hint = f"{name} gets the format text; -f {form} is what its name says"
    assert ran.code == 0 and (hint in ran.err if form else ran.err == "")
    assert "good.837: accepted\n" in Path(name).read_text()
    assert "gets the format" not in run("check", "-f", "text", "-o", name, good).err


@pytest.mark.parametrize("args", [("lines", "good.837"), ("edits",), ("explain", "CORE"), ("explain", "SNIP")])
def test_other_commands_tell_it_too(run: Run, good: Path, args: tuple[str, ...]) -> None:
    assert "r.json gets the format text; -f json is what its name says" in run(*args, "-o", "r.json").err
    assert run(*args, "-f", "json", "-o", "r.json").err == ""
    assert json.loads(Path("r.json").read_text())


def test_a_report_that_fails_leaves_the_old_one(run: Run, bad: Path, tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    import edi_check.cli.check

    def fail(report: object, form: str, out: io.StringIO, **options: object) -> None:
        out.write("half")
        raise RuntimeError

    (tmp_path / "r.json").write_text("old")
    monkeypatch.setattr(edi_check.cli.check, "render", fail)
    assert run("check", "-o", "r.json", bad).code == exits.FAULT
    assert (tmp_path / "r.json").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.837", "r.json"]


def test_a_link_and_a_device_stay_what_they_are(run: Run, bad: Path, tmp_path: Path) -> None:
    (tmp_path / "link.txt").symlink_to("target.txt")
    assert run("check", "-o", "link.txt", bad).code == 1
    assert (tmp_path / "link.txt").is_symlink()
    assert "CORE-BAL-01" in (tmp_path / "target.txt").read_text()
    assert run("check", "-o", "/dev/null", bad).code == 1
    assert not Path("/dev/null").is_file()


@pytest.mark.skipif(os.name != "posix", reason="users and permissions are POSIX")
def test_what_somebody_else_has_put_in_an_open_folder_is_neither_followed_nor_believed(
    run: Run, bad: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link in /tmp could lead to any file of ours, a pipe to its reader, and settings say what is written where."""
    (tmp_path / "treasure").write_text("ours")
    common = tmp_path / "common"
    common.mkdir()
    (common / "r.json").symlink_to("../treasure")
    os.mkfifo(common / "pipe.json")
    (common / "edi-check.toml").write_text("[check]\noutput = '../treasure'\n")
    monkeypatch.chdir(common)
    common.chmod(0o1777)
    their = os.geteuid() + 1
    really = os.lstat

    def seen(path: Any, **more: Any) -> os.stat_result:
        """Files in the folder are theirs."""
        found = really(path, **more)
        if os.path.basename(path) not in ("r.json", "pipe.json", "edi-check.toml"):
            return found
        return os.stat_result((*found[:4], their, *found[5:]))

    monkeypatch.setattr("edi_check.planted.os.lstat", seen)
    for name in ("r.json", "pipe.json"):
        for options in (("-o", name), ("--report", f"json={name}")):
            outcome = run("check", "--config", os.devnull, *options, bad)
            assert outcome.code == 2 and "another user's link or pipe" in outcome.err
    outcome = run("check", bad)
    assert outcome.code == 2 and "--config edi-check.toml if it is meant" in " ".join(outcome.err.split())
    assert (tmp_path / "treasure").read_text() == "ours"
    common.chmod(0o755)
    assert run("check", "--config", os.devnull, "-f", "csv", "-o", "r.json", bad).code == 1
    assert "CORE-BAL-01" in (tmp_path / "treasure").read_text()


@pytest.mark.skipif(os.name != "posix", reason="users are POSIX")
@pytest.mark.parametrize(("owner", "is_theirs"), [(0, False), (1000, False), (2000, False), (3000, True)])
def test_what_root_has_put_in_an_open_folder_is_not_planted(
    owner: int, is_theirs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings of root in a folder of a service (1000) that all may write in, in a container run as anybody (2000)."""
    (tmp_path / "edi-check.toml").touch()
    tmp_path.chmod(0o777)

    def owned_by(user: int, found: os.stat_result) -> os.stat_result:
        return os.stat_result((*found[:4], user, *found[5:10]))

    own, folder = owned_by(owner, os.lstat(tmp_path / "edi-check.toml")), owned_by(1000, os.stat(tmp_path))
    monkeypatch.setattr("edi_check.planted.os.lstat", lambda path: own)
    monkeypatch.setattr("edi_check.planted.os.stat", lambda path: folder)
    monkeypatch.setattr("edi_check.planted.os.geteuid", lambda: 2000)
    told = is_planted(str(tmp_path / "edi-check.toml"))
    monkeypatch.undo()
    assert told is is_theirs


def test_answers_go_into_a_folder_behind_a_link_and_through_no_link_of_their_own_name(
    run: Run, bad: Path, tmp_path: Path
) -> None:
    """Whoever may write in the folder could point such a link at any file of ours."""
    (tmp_path / "real").mkdir()
    (tmp_path / "acks").symlink_to("real")
    (tmp_path / "later").symlink_to("made/later")
    (tmp_path / "treasure").write_text("ours")
    (tmp_path / "real/bad.999").symlink_to("../treasure")
    for folder in ("acks", "later"):
        assert run("check", "--ack-dir", folder, "--split-dir", folder, bad).code == 1
        assert {"bad.999", "bad.277ca"} <= {p.name for p in (tmp_path / folder).iterdir()}
        assert (tmp_path / folder).is_symlink()
    assert (tmp_path / "treasure").read_text() == "ours"
    assert not (tmp_path / "real/bad.999").is_symlink() and (tmp_path / "made/later/bad.999").is_file()


def test_the_same_input_gives_the_same_bytes(run: Run, bad: Path) -> None:
    first = run("check", "-f", "json", bad).out
    assert run("check", "-f", "json", "--jobs", "2", bad).out == first
    assert process("check", "-f", "json", bad).stdout.decode() == first


def test_a_name_with_escape_sequences_does_no_harm(run: Run, tmp_path: Path) -> None:
    name = "a\x1b[31m\u202eb.837"
    (tmp_path / name).write_text(BAD)
    for form in ("text", "json", "markdown", "csv", "html"):
        ran = run("check", "-f", form, name)
        assert "\x1b" not in ran.out + ran.err
        assert "\u202e" not in ran.out + ran.err


def test_names_that_are_no_text(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.837"
    with open(path, "w") as file:
        file.write(BAD)
    for form in ("text", "json", "html", "csv"):
        ran = process("check", "-f", form, os.fsdecode(path))
        assert ran.returncode == 1, ran.stderr
        ran.stdout.decode("utf-8")


# Answers


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_answers_and_split_are_called_after_their_input(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in" / "b").mkdir(parents=True)
    (tmp_path / "in" / "good.837").write_text(GOOD)
    (tmp_path / "in" / "b" / "bad.837").write_text(BAD)
    assert run("check", "--ack-dir", "out/acks", "--split-dir", "out/split", "in").code == 1
    assert names(tmp_path / "out") == ["acks/b/bad.277ca", "acks/b/bad.999", "acks/good.277ca", "acks/good.999",
                                       "split/b/bad.rejected.837", "split/good.accepted.837"]
    for path in (tmp_path / "out").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)
    assert run("check", "out/split/good.accepted.837").code == 0
    assert run("check", "out/split/b/bad.rejected.837").code == 1


def test_answers_of_standard_input_and_of_a_cut_file(run: Run, tmp_path: Path) -> None:
    ran = process("check", "--ack-dir", tmp_path / "a", "-", input=GOOD.encode())
    assert ran.returncode == 0
    assert names(tmp_path / "a") == ["stdin.277ca", "stdin.999"]
    (tmp_path / "cut.837").write_text(GOOD[:600])
    (tmp_path / "a" / "cut.277ca").write_text("of an earlier run")
    assert run("check", "--ack-dir", "a", "cut.837").code == exits.UNCHECKED
    assert names(tmp_path / "a") == ["cut.ta1", "stdin.277ca", "stdin.999"]
    assert "TA1*000000001" in (tmp_path / "a" / "cut.ta1").read_text()


def test_claims_to_review_in_a_file_of_their_own(run: Run, tmp_path: Path, bad: Path) -> None:
    assert run("check", REVIEWED, "--split-dir", "s", bad).code == 0
    assert names(tmp_path / "s") == ["bad.accepted.837"]
    assert run("check", REVIEWED, "--split-dir", "s", "--split-review", bad).code == 0
    assert names(tmp_path / "s") == ["bad.review.837"]
    assert run("check", REVIEWED, "--split-dir", "s", bad).code == 0
    assert names(tmp_path / "s") == ["bad.accepted.837"], "or the claim would be sent twice"
    (tmp_path / "s" / "bad.review.837").write_bytes(bad.read_bytes())
    assert run("check", REVIEWED, "--split-dir", "s", bad, "s/bad.review.837").code == 0
    assert names(tmp_path / "s") == ["bad.accepted.837", "bad.review.837", "bad.review.accepted.837"], "an input stays"


def test_control_numbers_and_settings_of_the_answers(run: Run, tmp_path: Path, bad: Path) -> None:
    (tmp_path / "edi-check.toml").write_text('[ack]\nsource_name = "OUR HOUSE"\nsource_entity = "AY"\n')
    run("check", "--ack-dir", "a", "--control-number", "77", bad)
    assert "*000000077*" in (tmp_path / "a" / "bad.999").read_text()
    assert "NM1*AY*2*OUR HOUSE*" in (tmp_path / "a" / "bad.277ca").read_text()
    first = (tmp_path / "a" / "bad.277ca").read_bytes()
    run("check", "--ack-dir", "a", "--control-number", "77", bad)
    assert (tmp_path / "a" / "bad.277ca").read_bytes() == first


def test_limits_of_the_settings_are_those_of_lines_and_explain(
    run: Run, tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `check` takes, they take, and what it doesn't, they don't."""
    text = good.read_text("utf-8").replace("~", "~" + "\n" * 100_000)
    (tmp_path / "pad.837.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "edi-check.toml").write_text("[limits]\ngzip_ratio = 100000\n")
    assert run("check", "--ack-dir", ".", "pad.837.gz").code == exits.CHECKED
    explained = ("explain", "pad.999", "--original", "pad.837.gz")
    assert run("lines", "pad.837.gz").code == run(*explained).code == exits.CHECKED
    monkeypatch.setenv("EDI_CHECK_LIMITS_GZIP_RATIO", "5")
    for args in (("check", "pad.837.gz"), ("lines", "pad.837.gz"), explained):
        assert run(*args).code == exits.UNCHECKED, args
    monkeypatch.delenv("EDI_CHECK_LIMITS_GZIP_RATIO")
    (tmp_path / "strict.toml").write_text("[limits]\nsegment_bytes = 30\n")
    config = ("--config", "strict.toml")
    assert run("lines", good, *config).code == exits.UNCHECKED
    ran = run("explain", "pad.999", "--original", good, *config)
    assert ran.code == exits.UNCHECKED and "The original goes beyond a limit" in ran.out


@pytest.mark.parametrize("most", [sys.maxsize, 10**20])
def test_a_limit_beyond_all_numbers_is_none(run: Run, bad: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    for name in ("SEGMENT_BYTES", "SEGMENT_ELEMENTS", "FILE_SETS", "GZIP_BYTES", "GZIP_RATIO"):
        monkeypatch.setenv(f"EDI_CHECK_LIMITS_{name}", str(most))
    bad.write_text(bad.read_text("utf-8").replace("SV1*HC:", "SV1*ZZ:"))
    assert run("check", "--ack-dir", ".", bad).code == exits.FOUND
    assert run("lines", bad).code == run("explain", "bad.999", "--original", bad).code == exits.CHECKED


@pytest.mark.parametrize(("args", "says"), [
    (("--split-review",), "--split-review does nothing without --split-dir"),
    (("--split-review", "--split-dir", "s"), ""),
    (("--control-number", "5"), "--control-number does nothing without --ack-dir"),
    (("--control-number", "5", "--ack-dir", "a"), ""),
    (("--snip", "3-7", "--ack-dir", "a"), "accepts syntax that nobody looked at"),
    (("--snip", "1", "--ack-dir", "a"), "accepts syntax that nobody looked at"),
    (("--snip", "1-2", "--ack-dir", "a"), ""),
    (("--snip", "3-7"), ""),
])
def test_options_that_do_nothing_or_less_than_it_seems_are_told(
    run: Run, good: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], says: str
) -> None:
    ran = run("check", *args, good)
    assert ran.code == exits.CHECKED
    assert says in ran.err and bool(says) == bool(ran.err)
    monkeypatch.setenv("EDI_CHECK_CONTROL_NUMBER", "5")
    assert run("check", good).err == "", "what the settings hold for other runs is no slip"


def test_2_when_a_setting_of_the_answers_does_not_fit(run: Run, tmp_path: Path, bad: Path) -> None:
    text = '[ack]\ntime = "12:00"\nsource_qualifier = "P*I~"\naccepted_status = "A7"\n'
    (tmp_path / "edi-check.toml").write_text(text)
    ran = run("check", "--ack-dir", "a", bad)
    assert ran.code == exits.USAGE and not (tmp_path / "a").exists()
    assert all(f"edi-check.toml: [ack] {name}: " in ran.err for name in ("time", "source_qualifier", "accepted_status"))


@pytest.mark.parametrize("args", [
    ("--ack-dir", "a", "x.837", "b/x.837"),
    ("--ack-dir", "a", "x.837", "x.edi"),
    ("--split-dir", ".", "x.837", "x.accepted.837"),
    ("--ack-dir", "a", "-o", "a/x.999", "x.837"),
    ("--ack-dir", "x.edi", "x.837"),
    ("--ack-dir", "a", "--control-number", "none", "x.837"),
])
def test_2_when_two_outputs_would_have_one_name(run: Run, tmp_path: Path, args: tuple[str, ...]) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    for name in ("x.837", "x.edi", "x.accepted.837", "b/x.837"):
        (tmp_path / name).write_text(GOOD)
    ran = run("check", *args)
    assert ran.code == exits.USAGE, ran
    assert names(tmp_path / "a") == []


def test_an_output_that_cannot_be_written_says_so(run: Run, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device", "report.json")

    monkeypatch.setattr(os, "replace", fail)
    ran = run("check", "-o", "report.json", good)
    assert ran.code == exits.UNCHECKED
    assert ran.err.endswith("edi-check: report.json can't be written: No space left on device. "
                            "Make room there, or name another place, and run it again.\n")


# Settings


def test_settings_of_the_folder_and_the_environment(run: Run, bad: Path, tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "edi-check.toml").write_text('[check]\nformat = "json"\n[levels]\nCORE-BAL-01 = "off"\n')
    ran = run("check", bad)
    assert ran.code == 0
    assert json.loads(ran.out)["summary"]["accepted"] == 1
    monkeypatch.setenv("EDI_CHECK_LEVELS", "CORE-BAL-01=review")
    monkeypatch.setenv("EDI_CHECK_FAIL_ON", "review")
    assert run("check", bad).code == 1
    assert run("check", "--level", "core-bal-01=OFF", bad).code == 0


def test_a_slip_in_the_settings_is_2(run: Run, good: Path, tmp_path: Path) -> None:
    (tmp_path / "edi-check.toml").write_text("[check]\nfail_onn = 'warn'\n[pack.PSRC-MT]\nmax_unit = 3\n")
    ran = run("check", good)
    assert ran.code == exits.USAGE
    assert "did you mean fail_on?" in ran.err
    (tmp_path / "edi-check.toml").write_text("[pack.PSRC-MT]\nmax_unit = 3\n")
    ran = run("check", good)
    assert ran.code == exits.USAGE
    assert "max_units" in ran.err


@pytest.mark.parametrize("args", [
    ("check", "good.837"), ("redact", "good.837"), ("config", "show"), ("tables", "list"), ("status", "--root", "w"),
], ids=lambda args: args[0])
def test_a_misspelt_variable_is_told(run: Run, good: Path, monkeypatch: pytest.MonkeyPatch,
                                     args: tuple[str, ...]) -> None:
    Path("w/work").mkdir(parents=True)
    Path("w/work/ledger.db").touch()
    monkeypatch.setenv("EDI_CHECK_FAILON", "note")
    ran = run(*args)
    assert ran.code == 0
    assert "EDI_CHECK_FAILON is not a setting; did you mean EDI_CHECK_FAIL_ON?" in ran.err
    assert "FAILON" not in run(*args, "-q").err


def test_a_control_number_too_long_is_2_and_nothing_is_written(run: Run, good: Path, tmp_path: Path) -> None:
    ran = run("check", "--ack-dir", "a", "--control-number", "1234567890", "good.837")
    assert (ran.code, ran.out) == (exits.USAGE, "")
    assert "--control-number: a control number has nine digits at most" in ran.err
    assert not (tmp_path / "a").exists()


def test_config_show_tells_where_a_value_came_from(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown_line = run("config", "show", "--set").out.splitlines()[1]
    assert shown_line.split() == ["as_of", "=", '"2026-03-01"', "#", "EDI_CHECK_AS_OF"]
    (tmp_path / "edi-check.toml").write_text('[check]\njobs = 2\n[tables]\nptp = "x"\n[pack.PSRC-MT]\nmax_units = 8\n')
    shown = {(r["section"], r["key"]): r for r in json.loads(run("config", "show", "-f", "json").out)}
    assert shown["[check]", "jobs"]["origin"] == "edi-check.toml"
    assert shown["[check]", "lob"]["origin"] == "default"
    assert shown["[pack.PSRC-MT]", "max_units"]["value"] == 8


# The other commands


def test_lines_show_no_free_text_that_a_separator_too_many_has_moved(run: Run, tmp_path: Path) -> None:
    moved = tmp_path / "moved.837"
    moved.write_text(GOOD.replace("SV1*HC:97140:GP*60*UN*2", "SV1**HC:97140:GP::::SEEN BY ROWE*60*UN*2"))
    shown = run("lines", "-f", "csv", moved).out
    assert "•••" in shown and "ROWE" not in shown


def test_lines_in_every_form(run: Run, good: Path) -> None:
    text = run("lines", good).out.splitlines()
    assert text[3].split() == ["C1", "1", "2026-02-03", "97140", "GP", "2", "60", "11", "M5450"]
    rows = list(csv.DictReader(io.StringIO(run("lines", "-f", "csv", good).out)))
    assert rows[0]["charge"] == "60"
    assert rows[0]["payer_id"] == "99999"
    assert rows[0]["to"] == "2026-02-03"
    objects = json.loads(run("lines", "-f", "json", good, good).out)
    assert objects[0]["modifiers"] == ["GP"]
    assert objects[0]["diagnoses"] == ["M5450"]
    assert [json.loads(line) for line in run("lines", "-f", "ndjson", good).out.splitlines()] == objects


def test_lines_in_a_spreadsheet_are_no_formulas(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.837").write_text(GOOD.replace("CLM*C1*", "CLM*=1+2*").replace("*60*UN", "*-60*UN"))
    row = next(csv.DictReader(io.StringIO(run("lines", "-f", "csv", "x.837").out)))
    assert row["claim_number"] == "'=1+2"
    assert row["charge"] == "-60"


def test_lines_of_what_is_no_claim_file(run: Run, tmp_path: Path, good: Path) -> None:
    (tmp_path / "odd.837").write_text("hello")
    ran = run("lines", "-f", "json", "odd.837", good)
    assert ran.code == exits.UNCHECKED
    assert len(json.loads(ran.out)) == 1
    assert "odd.837" in ran.err


def test_edits_and_explain_agree(run: Run) -> None:
    edits = json.loads(run("edits", "-f", "json").out)
    assert {"PSRC-MT-03", "CORE-BAL-01"} <= {e["id"] for e in edits}
    text = run("edits").out
    for edit in edits:
        assert edit["id"] in text
        page = run("explain", edit["id"])
        assert page.code == 0
        assert edit["name"] in page.out
        assert max(len(line) for line in page.out.splitlines() if "*" not in line) <= 100
    assert run("explain", "psrc-mt-03").out == run("explain", "units-over-daily-limit").out
    assert json.loads(run("explain", "PSRC-MT-03", "-f", "json").out) in edits
    assert run("explain", "PSRC-MT-03", "-f", "markdown").out.startswith("# PSRC-MT-03: units-over-daily-limit\n")


def test_explain_offers_the_nearest(run: Run) -> None:
    assert "did you mean PSRC-MT-03?" in run("explain", "PSRC-MT-3").err


@pytest.mark.parametrize("pack", load_builtin_packs(), ids=lambda pack: pack.id)
def test_explain_tells_of_a_pack(run: Run, pack: Pack) -> None:
    for name in (pack.id, pack.id.lower(), pack.id.title()):
        ran = run("explain", name)
        assert ran.code == 0
        assert pack.path in ran.out and f"\n{len(pack.edits)} edits\n" in ran.out
        told = [line.split() for line in ran.out.splitlines() if " SNIP " in line]
        assert [(row[0], row[1], row[-1]) for row in told] == [
            (data.edit.id, data.edit.level, data.edit.name) for data in pack.edits]
    page = json.loads(run("explain", pack.id, "-f", "json").out)
    assert (page["pack"], page["source"], len(page["edits"])) == (pack.id, pack.source, len(pack.edits))
    assert run("explain", pack.id, "-f", "markdown").out.count(f"| {pack.edits[0].edit.id} |") == 1


def test_a_pack_whose_name_is_a_word_is_told_as_both(run: Run) -> None:
    assert "PTP" in run("explain", "ncci").out.partition("4 edits")[0]
    assert json.loads(run("explain", "NCCI", "-f", "json").out)["word"] == "NCCI"
    assert "did you mean PSRC-MT?" in run("explain", "PSRC").err


def test_pack_lint(run: Run, tmp_path: Path) -> None:
    from edi_check.judging.packs import builtin_packs

    for path in builtin_packs().values():
        assert run("pack", "lint", path).code == 0
    (tmp_path / "own.toml").write_text('pack = "ACME-PT"\ntitel = "x"\n')
    ran = run("pack", "lint", "own.toml")
    assert ran.code == exits.USAGE
    assert "own.toml" in ran.err
    assert "title" in ran.err


# Help


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize(("path", "command"), [pytest.param(*c, id=" ".join(c[0])) for c in commands(cli)])
def test_every_command_has_help_with_an_example(run: Run, path: tuple[str, ...], command: click.Command,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ran = run(*path, "--help")
    assert ran.code == 0
    wide = [line for line in ran.out.splitlines() if len(line) > 80]
    assert not wide, f"edi-check {' '.join(path)} --help is too wide for 80 columns: {wide}"
    assert f"edi-check {' '.join(path)}" in ran.out.partition("Example")[2], (
        f"edi-check {' '.join(path)}: give its docstring an Example")
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden and parameter.name != "form":
            assert parameter.help, f"edi-check {' '.join(path)} {parameter.opts[0]} has no help: say what it does"


def test_version(run: Run) -> None:
    from edi_check import __version__

    assert run("--version").out == f"edi-check {__version__}{' (compiled)' if is_compiled() else ''}\n"
