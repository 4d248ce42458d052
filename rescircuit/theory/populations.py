"""Where random items come from: laws of the theorems, and resistors as a process makes them or a bench has seen them.

An item is a function of the seed, the number n of items in a sample, the sample's number and the item's place in it, so
that samples may be drawn in any pieces. Samples of different n are independent of each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rescircuit.bank import spread_nominals
from rescircuit.checks import Array, whole_number
from rescircuit.devices import Empirical, Resistor, Variation
from rescircuit.devices.streams import Stream, exponential, normal_quantile
from rescircuit.errors import InputError

__all__ = ["LAWS", "LawPopulation", "Population", "ResistorPopulation", "measured_population", "population"]

_LARGEST_N = 4096
_FEWEST_MEASURED = 100
_NOMINAL = 1e6  # ohm; of measured factors, whose unit is their median


class Population(Protocol):
    """Random items for subset sums."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    @property
    def one_sided(self) -> bool:
        """Whether no item is below 0: targets are then shares of the full scale, which grows with n."""
        ...

    def items(self, n: int, count: int, *, seed: int, first: int = 0) -> Array:
        """Samples number `first` to ``first + count - 1`` of n items, (count, n)."""
        ...

    def full_scale(self, n: int) -> float:
        """What targets are relative to: the expected sum of n one-sided items; 1 where items have both signs."""
        ...

    def centre(self, n: int) -> float:
        """Where the subset sums of n items are densest, on average: half the expected sum of all."""
        ...

    def settings(self) -> dict[str, Any]:
        """All that the items depend on, but n and the seed."""
        ...


@dataclass(frozen=True, kw_only=True)
class _Law:
    """A law by what it makes of uniform numbers, (..., draws), and the mean of its items."""

    title: str
    draws: int
    make: Callable[[Array], Array]
    mean: float
    one_sided: bool


def _signed(uniforms: Array) -> Array:
    return 2.0 * uniforms - 1.0


_LAWS = {
    "uniform": _Law(title="uniform on [-1, 1]", draws=1, make=lambda u: _signed(u[..., 0]), mean=0.0, one_sided=False),
    "positive": _Law(title="uniform on [0, 1]", draws=1, make=lambda u: u[..., 0], mean=0.5, one_sided=True),
    "normal": _Law(
        title="normal, standard", draws=1, make=lambda u: normal_quantile(u[..., 0]), mean=0.0, one_sided=False
    ),
    "lognormal": _Law(
        title="lognormal, its logarithm standard normal",
        draws=1,
        make=lambda u: exponential(normal_quantile(u[..., 0])),
        mean=math.exp(0.5),
        one_sided=True,
    ),
    "product": _Law(
        title="product of two uniform on [-1, 1]",
        draws=2,
        make=lambda u: _signed(u[..., 0]) * _signed(u[..., 1]),
        mean=0.0,
        one_sided=False,
    ),
    "gadget": _Law(
        title="max(0, a) b, a and b uniform on [-1, 1]: what a ReLU leaves of a product",
        draws=2,
        make=lambda u: np.maximum(_signed(u[..., 0]), 0.0) * _signed(u[..., 1]),
        mean=0.0,
        one_sided=False,
    ),
}

LAWS = {name: law.title for name, law in _LAWS.items()}
"""The laws of :func:`population`, in words."""


@dataclass(frozen=True, kw_only=True)
class LawPopulation:
    """Independent items of one law; see :func:`population`."""

    name: str

    def __post_init__(self) -> None:
        if self.name not in _LAWS:
            raise InputError("population", f"one of {', '.join(_LAWS)}", self.name)

    @property
    def one_sided(self) -> bool:
        """Whether no item is below 0."""
        return _LAWS[self.name].one_sided

    def items(self, n: int, count: int, *, seed: int, first: int = 0) -> Array:
        """Samples number `first` to ``first + count - 1`` of n items, (count, n)."""
        _check(n, count, first)
        law = _LAWS[self.name]
        stream = Stream(seed=seed, source=f"theory.{self.name}.{n}")
        uniforms = stream.uniform(count * n * law.draws, first * n * law.draws)
        return law.make(uniforms.reshape(count, n, law.draws))

    def full_scale(self, n: int) -> float:
        """The expected sum of n one-sided items; 1 where items have both signs."""
        return n * _LAWS[self.name].mean if self.one_sided else 1.0

    def centre(self, n: int) -> float:
        """Half the expected sum of n items."""
        return 0.5 * n * _LAWS[self.name].mean

    def settings(self) -> dict[str, Any]:
        """All that the items depend on, but n and the seed."""
        return {"population": self.name}


