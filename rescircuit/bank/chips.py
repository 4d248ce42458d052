"""A sampled chip, one bank or an array of them, in a store on the disk, whole or in part."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank.parallel import Bank
from rescircuit.bank.tabulated_files import TABULATED, describe_table, read_table
from rescircuit.checks import whole_number
from rescircuit.devices.coefficients import Coefficients
from rescircuit.devices.switches import (
    NMOS,
    AntiFuse,
    BSIM4Switch,
    Fuse,
    IdealSwitch,
    OneTimeSwitches,
    TabulatedSwitch,
    ThresholdSelector,
)
from rescircuit.errors import InputError
from rescircuit.measured.checked_stores import CheckedStore, open_checked_store
from rescircuit.measured.store_writing import save_checked_store

__all__ = ["load_chip", "load_chip_provenance", "load_chip_shape", "save_chip"]

_KIND = "chip 1"
_CHUNK = 4096  # banks: of 21 resistors 0.7 MB, 4 ms to read one bank of a large chip
_SWITCHES = {kind.__name__: kind for kind in (NMOS, IdealSwitch, ThresholdSelector, Fuse, AntiFuse)}
_INFINITE = "inf"  # JSON has no infinity, and a switch that does not leak has an infinite r_off
_OWN = ("v_read", "temperature", "age", "seed", "chip")
_FAULTS = ("stuck_closed", "stuck_open")
_ONE_TIME = "one_time_closed"


def save_chip(
    bank: Bank,
    path: str | Path,
    *,
    provenance: Mapping[str, Any] | None = None,
    replace: bool = False,
    chunk: int = _CHUNK,
) -> Path:
    """Write banks with all that belongs to them as :func:`load_chip` reads them.

    Parameters
    ----------
    bank : Bank
        One bank or an array of them.
    path : str or Path
        A folder, a zarr store of format 3.
    provenance : dict, optional
        Where they come from, as JSON has it.
    replace : bool
        Whether a store that is there is replaced.
    chunk : int
        Banks in a chunk.

    Raises
    ------
    InputError
        For what is no bank, a switch of one's own making, or a path that is taken or cannot be written to.
    """
    if not isinstance(bank, Bank):
        raise InputError("bank", "a Bank", type(bank).__name__, "A network on a chip is saved by save_analog.")
    if not isinstance(provenance, Mapping | None):
        raise InputError("provenance", "a dict or None", provenance)
    arrays: dict[str, NDArray[Any]] = {"resistances": _rows(bank.resistances, bank)}
    content: dict[str, Any] = {
        "kind": _KIND,
        "shape": list(bank.shape),
        "provenance": dict(provenance or {}),
        **{name: _plain(getattr(bank, name)) for name in _OWN},
        "areas": _kept("areas", bank.areas, bank, arrays),
        "coefficients": _parameters("coefficients", bank.coefficients, bank, arrays),
        "switch": _described(bank, arrays),
    }
    for name in _FAULTS:
        if getattr(bank, name) is not None:
            arrays[name] = _rows(getattr(bank, name), bank)
    if bank.one_time is not None:
        arrays[_ONE_TIME] = _rows(bank.one_time.closed, bank)
        content["programmed"] = bank.one_time.programmed
    rows = min(whole_number("chunk", chunk, 1), len(arrays["resistances"]))
    return save_checked_store(path, arrays, chunk_rows=rows, provenance=content, replace=replace)


def load_chip(path: str | Path, *, banks: slice | None = None) -> Bank:
    """Read the banks of a chip.

    Parameters
    ----------
    path : str or Path
        What :func:`save_chip` wrote.
    banks : slice, optional
        Some of the banks only, numbered in C order, as an array (banks, n).

    Raises
    ------
    InputError
        For what is no chip, is damaged, or holds no such banks.
    """
    store = _opened(path)
    content = store.provenance
    try:
        arrays = store.read(rows=banks)
        rows, n = arrays["resistances"].shape
        shape = (rows, n) if banks is not None else (*content["shape"], n)
        arrays = {name: array.reshape(shape) for name, array in arrays.items()}
        return _bank(content, arrays, shape)
    except InputError as error:
        raise InputError("chip", "a whole one", str(path), f"{error}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:  # sealed, but by somebody else
        raise InputError("chip", "as save_chip writes it", str(path), f"{error}.") from None


def load_chip_provenance(path: str | Path) -> dict[str, Any]:
    """Where a chip comes from, as :func:`save_chip` was told.

    Raises
    ------
    InputError
        For what is no chip, or whose metadata are damaged.
    """
    provenance = _opened(path).provenance.get("provenance")
    if not isinstance(provenance, dict):
        raise InputError("chip", "with its provenance", str(path))
    return provenance


def load_chip_shape(path: str | Path) -> tuple[int, ...]:
    """Shape of the array of banks of a chip; ``()`` for one bank.

    Raises
    ------
    InputError
        For what is no chip, or whose metadata are damaged.
    """
    store = _opened(path)
    shape = store.provenance.get("shape")
    lengths = tuple(shape) if isinstance(shape, list) else (0,)
    if not all(type(length) is int and length > 0 for length in lengths) or math.prod(lengths) != store.layout.rows:
        raise InputError("chip", "with the shape of its array", str(path))
    return lengths


def _bank(content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], shape: tuple[int, ...]) -> Bank:
    """The bank that the metadata and the arrays, (..., n) all of them, describe."""
    switch = _switch(content["switch"], arrays, shape)
    state: dict[str, Any] = {name: arrays[name] for name in _FAULTS if name in arrays}
    if _ONE_TIME in arrays:
        closed, programmed = arrays[_ONE_TIME], content["programmed"] is True
        state["one_time"] = OneTimeSwitches(switch=switch, closed=closed, programmed=programmed)
    return Bank(
        resistances=arrays["resistances"],
        switch=switch,
        coefficients=Coefficients(**_restored("coefficients", content["coefficients"], arrays, shape)),
        **_restored("", {name: content[name] for name in (*_OWN, "areas")}, arrays, shape),
        **state,
    )


def _described(bank: Bank, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """The switch for the metadata; what differs from bank to bank goes to `arrays`."""
    switch = bank.switch
    if isinstance(switch, TabulatedSwitch):
        return describe_table(switch)
    if type(switch) not in _SWITCHES.values():
        hint = "Characterise it first: rescircuit.spice.characterise." if isinstance(switch, BSIM4Switch) else ""
        known = ", ".join((*_SWITCHES, TabulatedSwitch.__name__))
        raise InputError("bank.switch", f"one of {known}", type(switch).__name__, hint)
    return {"kind": type(switch).__name__, **_parameters("switch", switch, bank, arrays)}


def _switch(content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], shape: tuple[int, ...]) -> Any:
    """The switch that the metadata and the arrays describe."""
    made = {**content}
    if made.get("kind") == TABULATED:
        return read_table(made)
    return _SWITCHES[made.pop("kind")](**_restored("switch", made, arrays, shape))


def _opened(path: str | Path) -> CheckedStore:
    store = open_checked_store(path)
    kind = store.provenance.get("kind")
    if kind != _KIND:
        raise InputError("store", f"a chip (of kind {_KIND!r})", str(path), f"Its kind is {kind!r}.")
    return store


def _parameters(start: str, owner: Any, bank: Bank, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """The fields of a dataclass for the metadata; what differs from bank to bank goes to `arrays`."""
    own = {field.name: getattr(owner, field.name) for field in fields(owner)}
    return {name: _kept(f"{start}_{name}", value, bank, arrays) for name, value in own.items()}


def _kept(name: str, value: Any, bank: Bank, arrays: dict[str, NDArray[Any]]) -> Any:
    """A number or a text as it is, an array that is the same for all banks as a list, any other as null."""
    if not np.ndim(value):
        return _plain(value)
    rows = _rows(value, bank)
    if (rows == rows[0]).all():
        return [_plain(number) for number in rows[0].tolist()]
    arrays[name] = rows
    return None


def _restored(
    start: str, content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], shape: tuple[int, ...]
) -> dict[str, Any]:
    """The fields of a dataclass from the metadata and the arrays."""
    found: dict[str, Any] = {}
    for name, value in content.items():
        key = f"{start}_{name}" if start else name
        if key in arrays:
            found[name] = arrays[key]
        elif isinstance(value, list):
            found[name] = np.broadcast_to(np.array([_number(part) for part in value]), shape)
        else:
            found[name] = _number(value)
    return found


def _rows(values: NDArray[Any], bank: Bank) -> NDArray[Any]:
    """Values of all components as (banks, n)."""
    return np.broadcast_to(values, bank.resistances.shape).reshape(-1, bank.n)


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic | np.ndarray) else value
    return _INFINITE if value == float("inf") else value


def _number(value: Any) -> Any:
    return float("inf") if value == _INFINITE else value
