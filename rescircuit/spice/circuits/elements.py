"""Elements between named nodes, each checked once, when it is made.

An element says by itself how it is written: the words of its line in a deck are put together from checked names and
``repr`` of checked floats, and from nothing else. A name begins with the letter by which SPICE knows the element's
kind. The node ``"0"`` is ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rescircuit.checks import positive_number
from rescircuit.errors import InputError
from rescircuit.spice.circuits.coefficients import check_temperature_factor, coefficient_words
from rescircuit.spice.circuits.element import Element, TwoEnded, check_fields
from rescircuit.spice.circuits.names import check_name, deck_number, element_name, node_name

__all__ = ["Capacitor", "Instance", "Mosfet", "Resistor"]


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
