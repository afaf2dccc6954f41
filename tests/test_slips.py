"""A slip of the pen moves what identifies a person to where a code, a number or another segment should stand; no report
shows it there either. Invented people only; each value that must stay hidden is a word that is nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest

import edi_check
from edi_check.telling.service_lines import COLUMNS, rows

WORDS = """
QUIXOTEX ZORAIDAX DULCINEX ROCINANTX CERVANTEZ SANCHOPX TOBOSINAX LEPANTOST KKTHREEKK QQNOTEQQ FREETEXTZZ FORMWORDS
GRPNUM881 X7735519X MRNMRN44 LICENSE99 OTHERMEM77 975319753 19531107 5415550177 612345678
"""
HIDDEN = WORDS.split()
SEGMENTS = """
ISA*00*          *00*          *ZZ*EXSUBMITTER    *ZZ*EXRECEIVER     *261030*0815*^*00501*000000001*0*T*:
GS*HC*EXSUBMITTER*EXRECEIVER*20261030*0815*1*X*005010X222A1
ST*837*0001*005010X222A1
BHT*0019*00*REF1*20261030*0815*CH
NM1*41*2*EXAMPLE BILLING*****46*EXSUBMITTER
PER*IC*DESK*TE*5415550100
NM1*40*2*EXAMPLE PAYER*****46*EXRECEIVER
HL*1**20*1
PRV*BI*PXC*207Q00000X
NM1*85*1*QUIXOTEX*ZORAIDAX*Q***XX*1900000013
N3*1 LEPANTOST
N4*TOBOSINAX*OR*975319753
REF*SY*612345678
REF*0B*LICENSE99
PER*IC*SANCHOPX*TE*5415550177
NM1*87*1
N3*1 LEPANTOST
N4*TOBOSINAX*OR*975319753
HL*2*1*22*1
SBR*P**GRPNUM881******CI
NM1*IL*1*DULCINEX*ROCINANTX*T***MI*X7735519X
N3*5 LEPANTOST
N4*TOBOSINAX*OR*975319753
DMG*D8*19531107*F
NM1*PR*2*SOME PAYER*****PI*PAY01
HL*3*2*23*0
PAT*19
NM1*QC*1*CERVANTEZ*ZORAIDAX
N3*5 LEPANTOST
N4*TOBOSINAX*OR*975319753
DMG*D8*19531107*F
CLM*PCN1*200***41:B:1*Y*A*Y*Y
AMT*F5*20
REF*EA*MRNMRN44
REF*G1*AUTH1
K3*KKTHREEKK
NTE*ADD*QQNOTEQQ
CR1*LB*180**A*DH*12***QQNOTEQQ*KKTHREEKK
HI*ABK:M5412*ABF:M546
HCP*01*80*20
NM1*DN*1*DULCINEX*ROCINANTX****XX*1900000013
NM1*82*1*SANCHOPX*ROCINANTX****XX*1900000013
NM1*77*2*HOSP
N3*5 LEPANTOST
N4*TOBOSINAX*OR*975319753
SBR*S*18*GRPNUM881******CI
OI***Y***Y
MOA*.5*10*MA01
NM1*IL*1*DULCINEX*ROCINANTX****MI*OTHERMEM77
NM1*PR*2*OTHER PAYER*****PI*OTH01
LX*1
SV1*HC:97139:GP::::FREETEXTZZ*100*UN*1***1:2
DTP*472*D8*20261001
REF*6R*L1
NTE*ADD*QQNOTEQQ
LQ*UT*484.03
FRM*5**FORMWORDS
LX*2
SV1*HC:99213*100*UN*1***1
NTE*ADD*QQNOTEQQ
SE*58*0001
GE*1*1
IEA*1*000000001
"""
TEXT = "~\n".join(SEGMENTS.strip().split("\n")) + "~\n"
BEGIN = TEXT.index("~\n") + 2
FORMATS = ("text", "json", "ndjson", "csv", "html", "markdown", "sarif")


def slips(text: str, others: str) -> Iterator[str]:
    """Each separator and terminator after the ISA left out, doubled, and taken for another."""
    for n in range(BEGIN, len(text)):
        sign = text[n]
        if sign in "*:~":
            yield text[:n] + text[n + 1 :]
            yield text[:n] + sign + text[n:]
            for other in others.replace(sign, ""):
                yield text[:n] + other + text[n + 1 :]


def shown(text: str, formats: tuple[str, ...]) -> list[str]:
    """What must not be seen, as far as it is."""
    report = edi_check.check(text.encode(), as_of="2026-10-30")
    said = "".join(str(edi_check.render(report, name)) for name in formats)
    return [value for value in HIDDEN if value in said]


def test_the_words_are_seen_when_they_may_be() -> None:
    report = edi_check.check(TEXT.replace("N4*TOB", "N4**TOB").encode(), as_of="2026-10-30", show_values=True)
    assert "TOBOSINAX" in json.dumps(report.to_dict()), "else nothing could be found below"
    assert shown(TEXT, FORMATS) == []


@pytest.mark.parametrize("old, new", [
    ("CLM*PCN1*200***41:B:1*Y*A*Y*Y~\nAMT*F5*20~", "CLM*PCN1*200***41:B:1*Y*A*Y*Y"),
    ("HC:97139:GP::::FREE", "HC 97139:GP::::FREE"), ("GP::::FREE", "GP:::*FREE"), ("GP::::FREE", "GP::::*FREE"),
    ("FRM*5**FORM", "FRM*5*FORM"), ("FRM*5**FORM", "FRM*5***FORM"), ("MOA*.5*10*MA01~", "MOA*.5*10*MA01"),
    ("HCP*01*80*20~", "HCP*01*80*20"), ("*DH*12***QQ", "*DH*QQ"), ("NM1*77*2*HOSP~\nN3*5 LEPANTOST~\nN4*", "N4**"),
    ("HOSP~\nN3*5 LEPANTOST~\nN4*TOB", "HOSP~\nN3*5 LEPANTOST~\nN4**TOB"), ("XX*1900000013~\nN3*", "XX*190000001"),
    ("*UN*1***1~\nNTE", "*UN*1***1NTE"),
])
def test_what_moved_stays_hidden(old: str, new: str) -> None:
    assert old in TEXT
    assert shown(TEXT.replace(old, new), FORMATS) == []


def test_a_separator_too_few_or_too_many_shows_nothing() -> None:
    for text in slips(TEXT.replace("\n", ""), ""):
        assert not (found := shown(text, ("json",))), (found, text)


@pytest.mark.long
def test_no_slip_of_a_separator_shows_anything() -> None:
    for lines in (TEXT, TEXT.replace("\n", "")):
        for text in slips(lines, "*:~ ^.\n"):
            assert not (found := shown(text, ("text", "json"))), (found, text)


def listed(text: str) -> list[str]:
    """What must not be seen in the service lines, as ``lines`` prints and tabulates them."""
    arrow = pytest.importorskip("edi_check.arrow")
    said = [*(row for claim in edi_check.read_claims(text.encode()) for row in rows([claim])),
            *(row for claim in edi_check.read_claims(text.encode()) for row in arrow.service_line_rows("f", claim))]
    return [value for value in HIDDEN if value in str(said)]


@pytest.mark.parametrize("old, new", [
    ("HC:97139:GP::::FREE", "HC:97139:GP:::FREE"), ("HC:97139:GP::::FREE", "HC97139:GP::::FREE"),
    ("HC:97139:GP::::FREE", "HC:97139:GP:::*FREE"), ("SV1*HC:97139", "SV1**HC:97139"),
    ("SV1*HC:97139", "SV1***HC:97139"), ("HC:97139:GP::::FREE", "HC:97139:GP:::.FREE"),
])
def test_lines_show_no_description_that_moved(old: str, new: str) -> None:
    assert old in TEXT
    assert listed(TEXT.replace(old, new)) == []


def test_lines_keep_the_codes_beside_a_description_that_moved() -> None:
    (claim,) = edi_check.read_claims(TEXT.replace("GP::::FREE", "GPKX:59:.:FREE").encode())
    first, second = (dict(zip((c.name for c in COLUMNS), row, strict=True)) for row in rows([claim]))
    assert first["modifiers"] == ["GPKX", "59", ".", "•••"]
    assert [second[name] for name in ("procedure", "modifiers", "charge", "unit_basis")] == ["99213", [], 100, "UN"]


def test_no_slip_of_a_separator_shows_anything_in_the_lines() -> None:
    for text in slips(TEXT.replace("\n", ""), "*:~ ^."):
        with suppress(edi_check.EdiCheckError):
            assert not (found := listed(text)), (found, text)
