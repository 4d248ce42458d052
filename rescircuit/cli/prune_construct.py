"""``rescircuit prune construct``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.circuit_tables import check_output, same_file
from rescircuit.cli.console import (
    JSON_OPTION,
    counting,
    example,
    print_json,
    print_table,
    print_text,
    progress_bar,
    say,
)
from rescircuit.cli.network_files import LayersFile, read_network
from rescircuit.cli.outputs import interruptible, naming
from rescircuit.cli.prune_inputs import sizes_of
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rescircuit.checks import Array
    from rescircuit.network import Network
    from rescircuit.pruning.constructions import Construction

__all__ = ["EPILOG", "construct"]

EPILOG = example(
    "rescircuit prune construct --sizes 4,8,2 --epsilon 0.01",
    "rescircuit prune construct trained.npz --method burkholz --epsilon 0.05 --out pruned.npz --masks masks.npz",
)
_OPTIONS = {
    "epsilon": "--epsilon",
    "file": "FILE",
    "input_range": "--domain",
    "items": "--items",
    "layers": "--layers",
    "method": "--method",
    "n": "--items",
    "order": "--method",
    "seed": "--seed",
    "sizes": "--sizes",
    "target": "FILE",
}
_NETWORKS = (".npz", ".safetensors")
_MOST_INPUTS = 1_000_000
_NUMBERS_AT_ONCE = 1 << 22  # of inputs


def construct(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="The target: a network (.npz, .safetensors, .onnx) of dense layers and ReLU.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    sizes: Annotated[
        str | None,
        typer.Option(help="Or a random target of so many inputs, neurons and outputs, such as 4,8,2.", metavar="SIZES"),
    ] = None,
    method: Annotated[str, typer.Option(help="Which construction; 'list' lists them.")] = "pensia",
    epsilon: Annotated[float, typer.Option(help="The largest error of any output, over the whole domain.")] = 0.01,
    items: Annotated[
        int | None, typer.Option(help="Random numbers for each weight; by default what --epsilon needs.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Which random network (and which random target).")] = 1,
    domain: Annotated[
        str | None,
        typer.Option(
            help="The least and the largest value of each input, such as 0,1; by default the method's own.",
            metavar="LOW,HIGH",
        ),
    ] = None,
    inputs: Annotated[
        int, typer.Option(help="Random inputs to measure the error over, and as many random corners of the domain.")
    ] = 1000,
    out: Annotated[
        Path | None, typer.Option(help="File for the pruned network (.npz, .safetensors), as any other's.")
    ] = None,
    masks: Annotated[
        Path | None, typer.Option(help="File for the random tensors and their masks beside the target (.npz).")
    ] = None,
    layers: LayersFile = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Draw a random network and prune it to a target: the error proved, and measured, beside the one promised.

    Nothing is trained: each weight of the target is the sum of a subset of random numbers.
    """
    from rescircuit.checks import whole_number
    from rescircuit.network import save_network
    from rescircuit.pruning.constructions import construct as build
    from rescircuit.pruning.files import save_construction

    if method == "list":
        _list(as_json)
        return
    check_output("--out", out, _NETWORKS, [file])
    check_output("--masks", masks, (".npz",), [file])
    if out is not None and masks is not None and same_file(out, masks):
        raise InputError("--masks", "another file than --out", str(masks))
    count = whole_number("--inputs", inputs, 1, _MOST_INPUTS)
    limits: Any = None if domain is None else _domain(domain)
    with interruptible(), naming(_OPTIONS), progress_bar() as report:
        target = _target(file, sizes, layers, seed)
        tell = counting(report, "solving subset sums", 1.0)
        found = build(method, target, epsilon, items=items, seed=seed, input_range=limits, progress=tell)
        measured = _measured(found, count, seed, report)
    with naming({"path": "--masks"}):  # the larger file first: if it can't be written, none is
        written = [] if masks is None else [save_construction(found, masks)]
    with naming({"path": "--out"}):
        written = written if out is None else [save_network(found.network, out), *written]
    if as_json:
        print_json({**found.as_dict(), "measured": measured, "inputs": 2 * count, "files": written})
        return
    _print(found, measured, count)
    if written:
        say(f"Written: {', '.join(map(str, written))}")


def _list(as_json: bool) -> None:
    from rescircuit.pruning.constructions import METHODS

    if as_json:
        print_json({name: method.title for name, method in METHODS.items()})
        return
    for name, method in METHODS.items():
        print_text(f"{name}\n    {method.title}")


def _domain(text: str) -> tuple[float, ...]:
    """The least and the largest input."""
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError("--domain", "two numbers with a comma between them, such as 0,1", text) from None
    return low, high


def _target(file: Path | None, sizes: str | None, layers: str | None, seed: int) -> Network:
    from rescircuit.pruning.constructions import random_target

    if (file is None) == (sizes is None):
        got = "neither" if file is None else "both"
        raise InputError("FILE", "given, or --sizes in its place", got)
    if file is not None:
        return read_network(file, layers)
    if layers is not None:
        raise InputError("--layers", "left out with --sizes", layers)
    return random_target(sizes_of(sizes or ""), seed)


def _measured(found: Construction, count: int, seed: int, report: Callable[[str, float, float], object]) -> float:
    """The largest error over random inputs and as many random corners of the domain, some of them at a time."""
    at_once, worst = max(1, _NUMBERS_AT_ONCE // found.target.inputs), 0.0
    for first in range(0, count, at_once):
        report("measuring", first, count)
        worst = max(worst, found.measured(_inputs(found, first, min(at_once, count - first), seed)))
    return worst


def _inputs(found: Construction, first: int, count: int, seed: int) -> Array:
    """Random inputs from number `first` on, and random corners of the domain, (2 count, *input_shape)."""
    import numpy as np

    from rescircuit.devices.streams import Stream

    (low, high), numbers = found.input_range, found.target.inputs
    uniform, sides = (
        Stream(seed=seed, source=f"prune.{kind}").uniform(count * numbers, first * numbers)
        for kind in ("inputs", "corners")
    )
    inside = np.clip(low + (high - low) * uniform, low, high)
    return np.append(inside, np.where(sides < 0.5, low, high)).reshape(2 * count, *found.target.input_shape)


def _print(found: Construction, measured: float, count: int) -> None:
    table = found.table()
    print_table(table.title, list(table.columns), [list(row) for row in table.rows])
    low, high = found.input_range
    rows = [
        [f"measured over {count:,} random inputs and as many corners", f"{measured:.3g}"],
        [f"proved for all inputs from {low:g} to {high:g}", f"{found.bound:.3g}"],
        ["promised", f"{found.promised:.3g}"],
        ["farthest a subset's sum is from its weight", f"{found.residual:.3g}"],
    ]
    print_table("Largest error of an output", ["", "error"], rows)
    items = sorted(set(found.items))
    text = f"{items[0]}" if len(items) == 1 else f"{items[0]} to {items[-1]}"
    print_text(f"- Random numbers for each weight: {text}.")
    if found.lower_bound is not None:
        print_text(
            f"- To be pruned to any linear map of this shape, a random network needs {found.lower_bound:,.1f} weights "
            f"at least, by counting (Pensia et al. 2020, theorem 2); this one has {found.size:,}."
        )
