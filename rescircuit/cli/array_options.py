"""The options of arrays that commands share: their wires, cells and capacitances."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.circuit_tables import TABLES, one_line, read_table
from rescircuit.cli.option_groups import option_name, option_names
from rescircuit.cli.outputs import naming
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.checks import Array
    from rescircuit.crossbar import CellLaw, Crossbar, NonlinearCrossbar

__all__ = [
    "ARRAY_NAMES",
    "BitLineVoltagesFile",
    "Capacitances",
    "CellModel",
    "MemoryLimit",
    "VoltagesFile",
    "Wiring",
    "make_array",
    "naming_array",
    "read_conductances",
]

_KINDS = ("linear", "sinh", "1t1r")
_ENDS = {"left", "right", "bottom", "top", "both", "floating"}

VoltagesFile = Annotated[
    Path | None,
    typer.Option(
        help="Input voltages (.csv, .npz): of word lines, a row an input; of a bank, one column. By default 0.1 V, or "
        "a bank's read voltage.",
        show_default=False,
    ),
]
BitLineVoltagesFile = Annotated[
    Path | None,
    typer.Option(
        help="What the ends of an array's bit lines are held at (.csv, .npz), volt: one row, or a row an input; by "
        "default 0 V.",
        show_default=False,
    ),
]
MemoryLimit = Annotated[
    str | None, typer.Option(help="Arrays that need more memory are refused, such as 4GiB.", show_default=False)
]


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """The options of wires and their ends, as text."""

    r_word_line: Annotated[
        str,
        typer.Option(
            help="Word-line wire between neighbouring cells, such as 1ohm; or a file (.csv, .npz) with a column of one "
            "a line, or a row a line of one a segment, n + 1. In npz inf is a broken wire."
        ),
    ] = "0ohm"
    r_bit_line: Annotated[
        str,
        typer.Option(help="Bit-line wire, likewise; a file with a row of one a line, or m + 1 such rows."),
    ] = "0ohm"
    r_driver: Annotated[
        str,
        typer.Option(help="Between a word line's source and each of its driven ends; or a file of one a line."),
    ] = "0ohm"
    r_sense: Annotated[
        str,
        typer.Option(help="Between each of a bit line's sensed ends and its virtual ground; or a file of one a line."),
    ] = "0ohm"
    drive: Annotated[
        str,
        typer.Option(
            help="Where word lines are driven: left, right, both or floating; one for all, or one a line with commas."
        ),
    ] = "left"
    sense: Annotated[str, typer.Option(help="Where bit lines are sensed: bottom, top, both or floating; likewise.")] = (
        "bottom"
    )

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
        return [Path(text) for text in texts if Path(text).suffix.lower() in TABLES]


@dataclass(frozen=True, kw_only=True)
class CellModel:
    """The options of cells, as text."""

    cells: Annotated[
        str | None,
        typer.Option(
            help="linear; sinh: memristors, the file has their conductances at small voltages; 1t1r: resistors behind "
            "NMOS switches, the file has 1 / resistance, and 0 for an open switch.",
            show_default="linear",
        ),
    ] = None
    v_scale: Annotated[
        str | None,
        typer.Option(
            help="Of sinh: current = conductance * v_scale * sinh(v / v_scale), such as 0.25V.", show_default=False
        ),
    ] = None
    w_over_l: Annotated[
        str | None, typer.Option(help="Of 1t1r: width over length of the switches, such as 10.", show_default=False)
    ] = None
    v_gate: Annotated[
        str | None, typer.Option(help="Of 1t1r: gate voltage of closed switches; by default 1.8V.", show_default=False)
    ] = None

    @property
    def kind(self) -> str:
        """What cells they are."""
        return "linear" if self.cells is None else self.cells

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
        if self.kind not in _KINDS:
            raise InputError("--cells", f"one of {', '.join(_KINDS)}", self.kind)
        for name, kind, required in (("v_scale", "sinh", True), ("w_over_l", "1t1r", True), ("v_gate", "1t1r", False)):
            given = getattr(self, name)
            if given is not None and kind != self.kind:
                raise InputError(option_name(name), f"left out without --cells {kind}", given)
            if given is None and kind == self.kind and required:
                such = {"v_scale": "0.25V", "w_over_l": "10"}[name]
                raise InputError(option_name(name), f"given with --cells {kind}, such as {such}", given)

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


@dataclass(frozen=True, kw_only=True)
class Capacitances:
    """The options of capacitances, as text: with them an array is followed over time."""

    c_word_line: Annotated[
        str | None,
        typer.Option(help="A word line to ground, a cell, such as 1fF; inputs step at time 0.", show_default=False),
    ] = None
    c_bit_line: Annotated[
        str | None, typer.Option(help="A bit line to ground, a cell; with --c-word-line.", show_default=False)
    ] = None
    c_cell: Annotated[
        str | None, typer.Option(help="Across a cell; with the other two. By default none.", show_default=False)
    ] = None

    def read(self) -> dict[str, float] | None:
        """Farad, as :func:`rescircuit.crossbar.settling` takes them; nothing where none is given."""
        from rescircuit.quantities import parse_quantity

        if (self.c_word_line, self.c_bit_line, self.c_cell) == (None, None, None):
            return None
        for name in ("c_word_line", "c_bit_line"):
            if getattr(self, name) is None:
                raise InputError(option_name(name), "given with another capacitance, such as 1fF", None)
        texts = {"c_word_line": self.c_word_line, "c_bit_line": self.c_bit_line, "c_cell": self.c_cell or "0"}
        return {name: parse_quantity(text, "F", argument=option_name(name)) for name, text in texts.items()}


ARRAY_NAMES = {
    **option_names(Wiring, CellModel, Capacitances),
    **{name: option_name(name) for name in ("voltages", "bit_line_voltages")},
}


@contextmanager
def naming_array(file: Path, names: Mapping[str, str] = ARRAY_NAMES) -> Iterator[None]:
    """Within it, errors name the option of the command line by `names`, or the file of conductances."""
    with naming({**names, "file": "FILE", "conductances": f"conductances in {file.name}"}):
        try:
            yield
        except InputError as error:
            hint = error.hint.replace("memory_limit (bytes)", "--memory-limit")
            raise InputError(error.argument, error.required, error.got, hint) from None


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

    table = np.asarray(read_table(file, "conductances"))
    shortable = model.kind == "linear" and table.dtype.kind == "f"
    shorted = np.isposinf(table) if shortable else np.zeros(table.shape, dtype=bool)
    finite = np.where(shorted, table.dtype.type(0), table) if shortable else table
    return np.where(shorted, np.inf, finite_array("conductances", finite))


def _resistances(name: str, text: str) -> Any:
    """One quantity, or a file's numbers; what they must be is the array's to check."""
    if Path(text).suffix.lower() in TABLES:
        return read_table(Path(text), name)
    from rescircuit.quantities import parse_quantity

    return parse_quantity(text, "ohm", argument=option_name(name))


def _one_a_line(name: str, text: str) -> Any:
    """One quantity, or a file's row or column of one a line."""
    ohms = _resistances(name, text)
    return ohms if isinstance(ohms, float) else one_line(option_name(name), ohms)


def _end(text: str) -> str:
    """A line's ends in the library's letters; what is unknown stays as it is."""
    return text.lower() if text.lower() in _ENDS else text
