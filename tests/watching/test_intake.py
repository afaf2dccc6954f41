"""Which files are taken, and when: pure, without a disk or a clock."""

from __future__ import annotations

import pytest
from drops import numbered

from edi_check.watching.intake import Choice, Entry, Rules, Seen, decide, is_whole

DATA = numbered(1)


BOOTED = 5_000.0
"""What the wall clock said when the monotonic one began."""


def run(rules: Rules, *scans: tuple[float, list[Entry]], ahead: float = 0.0) -> list[Choice]:
    """``ahead``: how far the wall clock was set between the first scan and the second."""
    memory: dict[bytes, Seen] = {}
    choices = []
    for now, listing in scans:
        memory, choice = decide(listing, memory, now, rules, BOOTED + now + (ahead if choices else 0))
        choices.append(choice)
    return choices


def file(name: bytes = b"a.837", size: int = 10, mtime: int = 1, inode: int = 1, **more: object) -> Entry:
    return Entry(name, size, mtime, inode, **more)  # type: ignore[arg-type]


def test_a_file_is_looked_at_when_two_scans_are_alike_and_it_has_settled() -> None:
    rules = Rules(settle_seconds=10)
    first, second, third = run(rules, (100, [file()]), (105, [file()]), (111, [file()]))
    assert not first.look and first.waiting == 1
    assert not second.look
    assert third.look == [file()]


@pytest.mark.parametrize("other", [file(size=11), file(mtime=2), file(inode=2)])
def test_any_change_begins_the_wait_anew(other: Entry) -> None:
    choices = run(Rules(10), (100, [file()]), (111, [other]), (119, [other]), (121, [other]))
    assert [bool(c.look) for c in choices] == [False, False, False, True]


def test_an_old_file_waits_for_the_second_scan_only() -> None:
    old = file(changed=BOOTED + 50.0)
    assert [bool(c.look) for c in run(Rules(10), (100, [old]), (102, [old]))] == [False, True]


def test_a_time_in_the_future_is_not_believed() -> None:
    ahead = file(changed=BOOTED + 10_000.0)
    assert [bool(c.look) for c in run(Rules(10), (100, [ahead]), (102, [ahead]), (111, [ahead]))] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("ahead", [86_400.0, -86_400.0])
@pytest.mark.parametrize("changed", [0.0, BOOTED + 99.0])
def test_a_clock_that_is_set_makes_no_file_wait_longer_or_less(ahead: float, changed: float) -> None:
    listing = [file(changed=changed)]
    choices = run(Rules(10), (100, listing), (105, listing), (108, listing), (111, listing), ahead=ahead)
    assert [bool(c.look) for c in choices] == [False, False, False, True]


def test_when_a_change_was_made_is_not_asked_of_a_clock_that_was_just_set() -> None:
    listing = [file(changed=BOOTED + 99.0)]
    memory, _ = decide(listing, {}, 100, Rules(10), 0.0)
    _, choice = decide(listing, memory, 105, Rules(10), BOOTED + 86_400.0)
    assert not choice.look


def test_a_partial_file_waits_for_its_grace() -> None:
    rules, listing = Rules(10, 900), [file()]
    memory, _ = decide(listing, {}, 0, rules)
    memory, choice = decide(listing, memory, 11, rules)
    assert choice.look
    memory = {name: seen._replace(is_partial=True, cut_since=11) for name, seen in memory.items()}
    memory, choice = decide(listing, memory, 905, rules)
    assert not choice.look and not choice.overdue
    _, choice = decide(listing, memory, 911, rules)
    assert choice.overdue == listing
    _, choice = decide([file(size=20)], memory, 912, rules)
    assert not choice.overdue and choice.waiting == 1


def test_what_is_no_file_is_counted_and_left() -> None:
    listing = [file(b"d", kind="folder"), file(b"l", kind="link"), file(b"p", kind="other")]
    choice = run(Rules(0), (0, listing), (1, listing))[1]
    assert choice == Choice([], [], 0, 3)


@pytest.mark.parametrize(
    "name",
    [
        b".hidden",
        b"a.TMP",
        b"a.part",
        b"a.filepart",
        b"a~",
        b"x.Uploading",
        b"..",
        b".",
        b"",
        b"a/b",
        b"n\0",
        b"x" * 256,
    ],
)
def test_temporary_names_and_names_that_are_none_are_left_alone(name: bytes) -> None:
    listing = [file(name)]
    assert run(Rules(0), (0, listing), (1, listing))[1] == Choice([], [], 0, 0)


@pytest.mark.parametrize(
    "name", [b"a\nb.837", b"\xe2\x80\xae.837", b"\xff\xfe.837", b"x" * 255, b"-rf", b"a b", b"A.837"]
)
def test_odd_names_are_names(name: bytes) -> None:
    listing = [file(name)]
    assert run(Rules(0), (0, listing), (1, listing))[1].look == listing


def test_a_done_marker_is_waited_for_and_never_taken() -> None:
    rules = Rules(0, done_marker=".done")
    alone = [file(b"a.837"), file(b"b.done")]
    both = [file(b"a.837"), file(b"a.837.done")]
    first, second, _, fourth = run(rules, (0, alone), (1, alone), (2, both), (3, both))
    assert not first.look and not second.look
    assert [e.name for e in fourth.look] == [b"a.837"]


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (DATA, True),
        (DATA + b"\r\n\x1a", True),
        (DATA.rstrip()[:-1], True),  # the last terminator alone is missing: read with a warning
        (DATA[:-20], False),
        (DATA.replace(b"IEA*1*000000001", b"IEA*1*000000002"), False),
        (DATA[:106], False),
        (DATA[:50], False),
        (DATA + DATA, True),
        (DATA + DATA[:300], False),
        (DATA.replace(b"~\n", b"\n"), True),
        (DATA.replace(b"*", b"|").replace(b"~", b"!"), True),
        (DATA.replace(b"*ADA*", b"*LISA*"), True),
        (DATA.replace(b"*TESTER*ADA*", b"*ISA*ISA*"), True),
        (DATA + DATA.replace(b"*ADA*", b"*ELISA*"), True),
        (DATA.replace(b"*ADA*", b"*LISA*")[:-20], False),
        (DATA + DATA.replace(b"*ADA*", b"*LISA*")[:-20], False),
        (b"", False),
        (b"\n\n", False),
        (b"IS", False),
        (b"hello", True),
        (b"UNA:+.? 'UNB+", True),
    ],
)
def test_x12_says_itself_whether_it_is_whole(data: bytes, whole: bool) -> None:
    assert is_whole(data[:4096], data[-65536:]) is whole


def test_no_cut_of_a_file_counts_as_whole() -> None:
    end = len(DATA.rstrip()) - 1
    assert [n for n in range(1, end) if is_whole(DATA[:n], DATA[:n])] == []
