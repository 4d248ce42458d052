"""How cells' currents bend: one number each, by least squares."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import roots_jacobi

from rescircuit.checks import Array

__all__ = ["curvature"]

# The normal equation of the fit weighs the conductance at a share u of the read voltage by u² (1 - u). Gauss's rule of
# two nodes for this weight is exact where the conductance is a polynomial of the voltage up to degree 3.
_ROOTS, _WEIGHTS = roots_jacobi(2, 1, 2)
_NODES = (1.0 + _ROOTS) / 2.0
_SHARES = _WEIGHTS / _WEIGHTS.sum()
_FACTOR = 30.0 / 12.0  # of the integrals of u² (1 - u) and of u² (1 - u)²


def curvature(relative: Callable[[float], Array]) -> Array:
    """The a of ``g V (1 + a (V / v_read - 1))`` that is nearest to the current, in the mean square from 0 to `v_read`.

    Parameters
    ----------
    relative : callable
        The conductance at a share of `v_read`, relative to that at `v_read`.
    """
    return _FACTOR * sum(
        (share * (1.0 - relative(float(node))) for node, share in zip(_NODES, _SHARES, strict=True)), np.zeros(())
    )
