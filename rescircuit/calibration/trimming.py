"""Closed loop: the best settings by the calibration are measured, and the one that then looks best is kept.

A setting's estimate is a sum over the readings of a calibration; measured as a whole, with more averaging, its own
error is smaller, and the calibration then only has to name candidates near enough. What both have in common does not
go: the gain error, and the non-linearity near the target's code, are those of the same read-out in both measurements.
The posterior below knows that, since it is of the joint distribution of both errors:

    estimates    e = T + x_e,    measurements    m = T + x_m,    cov(x_e), cov(x_m), cov(x_e, x_m) known,

with a flat prior on the true values T, T given both is normal about ``e - E[x_e | m - e]``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.bank import Bank
from rescircuit.bank.settings import Mask
from rescircuit.calibration.conductances import branch_conductances
from rescircuit.calibration.error_model import error_sources
from rescircuit.calibration.estimates import Calibration
from rescircuit.calibration.readings import Banks, Readings, measure
from rescircuit.calibration.sampled_read_out import SampledReadOut
from rescircuit.checks import Array, non_negative_array, positive_number, whole_number
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.calibration.programming import CalibratedSetting

__all__ = ["TrimmedSetting", "trim"]

# What makes a read-out the same one, so that its lasting errors are those of the calibration.
_FOR_GOOD = (
    "adc_bits",
    "zero",
    "offset",
    "gain_error",
    "inl",
    "feedback",
    "amplifier_offset",
    "amplifier_gain",
    "amplifier_gain_spread",
    "reference",
)


@dataclass(frozen=True, kw_only=True)
class TrimmedSetting:
    """What a closed loop chose; leading axes are the banks'.

    Attributes
    ----------
    mask : bool array (..., n)
        The setting kept.
    estimate : float or array (...)
        What it conducts by calibration and measurement together (the posterior mean), siemens.
    target : float or array (...)
        Siemens.
    residual : float or array (...)
        ``estimate - target``.
    standard_error : float or array (...)
        Of the estimate (the posterior's standard deviation), siemens.
    predicted_error : float or array (...)
        Root of the sum of both squares: the rms error to expect, siemens.
    chosen : int or int array (...)
        Which of the candidates it was, 0 being the calibration's best.
    candidates : bool array (..., best, n)
        The settings that were measured.
    measured : array (..., best)
        What was read, siemens.
    v_read : float
        Volt.
    """

    mask: Mask
    estimate: Any
    target: Any
    residual: Any
    standard_error: Any
    predicted_error: Any
    chosen: Any
    candidates: Mask
    measured: Array
    v_read: float


def trim(
    bank: Bank,
    read_out: SampledReadOut,
    calibration: Calibration,
    target: Any,
    *,
    seed: int,
    best: int = 16,
    averages: int | None = None,
    start: int = 0,
    common: float = 1.0,
) -> TrimmedSetting:
    """Measure the `best` settings by the calibration, and keep the one that then is closest.

    All banks are held at once, some 20 KB for each with 16 candidates: a large chip is trimmed part by part, with
    :meth:`rescircuit.Bank.part`, :meth:`Calibration.flat` and `start`.

    Parameters
    ----------
    bank : Bank
        The banks as they are; they are read at the calibration's `v_read`.
    read_out : SampledReadOut
        The one that the calibration was made with; its full scale may be another, where settings carry more current
        than the calibration's patterns: see :meth:`SampledReadOut.with_range`.
    calibration : Calibration
        Of these banks.
    target : float or array that broadcasts to the banks' shape
        One target a bank, siemens.
    seed, start
        Of the noise, as in :func:`calibrate`; independent of the calibration's.
    best : int
        Candidates a bank.
    averages : int, optional
        Samples a reading; by default the read-out's.
    common : float
        As in :func:`calibrate`.

    Raises
    ------
    InputError
        For banks and calibration of different shapes, or a full scale that is too small.
    """
    _check_banks(bank, calibration)
    _check_same(read_out, calibration)
    best = whole_number("best", best, 1)
    bank = replace(bank, v_read=calibration.v_read)
    positive_number("common", common)
    if averages is not None:
        read_out = read_out.with_averages(whole_number("averages", averages, 1))
    if read_out.read_out.full_scale is None and calibration.read_out is not None:
        read_out = read_out.with_range(calibration.read_out.full_scale)
    goals = non_negative_array("target", target, "S")
    try:
        goals = np.broadcast_to(goals, bank.shape)
    except ValueError:
        raise InputError("target", f"of a shape that broadcasts to {bank.shape}", f"shape {goals.shape}") from None
    candidates = _with_enough_settings(calibration, best).program(goals, best=best)
    readings = _measure(bank, read_out, calibration, candidates.mask, (seed, whole_number("start", start, 0)), common)
    if readings.clipped.any():
        got = f"{read_out.read_out.full_scale:g} A, exceeded at bank {start + int(np.argmax(readings.clipped))}"
        raise InputError("full_scale", "large enough for the settings", got, "See SampledReadOut.with_range.")
    mean, error = _posterior(read_out, calibration, candidates, readings)

    wanted = np.reshape(candidates.target, (-1, best))
    chosen = np.argmin(np.abs(mean - wanted), axis=1)
    rows = np.arange(len(chosen))

    def kept(values: Array) -> Any:
        return values[rows, chosen].reshape(bank.shape)[()]

    residual = kept(mean - wanted)
    return TrimmedSetting(
        mask=candidates.mask.reshape(-1, best, bank.n)[rows, chosen].reshape(*bank.shape, bank.n),
        estimate=kept(mean),
        target=kept(wanted),
        residual=residual,
        standard_error=kept(error),
        predicted_error=np.hypot(residual, kept(error))[()],
        chosen=chosen.reshape(bank.shape)[()],
        candidates=candidates.mask,
        measured=readings.conductances.T.reshape(*bank.shape, best),
        v_read=bank.v_read,
    )


def _check_banks(bank: Bank, calibration: Calibration) -> None:
    """Refuse banks that are not the calibration's, as far as they tell."""
    if not isinstance(bank, Bank):
        raise InputError("bank", "a Bank", bank)
    if not isinstance(calibration, Calibration):
        raise InputError("calibration", "a Calibration", calibration)
    if bank.shape != calibration.shape or bank.n != calibration.n:
        required = f"of the banks' shape {(*bank.shape, bank.n)}"
        raise InputError("calibration", required, f"shape {calibration.values.shape}")
    relative = calibration.read_out is not None and calibration.read_out.reference is not None
    if bank.temperature != calibration.temperature and not relative:
        required = f"at the calibration's temperature, {calibration.temperature:g} °C"
        raise InputError("bank", required, bank.temperature, "Or read a reference of the same material.")


def _check_same(read_out: SampledReadOut, calibration: Calibration) -> None:
    """Refuse another read-out than the calibration's, as far as its datasheet tells."""
    if not isinstance(read_out, SampledReadOut):
        raise InputError("read_out", "a SampledReadOut", read_out)
    if calibration.read_out is None:
        raise InputError("calibration", "one that was made with a read-out", "values from elsewhere")
    for name in _FOR_GOOD:
        if getattr(read_out.read_out, name) != getattr(calibration.read_out, name):
            hint = "Only range, noise, dither and averages may be others."
            raise InputError("read_out", "the one that the calibration was made with", f"another {name}", hint)
    if read_out.count not in {1, calibration.offset.size}:
        raise InputError("read_out", f"one read-out, or {calibration.offset.size}, one a bank", read_out.count)


def _with_enough_settings(calibration: Calibration, best: int) -> Calibration:
    """Where too few switches are left, those that seem dead are tried too: the measurement will tell."""
    used = ~(calibration.dead | calibration.stuck_open | calibration.stuck_closed)
    few = np.exp2(used.sum(axis=-1)) < best
    return replace(calibration, dead=calibration.dead & ~few[..., np.newaxis]) if few.any() else calibration


def _measure(
    bank: Bank, read_out: SampledReadOut, calibration: Calibration, masks: Mask, noise: tuple[int, int], common: float
) -> Readings:
    """Read each bank (b of them) in its own settings (..., k, n)."""
    opened, added = branch_conductances(bank)
    masks = masks.reshape(len(opened), -1, bank.n)
    true = opened.sum(axis=1)[:, np.newaxis] + np.where(masks, added[:, np.newaxis], 0.0).sum(axis=-1)
    banks = Banks(
        opened=opened.sum(axis=1),
        closed=(opened + added).sum(axis=1),
        v_read=bank.v_read,
        wire_resistance=calibration.wire_resistance.reshape(-1),
        common=common,
    )
    seed, start = noise
    return measure(
        read_out,
        true.T,
        banks,
        ends=_ends(calibration),
        seed=seed,
        chip=bank.chip or 0,
        start=start,
        source="trim",
    )


def _ends(calibration: Calibration) -> tuple[Array, Array]:
    """What the banks conduct with all switches open and all closed by their calibration, (b,) each."""
    return calibration.offset.reshape(-1), (calibration.offset + calibration.values.sum(axis=-1)).reshape(-1)


def _posterior(
    read_out: SampledReadOut, calibration: Calibration, candidates: CalibratedSetting, readings: Readings
) -> tuple[Array, Array]:
    """Posterior means and standard deviations of the candidates' conductances, (b, k) each."""
    count = readings.conductances.shape[1]
    opened, closed = _ends(calibration)
    estimate = np.reshape(candidates.estimate, (count, -1))
    before = calibration.sources(np.arange(count))
    weights = calibration.weights(candidates.mask).reshape(count, estimate.shape[1], -1)
    now = error_sources(
        read_out.read_out,
        np.maximum(estimate.T, 0.0),
        opened=opened,
        closed=closed,
        v_read=calibration.v_read,
        wire_resistance=calibration.wire_resistance.reshape(-1),
        scale=readings.scale,
    )
    own_before = np.einsum("bkp,pb,blp->bkl", weights, before.own, weights)
    shared_before = np.einsum("bkp,rpb->brk", weights, before.shared)
    # What each cause makes of x_m - x_e: what the read-out has for good is in both, and is subtracted here, cause by
    # cause, as nothing is left of a gain error in the difference of two large covariances.
    lasting = before.systematic
    shared_now = np.moveaxis(now.shared, 2, 0)
    changed = np.concatenate(
        [shared_now[:, :lasting] - shared_before[:, :lasting], -shared_before[:, lasting:], shared_now[:, lasting:]],
        axis=1,
    )
    # cov(x_e, x_m - x_e), and the covariance of x_m - x_e, whose realisation is m - e.
    cross = _gram(shared_before, changed[:, : shared_before.shape[1]]) - own_before
    spread = _gram(changed, changed) + own_before
    diagonal = np.arange(estimate.shape[1])
    spread[:, diagonal, diagonal] += now.own.T
    gain = np.swapaxes(np.linalg.solve(spread, np.swapaxes(cross, 1, 2)), 1, 2)
    error = np.einsum("bkl,bl->bk", gain, readings.conductances.T - estimate)
    variance = np.einsum("bkk->bk", own_before) + np.einsum("brk,brk->bk", shared_before, shared_before)
    variance -= np.einsum("bkl,bkl->bk", gain, cross)
    return estimate - error, np.sqrt(np.maximum(variance, 0.0))


def _gram(left: Array, right: Array) -> Array:
    """Products summed over causes: (b, r, k) and (b, r, l) to (b, k, l)."""
    return np.einsum("brk,brl->bkl", left, right)
