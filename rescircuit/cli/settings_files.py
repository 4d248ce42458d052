"""What ``program`` and ``trim`` leave: settings as CSV, npz or lists for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rescircuit.checks import Array
    from rescircuit.subsetsum import Solution

__all__ = ["SUFFIXES", "as_arrays", "mask_texts", "write_settings"]

SUFFIXES = (".csv", ".npz")
_ROWS_AT_ONCE = 1 << 14


def as_arrays(solution: Solution, targets: Array, *, ranked: bool) -> dict[str, NDArray[Any]]:
    """The columns of a file of settings, by name; all but the mask (..., n) have the shape (...) of the settings.

    Parameters
    ----------
    solution : Solution
    targets : array (...)
    ranked : bool
        Whether the solution's last axis numbers the best settings; then a column ``rank`` does, the closest being 1.
    """
    import numpy as np

    achieved = np.asarray(solution.total)
    arrays: dict[str, NDArray[Any]] = {
        "target": np.broadcast_to(targets[..., np.newaxis] if ranked else targets, achieved.shape),
        "achieved": achieved,
        "error": np.asarray(solution.residual),
        "bound": np.asarray(solution.bound),
        "status": np.asarray(solution.status),
        "mask": solution.mask,
    }
    if ranked:
        arrays["rank"] = np.broadcast_to(np.arange(1, achieved.shape[-1] + 1), achieved.shape)
    if solution.cost is not None:
        arrays["cost"] = np.asarray(solution.cost)
    return arrays


def write_settings(path: Path, arrays: dict[str, Any], *, for_a_bench: bool = False) -> Path:
    """Write settings, a row each, in the format of the path's suffix; the file appears whole or not at all.

    Parameters
    ----------
    path : Path
    arrays : dict of array (...), and the mask (..., n)
        By their columns' names.
    for_a_bench : bool
        Whether a table gets a last column ``hex``: the mask as a number in which switch k is bit k.
    """
    import numpy as np

    from rescircuit.files import write_atomically, write_lines

    if path.suffix.lower() == ".csv":
        return write_lines(path, _csv_blocks(arrays, with_hex=for_a_bench))

    def write(temporary: Path) -> None:
        with temporary.open("wb") as stream:  # to a name, savez would add a suffix of its own
            np.savez(stream, **arrays)

    return write_atomically(path, write)


def mask_texts(mask: NDArray[Any]) -> list[str]:
    """Masks (rows, n) as text: 1 where an item is chosen, item 0 first."""
    import numpy as np

    n = mask.shape[1]
    text = (mask.astype(np.uint8) + ord("0")).tobytes().decode("ascii")
    return [text[start : start + n] for start in range(0, len(text), n)]


def _mask_numbers(mask: NDArray[Any]) -> list[str]:
    """Masks (rows, n) as hexadecimal numbers in which item k is bit k, all of the same length."""
    import numpy as np

    digits = -(-mask.shape[1] // 4)
    rows = np.packbits(mask, axis=1, bitorder="little")[:, ::-1]
    text, width = rows.tobytes().hex(), 2 * rows.shape[1]
    return [text[end - digits : end] for end in range(width, len(text) + 1, width)]


def _csv_blocks(arrays: dict[str, Any], *, with_hex: bool) -> Iterator[str]:
    """The header and then many rows at a time, each block without its last line break."""
    yield ",".join([*arrays, "hex"] if with_hex else arrays)
    n = arrays["mask"].shape[-1]
    columns = {name: array.reshape(-1, n) if name == "mask" else array.reshape(-1) for name, array in arrays.items()}
    for start in range(0, columns["mask"].shape[0], _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        texts = [_texts(array[rows]) for array in columns.values()]
        if with_hex:
            texts.append(_mask_numbers(columns["mask"][rows]))
        yield "\n".join(map(",".join, zip(*texts, strict=True)))


def _texts(values: NDArray[Any]) -> list[str]:
    """Values as text that reads back as they are."""
    if values.ndim == 2:
        return mask_texts(values)
    return values.tolist() if values.dtype.kind == "U" else list(map(repr, values.tolist()))
