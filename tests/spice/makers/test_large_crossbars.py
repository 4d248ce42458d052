"""Large arrays: elements made anew are the same deck, the same bytes each time, and nothing held."""

from __future__ import annotations

import dataclasses
import hashlib
import tracemalloc

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.crossbar import BankCells, SelectedCells, SinhCells
from rescircuit.spice import crossbar_circuit, write_deck
from rescircuit.spice.circuits.census import LazyElements
from rescircuit.spice.makers import crossbar as maker


def linear(shape, seed=0, **options):
    return rc.Crossbar(np.random.default_rng(seed).uniform(1e-6, 1e-5, shape), 1.0, 2.0, **options)


def banks(shape):
    resistances = np.random.default_rng(1).uniform(1e4, 1e5, (*shape, 2))
    bank = rc.Bank(resistances=resistances, switch=rc.NMOS(w_over_l=10))
    return rc.NonlinearCrossbar(BankCells(bank=bank, mask=np.random.default_rng(2).random((*shape, 2)) < 0.5), 1.0, 1.0)


def selected(shape):
    cells = SinhCells(conductances=np.full(shape, 1e-5), v_scale=0.25)
    return rc.NonlinearCrossbar(SelectedCells(cells=cells, i_selector=1e-9, v_selector=0.1), 0.0, 3.0)


def holed(shape):
    cells = np.where(np.random.default_rng(4).random(shape) < 0.3, 0.0, 1e-5)
    cells[0, 0] = np.inf
    return rc.Crossbar(cells, 0.0, 1.0, r_driver=5.0, drive="both")


@pytest.mark.parametrize("make", [linear, banks, selected, holed])
@pytest.mark.parametrize("samples", [1, 3])
def test_lazily_made_elements_give_the_same_deck(monkeypatch, make, samples):
    """The switch to elements made anew is lowered, so that small arrays of all kinds pass it."""
    crossbar = make((4, 5))
    options = {"voltages": np.linspace(0.1, 0.5, 4 * samples).reshape(samples, 4), "notes": {"v_sense_1": "the second"}}
    held = crossbar_circuit(crossbar, **options)
    monkeypatch.setattr(maker, "_MOST_CELLS_HELD", 19)
    lazy = crossbar_circuit(crossbar, **options)
    assert isinstance(held.elements, tuple)
    assert isinstance(lazy.elements, LazyElements)
    assert tuple(lazy.elements) == tuple(lazy.elements) == held.elements
    assert write_deck(lazy).text == write_deck(held).text
    assert (lazy.nodes, lazy.sources, lazy.open_ends) == (held.nodes, held.sources, held.open_ends)


def test_beyond_ten_thousand_cells_elements_are_made_anew():
    """100 x 100 are held, 101 x 100 are not; both decks have a line for each resistor."""
    for shape, kind in (((100, 100), tuple), ((101, 100), LazyElements)):
        m, n = shape
        circuit = crossbar_circuit(linear(shape))
        assert isinstance(circuit.elements, kind)
        count = circuit.census.n_elements
        assert count == 3 * m * n + m + n
    deck = write_deck(circuit)
    eager = dataclasses.replace(circuit, elements=tuple(circuit.elements))
    one, other = hashlib.sha256(), hashlib.sha256()
    for lines, digest in ((deck.lines(), one), (write_deck(eager).lines(), other)):
        for line in lines:
            digest.update(line.encode())
    assert one.digest() == other.digest()


def test_a_deck_is_the_same_bytes_each_time(tmp_path):
    """From the circuit anew, from another array of the same values, as text and as a file."""
    deck = write_deck(crossbar_circuit(linear((64, 64)), comment="one"))
    text = deck.text
    assert "".join(f"{line}\n" for line in deck.lines()) == text
    assert write_deck(crossbar_circuit(linear((64, 64)), comment="one")).text == text
    assert deck.write(tmp_path / "array.cir").read_bytes() == text.encode()
    lines = text.splitlines()
    assert sum(line.startswith("r_") for line in lines) == 3 * 64 * 64
    assert max(map(len, lines)) <= 100
    assert write_deck(crossbar_circuit(linear((64, 64), seed=1), comment="one")).text != text


def test_writing_a_large_deck_holds_little_of_it(tmp_path, monkeypatch):
    """A small part of what its elements would take; most of it is the array's own columns of numbers."""
    monkeypatch.setattr(maker, "_MOST_CELLS_HELD", 0)
    deck = write_deck(crossbar_circuit(linear((48, 48))))
    deck.write(tmp_path / "first.cir")  # what is made once and kept
    written = most_memory(lambda: deck.write(tmp_path / "second.cir"))
    held = most_memory(lambda: tuple(deck.circuit.elements))
    assert (tmp_path / "second.cir").read_bytes() == (tmp_path / "first.cir").read_bytes()
    assert held > 3 * 48 * 48 * 100
    assert written < 0.5 * held


def most_memory(work):
    """Bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
