"""Make the documentation site: ``python docs/site/build.py [FOLDER]`` (extra ``[docs]``; default build/site).

Sources are gathered in a folder of their own: docs/ with its links made links of the site, the pages that are made
from the code (``pages``), and files such as CONTRIBUTING.md. A warning, or a link or an anchor that leads nowhere, is
an error.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from sphinx.cmd.build import build_main

sys.path.insert(0, str(Path(__file__).parent))

from pages import ROOT, sources


def gather(folder: Path) -> None:
    """The sources of the site, in ``folder``."""
    docs = ROOT / "docs"
    for path in docs.rglob("*"):
        name = path.relative_to(docs)
        if path.is_file() and name.parts[0] in ("deploy", "examples") and path.suffix != ".pyc":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
    (folder / "_static").mkdir()
    shutil.copyfile(docs / "site" / "site.css", folder / "_static" / "site.css")
    shutil.copyfile(docs / "site" / "conf.py", folder / "conf.py")
    for uri, text in sources().items():
        (folder / uri).parent.mkdir(parents=True, exist_ok=True)
        (folder / uri).write_text(text, "utf-8")


def build(target: Path) -> int:
    """Make the site; Sphinx's exit code, 0 when all is well."""
    with tempfile.TemporaryDirectory() as scratch:
        gathered = Path(scratch) / "source"
        gathered.mkdir()
        gather(gathered)
        return build_main(["-q", "-W", "--keep-going", "-b", "html", "-d", f"{scratch}/doctrees", str(gathered),
                           str(target)])


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1] if sys.argv[1:] else ROOT / "build" / "site")))
