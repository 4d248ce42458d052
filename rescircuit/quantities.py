"""Quantities as people write them: ``4.7k``, ``1meg``, ``120uS``, ``20%``, ``-100ppm``, ``0.5V``, ``180nm``, ``85C``.

Text is read here, at the edge (command line, files), and nowhere else; inside, everything is a float in SI
units. SPICE and people disagree on some letters: ``1M`` is a milli to SPICE and a million to an engineer,
``1F`` is a farad or a femto, ``1m`` a metre or a milli, ``4k7`` and ``1,5k`` lose digits without a word. Such text
is refused with the two ways to write what was meant, never guessed.
"""

from __future__ import annotations

import math
import re
from typing import Any

from rescircuit.checks import finite_number, whole_number
from rescircuit.errors import InputError

__all__ = ["format_quantity", "parse_per_length", "parse_quantity"]

_PREFIXES = {
    "f": 1e-15,
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "µ": 1e-6,  # micro sign
    "μ": 1e-6,  # Greek mu: looks the same, is another character
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "K": 1e3,
    "meg": 1e6,
    "G": 1e9,
    "T": 1e12,
}

_SPELLINGS = {
    "ohm": (
        "ohm",
        "ohms",
        "Ohm",
        "Ohms",
        "OHM",
        "Ω",
        "\N{OHM SIGN}",
    ),  # Greek omega, and a sign that editors may turn into it
    "S": ("S", "siemens"),
    "V": ("V", "volt", "volts"),
    "A": ("A", "amp", "ampere"),
    "F": ("F", "farad"),
    "s": ("s", "sec"),
    "Hz": ("Hz", "hertz"),
    "W": ("W", "watt"),
    "J": ("J", "joule", "joules"),
    "m": ("m", "metre", "metres", "meter", "meters"),
}
_UNIT_OF = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings}
_SYMBOLS = {"ohm": "Ω"}
_WHOLE = {"F": "farad", "m": "metre"}  # without a prefix: "1 F" and "1 m" are what parse_quantity refuses

_CELSIUS = "degC"  # a unit without prefixes: 1 kK is no kilo-anything
_DEGREES = ("", "C", "°C", "degC", "\N{DEGREE CELSIUS}")
_ZERO_CELSIUS = 273.15  # kelvin

_FRACTIONS = {"%": 1e-2, "ppm": 1e-6, "PPM": 1e-6}

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
# "2% um", "0.5%/mm", "3 %/mm²"; without a space or a sign, "2%um" has one as well: % ends a quantity
_WITH_LENGTH = re.compile(
    r"(?P<quantity>.*?(?:%|ppm|[\w.]))(?:\s*(?P<per>/)\s*|\s*[·*]\s*|\s+|(?<=%))(?P<prefix>[fpnuµμmk])m(?P<square>2|²)?"
)
_LONGEST = 40
_MOST_DIGITS = 17  # of a float


def parse_quantity(text: Any, unit: str = "", *, argument: str = "quantity") -> float:
    """Read one quantity.

    Parameters
    ----------
    text : str or number
        A number with an optional prefix (f p n u m k meg G T) and an optional unit; ``%`` stands for 1/100 of
        a plain number and ``ppm`` for 1e-6. A number passes as it is, NumPy's too.
    unit : str
        The unit expected: ``"ohm"``, ``"S"``, ``"V"``, ``"A"``, ``"F"``, ``"s"``, ``"Hz"``, ``"W"``, ``"J"``,
        ``"m"``, ``"degC"`` (a temperature in °C, which takes no prefix), or ``""`` for a plain number. Text may leave
        it out; another unit is refused.
    argument : str
        The name to use in an error.

    Returns
    -------
    float
        The value in the SI unit, or in °C.

    Raises
    ------
    InputError
        For what is no finite number, another unit, text that two readers would read differently, and a number so
        small that zero would be left of it.
    """
    _check_unit(unit, ("", *_SPELLINGS, _CELSIUS))
    required = f"a quantity in {unit}, such as {_example(unit)}" if unit else "a number, such as 0.2, 20% or 10k"
    if not isinstance(text, str):
        return finite_number(argument, text, required)
    if len(text) > _LONGEST:
        raise InputError(argument, required, text)
    stripped = text.strip()
    match = _NUMBER.match(stripped)
    if match is None:
        raise InputError(argument, required, text)
    suffix = stripped[match.end() :].lstrip()
    factor = _factor(suffix, unit, argument, required, text, match.group())
    # A decimal prefix is a shift of the exponent: one rounding, so that "4.7k" is the float 4700.0 exactly.
    value = float(match.group()) if factor == 1.0 else _scaled(match.group(), factor)
    if not math.isfinite(value):
        raise InputError(argument, required, text)
    if value == 0 and re.search("[1-9]", re.split("[eE]", match.group())[0]):
        raise InputError(argument, required, text, "It is too small: zero would be left of it.")
    return value


