"""Decks that :func:`~rescircuit.spice.write_deck` wrote, read back into the circuits that they came from.

A deck is taken only if writing its circuit gives the same deck again, character by character: so what is read is all
that the deck says, and whatever somebody changed in it either means what it says or is refused with its line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import Any

from rescircuit.devices.switches.bsim4 import BSIM4Card
from rescircuit.errors import InputError, shorten
from rescircuit.spice.circuits.analyses import TemperatureSweep, Transient
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.models import Bsim4Model, Level1Model, Model
from rescircuit.spice.circuits.names import GROUND, SELECTOR_SOURCE
from rescircuit.spice.circuits.subcircuits import Subcircuit
from rescircuit.spice.decks.cards import Card, cards
from rescircuit.spice.decks.lines import DeckLines
from rescircuit.spice.decks.own_elements import number, own_element, settings
from rescircuit.spice.decks.writing import Deck

__all__ = ["own_circuit"]

_OPTIONS = ("reltol", "vntol", "abstol", "gmin", "tnom", "temp")
_GEAR = "method=gear"
_ONCE = (".options", ".op", ".dc", ".tran", ".save", ".end")
_LEVEL_1 = {"lambda": "lambda_", "is": "is_"}  # where a field has another name than SPICE's key


def own_circuit(deck: DeckLines) -> Circuit:
    """The circuit of one of our decks.

    Elements by a formula come back as :class:`~rescircuit.spice.GivenCurrent` and
    :class:`~rescircuit.spice.GivenCharge`, whatever they were made as. ``open_ends``, which a deck does not say, are
    the nodes on one element alone.

    Raises
    ------
    InputError
        With the line, for anything that ``write_deck`` would not have written there.
    """
    parts = _Parts()
    for card in cards(islice(deck, 1, None), name=deck.name, first=2):
        try:
            parts.take(card)
        except _CardError as error:
            raise deck.located(error.line, error.reason) from None
        except InputError as error:
            raise deck.located(card.line, error) from None
    try:
        circuit = parts.circuit()
        expected = Deck(circuit).lines()  # its rules are not checked: a person may be about to
    except _CardError as error:
        raise deck.located(error.line, error.reason) from None
    except InputError as error:
        raise _located_by_name(deck, error) from None
    _check_same(deck, expected)
    return circuit


class _CardError(Exception):
    """An error about another card than that which is being read."""

    def __init__(self, line: int, reason: InputError) -> None:
        super().__init__(str(reason))
        self.line, self.reason = line, reason


@dataclass
class _Scope:
    """The subcircuit that is being read."""

    line: int
    head: list[str]
    comment: str
    elements: list[Element] = field(default_factory=list)


@dataclass
class _Parts:
    """What has been read so far."""

    comment: str = ""
    models: list[Model] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    elements: list[Element] = field(default_factory=list)
    inside: _Scope | None = None
    once: dict[str, Card] = field(default_factory=dict)
    begun: bool = False

    def take(self, card: Card) -> None:
        """One card more."""
        if not card.words:
            if self.begun:
                raise InputError("comment", "before the card that it is about, without a blank line", card.comments[0])
            self.comment, self.begun = _text(card), True
            return
        self.begun = True
        key = card.words[0]
        if key.startswith("."):
            self._take_dotted(key, card)
        elif self.inside is not None:
            self.inside.elements.append(own_element(card.words))
        elif key != SELECTOR_SOURCE:  # which the sweep of samples brings with it
            self.elements.append(own_element(card.words))
            if card.comments:
                self.notes[key] = _text(card)

    def _take_dotted(self, key: str, card: Card) -> None:
        if key == ".subckt" and self.inside is None:
            self.inside = _Scope(card.line, card.words, _text(card))
        elif key == ".ends" and self.inside is not None:
            self.models.append(_subcircuit(self.inside))
            self.inside = None
        elif self.inside is not None:
            raise InputError(key, "left out of a subcircuit, which has elements alone", " ".join(card.words))
        elif key == ".model":
            self.models.append(_model(card.words))
        elif key not in _ONCE:
            required = f"one of the cards of our decks (.model, .subckt, .ends, {', '.join(_ONCE)})"
            raise InputError("card", required, " ".join(card.words))
        elif key in self.once:
            raise InputError(key, "there once", f"another one behind that on line {self.once[key].line}")
        else:
            self.once[key] = card

    def circuit(self) -> Circuit:
        """All that has been read as a circuit."""
        if self.inside is not None:
            error = InputError("the subcircuit", "ended by .ends", " ".join(self.inside.head))
            raise _CardError(self.inside.line, error)
        if ".options" not in self.once:
            raise InputError("the deck", "with a card .options", "none")
        options = self._read(".options", _options, {})
        return Circuit(
            elements=tuple(self.elements),
            models=tuple(self.models),
            temperature_celsius=options["temp"],
            nominal_temperature_celsius=options["tnom"],
            transient=self._read(".tran", lambda words: _transient(words, options), None),
            temperatures=self._read(".dc", _temperatures, None),
            comment=self.comment,
            notes=self.notes,
            open_ends=_ends(self.elements),
            probes=self._read(".save", _probes, ()),
        )

    def _read(self, key: str, reader: Any, missing: Any) -> Any:
        card = self.once.get(key)
        if card is None:
            return missing
        try:
            return reader(card.words)
        except InputError as error:
            raise _CardError(card.line, error) from None


def _text(card: Card) -> str:
    """The free text of which the comment lines were made."""
    return " ".join(comment[1:].strip() for comment in card.comments)


def _ends(elements: Iterable[Element], ports: Iterable[str] = ()) -> frozenset[str]:
    """The nodes on one element alone."""
    touched = Counter(node for element in elements for node in set(element.nodes))
    touched.update(ports)
    return frozenset(node for node, count in touched.items() if count == 1 and node != GROUND)


def _subcircuit(scope: _Scope) -> Subcircuit:
    if len(scope.head) < 3:
        raise _CardError(scope.line, InputError(".subckt", "followed by a name and ports", " ".join(scope.head)))
    _, name, *ports = scope.head
    try:
        return Subcircuit(
            name=name,
            ports=tuple(ports),
            elements=tuple(scope.elements),
            comment=scope.comment,
            open_ends=_ends(scope.elements, ports),
        )
    except InputError as error:
        raise _CardError(scope.line, error) from None


def _model(words: list[str]) -> Model:
    if len(words) < 5:
        raise InputError(".model", "followed by a name, nmos, a level and parameters", " ".join(words))
    _, name, _, level, first, *others = (word.removesuffix(")") for word in words)
    if level == "(level=14":
        parameters = tuple(settings(name, others).items())
        return Bsim4Model(name=name, card=BSIM4Card(parameters=parameters, version=first.removeprefix("version=")))
    if level != "(level=1":
        raise InputError(f"model {name}", "of (level=1 or (level=14", level)
    keys = ("vto", "kp", "lambda", "gamma", "phi", "is")
    found = settings(name, (first, *others), keys)
    missing = [key for key in keys if key not in found]
    if missing:
        raise InputError(f"model {name}", f"with its {missing[0]}", " ".join(words))
    return Level1Model(name=name, **{_LEVEL_1.get(key, key): value for key, value in found.items()})


def _options(words: list[str]) -> dict[str, Any]:
    plain = [word for word in words[1:] if word != _GEAR]
    found: dict[str, Any] = settings(".options", plain, _OPTIONS)
    for key in ("reltol", "tnom", "temp"):
        if key not in found:
            raise InputError(".options", f"with {key}=", " ".join(words))
    return found | {"method": "gear" if _GEAR in words else "trapezoidal"}


def _transient(words: list[str], options: dict[str, Any]) -> Transient:
    if len(words) < 4:
        raise InputError(".tran", "followed by step, stop, start, step, and maybe uic", " ".join(words))
    max_step, stop, start = (number(".tran", word) for word in words[1:4])
    return Transient(
        stop=stop,
        max_step=max_step,
        start=start,
        use_initial_conditions=words[-1] == "uic",
        relative_tolerance=options["reltol"],
        method=options["method"],
    )


def _temperatures(words: list[str]) -> TemperatureSweep | None:
    if words[-4:-3] != ["temp"]:
        return None
    start, stop, step = (number(".dc", word) for word in words[-3:])
    return TemperatureSweep(start=start, stop=stop, step=step)


def _probes(words: list[str]) -> tuple[str, ...]:
    return tuple(word[2:-1] for word in words[1:] if "." in word)


def _check_same(deck: DeckLines, expected: Iterator[str]) -> None:
    """Compare the deck with what we write."""
    for number_, (got, line) in enumerate(zip_longest(deck, expected), 1):
        if line is None:
            raise InputError(deck.place(number_), "left out behind .end", got)
        if got != f"{line}\n":
            required = f"{shorten(line, 100)}, as rescircuit writes it"
            raise InputError(deck.place(number_), required, _shown(got, line))


def _shown(got: str | None, line: str) -> str:
    if got is None:
        return "the end of the deck"
    if got == line:
        return f"{line} without a line break"
    return f"{line} and a carriage return" if got == f"{line}\r\n" else got.removesuffix("\n")


def _located_by_name(deck: DeckLines, error: InputError) -> InputError:
    """`error`, which is about the circuit as a whole, with the first line that has a word of which it speaks."""
    named = {word.strip("\"'").lower() for word in f"{error.argument} {error.got}".split()}
    for begins in (True, False):  # an element's name first
        for card in cards(islice(deck, 1, None), name=deck.name, first=2):
            if named.intersection(word.lower() for word in (card.words[:1] if begins else card.words)):
                return deck.located(card.line, error)
    return InputError(f"{deck.name}: {error.argument}", error.required, error.got, error.hint)
