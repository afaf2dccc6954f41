"""Measure edi_check: ``python benchmarks/run.py`` or ``python -m benchmarks`` in a clone with the development extras.

What is measured, each in a process of its own, start to finish, by the clock:

* speed: ``edi-check check -f json`` with all packs on, against pyx12 validating the same kind of file (fewer claims of
  it, for it is slow), against merely splitting the same file; they take turns, and medians are compared;
* start: a file of one claim;
* linear: claims a second at 100,000 claims against 10,000, start-up taken off both (or the small file would flatter);
* memory: peak resident set at 100,000 and 400,000 claims.

Each is measured twice, interpreted and compiled (docs/compiled.md); where it can't be compiled that is said, and the
interpreted figures stand alone.

The files come from ``edi_check.generating`` (seeded; about 5% of the claims faulty, every fault in turn; names,
streets, ids, diagnoses and charges all vary). Nothing here asserts: machines are noisy. The table printed at the end
is Markdown, for the documents.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.compiled import build
from benchmarks.measure import ROOT, Sample, middle, run

__all__ = ["main"]

PARTS = ("speed", "start", "linear", "memory")


class Program(NamedTuple):
    """edi_check as it is measured: what the table calls it, and what starts it."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


INTERPRETED = Program("edi_check", (sys.executable, "-m", "edi_check"), {})


def compiled(folder: Path) -> Program:
    """The one that was built into a folder: -P, or the clone's own package would come first."""
    return Program("edi_check, compiled", (sys.executable, "-P", "-m", "edi_check"), {"PYTHONPATH": str(folder)})


@dataclass
class Bench:
    """A run: where its files are, how many rounds, what is measured, and the rows of its table (what, figure, goal,
    met)."""

    folder: Path
    rounds: int
    seed: int
    faults: float
    programs: Sequence[Program]
    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def file(self, claims: int, faults: float | None = None) -> Path:
        """A generated file, made once, by a process of its own (so that this one stays small; see ``measure.run``)."""
        path = self.folder / f"{claims}.837"
        if not path.exists():
            _say(f"generating {claims:,} claims")
            share = self.faults if faults is None else faults
            code = (
                "import sys; from edi_check.generating import generate; "
                f"sys.stdout.buffer.writelines(generate({claims}, {self.seed}, faults={share}, newline='\\n'))"
            )
            run([sys.executable, "-c", code], path)
        return path

    def edi_check(self, program: Program, claims: int) -> Sample:
        path, report = self.file(claims), self.folder / "report.json"
        return run([*program.command, "check", "-f", "json", path], report, (0, 1), program.environment)

    def pyx12(self, claims: int) -> Sample:
        return run(
            [sys.executable, ROOT / "benchmarks" / "pyx12_validate.py", self.file(claims)], self.folder / "pyx12"
        )

    def split(self, claims: int) -> Sample:
        return run([sys.executable, ROOT / "benchmarks" / "split_only.py", self.file(claims)], self.folder / "split")

    def repeat(self, *measures: Callable[[], Sample]) -> list[Sample]:
        """The median of each measure; they take turns, so that a slow minute is everybody's."""
        taken: list[list[Sample]] = [[] for _ in measures]
        for n in range(self.rounds):
            for samples, measure in zip(taken, measures, strict=True):
                samples.append(measure())
            _say(f"round {n + 1} of {self.rounds}: " + ", ".join(f"{s[-1].wall:.2f} s" for s in taken))
        return [middle(samples) for samples in taken]

    def add(self, what: str, figure: str, goal: str = "", is_met: bool | None = None) -> None:
        self.rows.append((what, figure, goal, "" if is_met is None else "yes" if is_met else "**no**"))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def speed(bench: Bench, claims: int, pyx12_claims: int) -> None:
    """edi_check, pyx12 and splitting, side by side."""
    theirs, split, *ours = bench.repeat(
        lambda: bench.pyx12(pyx12_claims),
        lambda: bench.split(claims),
        *(partial(bench.edi_check, program, claims) for program in bench.programs),
    )
    bench.add(f"pyx12, {pyx12_claims:,} claims", f"{pyx12_claims / theirs.wall:,.0f} claims/s")
    bench.add(f"splitting only, {claims:,} claims", f"{claims / split.wall:,.0f} claims/s")
    for program, sample in zip(bench.programs, ours, strict=True):
        name, rate = program.name, claims / sample.wall
        bench.add(f"{name}, {claims:,} claims", f"{rate:,.0f} claims/s")
        ratio, cost = rate * theirs.wall / pyx12_claims, sample.wall / split.wall
        bench.add(f"{name}, to pyx12", f"{ratio:.1f} times as fast", "at least 30, aim 45", ratio >= 30)
        by_cpu = (claims / sample.cpu) / (pyx12_claims / theirs.cpu)
        bench.add(f"{name}, to pyx12 by processor time", f"{by_cpu:.1f} times as fast")
        bench.add(f"{name}, to splitting", f"{cost:.1f} times the cost", "at most 10", cost <= 10)


