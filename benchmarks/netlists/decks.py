"""Decks written, by us, by PySpice and without any checks, and the electrical rules."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import rescircuit as rc
from benchmarks.netlists.peers import plain_lines, pyspice_text
from benchmarks.netlists.sizes import ONE_RUN, Array, Sizes, array_of, measured, mebibytes, repeats, through
from benchmarks.report import apart, seconds, show, table
from rescircuit.spice import Deck, electrical_check

ASKED = {64: "0.3 s", 512: "20 s"}


def tables(sizes: Sizes) -> str:
    """All of them."""
    return "\n".join([_decks(sizes), _beside(sizes), _checks(sizes)])


def _decks(sizes: Sizes) -> str:
    """From conductances to a file."""
    rows = []
    for n in sizes.decks:
        cost, memory = apart(_deck_cost, n)
        rows.append(
            [
                *(f"{n} x {n}", f"{cost.elements:,}", f"{cost.size / 1e6:.3g} MB", show(cost.checked)),
                *(show(cost.written), show(cost.together), ASKED.get(n, ""), show(cost.made) if cost.made else "kept"),
                *(mebibytes(cost.checked_memory), mebibytes(cost.written_memory), memory),
            ]
        )
    columns = ["array", "elements", "file", "circuit and rule check", "writing", "together", "asked"]
    columns += ["making the elements once", "growth by circuit and check", "by writing", "peak of the process"]
    return (
        "## Decks\n\n"
        "`rc.deck(array, voltages=...).write(path)` of crossbars with all wires; memory is the growth to the peak, in "
        "a process that has written a small deck before. What bounds it: elements are Python's objects with checked "
        "names and values. Up to 10,000 cells they are kept; in larger arrays they are made twice, for the count that "
        "the rule check builds on and for the file, so that one at a time is held. What grows with the array is what "
        "the count and the check know by name, the nodes and elements; the writing adds the list of what is saved.\n\n"
        + table(columns, rows)
    )


@dataclass(frozen=True, kw_only=True)
class _DeckCost:
    """Of one deck; seconds and MiB."""

    elements: int
    size: int
    checked: float
    written: float
    together: float
    made: float
    checked_memory: float
    written_memory: float


def _deck_cost(n: int) -> _DeckCost:
    cells, volts = array_of(n)
    with TemporaryDirectory() as folder:
        path = Path(folder, "deck.cir")
        _written(cells[:4, :4], volts[:4], path)
        deck, first = _written(cells, volts, path)  # later ones find the memory already taken
        size = path.stat().st_size
        runs = [first, *(_written(cells, volts, path)[1] for _ in range(repeats(n) - 1))]
    elements = deck.circuit.elements
    return _DeckCost(
        elements=sum(1 for _ in elements),
        size=size,
        checked=median(run[0] for run in runs),
        written=median(run[1] for run in runs),
        together=median(run[0] + run[1] for run in runs),
        made=0.0 if isinstance(elements, tuple) else through(elements),
        checked_memory=first[2],
        written_memory=first[3],
    )


def _written(cells: Array, volts: Array, path: Path) -> tuple[Deck, tuple[float, float, float, float]]:
    """The deck, written; seconds of circuit and check and of the writing, and the memory of both."""
    deck, checked, checked_memory = measured(lambda: rc.deck(rc.Crossbar(cells, 1.0, 1.0), voltages=volts))
    _, written, written_memory = measured(lambda: deck.write(path))
    return deck, (checked, written, checked_memory, written_memory)


def _beside(sizes: Sizes) -> str:
    """The same circuit by PySpice and without any checks."""
    rows, theirs = [], {}
    for n in sizes.pyspice:
        (ours, peer, plain), _ = apart(_texts_cost, n)
        theirs[n] = peer
        rows.append([f"{n} x {n}", show(ours), show(peer), f"{peer / ours:.2g}", show(plain), f"{ours / plain:.2g}"])
    small, large = sizes.pyspice[-2:]
    growth = math.log(theirs[large] / theirs[small]) / math.log((large / small) ** 2)
    columns = ["array", "ours, rules checked", "PySpice", "times slower", "formatting alone", "ours / formatting"]
    return (
        "The same elements to a file, line by line alike, in one process: by PySpice's own calls and `str(circuit)`, "
        "which checks no rule, asks for no analysis and saves nothing, and by formatted strings in a loop, the least "
        "that Python has to do. "
        f"PySpice's time goes with the number of elements to the power {growth:.2f} between the last two.\n\n"
        + table(columns, rows)
    )


def _texts_cost(n: int) -> tuple[float, float, float]:
    cells, volts = array_of(n)
    with TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("ours", "pyspice", "plain")]

        def plainly() -> None:
            with paths[2].open("w", encoding="ascii") as file:
                file.writelines(plain_lines(cells, volts))

        work = (
            lambda: rc.deck(rc.Crossbar(cells, 1.0, 1.0), voltages=volts).write(paths[0]),
            lambda: paths[1].write_text(pyspice_text(cells, volts), encoding="ascii"),
            plainly,
        )
        ours, pyspice, plain = (seconds(each, repeats(n), warm=n < ONE_RUN) for each in work)
        first, *others = (_elements(path) for path in paths)
        if any(other != first for other in others):
            raise SystemExit("the decks have other elements: nothing to compare")
    return ours, pyspice, plain


def _elements(path: Path) -> set[str]:
    """Their lines, which PySpice begins with a capital and writes without ``dc``."""
    with path.open(encoding="ascii") as file:
        return {line.lower().replace(" dc ", " ") for line in file if line[1:2] == "_"}


def _checks(sizes: Sizes) -> str:
    """The electrical rule check alone."""
    rows = []
    for n in sizes.checks:
        (taken, memory, elements, findings, once), _ = apart(_check_cost, n)
        rows.append(
            [
                *(f"{n} x {n}", f"{elements:,}", f"{findings}", show(taken), show(taken / elements)),
                *(show(once), mebibytes(memory)),
            ]
        )
    columns = ["array", "elements", "findings", "electrical_check", "an element"]
    columns += ["going through them once", "memory"]
    return (
        "## Electrical rules\n\n"
        "All rules on the whole graph. They take the numbers of nodes that the circuit's own checks counted when it "
        "was made, which goes through the elements once and costs what the column beside says; what is left is the "
        "work on these numbers.\n\n" + table(columns, rows)
    )


def _check_cost(n: int) -> tuple[float, float, int, int, float]:
    cells, volts = array_of(n)
    electrical_check(rc.spice.crossbar_circuit(rc.Crossbar(cells[:4, :4], 1.0, 1.0)))
    circuit = rc.spice.crossbar_circuit(rc.Crossbar(cells, 1.0, 1.0), voltages=volts)
    runs = [measured(partial(electrical_check, circuit)) for _ in range(repeats(n))]
    findings, _, memory = runs[0]
    taken = median(run[1] for run in runs)
    return taken, memory, sum(1 for _ in circuit.elements), len(findings), through(circuit.elements)
