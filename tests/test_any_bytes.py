"""Whatever the bytes: findings or "not X12", never another exception, and never called good when something is missing.

Seeded, so that a failure can be run again. EDI_CHECK_TEST_CASES=100000 runs as many as that (default 2,000).
"""

from __future__ import annotations

import os
import random

import pytest
from one_claim import BAD, GOOD

from edi_check import EdiCheckError, FileReport, check, read_claims

CASES = int(os.environ.get("EDI_CHECK_TEST_CASES", "2000"))
AS_OF = "2026-03-01"
ALPHABET = "*~:^\r\n 0123456789ABISAGSTHLNM1CLMSV1LXDTPSEGEIEA"


def judged(content: bytes) -> FileReport:
    """The report of some bytes. Faults of ours are failures here."""
    report = check(content, as_of=AS_OF)
    assert report.exit_code != 70, report.files[0].faults
    return report.files[0]


def mutated(chance: random.Random) -> bytes:
    """A claim file damaged at some places, or bytes that only look like one."""
    kind = chance.randrange(6)
    if kind == 0:
        return chance.randbytes(chance.randrange(400))
    if kind == 1:
        return GOOD[:106].encode() + "".join(chance.choices(ALPHABET, k=chance.randrange(400))).encode()
    content = bytearray(chance.choice((GOOD, BAD)).encode())
    for _ in range(chance.randrange(1, 9)):
        place = chance.randrange(len(content))
        if kind == 2:
            content[place] = chance.randrange(256)
        elif kind == 3:
            del content[place:place + chance.randrange(1, 40)]
        elif kind == 4:
            start = chance.randrange(len(content))
            content[place:place] = content[start:start + chance.randrange(1, 80)]
        else:
            content[place:place + 1] = chance.choice(ALPHABET).encode() * chance.randrange(1, 9)
    return bytes(content)


@pytest.mark.parametrize("part", range(10))
def test_any_bytes_give_findings(part: int) -> None:
    for seed in range(part * CASES // 10, (part + 1) * CASES // 10):
        content = mutated(random.Random(seed))
        file = judged(content)
        if file.disposition == "unreadable":
            assert file.findings, f"seed {seed}: unreadable without a finding; say what, where and what to do"
        assert file.counts.claims == file.counts.accepted + file.counts.review + file.counts.rejected, f"seed {seed}"


def test_a_file_cut_anywhere_is_never_called_good() -> None:
    last = GOOD.rindex("000000001") + len("000000001")
    for end in range(len(GOOD)):
        file = judged(GOOD[:end].encode())
        clean = file.disposition == "accepted" and not file.counts.findings["reject"]
        assert clean == (end >= last), f"cut at byte {end} of {len(GOOD)}: {file.disposition}"


def test_reading_claims_raises_its_own_errors_only() -> None:
    for seed in range(CASES // 4):
        try:
            for claim in read_claims(mutated(random.Random(seed))):
                assert claim.service_lines is not None
        except EdiCheckError:
            pass
