"""``--ack-dir`` and ``--split-dir``: for each input its answers and its claims by verdict, as files called after it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import IO, Any, NamedTuple

import click

from ..configuration import Configuration
from ..report import FileReport, Report
from .inputs import Input
from .outputs import written

__all__ = ["Answers", "refuse_answer_clashes", "write_answers"]


class Answers(NamedTuple):
    """Where answers go: folders, ``""`` for none; ``is_review_apart``: claims to review in a file of their own."""

    ack_dir: str
    split_dir: str
    is_review_apart: bool

    @classmethod
    def of(cls, settings: Configuration) -> Answers:
        return cls(settings.get("ack_dir"), settings.get("split_dir"), settings.get("split_review"))

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
    """Write the answers to each file of the report. One that would hold nothing isn't written; what an earlier run left
    under its name is taken away, because it no longer answers the file."""
    if not (answers.ack_dir or answers.split_dir):
        return
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
        for path, write in zip(answers.paths(one.stem), writers, strict=True):
            written(path, write, is_binary=path.endswith(".837"))


def _splitter(write: Callable[..., int], file: FileReport, part: str, as_of: str,
              numbers: Any) -> Callable[[IO[Any]], int]:
    return lambda out: write(file, part, out, as_of, numbers)
