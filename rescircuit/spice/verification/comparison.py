"""Our numbers beside those of another solver: what is compared, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.spice.decks.writing import Deck
from rescircuit.spice.engines.results import SpiceResult
from rescircuit.spice.verification.agreement import Limit, relative_error

__all__ = ["Agreement", "Reference", "Verification", "agreements", "compared"]

Place = tuple[int, ...]
_OUTER = ("temperature", "sample")


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """One quantity by another solver.

    Attributes
    ----------
    values : array
        The samples on the first axis.
    unit : str
        Of the values.
    element : callable
        From a place in the array to the name of the element or the node whose value it is.
    floor : float or array
        Below it errors count relative to it.
    limit : Limit
        What the largest relative error may be.
    axes : tuple of str
        What the last axes of the values count, such as ``("word line", "bit line")``; before these come samples, and
        before them temperatures.
    compared : bool or array, broadcastable to `values`
        Which of them there are: a floating line has no source whose current could be.
    """

    values: Array
    unit: str
    element: Callable[[Place], str]
    floor: Any
    limit: Limit
    axes: tuple[str, ...] = ()
    compared: Any = True


@dataclass(frozen=True, kw_only=True, eq=False)
class Agreement:
    """How closely one quantity agrees.

    Attributes
    ----------
    name, unit : str
        Of the quantity, such as ``output_currents`` in ampere.
    axes : tuple of str
        What each axis of the errors counts, such as ``("sample", "bit line")``.
    errors : array
        Relative errors, 0 where nothing is compared and ``inf`` where a value is no number.
    limit : float
        What the largest of them may be, see :data:`rescircuit.spice.verification.agreement.LIMITS`.
    compared : int
        How many numbers were compared.
    place : tuple of int
        Where the largest error is.
    element : str
        The element or the node there.
    ours, theirs : float
        The two values there.
    """

    name: str
    unit: str
    axes: tuple[str, ...]
    errors: Array = field(repr=False)
    limit: float
    compared: int
    place: Place
    element: str
    ours: float
    theirs: float

    @property
    def worst(self) -> float:
        """The largest relative error."""
        return float(self.errors[self.place])

    @property
    def label(self) -> str:
        """The quantity at that place, such as ``output_currents[2, 5]`` for sample 2 and bit line 5."""
        return f"{self.name}[{', '.join(map(str, self.place))}]"

    def as_dict(self) -> dict[str, Any]:
        """For JSON: all but the array of errors."""
        return {
            "name": self.name,
            "unit": self.unit,
            "compared": self.compared,
            "max_relative_error": self.worst,
            "limit": self.limit,
            "place": list(self.place),
            "axes": list(self.axes),
            "element": self.element,
            "ours": self.ours,
            "theirs": self.theirs,
        }

    @classmethod
    def of(cls, name: str, ours: Array, reference: Reference) -> Agreement:
        """That of our values with a reference; what is no number is infinitely wrong.

        Raises
        ------
        ValueError
            For values of another shape: one that happens to broadcast would compare what does not belong together.
        """
        theirs = reference.values
        # Where only lines without sources have samples, the reference has one point.
        points = ours.shape[:1] if len(theirs) == 1 else theirs.shape[:1]
        if ours.shape != (*points, *theirs.shape[1:]):
            raise ValueError(f"{name}: our shape {ours.shape} is not the reference's shape {theirs.shape}")
        theirs = np.broadcast_to(theirs, ours.shape)
        error = relative_error(ours, theirs, reference.floor)
        errors = np.where(reference.compared, np.where(np.isnan(error), np.inf, error), 0.0)
        place = tuple(int(k) for k in np.unravel_index(errors.argmax(), errors.shape))
        return cls(
            name=name,
            unit=reference.unit,
            axes=(*_OUTER, *reference.axes)[-errors.ndim :],
            errors=errors,
            limit=reference.limit.relative,
            compared=int(np.broadcast_to(reference.compared, errors.shape).sum()),
            place=place,
            element=reference.element(place),
            ours=float(ours[place]),
            theirs=float(theirs[place]),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Verification:
    """How closely our own solver agrees with another one.

    Attributes
    ----------
    agreements : tuple of Agreement
        By quantity.
    engine : str
        What ran: ``ngspice``, ``PySpice`` (ngspice as a library), or ``SuperLU`` (the nodal matrix of the deck's text).
    ngspice_version : str
        The version that ran; empty for SuperLU.
    seconds : float
        Wall-clock time of its run.
    deck : Deck
        What it ran.
    remarks : tuple of str
        What ngspice said of a BSIM4 card that it took as it is.
    """

    agreements: tuple[Agreement, ...]
    engine: str
    ngspice_version: str
    seconds: float
    deck: Deck = field(repr=False)
    remarks: tuple[str, ...] = ()

    @property
    def worst(self) -> Agreement:
        """The quantity whose largest error is the largest beside its limit."""
        return max(self.agreements, key=lambda each: each.worst / each.limit)

    @property
    def max_relative_error(self) -> float:
        """The largest error of that quantity, relative to the other solver's values."""
        return self.worst.worst

    @property
    def limit(self) -> float:
        """What that error may be."""
        return self.worst.limit

    @property
    def quantity(self) -> str:
        """Where it is, such as ``output_currents[2, 5]`` for sample 2 and bit line 5."""
        return self.worst.label

    @property
    def element(self) -> str:
        """The element or the node there."""
        return self.worst.element

    @property
    def compared(self) -> int:
        """How many numbers were compared."""
        return sum(each.compared for each in self.agreements)

    @property
    def passed(self) -> bool:
        """Whether all errors are within their limits."""
        return all(each.worst <= each.limit for each in self.agreements)

    def summary(self) -> str:
        """The verdict in one line."""
        verdict = "agrees" if self.passed else "DISAGREES"
        ran = f"{self.engine} {self.ngspice_version or 'on the nodal matrix of the deck'}"
        return (
            f"{ran} {verdict}: {self.compared:,} numbers, largest relative error "
            f"{self.max_relative_error:.1e} at {self.quantity}, {self.element} (limit {self.limit:.0e}), "
            f"{self.seconds:.2f} s" + "".join(f"; {remark}" for remark in self.remarks)
        )

    def rows(self) -> list[tuple[str, ...]]:
        """A table, a row for each quantity: its name, how many, the largest error, its limit, where, ours, theirs."""
        return [
            (
                each.name,
                f"{each.compared:,}",
                f"{each.worst:.1e}",
                f"{each.limit:.0e}",
                each.element,
                f"{each.ours:.12g} {each.unit}",
                f"{each.theirs:.12g} {each.unit}",
            )
            for each in self.agreements
        ]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the verdict without the deck."""
        return {
            "passed": self.passed,
            "max_relative_error": self.max_relative_error,
            "limit": self.limit,
            "quantity": self.quantity,
            "element": self.element,
            "compared": self.compared,
            "engine": self.engine,
            "ngspice_version": self.ngspice_version or None,
            "seconds": self.seconds,
            "remarks": list(self.remarks),
            "quantities": [each.as_dict() for each in self.agreements],
        }


def agreements(ours: Mapping[str, Array], theirs: Mapping[str, Reference]) -> tuple[Agreement, ...]:
    """Our quantities beside those of another solver, of the same names.

    Raises
    ------
    KeyError
        For quantities that only one side has.
    ValueError
        For values whose shapes differ, see :meth:`Agreement.of`.
    """
    alone = sorted(ours.keys() ^ theirs.keys())
    if alone:
        raise KeyError(f"on one side alone: {', '.join(alone)}")
    return tuple(Agreement.of(name, ours[name], reference) for name, reference in theirs.items())


def compared(
    ours: Mapping[str, Array], theirs: Mapping[str, Reference], *, result: SpiceResult, deck: Deck
) -> Verification:
    """The verdict on our quantities beside those of another solver."""
    return Verification(
        agreements=agreements(ours, theirs),
        engine=result.engine,
        ngspice_version=result.version,
        seconds=result.seconds,
        deck=deck,
        remarks=result.remarks,
    )
