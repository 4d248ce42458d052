"""Decks that :func:`~rescircuit.spice.write_deck` wrote, read back into the circuits that they came from.

Each card is taken only if writing what was read of it gives the same words again, numbers by their values: so what is
read is all that the deck says, and whatever somebody changed in it either means what it says or is refused with its
line. Comments, blank lines, where lines are wrapped and how they end do not count.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from rescircuit.errors import InputError
from rescircuit.spice.circuits.analyses import TemperatureSweep, Transient
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.models import Model
from rescircuit.spice.circuits.names import GROUND, SELECTOR_SOURCE, comment_lines
from rescircuit.spice.circuits.subcircuits import Subcircuit
from rescircuit.spice.decks.alike import check_alike
from rescircuit.spice.decks.cards import Card, bare_lines, cards
from rescircuit.spice.decks.lines import DeckLines
from rescircuit.spice.decks.numbers import plain_number
from rescircuit.spice.decks.own_elements import own_element, own_model, settings
from rescircuit.spice.decks.writing import Deck, analysis_cards, options_card

__all__ = ["own_circuit"]

_OPTIONS = ("reltol", "vntol", "abstol", "gmin", "tnom", "temp")
_GEAR = "method=gear"
_ONCE = (".options", ".op", ".dc", ".tran", ".save", ".end")
_SHORT = 80  # characters
_FOREIGN = re.compile(r"[^\t -~]")


def own_circuit(deck: DeckLines) -> Circuit:
    """The circuit of one of our decks, untouched or edited.

    Elements by a formula come back as :class:`~rescircuit.spice.GivenCurrent` and
    :class:`~rescircuit.spice.GivenCharge`, whatever they were made as. ``open_ends``, which a deck does not say, are
    the nodes on one element alone. Comments between title and a blank line are the circuit's, those before an element
    its note, those before ``.subckt`` the subcircuit's; others are dropped. ``.save`` may be missing or list less: all
    that a run must bring is saved again, and of the nodes inside instances those that it lists.

    Raises
    ------
    InputError
        With the line, for anything else that ``write_deck`` would not have written there.
    """
    parts = _Parts()
    for card in _cards(deck):
        try:
            parts.take(card)
        except _CardError as error:
            raise deck.located(error.line, error.reason) from None
        except InputError as error:
            raise deck.located(card.line, error) from None
    try:
        circuit = parts.circuit()
        parts.check_asked(circuit)
    except _CardError as error:
        raise deck.located(error.line, error.reason) from None
    except InputError as error:
        raise _located_by_name(deck, error) from None
    return circuit


def _cards(deck: DeckLines) -> Iterable[Card]:
    required = "of plain letters, digits and signs outside comments"
    return cards(bare_lines(deck, _FOREIGN, required), name=deck.name, first=2)


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
    kept: list[str] = field(default_factory=list)  # comments that a blank line divides from what they are about

    def take(self, card: Card) -> None:
        """One card more."""
        if not card.words:
            if self.begun:
                self.kept.extend(card.comments)
            else:
                self.comment, self.begun = _text(card.comments), True
            return
        key = card.words[0]
        if ".end" in self.once:
            raise InputError(key, "left out behind .end", " ".join(card.words))
        comment = _text((*self.kept, *card.comments))
        self.kept.clear()
        self.begun = True
        if key.startswith("."):
            self._take_dotted(key, card, comment)
        elif key == SELECTOR_SOURCE and self.inside is None:  # which the sweep of samples brings with it
            self._take_once(key, card)
        else:
            element = own_element(card.words)
            check_alike(card.words, (element.name, *element.terminals, *element.words))
            if self.inside is not None:
                self.inside.elements.append(element)
                return
            self.elements.append(element)
            if comment:
                self.notes[key] = comment

    def _take_dotted(self, key: str, card: Card, comment: str) -> None:
        if key == ".subckt" and self.inside is None:
            self.inside = _Scope(card.line, card.words, comment)
        elif key == ".ends" and self.inside is not None:
            subcircuit = _subcircuit(self.inside)
            check_alike(card.words, (".ends", subcircuit.name))
            self.models.append(subcircuit)
            self.inside = None
        elif self.inside is not None:
            raise InputError(key, "left out of a subcircuit, which has elements alone", " ".join(card.words))
        elif key == ".model":
            model = own_model(card.words)
            check_alike(card.words, *model.cards)
            self.models.append(model)
        elif key not in _ONCE:
            required = f"one of the cards of our decks (.model, .subckt, .ends, {', '.join(_ONCE)})"
            raise InputError("card", required, " ".join(card.words))
        else:
            self._take_once(key, card)

    def _take_once(self, key: str, card: Card) -> None:
        if key in self.once:
            raise InputError(key, "there once", f"another one behind that on line {self.once[key].line}")
        self.once[key] = card

    def circuit(self) -> Circuit:
        """All that has been read as a circuit."""
        if self.inside is not None:
            error = InputError("the subcircuit", "ended by .ends", " ".join(self.inside.head))
            raise _CardError(self.inside.line, error)
        if ".end" not in self.once:
            raise InputError("the deck", "ended by .end", "no such line", "Without it, some of it may be missing.")
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

    def check_asked(self, circuit: Circuit) -> None:
        """Compare the cards that are there once with what we write for the circuit."""
        asked = analysis_cards(circuit)
        expected = {words[0]: words for words in (options_card(circuit), *asked, [".end"])}
        for key in self.once:
            if key == ".save":
                self._read(key, lambda words: _check_saved(words, Deck(circuit)), None)
            else:  # an analysis that we would not write is compared with ours
                ours = expected.get(key, asked[-1])
                self._read(key, lambda words, ours=ours: check_alike(words, ours), None)
        for key, ours in expected.items():
            if key not in self.once:
                raise InputError("the deck", f"with the card {' '.join(ours)}", "none")

    def _read(self, key: str, reader: Callable[[list[str]], Any], missing: Any) -> Any:
        card = self.once.get(key)
        if card is None:
            return missing
        try:
            return reader(card.words)
        except InputError as error:
            raise _CardError(card.line, error) from None


def _text(comments: tuple[str, ...]) -> str:
    """The free text of which the comment lines were made, as it will be read again."""
    text = " ".join(" ".join(comment[1:] for comment in comments).split())
    if len(text) < _SHORT and text.isprintable():  # one line as it stands, and nearly all are that
        return text
    return " ".join(line[2:] for line in comment_lines("comment", text))


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
    max_step, stop, start = (plain_number(".tran", word) for word in words[1:4])
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
    start, stop, step = (plain_number(".dc", word) for word in words[-3:])
    return TemperatureSweep(start=start, stop=stop, step=step)


def _probes(words: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word[2:-1] for word in words[1:] if word.startswith("v(") and "." in word))


def _check_saved(words: list[str], deck: Deck) -> None:
    """What a deck saves may be less than what we save, but nothing else."""
    ours = {f"v({node})" for node in deck.nodes} | {f"i({source})" for source in deck.sources}
    other = next((word for word in words[1:] if word not in ours), None)
    if other is not None:
        raise InputError(".save", "of v(node) and i(source) with the circuit's nodes and voltage sources alone", other)


def _located_by_name(deck: DeckLines, error: InputError) -> InputError:
    """`error`, which is about the circuit as a whole, with the first line that has a word of which it speaks."""
    named = {word.strip("\"'").lower() for word in f"{error.argument} {error.got}".split()}
    for begins in (True, False):  # an element's name first
        for card in _cards(deck):
            if named.intersection(word.lower() for word in (card.words[:1] if begins else card.words)):
                return deck.located(card.line, error)
    return InputError(f"{deck.name}: {error.argument}", error.required, error.got, error.hint)
