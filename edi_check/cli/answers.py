"""``--ack-dir`` and ``--split-dir``: for each input its answers and its claims by verdict, as files called after it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import IO, Any, NamedTuple

import click

from ..configuration import Configuration
from ..report import FileReport, Report
from .inputs import Input
from .outputs import Unwritten, written

__all__ = ["Answers", "refuse_answer_clashes", "write_answers"]

MOST_TOLD = 10
"""Answers that can't be written, by name: a full disk may take thousands."""


class Answers(NamedTuple):
    """Where answers go: folders, ``""`` for none; ``is_review_apart``: claims to review in a file of their own."""

    ack_dir: str
    split_dir: str
    is_review_apart: bool

    @classmethod
    def of(cls, settings: Configuration) -> Answers:
        return cls(settings.get("ack_dir"), settings.get("split_dir"), settings.get("split_review"))

    def doubts(self, settings: Configuration, given: Sequence[str]) -> Iterator[str]:
        """What looks like a slip, a sentence each. ``given``: names of the options on the command line, because what
        the settings hold for other runs is none."""
        if not self.split_dir and "split_review" in given:
            yield "--split-review does nothing without --split-dir."
        if not self.ack_dir and "control_number" in given:
            yield "--control-number does nothing without --ack-dir."
        first, last = settings.get("snip")
        if self.ack_dir and (first > 1 or last < 2):
            yield (f"--snip {first}-{last}: the 999 in {self.ack_dir} accepts syntax that nobody looked at "
                   "(SNIP types 1 and 2).")

    def parts(self) -> dict[str, str]:
        """What the names of split files say, and the part of the claims each holds."""
        if self.is_review_apart:
            return {"accepted": "accepted-only", "review": "review", "rejected": "rejected"}
        return {"accepted": "accepted", "rejected": "rejected"}

    def paths(self, stem: str) -> Iterator[str]:
        """Every file that may be written for an input."""
        if self.ack_dir:
            from ..telling.acknowledgments import KINDS  # not above: most runs write none

            yield from (os.path.join(self.ack_dir, f"{stem}.{kind}") for kind in KINDS)
        if self.split_dir:
            yield from (os.path.join(self.split_dir, f"{stem}.{part}.837") for part in self.parts())

    def earlier(self, stem: str) -> Iterator[str]:
        """Every file that an earlier run may have left for an input, with ``is_review_apart`` too: what was apart then
        is with the accepted now."""
        yield from self.paths(stem)
        if self.split_dir and not self.is_review_apart:
            yield os.path.join(self.split_dir, f"{stem}.review.837")


def refuse_answer_clashes(answers: Answers, inputs: Sequence[Input], others: Sequence[str]) -> None:
    """Refuse, before anything is checked, answers of one name, and those that would take the place of an input or of a
    report (``others``). Raises UsageError."""
    for folder in (answers.ack_dir, answers.split_dir):
        if folder and os.path.exists(folder) and not os.path.isdir(folder):
            raise click.UsageError(f"{folder} is not a folder.")
        if folder and not os.access(_standing(folder), os.W_OK):
            raise click.UsageError(f"{folder}: nothing may be written in {_standing(folder)}.")
    taken = {os.path.realpath(path): path for path in (*(one.path for one in inputs), *others) if path != "-"}
    for one in inputs:
        for path in answers.paths(one.stem):
            if os.path.isdir(path) and not os.path.islink(path):
                raise click.UsageError(f"{path} is a folder, and would be written for {one.path}; move it away.")
            real = os.path.realpath(path)
            if real in taken:
                raise click.UsageError(f"{path} would be written for {one.path}, and is {_whose(taken[real], inputs)}; "
                                       "give them names or folders of their own.")
            taken[real] = one.path


def _standing(folder: str) -> str:
    """The folder, or the nearest above it that is there; those below it are made on the way."""
    place = os.path.realpath(folder)
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    return place


def _whose(path: str, inputs: Sequence[Input]) -> str:
    return f"taken by {path}" if any(path == one.path for one in inputs) else "a report's"


def write_answers(answers: Answers, inputs: Sequence[Input], report: Report, settings: Configuration) -> None:
    """Write the answers to each file of the report; one that would hold nothing isn't written.

    What an earlier run left under their names is taken away before the first is written: it no longer answers these
    files, and whatever happens then, a full disk or a kill, what lies there is this run's. One that can't be written
    doesn't keep the others from it. Raises Unwritten when all is done.
    """
    if not (answers.ack_dir or answers.split_dir):
        return
    kept = {os.path.realpath(one.path) for one in inputs}
    earlier = [path for one in inputs for path in answers.earlier(one.stem) if os.path.realpath(path) not in kept]
    for path in earlier:
        with contextlib.suppress(OSError):
            os.unlink(path)
    fresh: set[str] = set()
    troubles: list[str] = []
    for path, write in _writers(answers, inputs, report, settings):
        try:
            if written(path, write, is_binary=path.endswith(".837")):
                fresh.add(path)
        except Unwritten as error:
            troubles.append(str(error))
    troubles += [f"{path} is of an earlier run and can't be taken away." for path in earlier
                 if path not in fresh and os.path.lexists(path)]
    if troubles:
        more = len(troubles) - MOST_TOLD
        raise Unwritten("\n".join(troubles[:MOST_TOLD] + ([f"So it is with {more:,} more."] if more > 0 else [])))


def _writers(answers: Answers, inputs: Sequence[Input], report: Report,
             settings: Configuration) -> Iterator[tuple[str, Callable[[IO[Any]], int]]]:
    """Every answer that may be written, and what writes it."""
    from ..telling.acknowledgments import KINDS, Acknowledgments
    from ..telling.settings import AckSettings
    from ..telling.split import write_split
    from ..telling.x12 import ControlNumbers

    first = settings.get("control_number")
    numbers = ControlNumbers(first) if first else ControlNumbers()
    told = AckSettings(**settings.plain("ack"))
    for one, file in zip(inputs, report.files, strict=False):
        writers: list[Callable[[IO[Any]], int]] = []
        if answers.ack_dir:
            reply = Acknowledgments(file, report.as_of, told, numbers)
            writers += [partial(reply.write, kind) for kind in KINDS]
        if answers.split_dir:
            writers += [_splitter(write_split, file, part, report.as_of, numbers) for part in answers.parts().values()]
        yield from zip(answers.paths(one.stem), writers, strict=True)


def _splitter(write: Callable[..., int], file: FileReport, part: str, as_of: str,
              numbers: Any) -> Callable[[IO[Any]], int]:
    return lambda out: write(file, part, out, as_of, numbers)
