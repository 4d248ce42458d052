"""``rescircuit convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rescircuit.cli.circuit_tables import check_output
from rescircuit.cli.console import JSON_OPTION, example, print_json, say
from rescircuit.cli.network_files import InputShape, LayersFile, read_network
from rescircuit.cli.outputs import interruptible, naming

__all__ = ["convert"]

EPILOG = example(
    "rescircuit convert trained.onnx network.npz",
    "rescircuit convert weights.safetensors network.npz --layers lenet5",
)
_SAVED = (".npz", ".safetensors")


def convert(
    file: Annotated[
        Path, typer.Argument(help="A network (.onnx, .npz, .safetensors).", metavar="IN", show_default=False)
    ],
    out: Annotated[Path, typer.Argument(help="Where it goes (.npz, .safetensors).", metavar="OUT", show_default=False)],
    layers: LayersFile = None,
    input_shape: InputShape = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Save a network, its layers and its weights, in a file of our own: batch norms folded, names kept.

    An .npz or .safetensors of another program's, with the names of its weights alone, takes a file of its layers.
    """
    from rescircuit.network import save_network

    check_output("OUT", out, _SAVED, [file])
    with interruptible(), naming({"file": "IN", "FILE": "IN", "path": "OUT", "layers": "--layers"}):
        network = read_network(file, layers, input_shape)
        path = save_network(network, out)
    if as_json:
        print_json({"file": path, "layers": len(network.layers), "weights": network.weights})
    else:
        say(f"Written: {path}, {len(network.layers)} layers, {network.weights:,} weights.")
