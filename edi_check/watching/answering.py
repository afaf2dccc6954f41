"""A file's verdict and the bytes of its answers: the pipeline, the acknowledgments, the reports and the split. Nothing
is committed or published here.

In: a claimed file. Out: a ``Decision`` that holds the small answers; a big one lies in the stage already, 0600, not yet
durable.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from hashlib import blake2b, sha256
from time import monotonic
from typing import Any, BinaryIO, TextIO, cast

from ..findings import Finding, Where
from ..model import Interchange
from ..pipeline import Desk
from ..report import Report
from ..telling.acknowledgments import KINDS, Acknowledgments
from ..telling.render import render
from ..telling.settings import AckSettings
from ..telling.split import write_split
from ..telling.x12 import ControlNumbers
from .disk import create
from .layout import Layout, stamp
from .records import Decision, Output, Precedent, Record

__all__ = ["Answering", "Policy", "interchange_key"]

AskPrecedent = Callable[[str, Sequence[str], str], Precedent]
ACKNOWLEDGMENTS = {"ta1": "TA1", "999": "999", "277ca": "277CA"}
REPORTS = {"html": "html", "json": "json"}
DUPLICATE = "CORE-DUP-04"
PREMATURE_END = "TA1-023"


@dataclass(frozen=True)
class Policy:
    """What is done about repetition: ``flag`` says it in the report, ``reject`` refuses (TA1 025), ``accept`` says
    nothing. ``check``: the options of ``Desk``."""

    duplicate_content: str = "flag"
    duplicate_control_number: str = "reject"
    ack: AckSettings = field(default_factory=AckSettings)
    check: Mapping[str, Any] = field(default_factory=dict)


def interchange_key(i: Interchange) -> str:
    """What must not come twice: control number by sender, receiver and usage (a test may use the number of a production
    file). A digest, so that the ledger holds no value of the file."""
    text = "\x1f".join((i.sender_qualifier, i.sender, i.receiver_qualifier, i.receiver, i.usage, i.control_number))
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


class Leased(ControlNumbers):
    """Control numbers out of blocks that the ledger gave away, so that no two answers of any process share one."""

    def __init__(self, lease: Callable[[int], int], block: int = 1000) -> None:
        super().__init__()
        self.lease, self.block = lease, block
        self._left: Iterable[int] = iter(())
        self._free = 0

    def take(self, *purpose: str) -> int:
        if not self._free:
            first = self.lease(self.block)
            self._left, self._free = iter(range(first, first + self.block)), self.block
        self._free -= 1
        return next(iter(self._left))


HELD = 1 << 16
"""Bytes of an answer up to which it stays in memory. A batch of small files then goes to the disk at once, by several
threads; and an answer that turns out to be empty never was a file."""


class _Answer:
    """One answer as it is written, as text or bytes: hashed and counted. ``encoding`` of text; what it can't hold is
    spelled out."""

    def __init__(self, path: str, encoding: str) -> None:
        self.path, self.encoding = path, encoding
        self.size, self.digest, self.held = 0, sha256(), b""
        self._pieces: list[Any] = []
        self._length = 0
        self._out: BinaryIO | None = None
        self._opened = ExitStack()

    def write(self, piece: Any) -> int:
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length >= HELD:
            self._pass_on()
        return len(piece)

    def _pass_on(self) -> None:
        if not self._pieces:
            return
        if self.encoding:
            data = "".join(self._pieces).encode(self.encoding, "backslashreplace")
        else:
            data = b"".join(self._pieces)
        self._pieces.clear()
        self._length = 0
        self.digest.update(data)
        self.size += len(data)
        if self._out is None and self.size <= HELD:
            self.held += data
            return
        if self._out is None:
            self._out = self._opened.enter_context(create(self.path))
            self._out.write(self.held)
            self.held = b""
        self._out.write(data)

    def __enter__(self) -> _Answer:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if error is not None:
            self._opened.__exit__(kind, error, trace)
            return
        with self._opened:  # an error while the rest is written takes the file away, too
            self._pass_on()

    @property
    def is_held(self) -> bool:
        return self._out is None


class Answering:
    """Judges one file after the other. The rules are made ready once a day of receipt."""

    def __init__(self, policy: Policy, lease: Callable[[int], int], ask: AskPrecedent) -> None:
        self.policy, self.ask = policy, ask
        self.numbers = Leased(lease)
        self.progress: Callable[[int, int], None] | None = None
        self._desk: Desk | None = None

    def make_ready(self) -> None:
        """Make the rules of today ready; a pack or setting that can't be used raises PackError now."""
        self.desk(date.today())

    def desk(self, day: date) -> Desk:
        """The rules of a day of receipt."""
        if self._desk is None or self._desk.day != day:
            self._desk = Desk(day, **self.policy.check)
        return self._desk

    def answer(
        self,
        record: Record,
        layout: Layout,
        now: float,
        remote_kinds: frozenset[str] = frozenset(),
    ) -> Decision:
        """Judge a claimed file and stage its answers. ``now``: the time of the decision. ``remote_kinds``: which
        answers are for the other side's server. Raises OSError when the machine fails; the content of a file raises
        nothing."""
        began = monotonic()
        inquiry = _Inquiry(self.policy, self.ask, record.origin)
        desk = self.desk(datetime.fromtimestamp(record.taken).astimezone().date())
        report = desk.report()
        file = desk.file(layout.claimed(record.id), record.id, progress=self.progress, outside=inquiry)
        report.files.append(file)
        if file.source is not None and file.source.trouble == "read":
            raise OSError(file.source.number or errno.EIO, file.source.error)
        outputs, held = self._write(report, record, layout, now, remote_kinds)
        used = [i for i in file.interchanges if file.results.ta1.get(i.index, "R") != "R"]
        reason = "fault" if file.faults else ""
        if record.is_overdue and (not file.interchanges or any(f.edit == PREMATURE_END for f in file.findings)):
            reason = "incomplete"
        decision = Decision(
            record.id,
            record.origin,
            file.sha256,
            file.disposition,
            now,
            outputs,
            tuple(map(interchange_key, used)),
            inquiry.asked,
            inquiry.answer,
            reason,
            file.counts.claims,
            monotonic() - began,
            held,
        )
        _let_go(report)
        return decision

    def _write(
        self, report: Report, record: Record, layout: Layout, now: float, remote: frozenset[str]
    ) -> tuple[list[Output], dict[int, bytes]]:
        file, day = report.files[0], report.as_of
        outputs: list[Output] = []
        held: dict[int, bytes] = {}
        lead = f"{stamp(now)}_{record.id}_"
        taken = datetime.fromtimestamp(record.taken).astimezone().strftime("%H%M")
        ack = replace(self.policy.ack, time=self.policy.ack.time or taken)
        acks = Acknowledgments(file, day, ack, self.numbers)

        def put(kind: str, ending: str, place: str, encoding: str, write: Callable[[Any], int]) -> None:
            number = len(outputs)
            with _Answer(layout.staged(record.id, number), encoding) as answer:
                written = write(answer)
            if written:
                name, digest = f"{lead}{kind}.{ending}", answer.digest.hexdigest()
                outputs.append(Output(record.id, number, kind, place, name, digest, answer.size))
                if answer.is_held:
                    held[number] = answer.held

        for kind in KINDS:
            name = ACKNOWLEDGMENTS[kind]
            put(name, "x12", "remote" if name in remote else "outbound", "ascii", partial(acks.write, kind))
        for form, ending in REPORTS.items():
            put("report", ending, "outbound", "utf-8", partial(_write_report, report, form))
        for part in ("accepted", "rejected"):
            put(part, "837", part, "", partial(_write_part, self.numbers, report, part))
        return outputs, held


