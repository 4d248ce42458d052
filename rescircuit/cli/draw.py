"""``rescircuit draw``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from rescircuit.cli.array_options import CellModel, Wiring, make_array, naming_array, read_conductances
from rescircuit.cli.bank_forms import FORMS, form_of
from rescircuit.cli.bank_options import BANK_NAMES, BankOptions, read_bank, read_chip
from rescircuit.cli.circuit_choice import check_is_there, holds_chip, holds_weights
from rescircuit.cli.circuit_subjects import Subject
from rescircuit.cli.circuit_tables import check_output, one_line, read_line
from rescircuit.cli.console import JSON_OPTION, example, print_json, progress_bar, say
from rescircuit.cli.network_files import read_network
from rescircuit.cli.network_options import ChipOptions
from rescircuit.cli.network_tiles import SAVED_TILE_TAKES, TILE_NAMES, TileOptions, read_saved_tile, read_tile
from rescircuit.cli.option_groups import field_names, given_options, option_name, with_groups
from rescircuit.cli.outputs import interruptible, naming
from rescircuit.errors import InputError

__all__ = ["draw"]

EPILOG = example(
    "rescircuit draw my-bank/bank.json --code 1011010110101101 -o bank.svg",
    "rescircuit draw chip.zarr --bank 17 -o bank-17.png --title 'Bank 17'",
    "rescircuit draw conductances.csv --r-word-line 1ohm --r-bit-line 1ohm -o array.svg",
    "rescircuit draw network.npz --layer 0 --tile 6 --rows 8 --cols 8 --bank-size 6 -o tile.svg",
)
_SCHEMATICS = (".svg", ".png")
_OPTIONS = {"path": "--out", "title": "--title", "thing": "FILE", "file": "FILE"}
_BANK, _CHIP, _ARRAY, _TILE = "a bank's file", "a chip", "an array", "a network's tile"
_SAVED = "a programmed chip's tile, which says all itself"
_KINDS = {".json": _BANK, ".zarr": _CHIP, ".csv": _ARRAY, ".npz": _ARRAY, ".safetensors": _TILE, ".onnx": _TILE}
_TAKES = {
    _BANK: {"code"},
    _CHIP: {"code", "bank"},
    _ARRAY: {*field_names(Wiring, CellModel)},
    _TILE: {"r_word_line", "r_bit_line", *field_names(ChipOptions, TileOptions)},
    _SAVED: SAVED_TILE_TAKES,
}
_HINTS = {
    _BANK: "Take a part: a file with some of its resistors.",
    _CHIP: "Take a part: a file with some of its resistors.",
    _ARRAY: "Take a part: a file with some of its rows and columns.",
    _SAVED: "Save a chip with --rows 8 --cols 8.",
}

_Report = Callable[[str, float, float], None]


@with_groups
def draw(
    file: Annotated[
        Path,
        typer.Argument(
            help="A bank (.json, from design --out), a chip (.zarr) with --bank, conductances in siemens, a row a "
            "word line (.csv, .npz), or a network (.npz with NAME.weight, .safetensors, .onnx) or its "
            "programmed chip (.npz), of which a tile is drawn.",
            show_default=False,
        ),
    ],
    wiring: Annotated[Wiring, "Wires, drivers and senses of an array; a tile has the first two"],
    cells: Annotated[CellModel, "Cells of an array"],
    tile: Annotated[TileOptions, "A tile of a network, or of its programmed chip"],
    chip: Annotated[ChipOptions, "The chip of that network, as in simulate network"],
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
    """Draw a bank, or an array or a network's tile of up to 8 x 8, with its values, its setting and its currents."""
    check_output("--out", out, _SCHEMATICS, [file, voltages, tile.inputs, *wiring.files()])
    with interruptible(), naming(_OPTIONS), progress_bar() as report:
        report("reading", 0, 1)
        kind = _kind_of(file)
        options = BankOptions(bank=bank, code=code)
        _check_options(file, kind, [options, wiring, cells, tile, chip])
        if kind == _ARRAY:
            subject = _read_array(file, wiring, cells, voltages)
        elif kind in (_TILE, _SAVED):
            subject = _read_tile(file, chip, tile, wiring, voltages, report)
        else:
            subject = _read_bank(file, kind, options, voltages)
        report("drawing", 0, 1)
        path = _drawn(subject, kind, out, title)
    drawn = _in_words(kind, subject.thing)
    if as_json:
        print_json({"file": path, "drawn": drawn})
    else:
        say(f"Written: {path}, {drawn}.")


