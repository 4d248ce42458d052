"""Our numbers beside those of ngspice: what is compared, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.spice.decks.writing import Deck
from rescircuit.spice.engines.ngspice import SpiceResult
from rescircuit.spice.verification.agreement import Limit, relative_error

__all__ = ["Reference", "Verification", "compared"]


@dataclass(frozen=True, kw_only=True)
class Verification:
    """How closely our own solver agrees with ngspice.

    Attributes
    ----------
    max_relative_error : float
        The largest error of all compared numbers, relative to ngspice's.
    limit : float
        What it may be for this kind of circuit, see :data:`rescircuit.spice.verification.agreement.LIMITS`.
    quantity : str
        Where it is, such as ``output_currents[2, 5]`` for sample 2 and bit line 5.
    compared : int
        How many numbers were compared.
    ngspice_version : str
        The version that ran.
    seconds : float
        Wall-clock time of ngspice's run.
    deck : Deck
        What ngspice ran.
    remarks : tuple of str
        What ngspice said of a BSIM4 card that it took as it is.
    """

    max_relative_error: float
    limit: float
    quantity: str
    compared: int
    ngspice_version: str
    seconds: float
    deck: Deck = field(repr=False)
    remarks: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the largest error is within the limit."""
        return self.max_relative_error <= self.limit

    def summary(self) -> str:
        """The verdict in one line."""
        verdict = "agrees" if self.passed else "DISAGREES"
        return (
            f"ngspice {self.ngspice_version} {verdict}: {self.compared:,} numbers, largest relative error "
            f"{self.max_relative_error:.1e} at {self.quantity} (limit {self.limit:.0e}), {self.seconds:.2f} s"
            + "".join(f"; {remark}" for remark in self.remarks)
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the verdict without the deck."""
        return {
            "passed": self.passed,
            "max_relative_error": self.max_relative_error,
            "limit": self.limit,
            "quantity": self.quantity,
            "compared": self.compared,
            "ngspice_version": self.ngspice_version,
            "seconds": self.seconds,
            "remarks": list(self.remarks),
        }


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One quantity by ngspice.

    Attributes
    ----------
    values : array
        The samples on the first axis.
    floor : float or array
        Below it errors count relative to it.
    compared : bool or array, broadcastable to `values`
        Which of them there are: a floating line has no source whose current could be.
    """

    values: Array
    floor: Any
    compared: Any = True


def compared(
    ours: Mapping[str, Array], theirs: Mapping[str, Reference], *, limit: Limit, result: SpiceResult, deck: Deck
) -> Verification:
    """The verdict on our quantities beside those by ngspice, of the same names."""
    worst, quantity = _worst_error(ours, theirs)
    return Verification(
        max_relative_error=worst,
        limit=limit.relative,
        quantity=quantity,
        compared=sum(int(np.broadcast_to(each.compared, each.values.shape).sum()) for each in theirs.values()),
        ngspice_version=result.version,
        seconds=result.seconds,
        deck=deck,
        remarks=result.remarks,
    )


def _worst_error(ours: Mapping[str, Array], theirs: Mapping[str, Reference]) -> tuple[float, str]:
    """The largest relative error, and where it is; what is no number is infinitely wrong."""
    errors = {}
    for name, reference in theirs.items():
        error = relative_error(ours[name], reference.values, reference.floor)
        errors[name] = np.where(reference.compared, np.where(np.isnan(error), np.inf, error), 0.0)
    name = max(errors, key=lambda key: errors[key].max())
    place = np.unravel_index(errors[name].argmax(), errors[name].shape)
    return float(errors[name].max()), f"{name}[{', '.join(str(int(k)) for k in place)}]"
