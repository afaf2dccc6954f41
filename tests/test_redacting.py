"""A copy with invented people: exactly the findings of the original, and nothing of whom it was about."""

from __future__ import annotations

import datetime
import gzip
import io
import itertools
import os
import random
import re
from pathlib import Path
from typing import Any

import pytest
from cases import AS_OF as CASES_DAY
from cases import files, interchange, load
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_bad_input import random_case, sources

import edi_check
from edi_check.findings import EdiCheckError, NotX12
from edi_check.generating import AS_OF, FAULTS, generate
from edi_check.identifiers import is_npi, is_tax_id
from edi_check.model import Delimiters
from edi_check.reading.guide import CompositeUse
from edi_check.reading.guide import load as load_guide
from edi_check.reading.values import parse_day
from edi_check.redacting import RedactionFailed, copying, differences, redact
from edi_check.redacting.places import is_kept, places

ROOT = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("EDI_CHECK_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
DAY = AS_OF + datetime.timedelta(2)


def copied(data: bytes, seed: int | None = 1, **options: Any) -> bytes:
    out = io.BytesIO()
    redact(data, out, seed=seed, **{"as_of": DAY, **options})
    return out.getvalue()


def same_findings(data: bytes, seed: int = 1, as_of: Any = DAY, **options: Any) -> bytes:
    """The copy, held to what every copy keeps."""
    kept = {name: options[name] for name in ("packs", "settings") if name in options}
    copy = copied(data, seed, as_of=as_of, **kept)
    assert len(copy) == len(data)
    assert re.sub(rb"[A-Za-z0-9]", b"", copy) == re.sub(rb"[A-Za-z0-9]", b"", data), "separators, line ends, damage"
    (mine,), (its,) = (edi_check.check(one, as_of=as_of, **options).files for one in (data, copy))
    assert list(differences(mine, its)) == []
    return copy


# Exactly the same findings


@pytest.mark.parametrize("note", [
    "MARROWBONE, AFTER LONG 60 MINUTES", "Quenby walks 20 min", "Lie and Zebulon had a 50 min drive",
    "Zebulon, 6 minute walk test",
])
def test_whose_minutes_are_meant_stays_and_no_name_with_it(note: str) -> None:
    """A note on how long the patient can sit says nothing of units (PSRC-MT-21), in the copy neither."""
    data = secret_file().decode().replace("Ms Marrowbone denies pain. Call 503 555 7788, MEMBER W88123456701, GUA SHA "
                                          "TO NECK 25 MINUTES", note).encode()
    for seed in range(8):
        copy = same_findings(data, seed).decode("latin-1").upper()
        assert not any(name in copy for name in ("MARROWBONE", "QUENBY", "ZEBULON", "LIE AND"))
        assert any(re.search(kept, copy) for kept in ("AFTER [A-Z]{4} 60 MIN", "WALKS 20 MIN", "50 MIN DRIVE",
                                                               "6 MINUTE WALK"))


@pytest.mark.parametrize("note", [
    "MARROWBONE TOTAL TREATMENT TIME 45 MIN", "Quenby total timed 45 min", "Zebulon, eval 45 min",
    "Zebulon is a maintenance worker",
])
def test_what_turns_a_note_away_stays_and_no_name_with_it(note: str) -> None:
    """The total of a visit (PSRC-MT-21) and a job called maintenance (PSRC-MT-09) mean nothing, in the copy neither."""
    segments = (f"HI*ABK:M25511~SV1*HC:97140:GP*120*UN*2***1~DTP*472*D8*20260203~NTE*ADD*{note}~"
                "SV1*HC:97161:GP*90*UN*1***1")
    data = interchange({"base": "psrc", "claims": [segments]})
    for seed in range(8):
        copy = same_findings(data, seed).decode("latin-1").upper()
        assert not any(name in copy for name in ("MARROWBONE", "QUENBY", "ZEBULON"))


def test_the_table_of_places_knows_every_code_number_and_day_of_the_guide() -> None:
    """One that it takes for something else would be replaced, and the copy refused."""
    wrong = set()
    for use in load_guide().uses:
        if use.id in ("ISA", "NM1", "TA1"):  # these depend on more than the place
            continue
        row = places(use.id)
        for n, element in enumerate(use.elements):
            kinds = row[n] if n < len(row) else "id"
            parts = element.components if isinstance(element, CompositeUse) else (element,)
            for m, one in enumerate(parts):
                kind = kinds if isinstance(kinds, str) else kinds[min(m, len(kinds) - 1)]
                stays = [*one.codes] or ["20261101"] * (one.type == "DT") or ["10"] * (one.type[0] in "RN")
                if "N" not in (element.usage, one.usage) and not all(is_kept(kind, text) for text in stays):
                    wrong.add(one.designator)
    assert wrong == set()


@pytest.mark.parametrize("path", sorted(ROOT.glob("fixtures/**/*.837")), ids=lambda p: p.stem)
def test_of_every_fixture(path: Path) -> None:
    try:
        same_findings(path.read_bytes())
    except NotX12:
        assert edi_check.check(path.read_bytes()).exit_code == 3


@pytest.mark.parametrize("path", files(), ids=lambda p: p.stem)
def test_of_every_case_of_every_edit(path: Path) -> None:
    data = load(path)
    for case in (data | one for one in data["case"]):
        options = {key: case[key] for key in ("settings", "levels", "lob", "payers") if key in case}
        for key in ("packs", "snip"):
            if key in case:
                options[key] = tuple(case[key])
        day = datetime.date.fromisoformat(case.get("as_of", CASES_DAY))
        same_findings(interchange(case, "plain"), as_of=day, **options)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus isn't here")
def test_of_the_corpus() -> None:
    count = 0
    for path in sorted(p for p in CORPUS.rglob("*") if p.is_file() and p.suffix != ".tsv"):
        data = path.read_bytes()
        try:
            same_findings(data)
            count += 1
        except NotX12:
            assert edi_check.check(data).exit_code == 3, path.name
        except AssertionError as error:
            error.add_note(str(path.name))
            raise
    assert count > 100


@pytest.mark.parametrize(("seed", "options"), [
    (1, {}), (2, {"newline": "\r\n", "per_set": 100}), (3, {"delimiters": Delimiters("|", "{", ">", "!")}),
])  # fmt: skip
def test_of_every_planted_fault(seed: int, options: dict[str, Any]) -> None:
    data = b"".join(generate(2500, seed, faults=FAULTS, share=0.8, **options))
    same_findings(data, seed, max_findings=100_000)


def run_random(first: int, count: int) -> None:
    known = [*sources(), *(b"".join(generate(4, seed, faults=FAULTS, newline="\n")) for seed in range(9))]
    for number in range(first, first + count):
        data = random_case(random.Random(number), known[number % len(known)])
        try:
            same_findings(data, number)
        except EdiCheckError:
            continue
        except Exception as error:
            error.add_note(f"case {number}: {data!r}")
            raise


def test_of_files_with_random_damage() -> None:
    run_random(0, 400)


@pytest.mark.parametrize("ends", [b"*T*1~", b"*T*:G"])
def test_a_digit_as_delimiter_or_a_letter_as_terminator_is_refused(ends: bytes) -> None:
    """Found by the long run: what ended a component or a segment became another value's text."""
    data = (ROOT / "fixtures" / "files" / "pass" / "one-claim.837").read_bytes()
    with pytest.raises(RedactionFailed, match="digit a delimiter, or a letter the terminator"):
        copied(data.replace(b"*T*:~", ends, 1))


@pytest.mark.parametrize(("old", "new"), [
    (b"SV1*HC:98941:AT", b"SV1*HC:9894128"), (b"SV1*HC:98941:AT", b"SV1*HC:98.941:AT"),
    (b"PRV*PE*PXC*111N00000X", b"PRV*PE*PXC*111N@0000X"), (b"PRV*PE*PXC*111N00000X", b"PRV*PE*PXC*2@5100000X"),
])
def test_a_damaged_code_means_in_the_copy_what_it_meant(old: bytes, new: bytes) -> None:
    """Found by the long run (cases 16,362 and 25,724): what is left of a code that edits know by its beginning."""
    data = interchange({"claims": ["DTP*454*D8*20260105~HI*ABK:M9903~NM1*82*1*LOE*KIM****XX*1900000021~"
                                   "PRV*PE*PXC*111N00000X~SV1*HC:98941:AT*55*UN*1***1~SV1*HC:97140:GP*60*UN*1***1"]},
                       "medicare")
    assert old in data
    for seed in range(20):
        same_findings(data.replace(old, new), seed)


@pytest.mark.parametrize(("old", "new"), [
    (b"DTP*472*", b"DTP*427*"), (b"NM1*85*2*", b"NM1*853*2*"), (b"HI*ABK:", b"HI*ABX:"), (b"HI*ABK:", b"HI*ABK>"),
    (b"DTP*472*D8*", b"DTP*472:D8*"), (b"DTP*472*D8*", b"DTP*472:16:0*D8*"), (b"REF*EI*", b"REF*E:2*"),
])
def test_a_slip_is_the_same_slip_in_the_copy(old: bytes, new: bytes) -> None:
    data = (ROOT / "fixtures" / "files" / "pass" / "one-claim.837").read_bytes()
    assert old in data
    for seed in range(10):
        same_findings(data.replace(old, new, 1), seed)


def test_a_diagnosis_behind_the_repetition_separator_stays() -> None:
    """Found by the long run (case 27,651): it is read as what was meant, and a policy asks for it."""
    data = interchange({"claims": ["HI*ABK:M5450~SV1*HC:97124*55*UN*1***1"]}, "plain")
    assert b"HI*ABK^M5450~" in same_findings(data.replace(b"HI*ABK:", b"HI*ABK^"))


def test_another_payer_whose_code_has_a_slip_has_the_same_id_in_the_copy() -> None:
    """Found by the long run (case 21,778): SVD01 stayed, and the payer that it names had another id. An id of a member
    never stays, whatever the slip."""
    data = interchange({"claims": ["SBR*P*18*******BL~AMT*D*40~OI***Y***Y~NM1*IL*1*LOE*KIM****MI*EXH005521~"
                                   "NM1*<R*2*BLUE HERON HEALTH*****PI*EXC02~SV1*HC:98941*55*UN*1***1~"
                                   "SVD*EXC02*40*HC:98941**1~CAS*CO*45*15~DTP*573*D8*20260120"]}, "plain")
    assert b"PI*EXC02" in same_findings(data)
    assert b"EXH005521" not in same_findings(data.replace(b"NM1*IL*1*LOE", b"NM1*PL*1*LOE"))


@pytest.mark.long
@pytest.mark.parametrize("first", range(10_000, 30_000, 1000))
def test_of_a_thousand_files_with_random_damage(first: int) -> None:
    run_random(first, 1000)


SMALL = b"".join(generate(3, 11, faults=FAULTS, newline="\n"))


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(st.tuples(st.integers(106, len(SMALL) - 1), st.integers(0, 6), st.binary(max_size=9)), max_size=6))
def test_of_mutated_files(changes: list[tuple[int, int, bytes]]) -> None:
    data = bytearray(SMALL)
    for at, length, put in changes:
        data[at : at + length] = put
    same_findings(bytes(data))


