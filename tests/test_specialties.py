"""Valid claims as practices of every specialty send them (``fixtures/specialties``): none is refused, pyx12 agrees, and
together they use all that the guide has.

What is listed here as an exception has its reason beside it; nothing else may be found.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from judged import AS_OF, judged, only_file, rendered
from test_answered_files import reads_back
from test_telling_acknowledgments import held

import edi_check
from edi_check.reading import guide
from edi_check.reading.guide import CompositeUse, ElementUse, LoopUse, SegmentUse

deviations = pytest.importorskip("deviations")
pyx12_files = pytest.importorskip("pyx12_files")
test_corpus = pytest.importorskip("test_corpus")

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "specialties"
FILES = sorted(FOLDER.glob("*.837"))

PLACED = [p for p in FILES if p.stem != "order-of-loops"]
"""Those of which pyx12 knows where each segment stands."""

OTHER_DELIMITERS = {"control-characters", "delimiters-of-another-system", "several-interchanges"}

FOUND = {
    # Who works abroad, or drives, has no NPI; that somebody forgot it is likelier, so there is a warning.
    "abroad": ["CORE-ID-05 warn AB-11", "CORE-ID-05 warn AB-11"],
    "addresses-and-names": ["CORE-ID-05 warn AD-501"],
    # The guide lets an organisation render, and laboratories do; payers of most other claims deny it.
    "kinds-of-plans": ["CORE-SIT-10 warn KP-ORG", "CORE-SIT-10 warn KP-ORG"],
    # The guide asks for the day of admission with visits only, many payers with all that is done to an inpatient.
    "imaging": ["CORE-SIT-13 warn IM-31"],
    # An illness has no day of an accident; that the accident was forgotten is likelier.
    "workers-compensation": ["CORE-SIT-08 warn WC-41"],
}
"""The only findings on these claims: edit, level, claim. Each is a warning, and the claim accepted."""

DEVIATES = {
    "addresses-and-names": {"lists-of-others"},
    "control-characters": {"isa-delimiters"},
    "home-equipment": {"second-use"},
    "order-of-loops": {"order-of-loops"},
    "subrogation": {"subrogation"},
    "workers-compensation": {"organization-as-subscriber"},
}
"""What pyx12 refuses all the same, by the name of the deviation (docs/deviations.md)."""
OF_SEGMENTS = {"BHT06": "subrogation", "NM108": "organization-as-subscriber", "NM109": "organization-as-subscriber",
               "ISA11": "isa-delimiters", "ISA16": "isa-delimiters"}
"""Deviations of single segments, by the element of which pyx12 speaks."""

NO_CLAIM_HAS = {
    "ISA_LOOP TA1": "it answers an interchange, and doesn't travel with claims",
}
"""Segment uses of the map that no valid claim has."""
NO_CLAIM_SAYS = {
    "ISA_LOOP ISA U": "4010's; in 5010 the repetition separator stands there",
    "1000A PER ED": "the map's; nobody reaches a submitter by an access number",
}
"""Codes of the map that no valid claim has."""


def stem(path: Path) -> str:
    return path.stem


# Accepted, and answered so


def findings(data: bytes) -> list[str]:
    file = edi_check.check(data, as_of=AS_OF).files[0]
    assert file.disposition == "accepted", [(f.edit, f.message) for f in file.findings]
    return [f"{f.edit} {f.level} {f.claim_number}" for f in file.findings]


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_every_claim_is_accepted(path: Path) -> None:
    report = judged(path.read_bytes(), is_rendered=True)
    file = only_file(report)
    assert [f"{f.edit} {f.level} {f.claim_number}" for f in file.findings] == FOUND.get(path.stem, [])
    assert (file.disposition, report.exit_code) == ("accepted", 0)
    told = rendered(report)["files"][0]
    assert {c["disposition"] for c in told["claims"]} == {"accepted"}
    groups = [g for i in told["interchanges"] for g in i["groups"]]
    assert {i["ta1"] for i in told["interchanges"]} == {g["ak9"] for g in groups} == {"A"}
    assert {s["ik5"] for g in groups for s in g["sets"]} == {"A"}


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_the_answers_accept_it(path: Path) -> None:
    file = edi_check.check(path.read_bytes(), as_of=AS_OF).files[0]
    read = held(file)
    assert not re.search(r"\*(A[34678]|R\d):", "~".join("*".join(s) for one in read["277ca"] for s in one.segments))
    reads_back(file)


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_pyx12_agrees(path: Path) -> None:
    named = set()
    for data in interchanges(path.read_bytes()):
        for d, name in test_corpus.explanations(test_corpus.compare(data)).items():
            named.add(name or (OF_SEGMENTS.get(d.place, "") if d.side == "pyx12" else "") or str(d))
    assert named == DEVIATES.get(path.stem, set())


def interchanges(data: bytes) -> list[bytes]:
    """One by one: pyx12 keeps the delimiters of the first."""
    starts = [m.start() for m in re.finditer(rb"(?:^|(?<=[~\n]))ISA[^A-Za-z0-9]", data)]
    return [data[a:b] for a, b in zip(starts, [*starts[1:], len(data)], strict=True)]


def test_the_deviations_are_documented() -> None:
    known = {d.name for d in (*deviations.MILDER, *deviations.WHOLE_FILES)}
    assert {name for names in DEVIATES.values() for name in names} <= known


def test_the_readme_lists_them() -> None:
    listed = re.findall(r"^\| `(.+?)` \|", (FOLDER / "README.md").read_text("utf-8"), re.M)
    assert sorted(listed) == sorted(p.stem for p in FILES)


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_a_segment_a_line(path: Path) -> None:
    data = path.read_bytes()
    for one in interchanges(data):
        lines = one.split(b"\n")
        assert lines.pop() == b"" and all(re.match(rb"[A-Z][A-Z0-9]{1,2}[^A-Za-z0-9]", line) for line in lines)
        assert one[105:106] == b"\n" or all(line.count(one[105:106]) == 1 for line in lines)


# Other forms of the same claims


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_line_ends_and_delimiters_make_no_difference(path: Path) -> None:
    data, expected = path.read_bytes(), FOUND.get(path.stem, [])
    if data[105:106] != b"\n":
        assert findings(data.replace(b"\n", b"")) == expected
        assert findings(data.replace(b"\n", b"\r\n")) == expected
    if all(one[3:4] + one[82:83] + one[104:106] == b"*^:~" for one in interchanges(data)):
        assert findings(data.translate(bytes.maketrans(b"*^:~", b"\x1d\x1e\x1f\x1c"))) == expected


@pytest.mark.parametrize("path", [p for p in FILES if p.stem not in OTHER_DELIMITERS], ids=stem)
def test_leading_zeros_make_no_difference(path: Path) -> None:
    """In numbers of levels and lines, in amounts and units, and after the point: none changes what is said."""
    text = path.read_text("ascii")
    text = re.sub(r"(?m)^(HL\*|LX\*)(\d+)", r"\g<1>0\2", text)
    text = re.sub(r"(?m)^(HL\*\d+\*)(\d+)", r"\g<1>0\2", text)
    text = re.sub(r"(?m)^(CLM\*[^*]+\*|SV1\*[^*]+\*|AMT\*[^*]+\*)(\d+)(?=\*|~)", r"\g<1>0\2.00", text)
    assert findings(text.encode("ascii")) == FOUND.get(path.stem, [])


@pytest.mark.parametrize("path", [p for p in PLACED if p.stem not in OTHER_DELIMITERS], ids=stem)
def test_what_stands_at_one_position_comes_in_any_order(path: Path) -> None:
    data = path.read_bytes()
    met = segments(path)
    texts = data.decode("ascii").replace("~\n", "~").split("~")
    first, last = (next(n for n, m in enumerate(met) if m.elements[0] == name) for name in ("ST", "SE"))
    order = shuffled(met, list(range(first, last + 1)), guide.load().set_loop, Random(path.stem))
    assert sorted(order) == list(range(first, last + 1))
    assert order != sorted(order)
    moved = [*texts[:first], *(texts[n] for n in order), *texts[last + 1 :]]
    assert findings("~".join(moved).encode("ascii")) == FOUND.get(path.stem, [])


@pytest.mark.parametrize(("old", "new", "found"), [
    ("NM1*IL*1*OSPREY*VAL****MI*EXO0042~", "", "IK3-3 2330A"),
    ("NM1*DQ*1~\nREF*G2*EXV2~", "NM1*DQ*1~\nREF*G2*EXV2~\nNM1*DQ*1~\nREF*G2*EXV2~", "IK3-4 2330F"),
    ("NM1*45*2~\nN3*12 CLINIC CT~\nN4*BEND*OR*97701~", "NM1*45*2~\nN4*BEND*OR*97701~", "IK3-3 2420H"),
])
def test_but_not_without_what_is_required_nor_twice(old: str, new: str, found: str) -> None:
    text = (FOLDER / "order-of-loops.837").read_text("ascii")
    assert old in text
    more = text.replace(old, new, 1)
    more = re.sub(r"SE\*(\d+)", lambda m: f"SE*{int(m[1]) + more.count('~') - text.count('~')}", more)
    file = edi_check.check(more.encode("ascii"), as_of=AS_OF).files[0]
    assert [f"{f.edit} {f.where.loop}" for f in file.findings] == [found]


FIXED = ("HEADER", "DETAIL", "FOOTER", "2000A", "2000B", "2000C", "2300", "2320", "2400", "2430", "2440")
"""Loops whose repeats are in an order, or number their contents."""


def shuffled(met: list[Met], numbers: list[int], loop: LoopUse, random: Random) -> list[int]:
    """The numbers of a loop's segments, with what stands at one position of the guide in another order."""
    children: list[tuple[SegmentUse | LoopUse, list[int]]] = []
    for n in numbers:
        child: SegmentUse | LoopUse = met[n].use
        opened = met[n].use.loop
        while opened is not loop:
            assert opened.parent is not None
            child, opened = opened, opened.parent
        begins = isinstance(child, SegmentUse) or child is not (children[-1][0] if children else None) or (
            met[n].use is child.first)
        if begins:
            children.append((child, []))
        children[-1][1].append(n)
    order: list[int] = []
    at = 0
    while at < len(children):
        run = [c for c in children[at:] if c[0].position == children[at][0].position]
        run = run[: next((k for k, c in enumerate(children[at:]) if c[0].position != run[0][0].position), len(run))]
        at += len(run)
        if not any(c is loop.first or c.id in FIXED for c, _ in run):
            random.shuffle(run)
        for child, own in run:
            order += own if isinstance(child, SegmentUse) else shuffled(met, own, child, random)
    return order


