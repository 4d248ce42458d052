"""``rescircuit simulate netlist``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.circuit_tables import check_output, naming_option
from rescircuit.cli.console import JSON_OPTION, example, print_json, print_table, print_text, progress_bar, say
from rescircuit.cli.netlist_files import NETLISTS, read_netlist
from rescircuit.cli.outputs import interruptible
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.checks import Array
    from rescircuit.spice.circuits.circuit import Circuit
    from rescircuit.spice.engines.nodal.table import CircuitSolution

__all__ = ["NETLIST_EPILOG", "simulate_netlist"]

NETLIST_EPILOG = example(
    "rescircuit simulate netlist bridge.cir",
    "rescircuit simulate netlist bridge.cir --node left --node right",
    "rescircuit simulate netlist array.cir --out result.csv --json",
)
_MOST_ROWS, _MOST_POINTS = 20, 4  # of a table
_DIGITS = 6


def simulate_netlist(
    file: Annotated[
        Path,
        typer.Argument(
            help=f"A netlist ({', '.join(NETLISTS)}): a deck of export without transistors, or a flat one of "
            "resistors, constant voltage and current sources, and capacitors.",
            show_default=False,
        ),
    ],
    node: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Show this node's voltage; may be given again. By default all are shown."),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Show this voltage source's current; likewise."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="All of them, name and value (.csv); a column a sample and temperature."),
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Solve a linear netlist that was drawn elsewhere, at rest, without ngspice.

    A current flows from a source's plus through it to its minus, as in SPICE: below 0 where a source delivers.
    """
    check_output("--out", out, (".csv",), [file])
    with interruptible(), progress_bar() as report:
        report("reading", 0, 1)
        circuit = read_netlist(file)
        report("solving", 0, 1)
        solution = _solved(circuit, file)
        shown = _Shown.of(solution, node or [], source or [])
        points = _Points.of(circuit)
        written = None
        if out is not None:
            report("writing", 0, 1)
            with naming_option("--out"):
                written = _write(out, solution, points)
    if as_json:
        print_json(_as_dict(solution, shown, points, written))
        return
    _print_rows("Voltages", "node", "V", shown.voltages, points, cut=not shown.chosen)
    _print_rows("Currents", "source", "A", shown.currents, points, cut=not shown.chosen)
    print_text(_certificate(solution))
    if _has_capacitors(circuit):
        say("Its capacitors carry no current at rest.")
    if written is not None:
        say(f"Written: {written}")


def _solved(circuit: Circuit, file: Path) -> CircuitSolution:
    """Its solution; of an error in how it is connected, where all of them are listed."""
    from rescircuit.spice.engines.nodal.circuits import solve_circuit

    try:
        return solve_circuit(circuit)
    except InputError as error:
        kind = error.argument.partition(" ")[0]
        lists_more = (
            f"{error.hint} rescircuit check lists all such faults." if kind in ("node", "source") else error.hint
        )
        name = file.name if kind == "circuit" else f"{file.name}: {error.argument}"
        raise InputError(name, error.required, error.got, lists_more) from None


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """The rows that are wanted; `chosen`: by name."""

    voltages: Mapping[str, Array]
    currents: Mapping[str, Array]
    chosen: bool

    @classmethod
    def of(cls, solution: CircuitSolution, nodes: list[str], sources: list[str]) -> _Shown:
        """Those of these nodes and sources; where none are named, all."""
        if not nodes and not sources:
            return cls(voltages=solution.node_voltages, currents=solution.source_currents, chosen=False)
        return cls(
            voltages=_named("--node", "nodes", solution.node_voltages, nodes),
            currents=_named("--source", "voltage sources", solution.source_currents, sources),
            chosen=True,
        )


def _named(option: str, kind: str, rows: Mapping[str, Array], names: list[str]) -> dict[str, Array]:
    """The rows of these names, which are SPICE's: in any case of letters."""
    if not names:
        return {}
    known = {name.lower(): name for name in rows}
    for name in names:
        if name.lower() not in known:
            some = ", ".join(list(rows)[:5]) + (", ..." if len(rows) > 5 else "")
            raise InputError(option, f"one of the netlist's {kind} ({some or 'it has none'})", name)
    return {known[name.lower()]: rows[known[name.lower()]] for name in names}


