"""The options of banks, one in a file or many of a chip, as ``export`` and ``verify`` take them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.bank_forms import is_blown
from rescircuit.cli.circuit_subjects import Subject
from rescircuit.cli.circuit_tables import read_line
from rescircuit.cli.option_groups import option_names
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.bank.files import AnyBank
    from rescircuit.spice.circuits.analyses import TemperatureSweep

__all__ = ["BANK_NAMES", "BankOptions", "parse_range", "read_bank", "read_chip"]


@dataclass(frozen=True, kw_only=True)
class BankOptions:
    """Which banks, in which setting, at which temperature; as text."""

    bank: Annotated[
        int | None, typer.Option(help="One bank of a chip, numbered row after row from 0.", show_default=False)
    ] = None
    banks: Annotated[
        str | None,
        typer.Option(
            help="Many of a chip in one circuit, such as 0:100 for its first 100; by default all.", show_default=False
        ),
    ] = None
    code: Annotated[
        str | None,
        typer.Option(
            help="Setting, such as 101101, branch 0 first: 1 where it counts, its switch closed (a series bank's "
            "bypass open). By default the file's own, or all count.",
            show_default=False,
        ),
    ] = None
    settings: Annotated[
        Path | None,
        typer.Option(help="Settings of banks (.csv, .npz), from program --out or trim --out.", show_default=False),
    ] = None
    temperature: Annotated[
        str | None,
        typer.Option(
            help="°C, such as 85, or START:STOP:STEP, such as -40:125:15; values in files are those at 27 °C.",
            show_default=False,
        ),
    ] = None

    def celsius(self) -> float | TemperatureSweep | None:
        """The temperature, or the temperatures."""
        from rescircuit.quantities import parse_quantity

        if self.temperature is None:
            return None
        parts = self.temperature.split(":")
        if len(parts) not in (1, 3):
            required = "one, such as 85, or START:STOP:STEP, such as -40:125:15"
            raise InputError("--temperature", required, self.temperature)
        numbers = [parse_quantity(part, "degC", argument="--temperature") for part in parts]
        if len(numbers) == 1:
            return numbers[0]
        from rescircuit.spice.circuits.analyses import TemperatureSweep

        start, stop, step = numbers
        return TemperatureSweep(start=start, stop=stop, step=step)


BANK_NAMES = {
    **option_names(BankOptions),
    "file": "FILE",
    "voltages": "--voltages",
    **{part: f"--temperature: {part}" for part in ("start", "stop", "step")},
}


def parse_range(option: str, text: str, count: int) -> slice:
    """Some of `count` things: ``3`` is one, ``3:10`` those from 3 to 9."""
    match = re.fullmatch(r"(\d{1,15})(?::(\d{1,15}))?", text.strip(), re.ASCII)
    if match is None:
        raise InputError(option, "a number, such as 3, or a range START:STOP, such as 0:100", text)
    start = int(match[1])
    stop = start + 1 if match[2] is None else int(match[2])
    if not start < stop <= count:
        raise InputError(option, f"a range within 0:{count} that is not empty", text)
    return slice(start, stop)


def read_bank(file: Path, options: BankOptions, voltages: Path | None) -> Subject:
    """The bank of a file."""
    from rescircuit.bank.files import load_bank

    bank, mask = load_bank(file)
    asked = _asked(bank, options, voltages, None)
    return Subject(thing=bank, options=asked if mask is None else {"mask": mask, **asked})


def read_chip(file: Path, options: BankOptions, voltages: Path | None, most: int) -> Subject:
    """A chip's banks, at most `most`; one alone is a bank like that of a file."""
    from rescircuit.bank.chips import load_chip
    from rescircuit.checks import whole_number
    from rescircuit.cli.stores import check_kind, rows_of

    check_kind("FILE", file, "chip")
    count = rows_of(file)
    if options.bank is not None:
        if options.banks is not None:
            raise InputError("--banks", "left out with --bank", options.banks)
        number = whole_number("--bank", options.bank, 0, count - 1)
        chosen, several = slice(number, number + 1), False
    else:
        chosen = slice(0, count) if options.banks is None else parse_range("--banks", options.banks, count)
        several = options.banks is not None or count > 1
    if chosen.stop - chosen.start > most:
        required = f"a range of at most {most:,} banks, such as 0:{most}"
        raise InputError("--banks", required, f"{chosen.stop - chosen.start:,} of them")
    banks = load_chip(file, banks=chosen)
    bank = banks if several else banks.part(0)
    asked = _asked(bank, options, voltages, range(chosen.start, chosen.stop))
    about = f"Banks {chosen.start} to {chosen.stop - 1} of the chip {file.name}; bank_k is its bank {chosen.start} + k."
    return Subject(thing=bank, options=asked, comment=about if several else "")


def _asked(bank: AnyBank, options: BankOptions, voltages: Path | None, numbers: range | None) -> dict[str, Any]:
    """What deck() and verify() are asked of a bank, or of a chip's banks of these numbers."""
    asked: dict[str, Any] = {}
    if (mask := _mask(bank, options, numbers)) is not None:
        asked["mask"] = mask
    if voltages is not None:
        asked["voltages"] = read_line(voltages, "voltages")
    if (celsius := options.celsius()) is not None:
        asked["temperature"] = celsius
    return asked


def _mask(bank: AnyBank, options: BankOptions, numbers: range | None) -> Any:
    """The setting or the settings asked for, if any are."""
    import numpy as np

    from rescircuit.cli.setting_masks import parse_code, read_settings

    given = next((name for name in ("code", "settings") if getattr(options, name) is not None), None)
    if given is None:
        return None
    if is_blown(bank):
        raise InputError(f"--{given}", "left out where switches are blown for good", getattr(options, given))
    if options.code is not None:
        if options.settings is not None:
            raise InputError("--settings", "left out with --code", str(options.settings))
        return parse_code(options.code, bank.n)
    settings = read_settings(options.settings)  # type: ignore[arg-type] - it is given
    if numbers is None and len(settings) != 1:
        raise InputError("--settings", "a file with one setting, for one bank", f"one with {len(settings):,}")
    wanted = list(settings) if numbers is None else list(numbers)
    missing = next((number for number in wanted if number not in settings), None)
    if missing is not None:
        raise InputError("--settings", f"a file with a setting of bank {missing}", f"one with {len(settings):,}")
    masks = [settings[number] for number in wanted]
    wrong = next((mask.size for mask in masks if mask.size != bank.n), None)
    if wrong is not None:
        raise InputError("--settings", f"of banks of {bank.n} switches", f"a mask of {wrong}")
    return np.stack(masks) if bank.shape else masks[0]