def test_groups_that_the_settings_name_stay() -> None:
    """PSRC-MT-03 depends on whether the group is a self-funded one; an id of a group alone names nobody."""
    path = ROOT / "fixtures" / "demo" / "therapy.837"
    data = path.read_bytes()
    group = re.findall(rb"SBR\*P\*18\*([^*]+)", data)[0]
    in_force = {"PSRC-MT": {"aso_groups": [group.decode()]}}
    assert group in same_findings(data, settings=in_force)
    assert group not in same_findings(data)


# Nobody


NAMES = ("QUILLFEATHER", "ZEBULON", "THISTLEDOWN", "Ottoline", "MARROWBONE", "O'FLANNERY", "FITZ-WARIN")
SECRETS = {
    "NM1*41": "NM1*41*2*QUORNDON BILLING HOUSE*****46*QSENDER77~",
    "PER": "PER*IC*BARTHOLOMEW QUENBY*TE*2025551234*EM*QUENBY@QUORNDON.TEST~",
    "billing": "NM1*85*1*QUILLFEATHER*ZEBULON*HORATIO**JR*XX*1234567893~N3*4471 THISTLEDOWN LANE*SUITE 9021~"
    "N4*WHIMBREL FALLS*OR*977054321~REF*EI*931847265~REF*0B*LIC5567821~REF*G2*PROV778812~",
    "subscriber": "SBR*P*18*GRPQ55512*WHIMBREL WIDGETS*****CI~NM1*IL*1*MARROWBONE*OTTOLINE*X***MI*W88123456701~"
    "N3*18 O'FLANNERY COURT~N4*PONDERSBY*OR*977061234~DMG*D8*19620417*F~REF*SY*512347788~REF*Y4*PCN4471882~",
    "claim": "CLM*ACCTQ-778123*100***11:B:1*Y*A*Y*Y~PWK*OZ*BM***AC*ATTQ88123~K3*SEE MARROWBONE FILE 5512347~"
    "REF*EA*MRNQ445566~REF*D9*CLHQ7781234~REF*G1*AUTHQ99881~"
    "NTE*ADD*Ms Marrowbone denies pain. Call 503 555 7788, MEMBER W88123456701, GUA SHA TO NECK 25 MINUTES~HI*ABK:M542~"
    "NM1*DN*1*FITZ-WARIN*GUINEVERE****XX*1245319599~NM1*82*1*ABERNETHYSON*PEREGRINE****XX*1881681419~"
    "PRV*PE*PXC*225100000X~",
    "line": "LX*1~SV1*HC:97140:GP::::BY HAND OF ABERNETHYSON*100*UN*2***1~DTP*472*D8*20260915~REF*6R*LINEQ77812~",
    "strays": "ZZZ*ABERNETHYSON*LLEWELLYN~QX Cadwallader wrote this~NM2*IL*1*PENDRAGONSON*MORGANA~",
}
CANARIES = re.findall(
    r"[A-Za-z'-]{5,}|[0-9]{7,}|[A-Z]+Q-?[0-9]+",
    "QUORNDON QSENDER77 BARTHOLOMEW QUENBY 2025551234 QUILLFEATHER ZEBULON HORATIO 1234567893 THISTLEDOWN WHIMBREL "
    "977054321 931847265 5567821 778812345 GRPQ55512 WIDGETS MARROWBONE OTTOLINE 88123456701 O'FLANNERY PONDERSBY "
    "977061234 19620417 512347788 4471882 ACCTQ-778123 ATTQ88123 5512347 MRNQ445566 CLHQ7781234 AUTHQ99881 "
    "FITZ-WARIN GUINEVERE 1245319599 ABERNETHYSON PEREGRINE 1881681419 LINEQ77812 LLEWELLYN Cadwallader PENDRAGONSON "
    "MORGANA GRANDILOQUENT 7788123499")