def start(bench: Bench) -> None:
    """A file of one claim, start to finish."""
    samples = bench.repeat(*(partial(bench.edi_check, program, 1) for program in bench.programs))
    for program, one in zip(bench.programs, samples, strict=True):
        bench.add(f"{program.name}, one claim", f"{one.wall:.2f} s", "at most 0.40 s", one.wall <= 0.4)


def linear(bench: Bench, small: int, large: int) -> None:
    """Does cost grow as the claims do?"""
    for program in bench.programs:
        base, few, many = bench.repeat(*(partial(bench.edi_check, program, n) for n in (1, small, large)))
        rates = small / (few.wall - base.wall), large / (many.wall - base.wall)
        share = rates[1] / rates[0]
        bench.add(
            f"{program.name}, claims/s at {large:,} to {small:,}",
            f"{share:.0%} ({rates[1]:,.0f} to {rates[0]:,.0f})",
            "at least 90%",
            share >= 0.9,
        )


def memory(bench: Bench, sizes: Sequence[tuple[int, int]]) -> None:
    """Peak resident set; once for each size, for it hardly varies."""
    for program in bench.programs:
        for claims, goal in sizes:
            peak = bench.edi_check(program, claims).peak
            _say(f"{program.name}, {claims:,} claims: {peak:.0f} MiB")
            bench.add(f"{program.name}, peak memory, {claims:,} claims", f"{peak:.0f} MiB", f"at most {goal} MiB",
                      peak <= goal)


def programs(is_compiled: bool) -> list[Program]:
    """What is measured: the clone as it is, and compiled if that was asked for and can be done."""
    if not is_compiled:
        return [INTERPRETED]
    _say("compiling, once (--no-compiled leaves it out)")
    try:
        return [INTERPRETED, compiled(build())]
    except RuntimeError as error:
        _say(f"it can't be compiled here, so only the interpreted one is measured:\n{error}")
        return [INTERPRETED]


def table(bench: Bench) -> str:
    """The figures as Markdown, with what they were taken on."""
    lines = ["| what | measured | goal | met |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in bench.rows]
    with open("/proc/loadavg", encoding="ascii") if os.path.exists("/proc/loadavg") else open(os.devnull) as file:
        load = file.read().split(" ")[0]
    lines.append("")
    lines.append(
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
        + (f", load {load}" if load else "")
        + f"; medians of {bench.rounds}; seed {bench.seed}, {bench.faults:.0%} of the claims faulty."
    )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts that are asked for and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="small files, one round, no memory at 400,000: a glance")
    parser.add_argument("--claims", type=int, default=100_000, help="claims of the large file (default 100,000)")
    parser.add_argument("--pyx12-claims", type=int, default=2_000, help="claims that pyx12 gets (default 2,000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run (default 3)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0.05, help="share of faulty claims (default 0.05)")
    parser.add_argument("--no-compiled", action="store_true", help="only the interpreted one")
    parser.add_argument("-o", "--output", type=Path, help="write the table to this file too")
    given = parser.parse_args(arguments)
    parts = given.parts or list(PARTS)
    if unknown := sorted(set(parts) - set(PARTS)):
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory(prefix="edi-check-bench-") as folder:
        bench = Bench(Path(folder), 1 if given.quick else given.rounds, given.seed, given.faults,
                      programs(not given.no_compiled))
        claims = min(given.claims, 20_000) if given.quick else given.claims
        if "speed" in parts:
            speed(bench, claims, 500 if given.quick else given.pyx12_claims)
        if "start" in parts:
            start(bench)
        if "linear" in parts:
            linear(bench, claims // 10, claims)
        if "memory" in parts:
            memory(bench, [(claims, 150)] if given.quick else [(claims, 150), (4 * claims, 200)])
        text = table(bench)
    print(text, end="")
    if given.output:
        given.output.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
