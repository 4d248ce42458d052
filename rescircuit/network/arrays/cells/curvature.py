"""How cells' currents bend: one number each, by least squares."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rescircuit.checks import Array

__all__ = ["curvature"]

# Gauss-Legendre on (0, 1): exact for the polynomials of degree 4 that a linear change of the conductance brings.
_NODES, _WEIGHTS = (
    (1.0 + np.polynomial.legendre.leggauss(3)[0]) / 2.0,
    np.polynomial.legendre.leggauss(3)[1] / 2.0,
)


def curvature(relative: Callable[[float], Array]) -> Array:
    """The a of ``g V (1 + a (V / v_read - 1))`` that is nearest to the current, in the mean square from 0 to `v_read`.

    Parameters
    ----------
    relative : callable
        The conductance at a share of `v_read`, relative to that at `v_read`.
    """
    above: Array | float = 0.0
    below = 0.0
    for share, weight in zip(_NODES, _WEIGHTS, strict=True):
        above = above + weight * share * share * (share - 1.0) * (relative(float(share)) - 1.0)
        below += weight * (share * (share - 1.0)) ** 2
    return np.asarray(above / below)