@dataclass(frozen=True, kw_only=True, eq=False)
class ResistorPopulation:
    """Conductances of a bank's resistors, in units of the inverse of the nominal resistance.

    Each sample is a bank. Only what each resistor has of its own varies: what a chip, a wafer and a lot share scales
    all sums of a bank alike, and places on the die are left out.

    Parameters
    ----------
    resistor : Resistor
    nominals : str
        ``"equal"`` or ``"geometric"``, see :func:`~rescircuit.bank.spread_nominals`.
    ratio : float
        Of neighbouring nominals, where they are geometric.
    name : str
    """

    resistor: Resistor
    nominals: str = "equal"
    ratio: float = 1.7
    name: str = "resistor"

    def __post_init__(self) -> None:
        if not isinstance(self.resistor, Resistor):
            raise InputError("resistor", "a Resistor, such as Resistor(nominal=1e6, tolerance=0.2)", self.resistor)
        if not isinstance(self.nominals, str):
            raise InputError("nominals", '"geometric" or "equal"', self.nominals)
        spread_nominals(1.0, 2, self.nominals, self.ratio)
        own = self._own_variation()
        varies = own.mismatch or own.matching or (own.local is not None and own.local.spread)
        if not varies:
            hint = "Give a tolerance or a mismatch."
            raise InputError(
                "resistor", "one that varies by itself, as sums are random otherwise in nothing", 0.0, hint
            )

    @property
    def one_sided(self) -> bool:
        """Conductances are above 0."""
        return True

    def items(self, n: int, count: int, *, seed: int, first: int = 0) -> Array:
        """Banks number `first` to ``first + count - 1`` of n resistors, (count, n)."""
        _check(n, count, first)
        nominals = np.broadcast_to(spread_nominals(self.resistor.nominal, n, self.nominals, self.ratio), (count, n))
        areas = self.resistor.area(nominals)
        factors = self._own_variation().factors(
            count * n,
            seed=seed,
            start=first * n,
            source=f"theory.{self.resistor.source}.{n}",
            areas=None if areas is None else areas.reshape(-1),
        )
        return self.resistor.nominal / (nominals * factors.reshape(count, n))

    def full_scale(self, n: int) -> float:
        """Of the nominal bank, n, in units of the inverse of the nominal resistance."""
        return float(n)

    def centre(self, n: int) -> float:
        """Half the nominal full scale."""
        return 0.5 * n

    def settings(self) -> dict[str, Any]:
        """All that the items depend on, but n and the seed: a digest stands for the law, or for all measured values."""
        digest = blake2b(self.items(8, 64, seed=0).tobytes(), digest_size=12)
        local = self._own_variation().local
        if isinstance(local, Empirical):
            digest.update(local.measured.tobytes())
        settings = {"population": self.name, "nominals": self.nominals, "ratio": self.ratio}
        return settings | {"digest": digest.hexdigest()}

    def _own_variation(self) -> Variation:
        whole = self.resistor.whole_variation()
        return replace(whole, lot=None, wafer=None, die=None, gradient=None, field=None)


def population(name: str) -> LawPopulation:
    """The population of a law by its name: one of :data:`LAWS`.

    Examples
    --------
    >>> population("uniform").items(3, 2, seed=1).round(3)
    array([[ 0.02 , -0.943,  0.223],
           [ 0.468, -0.117, -0.161]])
    """
    return LawPopulation(name=name)


def measured_population(
    path: str | Path, *, column: str | int | None = None, nominals: str = "equal", ratio: float = 1.7
) -> ResistorPopulation:
    """Resistors drawn from measured ones, each as often as the others.

    Parameters
    ----------
    path : str or Path
        A chip (.zarr) or a file of comma-separated values: resistances, ohm. Of a chip, each is taken relative to the
        median of all at its place in the banks.
    column : str or int, optional
        Of the file, see :meth:`~rescircuit.devices.Empirical.from_csv`.
    nominals, ratio
        Of the banks to be made of them, see :class:`ResistorPopulation`.

    Raises
    ------
    InputError
        For a file that cannot be read, or fewer than 100 values: sums of few values coincide, which those of a real
        population do not.
    """
    path = Path(path)
    law: Any  # a cached property is no property to the checker of types
    if path.suffix.lower() == ".zarr":
        if column is not None:
            raise InputError("column", "left out for a chip, whose resistors are all taken", column)
        law = _chip_law(path)
    else:
        law = Empirical.from_csv(path, column)
    if law.measured.size < _FEWEST_MEASURED:
        raise InputError(path.name, f"a file with at least {_FEWEST_MEASURED} measured values", law.measured.size)
    resistor = Resistor(nominal=_NOMINAL, variation=Variation(local=law))
    return ResistorPopulation(resistor=resistor, nominals=nominals, ratio=ratio, name="measured")


def _chip_law(path: Path) -> Empirical:
    from rescircuit.bank.chips import load_chip  # with zarr

    resistances = load_chip(path).resistances
    banks = resistances.reshape(-1, resistances.shape[-1])
    return Empirical(factors=(banks / np.median(banks, axis=0)).reshape(-1))


def _check(n: int, count: int, first: int) -> None:
    whole_number("n", n, 1, _LARGEST_N)
    whole_number("count", count, 0)
    whole_number("first", first, 0)
