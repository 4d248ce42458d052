"""The trained LeNet-5 of da Cunha (2023), section 4.3, as a whole on arrays of resistor banks (chapter 6).

The thesis programs its convolutions as numbers and proposes the circuits without a network on them. Here each of the
61,470 weights is a pair of banks, biases stay digital, and the accuracy is followed over what a designer chooses:
resistors in a bank, resistance of the wires, size of the tiles, bits of the output converters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from rescircuit.datasets import load_mnist
from rescircuit.network import AnalogNetwork
from rescircuit.reproductions.chips import Chip, accuracy_of, mapped
from rescircuit.reproductions.lenet import load_lenet
from rescircuit.reproductions.runs import Reproduction, Run
from rescircuit.tables import Table, spread

__all__ = ["REPRODUCTION", "LenetArray", "Plan", "Sweep"]

_NAME = "lenet-array"


@dataclass(frozen=True, kw_only=True)
class Axis:
    """What is varied, and what stays.

    Attributes
    ----------
    field : str
        Of :class:`Chip`.
    title : str
    values : tuple
    wire : float or None
        Another resistance of the wires, ohm, where the chip's would show nothing.
    """

    field: str
    title: str
    values: tuple[float, ...]
    wire: float | None = None

    def chips(self, base: Chip) -> list[Chip]:
        """The chips along the axis."""
        start = base if self.wire is None else replace(base, wire=self.wire)
        return [replace(start, **{self.field: value}) for value in self.values]


_AXES = (
    Axis(field="bank_size", title="resistors in a bank, n", values=(3, 4, 5, 6, 8, 10, 12)),
    Axis(field="wire", title="wire from cell to cell, ohm", values=(0, 1, 2, 5, 10, 20, 50)),
    Axis(field="tile", title="lines of a tile, with 10 ohm of wire", values=(32, 64, 128, 256), wire=10.0),
    Axis(field="adc_bits", title="bits of the output converters", values=(4, 5, 6, 7, 8, 10, 12)),
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The sweeps: around a chip, along each axis.

    Attributes
    ----------
    chip : Chip
    axes : tuple of Axis
    """

    chip: Chip = Chip()  # noqa: RUF009 - frozen
    axes: tuple[Axis, ...] = _AXES


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """The accuracy along one axis.

    Attributes
    ----------
    axis : Axis
    accuracies : tuple of tuples
        For each value, of each chip.
    """

    axis: Axis
    accuracies: tuple[tuple[float, ...], ...]

    def least_value(self, accuracy: float, within: float) -> float | None:
        """The first value from which on the mean accuracy stays within so much of the one given."""
        fine = None
        for value, accuracies in zip(reversed(self.axis.values), reversed(self.accuracies), strict=True):
            if np.mean(accuracies) < accuracy - within:
                break
            fine = value
        return fine


@dataclass(frozen=True, kw_only=True)
class LenetArray:
    """What was found.

    Attributes
    ----------
    plan : Plan
    digital : float
        The network's accuracy in arithmetic, on the same images.
    sweeps : tuple of Sweep
    seeds, images : int
    """

    plan: Plan
    digital: float
    sweeps: tuple[Sweep, ...]
    seeds: int
    images: int

    def tables(self) -> tuple[Table, ...]:
        """All sweeps, one below the other."""
        rows = [("in arithmetic", "", f"{100 * self.digital:.2f}")]
        for sweep in self.sweeps:
            base = self._base(sweep)
            for k, (value, accuracies) in enumerate(zip(sweep.axis.values, sweep.accuracies, strict=True)):
                mark = " *" if value == base else ""
                rows.append(("" if k else sweep.axis.title, f"{value:g}{mark}", spread(accuracies)))
        chips = f"{self.seeds} chip{'s' if self.seeds > 1 else ''}"
        title = f"LeNet-5 on arrays, {self.images:,} test images, {chips}; * {self.plan.chip.words}"
        return (Table(title=title, columns=("what is varied", "value", "accuracy, %"), rows=tuple(rows)),)

    def remarks(self) -> tuple[str, ...]:
        """What each axis needs."""
        lines = [
            (
                "Nothing is published to lay this beside: the thesis has no network on its circuits. In arithmetic the "
                "published network has 98.99% on all 10,000 test images; on those used here it has "
                f"{self.digital:.2%}."
            )
        ]
        lines += [self._in_words(sweep) for sweep in self.sweeps]
        brackets = "The figures in brackets are the least and the largest of the chips. " if self.seeds > 1 else ""
        sampling = 100 * np.sqrt(self.digital * (1 - self.digital) / self.images)
        lines.append(
            f"{brackets}A change of one image is "
            f"{100 / self.images:.2f} percentage points, and what {self.images:,} images tell of an accuracy of "
            f"{self.digital:.1%} has a sampling error of {sampling:.2f}; all chips see the "
            "same images, so that differences between them are surer than that."
        )
        return tuple(lines)

    def draw(self, folder: Path) -> list[Path]:
        """Four panels."""
        from rescircuit.reproductions.pictures import draw_sweeps

        panels = {sweep.axis.title: (sweep.axis.values, sweep.accuracies, self._base(sweep)) for sweep in self.sweeps}
        return [draw_sweeps(folder / f"{_NAME}.png", panels, self.digital)]

    def as_dict(self) -> dict[str, Any]:
        """All of it."""
        return {
            "chip": asdict(self.plan.chip),
            "digital_accuracy": self.digital,
            "sweeps": [
                {"what": sweep.axis.field, "values": sweep.axis.values, "accuracies": sweep.accuracies}
                for sweep in self.sweeps
            ],
        }

    def _in_words(self, sweep: Sweep) -> str:
        within = 0.002
        grows = np.mean(sweep.accuracies[-1]) >= np.mean(sweep.accuracies[0])
        along = sweep if grows else _reversed(sweep)
        least = along.least_value(self.digital, within)
        name = sweep.axis.title
        if least is None:
            best = max(float(np.mean(each)) for each in sweep.accuracies)
            return f"{name[0].upper()}{name[1:]}: no value comes within 0.2 percentage points; the best has {best:.2%}."
        reach = f"from {least:g} on" if grows else f"up to {least:g}"
        return f"{name[0].upper()}{name[1:]}: {reach} the accuracy is within 0.2 percentage points of arithmetic's."

    def _base(self, sweep: Sweep) -> float | None:
        """The value on the axis that the other sweeps have, if this one is around the same chip."""
        return getattr(self.plan.chip, sweep.axis.field) if sweep.axis.wire is None else None


