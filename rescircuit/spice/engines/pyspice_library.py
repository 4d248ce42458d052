"""Where PySpice finds ngspice's shared library."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rescircuit.errors import MissingToolError, shorten

__all__ = ["LIBRARY_VARIABLE", "library_names", "missing_library"]

LIBRARY_VARIABLE = "NGSPICE_LIBRARY_PATH"  # PySpice's own

_LIBRARIES = {
    "linux": ("libngspice.so", "libngspice.so.0"),  # Debian has the first only with the headers
    "darwin": ("libngspice.dylib", "/opt/homebrew/lib/libngspice.dylib", "/usr/local/lib/libngspice.dylib"),
}
_INSTALL = "Install it with `apt-get install libngspice0` or `brew install libngspice`"


def library_names() -> list[str]:
    """What to load the library by: the name or path in NGSPICE_LIBRARY_PATH, or else its usual names."""
    chosen = os.environ.get(LIBRARY_VARIABLE)
    if not chosen:
        return list(_LIBRARIES.get(sys.platform, _LIBRARIES["linux"]))
    chosen = chosen.replace("{}", "")  # PySpice puts a number there, and none for the first copy of the library
    return [str(Path(chosen).absolute()) if os.sep in chosen else chosen]


def missing_library() -> MissingToolError:
    """The error to raise where none of them can be loaded."""
    remedy = f"{_INSTALL}, or set {LIBRARY_VARIABLE} to its path."
    if chosen := os.environ.get(LIBRARY_VARIABLE):
        remedy = f"{LIBRARY_VARIABLE} is set to {shorten(chosen)}, which cannot be loaded. {remedy}"
    return MissingToolError("libngspice, ngspice's shared library,", "running circuits by PySpice", remedy)
