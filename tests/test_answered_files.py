"""Every file there is, of the corpus and of the fixtures, whole and damaged: answered without a fault, in answers that
pyx12 takes, that add up, that agree with the report, and that we can read ourselves.

A run of many files never uses a control number twice, and the same run gives the same bytes.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from acknowledged import answers
from test_answers import agrees, damaged
from test_telling_acknowledgments import AS_OF, held, judged, mutated, scrambled

from edi_check.answers.received import GroupAnswer, InterchangeAnswer
from edi_check.answers.recognition import recognized
from edi_check.cli import exits
from edi_check.cli.main import main
from edi_check.report import FileReport

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = sorted(p for folder in ("files/*", "demo") for p in (ROOT / "fixtures").glob(f"{folder}/*.837"))
CORPUS = Path(os.environ.get("EDI_CHECK_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
FOREIGN = sorted(p for p in CORPUS.glob("*/*/*") if p.is_file())
PIECES = 40
"""Into so many the mutations are cut, so that a failure names a small one."""


def reads_back(file: FileReport) -> None:
    """Our own reader of acknowledgments sees nothing wrong with them, and the results of the report in them."""
    for kind, text in answers(file, AS_OF).items():
        received = recognized([text.encode()])
        assert received.is_whole and received.remarks == [], (kind, received.remarks)
        told = [a for i in received.interchanges for a in i.answers]
        if kind == "ta1":
            assert all(isinstance(a, InterchangeAnswer) for a in told)
        if kind == "999":
            results = {r for a in told if isinstance(a, GroupAnswer) for r in [a.result, *(s.result for s in a.sets)]}
            assert results <= set("AEPR")


def answered(data: bytes) -> None:
    """Everything this file promises of one input."""
    file = judged(data)
    held(file)
    reads_back(file)


@pytest.mark.skipif(not FOREIGN, reason="the corpus is not beside the checkout")
@pytest.mark.parametrize("path", FOREIGN, ids=lambda p: f"{p.parent.name}-{p.name[:50]}")
def test_the_corpus_is_answered(path: Path) -> None:
    data = path.read_bytes()
    answered(data)
    agrees(judged(data), data)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: p.stem)
def test_our_answers_read_back(path: Path) -> None:
    reads_back(judged(path))


def mutations(seed: int, count: int) -> Iterator[bytes]:
    """Files of the corpus and of the fixtures, damaged one way or another. The big ones are cut: damage tells little
    more in them."""
    rng = random.Random(seed)
    for _ in range(count):
        data = rng.choice(FIXTURES if not FOREIGN or rng.random() < 0.5 else FOREIGN).read_bytes()[:20_000]
        segments = [s.strip() for s in data.split(b"~")][:-1]
        if len(segments) < 5:
            yield damaged(rng, data)
        else:
            yield rng.choice([mutated, scrambled])(rng, segments)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_are_answered(seed: int) -> None:
    for data in mutations(seed, 40):
        answered(data)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1000 + PIECES))
def test_20000_damaged_files_are_answered(seed: int) -> None:
    for data in mutations(seed, 20_000 // PIECES):
        answered(data)


def test_control_numbers_of_a_run_and_the_same_run_again(tmp_path: Path) -> None:
    """Over all answers and split files of a run over every fixture, some of them twice under another name."""
    source = tmp_path / "in"
    for n, path in enumerate([*FIXTURES, *FIXTURES[:20]]):
        source.mkdir(exist_ok=True)
        shutil.copy(path, source / f"{n:03d}-{path.name}")
    made: list[dict[str, bytes]] = []
    for run, jobs in (("first", "1"), ("again", "1"), ("many", "2")):
        out = tmp_path / run
        code = main(["check", "-q", "--as-of", AS_OF, "--jobs", jobs, "--ack-dir", str(out / "a"), "--split-dir",
                     str(out / "s"), "-f", "json", "-o", str(tmp_path / f"{run}.json"), str(source)])
        assert code == exits.UNCHECKED
        made.append({str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()})
    assert made[0] == made[1] == made[2] and len(made[0]) > 200
    assert len({(tmp_path / f"{run}.json").read_bytes() for run in ("first", "again", "many")}) == 1
    isa13: list[bytes] = []
    gs06: list[tuple[bytes, bytes]] = []
    for name, data in made[0].items():
        element, terminator = data[3:4], data[105:106]
        segments = [s.strip(b"\r\n").split(element) for s in re.split(re.escape(terminator), data)]
        isa13 += [s[13] for s in segments if s[0] == b"ISA" and len(s) > 16]
        gs06 += [(s[1], s[6]) for s in segments if s[0] == b"GS" and len(s) > 8]
        assert name
    assert len(isa13) == len(set(isa13)) > 200
    assert len(gs06) == len(set(gs06))


@pytest.mark.parametrize("header", ["whole", "cut", "unreadable"])
def test_an_interchange_that_begins_inside_another(header: str) -> None:
    """Wherever the first breaks off, inside a claim too; the second whole, or only a piece of its ISA."""
    data = (ROOT / "fixtures" / "files" / "pass" / "one-claim.837").read_bytes()
    second = {"whole": data, "cut": data[:80], "unreadable": b"ISA*00*" + data[20:106]}[header]
    segments = data.split(b"~")
    for n in range(1, len(segments) - 1):
        broken = b"~".join(segments[:n]) + b"~" + second
        file = judged(broken, packs=("CORE",))
        assert file.disposition == "unreadable"
        answered(broken)
        agrees(file, broken)
