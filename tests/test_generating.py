"""Generated files: the same bytes everywhere, clean for pyx12 and for every edit, and each planted fault found."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from judged import judged, only_file

import edi_check
from edi_check.generating import AS_OF, FAULTS, USUAL, Planned, generate, is_invented_npi, npi
from edi_check.identifiers import is_npi
from edi_check.judging.packs import load_builtin_packs, retired_ids
from edi_check.model import Delimiters

GRAVE = ("reject", "review", "warn")
DAY = AS_OF + datetime.timedelta(2)


def whole(claims: int, seed: int = 1, **options: Any) -> bytes:
    return b"".join(generate(claims, seed, **options))


PINNED: dict[str, dict[str, Any]] = {
    "6629ae9329338974": {"claims": 300, "seed": 1},
    "cdb531d7c59c11c6": {
        "claims": 300, "seed": 1, "faults": 0.2, "newline": "\r\n", "per_set": 70, "sets_per_group": 2,
    },
    "b85949839384a6f7": {
        "claims": 40, "seed": 99, "delimiters": Delimiters("|", "{", ">", "!"), "control_number": 77, "usage": "P",
    },
}  # fmt: skip
"""Beginning of the SHA-256 of the bytes that these arguments give."""


@pytest.mark.parametrize("digest", PINNED)
def test_the_same_arguments_give_the_same_bytes_on_every_python(digest: str) -> None:
    """When the generator is meant to write other data, the digests change with it; when it isn't, they must not."""
    assert hashlib.sha256(whole(**PINNED[digest])).hexdigest()[:16] == digest


def test_claims_without_a_fault_are_the_same_with_faults_and_without() -> None:
    ledger: list[Planned] = []
    clean, mixed = whole(400, 3), whole(400, 3, faults=0.1, ledger=ledger)
    claims = [re.split(rb"(?=~CLM\*)", data) for data in (clean, mixed)]
    changed = sum(a != b for a, b in zip(*claims, strict=True))
    assert 20 < len(ledger) < 60
    assert changed <= 2 * len(ledger) + 2  # a fault of a subscriber's level stands in the piece before


def test_it_is_like_life() -> None:
    """Sizes and shares, roughly: the benchmarks lean on them."""
    data = whole(4000, 5, newline="\n")
    text = data.decode("ascii")
    assert 480 < len(data) / 4000 < 560
    assert 19 < text.count("~") / 4000 < 22.5
    patients = text.count("*22*") + 0.0
    assert 0.12 < len(re.findall(r"HL\*\d+\*\d+\*23\*0", text)) / patients < 0.25
    assert 0.03 < len(re.findall(r"AMT\*D\*", text)) / 4000 < 0.08
    assert len(set(re.findall(r"N3\*[^~]+", text))) > 2500
    assert len(set(re.findall(r"NM1\*IL\*1\*([^~]+)", text))) > 2800
    assert len(set(re.findall(r"REF\*EI\*(\d+)", text))) > 80


def test_every_npi_is_invented() -> None:
    found = set(re.findall(r"\*XX\*(\d+)", whole(3000, 6).decode("ascii")))
    assert len(found) > 200
    assert all(is_invented_npi(n) and is_npi(n) for n in found)
    assert npi(1) == "1900000013" and not is_invented_npi("1900000014") and not is_invented_npi("1234567893")


@pytest.mark.parametrize("options", [
    {"newline": "\n"},
    {"per_set": 20, "sets_per_group": 2},
    {"delimiters": Delimiters("|", "{", ">", "!"), "newline": "\r\n"},
], ids=["plain", "sets", "delimiters"])  # fmt: skip
def test_pyx12_finds_nothing_wrong(options: dict[str, Any], tmp_path: Path) -> None:
    from pyx12.params import params
    from pyx12.x12n_document import x12n_document

    path = tmp_path / "generated.837"
    path.write_bytes(whole(120, 12, **options))
    assert x12n_document(param=params(), src_file=str(path), fd_997=None, fd_html=None)


def test_the_benchmarks_files_stay_the_same() -> None:
    """A new fault is for who names it; where only a share is asked for, the list is closed (``USUAL``)."""
    assert len(USUAL) == 85 and set(USUAL) < set(FAULTS)
    data = whole(10_000, 1, faults=0.05, newline="\n")
    assert hashlib.sha256(data).hexdigest()[:16] == "7d2d38f106c3ea64"


