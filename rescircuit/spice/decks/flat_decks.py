"""Other people's decks, if they are flat and say nothing but resistors, capacitors and constant sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rescircuit.errors import InputError
from rescircuit.spice.circuits.analyses import NOMINAL_CELSIUS
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Capacitor, Resistor
from rescircuit.spice.circuits.names import GROUND, element_name, node_name
from rescircuit.spice.circuits.sources import CurrentSource, VoltageSource
from rescircuit.spice.decks.cards import Card, bare_lines, cards, without_tail
from rescircuit.spice.decks.lines import DeckLines
from rescircuit.spice.decks.numbers import spice_number

__all__ = ["flat_circuit"]

# What is asked, and what is shown of it: the circuit is the same without. ngspice itself refuses .backanno, of LTspice.
_ANALYSES = (".op", ".dc", ".ac", ".tran", ".tf", ".noise", ".sens", ".pz", ".four", ".meas", ".measure")
_STARTS = (".ic", ".nodeset")
_SHOWN = (".print", ".plot", ".probe", ".save", ".width", ".title", ".backanno")
_IGNORED = (*_ANALYSES, *_STARTS, *_SHOWN)
_TOLERANCES = ("reltol", "vntol", "abstol", "gmin")  # of solvers: they do not change the circuit
_TEMPERATURES = ("temp", "tnom")
_PROGRAM = re.compile(r"['\"`{}\\|<>!&#@$%^]|//|[^\t -~]")  # expressions, parameters, commands, includes
_NUMBERED = re.compile(r"[rcvi][0-9]+", re.IGNORECASE | re.ASCII)
_NODE = re.compile(r"[a-z_][a-z0-9_]*|0|[1-9][0-9]*", re.IGNORECASE | re.ASCII)
_ASSIGNED = re.compile(r" ?= ?")
_CUT_OFF = "Without it, nobody can tell whether the rest is missing. Write it as the last line."
_VALUE = {"r": ("resistance", "ohm"), "c": ("capacitance", "F"), "v": ("voltage", "V"), "i": ("current", "A")}


def flat_circuit(deck: DeckLines, title: str) -> Circuit:
    """The circuit of a deck that somebody else wrote.

    What is read, and what is not, says :func:`rescircuit.spice.read_deck`. Whether the circuit has an operating point
    is not asked here; :func:`rescircuit.spice.check_rules` says that.

    Raises
    ------
    InputError
        With the line and the reason.
    """
    _check_title(deck, title)
    parts = _Parts(deck=deck)
    required = "names of letters, digits and underscores, and numbers, alone"
    hint = "Expressions, parameters, files and commands are not read."
    for card in cards(bare_lines(deck, _PROGRAM, required, hint), name=deck.name, first=2):
        if card.words:
            try:
                parts.take(card)
            except InputError as error:
                raise deck.located(card.line, error) from None
    try:
        return parts.circuit(title)
    except InputError as error:
        raise InputError(f"{deck.name}: {error.argument}", error.required, error.got, error.hint) from None


@dataclass
class _Parts:
    """What has been read so far."""

    deck: DeckLines
    elements: list[Element] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)  # by the elements' names in lower case
    nodes: dict[str, str] = field(default_factory=dict)  # the first spelling, by that in lower case
    temperatures: dict[str, float] = field(default_factory=dict)
    ended: bool = False

    def take(self, card: Card) -> None:
        """One card more."""
        words = _ASSIGNED.sub("=", " ".join(card.words)).split()
        if self.ended:
            raise InputError(words[0], "left out behind .end", " ".join(words))
        if words[0].startswith("."):
            self._take_dotted(words)
            return
        name = words[0].lower()
        if name in self.lines:
            raise InputError(words[0], "the name of one element", f"that on line {self.lines[name]} too")
        self.lines[name] = card.line
        self.elements.append(_element(words, self._node))

    def _node(self, name: str) -> str:
        lowered = name.lower()
        if lowered == "gnd":
            return GROUND
        known = self.nodes.get(lowered)
        if known is None:
            if not _NODE.fullmatch(name):
                required = "letters, digits and underscores, not starting with a digit, or a whole number"
                raise InputError("node", required, name, "Rename it.")
            known = self.nodes[lowered] = _renamed_if_refused(node_name, "node", name)
        return known

    def _take_dotted(self, words: list[str]) -> None:
        key = words[0].lower()
        if key == ".end":
            if len(words) > 1:
                raise InputError(".end", "alone on its line", " ".join(words))
            self.ended = True
        elif key == ".temp":
            if len(words) != 2:
                raise InputError(".temp", "followed by one temperature", " ".join(words))
            self._set_temperature("temp", words[1])
        elif key in (".options", ".option", ".opt"):
            self._take_options(key, words)
        elif key == ".dc" and "temp" in map(str.lower, words):
            raise InputError(key, "of sources alone", " ".join(words), "Give one temperature by .temp.")
        elif key not in _IGNORED:
            hint = "Includes, parameters, subcircuits, models, steps and commands are not read."
            raise InputError("card", f"one of .end, .temp, .options, {', '.join(_IGNORED)}", " ".join(words), hint)

    def _take_options(self, key: str, words: list[str]) -> None:
        for option, value in _pairs(words[1:]):
            if option in _TEMPERATURES:
                self._set_temperature(option, value)
            elif option not in _TOLERANCES:
                raise InputError(key, f"of {', '.join((*_TEMPERATURES, *_TOLERANCES))} alone", option)

    def _set_temperature(self, key: str, value: str) -> None:
        if key in self.temperatures:
            raise InputError(key, "given once", value)
        self.temperatures[key] = spice_number(key, value)

    def circuit(self, title: str) -> Circuit:
        """All that has been read as a circuit."""
        if not self.elements:
            raise InputError("the deck", "with at least one element behind its title", "none")
        if not self.ended:
            raise InputError("the deck", "ended by .end", "no such line", _CUT_OFF)
        if not any(GROUND in element.terminals for element in self.elements):
            raise InputError("ground", "a node of the deck, called 0 or gnd", "no such node")
        return Circuit(
            elements=tuple(self.elements),
            temperature_celsius=self.temperatures.get("temp", NOMINAL_CELSIUS),
            nominal_temperature_celsius=self.temperatures.get("tnom", NOMINAL_CELSIUS),
            comment=title.lstrip("*").strip(),
        )


def _check_title(deck: DeckLines, title: str) -> None:
    """The title is any text, but nothing that somebody may have meant as more."""
    if title.lower().startswith(("*#", "*ng_script")):
        raise InputError(deck.place(1), "a title that is no command", title)
    if not title or title.startswith("*"):
        return
    words = without_tail(title).split()
    element = len(words) > 3 and (_NUMBERED.fullmatch(words[0]) is not None or _is_element(words))
    if title[0] in ".+" or element:
        hint = "The first line of a deck is its title, and nothing in it counts. Put a title before this line."
        raise InputError(deck.place(1), "a title", title, hint)


def _is_element(words: list[str]) -> bool:
    try:
        _element(words, str)
    except InputError:
        return False
    return True


def _element(words: list[str], node: Callable[[str], str]) -> Element:
    name, letter = words[0], words[0][0].lower()
    if letter not in _VALUE:
        hint = "Only flat circuits of these are read."
        raise InputError("element", "an R, C, V or I", " ".join(words), hint)
    _renamed_if_refused(lambda argument, text: element_name(argument, text, letter), "element", name)
    quantity, unit = _VALUE[letter]
    form = f"{name} node node {quantity}"
    if len(words) < 4:
        raise InputError(name, f"of the form {form}", " ".join(words))
    plus, minus = node(words[1]), node(words[2])
    if letter in "vi":
        value = _source_value(form, words, unit)
        if letter == "v":
            return VoltageSource(name=name, plus=plus, minus=minus, voltage=value)
        return CurrentSource(name=name, plus=plus, minus=minus, current=value)
    value, found = _passive_values(form, words, unit)
    if letter == "r":
        return Resistor(name=name, plus=plus, minus=minus, resistance=value, **found)
    initial = found.pop("ic", None)
    return Capacitor(name=name, plus=plus, minus=minus, capacitance=value, initial_voltage=initial, **found)


def _source_value(form: str, words: list[str], unit: str) -> float:
    """That of a source, with or without ``dc`` before it; an alternating part behind it is checked and left out."""
    rest = [word.lower() for word in words[3:]]
    end = rest.index("ac") if "ac" in rest else len(rest)
    constant, alternating = words[3 : 3 + end], words[4 + end :]
    if constant[0:1] and constant[0].lower().startswith("dc="):
        constant = [constant[0][3:], *constant[1:]]
    elif constant[0:1] and constant[0].lower() == "dc":
        constant = constant[1:]
    if len(constant) != 1 or len(alternating) > 2:
        hint = "Only constant sources are read; an alternating part, ac with a magnitude and a phase, is ignored."
        raise InputError(words[0], f"of the form {form}, or with dc before the value", " ".join(words), hint)
    for each in alternating:
        spice_number(f"ac of {words[0]}", each)
    return spice_number(words[0], constant[0], unit)


def _passive_values(form: str, words: list[str], unit: str) -> tuple[float, dict[str, float]]:
    """The value of a resistor or a capacitor, and what else stands behind it by name."""
    name, letter = words[0], words[0][0].lower()
    key, sign, given = words[3].partition("=")
    if sign and key.lower() != letter:
        raise InputError(name, f"of the form {form}", " ".join(words))
    found: dict[str, float] = {}
    for option, value in _pairs(words[4:]):
        if option not in ("tc1", "tc2", *(("ic",) if letter == "c" else ())) or option in found:
            raise InputError(name, f"of the form {form}, with tc1=, tc2= or nothing behind", " ".join(words))
        found[option] = spice_number(f"{option} of {name}", value, "V" if option == "ic" else "")
    return spice_number(name, given if sign else key, unit), found


def _pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    """The words ``key=value``, the keys in lower case."""
    for word in words:
        key, sign, value = word.partition("=")
        if not sign:
            raise InputError(word, "a setting, key=value", word)
        yield key.lower(), value


def _renamed_if_refused(check: Callable[[str, str], str], argument: str, name: str) -> str:
    try:
        return check(argument, name)
    except InputError as error:
        raise InputError(argument, error.required, name, "Rename it.") from None
