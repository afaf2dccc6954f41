"""``edi-check redact``: the copy appears whole or not at all, and only when it raises the same findings."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from edi_check.cli.main import main
from edi_check.generating import FAULTS, generate

ROOT = Path(__file__).resolve().parent.parent
DATA = b"".join(generate(30, 3, faults=FAULTS, newline="\n"))


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    path = tmp_path / "batch.837"
    path.write_bytes(DATA)
    return path


def found(path: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, ...]]:
    main(["check", "-f", "json", "--as-of", "2026-11-01", str(path)])
    (file,) = json.loads(capsys.readouterr().out)["files"]
    return [tuple(str(v) for v in (f["edit"], f["level"], f["claim"], f["line"], f["where"]["offset"]))
            for f in file["findings"]]


def test_the_copy_is_the_owners_and_judged_as_the_original(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = batch.with_name("copy.837")
    assert main(["redact", str(batch), "-o", str(copy), "--as-of", "2026-11-01"]) == 0
    told = capsys.readouterr()
    assert "same findings" in told.err and told.out == ""
    assert copy.stat().st_mode & 0o777 == 0o600 and copy.stat().st_size == len(DATA)
    assert found(copy, capsys) == found(batch, capsys) != []
    assert sorted(p.name for p in batch.parent.iterdir()) == ["batch.837", "copy.837"]


@pytest.mark.parametrize("day", ["0001-01-01", "0150-02-28", "9999-12-30", "9999-12-31"])
def test_the_ends_of_the_calendar(day: str, batch: Path) -> None:
    copy = batch.with_name("copy.837")
    assert main(["redact", str(batch), "-o", str(copy), "--as-of", day]) == 0 and copy.exists()


def test_standard_input_and_gzip_give_the_same(batch: Path) -> None:
    command = [sys.executable, "-m", "edi_check", "redact", "--seed", "4", "-q"]
    plain = subprocess.run([*command, str(batch)], capture_output=True, check=True)
    piped = subprocess.run([*command, "-"], input=DATA, capture_output=True, check=True)
    batch.with_suffix(".837.gz").write_bytes(gzip.compress(DATA))
    packed = subprocess.run([*command, str(batch) + ".gz"], capture_output=True, check=True)
    assert plain.stdout == piped.stdout == packed.stdout and len(plain.stdout) == len(DATA) and plain.stderr == b""


@pytest.mark.parametrize(("data", "says"), [
    (b"Dear Mr QUILLFEATHER", "no X12 interchange"), (gzip.compress(DATA)[:-50], "read to its end"), (b"", "no X12"),
])  # fmt: skip
def test_what_cant_be_copied_is_told_and_leaves_nothing(
    data: bytes, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, copy = tmp_path / "in.837", tmp_path / "out.837"
    path.write_bytes(data)
    assert main(["redact", str(path), "-o", str(copy)]) == 3
    told = capsys.readouterr().err
    assert says in told and "QUILLFEATHER" not in told and not copy.exists()


def test_a_copy_that_would_be_judged_otherwise_is_never_written(
    batch: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours, made here: day of birth and everything else come out as they shouldn't."""
    from edi_check.redacting.rewriting import Rewriter

    original = Rewriter.segment
    monkeypatch.setattr(Rewriter, "segment", lambda self, text: original(self, text).replace("HC:9", "HC:X"))
    old = batch.with_name("copy.837")
    old.write_bytes(b"what was there before")
    assert main(["redact", str(batch), "-o", str(old)]) == 70
    told = capsys.readouterr().err
    assert "a fault of ours" in told and "segment" in told and old.read_bytes() == b"what was there before"
    assert not any(word in told for word in ("ACCT", "1900"))


def test_the_settings_hold_for_the_comparison(batch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    group = next(s.split("*")[3] for s in DATA.decode().split("~\n") if s.startswith("SBR*P*18*G"))
    config = tmp_path / "edi-check.toml"
    config.write_text(f'[pack.PSRC-MT]\naso_groups = ["{group}"]\n')
    assert main(["redact", str(batch), "--config", str(config), "-o", str(tmp_path / "a.837")]) == 0
    assert group in (tmp_path / "a.837").read_text("latin-1")
    assert main(["redact", str(batch), "-o", str(tmp_path / "b.837")]) == 0
    assert group not in (tmp_path / "b.837").read_text("latin-1")


@pytest.mark.parametrize(("words", "says"), [
    (["nothing.837"], "There is no file nothing.837"), (["."], "is a folder"),
    (["{}", "-o", "{}"], "one of the inputs"),
    (["{}", "--as-of", "soon"], "as-of"), (["{}", "--pack", "NOPE"], "NOPE"),
    (["{}", "--seed", "9" * 40], "at most 38 digits"),
])  # fmt: skip
def test_wrong_usage(words: list[str], says: str, batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["redact", *(word.format(batch) for word in words)]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["999", "277ca"])
def test_an_acknowledgment_is_not_copied(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = ROOT / "fixtures" / "files" / "fail" / f"acknowledged-with-errors.{kind}"
    copy = tmp_path / "copy"
    assert main(["redact", str(answer), "-o", str(copy)]) == 3
    assert "An acknowledgment is no claim file" in capsys.readouterr().err and not copy.exists()


def test_a_reader_that_goes_away_ends_it_quietly(batch: Path) -> None:
    batch.write_bytes(b"".join(generate(400, 3, newline="\n")))
    run = subprocess.Popen([sys.executable, "-m", "edi_check", "redact", str(batch)], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
    assert run.stdout is not None and run.stderr is not None and isinstance(run.stdout, io.BufferedReader)
    run.stdout.close()
    assert run.wait(60) == 141 and b"Traceback" not in run.stderr.read()
    run.stderr.close()
