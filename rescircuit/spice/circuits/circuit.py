"""A circuit as data: elements between named nodes, the models that they use, and what is asked of it.

It says what is connected to what and nothing else: :mod:`rescircuit.spice.decks.writing` writes it for ngspice and
:mod:`rescircuit.spice.engines.pyspice` hands it to PySpice. The node ``"0"`` is
ground. No two names may differ only in the case of their letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rescircuit.checks import finite_number, non_negative_number, positive_number
from rescircuit.errors import InputError
from rescircuit.spice.circuits.charges import CurrentMirror
from rescircuit.spice.circuits.elements import Capacitor, Element
from rescircuit.spice.circuits.models import Model
from rescircuit.spice.circuits.names import GROUND, check_distinct, comment_lines, deck_number
from rescircuit.spice.circuits.sources import PiecewiseLinearSource, SelectedSource, SineSource, Source

__all__ = ["NOMINAL_CELSIUS", "Circuit", "Transient"]

NOMINAL_CELSIUS = 27.0  # ngspice's own

_ABSOLUTE_ZERO = -273.15  # °C
_MOST_STEPS = 10_000_000  # of a transient: a raw file of some gigabytes


@dataclass(frozen=True, kw_only=True)
class Transient:
    """The circuit over time, instead of at rest.

    Parameters
    ----------
    stop : float
        Where it ends, second.
    max_step : float
        The longest step, second, at most `stop` less `start`. ngspice integrates by the trapezoidal rule: its error
        falls with the square of the step. On a sine of 1 kHz over an RC of 0.1 ms, 2.5e-6 of the amplitude at steps
        of 1 µs.
    start : float
        Points before this time, second, are computed and not kept.
    use_initial_conditions : bool
        Start from the capacitors' initial voltages; otherwise from the operating point at time 0.
    relative_tolerance : float
        ngspice's ``reltol``, from 1e-12 to 1e-3, by which it also shortens steps.
    method : "trapezoidal" or "gear"
        How ngspice integrates. Trapezoids are the more exact; behind a step that is long against a time constant they
        ring for many steps, where Gear's formula of second order settles at once.
    """

    stop: float
    max_step: float
    start: float = 0.0
    use_initial_conditions: bool = True
    relative_tolerance: float = 1e-6
    method: str = "trapezoidal"

    def __post_init__(self) -> None:
        positive_number("stop", self.stop, "s")
        if non_negative_number("start", self.start, "s") >= self.stop:
            raise InputError("start", f"before stop ({self.stop:g} s)", self.start)
        if positive_number("max_step", self.max_step, "s") > self.stop - self.start:
            raise InputError("max_step", f"at most stop - start ({self.stop - self.start:g} s)", self.max_step)
        if self.stop / self.max_step > _MOST_STEPS:
            raise InputError("max_step", f"at least stop / {_MOST_STEPS:,}", self.max_step)
        if not isinstance(self.use_initial_conditions, bool):
            raise InputError("use_initial_conditions", "True or False", self.use_initial_conditions)
        if not 1e-12 <= finite_number("relative_tolerance", self.relative_tolerance) <= 1e-3:
            raise InputError("relative_tolerance", "from 1e-12 to 1e-3", self.relative_tolerance)
        if self.method not in ("trapezoidal", "gear"):
            raise InputError("method", '"trapezoidal" or "gear"', self.method)
        for field in ("stop", "max_step", "start", "relative_tolerance"):
            object.__setattr__(self, field, deck_number(field, getattr(self, field)))

    @property
    def least_points(self) -> int:
        """How many points a run brings at the least."""
        return int((self.stop - self.start) / self.max_step)


@dataclass(frozen=True, kw_only=True)
class Circuit:
    """Elements, the models that they use, and what is asked.

    Parameters
    ----------
    elements : tuple of Element
        At least one.
    models : tuple of Model
        The models and subcircuits to which elements refer.
    temperature_celsius : float
        Temperature of the simulation, °C.
    nominal_temperature_celsius : float
        The temperature at which the values of resistors and models hold, °C. Where the simulation's is another one,
        ngspice follows the resistors' coefficients, and each kind of model its own laws.
    transient : Transient, optional
        Ask for the course over time; by default for the operating point, or that of each sample.
    comment : str
        Free text for the head of a deck.
    open_ends : frozenset of str
        Nodes that may be on one element alone, such as the open end of a line; elsewhere that is an error.

    Raises
    ------
    InputError
        For a name that occurs twice or differs from another only in case, a model that is missing, selected
        sources with unequal numbers of samples or in a transient, initial voltages that a transient does not use, a
        temperature that is not above absolute zero or at which a resistance is not above zero.
    """

    elements: tuple[Element, ...]
    models: tuple[Model, ...] = ()
    temperature_celsius: float = NOMINAL_CELSIUS
    nominal_temperature_celsius: float = NOMINAL_CELSIUS
    transient: Transient | None = None
    comment: str = ""
    open_ends: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _check_members("elements", self.elements, Element)
        _check_members("models", self.models, Model)
        if not self.elements:
            raise InputError("elements", "at least one element", self.elements)
        check_distinct("element", (element.name for element in self.elements))
        check_distinct("model", (model.name for model in self.models))
        check_distinct("node", self.nodes)
        self._check_references()
        self._check_samples_agree()
        self._check_transient()
        comment_lines("comment", self.comment)
        self._check_temperatures()

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """All nodes but ground, in the order in which the elements name them."""
        return tuple(dict.fromkeys(node for e in self.elements for node in e.nodes if node != GROUND))

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The voltage sources of all kinds, whose currents a run gives."""
        return tuple(e for e in self.elements if isinstance(e, Source))

    @cached_property
    def n_samples(self) -> int | None:
        """How many voltages each selected source has; ``None`` without selected sources."""
        return next((len(e.voltages) for e in self.elements if isinstance(e, SelectedSource)), None)

    def _check_references(self) -> None:
        known = {model.name for model in self.models}
        for element in self.elements:
            if element.model_name is not None and element.model_name not in known:
                required = f"one of the circuit's models ({', '.join(sorted(known)) or 'it has none'})"
                raise InputError(f"model of {element.name}", required, element.model_name)
        sources = {source.name for source in self.sources}
        for element in self.elements:
            if isinstance(element, CurrentMirror) and element.source not in sources:
                raise InputError(f"source of {element.name}", "one of the circuit's sources", element.source)

    def _check_samples_agree(self) -> None:
        for element in self.elements:
            if isinstance(element, SelectedSource) and len(element.voltages) != self.n_samples:
                required = f"{self.n_samples} numbers, as many as those of the first selected source"
                raise InputError(f"voltages of {element.name}", required, f"{len(element.voltages)} numbers")

    def _check_transient(self) -> None:
        if self.transient is None:
            changing = next((e for e in self.elements if isinstance(e, PiecewiseLinearSource | SineSource)), None)
            if changing is not None:
                raise InputError("transient", f"given, as {changing.name} changes over time", None)
            return
        if not isinstance(self.transient, Transient):
            raise InputError("transient", "a Transient", self.transient)
        if self.n_samples is not None:
            hint = "Use a PiecewiseLinearSource for a voltage that changes over time."
            raise InputError("transient", "left out where selected sources have samples", self.transient, hint)
        if self.transient.use_initial_conditions:
            return
        for element in self.elements:
            if isinstance(element, Capacitor) and element.initial_voltage is not None:
                required = "left out where a transient starts from the operating point"
                raise InputError(f"initial_voltage of {element.name}", required, element.initial_voltage)

    def _check_temperatures(self) -> None:
        for field in ("temperature_celsius", "nominal_temperature_celsius"):
            if finite_number(field, getattr(self, field)) <= _ABSOLUTE_ZERO:
                raise InputError(field, f"above absolute zero, {_ABSOLUTE_ZERO} °C", getattr(self, field))
        for element in self.elements:
            element.check_temperature(self.temperature_celsius, self.nominal_temperature_celsius)


def _check_members(argument: str, members: Any, kind: Any) -> None:
    """Only what checks itself may reach a deck."""
    if not isinstance(members, tuple):
        raise InputError(argument, "a tuple", members)
    for k, member in enumerate(members):
        if not isinstance(member, kind):
            raise InputError(f"{argument} at index {k}", "made by one of the classes of rescircuit.spice", member)
