"""First and second moments of what a network's weighted layers take in, from samples of its inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_array, finite_number, whole_number
from rescircuit.errors import InputError
from rescircuit.network.layers import Layer, Network, WeightedLayer, checked_inputs

__all__ = ["Moments", "input_moments"]

_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_LARGEST = 1 << 31  # bytes of one layer's moments


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """Moments of the rows that a layer multiplies by its weights, for each of its groups.

    Attributes
    ----------
    second : array (groups, i, i)
        ``E[x x^T]``.
    mean : array (groups, i)
        ``E[x]``.
    count : int
        Rows they were taken from.
    """

    second: Array
    mean: Array
    count: int

    def __post_init__(self) -> None:
        second, mean = finite_array("second", self.second), finite_array("mean", self.mean)
        if mean.ndim != 2 or second.shape != (*mean.shape, mean.shape[1]):
            raise InputError("second", "of shape (groups, i, i) for a mean (groups, i)", f"shape {second.shape}")
        whole_number("count", self.count, 1)

    @property
    def centred(self) -> Array:
        """The covariances, (groups, i, i)."""
        return self.second - self.mean[:, :, np.newaxis] * self.mean[:, np.newaxis, :]

    def with_constant(self, value: float = 1.0) -> Moments:
        """With one more input, the last, that is always `value`: a word line for the bias."""
        value = finite_number("value", value)
        groups, inputs = self.mean.shape
        second = np.empty((groups, inputs + 1, inputs + 1))
        second[:, :-1, :-1] = self.second
        second[:, -1, :-1] = second[:, :-1, -1] = value * self.mean
        second[:, -1, -1] = value**2
        mean = np.concatenate([self.mean, np.full((groups, 1), value)], axis=1)
        return Moments(second=second, mean=mean, count=self.count)


def input_moments(
    network: Network,
    x: Any,
    *,
    numbers: Sequence[int] | None = None,
    positions: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[int, Moments]:
    """Moments of the inputs of a network's weighted layers in digital arithmetic.

    They are summed over parts of the samples, always the same parts, so that memory stays within bounds: of the
    moments themselves, 8 bytes times the square of a layer's inputs, and of one part.

    Parameters
    ----------
    network : Network
    x : array (k, *input_shape)
        Samples of the network's inputs.
    numbers : sequence of int, optional
        Which layers' (their numbers in ``network.layers``); by default all that have weights.
    positions : int, optional
        At most so many of a layer's positions are taken of each sample, evenly spread and others in the next one: a
        convolution's are many, and neighbours are alike. By default all.
    progress : callable, optional
        Called with the number of samples done since the last call.

    Returns
    -------
    dict
        A :class:`Moments` for each layer's number.

    Raises
    ------
    InputError
        For inputs of another shape, numbers of layers without weights, or layers too large for the moments of all
        pairs of inputs.

    Examples
    --------
    >>> import numpy as np, rescircuit as rc
    >>> from rescircuit.network.compensation import input_moments
    >>> from rescircuit.network.layers import Dense, Network
    >>> network = Network([Dense(weight=np.ones((1, 2)))])
    >>> input_moments(network, [[1.0, 2.0], [3.0, 4.0]])[0].second
    array([[[ 5.,  7.],
            [ 7., 10.]]])
    """
    samples, _ = checked_inputs(x, network.input_shape)
    if not len(samples):
        raise InputError("x", "at least one sample", "none")
    chosen = _checked_numbers(network, numbers)
    most = None if positions is None else whole_number("positions", positions, 1)
    sums = {number: _Sums(layer) for number, layer in network.weighted_layers if number in chosen}
    first = 0

    def looked_at(number: int, layer: Layer, *inputs: Array) -> Array:
        if number in sums:
            sums[number].add(inputs[0], first, most)
        return layer(*inputs)

    at_once = network.inputs_at_once()
    for first in range(0, len(samples), at_once):
        part = samples[first : first + at_once]
        network.run(part, looked_at)
        if progress is not None:
            progress(len(part))
    return {number: each.moments for number, each in sums.items()}


class _Sums:
    """Sums of one layer's rows and of their products."""

    def __init__(self, layer: WeightedLayer) -> None:
        self._layer = layer
        groups, inputs, _ = layer.matrices.shape
        if 8 * groups * inputs**2 > _LARGEST:
            hint = "Leave this layer out."
            raise InputError(layer.name, f"of moments of at most {_LARGEST >> 20} MiB", f"{inputs} inputs", hint)
        self._second, self._mean = np.zeros((groups, inputs, inputs)), np.zeros((groups, inputs))
        self._count = 0

    def add(self, x: Array, first: int, most: int | None) -> None:
        """Of inputs (k, ...) whose first one is number `first` of all."""
        rows = self._layer.rows(x)
        groups, samples, positions, inputs = rows.shape
        if most is not None and most < positions:
            places = _spread(first + np.arange(samples), positions, most)
            rows = np.take_along_axis(rows, places[np.newaxis, :, :, np.newaxis], axis=2)
        flat = rows.reshape(groups, -1, inputs)
        self._second += flat.transpose(0, 2, 1) @ flat
        self._mean += flat.sum(axis=1)
        self._count += flat.shape[1]

    @property
    def moments(self) -> Moments:
        return Moments(second=self._second / self._count, mean=self._mean / self._count, count=self._count)


def _spread(samples: NDArray[np.intp], positions: int, most: int) -> NDArray[np.intp]:
    """`most` of the positions for each sample, (samples, most): a walk by the golden section, which fills them evenly.

    It goes on from sample to sample, so that `positions` places one after the other are all there are.
    """
    step = max(1, round(_GOLDEN * positions))
    while math.gcd(step, positions) > 1:
        step += 1
    return (samples[:, np.newaxis] * most + np.arange(most)) * step % positions


def _checked_numbers(network: Network, numbers: Sequence[int] | None) -> tuple[int, ...]:
    if numbers is None:
        return network.weighted
    for number in numbers:
        if number not in network.weighted:
            raise InputError("numbers", f"of layers with weights: {', '.join(map(str, network.weighted))}", number)
    return tuple(numbers)
