"""Elements from the words of their lines in our own decks.

The values are taken as they stand; whether a line is written as we write it, the whole deck shows in the end, see
:mod:`rescircuit.spice.decks.own_decks`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rescircuit.errors import InputError
from rescircuit.spice.circuits.charges import CurrentMirror
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Capacitor, Instance, Mosfet, Resistor
from rescircuit.spice.circuits.formulas import GivenCharge, GivenCurrent
from rescircuit.spice.circuits.sources import (
    CurrentSource,
    PiecewiseLinearSource,
    SelectedSource,
    SineSource,
    VoltageSource,
)

__all__ = ["number", "own_element", "settings"]

_Words = Sequence[str]
_COEFFICIENTS = ("tc1", "tc2")


def own_element(words: _Words) -> Element:
    """The element on a line of one of our decks.

    Raises
    ------
    InputError
        For words that are not of the forms that :func:`~rescircuit.spice.write_deck` writes.
    """
    name = words[0]
    reader, least, form = _KINDS.get(name[0].lower(), (None, 0, ""))
    if reader is None:
        raise InputError("element", "an R, C, V, I, B, F, M or X", name)
    if len(words) < least:
        raise InputError(name, f"of the form {form}", " ".join(words))
    return reader(words)


def number(argument: str, word: str) -> float:
    """The number in a word of ours."""
    try:
        return float(word)
    except ValueError:
        raise InputError(argument, "a number", word) from None


def settings(owner: str, words: _Words, known: Sequence[str] | None = None) -> dict[str, float]:
    """The numbers in words of the form ``key=number``, by their keys; of any keys, unless `known` says which."""
    found: dict[str, float] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or key in found or (known is not None and key not in known):
            forms = "settings key=number" if known is None else ", ".join(f"{each}=" for each in known)
            raise InputError(owner, f"followed by {forms} alone, each once", word)
        found[key] = number(f"{key} of {owner}", value)
    return found


def _resistor(words: _Words) -> Element:
    name, plus, minus, value, *rest = words
    resistance = number(name, value)
    if not rest:  # nearly all
        return Resistor(name=name, plus=plus, minus=minus, resistance=resistance)
    return Resistor(name=name, plus=plus, minus=minus, resistance=resistance, **settings(name, rest, _COEFFICIENTS))


def _capacitor(words: _Words) -> Element:
    name, plus, minus, value, *rest = words
    if value == "q":
        formula = " ".join(rest).removeprefix("= '").removesuffix("'")
        return GivenCharge(name=name, plus=plus, minus=minus, formula=formula)
    found = settings(name, rest, ("ic", *_COEFFICIENTS))
    initial = found.pop("ic", None)
    return Capacitor(
        name=name, plus=plus, minus=minus, capacitance=number(name, value), initial_voltage=initial, **found
    )


def _voltage_source(words: _Words) -> Element:
    name, plus, minus, *rest = words
    kind, bracket, first = rest[0].partition("(")
    if not bracket and kind == "dc" and len(rest) == 2:
        return VoltageSource(name=name, plus=plus, minus=minus, voltage=number(name, rest[1]))
    values = [number(name, word.removesuffix(")")) for word in (first, *rest[1:])] if bracket else []
    if kind == "pwl":
        times, voltages = tuple(values[::2]), tuple(values[1::2])
        return PiecewiseLinearSource(name=name, plus=plus, minus=minus, times=times, voltages=voltages)
    if kind == "sin" and len(values) == 6:
        offset, amplitude, frequency, *_, phase = values
        return SineSource(
            name=name, plus=plus, minus=minus, offset=offset, amplitude=amplitude, frequency=frequency, phase=phase
        )
    raise InputError(name, "a source of one value (dc), a sine (sin) or a course of time (pwl)", " ".join(rest))


def _current_source(words: _Words) -> Element:
    name, plus, minus, _, value = words[:5]
    return CurrentSource(name=name, plus=plus, minus=minus, current=number(name, value))


def _behavioural(words: _Words) -> Element:
    name, plus, minus, kind, _, *rest = words
    if kind == "v":  # each voltage stands twice, at both ends of its plateau
        voltages = tuple(number(name, word.rstrip("),")) for word in rest[2::4])
        return SelectedSource(name=name, plus=plus, minus=minus, voltages=voltages)
    return GivenCurrent(name=name, plus=plus, minus=minus, formula=" ".join(rest))


def _mirror(words: _Words) -> Element:
    name, plus, minus, source, gain = words[:5]
    return CurrentMirror(name=name, plus=plus, minus=minus, source=source, gain=number(name, gain))


def _mosfet(words: _Words) -> Element:
    name, drain, gate, source, bulk, model, *rest = words
    found = settings(name, rest, ("w", "l"))
    if len(found) < 2:
        raise InputError(name, "of a width w= and a length l=", " ".join(rest))
    return Mosfet(
        name=name,
        drain=drain,
        gate=gate,
        source=source,
        bulk=bulk,
        model=model,
        width=found["w"],
        length=found["l"],
    )


def _instance(words: _Words) -> Element:
    name, *ports, model = words
    return Instance(name=name, ports=tuple(ports), model=model)


# By the letter of their names: what reads them, of how many words at least, and their form in words.
_KINDS: dict[str, tuple[Callable[[_Words], Element], int, str]] = {
    "r": (_resistor, 4, "r... node node resistance"),
    "c": (_capacitor, 4, "c... node node capacitance"),
    "v": (_voltage_source, 4, "v... node node dc voltage"),
    "i": (_current_source, 5, "i... node node dc current"),
    "b": (_behavioural, 6, "b... node node i = formula"),
    "f": (_mirror, 5, "f... node node source gain"),
    "m": (_mosfet, 6, "m... drain gate source bulk model w=... l=..."),
    "x": (_instance, 3, "x... node ... subcircuit"),
}
