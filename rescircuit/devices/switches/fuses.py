"""Switches that are programmed once: fuses and anti-fuses, and the state of an array of them.

The thesis (da Cunha 2023, section 6.2) names them as the way to accurate resistances without reprogramming: all are
made alike, the resistors are measured, a subset is chosen, and what is not in it is cut off, which "can be done only
once".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from rescircuit.checks import checked_shape
from rescircuit.devices.switches.protocol import Flags
from rescircuit.devices.switches.two_terminal import TwoTerminalSwitch
from rescircuit.errors import InputError

__all__ = ["AntiFuse", "Fuse", "OneTimeSwitches"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Fuse(TwoTerminalSwitch):
    """A fuse: closed, of `r_on`, as it is made; open, of `r_off`, once it is blown.

    Parameters
    ----------
    r_on, r_off, r_on_spread, r_off_spread, area
        See :class:`TwoTerminalSwitch`.
    """

    closed_as_made: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AntiFuse(TwoTerminalSwitch):
    """An anti-fuse: open, of `r_off`, as it is made; closed, of `r_on`, once it is blown.

    Parameters
    ----------
    r_on, r_off, r_on_spread, r_off_spread, area
        See :class:`TwoTerminalSwitch`.
    """

    closed_as_made: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True, eq=False)
class OneTimeSwitches:
    """The state of an array of fuses or anti-fuses.

    Parameters
    ----------
    switch : Fuse or AntiFuse
        What they are.
    closed : bool array
        Which switches are closed.
    programmed : bool
        Whether they have been programmed; until then all are as made.

    Raises
    ------
    InputError
        For other switches, what is no array of booleans, or blown ones among those that were never programmed.
    """

    switch: Fuse | AntiFuse
    closed: Flags
    programmed: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.switch, Fuse | AntiFuse):
            raise InputError("switch", "a Fuse or an AntiFuse", self.switch)
        closed = _flags("closed", self.closed)
        closed.flags.writeable = False
        object.__setattr__(self, "closed", closed)
        if not self.programmed and self.blown.any():
            raise InputError("closed", "as made, all alike, where programmed is False", f"{self.blown.sum()} blown")

    @classmethod
    def as_made(cls, switch: Fuse | AntiFuse, shape: int | tuple[int, ...]) -> Self:
        """An array of `shape` in which none is blown."""
        if not isinstance(switch, Fuse | AntiFuse):
            raise InputError("switch", "a Fuse or an AntiFuse", switch)
        return cls(switch=switch, closed=np.full(checked_shape(shape), switch.closed_as_made))

    @property
    def blown(self) -> Flags:
        """Which switches are blown: bool, of the shape of `closed`."""
        return self.closed != self.switch.closed_as_made

    def blow(self, mask: Any) -> Self:
        """The array once it is programmed to `mask`, by blowing those switches that differ from how they were made.

        Parameters
        ----------
        mask : bool array, of the shape of `closed`
            Which switches are to be closed, as in a bank's setting.

        Raises
        ------
        InputError
            For an array that is programmed already, naming a switch that would have to be restored if there is one,
            and for a mask of another shape.
        """
        wanted = _flags("mask", mask)
        if wanted.shape != self.closed.shape:
            raise InputError("mask", f"of shape {self.closed.shape}", f"shape {wanted.shape}")
        if self.programmed:
            raise InputError("switches", "as made: each array is blown once", self._said(), self._why_not(wanted))
        return replace(self, closed=wanted, programmed=True)

    def _said(self) -> str:
        kind = "fuses" if isinstance(self.switch, Fuse) else "anti-fuses"
        return f"programmed, {int(self.blown.sum())} of {self.closed.size} {kind} blown"

    def _why_not(self, wanted: Flags) -> str:
        lost = np.argwhere(self.blown & (wanted != self.closed))
        if len(lost) == 0:
            same = (
                "They hold this setting already" if (wanted == self.closed).all() else "Nothing is blown a second time"
            )
            return f"{same}; take unprogrammed ones for another setting."
        place = tuple(int(k) for k in lost[0])
        where = place[0] if len(place) == 1 else place
        state = "open" if isinstance(self.switch, Fuse) else "closed"
        return f"Switch {where} is blown, {state} for good; take unprogrammed ones for another setting."


def _flags(argument: str, values: Any) -> Flags:
    flags = np.array(values)
    if flags.dtype != np.bool_:
        raise InputError(argument, "an array of booleans", f"shape {flags.shape} of {flags.dtype.name}")
    return flags
