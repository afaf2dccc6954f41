"""A drop folder on an SFTP server: what the carrier asks of it, each question with a time limit.

asyncssh (extra ``sftp``) because it checks host keys unless told not to, takes names as bytes, and notices a peer
that is gone. Nothing of the user's own SSH configuration, agent or keys is read. Names come from the server: one is
used only if it is a single segment of a path, and never as a name on this side.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import stat
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import asyncssh
from asyncssh.kex import get_kex_algs

from ..findings import TransportError
from .disk import create
from .intake import Entry, is_segment, is_whole
from .plan import RemoteSource
from .transport import GZIP, HEAD, TAIL

__all__ = ["BadFile", "Exists", "Missing", "NoInbound", "Refused", "RemoteFolder", "WrongHostKey", "connect"]

T = TypeVar("T")

ENCRYPTION = (
    "chacha20-poly1305@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
KEX = (
    "mlkem768x25519-sha256",
    "sntrup761x25519-sha512@openssh.com",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group14-sha256",
)
SIGNATURES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
LEGACY = {
    "kex_algs": ("diffie-hellman-group14-sha1",),
    "encryption_algs": ("aes256-cbc", "aes128-cbc"),
    "mac_algs": ("hmac-sha1",),
    "signature_algs": ("ssh-rsa",),
}

CONNECT_SECONDS = 30.0
ANSWER_SECONDS = 60.0
KEEPALIVE_SECONDS, KEEPALIVES = 10.0, 3
"""A peer that answers nothing is given up after some forty seconds, within the minute that is promised."""
MOST_NAMES = 200_000
PIECE = 1 << 18


class WrongHostKey(TransportError):
    """The server's key isn't the one that is trusted: nobody but an operator can say what that means."""


class Refused(TransportError):
    """The server doesn't let us in, or doesn't let us do this."""


class BadFile(TransportError):
    """The key file or known_hosts can't be read, or isn't what it should be: which, and why."""


class Missing(TransportError):
    """There is no such file there."""


class NoInbound(Missing):
    """Nor is the folder that we fetch from."""


class NoOutbound(Missing):
    """Nor is the folder that we push to."""


class Exists(TransportError):
    """The server didn't rename: the target exists, or it says so for some other reason (OpenSSH has one code for
    all)."""


class Lost(TransportError):
    """The connection ended, or the server doesn't answer: whether the last request was carried out isn't known."""


def _algorithms(source: RemoteSource) -> dict[str, Any]:
    """Modern algorithms only, unless the source opted for old ones; host keys are limited to the kinds we trust, or the
    server could offer one that isn't in known_hosts."""
    known = {name.decode() for name in get_kex_algs()}
    chosen: dict[str, tuple[str, ...]] = {
        "kex_algs": tuple(k for k in KEX if k in known),
        "encryption_algs": ENCRYPTION,
        "mac_algs": MACS,
        "signature_algs": SIGNATURES,
    }
    if source.allows_legacy_algorithms:
        chosen = {key: value + LEGACY[key] for key, value in chosen.items()}
    trusted = asyncssh.match_known_hosts(source.known_hosts, source.host, "", source.port)[0]
    kinds = {key.get_algorithm() for key in trusted if hasattr(key, "get_algorithm")}
    hosts = [a for a in chosen["signature_algs"] if a in kinds or ("rsa" in a and "ssh-rsa" in kinds)]
    return {**chosen, "server_host_key_algs": hosts or list(SIGNATURES)}


def _look_at_files(source: RemoteSource) -> None:
    """Raises BadFile. asyncssh tells of both with whatever comes up on its way."""
    for path, read, what in (
        (source.key_file, asyncssh.read_private_key, "no private key without a passphrase"),
        (source.known_hosts, asyncssh.read_known_hosts, "no known_hosts file"),
    ):
        try:
            read(path)
        except OSError as error:
            raise BadFile(f"{path}: {error.strerror}") from None
        except ValueError:
            raise BadFile(f"{path}: {what}") from None