def secret_file() -> bytes:
    s = SECRETS
    body = ("ST*837*0001*005010X222A1~BHT*0019*00*BATCHQ7781*20261001*0900*CH~" + s["NM1*41"] + s["PER"]
            + "NM1*40*2*CLEARING HOUSE*****46*REC01~HL*1**20*1~" + s["billing"] + "HL*2*1*22*0~" + s["subscriber"]
            + "NM1*PR*2*PACIFICSOURCE*****PI*93029~" + s["claim"] + s["line"] + s["strays"])
    isa = "ISA*00*          *01*PASSWORDQ1*ZZ*QSENDER77      *ZZ*REC01          *261001*0900*^*00501*000000007*0*T*:~"
    return (f"{isa}GS*HC*QSENDER77*REC01*20261001*0900*7*X*005010X222A1~{body}SE*{body.count('~') + 1}*0001~GE*1*7~"
            "IEA*1*000000007~\r\nPrinted for GRANDILOQUENT, member 7788123499").encode()


@pytest.mark.parametrize("seed", range(8))
def test_none_of_the_original_values_is_anywhere_in_the_copy(seed: int) -> None:
    data = secret_file()
    copy = same_findings(data, seed).decode("latin-1").upper()
    for canary in [*CANARIES, "PASSWORDQ1", "BATCHQ7781"]:
        assert canary.upper() not in copy, canary
    assert "GUA SHA" in copy and " NECK 25 MINUTES" in copy and "DENIES" in copy  # what edits look for
    assert "PACIFICSOURCE*****PI*93029" in copy and "HC:97140:GP" in copy and "20260915" in copy


