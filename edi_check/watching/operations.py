"""What the machine around a watcher asks of it: alive? ready? figures? And what systemd is told."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any

from ..findings import EdiCheckError
from .disk import create
from .figures import HELP, Figures
from .layout import LayoutError

__all__ = ["Answerer", "ListenError", "TextFile", "exposition", "notify"]

TEXTFILE_SECONDS = 15.0
PREFIX = "edi_check_"


def notify(*lines: str) -> None:
    """Tell systemd (sd_notify), when it started us."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as s:
            s.connect(address)
            s.sendall("\n".join(lines).encode())
    except OSError:
        pass  # nobody listens; that must not stop the work


def exposition(figures: Figures) -> bytes:
    """The figures in Prometheus' text format. Raises ImportError without the extra ``metrics``."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    class Collected:
        def collect(self) -> Iterable[Any]:
            families: dict[str, Any] = {}
            for name, (kind, says, labels) in HELP.items():
                made = CounterMetricFamily if kind == "counter" else GaugeMetricFamily
                families[name] = made(PREFIX + name, says, labels=labels)
            for name, labels, value in figures.values():
                families[name].add_metric(labels, value)
            for name, value in (("up", figures.is_live), ("ready", figures.is_ready)):
                families[name] = GaugeMetricFamily(PREFIX + name, f"1 while the watcher is {name}")
                families[name].add_metric((), int(value))
            return families.values()

    registry = CollectorRegistry()
    registry.register(Collected())
    return generate_latest(registry)


class ListenError(EdiCheckError):
    """Nobody can be answered at this address."""


class Answerer:
    """``/livez``, ``/readyz`` and ``/metrics`` on a loopback address, in a thread. Raises ListenError."""

    def __init__(self, figures: Figures, listen: str) -> None:
        host, _, port = listen.rpartition(":")
        try:
            self.server = ThreadingHTTPServer((host.strip("[]") or "127.0.0.1", int(port)), _handler(figures))
        except OSError as error:
            raise ListenError(
                f"[watch] listen: {listen}: {error.strerror}; end what listens there, or name another port"
            ) from None
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, name="answerer", daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


def _handler(figures: Figures) -> type[BaseHTTPRequestHandler]:
    answers: dict[str, Callable[[], tuple[int, str, bytes]]] = {
        "/livez": lambda: _state(figures.is_live),
        "/readyz": lambda: _state(figures.is_ready),
        "/metrics": lambda: _metrics(figures),
    }

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            code, kind, body = answers.get(self.path, lambda: (404, "text/plain", b"not found\n"))()
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

        def version_string(self) -> str:
            return "edi-check"

    return Handler


def _state(is_well: bool) -> tuple[int, str, bytes]:
    return (200, "text/plain", b"ok\n") if is_well else (503, "text/plain", b"no\n")


def _metrics(figures: Figures) -> tuple[int, str, bytes]:
    try:
        return 200, "text/plain; version=0.0.4; charset=utf-8", exposition(figures)
    except ImportError:
        return 501, "text/plain", b"install edi-check[metrics]\n"


class TextFile:
    """Writes the figures to a file every quarter of a minute, whole, 0600. Raises LayoutError where that can't be."""

    def __init__(self, figures: Figures, path: str) -> None:
        folder = os.path.dirname(path) or "."
        if os.path.isdir(path) or not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
            what = "is a folder" if os.path.isdir(path) else f"no file can be made in {folder}"
            raise LayoutError(f"the file of figures, {path}: {what}; name another place, or leave metrics_textfile out")
        self.figures, self.path = figures, path
        self._next = 0.0

    def tick(self, is_last: bool = False) -> None:
        """Write when it is time. A disk that is full is told elsewhere."""
        if monotonic() < self._next and not is_last:
            return
        self._next = monotonic() + TEXTFILE_SECONDS
        try:
            with create(self.path + ".tmp") as out:
                out.write(exposition(self.figures))
            os.rename(self.path + ".tmp", self.path)
        except OSError:
            pass
