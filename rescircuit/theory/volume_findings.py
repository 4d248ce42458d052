"""How the covered volume grew, beside the bounds of the proof that it must grow."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.tables import Table, figure
from rescircuit.theory.covered import growth_bound, tau_1_bound, tau_2_bound
from rescircuit.theory.findings import known, with_limits
from rescircuit.theory.intervals import mean_interval, median_interval

__all__ = ["Growth", "VolumeFindings"]

_BINS = (0.0, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 1.0)
_FEWEST_STEPS = 10
_ROUNDING = 1e-9  # of what is left: its gain would be a difference of nearly equal numbers


@dataclass(frozen=True, kw_only=True, eq=False)
class Growth:
    """The mean growth from volumes within a bin.

    Attributes
    ----------
    low, high : float
        The bin.
    steps : int
        How many were seen.
    measured : (float, float, float)
        The mean of ``v_{t+1} / v_t``, and its limits at 95 %; steps of one sample are not quite independent.
    expected : float
        The mean of the exact ``E[v_{t+1} | X_1 ... X_t] / v_t`` of the states seen.
    bound : float
        The mean of lemma 2.2.1's bound over the same states.
    margin : float
        The least expected gain of any of these states over the bound's, ``(E[v_{t+1} | ...] - v) / (v (1 - v) / 4)``.
    """

    low: float
    high: float
    steps: int
    measured: tuple[float, float, float]
    expected: float
    bound: float
    margin: float


@dataclass(frozen=True, kw_only=True, eq=False)
class VolumeFindings:
    """The volume's growth in its two phases.

    Attributes
    ----------
    error : float
        eps.
    volumes, expected : array (samples, t + 1)
        See :func:`covered_volumes`.
    predicted : array (t + 1,)
        The mean volume that the density of sums promises, ``1 - mean of exp(-2 eps rho)``.
    samples, seed : int
    """

    error: float
    volumes: Array
    expected: Array
    predicted: Array
    samples: int
    seed: int

    @property
    def tau_1(self) -> Array:
        """The first t with a volume above 1/2, (samples,); infinite where there was none."""
        return _first(self.volumes > 0.5)

    @property
    def tau_2(self) -> Array:
        """How many steps more until ``1 - v`` is at most eps / 2, (samples,); infinite where that was not seen."""
        over = _first(1.0 - self.volumes <= 0.5 * self.error)
        return np.where(np.isfinite(over), over - np.where(np.isfinite(self.tau_1), self.tau_1, 0.0), np.inf)

    def growths(self) -> tuple[Growth, ...]:
        """Of each bin in which at least ten steps began."""
        before, after, expected = self._steps()
        margins = (expected - before) / (0.25 * before * (1.0 - before))
        found = []
        for low, high in pairwise(_BINS):
            inside = (before > low) & (before <= high)
            if inside.sum() >= _FEWEST_STEPS:
                found.append(
                    Growth(
                        low=low,
                        high=high,
                        steps=int(inside.sum()),
                        measured=mean_interval(after[inside] / before[inside]),
                        expected=float((expected[inside] / before[inside]).mean()),
                        bound=float(growth_bound(before[inside]).mean()),
                        margin=float(margins[inside].min()),
                    )
                )
        return tuple(found)

    def margin(self) -> float:
        """The least expected gain over lemma 2.2.1's in all states seen; below 1 would refute it."""
        before, _, expected = self._steps()
        return float(((expected - before) / (0.25 * before * (1.0 - before))).min())

    def fall(self) -> float | None:
        """By what factor the mean of ``1 - v`` falls in a step of the second phase; None where too little is seen."""
        left = 1.0 - self.volumes.mean(axis=0)
        seen = np.flatnonzero((left < 0.25) & (left > max(self.error, 10.0 / self.samples)))
        if seen.size < 3:
            return None
        return float((left[seen[-1]] / left[seen[0]]) ** (1.0 / (seen[-1] - seen[0])))

    def _steps(self) -> tuple[Array, Array, Array]:
        """Volumes before and after a step, and what was expected after it, of all steps that had something to gain."""
        before, after, expected = self.volumes[:, :-1], self.volumes[:, 1:], self.expected[:, :-1]
        something = before < 1.0 - _ROUNDING
        return before[something], after[something], expected[something]

    def tables(self) -> tuple[Table, ...]:
        """The volume at each step, its growth by volume, and the times of both phases."""
        return self._steps_table(), self._growth_table(), self._times_table()

    def remarks(self) -> tuple[str, ...]:
        """What the bounds leave on the table."""
        growths = self.growths()
        small = [each for each in growths if each.high <= 0.03]
        first = _in_words("at t = {}", self.tau_1, self._later)
        second = _in_words("after {} steps more", self.tau_2, self._later)
        asked = [_least_time(bound, self.error, 0.5) for bound in (tau_1_bound, tau_2_bound)]
        states = (
            f"{self.samples} samples, seed {self.seed}, eps = {self.error:g}; error bars at 95 %. In all "
            f"{self._steps()[0].size} states seen the expected gain of one more item, computed exactly, is at least "
            f"{self.margin():.2f} times that of lemma 2.2.1."
        )
        times = (
            f"Half is passed {first}, and eps / 2 is left {second} (medians); for a probability of one half the "
            f"lemmas ask for {asked[0]} and {asked[1]}."
        )
        said = [states, times]
        if small:
            said.append(
                f"Small volumes grow by {small[0].measured[0]:.2f} a step, where the bound has {small[0].bound:.2f}: "
                "nearly every sum that stays near [-1, 1] covers something new."
            )
        fall = self.fall()
        if fall is not None:
            said.append(
                "From 1/2 on, the median of what is left falls doubly exponentially, as the number of sums doubles. "
                f"Its mean falls by {fall:.2f} a step, where corollary 2.2.4 has 7/8: rare samples hold it up, whose "
                "items have nearly all one sign, as about one in 2**t has."
            )
        return tuple(said)

    def arrays(self) -> dict[str, Array]:
        """All volumes."""
        return {
            "volumes": self.volumes,
            "expected": self.expected,
            "predicted": self.predicted,
            "tau_1": self.tau_1,
            "tau_2": self.tau_2,
        }

    def as_dict(self) -> dict[str, Any]:
        """Settings and figures."""
        rows = [
            {"t": t, "mean": mean, "from": low, "to": high, "predicted": float(self.predicted[t])}
            for t, (mean, low, high) in enumerate(map(mean_interval, self.volumes.T))
        ]
        return {
            "experiment": "theory volume",
            "error": self.error,
            "samples": self.samples,
            "seed": self.seed,
            "volumes": [{name: known(value) for name, value in row.items()} for row in rows],
            "growth": [
                {
                    "from_volume": each.low,
                    "to_volume": each.high,
                    "steps": each.steps,
                    "measured": list(each.measured),
                    "expected": each.expected,
                    "bound": each.bound,
                    "least_gain_over_bound": each.margin,
                }
                for each in self.growths()
            ],
            "least_gain_over_bound": self.margin(),
            "fall": self.fall(),
            "tau_1_median": [known(value) for value in _median(self.tau_1)],
            "tau_2_median": [known(value) for value in _median(self.tau_2)],
        }

    def _steps_table(self) -> Table:
        rows = []
        for t, volumes in enumerate(self.volumes.T):
            mean, low, high = mean_interval(volumes)
            if 1.0 - mean < 1e-3 * self.error:
                break
            left = [figure(1.0 - float(np.quantile(volumes, share))) for share in (0.5, 0.05)]
            cells = (with_limits(mean, low, high, ".4g"), figure(float(self.predicted[t])))
            rows.append((f"t = {t}", *cells, *left))
        columns = ("", "mean volume", "predicted", "1 - v, median", "1 - v, 95 %")
        return Table(title=f"Volume within eps = {self.error:g} of a sum", columns=columns, rows=tuple(rows))

    def _growth_table(self) -> Table:
        rows = tuple(
            (
                f"{each.low:g} to {each.high:g}",
                str(each.steps),
                with_limits(*each.measured, ".3f"),
                f"{each.expected:.3f}",
                f"{each.bound:.3f}",
                f"{each.margin:.2f}",
            )
            for each in self.growths()
        )
        columns = ("volume before", "steps", "growth, mean", "expected, exactly", "lemma 2.2.1", "least gain over its")
        return Table(title="Growth by one item, times the volume before", columns=columns, rows=rows)

    def _times_table(self) -> Table:
        rows = []
        for name, times, bound in (("tau_1", self.tau_1, tau_1_bound), ("tau_2", self.tau_2, tau_2_bound)):
            for share in (0.5, 0.9, 0.99):
                time = float(np.sort(times)[min(int(share * times.size), times.size - 1)])
                asked = _least_time(bound, self.error, share)
                rows.append(
                    (f"{name}, {share:.0%} of samples", f"{time:g}" if math.isfinite(time) else self._later, str(asked))
                )
        return Table(title="Steps of both phases", columns=("", "measured", "lemma"), rows=tuple(rows))

    @property
    def _later(self) -> str:
        """An infinite time in words: samples did not come so far in the steps that were followed."""
        return f"later than t = {self.volumes.shape[1] - 1}"


def _in_words(words: str, times: Array, later: str) -> str:
    """The median of times and its limits, in words; `later` for infinite ones."""
    middle, low, high = _median(times)
    if not math.isfinite(middle):
        return later
    limits = f" ({low:g} to {high:g})" if math.isfinite(low) and low < high < math.inf else ""
    return words.format(f"{middle:g}{limits}")


def _median(times: Array) -> tuple[float, float, float]:
    beyond = 1e300
    values = median_interval(np.where(np.isfinite(times), times, beyond))
    middle, low, high = (math.inf if value >= beyond / 2 else value for value in values)
    return middle, low, high


def _least_time(bound: Callable[[float, int], float], error: float, share: float) -> int:
    """The least t at which the bound promises the probability `share`."""
    low, high = 0, 1
    while bound(error, high) < share:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if bound(error, middle) >= share else (middle, high)
    return high


def _first(reached: Any) -> Array:
    """The first place at which a row is true; infinite where none is."""
    return np.where(reached.any(axis=1), reached.argmax(axis=1), np.inf)
