"""``edi-check compare``: what was mended between two reports, what is new, what remains; claims may have moved."""

from __future__ import annotations

import copy
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import edi_check
from edi_check.cli.main import main
from edi_check.generating import FAULTS, Planned, generate
from edi_check.telling.changes import NotAReport, compare, read_report

DAY = "2026-11-01"


def report(data: bytes, name: str = "batch.837") -> dict[str, Any]:
    result = edi_check.check(data, as_of=DAY, name=name, max_findings=100_000).to_dict()
    assert isinstance(result, dict)
    return result


LEDGER: list[Planned] = []
FAULTY = b"".join(generate(300, 5, faults=FAULTS, share=0.5, ledger=LEDGER))
CLEAN = b"".join(generate(300, 5))
OLD, NEW = report(FAULTY), report(CLEAN)


def test_what_was_planted_and_mended_is_told_claim_by_claim() -> None:
    (file,) = compare(OLD, NEW).files
    assert (file.new, file.remaining, file.lost) == ([], [], [])
    mended = {(f["claim_number"], f["edit"]) for f in file.mended}
    assert {(p.number, p.edit) for p in LEDGER} <= mended
    assert not file.gone and not file.added and file.claims == 300
    assert {now["disposition"] for _, now in file.turned} == {"accepted"}


def test_the_other_way_round_all_is_new() -> None:
    found = compare(NEW, OLD)
    (file,) = found.files
    assert len(file.new) == len(OLD["files"][0]["findings"]) and not file.mended and not file.remaining
    assert found.is_worse("reject") and not found.is_worse("never") and not compare(OLD, NEW).is_worse("note")


def moved(data: dict[str, Any], seed: int) -> dict[str, Any]:
    """The report as if the claims stood in another order, and everything else with them."""
    data = copy.deepcopy(data)
    (file,) = data["files"]
    order = list(range(1, len(file["claims"]) + 1))
    random.Random(seed).shuffle(order)
    for claim in file["claims"]:
        claim["index"] = order[claim["index"] - 1]
        claim["segment"] += 1000 * claim["index"]
        claim["offset"] += 50_000 * claim["index"]
    file["claims"].sort(key=lambda c: c["index"])
    for f in file["findings"]:
        if f["claim"]:
            f["claim"] = order[f["claim"] - 1]
            f["where"] |= {"segment": f["where"]["segment"] + 1000 * f["claim"], "line": 0, "offset": 0}
    file["findings"].sort(key=lambda f: (f["where"]["segment"], f["edit"], f["claim"], f["line"]))
    file["path"] = "another-name.837"
    return data


@pytest.mark.parametrize("seed", range(4))
def test_claims_that_moved_are_found_again(seed: int) -> None:
    (file,) = compare(OLD, moved(OLD, seed)).files
    assert not file.new and not file.mended and len(file.remaining) == len(OLD["files"][0]["findings"])
    assert not file.turned and not file.gone and not file.added
    assert (file.old_path, file.new_path) == ("batch.837", "another-name.837")


def changed(change: Any) -> dict[str, Any]:
    data = copy.deepcopy(OLD)
    change(data["files"][0])
    return data


def test_one_mended_one_new_one_graver() -> None:
    first, second, third = [f for f in OLD["files"][0]["findings"] if f["claim"] and f["level"] == "warn"][:3]

    def change(file: dict[str, Any]) -> None:
        file["findings"] = [f for f in file["findings"] if f != first]
        next(f for f in file["findings"] if f == second)["level"] = "reject"
        file["findings"].append(third | {"edit": "CORE-BAL-01"})

    found = compare(OLD, changed(change))
    (file,) = found.files
    assert file.mended == [first] and [f["edit"] for f in file.new] == ["CORE-BAL-01"]
    assert [(a["level"], b["level"]) for a, b in file.raised] == [("warn", "reject")]
    assert found.is_worse("reject")


def test_a_graver_level_alone_makes_it_worse_and_a_milder_one_does_not() -> None:
    def change(file: dict[str, Any]) -> None:
        next(f for f in file["findings"] if f["level"] == "warn")["level"] = "reject"

    assert compare(OLD, changed(change)).is_worse("reject")
    assert not compare(changed(change), OLD).is_worse("note")


def test_a_line_that_came_before_moves_its_findings_not_more() -> None:
    def change(file: dict[str, Any]) -> None:
        for f in file["findings"]:
            f["line"] += bool(f["line"])

    (file,) = compare(OLD, changed(change)).files
    assert not file.new and not file.mended


def test_claims_that_came_and_went() -> None:
    faulty = {f["claim"] for f in OLD["files"][0]["findings"]}
    gone = next(c for c in OLD["files"][0]["claims"] if c["index"] in faulty)

    def change(file: dict[str, Any]) -> None:
        file["claims"] = [c for c in file["claims"] if c["index"] != gone["index"]]
        file["findings"] = [f for f in file["findings"] if f["claim"] != gone["index"]]

    (file,) = compare(OLD, changed(change)).files
    assert file.gone == [gone] and file.lost and not file.mended and not file.new
    (file,) = compare(changed(change), OLD).files
    assert file.added == [gone] and {f["claim"] for f in file.new} == {gone["index"]}


