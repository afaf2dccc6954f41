"""TA1, 999 and 277CA: pyx12 takes them, they add up, and they say what the reports say."""

from __future__ import annotations

import io
import random
import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import made_reports as made
import pytest
from acknowledged import Interchange, added_up, answers, batches, interchanges, pyx12_faults
from one_claim import GOOD

import edi_check
from edi_check.findings import Finding, Status, Where
from edi_check.generating import generate
from edi_check.model import Delimiters, Party
from edi_check.report import FileReport
from edi_check.telling.acknowledgments import KINDS, Acknowledgments
from edi_check.telling.settings import AckSettings
from edi_check.telling.statuses import line_codes
from edi_check.telling.syntax_answer import SETS
from edi_check.telling.x12 import ControlNumbers, Dialect, amount

AS_OF = "2026-11-21"
FILES = Path(__file__).resolve().parent.parent / "fixtures"
GOLDEN = sorted(FILES.glob("files/fail/*.837")) + [
    FILES / "files" / "pass" / f"{name}.837"
    for name in (
        "acknowledgment-requested",
        "all-parties",
        "dependents",
        "several-interchanges",
        "several-sets-and-groups",
    )
]
SAMPLES = sorted(FILES.glob("files/*/*.837")) + sorted(FILES.glob("demo/*.837"))


def judged(data: bytes | Path, **more: object) -> FileReport:
    return edi_check.check(data, as_of=AS_OF, **more).files[0]  # type: ignore[arg-type]


def held(file: FileReport) -> dict[str, list[Interchange]]:
    """The answers to a file, each held to pyx12, to its own counts, and to the report."""
    read = {kind: list(interchanges(text)) for kind, text in answers(file).items()}
    for kind, ones in read.items():
        for one in ones:
            added_up(one)
            assert kind == "ta1" or pyx12_faults(one) == [], kind
    agrees(file, read)
    return read


def agrees(file: FileReport, read: dict[str, list[Interchange]]) -> None:
    """Results and counts of the answers are those of the report."""
    sets = {s.index: s for i in file.interchanges for g in i.groups for s in g.sets}
    ik5 = Counter(s[1] for one in read.get("999", []) for s in one.segments if s[0] == "IK5")
    told = Counter(
        file.results.ik5[s.index]
        for i in file.interchanges
        for g in i.groups
        for s in g.sets
        if file.results.ta1[i.index] != "R" and g.is_professional and g.functional_id == "HC" and s.id_code in SETS
    )
    assert ik5 == told
    claims = [c for c in file.claims() if c.set_index not in file.refused_sets]
    told_of = [level for one in read.get("277ca", []) for level in batches(one)]
    kept = [c for c in claims if c.disposition != "rejected"]
    assert sum(b.accepted for b in told_of) == len(kept)
    assert sum(b.rejected for b in told_of) == len(claims) - len(kept)
    assert sum(b.accepted_charge for b in told_of) == sum(Decimal(amount(c.charge)) for c in kept)
    assert sum(b.charge for b in told_of) == sum(Decimal(amount(c.charge)) for c in claims)
    assert len(told_of) == len(set(sets) - set(file.refused_sets))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_answers_to_the_fixtures(path: Path) -> None:
    held(judged(path))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.stem)
def test_answers_are_as_written(path: Path, golden: Callable[[str | Path, str], None]) -> None:
    """What a trading partner gets. Read the goldens segment by segment when they change."""
    texts = answers(judged(path.read_bytes(), name=path.name))
    for kind in KINDS:
        kept = path.with_suffix(f".{kind}")
        if kind in texts:
            golden(kept, texts[kind])
        else:
            assert not kept.exists(), f"nothing is written there any more: delete {kept}"


