"""How a watcher is to run: the settings of ``[watch]`` and ``[[source]]`` as values of their own types."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from posixpath import normpath
from typing import Any

from ..configuration import Configuration, ConfigurationError
from ..pipeline import limits_of
from ..telling.settings import AckSettings
from .answering import Policy
from .intake import IGNORED, Rules
from .layout import Layout
from .transport import Unpacking

__all__ = ["Plan", "RemoteSource", "SourcePlan", "make_plan"]

PUSHED = frozenset({"TA1", "999", "277CA"})
"""What goes to a remote source. Reports are ours: they stay in the local outbound folder."""
MOST_WORKERS = 256
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class RemoteSource:
    """Where an SFTP server is, and how it is spoken to."""

    host: str
    port: int
    user: str
    key_file: str
    known_hosts: str
    inbound: str
    outbound: str
    allows_legacy_algorithms: bool = False
    claims_by: str = "rename"


@dataclass(frozen=True)
class SourcePlan:
    """A source: local folders, or ``remote``."""

    name: str
    inbound: str
    outbound: str
    rules: Rules
    remote: RemoteSource | None = None


@dataclass(frozen=True)
class Plan:
    """All of it."""

    layout: Layout
    sources: tuple[SourcePlan, ...]
    policy: Policy = field(default_factory=Policy)
    poll_seconds: float = 2.0
    isa_window_seconds: float = 400 * 86400.0
    workers: int = 1
    min_free_bytes: int = 64 << 20
    listen: str = ""
    metrics_textfile: str = ""

    def filled(self) -> list[str]:
        """Folders of this machine that the watcher fills: none of them may become an inbound one."""
        kept = map(self.layout.folder, ("outbound", "accepted", "rejected", "quarantine"))
        return [*kept, self.layout.claims, self.layout.stage, *(s.outbound for s in self.sources if not s.remote)]

    def unpacking(self, progress: Callable[[], object] = lambda: None) -> Unpacking:
        """How far gzip files are unpacked before they are taken: as far as when they are judged."""
        limits = limits_of(self.policy.check.get("limits"))
        return Unpacking(limits["gzip_bytes"], limits["gzip_ratio"], progress)


def make_plan(
    settings: Configuration,
    check: dict[str, Any],
    *,
    root: str = "",
    inbound: str = "",
    outbound: str = "",
    work: str = "",
) -> Plan:
    """The plan that a configuration describes. ``check``: options of ``Desk``; the others are options of the command
    line. Raises ConfigurationError with every mistake."""
    watch = settings.plain("watch")
    mistakes: list[str] = []
    root = root or watch["root"] or (os.path.dirname(os.path.abspath(outbound)) if outbound else "")
    if not root:
        raise ConfigurationError(
            "[watch] root is not set: name the folder that holds inbound, work, outbound and the others, "
            "or give it as --root (watch and doctor also take --in and --out, whose parent it then is)"
        )
    work = work or watch["work"]
    layout = Layout(os.path.abspath(root), os.path.abspath(work) if work else "")
    rules = Rules(
        watch["settle_seconds"],
        watch["incomplete_grace_seconds"],
        tuple(watch["ignore"]) or IGNORED,
        watch["done_marker"],
    )
    sources = [
        _source(number, {k: v.value for k, v in s.items()}, rules, layout, mistakes)
        for number, s in enumerate(settings.sources, 1)
    ]
    if inbound or outbound or not sources:
        sources = [
            SourcePlan(
                "inbound",
                os.path.abspath(inbound or layout.inbound),
                os.path.abspath(outbound or layout.outbound),
                rules,
            )
        ]
    mistakes += [*_crossed(sources, layout), *_in_others_place(layout), *_never_taken(sources)]
    names = [s.name for s in sources]
    mistakes += [f"[[source]] name {n!r} is used twice" for n in {n for n in names if names.count(n) > 1}]
    mistakes += [*_unheard(watch["listen"]), *_too_many(watch["workers"])]
    if mistakes:
        raise ConfigurationError("\n".join(mistakes))
    policy = Policy(
        watch["duplicate_content"], watch["duplicate_control_number"], AckSettings(**settings.plain("ack")), check
    )
    return Plan(
        layout,
        tuple(sources),
        policy,
        watch["poll_seconds"],
        watch["isa_window_days"] * 86400.0,
        max(1, watch["workers"]),
        watch["min_free_megabytes"] << 20,
        watch["listen"],
        watch["metrics_textfile"],
    )


def _source(number: int, s: dict[str, Any], rules: Rules, layout: Layout, mistakes: list[str]) -> SourcePlan:
    name = s["name"] or f"source-{number}"
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        mistakes.append(
            f"[[source]] {number}: name {name!r}: letters, digits, - and _ only; it stands in logs and metrics"
        )
    own = Rules(
        rules.settle_seconds,
        rules.incomplete_grace_seconds,
        tuple(s["ignore"]) or rules.ignore,
        s["done_marker"] or rules.done_marker,
    )
    if not s["inbound"]:
        mistakes.append(f"[[source]] {name}: inbound is not set")
    if not s["host"]:
        return SourcePlan(name, _local(layout, s["inbound"]), _local(layout, s["outbound"]) or layout.outbound, own)
    for key in ("user", "key_file", "known_hosts"):
        if not s[key]:
            mistakes.append(f"[[source]] {name}: {key} is not set; a remote source needs it")
    if not 0 < s["port"] < 1 << 16:
        mistakes.append(f"[[source]] {name}: port {s['port']} is none; a number from 1 to 65535")
    remote = RemoteSource(
        s["host"],
        s["port"],
        s["user"],
        s["key_file"],
        s["known_hosts"],
        s["inbound"],
        s["outbound"],
        s["legacy_algorithms"],
        s["claim"],
    )
    return SourcePlan(name, s["inbound"], s["outbound"], own, remote)


def _too_many(workers: int) -> Iterator[str]:
    if workers > MOST_WORKERS:
        yield f"[watch] workers: {workers}; at most {MOST_WORKERS}"


def _unheard(listen: str) -> Iterator[str]:
    host, _, port = listen.rpartition(":")
    if listen and host not in LOOPBACK:
        yield f"[watch] listen: {listen} is not on the loopback; write 127.0.0.1:PORT"
    elif listen and not (port.isascii() and port.isdigit() and int(port) < 1 << 16):
        yield f"[watch] listen: {listen} has no port, a number up to 65535, after its colon"


def _crossed(sources: list[SourcePlan], layout: Layout) -> Iterator[str]:
    """What would make the watcher take its own files as claims, or lose its own under answers. Only the names in an
    inbound folder are looked at, not what lies deeper, so one folder may lie in another."""
    kept = {os.path.realpath(layout.folder(kind)) for kind in ("outbound", "accepted", "rejected", "quarantine")}
    closed = [os.path.realpath(p) for p in (layout.work, os.path.join(layout.root, "archive"))]
    local = [s for s in sources if not s.remote and s.inbound]
    answered = {os.path.realpath(s.outbound) for s in local}
    for s in local:
        here, there = os.path.realpath(s.inbound), os.path.realpath(s.outbound)
        if here == there:
            yield f"[[source]] {s.name}: inbound and outbound are one folder, {here}: answers would be taken as claims"
        elif here in kept or here in answered or _is_below(here, closed):
            yield f"[[source]] {s.name}: inbound {here} is where this watcher puts files; they would be taken as claims"
        if _is_below(there, closed):
            yield f"[[source]] {s.name}: outbound {there} is the watcher's own; give answers a folder of their own"
    remote = [(s.name, s.remote) for s in sources if s.remote and s.remote.inbound]
    for name, r in remote:
        here = normpath(r.inbound)
        for other, o in remote:
            if (o.host, o.port, o.user) == (r.host, r.port, r.user) and o.outbound and normpath(o.outbound) == here:
                whose = "" if other == name else f" of {other}"
                yield f"[[source]] {name}: inbound and outbound{whose} are one folder: answers would be taken as claims"


def _never_taken(sources: list[SourcePlan]) -> Iterator[str]:
    """A done marker that no name can have, or whose names are left alone: every file would wait for ever."""
    for s in sources:
        marker = s.rules.done_marker
        if marker and s.rules.ignores(os.fsencode("a.837" + marker)):
            yield f"[[source]] {s.name}: done_marker {marker!r}: files with that ending are left alone; name another"


def _in_others_place(layout: Layout) -> Iterator[str]:
    """The folder of the ledger is nobody else's: what lies in it isn't for partners, nor to be taken away."""
    kinds = ("inbound", "outbound", "accepted", "rejected", "quarantine", "archive")
    others = [os.path.realpath(path) for path in (layout.root, *map(layout.folder, kinds))]
    if os.path.realpath(layout.work) in others:
        yield f"[watch] work: {layout.work} has another purpose; name a folder of its own, on the disk of the root"


def _is_below(path: str, folders: list[str]) -> bool:
    return any(path == f or path.startswith(f + os.sep) for f in folders)


def _local(layout: Layout, folder: str) -> str:
    """A folder of a local source: relative to the root."""
    return os.path.join(layout.root, folder) if folder else ""
