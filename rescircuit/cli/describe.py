"""``rescircuit describe``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.bank_forms import FORMS, form_of, is_blown, parse_target, reach
from rescircuit.cli.console import JSON_OPTION, example, print_json, print_table, say
from rescircuit.cli.describe_network import describe_network
from rescircuit.cli.network_files import NETWORKS, InputShape, LayersFile
from rescircuit.cli.outputs import PICTURES, check_writable, interruptible, naming
from rescircuit.cli.stores import load_one
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.bank import Behaviour, Mask
    from rescircuit.bank.files import AnyBank

__all__ = ["describe"]

_V_MAX = "0.5V"
_OPTIONS = {"target": "--target", "difference": "--target", "v_max": "--v-max", "path": "--plot", "file": "FILE"}

EPILOG = example(
    "rescircuit describe my-bank/bank.json --plot behaviour.png",
    "rescircuit describe chip.zarr --bank 17 --target 6uS --v-max 0.3V",
    "rescircuit describe network.onnx",
)


def describe(
    file: Annotated[
        Path,
        typer.Argument(
            help="A bank (.json), a chip (.zarr) with --bank, or a network (.npz, .safetensors, .onnx).",
            show_default=False,
        ),
    ],
    bank: Annotated[int, typer.Option(help="Which bank of a chip, from 0, row after row.")] = 0,
    target: Annotated[
        str | None,
        typer.Option(
            help="Program the bank to this first, such as 20uS (120kohm in series, 0.5pF of capacitors); else the "
            "file's setting, or all components.",
            show_default=False,
        ),
    ] = None,
    v_max: Annotated[str, typer.Option(help="Upper end of the range of voltages, volt.")] = _V_MAX,
    plot: Annotated[Path | None, typer.Option(help="Value over voltage, temperature, age (.png, .svg, .pdf).")] = None,
    layers: LayersFile = None,
    input_shape: InputShape = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Say what a bank of any form does: its value over voltage, temperature and age, its noise, power and area.

    Of a network, its layers, their shapes, weights and multiplications.
    """
    if file.suffix.lower() in NETWORKS:
        given = {
            "--bank": bank or None,
            "--target": target,
            "--plot": plot,
            "--v-max": v_max if v_max != _V_MAX else None,
        }
        _refuse_given(given, "a network")
        with interruptible(), naming(_OPTIONS):
            describe_network(file, layers, input_shape, as_json=as_json)
        return
    _refuse_given({"--layers": layers, "--input-shape": input_shape}, "a bank")
    from rescircuit.bank import describe as behaviour_of
    from rescircuit.quantities import format_quantity as show
    from rescircuit.quantities import parse_quantity

    check_writable("--plot", plot, PICTURES)
    volt = parse_quantity(v_max, "V", argument="--v-max")
    with interruptible(), naming(_OPTIONS):
        chosen, mask = _read(file, bank)
        form = form_of(chosen)
        if target is not None and is_blown(chosen):
            raise InputError("--target", "left out where switches are blown for good", target)
        reached = None if target is None else reach(chosen, parse_target(target, form))
        if reached is not None:
            mask = reached.mask
        found = behaviour_of(chosen, mask, v_max=volt)
        files = []
        if plot is not None:
            from rescircuit.plotting import plot_behaviour, save_figure

            files.append(save_figure(plot_behaviour(found), plot))
    if as_json:
        print_json({"form": form, "mask": mask, **_finite(found.as_dict()), "files": files})
        return
    _print(found, form, mask)
    if len(found.temperatures) == 1:
        say(f"The table of its transistors holds at {found.temperatures[0]:g} °C: other temperatures are left out.")
    if reached is not None:
        unit = reached.target.unit
        say(f"Programmed to {show(reached.value, unit, 6)} for a target of {show(reached.target.value, unit, 6)}.")
    if files:
        say(f"Written: {', '.join(map(str, files))}")


def _refuse_given(given: dict[str, Any], subject: str) -> None:
    """Refuse the options that do not belong to what is described."""
    for option, value in given.items():
        if value is not None:
            raise InputError(option, f"left out for {subject}", str(value))


def _read(file: Path, number: int) -> tuple[AnyBank, Mask]:
    """The bank and its setting."""
    import numpy as np

    if file.suffix.lower() == ".json":
        from rescircuit.bank.files import load_bank

        if number:
            raise InputError("--bank", "left out for the only bank of a file", number)
        bank, mask = load_bank(file)
        return bank, np.ones(bank.n, bool) if mask is None else mask
    if file.suffix.lower() != ".zarr":
        raise InputError("FILE", "a bank (.json), a chip (.zarr) or a network (.npz, .safetensors, .onnx)", str(file))
    bank: Any = load_one("FILE", file, number, "chip")
    return bank, np.ones(bank.n, bool)


def _print(found: Behaviour, form: str, mask: Any) -> None:
    from rescircuit.quantities import format_quantity as show

    def change(value: float) -> str:
        if value == found.value:
            return "none"
        return _signed(value / found.value - 1) if found.value else f"to {show(value, found.unit)}"

    steady = all(value == found.value for value in found.values_over_age)
    rows = [["value at " + show(found.v_read, "V"), show(found.value, found.unit, 6)]]
    if form == "series":
        rows.append(["resistance there", show(1.0 / found.value, "ohm", 6)])
    rows += [
        [f"largest change up to {found.voltages[-1]:g} V", _unsigned(found.nonlinearity)],
        ["integral non-linearity (INL)", f"{_unsigned(found.inl)} of the range"],
    ]
    rows += [
        [f"change at {t:g} °C", change(value)]
        for t, value in zip(found.temperatures, found.values_over_temperature, strict=True)
    ]
    if found.temperature_coefficient is not None:
        rows.append(["temperature coefficient, mean", f"{found.temperature_coefficient * 1e6:+.4g} ppm/K"])
    rows += [
        [f"change after {_span(age)}", change(value)]
        for age, value in zip(found.ages, found.values_over_age, strict=True)
        if age and not steady
    ]
    if steady:
        rows.append(["drift", "none that the process gives"])
    if found.unit == "S":
        rows += [["thermal noise", f"{show(found.noise, 'A', 3)}/√Hz"], ["power", show(found.power, "W", 3)]]
    else:
        rows += [
            ["thermal noise of the charge", f"{found.noise:.3g} C"],
            ["energy of a charge", f"{found.power:.3g} J"],
        ]
    rows.append(["area", "not known to the process" if found.area is None else f"{found.area * 1e12:.4g} µm²"])
    switches = "bypasses open" if form == "series" else "switches closed"
    print_table(f"A {FORMS[form]}, {int(mask.sum())} of {len(mask)} {switches}", ["", "result"], rows)


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: what is endless relative to a value of 0 is left empty."""
    return {name: None if isinstance(value, float) and math.isinf(value) else value for name, value in values.items()}


def _signed(change: float) -> str:
    """A relative change in the unit that suits its size."""
    return f"{change * 100:+.3g} %" if abs(change) >= 1e-3 else f"{change * 1e6:+.3g} ppm"


def _unsigned(part: float) -> str:
    return _signed(part).lstrip("+")


def _span(seconds: float) -> str:
    """A time as people say it."""
    years = seconds / (8766 * 3600)
    return f"{seconds / 3600:g} h" if years < 1 else f"{years:.3g} a"
