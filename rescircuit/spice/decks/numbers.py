"""Numbers in decks: plain ones in ours, and other people's as SPICE reads them, where people read them alike.

SPICE takes ``1M`` for a thousandth, ``1F`` for 1e-15, ``4k7`` for 4000, ``1,5k`` for 5000 and ``0x10`` for 0.001,
without a word (measured with ngspice 39). A deck that holds one of these most likely means something else.
"""

from __future__ import annotations

import math
import re

from rescircuit.errors import InputError

__all__ = ["PLAIN", "plain_number", "spice_number"]

PLAIN = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"

_NUMBER = re.compile(
    r"(?P<mantissa>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:e(?P<exponent>[+-]?[0-9]{1,4}))?(?P<letters>[a-z]*)",
    re.ASCII | re.IGNORECASE,
)
_PLAIN = re.compile(PLAIN, re.ASCII)
_POWERS = {"t": 12, "g": 9, "meg": 6, "k": 3, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "": 0}
_UNITS = {
    "ohm": ("ohms", "ohm"),
    "F": ("farads", "farad", "f"),
    "V": ("volts", "volt", "v"),
    "A": ("amperes", "ampere", "amps", "amp", "a"),
    "": (),
}


def plain_number(argument: str, text: str) -> float:
    """The number in a word of one of our own decks: digits with a point, maybe an exponent, and no suffix.

    Raises
    ------
    InputError
        For anything else, and for what is no longer a number, or zero, as a float.
    """
    if not _PLAIN.fullmatch(text):
        hint = "In decks that rescircuit wrote, numbers have no suffixes."
        raise InputError(argument, "a plain decimal number, such as 4700.0 or 4.7e3", text, hint)
    value = float(text)
    nothing = value == 0 and re.split("[eE]", text, maxsplit=1)[0].strip("+-.0") != ""
    if nothing or not math.isfinite(value):
        raise InputError(argument, "of a magnitude that a float holds", text)
    return value


def spice_number(argument: str, text: str, unit: str = "") -> float:
    """The number that `text` means to SPICE and to people.

    Parameters
    ----------
    argument : str
        What it is, for an error.
    text : str
        Digits with a point, maybe an exponent, maybe one of the suffixes t g meg k m u n p f in any case (but never
        ``M``), maybe the unit.
    unit : "ohm", "F", "V", "A" or ""
        The unit that may stand at its end, in any case, as SPICE ignores it: ``10kOhm``, ``5V``, ``100nF``, ``2mA``.
        ``1F`` is no farad to SPICE, and refused.

    Raises
    ------
    InputError
        Saying what SPICE would read.
    """
    found = _NUMBER.fullmatch(text)
    if found is None:
        hint = "Write 4.7k for 4k7 and 1.5k for 1,5k. Expressions and parameters are not read."
        raise InputError(argument, "a number, maybe with one of SPICE's suffixes", text, hint)
    power = _power(argument, text, found["letters"], unit)
    value = float(f"{found['mantissa']}e{int(found['exponent'] or 0) + power}")
    nothing = value == 0 and found["mantissa"].strip("+-.0") != ""
    if nothing or not math.isfinite(value):
        raise InputError(argument, "of a magnitude that a float holds", text)
    return value


def _power(argument: str, text: str, letters: str, unit: str) -> int:
    """The power of ten that the letters behind a number mean."""
    if letters.startswith("M") and not letters.lower().startswith("meg"):
        hint = "SPICE reads M as milli. Write m or meg."
        raise InputError(argument, "a number that SPICE and its reader take alike", text, hint)
    if letters.startswith("F"):
        hint = "SPICE reads F as femto, 1e-15. Write f, or leave the unit out."
        raise InputError(argument, "a number that SPICE and its reader take alike", text, hint)
    lowered = letters.lower()
    for word in (*_UNITS[unit], ""):
        suffix = lowered.removesuffix(word)
        begins_as_femto = not suffix and word.startswith("f")
        if lowered.endswith(word) and suffix in _POWERS and not begins_as_femto:
            return _POWERS[suffix]
    known = ", ".join(filter(None, _POWERS))
    required = f"a number with one of the suffixes {known}" + (f" and the unit {unit}" if unit else "")
    raise InputError(argument, required, text, "SPICE would ignore the other letters.")
