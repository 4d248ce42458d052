"""What the experiment on vectors has found, beside the theory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.tables import Table, figure
from rescircuit.theory.findings import range_text
from rescircuit.theory.vector_rows import (
    ItemsNeeded,
    SecondMoment,
    SizeError,
    VectorError,
    columns_of,
    finite_row,
    items_needed,
    limits_text,
    needed_table,
    reached_table,
    size_title,
)

__all__ = ["VectorFindings"]

_LAWS = {"normal": "standard normal", "nsn": "normally-scaled normal"}
_MANY = 100  # subsets, above which their number is near Poisson


@dataclass(frozen=True, kw_only=True, eq=False)
class VectorFindings:
    """Errors against items and dimension.

    Attributes
    ----------
    law : str
    samples, seed : int
    errors : tuple of VectorError
        For each name of a size, dimension and number of items.
    by_size : tuple of SizeError
        For each dimension and size, at the largest number of items.
    moments : tuple of SecondMoment
        Likewise, where enough subsets come close; of normal vectors alone.
    """

    law: str
    samples: int
    seed: int
    errors: tuple[VectorError, ...]
    by_size: tuple[SizeError, ...]
    moments: tuple[SecondMoment, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the sizes."""
        return tuple(dict.fromkeys(each.name for each in self.errors))

    @property
    def dimensions(self) -> tuple[int, ...]:
        """Ascending."""
        return tuple(dict.fromkeys(each.d for each in self.errors))

    @property
    def epsilons(self) -> tuple[float, ...]:
        """The errors whose probabilities were counted."""
        return tuple(each.epsilon for each in self.errors[0].reached)

    def of(self, name: str, d: int) -> list[VectorError]:
        """One curve: errors by number of items."""
        return [each for each in self.errors if each.name == name and each.d == d]

    def needed(self) -> tuple[ItemsNeeded, ...]:
        """For each size, error and dimension."""
        return tuple(
            items_needed(self.of(name, d), epsilon)
            for name in self.names
            for epsilon in self.epsilons
            for d in self.dimensions
        )

    def tables(self) -> tuple[Table, ...]:
        """Median errors and probabilities for each size; items needed; the second moment."""
        errors = tuple(self._error_table(name) for name in self.names)
        moments = [self._moment_table()] if self.moments else []
        needed = needed_table(self.needed(), "subsets", "items")
        return (*errors, reached_table(self.errors, "subsets"), needed, *moments)

    def remarks(self) -> tuple[str, ...]:
        """What agrees, and what deviates."""
        found = [
            f"{self.samples} samples a point, seed {self.seed}; every subset was considered; limits hold 95 %.",
            *(self._agreement(name) for name in self.names),
        ]
        if self.law == "nsn":
            found.append(
                "An item whose factor is near 0 hardly moves a sum, so that close subsets come in clumps, which the "
                "prediction counts one by one: it is too low where errors are large beside such factors, and right "
                "where they are small."
            )
        if self.moments:
            far = max(self.moments, key=lambda each: each.limit)
            found.append(
                f"Close subsets come in clusters: of n = {far.n}, d = {far.d}, k = {far.k}, E[Y(Y-1)]/E[Y]^2 is "
                f"{far.ratio:.2f} ± {1.96 * far.error:.2f}, computed {far.theory:.2f}, tending to "
                f"(1 - (k/n)^2)^(-d/2) = {far.limit:.2f} and not to 1: the second moment alone makes subsets of this "
                "share certain at no number of items (section 3.7). It is why the theorem takes n / (6 sqrt(d)) items."
            )
        return tuple(found)

    def arrays(self) -> dict[str, Array]:
        """Columns of the errors, of those by size, and of the second moments."""
        found = {f"errors_{name}": column for name, column in columns_of(self.errors, ("name", "reached")).items()}
        for k, epsilon in enumerate(self.epsilons):
            reached = [each.reached[k] for each in self.errors]
            columns = columns_of(reached, ("epsilon",))
            found |= {f"reached_{epsilon:g}_{name}": column for name, column in columns.items()}
        found |= {f"by_size_{name}": column for name, column in columns_of(self.by_size, ()).items()}
        return found | {f"moments_{name}": column for name, column in columns_of(self.moments, ()).items()}

    def as_dict(self) -> dict[str, Any]:
        """Settings and all figures, for JSON."""
        return {
            "experiment": "theory vectors",
            "law": self.law,
            "samples": self.samples,
            "seed": self.seed,
            "errors": [finite_row(asdict(each)) for each in self.errors],
            "by_size": [finite_row(asdict(each)) for each in self.by_size],
            "moments": [{**finite_row(asdict(each)), "limit": each.limit} for each in self.moments],
            "needed": [asdict(each) for each in self.needed()],
        }

    def _agreement(self, name: str) -> str:
        found = [each for each in self.errors if each.name == name]
        chosen = [each for each in found if 0.5 / each.covering**each.d >= _MANY] or found
        given, first = (
            np.array([each.median / getattr(each, theory) for each in chosen])
            for theory in ("given_total", "first_moment")
        )
        inside = sum(each.low <= each.given_total <= each.high for each in chosen)
        return (
            f"{size_title(name)}: where there are {_MANY} or more, the median error is {range_text(given)} "
            f"times that predicted given the items' total ({inside} of {len(chosen)} points within "
            f"their limits), and {range_text(first)} times that of the first moment alone."
        )

    def _error_table(self, name: str) -> Table:
        rows = [
            (
                str(each.d),
                str(each.n),
                "any" if each.k is None else str(each.k),
                figure(each.median),
                limits_text(each.low, each.high),
                figure(each.given_total),
                f"{each.median / each.given_total:.2f}",
                figure(each.first_moment),
                figure(each.covering),
            )
            for each in self.errors
            if each.name == name
        ]
        columns = ("d", "n", "k", "median error", "limits", "given the total", "ratio", "first moment", "no less than")
        return Table(title=f"{size_title(name)}, {_LAWS[self.law]} items", columns=columns, rows=tuple(rows))

    def _moment_table(self) -> Table:
        shown = [each for d in self.dimensions for each in _spaced([m for m in self.moments if m.d == d], 4)]
        rows = [
            (
                str(each.d),
                str(each.n),
                str(each.k),
                figure(each.radius),
                figure(each.mean),
                f"{each.ratio:.3f} ± {1.96 * each.error:.3f}",
                f"{each.theory:.3f}",
                f"{each.limit:.3f}",
            )
            for each in shown
        ]
        columns = ("d", "n", "k", "radius", "E[Y]", "E[Y(Y-1)]/E[Y]^2", "computed", "as n grows")
        return Table(title="Clusters of close subsets", columns=columns, rows=tuple(rows))


def _spaced(values: Sequence[SecondMoment], count: int) -> list[SecondMoment]:
    """At most so many of them, evenly spaced, the first and the last among them."""
    places = np.unique(np.linspace(0, len(values) - 1, count).round().astype(int)) if values else []
    return [values[int(place)] for place in places]
