"""A real OpenSSH server on 127.0.0.1 with throwaway keys and internal-sftp, for the tests of remote folders."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edi_check.watching.intake import Rules
from edi_check.watching.plan import RemoteSource, SourcePlan

SSHD = shutil.which("sshd") or ("/usr/sbin/sshd" if os.path.exists("/usr/sbin/sshd") else "")


def key(path: Path) -> Path:
    """A new key pair at ``path``."""
    path.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Server:
    """``home`` holds its keys; ``inbound`` and ``outbound`` are the partner's: we fetch from the first, push to the
    second."""

    def __init__(self, home: Path) -> None:
        if not SSHD:
            pytest.skip("sshd is not installed (Debian: openssh-server)")
        self.home = home
        home.mkdir(parents=True)
        self.inbound, self.outbound = home / "inbound", home / "outbound"
        self.inbound.mkdir()
        self.outbound.mkdir()
        self.port = free_port()
        self.host_key, self.user_key = key(home / "host_key"), key(home / "user_key")
        (home / "authorized_keys").write_text((home / "user_key.pub").read_text())
        self.known_hosts = home / "known_hosts"
        self.trust(self.host_key)
        (home / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.host_key}\nPidFile none\n"
            f"AuthorizedKeysFile {home}/authorized_keys\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n"
            "MaxStartups 100:30:200\nLogLevel ERROR\n"
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def trust(self, host_key: Path) -> None:
        kind, data = host_key.with_name(host_key.name + ".pub").read_text().split()[:2]
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {kind} {data}\n")

    def start(self) -> None:
        """Listen, and return when it does."""
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        self.process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(self.home / "config")], stderr=subprocess.DEVNULL, start_new_session=True
        )
        for _ in range(400):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError("sshd doesn't listen")

    def sessions(self) -> list[int]:
        """Processes of logins, whatever group they are in."""
        assert self.process
        found, todo = [], [self.process.pid]
        while todo:
            with contextlib.suppress(OSError):
                children = Path(f"/proc/{todo[-1]}/task/{todo.pop()}/children").read_text().split()
                found += [int(c) for c in children]
                todo += [int(c) for c in children]
        return found

    def signal_sessions(self, number: int) -> int:
        """Send a signal to every login; how many there were."""
        sent = 0
        for pid in self.sessions():
            with contextlib.suppress(OSError):
                os.kill(pid, number)
                sent += 1
        return sent

    def stop(self) -> None:
        """End the server and every login."""
        if self.process:
            sessions = self.sessions()
            self.process.kill()
            self.process.wait()
            self.process = None
            for pid in sessions:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)

    def deny(self, requests: str = "") -> None:
        """Begin anew, without these requests of SFTP (``rename,remove``); every login ends."""
        config = self.home / "config"
        lines = [line for line in config.read_text().splitlines() if not line.startswith("Subsystem")]
        denied = f" -P {requests}" if requests else ""
        self.stop()
        config.write_text("\n".join([*lines, f"Subsystem sftp internal-sftp{denied}", ""]))
        self.start()

    def source(self, name: str = "partner", **more: object) -> SourcePlan:
        """A remote source that fetches from here and pushes to here."""
        rules = Rules(settle_seconds=0.0, incomplete_grace_seconds=0.3)
        remote = RemoteSource(
            "127.0.0.1",
            self.port,
            getpass.getuser(),
            str(self.user_key),
            str(self.known_hosts),
            str(self.inbound),
            str(self.outbound),
        )
        for field, value in more.items():
            object.__setattr__(remote, field, value)
        return SourcePlan(name, remote.inbound, remote.outbound, rules, remote)


def served(folder: Path) -> Iterator[Server]:
    """A server in a folder, until whoever asked for it is done."""
    made = Server(folder / "sshd")
    yield made
    made.stop()
