"""The least that any reader of X12 must do: cut the file into segments and these into elements, and forget them."""

from __future__ import annotations

import sys


def main() -> int:
    segments = elements = 0
    rest = ""
    with open(sys.argv[1], encoding="latin-1", newline="") as file:
        while chunk := file.read(1 << 18):
            pieces = (rest + chunk).split("~")
            rest = pieces.pop()
            for piece in pieces:
                elements += len(piece.split("*"))
            segments += len(pieces)
    print(segments, elements)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
