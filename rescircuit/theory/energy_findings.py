"""What was found of the energies of number partitioning, beside the closed forms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from rescircuit.checks import Array
from rescircuit.tables import Table, figure
from rescircuit.theory.agreement import exponential_agreement
from rescircuit.theory.energy_theory import closed_form, freezing, ground_temperature, saddle_point
from rescircuit.theory.integer_points import IntegerPoint

__all__ = ["BINS", "EnergyCurve", "EnergyFindings", "EnergyPoint"]

BINS = np.linspace(0.0, 4.0, 33)  # of |sigma . X| / sqrt(sum(X**2)), for the histogram


@dataclass(frozen=True, kw_only=True, eq=False)
class EnergyCurve:
    """Mean energy and entropy of some instances against temperature, measured and by theory.

    Attributes
    ----------
    temperatures : array (k,)
        In the items' unit, falling.
    energies, energy_errors : array (k,)
        Means over instances, and their standard errors.
    entropies, entropy_errors : array (k,)
        In nats.
    energy_theory, entropy_theory : array (k,)
        The closed forms, averaged over the same instances.
    energy_saddle, entropy_saddle : array (k,)
        The published saddle point, likewise.
    energy_noise, entropy_noise : array (k,)
        Standard errors of the mean difference between instances and closed form.
    """

    temperatures: Array
    energies: Array
    energy_errors: Array
    entropies: Array
    entropy_errors: Array
    energy_theory: Array
    entropy_theory: Array
    energy_saddle: Array
    entropy_saddle: Array
    energy_noise: Array
    entropy_noise: Array

    @property
    def energy_deviation(self) -> Array:
        """Of the mean energy from the closed form, over the mean energy or T, whichever is larger."""
        return (self.energies - self.energy_theory) / np.maximum(self.temperatures, self.energy_theory)

    @property
    def entropy_deviation(self) -> Array:
        """Of the entropy from the closed form, in nats."""
        return self.entropies - self.entropy_theory


@dataclass(frozen=True, kw_only=True, eq=False)
class EnergyPoint(IntegerPoint):
    """The instances of one n and M.

    Attributes
    ----------
    n, m : int
        Items, uniform on 1 ... m.
    temperatures : array (k,)
    log_z, energies : array (samples, k)
        ``log(Z)`` and the mean energy of each instance at each temperature.
    lowest : int64 array (samples, 3)
        The lowest energies of pairs sigma, -sigma.
    odd : bool array (samples,)
        Whether the items' sum is.
    squares, fourths : array (samples,)
        ``sum(X**2)`` and ``sum(X**4)``.
    shares : array (samples, bins)
        Of all pairs, by their energy over ``sqrt(sum(X**2))``.
    """

    temperatures: Array
    log_z: Array
    energies: Array
    lowest: NDArray[np.int64]
    odd: NDArray[np.bool_]
    squares: Array
    fourths: Array
    shares: Array

    @property
    def ground_temperatures(self) -> Array:
        """``T_0`` of each instance, array (samples,)."""
        return ground_temperature(self.n, self.squares, self.fourths)

    def curve(self, odd: bool) -> EnergyCurve | None:
        """The instances of odd, or of even sum; none where there are fewer than two."""
        chosen = self.odd == odd
        count = int(chosen.sum())
        if count < 2:
            return None
        beta = 1.0 / self.temperatures
        energies = self.energies[chosen]
        entropies = self.log_z[chosen] + beta * energies
        squares, fourths = self.squares[chosen, np.newaxis], self.fourths[chosen, np.newaxis]
        theory = self._theory(squares, fourths, odd)
        saddle = saddle_point(self.n, squares, self.temperatures)
        root = math.sqrt(count)
        return EnergyCurve(
            temperatures=self.temperatures,
            energies=energies.mean(axis=0),
            energy_errors=energies.std(axis=0, ddof=1) / root,
            entropies=entropies.mean(axis=0),
            entropy_errors=entropies.std(axis=0, ddof=1) / root,
            energy_theory=theory[0].mean(axis=0),
            entropy_theory=theory[1].mean(axis=0),
            energy_saddle=np.broadcast_to(saddle[0], energies.shape).mean(axis=0),
            entropy_saddle=saddle[1].mean(axis=0),
            energy_noise=(energies - theory[0]).std(axis=0, ddof=1) / root,
            entropy_noise=(entropies - theory[1]).std(axis=0, ddof=1) / root,
        )

    def _theory(self, squares: Array, fourths: Array, odd: bool) -> tuple[Array, Array]:
        energy, entropy = closed_form(self.n, squares, fourths, odd, self.temperatures)
        if self.offset <= 0:
            return energy, entropy
        # Tabulated: a function of T / T_0 alone.
        ratios = self.temperatures / ground_temperature(self.n, squares, fourths)
        table = np.geomspace(ratios.min(), ratios.max(), 200)
        above, log_z = (np.interp(np.log(ratios), np.log(table), values) for values in freezing(table))
        return energy + self.temperatures * above, entropy + log_z + above

    @property
    def spacings(self) -> Array:
        """The lowest energies' distances, the first one's from 0, in units of T_0: array (samples, 3)."""
        return np.diff(self.lowest, axis=1, prepend=0) / self.ground_temperatures[:, np.newaxis]

    @property
    def expected_shares(self) -> Array:
        """Of all pairs in the histogram's bins, by the normal law with its first correction."""
        bent = np.exp(-0.5 * BINS**2) / math.sqrt(2.0 * math.pi) * (BINS**3 - 3.0 * BINS)
        return np.diff(2.0 * ndtr(BINS) + 9.0 / (30.0 * self.n) * bent)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        curves = {name: self.curve(odd) for name, odd in (("even", False), ("odd", True))}
        listed = {
            name: {key: values.tolist() for key, values in vars(found).items()}
            for name, found in curves.items()
            if found is not None
        }
        spacings = {"mean": self.spacings.mean(axis=0).tolist(), "samples": len(self.spacings)}
        return {"n": self.n, "m": self.m, "kappa": self.kappa, "offset": self.offset, **listed, "spacings": spacings}


