"""Reports made by hand for the tests of *telling*: no reader, no edits, invented people only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from edi_check.findings import Counts, Edit, Fault, Finding, NotEvaluated, Related, Source, Status, Where
from edi_check.model import FunctionalGroup, Interchange, Party, TransactionSet
from edi_check.privacy import private
from edi_check.report import ClaimResult, FileReport, PackInfo, Report, TransactionResult
from edi_check.rows import pack

POLICY = Source("Example plan, guideline Manual Therapy", "Commercial 3.b")

EDITS = [
    Edit(
        "PSRC-MT-03",
        "units-over-daily-limit",
        "reject",
        "",
        "Bill at most 6 units of 97140 a day.",
        "PSRC-MT",
        7,
        POLICY,
    ),
    Edit(
        "PSRC-MT-09",
        "maintenance-or-wellness-care",
        "review",
        "",
        "Send the records of the acute condition.",
        "PSRC-MT",
        7,
        POLICY,
    ),
    Edit("CORE-ID-01", "npi-check-digit", "reject", "", "Correct the NPI.", "CORE", 5, Source("45 CFR 162.406", "")),
    Edit("CORE-DX-03", "diagnosis-repeated", "warn", "", "Name each diagnosis once.", "CORE", 4, Source("Guide", "HI")),
    Edit("IK4-7", "code-not-in-list", "reject", "", "Use a code of the list.", "GUIDE", 2, Source("005010X222A1", "")),
    Edit("IK5-4", "segment-count-wrong", "reject", "", "Correct SE01.", "GUIDE", 1, Source("005010X222A1", "SE")),
]


@dataclass
class MadeFile(FileReport):
    """A file whose claims are given instead of spooled."""

    made: list[ClaimResult] = field(default_factory=list)

    def claims(self) -> Iterator[ClaimResult]:
        for c in self.made:
            yield c._replace(packed=tuple(pack(f) for f in self.findings if f.claim == c.index))

    def outlines(self) -> Iterator[tuple[object, ...]]:
        return (tuple(c[:16]) for c in self.made)

    def own_findings(self) -> Iterator[Finding]:
        return (f for f in self.findings if f.claim)

    def above_findings(self) -> Iterator[Finding]:
        return (f for f in self.findings if not f.claim)

    def claim(self, index: int) -> ClaimResult:
        return list(self.claims())[index - 1]


def claim(
    index: int, disposition: str = "accepted", charge: str = "120.00", number: str = "", **more: object
) -> ClaimResult:
    row = ClaimResult(
        index,
        number or f"PCN{index}",
        disposition,
        charge,
        2,
        "commercial",
        "93029",
        1,
        1,
        1,
        "0001",
        16 + 20 * index,
        800 * index,
        400,
        1,
        index,
    )
    return row._replace(**more) if more else row


def envelope(claims: int) -> Interchange:
    st = TransactionSet(
        index=1,
        control_number="0001",
        id_code="837",
        convention="005010X222A1",
        reference="BATCH1",
        submitter=Party().having(type="2", last_name="EXAMPLE BILLING", id="SUBMIT1"),
        receiver=Party().having(type="2", last_name="EXAMPLE HEALTH PLAN", id="93029"),
        claims=claims,
    )
    group = FunctionalGroup(
        index=1,
        functional_id="HC",
        sender="SUBMITTER",
        receiver="RECEIVER",
        control_number="1",
        version="005010X222A1",
        sets=[st],
    )
    return Interchange(
        index=1,
        control_number="000000001",
        sender_qualifier="ZZ",
        sender="SUBMITTER",
        receiver_qualifier="ZZ",
        receiver="RECEIVER",
        date="261101",
        time="1200",
        usage="T",
        groups=[group],
        is_complete=True,
    )


def report(*files: FileReport, show_values: bool = False) -> Report:
    packs = [
        PackInfo("CORE", "Any payer", "1", "5010 guide"),
        PackInfo("PSRC-MT", "Manual therapy, commercial", "1", POLICY.document),
    ]
    return Report("2026-11-21", packs, list(files), {e.id: e for e in EDITS}, "0.1.0", show_values=show_values)


def good() -> MadeFile:
    return MadeFile(
        "good.837",
        "0" * 64,
        1200,
        "accepted",
        [envelope(2)],
        TransactionResult({1: "A"}, {1: "A"}, {1: "A"}),
        Counts(60, 1, 2, 2, 0, 0, 4, "240.00", "240.00", "0.00"),
        made=[claim(1), claim(2)],
        providers=[("EXAMPLE THERAPY CLINIC", "XX", "1900000013")],
    )


def units_over(index: int, line: int = 2) -> Finding:
    return Finding(
        "PSRC-MT-03",
        "7 units of 97140 on 2026-02-03; at most 6 are allowed per date of service.",
        Where("2400", "SV1", "SV104", 0, 21 + 20 * index, 19, 21 + 20 * index, 1, 812, 41, "2"),
        index,
        line,
        f"PCN{index}",
        "reject",
        status=Status("A8", ("258", "454")),
        related=(Related(index, 1),),
        interchange=1,
        group=1,
        set_index=1,
    )


def bad() -> MadeFile:
    """Six claims: one accepted, one to review, four rejected (policy; NPI; syntax; subscriber), warnings besides."""
    findings = [
        Finding(
            "IK4-7",
            f"2010BA DMG03 is “{private('X')}”; the guide allows F, M and U.",
            Where("2010BA", "DMG", "DMG03", 0, 30, 28, 30, 12, 700, 20, "X", True),
            level="reject",
            scope="subscriber",
            ik3="8",
            ik4="7",
            interchange=1,
            group=1,
            set_index=1,
            level_number=5,
        ),
        units_over(2),
        Finding(
            "CORE-ID-01",
            "The NPI 1900000014 of the rendering provider fails its check digit.",
            Where("2310B", "NM1", "NM109", 0, 80, 78, 80, 1, 2100, 40, "1900000014"),
            3,
            0,
            "PCN3",
            "reject",
            fix="Correct the rendering provider's NPI; the last digit is a check digit.",
            status=Status("A7", ("562",), "82"),
            interchange=1,
            group=1,
            set_index=1,
        ),
        Finding(
            "PSRC-MT-09",
            "The principal diagnosis Z00.00 is a wellness visit; the policy doesn't cover manual therapy for it.",
            Where("2300", "HI", "HI01-2", 0, 99, 97, 99, 1, 2500, 16, "Z0000"),
            4,
            0,
            "PCN4",
            "review",
            status=Status("A3", ("488",)),
            interchange=1,
            group=1,
            set_index=1,
        ),
        Finding(
            "IK4-7",
            "Place of service “77” is not in the list.",
            Where("2300", "CLM", "CLM05-1", 0, 130, 128, 130, 1, 3000, 30, "77"),
            6,
            0,
            "PCN6",
            "reject",
            ik3="8",
            ik4="7",
            interchange=1,
            group=1,
            set_index=1,
        ),
        *[
            Finding(
                "CORE-DX-03",
                "Diagnosis M54.5 stands twice in HI.",
                Where("2300", "HI", "HI02-2", 0, 131 + n, 129),
                n,
                0,
                f"PCN{n}",
                "warn",
                interchange=1,
                group=1,
                set_index=1,
            )
            for n in (1, 2, 3, 4, 5, 6)
        ],
    ]
    made = [
        claim(1),
        claim(2, "rejected"),
        claim(3, "rejected", number="PCN3"),
        claim(4, "review"),
        claim(5, "rejected"),
        claim(6, "rejected", charge="1040.50"),
    ]
    counts = Counts(
        180, 1, 6, 1, 1, 4, 12, "1640.50", "240.00", "1400.50", {"reject": 4, "review": 1, "warn": 6, "note": 0}
    )
    return MadeFile(
        "fixtures/bad.837",
        "1" * 64,
        5200,
        "partial",
        [envelope(6)],
        TransactionResult({1: "A"}, {1: "E"}, {1: "E"}),
        counts,
        findings,
        not_evaluated=[
            NotEvaluated("NCCI-01", 2, "no table of NCCI pairs (PTP) is loaded"),
            NotEvaluated("NCCI-02", 2, "no table of NCCI pairs (PTP) is loaded"),
        ],
        providers=[("EXAMPLE THERAPY CLINIC", "XX", "1900000013")],
        made=made,
    )


def hostile() -> MadeFile:
    """Values that try to break out of every format."""
    evil = ("</script><script>alert(1)</script>\x1b[31m\u202e\u200b|`*_{{7*7}}\"'\r\n@all [u](https://e.co) www.e.co "
            "]]> &amp;")
    file = bad()
    file.path = evil
    for finding in file.findings:
        finding.message = finding.fix = finding.claim_number = evil
        finding.where = finding.where._replace(value=evil, loop=evil, element=evil)
    file.made = [c._replace(number=evil, payer_id=evil) for c in file.made]
    file.providers = [(evil, "XX", evil)]
    i = file.interchanges[0]
    i.sender = i.receiver = i.control_number = i.usage = evil
    i.groups[0].sets[0].submitter = Party().having(type="2", last_name=evil)
    file.faults = [Fault("CORE-ID-01", 1, evil)]
    return file


def unreadable() -> MadeFile:
    finding = Finding(
        "CORE-FILE-01",
        "This is not an X12 interchange: it begins with “<html”, not with ISA.",
        Where(offset=0, length=5),
        level="reject",
        fix="Send the 837 file itself.",
        scope="file",
    )
    return MadeFile(
        "page.txt",
        "2" * 64,
        90,
        "unreadable",
        findings=[finding],
        counts=Counts(findings={"reject": 1, "review": 0, "warn": 0, "note": 0}),
    )
