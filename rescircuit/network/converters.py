"""Ideal converters between numbers and volts or amperes: rounding to evenly spaced codes, and clipping."""

from __future__ import annotations

import numpy as np

from rescircuit.checks import Array

__all__ = ["quantise_signed", "quantise_unsigned"]


def quantise_unsigned(x: Array, full_scale: float, bits: int | None) -> Array:
    """`x` on the ``2**bits`` codes from 0 to `full_scale`, clipped to them; as it is where `bits` is None."""
    if bits is None:
        return x
    step = full_scale / (2**bits - 1)
    return np.rint(np.clip(x, 0.0, full_scale) / step) * step


def quantise_signed(x: Array, full_scale: float, bits: int | None) -> Array:
    """`x` on the ``2**bits - 1`` codes from -`full_scale` to `full_scale`, 0 among them, clipped; None: as it is."""
    if bits is None:
        return x
    step = full_scale / (2 ** (bits - 1) - 1)
    return np.rint(np.clip(x, -full_scale, full_scale) / step) * step