def _reversed(sweep: Sweep) -> Sweep:
    axis = replace(sweep.axis, values=sweep.axis.values[::-1])
    return Sweep(axis=axis, accuracies=sweep.accuracies[::-1])


def run(given: Run) -> LenetArray:
    """Map the network onto chips along each axis."""
    return _run(given, Plan())


def _run(given: Run, plan: Plan) -> LenetArray:
    lenet = load_lenet(given.data_dir)
    images = load_mnist(given.data_dir, limit=given.images)
    calibration = load_mnist(given.data_dir, "train", limit=plan.chip.calibration_images).x
    common = {"reproduction": _NAME, "network": lenet.digest, "images": images.digest}

    def step(chip: Chip, seed: int) -> str:
        return f"n = {chip.bank_size}, {chip.wire:g} ohm, tiles of {chip.tile}, {chip.adc_bits} bits, chip {seed + 1}"

    @lru_cache(maxsize=1)
    def programmed(bank_size: int, tile: int, seed: int) -> AnalogNetwork:
        chip = replace(plan.chip, bank_size=bank_size, tile=tile)
        return mapped(lenet.network, chip.spec, calibration, seed, given, step(chip, seed))

    def measure(chip: Chip, seed: int) -> dict[str, Any]:
        # Wires and converters leave the programming as it is: one programmed chip serves all of them.
        analog = programmed(chip.bank_size, chip.tile, seed)
        if chip.wire != plan.chip.wire:
            analog = analog.rewired(chip.wire, chip.wire)
        if (chip.dac_bits, chip.adc_bits) != (plan.chip.dac_bits, plan.chip.adc_bits):
            analog = analog.with_converters(chip.dac_bits, chip.adc_bits)
        return {"accuracy": accuracy_of(analog, images.x, images.y)}

    found = _measured_chips(given, plan, common, measure, step)
    digital = given.pieces.kept(common, lambda: {"accuracy": accuracy_of(lenet.network, images.x, images.y)})
    sweeps = tuple(
        Sweep(
            axis=axis,
            accuracies=tuple(tuple(found[chip, seed] for seed in range(given.seeds)) for chip in axis.chips(plan.chip)),
        )
        for axis in plan.axes
    )
    return LenetArray(plan=plan, digital=digital["accuracy"], sweeps=sweeps, seeds=given.seeds, images=len(images))


def _measured_chips(
    given: Run,
    plan: Plan,
    common: dict[str, Any],
    measure: Callable[[Chip, int], dict[str, Any]],
    step: Callable[[Chip, int], str],
) -> dict[tuple[Chip, int], float]:
    """The accuracy of every chip of every seed that the sweeps need, chip by chip."""
    varied = dict.fromkeys(chip for axis in plan.axes for chip in axis.chips(plan.chip))
    chips = sorted(varied, key=lambda chip: (chip.bank_size, chip.tile))  # those programmed alike in a row
    found = {}
    for seed in range(given.seeds):
        for k, chip in enumerate(chips):
            given.tell(step(chip, seed), seed * len(chips) + k, given.seeds * len(chips))
            settings = {**common, "chip": asdict(chip), "seed": seed}
            kept = given.pieces.kept(settings, lambda c=chip, s=seed: measure(c, s))
            found[chip, seed] = kept["accuracy"]
    return found


REPRODUCTION = Reproduction(
    name=_NAME,
    title="LeNet-5 on arrays of resistor banks",
    source="The network of da Cunha (2023), section 4.3, on the circuits of its chapter 6",
    needs="mnist, lenet5-mnist.npz",
    seeds=3,
    images=10_000,
    run=run,
)