def test_a_claim_whose_number_was_corrected_is_the_same_claim() -> None:
    charges = [c["charge"] for c in OLD["files"][0]["claims"]]
    claim = next(c for c in OLD["files"][0]["claims"] if charges.count(c["charge"]) == 1)

    def change(file: dict[str, Any]) -> None:
        next(c for c in file["claims"] if c == claim)["number"] = "CORRECTED-1"

    (file,) = compare(OLD, changed(change)).files
    assert not file.gone and not file.added and file.claims == 300 and not file.new


def test_a_number_that_stands_twice_is_matched_in_order() -> None:
    def repeat(file: dict[str, Any]) -> None:
        for claim in file["claims"]:
            claim["number"] = "SAME"

    (file,) = compare(changed(repeat), changed(repeat)).files
    assert not file.new and not file.mended and file.claims == 300


def test_several_files_by_path_content_and_name() -> None:
    old, new = copy.deepcopy(OLD), copy.deepcopy(NEW)
    others = [report(b"".join(generate(5, seed, faults=FAULTS)), f"in/{seed}.837") for seed in (1, 2, 3)]
    old["files"] += [copy.deepcopy(one["files"][0]) for one in others]
    new["files"] = [copy.deepcopy(one["files"][0]) for one in reversed(others[1:])] + new["files"]
    new["files"][0]["path"] = "elsewhere/3.837"
    new["files"].append(report(b"".join(generate(4, 9)), "quite/new.837")["files"][0] | {"path": "quite/new.837"})
    files = compare(old, new).files
    assert [(f.old_path, f.new_path) for f in files] == [
        ("in/3.837", "elsewhere/3.837"), ("in/2.837", "in/2.837"), ("batch.837", "batch.837"),
        ("in/1.837", "quite/new.837")]
    assert all(not f.new and not f.mended for f in files[:2])


def test_remarks_say_what_makes_it_less_sure() -> None:
    other = copy.deepcopy(OLD) | {"as_of": "2027-01-01", "packs": []}
    other["files"][0]["omitted"] = {"CORE-BAL-01": 3}
    remarks = " ".join(compare(OLD, other).remarks)
    assert "days of receipt" in remarks and "packs" in remarks and "only a part" in remarks
    assert "leave out" not in remarks
    assert "leave out" in " ".join(compare(OLD, OLD | {"left_out": ["SNIP 4-7"]}).remarks)


def test_what_the_settings_left_out_is_known_of_ndjson_too() -> None:
    whole, some = (edi_check.check(FAULTY, as_of=DAY, snip=snip) for snip in ((1, 7), (1, 3)))
    lines, less = (read_report(edi_check.render(report, "ndjson") or "") for report in (whole, some))
    told = [" ".join(compare(a, b).remarks) for a, b in (
        (whole.to_dict(), lines), (some.to_dict(), less), (lines, less), (whole.to_dict(), less))]
    assert ["leave out" in one for one in told] == [False, False, True, True]


# The command


def written(path: Path, data: dict[str, Any]) -> str:
    path.write_text(json.dumps(data))
    return str(path)


def test_exit_codes_and_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = written(tmp_path / "old.json", OLD), written(tmp_path / "new.json", NEW)
    assert main(["compare", old, new]) == 0
    text = capsys.readouterr().out
    count = len(OLD["files"][0]["findings"])
    assert text.startswith(f"batch.837\n  {count} mended, 0 new, 0 remaining\n")
    assert "rejected before, accepted now" in text
    assert f"and {count - 25} more" in text and max(map(len, text.splitlines())) <= 100
    assert main(["compare", new, old]) == 1
    assert main(["compare", new, old, "--fail-on", "never"]) == 0
    assert main(["compare", new, old, "--fail-on", "off"]) == 2, "as check has it"
    assert main(["compare", old, old]) == 0
    assert main(["compare", "--all", old, new]) == 0
    assert "more:" not in capsys.readouterr().out.rpartition("mended, 0 new")[2]


def test_json_says_it_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = written(tmp_path / "old.json", OLD), written(tmp_path / "new.json", NEW)
    out = tmp_path / "changes.json"
    assert main(["compare", "-f", "json", old, new, "-o", str(out)]) == 0 and out.stat().st_mode & 0o777 == 0o600
    told = json.loads(out.read_text())
    assert told["schema"] == "edi-check.comparison/1" and told["summary"]["exit_code"] == 0
    assert told["summary"]["mended"] == len(told["files"][0]["findings"]["mended"]) == len(OLD["files"][0]["findings"])
    assert main(["compare", "-f", "json", old, old]) == 0
    remaining = json.loads(capsys.readouterr().out)["files"][0]["findings"]["remaining"]
    assert remaining[0]["was"] == remaining[0]["level"]


