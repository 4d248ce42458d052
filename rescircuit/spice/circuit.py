"""A circuit as data: elements between named nodes, each checked once, when it is made.

It says what is connected to what and nothing else: :mod:`rescircuit.spice.decks` writes it for ngspice and
:mod:`rescircuit.spice.pyspice` hands it to PySpice. The node ``"0"`` is ground. A name begins with the letter
by which SPICE knows the element's kind, and no two names may differ only in the case of their letters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from rescircuit.checks import finite_number, non_negative_number, positive_number
from rescircuit.errors import InputError
from rescircuit.spice.names import (
    GROUND,
    check_distinct,
    check_name,
    comment_lines,
    deck_number,
    element_name,
    node_name,
)

__all__ = [
    "Circuit",
    "Element",
    "Level1Model",
    "Mosfet",
    "Resistor",
    "SelectedSource",
    "SinhConductor",
    "VoltageSource",
    "driven",
]

_ABSOLUTE_ZERO = -273.15  # °C


@dataclass(frozen=True, kw_only=True)
class _TwoEnded:
    """What elements between two nodes share."""

    letter: ClassVar[str]

    name: str
    plus: str
    minus: str

    def __post_init__(self) -> None:
        element_name("name", self.name, self.letter)
        node_name(f"plus of {self.name}", self.plus)
        node_name(f"minus of {self.name}", self.minus)
        if self.plus == self.minus:
            raise InputError(f"minus of {self.name}", "on another node than plus", self.minus)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes that the element touches."""
        return self.plus, self.minus

    @property
    def direct_path(self) -> tuple[str, str]:
        """The two nodes between which direct current can flow."""
        return self.plus, self.minus


@dataclass(frozen=True, kw_only=True)
class Resistor(_TwoEnded):
    """A resistor; `resistance` in ohm, above zero.

    ngspice reads zero ohm as one milliohm, so zero is refused: a short circuit is one node, not two.
    """

    letter: ClassVar[str] = "r"

    resistance: float

    def __post_init__(self) -> None:
        super().__post_init__()
        argument = f"resistance of {self.name}"
        resistance = deck_number(argument, self.resistance)
        if resistance <= 0:
            hint = "" if resistance else "Make its two nodes one instead."
            raise InputError(argument, "above 0 ohm", self.resistance, hint)
        object.__setattr__(self, "resistance", resistance)


@dataclass(frozen=True, kw_only=True)
class VoltageSource(_TwoEnded):
    """A source that holds `plus` at `voltage` volt above `minus`.

    Its current counts, as in SPICE, from `plus` through the source to `minus`: a source of 0 V from an output
    to ground senses the current into that virtual ground, with its sign.
    """

    letter: ClassVar[str] = "v"

    voltage: float

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "voltage", deck_number(f"voltage of {self.name}", self.voltage))


