"""A design rule for the number of components in a bank, fitted to simulations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.theory.gaps import LARGEST_ENUMERATED
from rescircuit.theory.intervals import resampled
from rescircuit.theory.sizing import checked_share
from rescircuit.theory.sizing_points import SizePoint

__all__ = ["YIELDS", "SizingRule", "check_fit", "fit_rule"]

YIELDS = (0.5, 0.9, 0.99)

_RESAMPLES = 100


@dataclass(frozen=True, kw_only=True)
class SizingRule:
    """``n = start + per_bit * log2(1 / accuracy) + per_halving * log2(1 / (1 - yield)) + margin``, rounded upwards.

    Attributes
    ----------
    start, per_bit, per_halving : float
        Fitted by least squares to what was measured; `per_halving` items halve the share of bad banks.
    start_bar, per_bit_bar, per_halving_bar : float
        Their standard deviations, by drawing the samples again with replacement.
    margin : float
        The most that the fit falls short of anything measured, items: with it the rule is on the safe side of all.
    accuracies : (float, float)
        The finest and the coarsest that were fitted.
    yields : (float, float)
        The least and the largest.
    """

    start: float
    per_bit: float
    per_halving: float
    start_bar: float
    per_bit_bar: float
    per_halving_bar: float
    margin: float
    accuracies: tuple[float, float]
    yields: tuple[float, float]

    def size(self, accuracy: float, asked: float) -> int:
        """Components by the rule."""
        return max(1, math.ceil(self.exact(accuracy, asked) + self.margin))

    def exact(self, accuracy: float, asked: float) -> float:
        """The fit, neither rounded nor with its margin."""
        return self.start - self.per_bit * math.log2(accuracy) - self.per_halving * math.log2(1.0 - asked)

    def __str__(self) -> str:
        return (
            f"n = {self.start + self.margin:.2f} + {self.per_bit:.3f} log2(1/accuracy) + "
            f"{self.per_halving:.3f} log2(1/(1 - yield)), rounded upwards"
        )


def fit_rule(points: Sequence[SizePoint], yields: Sequence[float] = YIELDS, *, seed: int = 1) -> SizingRule:
    """Fit the rule to the accuracies measured at `yields`.

    Raises
    ------
    InputError
        For fewer than three sizes or two yields.
    """
    shares = [checked_share("yields", each) for each in yields]
    check_fit([point.n for point in points], shares)
    sizes = np.repeat([point.n for point in points], len(shares))
    halvings = np.tile(-np.log2(1.0 - np.array(shares)), len(points))
    bits = np.array([-np.log2(np.quantile(point.worst, shares)) for point in points]).reshape(-1)
    found = _solved(sizes, bits, halvings)
    again = [_solved(sizes, each, halvings) for each in _resampled(points, shares, seed)]
    bars = np.std(again, axis=0, ddof=1)
    short = sizes - np.column_stack([np.ones_like(bits), bits, halvings]) @ found
    return SizingRule(
        start=float(found[0]),
        per_bit=float(found[1]),
        per_halving=float(found[2]),
        start_bar=float(bars[0]),
        per_bit_bar=float(bars[1]),
        per_halving_bar=float(bars[2]),
        margin=max(0.0, float(short.max())),
        accuracies=(float(2.0 ** -bits.max()), float(2.0 ** -bits.min())),
        yields=(min(shares), max(shares)),
    )


def check_fit(sizes: Sequence[int], shares: Sequence[float]) -> None:
    """Refuse sizes and yields too few for the rule."""
    if len(sizes) < 3 or len(set(shares)) < 2:
        raise InputError("sizes", f"at least three of 1 to {LARGEST_ENUMERATED}, and at least two yields", list(sizes))


def _solved(sizes: Any, bits: Array, halvings: Array) -> Array:
    columns = np.column_stack([np.ones_like(bits), bits, halvings])
    return np.linalg.lstsq(columns, sizes.astype(np.float64), rcond=None)[0]


def _resampled(points: Sequence[SizePoint], shares: Sequence[float], seed: int) -> Iterator[Array]:
    """The measured bits, of samples drawn again with replacement."""
    drawn = [resampled(point.worst, _RESAMPLES, seed=seed, source=str(point.n)) for point in points]
    for again in zip(*drawn, strict=True):
        yield np.array([-np.log2(np.quantile(worst, shares)) for worst in again]).reshape(-1)
