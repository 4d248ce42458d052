"""``rescircuit design``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rescircuit.cli.console import (
    JSON_OPTION,
    SEED_OPTION,
    counting,
    example,
    print_json,
    print_table,
    print_text,
    progress_bar,
    say,
)
from rescircuit.cli.process_banks import sampled_banks
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.bank import Bank, Mask

__all__ = ["design"]

EPILOG = example(
    "rescircuit design --process polysilicon --nominal 10k --n 16 --target 1.2mS --out my-bank",
    "rescircuit verify my-bank/bank.json",
    "rescircuit design --process my-fuses.toml --target 40uS --nominal 100k --blow --out my-fuse",
)


def design(
    target: Annotated[str, typer.Option(help="Conductance wanted, such as 120uS.")],
    process: Annotated[str, typer.Option(help="A process's name, or a TOML file of your own.")] = "polysilicon",
    nominal: Annotated[str, typer.Option(help="Nominal resistance; the full scale is n times its inverse.")] = "10k",
    n: Annotated[int, typer.Option(help="Resistors in the bank.")] = 12,
    v_read: Annotated[str, typer.Option(help="Read voltage at which conductances hold.")] = "0.1V",
    pitch: Annotated[
        str, typer.Option(help="From resistor to resistor, where the process varies along the die.")
    ] = "5um",
    seed: Annotated[int, SEED_OPTION] = 1,
    chip: Annotated[int, typer.Option(help="Which die: dies share wafers and lots by their number.")] = 0,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds after which the best setting found is taken; beyond 56 resistors.")
    ] = None,
    blow: Annotated[
        bool, typer.Option("--blow", help="Blow the bank's fuses to the setting, which it then keeps for good.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the bank (bank.json) and its deck (bank.cir).")] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Design a programmable conductance: sample a bank of a process and program it exactly.

    The setting is proved optimal for the resistors as they came out, their switches included.
    """
    from rescircuit.checks import whole_number
    from rescircuit.devices import load_process
    from rescircuit.quantities import format_quantity as show
    from rescircuit.quantities import parse_quantity
    from rescircuit.subsetsum import LARGEST_N

    whole_number("--n", n, 1, LARGEST_N)
    made = load_process(process)
    resistor = made.make_resistor(parse_quantity(nominal, "ohm", argument="--nominal"))
    volt = parse_quantity(v_read, "V", argument="--v-read")
    goal = parse_quantity(target, "S", argument="--target")
    apart = parse_quantity(pitch, "m", argument="--pitch")
    bank = sampled_banks(made, resistor, n=n, seed=seed, chip=chip, pitch=apart, v_read=volt)
    with progress_bar() as report:
        setting = bank.program(goal, time_limit=time_limit, progress=counting(report, "programming", 1))
    full_scale = float(bank.full_scale)  # before it is blown, after which it has one value only
    if blow:
        bank = _blown(bank, setting.mask)
    files = _write(out, bank, setting.mask)
    if as_json:
        print_json(
            {
                "process": made.name,
                "seed": seed,
                "chip": chip,
                "resistances_ohm": bank.resistances,
                "mask": setting.mask,
                "target_siemens": goal,
                "conductance_siemens": setting.conductance,
                "error_siemens": setting.error,
                "bound_siemens": setting.bound,
                "full_scale_siemens": full_scale,
                "status": setting.status,
                "method": setting.method,
                "v_read_volt": bank.v_read,
                "files": files,
            }
        )
        return
    rows = [
        [f"r_{k}", show(ohm, "ohm"), show(siemens, "S"), _state(bank, setting.mask, k)]
        for k, (ohm, siemens) in enumerate(zip(bank.resistances, bank.on_conductances, strict=True))
    ]
    print_table(
        f"A bank of {n} on {made.name}, chip {chip} of seed {seed}",
        ["", "resistance", "branch conducts", "switch"],
        rows,
    )
    relative = f"{setting.error / goal:+.2e} of the target, " if goal else ""
    print_text(
        f"target       {show(goal, 'S', 6)}\n"
        f"conductance  {show(setting.conductance, 'S', 6)} at {show(bank.v_read, 'V')}\n"
        f"error        {show(setting.error, 'S', 3)} ({relative}{setting.error / full_scale:+.2e} of full scale)\n"
        f"status       {setting.status}: no setting comes closer than {show(setting.bound, 'S', 3)}\n"
        f"full scale   {show(full_scale, 'S', 6)}"
    )
    if goal > full_scale:
        say("The target is above the full scale: take more resistors or a smaller nominal.")
    if files:
        say(f"Written: {', '.join(str(path) for path in files)}")


def _blown(bank: Bank, mask: Mask) -> Bank:
    """The bank once its switches are blown, if they are of that kind."""
    try:
        return bank.blow(mask)
    except InputError as error:
        hint = "Of a process whose switch is of kind fuse or antifuse."
        raise InputError("--blow", "left out for switches that are set again at any time", error.got, hint) from None


def _state(bank: Bank, mask: Mask, k: int) -> str:
    """What a switch is set to, or how it is stuck."""
    for faults, state in ((bank.stuck_open, "stuck open"), (bank.stuck_closed, "stuck closed")):
        if faults is not None and faults[k]:
            return state
    return "closed" if mask[k] else "open"


def _write(out: Path | None, bank: Bank, mask: Mask) -> list[Path]:
    """Write the bank and its deck, if a folder is asked for."""
    if out is None:
        return []
    from rescircuit.bank.files import save_bank
    from rescircuit.files import make_folder
    from rescircuit.spice import deck

    written = deck(bank, mask=mask)  # first: what cannot be written as a deck leaves no folder
    folder = make_folder(out)
    return [save_bank(bank, folder / "bank.json", mask), written.write(folder / "bank.cir")]
