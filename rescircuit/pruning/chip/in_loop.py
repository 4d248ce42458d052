"""Training with the hardware in the loop: what a mask's weights are behind the wires, and what converters make of them.

Every so many steps the exact effective conductances E of each tile are computed for the mask as it is then; between,
each cell is followed to first order, ``E + a (G - G0)`` with its attenuation a (see :mod:`.attenuation`), which is also
what gradients go through. What a change of a cell does to the other cells of its lines waits for the next refresh.

Converters are followed by quantities that are rounded while gradients pass straight through. A layer's sum is made of
the conversions of several tiles, which err independently: training adds noise of the variance of all but one of them,
and rounds the sum as one. Ranges are those that inputs have needed since the refresh before. Slices of inputs, offsets
of converters and amplifiers, thermal noise, unknown faults, temperature, age and the bend of switches are left to
inference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.devices.streams import Stream
from rescircuit.network.importers.torch_package import Tensor, torch
from rescircuit.network.inference import calibration_rows
from rescircuit.network.inference.converters import largest_code, quantise
from rescircuit.network.inference.ranges import calibrated_range
from rescircuit.network.inference.threads import in_threads
from rescircuit.network.layers import Layer, WeightedLayer
from rescircuit.pruning.chip.attenuation import effective_of, slopes_of
from rescircuit.pruning.chip.random_layer import RandomLayer

__all__ = ["ChipWeights"]

_KEPT = 256  # inputs of a step that ranges of output converters are set to
_SHRINKS = 0.95  # of a range from refresh to refresh, at most: single inputs reach farther than most


class ChipWeights:
    """A layer of a random chip as the trainer's :class:`~rescircuit.pruning.training.models.WeightModel`.

    Parameters
    ----------
    layer : RandomLayer

    Attributes
    ----------
    input_full_scale : float or None
        The input that the largest voltage stands for, since the last refresh that knew of inputs.
    step : float or None
        The weighted sum that a step of the output converters stands for, likewise.
    conversions : int
        That a weighted sum is made of.
    """

    def __init__(self, layer: RandomLayer) -> None:
        self.layer = layer
        self._spec = layer.spec
        self._unit = layer.siemens_per_weight
        self._draws = 0
        self._largest_input = 0.0  # since the last refresh
        self._kept: Any = None
        self.input_full_scale: float | None = None
        self.step: float | None = None
        self.conversions = 1
        ones = np.ones(layer.offset.shape)
        self._set(layer.offset, ones, layer.offset)

    @property
    def kind(self) -> str:
        """Its class and its arrays, whose converters and noise are not in the weights."""
        return f"{type(self).__name__} {self._spec}"

    @property
    def mask_shape(self) -> tuple[int, ...]:
        """See :class:`RandomLayer`."""
        return self.layer.mask_shape

    def refresh(self, mask: NDArray[np.bool_]) -> None:
        """Compute the tiles' exact maps for the mask as it is now, and set the converters' ranges."""
        layer, spec = self.layer, self._spec
        cells = layer.cells(mask)
        effective = list(in_threads(lambda each: effective_of(each, spec), cells))
        slopes = [slopes_of(each, spec) for each in cells]
        self._set(layer.off_tiles(cells), layer.off_tiles(slopes), layer.off_tiles(effective))
        self._set_ranges(effective)

    def weight(self, mask: Tensor) -> Tensor:
        """The effective weight for a mask of 0 and 1, exact at the mask of the last refresh, else to first order."""
        weight = self._base + (mask * self._steps).flatten(self._base.ndim).sum(-1)
        relative = self._spec.conditions.read_noise
        if relative and torch.is_grad_enabled():
            # One draw for a step's inputs: each read of the chip has its own, which training averages over steps.
            weight = weight + relative * self._sides * self._normal(tuple(weight.shape))
        return weight

    def inputs(self, x: Tensor) -> Tensor:
        """What the input converters give."""
        peak = float(x.detach().abs().max())
        if torch.is_grad_enabled():  # ranges are not set to what a network is tested with
            self._largest_input = max(self._largest_input, peak)
            self._kept = x.detach()[:_KEPT]
        bits = self._spec.dac_bits
        full_scale = self.input_full_scale or peak
        if bits is None or not full_scale:
            return x
        step = full_scale / largest_code(bits, signed=False)
        return _rounded(x.clamp(-full_scale, full_scale), step)

    def outputs(self, y: Tensor, training: bool) -> Tensor:
        """What the output converters give of the weighted sums."""
        if self.step is None:
            return y
        if training:
            converters = self._spec.converters
            spread = (self.conversions - 1) / 12.0 + self.conversions * converters.adc_noise**2
            if spread:
                y = y + math.sqrt(spread) * self.step * self._normal(tuple(y.shape))
        return _rounded(y, self.step)

    def pruned(self, layer: WeightedLayer, mask: NDArray[np.bool_]) -> Sequence[Layer]:
        """The layer with the weights that are believed, without wires."""
        return (replace(layer, weight=self.layer.weight(mask)),)

    def _set(self, cells: Array, slopes: Array, effective: Array) -> None:
        """Around cells G0 (*weight's shape, 2): effective conductances E there and the slopes a, all in float64."""
        layer, unit, sign = self.layer, self._unit, np.array([1.0, -1.0])
        base = (effective - slopes * (cells - layer.offset)) * sign / unit
        steps = slopes[..., np.newaxis] * layer.items * (sign[:, np.newaxis] / unit)
        if layer.signs == "differential":
            steps = steps.sum(axis=-2)
        self._base = _tensor(base.sum(axis=-1))
        self._steps = _tensor(steps)
        self._sides = _tensor(np.hypot(effective[..., 0], effective[..., 1]) / unit)

    def _set_ranges(self, effective: Sequence[Array]) -> None:
        if not self._largest_input:
            return
        before = 0.0 if self.input_full_scale is None else self.input_full_scale
        self.input_full_scale = max(self._largest_input, _SHRINKS * before)
        self._largest_input = 0.0
        layer, bits = self.layer, self._spec.adc_bits
        if bits is None or self._kept is None:
            return
        by_line = self._spec.subtraction == "digital"
        rows = calibration_rows(layer.weighted, self._kept.double().numpy())
        magnitudes = [np.maximum(rows, 0.0), np.maximum(-rows, 0.0)] if (rows < 0).any() else [rows]
        phases = [quantise(each, self.input_full_scale, self._spec.dac_bits, signed=False) for each in magnitudes]
        volts = self._spec.v_read / self.input_full_scale
        currents, reach = [], 0.0
        for place, each in zip(layer.places, effective, strict=True):
            seen = volts * (each if by_line else each[:, place.lines.plus] - each[:, place.lines.minus])
            reach = max(reach, *(float(np.maximum(s * seen, 0.0).sum(axis=0).max()) for s in (1.0, -1.0)))
            currents += [(phase[place.group][:, place.inputs] @ seen).ravel() for phase in phases]
        reach *= self.input_full_scale
        full_scale = calibrated_range(self._spec.converters, currents, bits, signed=not by_line, reach=reach)
        self.step = full_scale / largest_code(bits, signed=not by_line) / (volts * self._unit)
        blocks = len({place.inputs.start for place in layer.places})
        self.conversions = blocks * len(phases) * (2 if by_line else 1)

    def _normal(self, shape: tuple[int, ...]) -> Tensor:
        source = f"pruning.chip.{self.layer.number}.{self._draws}"
        self._draws += 1
        numbers = Stream(seed=self.layer.seed, chip=self.layer.chip, source=source).normal(math.prod(shape))
        return _tensor(numbers.reshape(shape))


def _rounded(x: Tensor, step: float) -> Tensor:
    """To whole steps; gradients pass as if nothing was rounded."""
    return x + (torch.round(x / step) * step - x).detach()


def _tensor(values: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
