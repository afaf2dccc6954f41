"""What the command meets around the claims: streams that were closed before it came, pipes and devices, files and
folders that may not be read or written."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from one_claim import BAD, GOOD

from edi_check import NotX12, check, read_claims
from edi_check.cli.inputs import _search
from edi_check.cli.main import main
from edi_check.generating import generate

ROOT = Path(__file__).resolve().parent.parent


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """A line of shell in which ``$EDI`` is the command."""
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}  # it hides what is left
    environment = {**usual, "PYTHONPATH": str(ROOT), "EDI_CHECK_AS_OF": "2026-03-01",
                   "EDI": f"{sys.executable} -m edi_check"}
    return subprocess.run(["sh", "-c", command], cwd=folder, env=environment, capture_output=True, timeout=60)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.837").write_text(BAD)
    return tmp_path


@pytest.mark.parametrize("command", ["check bad.837", "lines bad.837", "explain CORE-BAL-01", "--version"])
def test_closed_standard_output_is_told_as_what_it_is(folder: Path, command: str) -> None:
    ran = shell(f"$EDI {command} >&-", folder)
    assert ran.returncode == 3
    assert b"standard output can't be written: Bad file descriptor. It is closed" in ran.stderr
    assert b"fault of ours" not in ran.stderr


OUTPUTS = ("check {}bad.837", "check -f html {}bad.837", "check -f json {}bad.837", "check -f junit {}bad.837",
           "lines {}bad.837", "explain {}CORE-BAL-01", "edits {}", "generate {}", "redact -q {}bad.837")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is Linux's")
@pytest.mark.parametrize("command", OUTPUTS)
def test_a_full_disk_is_told_as_what_it_is(folder: Path, command: str) -> None:
    """In a sentence that says what, why and what to do; nothing looks like a fault of ours or a traceback."""
    for line, what in ((f"$EDI {command.format('')} > /dev/full", "standard output"),
                       (f"$EDI {command.format('-o /dev/full ')}", "/dev/full")):
        ran = shell(line, folder)
        told = ran.stderr.decode()
        assert (ran.returncode, told.count("\n")) == (3, 1), told
        assert told.startswith(f"edi-check: {what} can't be written: No space left on device. Make room there, "), told


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is Linux's")
@pytest.mark.parametrize("command", ["--help", "--version", "check --help", "config show"])
def test_a_help_text_on_a_full_disk(folder: Path, command: str) -> None:
    ran = shell(f"$EDI {command} > /dev/full", folder)
    assert ran.returncode == 3 and ran.stderr.startswith(b"edi-check: standard output can't be written: No space left")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is Linux's")
@pytest.mark.parametrize(("command", "code"), [("check nothing.837", 2), ("check bad.837", 1), ("check -v bad.837", 1),
                                               ("check bad.837 > /dev/full", 3), ("check --fail-on x bad.837", 2)])
def test_standard_error_on_a_full_disk_changes_no_exit_code(folder: Path, command: str, code: int) -> None:
    assert shell(f"$EDI {command} 2> /dev/full", folder).returncode == code


def test_what_has_room_is_written_beside_what_has_none(folder: Path) -> None:
    """A real limit on the size of a file, as a full disk or quota has it: the page doesn't fit, the rest does; of the
    page nothing is left."""
    command = "$EDI check bad.837 -f html -o r.html --report csv=r.csv --ack-dir a --split-dir s"
    ran = shell(f"ulimit -f 40; {command}", folder)
    assert ran.returncode == 3
    assert ran.stderr == (b"edi-check: r.html can't be written: File too large. "
                          b"Make room there, or name another place, and run it again.\n")
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == [
        "a/bad.277ca", "a/bad.999", "bad.837", "r.csv", "s/bad.rejected.837"]


def answers_in(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text("ascii") for p in sorted(folder.rglob("*")) if p.is_file()}


def leave_earlier(folder: Path, *stems: str) -> None:
    """What an earlier run left in ``a`` and ``s``."""
    for name in ("a", "s"):
        (folder / name).mkdir()
    for stem in stems:
        for name in ("a/{}.ta1", "a/{}.999", "a/{}.277ca", "s/{}.accepted.837", "s/{}.rejected.837", "s/{}.review.837"):
            (folder / name.format(stem)).write_text("EARLIER")


def test_an_answer_without_room_leaves_no_earlier_one_in_its_place_and_keeps_no_other_back(folder: Path) -> None:
    """The 277CA and the rejected claims of the first file are too big; its 999, and all of the second, are there."""
    (folder / "all.837").write_bytes(b"".join(generate(120, seed=3, faults=1.0)))
    leave_earlier(folder, "all", "bad", "other")
    ran = shell("ulimit -f 40; $EDI check -o /dev/null --ack-dir a --split-dir s all.837 bad.837", folder)
    room = "File too large. Make room there, or name another place, and run it again."
    assert ran.stderr.decode().splitlines() == [f"edi-check: a/all.277ca can't be written: {room}",
                                                f"edi-check: s/all.rejected.837 can't be written: {room}"]
    assert ran.returncode == 3
    left = answers_in(folder / "a") | answers_in(folder / "s")
    others = {f"other.{kind}" for kind in ("ta1", "999", "277ca", "accepted.837", "rejected.837", "review.837")}
    assert set(left) - others == {"all.999", "all.accepted.837", "bad.277ca", "bad.999", "bad.rejected.837"}
    assert {name for name, text in left.items() if text == "EARLIER"} == others, "other files have their answers"


def test_a_run_that_gives_no_verdict_leaves_earlier_answers_alone(folder: Path) -> None:
    leave_earlier(folder, "bad")
    before = answers_in(folder)
    assert main(["check", "--ack-dir", "a", "--split-dir", "s", "--fail-on", "x", "bad.837"]) == 2
    (folder / "s" / "bad.accepted.837").unlink()
    (folder / "s" / "bad.accepted.837").mkdir()
    assert main(["check", "--ack-dir", "a", "--split-dir", "s", "bad.837"]) == 2
    assert answers_in(folder) == {name: text for name, text in before.items() if name != "s/bad.accepted.837"}


def test_an_earlier_answer_that_stays_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leave_earlier(folder, "bad")
    real_unlink, real_replace = os.unlink, os.replace

    def unlink(path: str) -> None:  # as in a folder with the sticky bit; root may all
        if str(path).endswith((".277ca", ".review.837")):
            raise PermissionError(1, "Operation not permitted")
        real_unlink(path)

    def replace(source: str, target: str) -> None:
        if target.endswith(".277ca"):
            raise PermissionError(1, "Operation not permitted")
        real_replace(source, target)

    monkeypatch.setattr(os, "unlink", unlink)
    monkeypatch.setattr(os, "replace", replace)
    assert main(["check", "-o", os.devnull, "--ack-dir", "a", "--split-dir", "s", "bad.837"]) == 3
    assert [line.removeprefix("edi-check: ") for line in capsys.readouterr().err.splitlines()] == [
        "a/bad.277ca can't be written: Operation not permitted. Name a place that can be written, and run it again.",
        "a/bad.277ca is of an earlier run and can't be taken away.",
        "s/bad.review.837 is of an earlier run and can't be taken away.",
    ]


def test_a_full_disk_names_some_of_thousands_of_answers(folder: Path) -> None:
    for n in range(12):
        (folder / f"all-{n:02d}.837").write_bytes(b"".join(generate(30, seed=1, faults=1.0)))
    ran = shell("ulimit -f 8; $EDI check -o /dev/null --split-dir s all-*.837", folder)
    assert (ran.returncode, ran.stderr.count(b"\n")) == (3, 11)
    assert ran.stderr.splitlines()[-1] == b"edi-check: So it is with 2 more."


def test_a_reader_that_stops_early_keeps_nothing_back(folder: Path) -> None:
    """``| head`` ends the run, and yet the answers and the other reports are there, all of this run."""
    (folder / "all.837").write_bytes(b"".join(generate(400, seed=3, faults=1.0)))
    leave_earlier(folder, "all")
    command = "$EDI check --ack-dir a --split-dir s --report csv=r.csv --report html=r.html all.837"
    ran = shell(f"({command}; echo $? >&2) | head -1", folder)
    assert (ran.stdout.count(b"\n"), ran.stderr) == (1, b"141\n")
    assert not any(text == "EARLIER" for text in (answers_in(folder / "a") | answers_in(folder / "s")).values())
    assert {path.name for path in folder.iterdir()} == {"a", "s", "all.837", "bad.837", "r.csv", "r.html"}
    assert set(answers_in(folder / "a")) == {"all.999", "all.277ca"}


@pytest.mark.parametrize("command", [
    "check many.837", "check many.837.gz", "check - < many.837", "check --jobs 2 - < many.837", "lines - < many.837",
    "lines -f csv many.837.gz", "redact - < many.837", "redact many.837.gz", "explain a.999 --original many.837.gz",
])
def test_a_folder_of_temporary_files_without_room_is_named(folder: Path, command: str) -> None:
    """The file isn't to blame: no finding of it, no report that says so."""
    many = b"".join(generate(500, seed=3, faults=1.0))
    (folder / "many.837").write_bytes(many)
    (folder / "many.837.gz").write_bytes(gzip.compress(many))
    (folder / "a.999").write_bytes((ROOT / "fixtures/files/fail/code-not-valid.999").read_bytes())
    ran = shell(f"ulimit -f 40; TMPDIR=$PWD $EDI {command}", folder)
    assert ran.returncode == 3
    assert b"CORE-FILE-01" not in ran.stdout
    assert ran.stderr.decode() == (f"edi-check: the folder for temporary files, {folder}, can't be used: File too "
                                   "large. Make room there, or set the variable TMPDIR to a folder that has some, "
                                   "and run it again.\n")


