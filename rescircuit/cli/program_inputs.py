"""What ``program`` reads: values, targets and demands, laid out as :func:`rescircuit.subset_sum` takes them."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rescircuit.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rescircuit.calibration import Calibration
    from rescircuit.checks import Array

__all__ = ["OPTION_OF", "Inputs", "parse_closed", "parse_memory", "read_inputs", "read_targets"]

_TABLES = {".csv", ".npz", ".zarr", ".zip"}
_UNITS = ("S", "ohm")
_MEMORY = {"MiB": 1 << 20, "GiB": 1 << 30}
OPTION_OF = {
    "items": "VALUES",
    "targets": "TARGETS",
    "offset": "--offset",
    "count": "--closed",
    "chosen": "--stuck-closed",
    "excluded": "--stuck-open",
    "best": "--best",
    "tolerance": "--tolerance",
    "cost": "--cost",
    "method": "--method",
    "time_limit": "--time-limit",
    "memory_limit": "--memory-limit",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Inputs:
    """Banks and what they shall conduct.

    Attributes
    ----------
    values : array (n,) or (..., n)
        What each branch adds to a bank when its switch is closed, siemens; one bank has no leading axes.
    targets : array (...)
        Siemens, of the shape that results take.
    offset : float or array (...)
        Siemens.
    stuck_closed, stuck_open : bool array of the shape of `values` or (n,), or None
    cost : array (n,) or None
    calibration : Calibration or None
        Where the values come from one: it knows the errors of settings.
    """

    values: Array
    targets: Array
    offset: Any
    stuck_closed: NDArray[Any] | None
    stuck_open: NDArray[Any] | None
    cost: Array | None
    calibration: Calibration | None = None

    @property
    def banks(self) -> int:
        """How many banks."""
        return math.prod(self.values.shape[:-1])

    @cached_property
    def within_reach(self) -> NDArray[np.bool_]:
        """Which targets lie between the least and the most that a bank can be set to, of the shape of the targets."""
        import numpy as np

        usable = self.values if self.stuck_open is None else np.where(self.stuck_open, 0.0, self.values)
        always = np.zeros(()) if self.stuck_closed is None else np.where(self.stuck_closed, usable, 0.0)
        free = usable - always
        base = self.offset + np.broadcast_to(always, usable.shape).sum(axis=-1)
        least, most = (base + part.sum(axis=-1) for part in (np.minimum(free, 0.0), np.maximum(free, 0.0)))
        return (least <= self.targets) & (self.targets <= most)

    @property
    def full_scale(self) -> Array:
        """Between the least and the largest a bank can be set to, siemens, of the shape of the targets."""
        import numpy as np

        return np.broadcast_to(np.abs(self.values).sum(axis=-1), self.targets.shape)


def read_inputs(
    values: Path,
    targets: str,
    *,
    unit: str,
    offset: str | None,
    stuck_closed: Path | None,
    stuck_open: Path | None,
    cost: Path | None,
) -> Inputs:
    """Read all files and bring them into one shape."""
    import numpy as np

    from rescircuit.calibration.programming import problem_of
    from rescircuit.measured import read_values

    measured = _calibration(values, unit)
    known = None if measured is None else problem_of(measured)
    items = _siemens(values, unit) if known is None else known["items"]
    goals = read_targets(targets)
    lead, n = items.shape[:-1], items.shape[-1]
    if math.prod(lead) == 1:  # one bank
        items = items.reshape(n)
        shape = lead if goals.size == 1 else goals.shape if _is_table(goals) else (goals.size,)
    else:
        shape = lead
    costs = None if cost is None else _for_each("--cost", read_values(cost, "cost"), (n,), "switch")
    closed = _switches("--stuck-closed", stuck_closed, "stuck_closed", items.shape)
    opened = _switches("--stuck-open", stuck_open, "stuck_open", items.shape)
    leak: Any = 0.0 if offset is None else _for_each("--offset", _numbers("--offset", offset, "offset"), shape)
    if known is not None:
        if offset is not None:
            raise InputError("--offset", "left out for a calibration, which has it measured", offset)
        leak = known["offset"].reshape(()) if items.ndim == 1 else known["offset"]
        closed, opened = _found(known["chosen"], closed, items), _found(known["excluded"], opened, items)
    return Inputs(
        values=items,
        targets=np.broadcast_to(_for_each("TARGETS", goals, shape), shape),
        offset=leak,
        stuck_closed=closed,
        stuck_open=opened,
        cost=None if costs is None else np.broadcast_to(costs, n),
        calibration=measured,
    )


def read_targets(text: str) -> Array:
    """Targets, siemens: a file's, or one quantity."""
    return _numbers("TARGETS", text, "targets")


