"""A foundry's transistor as a switch: a user's BSIM4 card, which ngspice computes and this package does not.

A bank behind such switches can be written as a deck. To be programmed it needs their currents first:
:func:`rescircuit.spice.characterise` has ngspice sweep the card and returns a
:class:`~rescircuit.devices.switches.tabulated.TabulatedSwitch`.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn, Self

from rescircuit.checks import Array, checked_shape, finite_number, positive_number
from rescircuit.devices.coefficients import checked_temperature
from rescircuit.devices.switches.bsim4_parameters import BSIM4_PARAMETERS
from rescircuit.devices.switches.protocol import BranchCurrent, Flags
from rescircuit.errors import InputError
from rescircuit.files import file_size

__all__ = ["BSIM4Card", "BSIM4Switch"]

_LARGEST = 1 << 20  # characters of a card; the largest of foundries have some ten thousand
_SUFFIXES = {"t": "1e12", "g": "1e9", "meg": "1e6", "k": "1e3", "mil": "25.4e-6", "m": "1e-3", "u": "1e-6"}
_SUFFIXES |= {"n": "1e-9", "p": "1e-12", "f": "1e-15", "": "1"}
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,6})?)([a-z]*)", re.ASCII)
_VERSION = re.compile(r"4\.[0-8](?:\.?\d)?", re.ASCII)
_LEVELS = (14.0, 54.0)
_Word = tuple[int, str]  # with the number of its line


@dataclass(frozen=True, kw_only=True)
class BSIM4Card:
    """The parameters of a BSIM4 NMOS, as a foundry gives them.

    Parameters
    ----------
    parameters : tuple of (str, float)
        Names that ngspice 39 knows, in lower case and each once, with finite values in SPICE's units.
    version : str
        BSIM's version, such as "4.5"; ngspice has 4.0 to 4.8.
    """

    parameters: tuple[tuple[str, float], ...]
    version: str = "4.8"

    def __post_init__(self) -> None:
        if not isinstance(self.parameters, tuple) or not all(_is_pair(each) for each in self.parameters):
            raise InputError("parameters", "a tuple of pairs, each a name and a number", self.parameters)
        names = [name for name, _ in self.parameters]
        for name in names:
            if name not in BSIM4_PARAMETERS or names.count(name) > 1:
                raise InputError("parameters", "names of BSIM4 that ngspice 39 knows, each once", name)
        # Plain floats: what is written into a deck is their repr.
        plain = tuple((name, finite_number(f"parameter {name}", value)) for name, value in self.parameters)
        object.__setattr__(self, "parameters", plain)
        if not isinstance(self.version, str) or not _VERSION.fullmatch(self.version):
            raise InputError("version", "one of BSIM4, such as 4.5 or 4.8.1", self.version)

    @property
    def digest(self) -> str:
        """SHA-256 of version and parameters, whatever their order: the card's identity."""
        lines = [f"version={self.version}", *sorted(f"{name}={value!r}" for name, value in self.parameters)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @classmethod
    def parse(cls, text_or_path: str | Path) -> Self:
        """Read one ``.model name nmos level=14`` card, or level 54, from a file or from its text.

        Lines that start with ``+`` continue the card, ``*`` starts a comment, and ``;`` or ``$`` one at a line's end;
        parentheses around the parameters and the name itself mean nothing. Since it is a SPICE file, numbers are read
        as SPICE reads them: ``M`` and ``m`` are 1e-3 and ``MEG`` is 1e6. A netlist is a program: nothing but names of
        BSIM4's parameters and numbers is taken from it. Expressions, ``.param``, ``.include`` and other cards are
        refused.

        Parameters
        ----------
        text_or_path : str or Path
            Text that holds the word ``.model``, or else the path of a file.

        Raises
        ------
        InputError
            With the line's number and the reason.
        """
        text = _text_of(text_or_path)
        words = list(_words(text))
        if not words:
            raise InputError("card", "a .model card", "no line but comments")
        _check_head(words)
        rest = words[3:]
        if len(rest) % 3:
            raise InputError(f"card, line {rest[-1][0]}", "name = number, in pairs", rest[-1][1])
        values: dict[str, float] = {}
        version: str | None = None
        for (line, name), (_, sign), (_, value) in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
            where = f"card, line {line}"
            if sign != "=":
                raise InputError(where, f"{name} = number", f"{name} {sign}")
            if name in values or (name == "version" and version is not None):
                raise InputError(where, "each parameter once", name)
            if name == "version":
                version = value
            elif name != "level" and name not in BSIM4_PARAMETERS:
                raise InputError(where, "a parameter of BSIM4 that ngspice 39 knows", name)
            else:
                values[name] = _number(where, name, value)
        if values.pop("level", None) not in _LEVELS:
            raise InputError("card", "of level 14 or 54, which are BSIM4", "another level or none")
        return cls(parameters=tuple(values.items()), version="4.8" if version is None else version)


@dataclass(frozen=True, kw_only=True)
class BSIM4Switch:
    """A transistor by a BSIM4 card, on the virtual-ground side, with its bulk and its gate-off voltage at 0 V.

    Parameters
    ----------
    card : BSIM4Card
        Its parameters.
    width, length : float
        Metre.
    v_gate : float
        Gate voltage when closed, volt, above 0.
    temperature : float
        Of the transistor, °C.
    """

    card: BSIM4Card
    width: float
    length: float
    v_gate: float = 1.8
    temperature: float = 27.0

    def __post_init__(self) -> None:
        if not isinstance(self.card, BSIM4Card):
            raise InputError("card", "a BSIM4Card", self.card, "BSIM4Card.parse reads one.")
        for name, unit in (("width", "m"), ("length", "m"), ("v_gate", "V")):
            positive_number(name, getattr(self, name), unit)
        checked_temperature(self.temperature)

    @property
    def area(self) -> float:
        """Of the gate, m²."""
        return self.width * self.length

    def branch_current(self, resistance: Array, voltage: Array, *, closed: bool) -> Array:  # noqa: ARG002
        """Not known here: see :class:`Switch` for what it would be."""
        self._refuse()

    def branch(self, resistance: Array, v_in: Array, v_out: Array, *, closed: bool | Flags) -> BranchCurrent:  # noqa: ARG002
        """Not known here: see :class:`Switch` for what it would be."""
        self._refuse()

    def check_voltages(self, lowest: float, highest: float) -> None:
        """See :class:`Switch`."""
        if min(lowest, highest) < 0:
            hint = "Below 0 V an open NMOS conducts; apply signed vectors in two phases, or use an IdealSwitch."
            raise InputError("voltage", "at least 0 V at an NMOS switch", min(lowest, highest), hint)

    def at(self, temperature: float) -> Self:
        """See :class:`Switch`; ngspice moves the card."""
        return replace(self, temperature=checked_temperature(temperature))

    def sample(self, shape: int | tuple[int, ...] = (), *, seed: int, chip: int = 0, start: int = 0) -> Self:  # noqa: ARG002
        """See :class:`Switch`; without variation it is the same."""
        checked_shape(shape)
        return self

    def part(self, index: Any) -> Self:  # noqa: ARG002
        """See :class:`Switch`; all are the same."""
        return self

    def spread_to(self, shape: tuple[int, ...]) -> Self:  # noqa: ARG002
        """See :class:`Switch`; no parameter is an array."""
        return self

    def _refuse(self) -> NoReturn:
        hint = "Take rescircuit.spice.characterise(switch, v_max=...) to have ngspice find its currents first."
        raise InputError("switch", "one whose currents are known, where they are asked for", "a BSIM4Switch", hint)


def _is_pair(each: Any) -> bool:
    return isinstance(each, tuple) and len(each) == 2 and isinstance(each[0], str)


def _text_of(text_or_path: str | Path) -> str:
    if isinstance(text_or_path, str) and ".model" in text_or_path.lower():
        text = text_or_path
    elif isinstance(text_or_path, str | Path):
        path = Path(text_or_path)
        try:
            too_large = file_size(path) > _LARGEST
            text = "" if too_large else path.read_text(encoding="utf-8-sig")
        except (OSError, ValueError):
            raise InputError("card", "readable text, or the path of a file of it", str(text_or_path)) from None
        if too_large:
            raise InputError("card", f"at most {_LARGEST} bytes", str(path))
    else:
        raise InputError("card", "text, or the path of a file", text_or_path)
    if len(text) > _LARGEST:
        raise InputError("card", f"at most {_LARGEST} characters", f"{len(text)} characters")
    return text


def _words(text: str) -> Iterator[_Word]:
    """The one card's words in lower case, the sign = among them; a second card is refused."""
    begun = False
    for number, line in enumerate(text.splitlines(), 1):
        content = re.split(r"[;$]", line)[0].strip().lower()
        if not content or content.startswith("*"):
            continue
        if not begun and content.split()[0] != ".model":
            raise InputError(f"card, line {number}", "a .model card first", content)
        if begun and not content.startswith("+"):
            required = "a line that continues the card with +"
            raise InputError(f"card, line {number}", required, content, "Give one card alone.")
        begun = True
        if re.search(r"['\"{}`\\]", content):
            hint = "Put the numbers in place of the expressions."
            raise InputError(f"card, line {number}", "names and numbers without expressions", content, hint)
        spread = re.sub(r"[(),]", " ", content.removeprefix("+")).replace("=", " = ")
        yield from ((number, word) for word in spread.split())


def _check_head(words: list[_Word]) -> None:
    line, _ = words[0]
    kind = words[2][1] if len(words) > 2 else "nothing"
    if kind != "nmos":
        raise InputError(f"card, line {line}", ".model, a name and nmos", f"{kind} in the place of nmos")


def _number(where: str, name: str, text: str) -> float:
    """A number as SPICE reads it, with a suffix but without a unit, which SPICE would skip."""
    found = _NUMBER.fullmatch(text)
    if not found or found[2] not in _SUFFIXES:
        required = f"a number for {name}, at most with a suffix of SPICE ({', '.join(filter(None, _SUFFIXES))})"
        raise InputError(where, required, text)
    value = float(Decimal(found[1]) * Decimal(_SUFFIXES[found[2]]))
    if not math.isfinite(value):
        raise InputError(where, f"a finite number for {name}", text)
    return value
