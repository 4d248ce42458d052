"""Models to which elements refer by name: cards of known keys and checked floats, never a text passed through."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from rescircuit.checks import non_negative_number, positive_number
from rescircuit.devices.switches.bsim4 import BSIM4Card
from rescircuit.errors import InputError
from rescircuit.spice.circuits.element import check_fields
from rescircuit.spice.circuits.names import check_name, deck_number

__all__ = ["Bsim4Model", "Level1Model", "Model", "model_card"]

Card = tuple[str, ...]  # the words of one line

_FLAGS = {"off", "thermal"}  # behind a transistor's model, and taken for such in its place


class Model(ABC):
    """A definition with a name: a ``.model`` card, or the lines of a subcircuit.

    Attributes
    ----------
    name : str
        The name by which elements refer to it.
    """

    name: str

    @property
    @abstractmethod
    def cards(self) -> tuple[Card, ...]:
        """Its lines, each as words of checked names and checked floats alone."""


@dataclass(frozen=True, kw_only=True)
class Level1Model(Model):
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
        _check_model_name(self.name)
        positive_number(f"kp of {self.name}", self.kp, "A/V²")
        non_negative_number(f"lambda_ of {self.name}", self.lambda_, "1/V")
        non_negative_number(f"gamma of {self.name}", self.gamma, "√V")
        positive_number(f"phi of {self.name}", self.phi, "V")
        positive_number(f"is_ of {self.name}", self.is_, "A")
        check_fields(self, "vto", "kp", "lambda_", "gamma", "phi", "is_")

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

    @property
    def cards(self) -> tuple[Card, ...]:
        """Its card."""
        return (model_card(self.name, "level=1", self.parameters),)


@dataclass(frozen=True, kw_only=True)
class Bsim4Model(Model):
    """An NMOS model by a user's BSIM4 card.

    Parameters
    ----------
    name : str
        The name by which transistors refer to it, whatever it is in the card.
    card : BSIM4Card
        Its parameters.

    Raises
    ------
    InputError
        For a parameter whose magnitude no deck can hold.
    """

    name: str
    card: BSIM4Card

    def __post_init__(self) -> None:
        _check_model_name(self.name)
        if not isinstance(self.card, BSIM4Card):
            raise InputError("card", "a BSIM4Card", self.card)
        names = [name for name, _ in self.card.parameters]
        for text in (*names, self.card.version):
            if type(text) is not str:  # it need not write itself as it was checked
                raise InputError("card", "of str, and of no class made from it", str.__str__(text))
        for name, value in self.card.parameters:
            deck_number(f"{name} of {self.name}", value)

    @property
    def cards(self) -> tuple[Card, ...]:
        """Its card."""
        return (model_card(self.name, f"level=14 version={self.card.version}", dict(self.card.parameters)),)


def model_card(name: str, level: str, parameters: dict[str, float]) -> Card:
    """The words of an NMOS model's line."""
    pairs = [f"{key}={value!r}" for key, value in parameters.items()]
    return (".model", name, "nmos", *f"({level} {' '.join(pairs)})".split())


def _check_model_name(name: Any) -> None:
    check_name("name", name)
    if name.lower() in _FLAGS:
        raise InputError("name", "a word without a meaning on a transistor's line", name, "Choose another name.")
