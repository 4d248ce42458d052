"""The constant in Lueker's theorem: how many items each further bit of accuracy takes, measured.

Lueker (1998): ``n >= C log(1 / eps)`` items reach all targets of an interval within eps, with a probability near 1. No
C below 1 (with binary logarithms) can do, as 2**n sums cover at most ``2**n 2 eps``. Da Cunha (2023, lemma 2.2.6)
proves it with ``C' = 60 / log(17 / 16)`` for almost all of the interval, and three times that for all of it. What
is measured here is the slope of the worst error's logarithm against n.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array, positive_number
from rescircuit.errors import InputError
from rescircuit.tables import Table
from rescircuit.theory.findings import known, range_text, with_limits
from rescircuit.theory.intervals import resampled

__all__ = [
    "INFORMATION_BOUND",
    "PROOF_CONSTANT",
    "LuekerFit",
    "constants_table",
    "fit_constant",
    "fit_line",
    "remarks_on",
]

PROOF_CONSTANT = 60.0 / math.log2(17.0 / 16.0)
"""Items a bit in da Cunha's proof (2023, lemma 2.2.6), for all but a share eps / 2 of the interval."""

INFORMATION_BOUND = 1.0
"""Items a bit below which no set of items can go: each doubles the number of sums, and no more."""

_FIRST = 10  # the smallest n that is fitted: below, sums are too few for a law of large numbers
_FEWEST = 3
_RESAMPLES = 200
_NORMAL = 1.959964  # both sides together: 95 %


@dataclass(frozen=True, kw_only=True)
class LuekerFit:
    """Lueker's constant of one population, with limits at 95 %.

    Attributes
    ----------
    sizes : tuple of int
        What was fitted.
    constant, low, high : float
        Items a bit over these sizes, as measured.
    intercept : float
        Of the line ``n = constant * log2(1 / eps) + intercept``.
    asymptotic, asymptotic_low, asymptotic_high : float
        Items a bit with the prediction's finite-size terms, which grow as ``log n``, taken out: one over one minus the
        slope of ``log2(measured / predicted)``. 1 says that what the prediction leaves out does not grow with n.
    misfit, asymptotic_misfit : float
        Chi-square of both lines over their degrees of freedom; error bars are widened by its root where it is above 1.
    """

    sizes: tuple[int, ...]
    constant: float
    low: float
    high: float
    intercept: float
    asymptotic: float
    asymptotic_low: float
    asymptotic_high: float
    misfit: float
    asymptotic_misfit: float

    def as_dict(self) -> dict[str, Any]:
        """All of it; None for limits that are infinite."""
        numbers = {name: value for name, value in asdict(self).items() if name != "sizes"}
        finite = {name: known(value) for name, value in numbers.items()}
        return {"sizes": list(self.sizes), **finite}


def fit_constant(
    worst: Mapping[int, Array], predicted: Mapping[int, float], *, failures: float, seed: int
) -> LuekerFit | None:
    """Fit the constant to worst errors, or None where fewer than three sizes of at least 10 items are known.

    Parameters
    ----------
    worst : mapping
        From n to the worst error of each sample, (samples,).
    predicted : mapping
        From n to the predicted quantile; sizes at which it is infinite are left out.
    failures : float
        The quantile at one minus this is fitted.
    seed : int
        Of the resampling that gives the quantiles' error bars.
    """
    sizes = [n for n in sorted(worst) if n >= _FIRST and math.isfinite(predicted[n])]
    if len(sizes) < _FEWEST:
        return None
    logs, bars = np.transpose([_log_quantile(worst[n], 1.0 - failures, n, seed) for n in sizes])
    bits = np.array([math.log2(predicted[n]) for n in sizes])
    numbers = np.array(sizes, dtype=np.float64)
    slope, slope_bar, level, misfit = fit_line(numbers, logs, bars)
    drift, drift_bar, _, drift_misfit = fit_line(numbers, logs - bits, bars)
    half, drift_half = _NORMAL * slope_bar, _NORMAL * drift_bar
    return LuekerFit(
        sizes=tuple(sizes),
        constant=-1.0 / slope,
        low=-1.0 / (slope - half),
        high=_inverse(-slope - half),
        intercept=-level / slope,
        asymptotic=1.0 / (1.0 - drift),
        asymptotic_low=1.0 / (1.0 - drift + drift_half),
        asymptotic_high=_inverse(1.0 - drift - drift_half),
        misfit=misfit,
        asymptotic_misfit=drift_misfit,
    )


