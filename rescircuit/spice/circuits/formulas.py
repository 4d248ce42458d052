"""Elements by a formula, which is taken token by token, so that nothing but arithmetic gets into a deck."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from rescircuit.errors import InputError
from rescircuit.spice.circuits.behavioural import Behavioural
from rescircuit.spice.circuits.element import TwoEnded
from rescircuit.spice.circuits.names import GROUND, node_name

__all__ = ["GivenCharge", "GivenCurrent"]

# Functions by the number of their arguments: ngspice 39 dies of max(1).
_OF_ONE = ("abs", "cos", "cosh", "exp", "ln", "sgn", "sin", "sinh", "sqrt", "tanh", "u")
_FUNCTIONS = {**dict.fromkeys(_OF_ONE, 1), **dict.fromkeys(("max", "min", "pwr"), 2)}
_TOKEN = re.compile(
    r"(?P<voltage>v\((?P<plus>[A-Za-z0-9_]+)(?:, ?(?P<minus>[A-Za-z0-9_]+))?\))"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?)(?![A-Za-z0-9_.])"
    r"|(?P<word>[A-Za-z_]+)"
    r"|(?P<sign>[<>=]=|[-+*/^(),?:<>])",
    re.ASCII,
)
_LONGEST = 10_000  # characters
_ORDER = "of values and signs in turns, with brackets that match and functions of one argument (max, min, pwr: two)"


@dataclass(frozen=True, kw_only=True)
class _Given(TwoEnded):
    """What both kinds share: the formula, and the nodes in it."""

    formula: str

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.named  # which checks the formula

    @cached_property
    def named(self) -> tuple[str, ...]:
        """The nodes that the formula names."""
        return checked_formula(f"formula of {self.name}", self.formula)

    @property
    def reads(self) -> tuple[str, ...]:
        """Those of them that are not its own."""
        return tuple(node for node in self.named if node not in self.terminals)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Its two nodes and those that it reads."""
        return *self.terminals, *self.reads


@dataclass(frozen=True, kw_only=True)
class GivenCurrent(_Given, Behavioural):
    """A source of a current, ampere from `plus` to `minus`, by a formula in ngspice's notation.

    Parameters
    ----------
    formula : str
        Of numbers, ``v(node)`` and ``v(node, node)``, ``temper`` (°C), the usual signs and functions; one space at a
        time.
    """

    @property
    def expression(self) -> str:
        """The formula."""
        return self.formula

    @property
    def direct_paths(self) -> tuple[tuple[str, str], ...]:
        """Between its ends, where its current follows the voltage of one of them."""
        return super().direct_paths if set(self.terminals).intersection(self.named) else ()


@dataclass(frozen=True, kw_only=True)
class GivenCharge(_Given):
    """A capacitor whose charge, coulomb, is given by a formula as a :class:`GivenCurrent` has one."""

    letter: ClassVar[str] = "c"

    @property
    def words(self) -> tuple[str, ...]:
        """Its charge, in the quotes that ngspice wants there."""
        return tuple(f"q = '{self.formula}'".split())

    @property
    def direct_paths(self) -> tuple[tuple[str, str], ...]:
        """None: a capacitor passes no direct current."""
        return ()


def checked_formula(argument: str, formula: Any) -> tuple[str, ...]:
    """The nodes that a formula names, in their order; refuses what is not a formula.

    Raises
    ------
    InputError
        For what is not one of its tokens after the other, or not in an order that has a meaning.
    """
    required = "a formula of numbers, v(node), v(node, node), temper, + - * / ^ and known functions"
    if type(formula) is not str or not 0 < len(formula) <= _LONGEST or " ".join(formula.split()) != formula:
        raise InputError(argument, f"{required}, of at most {_LONGEST:,} characters with single spaces", formula)
    if "//" in formula:
        raise InputError(argument, "without //, behind which ngspice takes the rest for a comment", formula)
    nodes: list[str] = []
    order = _Order()
    place = 0
    while place < len(formula):
        found = _TOKEN.match(formula, place)
        if found is None:
            raise InputError(argument, required, formula[place:])
        nodes += [node_name(argument, node) for node in (found["plus"], found["minus"]) if node is not None]
        place = found.end()
        word = found["word"]
        if word is not None and not (word == "temper" or (word in _FUNCTIONS and formula.startswith("(", place))):
            raise InputError(argument, f"of known functions ({', '.join(sorted(_FUNCTIONS))})", word)
        if not order.goes_on(word, found["sign"]):
            raise InputError(argument, _ORDER, formula[:place])
        if formula.startswith(" ", place):
            place += 1
    if not order.ends:
        raise InputError(argument, _ORDER, formula)
    return tuple(node for node in dict.fromkeys(nodes) if node != GROUND)


@dataclass
class _Order:
    """Values and signs in turns, brackets and ``?`` closed, and functions of as many arguments as they have."""

    value_due: bool = True
    function: str = ""  # whose bracket is due
    open: list[str | int] = field(default_factory=list)  # ? and brackets, by the number of commas due in each

    def goes_on(self, word: str | None, sign: str | None) -> bool:
        """Whether a formula may go on with this token, a value if it is neither a word nor a sign."""
        if sign is None:
            due, self.value_due = self.value_due, word in _FUNCTIONS
            self.function = word if word in _FUNCTIONS else ""
            return due
        if sign == "(":
            self.open.append(_FUNCTIONS[self.function] - 1 if self.function else 0)
            self.function = ""
            return self.value_due
        if self.value_due:
            return sign in "+-"
        self.value_due = sign != ")"
        return self._goes_on_behind_a_value(sign)

    def _goes_on_behind_a_value(self, sign: str) -> bool:
        innermost = self.open[-1] if self.open else None
        match sign:
            case ")":
                return innermost == 0 and self.open.pop() == 0
            case ":":
                return innermost == "?" and self.open.pop() == "?"
            case ",":
                if not isinstance(innermost, int) or innermost < 1:
                    return False
                self.open[-1] = innermost - 1
            case "?":
                self.open.append(sign)
        return True

    @property
    def ends(self) -> bool:
        """Whether it may end here."""
        return not self.value_due and not self.open
