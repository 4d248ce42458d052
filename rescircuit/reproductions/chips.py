"""Networks on sampled arrays of resistor banks, and what each step from arithmetic to the chip costs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.network import AnalogNetwork, ArraySpec, map_network
from rescircuit.network.arrays.placement import cells_of
from rescircuit.network.layers import Network
from rescircuit.reproductions.runs import Run
from rescircuit.tables import Table, figure, spread

__all__ = ["Chip", "StagesOnChips", "accuracy_of", "mapped", "measured_chip"]

# What comes to the programmed cells one after the other.
_STAGES = {
    "banks": ("programming",),
    "and switches": ("programming", "switches"),
    "and wires": ("programming", "switches", "wires"),
    "and converters": ("programming", "switches", "wires", "dac", "adc"),
}


@dataclass(frozen=True, kw_only=True)
class Chip:
    """Arrays of banks of 1 MΩ resistors of a die (20 % in common, 1 % each), behind NMOS switches.

    Attributes
    ----------
    bank_size : int
        Resistors at each crossing.
    wire : float
        Of each segment between neighbouring cells, on both kinds of lines, ohm.
    tile : int
        Word lines, and bit lines, of a tile.
    dac_bits, adc_bits : int
    calibration_images : int
        Training images that converters' ranges are set to.
    """

    bank_size: int = 12
    wire: float = 1.0
    tile: int = 128
    dac_bits: int = 8
    adc_bits: int = 10
    calibration_images: int = 500

    @property
    def spec(self) -> ArraySpec:
        """The arrays."""
        return ArraySpec(
            rows=self.tile,
            cols=self.tile,
            bank_size=self.bank_size,
            r_word_line=self.wire,
            r_bit_line=self.wire,
            dac_bits=self.dac_bits,
            adc_bits=self.adc_bits,
        )

    @property
    def words(self) -> str:
        """For a table's title."""
        return (
            f"banks of {self.bank_size} resistors, {self.tile} x {self.tile} tiles, {self.wire:g} ohm of wire between "
            f"cells, {self.dac_bits}-bit DAC, {self.adc_bits}-bit ADC"
        )


@dataclass(frozen=True, kw_only=True)
class StagesOnChips:
    """One network on several chips.

    Attributes
    ----------
    chip : Chip
    results : tuple of dict
        Of :func:`measured_chip`, one for each chip.
    """

    chip: Chip
    results: tuple[dict[str, Any], ...]

    @property
    def stages(self) -> dict[str, list[float]]:
        """The accuracies of the chips, stage by stage."""
        return {stage: [result["accuracy"][stage] for result in self.results] for stage in _STAGES}

    def table(self, title: str) -> Table:
        """What each stage costs."""
        chips = len(self.results)
        rows = [(f"accuracy: {stage}, %", spread(accuracies)) for stage, accuracies in self.stages.items()]
        first = self.results[0]
        rows += [
            ("banks, and tiles", f"{first['banks']:,}, {first['tiles']}"),
            ("median error of a weight / full scale", figure(self._median("median_error"), 2)),
            ("sampling and programming", f"{self._median('programming_seconds'):.3g} s"),
            ("solving all tiles with their wires", f"{self._median('wires_seconds'):.3g} s"),
        ]
        name = f"{title}: {self.chip.words}; {chips} chip{'s' if chips > 1 else ''}"
        return Table(title=name, columns=("", "here"), rows=tuple(rows))

    def remarks(self, digital: float) -> tuple[str, ...]:
        """Which stage costs most."""
        means = {"arithmetic": digital} | {stage: float(np.mean(values)) for stage, values in self.stages.items()}
        names = list(means)
        losses = {later: means[earlier] - means[later] for earlier, later in pairwise(names)}
        worst = max(losses, key=lambda name: losses[name])
        text = (
            f"On arrays the accuracy goes from {digital:.2%} to {means[names[-1]]:.2%}; the largest single step is "
            f'"{worst}", {100 * losses[worst]:.2f} percentage points.'
        )
        return (text,)

    def as_dict(self) -> dict[str, Any]:
        """All of it."""
        return {"chip": asdict(self.chip), "results": list(self.results)}

    def _median(self, name: str) -> float:
        return float(np.median([result[name] for result in self.results]))


def mapped(network: Network, spec: ArraySpec, calibration: Array, seed: int, given: Run, step: str) -> AnalogNetwork:
    """The network on a chip, with progress."""
    total = cells_of(network, spec)
    done = 0.0

    def count(cells: float) -> None:
        nonlocal done
        done += cells
        given.tell(f"{step}: programming", done, total)

    return map_network(network, spec, seed=seed, calibration_inputs=calibration, progress=count)


def accuracy_of(model: Network | AnalogNetwork, x: Array, y: NDArray[np.int_]) -> float:
    """The share of images recognised."""
    return float((model(x).argmax(axis=-1) == y).mean())


def measured_chip(
    network: Network,
    chip: Chip,
    x: Array,
    y: NDArray[np.int_],
    calibration: Array,
    seed: int,
    given: Run,
    step: str,
) -> dict[str, Any]:
    """One chip: its accuracy stage by stage, its programming errors and the time all took."""
    start = perf_counter()
    analog = mapped(network, chip.spec, calibration, seed, given, step)
    programmed = perf_counter()
    analog.compile()
    compiled = perf_counter()
    accuracy = {}
    for k, (stage, effects) in enumerate(_STAGES.items()):
        given.tell(f"{step}: {stage}", k, len(_STAGES))
        accuracy[stage] = accuracy_of(analog.with_effects(*effects), x, y)
    return {
        "seed": seed,
        "accuracy": accuracy,
        "banks": sum(tile.asked.size for tile in analog.tiles),
        "tiles": len(analog.tiles),
        "median_error": float(np.median(analog.programming_error)),
        "worst_error": float(analog.programming_error.max()),
        "programming_seconds": programmed - start,
        "wires_seconds": compiled - programmed,
    }
