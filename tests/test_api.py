"""The Python door: what ``edi_check`` offers to other programs."""

from __future__ import annotations

import copy
import datetime
import gc
import gzip
import io
import json
import multiprocessing
import os
import pickle
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from one_claim import BAD, GOOD

import edi_check
from edi_check import EdiCheckError, NotX12, UnsupportedGuide, check, read_claims
from edi_check.generating import generate
from edi_check.model import BillingProvider, Claim, DateRange, Party, ServiceLine, Subscriber, fields_of, new_claim
from edi_check.sources import Source

AS_OF = "2026-03-01"
TA1 = GOOD[: GOOD.index("GS*")].encode() + b"TA1*000000001*260301*0800*A*000~IEA*0*000000001~"


def test_check_takes_a_path_bytes_a_file_or_several(tmp_path: Path) -> None:
    path = tmp_path / "bad.837"
    path.write_text(BAD)
    reports = [check(source, as_of=AS_OF) for source in (path, str(path), BAD.encode(), io.BytesIO(BAD.encode()))]
    for report in reports:
        assert report.exit_code == 1
        assert [f.edit for f in report.files[0].findings] == ["CORE-BAL-01"]
        assert [c.disposition for c in report.files[0].claims()] == ["rejected"]
    both = check([path, GOOD.encode()], as_of=AS_OF)
    assert [f.disposition for f in both.files] == ["rejected", "accepted"]


def test_a_report_as_plain_values_and_in_every_format() -> None:
    report = check(BAD.encode(), as_of=AS_OF, name="bad.837")
    plain = report.to_dict()
    assert plain["schema"] == "edi-check.report/1"
    assert plain["summary"] == {"files": 1, "claims": 1, "accepted": 0, "review": 0, "rejected": 1, "exit_code": 1}
    for form in ("text", "json", "ndjson", "csv", "html", "markdown"):
        text = edi_check.render(report, form)
        assert text is not None
        assert "CORE" in text
    with pytest.raises(EdiCheckError, match="no report format"):
        edi_check.render(report, "pdf")


def test_options_reach_the_judging() -> None:
    def codes(**options: object) -> int:
        return check(BAD.encode(), **{"as_of": AS_OF, **options}).exit_code  # type: ignore[arg-type]

    assert codes(levels={"CORE-BAL-01": "off"}) == 0
    assert codes(levels={"CORE-BAL-01": "review"}) == 0
    assert codes(levels={"CORE-BAL-01": "review"}, fail_on="review") == 1
    assert codes(snip=(1, 2)) == 0
    assert codes(packs=()) == 1
    assert codes(as_of="2026-01-01") == 1


def test_reports_say_what_the_settings_left_out() -> None:
    """Who gets a report that was made with ``--snip 3`` would take what it passes for judged."""
    report = check(BAD.encode(), as_of=AS_OF, snip=(3, 3), levels={"CORE-BAL-01": "off", "CORE-BAL-02": "warn"})
    for form in ("text", "html", "markdown"):
        told = " ".join(edi_check.render(report, form).split())
        assert "Left out by the settings: SNIP 1-2, SNIP 4-7, CORE-BAL-01" in told
    left_out = ["SNIP 1-2", "SNIP 4-7", "CORE-BAL-01"]
    assert report.to_dict()["left_out"] == left_out
    assert json.loads((edi_check.render(report, "ndjson") or "").splitlines()[-1])["left_out"] == left_out
    assert "Left out by the settings: SNIP 1-2, SNIP 4-7, CORE-BAL-01" in (
        edi_check.render(report, "sarif") or "")
    whole = check(BAD.encode(), as_of=AS_OF)
    assert "left_out" not in whole.to_dict() and "Left out" not in edi_check.render(whole, "html")
    for form in ("ndjson", "sarif"):
        told = edi_check.render(whole, form) or ""
        assert "left_out" not in told and "Left out" not in told