@dataclass(frozen=True, kw_only=True, eq=False)
class EnergyFindings:
    """Energies and entropies against temperature, beside the closed forms.

    Attributes
    ----------
    points : tuple of EnergyPoint
        By n and M.
    samples, seed : int
    """

    points: tuple[EnergyPoint, ...]
    samples: int
    seed: int

    @property
    def hard(self) -> list[EnergyPoint]:
        """The points where no solution is expected."""
        return [point for point in self.points if point.offset > 3.0]

    def tables(self) -> tuple[Table, ...]:
        """Energies and entropies of each point, and the lowest energies of those without solutions."""
        curves = [
            self._curve_table(point, odd, found)
            for point in self.points
            for odd in (False, True)
            if (found := point.curve(odd)) is not None
        ]
        return (*curves, self._ground_table()) if self.hard else tuple(curves)

    def _curve_table(self, point: EnergyPoint, odd: bool, found: EnergyCurve) -> Table:
        columns = ("T", "E/T", "±", "closed form", "saddle point")
        columns += ("S, nats", "±, nats", "closed form, nats", "saddle point, nats")
        rows = []
        for k, t in enumerate(found.temperatures):
            cells = [figure(t), figure(found.energies[k] / t, 4), figure(found.energy_errors[k] / t, 2)]
            cells += [figure(found.energy_theory[k] / t, 4), figure(found.energy_saddle[k] / t, 4)]
            cells += [f"{found.entropies[k]:.4f}", figure(found.entropy_errors[k], 2)]
            cells += [f"{found.entropy_theory[k]:.4f}", f"{found.entropy_saddle[k]:.4f}"]
            rows.append(tuple(cells))
        kind = "odd" if odd else "even"
        title = f"n = {point.n}, κ = {point.kappa:.3g} (λ = {point.offset:.2f}), instances of {kind} sum"
        return Table(title=title, columns=columns, rows=tuple(rows))

    def _ground_table(self) -> Table:
        rows = []
        for point in self.hard:
            for k, values in enumerate(point.spacings.T):
                _, p = exponential_agreement(values)
                mean, error = (
                    values.mean(),
                    values.std(ddof=1) / math.sqrt(values.size) if values.size > 1 else math.inf,
                )
                cells = (f"{point.n}", f"{point.kappa:.3g}", str(k + 1), f"{mean:.3f}", f"{error:.3f}", f"{p:.2g}")
                rows.append(cells)
        columns = ("n", "κ", "spacing", "mean/T₀", "±", "p, exponential")
        return Table(title="The lowest energies and their spacings", columns=columns, rows=tuple(rows))

    def remarks(self) -> tuple[str, ...]:
        """How near the closed forms are, and what the published ones leave out."""
        lines: list[str] = []
        for point in self.points:
            found = [curve for odd in (False, True) if (curve := point.curve(odd)) is not None]
            if not found:
                continue
            worst = max(found, key=lambda curve: np.abs(curve.entropy_deviation).max())
            place = int(np.abs(worst.entropy_deviation).argmax())
            off, noise = abs(worst.entropy_deviation[place]), worst.entropy_noise[place]
            other = max(found, key=lambda curve: np.abs(curve.energy_deviation).max())
            where = int(np.abs(other.energy_deviation).argmax())
            energy = abs(other.energy_deviation[where])
            spread = other.energy_noise[where] / max(other.temperatures[where], other.energy_theory[where])
            lines.append(
                f"n = {point.n}, κ = {point.kappa:.3g}: at every temperature the entropy is within {off:.3f} nats of "
                f"the closed form (standard error there: {noise:.3f}), and the mean energy within {energy:.1%} "
                f"({spread:.1%})."
            )
        lines.append(
            "The saddle point (Mertens 1998; Kumar 2025, section 3.2) holds for even sums, at temperatures below the "
            "width of the energies and, without solutions, above T₀ = 2^-n √(2π ΣX²); the closed form adds odd sums, "
            "the width, and the freezing at T₀."
        )
        if any(abs(point.offset) < 3.0 for point in self.points):
            lines.append("At |λ| below 3 neither many nor no solutions are expected, and neither closed form is exact.")
        return tuple(lines)

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """What was measured at each point, its n and kappa in the names."""
        found = {}
        for point in self.points:
            for name in ("temperatures", "log_z", "energies", "lowest", "odd", "squares", "fourths", "shares"):
                found[f"n{point.n}_m{point.m}_{name}"] = getattr(point, name)
        return found

    def as_dict(self) -> dict[str, Any]:
        """The settings and the points."""
        return {
            "experiment": "theory energy",
            "samples": self.samples,
            "seed": self.seed,
            "points": [point.as_dict() for point in self.points],
        }