def _kind_of(file: Path) -> str:
    """What the file holds, in words."""
    suffix = file.suffix.lower()
    if suffix not in _KINDS:
        raise InputError(
            "FILE",
            "a bank (.json), a chip (.zarr), an array (.csv, .npz) or a network (.npz, .safetensors, .onnx)",
            str(file),
        )
    if suffix == ".npz" and holds_weights(file):
        return _SAVED if holds_chip(file) else _TILE
    return _KINDS[suffix]


def _check_options(file: Path, kind: str, groups: list[Any]) -> None:
    """Refuse the options that do not belong to what is drawn."""
    for name, value in (each for group in groups for each in given_options(group)):
        if name not in _TAKES[kind]:
            check_is_there(file)
            got = str(value) if isinstance(value, Path) else value
            raise InputError(option_name(name), f"left out for {kind}", got)


def _read_bank(file: Path, kind: str, options: BankOptions, voltages: Path | None) -> Subject:
    """One bank, with one voltage."""
    with naming(BANK_NAMES):
        if kind == _BANK:
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
        return Subject(thing=array, options={"voltages": _one_a_line(read_line(voltages, "voltages"), array.shape[0])})


def _read_tile(
    file: Path, chip: ChipOptions, options: TileOptions, wiring: Wiring, voltages: Path | None, report: _Report
) -> Subject:
    """A tile of a network, with the voltages of one sample."""
    with naming(TILE_NAMES):
        if _kind_of(file) == _SAVED:
            subject = read_saved_tile(file, options, voltages)
        else:
            _check_size(file, chip, options)
            subject = read_tile(file, chip, options, wiring, voltages, report)
        inputs = subject.options.get("voltages")
        if inputs is None:
            return subject
        if options.inputs is not None and len(inputs) > 1:
            hint = "Negative ones take two phases: --voltages draws either."
            raise InputError(
                "--samples", "one sample without negative inputs, for a picture", options.samples or "0", hint
            )
        line = _one_a_line(one_line("--voltages", inputs), subject.thing.array.shape[0])
        return Subject(thing=subject.thing, options={"voltages": line})


def _check_size(file: Path, chip: ChipOptions, options: TileOptions) -> None:
    """Refuse before the network is programmed a layer whose tiles are all too large for a picture."""
    from rescircuit.plotting.schematics import MOST_LINES

    network = read_network(file, options.layers, options.input_shape)
    if not (0 <= options.layer < len(network.weighted) and chip.rows > 0 and chip.cols > 1):
        return  # what programs the network says what is wrong
    _, layer = network.weighted_layers[options.layer]
    _, inputs, outputs = layer.matrices.shape
    # The last tile of a row or of a column has what the others leave.
    m = inputs if inputs <= chip.rows else min(chip.rows, inputs % chip.rows or chip.rows)
    offset = chip.weights.scheme == "offset"
    most = chip.cols - 1 if offset else chip.cols // 2
    last = outputs if outputs <= most else min(most, outputs % most or most)
    n = last + 1 if offset else 2 * last
    if max(m, n) > MOST_LINES:
        required = f"of tiles of at most {MOST_LINES} x {MOST_LINES}, to be drawn"
        raise InputError("--rows and --cols", required, f"{chip.rows} x {chip.cols}", "Take --rows 8 --cols 8.")


def _one_a_line(inputs: Any, m: int) -> Any:
    if inputs.size != m:
        raise InputError("voltages", f"{m} numbers, one a word line", f"{inputs.size} numbers")
    return inputs


def _drawn(subject: Subject, kind: str, out: Path, title: str | None) -> Path:
    """The picture of what is small enough."""
    from rescircuit.plotting.schematics import draw_schematic

    try:
        return draw_schematic(subject.thing, out, title=title, **subject.options)
    except InputError as error:
        hint = _HINTS.get(kind, "Take --rows 8 --cols 8.") if error.argument == "thing" else ""
        name = {"voltages": "--voltages"}.get(error.argument, error.argument)
        raise InputError(name, error.required, error.got, error.hint or hint) from None


def _in_words(kind: str, thing: Any) -> str:
    """What is drawn, and of what size."""
    if kind == _ARRAY:
        return "an array of {} x {}".format(*thing.shape)
    if kind in (_TILE, _SAVED):
        return "a tile of {} x {}".format(*thing.array.shape)
    form = form_of(thing)
    size = f"{thing.positive.n} and {thing.negative.n}" if form == "pair" else thing.n
    return f"a {FORMS[form]} of {size}"
