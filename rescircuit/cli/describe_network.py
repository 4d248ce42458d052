"""What ``rescircuit describe`` says of a network: its layers, their shapes, weights and multiplications."""

from __future__ import annotations

from pathlib import Path

from rescircuit.cli.console import print_json, print_table, print_text
from rescircuit.cli.network_files import read_network

__all__ = ["describe_network"]


def describe_network(file: Path, layers: str | None, input_shape: str | None, *, as_json: bool) -> None:
    """Print a network's layers."""
    from rescircuit.network.layers.summary import COLUMNS, layer_rows, row_texts, shape_text, totals_text

    network = read_network(file, layers, input_shape)
    if as_json:
        rows = layer_rows(network)
        totals = {key: sum(row[key] for row in rows) for key in ("weights", "multiplications")}
        shapes = {"input_shape": network.input_shape, "output_shape": network.output_shape}
        print_json({**shapes, **totals, "layers": rows})
        return
    title = f"{file.name}: inputs of shape {shape_text(network.input_shape)}"
    print_table(title, list(COLUMNS), row_texts(network))
    print_text(totals_text(network))
