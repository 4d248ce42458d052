"""One measurement of banks: from what they conduct, through wires, amplifier and converter, to what is found.

The same path serves a calibration and a trim. Beside the readings asked for, a bank is read at zero input voltage
(all switches open; and all closed where the amplifier's offset is to be found), and its reference is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescircuit.calibration.amplifier import amplifier_current, conductance_at_amplifier
from rescircuit.calibration.error_model import offset_shrinkage
from rescircuit.calibration.read_out import ReadOut
from rescircuit.calibration.sampled_read_out import SampledReadOut
from rescircuit.checks import Array
from rescircuit.errors import InputError

__all__ = ["Banks", "Readings", "measure"]

KnownEnds = tuple[Array, Array]
Ends = Callable[[Array], KnownEnds]
_TURNS = 4  # each leaves of the error in the offset a small part, some (v_os / v) G r with a wire r


@dataclass(frozen=True, kw_only=True, eq=False)
class Banks:
    """What b banks really conduct, and what stands around them.

    Attributes
    ----------
    opened, closed : array (b,)
        With all switches open and all closed, siemens.
    v_read : float
        Volt.
    wire_resistance : array (b,)
        In series with each bank, ohm.
    common : float
        What the reference shares with the banks' resistors, as a factor on its nominal resistance.
    """

    opened: Array
    closed: Array
    v_read: float
    wire_resistance: Array
    common: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Readings:
    """What was found.

    Attributes
    ----------
    conductances : array (p, b)
        Siemens of the banks alone, on the reference's scale where there is one.
    scale : array (b,)
        What made it that scale.
    clipped : bool array (b,)
        Whether any reading of the bank was at the end of the range.
    """

    conductances: Array
    scale: Array
    clipped: NDArray[np.bool_]


def measure(
    sampled: SampledReadOut,
    conductances: Array,
    banks: Banks,
    *,
    ends: Ends | KnownEnds,
    seed: int,
    chip: int,
    start: int,
    source: str,
) -> Readings:
    """Read banks that conduct `conductances` (p, b), siemens, in p settings.

    Parameters
    ----------
    sampled : SampledReadOut
        One for all banks, or one for each.
    ends : callable or (array, array)
        Given the conductances (p, b) found so far, what the banks conduct with all switches open and all closed, (b,)
        each; or just that, where it is known from before.
    seed, chip, start, source
        Of the noise, see :meth:`SampledReadOut.read`.
    """
    out, v = sampled.read_out, banks.v_read
    through = np.concatenate([conductances, banks.opened[np.newaxis], banks.closed[np.newaxis]])
    through = through / (1.0 + through * banks.wire_resistance)
    at_amplifier, opened, closed = through[:-2], through[-2], through[-1]
    inputs = [(at_amplifier, v)]
    if out.zero:
        inputs.append((opened[np.newaxis], 0.0))
    if out.reads_closed:
        inputs.append((closed[np.newaxis], 0.0))
    if out.reference is not None:
        actual = out.reference.resistance * banks.common * (1.0 + sampled.reference_deviation)
        inputs.append((np.broadcast_to(1.0 / actual, (1, len(opened))), v))
    currents = np.concatenate(
        [
            amplifier_current(values, voltage, out.feedback, sampled.amplifier_gain, sampled.amplifier_offset)
            for values, voltage in inputs
        ]
    )
    found, clipped = sampled.read(currents, seed=seed, chip=chip, start=start, source=source)
    p = len(conductances)
    rows = iter(found[p:])
    readings = found[:p]
    zero = next(rows) if out.zero else np.zeros(found.shape[1])
    readings = readings - zero
    closed_zero = next(rows) - zero if out.reads_closed else None
    values = conductance_at_amplifier(readings, v, out.feedback, out.amplifier_gain)
    scale = np.ones(found.shape[1])
    if out.reference is not None:
        scale = _scale(out, next(rows) - zero, v)
        values = values * scale
    values = _without_wire(values, banks.wire_resistance)
    if closed_zero is not None:
        values = _without_offset(out, readings, closed_zero, values, banks, ends)
    return Readings(conductances=values, scale=scale, clipped=np.any(clipped, axis=0))


def _scale(out: ReadOut, reading: Array, v_read: float) -> Array:
    if out.reference is None or (reading <= 0).any():
        got = float(reading.min())
        raise InputError("reference", "one whose current the converter sees", got, "Use a smaller resistance.")
    found = conductance_at_amplifier(reading, v_read, out.feedback, out.amplifier_gain)
    return 1.0 / (found * out.reference.resistance)


def _without_wire(conductances: Array, wire_resistance: Array) -> Array:
    """The bank's conductance behind a known wire: ``G = G_m / (1 - G_m r)``."""
    rest = 1.0 - conductances * wire_resistance
    if (rest <= 0).any():
        required = "below the resistance measured with the bank"
        raise InputError("wire_resistance", required, float(np.max(wire_resistance)))
    return conductances / rest


def _without_offset(
    out: ReadOut, readings: Array, difference: Array, values: Array, banks: Banks, ends: Ends | KnownEnds
) -> Array:
    """Conductances from `readings` less the zero's, with the amplifier's offset taken out.

    The offset, volt, is found from the `difference` of the readings at zero input, closed less open, and from what
    both ends conduct. Ends that follow from `values` have the offset in them until it is found: a few turns.
    """
    v, offset = banks.v_read, np.zeros_like(difference)
    for _ in range(_TURNS if callable(ends) else 1):
        through = (end / (1.0 + end * banks.wire_resistance) for end in (ends(values) if callable(ends) else ends))
        opened, closed = through
        added = np.maximum(closed - opened, 1e-300)  # of a bank that is dead altogether, whose offset is not believed
        found = _apparent_offset(out, difference, opened, closed, added)
        if callable(ends):
            # With the true offset v_os, `added` is found too small by the factor (v - v_os) / (v - offset).
            found = found / (1.0 + np.clip((found - offset) / v, -0.5, 0.5))
        offset = offset_shrinkage(out, added) * found
        # The zero's reading holds what the offset makes of the open bank.
        currents = readings + amplifier_current(opened, 0.0, out.feedback, out.amplifier_gain, offset)
        values = conductance_at_amplifier(currents, v, out.feedback, out.amplifier_gain, offset)
        values = _without_wire(values, banks.wire_resistance)
    return values


def _apparent_offset(out: ReadOut, difference: Array, opened: Array, closed: Array, added: Array) -> Array:
    gained = 1.0
    if out.amplifier_gain is not None and out.feedback is not None:
        lost = 1.0 / out.amplifier_gain
        gained = (1.0 + (1.0 + out.feedback * opened) * lost) * (1.0 + (1.0 + out.feedback * closed) * lost)
    return -difference * gained / added
