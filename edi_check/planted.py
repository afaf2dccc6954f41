"""What somebody else has put where our files are looked for: in a folder that all may write in, such as /tmp."""

from __future__ import annotations

import os
import stat

__all__ = ["is_planted"]


def is_planted(path: str) -> bool:
    """Is the last part of ``path`` a file or link of a user who is neither we nor the folder's owner nor root, in a
    folder that everybody may write in? That is nearly the rule of Linux' ``protected_symlinks`` and
    ``protected_regular``, which doesn't reach us where we resolve a link ourselves; but those look at sticky folders
    only, and root, who may do anything anyway, is often who puts the settings into an image or a shared folder. Where
    there are no such users, no."""
    if not hasattr(os, "geteuid"):
        return False
    try:
        own, folder = os.lstat(path), os.stat(os.path.dirname(path) or os.curdir)
    except OSError:
        return False
    return bool(folder.st_mode & stat.S_IWOTH) and own.st_uid not in (0, os.geteuid(), folder.st_uid)
