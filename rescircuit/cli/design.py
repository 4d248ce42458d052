"""``rescircuit design``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.bank_forms import Reached, check_form, parse_target, reach, refuse_options
from rescircuit.cli.console import JSON_OPTION, SEED_OPTION, counting, example, progress_bar, say
from rescircuit.cli.design_reports import Designed
from rescircuit.cli.outputs import interruptible, naming
from rescircuit.cli.process_banks import left_out, sampled_banks, sampled_linear_bank, sampled_pair
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.bank import Mask
    from rescircuit.bank.files import AnyBank

__all__ = ["design"]

EPILOG = example(
    "rescircuit design --process polysilicon --nominal 10k --n 16 --target 1.2mS --out my-bank",
    "rescircuit verify my-bank/bank.json",
    "rescircuit design --process my-fuses.toml --target 40uS --nominal 100k --blow --out my-fuse",
    "rescircuit design --form series --target 120kohm --r-on 50ohm --out my-string",
    "rescircuit design --form pair --nominal 100k --target=-20uS --out my-pair",
    "rescircuit design --form capacitor --process my-mim.toml --target 0.5pF",
)
_OPTIONS = {
    "target": "--target",
    "difference": "--target",
    "nominal": "--nominal",
    "process": "--process",
    "items": "--n",
    "v_read": "--v-read",
    "r_on": "--r-on",
    "pitch_x": "--pitch",
    "seed": "--seed",
    "chip": "--chip",
    "time_limit": "--time-limit",
    "folder": "--out",
    "path": "--out",
}
_MORE = {
    "parallel": "take more resistors or a smaller nominal",
    "series": "take more resistors or a larger nominal",
    "capacitor": "take more capacitors or a larger nominal",
    "pair": "take more resistors or a smaller nominal",
}


def design(
    target: Annotated[
        str,
        typer.Option(help="Conductance, such as 120uS; of a series bank 120kohm (or 8uS), of capacitors 0.5pF."),
    ],
    form: Annotated[
        str, typer.Option(help="parallel, series, capacitor, or pair: two banks, subtracted.")
    ] = "parallel",
    process: Annotated[str, typer.Option(help="A process's name, or a TOML file of your own.")] = "polysilicon",
    nominal: Annotated[
        str | None,
        typer.Option(
            help="Nominal value; the full scale is n times it, of parallel resistors n times its inverse.",
            show_default="10k, of capacitors 100fF",
        ),
    ] = None,
    n: Annotated[int, typer.Option(help="Resistors or capacitors in the bank; in each of a pair.")] = 12,
    v_read: Annotated[
        str | None,
        typer.Option(help="Read voltage at which parallel banks' conductances hold.", show_default="0.1V"),
    ] = None,
    r_on: Annotated[
        str | None,
        typer.Option(
            help="Of a series or capacitor bank's closed switches, which are ideal.",
            show_default="the process's, if ideal, or 0ohm",
        ),
    ] = None,
    pitch: Annotated[
        str, typer.Option(help="From component to component, where the process varies along the die.")
    ] = "5um",
    seed: Annotated[int, SEED_OPTION] = 1,
    chip: Annotated[int, typer.Option(help="Which die: dies share wafers and lots by their number.")] = 0,
    time_limit: Annotated[
        float | None,
        typer.Option(help="Seconds after which a parallel bank's best setting found is taken; beyond 56 resistors."),
    ] = None,
    blow: Annotated[
        bool, typer.Option("--blow", help="Blow parallel banks' fuses to the setting, which they then keep for good.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the bank (bank.json) and its deck (bank.cir).")] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Design a programmable conductance: sample a bank of a process and program it exactly.

    The setting is proved optimal for the components as they came out, their switches included.
    """
    from rescircuit.checks import whole_number
    from rescircuit.devices import load_process
    from rescircuit.quantities import parse_quantity
    from rescircuit.subsetsum import LARGEST_N

    check_form(form)
    refuse_options(
        form,
        [
            ("--v-read", v_read, ("parallel", "pair")),
            ("--r-on", r_on, ("series", "capacitor")),
            ("--time-limit", time_limit, ("parallel",)),
            ("--blow", blow, ("parallel", "pair")),
        ],
    )
    whole_number("--n", n, 1, LARGEST_N // 2 if form == "pair" else LARGEST_N)
    usual, unit = ("100fF", "F") if form == "capacitor" else ("10k", "ohm")
    value = parse_quantity(usual if nominal is None else nominal, unit, argument="--nominal")
    goal = parse_target(target, form)
    options: dict[str, Any] = {
        "n": n,
        "seed": seed,
        "chip": chip,
        "pitch": parse_quantity(pitch, "m", argument="--pitch"),
    }
    if form in ("parallel", "pair"):
        options["v_read"] = parse_quantity("0.1V" if v_read is None else v_read, "V", argument="--v-read")
    elif r_on is not None:
        options["r_on"] = parse_quantity(r_on, "ohm", argument="--r-on")
    limit = {} if time_limit is None else {"time_limit": time_limit}
    with interruptible(), naming(_OPTIONS), progress_bar() as report:
        made = load_process(process)
        bank = _sampled(form, made, value, options)
        reached = reach(bank, goal, **limit, progress=counting(report, "programming", 1))
        full_scale = float(bank.full_scale)  # before it is blown, after which it has one value only
        beyond = _out_of_reach(bank, form, reached)
        if blow:
            bank = _blown(bank, form, reached.mask)
        files = _write(out, bank, reached.mask)
    designed = Designed(
        form=form,
        process=made.name,
        bank=bank,
        reached=reached,
        seed=seed,
        chip=chip,
        full_scale=full_scale,
        out_of_reach=beyond,
        files=files,
    )
    for remark in left_out(made, options.get("r_on")) if form in ("series", "capacitor") else ():
        say(remark)
    if as_json:
        designed.print_json()
    else:
        designed.print_text()


def _sampled(form: str, process: Any, nominal: float, options: dict[str, Any]) -> Any:
    """A bank of the form, as the process makes it."""
    component = process.make_capacitor(nominal) if form == "capacitor" else process.make_resistor(nominal)
    make = {"parallel": sampled_banks, "pair": sampled_pair}.get(form, sampled_linear_bank)
    return make(process, component, **options)


def _out_of_reach(bank: Any, form: str, reached: Reached) -> str:
    """What to do about a target beyond the bank's full scale."""
    goal = reached.target
    if form == "pair":
        side = "positive" if goal.value > 0 else "negative"
        beyond = abs(goal.value) > float(getattr(bank, side).full_scale)
        whose = f"the full scale of the {side} bank"
    else:
        wanted = reached.setting.target_resistance if form == "series" else goal.value
        beyond = wanted > float(bank.full_scale)
        whose = "the full scale"
    what = "target's resistance" if form == "series" and goal.unit == "S" else "target"
    return f"The {what} is above {whose}: {_MORE[form]}." if beyond else ""


def _blown(bank: Any, form: str, mask: Mask) -> Any:
    """The bank, or both of a pair, once its switches are blown, if they are of that kind."""
    from rescircuit.bank import DifferentialPair

    try:
        if form == "parallel":
            return bank.blow(mask)
        first, second = bank.split(mask)
        return DifferentialPair(positive=bank.positive.blow(first), negative=bank.negative.blow(second))
    except InputError as error:
        hint = "Of a process whose switch is of kind fuse or antifuse."
        raise InputError("--blow", "left out for switches that are set again at any time", error.got, hint) from None


def _write(out: Path | None, bank: AnyBank, mask: Mask) -> list[Path]:
    """Write the bank and its deck, if a folder is asked for."""
    if out is None:
        return []
    from rescircuit.bank.files import save_bank
    from rescircuit.files import make_folder
    from rescircuit.spice import deck

    written = deck(bank, mask=mask)  # first: what cannot be written as a deck leaves no folder
    folder = make_folder(out)
    return [save_bank(bank, folder / "bank.json", mask), written.write(folder / "bank.cir")]
