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
    the same deck, character by character. It may be edited by hand, as far as it keeps to the cards that we write:
    other values, other or more elements, numbers in another spelling (but without suffixes), comments, blank lines,
    other wrapping and line ends. Numbers count by value. Comments are kept below the title, before an element and
    before ``.subckt``, and dropped elsewhere. ``.save`` may be missing or list less; ``.end`` must be there. Whatever
    would be lost otherwise, such as other tolerances in ``.options``, is refused with its line.

    Somebody else's deck, one with another first line, is read if it is flat, in any case of letters:

    - ``Rname node node value``, or ``R=value``, maybe with ``tc1=`` and ``tc2=``; C likewise, maybe with ``ic=``;
      ``Vname node node value``, or with ``dc`` or ``dc=`` before the value; I likewise. Values are SPICE's numbers
      where people read them alike (``4.7k``, ``1meg``, ``100nF``; not ``1M``, ``4k7`` or ``1F``). The sources' signs
      are SPICE's.
    - Nodes are words of letters, digits and underscores that do not start with a digit, or whole numbers; 0 and gnd
      are ground. Names that differ in case alone are one, in the first spelling.
    - ``.temp``, and ``temp=`` and ``tnom=`` of ``.options``, °C.
    - ``*`` before a comment, ``;`` or a lone ``$`` before one at a line's end, ``+`` before what goes on with the line
      before. The first line is the title, and becomes the circuit's comment. ``.end`` must be the last: without it,
      nobody can tell whether the file was cut off.

    Ignored, as they do not change the circuit at direct current:

    - ``reltol=``, ``vntol=``, ``abstol=`` and ``gmin=`` of ``.options``;
    - ``ac`` with a magnitude and a phase behind a source's value;
    - .op, .dc (but not of temp), .ac, .tran, .tf, .noise, .sens, .pz, .four, .meas, .measure, .ic, .nodeset, .print,
      .plot, .probe, .save, .width, .title and .backanno.

    Everything else is refused with its line and a reason: other elements and sources, other cards (.include, .lib,
    .param, .step, .subckt, .model, .control, ...), expressions, quotes and braces. A capacitor is open at direct
    current. Nothing that a deck says is ever done: no file that it names is opened, and no command in it runs.

    Parameters
    ----------
    path : str or Path
        Of a regular file of at most 512 MiB, with or without a byte-order mark.

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
