"""A circuit as data: elements between named nodes, the models that they use, and what is asked of it.

It says what is connected to what and nothing else: :mod:`rescircuit.spice.decks.writing` writes it for ngspice and
:mod:`rescircuit.spice.engines.pyspice` hands it to PySpice. The node ``"0"`` is ground. No two names may differ only in
the case of their letters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rescircuit.errors import InputError
from rescircuit.spice.circuits.analyses import ABSOLUTE_ZERO, NOMINAL_CELSIUS, TemperatureSweep, Transient
from rescircuit.spice.circuits.census import Census, LazyElements
from rescircuit.spice.circuits.element import Element, check_members
from rescircuit.spice.circuits.elements import Capacitor, Instance, Mosfet
from rescircuit.spice.circuits.models import Model
from rescircuit.spice.circuits.names import (
    check_distinct,
    comment_lines,
    deck_number,
    inner_node_name,
)
from rescircuit.spice.circuits.sources import PiecewiseLinearSource, SelectedSource, SineSource, Source
from rescircuit.spice.circuits.subcircuits import (
    Subcircuit,
    check_mirrors,
    check_open_ends,
)

__all__ = ["Circuit"]

_MOST_ELEMENTS = 20_000_000
_DEEPEST = 100


@dataclass(frozen=True, kw_only=True)
class Circuit:
    """Elements, the models that they use, and what is asked.

    Parameters
    ----------
    elements : tuple of Element, or LazyElements
        At least one.
    models : tuple of Model
        The models and subcircuits to which elements refer; a subcircuit stands behind those that it uses.
    temperature_celsius : float
        Temperature of the simulation, °C.
    nominal_temperature_celsius : float
        The temperature at which the values of resistors and models hold, °C. Where the simulation's is another one,
        ngspice follows the resistors' coefficients, and each kind of model its own laws.
    transient : Transient, optional
        Ask for the course over time; by default for the operating point, or that of each sample.
    temperatures : TemperatureSweep, optional
        Ask for the operating points at these temperatures in place of one, for each all samples.
    comment : str
        Free text for the head of a deck.
    notes : mapping of str to str
        Free text for the lines before an element, by the element's name.
    open_ends : frozenset of str
        Nodes that may be on one element alone, such as the open end of a line; elsewhere that is an error.
    probes : tuple of str
        Nodes inside instances, such as ``x_bank.branch_0``, whose voltages a run is to bring too.

    Raises
    ------
    InputError
        For a name that occurs twice or differs from another only in case, a model that is missing, selected
        sources with unequal numbers of samples or in a transient, initial voltages that a transient does not use, a
        temperature that is not above absolute zero or at which a resistance is not above zero.
    """

    elements: tuple[Element, ...] | LazyElements
    models: tuple[Model, ...] = ()
    temperature_celsius: float = NOMINAL_CELSIUS
    nominal_temperature_celsius: float = NOMINAL_CELSIUS
    transient: Transient | None = None
    temperatures: TemperatureSweep | None = None
    comment: str = ""
    notes: Mapping[str, str] = field(default_factory=dict, hash=False)  # a dict has no hash
    open_ends: frozenset[str] = frozenset()
    probes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.elements, tuple | LazyElements):
            raise InputError("elements", "a tuple", self.elements)
        check_members("models", self.models, Model)
        check_distinct("model", (model.name for model in self.models))
        if not self.census.n_elements:
            raise InputError("elements", "at least one element", self.elements)
        check_distinct("element", self.census.names)
        check_distinct("node", self.nodes)
        self._check_references()
        self._check_samples_agree()
        self._check_temperatures()
        self._check_analyses()
        self._check_probes()
        check_open_ends("open_ends", self.open_ends)
        comment_lines("comment", self.comment)
        self._check_notes()

    @cached_property
    def census(self) -> Census:
        """What one way through the elements tells."""
        return Census.of(self.elements)

    @property
    def nodes(self) -> tuple[str, ...]:
        """All nodes but ground and those inside instances, in the order in which the elements name them."""
        return self.census.nodes

    @property
    def sources(self) -> tuple[Source, ...]:
        """The voltage sources of all kinds, whose currents a run gives; not those inside instances."""
        return self.census.sources

    @property
    def n_samples(self) -> int | None:
        """How many voltages each selected source has; ``None`` without selected sources."""
        return next((len(each.voltages) for each in self.sources if isinstance(each, SelectedSource)), None)

    @cached_property
    def subcircuits(self) -> dict[str, Subcircuit]:
        """Those among the models, by name."""
        return {model.name: model for model in self.models if isinstance(model, Subcircuit)}

    def _check_references(self) -> None:
        models: dict[str, Model] = {}
        cards = {model.name.lower() for model in self.models if not isinstance(model, Subcircuit)}
        for model in self.models:
            if isinstance(model, Subcircuit):
                for element in model.census.with_models:
                    _check_model(element, models)
                    _check_no_node_is_a_model(element, cards)
            models[model.name] = model
        for element in self.census.with_models:
            _check_model(element, models)
            _check_no_node_is_a_model(element, cards)
        self._check_expansion()
        check_mirrors(self.census)

    def _check_expansion(self) -> None:
        """A few lines of subcircuits, each with two of the one before, can stand for more elements than any memory.

        Definitions count by themselves too, used or not, because the rules look at each of them.
        """
        sizes: dict[str, int] = {}
        depths: dict[str, int] = {}
        defined = 0
        for name, subcircuit in self.subcircuits.items():
            used = [element.model for element in subcircuit.census.instances]
            sizes[name] = subcircuit.census.n_elements + sum(sizes[each] for each in used)
            depths[name] = 1 + max((depths[each] for each in used), default=0)
            defined += sizes[name]
            _check_size(defined)
        used = [element.model for element in self.census.instances]
        _check_size(self.census.n_elements + sum(sizes[each] for each in used))
        deepest = max((depths[each] for each in used), default=0)
        if deepest > _DEEPEST:
            raise InputError("circuit", f"of at most {_DEEPEST} subcircuits inside each other", deepest)

    def _check_samples_agree(self) -> None:
        for element in self.sources:
            if isinstance(element, SelectedSource) and len(element.voltages) != self.n_samples:
                required = f"{self.n_samples} numbers, as many as those of the first selected source"
                raise InputError(f"voltages of {element.name}", required, f"{len(element.voltages)} numbers")

    @property
    def special_elements(self) -> Iterator[Element]:
        """The elements, here and in subcircuits, that are not plain resistors."""
        yield from self.census.special
        for subcircuit in self.subcircuits.values():
            yield from subcircuit.census.special

    def _check_analyses(self) -> None:
        if self.temperatures is not None:
            if not isinstance(self.temperatures, TemperatureSweep):
                raise InputError("temperatures", "a TemperatureSweep", self.temperatures)
            if self.transient is not None:
                raise InputError("temperatures", "left out for a transient", self.temperatures)
        if self.transient is not None:
            self._check_transient()
        else:
            changing = next(
                (e for e in self.special_elements if isinstance(e, PiecewiseLinearSource | SineSource)), None
            )
            if changing is not None:
                raise InputError("transient", f"given, as {changing.name} changes over time", None)

    def _check_transient(self) -> None:
        if not isinstance(self.transient, Transient):
            raise InputError("transient", "a Transient", self.transient)
        if self.n_samples is not None:
            hint = "Use a PiecewiseLinearSource for a voltage that changes over time."
            raise InputError("transient", "left out where selected sources have samples", self.transient, hint)
        if self.transient.use_initial_conditions:
            return
        for element in self.special_elements:
            if isinstance(element, Capacitor) and element.initial_voltage is not None:
                required = "left out where a transient starts from the operating point"
                raise InputError(f"initial_voltage of {element.name}", required, element.initial_voltage)

    def _check_temperatures(self) -> None:
        for name in ("temperature_celsius", "nominal_temperature_celsius"):
            celsius = deck_number(name, getattr(self, name))
            if celsius <= ABSOLUTE_ZERO:
                raise InputError(name, f"above absolute zero, {ABSOLUTE_ZERO} °C", celsius)
            object.__setattr__(self, name, celsius)
        reached = (self.temperature_celsius,)
        if isinstance(self.temperatures, TemperatureSweep):
            reached = self.temperatures.values
        for element in self.special_elements:
            element.check_temperatures(reached[0], reached[-1], self.nominal_temperature_celsius)

    def _check_probes(self) -> None:
        if not isinstance(self.probes, tuple):
            raise InputError("probes", "a tuple", self.probes)
        instances = {each.name: each.model for each in self.census.instances}
        for k, probe in enumerate(self.probes):
            *path, node = inner_node_name(f"probes at index {k}", probe).split(".")
            inside: Mapping[str, str] = instances
            for step in path:
                if step not in inside:
                    raise InputError(f"probes at index {k}", "a node inside one of the circuit's instances", probe)
                model = self.subcircuits[inside[step]]
                inside = {each.name: each.model for each in model.census.instances}
            if node not in model.nodes or node in model.ports:  # type: ignore[possibly-unbound] - a path is never empty
                raise InputError(f"probes at index {k}", "a node of its own of the subcircuit there", probe)
        check_distinct("probe", self.probes)

    def _check_notes(self) -> None:
        if not isinstance(self.notes, Mapping):
            raise InputError("notes", "a mapping from the names of elements to text", self.notes)
        if not self.notes:
            return
        names = set(self.census.names)
        for name, text in self.notes.items():
            if name not in names:
                raise InputError("notes", "a mapping from the names of elements to text", name)
            comment_lines(f"notes of {name}", text)


def _check_size(n_elements: int) -> None:
    if n_elements > _MOST_ELEMENTS:
        raise InputError("circuit", f"of at most {_MOST_ELEMENTS:,} elements, with those inside instances", "more")


def _check_model(element: Element, known: Mapping[str, Model]) -> None:
    """Refuse a model that is missing, or of another kind, and an instance with another number of ports."""
    if element.model_name is None:
        return
    model = known.get(element.model_name)
    instance = isinstance(element, Instance)
    if model is None or isinstance(model, Subcircuit) != instance:
        kind = "subcircuits" if instance else "models"
        alike = ", ".join(sorted(name for name, each in known.items() if isinstance(each, Subcircuit) == instance))
        required = f"one of the circuit's {kind} before it ({alike or 'it has none'})"
        raise InputError(f"model of {element.name}", required, element.model_name)
    if isinstance(model, Subcircuit) and len(element.terminals) != len(model.ports):
        required = f"{len(model.ports)} nodes, one for each port of {model.name}"
        raise InputError(f"ports of {element.name}", required, f"{len(element.terminals)} nodes")


def _check_no_node_is_a_model(element: Element, cards: set[str]) -> None:
    """ngspice takes the first word on a transistor's line that is a model for the end of its nodes."""
    if not isinstance(element, Mosfet):
        return
    for node in element.terminals:
        if node.lower() in cards:
            required = "without a node that is called as a model, which ngspice takes for the transistor's"
            raise InputError(f"nodes of {element.name}", required, node, "Rename one of them.")
