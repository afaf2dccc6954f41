"""The documentation site: a page for every edit, every setting and public name told, no link or anchor into nothing.

What needs Sphinx (extra ``[docs]``) is left out without it; ``.ci/run`` has it.
"""

from __future__ import annotations

import html.parser
import json
import os
import posixpath
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest

import edi_check
from edi_check.cli.main import COMMANDS
from edi_check.judging.packs import load_builtin_packs
from edi_check.settings import MODEL

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "docs" / "site"
sys.path.insert(0, str(SITE))

import pages  # noqa: E402

SOURCES = pages.sources()


def test_every_edit_has_a_page_with_all_that_there_is_to_say() -> None:
    for pack in load_builtin_packs():
        for data in pack.edits:
            edit = data.edit
            page = SOURCES[f"edits/{edit.id.lower()}.md"]
            told = () if edit.id.startswith(("TA1", "AK9", "IK5")) else edit.status.codes[:1]
            for part in (edit.id, edit.name, edit.level, edit.source.section, *told):
                assert part.replace("<", "&lt;") in page, f"{edit.id}: {part}"
            for heading in ("Why", "What to do", "Applied to", "Where the rule comes from", "How it is told"):
                assert f"\n## {heading}\n\n" in page
            assert ("## Wrong and right" in page) is bool(edit.wrong or edit.right)
            assert f"[{edit.id}]({edit.id.lower()}.md)" in SOURCES[f"edits/{pack.id.lower()}.md"]
            assert f"[{edit.id}]({edit.id.lower()}.md)" in SOURCES["edits/index.md"]


def test_the_reference_has_everything() -> None:
    for name in set(edi_check.__all__) - {"__version__"}:
        assert f".{name}\n" in SOURCES["reference/python.md"]
    for section, keys in MODEL.items():
        for name in keys:
            assert f"| `{name}` |" in SOURCES["reference/settings.md"], f"[{section}] {name}"
    for name in COMMANDS:
        assert f"## edi-check {name}" in SOURCES["reference/commands.md"]
    schema = json.loads((ROOT / "edi_check/telling/report.schema.json").read_text("utf-8"))
    for part in (schema, *schema["$defs"].values()):
        for key in part.get("properties", ()):
            assert f"{key}` |" in SOURCES["reference/report.md"]


def test_every_page_is_in_the_navigation() -> None:
    named = {page.rpartition("<")[2].strip("/>") + ".md" for pages_ in pages.NAV.values() for page in pages_}
    lone = {uri for uri in SOURCES if uri.endswith(".md") and not uri.startswith("edits/")} - named - {"index.md"}
    assert not lone, f"docs/site/pages.py, NAV: {sorted(lone)} are nowhere"


def test_links_of_the_repository_become_links_of_the_site() -> None:
    for text, uri, there in (
        ("see [x](../edits.md#core-bal-01)", "guides/pipeline.md", "see [x](../edits/core-bal-01.md)"),
        ("[x](docs/watching.md#settings)", "overview.md", "[x](watching.md#settings)"),
        ("[`y`](../fixtures/edits/README.md)", "tutorial-payer-pack.md", "[`y`](reference/packs.md)"),
        ("[code](edi_check/model.py)", "overview.md", "code"),
        ("[gone](no/such/file.md)", "overview.md", "[gone](no/such/file.md)"),
        ("```text\n[x](docs/watching.md)\n```\n", "overview.md", "```text\n[x](docs/watching.md)\n```\n"),
        ("[here](#settings) [out](https://example.org/)", "overview.md", "[here](#settings) [out](https://example.org/)"),
    ):
        assert pages.relinked(text, uri) == there


# The site itself


class Page(html.parser.HTMLParser):
    """Links, anchors, and what a browser would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif (tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload")) or "src" in given:
            self.loaded.append(given.get("src") or given.get("href", ""))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("sphinx", reason="the site's generator: pip install -e '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run([sys.executable, str(SITE / "build.py"), str(folder)], text=True, capture_output=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_has_no_broken_link_and_loads_nothing_from_elsewhere(site: Path) -> None:
    read = {path.relative_to(site).as_posix(): Page(path.read_text("utf-8")) for path in site.rglob("*.html")}
    assert len([name for name in read if name.startswith("edits/")]) > 180
    for name, page in read.items():
        for target in [*page.links, *page.loaded]:
            parts = urllib.parse.urlsplit(target)
            if parts.scheme or parts.netloc:
                assert target in page.links, f"{name} loads {target}"
                continue
            there = posixpath.normpath(posixpath.join(posixpath.dirname(name), urllib.parse.unquote(parts.path)))
            there = there if parts.path else name
            assert (site / there).is_file(), f"{name}: there is no {target}"
            if parts.fragment and there in read:
                assert parts.fragment in read[there].anchors, f"{name}: {there} has no #{parts.fragment}"
    for style in site.rglob("*.css"):
        assert "url(http" not in style.read_text("utf-8") and "@import" not in style.read_text("utf-8")


def test_search_finds_ids_and_words_whole(site: Path) -> None:
    """As main entries of the index, which Sphinx's search puts first: file, place, is main."""
    index = json.loads((site / "searchindex.js").read_text("utf-8").removeprefix("Search.setIndex(").removesuffix(")"))
    for entry, page in (("psrc-mt-03", "edits/psrc-mt-03"), ("ik4-7", "edits/ik4-7"), ("clm01", "reference/words")):
        file, _, is_main = index["indexentries"][entry][0]
        assert index["docnames"][file] == page and is_main


@pytest.mark.parametrize("text", [
    "[x](no-such-page.md)", "[x](#no-such-heading)", "[x](other.md#no-such-heading)",
    "```{eval-rst}\n.. autofunction:: edi_check.no\n```",
], ids=["page", "heading", "heading-there", "name"])
def test_a_broken_link_ends_the_build(text: str, site: Path, tmp_path: Path) -> None:
    (tmp_path / "_static").mkdir()
    for name in ("conf.py", "site.css"):
        target = tmp_path / ("_static" if name.endswith("css") else "") / name
        target.write_bytes((SITE / name).read_bytes())
    (tmp_path / "other.md").write_text("# Other\n\n## Heading\n")
    for body, code in (("[x](other.md#heading)", 0), (text, 1)):
        (tmp_path / "index.md").write_text(f"# Start\n\n{body}\n\n```{{toctree}}\nother\n```\n")
        done = subprocess.run(
            [sys.executable, "-m", "sphinx", "-q", "-W", "-E", "-b", "html", str(tmp_path), str(tmp_path / "out")],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
        assert bool(done.returncode) is bool(code), done.stderr
