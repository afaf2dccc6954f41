"""What setup.cfg can't say: with EDI_CHECK_COMPILED=1 in the environment, the modules that every claim goes through are
compiled by mypyc, which comes with mypy. The sources are the same, and the verdicts; only the time differs.

It takes a C compiler, the headers of Python, and a minute or two. Without the variable nothing is compiled, and the
package runs wherever Python does. docs/compiled.md says when it is worth it.
"""

import os

from setuptools import setup

MYPY = "mypy>=2.3,<2.5"
"""What compiles, and has compiled what the tests ran on."""

COMPILED = {
    ".": "checking identifiers interchange model parts rows spool",
    "answers": "original",
    "judging": "active aggregate comparison conditions courses engine identities keys plan replacements scope "
    "settle standing visits",
    "judging/edits": "_ordinary",
    "reading": "assembly bindings byways claims compile filing hierarchy misplaced reader segments strangers trace "
    "values",
}
"""Modules of edi_check by folder. One that has a class must come with all that inherit from it. Checks stay as they
are: the packs find them, and their parameters, by looking at the functions."""


def main() -> None:
    if os.environ.get("EDI_CHECK_COMPILED", "") in ("", "0"):
        setup()
        return
    try:
        from mypyc.build import mypycify
    except ImportError:  # the first question of a build: what does it need?
        setup(setup_requires=[MYPY])
        return
    # No configuration: style is judged elsewhere, and where this is built the libraries' types may be missing.
    options = ["--config-file=", "--ignore-missing-imports", "--no-error-summary"]
    modules = [os.path.join("edi_check", folder, f"{name}.py") for folder, names in COMPILED.items()
               for name in names.split()]
    extensions = mypycify([*options, *map(os.path.normpath, modules)], opt_level="3", debug_level="0")
    for extension in extensions:
        if os.name != "nt":
            extension.extra_compile_args.append("-Wno-error")  # a newer compiler warns of more
    setup(setup_requires=[MYPY], ext_modules=extensions)


main()
