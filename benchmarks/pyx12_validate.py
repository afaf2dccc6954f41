"""pyx12 reading and validating a file, as quickly as it can be asked to.

Its own ``x12n_document`` with its map and error handler, called as its script ``x12valid`` calls it, but without HTML,
XML, JSON, 999 or log lines: nothing is written but its verdict. (With the garbage collector off it is no quicker.)
"""

from __future__ import annotations

import logging
import sys

import pyx12.params
import pyx12.x12n_document


def main() -> int:
    logging.disable(logging.CRITICAL)
    is_valid = pyx12.x12n_document.x12n_document(
        param=pyx12.params.params(), src_file=sys.argv[1], fd_997=None, fd_html=None, fd_xmldoc=None, fd_json=None
    )
    print("valid" if is_valid else "not valid")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