@dataclass(frozen=True, kw_only=True)
class _Points:
    """What the columns of a solution are: samples, of the first temperature first."""

    samples: int | None
    temperatures: tuple[float, ...]  # °C
    swept: bool  # whether the netlist asks for several temperatures

    @classmethod
    def of(cls, circuit: Circuit) -> _Points:
        """Those that a netlist asks for."""
        swept = circuit.temperatures
        temperatures = (circuit.temperature_celsius,) if swept is None else swept.values
        return cls(samples=circuit.n_samples, temperatures=tuple(map(float, temperatures)), swept=swept is not None)

    def labels(self, degrees: str, between: str = " at ") -> list[str]:
        """A name for each, with the unit of temperatures and what stands before them."""
        samples = [] if self.samples is None else [f"sample {k}" for k in range(self.samples)]
        temperatures = [f"{celsius:g} {degrees}" for celsius in self.temperatures] if self.swept else []
        if samples and temperatures:
            return [f"{sample}{between}{celsius}" for celsius in temperatures for sample in samples]
        return samples or temperatures or ["value"]

    def as_dicts(self) -> list[dict[str, float]]:
        """The same for machines; what is no sample has the number 0."""
        return [
            {"sample": sample, "temperature_celsius": celsius}
            for celsius in self.temperatures
            for sample in range(self.samples or 1)
        ]


def _print_rows(title: str, kind: str, unit: str, rows: Mapping[str, Array], points: _Points, *, cut: bool) -> None:
    """A table of the first rows and points; what is left out is counted."""
    from itertools import islice

    from rescircuit.quantities import format_quantity as show

    if not rows:
        return
    labels = points.labels("°C", "\n")
    limit = _MOST_ROWS if cut else len(rows)
    table = [
        [name, *(show(value, unit, _DIGITS) for value in values.ravel()[:_MOST_POINTS])]
        for name, values in islice(rows.items(), limit)
    ]
    columns = [title.lower().removesuffix("s")] if labels == ["value"] else labels[:_MOST_POINTS]
    print_table(title, [kind, *columns], table)
    left_out = [(len(rows) - limit, f"{kind}s"), (len(labels) - _MOST_POINTS, "columns")]
    said = " and ".join(f"{count:,} more {name}" for count, name in left_out if count > 0)
    if said:
        print_text(f"... and {said}; --out for all.\n")


def _certificate(solution: CircuitSolution) -> str:
    return (
        f"Backward error {solution.residual:.1e}; voltages known to {solution.error:.1e} of the largest.\n"
        f"By {solution.method}."
    )


def _has_capacitors(circuit: Circuit) -> bool:
    from rescircuit.spice.circuits.charges import VoltageDependentCapacitor
    from rescircuit.spice.circuits.elements import Capacitor
    from rescircuit.spice.circuits.flattening import flattened

    return any(isinstance(placed.element, Capacitor | VoltageDependentCapacitor) for placed in flattened(circuit))


def _write(path: Path, solution: CircuitSolution, points: _Points) -> Path:
    """All voltages (V) and currents (A) with all digits, a row each."""
    from rescircuit.files import write_lines

    def lines() -> Iterator[str]:
        yield ",".join(["name", *points.labels("degC")])
        for kind, rows in (("v", solution.node_voltages), ("i", solution.source_currents)):
            for name, values in rows.items():
                yield ",".join([f"{kind}({name})", *map(repr, values.ravel().tolist())])

    return write_lines(path, lines())


def _as_dict(solution: CircuitSolution, shown: _Shown, points: _Points, written: Path | None) -> dict[str, Any]:
    return {
        "points": points.as_dicts(),
        "node_voltages": {name: values.ravel() for name, values in shown.voltages.items()},
        "source_currents": {name: values.ravel() for name, values in shown.currents.items()},
        "backward_error": solution.residual,
        "imbalance": solution.imbalance,
        "error_bound": solution.error,
        "condition": solution.condition,
        "method": solution.method,
        "seconds": solution.seconds,
        "file": written,
    }
