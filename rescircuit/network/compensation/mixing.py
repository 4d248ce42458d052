"""Fixed points of a slow iteration, sooner: Anderson's acceleration."""

from __future__ import annotations

import numpy as np

from rescircuit.checks import Array

__all__ = ["Mixing"]

_REMEMBERED = 8  # steps that are combined


class Mixing:
    """The combination of the last steps that, were the iteration linear in them, would leave no further step.

    See Walker and Ni, SIAM J. Numer. Anal. 49, 1715, 2011, algorithm AA in its unconstrained form.
    """

    def __init__(self) -> None:
        self._points: list[Array] = []
        self._steps: list[Array] = []

    def next(self, point: Array, step: Array) -> Array:
        """Where to go on from `point`, where the plain iteration would take `step`; arrays of one shape."""
        self._points = [*self._points[-_REMEMBERED:], point.ravel()]
        self._steps = [*self._steps[-_REMEMBERED:], step.ravel()]
        if len(self._steps) == 1:
            return point + step
        steps = np.diff(self._steps, axis=0).T
        points = np.diff(self._points, axis=0).T
        parts = np.linalg.lstsq(steps, self._steps[-1], rcond=1e-12)[0]
        return point + step - ((points + steps) @ parts).reshape(point.shape)
