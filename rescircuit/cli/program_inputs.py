"""What ``program`` reads: values, targets and demands, laid out as :func:`rescircuit.subset_sum` takes them."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rescircuit.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rescircuit.checks import Array

__all__ = ["Inputs", "check_writable", "parse_closed", "parse_memory", "read_inputs", "refer_to_option"]

_TABLES = {".csv", ".npz", ".zarr", ".zip"}
_UNITS = ("S", "ohm")
_MEMORY = {"MiB": 1 << 20, "GiB": 1 << 30}
_OPTION_OF = {
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
    """

    values: Array
    targets: Array
    offset: Any
    stuck_closed: NDArray[Any] | None
    stuck_open: NDArray[Any] | None
    cost: Array | None

    @property
    def banks(self) -> int:
        """How many banks."""
        return math.prod(self.values.shape[:-1])

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

    from rescircuit.measured import read_values

    items = _siemens(values, unit)
    goals = _numbers("TARGETS", targets, "targets")
    lead, n = items.shape[:-1], items.shape[-1]
    if math.prod(lead) == 1:  # one bank
        items = items.reshape(n)
        shape = lead if goals.size == 1 else goals.shape if _is_table(goals) else (goals.size,)
    else:
        shape = lead
    costs = None if cost is None else _for_each("--cost", read_values(cost, "cost"), (n,), "switch")
    return Inputs(
        values=items,
        targets=np.broadcast_to(_for_each("TARGETS", goals, shape), shape),
        offset=0.0 if offset is None else _for_each("--offset", _numbers("--offset", offset, "offset"), shape),
        stuck_closed=_switches("--stuck-closed", stuck_closed, "stuck_closed", items.shape),
        stuck_open=_switches("--stuck-open", stuck_open, "stuck_open", items.shape),
        cost=None if costs is None else np.broadcast_to(costs, n),
    )


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


def check_writable(option: str, path: Path | None, suffixes: tuple[str, ...]) -> None:
    """Refuse before the work what could not be written after it."""
    if path is None:
        return
    if path.suffix.lower() not in suffixes:
        raise InputError(option, f"a file's name in {' or '.join(suffixes)}", str(path))
    if not os.access(path.parent, os.W_OK) or os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for long names
        raise InputError(option, "in a folder that can be written to", str(path))


def refer_to_option(error: InputError) -> InputError:
    """The same error, naming the option of the command line in place of the argument of :func:`subset_sum`."""
    argument, space, place = error.argument.partition(" ")
    return InputError(_OPTION_OF.get(argument, argument) + space + place, error.required, error.got, error.hint)


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
