"""What a network is made of: its layers, their shapes, weights and multiplications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rescircuit.network.layers.weighted import WeightedLayer

if TYPE_CHECKING:
    from rescircuit.network.layers.layer import Shape
    from rescircuit.network.layers.network import Network

__all__ = ["COLUMNS", "layer_rows", "row_texts", "shape_text", "totals_text"]

COLUMNS = ("layer", "kind", "takes", "gives", "weights", "multiplications")


def layer_rows(network: Network) -> list[dict[str, Any]]:
    """A row for each layer, in numbers; multiplications are those of one input."""
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


def row_texts(network: Network) -> list[list[str]]:
    """The same as texts, see :data:`COLUMNS`."""
    return [
        [
            f"{row['number']}  {row['name']}",
            row["kind"],
            ", ".join("input" if source < 0 else str(source) for source in row["sources"]),
            shape_text(row["output_shape"]),
            f"{row['weights']:,}" if row["weights"] else "",
            f"{row['multiplications']:,}" if row["weights"] else "",
        ]
        for row in layer_rows(network)
    ]


def totals_text(network: Network) -> str:
    """All weights and multiplications, in a sentence."""
    products = sum(row["multiplications"] for row in layer_rows(network))
    return f"{network.weights:,} weights in {len(network.weighted)} layers, {products:,} multiplications an input."


def shape_text(shape: Shape) -> str:
    """Such as 1 x 28 x 28."""
    return " x ".join(map(str, shape))
