"""What commands print of a network on a chip: its stages, its tiles, and what its causes of error cost."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rescircuit.cli.console import print_table, print_text

if TYPE_CHECKING:
    from rescircuit.network import AnalogNetwork, Explanation

__all__ = ["placement_rows", "print_explanation", "print_placement", "print_stages"]

_SHOWN = 40  # tiles in a table that people would still read
_COLUMNS = {"deviation": "deviation (rms)", "same_answer": "same answer", "accuracy": "right answer"}
_SET_TO = {
    "inputs": "these inputs themselves; --calibration-inputs sets them to others",
    "calibration inputs": "those of --calibration-inputs",
    "training images": "the data set's images to train on",
}


def print_stages(title: str, result: dict[str, Any], summary: dict[str, dict[str, Any]]) -> None:
    """A row a stage, and what the chip is."""
    shown = [key for key in _COLUMNS if summary["digital"][key] is not None]
    cells = [
        [name, *(f"{stage[key]:.2e}" if key == "deviation" else f"{stage[key]:.2%}" for key in shown)]
        for name, stage in summary.items()
    ]
    print_table(title, ["stage", *(_COLUMNS[key] for key in shown)], cells)
    print_text(
        f"{result['weights']:,} weights on {result['tiles']:,} tile(s). Programming error: at most "
        f"{result['worst_programming_error']:.1e} of a cell's full scale. Deviation: of the outputs from digital, "
        "relative to their own rms."
    )
    if "ranges_set_to" in result:
        print_text(f"Ranges of voltages and currents are set to {_SET_TO[result['ranges_set_to']]}.")


def placement_rows(analog: AnalogNetwork) -> list[dict[str, Any]]:
    """All tiles of a chip, for JSON, where nothing says that a range has its last number in it."""
    rows = []
    for tile in analog.placement():
        row = asdict(tile)
        for name in ("inputs", "outputs"):
            row[f"first_{name[:-1]}"], row[f"last_{name[:-1]}"] = row.pop(name)
        rows.append(row)
    return rows


def print_placement(analog: AnalogNetwork) -> None:
    """A row a tile, or where there are many a row a layer."""
    tiles = analog.placement()
    if len(tiles) <= _SHOWN:
        columns = ["layer", "tile", "group", "copy", "inputs", "outputs", "word lines", "bit lines", "in use"]
        rows = [
            [
                tile.layer,
                str(tile.tile),
                str(tile.group),
                str(tile.copy),
                f"{tile.inputs[0]} to {tile.inputs[1]}" + (" and bias" if tile.has_bias else ""),
                f"{tile.outputs[0]} to {tile.outputs[1]}",
                str(tile.word_lines),
                str(tile.bit_lines),
                f"{tile.share:.0%}",
            ]
            for tile in tiles
        ]
    else:
        columns = ["layer", "tiles", "groups", "copies", "cells", "in use"]
        rows = []
        for layer in analog.layers:
            own = [tile for tile in tiles if tile.number == layer.number]
            cells = sum(tile.word_lines * tile.bit_lines for tile in own)
            rows.append(
                [
                    layer.weighted.name,
                    f"{len(own):,}",
                    str(1 + max(tile.group for tile in own)),
                    str(1 + max(tile.copy for tile in own)),
                    f"{cells:,}",
                    f"{sum(tile.share for tile in own) / len(own):.0%}",
                ]
            )
    print_table(f"Tiles of {analog.spec.rows} x {analog.spec.cols}", columns, rows)


def print_explanation(explanation: Explanation) -> None:
    """The table of causes, and the story."""
    print_table("What each cause costs", explanation.columns(), explanation.rows())
    print_text(explanation.story)
