"""What ``export``, ``verify`` and ``simulate array`` read: a bank, or an array of conductances, its wires and cells."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.bank import Bank
    from rescircuit.checks import Array
    from rescircuit.crossbar import CellLaw, Crossbar, NonlinearCrossbar

__all__ = [
    "CELL_KINDS",
    "CellModel",
    "Wiring",
    "check_output",
    "make_array",
    "naming_option",
    "naming_options",
    "read_circuit",
    "read_conductances",
    "read_matrix",
    "read_voltages",
]

CELL_KINDS = ("linear", "sinh", "1t1r")
_LEFT_OUT = "0ohm"
_ENDS = {"left", "right", "bottom", "top", "both", "floating"}
_TABLES = (".csv", ".npz")
_OPTIONS = {
    *("voltages", "bit_line_voltages", "r_word_line", "r_bit_line", "r_driver", "r_sense", "drive", "sense"),
    *("v_scale", "w_over_l", "v_gate", "c_word_line", "c_bit_line", "c_cell", "cross_section", "bandwidth"),
    *("g_on", "g_off", "v_read", "timeout", "quantity", "sample"),
}
_OTHER_OPTIONS = {"temperature_celsius": "--temperature", "scheme": "--read-margin"}


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """The options of wires and their ends, as text."""

    r_word_line: str = _LEFT_OUT
    r_bit_line: str = _LEFT_OUT
    r_driver: str = _LEFT_OUT
    r_sense: str = _LEFT_OUT
    drive: str = "left"
    sense: str = "bottom"

    def read(self) -> dict[str, Any]:
        """What :class:`rescircuit.Crossbar` takes."""
        return {
            "r_word_line": _resistances("r_word_line", self.r_word_line),
            "r_bit_line": _resistances("r_bit_line", self.r_bit_line),
            "r_driver": _one_a_line("r_driver", self.r_driver),
            "r_sense": _one_a_line("r_sense", self.r_sense),
            **self.ends(),
        }

    def ends(self) -> dict[str, Any]:
        """The same without any resistance."""
        return {
            name: _end(choice) if "," not in choice else [_end(one.strip()) for one in choice.split(",")]
            for name, choice in (("drive", self.drive), ("sense", self.sense))
        }

    def files(self) -> list[Path]:
        """The files among them."""
        texts = (self.r_word_line, self.r_bit_line, self.r_driver, self.r_sense)
        return [Path(text) for text in texts if Path(text).suffix.lower() in _TABLES]

    def refuse(self) -> None:
        """Refuse whatever a bank has not."""
        for name in ("r_word_line", "r_bit_line", "r_driver", "r_sense"):
            text = getattr(self, name)
            if not isinstance(ohms := _resistances(name, text), float) or ohms:
                raise InputError(_option(name), "left out for a bank, which has no such wires", text)
        for name, usual in (("drive", "left"), ("sense", "bottom")):
            if _end(getattr(self, name)) != usual:
                raise InputError(_option(name), "left out for a bank, which has no such lines", getattr(self, name))


@dataclass(frozen=True, kw_only=True)
class CellModel:
    """The options of cells, as text."""

    kind: str = "linear"
    v_scale: str | None = None
    w_over_l: str | None = None
    v_gate: str | None = None

    def law(self, conductances: Array) -> CellLaw | None:
        """The cells; nothing for linear ones."""
        self.check()
        if self.kind == "sinh":
            from rescircuit.crossbar import SinhCells
            from rescircuit.quantities import parse_quantity

            return SinhCells(conductances=conductances, v_scale=parse_quantity(self.v_scale, "V", argument="--v-scale"))
        return self._behind_switches(conductances) if self.kind == "1t1r" else None

    def check(self) -> None:
        """Refuse a kind that is unknown, and options that are missing or belong to another kind."""
        if self.kind not in CELL_KINDS:
            raise InputError("--cells", f"one of {', '.join(CELL_KINDS)}", self.kind)
        for name, kind, required in (("v_scale", "sinh", True), ("w_over_l", "1t1r", True), ("v_gate", "1t1r", False)):
            given = getattr(self, name)
            if given is not None and kind != self.kind:
                raise InputError(_option(name), f"left out without --cells {kind}", given)
            if given is None and kind == self.kind and required:
                such = {"v_scale": "0.25V", "w_over_l": "10"}[name]
                raise InputError(_option(name), f"given with --cells {kind}, such as {such}", given)

    def refuse(self) -> None:
        """Refuse whatever a bank has not."""
        if self.kind != "linear":
            raise InputError("--cells", "left out for a bank, which has switches of its own", self.kind)
        for name in ("v_scale", "w_over_l", "v_gate"):
            if (given := getattr(self, name)) is not None:
                raise InputError(_option(name), "left out for a bank, which has switches of its own", given)

    def _behind_switches(self, conductances: Array) -> CellLaw:
        import numpy as np

        from rescircuit.bank import Bank
        from rescircuit.checks import non_negative_array
        from rescircuit.crossbar import BankCells
        from rescircuit.devices import NMOS
        from rescircuit.quantities import parse_quantity

        cells = non_negative_array("conductances", conductances, "S")
        closed = cells > 0
        resistances = np.divide(1.0, cells, out=np.ones_like(cells), where=closed)
        gate: dict[str, Any] = (
            {} if self.v_gate is None else {"v_gate": parse_quantity(self.v_gate, "V", argument="--v-gate")}
        )
        switch = NMOS(w_over_l=parse_quantity(self.w_over_l, argument="--w-over-l"), **gate)
        return BankCells(bank=Bank(resistances=resistances[..., np.newaxis], switch=switch), mask=closed[..., None])


def read_circuit(
    file: Path,
    voltages: Path | None,
    bit_line_voltages: Path | None,
    wiring: Wiring,
    model: CellModel = CellModel(),
    temperature: str | None = None,
    number: int | None = None,
) -> tuple[Bank | Crossbar | NonlinearCrossbar, dict[str, Any]]:
    """The bank or crossbar of a file, and the options that deck() and verify() take for it."""
    if file.suffix.lower() not in {".json", ".zarr"}:
        model.check()
        if number is not None:
            raise InputError("--bank", "left out for an array, which is no chip of banks", number)
        if temperature is not None:
            raise InputError("--temperature", "left out for an array, whose cells have none of their own", temperature)
        crossbar = make_array(read_conductances(file, model), wiring.read(), model)
        options = {"voltages": read_voltages(voltages, crossbar.shape)}
        if bit_line_voltages is not None:
            options["bit_line_voltages"] = read_matrix(bit_line_voltages, "bit_line_voltages")
        return crossbar, options
    from rescircuit.bank.files import load_bank

    wiring.refuse()
    model.refuse()
    if bit_line_voltages is not None:
        raise InputError("--bit-line-voltages", "left out for a bank, which has no bit lines", str(bit_line_voltages))
    bank, mask = _bank_of_chip(file, number) if file.suffix.lower() == ".zarr" else load_bank(file)
    if file.suffix.lower() == ".json" and number is not None:
        raise InputError("--bank", "left out for the only bank of a file", number)
    options: dict[str, Any] = {} if mask is None else {"mask": mask}
    if voltages is not None:
        options["voltages"] = read_matrix(voltages, "voltages").ravel()
    if temperature is not None:
        from rescircuit.quantities import parse_quantity

        options["temperature"] = parse_quantity(temperature, "degC", argument="--temperature")
    return bank, options


def _bank_of_chip(chip: Path, number: int | None) -> tuple[Bank, None]:
    """One bank of a chip, which has no setting: all its switches are to be closed."""
    from rescircuit.bank import Bank
    from rescircuit.cli.stores import load_one

    if number is None:
        raise InputError("--bank", "given for a chip, such as 0 for its first bank", None)
    bank = load_one("FILE", chip, number, "chip")
    if not isinstance(bank, Bank):
        raise InputError("FILE", "a chip", str(chip))
    return bank, None


def make_array(
    conductances: Array,
    wires: dict[str, Any],
    model: CellModel = CellModel(),
    *,
    memory_limit: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Crossbar | NonlinearCrossbar:
    """The array of what :meth:`Wiring.read` gives; `progress` takes what is done and its share."""
    from rescircuit.crossbar import Crossbar, NonlinearCrossbar

    options = dict(wires)
    if memory_limit is not None:
        from rescircuit.cli.program_inputs import parse_memory

        options["memory_limit"] = parse_memory(memory_limit)
    law = model.law(conductances)
    if law is not None:
        return NonlinearCrossbar(law, **options, progress=progress)
    own = None if progress is None else lambda share: progress("eliminating nodes", share)
    return Crossbar(conductances, **options, progress=own)


def read_conductances(file: Path, model: CellModel = CellModel()) -> Array:
    """The cells of an array, siemens; ``inf`` is a shorted one, which only linear cells can be."""
    import numpy as np

    from rescircuit.checks import finite_array

    if model.kind != "linear":
        return read_matrix(file, "conductances")
    table = np.asarray(_table(file, "conductances"))
    shorted = np.isposinf(table) if table.dtype.kind == "f" else np.zeros(table.shape, dtype=bool)
    finite = np.where(shorted, table.dtype.type(0), table)
    return np.where(shorted, np.inf, finite_array(f"conductances in {file.name}", finite))


def read_voltages(file: Path | None, shape: tuple[int, int]) -> Array:
    """Input voltages (k, m) or (m,); without a file, the usual read voltage on every word line."""
    import numpy as np

    from rescircuit.bank import DEFAULT_READ_VOLTAGE

    if file is None:
        return np.full(shape[0], DEFAULT_READ_VOLTAGE)
    return read_matrix(file, "voltages")


def read_matrix(file: Path, name: str) -> Array:
    """The numbers of a CSV file, or the array `name` (or the only one) of an npz file."""
    from rescircuit.checks import finite_array

    return finite_array(f"{name} in {file.name}", _table(file, name))


def check_output(option: str, path: Path | None, inputs: Iterable[Path | None]) -> None:
    """Refuse to write to a directory, or over one of the files that were given."""
    if path is None:
        return
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for long names
        raise InputError(option, "a file's name, not that of a directory", str(path))
    for file in inputs:
        if file is not None and os.path.realpath(file) == os.path.realpath(path):
            raise InputError(option, "another file than those that are read", str(path))


@contextmanager
def naming_option(option: str) -> Iterator[None]:
    """Within it, errors about a file or a path name the option that it was given to."""
    try:
        yield
    except InputError as error:
        name = option if error.argument in ("file", "path") else f"{option} {error.argument}"
        raise InputError(name, error.required, error.got, error.hint) from None


@contextmanager
def naming_options(file: Path | None = None) -> Iterator[None]:
    """Within it, errors name the option of the command line, or the file of conductances, not the argument."""
    try:
        yield
    except InputError as error:
        argument, space, place = error.argument.partition(" ")
        name = _OTHER_OPTIONS.get(argument) or (_option(argument) if argument in _OPTIONS else argument)
        if argument == "conductances" and file is not None and not place.startswith("in "):
            name = f"conductances in {file.name}"
        hint = error.hint.replace("memory_limit (bytes)", "--memory-limit")
        raise InputError(name + space + place, error.required, error.got, hint) from None


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _resistances(name: str, text: str) -> Any:
    """One quantity, or a file's numbers; what they must be is the array's to check."""
    if Path(text).suffix.lower() in _TABLES:
        return _table(Path(text), name)
    from rescircuit.quantities import parse_quantity

    return parse_quantity(text, "ohm", argument=_option(name))


def _one_a_line(name: str, text: str) -> Any:
    """One quantity, or a file's row or column of one a line."""
    ohms = _resistances(name, text)
    if isinstance(ohms, float):
        return ohms
    if ohms.ndim > 2 or (ohms.ndim == 2 and 1 not in ohms.shape):
        raise InputError(_option(name), "a number, or a file with one row or one column", f"shape {ohms.shape}")
    return ohms.ravel()


def _end(text: str) -> str:
    """A line's ends in the library's letters; what is unknown stays as it is."""
    return text.lower() if text.lower() in _ENDS else text


def _table(file: Path, name: str) -> Any:
    """The numbers of a file; errors name the option it was given to, and those of conductances the file."""
    if name != "conductances":
        with naming_option(_option(name)):
            return _read_table(file, name)
    try:
        return _read_table(file, name)
    except InputError as error:
        if error.argument == "file" or error.argument.startswith(file.name):
            raise
        raise InputError(f"{error.argument} in {file.name}", error.required, error.got, error.hint) from None


def _read_table(file: Path, name: str) -> Any:
    """What stands in a CSV file, or as the array `name` (or the only one) in an npz file."""
    from rescircuit.files import read_csv, read_npz

    suffix = file.suffix.lower()
    if suffix == ".csv":
        return read_csv(file)
    if suffix == ".npz":
        arrays = read_npz(file)
        if name not in arrays and len(arrays) > 1:
            raise InputError(file.name, f"an archive with one array, or one named {name}", ", ".join(arrays))
        return arrays.get(name, next(iter(arrays.values())))
    raise InputError("file", "a .csv or .npz file", str(file))
