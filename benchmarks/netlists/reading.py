"""Decks read back."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import rescircuit as rc
from benchmarks.netlists.sizes import Sizes, array_of, measured, mebibytes, repeats
from benchmarks.report import apart, seconds, show, table
from rescircuit.spice import read_deck, write_deck


def tables(sizes: Sizes) -> str:
    """Decks read back."""
    rows = []
    for n in sizes.reading:
        (read, written, split, memory, elements), _ = apart(_read_cost, n)
        rows.append(
            [
                *(f"{n} x {n}", show(read), show(read / elements), show(written), f"{read / written:.2g}"),
                *(show(split), f"{read / split:.2g}", mebibytes(memory)),
            ]
        )
    columns = ["array", "read_deck", "an element", "writing", "reading / writing"]
    columns += ["words alone", "ours / words", "memory"]
    return (
        "## Reading back\n\n"
        "`read_deck(path)`, after which the circuit's deck is the same text again. Writing is `Deck.write`, words "
        "alone is `line.split()` of each line. The bound is the making of the elements, which checks them as "
        "if they were new, and holds them all.\n\n" + table(columns, rows)
    )


def _read_cost(n: int) -> tuple[float, float, float, float, int]:
    cells, volts = array_of(n)
    with TemporaryDirectory() as folder:
        path = Path(folder, "deck.cir")
        rc.deck(rc.Crossbar(cells[:4, :4], 1.0, 1.0), voltages=volts[:4]).write(path)
        read_deck(path)
        deck = rc.deck(rc.Crossbar(cells, 1.0, 1.0), voltages=volts)
        written = seconds(lambda: deck.write(path), repeats(n), warm=False)
        runs = [measured(partial(read_deck, path)) for _ in range(repeats(n))]
        circuit, _, memory = runs[0]
        if write_deck(circuit).text != path.read_text(encoding="ascii"):
            raise SystemExit("the deck came back as another one")
        elements = sum(1 for _ in circuit.elements)
        read = median(run[1] for run in runs)
        split = seconds(lambda: sum(len(line.split()) for line in path.open(encoding="ascii")))
    return read, written, split, memory, elements
