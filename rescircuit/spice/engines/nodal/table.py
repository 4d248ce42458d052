"""A linear circuit as it is read, element by element, and its solution at all of its points."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError, shorten
from rescircuit.spice.engines.near_names import near_names
from rescircuit.spice.engines.nodal.network import Ends, LinearNetwork, NetworkSolution
from rescircuit.spice.engines.nodal.system import solve_network

__all__ = ["CircuitSolution", "ElementTable"]

_METHOD = "nodal analysis, SuperLU, refined"
_MOST_VALUES = 1 << 28  # voltages in one solution: 2 GiB
_SHOWN = 6  # names in a printed table


@dataclass(frozen=True, kw_only=True, eq=False)
class CircuitSolution:
    """The solution of a linear circuit at rest, with its certificate.

    Arrays are (K,) for K samples, 1 without any, and (T, K) where T temperatures are swept.

    Attributes
    ----------
    node_voltages : mapping of node to array
        Volt.
    source_currents : mapping of source to array
        Ampere, from ``plus`` through the source to ``minus``; each is the sum of the currents that reach it.
    residual : float
        Backward error ``|Y v - i| / (|Y| |v| + |i|)`` of the worst point, with largest entries as norms, before the
        voltages are rounded to one double each.
    imbalance : float
        The largest sum of the currents at a node, as a share of the sum of their magnitudes.
    error : float
        Bound of the voltages' error, as a share of the largest, and of that of the currents that are mirrored.
    condition : float
        ``|Y| |1/Y|`` in the same norms, at the worst temperature.
    method : str
        How it was found.
    seconds : float
        Wall-clock time, with the reading.
    """

    node_voltages: Mapping[str, Array]
    source_currents: Mapping[str, Array]
    residual: float
    imbalance: float
    error: float
    condition: float
    method: str
    seconds: float


class _Rows(Mapping[str, Array]):
    """Rows of an array by name, each in this shape, without an object for each; case matters only between them."""

    def __init__(self, what: str, places: Mapping[str, int], values: Array, shape: tuple[int, ...]) -> None:
        self._what, self._places, self._values, self._shape = what, places, values, shape

    def __getitem__(self, name: str) -> Array:
        place = self._place(name)
        if place is None:
            raise KeyError(f"no {self._what} has the name {shorten(name)}; there are {self._near(name)}")
        return self._values[place].reshape(self._shape)

    def __contains__(self, name: object) -> bool:
        return self._place(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        count = len(self)
        shown = ", ".join(islice(self._places, _SHOWN)) + (", ..." if count > _SHOWN else "")
        return f"<{count:,} {self._what}{'' if count == 1 else 's'}{': ' if shown else ''}{shown}>"

    def _place(self, name: object) -> int | None:
        place = self._places.get(name)  # type: ignore[arg-type] - whatever it is, it is not there
        return self._by_lower.get(name.lower()) if place is None and isinstance(name, str) else place

    @cached_property
    def _by_lower(self) -> dict[str, int]:
        return {name.lower(): place for name, place in self._places.items()}

    def _near(self, name: object) -> str:
        return near_names(name, self._places) or "none"


@dataclass(kw_only=True)
class ElementTable:
    """The elements of a linear circuit in columns; nodes are numbers, ground is 0.

    Attributes
    ----------
    nodes : dict of str to int
        Numbers of the nodes by name.
    plus, minus : array of int
        The ends of the resistors.
    resistances : array of float
        Ohm, above 0.
    coefficients : dict of int to (float, float)
        ``tc1`` (1/K) and ``tc2`` (1/K²) of the resistors that have any, by their place.
    sources : dict of str to (int, int, array)
        Plus, minus and voltages, (1,) or (K,), of the voltage sources by name.
    currents : list of (int, int, float)
        Plus, minus and ampere of the current sources.
    mirrors : list of (int, int, str, float)
        Plus, minus, the voltage source and the gain of the mirrors.
    """

    nodes: dict[str, int] = field(default_factory=lambda: {"0": 0})
    plus: array[int] = field(default_factory=lambda: array("q"))
    minus: array[int] = field(default_factory=lambda: array("q"))
    resistances: array[float] = field(default_factory=lambda: array("d"))
    coefficients: dict[int, tuple[float, float]] = field(default_factory=dict)
    sources: dict[str, tuple[int, int, Array]] = field(default_factory=dict)
    currents: list[tuple[int, int, float]] = field(default_factory=list)
    mirrors: list[tuple[int, int, str, float]] = field(default_factory=list)

    def node(self, name: str) -> int:
        """The number of the node `name`, a new one if it has none."""
        return self.nodes.setdefault(name, len(self.nodes))

    def add_resistor(self, plus: int, minus: int, resistance: float, tc1: float = 0.0, tc2: float = 0.0) -> None:
        """A resistor of `resistance` ohm between two nodes."""
        if tc1 or tc2:
            self.coefficients[len(self.resistances)] = tc1, tc2
        self.plus.append(plus)
        self.minus.append(minus)
        self.resistances.append(resistance)

    def solved(
        self,
        *,
        samples: int,
        warmer: Sequence[float],
        swept: bool,
        started: float,
        nodes: Mapping[str, int] | None = None,
        sources: Mapping[str, str] | None = None,
    ) -> CircuitSolution:
        """The solution at all points.

        Parameters
        ----------
        samples : int
            K.
        warmer : sequence of float (T,)
            By how many kelvin the circuit is above the temperature at which its resistances hold.
        swept : bool
            Whether temperatures are an axis of what comes back.
        started : float
            When the reading began, by ``time.perf_counter``.
        nodes : mapping of str to int, optional
            The nodes, by the names that they are to have in the solution; by default all but ground.
        sources : mapping of str to str, optional
            The sources whose currents are asked for, likewise; by default all.

        Raises
        ------
        InputError, SolutionError
            See :func:`rescircuit.spice.engines.nodal.system.solve_network`; for a resistance that is not above 0 at
            one of the temperatures, and for more values than memory is meant to hold.
        """
        names = list(self.nodes)
        points = samples * len(warmer)
        if points * len(names) > _MOST_VALUES:
            required = f"at most {_MOST_VALUES:,} voltages, points times nodes"
            raise InputError("the circuit", required, f"{points} points of {len(names)} nodes", "Take fewer samples.")
        distinct = warmer if self.coefficients else warmer[:1]  # without coefficients all temperatures are alike
        found = [solve_network(self._network(names, samples, kelvin)) for kelvin in distinct]
        repeated = len(warmer) // len(distinct)
        wanted = {name: k for k, name in enumerate(names) if k} if nodes is None else dict(nodes)
        places = {name: k for k, name in enumerate(self.sources)}
        currents = places if sources is None else {name: places[own] for name, own in sources.items()}
        shape = (len(warmer), samples) if swept else (samples,)
        voltages = _points([each.node_voltages for each in found], repeated)
        amperes = _points([each.source_currents for each in found], repeated)
        return CircuitSolution(
            node_voltages=_Rows("voltage", wanted, voltages, shape),
            source_currents=_Rows("current", currents, amperes, shape),
            residual=max(each.residual for each in found),
            imbalance=max(each.imbalance for each in found),
            error=max(each.error for each in found),
            condition=max(each.condition for each in found),
            method=_stated_method(found[0]),
            seconds=time.perf_counter() - started,
        )

    def _network(self, names: Sequence[str], samples: int, kelvin: float) -> LinearNetwork:
        places = {name: k for k, name in enumerate(self.sources)}
        voltages = [np.broadcast_to(values, samples) for _, _, values in self.sources.values()]
        currents = np.array([[ampere] for _, _, ampere in self.currents]).reshape(-1, 1)
        return LinearNetwork(
            nodes=names,
            sources=list(self.sources),
            ends=np.array([self.plus, self.minus], np.intp),
            conductances=1.0 / self._resistances(names, kelvin),
            source_ends=_ends(self.sources.values()),
            voltages=np.array(voltages).reshape(-1, samples),
            current_ends=_ends(self.currents),
            currents=np.broadcast_to(currents, (len(currents), samples)),
            mirror_ends=_ends(self.mirrors),
            mirrored=np.array([places[source] for _, _, source, _ in self.mirrors], np.intp),
            gains=np.array([gain for *_, gain in self.mirrors], np.float64),
        )

    def _resistances(self, names: Sequence[str], kelvin: float) -> Array:
        """Ohm, at `kelvin` above the temperature at which the resistors have their values."""
        resistances = np.array(self.resistances)
        for place, (tc1, tc2) in self.coefficients.items():
            factor = 1.0 + tc1 * kelvin + tc2 * kelvin * kelvin
            if factor <= 0:
                ends = " and ".join(names[node] for node in (self.plus[place], self.minus[place]))
                argument = f"resistance between {ends}, {kelvin:g} K above the nominal temperature,"
                hint = "Its temperature coefficients do not hold so far from there."
                raise InputError(argument, "above 0 ohm", f"{factor:g} of nominal", hint)
            resistances[place] *= factor
        return resistances


def _ends(elements: Iterable[tuple]) -> Ends:
    """Plus and minus of each, (2, number of elements)."""
    return np.array([element[:2] for element in elements], np.intp).reshape(-1, 2).T


def _points(blocks: list[Array], repeated: int) -> Array:
    """The samples of all temperatures side by side."""
    values = blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)
    values = values if repeated == 1 else np.tile(values, repeated)
    values.flags.writeable = False
    return values


def _stated_method(solution: NetworkSolution) -> str:
    return f"{_METHOD}; {solution.unknowns:,} unknowns, {solution.fill:,} entries in the factors"
