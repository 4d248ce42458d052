"""Netlists: decks and their rules, raw files, verification and reading back, against other programs, in one run."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np

from benchmarks.netlists import decks, raw_files, reading, verification
from benchmarks.netlists.sizes import FULL, QUICK, Sizes
from rescircuit.spice import find_ngspice, ngspice_version

__all__ = ["FULL", "QUICK", "run"]


def run(sizes: Sizes = FULL) -> str:
    """All tables, in Markdown; with `QUICK` the same work at small sizes, for a trial."""
    versions = f"ngspice {ngspice_version(find_ngspice())}, PySpice {version('PySpice')}, NumPy {np.__version__}."
    parts = (decks, raw_files, verification, reading)
    return "\n".join([f"{versions}\n", *(part.tables(sizes) for part in parts)])