# All that the guide has


class Met(NamedTuple):
    """A segment, and the use of the guide that pyx12 takes it for."""

    use: SegmentUse
    elements: list[str]
    component: str


@cache
def uses() -> dict[tuple[str, str, str], SegmentUse]:
    """By the path of the loop, id and name; the second PWK*CT of a line is where ``segments`` looks itself."""
    found: dict[tuple[str, str, str], SegmentUse] = {}
    for use in guide.load().uses:
        assert (use.loop.path, use.id, use.name) not in found
        found[use.loop.path, use.id, use.name] = use
    return found


@cache
def segments(path: Path) -> list[Met]:
    """What pyx12 sees in a file, which is accepted, so that each segment has a use."""
    found = []
    for data in interchanges(path.read_bytes()):
        text = data.decode("ascii")
        element, component = text[3], text[104]
        for _, segment, node, _ in pyx12_files.walked(text):
            if segment is None or node is None:
                continue
            use = uses()[node.parent.get_path().strip("/"), node.id, node.name]
            elements = segment.format("~", element, component).rstrip("~").split(element)
            if use.id == "PWK" and use.loop.id == "2400" and elements[1] == "CT":
                second = guide.load().uses[use.index + 1]
                codes = second.elements[1].codes if isinstance(second.elements[1], ElementUse) else ()
                use = second if elements[2] in codes else use
            found.append(Met(use, elements, component))
    return found