@dataclass(frozen=True, kw_only=True)
class SelectedSource(_TwoEnded):
    """A source with a voltage for each sample: ``voltages[k]`` volt from `plus` to `minus` in sample k.

    All selected sources of a circuit change together, so that many input vectors are one run of ngspice; they
    have the same number of voltages, two or more (a :class:`VoltageSource` has one).
    """

    letter: ClassVar[str] = "b"

    voltages: tuple[float, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        argument = f"voltages of {self.name}"
        if not isinstance(self.voltages, tuple) or len(self.voltages) < 2:
            hint = "For one voltage, use a VoltageSource."
            raise InputError(argument, "a tuple of at least two numbers (V)", self.voltages, hint)
        voltages = (deck_number(f"{argument} at index {k}", v) for k, v in enumerate(self.voltages))
        object.__setattr__(self, "voltages", tuple(voltages))


@dataclass(frozen=True, kw_only=True)
class SinhConductor(_TwoEnded):
    """A conductor of current ``conductance * v_scale * sinh(v / v_scale)`` at `v` volt from `plus` to `minus`.

    `conductance`, that of the smallest voltages, in siemens and `v_scale` in volt, both above zero.
    """

    letter: ClassVar[str] = "b"

    conductance: float
    v_scale: float

    def __post_init__(self) -> None:
        super().__post_init__()
        for field, unit in (("conductance", "S"), ("v_scale", "V")):
            argument = f"{field} of {self.name}"
            value = deck_number(argument, positive_number(argument, getattr(self, field), unit))
            object.__setattr__(self, field, value)


@dataclass(frozen=True, kw_only=True)
class Mosfet:
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
            node_name(f"{terminal} of {self.name}", getattr(self, terminal))
        if self.drain == self.source:
            raise InputError(f"source of {self.name}", "on another node than the drain", self.source)
        check_name(f"model of {self.name}", self.model)
        for dimension in ("width", "length"):
            argument = f"{dimension} of {self.name}"
            metres = deck_number(argument, positive_number(argument, getattr(self, dimension), "m"))
            object.__setattr__(self, dimension, metres)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes that the element touches."""
        return self.drain, self.gate, self.source, self.bulk

    @property
    def direct_path(self) -> tuple[str, str]:
        """The two nodes between which direct current can flow: the channel's ends. A gate conducts none."""
        return self.drain, self.source


Element = Resistor | VoltageSource | SelectedSource | SinhConductor | Mosfet


@dataclass(frozen=True, kw_only=True)
class Level1Model:
    """An NMOS model of SPICE's level 1 (Shichman and Hodges 1968).

    Parameters
    ----------
    name : str
        The name by which transistors refer to it.
    vto : float
        Threshold voltage, volt.
    kp : float
        Transconductance parameter, A/V², above 0.
    lambda_ : float
        Channel-length modulation, 1/V, at least 0.
    gamma : float
        Body effect, √V, at least 0.
    phi : float
        Surface potential, volt, above 0.
    is_ : float
        Saturation current of the bulk junctions, ampere, above 0; by default that of SPICE.
    """

    name: str
    vto: float
    kp: float
    lambda_: float
    gamma: float
    phi: float
    is_: float = 1e-14

    def __post_init__(self) -> None:
        check_name("name", self.name)
        positive_number(f"kp of {self.name}", self.kp, "A/V²")
        non_negative_number(f"lambda_ of {self.name}", self.lambda_, "1/V")
        non_negative_number(f"gamma of {self.name}", self.gamma, "√V")
        positive_number(f"phi of {self.name}", self.phi, "V")
        positive_number(f"is_ of {self.name}", self.is_, "A")
        for key in ("vto", "kp", "lambda_", "gamma", "phi", "is_"):
            object.__setattr__(self, key, deck_number(f"{key} of {self.name}", getattr(self, key)))

    @property
    def parameters(self) -> dict[str, float]:
        """SPICE's keys and their values: all that a model card may contain."""
        return {
            "vto": self.vto,
            "kp": self.kp,
            "lambda": self.lambda_,
            "gamma": self.gamma,
            "phi": self.phi,
            "is": self.is_,
        }


@dataclass(frozen=True, kw_only=True)
class Circuit:
    """Elements, and the models that they use.

    Parameters
    ----------
    elements : tuple of Resistor, VoltageSource, SelectedSource, SinhConductor or Mosfet
        At least one.
    models : tuple of Level1Model
        The models to which transistors refer.
    temperature_celsius : float
        Temperature of the simulation, °C. The models' parameters are those at this temperature.
    comment : str
        Free text for the head of a deck.
    open_ends : frozenset of str
        Nodes that may be on one element alone, such as the open end of a line; elsewhere that is an error.

    Raises
    ------
    InputError
        For a name that occurs twice or differs from another only in case, a model that is missing, selected
        sources with unequal numbers of samples, or a temperature that is not above absolute zero.
    """

    elements: tuple[Element, ...]
    models: tuple[Level1Model, ...] = ()
    temperature_celsius: float = 27.0
    comment: str = ""
    open_ends: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _check_members("elements", self.elements, Element)
        _check_members("models", self.models, Level1Model)
        if not self.elements:
            raise InputError("elements", "at least one element", self.elements)
        check_distinct("element", (element.name for element in self.elements))
        check_distinct("model", (model.name for model in self.models))
        check_distinct("node", self.nodes)
        self._check_models_exist()
        self._check_samples_agree()
        comment_lines("comment", self.comment)
        if finite_number("temperature_celsius", self.temperature_celsius) <= _ABSOLUTE_ZERO:
            required = f"above absolute zero, {_ABSOLUTE_ZERO} °C"
            raise InputError("temperature_celsius", required, self.temperature_celsius)

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """All nodes but ground, in the order in which the elements name them."""
        return tuple(dict.fromkeys(node for e in self.elements for node in e.nodes if node != GROUND))

    @cached_property
    def sources(self) -> tuple[VoltageSource | SelectedSource, ...]:
        """The voltage sources of both kinds, whose currents a run gives."""
        return tuple(e for e in self.elements if isinstance(e, VoltageSource | SelectedSource))

    @cached_property
    def n_samples(self) -> int | None:
        """How many voltages each selected source has; ``None`` without selected sources."""
        return next((len(e.voltages) for e in self.elements if isinstance(e, SelectedSource)), None)

    def _check_models_exist(self) -> None:
        known = {model.name for model in self.models}
        for element in self.elements:
            if isinstance(element, Mosfet) and element.model not in known:
                required = f"one of the circuit's models ({', '.join(sorted(known)) or 'it has none'})"
                raise InputError(f"model of {element.name}", required, element.model)

    def _check_samples_agree(self) -> None:
        for element in self.elements:
            if isinstance(element, SelectedSource) and len(element.voltages) != self.n_samples:
                required = f"{self.n_samples} numbers, as many as those of the first selected source"
                raise InputError(f"voltages of {element.name}", required, f"{len(element.voltages)} numbers")


def _check_members(argument: str, members: Any, kind: Any) -> None:
    """Only what this module has checked may reach a deck."""
    if not isinstance(members, tuple):
        raise InputError(argument, "a tuple", members)
    for k, member in enumerate(members):
        if not isinstance(member, kind):
            raise InputError(f"{argument} at index {k}", "made by one of the classes of rescircuit.spice", member)


def driven(node: str, voltages: Iterable[float]) -> VoltageSource | SelectedSource:
    """A source from `node` to ground, with the voltage (volt) of one sample or those of several."""
    values = tuple(voltages)
    if len(values) == 1:
        return VoltageSource(name=f"v_{node}", plus=node, minus=GROUND, voltage=values[0])
    return SelectedSource(name=f"b_{node}", plus=node, minus=GROUND, voltages=values)
