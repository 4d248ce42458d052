"""Inputs through a chip with each cause alone, with all but each, and with all together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.network.answers import answers_of, checked_labels, has_answers
from rescircuit.network.explaining.explanation import CAUSES, Explanation
from rescircuit.network.explaining.runs import LayerError, Run
from rescircuit.network.inference.effects import checked_effects
from rescircuit.network.inference.threads import in_threads
from rescircuit.network.layers import Layer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rescircuit.network.inference import AnalogNetwork

__all__ = ["explain"]


def explain(
    analog: AnalogNetwork,
    x: Any,
    y: Any | None = None,
    *,
    causes: Iterable[str] | None = None,
    progress: Callable[[str, float, float], None] | None = None,
) -> Explanation:
    """Where a chip's loss comes from: inputs with each cause alone, with all but each, with all together.

    Causes do not add: a cause may hide another, or make it worse. What one alone makes, and what is left without it,
    are therefore both measured, and the sum of the squares of the single errors stands beside the error of all.

    Parameters
    ----------
    analog : AnalogNetwork
        The chip; the causes are those of its effects that are switched on and that it has.
    x : array (k, *input_shape)
        Inputs.
    y : int array (k,), optional
        The number of the output that is right, for accuracies.
    causes : iterable of str, optional
        The causes to look at, of ``analog.effects``; all others are off throughout. By default all.
    progress : callable, optional
        Called with (what is under way, steps done, steps in all).

    Returns
    -------
    Explanation

    Raises
    ------
    InputError
        For inputs and labels of other shapes, and causes that the chip does not have.
    """
    network = analog.network
    inputs, _ = analog.checked_inputs(x)
    labels = None if y is None else checked_labels("y", y, len(inputs), network)
    chosen = _chosen(analog.effects, causes)
    runs = _Runs(analog, inputs, labels)
    cases: list[tuple[str, tuple[str, ...]]] = [
        *((f"{CAUSES[cause]} alone", (cause,)) for cause in chosen),
        *((f"all but {CAUSES[cause]}", tuple(other for other in chosen if other != cause)) for cause in chosen),
        ("all together", chosen),
    ]
    found: dict[tuple[str, ...], Run] = {(): runs.digital()}
    for k, (name, effects) in enumerate(cases):
        if progress is not None:
            progress(name, k, len(cases))
        if effects not in found:  # with one or two causes, cases coincide
            found[effects] = runs.run(effects)
    if progress is not None:
        progress("all together", len(cases), len(cases))
    return Explanation(
        spec=analog.spec,
        compensation=tuple(sorted(analog.compensation)),
        digital=found[()],
        together=found[chosen],
        alone={cause: found[cause,] for cause in chosen},
        without={cause: found[tuple(other for other in chosen if other != cause)] for cause in chosen},
        tile_lines=_lines_in_use(analog),
        tiles=tuple(len(layer.tiles) for layer in analog.layers),
    )


def _lines_in_use(analog: AnalogNetwork) -> tuple[int, int]:
    """The most word lines, and the most bit lines, of any tile."""
    shapes = [tile.shape for layer in analog.layers for tile in layer.tiles]
    return max(rows for rows, _ in shapes), max(cols for _, cols in shapes)


class _Runs:
    """Runs of a chip and of its network over the same inputs, part by part: few activations are held at once."""

    def __init__(self, analog: AnalogNetwork, inputs: Array, labels: NDArray[np.intp] | None) -> None:
        self._analog = analog
        self._inputs = inputs
        self._labels = labels
        self._scored = has_answers(analog.network)
        self._answers = np.zeros(0, int)

    def digital(self) -> Run:
        """The network itself, whose answers the others are compared with."""
        network = self._analog.network
        if self._scored:
            self._answers = answers_of(network(self._inputs))
        right = self._right(self._answers)
        return Run(
            effects=(),
            inputs=len(self._inputs),
            error=0.0,
            same_answer=1.0 if self._scored else None,
            accuracy=None if right is None else float(right.mean()),
            layers=tuple(
                LayerError(name=layer.weighted.name, propagated=0.0, local=0.0) for layer in self._analog.layers
            ),
        )

    def run(self, effects: tuple[str, ...]) -> Run:
        """The chip with these effects alone."""
        chip = self._analog.with_effects(effects)
        sums, answers = np.zeros((2 * len(chip.layers) + 1, 5)), []
        for found, outputs in in_threads(lambda part: _compared(chip, self._inputs[part], part.start), self._parts()):
            sums += found
            answers.append(answers_of(outputs) if self._scored else self._answers)
        return self._judged(effects, [_Sums(*row) for row in sums.tolist()], np.concatenate(answers))

    def _judged(self, effects: tuple[str, ...], sums: list[_Sums], answers: NDArray[np.intp]) -> Run:
        right, exact = self._right(answers), self._right(self._answers)
        *parts, outputs = sums
        return Run(
            effects=effects,
            inputs=len(self._inputs),
            error=outputs.error,
            same_answer=float((answers == self._answers).mean()) if self._scored else None,
            accuracy=None if right is None else float(right.mean()),
            lost=0 if right is None else int((exact & ~right).sum()),
            won=0 if right is None else int((right & ~exact).sum()),
            layers=tuple(
                LayerError(
                    name=layer.weighted.name,
                    propagated=run.error,
                    local=alone.error,
                    gain=alone.gain,
                    uneven=alone.uneven,
                )
                for layer, run, alone in zip(self._analog.layers, parts[0::2], parts[1::2], strict=True)
            ),
        )

    def _right(self, answers: NDArray[np.intp]) -> Any:
        return None if self._labels is None else answers == self._labels

    def _parts(self) -> list[slice]:
        """Parts of the batch, as inference has them."""
        count = self._analog.network.inputs_at_once()
        return [slice(first, first + count) for first in range(0, len(self._inputs), count)]


@dataclass(frozen=True)
class _Sums:
    """Sums of squares over inputs and outputs: of errors and of digital outputs; of sums without their biases.

    Attributes
    ----------
    errors, sizes : float
        Of a chip's outputs less the digital ones, and of these.
    exact, seen, both : float
        Of weighted sums without biases: the digital ones, the chip's, and the products of the two.
    """

    errors: float
    sizes: float
    exact: float
    seen: float
    both: float

    @property
    def error(self) -> float:
        """Rms error relative to the digital rms."""
        return math.sqrt(self.errors / self.sizes) if self.sizes else 0.0

    @property
    def gain(self) -> float:
        """The factor by which weighted sums are to be divided to have the least squared error."""
        return self.seen / self.both if self.both > 0 else 1.0

    @property
    def uneven(self) -> float:
        """That least error, relative to the digital rms of the weighted sums; of equal ones, rounding."""
        if not (self.exact and self.seen):
            return 0.0
        return math.sqrt(max(1.0 - self.both**2 / (self.exact * self.seen), 0.0))


def _compared(chip: AnalogNetwork, part: Array, first: int) -> tuple[Array, Array]:
    """A chip beside its network, on a part of a batch that begins with input `first`.

    Returns
    -------
    sums : array (2 layers + 1, 5)
        See :class:`_Sums`: for each layer with weights two rows, in the run, and fed with digital activations; and at
        the end the network's output.
    outputs : array (k, ...)
        Of the chip.
    """
    network = chip.network
    readers = {layer.number: reader for layer, reader in zip(chip.layers, chip.readers, strict=True)}

    def apply(number: int, layer: Layer, *given: Array) -> Array:
        reader = readers.get(number)
        return layer(*given) if reader is None else reader(*given, number=0, first=first)

    exact, seen = network.run(part), network.run(part, apply)
    rows = []
    for number, reader in readers.items():
        (source,) = network.sources[number]
        given = part if source < 0 else exact[source]
        bias = network.layers[number](np.zeros_like(given[:1]))
        rows.append(_sums(seen[number], exact[number], bias))
        rows.append(_sums(reader(given, number=0, first=first), exact[number], bias))
    rows.append(_sums(seen[-1], exact[-1], np.zeros(())))
    return np.array(rows), seen[-1]


def _sums(seen: Array, exact: Array, bias: Array) -> tuple[float, ...]:
    products = seen - bias, exact - bias
    pairs = ((seen - exact,) * 2, (exact, exact), (products[1],) * 2, (products[0],) * 2, products)
    return tuple(float(np.vdot(a, b)) for a, b in pairs)


def _chosen(there: frozenset[str], causes: Iterable[str] | None) -> tuple[str, ...]:
    """The causes in the order in which they act."""
    asked = there if causes is None else checked_effects(causes if not isinstance(causes, str) else (causes,))
    if absent := sorted(asked - there):
        required = f"of {', '.join(cause for cause in CAUSES if cause in there) or 'none'}, which this chip has"
        raise InputError("causes", required, ", ".join(absent))
    return tuple(cause for cause in CAUSES if cause in asked)
