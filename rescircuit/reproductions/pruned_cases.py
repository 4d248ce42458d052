"""Networks of one hidden layer on arrays, made in three ways, and what each costs: resistors, switches, bits.

By training which of the chip's random resistors stay; by programming banks of resistors to a trained network; by
writing memristors to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rescircuit.checks import Array
from rescircuit.datasets import Images
from rescircuit.devices import load_process
from rescircuit.network import ArraySpec, map_network
from rescircuit.network.arrays.placement import cells_of
from rescircuit.network.arrays.spec import CellKind
from rescircuit.network.layers import Activation, Dense, Layer, Network
from rescircuit.pruning.chip import RandomChip, random_chip
from rescircuit.pruning.chip.settings import Signs
from rescircuit.reproductions.chips import accuracy_of
from rescircuit.reproductions.runs import Run
from rescircuit.reproductions.training import trained_perceptron

__all__ = ["Arrays", "Bench", "Case", "Way"]

_CLASSES = 10
_REFRESH_EVERY = 200  # steps between exact maps of the tiles: masks change slowly


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a network gets onto an array.

    Attributes
    ----------
    kind : "pruned", "banks" or "memristors"
    bank_size : int
        Resistors at each crossing; 1 of memristors.
    signs : "column", "differential" or None
        Of those that are pruned.
    """

    kind: str
    bank_size: int = 1
    signs: Signs | None = None

    @property
    def words(self) -> str:
        """For tables and legends."""
        if self.kind == "memristors":
            return "memristors, written"
        if self.kind == "banks":
            return f"banks of {self.bank_size}, programmed"
        what = "single resistors" if self.bank_size == 1 else f"banks of {self.bank_size}"
        bits = "a bit for each" if self.signs == "column" else "a bit for each pair"
        return f"{what}, pruned, {bits}"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way for one network.

    Attributes
    ----------
    way : Way
    hidden : int
        Units of the hidden layer.
    nominal : float
        Of the resistors, ohm.
    """

    way: Way
    hidden: int
    nominal: float


@dataclass(frozen=True, kw_only=True)
class Arrays:
    """What all arrays have in common.

    Attributes
    ----------
    wire : float
        Of each segment between neighbouring cells, on both kinds of lines, ohm.
    tile : int
    dac_bits, adc_bits : int
    calibration_images : int
        Training images that converters' ranges are set to.
    """

    wire: float = 5.0
    tile: int = 128
    dac_bits: int = 8
    adc_bits: int = 8
    calibration_images: int = 500

    def spec(self, case: Case) -> ArraySpec:
        """The arrays of a case."""
        memristors = case.way.kind == "memristors"
        cells: CellKind = "memristors" if memristors else "banks"
        return ArraySpec(
            rows=self.tile,
            cols=self.tile,
            bank_size=case.way.bank_size,
            r_word_line=self.wire,
            r_bit_line=self.wire,
            dac_bits=self.dac_bits,
            adc_bits=self.adc_bits,
            resistor=load_process("polysilicon").make_resistor(case.nominal),
            cells=cells,
            memristor=load_process("reram").make_memristor() if memristors else None,
        )

    @property
    def words(self) -> str:
        """For a table's title."""
        return (
            f"{self.tile} x {self.tile} tiles, {self.wire:g} ohm of wire between cells, {self.dac_bits}-bit DAC, "
            f"{self.adc_bits}-bit ADC"
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Bench:
    """Images, arrays and training, on which cases are measured.

    Attributes
    ----------
    given : Run
    arrays : Arrays
    epochs : int
        Of both kinds of training.
    train, test : Images
    """

    given: Run
    arrays: Arrays
    epochs: int
    train: Images
    test: Images

    def measured(self, case: Case, seed: int, step: str) -> dict[str, Any]:
        """The accuracies and the parts that a case takes; kept once it is known.

        ``without_wires``, with wires that nobody thought of (``with_wires``) and with wires that were made up for
        (``made_up``): by training with the wires in the loop, or by targets that were distorted beforehand.
        """
        measure = self._pruned if case.way.kind == "pruned" else self._programmed
        settings = {
            "case": [case.way.kind, case.way.bank_size, case.way.signs or "", case.hidden, case.nominal],
            "arrays": [self.arrays.wire, self.arrays.tile, self.arrays.dac_bits, self.arrays.adc_bits],
            "calibration": self.arrays.calibration_images,
            **self._identity(seed),
        }
        return self.given.pieces.kept(settings, lambda: measure(case, seed, step))

    def digital(self, hidden: int, seed: int) -> float:
        """The accuracy of the trained network in arithmetic."""
        settings = {"digital": hidden, **self._identity(seed)}

        def compute() -> dict[str, float]:
            return {"accuracy": accuracy_of(self._trained(hidden, seed), self.test.flat, self.test.y)}

        return self.given.pieces.kept(settings, compute)["accuracy"]

    def _identity(self, seed: int) -> dict[str, Any]:
        return {
            "reproduction": "pruned-on-chip",
            "train": self.train.digest,
            "test": self.test.digest,
            "epochs": self.epochs,
            "seed": seed,
        }

    @property
    def _calibration(self) -> Array:
        return self.train.flat[: self.arrays.calibration_images]

    def _pruned(self, case: Case, seed: int, step: str) -> dict[str, Any]:
        signs: Any = case.way.signs
        chip = random_chip(self._template(case.hidden), self.arrays.spec(case), seed=seed, signs=signs)
        ideal = self._masks(chip.ideal(), seed, f"{step}: masks without wires")
        in_loop = self._masks(chip, seed, f"{step}: masks with wires in the loop")
        blind = chip.program(ideal, calibration_inputs=self._calibration)
        aware = chip.program(in_loop, calibration_inputs=self._calibration)
        return {
            "without_wires": self._accuracy(blind.without("wires")),
            "with_wires": self._accuracy(blind),
            "made_up": self._accuracy(aware),
            "devices": chip.resistors,
            "bits": chip.bits,
        }

    def _programmed(self, case: Case, seed: int, step: str) -> dict[str, Any]:
        network, spec = self._trained(case.hidden, seed), self.arrays.spec(case)
        total = cells_of(network, spec)
        self.given.tell(f"{step}: programming", 0, 2)
        blind = map_network(network, spec, seed=seed, calibration_inputs=self._calibration)
        self.given.tell(f"{step}: programming against the wires", 1, 2)
        aware = map_network(network, spec, seed=seed, calibration_inputs=self._calibration, compensation="wires")
        switches = 0 if case.way.kind == "memristors" else total * case.way.bank_size
        return {
            "without_wires": self._accuracy(blind.without("wires")),
            "with_wires": self._accuracy(blind),
            "made_up": self._accuracy(aware),
            "devices": total * case.way.bank_size,
            "bits": switches,
        }

    def _accuracy(self, model: Any) -> float:
        return accuracy_of(model, self.test.flat, self.test.y)

    def _masks(self, chip: RandomChip, seed: int, step: str) -> Mapping[int, Any]:
        """Masks after the last epoch, which no look at the test images has chosen."""
        from rescircuit.pruning.training.settings import TrainingSettings
        from rescircuit.pruning.training.training import Labelled, train_masks

        def tell(epoch: Any) -> None:
            self.given.tell(step, epoch.epoch, self.epochs)

        found = train_masks(
            chip.network,
            Labelled(x=self.train.flat, y=self.train.y),
            Labelled(x=self.test.flat, y=self.test.y),
            settings=TrainingSettings(epochs=self.epochs, refresh_every=_REFRESH_EVERY),
            seed=seed,
            models=chip.models(),
            report=tell,
        )
        return found.last_masks

    def _template(self, hidden: int) -> Network:
        from rescircuit.pruning.training.templates import perceptron

        return perceptron((self.train.flat.shape[1],), [hidden], _CLASSES)

    def _trained(self, hidden: int, seed: int) -> Network:
        """The same network with weights that gradient descent has found; biases too."""
        settings = {"trained": hidden, **self._identity(seed)}

        def tell(epoch: int) -> None:
            self.given.tell(f"training {hidden} units", epoch, self.epochs)

        def train() -> dict[str, Any]:
            made: dict[str, Any] = dict(
                trained_perceptron(self.train, hidden=hidden, epochs=self.epochs, seed=seed, progress=tell)
            )
            return made

        weights = self.given.pieces.kept_arrays(settings, train)
        layers: list[Layer] = [
            Dense(weight=weights["hidden.weight"], bias=weights["hidden.bias"], name="fc1"),
            Activation(kind="relu"),
            Dense(weight=weights["output.weight"], bias=weights["output.bias"], name="fc2"),
        ]
        return Network(layers)
