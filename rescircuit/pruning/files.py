"""Random tensors and masks in files, beside the target that they were pruned to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from rescircuit.errors import InputError
from rescircuit.files import LARGEST_BYTES, read_npz, write_atomically
from rescircuit.pruning.constructions.construction import Construction
from rescircuit.pruning.constructions.quantised_construction import QuantisedConstruction
from rescircuit.pruning.constructions.tensors import PrunedTensor

__all__ = ["load_tensors", "save_construction"]

_RANDOM, _MASK = ".random", ".mask"


def save_construction(construction: Construction | QuantisedConstruction, path: str | Path) -> Path:
    """Write what was drawn and what was pruned: for each tensor NAME the arrays ``NAME.random`` and ``NAME.mask``.

    The file also has the target's ``target.NUMBER.weight`` and ``target.NUMBER.bias``, by the numbers of its layers,
    and all figures as JSON in the text ``figures``. Of a quantised construction all numbers are whole: the tensors'
    in parts of ``parts`` and the target's ``target.NUMBER.weight``, NUMBER from 0, in parts of ``target_parts``, both
    with an entry for each layer.

    Parameters
    ----------
    construction : Construction or QuantisedConstruction
    path : path
        Ends in ``.npz``.

    Raises
    ------
    InputError
        For another ending, more than can be read again, or a folder that cannot be written to.
    """
    path = Path(path)
    if path.suffix.lower() != ".npz":
        raise InputError("path", "a file's name in .npz", str(path))
    arrays: dict[str, Any] = {}
    for tensor in construction.tensors:
        arrays |= {f"{tensor.name}{_RANDOM}": tensor.random, f"{tensor.name}{_MASK}": tensor.mask}
    arrays |= _of_target(construction)
    arrays["figures"] = np.array(json.dumps(construction.as_dict()))
    size = sum(array.nbytes for array in arrays.values())
    if size > LARGEST_BYTES:
        raise InputError("path", f"for at most {LARGEST_BYTES:,} bytes", f"{size:,}", "Its seed draws them again.")

    def write(temporary: Path) -> None:
        with temporary.open("wb") as stream:
            np.savez(stream, **arrays)

    return write_atomically(path, write)


def _of_target(construction: Construction | QuantisedConstruction) -> dict[str, Any]:
    if isinstance(construction, QuantisedConstruction):
        weights = {f"target.{number}.weight": weight for number, weight in enumerate(construction.target.weights)}
        parts = {"parts": construction.network.parts, "target_parts": construction.target.parts}
        return weights | {name: np.array(each) for name, each in parts.items()}
    arrays: dict[str, Any] = {}
    for number, layer in construction.target.weighted_layers:
        arrays |= {f"target.{number}.weight": layer.weight, f"target.{number}.bias": layer.bias}
    return arrays


def load_tensors(path: str | Path) -> tuple[PrunedTensor, ...]:
    """The random tensors and masks of a file as :func:`save_construction` writes it, in their order.

    Raises
    ------
    InputError
        For an unreadable file, one without such arrays, or masks of other shapes than the tensors'.
    """
    path = Path(path)
    arrays = read_npz(path)
    names = [name.removesuffix(_RANDOM) for name in arrays if name.endswith(_RANDOM)]
    lacking = [f"{name}{_MASK}" for name in names if f"{name}{_MASK}" not in arrays]
    if not names or lacking:
        raise InputError(path.name, "an archive with arrays NAME.random and NAME.mask", ", ".join(arrays))
    return tuple(
        PrunedTensor(name=name, random=arrays[f"{name}{_RANDOM}"], mask=arrays[f"{name}{_MASK}"]) for name in names
    )
