"""A chip is measured: every bank in every pattern, least squares, and the error bars that belong to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank import Bank
from rescircuit.calibration.conductances import branch_conductances, setting_conductances
from rescircuit.calibration.error_model import adds_nothing, error_sources, variances
from rescircuit.calibration.estimates import Calibration
from rescircuit.calibration.patterns import Patterns, as_patterns
from rescircuit.calibration.readings import Banks, measure
from rescircuit.calibration.sampled_read_out import SampledReadOut
from rescircuit.checks import Array, non_negative_array, positive_number, whole_number
from rescircuit.errors import InputError

__all__ = ["calibrate", "combined"]

_BLOCK = 1 << 13  # banks measured at once: their readings stay in the processor's caches


def calibrate(
    bank: Bank,
    read_out: SampledReadOut,
    patterns: Patterns | str = "one-hot",
    *,
    seed: int,
    start: int = 0,
    wire_resistance: Any = 0.0,
    common: float = 1.0,
    v_read: float | None = None,
    clipping: str = "refuse",
    progress: Callable[[float], None] | None = None,
) -> Calibration:
    """Measure all banks of an array through a read-out, and estimate what each switch adds.

    Parameters
    ----------
    bank : Bank
        One bank or an array of them, with their faults.
    read_out : SampledReadOut
        See :meth:`ReadOut.sample`. One without a full scale has it fitted to the banks given, see
        :meth:`ReadOut.fitted_to`; for a chip in chunks it has to be fitted before.
    patterns : Patterns, "one-hot" or "hadamard"
        The settings to read.
    seed : int
        Of the noise; the bank's chip number goes with it.
    start : int
        Number of the first bank on its chip: chunks give what the whole gives, to the last bit.
    wire_resistance : float or array (...)
        Known resistance in series with each bank, ohm; it lowers the readings and is taken out of them. With a
        reference it has to be small: the ratio does not scale it as the die's resistors are scaled.
    common : float
        Factor by which the reference's resistance differs from its nominal value together with the banks' (the die's
        variation, see :meth:`rescircuit.Resistor.common_factor`; the temperature); without effect where there is no
        reference.
    v_read : float, optional
        Volt; by default the bank's own.
    clipping : "refuse" or "flag"
        What happens where a reading is at the end of the converter's range.
    progress : callable, optional
        Called with the number of banks measured since the last call.

    Raises
    ------
    InputError
        For patterns of another length, shapes that do not fit, or a full scale that is too small.
    """
    if not isinstance(bank, Bank):
        raise InputError("bank", "a Bank", bank)
    if not isinstance(read_out, SampledReadOut):
        raise InputError("read_out", "a SampledReadOut", read_out, "ReadOut(...).sample(seed) gives one.")
    if clipping not in {"refuse", "flag"}:
        raise InputError("clipping", '"refuse" or "flag"', clipping)
    patterns = as_patterns(patterns, bank.n)
    start = whole_number("start", start, 0)
    positive_number("common", common)
    if v_read is not None:
        bank = replace(bank, v_read=positive_number("v_read", v_read, "V"))
    read_out = _with_range(read_out, bank, patterns, start)
    b = bank.resistances.size // bank.n
    if read_out.count not in {1, b}:
        raise InputError("read_out", f"one read-out, or {b}, one a bank", read_out.count)
    wires = _per_bank("wire_resistance", non_negative_array("wire_resistance", wire_resistance, "ohm"), bank.shape)

    found = {
        "values": np.empty((b, bank.n)),
        "offset": np.empty(b),
        "standard_errors": np.empty((b, bank.n)),
        "offset_standard_error": np.empty(b),
        "scale": np.empty(b),
    }
    clipped = np.empty(b, np.bool_)
    for first in range(0, b, _BLOCK):
        rows = slice(first, min(first + _BLOCK, b))
        part = read_out.part(rows.start, rows.stop)
        views = {name: array[rows] for name, array in found.items()}
        branches = branch_conductances(bank, rows)
        banks = Banks(
            opened=branches[0].sum(axis=1),
            closed=(branches[0] + branches[1]).sum(axis=1),
            v_read=bank.v_read,
            wire_resistance=wires[rows],
            common=common,
        )
        true = setting_conductances(*branches, patterns.matrix)
        clipped[rows] = _measure_block(part, patterns, banks, true, (seed, bank.chip or 0, start + first), views)
        if clipping == "refuse" and clipped[rows].any():
            place = start + first + int(np.argmax(clipped[rows]))
            raise InputError(
                "full_scale",
                "large enough for every reading",
                f"{read_out.read_out.full_scale:g} A, exceeded at bank {place}",
                'Raise it (or headroom), or go on with clipping="flag".',
            )
        if progress is not None:
            progress(rows.stop - rows.start)
    arrays = {name: array.reshape((*bank.shape, *array.shape[1:])) for name, array in found.items()}
    dead = adds_nothing(arrays["values"], arrays["standard_errors"], read_out.read_out.lasting_gain_error)
    return Calibration(
        **arrays,
        v_read=bank.v_read,
        read_out=read_out.read_out,
        patterns=patterns,
        temperature=bank.temperature,
        wire_resistance=wires.reshape(bank.shape),
        dead=dead,
        clipped=clipped.reshape(bank.shape),
    )


def _measure_block(
    read_out: SampledReadOut,
    patterns: Patterns,
    banks: Banks,
    true: Array,
    noise: tuple[int, int, int],
    found: dict[str, Array],
) -> NDArray[np.bool_]:
    """Measure b banks that conduct `true` (p, b) in the patterns into the views in `found`.

    Returns whether their readings were cut off, (b,).
    """
    solution = patterns.solution
    readings = measure(
        read_out,
        true,
        banks,
        ends=lambda conductances: _ends(combined(solution, conductances)),
        seed=noise[0],
        chip=noise[1],
        start=noise[2],
        source="calibration",
    )
    estimates = combined(solution, readings.conductances)
    opened, closed = _ends(estimates)
    # Errors are of the size that the estimates say; negative noise around zero says nothing.
    sources = error_sources(
        read_out.read_out,
        np.maximum(combined(patterns.design, estimates), 0.0),
        opened=opened,
        closed=closed,
        v_read=banks.v_read,
        wire_resistance=banks.wire_resistance,
        scale=readings.scale,
    )
    found["values"][:] = estimates[:-1].T
    found["offset"][:] = estimates[-1]
    errors = np.array([np.sqrt(variances(sources, row)) for row in solution])
    found["standard_errors"][:] = errors[:-1].T
    found["offset_standard_error"][:] = errors[-1]
    found["scale"][:] = readings.scale
    return readings.clipped


def _ends(estimates: Array) -> tuple[Array, Array]:
    """What banks conduct with all switches open and all closed, from values and offset (n + 1, b)."""
    closed = np.zeros(estimates.shape[1])
    for row in estimates:  # in a fixed order
        closed = closed + row
    return estimates[-1], closed


def combined(matrix: Array, rows: Array) -> Array:
    """The product of a matrix (k, p) and `rows` (p, b), summed in a fixed order: the same bits in any chunking."""
    total = np.zeros((len(matrix), rows.shape[1]))
    for k, weights in enumerate(matrix):
        for j in np.flatnonzero(weights):
            total[k] += weights[j] * rows[j]
    return total


def _with_range(read_out: SampledReadOut, bank: Bank, patterns: Patterns, start: int) -> SampledReadOut:
    if read_out.read_out.full_scale is not None:
        return read_out
    if start:
        hint = "A chip in chunks has one range: ReadOut.fitted_to(bank, patterns) before the first."
        raise InputError("full_scale", "a current (A) where start is not 0", None, hint)
    return read_out.with_range(read_out.read_out.fitted_to(bank, patterns).full_scale)


def _per_bank(argument: str, values: Array, shape: tuple[int, ...]) -> Array:
    try:
        return np.broadcast_to(values, shape).reshape(-1)
    except ValueError:
        raise InputError(argument, f"of a shape that broadcasts to {shape}", f"shape {values.shape}") from None
