"""Statistical mechanics of number partitioning in closed form: mean energy and entropy against temperature.

The energy of signs sigma is ``E = |sigma . X|`` (Mertens 1998; Kumar 2025, section 3.2). With ``Q = sum(X**2)`` the
saddle point gives ``Z = 2**n sqrt(2 / (pi Q)) coth(beta)`` for integers: the density of differences at 0 times the sum
of ``exp(-beta |d|)`` over even d. Three things are added here to compare with finite instances:

- Where the items' sum is odd, so is d, and the sum is ``1 / sinh(beta)``.
- The saddle point takes the density of d as constant, which holds for temperatures far below ``sqrt(Q)``. The normal
  law with the fourth cumulant of a sum of signs, ``w = sum(X**4) / Q**2``, holds for all: a factor
  ``W(b) = w0 - (w / 12) (b**4 (w0 - 1) + b**2)``, ``w0 = sqrt(pi / 2) b erfcx(b / sqrt(2))``, ``b = beta sqrt(Q)``.
- Where few states are within reach, at temperatures of the order of ``T_0 = sqrt(2 pi Q) / 2**n`` in the phase without
  solutions, the mean of ``log(Z)`` is not the logarithm of the mean. There the pairs' energies are points of a Poisson
  process of the rate ``1 / T_0`` (Borgs, Chayes and Pittel 2001, theorem 2.8), for which, with ``t = T / T_0`` and
  ``Ein(s)`` the integral of ``(1 - exp(-u)) / u`` from 0 to s,
  ``E[log Z] = log 2 + int (exp(-s) - exp(-t Ein(s))) ds / s`` and ``E[<E>] / T = t int Ein(s) exp(-t Ein(s)) ds / s``:
  the energy falls to T_0 and no lower, and the entropy to log 2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import erfcx, exp1

from rescircuit.checks import Array

__all__ = ["closed_form", "freezing", "ground_temperature", "saddle_point"]

_LARGE = 100.0  # b from which the series in 1 / b is exact enough
_LOW, _HIGH, _STEPS = -45.0, 8.0, 5301  # log(s): above, Ein(s) = log(s) + gamma to the last bit


def ground_temperature(n: int, squares: Any, fourths: Any = 0.0) -> Any:
    """``T_0 = sqrt(2 pi Q) / 2**n``: the mean ground state where there is no solution.

    Parameters
    ----------
    n : int
    squares : array
        Q.
    fourths : array, optional
        ``sum(X**4)``, for the correction ``1 / (1 - w / 4)``.
    """
    return np.sqrt(2.0 * math.pi * squares) / 2.0**n / (1.0 - 0.25 * fourths / squares**2)


def saddle_point(n: int, squares: Any, temperatures: Any) -> tuple[Any, Any]:
    """Mean energy and entropy (nats) by the saddle point, as published, for integers of even sum.

    ``<E> = 2 / sinh(2 beta)``, that is ``(coth**2 - 1) / coth``, and ``S = beta <E> + log Z``.
    """
    beta = 1.0 / temperatures
    return _with_entropy(_log_density(n, squares) + _log_lattice(beta, odd=False), _lattice_energy(beta, False), beta)


def closed_form(n: int, squares: Any, fourths: Any, odd: bool, temperatures: Any) -> tuple[Any, Any]:
    """Mean energy and entropy (nats) at any temperature, where many states are within reach.

    Parameters
    ----------
    n : int
    squares, fourths : array
        ``sum(X**2)`` and ``sum(X**4)``.
    odd : bool
        Whether the items' sum is.
    temperatures : array
        In the items' unit; broadcast.
    """
    beta = 1.0 / temperatures
    root = np.sqrt(squares)
    factor, slope = _envelope(beta * root, fourths / squares**2)
    log_z = _log_density(n, squares) + _log_lattice(beta, odd) + np.log(factor)
    energy = _lattice_energy(beta, odd) - root * slope / factor
    return _with_entropy(log_z, np.maximum(energy, float(odd)), beta)  # the width is nothing to the lowest levels


def freezing(ratios: Array) -> tuple[Array, Array]:
    """What few states within reach change, averaged over instances without solutions.

    Parameters
    ----------
    ratios : array (k,)
        ``t = T / T_0``, above 0.

    Returns
    -------
    tuple of array (k,)
        What the mean energy is above T, in T; and what the mean of ``log(Z)`` is above ``log(2 t)``.
    """
    places = np.linspace(_LOW, _HIGH, _STEPS)
    s = np.exp(places)
    ein = np.where(s < 1e-6, s, np.euler_gamma + places + exp1(s))
    step = places[1] - places[0]
    reached = np.exp(-np.multiply.outer(ratios, ein))
    end = ein[-1]
    tail = np.exp(-ratios * end)
    energy = ratios * (_trapezoid(reached * ein, step) + tail * (end / ratios + 1.0 / ratios**2))
    log_z = _trapezoid(np.exp(-s) - reached, step) - tail / ratios
    return energy - 1.0, log_z - np.log(ratios)


def _with_entropy(log_z: Any, energy: Any, beta: Any) -> tuple[Any, Any]:
    return energy, log_z + beta * energy


def _log_density(n: int, squares: Any) -> Any:
    return n * math.log(2.0) + 0.5 * np.log(2.0 / (math.pi * squares))


def _log_lattice(beta: Any, odd: bool) -> Any:
    """``log(coth(beta))`` or ``-log(sinh(beta))``, without overflow."""
    rest = -np.log(-np.expm1(-2.0 * beta))
    return math.log(2.0) - beta + rest if odd else np.log1p(np.exp(-2.0 * beta)) + rest


def _lattice_energy(beta: Any, odd: bool) -> Any:
    """Minus the derivative of that: ``coth(beta)`` or ``2 / sinh(2 beta)``."""
    if odd:
        return 1.0 / np.tanh(beta)
    return 4.0 * np.exp(-2.0 * beta) / -np.expm1(-4.0 * beta)


def _envelope(b: Any, ratio: Any) -> tuple[Any, Any]:
    """``W(b)`` and its derivative."""
    near = np.minimum(b, _LARGE)
    far = np.maximum(b, _LARGE) ** -2.0
    w0 = math.sqrt(0.5 * math.pi) * near * erfcx(near / math.sqrt(2.0))
    slope = w0 * (1.0 / near + near) - near
    bent = near**4 * (w0 - 1.0) + near**2
    bent_slope = 4.0 * near**3 * (w0 - 1.0) + near**4 * slope + 2.0 * near
    is_far = b > _LARGE
    w0, slope = np.where(is_far, 1.0 - far + 3.0 * far**2, w0), np.where(is_far, 2.0 * far**1.5, slope)
    bent, bent_slope = np.where(is_far, 3.0 - 15.0 * far, bent), np.where(is_far, 30.0 * far**1.5, bent_slope)
    return w0 - ratio / 12.0 * bent, slope - ratio / 12.0 * bent_slope


def _trapezoid(values: Array, step: float) -> Array:
    return step * (values.sum(axis=-1) - 0.5 * (values[..., 0] + values[..., -1]))
