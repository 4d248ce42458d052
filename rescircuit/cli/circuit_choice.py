"""The options of ``export`` and ``verify``: of whatever a file holds, and which of them belong to what."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from rescircuit.cli.array_options import (
    ARRAY_NAMES,
    BitLineVoltagesFile,
    Capacitances,
    CellModel,
    MemoryLimit,
    VoltagesFile,
    Wiring,
    make_array,
    naming_array,
    read_conductances,
)
from rescircuit.cli.bank_options import BANK_NAMES, BankOptions, read_bank, read_chip
from rescircuit.cli.circuit_subjects import SettlingArray, Subject
from rescircuit.cli.circuit_tables import read_matrix, read_voltages
from rescircuit.cli.netlist_files import NETLISTS, naming_netlist, read_netlist
from rescircuit.cli.network_options import ChipOptions
from rescircuit.cli.network_tiles import SAVED_TILE_TAKES, TILE_NAMES, TileOptions, read_saved_tile, read_tile
from rescircuit.cli.option_groups import field_names, given_options, option_name
from rescircuit.cli.outputs import naming
from rescircuit.errors import InputError

__all__ = ["CircuitOptions", "check_is_there", "holds_chip", "holds_weights"]

_Report = Callable[[str, float, float], None]


@dataclass(frozen=True, kw_only=True)
class ArrayOptions:
    """An array besides its conductances and its wires."""

    bit_line_voltages: BitLineVoltagesFile = None
    cells: CellModel
    capacitances: Capacitances
    memory_limit: MemoryLimit = None


@dataclass(frozen=True, kw_only=True)
class NetlistOptions:
    """A netlist, which says all else itself."""

    open_end: Annotated[
        list[str] | None,
        typer.Option(metavar="NODE", help="A node that is meant to be on one element alone; may be given again."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class CircuitOptions:
    """A file and all that can be said of what is in it."""

    file: Annotated[
        Path,
        typer.Argument(
            help="A bank (.json, from design --out), a chip (.zarr, from sample), an array's conductances in siemens, "
            "a row a word line (.csv, .npz), a network (.npz with NAME.weight, .safetensors, .onnx), its programmed "
            "chip (.npz, from simulate network --save-chip or prune chip --out), or a netlist of resistors, capacitors "
            "and sources (.cir, .sp, .net, .spice).",
            show_default=False,
        ),
    ]
    voltages: VoltagesFile = None
    bank: Annotated[BankOptions, "A bank (.json), or banks of a chip (.zarr)"]
    wiring: Annotated[Wiring, "Wires, drivers and senses of an array; a tile has the first two"]
    array: Annotated[ArrayOptions, "An array (.csv, .npz)"]
    tile: Annotated[TileOptions, "A tile of a network, or of its programmed chip"]
    chip: Annotated[ChipOptions, "The chip of that network, as in simulate network"]
    netlist: Annotated[NetlistOptions, f"A netlist ({', '.join(NETLISTS)})"]

    def read(self, most_banks: int, report: _Report) -> Subject | SettlingArray:
        """What the file holds, as the options have it; `report` takes what is under way, steps done, and steps in all.

        Raises
        ------
        InputError
            For options that do not belong to it, among others; of more than `most_banks` banks in one circuit.
        """
        kind = self.kind()
        for name, value in given_options(self):
            if name not in _TAKES[kind]:
                check_is_there(self.file)
                got = str(value) if isinstance(value, Path) else value
                raise InputError(option_name(name), f"left out for {kind}", got)
        report("reading", 0, 1)
        if kind == _BANK:
            return read_bank(self.file, self.bank, self.voltages)
        if kind == _CHIP:
            return read_chip(self.file, self.bank, self.voltages, most_banks)
        if kind == _ARRAY:
            return _read_array(self.file, self.wiring, self.array, self.voltages)
        if kind == _TILE:
            return read_tile(self.file, self.chip, self.tile, self.wiring, self.voltages, report)
        if kind == _SAVED:
            return read_saved_tile(self.file, self.tile, self.voltages)
        return Subject(thing=read_netlist(self.file, self.netlist.open_end or []))

    def kind(self) -> str:
        """What the file holds, in words."""
        suffix = self.file.suffix.lower()
        if suffix == ".npz" and holds_weights(self.file):
            return _SAVED if holds_chip(self.file) else _TILE
        kind = _KINDS.get(suffix)
        if kind is None:
            required = f"a bank (.json), a chip (.zarr), a table (.csv, .npz) or a netlist ({', '.join(NETLISTS)})"
            raise InputError("FILE", required, str(self.file))
        return kind

    def files(self) -> list[Path | None]:
        """All that are read."""
        held = self.array.bit_line_voltages
        return [self.file, self.voltages, held, self.bank.settings, self.tile.inputs, *self.wiring.files()]

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Within it, errors name the options of what the file holds."""
        kind = self.kind()
        names = {**_NAMES[kind], "engine": "--engine", "timeout": "--timeout"}
        special = {_ARRAY: naming_array, _NETLIST: naming_netlist}.get(kind)
        with naming(names) if special is None else special(self.file, names):
            yield