def mutated(rng: random.Random, segments: list[bytes]) -> bytes:
    """A file with one to three of its segments damaged, dropped, doubled or moved; ISA stays."""
    segments = list(segments)
    for _ in range(rng.randint(1, 3)):
        n = rng.randrange(1, len(segments))
        match rng.randrange(6):
            case 0:
                del segments[n]
            case 1:
                segments.insert(n, segments[n])
            case 2:
                segments.insert(rng.randrange(1, len(segments)), segments.pop(n))
            case _:
                elements = segments[n].split(b"*")
                at = rng.randrange(len(elements))
                elements[at] = rng.choice(
                    [b"", b"0", b"X", b"ZZZZ", b"20261399", b"A:B", b"\x07", b"\xe9^", b"9" * 90, b" "]
                )
                segments[n] = b"*".join(elements)
    return b"~".join(segments) + b"~"


def scrambled(rng: random.Random, segments: list[bytes]) -> bytes:
    """A file with one to four of its bytes dropped, changed or added anywhere, the ISA included, or its end cut off."""
    data = bytearray(b"~".join(segments) + b"~")
    for _ in range(rng.randint(1, 4)):
        if not data:
            break
        at = rng.randrange(len(data) if rng.random() < 0.6 else min(110, len(data)))
        character = rng.choice(b"*:~^\n\r A0\x00\x1d\xe9|>")
        match rng.randrange(5):
            case 0:
                del data[at : at + rng.randint(1, 5)]
            case 1 | 2:
                data[at] = character
            case 3:
                data.insert(at, character)
            case _:
                del data[max(at, 1) + (0 if rng.random() < 0.2 else len(data)) :]
    return bytes(data)


def original(seed: int) -> list[bytes]:
    """The segments of a generated file."""
    return [s.strip() for s in b"".join(generate(6, seed=seed, faults=0.3)).split(b"~")][:-1]


@pytest.mark.parametrize("damage", [mutated, scrambled])
@pytest.mark.parametrize("seed", range(3))
def test_answers_to_damaged_files(seed: int, damage: Callable[[random.Random, list[bytes]], bytes]) -> None:
    rng, segments = random.Random(seed), original(seed)
    for _ in range(30):
        held(judged(damage(rng, segments), packs=["CORE"]))


@pytest.mark.long
@pytest.mark.parametrize("damage", [mutated, scrambled])
@pytest.mark.parametrize("seed", range(10, 20))
def test_answers_to_thousands_of_damaged_files(
    seed: int, damage: Callable[[random.Random, list[bytes]], bytes]
) -> None:
    rng, segments = random.Random(seed), original(seed)
    for _ in range(1000):
        held(judged(damage(rng, segments), packs=("CORE",)))


def segments_of(text: str, *names: str) -> list[str]:
    return [s for s in text.replace("\n", "").split("~") if s.split("*")[0] in names]


def bad() -> made.MadeFile:
    """The made file with everything an acknowledgment needs."""
    file = made.bad()
    lines = (("SV1*HC:97140:GP*60*UN*2***1", "L1", "20260203"), ("SV1*HC:97124*60*UN*5***1", "L2", "20260203"))
    file.made = [
        c._replace(
            ak=("DOE", "JANE", "", "", "MI", f"MEM{c.index}", "", "20260203", "20260203", lines),
            levels=(0, 0, 0, 0, 0, 0, 0),
        )
        for c in file.made
    ]
    return file


def test_a_refused_claim_line_by_line() -> None:
    text = answers(bad())["277ca"]
    at = text.index("TRN*2*PCN2~")
    assert text[at : text.index("HL*", at)].replace("\n", "").split("~")[:-1] == [
        "TRN*2*PCN2",
        "STC*A3:247*20261121*U*120",
        "DTP*472*D8*20260203",
        "SVC*HC:97124*60*****5",
        "STC*A8:258**U*******A8:454",
        "REF*FJ*L2",
        "DTP*472*D8*20260203",
    ]