@pytest.mark.parametrize("command", ["check inbox", "check inbox/closed", "lines inbox"])
def test_a_folder_that_cannot_be_looked_into_is_told(folder: Path, command: str) -> None:
    """What is in it isn't checked, so the exit code says so, whatever the others hold."""
    closed = folder / "inbox/closed"
    closed.mkdir(parents=True)
    (closed / "bad.837").write_text(BAD)
    (folder / "inbox/good.837").write_text(GOOD)
    closed.chmod(0)
    as_others = "setpriv --bounding-set=-dac_override,-dac_read_search" if os.geteuid() == 0 else ""
    if shell(f"{as_others} true", folder).returncode or shell(f"{as_others} ls inbox/closed", folder).returncode == 0:
        pytest.skip("whoever runs this may enter every folder")
    ran = shell(f"{as_others} $EDI {command}", folder)
    closed.chmod(0o700)
    told = (ran.stdout + ran.stderr).decode()
    assert ran.returncode == 3
    assert "inbox/closed: " in told and "The folder can't be looked into: Permission denied." in told
    assert ("good.837" in told) == (not command.endswith("closed"))


def test_links_to_folders_are_followed_and_each_folder_is_looked_into_once(folder: Path) -> None:
    """What lies behind a link is as much in the folder as anything; a link may lead back, or to what is met anyway."""
    other, inbox = folder / "elsewhere/deeper", folder / "inbox"
    other.mkdir(parents=True)
    inbox.mkdir()
    (other / "bad.837").write_text(BAD)
    (inbox / "good.837").write_text(GOOD)
    (inbox / "z").mkdir()
    (inbox / "z/also.837").write_text(GOOD)
    for link, target in (("inbox/a", "z"), ("inbox/link", "../elsewhere"), ("elsewhere/deeper/back", "../../inbox"),
                         ("inbox/self", "."), ("inbox/nowhere", "gone"), ("inbox/.hidden", "../elsewhere")):
        (folder / link).symlink_to(target)
    told = json.loads(shell("$EDI check -f json inbox", folder).stdout)
    assert [one["path"] for one in told["files"]] == [
        "inbox/good.837", "inbox/z/also.837", "inbox/link/deeper/bad.837"
    ]
    assert len(json.loads(shell("$EDI check -f json inbox/a", folder).stdout)["files"]) == 1


