"""Banks of some number of components: how accurate they are, and how many of them are good."""

from __future__ import annotations

from dataclasses import dataclass

from rescircuit.checks import Array
from rescircuit.theory.densities import predicted_quantile, uncovered
from rescircuit.theory.intervals import quantile_interval, wilson_interval

__all__ = ["RequiredSize", "SizePoint", "Yield"]


@dataclass(frozen=True, kw_only=True)
class Yield:
    """The share of good banks, with its limits at 95 %.

    Attributes
    ----------
    n : int
    good, samples : int
    """

    n: int
    good: int
    samples: int

    @property
    def share(self) -> float:
        """Good ones among the samples."""
        return self.good / self.samples

    @property
    def limits(self) -> tuple[float, float]:
        """Wilson's, at 95 %."""
        low, high = wilson_interval(self.good, self.samples)
        return low, high

    def __str__(self) -> str:
        low, high = self.limits
        return f"{self.share:.2%} ({low:.2%} to {high:.2%})"


@dataclass(frozen=True, kw_only=True)
class RequiredSize:
    """The least n whose yield is proved by simulation, at a confidence of 95 %.

    Attributes
    ----------
    n : int
    accuracy : float
        Of the full scale.
    asked : float
        The yield asked for; the lower limit of `reached` is not below it.
    reached : Yield
        Of n components.
    one_less : Yield or None
        Of one component less, by the same number of samples: its lower limit is below. None for n = 1.
    least : int
        Below which no n can do, as ``2**n`` sums do not cover the range.
    seed : int
    """

    n: int
    accuracy: float
    asked: float
    reached: Yield
    one_less: Yield | None
    least: int
    seed: int


@dataclass(frozen=True, kw_only=True, eq=False)
class SizePoint:
    """The worst targets' errors of banks of n components.

    Attributes
    ----------
    n : int
    worst : array (samples,)
        The largest error of any target of the range, relative to the full scale.
    densities : array (samples, m)
        Of sums over the range, for each unit of full scale.
    width : float
        Of the range, in full scales.
    """

    n: int
    worst: Array
    densities: Array
    width: float

    def accuracy(self, asked: float) -> tuple[float, float, float]:
        """The accuracy that a share `asked` of the banks has, and its limits at 95 %."""
        return quantile_interval(self.worst, asked)

    def predicted(self, asked: float) -> float:
        """What the densities promise of it; infinite where targets are out of reach."""

        def larger(error: float) -> float:
            return float(uncovered(self.densities, self.width, error).mean())

        return predicted_quantile(larger, asked, 10.0)

    def good(self, accuracy: float) -> Yield:
        """The yield at an accuracy."""
        return Yield(n=self.n, good=int((self.worst <= accuracy).sum()), samples=self.worst.size)
