"""``rescircuit simulate array``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.array_options import (
    ARRAY_NAMES,
    BitLineVoltagesFile,
    CellModel,
    MemoryLimit,
    VoltagesFile,
    Wiring,
    make_array,
    naming_array,
    read_conductances,
)
from rescircuit.cli.array_reports import (
    REPORTS,
    Needs,
    Section,
    chosen_reports,
    ir_drop_summary,
    known_numbers,
    percent,
    power_summary,
    read_margin_section,
)
from rescircuit.cli.circuit_tables import TABLES, check_output, naming_option, read_matrix, read_voltages, same_file
from rescircuit.cli.console import JSON_OPTION, example, print_json, print_table, print_text, progress_bar, say
from rescircuit.cli.option_groups import option_name, with_groups
from rescircuit.cli.outputs import PICTURES, interruptible
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.checks import Array
    from rescircuit.crossbar import Crossbar, CrossbarSolution, NonlinearCrossbar

__all__ = ["ARRAY_EPILOG", "check_finite", "simulate_array"]

ARRAY_EPILOG = example(
    "rescircuit simulate array conductances.csv --r-word-line 1ohm --r-bit-line 1ohm",
    "rescircuit simulate array conductances.csv --r-word-line 1ohm --r-driver 50ohm --drive both --plot drop.png",
    "rescircuit simulate array conductances.csv --r-word-line 1ohm --r-bit-line 1ohm --report power,settling "
    "--c-word-line 1fF --c-bit-line 1fF",
    "rescircuit simulate array conductances.csv --r-word-line 1ohm --cells 1t1r --w-over-l 10 --json",
    "rescircuit simulate array conductances.csv --r-bit-line 1ohm --read-margin v/2 --g-on 10uS --g-off 100nS",
)
_SHOWN = 16  # rows of a table that people would still read
_REPORTS, _FILES = "Reports", "Files and forms of the result"
_DRAWING = "wires"
_QUANTITIES = ("ir-drop", "word-line-voltage", "bit-line-voltage", "current", "power", _DRAWING)
_LINEAR_ONLY = ("noise", "settling")
_NAMES = {
    **ARRAY_NAMES,
    **{name: option_name(name) for name in ("cross_section", "bandwidth", "g_on", "g_off", "v_read", "sample")},
    "quantity": "--quantity",
    "temperature_celsius": "--temperature",
    "scheme": "--read-margin",
}


@with_groups
def simulate_array(
    file: Annotated[
        Path, typer.Argument(help="Conductances, siemens, a row a word line (.csv, .npz; there inf is a short).")
    ],
    wiring: Annotated[Wiring, "Wires, drivers and senses"],
    model: Annotated[CellModel, "Cells"],
    voltages: VoltagesFile = None,
    bit_line_voltages: BitLineVoltagesFile = None,
    memory_limit: MemoryLimit = None,
    report: Annotated[
        list[str] | None,
        typer.Option(help=f"Of {', '.join(REPORTS)}; again, or with commas.", rich_help_panel=_REPORTS),
    ] = None,
    c_word_line: Annotated[
        str | None, typer.Option(help="Settling: from a word line to ground, a cell.", rich_help_panel=_REPORTS)
    ] = None,
    c_bit_line: Annotated[
        str | None, typer.Option(help="Settling: from a bit line to ground, a cell.", rich_help_panel=_REPORTS)
    ] = None,
    c_cell: Annotated[
        str | None, typer.Option(help="Settling: across a cell; by default 0.", rich_help_panel=_REPORTS)
    ] = None,
    cross_section: Annotated[
        str | None,
        typer.Option(
            help="Current density: of wires, m²; or of word lines and of bit lines, with a comma.",
            rich_help_panel=_REPORTS,
        ),
    ] = None,
    temperature: Annotated[str | None, typer.Option(help="Noise: °C; by default 27.", rich_help_panel=_REPORTS)] = None,
    bandwidth: Annotated[str | None, typer.Option(help="Noise: such as 1megHz.", rich_help_panel=_REPORTS)] = None,
    read_margin: Annotated[
        str | None,
        typer.Option(
            help="Read corners and centre in both states, the other lines by this scheme: ground, v/2, v/3, floating.",
            rich_help_panel=_REPORTS,
        ),
    ] = None,
    g_on: Annotated[
        str | None, typer.Option(help="Read margin: of a cell that is on.", rich_help_panel=_REPORTS)
    ] = None,
    g_off: Annotated[
        str | None, typer.Option(help="Read margin: of a cell that is off.", rich_help_panel=_REPORTS)
    ] = None,
    v_read: Annotated[
        str | None, typer.Option(help="Read margin: read voltage; by default 0.1V.", rich_help_panel=_REPORTS)
    ] = None,
    effective: Annotated[
        Path | None,
        typer.Option(help="The conductances with their wires, siemens (.csv, .npz).", rich_help_panel=_FILES),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Output currents in ampere, a row an input (.csv).", rich_help_panel=_FILES),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="A picture, of the first input or of --sample (.png, .svg, .pdf).", rich_help_panel=_FILES),
    ] = None,
    quantity: Annotated[
        str | None,
        typer.Option(
            help=f"What the picture shows: {', '.join(_QUANTITIES)} (a drawing, up to 32 x 32); by default ir-drop.",
            rich_help_panel=_FILES,
        ),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(help="Which input the picture shows; by default 0, the first.", rich_help_panel=_FILES)
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Solve an array with its wires exactly: its output currents, and what the wires take from them."""
    import numpy as np

    needs = Needs(
        c_word_line=c_word_line,
        c_bit_line=c_bit_line,
        c_cell=c_cell,
        cross_section=cross_section,
        temperature=temperature,
        bandwidth=bandwidth,
    )
    files = _Files(effective=effective, out=out, plot=plot, quantity=quantity, sample=sample)
    reports = chosen_reports(report)
    model.check()
    needs.check(reports)
    files.check([file, voltages, bit_line_voltages, *wiring.files()])
    scheme = _checked_scheme(read_margin, g_on, g_off, v_read)
    _check_linear(model, reports, scheme, effective)
    # Overflow is found by the checks; the bar ends before anything is printed.
    quiet = np.errstate(over="ignore", invalid="ignore")
    with interruptible(), naming_array(file, _NAMES), progress_bar() as tell, quiet:
        tell("reading", 0, 1)
        conductances, wires = read_conductances(file, model), wiring.read()
        array = make_array(
            *(conductances, wires, model),
            memory_limit=memory_limit,
            progress=lambda step, share: tell(step, share, 1.0),
        )
        inputs = read_voltages(voltages, array.shape)
        ends = 0.0 if bit_line_voltages is None else read_matrix(bit_line_voltages, "bit_line_voltages")
        solution = array.solve(inputs, ends)
        ideal = _without_wires(array, conductances, model, wiring, inputs, ends)
        currents = solution.output_currents
        powers = solution.device_currents * solution.word_line_voltages
        check_finite("conductances, wires and voltages", currents, powers, solution.condition_estimate)
        drop, drop_text = ir_drop_summary(_ir_drop(solution))
        spent, power_text = _power(solution)
        sections = {name: REPORTS[name](array, solution, needs) for name in reports}
        if scheme is not None:
            sections["read-margin"] = read_margin_section(array, scheme, g_on, g_off, v_read)  # type: ignore[arg-type]
        tell("writing", 0, 1)
        written = files.write(array, solution)
    if as_json:
        print_json(
            {
                "shape": array.shape,
                "cells": model.kind,
                "output_currents_ampere": currents,
                "currents_without_wires_ampere": known_numbers(ideal),
                "input_currents_ampere": solution.input_currents,
                "kcl_residual": solution.kcl_residual,
                "current_error": solution.current_error,
                "condition_estimate": solution.condition_estimate,
                "iterations": solution.iterations,
                "worst": {"ir_drop": drop, "power": spent},
                "files": written,
                **{name.replace("-", "_"): section.data for name, section in sections.items()},
            }
        )
        return
    m, n = array.shape
    count = currents.size // n
    _print_currents(currents.reshape(-1, n)[0], ideal.reshape(-1, n)[0], count)
    for section in sections.values():
        _print_section(section)
    print_text(f"{drop_text}; {power_text}.")
    print_text(
        f"{_several(m, 'word line')}, {_several(n, 'bit line')}, {_several(count, 'input')}. Kirchhoff residual "
        f"{solution.kcl_residual:.1e}, error {solution.current_error:.1e}, condition about "
        f"{solution.condition_estimate:.1e}."
    )
    if written:
        say(f"Written: {', '.join(map(str, written))}")
    if plot is not None and count > 1:
        say(f"The picture shows input {sample or 0} of 0 to {count - 1}: --sample chooses another.")


