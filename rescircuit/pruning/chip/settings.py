"""How random conductances stand for weights: which cells a weight has, and what stands for a weight of 1."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.network.arrays import ArraySpec

__all__ = ["SIGNS", "SPREADS", "Signs", "check_spec", "checked_signs", "siemens_per_weight"]

Signs = Literal["column", "differential"]
SIGNS: tuple[str, ...] = get_args(Signs)
# Of weights, with which perceptrons of 20 to 500 units learn images of pixels from 0 to 1 best at the trainer's rate.
SPREADS: dict[str, float] = {"column": 1.4, "differential": 2.0}


def checked_signs(signs: Any) -> Signs:
    """One of `SIGNS`."""
    if signs not in SIGNS:
        raise InputError("signs", f"one of {', '.join(SIGNS)}", signs)
    return signs


def check_spec(spec: Any) -> None:
    """Refuse arrays on which weights have no two banks each, or that share one layer's positions between copies.

    Raises
    ------
    InputError
        For what is no ArraySpec; cells other than banks; references in place of pairs; copies, whose cells differ; or
        biases on a word line, which masks would have to be trained for.
    """
    if not isinstance(spec, ArraySpec):
        raise InputError("spec", "an ArraySpec", spec)
    if spec.cells != "banks":
        raise InputError("cells", '"banks": a mask is a setting of switches', spec.cells)
    if spec.scheme == "offset":
        raise InputError("scheme", '"middle" or "one_side": each weight has two banks of its own', spec.scheme)
    if spec.positions_per_copy is not None:
        hint = "Each copy has other resistors, and would need masks of its own."
        raise InputError("positions_per_copy", "None", spec.positions_per_copy, hint)
    if spec.bias != "digital":
        raise InputError("bias", '"digital"', spec.bias)


def siemens_per_weight(items: Array, signs: Signs, inputs: int, spread: float) -> float:
    """The difference of conductances that stands for a weight of 1.

    With each bit of the mask set by the toss of a coin, the weights' root mean square is then `spread` times
    ``sqrt(2 / inputs)``, that of He et al. (2015).

    Parameters
    ----------
    items : array (..., 2, n)
        What closing each switch adds to the conductance of the positive bank and of the negative one, siemens.
    signs : "column" or "differential"
    inputs : int
        Of each output.
    spread : float

    Raises
    ------
    InputError
        For switches that add nothing.
    """
    signed = items * np.array([[1.0], [-1.0]])
    steps = signed if signs == "column" else signed.sum(axis=-2, keepdims=True)
    flat = steps.reshape(-1, steps.shape[-2] * steps.shape[-1])
    # Of a sum of terms that are there or not, each with chance 1/2: the mean's square and the variance.
    mean_square = 0.25 * np.square(flat.sum(axis=-1)) + 0.25 * np.square(flat).sum(axis=-1)
    found = math.sqrt(float(mean_square.mean()))
    if not found > 0:
        hint = "A difference of pairs needs resistors that vary; or use signs by column."
        raise InputError("spec", "one whose switches change a weight", "none that does", hint)
    return found / (spread * math.sqrt(2.0 / inputs))