@cache
def everything() -> list[Met]:
    return [met for path in PLACED for met in segments(path)]


def designated(use: SegmentUse) -> Iterator[tuple[int, int, ElementUse]]:
    """Position, component (0: none) and element of all that the guide uses of a segment."""
    for position, element in enumerate(use.elements, 1):
        if element.usage == "N":
            continue
        parts = enumerate(element.components, 1) if isinstance(element, CompositeUse) else [(0, element)]
        yield from ((position, part, one) for part, one in parts if one.usage != "N")


def value(met: Met, position: int, part: int) -> str:
    text = met.elements[position] if position < len(met.elements) else ""
    parts = text.split(met.component) if part else [text]
    return parts[part - 1] if part <= len(parts) else ""


def test_every_segment_of_the_guide_is_used() -> None:
    """For the subscriber as patient and for a dependent, each for itself."""
    used = {met.use.index for met in everything()}
    missing = [f"{use.loop.id} {use.id}" for use in guide.load().uses if use.index not in used]
    assert missing == list(NO_CLAIM_HAS)


def test_every_element_of_the_guide_is_used() -> None:
    there: dict[tuple[str, str, str], set[tuple[int, int]]] = defaultdict(set)
    for met in everything():
        place = there[met.use.loop.id, met.use.id, met.use.name]
        place.update((p, c) for p, c, _ in designated(met.use) if value(met, p, c))
    missing = {f"{use.loop.id} {element.designator}" for use in guide.load().uses
               for p, c, element in designated(use) if (p, c) not in there[use.loop.id, use.id, use.name]
               and f"{use.loop.id} {use.id}" not in NO_CLAIM_HAS}
    assert missing == set()


