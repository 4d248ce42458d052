"""The answers of a network that classifies: the number of its largest output, and labels to compare it with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import finite_array
from rescircuit.errors import InputError
from rescircuit.network.layers import Network

__all__ = ["answers_of", "checked_labels", "has_answers"]


def has_answers(network: Network) -> bool:
    """Whether its outputs are scores, one for each of several classes; a single output or a picture is no answer."""
    return len(network.output_shape) == 1 and network.outputs > 1


def answers_of(outputs: Any) -> NDArray[np.intp]:
    """The number of the largest of the last axis's outputs (k, classes): (k,)."""
    return np.argmax(outputs, axis=-1)


def checked_labels(argument: str, labels: Any, count: int, network: Network) -> NDArray[np.intp]:
    """Labels (k,), one for each of `count` inputs.

    Raises
    ------
    InputError
        For another shape, what is not the number of an output, or a network without answers.
    """
    if not has_answers(network):
        raise InputError(
            argument, "left out for a network whose outputs are no scores", f"shape {network.output_shape}"
        )
    values = finite_array(argument, labels)
    if values.shape != (count,):
        raise InputError(argument, f"of shape ({count},), one label an input", f"shape {values.shape}")
    wrong = (values != values.round()) | (values < 0) | (values >= network.outputs)
    if wrong.any():
        required = f"whole numbers from 0 to {network.outputs - 1}, the outputs' numbers"
        raise InputError(argument, required, float(values[wrong][0]))
    return values.astype(np.intp)