def test_a_code_that_says_nothing_alone_is_not_the_last_of_a_line_without_the_one_that_belongs_to_it() -> None:
    """732, 510, 693, 697 and 710 want another code that says what is meant; a line has room for three."""
    line = "SV1*HC:97140:GP*60*UN*2***1~\nDTP*472*D8*20260203~\n"
    massage = "LX*2~\nSV1*HC:97124:GP:GP*60*UN*{}***3~\nDTP*472*D8*20260203~\n"
    data = GOOD.replace("CLM*C1*60*", "CLM*C1*120*").replace("SE*23", "SE*26").replace("PI*99999", "PI*93029")
    told = [
        segments_of(answers(judged(data.replace(line, line + massage.format(units)).encode()))["277ca"], "STC")[-1]
        for units in ("1", "0")
    ]
    assert told == ["STC*A8:477**U*******A7:453*A8:454", "STC*A8:477**U*******A7:476*A7:453"]
    dialect = Dialect(Delimiters())
    future = Status("A7", ("510", "158"), "QC")
    assert line_codes([Status("A8", ("477",)), future], dialect) == ["A8:477", "A7:510", "A7:158:QC"]
    assert line_codes([Status("A8", ("477", "476")), future], dialect) == ["A8:477", "A8:476", "A7:158:QC"]
    assert line_codes([Status("A8", ("732", "453")), Status("A8", ("732", "454"))], dialect) == [
        "A8:732", "A8:453", "A8:454"]


def test_syntax_is_summed_up_and_other_codes_follow() -> None:
    file = bad()
    text = answers(file)["277ca"]
    assert "TRN*2*PCN6~\nSTC*A3:684*20261121*U*1040.5~" in text
    assert "TRN*2*PCN5~\nSTC*A3:684*20261121*U*120~" in text, "a fault of the subscriber's loop takes the claim"
    assert "TRN*2*PCN3~\nSTC*A7:562:82*20261121*U*120~" in text
    assert "TRN*2*PCN4~\nSTC*A2:20:PR*20261121*WQ*120~" in text, "a review can't be told"


def test_a_provider_refused_as_such_has_nothing_below() -> None:
    text = answers(judged(FILES / "files" / "fail" / "billing-npi-check-digit.837"))["277ca"]
    assert segments_of(text, "STC", "QTY", "AMT", "HL", "TRN")[9:] == [
        "HL*3*2*19*1", "TRN*1*0", "STC*A1:19:PR**WQ*220", "QTY*QA*1", "AMT*YU*220", "HL*4*3*PT", "TRN*2*A-1",
        "STC*A2:20:PR*20261121*WQ*220", "HL*5*2*19*0", "TRN*1*0", "STC*A7:562:85**U*220", "QTY*QC*1", "AMT*YY*220",
    ]  # fmt: skip


def test_each_reason_of_a_provider_refused_is_told_and_its_claims_one_by_one_when_asked() -> None:
    file = judged(FILES / "files" / "fail" / "billing-provider-several-faults.837")
    assert segments_of(answers(file)["277ca"], "STC")[1:] == [
        "STC*A7:562:85**U*440", "STC*A7:503:85**U*440", "STC*A7:128:85**U*440"]
    text = answers(file, settings=AckSettings(answer_each_claim=True))["277ca"]
    assert segments_of(text, "STC", "TRN")[3:] == [
        "TRN*1*0", "STC*A1:19:PR**WQ*440",
        "TRN*2*A-1", "STC*A7:562:85*20261121*U*220", "STC*A7:503:85*20261121*U*220", "STC*A7:128:85*20261121*U*220",
        "TRN*2*B-1", "STC*A7:562:85*20261121*U*220", "STC*A7:503:85*20261121*U*220", "STC*A7:128:85*20261121*U*220",
    ]  # fmt: skip
    assert all(level.is_refused is False for one in interchanges(text) for level in batches(one))


def test_a_provider_with_a_claim_that_is_not_refused_for_it_is_not_refused() -> None:
    """Void claims aren't judged by the edit on the address."""
    data = (FILES / "files" / "fail" / "billing-po-box.837").read_bytes()
    file = judged(data.replace(b"11:B:1*Y*A*Y*Y~", b"11:B:8*Y*A*Y*Y~\nREF*F8*123~", 1).replace(b"SE*52*", b"SE*53*"))
    assert [c.disposition for c in file.claims()] == ["accepted", "rejected"]
    assert segments_of(answers(file)["277ca"], "STC")[1:] == [
        "STC*A1:19:PR**WQ*440", "STC*A2:20:PR*20261121*WQ*220", "STC*A7:503:85*20261121*U*220"]