@dataclass(frozen=True, kw_only=True)
class _Files:
    """What to write, once everything is known."""

    effective: Path | None
    out: Path | None
    plot: Path | None
    quantity: str | None
    sample: int | None

    def check(self, inputs: list[Path | None]) -> None:
        """Refuse before the work what could not be written after it."""
        check_output("--out", self.out, (".csv",), inputs)
        check_output("--effective", self.effective, TABLES, inputs)
        check_output("--plot", self.plot, PICTURES, inputs)
        if self.out is not None and self.effective is not None and same_file(self.out, self.effective):
            raise InputError("--effective", "another file than --out", str(self.effective))
        for option, given in (("--quantity", self.quantity), ("--sample", self.sample)):
            if given is not None and self.plot is None:
                raise InputError(option, "left out without --plot", given)
        if self.quantity is not None and self._shown not in _QUANTITIES:
            raise InputError("--quantity", f"one of {', '.join(_QUANTITIES)}", self.quantity)

    def write(self, array: Crossbar | NonlinearCrossbar, solution: CrossbarSolution) -> list[Path]:
        """Write them; what fails to be computed or drawn leaves none."""
        from rescircuit.files import write_csv

        effective = None if self.effective is None else array.effective_conductances()  # type: ignore[union-attr]
        panel = None if self.plot is None else self._drawn(solution)
        written = []
        if self.out is not None:
            with naming_option("--out"):
                written.append(write_csv(self.out, solution.output_currents.reshape(-1, array.shape[1])))
        if self.effective is not None:
            with naming_option("--effective"):
                written.append(_write_matrix(self.effective, effective))
        if self.plot is not None:
            from rescircuit.plotting import save_figure

            with naming_option("--plot"):
                written.append(save_figure(panel, self.plot))  # type: ignore[arg-type]
        return written

    @property
    def _shown(self) -> str:
        return (self.quantity or "ir-drop").replace("_", "-")

    def _drawn(self, solution: CrossbarSolution) -> Any:
        from rescircuit.plotting import plot_array, plot_wires

        if self._shown == _DRAWING:
            return plot_wires(solution, sample=self.sample)
        return plot_array(solution, self._shown.replace("-", "_"), sample=self.sample)


