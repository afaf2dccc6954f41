"""The split: every claim goes to one side, byte for byte, and each side is judged as it was before."""

from __future__ import annotations

import io
import random
import re
from pathlib import Path

import pytest
from acknowledged import added_up, interchanges
from test_telling_acknowledgments import SAMPLES, mutated, original

import edi_check
from edi_check.generating import generate
from edi_check.report import FileReport, Report
from edi_check.telling.split import write_split

AS_OF = "2026-11-21"

ACROSS = re.compile(r"CORE-DUP-|PSRC-MT-0[34]|PSRC-MT-18|CMS-MT-0[19]|CMS-MT-15|OHP-|NCCI-")
"""Edits that look at other claims of the file: apart from those, a claim may not be refused for them."""

WRITTEN_ANEW = re.compile(r"TA1-|AK9-|IK5-")
"""Faults of the control segments that a split writes anew."""


def judged(data: bytes | Path, **more: object) -> Report:
    return edi_check.check(data, as_of=AS_OF, **more)  # type: ignore[arg-type]


def part(file: FileReport, name: str) -> bytes:
    out = io.BytesIO()
    count = write_split(file, name, out, AS_OF)
    assert (count > 0) == bool(out.getvalue())
    return out.getvalue()


def claims_of(file: FileReport) -> list[bytes]:
    """Each claim's bytes."""
    return [file.read_at(c.offset, c.length) for c in file.claims()]


def held(data: bytes, **more: object) -> None:
    """Split a file and judge its parts: everything that the split promises."""
    file = judged(data, **more).files[0]
    sides: dict[str, list[bytes]] = {"accepted": [], "rejected": []}
    reasons: dict[bytes, list[set[str]]] = {}
    for claim, text in zip(file.claims(), claims_of(file), strict=True):
        side = "rejected" if claim.disposition == "rejected" else "accepted"
        sides[side].append(text)
        reasons.setdefault(text, []).append({f.edit for f in claim.findings if f.level == "reject"})
    for side, texts in sides.items():
        written = part(file, side)
        if not written:
            assert not texts
            continue
        for one in interchanges(written.decode("latin-1")):
            added_up(one)
        again = judged(written, **more).files[0]
        assert [t.rstrip(b"~") for t in claims_of(again)] == [t.rstrip(b"~") for t in texts]
        if side == "accepted":
            assert again.counts.rejected == 0, [(f.edit, f.message) for f in again.findings if f.level == "reject"]
            assert again.disposition == "accepted"
            assert b"".join(claims_of(judged(part(again, "accepted"), **more).files[0])) == b"".join(texts)
            assert part(again, "rejected") == b""
        else:
            for claim, text in zip(again.claims(), claims_of(again), strict=True):
                before = reasons[text if text in reasons else text.rstrip(b"~")]
                now = {f.edit for f in claim.findings if f.level == "reject"}
                is_cut = file.disposition == "unreadable"  # what a claim lost its end by is new
                assert any(_apart(now) == _apart(b) or (is_cut and _apart(b) < now) for b in before), (now, before)


def _apart(edits: set[str]) -> set[str]:
    return {e for e in edits if not ACROSS.match(e) and not WRITTEN_ANEW.match(e)}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_fixtures(path: Path) -> None:
    held(path.read_bytes())


@pytest.mark.parametrize("seed", range(3))
def test_generated_files(seed: int) -> None:
    held(b"".join(generate(60, seed=seed, faults=0.3)))


@pytest.mark.parametrize("seed", range(4))
def test_mutated_files(seed: int) -> None:
    rng, segments = random.Random(100 + seed), original(seed)
    for _ in range(25):
        held(mutated(rng, segments), packs=["CORE"])


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 20))
def test_thousands_of_mutated_files(seed: int) -> None:
    rng, segments = random.Random(100 + seed), original(seed)
    for _ in range(1000):
        held(mutated(rng, segments), packs=("CORE",))


def test_levels_are_renumbered_and_empty_ones_dropped() -> None:
    path = next(p for p in SAMPLES if p.stem == "dependents")
    data = path.read_bytes()
    whole = judged(data).files[0]
    numbers = [c.number for c in whole.claims()]
    bad = data.replace(b"CLM*" + numbers[0].encode(), b"CLM*" + numbers[0].encode() + b"*X", 1)
    file = judged(bad).files[0]
    assert 0 < file.counts.rejected < file.counts.claims
    for side in ("accepted", "rejected"):
        levels = [s[1:4] for one in interchanges(part(file, side).decode()) for s in one.segments if s[0] == "HL"]
        assert [int(n) for n, _, _ in levels] == list(range(1, len(levels) + 1))
        assert all(int(parent or 0) < int(n) for n, parent, _ in levels)


def test_claims_to_review_go_with_the_accepted_or_alone() -> None:
    file = judged(next(p for p in SAMPLES if p.stem == "therapy")).files[0]
    if not file.counts.review:
        pytest.skip("nothing to review in the demo as it stands")
    both, review, rest = (part(file, p) for p in ("accepted", "review", "accepted-only"))
    count = {
        name: judged(data).files[0].counts.claims for name, data in (("both", both), ("review", review), ("rest", rest))
    }
    assert count["both"] == count["review"] + count["rest"] and count["review"] == file.counts.review


def test_line_ends_and_delimiters_stay() -> None:
    for name in ("crlf", "one-line", "other-delimiters", "newline-as-terminator", "crlf-as-terminator"):
        data = next(p for p in SAMPLES if p.stem == name).read_bytes()
        written = part(judged(data).files[0], "accepted")
        assert written[3:4] == data[3:4] and written[104:108] == data[104:108]
        assert re.sub(rb"\d{9}", b"", written) != b"" and len(written.splitlines()) == len(data.splitlines())


def test_control_numbers_are_fresh() -> None:
    data = next(p for p in SAMPLES if p.stem == "one-claim").read_bytes()
    file = judged(data).files[0]
    assert part(file, "accepted") == part(file, "accepted")
    assert part(file, "accepted")[90:99] != data[90:99]