def parse_per_length(text: Any, unit: str = "", power: int = 1, *, argument: str = "quantity") -> float:
    """Read a quantity times or per a length: ``2% um`` of matching, ``0.5%/mm`` of gradient.

    Parameters
    ----------
    text : str or number
        A quantity as in :func:`parse_quantity` with a length behind it, after ``/`` if `power` is below 0 and followed
        by ``2`` or ``²`` if that is 2 or -2. A number alone is in SI units; a quantity without its length is refused.
    unit : str
        Of the quantity, as in :func:`parse_quantity`.
    power : int
        Of the length: 1, 2, -1 or -2.
    argument : str
        The name to use in an error.

    Returns
    -------
    float
        In the SI unit of the quantity times metre to the power of `power`.

    Raises
    ------
    InputError
        As :func:`parse_quantity`, and for another power of the length.
    """
    if not isinstance(text, str) or _NUMBER.fullmatch(text.strip()):
        return parse_quantity(text, unit, argument=argument)
    sign, square = "/" if power < 0 else " ", "2" if abs(power) > 1 else ""
    example = {"": "2%" if power > 0 else "0.1%", "V": "5mV", "F": "1fF"}.get(unit, f"1{unit}") if power != 2 else "1"
    length = "um" if power > 0 or unit else "mm"  # matching goes with micrometres, a gradient with millimetres
    required = f"a quantity such as {example}{sign}{length}{square}"
    match = _WITH_LENGTH.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None or power != (-1 if match["per"] else 1) * (2 if match["square"] else 1):
        raise InputError(argument, required, text)
    per_metre = float(f"1e{round(math.log10(_PREFIXES[match['prefix']])) * power}")
    try:
        value = parse_quantity(match["quantity"], unit, argument=argument) * per_metre
    except InputError as error:
        raise InputError(argument, required, text, error.hint) from None
    if not math.isfinite(value):
        raise InputError(argument, required, text)
    return value


def format_quantity(value: float, unit: str = "", digits: int = 4) -> str:
    """Write a value with a prefix so that :func:`parse_quantity` reads it back: ``'1.2 mS'``, ``'1 megΩ'``.

    Parameters
    ----------
    value : float
        In the SI unit.
    unit : str
        As in :func:`parse_quantity`; ``"%"`` writes a plain number as a percentage, ``"ppm"`` in millionths.
    digits : int
        Significant digits, 1 to 17.

    Raises
    ------
    InputError
        For another unit, or digits outside that range.
    """
    _check_unit(unit, ("", *_SPELLINGS, _CELSIUS, "%", "ppm"))
    digits = whole_number("digits", digits, 1, _MOST_DIGITS)
    value = float(value)
    if not math.isfinite(value):
        return str(value)
    if unit in _FRACTIONS:
        return f"{value / _FRACTIONS[unit]:.{digits}g} {unit}"
    if unit == _CELSIUS:
        return f"{value:.{digits}g} °C"
    symbol = _SYMBOLS.get(unit, unit)
    if value == 0:
        return f"0 {_WHOLE.get(unit, symbol)}".rstrip()
    # Round first: 999.96 must become 1 k, not 1000.
    rounded = float(f"{value:.{digits - 1}e}")
    exponent = min(max(3 * math.floor(math.log10(abs(rounded)) / 3), -15), 12)
    prefix = {-15: "f", -12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "meg", 9: "G", 12: "T"}[exponent]
    scaled = _scaled(repr(rounded), 10.0 ** (-exponent)) if exponent else rounded
    if exponent == 0:
        symbol = _WHOLE.get(unit, symbol)
    return f"{scaled:.{digits}g} {prefix}{symbol}".rstrip()


