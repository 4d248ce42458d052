"""From weights to programmed banks on tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from rescircuit.bank import DEFAULT_READ_VOLTAGE, Bank
from rescircuit.checks import Array, non_negative_number, positive_number, whole_number
from rescircuit.crossbar import Crossbar
from rescircuit.devices import NMOS, Resistor, Switch
from rescircuit.errors import InputError
from rescircuit.network.analog import AnalogLayer, AnalogNetwork, Tile
from rescircuit.network.layers import Dense, Network, checked_inputs

__all__ = ["ArraySpec", "map_network"]


def _default_resistor() -> Resistor:
    # Megohms, so that a line's currents are small against what its wires can carry.
    return Resistor(nominal=1e6, common=0.20, mismatch=0.01)


@dataclass(frozen=True, kw_only=True)
class ArraySpec:
    """The arrays that a chip offers.

    Parameters
    ----------
    rows, cols : int
        Word lines and bit lines of a tile; each output takes a pair of bit lines, so `cols` is at least 2.
    bank_size : int
        Resistors in the bank at each crossing.
    r_word_line, r_bit_line : float
        Wire segments between neighbouring cells, ohm.
    dac_bits, adc_bits : int or None
        Resolution of the converters; ``None`` for ideal ones.
    subtraction : "analog" or "digital"
        Where a pair's negative column is taken from the positive one: as currents, before one converter, or as
        numbers, behind two.
    resistor : Resistor
        What the banks are made of.
    switch : Switch
        What stands behind each resistor.
    nominals : str or array
        A bank's nominal resistances, see :func:`rescircuit.bank.spread_nominals`.
    swing : float
        The share of a bank's range that weights use, around its middle, where subset sums are densest.
    v_read : float
        The largest input voltage, volt; conductances hold at it.

    Raises
    ------
    InputError
        For values outside these ranges.
    """

    rows: int = 128
    cols: int = 128
    bank_size: int = 12
    r_word_line: float = 0.0
    r_bit_line: float = 0.0
    dac_bits: int | None = None
    adc_bits: int | None = None
    subtraction: Literal["analog", "digital"] = "analog"
    resistor: Resistor = field(default_factory=_default_resistor)
    switch: Switch = field(default_factory=lambda: NMOS(w_over_l=10))
    nominals: Any = "geometric"
    swing: float = 0.5
    v_read: float = DEFAULT_READ_VOLTAGE

    def __post_init__(self) -> None:
        whole_number("rows", self.rows, 1)
        whole_number("cols", self.cols, 2)
        whole_number("bank_size", self.bank_size, 1)
        non_negative_number("r_word_line", self.r_word_line, "ohm")
        non_negative_number("r_bit_line", self.r_bit_line, "ohm")
        for name, bits, fewest in (("dac_bits", self.dac_bits, 1), ("adc_bits", self.adc_bits, 2)):
            if bits is not None:
                whole_number(name, bits, fewest, 32, "None stands for an ideal converter.")
        if self.subtraction not in ("analog", "digital"):
            raise InputError("subtraction", '"analog" or "digital"', self.subtraction)
        if positive_number("swing", self.swing) > 1:
            raise InputError("swing", "above 0 and at most 1", self.swing)
        positive_number("v_read", self.v_read, "V")

    def sample(self, shape: tuple[int, ...], *, seed: int, chip: int = 0, start: int = 0) -> Bank:
        """Banks of a chip, an array of this shape, from number `start` on."""
        return Bank.sample(
            self.resistor,
            n=self.bank_size,
            seed=seed,
            chip=chip,
            start=start,
            shape=shape,
            switch=self.switch,
            nominals=self.nominals,
            v_read=self.v_read,
        )


def map_network(
    network: Network,
    spec: ArraySpec,
    *,
    seed: int,
    chip: int = 0,
    calibration_inputs: Any | None = None,
    progress: Callable[[float], None] | None = None,
) -> AnalogNetwork:
    """Sample a chip, program every weight of `network` on it exactly, and lay it out on tiles.

    A weight w is the difference of two banks, ``w * siemens_per_weight``, both near the middle of their range. The
    negative bank is programmed last and makes up for the error of the positive one. Cells are taken as linear, with
    their conductance at ``spec.v_read``; how far that is from true is in ``switch_nonlinearity``.

    Parameters
    ----------
    network : Network
    spec : ArraySpec
    seed, chip : int
        Which chip: its banks are numbered layer by layer, tile by tile.
    calibration_inputs : array (..., in), optional
        Typical inputs; the converters' ranges are set to what they need. Without them, ranges hold for all inputs
        from 0 to 1 (or -1 to 1), which wastes resolution.
    progress : callable, optional
        Called with the number of banks programmed since the last call.

    Returns
    -------
    AnalogNetwork
    """
    samples = None if calibration_inputs is None else checked_inputs(calibration_inputs, network.inputs)
    bound = 1.0
    layers = []
    first_bank = 0
    for dense in network.layers:
        if samples is not None:
            bound = float(np.abs(samples).max())
        layers.append(_map_layer(dense, spec, seed, chip, first_bank, bound or 1.0, samples, progress))
        first_bank += 2 * dense.weight.size
        samples = None if samples is None else dense(samples)
        bound = _largest_output(dense, bound)
    return AnalogNetwork(network=network, layers=tuple(layers), spec=spec, seed=seed, chip=chip)


def _map_layer(
    dense: Dense,
    spec: ArraySpec,
    seed: int,
    chip: int,
    first_bank: int,
    input_full_scale: float,
    samples: Array | None,
    progress: Callable[[float], None] | None,
) -> AnalogLayer:
    """Sample and program the banks of one layer."""
    weight = dense.weight.T  # the array's way round: inputs on word lines
    places = _tile_places(weight.shape[0], weight.shape[1], spec)
    banks, starts = [], []
    for inputs, outputs in places:
        shape = (*weight[inputs, outputs].shape, 2)
        banks.append(spec.sample(shape, seed=seed, chip=chip, start=first_bank))
        starts.append(first_bank)
        first_bank += banks[-1].full_scale.size
    # One scale for the layer, so that its tiles' currents add; every bank of it must reach every target.
    full_scale = min(float(bank.full_scale.min()) for bank in banks)
    largest = float(np.abs(weight).max()) or 1.0
    siemens_per_weight = spec.swing * full_scale / largest
    tiles = []
    for (inputs, outputs), bank, start in zip(places, banks, starts, strict=True):
        difference = siemens_per_weight * weight[inputs, outputs]
        mask, conductance = _program_pairs(bank, difference, 0.5 * full_scale, progress)
        cells = conductance.reshape(difference.shape[0], -1)
        tiles.append(
            Tile(
                crossbar=Crossbar(cells, spec.r_word_line, spec.r_bit_line),
                target=difference,
                error=conductance[..., 0] - conductance[..., 1] - difference,
                mask=mask,
                nonlinearity=_nonlinearity(bank, mask, conductance, full_scale),
                inputs=inputs,
                outputs=outputs,
                first_bank=start,
            )
        )
    return AnalogLayer(
        dense=dense,
        tiles=tuple(tiles),
        siemens_per_weight=siemens_per_weight,
        bank_full_scale=full_scale,
        input_full_scale=input_full_scale,
        calibration_inputs=samples,
        spec=spec,
    )


def _program_pairs(
    bank: Bank, difference: Array, middle: float, progress: Callable[[float], None] | None
) -> tuple[Any, Array]:
    """Masks (i, o, 2, n) and conductances (i, o, 2) of pairs of banks whose differences are as asked for."""
    positive, negative = (bank.part((..., k)) for k in (0, 1))
    upper = positive.program(middle + 0.5 * difference, progress=progress)
    lower = negative.program(np.maximum(upper.conductance - difference, 0.0), progress=progress)
    mask = np.stack([upper.mask, lower.mask], axis=-2)
    return mask, np.stack([upper.conductance, lower.conductance], axis=-1)


def _nonlinearity(bank: Bank, mask: Any, conductance: Array, full_scale: float) -> float:
    """How far banks' conductances move between almost no voltage and the read voltage, relative to full scale."""
    return float(np.abs(bank.conductance(mask, 1e-3 * bank.v_read) - conductance).max()) / full_scale


def _tile_places(inputs: int, outputs: int, spec: ArraySpec) -> list[tuple[slice, slice]]:
    """Which inputs and outputs each tile takes."""
    pairs = spec.cols // 2
    return [
        (slice(i, min(i + spec.rows, inputs)), slice(o, min(o + pairs, outputs)))
        for i in range(0, inputs, spec.rows)
        for o in range(0, outputs, pairs)
    ]


def _largest_output(dense: Dense, bound: float) -> float:
    """A bound on |outputs| for all inputs in [-bound, bound], by interval arithmetic."""
    sums = np.abs(dense.weight).sum(axis=1) * bound + np.abs(dense.bias)
    return float(sums.max()) if dense.activation in ("identity", "relu") else 1.0
