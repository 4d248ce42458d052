"""From a datasheet to the errors of readings: which are of each reading's own, and which are shared and so correlated.

The quantiser's error is split in two. With Gaussian noise of ``sigma`` and uniform dither of width ``w`` before a
quantiser of step ``q``, the mean of infinitely many codes still errs by a function of the input whose variance over a
step is ``sum_k q² / (2 pi² k²) |phi(2 pi k / q)|²``, ``phi`` being the characteristic function of noise and dither
(Widrow and Kollar, "Quantization noise", 2008; Lipshitz, Wannamaker and Vanderkooy 1992). Averaging does not take
that away: ``q² / 12`` without noise and dither, nothing with a dither of exactly 1 LSB. The rest of
``sigma² + w² / 12 + q² / 12`` averages out.

The bias is taken as independent from reading to reading, which needs readings some steps apart. Those near zero are
allowed for; without noise and dither, branches that are alike to less than a step have one bias, and error bars of
settings that close several of them are too small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescircuit.calibration.amplifier import amplifier_current, amplifier_slope
from rescircuit.calibration.non_linearity import INL_SPREADS, inl_modes
from rescircuit.calibration.read_out import ReadOut
from rescircuit.checks import Array

__all__ = [
    "SIGNIFICANT",
    "ErrorSources",
    "adds_nothing",
    "error_sources",
    "offset_shrinkage",
    "quantiser_bias",
    "reading_variance",
    "variances",
]

SIGNIFICANT = 4.0  # standard errors beyond which something is there
_TERMS = 4096


@dataclass(frozen=True, kw_only=True, eq=False)
class ErrorSources:
    """What disturbs p readings of b banks, in siemens of the bank's conductance.

    Attributes
    ----------
    own : array (p, b)
        Variances of independent errors of each reading.
    shared : array (r, p, b)
        Errors of size one standard deviation that r independent causes make in all readings together.
    systematic : int
        So many of the shared causes, the first ones, are the read-out's for good: the same in every measurement.
        The others are noise of readings (zero, reference) that all others are related to.
    """

    own: Array
    shared: Array
    systematic: int


def quantiser_bias(noise: float, dither: float) -> float:
    """Variance, in LSB², of what the mean of many codes errs by; noise (rms) and dither (width) in LSB."""
    k = np.arange(1, _TERMS + 1, dtype=np.float64)
    # The series of 1 / (2 pi² k²) sums to 1/12, and what its end lacks is added where nothing damps it.
    damping = np.exp(-np.minimum((2.0 * math.pi * k * noise) ** 2, 700.0)) * np.sinc(k * dither) ** 2
    series = 1.0 / (2.0 * math.pi**2 * k**2)
    rest = max(0.0, 1.0 / 12.0 - math.fsum(series)) if noise == 0 and dither == 0 else 0.0
    return math.fsum(series * damping) + rest


def reading_variance(read_out: ReadOut, currents: Array) -> Array:
    """Variance, ampere squared, of averaged readings of `currents`: noise, dither, quantisation."""
    step = read_out.step
    bias = quantiser_bias(read_out.noise / step, read_out.dither) * step**2
    # Noise in proportion to the reading dithers too; it is left out of the bias, which is then rather too large.
    flat = read_out.noise**2 + (read_out.dither * step) ** 2 / 12.0 + step**2 / 12.0 - bias
    random = flat + (read_out.relative_noise * currents) ** 2
    return random / read_out.averages + bias


def offset_shrinkage(read_out: ReadOut, added: Array) -> Array:
    """How far a bank's reading of the amplifier's offset is to be believed, 0 to 1, (b,).

    The difference of the readings at zero input with all switches closed and open is the offset times `added` (b,),
    siemens, by which both conduct differently. Its mean with what the datasheet says of the offset, by inverse
    variances, is the estimate.
    """
    variance = 2.0 * reading_variance(read_out, np.zeros_like(added))
    signal = (read_out.amplifier_offset * added) ** 2
    return signal / (signal + variance)


def error_sources(
    read_out: ReadOut,
    conductances: Array,
    *,
    opened: Array,
    closed: Array,
    v_read: float,
    wire_resistance: Array,
    scale: Array,
) -> ErrorSources:
    """What disturbs readings of banks that conduct `conductances` (p, b), siemens.

    Parameters
    ----------
    opened, closed : array (b,)
        The banks' conductances with all switches open and all closed, siemens.
    wire_resistance, scale : array (b,)
        See :class:`~rescircuit.calibration.estimates.Calibration`.
    """
    through_wire = 1.0 + conductances * wire_resistance
    at_amplifier = conductances / through_wire / scale
    outward = scale * through_wire**2  # from the amplifier's conductance to the bank's
    p = len(conductances)
    ratio = None
    if read_out.reference is not None:
        reference = np.broadcast_to(1.0 / (read_out.reference.resistance * scale), (1, at_amplifier.shape[1]))
        ratio = at_amplifier / reference
        at_amplifier = np.concatenate([at_amplifier, reference])
    slope = amplifier_slope(at_amplifier, v_read, read_out.feedback, read_out.amplifier_gain)
    currents = amplifier_current(at_amplifier, v_read, read_out.feedback, read_out.amplifier_gain, 0.0)
    own = reading_variance(read_out, currents) * slope**2

    lasting = _systematic(read_out, at_amplifier, currents, slope)
    leak = opened / (1.0 + opened * wire_resistance) / scale
    passing = []
    if read_out.zero:
        zero = np.sqrt(reading_variance(read_out, np.zeros_like(leak)))
        belief = np.zeros(1)
        by_offset = np.zeros(1)
        if read_out.reads_closed:
            added = np.maximum(closed / (1.0 + closed * wire_resistance) / scale - leak, 1e-300)
            belief = offset_shrinkage(read_out, added)
            by_offset = belief * (at_amplifier - leak) / added * zero / v_read
            passing.append(by_offset)
        passing.append(by_offset - slope * zero)
        passing.append(slope * _common_bias(read_out, currents))
        lasting.append((1.0 - belief) * read_out.amplifier_offset * (at_amplifier - leak) / v_read)
    elif read_out.feedback is not None:
        lasting.append((at_amplifier + 1.0 / read_out.feedback) * read_out.amplifier_offset / v_read)
    if ratio is not None:
        # A relative error of the reference's reading is one of all values; what both share goes.
        lasting = [error[:p] - ratio * error[p:] for error in lasting]
        passing = [error[:p] - ratio * error[p:] for error in passing]
        passing.append(ratio * np.sqrt(own[p:]))
        lasting.append(at_amplifier[:p] * read_out.reference.mismatch)  # type: ignore[union-attr]
    shared = [outward * error for error in (*lasting, *passing)]
    return ErrorSources(
        own=own[:p] * outward**2,
        shared=np.array(shared).reshape(len(shared), *conductances.shape),
        systematic=len(lasting),
    )


def _common_bias(read_out: ReadOut, currents: Array) -> Array:
    """What the quantiser's bias at zero and at the readings next to it may have in common, ampere (q, b).

    A bank that does not leak gives the same current, and the same bias, open as at zero input; one that leaks a part
    of a step gives another, and which of both it is, a converter without dither does not tell. Half of the variance,
    put into both readings on top of their own as one cause, is the least that is enough in either case.
    """
    bias = quantiser_bias(read_out.noise / read_out.step, read_out.dither) * read_out.step**2
    near = np.abs(currents) < read_out.step
    return (near.astype(np.float64) - 1.0) * math.sqrt(bias / 2.0)


def _systematic(read_out: ReadOut, conductances: Array, currents: Array, slope: Array) -> list[Array]:
    """Errors, siemens at the amplifier (q, b), that one read-out has for good, each of one standard deviation."""
    errors = []
    if read_out.gain_error:
        errors.append(read_out.gain_error * currents * slope)
    if read_out.inl:
        span = read_out.range_ampere * (1.0 + read_out.headroom)
        place = np.concatenate([currents, np.zeros((1, currents.shape[1]))]) + read_out.headroom * read_out.range_ampere
        modes = inl_modes(np.clip(place / span, 0.0, 1.0))
        if read_out.zero:
            modes = modes - modes[:, -1:]
        errors += list((read_out.inl * read_out.step * INL_SPREADS)[:, None, None] * modes[:, :-1] * slope)
    if read_out.offset and not read_out.zero:
        errors.append(read_out.offset * slope)
    if read_out.amplifier_gain_spread and read_out.amplifier_gain is not None and read_out.feedback is not None:
        loss = conductances * (1.0 + read_out.feedback * conductances) / read_out.amplifier_gain
        errors.append(read_out.amplifier_gain_spread * loss)
    return errors


def adds_nothing(values: Array, standard_errors: Array, gain_error: float = 0.0) -> NDArray[np.bool_]:
    """Whether values are within four standard errors of nothing.

    The part of the errors that a relative `gain_error` makes grows with the value and makes none vanish: it is left
    out.
    """
    additive = np.maximum(standard_errors**2 - (gain_error * values) ** 2, 0.0)
    return values <= SIGNIFICANT * np.sqrt(additive)


def variances(sources: ErrorSources, weights: Array) -> Array:
    """Variances, siemens squared (b,), of combinations of readings with `weights` (p,) or (p, b).

    Sums are taken in a fixed order, so that they are the same bits in any chunking.
    """
    weights = weights if weights.ndim == 2 else weights[:, np.newaxis]
    total = np.zeros(sources.own.shape[1])
    for weight, own in zip(weights, sources.own, strict=True):
        total = total + weight * weight * own
    for error in sources.shared:
        part = np.zeros_like(total)
        for weight, reading in zip(weights, error, strict=True):
            part = part + weight * reading
        total = total + part * part
    return total