_BANK, _CHIP, _ARRAY = "a bank", "a chip", "an array"
_TILE, _SAVED = "a network's tile", "a programmed chip's tile, which says all itself"
_NETLIST = "a netlist, which says all itself"
_KINDS = {
    ".json": _BANK,
    ".zarr": _CHIP,
    ".csv": _ARRAY,
    ".npz": _ARRAY,
    ".safetensors": _TILE,
    ".onnx": _TILE,
    **dict.fromkeys(NETLISTS, _NETLIST),
}
_NAMES = {
    _BANK: BANK_NAMES,
    _CHIP: BANK_NAMES,
    _ARRAY: ARRAY_NAMES,
    _TILE: TILE_NAMES,
    _SAVED: TILE_NAMES,
    _NETLIST: {},
}


_TAKES = {
    _BANK: {"file", "voltages", "code", "settings", "temperature"},
    _CHIP: {"file", "voltages", *field_names(BankOptions)},
    _ARRAY: {"file", "voltages", *field_names(Wiring, ArrayOptions, CellModel, Capacitances)},
    _TILE: {"file", "voltages", "r_word_line", "r_bit_line", *field_names(ChipOptions, TileOptions)},
    _SAVED: {"file", "voltages", *SAVED_TILE_TAKES},
    _NETLIST: {"file", *field_names(NetlistOptions)},
}


def check_is_there(file: Path) -> None:
    """Refuse what is not there, before options are refused because of its name."""
    try:
        file.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError("FILE", "a readable file", str(file), f"{reason}.") from None


def holds_weights(file: Path) -> bool:
    """Whether an npz archive is a network's, or its chip's; what cannot be read is not; who reads it refuses it."""
    return any(name.endswith(".weight.npy") for name in _arrays_in(file))


def holds_chip(file: Path) -> bool:
    """Whether an npz archive is a programmed chip's, as :func:`rescircuit.network.save_analog` writes it."""
    return "chip.npy" in _arrays_in(file)


def _arrays_in(file: Path) -> list[str]:
    """The names in an npz archive; none in what cannot be read."""
    from rescircuit.files import LARGEST_BYTES, file_size

    try:
        if file_size(file) > LARGEST_BYTES:
            return []
        with zipfile.ZipFile(file) as archive:
            return archive.namelist()
    except Exception:  # noqa: BLE001 - from a stranger's bytes zipfile raises anything
        return []


def _read_array(file: Path, wiring: Wiring, options: ArrayOptions, voltages: Path | None) -> Subject | SettlingArray:
    """The array of a table, as it settles where there are capacitances."""
    from rescircuit.crossbar import Crossbar

    options.cells.check()
    farads = options.capacitances.read()
    conductances = read_conductances(file, options.cells)
    array = make_array(conductances, wiring.read(), options.cells, memory_limit=options.memory_limit)
    held = options.bit_line_voltages
    if farads is None:
        files = {"voltages": voltages, "bit_line_voltages": held}
        return Subject(
            thing=array, options={name: read_matrix(path, name) for name, path in files.items() if path is not None}
        )
    if held is not None:
        raise InputError("--bit-line-voltages", "left out with capacitances", str(held))
    if not isinstance(array, Crossbar):
        raise InputError("--cells", "linear, with capacitances", options.cells.kind)
    inputs = read_voltages(voltages, array.shape)
    if inputs.ndim > 1 and inputs.size == inputs.shape[-1]:
        inputs = inputs.ravel()
    return SettlingArray(array=array, voltages=inputs, capacitances=farads)