def test_a_set_that_came_before_is_refused_as_such() -> None:
    data = (FILES / "files" / "fail" / "set-sent-twice.837").read_bytes()
    told = [segments_of(text, "HL", "TRN", "STC", "QTY", "AMT") for text in _sets(answers(judged(data))["277ca"])]
    assert [s for s in told[1] if not s.startswith("TRN*1")] == [
        "HL*1**20*1", "HL*2*1*21*0", "TRN*2*REF1", "STC*A3:746*20261121*U*440", "QTY*AA*2", "AMT*YY*440"]
    claim_by_claim = ["STC*A1:19:PR*20261121*WQ*440", "STC*A1:19:PR**WQ*440", "STC*A3:78*20261121*U*220",
                      "STC*A3:78*20261121*U*220"]
    other = data[::-1].replace(b"REF1"[::-1], b"REF2"[::-1], 1)[::-1]
    assert segments_of(_sets(answers(judged(other))["277ca"])[1], "STC") == claim_by_claim, "another BHT03"
    part = judged(FILES / "files" / "fail" / "set-sent-twice-in-part.837")
    assert "STC*A3:78*20261121*U*220" in segments_of(_sets(answers(part)["277ca"])[1], "STC")


def _sets(text: str) -> list[str]:
    return text.split("\nST*")[1:]


def test_entities_the_guide_lacks_are_replaced() -> None:
    file = bad()
    file.findings[2].status = Status("A7", ("562",), "P3")
    assert "STC*A7:562:1P*" in answers(file)["277ca"]
    file.findings[2].status = Status("A8", ("187", "158"), "QC")
    assert "STC*A8:187*20261121*U*120******A8:158:QC~" in answers(file)["277ca"]


def test_the_999_of_a_file_with_errors() -> None:
    file = bad()
    assert segments_of(answers(file)["999"], "AK1", "AK2", "IK3", "CTX", "IK4", "IK5", "AK9") == [
        "AK1*HC*1*005010X222A1", "AK2*837*0001*005010X222A1", "IK3*DMG*28*2010*8", "IK4*3**7", "IK3*CLM*128*2300*8",
        "CTX*CLM01:PCN6", "IK4*5:1**7*77", "IK5*E*5", "AK9*E*1*1*1",
    ]  # fmt: skip


def test_element_faults_of_one_segment_share_an_ik3_and_codes_sum_up() -> None:
    file = bad()
    place = Where("2400", "SV1", "SV101-2", 0, 140, 138, value="9")
    more = [
        Finding("IK4-I10", "", place._replace(element="SV110"), 6, 1, "PCN6", "reject", scope="claim", ik3="8",
                ik4="I10"),
        Finding("IK4-2", "", place._replace(element="SV104"), 6, 1, "PCN6", "reject", scope="claim", ik3="8", ik4="2",
                trigger="P0304", data_element="380"),
        Finding("IK3-5", "", place._replace(element=""), 6, 1, "PCN6", "reject", scope="claim", ik3="5"),
        Finding("IK4-7", "", place, 6, 1, "PCN6", "warn", scope="claim", ik3="8", ik4="7"),
    ]  # fmt: skip
    for f in more:
        f.interchange = f.group = f.set_index = 1
    file.findings = [f for f in file.findings if f.claim != 6] + more
    assert segments_of(answers(file)["999"], "IK3", "CTX", "IK4", "IK5")[2:] == [
        "IK3*SV1*138*2400*5", "CTX*CLM01:PCN6", "IK3*SV1*138*2400*8", "CTX*CLM01:PCN6",
        "IK4*4*380*2*9", "CTX*SITUATIONAL TRIGGER*SV1*138*2400*3", "IK4*10**I10*9", "IK5*E*5*I5",
    ]  # fmt: skip


def test_a_refused_interchange_gets_a_ta1_and_nothing_else() -> None:
    file = bad()
    file.findings.append(Finding("TA1-021", "", level="reject", interchange=1, scope="interchange"))
    file.results.ta1[1] = "R"
    texts = answers(file)
    assert list(texts) == ["ta1"]
    assert segments_of(texts["ta1"], "TA1", "IEA")[0] == "TA1*000000001*261101*1200*R*021"