class _Inquiry:
    """Asks the ledger, once the file has been read, and makes the findings of what it says."""

    def __init__(self, policy: Policy, ask: AskPrecedent, origin: str) -> None:
        self.policy, self._ask, self._origin = policy, ask, origin
        self.asked: tuple[str, ...] = ()
        self.answer = Precedent()

    def __call__(self, digest: str, interchanges: Sequence[Interchange]) -> list[Finding]:
        keys = [interchange_key(i) for i in interchanges]
        self.asked = tuple(keys)
        self.answer = self._ask(digest, keys, self._origin)
        return [finding for i, key in zip(interchanges, keys, strict=True) if (finding := self._finding(i, key))]

    def _finding(self, i: Interchange, key: str) -> Finding | None:
        if self.answer.content:
            policy, says = self.policy.duplicate_content, "A file with the same content was received before."
        elif key in self.answer.keys:
            policy, says = (
                self.policy.duplicate_control_number,
                ("An interchange with this control number was received from this sender before."),
            )
        else:
            return None
        if policy == "accept":
            return None
        return Finding(
            DUPLICATE,
            says,
            Where(segment_id="ISA", element="ISA13", segment=i.segment, offset=i.offset, value=i.control_number),
            level="reject" if policy == "reject" else "warn",
            interchange=i.index,
            scope="interchange",
        )


def _write_report(report: Report, form: str, out: _Answer) -> int:
    render(report, form, cast(TextIO, out))
    return 1


def _write_part(numbers: ControlNumbers, report: Report, part: str, out: Any) -> int:
    return write_split(report.files[0], part, out, report.as_of, numbers)


def _let_go(report: Report) -> None:
    """Close what the report holds open: a service makes thousands."""
    for file in report.files:
        if file.source is not None:
            file.source.close()
