"""A report in the format asked for: text, html, markdown through the Jinja templates; json, ndjson and csv without.

``render`` writes piece by piece when it is given a text file, and returns text when it isn't. Jinja is imported only
for the formats that need it. What the data says can't break out of any of them: text and markdown go through
``legible`` characters (control, bidirectional and zero-width characters are spelled out) by the environment's
``finalize``, so that no template can forget it; html is escaped besides.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TextIO

from ..findings import EdiCheckError
from ..phrases import counted
from ..report import Report
from .json_report import write_json, write_ndjson
from .visible import visible

if TYPE_CHECKING:
    import jinja2

__all__ = ["FORMATS", "load_template", "render", "visible"]

FORMATS = ("text", "json", "ndjson", "csv", "html", "markdown", "sarif", "junit")

TEMPLATES = {"text": "report.txt.j2", "html": "report.html.j2", "markdown": "report.md.j2"}

STYLE_SHEET, SCRIPT = "report.css", "report.js"

WIDTH = 80


def render(report: Report, format: str = "text", out: TextIO | None = None, *, color: bool = False) -> str | None:
    """Write ``report`` to ``out`` and return ``None``, or return it as text when ``out`` is ``None``. ``color`` (text
    only) is the caller's decision: a terminal, and no NO_COLOR."""
    if format not in FORMATS:
        raise EdiCheckError(f"no report format {format!r}; there are {', '.join(FORMATS)}")
    if out is None:
        buffer = io.StringIO()
        render(report, format, buffer, color=color)
        return buffer.getvalue()
    if format == "json":
        write_json(report, out)
    elif format == "ndjson":
        write_ndjson(report, out)
    elif format == "csv":
        from .tables import write_csv

        write_csv(report, out)
    elif format == "sarif":
        from .sarif import write_sarif

        write_sarif(report, out)
    elif format == "junit":
        _write_junit(report, out)
    else:
        for piece in _templated(report, format, color):
            out.write(piece)
    return None


def _write_junit(report: Report, out: TextIO) -> None:
    try:
        from .junit import write_junit
    except ModuleNotFoundError as error:
        if error.name != "junitparser":
            raise
        raise EdiCheckError("the format junit needs junitparser: pip install 'edi-check[junit]'") from None
    write_junit(report, out)


def _templated(report: Report, format: str, color: bool) -> Iterator[str]:
    template = environment(format, color).get_template(TEMPLATES[format])
    if format == "html":
        from .html_page import html_page

        stream = template.stream(page=html_page(report))
    else:
        from .summary import summarize

        stream = template.stream(report=summarize(report))
    stream.enable_buffering(200)
    return iter(stream)


class Finished(str):
    """Text that a filter has made safe already; ``finalize`` lets it pass."""


MARKDOWN = str.maketrans({**{c: "\\" + c for c in "\\`*_{}[]()#+-!|~>"}, "<": "&lt;", "&": "&amp;", "@": "&#64;"})
SIMPLE_MARKDOWN = str.maketrans({**{c: "\\" + c for c in "\\`*_[]|~"}, "<": "&lt;", "&": "&amp;", "@": "&#64;"})


def markdown_text(text: str) -> str:
    """Text that no Markdown dialect takes for markup, a mention, a link or HTML. At the start of a line more characters
    mean something, so there everything is escaped.

    >>> markdown_text("a_b | <i> @me #1"), markdown_text("see https://www.example.org")
    ('a\\\\_b \\\\| &lt;i> &#64;me \\\\#1', 'see https:\\\\//www\\\\.example.org')
    """
    text = visible(text).translate(SIMPLE_MARKDOWN).replace(" #", " \\#")
    text = text.replace("://", ":\\//").replace("www.", "www\\.")  # GitHub makes links of bare addresses
    return text[:1].translate(MARKDOWN) + text[1:] if text[:1] in "#+->(" else text


@lru_cache(maxsize=8)
def environment(format: str, color: bool) -> jinja2.Environment:
    """The Jinja environment of a format: strict about names, and safe about values."""
    import jinja2

    html = format == "html"
    finish = {"text": visible, "html": visible, "markdown": markdown_text}[format]

    def finalize(value: Any) -> Any:
        if isinstance(value, Finished) or hasattr(value, "__html__"):
            return value
        return finish(value) if isinstance(value, str) else value

    env = jinja2.Environment(
        loader=jinja2.FunctionLoader(load_template), finalize=finalize,
        autoescape=html,  # noqa: S701 (text and markdown are not HTML; finalize sees to them)
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        auto_reload=False)
    env.filters.update(_filters(color, markdown=format == "markdown"))
    if html:
        env.globals.update(style_hash=_hash(STYLE_SHEET), script_hash=_hash(SCRIPT))
    return env


def _hash(name: str) -> str:
    """The page's Content-Security-Policy allows its own style sheet and script, each by its hash, and nothing else."""
    from base64 import b64encode
    from hashlib import sha256

    return "sha256-" + b64encode(sha256(load_template(name).encode()).digest()).decode()


def load_template(name: str) -> str:
    """A template's text: installed as ``edi_check.templates``, or beside the package in a bare checkout."""
    from importlib import resources

    try:
        folder = resources.files("edi_check.templates")
    except ModuleNotFoundError:
        folder = resources.files("edi_check").joinpath("..", "templates")
    return folder.joinpath(name).read_text("utf-8")


STYLES = {"reject": "31;1", "rejected": "31;1", "unreadable": "31;1", "review": "33;1", "partial": "33;1", "warn": "33",
          "accepted": "32;1", "note": "36", "bold": "1", "dim": "2"}


def _filters(color: bool, markdown: bool) -> dict[str, Any]:
    from textwrap import fill

    def style(text: str, name: str) -> Finished:
        text = visible(text)
        return Finished(f"\x1b[{STYLES[name]}m{text}\x1b[0m" if color and text else text)

    def wrap(text: str, indent: int, first: int = -1) -> Finished:
        """Fill to the page: the first line begins in column ``first`` (or ``indent``), where the template has got to;
        the others are indented."""
        lead = " " * (indent if first < 0 else first)
        filled = fill(visible(text), WIDTH, initial_indent=lead, subsequent_indent=" " * indent,
                      break_on_hyphens=False, break_long_words=True)
        return Finished(filled[len(lead):])

    def column(text: object, width: int, name: str = "") -> Finished:
        """Left in a column, which what is too long pushes; a negative width sets it right; ``name`` of a style."""
        shown = f"{text:,}" if isinstance(text, int) else visible(str(text))
        if width < 0:
            return Finished(shown.rjust(-width))
        padded = shown.ljust(width)
        return style(padded, name) if name else Finished(padded)

    def named(numbers: Sequence[str], width: int) -> str:
        """As many of the numbers as fit, each whole, and how many more there are."""
        for count in range(min(len(numbers), width), -1, -1):
            more = f"+{len(numbers) - count:,}" if count < len(numbers) else ""
            text = ", ".join(numbers[:count])
            text = f"{text} {more}".strip() if text else counted(len(numbers), "claim") if numbers else ""
            if len(visible(text)) <= width:
                return text
        return ""

    def code(text: str) -> Finished:
        """A code span that the text can't close."""
        return Finished("`" + visible(text).replace("`", "'").replace("|", "\\|") + "`" if text else "")

    filters: dict[str, Any] = {"style": style, "wrap": wrap, "column": column, "counted": counted,
                               "named": named}
    if markdown:
        filters["code"] = code
    return filters