def test_ndjson_will_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = []
    for name, data in (("old", FAULTY), ("new", CLEAN)):
        (tmp_path / f"{name}.837").write_bytes(data)
        paths.append(str(tmp_path / f"{name}.ndjson"))
        main(["check", "-f", "ndjson", "--as-of", DAY, "-o", paths[-1], str(tmp_path / f"{name}.837")])
    assert main(["compare", *paths]) == 0
    text = capsys.readouterr().out
    assert f"{len(OLD['files'][0]['findings'])} mended, 0 new" in text and "NDJSON doesn't list" in text
    assert main(["compare", *reversed(paths)]) == 1


BROKEN = [b"", b"{", b"[]", b"null", b'{"schema": "edi-check.report/1"}',
          b'{"schema": "edi-check.report/2", "files": []}',
          b'{"schema": "edi-check.report/1", "files": [{"path": 7, "claims": [], "findings": []}]}', b"[" * 100_000,
          b'{"schema": "edi-check.report/1", "files": [{"path": "a", "claims": [{}], "findings": []}]}', b"\xff\xfe",
          b'{"type": "finding"}\n{"type": "file", "path": "a"}\n', b"ISA*00*", b'{"type": "summary"}']


@pytest.mark.parametrize("data", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_report_is_told(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = written(tmp_path / "good.json", NEW)
    bad = tmp_path / "bad.json"
    bad.write_bytes(data)
    for words in ([good, str(bad)], [str(bad), good]):
        assert main(["compare", *words]) == 3
        assert "bad.json" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b'{"path": "M\xfcller"}', gzip.compress(b"{}")], ids=["latin-1", "gzip"])
def test_another_encoding_is_told_in_words(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(data)
    assert main(["compare", written(tmp_path / "good.json", NEW), str(bad)]) == 3
    told = capsys.readouterr().err
    assert f"{bad} is no text in UTF-8" in told and "check -f json -o FILE" in told
    assert "UnicodeDecodeError" not in told


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_what_windows_makes_of_a_report_can_be_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "redirected.json"
    path.write_text(json.dumps(NEW).replace("\n", "\r\n"), encoding=encoding)
    assert main(["compare", str(path), written(tmp_path / "good.json", NEW)]) == 0


def test_any_damage_is_told_or_survived() -> None:
    text = json.dumps(report(b"".join(generate(6, 2, faults=FAULTS))))
    for number in range(300):
        dice = random.Random(number)
        data = list(text)
        for _ in range(dice.choice((1, 2, 5))):
            at = dice.randrange(len(data))
            data[at : at + dice.choice((1, 1, 4, 30))] = dice.choice(('"', "[", "null", "7", "{}", "", "x", "-1"))
        try:
            compare(read_report("".join(data)), NEW)
        except NotAReport:
            continue


def with_another_value(data: Any, value: Any) -> Iterator[Any]:
    """Copies of JSON, each with ``value`` in the place of another one of its values; of lists the first item's only."""
    for at in list(data) if isinstance(data, dict) else range(min(len(data), 1)) if isinstance(data, list) else ():
        changed = copy.copy(data)
        changed[at] = value
        yield changed
        for inner in with_another_value(data[at], value):
            changed = copy.copy(data)
            changed[at] = inner
            yield changed


@pytest.mark.parametrize("value", [[], [1], {}, None, 7, "x", True], ids=repr)
def test_values_of_another_type_are_told_or_survived(value: Any, tmp_path: Path) -> None:
    found = edi_check.check(b"".join(generate(3, 2, faults=FAULTS)), name="batch.837", as_of="2026-06-01")
    path, old = tmp_path / "odd", written(tmp_path / "old.json", found.to_dict())
    rows = [json.loads(line) for line in (edi_check.render(found, "ndjson") or "").splitlines()]
    assert [rows[n]["type"] for n in (0, -2, -1)] == ["finding", "file", "summary"]
    texts = [json.dumps(one) for one in with_another_value(found.to_dict(), value)]
    for n in (0, len(rows) - 2, len(rows) - 1):
        row = rows[n]
        texts += ["\n".join(map(json.dumps, [*rows[:n], one, *rows[n + 1:]])) for one in with_another_value(row, value)]
    for text in texts:
        path.write_text(text)
        assert main(["compare", old, str(path)]) in (0, 1, 3), text


def test_wrong_usage_and_hostile_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = written(tmp_path / "old.json", OLD)
    assert main(["compare", old, str(tmp_path / "none.json")]) == 2
    assert main(["compare", "-", "-"]) == 2
    assert main(["compare", old, old, "-o", old]) == 2
    bad = copy.deepcopy(OLD)
    bad["files"][0]["findings"][0] |= {"message": "\x1b[2Jgone", "claim_number": "\x1b]0;x\x07\u202e", "edit": "NEW-1"}
    assert main(["compare", old, written(tmp_path / "bad.json", bad)]) in (0, 1)
    assert "\x1b" not in capsys.readouterr().out
