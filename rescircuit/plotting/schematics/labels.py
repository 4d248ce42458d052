"""What schematics say: quantities, numbered names, codes, and people's titles made harmless."""

from __future__ import annotations

from typing import Any

from rescircuit.bank import Mask
from rescircuit.errors import InputError
from rescircuit.quantities import format_quantity

__all__ = ["checked_title", "code_of", "numbered", "quantity", "span"]

LONGEST_TITLE = 120
_SUBSCRIPTS = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_SPELLED = {"u": "µ", "meg": "M"}  # in a picture, which no program reads back, as people write them


def quantity(value: float, unit: str, digits: int = 4) -> str:
    """A value with its prefix and unit: ``12.3 µA``, ``4.7 MΩ``, ``25 fC``.

    Parameters
    ----------
    value : float
        In the SI unit.
    unit : str
        As in :func:`rescircuit.quantities.format_quantity`, or ``"C"`` for coulomb.
    digits : int
        Significant digits.
    """
    text = format_quantity(value, "" if unit == "C" else unit, digits)
    number, _, rest = text.partition(" ")
    for written, spelled in _SPELLED.items():
        if rest.startswith(written):
            rest = spelled + rest.removeprefix(written)
    return f"{number.replace('-', '−')} {rest}{'C' if unit == 'C' else ''}".rstrip()


def span(values: Any, unit: str) -> str:
    """One value, or the least and the largest of several."""
    low, high = quantity(float(values.min()), unit), quantity(float(values.max()), unit)
    return low if low == high else f"{low} to {high}"


def numbered(letter: str, index: int | str) -> str:
    """A name with its number, or a sign, as a subscript: g₁₂, I₊."""
    return f"{letter}{str(index).translate(_SUBSCRIPTS)}"


def code_of(mask: Mask) -> str:
    """A setting as digits, the first component's first."""
    return "".join("1" if bit else "0" for bit in mask.tolist())


def checked_title(title: Any) -> str:
    """A title on one line, without characters that cannot be printed.

    Raises
    ------
    InputError
        For what is no text, or longer than 120 characters.
    """
    if title is None:
        return ""
    if not isinstance(title, str):
        raise InputError("title", "text", title)
    if len(title) > LONGEST_TITLE:
        raise InputError("title", f"of at most {LONGEST_TITLE} characters", f"{len(title)} characters")
    printable = "".join(letter if letter.isprintable() else " " for letter in title)
    return " ".join(printable.split())
