"""``rescircuit prune quantised``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rescircuit.cli.console import JSON_OPTION, example, print_json, print_table, print_text, say
from rescircuit.cli.outputs import check_writable, interruptible, naming
from rescircuit.cli.prune_inputs import sizes_of

__all__ = ["EPILOG", "prune_quantised"]

EPILOG = example(
    "rescircuit prune quantised --sizes 4,8,2 --target-parts 16 --parts 16",
    "rescircuit prune quantised --sizes 4,8,2 --method burkholz --random-parts 4096 --parts 16 --masks masks.npz",
)
_OPTIONS = {
    "items": "--items",
    "method": "--method",
    "parts": "--parts",
    "random_parts": "--random-parts",
    "activations": "--activations",
    "target": "--target-parts",
    "seed": "--seed",
}
_FINEST = 2**16
_MOST_NUMBERS = 10**7  # of all inputs


def prune_quantised(
    sizes: Annotated[str, typer.Option("--sizes", help="Inputs of a random target, and outputs of its layers.")],
    target_parts: Annotated[int, typer.Option(help="1 / delta_t: the precision of the target's weights.")] = 16,
    parts: Annotated[int, typer.Option(help="1 / delta, which the random weights are rounded down to.")] = 16,
    random_parts: Annotated[
        int | None, typer.Option(help="1 / delta_in, at which they are drawn; --parts if left out.")
    ] = None,
    activations: Annotated[int, typer.Option(help="1 / gamma, which layers' outputs are rounded down to.")] = 64,
    method: Annotated[
        str, typer.Option(help="pensia: two layers for one; burkholz: one more than the target's.")
    ] = "pensia",
    items: Annotated[
        int | None, typer.Option(help="Random numbers for each weight's subset; as many as needed if left out.")
    ] = None,
    inputs: Annotated[int, typer.Option(help="Random inputs that the outputs are compared for.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="What is drawn: the target, the random weights, the inputs.")] = 1,
    masks: Annotated[
        Path | None, typer.Option(help="File for the random whole numbers and their masks beside the target (.npz).")
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Prune a random quantised network until it is a target, exactly: theorems 1 and 2 of Kumar and Natale (2025).

    The weights are proved equal in whole numbers, which holds for every input; random inputs are a check of it.
    """
    from rescircuit.checks import whole_number
    from rescircuit.devices.streams import Stream
    from rescircuit.pruning.constructions import random_quantised_network, represent_exactly
    from rescircuit.pruning.constructions.precision import drawn_integers
    from rescircuit.pruning.files import save_construction

    check_writable("--masks", masks, (".npz",))
    widths = sizes_of(sizes)
    whole_number("--target-parts", target_parts, 1, _FINEST)
    whole_number("--activations", activations, 1, 2**32)
    with interruptible(), naming({**_OPTIONS, "widths": "--sizes"}):
        target = random_quantised_network(widths, parts=target_parts, activations=activations, seed=seed)
        whole_number("--inputs", inputs, 1, _MOST_NUMBERS // widths[0])
        made = represent_exactly(target, parts=parts, random_parts=random_parts, method=method, items=items, seed=seed)
        drawn = drawn_integers(Stream(seed=seed, source="quantised inputs"), activations, inputs * widths[0])
        differing = made.differing(drawn.reshape(inputs, -1), activations)
    with naming({"path": "--masks"}):
        written = [] if masks is None else [save_construction(made, masks)]
    if as_json:
        print_json({**made.as_dict(), "inputs": inputs, "differing": differing, "files": written})
        return
    table = made.table()
    print_table(table.title, list(table.columns), [list(row) for row in table.rows])
    outputs = inputs * widths[-1]
    print_text(f"- {differing:,} of {outputs:,} outputs differ from the target's, at {inputs:,} random inputs.")
    print_text(
        f"- {made.not_zero:,} random weights are not 0; to be prunable to every target like this one, "
        f"{made.lower_bound:,.1f} must not be (theorem 3): {made.ratio:.3g} times as many."
    )
    if written:
        say(f"Written: {written[0]}")