def check_finite(causes: str, *results: Any) -> None:
    """Refuse results that have left the range of floats."""
    import numpy as np

    if not all(np.isfinite(result).all() for result in results):
        raise InputError(causes, "of a size for which results are finite numbers", "an overflow")


def _checked_scheme(read_margin: str | None, g_on: str | None, g_off: str | None, v_read: str | None) -> str | None:
    """The scheme in the library's letters; refuse one that is unknown, and states without a margin that they are for.

    Nothing without ``--read-margin``.
    """
    scheme = None if read_margin is None else read_margin.strip().lower()
    if scheme is not None:
        from rescircuit.crossbar.schemes import SCHEMES

        if scheme not in SCHEMES:
            raise InputError("--read-margin", f"one of {', '.join(map(repr, SCHEMES))}", read_margin)
    if v_read is not None and scheme is None:
        raise InputError("--v-read", "left out without --read-margin", v_read)
    for option, given in (("--g-on", g_on), ("--g-off", g_off)):
        if given is not None and scheme is None:
            raise InputError(option, "left out without --read-margin", given)
        if given is None and scheme is not None:
            raise InputError(option, "given with --read-margin, such as 100uS", given)
    return scheme


def _check_linear(model: CellModel, reports: list[str], read_margin: str | None, effective: Path | None) -> None:
    """Refuse of other cells what only linear ones have."""
    if model.kind == "linear":
        return
    asked = [f"--report {name}" for name in reports if name in _LINEAR_ONLY]
    asked += ["--read-margin"] * (read_margin is not None) + ["--effective"] * (effective is not None)
    if asked:
        raise InputError(asked[0], "left out with cells that are not linear", f"--cells {model.kind}")


