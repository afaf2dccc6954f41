"""Acknowledgments as others see them: pyx12's own maps for 999 and 277CA, and a plain reader that adds up."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import pyx12.map_if
import pyx12.params
import pyx12.x12file
from pyx12.map_walker import walk_tree

from edi_check.report import FileReport
from edi_check.telling.acknowledgments import KINDS, Acknowledgments

MAPS = {"005010X231A1": "999.5010X231.A1.xml", "005010X214": "277.5010.X214.xml"}


def answers(file: FileReport, as_of: str = "2026-11-21", **more: Any) -> dict[str, str]:
    """The text of each acknowledgment of a file; those that hold nothing are left out."""
    made = Acknowledgments(file, as_of, **more)
    texts = {}
    for kind in KINDS:
        out = io.StringIO()
        if made.write(kind, out):
            texts[kind] = out.getvalue()
        else:
            assert out.getvalue() == ""
    return texts


class Interchange(NamedTuple):
    """``segments`` as lists of elements, which ``element`` separated; ``component`` separates within them."""

    segments: list[list[str]]
    component: str
    element: str


def interchanges(text: str) -> Iterator[Interchange]:
    """The interchanges of a text, each by its own delimiters; nothing may stand between or after them."""
    at = 0
    while at < len(text):
        assert text.startswith("ISA", at), text[at : at + 40]
        element, component, terminator = text[at + 3], text[at + 104], text[at + 105]
        segments = []
        while True:
            stop = text.index(terminator, at)
            segments.append(text[at:stop].split(element))
            at = stop + 1
            while at < len(text) and text[at] in "\r\n" and text[at] != terminator:
                at += 1
            if segments[-1][0] == "IEA":
                break
        yield Interchange(segments, component, element)


@lru_cache(maxsize=4)
def _map(name: str) -> Any:
    return pyx12.map_if.load_map_file(name, pyx12.params.ParamsBase())


def pyx12_faults(one: Interchange) -> list[str]:
    """What pyx12 has against an interchange of ours, but for the exceptions that the contract names. It reads no
    control characters as delimiters; where ours are such, it sees others."""
    used_up = {c for s in one.segments for e in s for c in e}
    spare = [c for c in "*:^|!>;<%$" if c not in used_up]
    element, component, repetition = (
        c if c.isprintable() else spare.pop() for c in (one.element, one.component, one.segments[0][11])
    )
    isa = [*one.segments[0][:11], repetition, *one.segments[0][12:16], component]
    body = [[e.replace(one.component, component) for e in s] for s in one.segments[1:]]
    plain = "".join(element.join(s) + "\n" for s in [isa, *body])
    source = pyx12.x12file.X12Reader(io.StringIO(plain))
    envelope = _map("x12.control.00501.xml")
    walker, node, used = walk_tree(), envelope.getnodebypath("/ISA_LOOP/ISA"), None
    found: list[str] = []
    refused = {(s[3], "2000C" if s[3] == "21" else "2000D") for s in one.segments if s[0] == "HL" and s[4:] == ["0"]}
    for n, segment in enumerate(source, 1):
        before, name = node, segment.get_seg_id()
        if name == "ISA":
            node = envelope.getnodebypath("/ISA_LOOP/ISA")
            walker.forceWalkCounterToLoopStart("/ISA_LOOP", "/ISA_LOOP/ISA")
        elif name == "GS":
            used = _map(MAPS[segment.get_value("GS08")])
            node = used.getnodebypath("/ISA_LOOP/GS_LOOP/GS")
            walker.forceWalkCounterToLoopStart("/ISA_LOOP/GS_LOOP", "/ISA_LOOP/GS_LOOP/GS")
        else:
            node, _, _, walked = walker.walk_errors(node, segment, source.get_seg_count(), source.get_cur_line(), None)
            found += [
                f"{n} {segment.format()} {e.err_cde} {e.err_str}"
                for e in walked
                if not any(f"({below}) missing" in e.err_str for _, below in refused)
            ]
        found += [f"{n} {segment.format()} {code} {says}" for _, code, says, _, _ in source.pop_errors()]
        if node is None:
            node = before
            continue
        _, errors = node.is_valid_errors(segment)
        found += [
            f"{n} {segment.format()} {e.refdes} {e.err_cde} {e.err_str}"
            for e in errors
            if not _is_excepted(segment, node, str(e.refdes))
        ]
    source.cleanup()
    return found + [says for _, _, says, _, _ in source.pop_errors()]


def _is_excepted(segment: Any, node: Any, place: str) -> bool:
    """The exceptions of the contract, section 4: STC02 of lines is empty, codes newer than pyx12's list, HL04 0 at
    2000C (and then nothing below, nor below 2000B where its HL04 is 0: the guide stops there, the map wants more)."""
    name = segment.get_seg_id()
    if name == "STC":
        if "2220D" in node.get_path() and place == "STC02":
            return True
        code = segment.get_value(place) if "-" in place else ""
        return bool(code) and code.isdigit() and int(code) > 771
    return name == "HL" and place in ("HL04", "04") and segment.get_value("HL03") == "19"


def added_up(one: Interchange) -> None:
    """SE01, GE01 and IEA01 are right, control numbers match and are unique within."""
    groups = sets = start = 0
    gs06: set[str] = set()
    st02: set[str] = set()
    isa = one.segments[0]
    assert len(isa) == 17
    for n, s in enumerate(one.segments):
        match s[0]:
            case "GS":
                groups, sets = groups + 1, 0
                st02 = set()
                assert s[6] not in gs06 and 0 < int(s[6]) < 10**9
                gs06.add(s[6])
                group = s[6]
            case "ST":
                sets, start, number = sets + 1, n, s[2]
                assert number not in st02
                st02.add(number)
            case "SE":
                assert s[1:] == [str(n - start + 1), number]
            case "GE":
                assert s[1:] == [str(sets), group]
            case "IEA":
                assert s[1:] == [str(groups), isa[13]]


ABOVE = {"21": "20", "19": "21", "PT": "19"}


@dataclass
class Level:
    """A batch or a billing provider of a 277CA: what its QTY, AMT and STC say, and the claims told below it."""

    codes: tuple[str, str]
    is_refused: bool = False
    amount: Decimal = Decimal(0)
    counts: dict[str, int] = field(default_factory=dict)
    charges: dict[str, Decimal] = field(default_factory=dict)
    below: list[Level] = field(default_factory=list)
    claims: list[tuple[bool, Decimal]] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return self.counts.get(self.codes[0], 0)

    @property
    def rejected(self) -> int:
        return self.counts.get(self.codes[1], 0)

    @property
    def accepted_charge(self) -> Decimal:
        return self.charges.get("YU", Decimal(0))

    @property
    def charge(self) -> Decimal:
        return sum(self.charges.values(), Decimal(0))

    def hold(self) -> None:
        """Counts and amounts are those of what stands below, and nothing stands below a refusal."""
        assert set(self.counts) <= set(self.codes) and set(self.charges) <= {"YU", "YY"}
        assert all(n > 0 for n in self.counts.values()), "a count of none is not sent"
        assert ("YU" in self.charges, "YY" in self.charges) == tuple(c in self.counts for c in self.codes)
        assert self.amount == self.charge
        if self.is_refused:
            assert not self.below and not self.claims and not self.accepted and self.rejected
            return
        assert bool(self.below) == (self.codes == ("90", "AA")) and bool(self.claims) == (self.codes == ("QA", "QC"))
        accepted = [c for is_accepted, c in self.claims if is_accepted]
        assert self.accepted == len(accepted) + sum(p.accepted for p in self.below)
        assert self.rejected == len(self.claims) - len(accepted) + sum(p.rejected for p in self.below)
        assert self.accepted_charge == sum(accepted) + sum(p.accepted_charge for p in self.below)
        assert self.charge == sum(c for _, c in self.claims) + sum(p.charge for p in self.below)


def batches(one: Interchange) -> list[Level]:
    """The sets of a 277CA, each held to what its levels say: HL numbers, parents and children, statuses, sums."""
    found: list[Level] = []
    levels: list[str] = []
    parents: dict[str, str] = {}
    here = Level(("", ""))
    is_line = False
    for s in one.segments:
        match s[0]:
            case "ST":
                found.append(Level(("90", "AA")))
                levels, parents = [], {}
            case "HL":
                levels.append(s[3])
                assert s[1] == str(len(levels)) and s[2] == parents.get(ABOVE.get(s[3], ""), "")
                parents[s[3]] = s[1]
                is_line = False
                if s[3] == "19":
                    here = Level(("QA", "QC"))
                    found[-1].below.append(here)
                elif s[3] == "21":
                    here = found[-1]
                if s[3] == "PT":
                    assert len(s) == 4
                else:
                    children = s[4]
            case "TRN":
                is_line = False
                if levels[-1] == "PT":
                    here.claims.append((True, Decimal(-1)))
            case "SVC":
                is_line = True
                assert not here.claims[-1][0], "only a refused claim has lines"
            case "STC" if is_line:
                assert s[3] == "U" and len(s) < 13
            case "STC" if levels[-1] == "PT":
                assert s[3] in ("WQ", "U") and (s[3] == "WQ") == (s[1][:2] in ("A1", "A2"))
                assert here.claims[-1] in ((True, Decimal(-1)), (s[3] == "WQ", Decimal(s[4])))
                here.claims[-1] = (s[3] == "WQ", Decimal(s[4]))
            case "STC":
                here.amount, here.is_refused = Decimal(s[4]), s[3] == "U"
                assert children == ("0" if here.is_refused else "1")
                assert bool(s[2]) == (levels[-1] == "21"), "STC02 is of the batch, not of the provider"
            case "QTY":
                here.counts[s[1]] = int(s[2])
            case "AMT":
                here.charges[s[1]] = Decimal(s[2])
            case "SE":
                found[-1].hold()
                for provider in found[-1].below:
                    provider.hold()
    return found
