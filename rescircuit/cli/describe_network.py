"""What ``rescircuit describe`` says of a network: its layers, their shapes, weights and multiplications."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rescircuit.cli.console import print_json, print_table, print_text
from rescircuit.cli.network_files import read_network

if TYPE_CHECKING:
    from rescircuit.network import Network

__all__ = ["describe_network", "layer_rows"]


def describe_network(file: Path, layers: str | None, *, as_json: bool) -> None:
    """Print a network's layers."""
    network = read_network(file, layers)
    rows = layer_rows(network)
    weights, products = (sum(row[key] for row in rows) for key in ("weights", "multiplications"))
    if as_json:
        print_json(
            {
                "input_shape": network.input_shape,
                "output_shape": network.output_shape,
                "weights": weights,
                "multiplications": products,
                "layers": rows,
            }
        )
        return
    texts = [
        [
            f"{row['number']}  {row['name']}",
            row["kind"],
            ", ".join("input" if source < 0 else str(source) for source in row["sources"]),
            _shape(row["output_shape"]),
            f"{row['weights']:,}" if row["weights"] else "",
            f"{row['multiplications']:,}" if row["weights"] else "",
        ]
        for row in rows
    ]
    title = f"{file.name}: inputs of shape {_shape(network.input_shape)}"
    print_table(title, ["layer", "kind", "takes", "gives", "weights", "multiplications"], texts)
    print_text(f"{weights:,} weights in {len(network.weighted)} layers, {products:,} multiplications an input.")


def layer_rows(network: Network) -> list[dict[str, Any]]:
    """A row for each layer."""
    from rescircuit.network.layers import WeightedLayer

    rows = []
    for number, (layer, sources, shape) in enumerate(zip(network.layers, network.sources, network.shapes, strict=True)):
        weighted = isinstance(layer, WeightedLayer)
        weights = layer.weight.size if weighted else 0
        positions = layer.positions(network.source_shapes(number)[0]) if weighted else 0
        rows.append(
            {
                "number": number,
                "name": layer.name,
                "kind": getattr(layer, "kind", type(layer).__name__),
                "sources": sources,
                "output_shape": shape,
                "weights": weights,
                "multiplications": weights * positions,
            }
        )
    return rows


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