def test_options_may_be_written_as_python_lets_them() -> None:
    """What is behind the doors may be compiled, and is then held to its types."""
    class Stream(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return bytearray(super().read(size))  # type: ignore[return-value]

    plain = check(GOOD.encode(), name="1", as_of="2026-11-21").to_dict()
    odd = check(Stream(GOOD.encode()), name=1, as_of="2026-11-21", snip=[1, 7], strict=0,  # type: ignore[arg-type]
                max_findings=float("inf"), limits={"segment_bytes": 1e5, "file_sets": float("inf")},
                payers={60054: "commercial"})
    assert odd.to_dict() == plain
    with pytest.raises(EdiCheckError, match="None"):
        check(GOOD.encode(), lob=None)  # type: ignore[arg-type]


def test_a_stream_is_read_from_where_it_stands_and_may_be_gone_when_the_report_is_told(tmp_path: Path) -> None:
    data = BAD.replace("~", "~\n").encode()
    plain = check(data, name="bad", as_of=AS_OF)
    path = tmp_path / "bad.837"
    path.write_bytes(b"WHAT CAME BEFORE" + data)
    for opened in (io.BytesIO(path.read_bytes()), path.open("rb")):
        with opened as stream:
            stream.seek(16)
            report = check(stream, name="bad", as_of=AS_OF)
        assert report.to_dict() == plain.to_dict()
        for form in ("text", "html", "markdown"):
            assert edi_check.render(report, form) == edi_check.render(plain, form)


def test_what_is_no_source_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.837"
    path.write_text(BAD)
    with path.open() as opened:
        for stream in (opened, io.StringIO(BAD)):
            with pytest.raises(TypeError, match="binary mode"):
                check(stream, as_of=AS_OF)
        with pytest.raises(TypeError, match="int"):
            check(opened.fileno(), name="a descriptor is somebody's", as_of=AS_OF)
        assert opened.tell() >= 0


def test_the_day_of_receipt_may_have_an_hour() -> None:
    noon = datetime.datetime.fromisoformat(AS_OF).replace(hour=12)
    assert check(BAD.encode(), as_of=noon).to_dict() == check(BAD.encode(), as_of=AS_OF).to_dict()


def test_claims_stream_with_their_lines() -> None:
    (claim,) = read_claims(GOOD.encode())
    (line,) = claim.service_lines
    assert (claim.number, str(claim.charge), claim.patient.last_name) == ("C1", "60", "TESTER")
    assert (line.procedure, line.modifiers, str(line.units), line.place) == ("97140", ("GP",), "2", "11")
    assert [d.code for d in line.diagnoses] == ["M5450"]
    assert line.service_dates.is_single_day
    assert [place.text[:3] for place in claim.segments()] == ["CLM", "HI*", "LX*", "SV1", "DTP"]


def test_the_objects_of_a_claim_are_values() -> None:
    """Shown, compared, copied and made by their fields, interpreted or compiled."""
    (one,), (two,) = (list(read_claims(GOOD.encode())) for _ in range(2))
    assert one.service_lines == two.service_lines and one.billing == two.billing and one.billing != one.subscriber
    assert f"last_name={one.billing.last_name!r}" in repr(one.billing) and "service_lines=" in repr(one)
    assert one == two == copy.copy(one) == copy.deepcopy(one) == pickle.loads(pickle.dumps(one))
    (moved,) = read_claims(GOOD.replace("\n", "\r\n").encode())
    assert moved.service_lines == one.service_lines and moved != one
    other = copy.copy(one.service_lines[0])
    other.procedure = "00000"
    assert other != one.service_lines[0] == two.service_lines[0]
    assert "procedure='00000'" in repr(other) and "index=0" in repr(Claim())
    assert fields_of(ServiceLine)[0] == "number" and fields_of(type(one.billing))[:2] == ("loop", "entity")
    for kind in (Claim, ServiceLine, Party, Subscriber, BillingProvider, DateRange):
        made = new_claim() if kind is Claim else kind()
        assert [name for name in fields_of(kind) if not hasattr(made, name)] == []
    assert new_claim() == pickle.loads(pickle.dumps(new_claim())) and new_claim().locate(3).segment == 3
    assert Party().having(last_name="DOE", type="1") == Party().having(type="1", last_name="DOE") != Party()
    with pytest.raises(TypeError, match="Party has no field surname"):
        Party().having(surname="DOE")
    with pytest.raises(TypeError, match="unhashable"):
        hash(Party())


@pytest.mark.parametrize("wrong", [
    {"snip": (5, 2)}, {"snip": (9, 12)}, {"snip": (0, 7)}, {"snip": (1,)}, {"snip": 3}, {"snip": "1-3"},
    {"snip": None}, {"snip": ("1", "4")}, {"snip": (1.5, 4)},
    {"fail_on": "off"}, {"fail_on": ""},
    {"jobs": -1}, {"max_findings": -1}, {"limits": {"segment_byte": 10}}, {"as_of": "22.11.2026"},
])
def test_an_option_that_can_t_be_meant_is_refused_and_passes_nothing(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        edi_check.check(BAD.encode(), **wrong)


@pytest.mark.parametrize(("wrong", "says"), [
    ({"jobs": "2"}, "jobs: a number"), ({"jobs": None}, "jobs: a number"),
    ({"max_findings": "5"}, "max_findings: a number"), ({"max_findings": None}, "max_findings: a number"),
    ({"limits": {"segment_bytes": "5"}}, "limits: segment_bytes: a number"),
    ({"limits": {"segment_bytes": -5}}, "limits: segment_bytes: -5"), ({"limits": ["file_sets"]}, "limits: a mapping"),
    ({"limits": {"file_sets": float("nan")}}, "limits: file_sets: nan"), ({"limits": {5: 1}}, "none called 5"),
    ({"levels": ["CORE-BAL-01"]}, "levels: a mapping"), ({"levels": "CORE-BAL-01=off"}, "levels: a mapping"),
    ({"payers": ["60054"]}, "payers: a mapping"), ({"settings": ["PSRC-MT"]}, "settings: a mapping"),
    ({"settings": {"PSRC-MT": None}}, "settings: PSRC-MT: a mapping"),
    ({"packs": [None]}, "packs: names or files"), ({"packs": b"PSRC-MT"}, "packs: names or files"),
    ({"packs": 5}, "packs: names or files"),
    ({"as_of": 20260301}, "as_of: a day"), ({"as_of": 0}, "as_of: a day"), ({"as_of": "2026-3-1"}, "as_of: "),
    ({"show_values": "false"}, "show_values: true or false"), ({"strict": "no"}, "strict: true or false"),
])
def test_what_is_said_of_such_an_option_names_it(wrong: dict[str, object], says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        edi_check.check(BAD.encode(), **{"as_of": AS_OF, **wrong})


def test_a_pack_may_be_named_without_a_list() -> None:
    assert [p.id for p in edi_check.check(GOOD.encode(), packs="PSRC-MT").packs] == [
        p.id for p in edi_check.check(GOOD.encode(), packs=["PSRC-MT"]).packs]
    pack = Path(__file__).parent.parent / "docs" / "examples" / "wheatland.toml"
    for packs in (pack, str(pack), [pack], (str(pack),)):
        assert "WHEAT" in [p.id for p in edi_check.check(GOOD.encode(), packs=packs).packs]  # type: ignore[arg-type]


def test_the_content_of_a_file_is_not_taken_for_its_path(tmp_path: Path) -> None:
    """A report calls its file by the path: it would have held the patients' names."""
    for text in (BAD, "\ufeff" + BAD.replace("~", "~\n"), "\n " + BAD):
        for read in (check, lambda t: check([t]), lambda t: list(read_claims(t))):
            with pytest.raises(TypeError, match="a claim file's content") as error:
                read(text)
            assert "TESTER" not in str(error.value)
    named = tmp_path / "ISA*00*.837"
    named.write_text(BAD)
    assert check(str(named), as_of=AS_OF).exit_code == 1


def test_a_stream_that_has_nothing_yet_has_not_ended() -> None:
    class Waiting(io.RawIOBase):
        given = iter((BAD[:300].encode(), None, BAD[300:].encode(), b""))

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes | None:
            return next(self.given)

    file = check(Waiting(), as_of=AS_OF).files[0]
    assert file.disposition == "unreadable"
    assert "can't be read: the stream doesn't wait for what is to come" in " ".join(
        f.message for f in file.findings)


def test_reading_raises_errors_of_its_own_only() -> None:
    with pytest.raises(NotX12) as error:
        list(read_claims(b"SMITH,JOHN,19700101\n"))
    assert "SMITH" not in str(error.value)  # what is no X12 may be a list of patients
    with pytest.raises(UnsupportedGuide):
        remittance = GOOD.replace("837*0001", "835*0001").replace("GS*HC", "GS*HP").replace("X222A1", "X221A1")
        list(read_claims(remittance.encode()))
    for seed in range(300):
        chance = random.Random(seed)
        content = bytearray(GOOD.encode())
        for _ in range(chance.randrange(1, 6)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            for claim in read_claims(bytes(content)):
                assert claim.index
        except EdiCheckError:
            continue


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Claims enough that their rows are on disk."""
    path = tmp_path_factory.mktemp("batch") / "batch.837"
    path.write_bytes(b"".join(generate(600, seed=5, faults=0.5)))
    return path


@pytest.mark.parametrize("kind", ["path", "bytes", "gzip", "side by side"])
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda report: pickle.loads(pickle.dumps(report))])
def test_a_report_is_copied_whole(batch: Path, kind: str, copied: Callable[[Any], Any]) -> None:
    data = batch.read_bytes()
    source = {"path": batch, "bytes": data, "gzip": gzip.compress(data), "side by side": [batch, str(batch)]}[kind]
    report = check(source, as_of=AS_OF, jobs=2, name="batch")
    other = copied(report)
    told = edi_check.render(report, "html"), report.to_dict()
    assert (edi_check.render(other, "html"), other.to_dict()) == told
    assert other.files[0].read_at(9, 1000) == data[9:1009]
    del report
    assert other.to_dict() == told[1]


@pytest.mark.parametrize("kind", ["path", "bytes", "gzip"])
def test_a_report_is_told_in_several_threads_at_once(batch: Path, kind: str) -> None:
    """A server does: rows and texts of one report's claims were read at the place that another thread had gone to."""
    data = batch.read_bytes()
    source = {"path": batch, "bytes": data, "gzip": gzip.compress(data)}[kind]
    report = check(source, as_of=AS_OF)
    forms = ["json", "html", "sarif", "text"]
    once = {form: edi_check.render(report, form) for form in forms}
    report = check(source, as_of=AS_OF)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            asked = [(n, form, threads.submit(edi_check.render, report, form)) for n in range(6) for form in forms]
            assert [(n, form) for n, form, told in asked if told.result() != once[form]] == []
    finally:
        sys.setswitchinterval(interval)


def test_bytes_are_not_copied_to_be_told() -> None:
    source = Source(b"x" * (1 << 23))
    for _ in source.chunks():
        pass
    tracemalloc.start()
    try:
        assert source.read_at(5, 3) == b"xxx"
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def _in_a_pool(paths: list[str]) -> int:
    return check(paths, as_of=AS_OF, jobs=2).exit_code


def test_several_jobs_in_a_process_that_may_have_no_children(batch: Path) -> None:
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(_in_a_pool, [[str(batch), str(batch)]]) == 1


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    check(GOOD.encode(), as_of=AS_OF, progress=lambda taken, claims: told.append((taken, claims)))
    assert told[-1][0] == len(GOOD)


def test_the_library_leaves_the_process_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    before = (gc.isenabled(), signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    edi_check.render(check(BAD.encode(), as_of=AS_OF), "text")
    assert (gc.isenabled(), signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    assert capsys.readouterr() == ("", "")


def feed_slowly(outer: int, data: bytes, pause: float = 0.05) -> None:
    half = len(data) // 2
    with open(outer, "wb", buffering=0) as out:
        for part in (data[:half], data[half:]):
            time.sleep(pause)
            out.write(part)


@pytest.mark.parametrize("data", [GOOD.encode(), gzip.compress(GOOD.encode())])
def test_a_pipe_that_does_not_block_is_waited_for(data: bytes) -> None:
    """What wasn't there yet was taken for the end: a valid file was said to be empty, or cut off."""
    inner, outer = os.pipe()
    os.set_blocking(inner, False)
    feeding = Thread(target=feed_slowly, args=(outer, data))
    feeding.start()
    with open(inner, "rb") as stream:
        assert check(stream, as_of=AS_OF).files[0].disposition == "accepted"
    feeding.join()


@pytest.mark.parametrize("arguments", [
    ["check", "-f", "ndjson", "--as-of", AS_OF, "-"], ["lines", "-"], ["redact", "-"], ["explain", "-"]])
def test_standard_input_that_does_not_block_is_waited_for(arguments: list[str]) -> None:
    data = GOOD.encode()
    if arguments[0] == "explain":
        data = TA1
    command = [sys.executable, "-m", "edi_check", *arguments]
    whole = subprocess.run(command, input=data, capture_output=True, check=False)
    inner, outer = os.pipe()
    os.set_blocking(inner, False)
    with subprocess.Popen(command, stdin=inner, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        os.close(inner)
        feed_slowly(outer, data, 1)
        out, err = process.communicate()
    assert (process.returncode, err) == (0, whole.stderr)
    assert arguments[0] == "redact" or out == whole.stdout
    assert len(out) == len(whole.stdout) > 0
