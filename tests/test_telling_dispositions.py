"""Dispositions: who refuses what, row by row of the contract's section 4."""

from __future__ import annotations

import pytest

from edi_check.findings import Counts, Finding
from edi_check.model import FunctionalGroup, Interchange, TransactionSet
from edi_check.report import TransactionResult
from edi_check.telling.dispositions import (
    EnvelopeFaults,
    claim_disposition,
    file_disposition,
    is_answerable,
    is_nameable,
    refused_sets,
    settle_envelope,
)


def two_interchanges() -> list[Interchange]:
    """Interchange 1: group 1 with sets 1 and 2, group 2 with set 3. Interchange 2: group 3 with set 4."""
    layout = {1: {1: (1, 2), 2: (3,)}, 2: {3: (4,)}}
    return [
        Interchange(
            index=i,
            control_number=f"{i:09d}",
            date="261101",
            time="1200",
            groups=[
                FunctionalGroup(index=g, sets=[TransactionSet(index=s, claims=1) for s in sets])
                for g, sets in groups.items()
            ],
        )
        for i, groups in layout.items()
    ]


def finding(edit: str, scope: str = "claim", level: str = "reject", number: int = 1) -> Finding:
    """A finding about interchange, group, set or level ``number``, or about a claim of set ``number``."""
    f = Finding(edit, "", level=level, scope=scope, interchange=1, group=1, set_index=number)
    if edit.startswith("TA1-") or scope == "interchange":
        f.interchange = number
    elif edit.startswith("AK9-") or scope == "group":
        f.group = number
    elif scope in ("provider", "subscriber", "patient"):
        f.level_number, f.set_index = number, 1
    return f


def settle(*findings: Finding, strict: bool = False, unanswerable: tuple[int, ...] = ()) -> tuple[str, str, str, str]:
    """TA104s, AK901s, IK501s in order, and the refused sets with what refuses them."""
    faults = EnvelopeFaults()
    for f in findings:
        faults.add(f)
    file = two_interchanges()
    result = settle_envelope(file, faults, strict, unanswerable)
    refused = " ".join(f"{s}:{why}" for s, why in refused_sets(file, result, faults).items())
    return "".join(result.ta1.values()), "".join(result.ak9.values()), "".join(result.ik5.values()), refused


CASES = {
    "nothing": ([], ("AA", "AAA", "AAAA", "")),
    "fault inside a claim": ([finding("IK4-7")], ("AA", "EAA", "EAAA", "")),
    "fault of a subscriber": ([finding("IK3-3", "subscriber", number=9)], ("AA", "EAA", "EAAA", "")),
    "fault of a billing provider": ([finding("IK4-1", "provider", number=9)], ("AA", "EAA", "EAAA", "")),
    "every set with errors, none refused": (
        [finding("IK4-7", number=1), finding("IK4-7", number=2)],
        ("AA", "EAA", "EEAA", ""),
    ),
    "fault of the header": ([finding("IK4-1", "set")], ("AA", "PAA", "RAAA", "1:ik5")),
    "fault of a control segment": ([finding("IK5-4", "claim")], ("AA", "PAA", "RAAA", "1:ik5")),
    "fault of the hierarchy": ([finding("CORE-SIT-11", "set")], ("AA", "PAA", "RAAA", "1:ik5")),
    "the group's only set refused": ([finding("IK5-3", number=3)], ("AA", "ARA", "AARA", "3:ik5")),
    "refused and with errors": ([finding("IK5-3", number=2), finding("IK4-7")], ("AA", "PAA", "ERAA", "2:ik5")),
    "fault of the group": ([finding("AK9-5")], ("AA", "RAA", "AAAA", "1:ak9 2:ak9")),
    "fault of the interchange": ([finding("TA1-001")], ("RA", "AAA", "AAAA", "1:ta1 2:ta1 3:ta1")),
    "interchange and set": (
        [finding("TA1-021"), finding("IK5-4", number=3)],
        ("RA", "ARA", "AARA", "1:ta1 2:ta1 3:ta1"),
    ),
    "duplicate interchange": ([finding("CORE-DUP-04", "interchange", number=2)], ("AR", "AAA", "AAAA", "4:ta1")),
    "policy edit of a claim": ([finding("PSRC-MT-03")], ("AA", "AAA", "AAAA", "")),
    "policy edit of a provider": ([finding("CORE-SIT-06", "provider")], ("AA", "AAA", "AAAA", "")),
    "re-levelled claim fault leaves the 999": ([finding("IK4-7", level="review")], ("AA", "AAA", "AAAA", "")),
    "re-levelled set fault leaves the 999": ([finding("IK5-4", level="warn")], ("AA", "AAA", "AAAA", "")),
    "re-levelled group fault": ([finding("AK9-2", level="warn")], ("AA", "AAA", "AAAA", "")),
    "interchange with a warning": ([finding("TA1-023", level="warn")], ("EA", "AAA", "AAAA", "")),
    "interchange with a note": ([finding("TA1-023", level="note")], ("AA", "AAA", "AAAA", "")),
}


@pytest.mark.parametrize("case", CASES)
def test_envelope(case: str) -> None:
    findings, expected = CASES[case]
    assert settle(*findings) == expected


