"""What converters do to numbers: codes of inputs, their slices, and codes of currents, added up.

A code of `bits` is a whole number: from 0 to ``2**bits - 1`` where it has no sign, from ``-(2**(bits - 1) - 1)`` to
``2**(bits - 1) - 1``, 0 among them, where it has one. Halves are rounded to the even code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.compiled import kernel

__all__ = ["add_differences", "add_signed", "input_codes", "largest_code", "quantise", "slices"]


def largest_code(bits: int, *, signed: bool) -> int:
    """The last code of a converter."""
    return 2 ** (bits - 1) - 1 if signed else 2**bits - 1


def quantise(x: Array, full_scale: float, bits: int | None, *, signed: bool) -> Array:
    """`x` as a converter of this range gives it, clipped and rounded, in the units of `x`; as it is without bits."""
    if bits is None:
        return x
    largest = largest_code(bits, signed=signed)
    codes = np.rint(np.clip(x * (largest / full_scale), -largest if signed else 0, largest))
    return codes * (full_scale / largest)


def input_codes(x: Array, full_scale: float, bits: int | None) -> tuple[Array, bool]:
    """Codes of inputs with the sign of the inputs, of their shape, and whether one of them is below 0.

    The magnitude is what an input converter gives out, in the phase of its sign. An ideal one, without bits, has
    shares of the full scale for codes, and no end.
    """
    flat = np.ascontiguousarray(x, dtype=np.float64).reshape(-1)
    codes = np.empty(flat.size)
    if bits is None:
        negative = _shares(flat, 1.0 / full_scale, codes)
    else:
        largest = largest_code(bits, signed=False)
        negative = _codes(flat, largest / full_scale, float(largest), codes)
    return codes.reshape(x.shape), negative


def slices(codes: Any, bits: int, slice_bits: int) -> Iterator[tuple[float, Any]]:
    """Codes of at least 0 cut into slices, the lowest bits first: each slice's weight, and its codes."""
    rest = codes
    for first in range(0, bits, slice_bits):
        above = np.floor(rest * 2.0**-slice_bits)
        yield 2.0**first, rest - above * 2.0**slice_bits
        rest = above


def add_signed(
    total: Array, output: int, position: int, currents: Array, offsets: Array, weights: Array, largest: float
) -> None:
    """Convert differences of currents, and add what their codes stand for to the weighted sums.

    Parameters
    ----------
    total : array (outputs, k, positions)
        Weighted sums; those from `output` and `position` on are added to.
    currents : array (o, k, p)
        In steps of each converter.
    offsets : array (o,)
        Of the converters, steps.
    weights : array (o,)
        What a code of 1 adds.
    largest : float
        The last code, either way.
    """
    _add_signed(total, output, position, currents, offsets, weights, largest)


def add_differences(
    total: Array,
    output: int,
    position: int,
    currents: Array,
    offsets: Array,
    weights: Array,
    largest: float,
    plus: Any,
    minus: Any,
) -> None:
    """The same for a converter on each line, (lines,), without sign: codes of `plus` lines less those of `minus`.

    `currents` (lines, k, p) are turned into codes in place; `plus`, `minus` and `weights` are (o,).
    """
    _convert_unsigned(currents, offsets, largest)
    _add_differences(total, output, position, currents, weights, plus, minus)


@kernel
def _shares(x: Array, scale: float, codes: Array) -> bool:
    negative = False
    for k in range(x.size):
        codes[k] = x[k] * scale
        negative |= x[k] < 0.0
    return negative


@kernel
def _codes(x: Array, scale: float, largest: float, codes: Array) -> bool:
    negative = False
    for k in range(x.size):
        value = x[k] * scale
        value = max(-largest, value)
        value = np.rint(min(largest, value))
        codes[k] = value
        negative |= value < 0.0
    return negative


@kernel
def _add_signed(
    total: Array, output: int, position: int, currents: Array, offsets: Array, weights: Array, largest: float
) -> None:
    count, batch, run = currents.shape
    for j in range(count):
        offset, weight = offsets[j], weights[j]
        for b in range(batch):
            row = total[output + j, b, position : position + run]
            for p in range(run):
                value = min(largest, max(-largest, currents[j, b, p] + offset))
                row[p] += weight * np.rint(value)


@kernel
def _convert_unsigned(currents: Array, offsets: Array, largest: float) -> None:
    lines, batch, run = currents.shape
    for j in range(lines):
        offset = offsets[j]
        for b in range(batch):
            for p in range(run):
                currents[j, b, p] = np.rint(min(largest, max(0.0, currents[j, b, p] + offset)))


@kernel
def _add_differences(
    total: Array, output: int, position: int, codes: Array, weights: Array, plus: Any, minus: Any
) -> None:
    _, batch, run = codes.shape
    for j in range(plus.size):
        weight = weights[j]
        for b in range(batch):
            row = total[output + j, b, position : position + run]
            for p in range(run):
                row[p] += weight * (codes[plus[j], b, p] - codes[minus[j], b, p])