@pytest.mark.parametrize("seed", [1, 2])
def test_nor_of_generated_people(seed: int) -> None:
    """Every value that CONTRACT section 5 calls personal, and ids besides: none is where one of its kind stands."""
    data = b"".join(generate(1500, seed, faults=FAULTS, share=0.2)).decode()
    copy = copied(data.encode(), seed).decode()
    for pattern in (r"NM1\*(?:IL|QC|DN|82)\*1\*([^*~]{4,})", r"NM1\*(?:IL|QC)\*1\*[^~]*\*MI\*([^*~]+)", r"N3\*([^*~]+)",
                    r"\*XX\*(\d+)", r"REF\*(?:EI|EA|D9|G1|F8|9F)\*([^*~]+)", r"CLM\*([^*~]+)", r"SBR\*.\*[^*]*\*(G\d+)",
                    r"PER\*IC\*([^*~]+)", r"\*TE\*(\d+)"):
        real, invented = set(re.findall(pattern, data)), set(re.findall(pattern, copy))
        assert real and not real & invented, (pattern, sorted(real & invented)[:5])
    births = zip(*(re.findall(r"DMG\*D8\*(\d+)", text) for text in (data, copy)), strict=True)
    assert all(before != after for before, after in births)


def test_nobody_can_repeat_it_without_the_seed() -> None:
    data = secret_file()
    assert copied(data, 5) == copied(data, 5) != copied(data, 6)
    assert copied(data, None) != copied(data, None)


