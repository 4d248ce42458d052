"""Elements between named nodes, each checked once, when it is made.

An element says by itself how it is written: the words of its line in a deck are put together from checked names and
``repr`` of checked floats, and from nothing else. A name begins with the letter by which SPICE knows the element's
kind. The node ``"0"`` is ground.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from rescircuit.checks import positive_number
from rescircuit.devices.coefficients import LARGEST_VOLTAGE
from rescircuit.errors import InputError
from rescircuit.spice.circuits.names import check_name, deck_number, element_name, node_name

__all__ = ["Capacitor", "Element", "Instance", "Mosfet", "Resistor", "TwoEnded", "changing_factors", "check_fields"]


class Element(ABC):
    """What a circuit asks of its elements.

    Attributes
    ----------
    name : str
        Its name, which begins with the letter of its kind.
    """

    name: str

    @property
    @abstractmethod
    def terminals(self) -> tuple[str, ...]:
        """The nodes on the element's line, in their order."""

    @property
    @abstractmethod
    def words(self) -> tuple[str, ...]:
        """What follows the nodes on the element's line: words of checked names and checked floats alone."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """All nodes that the element touches, also those whose voltages it only reads."""
        return self.terminals

    @property
    def direct_paths(self) -> tuple[tuple[str, str], ...]:
        """Pairs of nodes between which direct current can flow; by default between the first two terminals."""
        return ((self.terminals[0], self.terminals[1]),)

    @property
    def model_name(self) -> str | None:
        """The model or subcircuit that the element needs; ``None`` for none."""
        return None

    @property
    def is_plain(self) -> bool:
        """Whether it is nothing but two nodes and a resistance, of which nothing else is to be asked."""
        return False

    def check_temperatures(self, lowest: float, highest: float, nominal_celsius: float) -> None:  # noqa: B027 - most have none
        """Refuse a range (°C) in which the element somewhere has no meaning; its values hold at `nominal_celsius`."""


@dataclass(frozen=True, kw_only=True)
class TwoEnded(Element):
    """What elements between two nodes share."""

    letter: ClassVar[str]

    name: str
    plus: str
    minus: str

    def __post_init__(self) -> None:
        element_name("name", self.name, self.letter)
        node_name("plus", self.plus, self.name)
        node_name("minus", self.minus, self.name)
        if self.plus == self.minus:
            raise InputError(f"minus of {self.name}", "on another node than plus", self.minus)

    @property
    def terminals(self) -> tuple[str, ...]:
        """The two nodes."""
        return self.plus, self.minus


@dataclass(frozen=True, kw_only=True)
class Resistor(TwoEnded):
    """A resistor of `resistance` ohm, above zero, at the circuit's nominal temperature.

    `tc1` (1/K) and `tc2` (1/K²) are its temperature coefficients: at dT kelvin above the nominal temperature it has
    ``resistance * (1 + tc1 dT + tc2 dT²)``, which must be above zero too: ngspice goes on with a negative resistance
    without a word. It reads zero ohm as one milliohm, so zero is refused: a short circuit is one node, not two.
    """

    letter: ClassVar[str] = "r"

    resistance: float
    tc1: float = 0.0
    tc2: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fields(self, "resistance", "tc1", "tc2")
        if self.resistance <= 0:
            hint = "" if self.resistance else "Make its two nodes one instead."
            raise InputError(f"resistance of {self.name}", "above 0 ohm", self.resistance, hint)

    @property
    def words(self) -> tuple[str, ...]:
        """Its resistance, and its temperature coefficients where it has any."""
        return repr(self.resistance), *coefficient_words(self)

    @property
    def is_plain(self) -> bool:
        """Whether it has no temperature coefficients."""
        return not (self.tc1 or self.tc2)

    def check_temperatures(self, lowest: float, highest: float, nominal_celsius: float) -> None:
        """Refuse temperatures at which its resistance would not be above zero."""
        check_temperature_factor(self, lowest, highest, nominal_celsius)


@dataclass(frozen=True, kw_only=True)
class Capacitor(TwoEnded):
    """A capacitor of `capacitance` farad, above zero.

    Parameters
    ----------
    capacitance : float
        At the circuit's nominal temperature.
    initial_voltage : float, optional
        Volt from `plus` to `minus`, to which it is charged when a transient starts with initial conditions; ``None``
        leaves that to ngspice, which takes 0 V.
    tc1, tc2 : float
        Temperature coefficients, as those of a :class:`Resistor`.
    """

    letter: ClassVar[str] = "c"

    capacitance: float
    initial_voltage: float | None = None
    tc1: float = 0.0
    tc2: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        argument = f"capacitance of {self.name}"
        capacitance = deck_number(argument, positive_number(argument, self.capacitance, "F"))
        object.__setattr__(self, "capacitance", capacitance)
        if self.initial_voltage is not None:
            check_fields(self, "initial_voltage")
        check_fields(self, "tc1", "tc2")

    @property
    def words(self) -> tuple[str, ...]:
        """Its capacitance, and its initial voltage and temperature coefficients where it has any."""
        initial = () if self.initial_voltage is None else (f"ic={self.initial_voltage!r}",)
        return repr(self.capacitance), *initial, *coefficient_words(self)

    def check_temperatures(self, lowest: float, highest: float, nominal_celsius: float) -> None:
        """Refuse temperatures at which its capacitance would not be above zero."""
        check_temperature_factor(self, lowest, highest, nominal_celsius, value="capacitance", unit="F")

    @property
    def direct_paths(self) -> tuple[tuple[str, str], ...]:
        """None: a capacitor passes no direct current."""
        return ()


@dataclass(frozen=True, kw_only=True)
class Mosfet(Element):
    """A transistor of the model named `model`; `width` and `length` of its channel in metre."""

    name: str
    drain: str
    gate: str
    source: str
    bulk: str
    model: str
    width: float
    length: float

    def __post_init__(self) -> None:
        element_name("name", self.name, "m")
        for terminal in ("drain", "gate", "source", "bulk"):
            node_name(terminal, getattr(self, terminal), self.name)
        if self.drain == self.source:
            raise InputError(f"source of {self.name}", "on another node than the drain", self.source)
        check_name(f"model of {self.name}", self.model)
        for dimension in ("width", "length"):
            argument = f"{dimension} of {self.name}"
            metres = deck_number(argument, positive_number(argument, getattr(self, dimension), "m"))
            object.__setattr__(self, dimension, metres)

    @property
    def terminals(self) -> tuple[str, ...]:
        """Drain, gate, source and bulk."""
        return self.drain, self.gate, self.source, self.bulk

    @property
    def words(self) -> tuple[str, ...]:
        """Its model and its channel."""
        return self.model, f"w={self.width!r}", f"l={self.length!r}"

    @property
    def direct_paths(self) -> tuple[tuple[str, str], ...]:
        """The channel. A gate conducts none."""
        return ((self.drain, self.source),)

    @property
    def model_name(self) -> str:
        """The transistor's model."""
        return self.model


