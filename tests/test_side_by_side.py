"""Several processes give the report that one would have made, whatever the inputs are."""

from __future__ import annotations

import gzip
import io
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import edi_check
from edi_check import side_by_side
from edi_check.generating import generate

AS_OF = "2026-11-21"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of several kinds: many claims (rows on disk), few (rows in memory), gzip, no X12 at all."""
    path = tmp_path_factory.mktemp("jobs")
    for seed, claims in ((1, 600), (2, 3), (3, 40)):
        (path / f"plain{seed}.837").write_bytes(b"".join(generate(claims, seed=seed, faults=0.2)))
    (path / "packed.837.gz").write_bytes(gzip.compress(b"".join(generate(300, seed=4, faults=0.2))))
    (path / "not.txt").write_text("hello")
    return path


def told(sources: list[object], jobs: int) -> dict[str, object]:
    return edi_check.check(sources, as_of=AS_OF, jobs=jobs).to_dict()


@pytest.mark.parametrize("jobs", [2, 3, 0])
def test_the_report_does_not_depend_on_jobs(folder: Path, jobs: int) -> None:
    paths: list[object] = [str(p) for p in sorted(folder.iterdir())]
    assert told(paths, jobs) == told(paths, 1)


def test_thousands_of_processes_are_not_begun(tmp_path: Path) -> None:
    """Each opens a file: 300 of them are more than this process may open, and than most machines carry."""
    for n in range(300):
        (tmp_path / f"{n}.837").write_bytes(b"ISA")
    ran = subprocess.run(
        [sys.executable, "-m", "edi_check", "check", "-q", "--jobs", "10000", tmp_path], capture_output=True,
        timeout=120, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)))
    assert (ran.returncode, ran.stderr) == (3, b"")


@pytest.mark.parametrize("cores", [3, None])
def test_all_cores_where_a_system_tells_only_how_many_there_are(
    monkeypatch: pytest.MonkeyPatch, cores: int | None
) -> None:
    """macOS has no affinity."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert side_by_side.cores() == (cores or 1)


def test_inputs_that_no_other_process_can_open_are_checked_here(folder: Path) -> None:
    def sources() -> list[object]:
        data = (folder / "plain3.837").read_bytes()
        return [data, str(folder / "plain1.837"), io.BytesIO(data), str(folder / "plain2.837")]

    assert told(sources(), 2) == told(sources(), 1)


def test_details_and_bytes_of_claims_are_at_hand_afterwards(folder: Path) -> None:
    paths = [str(folder / "plain1.837"), str(folder / "plain3.837")]
    one, two = edi_check.check(paths, as_of=AS_OF), edi_check.check(paths, as_of=AS_OF, jobs=2)
    for a, b in zip(one.files, two.files, strict=True):
        assert list(a.claims()) == list(b.claims())
        claim = next(iter(b.claims()))
        assert b.read_at(claim.offset, 4) == b"CLM*"