# Consistent, and still what it was


def segments(data: bytes, start: str) -> list[str]:
    return [s for s in data.decode("latin-1").replace("\n", "").split("~") if s.startswith(start)]


def test_one_person_has_one_name_and_one_number() -> None:
    data = b"".join(generate(600, 4))
    copy = copied(data)
    for start, element in (("NM1*IL", 9), ("NM1*IL", 3), ("NM1*82", 9), ("REF*EI", 2), ("CLM", 1), ("REF*6R", 2),
                           ("N3", 1)):
        pairs = {(a.split("*")[element], b.split("*")[element])
                 for a, b in zip(segments(data, start), segments(copy, start), strict=True)}
        assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}) > 15, start
    assert segments(copy, "GS")[0].split("*")[2] in segments(copy, "ISA")[0]


def test_who_is_one_person_stays_one_and_who_is_not_does_not_become_one() -> None:
    """However the names, the numbers and the initials are written (``judging.identities``)."""
    names = ["O'ROE*MARY-ANN*BEATRICE**JR*MI*W12-345", "Oroe*Mary Ann*B.***MI*w12345",
             "ROE-OROE*MARYANN*BEA**Jr.*MI*W12345", "OROE*MARY ANN*BO***MI*W 12345",
             "OROE*MARYANN*BEATRIX***MI*W12345", "LOE*MARYANN*B***MI*W12345",
             "OROE*MARYANN***III*MI*W12345", "OROE*MARYANN*C***MI*W12345", "OROE*MARYANN*C**II*MI*W12345",
             "OROE*MARYANN*CY**SR*MI*W12345"]
    options: dict[str, Any] = {"as_of": datetime.date.fromisoformat(CASES_DAY),
                               "settings": {"PSRC-MT": {"aso_groups": []}}}
    rejected = set()
    for some in [*itertools.combinations(names, 2), names[:3], names, names[::-1]]:
        claims = [{"replace": [f"NM1*IL*1*{name}"], "segments": f"SV1*HC:97140:GP*{n}0*UN*4***1"}
                  for n, name in enumerate(some, 1)]
        data = interchange({"claims": claims}, "psrc")
        for seed in range(4):
            same_findings(data, seed, **options)
        rejected.add(edi_check.check(data, **options).files[0].counts.rejected)
    assert {0, 1} < rejected


