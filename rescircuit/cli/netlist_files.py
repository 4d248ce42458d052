"""Netlists as commands take them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rescircuit.cli.outputs import naming
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.spice.circuits.circuit import Circuit

__all__ = ["NETLISTS", "read_netlist"]

NETLISTS = (".cir", ".sp", ".net", ".spice")


def read_netlist(file: Path) -> Circuit:
    """The circuit of a netlist, one of ours or a flat one of somebody else's.

    Raises
    ------
    InputError
        With the line and the reason, for what is no such netlist.
    """
    from rescircuit.spice.decks.reading import read_deck

    if file.suffix.lower() not in NETLISTS:
        raise InputError("FILE", f"a netlist ({', '.join(NETLISTS)})", str(file))
    with naming({"path": "FILE"}):
        return read_deck(file)
