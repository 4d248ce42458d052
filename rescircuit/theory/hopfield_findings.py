"""What was found of pruned Hopfield networks, and how it is told."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rescircuit.tables import Table

__all__ = ["KINDS", "HopfieldFindings", "HopfieldPoint"]

KINDS = {"normal": "Normal couplings", "signs": "Couplings of -1 and 1"}


@dataclass(frozen=True, kw_only=True)
class HopfieldPoint:
    """One size of the small and of the large network.

    Attributes
    ----------
    kind : str
        ``"normal"`` or ``"signs"``.
    chosen, others : int
        Spins of the small network, and how many more the large one has.
    share : float
        The share of pairs of a small and a large network where the large one can be pruned to the small one's ground
        states; with signs, the mean over all small networks.
    low, high : float
        Its limits of confidence 95 %.
    expected : float or None
        The exact probability, where a theorem gives it.
    every : float or None
        With signs, the share of large networks that can be pruned to every small one.
    verified : int
        Samples whose states were all looked at: of normal couplings, those that can be pruned, once they are; of
        signs all, under every mask.
    """

    kind: str
    chosen: int
    others: int
    share: float
    low: float
    high: float
    expected: float | None
    every: float | None
    verified: int


@dataclass(frozen=True, kw_only=True, eq=False)
class HopfieldFindings:
    """How often large networks of spins can be pruned to small ones."""

    points: tuple[HopfieldPoint, ...]
    samples: int
    seed: int

    def of(self, kind: str) -> tuple[HopfieldPoint, ...]:
        """The points of one kind of couplings."""
        return tuple(point for point in self.points if point.kind == kind)

    def tables(self) -> tuple[Table, ...]:
        """The points, one table for each kind of couplings."""
        columns = ("spins, small", "spins, large", "pruned to it", "95 %")
        normal, signs = self.of("normal"), self.of("signs")
        tables = [
            Table(
                title=KINDS["normal"],
                columns=(*columns, "exact", "verified"),
                rows=tuple(
                    (*_cells(point), "" if point.expected is None else f"{point.expected:.4f}", _verified(point))
                    for point in normal
                ),
            ),
            Table(
                title=f"{KINDS['signs']}, mean over all small networks",
                columns=(*columns, "large ones pruned to every small one"),
                rows=tuple((*_cells(point), f"{point.every:.4f}") for point in signs),
            ),
        ]
        return tuple(table for table in tables if table.rows)

    def remarks(self) -> tuple[str, ...]:
        """What agrees, and what the other spins do."""
        exact = [point for point in self.points if point.expected is not None]
        within = [point for point in exact if point.low <= point.expected <= point.high]  # type: ignore[operator] - not None
        remarks = [f"{self.samples} samples a point, seed {self.seed}; error bars of 95 % confidence."]
        if exact:
            remarks.append(
                f"Normal couplings: {len(within)} of {len(exact)} points agree within their error bars with the exact "
                "probability (all patterns of signs counted, up to 6 spins; without other spins, that a random graph "
                "is connected)."
            )
        verified = sum(point.verified for point in self.of("normal"))
        if verified:
            remarks.append(f"{verified:,} pruned networks of normal couplings were verified by looking at all states.")
        if any(point.share > 0 and not point.verified for point in self.of("normal")):
            remarks.append(
                "Larger networks have too many states for that; there the criterion, which is exact, decides."
            )
        return *remarks, *(text for kind in KINDS if (text := _effect(kind, self.of(kind))))

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """All figures: arrays (points,) by name."""
        names = ("kind", "chosen", "others", "share", "low", "high", "verified")
        arrays = {name: np.array([getattr(point, name) for point in self.points]) for name in names}
        for name in ("expected", "every"):
            values = [getattr(point, name) for point in self.points]
            arrays[name] = np.array([np.nan if value is None else value for value in values])
        return arrays

    def as_dict(self) -> dict[str, Any]:
        """The settings and figures, for JSON."""
        return {
            "experiment": "theory hopfield",
            "samples": self.samples,
            "seed": self.seed,
            "points": [asdict(point) for point in self.points],
        }


def _verified(point: HopfieldPoint) -> str:
    """The number verified; nothing where there was none to verify, or too many states to look at."""
    return f"{point.verified:,}" if point.verified else ""


def _cells(point: HopfieldPoint) -> tuple[str, ...]:
    limits = f"{point.low:.4f} to {point.high:.4f}"
    return str(point.chosen), str(point.chosen + point.others), f"{point.share:.4f}", limits


def _effect(kind: str, points: tuple[HopfieldPoint, ...]) -> str:
    """The fewest and the most other spins of each small network, and what they make of the share."""
    parts = []
    for chosen in dict.fromkeys(point.chosen for point in points):
        own = sorted((point for point in points if point.chosen == chosen), key=lambda point: point.others)
        if len(own) > 1:
            first, last = own[0], own[-1]
            parts.append(f"N = {chosen} from {first.share:.3f} (+{first.others}) to {last.share:.3f} (+{last.others})")
    return f"{KINDS[kind]}, more spins: {'; '.join(parts)}." if parts else ""
