"""``python -m edi_check`` and the console script ``edi-check``."""

import sys

from edi_check.cli.main import main as run


def main() -> None:
    """Run the command; the process ends with its exit code."""
    sys.exit(run())


if __name__ == "__main__":
    main()
