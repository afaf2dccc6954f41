"""``edi-check check``: options and settings to one run of the pipeline, its reports to where they belong."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from ..configuration import Configuration, load
from ..findings import LEVELS
from ..report import Report
from ..telling.render import FORMATS as TEXTS
from ..telling.render import render
from . import exits
from .answers import Answers, refuse_answer_clashes, write_answers
from .inputs import expand
from .outputs import (
    BINARY,
    STDOUT,
    Output,
    Unwritten,
    opened,
    opened_tables,
    parse_report,
    refuse_clashes,
    refuse_unwritable,
    takes_color,
    tell_fitting_format,
)
from .session import Session, config_option, verbosity_options

__all__ = ["check"]

FORMATS = (*TEXTS, *BINARY)


@click.command(short_help="Judge claim files (the main job).")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("-f", "--format", metavar="|".join(FORMATS), help="What is written [default: text].")
@click.option("-o", "--output", metavar="FILE", help="Write there, all or nothing, instead of standard output.")
@click.option("--report", multiple=True, metavar="FORMAT=FILE", help="A further report of the same run; repeatable.")
@click.option("--ack-dir", metavar="DIR", help="Write the X12 answers there: for each input NAME.ta1, .999, .277ca.")
@click.option("--split-dir", metavar="DIR",
              help="Write the claims there by verdict: for each input NAME.accepted.837 and NAME.rejected.837.")
@click.option("--split-review", is_flag=True, default=None,
              help="With --split-dir: claims to review as NAME.review.837, not with the accepted.")
@click.option("--control-number", metavar="N",
              help="First control number of the answers [default: made from input and day].")
@click.option("--pack", multiple=True, metavar="NAME|FILE",
              help="Edits to apply; repeatable [default: all built-in packs, each by payer and line of business].")
@click.option("--no-packs", is_flag=True, default=None, help="Only the guide's own edits and CORE.")
@click.option("--lob", metavar="auto|commercial|medicare|medicaid", help="Line of business [default: auto, per claim].")
@click.option("--snip", metavar="N[-M]", help="SNIP types to check [default: 1-7].")
@click.option("--level", multiple=True, metavar="ID=LEVEL",
              help="Re-level an edit: reject, review, warn, note or off; repeatable.")
@click.option("--strict", is_flag=True, default=None,
              help="Any syntax fault rejects its whole transaction set, not only the claims it touches.")
@click.option("--fail-on", metavar="reject|review|warn|note|never",
              help="Lowest level that makes the exit code 1 [default: reject].")
@click.option("--as-of", metavar="YYYY-MM-DD",
              help="Day of receipt [default: today]. With it, the same input gives the same bytes.")
@click.option("--jobs", metavar="N", help="Processes; 0: all cores [default: 1]. The output doesn't depend on it.")
@click.option("--max-findings", metavar="N", help="Listed per file and edit, the rest counted [default: 1000].")
@click.option("--show-values", is_flag=True, default=None, help="Show values that identify a person.")
@config_option
@click.option("--progress/--no-progress", default=None, help="A progress bar, on a terminal only [default: yes].")
@verbosity_options
@click.pass_obj
def check(session: Session, /, paths: tuple[str, ...], config_file: str, **options: Any) -> int:
    """Judge claim files: which claims will be rejected, where, why, and what to do.

    PATH is a file, a folder (*.837 *.837p *.edi *.x12 *.txt *.dat in it, at any depth), a .gz of one, or - for
    standard input.

    \b
    Exit code: 0 nothing at or above --fail-on; 1 something is;
    2 wrong usage, nothing checked; 3 something could not be checked,
    or its report not be written; 70 a fault of ours.

    \b
    Examples:
      edi-check check batch.837
      edi-check check -f json -o report.json --report html=report.html inbox/
      edi-check check --ack-dir answers --split-dir sorted inbox/
      zcat batch.837.gz | edi-check check --fail-on review -
    """
    settings = load(config_file, options=_given(options))
    outputs = _outputs(settings, session)
    inputs, unread = expand(paths)
    answers = Answers.of(settings)
    refuse_clashes(outputs, [one.path for one in inputs])
    refuse_answer_clashes(answers, inputs, [output.path for output in outputs])
    given = [name for name, value in options.items() if value is not None]
    session.warn([*settings.warnings, *answers.doubts(settings, given)])
    from .running import run

    session.tell(f"settings: {settings.path or 'no file'}; inputs: {len(inputs)}", level=1)
    report = run(inputs, unread, settings, session)
    unwritten = []
    # Standard output comes last: whoever reads it may stop (| head), which ends the run.
    last = sorted(outputs, key=lambda output: output.path == STDOUT)
    for write in (partial(write_answers, answers, inputs, report, settings),
                  *(partial(_write, report, output, settings) for output in last)):
        try:
            write()
        except Unwritten as error:  # the others are written all the same
            unwritten.append(str(error))
    _point_to_explain(report, session)
    if unwritten and report.exit_code != exits.FAULT:
        raise Unwritten("\n".join(unwritten))
    for text in unwritten:
        session.tell(text, level=-1)
    return report.exit_code


def _point_to_explain(report: Report, session: Session) -> None:
    """An acknowledgment that was given to be judged is for the other command."""
    for file in report.files:
        if file.is_acknowledgment:
            session.tell(f"{file.path} is an acknowledgment; what it says: edi-check explain {file.path}")


def _write(report: Report, output: Output, settings: Configuration) -> None:
    if output.format in BINARY:
        from ..arrow import write_tables

        with opened_tables(output.tables) as files:
            write_tables(report, files, settings.plain("limits"))
        return
    with opened(output.path) as out:
        render(report, output.format, out, color=takes_color(out))


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The options that stand on the command line, as the configuration takes them. Raises UsageError."""
    given = {name: value for name, value in options.items() if value is not None and value != ()}
    if "pack" in given and given.get("no_packs"):
        raise click.UsageError("--pack and --no-packs contradict each other.")
    if "pack" in given:
        given["no_packs"] = False
    for name in ("pack", "report"):
        if name in given:
            given[name] = list(given[name])
    levels = {}
    for text in given.pop("level", ()):
        edit, mark, level = text.partition("=")
        if not mark:
            raise click.UsageError(f"--level {text}: write ID=LEVEL, such as CORE-BAL-01=warn ({', '.join(LEVELS)})")
        levels[edit.strip().upper()] = level.strip().lower()
    return given | ({"level": levels} if levels else {})


def _outputs(settings: Configuration, session: Session) -> list[Output]:
    outputs = [Output(settings.get("format"), settings.get("output") or STDOUT)]
    outputs += [parse_report(text) for text in settings.get("report")]
    for output in outputs:
        if output.format not in FORMATS:
            raise click.UsageError(f"There is no format {output.format!r}; choices: {', '.join(FORMATS)}.")
        refuse_unwritable(output)
    tell_fitting_format(session, outputs[0], FORMATS, "format")
    return outputs
