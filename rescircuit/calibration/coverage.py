"""Do error bars hold what they claim? Many read-outs of one datasheet are sampled, and the truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rescircuit.bank import Bank
from rescircuit.calibration.conductances import branch_conductances
from rescircuit.calibration.measuring import calibrate
from rescircuit.calibration.patterns import Patterns, as_patterns
from rescircuit.calibration.read_out import ReadOut
from rescircuit.checks import finite_number, whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError

__all__ = ["CAUSES", "Coverage", "coverage"]

# What each cause alone leaves of a datasheet.
_FIELDS = {
    "noise": ("noise", "relative_noise"),
    "quantisation": ("dither",),
    "offset": ("offset",),
    "gain": ("gain_error",),
    "INL": ("inl",),
    "amplifier": ("amplifier_offset", "amplifier_gain", "amplifier_gain_spread", "feedback"),
    "reference": ("reference",),
}
_NONE: dict[str, Any] = {
    "noise": 0.0,
    "relative_noise": 0.0,
    "dither": 0.0,
    "offset": 0.0,
    "gain_error": 0.0,
    "inl": 0.0,
    "feedback": None,
    "amplifier_offset": 0.0,
    "amplifier_gain": None,
    "amplifier_gain_spread": 0.0,
    "reference": None,
}
CAUSES = ("all", *_FIELDS)
_FINE = 24  # bits of a converter whose steps do not count


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How often the truth lay within the error bars, for one cause of error.

    Attributes
    ----------
    cause : str
        ``"all"``, or the only cause that was left in the datasheet.
    trials : int
        Sampled read-outs, each with one bank and one setting of it.
    within_one, within_two : float
        Parts of the trials in which the true conductance lay within one and two standard errors of the estimate.
    one_interval, two_interval : (float, float)
        The 99 % confidence intervals of these parts (Clopper and Pearson 1934).
    rms_error : float
        True error, siemens rms.
    predicted_error : float
        Standard error, siemens rms.
    averaged_error : float
        True error with `more` times as many samples averaged.
    averages_out : bool
        Whether that brought the error below half of what it was.
    more : int
    """

    cause: str
    trials: int
    within_one: float
    within_two: float
    one_interval: tuple[float, float]
    two_interval: tuple[float, float]
    rms_error: float
    predicted_error: float
    averaged_error: float
    averages_out: bool
    more: int


def coverage(
    bank: Bank,
    read_out: ReadOut,
    patterns: Patterns | str = "one-hot",
    *,
    seed: int,
    causes: Sequence[str] = CAUSES,
    more: int = 64,
    wire_resistance: float = 0.0,
) -> list[Coverage]:
    """Measure each bank of an array with a read-out of its own, and compare a random setting's truth and estimate.

    Parameters
    ----------
    bank : Bank
        As many banks as trials, some hundreds.
    read_out : ReadOut
        The datasheet.
    patterns : Patterns, "one-hot" or "hadamard"
    seed : int
        Of read-outs, noise and settings.
    causes : sequence of str
        Names in :data:`CAUSES`; those that the datasheet does not have are left out. Where a single cause other than
        quantisation is shown, the converter is one of 24 bits.
    more : int
        Factor on the averages that shows what averages out.
    wire_resistance : float
        As in :func:`calibrate`.

    Returns
    -------
    list of Coverage
        One a cause.

    Raises
    ------
    InputError
        For an unknown cause, or a full scale that is too small.
    """
    if not isinstance(bank, Bank):
        raise InputError("bank", "a Bank", bank)
    if not isinstance(read_out, ReadOut):
        raise InputError("read_out", "a ReadOut", read_out)
    patterns = as_patterns(patterns, bank.n)
    if read_out.full_scale is None:
        read_out = read_out.fitted_to(bank, patterns)
    more = whole_number("more", more, 2)
    finite_number("wire_resistance", wire_resistance)
    rows = []
    for cause in causes:
        sheet = _only(read_out, cause)
        if sheet is None:
            continue
        error, claimed = _trials(bank, sheet, patterns, seed, wire_resistance)
        many = replace(sheet, averages=sheet.averages * more)
        averaged = _rms(_trials(bank, many, patterns, seed, wire_resistance)[0])
        inside = [np.abs(error) <= k * claimed for k in (1, 2)]
        rms = _rms(error)
        rows.append(
            Coverage(
                cause=cause,
                trials=error.size,
                within_one=float(inside[0].mean()),
                within_two=float(inside[1].mean()),
                one_interval=_interval(int(inside[0].sum()), error.size),
                two_interval=_interval(int(inside[1].sum()), error.size),
                rms_error=rms,
                predicted_error=_rms(claimed),
                averaged_error=averaged,
                averages_out=averaged < 0.5 * rms,
                more=more,
            )
        )
    return rows


def _only(read_out: ReadOut, cause: str) -> ReadOut | None:
    """The datasheet with a single cause of error left; None where it does not have it."""
    if cause == "all":
        return read_out
    if cause not in _FIELDS:
        raise InputError("causes", f"of {', '.join(CAUSES)}", cause)
    kept = {name: getattr(read_out, name) for name in _FIELDS[cause]}
    if cause == "quantisation":
        # An offset of a few codes, which the reading at zero takes out: zero is not at a code's centre by chance.
        return replace(read_out, **{**_NONE, **kept, "offset": 2.0 * read_out.step if read_out.zero else 0.0})
    if all(value in {0.0, None} for value in kept.values()):
        return None
    if cause != "reference" and read_out.reference is not None:
        kept["reference"] = replace(read_out.reference, mismatch=0.0)
    fine = replace(read_out, **{**_NONE, **kept, "adc_bits": _FINE, "inl": 0.0, "dither": 1.0})
    if cause == "INL":  # as large in amperes as with the steps of the datasheet
        fine = replace(fine, inl=read_out.inl * read_out.step / fine.step)
    return fine


def _trials(
    bank: Bank, read_out: ReadOut, patterns: Patterns, seed: int, wire_resistance: float
) -> tuple[np.ndarray, np.ndarray]:
    """True errors and standard errors of one random setting of each bank."""
    opened, added = branch_conductances(bank)
    sampled = read_out.sample(seed, count=len(opened))
    found = calibrate(bank, sampled, patterns, seed=seed, wire_resistance=wire_resistance)
    mask = Stream(seed=seed, source="coverage.settings").uniform(added.size).reshape(bank.resistances.shape) < 0.5
    true = (opened + np.where(mask.reshape(added.shape), added, 0.0)).sum(axis=1)
    return np.ravel(found.estimate(mask)) - true, np.ravel(found.error_of(mask))


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _interval(successes: int, trials: int) -> tuple[float, float]:
    """The 99 % confidence interval of a binomial part."""
    from scipy.stats import beta

    low = float(beta.ppf(0.005, successes, trials - successes + 1)) if successes else 0.0
    high = float(beta.ppf(0.995, successes + 1, trials - successes)) if successes < trials else 1.0
    return low, high
