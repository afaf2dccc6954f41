"""Bytes of an acknowledgment to what it holds: the segments of a TA1, 999, 997 or 277 taken one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..phrases import counted
from ..privacy import legible
from ..reading.segments import Batch, Header, Segmenter, Stray
from .contradictions import of_day, of_days
from .controls import Controls, whole_number
from .received import (
    BatchAnswer,
    ClaimAnswer,
    Code,
    ElementAnswer,
    GroupAnswer,
    InterchangeAnswer,
    LineAnswer,
    ProviderAnswer,
    Received,
    ReceivedInterchange,
    SegmentAnswer,
    SetAnswer,
    StatusAnswer,
)

__all__ = ["MAX_REMARKS", "recognized"]

MAX_REMARKS = 50
MAX_ELEMENTS = 200
STRAYS = {
    "nothing": "It holds nothing that could be read: an interchange begins with ISA.",
    "not-x12": "What begins at byte {at} is not X12: an interchange begins with ISA.",
    "bad-header": "The ISA at byte {at} can't be read.",
    "too-long": "At byte {at} stands a segment without an end; nothing after it was read.",
    "cut": "The file ends inside a segment, after “{text}”: it was cut off.",
}
SYNTAX, CLAIMS = ("999", "997"), ("277",)
CONTROL = ("GS", "GE", "ST", "SE", "IEA", "TA1")


def recognized(chunks: Iterable[bytes]) -> Received:
    """What the acknowledgments of a file say. In: its bytes, in chunks. Raises nothing, whatever they are."""
    machine = _Recognizer()
    segmenter = Segmenter()
    for chunk in chunks:
        machine.take(segmenter.feed(chunk))
    machine.take(segmenter.close())
    return machine.finished()


def _number(text: str) -> int:
    return whole_number(text) or 0


class _Recognizer:
    def __init__(self) -> None:
        self.received = Received()
        self.interchange = ReceivedInterchange("", "", "", "", ":")
        self.element = "*"
        self.is_open = False
        self.controls = Controls(lambda text: self.remark(text, is_whole=True))
        self.kind = ""
        self.version = ""
        self._outside()
        self._acts: dict[str, Callable[[list[str]], None]] = {
            "TA1": self._ta1, "GS": self._gs, "ST": self._st, "SE": self._se, "GE": self._ge, "IEA": self._iea,
            "AK1": self._ak1, "AK2": self._ak2, "IK3": self._ik3, "AK3": self._ik3, "IK4": self._ik4,
            "AK4": self._ik4, "IK5": self._ik5, "AK5": self._ik5, "AK9": self._ak9, "CTX": self._ctx,
        }
        self._claim_acts: dict[str, Callable[[list[str]], None]] = {
            "BHT": self._bht, "HL": self._hl, "NM1": self._nm1, "TRN": self._trn, "STC": self._stc,
            "QTY": self._count_of, "AMT": self._count_of, "REF": self._ref, "DTP": self._dtp, "SVC": self._svc,
        }

    # --- the file --------------------------------------------------------------------------------------------

    def remark(self, text: str, is_whole: bool = False) -> None:
        """Note damage; without ``is_whole`` it means that something can't be read."""
        remarks = self.received.remarks
        if len(remarks) < MAX_REMARKS:
            remarks.append(text)
        elif len(remarks) == MAX_REMARKS:
            remarks.append("There are more remarks of this kind; they are not listed.")
        self.received.is_whole = self.received.is_whole and is_whole

    def take(self, events: list[Batch | Header | Stray]) -> None:
        for event in events:
            if isinstance(event, Batch):
                for n, text in enumerate(event.segments, event.first):
                    self.segment(text.split(self.element, MAX_ELEMENTS), n)
            elif isinstance(event, Header):
                self._isa(event)
            elif event.kind == "unterminated":
                self.segment(event.text.split(self.element), 0)
            else:
                kind = event.kind if event.text else "nothing"
                self.remark(STRAYS[kind].format(at=event.offset, text=legible(event.text, 3)))

    def finished(self) -> Received:
        received = self.received
        if self.is_open:
            self._left_open()
        if not received.interchanges:
            if not received.remarks:
                self.remark("The file is empty.")
        elif not any(i.answers for i in received.interchanges):
            self.remark("No acknowledgment was found in it: no TA1, 999, 997 or 277CA.")
        for one in received.interchanges:
            for kind, count in one.others.items():
                self.remark(f"{counted(count, 'set')} of the kind {legible(kind, 6) or '(none)'} "
                            f"{'is no acknowledgment and is' if count == 1 else 'are no acknowledgments and are'} "
                            "not explained." + (" Claims are judged by `edi-check check`." if kind == "837" else ""),
                            is_whole=True)
        return received

    def _left_open(self) -> None:
        self.remark(f"Interchange {legible(self.interchange.number)} has no end (IEA): the file may be cut off.")

    def _isa(self, header: Header) -> None:
        if self.is_open:
            self._left_open()
        e = header.elements
        self.element = header.delimiters.element
        self.is_open, self.kind, self.version = True, "", ""
        self._outside()
        self.controls.isa(e[13].strip())
        self._note(of_day("ISA09", e[9].strip(), "20"))
        self.interchange = ReceivedInterchange(
            e[13].strip(), f"{e[5].strip()}:{e[6].strip()}", f"{e[7].strip()}:{e[8].strip()}", e[9].strip(),
            header.delimiters.component)
        self.received.interchanges.append(self.interchange)

    def segment(self, e: list[str], n: int) -> None:
        """One segment. ``n`` counts those of the file; 0 for a last one without its terminator."""
        self.controls.segments += 1
        act = self._acts.get(e[0])
        if act is None and self.kind in ("", *CLAIMS):
            act = self._claim_acts.get(e[0])
        if act is not None and (self.kind in ("", *SYNTAX, *CLAIMS) or e[0] in CONTROL):
            act([*e, *[""] * (14 - len(e))])

    def _outside(self) -> None:
        self.group: GroupAnswer | None = None
        self.set: SetAnswer | None = None
        self.fault: SegmentAnswer | None = None
        self.element_fault: ElementAnswer | None = None
        self.batch: BatchAnswer | None = None
        self.provider: ProviderAnswer | None = None
        self.claim: ClaimAnswer | None = None
        self.line: LineAnswer | None = None
        self.level = ""

    def _note(self, remarks: Iterable[str]) -> None:
        for text in remarks:
            self.remark(text, is_whole=True)

    def _gs(self, e: list[str]) -> None:
        self.controls.gs(e)
        if len(e[4].strip()) != 6:  # of the older standards: YYMMDD
            self._note(of_day("GS04", e[4].strip()))
        self.version, self.kind = e[8].strip(), ""
        self._outside()

    def _st(self, e: list[str]) -> None:
        self._outside()
        self.controls.st(e)
        self.kind = e[1].strip() or "?"
        if self.kind in CLAIMS:
            self._new_batch((e[3] or self.version).strip())
        elif self.kind not in SYNTAX:
            others = self.interchange.others
            others[self.kind] = others.get(self.kind, 0) + 1

    def _se(self, e: list[str]) -> None:
        self.controls.se(e, self.kind in (*SYNTAX, *CLAIMS))
        self.kind = ""
        self._outside()

    def _ge(self, e: list[str]) -> None:
        self.controls.ge(e)
        self.kind = ""
        self._outside()

    def _iea(self, e: list[str]) -> None:
        self.controls.iea(e)
        self.is_open, self.kind = False, ""
        self._outside()

    # --- TA1, 999 and 997 ------------------------------------------------------------------------------------

    def _ta1(self, e: list[str]) -> None:
        self.interchange.answers.append(InterchangeAnswer(*(x.strip() for x in e[1:6])))

    def _ak1(self, e: list[str]) -> None:
        self.group = GroupAnswer(self.kind if self.kind in SYNTAX else "999", e[1].strip(), e[2].strip(), e[3].strip())
        self.interchange.answers.append(self.group)
        self.set = self.fault = self.element_fault = None

    def _in_group(self, name: str) -> GroupAnswer:
        if self.group is None:
            self.remark(f"A segment {name} has no AK1 before it that says which group it is about.", is_whole=True)
            self._ak1([""] * 14)
            assert self.group is not None
        return self.group

    def _ak2(self, e: list[str]) -> None:
        group = self._in_group("AK2")
        self.set = SetAnswer(e[1].strip(), e[2].strip(), e[3].strip())
        group.sets.append(self.set)
        self.fault = self.element_fault = None

    def _in_set(self, name: str) -> SetAnswer:
        if self.set is None:
            group = self._in_group(name)
            self.remark(f"A segment {name} has no AK2 before it that says which set it is about.", is_whole=True)
            self.set = SetAnswer()
            group.sets.append(self.set)
        return self.set

    def _ik3(self, e: list[str]) -> None:
        one = self._in_set(e[0])
        self.fault = SegmentAnswer(e[1].strip(), _number(e[2]), e[3].strip(), e[4].strip())
        one.segments.append(self.fault)
        self.element_fault = None

    def _ik4(self, e: list[str]) -> None:
        if self.fault is None:
            one = self._in_set(e[0])
            self.remark(f"A segment {e[0]} has no {e[0][:2]}3 before it that says which segment it is about.",
                        is_whole=True)
            self.fault = SegmentAnswer("", 0, "", "")
            one.segments.append(self.fault)
        position, component, repetition = (*map(_number, e[1].split(self.interchange.component)), 0, 0)[:3]
        self.element_fault = ElementAnswer(position, component, repetition, e[3].strip(), e[4])
        self.fault.elements.append(self.element_fault)

    def _ctx(self, e: list[str]) -> None:
        if self.fault is None:
            return
        name, *values = e[1].split(self.interchange.component)
        if name.strip() == "CLM01":
            self.fault.claim = values[0].strip() if values else ""
        elif name.startswith("SITUATIONAL TRIGGER"):
            trigger = [":".join(x.strip().split(self.interchange.component)) for x in e[2:6]]
            (self.element_fault or self.fault).triggers.append(trigger)

    def _ik5(self, e: list[str]) -> None:
        one = self._in_set(e[0])
        if one.result:
            self.remark(f"Set {legible(one.number, 9) or '(none)'} is given a second result; the first counts.",
                        is_whole=True)
            return
        one.result, one.codes = e[1].strip(), [c.strip() for c in e[2:7] if c.strip()]
        self.fault = self.element_fault = None

    def _ak9(self, e: list[str]) -> None:
        group = self._in_group("AK9")
        group.result, group.declared, group.received, group.accepted = (x.strip() for x in e[1:5])
        group.codes = [c.strip() for c in e[5:10] if c.strip()]
        self.set = self.fault = self.element_fault = None

    # --- 277CA -----------------------------------------------------------------------------------------------

    def _new_batch(self, version: str) -> BatchAnswer:
        self.batch = BatchAnswer(version)
        self.interchange.answers.append(self.batch)
        return self.batch

    def _in_batch(self) -> BatchAnswer:
        if self.batch is None:
            self.remark("Statuses of claims stand outside a 277 set (ST).", is_whole=True)
            return self._new_batch(self.version)
        return self.batch

    def _in_provider(self) -> ProviderAnswer:
        if self.provider is None:
            self.provider = ProviderAnswer(first=len(self.received.claims))
            self._in_batch().providers.append(self.provider)
        return self.provider

    def _bht(self, e: list[str]) -> None:
        self._in_batch()
        self._note(of_day("BHT04, the day the acknowledgment was made,", e[4].strip()))

    def _hl(self, e: list[str]) -> None:
        self._in_batch()
        self.level = e[3].strip()
        self.claim = self.line = None
        if self.level == "19":
            self.provider = None
            self._in_provider()

    def _nm1(self, e: list[str]) -> None:
        batch = self._in_batch()
        if self.level == "20" and not batch.source:
            batch.source = e[3].strip()
        elif self.level == "19":
            provider = self._in_provider()
            provider.name = provider.name or e[3].strip()
            if not provider.id:
                provider.qualifier, provider.id = e[8].strip(), e[9].strip()
            provider.is_person = e[2].strip() != "2"

    def _trn(self, e: list[str]) -> None:
        batch = self._in_batch()
        if self.level == "21":
            batch.reference = e[2].strip()
        elif self.level not in ("20", "19"):
            self._new_claim(e[2].strip())

    def _stc(self, e: list[str]) -> None:
        codes = [self._code(c) for c in (e[1], e[10], e[11]) if c.strip()]
        status = StatusAnswer(codes, e[3].strip(), e[12].strip(), e[4].strip())
        if self.line is not None:
            self.line.statuses.append(status)
        elif self.level in ("20", "21"):
            self._in_batch().statuses.append(status)
        elif self.level == "19":
            self._in_provider().statuses.append(status)
        else:
            self._in_claim("STC").statuses.append(status)
        self._note(of_day(f"STC02, the day of a status{self._whose()},", e[2].strip()))

    def _whose(self) -> str:
        """`` of claim A-1``, for a sentence."""
        return f" of claim {legible(self.claim.number) or '(no number)'}" if self.claim else ""

    def _code(self, composite: str) -> Code:
        return Code(*(*(x.strip() for x in composite.split(self.interchange.component)), "", "", "")[:3])

    def _in_claim(self, name: str) -> ClaimAnswer:
        if self.claim is None:
            self.remark(f"A segment {name} has no TRN before it that says which claim it is about.", is_whole=True)
            return self._new_claim("")
        return self.claim

    def _new_claim(self, number: str) -> ClaimAnswer:
        provider, claims = self._in_provider(), self.received.claims
        provider.first = provider.first if provider.count else len(claims)
        provider.count += 1
        self.claim, self.line = ClaimAnswer(number), None
        claims.append(self.claim)
        return self.claim

    def _count_of(self, e: list[str]) -> None:
        if self.level == "21":
            self._in_batch().counts[e[1].strip()] = e[2].strip()
        elif self.level == "19":
            self._in_provider().counts[e[1].strip()] = e[2].strip()

    def _ref(self, e: list[str]) -> None:
        kind, value = e[1].strip(), e[2].strip()
        if self.line is not None:
            if kind == "FJ":
                self.line.control = value
        elif self.claim is not None:
            if kind == "1K":
                self.claim.payer_number = value
            elif kind == "D9":
                self.claim.trace = value
            elif kind == "EJ":  # of a 277 that answers a question: the claim's number, TRN02 is the question's
                self.claim.number = value

    def _dtp(self, e: list[str]) -> None:
        kind, days = e[1].strip(), e[3].strip()
        if kind == "472" and self.claim is not None:
            self._note(of_days(f"DTP*472, the day of service{self._whose()},", days))
            if self.line is None:
                self.claim.days = days
            else:
                self.line.days = days
        elif kind in ("050", "009") and self.batch is not None:
            which = "the file came" if kind == "050" else "it was processed"
            self._note(of_day(f"DTP*{kind}, the day {which},", days))
            if kind == "050":
                self.batch.came = days
            else:
                self.batch.processed = days

    def _svc(self, e: list[str]) -> None:
        claim = self._in_claim("SVC")
        self.line = LineAnswer(":".join(e[1].strip().split(self.interchange.component)), e[2].strip(), e[7].strip())
        claim.lines.append(self.line)