def test_folders_without_numbers_are_told_apart_by_their_paths(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all folders have the number 0, all but the first were left out without a word."""
    really = os.stat

    def unnumbered(path: Any, **more: Any) -> os.stat_result:
        found = really(path, **more)
        return os.stat_result((found[0], 0, *found[2:10]))

    for name in ("a/one.837", "b/two.837"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(GOOD)
    (tmp_path / "b/back").symlink_to("..")
    monkeypatch.setattr("edi_check.cli.inputs.os.stat", unnumbered)
    found, unread = _search(str(tmp_path))
    assert [one.stem for one in found] == ["a/one", "b/two"]
    assert not unread


@pytest.mark.parametrize(("names", "said"), [
    ("bda.837", "There is no bda.837; nothing was checked. Did you mean bad.837?"),
    ("a bad one.837", 'A name with spaces stands in quotes: "a bad one.837"'),
    ("'*.x12'", "There is no *.x12; nothing was checked. No name fits that pattern."),
    ("other.837", "There is no other.837; nothing was checked.\n"),
])
def test_a_name_of_nothing_is_told_with_what_may_be_meant(folder: Path, names: str, said: str) -> None:
    (folder / "a bad one.837").write_text(BAD)
    ran = shell(f"$EDI check {names}", folder)
    assert ran.returncode == 2 and said in ran.stderr.decode()


@pytest.mark.parametrize(("command", "said"), [
    ("check zip.837", "Unpack a zip archive, and send the 837 file in it; a spreadsheet\n           is none."),
    ("check utf16.837", "Save it as plain text (ASCII or UTF-8)"),
    ("check dental.837", "is that of dental claims (837D), which are not"),
    ("explain bad.837", "Claims are judged by `edi-check check`."),
    ("check --config t.toml bad.837", "[tables] ptp: nofile.zip: there is no such file"),
    ("generate --claims many", "'many' is not a valid whole number"),
])
def test_a_slip_is_told_with_what_to_do(folder: Path, command: str, said: str) -> None:
    (folder / "zip.837").write_bytes(b"PK\x03\x04" + bytes(200))
    (folder / "utf16.837").write_bytes(BAD.encode("utf-16"))
    (folder / "dental.837").write_text(BAD.replace("X222A1", "X224A2"))
    (folder / "t.toml").write_text('[tables]\nptp = ["nofile.zip"]\n')
    ran = shell(f"$EDI {command}", folder)
    told = (ran.stdout + ran.stderr).decode()
    assert " ".join(said.split()) in " ".join(told.split()), told
    assert ran.returncode == (3 if command.endswith(".837") and ".toml" not in command else 2)


def test_closed_streams_that_nobody_needs_change_nothing(folder: Path) -> None:
    assert shell("$EDI check -f json -o r.json bad.837 <&- >&- 2>&-", folder).returncode == 1
    assert json.loads((folder / "r.json").read_text())["summary"]["rejected"] == 1
    ran = shell("$EDI check bad.837 2>&-", folder)
    assert (ran.returncode, b"CORE-BAL-01" in ran.stdout) == (1, True)


@pytest.mark.parametrize("command", ["check", "lines", "redact"])
def test_closed_standard_input_is_an_empty_file(folder: Path, command: str) -> None:
    ran = shell(f"$EDI {command} - <&-", folder)
    assert ran.returncode == 3
    assert b"fault of ours" not in ran.stderr


def test_a_pipe_in_a_folder_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.837")
    assert shell("timeout 20 $EDI check .", folder).returncode == 1


def test_tables_never_take_the_place_of_a_device(folder: Path) -> None:
    pytest.importorskip("pyarrow")
    os.mkfifo(folder / "pipe")  # a device would need root, and may be lost
    assert main(["check", "-f", "parquet", "-o", "pipe", "bad.837"]) == 2
    assert main(["lines", "-f", "parquet", "-o", "pipe", "bad.837"]) == 2
    assert sorted(path.name for path in folder.iterdir()) == ["bad.837", "pipe"]
    assert not (folder / "pipe").is_file()


def test_answers_that_cannot_be_written_are_refused_before_anything_is_checked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != str(folder) and real(path, mode))  # root may all
    for option in ("--ack-dir", "--split-dir"):
        assert main(["check", option, "new/deep", "bad.837"]) == 2
        said = capsys.readouterr()
        assert "nothing may be written in" in said.err
        assert not said.out


def test_what_could_not_be_had_is_not_called_empty(folder: Path) -> None:
    packed = bytearray(gzip.compress(GOOD.encode()))
    packed[-8:] = bytes(8)
    (folder / "damaged.837.gz").write_bytes(packed)
    (folder / "gone.837").symlink_to("nowhere")
    for name, why in (("damaged.837.gz", "gzip"), ("gone.837", "No such file")):
        (finding,) = check(name).files[0].findings
        assert (finding.edit, why in finding.message) == ("CORE-FILE-01", True)
        with pytest.raises(NotX12, match=why):
            list(read_claims(name))


@pytest.mark.parametrize(("data", "says"), [
    (b"", "is empty"), (b"\0" * 100_000, "nothing but filler, 100,000 bytes of"), (b"\x1a", "filler, 1 byte of"),
    (b" \r\n" * 5, "filler, 15 bytes of"),
])
def test_a_file_of_filler_is_not_called_empty(folder: Path, data: bytes, says: str) -> None:
    (finding,) = check(data).files[0].findings
    assert (finding.edit, finding.where.offset, says in finding.message) == ("CORE-FILE-01", 0, True)
    with pytest.raises(NotX12, match=says):
        list(read_claims(data))


DAMAGED = {
    "checksum": (slice(-8, -4), b"\0\0\0\0", "was unpacked, but its checksum doesn't match"),
    "length": (slice(-4, None), b"\0\0\0\0", "was unpacked, but isn't as long as it says"),
    "trailer": (slice(-6, None), b"", "is cut off"),
    "half": (slice(-200, None), b"", "is cut off"),
    "inside": (slice(30, 40), b"\xff" * 10, "is damaged"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_wrong_with_gzip_data_is_told(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    where, what, says = DAMAGED[name]
    packed = bytearray(gzip.compress(GOOD.encode(), mtime=0))
    packed[where] = what
    (folder / "one.837.gz").write_bytes(packed)
    says = f"the gzip data {says}"
    assert any(says in finding.message for finding in check("one.837.gz").files[0].findings)
    with pytest.raises(NotX12) as raised:
        list(read_claims("one.837.gz"))
    assert says in str(raised.value) or name == "half"  # its claim file is cut, too: that is said
    for words in (["redact", "one.837.gz", "-o", "copy.837"], ["explain", "one.837.gz"]):
        assert main(words) == 3
        said = capsys.readouterr()
        assert says in " ".join((said.out + said.err).split())
    assert not (folder / "copy.837").exists()


def test_lines_of_a_file_that_is_cut_off_say_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut = GOOD[:GOOD.index("SE*")]
    (folder / "cut.837").write_text(cut)
    assert main(["lines", "-f", "json", "cut.837"]) == 3
    said = capsys.readouterr()
    assert len(json.loads(said.out)) == 1
    assert "cut.837" in said.err
    claims = read_claims(cut.encode())
    assert next(claims).number
    with pytest.raises(NotX12):
        next(claims)
    whole = GOOD.rstrip().removesuffix("~")  # the last terminator alone is missing: all is there
    assert len(list(read_claims(whole.encode()))) == 1
