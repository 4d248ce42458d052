"""The whole idea on real handwritten digits: imprecise resistors, programmed exactly, multiplying in a crossbar.

:func:`run_demo` trains a small network, programs it onto sampled chips of two kinds and three bank sizes, runs the
test images through the arrays, explains where the last chip's loss comes from, has ngspice confirm a bank and a whole
tile, and leaves tables, pictures and decks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.bank import Bank, spread_nominals
from rescircuit.checks import Array
from rescircuit.crossbar import Crossbar
from rescircuit.datasets import Digits, load_digits, train_perceptron
from rescircuit.devices import Process, load_process
from rescircuit.devices.streams import Stream
from rescircuit.errors import MissingToolError, SpiceError
from rescircuit.files import make_folder, write_text
from rescircuit.network import (
    AnalogNetwork,
    ArraySpec,
    Explanation,
    Network,
    explain,
    from_sklearn,
    map_network,
    save_network,
)
from rescircuit.network.arrays.cells import ProgrammedBanks
from rescircuit.network.arrays.placement import cells_of
from rescircuit.theory import conductance_moments, predicted_median_error

if TYPE_CHECKING:
    from rescircuit.spice import Verification

__all__ = ["Demo", "DemoRow", "run_demo"]

PROCESSES = ("thesis", "polysilicon")
BANK_SIZES = (4, 8, 12)
NOMINAL = 1e6  # ohm, of each resistor: the currents of 64 cells stay small against what 1 ohm of wire loses
WIRE = 1.0  # ohm, between neighbouring cells
TILE = 64  # word lines and bit lines
CONVERTER_BITS = 8  # of the chip that is explained; the others have ideal converters
_TARGETS_FOR_THEORY = 400

Report = Callable[[str, float, float], None]


@dataclass(frozen=True, kw_only=True)
class DemoRow:
    """One chip.

    Attributes
    ----------
    process, bank_size : str, int
        What it is made of.
    accuracy_without_wires, accuracy_with_wires : float
        Share of the test images recognised.
    median_error, worst_error : float
        |programming error| of a weight's pair of banks, relative to a bank's full scale.
    predicted_median_error : float
        The theory's, for the same nominals, variation and targets.
    banks : int
        Banks programmed.
    programming_seconds, wires_seconds, inference_seconds : float
        Sampling and programming all banks; solving all tiles with their wires; the test set through them.
    """

    process: str
    bank_size: int
    accuracy_without_wires: float
    accuracy_with_wires: float
    median_error: float
    worst_error: float
    predicted_median_error: float
    banks: int
    programming_seconds: float
    wires_seconds: float
    inference_seconds: float


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What the demonstration found.

    Attributes
    ----------
    seed : int
    images : int
        Test images.
    digital_accuracy : float
    rows : tuple of DemoRow
    explanation : Explanation
        Of the last chip, with converters at its ends: what each cause of error costs.
    verifications : dict of str to Verification
        What ngspice says of the decks, by file name; empty where it is not installed.
    not_verified : str
        Which decks were not verified and why, or empty.
    confirmed : bool or None
        Whether ngspice agrees on all decks, ``False`` also where it failed; ``None`` where it is not installed.
    files : tuple of Path
        What was written.
    seconds : float
    """

    seed: int
    images: int
    digital_accuracy: float
    rows: tuple[DemoRow, ...]
    explanation: Explanation
    verifications: dict[str, Verification]
    not_verified: str
    confirmed: bool | None
    files: tuple[Path, ...]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON: all of it, the files by name."""
        return {
            "seed": self.seed,
            "test_images": self.images,
            "digital_accuracy": self.digital_accuracy,
            "rows": [asdict(row) for row in self.rows],
            "explanation": self.explanation.as_dict(),
            "ngspice": {name: check.as_dict() for name, check in self.verifications.items()},
            "not_verified": self.not_verified,
            "confirmed": self.confirmed,
            "files": [path.name for path in self.files],
            "seconds": self.seconds,
        }


def run_demo(folder: str | Path, *, seed: int = 1, report: Report | None = None) -> Demo:
    """Run the demonstration; under a minute on two cores, compilation included.

    Parameters
    ----------
    folder : path
        Where to write pictures, decks and results; made if missing.
    seed : int
        Which chips are sampled. The network's training has a seed of its own.
    report : callable, optional
        Called with (what is under way, steps done, steps in all).

    Returns
    -------
    Demo

    Raises
    ------
    InputError
        If the folder cannot be written to, or for a seed that no chip can have.
    """
    began = perf_counter()
    tell = report or _silent
    Stream(seed=seed, source="demo")  # its checks, before anything is written
    folder = make_folder(folder)
    tell("training a network on digits", 0, 1)
    digits = load_digits()
    network = from_sklearn(train_perceptron(digits))
    tell("training a network on digits", 1, 1)

    rows, chips = [], {}
    for name in PROCESSES:
        process = load_process(name)
        for size in BANK_SIZES:
            row, chips[name, size] = _measure(network, digits, process, size, seed, tell)
            rows.append(row)
    shown = chips[PROCESSES[-1], BANK_SIZES[-1]]  # the real process and the largest banks
    explanation = _explain(shown, digits, tell)
    files = _draw(folder, rows, chips, shown, explanation, tell)
    decks, verifications, not_verified, confirmed = _verify(folder, shown, digits, tell)
    demo = Demo(
        seed=seed,
        images=len(digits.test_y),
        digital_accuracy=_accuracy(network, digits),
        rows=tuple(rows),
        explanation=explanation,
        verifications=verifications,
        not_verified=not_verified,
        confirmed=confirmed,
        files=(*files, *decks, save_network(network, folder / "network.npz"), folder / "results.json"),
        seconds=perf_counter() - began,
    )
    write_text(folder / "results.json", json.dumps(demo.as_dict(), indent=2) + "\n")
    return demo


def _measure(
    network: Network, digits: Digits, process: Process, size: int, seed: int, tell: Report
) -> tuple[DemoRow, AnalogNetwork]:
    """Program one chip and run the test set, without and with wires."""
    spec = ArraySpec(
        rows=TILE,
        cols=TILE,
        bank_size=size,
        resistor=process.make_resistor(NOMINAL),
        switch=process.make_switch(),
        nominals=process.nominals,
    )
    step = f"{process.name}, n = {size}"
    total = cells_of(network, spec)
    done = 0

    def count(banks: float) -> None:
        nonlocal done
        done += banks
        tell(f"{step}: programming banks", done, total)

    start = perf_counter()
    ideal = map_network(network, spec, seed=seed, calibration_inputs=digits.train_x, progress=count)
    programmed = perf_counter()
    wired = ideal.rewired(WIRE, WIRE)
    solved = 0

    def solve_one(tiles: int) -> None:
        nonlocal solved
        solved += tiles
        tell(f"{step}: solving tiles with their wires", solved, len(wired.tiles))

    wired.compile(progress=solve_one)
    compiled = perf_counter()
    with_wires = _accuracy(wired, digits)
    inferred = perf_counter()
    row = DemoRow(
        process=process.name,
        bank_size=size,
        accuracy_without_wires=_accuracy(ideal, digits),
        accuracy_with_wires=with_wires,
        median_error=float(np.median(wired.programming_error)),
        worst_error=float(wired.programming_error.max()),
        predicted_median_error=_predicted_error(wired, seed),
        banks=total,
        programming_seconds=programmed - start,
        wires_seconds=compiled - programmed,
        inference_seconds=inferred - compiled,
    )
    return row, wired


def _predicted_error(analog: AnalogNetwork, seed: int) -> float:
    """The theory's median error of the banks programmed last, the negative ones, relative to full scale."""
    spec, layer = analog.spec, analog.layers[0]
    mean, deviation = conductance_moments(spec.resistor)
    nominals = spread_nominals(spec.resistor.nominal, spec.bank_size, spec.nominals)
    shares = 1.0 / nominals
    # A chip's common variation scales its full scale and its targets alike: only their ratio counts.
    typical = np.median(_full_scales(analog, seed))
    targets = np.concatenate([(tile.cells.programmed[:, tile.minus] + tile.error).ravel() for tile in layer.tiles])
    chosen = targets[:: max(1, targets.size // _TARGETS_FOR_THEORY)]
    relative = predicted_median_error(shares / shares.sum(), deviation / mean, chosen / typical)
    return float(relative * typical / layer.cell_full_scale)


def _full_scales(analog: AnalogNetwork, seed: int) -> Any:
    """Full-scale conductances, siemens, of the chip's first hundred banks."""
    spec = analog.spec
    return Bank.sample(
        spec.resistor, n=spec.bank_size, seed=seed, shape=(100,), switch=spec.switch, nominals=spec.nominals
    ).full_scale


def _explain(analog: AnalogNetwork, digits: Digits, tell: Report) -> Explanation:
    """What each cause costs the chip, with converters at its ends."""
    chip = analog.with_converters(CONVERTER_BITS, CONVERTER_BITS)

    def report(case: str, done: float, total: float) -> None:
        tell(f"explaining: {case}", done, total)

    return explain(chip, digits.test_x, digits.test_y, progress=report)


def _silent(*_: object) -> None:
    """Report nothing."""


def _accuracy(model: Network | AnalogNetwork, digits: Digits) -> float:
    return float((model(digits.test_x).argmax(axis=-1) == digits.test_y).mean())


def _draw(
    folder: Path,
    rows: list[DemoRow],
    chips: dict[tuple[str, int], AnalogNetwork],
    shown: AnalogNetwork,
    explanation: Explanation,
    tell: Report,
) -> list[Path]:
    """Write the pictures."""
    from rescircuit.plotting import (
        plot_effective_conductances,
        plot_explanation,
        plot_programming_error,
        save_figure,
    )

    errors: dict[str, dict[int, Array]] = {name: {} for name in PROCESSES}
    predictions: dict[str, dict[int, float]] = {name: {} for name in PROCESSES}
    for row in rows:
        errors[row.process][row.bank_size] = chips[row.process, row.bank_size].programming_error
        predictions[row.process][row.bank_size] = row.predicted_median_error
    tell("drawing", 0, 3)
    first = save_figure(plot_programming_error(errors, predictions), folder / "programming_error.png")
    tell("drawing", 1, 3)
    tile = Crossbar(shown.tiles[0].cells.programmed, WIRE, WIRE)
    axes = plot_effective_conductances(tile.conductances, tile.effective_conductances())
    second = save_figure(axes, folder / "effective_conductances.png")
    tell("drawing", 2, 3)
    third = save_figure(plot_explanation(explanation), folder / "explanation.png")
    tell("drawing", 3, 3)
    return [first, second, third]


def _verify(
    folder: Path, analog: AnalogNetwork, digits: Digits, tell: Report
) -> tuple[list[Path], dict[str, Verification], str, bool | None]:
    """Write a bank's deck and a tile's, and have ngspice run both; see :class:`Demo` for what comes back."""
    from rescircuit.spice import deck, verify

    spec, part = analog.spec, analog.tile(cells="conductances")
    bank = Bank.sample(spec.resistor, n=spec.bank_size, seed=analog.seed, switch=spec.switch, nominals=spec.nominals)
    cases: dict[str, tuple[Any, dict[str, Any]]] = {
        "bank.cir": (bank, {"mask": _setting(analog), "voltages": [0.25 * spec.v_read, spec.v_read]}),
        "tile.cir": (part, {"voltages": part.voltages(digits.test_x[0])}),
    }
    files: list[Path] = []
    verifications: dict[str, Verification] = {}
    failures: dict[str, MissingToolError | SpiceError] = {}
    for k, (name, (thing, options)) in enumerate(cases.items()):
        tell("ngspice", k, len(cases))
        files.append(deck(thing, **options).write(folder / name))
        try:
            verifications[name] = verify(thing, **options)
        except (MissingToolError, SpiceError) as error:
            failures[name] = error
    tell("ngspice", len(cases), len(cases))
    not_verified = "; ".join(f"{name}: {error}" for name, error in failures.items())
    if any(isinstance(error, MissingToolError) for error in failures.values()):
        return files, verifications, not_verified, None
    return files, verifications, not_verified, not failures and all(check.passed for check in verifications.values())


def _setting(analog: AnalogNetwork) -> Any:
    """The setting of the chip's first bank."""
    cells = analog.tiles[0].cells
    assert isinstance(cells, ProgrammedBanks)  # noqa: S101 - what the demonstration's chips are made of
    return cells.mask[0, 0]