def test_every_code_of_the_guide_is_used() -> None:
    """In one of the elements of the segment that have the same codes (CRC03 to CRC07, CLM11-1 and -2 …)."""
    said: dict[tuple[str, str, str, frozenset[str]], set[str]] = defaultdict(set)
    for use in guide.load().uses:
        for _, _, element in designated(use):
            if element.codes and f"{use.loop.id} {use.id}" not in NO_CLAIM_HAS:
                said[use.loop.id, use.id, use.name, element.codes].update()
    for met in everything():
        for p, c, element in designated(met.use):
            if element.codes:
                said[met.use.loop.id, met.use.id, met.use.name, element.codes].add(value(met, p, c))
    missing = {f"{loop} {segment} {code}"
               for (loop, segment, _, codes), values in said.items() for code in codes - values}
    assert missing <= set(NO_CLAIM_SAYS)


def test_everything_comes_as_often_as_the_guide_lets_it() -> None:
    """Segments and loops that may come more than once, up to a number."""
    most: dict[tuple[str, str, str], int] = defaultdict(int)
    for path in PLACED:
        counts: dict[str, dict[tuple[str, str, str], int]] = defaultdict(lambda: defaultdict(int))
        for met in segments(path):
            use, loop = met.use, met.use.loop
            outer = [(loop.path, (loop.id, use.id, use.name))]
            if use.is_loop_start and loop.parent is not None:
                for inner in [p for p in counts if p == loop.path or p.startswith(loop.path + "/")]:
                    del counts[inner]
                outer.append((loop.parent.path, (loop.id, "", "")))
            for where, what in outer:
                counts[where][what] += 1
                most[what] = max(most[what], counts[where][what])
    limits = {(u.loop.id, u.id, u.name): u.maximum for u in guide.load().uses}
    limits |= {(u.loop.id, "", ""): u.loop.maximum for u in guide.load().uses}
    assert {what: (limit, most[what]) for what, limit in limits.items() if limit > 1 and most[what] != limit} == {}


def test_claims_hang_on_every_kind_of_level() -> None:
    """Several billing providers of a set, several subscribers, dependents of one, claims of one; each frequency."""
    children: dict[str, set[int]] = defaultdict(set)
    frequencies = set()
    for path in PLACED:
        counts: dict[str, int] = defaultdict(int)
        for met in segments(path):
            level = met.elements[0] + (met.elements[3] if met.elements[0] == "HL" else "")
            if level == "CLM":
                frequencies.add(value(met, 5, 3))
                level = "CLM of dependent" if "/2000C/" in met.use.loop.path + "/" else "CLM of subscriber"
            for lower in {"ST": ("HL20",), "HL20": ("HL22",), "HL22": ("HL23", "CLM of subscriber"),
                          "HL23": ("CLM of dependent",)}.get(level, ()):
                counts[lower] = 0
            counts[level] += 1
            children[level].add(counts[level])
    assert frequencies == {"1", "7", "8"}
    for level in ("HL20", "HL22", "HL23", "CLM of subscriber", "CLM of dependent"):
        assert {1, 2} <= children[level], level


def test_numbers_are_invented() -> None:
    """Social security and tax numbers that nobody has; NPIs are held to theirs in test_house."""
    for met in everything():
        if met.elements[0] == "REF" and met.elements[1] in ("SY", "EI"):
            assert re.fullmatch("000000[0-9]{3}|891000[0-9]{3}", met.elements[2]), met.elements


