"""ISA, GS and ST with their trailers: control numbers, counts, and what an acknowledgment calls their faults.

TA1 codes for the interchange, AK905 for the functional group, IK502 for the transaction set. A group or set of another
kind is noted and passed over. Nothing here reads claims.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ..findings import Finding, Where
from ..model import FunctionalGroup, Interchange, TransactionSet
from ..phrases import counted
from .explain import explain
from .guide import Guide
from .isa import header_faults
from .segments import Header
from .strays import misread

__all__ = ["GUIDE_VERSIONS", "Envelope"]

OTHER_CLAIMS = {
    **dict.fromkeys(("X223", "X096"), "institutional claims (837I)"),
    **dict.fromkeys(("X224", "X097"), "dental claims (837D)"),
}
"""Part of GS08 to whose guide it is, of 5010 and of 4010."""
GUIDE_VERSIONS = frozenset({"005010X222A1", "005010X222", "005010X222A2"})
"""Read by the A1 guide; the other two are a warning (CONTRACT section 4)."""

VALUE_KEPT = 40

Locate = Callable[[int], tuple[int, int]]
"""Segment number to (offset, length)."""


class Envelope:
    """The open interchange, group and set, the list of all, and the faults of their segments."""

    def __init__(self, guide: Guide, locate: Locate) -> None:
        self.guide = guide
        self.locate = locate
        self.interchanges: list[Interchange] = []
        self.faults: list[Finding] = []
        self.interchange: Interchange | None = None
        self.group: FunctionalGroup | None = None
        self.set: TransactionSet | None = None
        self.groups = self.sets = 0
        self.has_professional = False
        self._seen: set[str] = set()
        self._seen_groups: set[str] = set()
        self._is_stray = self._is_misread = False

    # --- findings ------------------------------------------------------------------------------------------

    def fault(
        self,
        edit: str,
        message: str,
        fix: str,
        n: int,
        at: str,
        value: str = "",
        scope: str = "",
        level: str = "",
    ) -> None:
        """File what is wrong with segment ``n``. ``at``: the segment's id, or the designator of the element at fault,
        whose ``value`` is kept as far as anybody looks."""
        offset, length = self.locate(n)
        set_segment = n - self.set.segment + 1 if self.set else 0
        segment_id, element = (at[:-2], at) if len(at) > 3 else (at, "")
        where = Where("", segment_id, element, 0, n, set_segment, 0, 0, offset, length, value[:VALUE_KEPT])
        kinds = {"TA1": "interchange", "AK9": "group", "IK5": "set"}
        self.faults.append(
            Finding(
                edit,
                message,
                where,
                level=level,
                fix=fix,
                scope=scope or kinds.get(edit[:3], "file"),
                interchange=self.interchange.index if self.interchange else 0,
                group=self.group.index if self.group else 0,
                set_index=self.set.index if self.set else 0,
            )
        )

    # --- interchange ---------------------------------------------------------------------------------------

    def open_interchange(self, header: Header, n: int) -> Interchange:
        e = header.elements
        i = Interchange(len(self.interchanges) + 1, header.text, header.delimiters, e[5], e[6].rstrip(), e[7],
                        e[8].rstrip(), e[9], e[10], e[12], e[13], e[14], e[15], segment=n, offset=header.offset)
        self.interchanges.append(i)
        self.interchange, self._is_stray, self._is_misread = i, False, False
        self._seen_groups = set()
        for f in header_faults(header):
            self.fault(f.edit, f.message, f.fix, n, f.element or "ISA", f.value)
        return i

    def close_interchange(self, e: Sequence[str], n: int) -> None:
        """IEA."""
        i = self.interchange
        assert i is not None
        self.close_open_group(n)
        if not self._is_misread:
            self._judge_end(i, e, n)
        i.is_complete = True
        self.interchange = None

    def _judge_end(self, i: Interchange, e: Sequence[str], n: int) -> None:
        count, number = (*e[1:3], "", "")[:2]
        if not _says(count, len(i.groups)):
            self.fault("TA1-021",
                       f"IEA01 says {count[:12] or 'nothing'}, but the interchange holds "
                       f"{counted(len(i.groups), 'group')}.",
                       f"Put {len(i.groups)} in IEA01.", n, "IEA01", count)
        if number != i.control_number:
            self.fault("TA1-001", f"IEA02 “{number[:12]}” is not the control number {i.control_number} of the ISA.",
                       "Put the same control number in ISA13 and IEA02.", n, "IEA02", number)
        self._surplus(e, n, "TA1-022")

    def abandon_interchange(self, n: int, why: str) -> None:
        """The interchange ends without its IEA: one finding, whatever else is open with it."""
        if not self._is_misread:
            self.fault("TA1-023", why, "Send the whole file again.", n, "IEA")
        self.set = self.group = self.interchange = None

    # --- group ---------------------------------------------------------------------------------------------

    def open_group(self, e: Sequence[str], n: int) -> None:
        """GS. One that has swallowed more than itself is no group: the ISA's delimiters aren't those of the rest."""
        i = self.interchange
        assert i is not None
        self.close_open_group(n)
        if (len(e) > 9 or e[-1] not in GUIDE_VERSIONS) and self.is_misread(i.delimiters.element.join(e), n):
            return
        v = (*e, *[""] * 9)[:9]
        self.groups += 1
        g = FunctionalGroup(self.groups, v[1], v[2], v[3], v[4], v[5], v[6], v[8], segment=n, offset=self.locate(n)[0])
        i.groups.append(g)
        self.group = g
        self._seen = set()
        self._is_stray = False
        g.is_professional = v[1] == "HC" and v[8] in GUIDE_VERSIONS
        self._judge_kind(g, n)
        if not re.fullmatch(r"[0-9]{1,9}", v[6], re.ASCII):
            self.fault("AK9-6", f"GS06 “{v[6][:20]}” is not a control number of one to nine digits.",
                       "Number the group with digits.", n, "GS06", v[6])
        elif v[6] in self._seen_groups:
            self.fault("AK9-6", f"The group control number {v[6]} is used by an earlier group of the same interchange.",
                       "Give each group of an interchange its own GS06.", n, "GS06", v[6])
        self._seen_groups.add(v[6][:40])
        for f in explain(self.guide.use("GS_LOOP", "GS"), list(e), i.delimiters):
            if f.element not in ("GS01", "GS06", "GS08"):
                self.fault("TA1-024", f.message, f.fix, n, f.element or "GS", f.value, level=f.level)

    def _judge_kind(self, g: FunctionalGroup, n: int) -> None:
        """GS01 and GS08: is the group one of professional claims, in a version that is read here?"""
        if g.functional_id != "HC":
            self.fault("AK9-1", f"The functional group is of kind {g.functional_id[:4] or '(none)'}, not HC (claims).",
                       "Send claims in a group with GS01 HC.", n, "GS01", g.functional_id)
        elif not g.is_professional:
            other = OTHER_CLAIMS.get(g.version[6:10], "")
            says = f"that of {other}, which" if other else "not a version of the 837P guide that"
            self.fault("AK9-2", f"GS08 “{g.version[:20]}” is {says} {'are not' if other else 'is'} read here.",
                       "Send professional claims as 005010X222A1.", n, "GS08", g.version, level="reject")
        elif g.version != "005010X222A1":
            self.fault("AK9-2", f"GS08 {g.version} is read by the guide 005010X222A1.",
                       "Send 005010X222A1.", n, "GS08", g.version, level="warn")

    def close_group(self, e: Sequence[str], n: int) -> None:
        """GE."""
        g = self.group
        assert g is not None
        count, number = (*e[1:3], "", "")[:2]
        g.declared_sets = count
        if not g.sets and g.is_professional:
            self.fault("AK9-5", f"The functional group {g.control_number[:12]} holds no transaction set.",
                       "Send a group only when it has sets.", n, "GE01", count)
        elif not _says(count, len(g.sets)):
            self.fault("AK9-5",
                       f"GE01 says {count[:12] or 'nothing'}, but the group holds "
                       f"{counted(len(g.sets), 'transaction set')}.",
                       f"Put {len(g.sets)} in GE01.", n, "GE01", count)
        if number != g.control_number:
            self.fault("AK9-4", f"GE02 “{number[:12]}” is not the control number {g.control_number[:12]} of the GS.",
                       "Put the same control number in GS06 and GE02.", n, "GE02", number)
        self._surplus(e, n, "TA1-024")
        self.group = None

    def close_open_group(self, n: int) -> None:
        """Something begins or ends that can't while a group is open: its GE is missing."""
        if self.group is not None:
            self.fault("AK9-3", f"The functional group {self.group.control_number[:12]} has no trailer (GE).",
                       "End the group with its GE.", n, "GE")
            self.group = None

    # --- set -----------------------------------------------------------------------------------------------

    def open_set(self, e: Sequence[str], n: int) -> TransactionSet:
        g = self.group
        assert g is not None
        v = (*e, *[""] * 4)[:4]
        self.sets += 1
        s = TransactionSet(self.sets, v[2], v[1], v[3], segment=n, offset=self.locate(n)[0])
        g.sets.append(s)
        self.set, self._is_stray = s, False
        s.is_professional = g.is_professional and v[1] == "837"
        if not g.is_professional:
            return s
        if v[1] != "837":
            self.fault("IK5-1" if re.fullmatch("[0-9]{3}", v[1], re.ASCII) else "IK5-6",
                       f"ST01 “{v[1][:6]}” is not 837.",
                       "Send claims as transaction set 837.", n, "ST01", v[1])
        else:
            self.has_professional = True
        if not re.fullmatch(r"[!-~](?:[ -~]{2,7}[!-~])", v[2], re.ASCII):
            self.fault("IK5-7", f"ST02 “{v[2][:12]}” is not a control number of four to nine characters.",
                       "Number the set with four to nine digits.", n, "ST02", v[2])
        elif v[2] in self._seen:
            self.fault("IK5-23", f"The control number {v[2]} is used by an earlier set of the same group.",
                       "Give each set of a group its own ST02.", n, "ST02", v[2])
        self._seen.add(v[2][:40])
        if v[3] != g.version:
            self.fault("IK5-I6", f"ST03 “{v[3][:20]}” is not the version {g.version} of its group.",
                       "Put the same version in GS08 and ST03.", n, "ST03", v[3])
        self._surplus(e, n, "IK4-3", 3)
        return s

    def close_set(self, e: Sequence[str], n: int) -> None:
        """SE."""
        s = self.set
        assert s is not None
        s.segments = n - s.segment + 1
        s.declared_segments, number = (*e[1:3], "", "")[:2]
        offset, length = self.locate(n)
        s.end_offset = offset + length + 1
        if s.is_professional:
            count = s.declared_segments
            if not _says(count, s.segments):
                self.fault("IK5-4",
                           f"SE01 says {count[:12] or 'nothing'}, but the set holds "
                           f"{counted(s.segments, 'segment')} (ST and SE counted).",
                           f"Put {s.segments} in SE01.", n, "SE01", count)
            if number != s.control_number:
                self.fault("IK5-3",
                           f"SE02 “{number[:12]}” is not the control number {s.control_number[:12]} of the ST.",
                           "Put the same control number in ST02 and SE02.", n, "SE02", number)
            self._surplus(e, n, "IK4-3")
        self.set = None

    def close_open_set(self, n: int) -> None:
        """Something begins or ends that can't while a set is open: its SE is missing."""
        s = self.set
        if s is not None:
            s.segments = n - s.segment
            s.end_offset = self.locate(n)[0]
            if s.is_professional:
                self.fault("IK5-2", f"The transaction set {s.control_number[:12]} has no trailer (SE).",
                           "End the set with its SE.", n, "SE")
            self.set = None

    def _surplus(self, e: Sequence[str], n: int, edit: str, most: int = 2) -> None:
        """A trailer, or an ST, with more than the elements that the guide has, empty ones included."""
        if len(e) > most + 1:
            self.fault(edit, f"{e[0]} has {len(e) - 1} elements; the guide has {most}.",
                       f"Remove what follows {e[0]}{most:02d}.",
                       n, f"{e[0]}{most + 1:02d}", e[most + 1], scope="set" if edit == "IK4-3" else "")
            if edit == "IK4-3":
                self.faults[-1].ik3, self.faults[-1].ik4 = "8", "3"

    def is_misread(self, text: str, n: int) -> bool:
        """Has the interchange other delimiters than its ISA says, from its first group on? Then that is said, once, and
        not what follows from it: segments that nobody knows, and no end. ``text`` is what stands where a GS should."""
        if self.interchange is not None and self.group is None and not self._is_misread:
            told = misread(text, self.interchange.delimiters)
            if told is not None:
                self.fault(*told, n, "GS")
                self._is_misread = True
        return self._is_misread

    def stray(self, segment_id: str, n: int) -> None:
        """A segment between the envelopes' own, where none may stand: said once until an envelope opens again."""
        if not self._is_stray and not self.is_misread(segment_id, n):
            name = segment_id if re.fullmatch("[A-Z][A-Z0-9]{1,2}", segment_id) else "A segment without a name"
            self.fault("TA1-024" if segment_id else "TA1-022",
                       f"{name} stands outside any transaction set." if segment_id
                       else "Two segment terminators follow one another.",
                       "Put every segment of a claim between ST and SE.", n, segment_id[:3])
            self._is_stray = True


def _says(count: str, n: int) -> bool:
    """Does a count as sent say ``n``? Of a text of any length: what is longer than a count can be says nothing."""
    return count.isdecimal() and len(count) <= 20 and int(count) == n
