"""What is known of a network's run with some effects: its errors, its answers, and how sure these are."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["LayerError", "Run"]

_SURE = 2.0  # standard errors beyond which a difference of accuracies is not called noise
_QUANTILE = 1.959964  # of the normal distribution, for intervals of 95 %


@dataclass(frozen=True, kw_only=True)
class LayerError:
    """How wrong a layer with weights is.

    Attributes
    ----------
    name : str
        Of the layer.
    propagated : float
        Error of its output in the run, rms over all inputs and outputs, relative to the digital output's rms: its own
        error and what the layers before it hand on.
    local : float
        The same where the layer is fed with the digital network's own activations: its own error alone.
    gain : float
        Of this own error, the part that all outputs share: what the weighted sums, without their biases, are on the
        whole in proportion to the digital ones, by least squares.
    uneven : float
        What is left of the own error when the weighted sums are divided by `gain`, relative to their digital rms.
    """

    name: str
    propagated: float
    local: float
    gain: float = 1.0
    uneven: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Run:
    """Inputs through a chip with some of its effects.

    Attributes
    ----------
    effects : tuple of str
        The effects that are on; none is the digital network.
    inputs : int
        How many.
    error : float
        Error of the outputs, rms over all of them, relative to the digital outputs' rms.
    same_answer : float or None
        The share of inputs whose largest output is the digital network's; ``None`` where outputs are no scores.
    accuracy : float or None
        The share of inputs whose largest output is the right one; ``None`` without labels.
    lost, won : int
        Inputs that the digital network has right and this run wrong, and the other way round; 0 without labels.
    layers : tuple of LayerError
        Of the layers with weights, in their order.
    """

    effects: tuple[str, ...]
    inputs: int
    error: float
    same_answer: float | None
    accuracy: float | None
    lost: int = 0
    won: int = 0
    layers: tuple[LayerError, ...]

    @property
    def accuracy_interval(self) -> tuple[float, float] | None:
        """Wilson's (1927) interval of 95 %: what these inputs, as a sample, say of the accuracy on all inputs."""
        if self.accuracy is None:
            return None
        weight = _QUANTILE**2 / self.inputs
        middle = (self.accuracy + weight / 2) / (1.0 + weight)
        half = math.sqrt(self.accuracy * (1.0 - self.accuracy) * weight + weight**2 / 4) / (1.0 + weight)
        return max(middle - half, 0.0), min(middle + half, 1.0)

    @property
    def change(self) -> float | None:
        """The accuracy less the digital one."""
        return None if self.accuracy is None else (self.won - self.lost) / self.inputs

    @property
    def change_error(self) -> float | None:
        """The standard error of `change` if there were none: both runs share their inputs (McNemar 1947)."""
        return None if self.accuracy is None else math.sqrt(self.won + self.lost) / self.inputs

    @property
    def within_noise(self) -> bool | None:
        """Whether the accuracy differs from the digital one by no more than chance would explain."""
        if self.accuracy is None:
            return None
        return abs(self.won - self.lost) <= _SURE * math.sqrt(self.won + self.lost)

    def fewer_right_than(self, other: Run) -> bool:
        """Whether fewer answers are right than in another run over the same inputs, by more than chance would explain.

        McNemar's (1947) test, of the inputs on which the two runs differ. These are not counted; they are at most those
        on which either differs from the digital network, which are taken in their place: the test errs towards noise.
        """
        if self.accuracy is None or other.accuracy is None:
            return False
        fewer = (other.won - other.lost) - (self.won - self.lost)
        return fewer > _SURE * math.sqrt(self.won + self.lost + other.won + other.lost)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        interval = self.accuracy_interval
        return {
            "effects": list(self.effects),
            "error": self.error,
            "same_answer": self.same_answer,
            "accuracy": self.accuracy,
            "accuracy_interval": interval if interval is None else list(interval),
            "change": self.change,
            "change_error": self.change_error,
            "within_noise": self.within_noise,
            "layers": [layer.as_dict() for layer in self.layers],
        }
