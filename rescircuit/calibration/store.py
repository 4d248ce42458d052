"""Calibrations on the disk: written at once, or bank by bank as a large chip is measured; read whole or in part."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank import Bank
from rescircuit.calibration.estimates import Calibration
from rescircuit.calibration.measuring import calibrate
from rescircuit.calibration.patterns import Patterns, as_patterns
from rescircuit.calibration.provenance import Provenance
from rescircuit.calibration.read_out import ReadOut, Reference, SampledReadOut
from rescircuit.checks import Array, whole_number
from rescircuit.errors import InputError
from rescircuit.measured.checked_stores import open_checked_store
from rescircuit.measured.store_format import Column, Layout
from rescircuit.measured.store_writing import StoreWriter, save_checked_store

__all__ = ["calibrate_to_store", "load_calibration", "save_calibration"]

_KIND = "calibration 1"
CHUNK = 4096  # banks: of 21 resistors 0.7 MB an array, 4 ms to read one bank of a large chip
_PER_SWITCH = ("values", "standard_errors")
_PER_BANK = ("offset", "offset_standard_error", "wire_resistance", "scale")
_SWITCH_FLAGS = ("dead", "stuck_open", "stuck_closed")
_BANK_FLAGS = ("clipped",)
_ARRAYS = (*_PER_SWITCH, *_PER_BANK, *_SWITCH_FLAGS, *_BANK_FLAGS)


def save_calibration(calibration: Calibration, path: str | Path, *, replace: bool = False, chunk: int = CHUNK) -> Path:
    """Write a calibration, one bank's or an array's, as :func:`load_calibration` reads it.

    Parameters
    ----------
    calibration : Calibration
        Its provenance is a :class:`Provenance` or None.
    path : str or Path
        A folder, a zarr store of format 3.
    replace : bool
        Whether a store that is there is replaced.
    chunk : int
        Banks in a chunk.

    Raises
    ------
    InputError
        For a provenance of another kind, or a path that is taken or cannot be written to.
    """
    arrays = _rows(calibration)
    rows = min(whole_number("chunk", chunk, 1), len(arrays["values"]))
    content = _described(calibration, calibration.shape, calibration.provenance)
    return save_checked_store(path, arrays, chunk_rows=rows, provenance=content, replace=replace)


def load_calibration(path: str | Path, *, banks: slice | None = None) -> Calibration:
    """Read a calibration.

    Parameters
    ----------
    path : str or Path
        What :func:`save_calibration` or :func:`calibrate_to_store` wrote.
    banks : slice, optional
        Some of the banks only, numbered in C order, as an array (banks, n).

    Raises
    ------
    InputError
        For what is no calibration, is damaged, or holds no such banks.
    """
    store = open_checked_store(path)
    content = store.provenance
    if content.get("kind") != _KIND:
        raise InputError(
            "store", f"a calibration (of kind {_KIND!r})", str(path), f"Its kind is {content.get('kind')!r}."
        )
    arrays = store.read(_ARRAYS, banks)
    try:
        shape = tuple(content["shape"]) if banks is None else arrays["values"].shape[:1]
        provenance = content["provenance"]
        return Calibration(
            **{name: array.reshape((*shape, *array.shape[1:])) for name, array in arrays.items()},
            v_read=content["v_read"],
            temperature=content["temperature"],
            read_out=_read_out(content["read_out"]),
            patterns=_patterns(content["patterns"]),
            provenance=None if provenance is None else Provenance.from_dict(provenance),
        )
    except InputError as error:
        raise InputError("calibration", "a whole one", str(path), f"{error}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:  # sealed, but by somebody else
        raise InputError("calibration", "as save_calibration writes it", str(path), f"{error}.") from None


def calibrate_to_store(
    path: str | Path,
    make_banks: Callable[[int, int], Bank],
    shape: int | tuple[int, ...],
    read_out: SampledReadOut,
    patterns: Patterns | str = "one-hot",
    *,
    seed: int,
    provenance: Provenance | None = None,
    chunk: int = CHUNK,
    replace: bool = False,
    progress: Callable[[float], None] | None = None,
    **options: Any,
) -> Path:
    """Measure a large chip chunk by chunk into a store; called again after an interruption, it goes on.

    The store is, to the last bit, that of :func:`save_calibration` with all banks measured at once.

    Parameters
    ----------
    path : str or Path
        A folder, a zarr store of format 3; while it is not whole its name ends in ``.partial``.
    make_banks : callable
        Given two numbers `start` and `stop`, the banks `start` to `stop - 1` in C order, of shape (stop - start,).
    shape : int or tuple of int
        Of the array of banks.
    read_out : SampledReadOut
        One for all banks, with its full scale, see :meth:`ReadOut.fitted_to`.
    patterns, seed, **options
        See :func:`calibrate`; array options have one value for all banks.
    provenance : Provenance, optional
        Continued, a store keeps the date that it was begun with; all else has to be the same.
    chunk : int
        Banks in a chunk.
    replace : bool
        Whether a store that is there is replaced, once the new one is whole.
    progress : callable, optional
        Called with the number of banks measured since the last call, those measured earlier included.

    Raises
    ------
    InputError
        For a store in the making that was begun otherwise, saying in what, or that another process is writing; a
        read-out without its full scale; and as :func:`calibrate`.
    """
    lengths = shape if isinstance(shape, tuple) else (shape,)
    shape = tuple(whole_number("shape", length, 1) for length in lengths)
    if not isinstance(read_out, SampledReadOut) or read_out.count != 1:
        raise InputError("read_out", "one SampledReadOut for all banks", read_out)
    if read_out.read_out.full_scale is None:
        hint = "A chip in chunks has one range: ReadOut.fitted_to(bank, patterns) before the first."
        raise InputError("full_scale", "a current (A)", None, hint)
    banks = math.prod(shape)
    chunk = min(whole_number("chunk", chunk, 1), banks)

    def made(start: int, stop: int) -> Bank:
        bank = make_banks(start, stop)
        if bank.shape != (stop - start,):
            raise InputError("make_banks", f"one that gives banks of shape ({stop - start},)", f"shape {bank.shape}")
        return bank

    def measured(bank: Bank, start: int) -> Calibration:
        return calibrate(bank, read_out, patterns, seed=seed, start=start, **options)

    # The first bank tells what the store is to be, before a store in the making is looked for.
    first_bank = made(0, 1)
    first = measured(first_bank, 0)
    patterns = as_patterns(patterns, first.n)
    columns = {name: Column(kind=_kind(row), shape=row.shape[1:]) for name, row in _rows(first).items()}
    layout = Layout(columns=columns, rows=banks, chunk_rows=chunk)
    # Another chip's first bank is another.
    measuring = _measuring(read_out, seed, options) | {"first_bank": _digest(first_bank.on_conductances)}
    content = _described(first, shape, provenance) | {"measuring": measuring}
    with StoreWriter(
        path, layout=layout, provenance=content, replace=replace, may_differ=("provenance.date",)
    ) as writer:
        pending = set(writer.pending)
        for k in range(layout.chunks):
            rows = layout.rows_of(k)
            if k in pending:
                writer.write(k, _rows(measured(made(rows.start, rows.stop), rows.start)))
            if progress is not None:
                progress(rows.stop - rows.start)
        return writer.finish()


def _rows(calibration: Calibration) -> dict[str, NDArray[Any]]:
    """The arrays of a calibration, a row a bank."""
    per_switch = {
        name: getattr(calibration, name).reshape(-1, calibration.n) for name in (*_PER_SWITCH, *_SWITCH_FLAGS)
    }
    per_bank = {name: getattr(calibration, name).reshape(-1) for name in (*_PER_BANK, *_BANK_FLAGS)}
    return {name: (per_switch | per_bank)[name] for name in _ARRAYS}


def _described(calibration: Calibration, shape: tuple[int, ...], provenance: Any) -> dict[str, Any]:
    if provenance is not None and not isinstance(provenance, Provenance):
        raise InputError("provenance", "a Provenance or None", provenance)
    return {
        "kind": _KIND,
        "shape": list(shape),
        "v_read": float(calibration.v_read),
        "temperature": float(calibration.temperature),
        "read_out": None if calibration.read_out is None else _plain(asdict(calibration.read_out)),
        "patterns": None if calibration.patterns is None else _packed(calibration.patterns),
        "provenance": None if provenance is None else provenance.to_dict(),
    }


def _measuring(read_out: SampledReadOut, seed: int, options: Mapping[str, Any]) -> dict[str, Any]:
    """What else decides about the values: a store in the making is continued with the same only."""
    errors = {name: np.asarray(value).tolist() for name, value in vars(read_out).items()
              if name != "read_out" and value is not None}  # fmt: skip
    return {"seed": seed, "errors": errors, "options": {name: _plain(value) for name, value in options.items()}}


def _digest(values: Array) -> str:
    return blake2b(values.astype("<f8").tobytes(), digest_size=8).hexdigest()


def _plain(value: Any) -> Any:
    """Numbers of NumPy as Python's, dicts through and through."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value


def _packed(patterns: Patterns) -> dict[str, Any]:
    """Patterns as hexadecimal digits, switch 0 in the highest bit of the first, noughts at the end of each row."""
    rows = [row.tobytes().hex() for row in np.packbits(patterns.matrix, axis=1)]
    return {"name": patterns.name, "n": patterns.n, "rows": rows}


def _patterns(content: Mapping[str, Any] | None) -> Patterns | None:
    if content is None:
        return None
    packed = np.array([list(bytes.fromhex(row)) for row in content["rows"]], np.uint8)
    matrix = np.unpackbits(packed, axis=1, count=whole_number("n", content["n"], 1)).astype(np.bool_)
    return Patterns(matrix=matrix, name=content["name"])


def _read_out(content: Mapping[str, Any] | None) -> ReadOut | None:
    if content is None:
        return None
    reference = content["reference"]
    return ReadOut(**{**content, "reference": None if reference is None else Reference(**reference)})


def _kind(array: NDArray[Any]) -> Any:
    return "bool" if array.dtype == np.bool_ else "float64"