@dataclass(frozen=True, kw_only=True)
class Instance(Element):
    """One use of the subcircuit named `model`, with a node for each of its ports.

    Parameters
    ----------
    name : str
        Begins with x.
    ports : tuple of str
        The nodes on its ports, in the subcircuit's order.
    model : str
        The subcircuit's name.
    """

    name: str
    ports: tuple[str, ...]
    model: str

    def __post_init__(self) -> None:
        element_name("name", self.name, "x")
        if not isinstance(self.ports, tuple) or not self.ports:
            raise InputError(f"ports of {self.name}", "a tuple of nodes, at least one", self.ports)
        for k, node in enumerate(self.ports):
            node_name(f"ports of {self.name} at index {k}", node)
        check_name(f"model of {self.name}", self.model)

    @property
    def terminals(self) -> tuple[str, ...]:
        """The nodes on its ports."""
        return self.ports

    @property
    def words(self) -> tuple[str, ...]:
        """The subcircuit's name."""
        return (self.model,)

    @property
    def direct_paths(self) -> tuple[tuple[str, str], ...]:
        """None of its own: they are its subcircuit's elements'."""
        return ()

    @property
    def model_name(self) -> str:
        """The subcircuit."""
        return self.model


def check_fields(owner: Any, *names: str) -> None:
    """Make these fields of a frozen dataclass plain floats that a deck can hold.

    Raises
    ------
    InputError
        Naming the field and the owner, see :func:`rescircuit.spice.circuits.names.deck_number`.
    """
    for name in names:
        value = getattr(owner, name)
        number = deck_number(name, value, owner.name)
        if number is not value:
            object.__setattr__(owner, name, number)


def coefficient_words(owner: Any) -> tuple[str, ...]:
    """The temperature coefficients of `owner` that are not 0."""
    return tuple(f"{key}={getattr(owner, key)!r}" for key in ("tc1", "tc2") if getattr(owner, key))


def check_temperature_factor(
    owner: Any, lowest: float, highest: float, nominal_celsius: float, *, value: str = "resistance", unit: str = "ohm"
) -> None:
    """Refuse temperatures between which ``1 + tc1 dT + tc2 dT²`` of `owner` is not above zero."""
    # The parabola is lowest at an end or at its vertex: a sweep of 100,000 temperatures needs no more than these.
    differences = [lowest - nominal_celsius, highest - nominal_celsius]
    if owner.tc2 > 0 and differences[0] < (vertex := -owner.tc1 / (2.0 * owner.tc2)) < differences[1]:
        differences.append(vertex)
    for difference in differences:
        factor = 1.0 + owner.tc1 * difference + owner.tc2 * difference * difference
        if factor <= 0:
            hint = "Its temperature coefficients do not hold so far from the nominal temperature."
            argument = f"{value} of {owner.name} at {nominal_celsius + difference:g} °C"
            raise InputError(argument, f"above 0 {unit}", f"{factor:g} of nominal", hint)


def changing_factors(owner: Any, across: str, nominal_celsius: float) -> list[str]:
    """The factors ``1 + tc1 dT + tc2 dT²`` and ``1 + vc1 |v| + vc2 v²`` of `owner` as expressions.

    Parameters
    ----------
    owner : element
        With `tc1`, `tc2`, `vc1` and `vc2`; parts whose coefficient is 0 are left out, and a factor that has none.
    across : str
        Its voltage, as an expression.
    nominal_celsius : float
        The temperature at which its value holds, °C; ngspice's tnom does not reach an expression.
    """
    warmer, size = f"(temper - {nominal_celsius!r})", f"min(abs({across}), {LARGEST_VOLTAGE!r})"
    factors = []
    for first, second, variable in ((owner.tc1, owner.tc2, warmer), (owner.vc1, owner.vc2, size)):
        terms = ((first, f"{first!r} * {variable}"), (second, f"{second!r} * {variable} * {variable}"))
        present = [term for coefficient, term in terms if coefficient]
        if present:
            factors.append(f"(1.0 + {' + '.join(present)})")
    return factors