def test_a_ta1_answers_when_it_is_asked_for() -> None:
    file = bad()
    assert "ta1" not in answers(file)
    file.interchanges[0].acknowledgment_requested = "1"
    assert "TA1*000000001*261101*1200*A*000~" in answers(file)["ta1"]
    file.interchanges[0].date = "unreadable"
    assert answers(file) == {}, "nothing can be answered without ISA09"


def test_group_codes_and_no_277ca_under_them() -> None:
    file = bad()
    file.findings.append(Finding("AK9-5", "", level="reject", group=1, scope="group"))
    file.results.ak9[1] = "R"
    file.interchanges[0].groups[0].declared_sets = "3"
    texts = answers(file)
    assert "AK9*R*3*1*1*5~" in texts["999"] and "277ca" not in texts


def test_a_set_without_a_claim_is_refused_alone() -> None:
    """Its levels are whole; the 999 names the loop that is missing, at the SE."""
    head, claim, tail = re.split(r"(?=CLM\*)|(?=SE\*)", GOOD)
    start, one_set = head[: head.index("ST*")], head[head.index("ST*"):]
    empty = one_set.replace("ST*837*0001", "ST*837*0002") + f"SE*{one_set.count('~') + 1}*0002~"
    data = start + one_set + claim + tail.replace("GE*1", f"{empty}GE*2")
    file = judged(data.encode())
    assert (file.disposition, file.counts.accepted, file.counts.rejected) == ("partial", 1, 0)
    text = answers(file)["999"]
    assert f"AK2*837*0002*005010X222A1~\nIK3*CLM*{one_set.count('~') + 1}*2300*3~\nIK5*R*5~\nAK9*P*2*2*1~" in text
    held(file)


def test_answers_use_the_delimiters_they_were_asked_in() -> None:
    file = bad()
    file.interchanges[0].delimiters = Delimiters("|", "!", ">", "\n")
    for text in answers(file).values():
        assert "~" not in text and "*" not in text.replace("PCN*", "")
    file.interchanges[0].delimiters = Delimiters("A", "^", ":", "~")
    assert "ST*999*" in answers(file)["999"], "a letter can't be a delimiter"


def test_values_can_not_break_an_answer() -> None:
    file = bad()
    evil = "A*B~C:D^E\r\n\x1b\xe9" + "Z" * 200
    file.made = [
        c._replace(
            number=evil,
            charge="1E5",
            ak=(evil, evil, "", evil, "X", evil, evil, "2026", "", (("SV1", evil, evil),) * 2),
        )
        for c in file.made
    ]
    for f in file.findings:
        f.claim_number = evil
        f.where = f.where._replace(value=evil, loop=evil, segment_id=evil, element=evil, is_private=False)
    i = file.interchanges[0]
    i.groups[0].sets[0].reference = i.groups[0].sets[0].convention = evil
    i.groups[0].sets[0].submitter = Party().having(type="2", last_name=evil, first_name=evil, id=evil)
    file.providers = [(evil, "XX", evil, "1", evil, evil, evil, evil, evil, 1)]
    for text in answers(file).values():
        (one,) = interchanges(text)
        added_up(one)
        assert pyx12_faults(one) == []
        assert text.isascii() and text.replace("\n", "").isprintable()


@pytest.mark.parametrize(("value", "repetition", "element"), [
    ("2026^0001", 2, "IK4*2::2*127*12*0001"),
    ("2026^0001^7", 2, "IK4*2::2*127*12*0001"),
    ("2026^", 2, "IK4*2::2*127*12"),
    ("2026:01^1:2", 2, "IK4*2::2*127*12"),
    ("2026:0001", 0, "IK4*2*127*12"),
])
def test_a_value_is_repeated_as_it_was_sent_or_not_at_all(value: str, repetition: int, element: str) -> None:
    """Of several repetitions the one that is meant; a value with a delimiter in it would be another one in the 999."""
    file = bad()
    file.findings[0].where = Where("2300", "REF", "REF02", repetition, 30, 28, value=value)
    file.findings[0].ik4, file.findings[0].data_element = "12", "127"
    assert element in segments_of(answers(file)["999"], "IK4")


