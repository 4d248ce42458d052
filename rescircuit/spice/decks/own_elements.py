"""Elements and models from the words of their lines in our own decks.

The values are taken as they stand. Whether the line says nothing else is found by writing it again, see
:mod:`rescircuit.spice.decks.own_decks`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rescircuit.devices.switches.bsim4 import BSIM4Card
from rescircuit.errors import InputError
from rescircuit.spice.circuits.charges import CurrentMirror
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Capacitor, Instance, Mosfet, Resistor
from rescircuit.spice.circuits.formulas import GivenCharge, GivenCurrent
from rescircuit.spice.circuits.models import Bsim4Model, Level1Model, Model
from rescircuit.spice.circuits.sources import (
    CurrentSource,
    PiecewiseLinearSource,
    SelectedSource,
    SineSource,
    VoltageSource,
)
from rescircuit.spice.decks.numbers import plain_number

__all__ = ["own_element", "own_model", "settings"]

_Words = Sequence[str]
_LEVEL_1 = {"lambda": "lambda_", "is": "is_"}  # where a field has another name than SPICE's key
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


def own_model(words: _Words) -> Model:
    """The model on a card ``.model`` of one of our decks.

    Raises
    ------
    InputError
        For a card of another form, a parameter that is not known, or one that is missing.
    """
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


def settings(owner: str, words: _Words, known: Sequence[str] | None = None) -> dict[str, float]:
    """The numbers in words of the form ``key=number``, by their keys; of any keys, unless `known` says which."""
    found: dict[str, float] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or key in found or (known is not None and key not in known):
            forms = "settings key=number" if known is None else ", ".join(f"{each}=" for each in known)
            raise InputError(owner, f"followed by {forms} alone, each once", word)
        found[key] = plain_number(f"{key} of {owner}", value)
    return found


def _resistor(words: _Words) -> Element:
    name, plus, minus, value, *rest = words
    resistance = plain_number(name, value)
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
        name=name, plus=plus, minus=minus, capacitance=plain_number(name, value), initial_voltage=initial, **found
    )


def _voltage_source(words: _Words) -> Element:
    name, plus, minus, *rest = words
    kind, bracket, first = rest[0].partition("(")
    if not bracket and kind == "dc" and len(rest) == 2:
        return VoltageSource(name=name, plus=plus, minus=minus, voltage=plain_number(name, rest[1]))
    values = [plain_number(name, word.removesuffix(")")) for word in (first, *rest[1:])] if bracket else []
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
    return CurrentSource(name=name, plus=plus, minus=minus, current=plain_number(name, value))


def _behavioural(words: _Words) -> Element:
    name, plus, minus, kind, _, *rest = words
    if kind == "v":  # each voltage stands twice, at both ends of its plateau
        voltages = tuple(plain_number(name, word.rstrip("),")) for word in rest[2::4])
        return SelectedSource(name=name, plus=plus, minus=minus, voltages=voltages)
    return GivenCurrent(name=name, plus=plus, minus=minus, formula=" ".join(rest))


def _mirror(words: _Words) -> Element:
    name, plus, minus, source, gain = words[:5]
    return CurrentMirror(name=name, plus=plus, minus=minus, source=source, gain=plain_number(name, gain))


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
