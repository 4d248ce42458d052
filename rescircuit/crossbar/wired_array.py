"""What arrays of any cells have in common: their wires, and how their inputs are checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array
from rescircuit.crossbar.topology import Topology
from rescircuit.errors import InputError

__all__ = ["WiredArray"]


class WiredArray:
    """An array between sources and virtual grounds; `topology` holds its nodes and wires."""

    topology: Topology

    @property
    def shape(self) -> tuple[int, int]:
        """Word lines m and bit lines n."""
        return self.topology.shape

    def checked_ends(self, voltages: Any, bit_line_voltages: Any = 0.0) -> tuple[Array, Array, tuple[int, ...]]:
        """Voltages of word lines (k, m) and bit lines (k, n), and the shape of their batch.

        Raises
        ------
        InputError
            For voltages that are not finite, not one a line, or whose batches don't broadcast.
        """
        m, n = self.shape
        words = self.checked_voltages("voltages", voltages, "word")
        bits = finite_array("bit_line_voltages", bit_line_voltages, "V")
        bits = self.checked_voltages("bit_line_voltages", bits if bits.ndim else np.full(n, bits), "bit")
        try:
            batch = np.broadcast_shapes(words.shape[:-1], bits.shape[:-1])
        except ValueError:
            required = f"of a batch that broadcasts against that of voltages, {words.shape[:-1]}"
            raise InputError("bit_line_voltages", required, f"shape {bits.shape}") from None
        drivers, senses = np.broadcast_to(words, (*batch, m)), np.broadcast_to(bits, (*batch, n))
        return np.ascontiguousarray(drivers.reshape(-1, m)), np.ascontiguousarray(senses.reshape(-1, n)), batch

    def voltage_range(self, drivers: Array, senses: Array) -> tuple[Array, Array]:
        """The sources' lowest and highest voltages, (k, 1, 1): no node of a network of resistances leaves them."""
        topology = self.topology
        both = np.concatenate([drivers[:, topology.driven], senses[:, topology.sensed]], axis=1)
        return both.min(axis=1)[:, np.newaxis, np.newaxis], both.max(axis=1)[:, np.newaxis, np.newaxis]

    def checked_voltages(self, argument: str, voltages: Any, kind: str) -> Array:
        """Voltages (..., m) of word lines or (..., n) of bit lines."""
        inputs = finite_array(argument, voltages, "V")
        count = self.shape[kind == "bit"]
        if inputs.ndim == 0 or inputs.shape[-1] != count:
            raise InputError(argument, f"of shape (..., {count}), one a {kind} line", f"shape {inputs.shape}")
        return inputs
