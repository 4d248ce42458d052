"""What may be written into a deck: names, numbers and comments, each of one narrow form.

ngspice has no safe mode: a newline in a name, a comment that starts with ``*#`` or a back-tick can run
commands. So nothing is escaped: what is not of the form below is refused, and a comment keeps only its
printable text.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rescircuit.checks import finite_number
from rescircuit.errors import InputError

__all__ = [
    "GROUND",
    "LARGEST",
    "LONGEST_NAME",
    "SELECTOR_NODE",
    "SELECTOR_SOURCE",
    "SMALLEST",
    "check_distinct",
    "check_name",
    "comment_lines",
    "deck_number",
    "element_name",
    "inner_node_name",
    "node_name",
]

GROUND = "0"
LONGEST_NAME = 64  # ngspice 39 overruns a buffer somewhere between 500 and 1000 characters

SELECTOR_NODE = "sample_index"
SELECTOR_SOURCE = "v_sample_index"

_FORM = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
# Words that ngspice takes for something else: its ground, the axes and kinds of its plots, the arguments of
# .save, ``temper``, which makes it crash, ``null``, which it leads to ground inside subcircuits, and its functions of
# chance, also where they stand inside ``v(...)``. The two selectors belong to the deck.
_TAKEN = {"all", "allc", "alli", "allp", "allv", "ally", "frequency", "gnd", "hertz", "null", "temper", "time"}
_TAKEN |= {"agauss", "aunif", "gauss", "limit", "unif"}
_TAKEN |= {SELECTOR_NODE, SELECTOR_SOURCE}
_TAKEN_BEGINNINGS = ("inoise", "onoise")
SMALLEST, LARGEST = 1e-30, 1e30  # ngspice reads 5e-324 as zero; no circuit needs what lies beyond these
_COMMENT_WIDTH = 98


def check_name(argument: str, name: Any) -> str:
    """`name` if it is a word that a deck may contain.

    Raises
    ------
    InputError
        For anything but letters, digits and underscores, starting without a digit, for more than
        ``LONGEST_NAME`` characters, and for words that mean something to ngspice.
    """
    required = "letters, digits and underscores, not starting with a digit"
    if not isinstance(name, str):
        raise InputError(argument, required, name)
    if type(name) is not str:  # it need not write itself as it is checked
        raise InputError(argument, "a str, and of no class made from it", str.__str__(name), "Convert it by str().")
    if not _FORM.fullmatch(name):
        raise InputError(argument, required, name)
    if len(name) > LONGEST_NAME:
        raise InputError(argument, f"at most {LONGEST_NAME} characters long", name)
    if _means_something(name):
        raise InputError(argument, "a word without a meaning to ngspice", name, "Choose another name.")
    return name


def node_name(argument: str, name: Any, owner: str = "") -> str:
    """`name` if it is ground, ``"0"``, a whole number, as old decks have them, or a word that a deck may contain.

    `owner` is whose argument it is, for an error.
    """
    if type(name) is str and _usual_node(name):
        return name
    return check_name(f"{argument} of {owner}" if owner else argument, name)


@lru_cache(maxsize=4096)  # an array's elements name each of their nodes several times, one soon after the other
def _usual_node(name: str) -> bool:
    if name == GROUND or _WHOLE_NUMBER.fullmatch(name):
        return True
    return len(name) <= LONGEST_NAME and _FORM.fullmatch(name) is not None and not _means_something(name)


def _means_something(name: str) -> bool:
    lowered = name.lower()
    return lowered in _TAKEN or lowered.startswith(_TAKEN_BEGINNINGS)


def inner_node_name(argument: str, name: Any) -> str:
    """`name` if it is that of a node inside an instance, ``x_name.node``, or deeper, ``x_name.x_other.node``."""
    if type(name) is not str or "." not in name:
        raise InputError(argument, "a node inside an instance, such as x_bank.branch_0", name)
    *instances, node = name.split(".")
    for instance in instances:
        element_name(argument, instance, "x")
    node_name(argument, node)
    if node.lower().startswith("probe"):  # behind a dot ngspice takes it for the card .probe, and saves nothing
        raise InputError(argument, "a node whose own name does not begin with probe", name, "Rename that node.")
    return name


def element_name(argument: str, name: Any, letter: str) -> str:
    """`name` if it is such a word and starts with the `letter` by which SPICE knows its kind of element."""
    check_name(argument, name)
    if len(name) < 2 or name[0].lower() != letter:
        raise InputError(argument, f"the letter {letter} and at least one character more", name)
    return name


def check_distinct(argument: str, names: Iterable[str]) -> None:
    """Refuse a name that occurs twice, or that differs from another only in the case of its letters.

    Raises
    ------
    InputError
        Naming both spellings.
    """
    seen: set[str] = set()
    spelt: dict[str, str] = {}  # those with capitals, which are few: a large array's names are kept once
    for name in names:
        lowered = name if name.islower() else name.lower()
        if lowered in seen:
            required = "unlike all others when lower-cased, as ngspice reads it"
            raise InputError(f"{argument} {name}", required, f"{spelt.get(lowered, lowered)} and {name}")
        seen.add(lowered)
        if lowered != name:
            spelt[lowered] = name


def deck_number(argument: str, value: Any, owner: str = "") -> float:
    """`value` as a float whose ``repr`` ngspice reads as the same number; `owner` is whose it is, for an error.

    Raises
    ------
    InputError
        For what is not one finite number, or is neither zero nor of a magnitude from 1e-30 to 1e30.
    """
    # Arrays have hundreds of thousands of elements, nearly all with a plain float of usual size.
    if type(value) is float and (SMALLEST <= abs(value) <= LARGEST or value == 0.0):
        return value
    argument = f"{argument} of {owner}" if owner else argument
    number = finite_number(argument, value)
    if number != 0 and not SMALLEST <= abs(number) <= LARGEST:
        raise InputError(argument, f"zero or of a magnitude from {SMALLEST:g} to {LARGEST:g}", value)
    return number


def comment_lines(argument: str, text: Any) -> list[str]:
    """`text` as comment lines: star, space, then printable characters only.

    Line breaks and control characters become spaces, so that no text can start a line of its own; the space
    after the star keeps it from being ``*#``, behind which ngspice runs commands.

    Raises
    ------
    InputError
        For what is not text.
    """
    if not isinstance(text, str):
        raise InputError(argument, "text", text)
    plain = str.__str__(text)  # a class of somebody's own may go through other characters than it has
    printable = "".join(character if character.isprintable() else " " for character in plain)
    lines = textwrap.wrap(" ".join(printable.split()), _COMMENT_WIDTH, break_on_hyphens=False)
    return [f"* {line.rstrip()}" for line in lines]  # a line before a broken word may end with a space