@pytest.mark.parametrize("as_of", [datetime.date(2025, 1, 1), datetime.date(2033, 7, 5), datetime.date(2079, 12, 31)])
def test_other_days_are_as_clean(as_of: datetime.date) -> None:
    report = edi_check.check(whole(800, 3, as_of=as_of), as_of=as_of)
    assert only_file(report).disposition == "accepted"
    assert not [f.message for f in only_file(report).findings if f.level in GRAVE]
    with pytest.raises(ValueError, match="between"):
        whole(5, as_of=datetime.date(2024, 12, 31))


@pytest.mark.parametrize("seed", [1, 2])
def test_without_faults_no_edit_fires(seed: int) -> None:
    report = judged(whole(1500, seed, newline="\n", per_set=400))
    assert [(f.edit, f.message, f.where.text) for f in only_file(report).findings if f.level in GRAVE] == []
    assert only_file(report).counts.claims == 1500


@pytest.mark.parametrize("seed", [7, 8])
def test_every_planted_fault_is_found_and_nothing_else(seed: int) -> None:
    """Ledger against report, claim by claim: the edit of the fault at its level, nothing else but what the ledger says
    may come besides, nothing on the other claims and nothing above claims. Every kind of fault has its turn."""
    ledger: list[Planned] = []
    report = judged(whole(6000, seed, faults=FAULTS, share=0.8, ledger=ledger), max_findings=100_000)
    found: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for f in only_file(report).findings:
        found[f.claim].add((f.edit, f.level))
    assert {p.fault for p in ledger} == set(FAULTS), "some fault suited no claim"
    for p in ledger:
        expected = {(p.edit, p.level)}
        surplus = {one for one in found[p.claim] - expected if one[0] not in p.also and one[1] in GRAVE}
        assert (expected <= found[p.claim], surplus) == (True, set()), f"{p}: {sorted(found[p.claim])}"
    planted = {p.claim for p in ledger}
    assert not {claim: edits for claim, edits in found.items()
                if claim not in planted and any(level in GRAVE for _, level in edits)}


def test_every_edit_that_a_claim_can_break_has_a_fault() -> None:
    covered = {fault.edit for fault in FAULTS.values()}
    left = {data.edit.id for pack in load_builtin_packs() for data in pack.edits if pack.id != "GUIDE"} - covered
    without = {"CORE-SIT-11", "CORE-DX-07", "CORE-LIN-11", "CORE-FILE-01", "CORE-FILE-02", "CORE-FILE-03",
               "CORE-DUP-04", "NCCI-01", "NCCI-02", "NCCI-03", "OHP-MT-07", "PSRC-MT-17"}
    assert left == without, (
        f"{sorted(left - without)}: plant it in edi_check/generating/faults/, a function of a few lines and a row of "
        "FAULTS (CONTRIBUTING.md has one), or name it here when no claim can break it; "
        f"{sorted(without - left)} have one")


def test_named_faults_only() -> None:
    ledger: list[Planned] = []
    whole(200, 2, faults=["npi-check-digit", "duplicate-claim"], ledger=ledger)
    assert {p.fault for p in ledger} == {"npi-check-digit", "duplicate-claim"}
    ledger.clear()
    whole(400, 2, faults=["npi-check-digit"], share=0.1, ledger=ledger)
    assert 15 < len(ledger) < 60


def test_faults_name_edits_that_exist() -> None:
    """Or that a pack of a later version brings; a retired one never."""
    packs = load_builtin_packs()
    known = {entry.edit.id for pack in packs for entry in pack.edits}
    assert not {f.edit for f in FAULTS.values()} & set(retired_ids())
    for fault in FAULTS.values():
        is_of_a_pack = any(fault.edit.startswith(pack.id) for pack in packs) or fault.edit[:2] in ("IK", "AK", "TA")
        assert fault.edit in known or not is_of_a_pack, (
            f"{fault.name} is to be found by {fault.edit}, which no pack has"
        )


@pytest.mark.parametrize(("options", "words"), [
    ({"claims": 0}, "one claim"),
    ({"claims": 5, "faults": ["no-such-fault"]}, "no-such-fault"),
    ({"claims": 5, "delimiters": Delimiters("*", "^", ":", "*")}, "must differ"),
    ({"claims": 5, "delimiters": Delimiters("A", "^", ":", "~")}, "letters"),
    ({"claims": 5, "delimiters": Delimiters("é", "^", ":", "~")}, "be ASCII"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        whole(**options)
