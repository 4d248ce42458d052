"""Resistors as they are made: a nominal value, what a die has in common, and what each one has of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_number, positive_array, positive_number, whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError

__all__ = ["Resistor"]

_LOWEST, _HIGHEST = 1e-12, 1e15  # ohm: beyond what anyone makes, within what floats still divide


@dataclass(frozen=True, kw_only=True)
class Resistor:
    """A resistor of a process.

    A sample is ``nominal * (1 + common * u) * (1 + tolerance * v) * (1 + mismatch * z)`` with `u` and `v`
    uniform on (-1, 1), one `u` for the whole chip and a `v` for each resistor, and `z` standard normal for each.

    Parameters
    ----------
    nominal : float
        Nominal resistance, ohm, from 1e-12 to 1e15.
    tolerance : float
        Half-width of the independent uniform variation, relative. ``0.20`` alone is the preset of the thesis (da
        Cunha 2023, section 6.1, after Talebbeydokhti et al. 2006), which takes all variation as independent.
    common : float
        Half-width of the uniform variation that all resistors of a chip share, relative. The 20 % of integrated
        resistors is mostly of this kind.
    mismatch : float
        Standard deviation of the local variation between neighbours, relative; 0.001 to 0.03 as foundries make
        them. Below 0.1, so that no resistance comes near zero.

    Raises
    ------
    InputError
        For a nominal or a variation outside its range.
    """

    nominal: float
    tolerance: float = 0.0
    common: float = 0.0
    mismatch: float = 0.0

    def __post_init__(self) -> None:
        if not _LOWEST <= positive_number("nominal", self.nominal, "ohm") <= _HIGHEST:
            raise InputError("nominal", f"a resistance from {_LOWEST:g} to {_HIGHEST:g} (ohm)", self.nominal)
        for name, below in (("tolerance", 1.0), ("common", 1.0), ("mismatch", 0.1)):
            value = getattr(self, name)
            required = f"a relative variation of at least 0 and below {below:g}, such as {below / 10:g}"
            if not 0 <= finite_number(name, value, required) < below:
                hint = "For more independent variation, use tolerance." if name == "mismatch" else ""
                raise InputError(name, required, value, hint)

    def sample(
        self,
        shape: int | tuple[int, ...] = (),
        *,
        seed: int,
        chip: int = 0,
        start: int = 0,
        nominals: Array | float | None = None,
    ) -> Array:
        """Resistances, ohm, of one chip's resistors.

        Parameters
        ----------
        shape : int or tuple of int
            Shape of the result; elements are numbered in C order.
        seed, chip : int
            Which chip, see :class:`~rescircuit.devices.streams.Stream`.
        start : int
            Global number of the first resistor on the chip.
        nominals : array, broadcastable to `shape`, optional
            Nominal resistances, ohm, in place of ``self.nominal``.

        Returns
        -------
        array, `shape`
        """
        shape = _checked_shape(shape)
        nominal = np.asarray(self.nominal) if nominals is None else positive_array("nominals", nominals, "ohm")
        try:
            nominal = np.broadcast_to(nominal, shape)
        except ValueError:
            raise InputError("nominals", f"of a shape that broadcasts to {shape}", f"shape {nominal.shape}") from None
        count = math.prod(shape)

        def stream(part: str) -> Stream:
            return Stream(seed=seed, chip=chip, source=f"resistor.{part}")

        factor = np.ones(count)
        if self.common:
            factor *= 1.0 + self.common * (2.0 * stream("common").uniform(1)[0] - 1.0)
        if self.tolerance:
            factor *= 1.0 + self.tolerance * (2.0 * stream("tolerance").uniform(count, start) - 1.0)
        if self.mismatch:
            factor *= 1.0 + self.mismatch * stream("mismatch").normal(count, start)
        return nominal * factor.reshape(shape)


def _checked_shape(shape: Any) -> tuple[int, ...]:
    sizes = shape if isinstance(shape, tuple | list) else (shape,)
    return tuple(whole_number("shape", size, 0) for size in sizes)