def _named(error: BaseException) -> str:
    """Why a connection didn't come about: in the system's words, or else the error's kind. asyncio puts what it did in
    their place (``Connect call failed``), and of several addresses only a text, with the numbers in it."""
    if isinstance(error, socket.gaierror):  # its numbers are its own
        return error.strerror or type(error).__name__
    if not isinstance(error, OSError):
        return type(error).__name__
    numbers = [error.errno] if error.errno else re.findall(r"\[Errno (\d{1,3})\]", str(error))
    return " and ".join(dict.fromkeys(os.strerror(int(n)) for n in numbers)) or type(error).__name__


async def connect(source: RemoteSource, keepalive: float = KEEPALIVE_SECONDS) -> RemoteFolder:
    """Log in. Raises WrongHostKey, Refused, BadFile, Lost."""
    _look_at_files(source)
    try:
        connection = await asyncio.wait_for(
            asyncssh.connect(
                source.host,
                source.port,
                username=source.user,
                client_keys=[source.key_file],
                known_hosts=source.known_hosts,
                config=None,
                agent_path=None,
                password=None,
                preferred_auth="publickey",
                client_host_keysign=False,
                connect_timeout=CONNECT_SECONDS,
                login_timeout=CONNECT_SECONDS,
                keepalive_interval=keepalive,
                keepalive_count_max=KEEPALIVES,
                compression_algs=None,
                **_algorithms(source),
            ),
            CONNECT_SECONDS * 2,
        )
    except asyncssh.HostKeyNotVerifiable:
        raise WrongHostKey("the server's host key is not the trusted one") from None
    except asyncssh.PermissionDenied:
        raise Refused("the server refuses the login") from None
    except asyncssh.KeyImportError:
        raise Refused("the private key can't be used") from None
    except (asyncssh.Error, OSError, asyncio.IncompleteReadError) as error:  # a name not found, no route, no answer
        raise Lost(f"there is no connection to {source.host}, port {source.port} ({_named(error)})") from None
    try:
        client = await asyncio.wait_for(connection.start_sftp_client(path_encoding=None), CONNECT_SECONDS)
    except (asyncssh.Error, asyncssh.SFTPError, TimeoutError) as error:
        connection.abort()
        raise Lost(type(error).__name__) from None
    return RemoteFolder(source, connection, client)


