"""However the bytes arrive, the report is the same: one by one, in odd pieces, cut between terminator and newline."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import pytest
from judged import AS_OF

import edi_check
from edi_check import sources
from edi_check.generating import generate
from edi_check.model import Delimiters

FILES = Path(__file__).resolve().parent.parent / "fixtures" / "files"
SMALL = [FILES / "pass" / f"{name}.837" for name in (
    "crlf", "other-delimiters", "leading-blank-lines", "byte-order-mark", "several-interchanges", "secondary",
)] + [FILES / "fail" / f"{name}.837" for name in (
    "truncated-in-a-claim", "blank-segment", "isa-too-short", "bytes-after-the-end", "trailing-element-separator",
    "last-terminator-missing", "non-ascii-name", "subscriber-hl-missing", "claim-beginning-missing",
    "coverage-too-late", "rendering-provider-too-late", "claim-segments-too-late", "billing-level-missing",
)]  # fmt: skip


class Trickle(io.RawIOBase):
    """A stream that gives its bytes in pieces of the sizes it is told, then of the last size."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data, self._sizes, self._at, self._n = data, sizes, 0, 0

    def readable(self) -> bool:
        return True

    def read(self, wanted: int = -1) -> bytes:
        size = self._sizes[min(self._n, len(self._sizes) - 1)]
        if wanted >= 0:
            size = min(size, wanted)
        self._n += 1
        piece = self._data[self._at : self._at + size]
        self._at += len(piece)
        return piece


def told(source: Any) -> dict[str, Any]:
    return edi_check.check(source, as_of=AS_OF, name="one", show_values=True).to_dict()


def different_sizes(data: bytes, seed: int) -> list[list[int]]:
    """Ways to cut ``data``: each piece of one size, or of random sizes."""
    dice = random.Random(seed)
    fixed = [[n] for n in (1, 2, 3, 7, 105, 106, 107, 108, 4096)]
    drawn = [[dice.randint(1, 300) for _ in range(len(data) // 100 + 50)] for _ in range(6)]
    return fixed + drawn


@pytest.mark.parametrize("path", SMALL, ids=lambda p: p.stem)
def test_any_chunking_gives_the_same_report(path: Path) -> None:
    data = path.read_bytes()
    whole = told(data)
    for sizes in different_sizes(data, 1):
        assert told(Trickle(data, sizes)) == whole, f"read in pieces of {sizes[:9]}"


@pytest.mark.parametrize("newline", ["", "\n", "\r\n"])
def test_any_chunking_of_a_larger_file(newline: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """120 claims, many of them faulty; the package's own chunk size changed too."""
    data = b"".join(
        generate(120, 11, faults=0.5, newline=newline, delimiters=Delimiters("|", "^", ">", "~"), per_set=50)
    )
    whole = told(data)
    assert whole["files"][0]["findings"]
    for sizes in ([97], [4096], [random.Random(5).randint(1, 5000) for _ in range(200)]):
        assert told(Trickle(data, sizes)) == whole
    for size in (64, 1000, 1 << 20):
        monkeypatch.setattr(sources, "CHUNK", size)
        assert told(data) == whole, f"with chunks of {size} bytes"


def test_a_cut_anywhere_gives_the_same_report() -> None:
    """Two pieces, cut at every offset of the ISA and of the first segments."""
    data = (FILES / "pass" / "crlf.837").read_bytes()
    whole = told(data)
    for at in range(1, 420):
        assert told(Trickle(data, [at, len(data)])) == whole, f"cut after {at} bytes"


def test_the_limit_of_a_segment_does_not_depend_on_chunks() -> None:
    """A segment one longer than the limit stops the reading, one of the limit's length doesn't, however they arrive."""
    good = (FILES / "pass" / "crlf.837").read_bytes()
    for length, is_too_long in ((64 * 1024, False), (64 * 1024 + 1, True), (200_000, True)):
        note = b"K3*" + b"X" * (length - 3)
        data = good.replace(b"HI*ABK", note + b"~\r\nHI*ABK")
        whole = told(data)
        edits = {f["edit"] for f in whole["files"][0]["findings"]}
        assert ("CORE-FILE-03" in edits) == is_too_long
        for size in (1000, 65_536, 65_537, 1 << 18):
            assert told(Trickle(data, [size])) == whole, f"{length} bytes read in pieces of {size}"


def test_lines_and_columns_however_lines_end() -> None:
    """Against a walk from byte to byte, with the source read in pieces that cut lines and CR LF anywhere."""

    class Slow(io.BytesIO):
        piece = 1

        def read(self, size: int | None = -1) -> bytes:
            return super().read(self.piece)

    def walked(data: bytes, offset: int) -> tuple[int, int]:
        before = data[:offset].replace(b"\r\n", b" \n").replace(b"\r", b"\n")
        return before.count(b"\n") + 1, offset - before.rfind(b"\n")

    dice = random.Random(3)
    for _ in range(2000):
        alphabet = dice.choice([b"ab\n", b"ab\r\n", b"a\r", b"abcdefgh\n", b"ab"])
        data = bytes(dice.choices(alphabet, k=dice.randrange(1, 60)))
        source = sources.Source(data)
        assert b"".join(source.chunks()) == data
        source._again = Slow(data)
        source._again.piece = dice.choice([1, 2, 3, 5, 100])
        offsets = {dice.randrange(len(data) + 1) for _ in range(5)}
        inside = {at for at in offsets if at and data[at - 1 : at + 1] == b"\r\n"}  # no segment begins there
        found = source.line_columns(offsets)
        for at in offsets - inside:
            assert found[at] == walked(data, at), (data, at)