def test_private_values_stay_out_of_the_999() -> None:
    file = bad()
    file.findings[0].where = file.findings[0].where._replace(value="SECRET", is_private=True)
    assert "SECRET" not in answers(file)["999"]


def test_the_same_answers_again_and_others_for_another_day() -> None:
    first, again = answers(bad()), answers(bad())
    assert first == again
    assert first["999"] != answers(bad(), as_of="2026-11-22")["999"]


def test_control_numbers_of_a_run_never_repeat() -> None:
    numbers = ControlNumbers()
    taken = [numbers.take("same") for _ in range(100)] + [numbers.take(str(n)) for n in range(1000)]
    assert len(set(taken)) == 1100 and all(0 < n < 10**9 for n in taken)
    assert [ControlNumbers(999_999_999).take("x")] == [999_999_999]
    counted = ControlNumbers(7)
    assert [counted.take("a"), counted.take("b")] == [7, 8]


def test_settings_say_who_answers() -> None:
    settings = AckSettings("AY", "OUR HOUSE", "46", "HOUSE1", line_status_date=True, accepted_status="A1:20:PR")
    text = answers(bad(), settings=settings)["277ca"]
    assert "NM1*AY*2*OUR HOUSE*****46*HOUSE1~" in text and "STC*A8:258*20261121*U*" in text and "STC*A1:20:PR*" in text


def test_settings_break_no_segment() -> None:
    settings = AckSettings(source_qualifier="P*I~", source_id="P1~", accepted_status="A*2:20:P~", received_status="~")
    text = answers(bad(), settings=settings)["277ca"]
    assert "*****P*P1~" in text and "STC*A 2:20*20261121*WQ*" in text and "STC*A3:21*" in text


def test_what_a_claim_lacks_is_filled_in() -> None:
    file = bad()
    file.made[0] = file.made[0]._replace(number=" ", ak=("", "", "", "", "", "", "", "", "", ()))
    text = answers(file)["277ca"]
    assert "NM1*QC*1*UNKNOWN*****MI*UNKNOWN~\nTRN*2*0~\nSTC*A2:20:PR*20261121*WQ*120~\nDTP*472*D8*20261121~" in text


def test_claims_of_one_patient_share_a_level() -> None:
    file = bad()
    file.made = [c._replace(subscriber=1 + c.index // 3, ak=("DOE", "JANE", *file.made[0].ak[2:])) for c in file.made]
    assert segments_of(answers(file)["277ca"], "HL")[3:] == ["HL*4*3*PT", "HL*5*3*PT", "HL*6*3*PT"]


def test_dialect_text() -> None:
    text = Dialect(Delimiters()).text
    assert text("PLAIN VALUE", 60) == "PLAIN VALUE"
    assert text(" A*B ", 60) == "A B" and text("ABCDEF", 3) == "ABC" and text("AB CD", 3) == "AB"
    assert text("", 5, 1, "0") == "0" and text("~", 5, 1, "0") == "0" and text("X", 80, 2, "UNKNOWN") == "UNKNOWN"


def test_many_claims_are_streamed() -> None:
    """Nothing of a claim is kept: what is written goes out in pieces that are far smaller than the whole."""
    file = judged(b"".join(generate(400, seed=3, faults=0.1)))
    sizes: list[int] = []

    class Out(io.StringIO):
        def write(self, text: str) -> int:
            sizes.append(len(text))
            return len(text)

    assert Acknowledgments(file, AS_OF).write("277ca", Out()) == 1
    assert max(sizes) < sum(sizes) / 4


def test_a_count_that_is_no_number_is_not_repeated() -> None:
    """A superscript is a digit to Python, and no basic character."""
    data = (FILES / "files" / "pass" / "acknowledgment-requested.837").read_bytes().replace(b"GE*1*", b"GE*\xb2*")
    out = io.StringIO()
    Acknowledgments(judged(data), "2026-11-01").write("999", out)
    assert [s for s in out.getvalue().split("~") if s.strip().startswith("AK9")] == ["\nAK9*R*1*1*1*5"]