def _check_unit(unit: str, known: tuple[str, ...]) -> None:
    if unit not in known:
        raise InputError("unit", f"one of {', '.join(map(repr, known))}", unit)


def _factor(suffix: str, unit: str, argument: str, required: str, text: str, number: str) -> float:
    """The factor that what follows the number stands for."""
    if unit == _CELSIUS:
        _check_degrees(suffix, argument, required, text, number)
        return 1.0
    if suffix in _FRACTIONS:
        if unit:
            name = "A percentage has" if suffix == "%" else "Parts per million have"
            raise InputError(argument, required, text, f"{name} no unit.")
        return _FRACTIONS[suffix]
    if suffix == "" or (_UNIT_OF.get(suffix) == unit and suffix not in _WHOLE):
        return 1.0
    _refuse_two_readings(suffix, unit, argument, required, text, number)
    for prefix in sorted(_PREFIXES, key=len, reverse=True):
        is_meg = prefix == "meg" and suffix[:3].lower() == "meg"
        if not (is_meg or suffix.startswith(prefix)):
            continue
        rest = suffix[len(prefix) :]
        if rest == "" or (unit and _UNIT_OF.get(rest) == unit):
            return _PREFIXES[prefix]
        if rest in _UNIT_OF and not unit:
            raise InputError(argument, required, text, f"It has no unit: leave out {rest}.")
        if rest in _UNIT_OF:
            raise InputError(argument, required, text, f"{rest} is another unit.")
    raise InputError(argument, required, text, "Prefixes are f p n u m k meg G T.")


def _check_degrees(suffix: str, argument: str, required: str, text: str, number: str) -> None:
    """Refuse what is no temperature in °C."""
    if suffix in _DEGREES:
        return
    if suffix in {"K", "kelvin"}:
        celsius = float(number) - _ZERO_CELSIUS
        raise InputError(argument, required, text, f"Temperatures are in °C: write {celsius:.10g} for {number} K.")
    raise InputError(argument, required, text, "Write a number with C, °C, degC or nothing behind it.")


def _refuse_two_readings(suffix: str, unit: str, argument: str, required: str, text: str, number: str) -> None:
    """Refuse what SPICE and people, or two people, read differently."""
    if suffix[0] == "M" and suffix[:3].lower() != "meg":
        rest = suffix[1:] if suffix[1:] in _UNIT_OF else ""  # advice repeats no more than it knows
        raise InputError(
            argument,
            required,
            text,
            f"M is milli to SPICE and mega to people: write {number}meg{rest} or {number}m{rest}.",
        )
    if suffix == "F":
        hint = f"F is farad to people and femto to SPICE: write {number}e0 or {number}f."
        raise InputError(argument, required, text, hint)
    if suffix == unit == "m":
        hint = f"m is a metre or a milli: write {number}e0 or {number}mm."
        raise InputError(argument, required, text, hint)
    if suffix[0] == "P":
        hint = f"P is pico to SPICE and peta to people: write {number}p or {number}e15."
        raise InputError(argument, required, text, hint)
    if "/" in suffix:
        raise InputError(argument, required, text, "Leave out what it is per: that is SI units, such as 1/K.")
    if suffix[0] == ",":
        raise InputError(argument, required, text, "The decimal sign is a point.")
    if re.match(r"[a-zA-ZΩ\N{OHM SIGN}µμ]+\d", suffix):
        hint = f"SPICE would drop the digits behind {suffix[0]!r}: write the decimal point, as in 4.7k for 4k7."
        raise InputError(argument, required, text, hint)


def _scaled(number: str, factor: float) -> float:
    """`number`, decimal text, times a power of ten, rounded once."""
    mantissa, _, exponent = number.lower().partition("e")
    return float(f"{mantissa}e{int(exponent or 0) + round(math.log10(factor))}")


def _example(unit: str) -> str:
    examples = {"ohm": "10k or 4.7k", "S": "120uS", "V": "0.5V", "F": "10pF", "m": "1um", _CELSIUS: "85C or -40"}
    return examples.get(unit, f"1m{unit}")