def _without_wires(
    array: Crossbar | NonlinearCrossbar, conductances: Array, model: CellModel, wiring: Wiring, inputs: Array, ends: Any
) -> Array:
    """Output currents if all wires, drivers and senses were without resistance, of the shape of the solution's.

    NaN of bit lines with a shorted cell, whose currents nothing would limit.
    """
    import numpy as np

    shorted = np.isinf(conductances)
    if shorted.any() and not (array.topology.driven.all() and array.topology.sensed.all()):
        # Shorts join lines: where some float, all that the others see may depend on them.
        return np.full((*array.checked_ends(inputs, ends)[2], array.shape[1]), np.nan)
    finite = _without_resistances(array, np.where(shorted, 0.0, conductances), model, wiring, inputs, ends)
    check_finite("conductances and voltages", finite)
    return np.where(shorted.any(axis=0), np.nan, finite)


def _without_resistances(
    array: Crossbar | NonlinearCrossbar, conductances: Array, model: CellModel, wiring: Wiring, inputs: Array, ends: Any
) -> Array:
    """Output currents of cells that are not shorted, between ends without resistances."""
    import numpy as np

    topology, (m, n) = array.topology, array.shape
    if not (topology.driven.all() and topology.sensed.all()):
        return make_array(conductances, wiring.ends(), model).solve(inputs, ends).output_currents
    drivers, senses, batch = array.checked_ends(inputs, ends)
    law = model.law(conductances)
    if law is None:
        return (drivers @ conductances - senses * conductances.sum(axis=0)).reshape(*batch, n)
    currents = [
        law.currents(np.repeat(words[:, np.newaxis], n, axis=1), np.repeat(bits[np.newaxis], m, axis=0))[0].sum(axis=0)
        for words, bits in zip(drivers, senses, strict=True)
    ]
    return np.reshape(currents, (*batch, n))


def _ir_drop(solution: CrossbarSolution) -> Any:
    """Nothing for an array without a cell between a source and a virtual ground."""
    from rescircuit.crossbar import ir_drop

    topology = solution.topology
    return ir_drop(solution) if topology.driven.any() and topology.sensed.any() else None


def _power(solution: CrossbarSolution) -> tuple[dict[str, Any], str]:
    from rescircuit.crossbar import power

    return power_summary(power(solution))


def _write_matrix(path: Path, matrix: Any) -> Path:
    """Effective conductances, as ``simulate array`` reads them."""
    import numpy as np

    from rescircuit.files import write_atomically, write_csv

    if path.suffix.lower() == ".csv":
        return write_csv(path, matrix)

    def write(temporary: Path) -> None:
        with temporary.open("wb") as stream:  # to a name, savez would add a suffix of its own
            np.savez(stream, conductances=matrix)

    return write_atomically(path, write)


def _several(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _print_currents(currents: Array, ideal: Array, count: int) -> None:
    """The first input's currents of `count`, bit line by bit line."""
    import math

    from rescircuit.quantities import format_quantity as show

    pairs = list(zip(currents, ideal, strict=True))
    rows = [
        [
            *(str(j), show(ours, "A", 6), "" if math.isnan(plain) else show(plain, "A", 6)),
            percent(ours / plain - 1, "+") if plain else "",
        ]
        for j, (ours, plain) in enumerate(pairs[:_SHOWN])
    ]
    title = "Output currents" if count == 1 else f"Output currents of the first input of {count}"
    print_table(title, ["bit line", "current", "without wires", "change"], rows)
    if len(pairs) > _SHOWN:
        say(f"{len(pairs) - _SHOWN} more bit lines: --out or --json gives all.")
    if count > 1:
        print_text(f"--out or --json gives the currents of all {count} inputs.\n")


def _print_section(section: Section) -> None:
    print_table(section.title, section.columns, section.rows[:_SHOWN])
    if len(section.rows) > _SHOWN:
        say(f"{len(section.rows) - _SHOWN} more rows: --json gives all.")
    if section.text:
        print_text(f"{section.text}\n")