def test_persons_whose_names_differ_in_a_number_only_stay_apart() -> None:
    """TES1 to TES9 of one policy and one birth date, as test systems call them: nine persons, nine claims of a day."""
    names = [*(f"TES{n}*ANN" for n in range(1, 10)), *(f"TES*ANN{n}" for n in range(10, 40))]
    claims = [{"replace": [f"NM1*IL*1*{name}****MI*W12345"], "segments": "SV1*HC:97140:GP*40*UN*4***1"}
              for name in names]
    options: dict[str, Any] = {"as_of": datetime.date.fromisoformat(CASES_DAY)}
    for seed in range(6):
        copy = same_findings(interchange({"claims": claims}, "psrc"), seed, **options)
        made = [tuple(s.split("*")[3:5]) for s in segments(copy, "NM1*IL")]
        assert len(set(made)) == len(names)
        assert not set(made) & {tuple(name.split("*")) for name in names}


def test_families_keep_one_name_and_births_their_year() -> None:
    data = b"".join(generate(400, 4))
    copy = copied(data)
    for before, after in zip(segments(data, "DMG"), segments(copy, "DMG"), strict=True):
        assert before[:11] == after[:11] and before[15:] == after[15:] and parse_day(after.split("*")[2])
    def names(start: str) -> list[tuple[str, str]]:
        both = zip(segments(data, start), segments(copy, start), strict=True)
        return [(a.split("*")[3], b.split("*")[3]) for a, b in both]

    families, heads = names("NM1*QC"), dict(names("NM1*IL"))
    assert sum(last in heads for last, _ in families) > 20
    assert all(heads[last] == now for last, now in families if last in heads)


def test_check_digits_and_forms_stay_what_they_were() -> None:
    data = b"".join(generate(3000, 6, faults=["npi-check-digit", "tax-id-malformed", "zip-not-nine-digits"], share=0.4))
    copy = copied(data)
    numbers = zip(*(re.findall(r"\*XX\*(\d+)", d.decode()) for d in (data, copy)), strict=True)
    judged = [(is_npi(a), is_npi(b)) for a, b in numbers]
    assert all(a == b for a, b in judged) and {a for a, _ in judged} == {True, False}
    for a, b in zip(segments(data, "REF*EI"), segments(copy, "REF*EI"), strict=True):
        assert is_tax_id(a[7:]) == is_tax_id(b[7:])
        assert not is_tax_id(b[7:]) or re.fullmatch("9[67].[0-4].....", b[7:]), "nobody's tax id"
    for phone in re.findall(rb"\*TE\*(\d+)", copy):
        assert re.fullmatch(rb"[2-9][0-8]\d55501\d\d", phone)


@pytest.mark.parametrize("street", [
    "PO BOX 4471", "P.O. Box 4471", "12 OAK ST, P0 B0X 44", "POBOX4471", "LOCK BOX 4471", "RR 2 BOX 4471",
    "4471 BOXWOOD LN", "POST OFFICE BOX 4471", "4471 OLD POST RD",
])  # fmt: skip
def test_a_post_office_box_stays_one(street: str) -> None:
    data = secret_file().replace(b"4471 THISTLEDOWN LANE", street.encode())
    for seed in range(5):
        assert b"4471" not in same_findings(data, seed)


# What can't be copied


@pytest.mark.parametrize("data", [b"", b"Dear Sir, Mr QUILLFEATHER called.", b"ISA*00", b"%PDF-1.7"])
def test_what_is_no_interchange_is_refused(data: bytes) -> None:
    out = io.BytesIO()
    with pytest.raises(NotX12):
        redact(data, out)
    assert out.getvalue() == b""


def test_a_damaged_gzip_is_refused_and_a_good_one_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "batch.837.gz"
    path.write_bytes(gzip.compress(SMALL))
    assert len(copied(path)) == len(SMALL)  # type: ignore[arg-type]
    path.write_bytes(gzip.compress(SMALL)[:-200])
    out = io.BytesIO()
    with pytest.raises(RedactionFailed):
        redact(path, out)
    assert out.getvalue() == b""


def test_chunks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = copied(secret_file())
    monkeypatch.setattr("edi_check.sources.CHUNK", 7)
    monkeypatch.setattr(copying._again, "__defaults__", (5,))
    assert copied(secret_file()) == whole