class RemoteFolder:
    """The folders of one login. Every method raises a TransportError and nothing else of the network's."""

    def __init__(self, source: RemoteSource, connection: Any, client: Any) -> None:
        self.connection, self.client = connection, client
        self.inbound, self.outbound = os.fsencode(source.inbound), os.fsencode(source.outbound)

    async def _asked(self, answer: Awaitable[T], seconds: float = ANSWER_SECONDS) -> T:
        try:
            return await asyncio.wait_for(answer, seconds)
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            raise Missing("no such file") from None
        except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect, asyncssh.SFTPOpUnsupported):
            raise Refused("not permitted") from None
        except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
            raise Exists("failure") from None
        except (asyncssh.SFTPError, asyncssh.Error, TimeoutError, ConnectionError, EOFError) as error:
            raise Lost(type(error).__name__) from None

    @asynccontextmanager
    async def _opened(self, path: bytes, *how: Any) -> AsyncIterator[Any]:
        """An open file. Closing it asks the server, too, and may find the connection gone."""
        file = await self._asked(self.client.open(path, *how))
        try:
            yield file
        except BaseException:
            with suppress(TransportError):
                await self._asked(file.close())
            raise
        await self._asked(file.close())

    async def close(self) -> None:
        """Hang up; a peer that doesn't answer can't hold us."""
        self.client.exit()
        self.connection.abort()

    # --- looking ---------------------------------------------------------------------------------------------------

    async def scan(self) -> list[Entry]:
        """The inbound folder. A listing that doesn't end is given up."""

        async def listed() -> list[Entry]:
            found: list[Entry] = []
            count = 0
            async for one in self.client.scandir(self.inbound):
                count += 1
                if count > MOST_NAMES:
                    raise Refused("the listing has more names than we take")
                name = one.filename if isinstance(one.filename, bytes) else os.fsencode(one.filename)
                if is_segment(name):
                    found.append(_entry(name, one.attrs))
            return found

        return await self._asked(listed(), ANSWER_SECONDS * 2)

    async def look(self, name: bytes) -> Entry | None:
        """One name, or none when it isn't there."""
        try:
            return _entry(name, await self._asked(self.client.lstat(self.path(name))))
        except Missing:
            return None

    async def exists(self, path: bytes) -> bool:
        try:
            await self._asked(self.client.lstat(path))
        except Missing:
            return False
        return True

    async def lacks(self) -> Missing | None:
        """Is one of the two folders not there?"""
        for folder, kind in ((self.inbound, NoInbound), (self.outbound, NoOutbound)):
            if folder and not await self.exists(folder):
                return kind(f"there is no folder {os.fsdecode(folder)} there")
        return None

    def path(self, name: bytes) -> bytes:
        return self.inbound.rstrip(b"/") + b"/" + name

    def target(self, name: bytes) -> bytes:
        return self.outbound.rstrip(b"/") + b"/" + name

    async def looks_whole(self, entry: Entry) -> bool:
        """As ``DropFolder.looks_whole``. Of a gzip file it isn't known before it is here."""
        async with self._opened(self.path(entry.name), "rb") as file:
            head = await self._asked(file.read(HEAD, 0))
            if head[:2] == GZIP:
                return True
            tail = await self._asked(file.read(TAIL, max(0, entry.size - TAIL)))
            return is_whole(head, tail)

    # --- moving ----------------------------------------------------------------------------------------------------

    async def rename_new(self, old: bytes, new: bytes) -> None:
        """Rename unless the target exists (the protocol's own rename, as OpenSSH has it). Raises Exists, Missing."""
        await self._asked(self.client.rename(old, new))

    async def rename(self, old: bytes, new: bytes) -> None:
        """Rename in one step: posix-rename where the server has it."""
        try:
            await self._asked(self.client.posix_rename(old, new))
        except Refused:
            await self.rename_new(old, new)

    async def remove(self, path: bytes) -> None:
        """Remove a file that may be gone."""
        try:
            await self._asked(self.client.remove(path))
        except Missing:
            pass

    async def fetch(self, name: bytes, size: int, path: str) -> int:
        """Copy a file of the inbound folder to ``path`` (0600, not durable yet) and return how many bytes there were:
        at most ``size`` and one more, whatever the server goes on sending."""
        written = 0
        async with self._opened(self.path(name), "rb") as file:
            with create(path) as out:
                while written <= size:
                    piece = await self._asked(file.read(min(PIECE, size + 1 - written), written))
                    if not piece:
                        break
                    out.write(piece)
                    written += len(piece)
        return written

    async def make(self, path: bytes) -> None:
        """A new file with a few bytes in it."""
        async with self._opened(path, "wb", asyncssh.SFTPAttrs(permissions=0o600)) as file:
            await self._asked(file.write(b"edi-check doctor\n", 0))

    async def upload(self, path: str, target: bytes) -> None:
        """Copy a file of ours to ``target``, whole: its size is looked at afterwards. Durable where the server can."""
        size = os.stat(path).st_size
        async with self._opened(target, "wb", asyncssh.SFTPAttrs(permissions=0o600)) as file:
            with open(path, "rb") as source:
                at = 0
                while piece := source.read(PIECE):
                    await self._asked(file.write(piece, at))
                    at += len(piece)
            try:
                await self._asked(file.fsync())
            except (Refused, Exists):
                pass
        attrs = await self._asked(self.client.lstat(target))
        if attrs.size != size:
            raise Lost("the upload is not whole")


def _entry(name: bytes, attrs: Any) -> Entry:
    """What a server says of a name; what it doesn't say makes it no file."""
    mode, size = attrs.permissions, attrs.size
    kind = "other"
    if isinstance(mode, int) and stat.S_IFMT(mode):
        kind = (
            "file"
            if stat.S_ISREG(mode)
            else "folder"
            if stat.S_ISDIR(mode)
            else ("link" if stat.S_ISLNK(mode) else "other")
        )
    elif attrs.type == asyncssh.FILEXFER_TYPE_REGULAR:
        kind = "file"
    if not isinstance(size, int) or size < 0 or size >= 1 << 62:
        kind, size = "other", 0
    mtime = attrs.mtime if isinstance(attrs.mtime, int) else 0
    return Entry(name, size, max(0, min(mtime, 1 << 32)) * 1_000_000_000, 0, kind)
