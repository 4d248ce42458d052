"""Elements by a formula, which is taken token by token, so that nothing but arithmetic gets into a deck."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from rescircuit.errors import InputError
from rescircuit.spice.circuits.behavioural import Behavioural
from rescircuit.spice.circuits.elements import TwoEnded
from rescircuit.spice.circuits.names import GROUND, node_name

__all__ = ["GivenCharge", "GivenCurrent"]

_FUNCTIONS = {"abs", "cosh", "cos", "exp", "ln", "max", "min", "pwr", "sgn", "sin", "sinh", "sqrt", "tanh", "u"}
_TOKEN = re.compile(
    r"(?P<voltage>v\((?P<plus>[A-Za-z0-9_]+)(?:, ?(?P<minus>[A-Za-z0-9_]+))?\))"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?)(?![A-Za-z0-9_.])"
    r"|(?P<word>[A-Za-z_]+)"
    r"|(?P<sign>[<>=]=|[-+*/^(),?:<>])",
    re.ASCII,
)
_LONGEST = 10_000  # characters


@dataclass(frozen=True, kw_only=True)
class GivenCurrent(Behavioural):
    """A source of a current, ampere from `plus` to `minus`, by a formula in ngspice's notation.

    Parameters
    ----------
    formula : str
        Of numbers, ``v(node)`` and ``v(node, node)``, ``temper`` (°C), the usual signs and functions; one space at a
        time.
    """

    formula: str

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_formula(f"formula of {self.name}", self.formula)

    @property
    def expression(self) -> str:
        """The formula."""
        return self.formula

    @property
    def reads(self) -> tuple[str, ...]:
        """The nodes that it names."""
        return _other_nodes(self, self.formula)


@dataclass(frozen=True, kw_only=True)
class GivenCharge(TwoEnded):
    """A capacitor whose charge, coulomb, is given by a formula as a :class:`GivenCurrent` has one."""

    letter: ClassVar[str] = "c"

    formula: str

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_formula(f"formula of {self.name}", self.formula)

    @property
    def words(self) -> tuple[str, ...]:
        """Its charge, in the quotes that ngspice wants there."""
        return tuple(f"q = '{self.formula}'".split())

    @property
    def nodes(self) -> tuple[str, ...]:
        """Its own and those that the formula names."""
        return *self.terminals, *_other_nodes(self, self.formula)

    @property
    def direct_paths(self) -> tuple[tuple[str, str], ...]:
        """None: a capacitor passes no direct current."""
        return ()


def checked_formula(argument: str, formula: Any) -> tuple[str, ...]:
    """The nodes that a formula names, in their order; refuses what is not a formula.

    Raises
    ------
    InputError
        For what is not one of its tokens after the other, or has brackets that do not match.
    """
    required = "a formula of numbers, v(node), v(node, node), temper, + - * / ^ and known functions"
    if type(formula) is not str or not 0 < len(formula) <= _LONGEST or " ".join(formula.split()) != formula:
        raise InputError(argument, f"{required}, of at most {_LONGEST:,} characters with single spaces", formula)
    if "//" in formula:
        raise InputError(argument, "without //, behind which ngspice takes the rest for a comment", formula)
    nodes: list[str] = []
    place = depth = 0
    while place < len(formula):
        found = _TOKEN.match(formula, place)
        if found is None:
            raise InputError(argument, required, formula[place:])
        nodes += [node_name(argument, node) for node in (found["plus"], found["minus"]) if node is not None]
        word, sign = found["word"], found["sign"]
        place = found.end()
        called = formula.startswith("(", place)
        if word is not None and not (word == "temper" or (word in _FUNCTIONS and called)):
            raise InputError(argument, f"of known functions ({', '.join(sorted(_FUNCTIONS))})", word)
        depth += {"(": 1, ")": -1}.get(sign or "", 0)
        if depth < 0:
            raise InputError(argument, "with brackets that match", formula)
        if formula.startswith(" ", place):
            place += 1
    if depth:
        raise InputError(argument, "with brackets that match", formula)
    return tuple(node for node in dict.fromkeys(nodes) if node != GROUND)


def _other_nodes(element: TwoEnded, formula: str) -> tuple[str, ...]:
    return tuple(node for node in checked_formula("formula", formula) if node not in element.terminals)
