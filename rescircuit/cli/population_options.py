"""Options of commands that draw random items: a law of the theorems, a process's resistors, or measured ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.option_groups import given_options, option_name
from rescircuit.cli.outputs import naming
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.devices import Resistor
    from rescircuit.theory.populations import Population

__all__ = ["NAMES", "ResistorOptions", "made_populations"]

NAMES = ("uniform", "positive", "normal", "lognormal", "product", "gadget", "resistor", "measured")
_TAKEN_BY = {
    "tolerance": ("resistor",),
    "mismatch": ("resistor",),
    "process": ("resistor",),
    "nominal": ("resistor",),
    "nominals": ("resistor", "measured"),
    "measured": ("measured",),
    "column": ("measured",),
}


@dataclass(frozen=True)
class ResistorOptions:
    """What the populations ``resistor`` and ``measured`` are."""

    tolerance: Annotated[
        str | None, typer.Option(help="Half-width of each resistor's own uniform variation; 20% if nothing is said.")
    ] = None
    mismatch: Annotated[
        str | None, typer.Option(help="Standard deviation of each resistor's own normal variation, such as 1%.")
    ] = None
    process: Annotated[
        str | None, typer.Option(help="In place of both: a process's name, or a TOML file of your own.")
    ] = None
    nominal: Annotated[str, typer.Option(help="Nominal resistance, ohm; counts for a process's matching by area.")] = (
        "1meg"
    )
    nominals: Annotated[str, typer.Option(help="Nominal values in a bank: equal, or geometric with the ratio 1.7.")] = (
        "geometric"
    )
    measured: Annotated[
        Path | None, typer.Option(help="Measured resistances: a chip (.zarr) or a file of comma-separated values.")
    ] = None
    column: Annotated[str | None, typer.Option(help="Of that file, by name or by number from 0.")] = None


def made_populations(names: Sequence[str], options: ResistorOptions) -> list[Population]:
    """The populations called `names` on the command line.

    Raises
    ------
    InputError
        For a name that is none, an option that a population refuses, and one without effect on all of them.
    """
    made = [_made(name, options) for name in names]
    given = dict(given_options(options))
    for option, value in given.items():
        if not set(_TAKEN_BY[option]) & set(names):
            required = f"left out without --population {' or '.join(_TAKEN_BY[option])}"
            raise InputError(option_name(option), required, value)
    if "nominal" in given and "process" not in given:
        raise InputError("--nominal", "left out without --process: sums are in its unit", options.nominal)
    return made


def _made(name: str, options: ResistorOptions) -> Population:
    from rescircuit.theory.populations import LAWS, ResistorPopulation, measured_population, population

    if name in LAWS:
        return population(name)
    if name == "resistor":
        return ResistorPopulation(resistor=_resistor(options), nominals=options.nominals)
    if name != "measured":
        raise InputError("--population", f"one of {', '.join(NAMES)}", name)
    if options.measured is None:
        raise InputError("--measured", "given, as the population is measured", None)
    column = options.column
    number = int(column) if column is not None and column.isdecimal() else column
    with naming({"file": "--measured", "path": "--measured"}):
        return measured_population(options.measured, column=number, nominals=options.nominals)


def _resistor(options: ResistorOptions) -> Resistor:
    from rescircuit.devices import Resistor, load_process
    from rescircuit.quantities import parse_quantity

    nominal = parse_quantity(options.nominal, "ohm", argument="--nominal")
    if options.process is not None:
        for name in ("tolerance", "mismatch"):
            if getattr(options, name) is not None:
                raise InputError(f"--{name}", "left out where --process says it all", getattr(options, name))
        return load_process(options.process).make_resistor(nominal)
    given: dict[str, Any] = {
        name: parse_quantity(value, "", argument=f"--{name}")
        for name in ("tolerance", "mismatch")
        if (value := getattr(options, name)) is not None
    }
    return Resistor(nominal=nominal, **(given or {"tolerance": 0.2}))