def parse_closed(text: str | None) -> int | tuple[int, int] | None:
    """How many switches to close: ``K`` or ``LOW:HIGH``."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,4})(?::(\d{1,4}))?", text.strip(), re.ASCII)
    if match is None:
        raise InputError("--closed", "a whole number such as 4, or a range such as 2:5", text)
    low, high = int(match[1]), int(match[2] or match[1])
    if low > high:
        raise InputError("--closed", "a range whose first number is not above its second", text)
    return low if match[2] is None else (low, high)


def parse_memory(text: str) -> int:
    """Bytes of ``512MiB`` or ``2GiB``."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)\s*(MiB|GiB)", text.strip(), re.ASCII)
    if match is None:
        raise InputError("--memory-limit", "a size such as 512MiB or 2GiB", text)
    return int(float(match[1]) * _MEMORY[match[2]])


def _calibration(file: Path, unit: str) -> Calibration | None:
    """The calibration in a store, if there is one in it."""
    if file.suffix.lower() != ".zarr":
        return None
    if not _claims_to_be_checked(file):
        return None
    from rescircuit.calibration import load_calibration
    from rescircuit.cli.stores import check_kind

    if unit != "S":
        raise InputError("--unit", "left out for a calibration, which is in siemens", unit)
    check_kind("VALUES", file, "calibration")
    return load_calibration(file)


def _claims_to_be_checked(store: Path) -> bool:
    """Whether a folder's metadata, damaged perhaps, are those of a store of this program and not any zarr store's."""
    from rescircuit.cli.stores import partial_of
    from rescircuit.measured.checked_stores import read_bytes
    from rescircuit.measured.store_format import LARGEST_METADATA

    if os.path.isdir(partial_of(store)) and not os.path.exists(store):  # noqa: PTH110, PTH112 - those raise for long names
        return True
    try:
        content = read_bytes(store / "zarr.json", LARGEST_METADATA)
    except InputError:
        return False
    return sum(mark in content for mark in (b'"digests"', b'"provenance"', b'"chunk_rows"')) > 1


def _found(measured: NDArray[Any], given: NDArray[Any] | None, items: Array) -> NDArray[Any]:
    """Faults that the calibration knows of, and those of a file."""
    known = measured.reshape(items.shape)
    return known if given is None else known | given.astype(bool)


def _siemens(file: Path, unit: str) -> Array:
    """Measured values (..., n), siemens."""
    import numpy as np

    from rescircuit.checks import finite_array, positive_array
    from rescircuit.measured import read_values

    if unit not in _UNITS:
        raise InputError("--unit", " or ".join(_UNITS), unit)
    values = read_values(file, "values")
    where = f"values in {file.name}"
    if values.ndim == 0:
        raise InputError(where, "an array (..., n)", float(values))
    if unit == "S":
        return values
    with np.errstate(over="ignore"):
        return finite_array(f"1 / {where}", 1 / positive_array(where, values, "ohm"), "S")


def _numbers(option: str, text: str, name: str) -> Array:
    """The numbers of a file, or one quantity in siemens."""
    import numpy as np

    from rescircuit.measured import read_values
    from rescircuit.quantities import parse_quantity

    if Path(text).suffix.lower() in _TABLES:
        return read_values(text, name)
    if not re.match(r"\s*[+-]?\.?\d", text, re.ASCII):
        raise InputError(option, "a .csv or .npz file, or a quantity in S such as 120uS", text)
    return np.array(parse_quantity(text, "S", argument=option))


def _for_each(option: str, array: Array, shape: tuple[int, ...], each: str = "bank or target") -> Array:
    """One number for all results, one for each, or a row or a column with one for each in order."""
    if array.size == 1:
        return array.reshape(())
    size = math.prod(shape)
    if array.shape != shape and (array.size != size or _is_table(array)):
        raise InputError(option, f"one number, or {size:,}, one for each {each}", f"shape {array.shape}")
    return array.reshape(shape)


def _switches(option: str, file: Path | None, name: str, shape: tuple[int, ...]) -> NDArray[Any] | None:
    """Flags for each switch of the banks (..., n), or for one bank's n, the same for all."""
    from rescircuit.measured import read_flags

    if file is None:
        return None
    flags = read_flags(file, name)
    n = shape[-1]
    if flags.size == n and not _is_table(flags):
        return flags.reshape(n)
    if flags.shape not in {shape, (math.prod(shape[:-1]), n)}:
        raise InputError(option, f"of {n} flags, or of shape {shape}", f"shape {flags.shape}")
    return flags.reshape(shape)


def _is_table(array: NDArray[Any]) -> bool:
    """Whether it is more than one row or one column."""
    return array.size != max(array.shape, default=1)
