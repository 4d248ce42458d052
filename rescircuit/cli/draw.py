"""``rescircuit draw``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rescircuit.cli.array_options import CellModel, Wiring, make_array, naming_array, read_conductances
from rescircuit.cli.bank_options import BANK_NAMES, BankOptions, read_bank, read_chip
from rescircuit.cli.circuit_subjects import Subject
from rescircuit.cli.circuit_tables import check_output, read_line
from rescircuit.cli.console import JSON_OPTION, example, print_json, progress_bar, say
from rescircuit.cli.option_groups import given_options, option_name, with_groups
from rescircuit.cli.outputs import interruptible, naming
from rescircuit.errors import InputError

__all__ = ["draw"]

EPILOG = example(
    "rescircuit draw my-bank/bank.json --code 1011010110101101 -o bank.svg",
    "rescircuit draw chip.zarr --bank 17 -o bank-17.png --title 'Bank 17'",
    "rescircuit draw conductances.csv --r-word-line 1ohm --r-bit-line 1ohm -o array.svg",
)
_SCHEMATICS = (".svg", ".png")
_OPTIONS = {"path": "--out", "title": "--title", "thing": "FILE", "file": "FILE"}
_IN_FILE = {".json": "the only bank of a file", ".csv": "an array", ".npz": "an array"}


@with_groups
def draw(
    file: Annotated[
        Path,
        typer.Argument(
            help="A bank (.json, from design --out), a chip (.zarr) with --bank, or conductances in siemens, a row a "
            "word line (.csv, .npz).",
            show_default=False,
        ),
    ],
    wiring: Annotated[Wiring, "Wires, drivers and senses of an array"],
    cells: Annotated[CellModel, "Cells of an array"],
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture (.svg, .png).", show_default=False)],
    code: Annotated[
        str | None,
        typer.Option(
            help="A bank's setting, such as 101101, branch 0 first: 1 where it counts. By default the file's own, or "
            "all count.",
            show_default=False,
        ),
    ] = None,
    bank: Annotated[
        int | None, typer.Option(help="Which bank of a chip, numbered row after row from 0.", show_default=False)
    ] = None,
    voltages: Annotated[
        Path | None,
        typer.Option(
            help="Input voltages (.csv, .npz): of an array one row, of a bank one number. By default the bank's read "
            "voltage, or 0.1 V on every word line.",
            show_default=False,
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Put above the picture.", show_default=False)] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Draw the schematic of a bank, or of an array of up to 8 x 8, with its values, its setting and its currents."""
    check_output("--out", out, _SCHEMATICS, [file, voltages, *wiring.files()])
    with interruptible(), naming(_OPTIONS), progress_bar() as report:
        report("reading", 0, 1)
        subject = _read(file, BankOptions(bank=bank, code=code), wiring, cells, voltages)
        report("drawing", 0, 1)
        path = _drawn(subject, file, out, title)
    drawn = "an array of {} x {}".format(*subject.thing.shape) if _is_table(file) else f"a bank of {subject.thing.n}"
    if as_json:
        print_json({"file": path, "drawn": drawn})
    else:
        say(f"Written: {path}, {drawn}.")


def _is_table(file: Path) -> bool:
    """Whether a file's name is that of an array."""
    return file.suffix.lower() in (".csv", ".npz")


def _read(file: Path, options: BankOptions, wiring: Wiring, cells: CellModel, voltages: Path | None) -> Subject:
    """What is to be drawn; options that do not belong to it are refused."""
    suffix = file.suffix.lower()
    if suffix not in (".zarr", *_IN_FILE):
        raise InputError("FILE", "a bank (.json), a chip (.zarr) or an array (.csv, .npz)", str(file))
    if suffix in _IN_FILE and options.bank is not None:
        raise InputError("--bank", f"left out for {_IN_FILE[suffix]}", options.bank)
    if _is_table(file):
        if options.code is not None:
            raise InputError("--code", "left out for an array, whose cells hold their settings", options.code)
        return _read_array(file, wiring, cells, voltages)
    for name, value in (*given_options(wiring), *given_options(cells)):
        raise InputError(option_name(name), "left out for a bank", value)
    with naming(BANK_NAMES):
        if suffix == ".json":
            subject = read_bank(file, options, voltages)
        elif options.bank is None:
            raise InputError("--bank", "given for a chip, such as 0 for its first bank", None)
        else:
            subject = read_chip(file, options, voltages, most=1)
        inputs = subject.options.get("voltages")
        if inputs is None:
            return subject
        if inputs.size != 1:
            raise InputError("voltages", "one number for a bank that is drawn", f"{inputs.size} numbers")
        return Subject(thing=subject.thing, options={**subject.options, "voltages": float(inputs[0])})


def _read_array(file: Path, wiring: Wiring, cells: CellModel, voltages: Path | None) -> Subject:
    with naming_array(file):
        cells.check()
        array = make_array(read_conductances(file, cells), wiring.read(), cells)
        if voltages is None:
            return Subject(thing=array)
        inputs = read_line(voltages, "voltages")
        if inputs.size != array.shape[0]:
            raise InputError("voltages", f"{array.shape[0]} numbers, one a word line", f"{inputs.size} numbers")
        return Subject(thing=array, options={"voltages": inputs})


def _drawn(subject: Subject, file: Path, out: Path, title: str | None) -> Path:
    """The picture of what is small enough."""
    from rescircuit.plotting.schematics import draw_schematic

    try:
        return draw_schematic(subject.thing, out, title=title, **subject.options)
    except InputError as error:
        parts = "rows and columns" if _is_table(file) else "resistors"
        hint = f"Take a part: a file with some of its {parts}." if error.argument == "thing" else ""
        name = {"voltages": "--voltages"}.get(error.argument, error.argument)
        raise InputError(name, error.required, error.got, error.hint or hint) from None
