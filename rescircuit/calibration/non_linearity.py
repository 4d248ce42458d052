"""A converter's integral non-linearity: smooth random curves of known covariance."""

from __future__ import annotations

import math

import numpy as np

from rescircuit.checks import Array

__all__ = ["INL_SPREADS", "inl_modes"]

_MODES = 4
# Relative standard deviations of the modes' weights: the bow is the largest, and the squares sum to 1.
INL_SPREADS = np.array([1.0 / k for k in range(1, _MODES + 1)])
INL_SPREADS = INL_SPREADS / math.sqrt(math.fsum(INL_SPREADS**2))
INL_SPREADS.flags.writeable = False


def inl_modes(place: Array) -> Array:
    """Smooth deviations of a converter's curve, zero at both ends and 1 rms over the range: bow, S, and two more.

    Integrated Legendre polynomials ``P[k + 1] - P[k - 1]``, k = 1 to 4, which need additions and multiplications
    alone and are therefore the same bits everywhere.

    Parameters
    ----------
    place : array (...)
        Place in the range, 0 to 1.

    Returns
    -------
    array (4, ...)
    """
    x = 2.0 * place - 1.0
    legendre = [np.ones_like(x), x]
    for k in range(1, _MODES + 1):
        legendre.append(((2 * k + 1) * x * legendre[k] - k * legendre[k - 1]) / (k + 1))
    rms = [math.sqrt(1.0 / (2 * k + 3) + 1.0 / (2 * k - 1)) for k in range(1, _MODES + 1)]
    return np.stack([(legendre[k + 1] - legendre[k - 1]) / rms[k - 1] for k in range(1, _MODES + 1)])