def test_strict_refuses_the_set_for_any_fault() -> None:
    assert settle(finding("IK4-7"), strict=True) == ("AA", "PAA", "RAAA", "1:ik5")
    assert settle(finding("IK4-7", level="warn"), strict=True) == ("AA", "AAA", "AAAA", "")
    assert settle(finding("PSRC-MT-03"), strict=True) == ("AA", "AAA", "AAAA", "")


def test_a_set_that_no_277ca_can_answer_is_refused() -> None:
    assert settle(unanswerable=(2,)) == ("AA", "PAA", "ARAA", "2:ik5")


def test_what_is_no_837p_is_refused() -> None:
    file = two_interchanges()
    file[1].groups[0].is_professional = False
    file[1].groups[0].sets[0].is_professional = False
    result = settle_envelope(file, EnvelopeFaults())
    assert result.ak9[3] == "R" and result.ik5[4] == "R"
    assert refused_sets(file, result, EnvelopeFaults()) == {4: "ak9"}


def test_a_group_without_sets_is_refused() -> None:
    interchange = Interchange(index=1, groups=[FunctionalGroup(index=1)])
    assert settle_envelope([interchange], EnvelopeFaults()).ak9 == {1: "R"}


def test_claims_inherit_from_their_own_levels_only() -> None:
    faults = EnvelopeFaults()
    faults.add(finding("IK4-1", "provider", number=2))
    faults.add(finding("IK3-3", "subscriber", number=7))
    faults.add(finding("CORE-SIT-07", "patient", number=4))
    faults.add(finding("IK3-3", "subscriber", level="warn", number=8))
    assert faults.inherits(2, 1) and faults.inherits(1, 7) and faults.inherits(1, 1, 4)
    assert not faults.inherits(1, 8) and not faults.inherits(3, 6, 0)


@pytest.mark.parametrize(
    "levels, inherited, refused, expected",
    [
        ([], False, False, "accepted"),
        (["note", "warn"], False, False, "accepted"),
        (["warn", "review"], False, False, "review"),
        (["review", "reject"], False, False, "rejected"),
        (["off"], False, False, "accepted"),
        (["review"], True, False, "rejected"),
        (["review"], False, True, "rejected"),
    ],
)
def test_claim(levels: list[str], inherited: bool, refused: bool, expected: str) -> None:
    assert claim_disposition(levels, inherited, refused) == expected


@pytest.mark.parametrize(
    "claims, rejected, results, file_faults, expected",
    [
        (3, 0, "AAA", (), "accepted"),
        (3, 1, "AAE", (), "partial"),
        (3, 3, "AAE", (), "rejected"),
        (3, 3, "RAA", (), "rejected"),
        (0, 0, "AAA", (), "accepted"),
        (0, 0, "ARR", (), "rejected"),
        (3, 0, "ARA", (), "partial"),
        (0, 0, "AAA", ("CORE-FILE-01",), "unreadable"),
        (3, 0, "AAA", ("CORE-FILE-03",), "unreadable"),
    ],
)
def test_file(claims: int, rejected: int, results: str, file_faults: tuple[str, ...], expected: str) -> None:
    answers = TransactionResult(*({1: r} for r in results))
    counts = Counts(claims=claims, rejected=rejected)
    assert file_disposition(counts, EnvelopeFaults(file=set(file_faults)), answers) == expected


def test_a_file_with_a_refused_level_that_lost_its_claim_is_not_accepted() -> None:
    answers = TransactionResult({1: "A"}, {1: "E"}, {1: "E"})
    for level in ("provider", "subscriber", "patient"):
        faults = EnvelopeFaults()
        faults.add(finding("IK3-2", level))
        assert file_disposition(Counts(claims=3), faults, answers) == "partial"
        faults = EnvelopeFaults()
        faults.add(finding("IK3-2", level, "warn"))
        assert file_disposition(Counts(claims=3), faults, answers) == "accepted"


def test_a_file_cut_off_is_unreadable() -> None:
    faults = EnvelopeFaults()
    faults.add(finding("TA1-023"))
    assert file_disposition(Counts(claims=2, rejected=2), faults, TransactionResult({1: "R"}, {}, {})) == "unreadable"


def test_what_a_ta1_must_repeat() -> None:
    good = two_interchanges()[0]
    assert is_answerable(good)
    for name, value in (("control_number", "12345678A"), ("control_number", "1"), ("date", "26110X"), ("time", "12"),
                        ("time", "09\xb20"), ("date", "26110\xb9"), ("control_number", "00000000\xb3")):
        bad = two_interchanges()[0]
        setattr(bad, name, value)
        assert not is_answerable(bad)
        assert file_disposition(Counts(), EnvelopeFaults(), TransactionResult({}, {}, {}), [good, bad]) == "unreadable"


def test_a_provider_needs_a_name_and_an_id() -> None:
    assert is_nameable(("CLINIC", "XX", "1900000013"))
    assert is_nameable(("CLINIC", "", "", "2", "CLINIC", "", "", "", "123456789", 1))
    assert not is_nameable(("CLINIC", "", "")) and not is_nameable((" ", "XX", "1900000013"))
