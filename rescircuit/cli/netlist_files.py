"""Netlists as commands take them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rescircuit.cli.outputs import naming
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.spice.circuits.circuit import Circuit

__all__ = ["NETLISTS", "in_our_words", "naming_netlist", "read_netlist"]

NETLISTS = (".cir", ".sp", ".net", ".spice")


def read_netlist(file: Path, open_ends: Sequence[str] = ()) -> Circuit:
    """The circuit of a netlist, one of ours or a flat one of somebody else's.

    Parameters
    ----------
    file : Path
    open_ends : sequence of str, optional
        Nodes that may be on one element alone, in any case of letters.

    Raises
    ------
    InputError
        With the line and the reason, for what is no such netlist, and for a node that it has not.
    """
    from rescircuit.spice.decks.reading import read_deck

    if file.suffix.lower() not in NETLISTS:
        raise InputError("FILE", f"a netlist ({', '.join(NETLISTS)})", str(file))
    with naming({"path": "FILE"}):
        circuit = read_deck(file)
    if not open_ends:
        return circuit
    known = {node.lower(): node for node in circuit.nodes}
    for name in open_ends:
        if name.lower() not in known:
            raise InputError("--open-end", "one of the circuit's nodes", name)
    return replace(circuit, open_ends=circuit.open_ends | {known[name.lower()] for name in open_ends})


def in_our_words(text: str) -> str:
    """What the electrical rules say to do, with the option in place of the library's argument."""
    return text.replace("list the node in open_ends", "name it with --open-end")


@contextmanager
def naming_netlist(file: Path, names: Mapping[str, str]) -> Iterator[None]:
    """Within it, errors name the option of the command line by `names`, or the file."""
    with naming({**names, "file": "FILE", "circuit": file.name}):
        try:
            yield
        except InputError as error:
            raise InputError(error.argument, error.required, error.got, in_our_words(error.hint)) from None
