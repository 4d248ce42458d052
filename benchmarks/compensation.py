"""Compensation: accuracy against resistors per weight, with and without, behind wires and without any.

The digits' perceptron always; the published LeNet-5 on MNIST where the folder of RESCIRCUIT_DATA has both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rescircuit as rc
from benchmarks.report import RESULTS, table
from rescircuit.datasets import data_folder, load_digits, load_mnist, train_perceptron
from rescircuit.errors import InputError
from rescircuit.reproductions.lenet import load_lenet

Array = NDArray[np.float64]

SIZES = range(2, 9)
RESISTOR = rc.Resistor(nominal=100e3, common=0.20, mismatch=0.01)
WIRE = 5.0  # ohm a cell: a narrow line in a low metal
TILE = 128
SAMPLES = 1000  # training images that ranges and moments come from


@dataclass(frozen=True, kw_only=True)
class Case:
    """A way to program a chip, and how it is drawn."""

    name: str
    wire: float
    compensation: tuple[str, ...]
    color: str
    line: str


CASES = (
    Case(name="no wires, each cell by itself", wire=0.0, compensation=(), color="#999999", line="o--"),
    Case(name="no wires, columns", wire=0.0, compensation=("columns",), color="#56B4E9", line="s--"),
    Case(name="wires, each cell by itself", wire=WIRE, compensation=(), color="#000000", line="o-"),
    Case(name="wires, columns", wire=WIRE, compensation=("columns",), color="#CC79A7", line="s-"),
    Case(name="wires, pre-distorted", wire=WIRE, compensation=("wires",), color="#D55E00", line="^-"),
    Case(
        name="wires, pre-distorted, columns", wire=WIRE, compensation=("wires", "columns"), color="#009E73", line="D-"
    ),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """A network, what it is tested with, and on how many chips."""

    name: str
    network: rc.Network
    samples: Array
    x: Array
    y: NDArray[np.int_]
    chips: int

    @property
    def accuracy(self) -> float:
        """In digital arithmetic, percent."""
        return 100.0 * float((self.network(self.x).argmax(axis=-1) == self.y).mean())


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Means over chips: accuracy, percent; output error, percent of the outputs' own spread."""

    accuracy: float
    error: float


def run() -> str:
    """The tables of each network, in Markdown; the plot goes beside them."""
    tasks = [task for task in (_digits(), _lenet()) if task is not None]
    found = {task.name: _measured(task) for task in tasks}
    _plot(tasks, found)
    text = (
        f"A weight is two banks of n resistors of {RESISTOR.nominal / 1e3:g} kohm (nominal; spread geometrically, "
        f"{RESISTOR.mismatch:.0%} mismatch), both near the middle of their range; {TILE}x{TILE} tiles, wires of "
        f"{WIRE:g} ohm a cell, ideal converters. Output error: rms deviation from the digital network, of the digital "
        "outputs' standard deviation. Columns: each row absorbs the errors of those before it, in the metric of the "
        f"inputs of {SAMPLES} training images. Pre-distorted: targets make up for the wires, exactly; they use the "
        "part of the range that the default swing leaves free, and what cells miss their targets by is attenuated by "
        "the wires, so that the error can be smaller than without wires. Means over chips.\n\n"
        "![Accuracy and output error against resistors per bank](compensation.png)\n"
    )
    if len(tasks) == 1:
        text += "\nMNIST and the published LeNet-5 were not found in the folder of RESCIRCUIT_DATA.\n"
    return text + "".join(_tables(task, found[task.name]) for task in tasks)


def _digits() -> Task:
    digits = load_digits()
    network = rc.from_sklearn(train_perceptron(digits))
    return Task(
        name="digits, perceptron 64-32-10",
        network=network,
        samples=digits.train_x[:SAMPLES],
        x=digits.test_x,
        y=digits.test_y,
        chips=8,
    )


def _lenet() -> Task | None:
    folder = data_folder()
    try:
        network, train, test = load_lenet(folder).network, load_mnist(folder, "train", SAMPLES), load_mnist(folder)
    except InputError as missing:
        print(missing)
        return None
    return Task(name="MNIST, LeNet-5", network=network, samples=train.x, x=test.x, y=test.y, chips=2)


def _measured(task: Task) -> dict[tuple[str, int], Outcome]:
    wanted = task.network(task.x)
    return {(case.name, n): _outcome(task, case, n, wanted) for n in SIZES for case in CASES}


def _outcome(task: Task, case: Case, n: int, wanted: Array) -> Outcome:
    spec = rc.ArraySpec(
        rows=TILE, cols=TILE, bank_size=n, resistor=RESISTOR, r_word_line=case.wire, r_bit_line=case.wire
    )
    results = []
    for chip in range(task.chips):
        options: dict[str, Any] = {"calibration_inputs": task.samples, "compensation": case.compensation}
        analog = rc.map_network(task.network, spec, seed=1, chip=chip, **options)
        y = analog(task.x)
        right = 100.0 * float((y.argmax(axis=-1) == task.y).mean())
        results.append((right, 100.0 * float(np.sqrt(((y - wanted) ** 2).mean()) / wanted.std())))
    accuracy, error = np.mean(results, axis=0)
    print(f"{task.name}: {case.name}, n = {n}: {accuracy:.2f} %, error {error:.3g} %", flush=True)
    return Outcome(accuracy=float(accuracy), error=float(error))


def _tables(task: Task, found: dict[tuple[str, int], Outcome]) -> str:
    columns = ["n", *(case.name for case in CASES)]
    accuracy = [[str(n), *(f"{found[case.name, n].accuracy:.2f}" for case in CASES)] for n in SIZES]
    error = [[str(n), *(f"{found[case.name, n].error:.3g}" for case in CASES)] for n in SIZES]
    return (
        f"\n## {task.name}\n\nAccuracy (%), digital {task.accuracy:.2f} %, {task.chips} chips:\n\n"
        + table(columns, accuracy)
        + "\nOutput error (%):\n\n"
        + table(columns, error)
    )


def _plot(tasks: list[Task], found: dict[str, dict[tuple[str, int], Outcome]]) -> None:
    from matplotlib import pyplot as plt

    size = (5.2 * len(tasks) + 0.6, 7.6)
    figure, axes = plt.subplots(2, len(tasks), figsize=size, sharex=True, squeeze=False, layout="constrained")
    for (above, below), task in zip(axes.T, tasks, strict=True):
        for case in CASES:
            results = [found[task.name][case.name, n] for n in SIZES]
            above.plot(SIZES, [each.accuracy for each in results], case.line, color=case.color, label=case.name)
            below.semilogy(SIZES, [each.error for each in results], case.line, color=case.color)
        above.axhline(task.accuracy, color="#0072B2", lw=1, label="digital")
        above.set_title(task.name)
        above.set_ylabel("accuracy (%)")
        below.set_ylabel("output error (% of the outputs' spread)")
        below.set_xlabel("resistors in each bank, n")
        for panel in (above, below):
            panel.grid(True, which="both", alpha=0.25)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    RESULTS.mkdir(exist_ok=True)
    figure.savefig(RESULTS / "compensation.png", dpi=120)
    plt.close(figure)
