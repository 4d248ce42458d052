"""``rescircuit check``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from rescircuit.cli.circuit_choice import CircuitOptions
from rescircuit.cli.circuit_subjects import SettlingArray, Subject
from rescircuit.cli.console import JSON_OPTION, example, print_json, print_text, progress_bar
from rescircuit.cli.netlist_files import in_our_words
from rescircuit.cli.option_groups import with_groups
from rescircuit.cli.outputs import interruptible

if TYPE_CHECKING:
    from rescircuit.spice.circuits.circuit import Circuit
    from rescircuit.spice.circuits.rules import Finding

__all__ = ["check"]

EPILOG = example(
    "rescircuit check bridge.cir",
    "rescircuit check filter.net --open-end probe --strict --json",
    "rescircuit check conductances.csv --r-word-line 1ohm --r-bit-line 1ohm",
)
_MOST_BANKS = 10_000  # of a chip, as export writes them
_NAMED = 3  # elements and nodes of a finding in the table


@with_groups
def check(
    circuit: CircuitOptions,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 for warnings, too.")] = False,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Check a circuit by the electrical rules: floating nodes, loops of voltage sources, what is shorted or unused.

    Exit code 1: there are errors; 2: it cannot be read.
    """
    from rescircuit.spice.circuits.connections import Connections
    from rescircuit.spice.circuits.rules import electrical_check

    with interruptible("the check is not done."), circuit.naming(), progress_bar() as report:
        found = _circuit_of(circuit.read(_MOST_BANKS, report))
        report("checking", 0, 1)
        size = Connections.of(found)
        findings = [replace(finding, message=in_our_words(finding.message)) for finding in electrical_check(found)]
    counts = {kind: sum(finding.severity == kind for finding in findings) for kind in ("error", "warning")}
    elements, nodes = size.n_elements, size.n_nodes - 1
    if as_json:
        print_json(
            {
                "errors": counts["error"],
                "warnings": counts["warning"],
                "elements": elements,
                "nodes": nodes,
                "findings": [finding.as_dict() for finding in findings],
            }
        )
    else:
        if findings:
            _print_findings(findings)
        said = [_several(count, kind) for kind, count in counts.items() if count]
        size_said = f"{_several(elements, 'element')}, {_several(nodes, 'node')} besides ground"
        print_text(f"{', '.join(said) or 'no findings'}: {size_said}.")
    if counts["error"] or (strict and findings):
        raise typer.Exit(1)


def _circuit_of(subject: Subject | SettlingArray) -> Circuit:
    """What export would write; a netlist as it is, for writing it again refuses one with errors."""
    from rescircuit.spice.circuits.circuit import Circuit

    if isinstance(subject, Subject) and isinstance(subject.thing, Circuit):
        return subject.thing
    return subject.deck().circuit


def _several(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _print_findings(findings: Sequence[Finding]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="Electrical rules", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for column, width in (("severity", None), ("rule", None), ("where", 20), ("message", None)):
        table.add_column(column, max_width=width, overflow="fold")
    for finding in findings:
        table.add_row(finding.severity, finding.rule, escape(_where(finding.names)), escape(finding.message))
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)  # as all our tables in a pipe
    console.print(table)


def _where(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