def fit_line(x: Array, y: Array, bars: Array) -> tuple[float, float, float, float]:
    """Weighted least squares of a line.

    Parameters
    ----------
    x, y, bars : array (k,)
        Points, and the standard deviations of `y`, above 0; k at least 3.

    Returns
    -------
    tuple of float
        The slope, its standard deviation (times the root of the misfit where that is above 1), the value at 0, and
        chi-square over the degrees of freedom, k - 2.
    """
    x, y, bars = (finite_array(name, each) for name, each in (("x", x), ("y", y), ("bars", bars)))
    if not x.shape == y.shape == bars.shape or x.ndim != 1 or x.size < _FEWEST:
        raise InputError("x", f"as long as y and bars, at least {_FEWEST}", f"{x.shape}, {y.shape}, {bars.shape}")
    weights = 1.0 / np.square(bars)
    middle = float(weights @ x / weights.sum())
    width = float(weights @ np.square(x - middle))
    slope = float(weights @ ((x - middle) * y)) / width
    level = float(weights @ y / weights.sum()) - slope * middle
    misfit = float(weights @ np.square(y - level - slope * x)) / (x.size - 2)
    return slope, math.sqrt(max(misfit, 1.0) / width), level, misfit


def constants_table(fits: Mapping[str, LuekerFit]) -> Table:
    """The constants by population's name."""
    rows = tuple(
        (
            name,
            f"{fit.sizes[0]} to {fit.sizes[-1]}",
            with_limits(fit.constant, fit.low, fit.high, ".3f"),
            f"{fit.misfit:.1f}",
            with_limits(fit.asymptotic, fit.asymptotic_low, fit.asymptotic_high, ".3f"),
            f"{fit.asymptotic_misfit:.1f}",
            f"n = {fit.constant:.2f} log2(1/eps) {'+-'[fit.intercept < 0]} {abs(fit.intercept):.2f}",
        )
        for name, fit in fits.items()
    )
    columns = ("", "n", "items a bit", "chi2/dof", "finite size taken out", "chi2/dof", "line")
    return Table(title="Lueker's constant, items a bit of accuracy", columns=columns, rows=rows)


def remarks_on(fits: Mapping[str, LuekerFit], failures: float) -> tuple[str, ...]:
    """How the constants compare with the least there can be and with the proof's."""
    constants = [fit.constant for fit in fits.values()]
    agree = [name for name, fit in fits.items() if fit.asymptotic_low <= INFORMATION_BOUND <= fit.asymptotic_high]
    others = [name for name in fits if name not in agree]
    proof = (
        f"All targets of the interval are reached with probability {1.0 - failures:g} at "
        f"{range_text(constants)} items a bit; no set of items can do with fewer than 1, and the "
        f"proof of da Cunha (2023, lemma 2.2.6) asks for 60 / log2(17/16) = {PROOF_CONSTANT:.0f}, three times that for "
        f"all targets: its constant is {PROOF_CONSTANT / max(constants):.0f} times too large or more."
    )
    terms = (
        "With the terms taken out that grow as log n alone, the constant agrees with 1 within its error bars for "
        f"{', '.join(agree) if agree else 'none'}"
    )
    rest = (
        f"; not for {', '.join(others)} at these sizes (below 1: small n fare worse than predicted)" if others else ""
    )
    return proof, f"{terms}{rest}."


def _log_quantile(values: Array, share: float, n: int, seed: int) -> tuple[float, float]:
    """The binary logarithm of a quantile, and its standard deviation by drawing the values again with replacement."""
    positive_number(f"worst error at n = {n}", float(values.min()))
    logs = np.log2(values)
    again = [np.quantile(each, share) for each in resampled(logs, _RESAMPLES, seed=seed, source=str(n))]
    return float(np.quantile(logs, share)), max(float(np.std(again, ddof=1)), 1e-9)


def _inverse(value: float) -> float:
    """Of a limit: infinite where the slope may be nothing."""
    return 1.0 / value if value > 0 else math.inf
