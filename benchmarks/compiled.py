"""The same package compiled (setup.py), built once for each state of its sources and kept under ``build/``."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import ROOT

__all__ = ["build"]

NEEDED = ("edi_check", "templates", "setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in")


def build() -> Path:
    """The folder to put into PYTHONPATH. Takes a minute or two the first time: a C compiler, the headers of Python, and
    mypy, which pip fetches. Raises RuntimeError with what pip said when it can't be built."""
    folder = ROOT / "build" / "compiled" / f"{sys.implementation.cache_tag}-{_state()}"
    if folder.exists():
        return folder
    with tempfile.TemporaryDirectory(prefix="edi-check-compile-") as scratch:
        copy, made = Path(scratch, "source"), Path(scratch, "made")
        copy.mkdir()
        for name in NEEDED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, copy / name)
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--disable-pip-version-check", "--target",
                   made, copy]
        done = subprocess.run([str(part) for part in command], env={**os.environ, "EDI_CHECK_COMPILED": "1"},
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError((done.stderr or done.stdout).strip()[-2000:])
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, folder)
    return folder


def _state() -> str:
    """A digest of all that is built from."""
    digest = hashlib.sha256()
    for name in NEEDED:
        path = ROOT / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
