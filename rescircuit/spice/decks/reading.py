"""Decks read into circuits: those that we wrote, to the last bit, and other people's flat ones."""

from __future__ import annotations

from pathlib import Path

from rescircuit.errors import InputError
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.decks.flat_decks import flat_circuit
from rescircuit.spice.decks.lines import DeckLines, lines_of_file, lines_of_text
from rescircuit.spice.decks.own_decks import own_circuit
from rescircuit.spice.decks.writing import TITLE

__all__ = ["parse_deck", "read_deck"]


def read_deck(path: str | Path) -> Circuit:
    """Read a deck from a file in UTF-8.

    A deck that :meth:`~rescircuit.spice.Deck.write` wrote becomes the circuit that it came from: writing that gives
    the same deck, character by character. A deck of somebody else's may have resistors, capacitors and constant
    sources, see :func:`rescircuit.spice.decks.flat_decks.flat_circuit`. Nothing that a deck says is ever done: no file
    that it names is opened, and no command in it runs.

    Parameters
    ----------
    path : str or Path
        Of a regular file of at most 512 MiB.

    Raises
    ------
    InputError
        With the line, and the reason, for anything else.
    """
    return _circuit(lines_of_file(path))


def parse_deck(text: str, *, name: str = "deck") -> Circuit:
    """Read a deck from its text, see :func:`read_deck`; errors call it `name`."""
    return _circuit(lines_of_text(text, name))


def _circuit(deck: DeckLines) -> Circuit:
    title = next(iter(deck), None)
    if title is None:
        raise InputError(deck.name, "a deck", "nothing")
    return own_circuit(deck) if title.rstrip() == TITLE else flat_circuit(deck, title.strip())
