"""What to change against a cause: the changed arrays, and how far that brings the cause's own part down.

A prediction follows from how a cause grows to first order, and is made only where that law holds; what is known to
help, but not by how much, is a suggestion without one. Either way the changed chip is there to be simulated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rescircuit.devices import NMOS
from rescircuit.devices.coefficients import ROOM_TEMPERATURE
from rescircuit.errors import InputError
from rescircuit.quantities import format_quantity
from rescircuit.subsetsum import LARGEST_N

if TYPE_CHECKING:
    from rescircuit.network.arrays import ArraySpec
    from rescircuit.network.explaining.explanation import Explanation

__all__ = ["Suggestion", "suggestions"]

_LEAST, _MOST = 2.0, 10.0  # how many times smaller a cause is asked to be
_WORTH = 1.2  # and how many times it has to become smaller for a change to be worth a word
_DIVIDED = 0.9  # of a layer's output: wires that take more are beyond what is predicted
_RESISTOR_MORE = 1.8  # how many times smaller errors become with a resistor more: measured, 1.7 to 1.95 for n = 5 to 12
_MOST_BITS, _MOST_CALIBRATION_BITS, _MOST_AVERAGES = 32, 24, 10_000
_TIMES = (("days", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class Suggestion:
    """A change against a cause.

    Attributes
    ----------
    words : str
        What to change.
    smaller : float or None
        How many times smaller the cause's own part is predicted to be; ``None`` where only a simulation can tell.
    spec : ArraySpec or None
        The changed arrays; ``None`` where the change is none of the arrays (compensation, the mean of several reads).
    """

    words: str
    smaller: float | None = None
    spec: ArraySpec | None = field(default=None, repr=False)


def suggestions(explanation: Explanation, cause: str) -> tuple[Suggestion, ...]:
    """What brings a cause down to what all others leave: to a half of itself at least, to a tenth at most.

    Nothing, where the answers need the cause: the digital outputs, which errors are measured from, are no aim then.
    """
    if explanation.needed(cause):
        return ()
    alone, rest = explanation.alone[cause].error, explanation.without[cause].error
    factor = min(max(alone / rest if rest else _MOST, _LEAST), _MOST)
    found = tuple(_BY_CAUSE[cause](explanation, factor))
    return tuple(each for each in found if each.smaller is None or each.smaller >= _WORTH)


def _programming(explanation: Explanation, factor: float) -> Iterator[Suggestion]:
    spec = explanation.spec
    if spec.cells == "memristors":
        tolerance = spec.writing.tolerance_share / factor
        yield Suggestion(
            words=f"writing to within {tolerance:.2g} of the largest conductance in place of "
            f"{spec.writing.tolerance_share:.2g}, with more writes",
            spec=replace(spec, writing=replace(spec.writing, tolerance_share=tolerance)),
        )
        yield Suggestion(words="banks of resistors")
        return
    if spec.cells == "resistors":
        yield _better_matched(spec, factor)
        yield Suggestion(words="banks of several resistors in place of single ones", spec=replace(spec, cells="banks"))
        return
    yield from _larger_banks(spec, factor)
    if spec.pairs == "in_turn" and spec.scheme != "offset" and 2 * spec.bank_size <= LARGEST_N:
        yield Suggestion(words="pairs of banks programmed jointly", spec=replace(spec, pairs="joint"))
    if "columns" not in explanation.compensation:
        yield Suggestion(words="compensation of columns")


def _larger_banks(spec: ArraySpec, factor: float) -> Iterator[Suggestion]:
    """Each resistor more nearly halves the error; larger resistances leave currents, and so wires, as they are."""
    most = LARGEST_N // 2 if spec.pairs == "joint" else LARGEST_N
    size = min(spec.bank_size + math.ceil(math.log(factor) / math.log(_RESISTOR_MORE) - 1e-9), most)
    if size == spec.bank_size or not isinstance(spec.nominals, str):
        return
    nominal = spec.resistor.nominal * size / spec.bank_size
    predicted = spec.nominals == "geometric" and spec.pairs == "in_turn"
    yield Suggestion(
        words=f"banks of {size} resistors of {_ohms(nominal)} in place of {spec.bank_size} of "
        f"{_ohms(spec.resistor.nominal)} (larger ones as there are more: a cell's full scale, and what wires do, stay)",
        smaller=_RESISTOR_MORE ** (size - spec.bank_size) if predicted else None,
        spec=replace(spec, bank_size=size, resistor=replace(spec.resistor, nominal=nominal)),
    )


def _better_matched(spec: ArraySpec, factor: float) -> Suggestion:
    if spec.resistor.variation is not None:
        return Suggestion(words="resistors that match better")
    spread = {name: getattr(spec.resistor, name) / factor for name in ("tolerance", "common", "mismatch")}
    resistor = replace(spec.resistor, **spread)
    words = f"resistors that vary {factor:.2g} times less"
    return Suggestion(words=words, smaller=factor, spec=replace(spec, resistor=resistor))


def _wires(explanation: Explanation, factor: float) -> Iterator[Suggestion]:
    spec, compensated = explanation.spec, "wires" in explanation.compensation
    local = explanation.alone["wires"].layers[explanation.worst_layer("wires")].local
    less = _divided(local, factor)
    smaller = factor if local < _DIVIDED and not compensated else None
    if spec.cells != "memristors":
        yield _larger_resistors(spec, less, smaller)
    yield from _smaller_tiles(explanation, less, smaller)
    if not compensated:
        yield Suggestion(words="compensation of wires")


def _divided(error: float, factor: float) -> float:
    """How many times less wire makes an error so many times smaller: wires and cells divide a voltage, e = x/(1+x)."""
    error = min(error, _DIVIDED)
    return factor * (1.0 - error / factor) / (1.0 - error)


def _larger_resistors(spec: ArraySpec, times: float, smaller: float | None) -> Suggestion:
    nominal = spec.resistor.nominal * times
    converters = spec.converters
    if converters.adc_full_scale is not None:
        converters = replace(converters, adc_full_scale=converters.adc_full_scale / times)
    if isinstance(spec.nominals, str):
        words, nominals = f"resistors of {_ohms(nominal)} in place of {_ohms(spec.resistor.nominal)}", spec.nominals
    else:
        words, nominals = f"resistors {times:.2g} times as large", [times * each for each in spec.nominals]
    resistor = replace(spec.resistor, nominal=nominal)
    changed = replace(spec, resistor=resistor, nominals=nominals, converters=converters)
    return Suggestion(words=words, smaller=smaller, spec=changed)


def _smaller_tiles(explanation: Explanation, less: float, smaller: float | None) -> Iterator[Suggestion]:
    """The error grows with the lines in use, of both kinds; of pairs, both lines stay in a tile."""
    spec = explanation.spec
    used = explanation.tile_lines or (spec.rows, spec.cols)
    rows, cols = (max(2, math.floor(lines / math.sqrt(less))) for lines in used)
    if spec.scheme != "offset":
        cols = max(2, cols - cols % 2)
    if (rows, cols) == used:
        return
    partly = "" if used == (spec.rows, spec.cols) else f", of which at most {used[0]} x {used[1]} are in use"
    reached = used[0] * used[1] / (rows * cols)
    yield Suggestion(
        words=f"tiles of {rows} x {cols} in place of {spec.rows} x {spec.cols}{partly}",
        smaller=None if smaller is None or reached < less else smaller,
        spec=replace(spec, rows=rows, cols=cols),
    )


def _dac(explanation: Explanation, factor: float) -> Iterator[Suggestion]:
    spec = explanation.spec
    rough = spec.converters.dac_noise > 0 or spec.converters.dac_offset > 0
    yield from _finer(spec, "dac_bits", factor, "" if not rough else " with as many LSB of noise and offset")


def _finer(spec: ArraySpec, name: str, factor: float, remark: str, *, predicted: bool = True) -> Iterator[Suggestion]:
    bits = getattr(spec, name)
    finer = min(bits + _halvings(factor), _MOST_BITS)
    smaller = 2.0 ** (finer - bits) if predicted else None
    words = f"{finer} bits in place of {bits}{remark}"
    yield Suggestion(words=words, smaller=smaller, spec=replace(spec, **{name: finer}))


def _adc(explanation: Explanation, factor: float) -> Iterator[Suggestion]:
    spec, converters = explanation.spec, explanation.spec.converters
    rough = converters.adc_noise > 0 or converters.adc_offset > 0
    # Where a range cuts currents off, finer steps leave that as it is.
    whole = converters.adc_range in ("all", "peak")
    remark = " with as many LSB of noise and offset" if rough else ""
    yield from _finer(spec, "adc_bits", factor, remark, predicted=whole)
    for there, words, change in (
        (
            converters.adc_range == "least_error",
            f'a range of least error in place of "{converters.adc_range}"',
            {"adc_range": "least_error", "adc_full_scale": None},
        ),
        (
            not converters.shared_range or max(explanation.tiles, default=2) < 2,
            "a range for each tile",
            {"shared_range": False},
        ),
    ):
        if not there:
            yield Suggestion(words=words, spec=replace(spec, converters=replace(converters, **change)))


def _calibration(explanation: Explanation, factor: float) -> Iterator[Suggestion]:
    spec, sheet = explanation.spec, explanation.spec.calibration
    if sheet is None:
        return
    bits = min(sheet.adc_bits + _halvings(factor), _MOST_CALIBRATION_BITS)
    averages = min(math.ceil(sheet.averages * factor**2), _MOST_AVERAGES)
    # What no finer step and no average takes out.
    systematic = sheet.gain_error or sheet.inl or sheet.amplifier_gain or sheet.reference
    shifted = (sheet.offset or sheet.amplifier_offset) and not sheet.zero
    limited = bits == _MOST_CALIBRATION_BITS or averages == _MOST_AVERAGES
    yield Suggestion(
        words=f"a calibration with {bits} bits in place of {sheet.adc_bits} and the mean of {averages} samples in "
        f"place of {sheet.averages}",
        smaller=None if systematic or shifted or limited else factor,
        spec=replace(spec, calibration=replace(sheet, adc_bits=bits, averages=averages)),
    )


def _stuck(explanation: Explanation, factor: float) -> Iterator[Suggestion]:
    """Cells that are stuck independently: their errors' squares add up."""
    spec = explanation.spec
    where, names = "conditions", ("stuck_open", "stuck_closed")
    if spec.cells == "memristors":
        where, names = "memristor", ("stuck_at_g_min", "stuck_at_g_max")
    part: Any = getattr(spec, where)
    shares = {name: getattr(part, name) for name in names}
    fewer = {name: share / factor**2 for name, share in shares.items()}
    share, now = sum(fewer.values()), sum(shares.values())
    changed = replace(spec, **{where: replace(part, **fewer)})
    yield Suggestion(words=f"{_share(share)} stuck in place of {_share(now)}", smaller=factor, spec=changed)
    if spec.cells == "banks":
        known = replace(spec, conditions=replace(spec.conditions, known_faults=True))
        yield Suggestion(words="finding the faults before programming, which works around them", spec=known)


def _temperature(explanation: Explanation, factor: float) -> Iterator[Suggestion]:
    spec = explanation.spec
    distance = spec.conditions.temperature - ROOM_TEMPERATURE
    temperature = ROOM_TEMPERATURE + distance / factor
    yield Suggestion(
        words=f"{temperature:.3g} °C in place of {spec.conditions.temperature:.3g} °C",
        smaller=factor,
        spec=replace(spec, conditions=replace(spec.conditions, temperature=temperature)),
    )


def _drift(explanation: Explanation, factor: float) -> Iterator[Suggestion]:
    spec, now = explanation.spec, explanation.spec.conditions.age
    part: Any = spec.memristor
    if spec.cells == "memristors":
        # g(t) = g0 (t / t0)^-nu: what is lost grows with the logarithm of time, as long as it is little.
        start = part.drift_reference_time
        lost = min(explanation.alone["drift"].layers[explanation.worst_layer("drift")].local, _DIVIDED)
        age = start * (now / start) ** (math.log1p(-lost / factor) / math.log1p(-lost)) if now > start else now
    elif spec.resistor.drift_exponent > 0:
        age = now / factor ** (1.0 / spec.resistor.drift_exponent)
    else:
        return
    if age < now:
        yield Suggestion(
            words=f"programming again after {_duration(age)} in place of {_duration(now)}",
            smaller=factor,
            spec=replace(spec, conditions=replace(spec.conditions, age=age)),
        )


def _switches(explanation: Explanation, factor: float) -> Iterator[Suggestion]:
    spec, switch = explanation.spec, explanation.spec.switch
    bent = spec.resistor.vc1 != 0 or spec.resistor.vc2 != 0
    if isinstance(switch, NMOS) and spec.cells == "banks":
        # The share of the voltage on a transistor is small, and its current bends in proportion to that share again.
        times, smaller = math.sqrt(factor), None if bent else factor
        wide = switch.w_over_l * times
        yield Suggestion(
            words=f"transistors of W/L {wide:.3g} in place of {switch.w_over_l:.3g}",
            smaller=smaller,
            spec=replace(spec, switch=replace(switch, w_over_l=wide)),
        )
        yield _larger_resistors(spec, times, smaller)
    yield from _voltage(spec, 0.5, 2.0 if isinstance(switch, NMOS) and not bent else None)


def _amplifier(explanation: Explanation, factor: float) -> Iterator[Suggestion]:
    spec, converters = explanation.spec, explanation.spec.converters
    changes: dict[str, Any] = {}
    words = []
    if math.isfinite(converters.amplifier_gain):
        changes["amplifier_gain"] = gain = factor * (1.0 + converters.amplifier_gain) - 1.0
        words.append(f"an open-loop gain of {gain:,.0f} in place of {converters.amplifier_gain:,.0f}")
    if converters.amplifier_offset:
        changes["amplifier_offset"] = offset = converters.amplifier_offset / factor
        words.append(f"offsets of {_volts(offset)} in place of {_volts(converters.amplifier_offset)}")
    compensated = "wires" in explanation.compensation and math.isfinite(converters.amplifier_gain)
    if words:
        changed = replace(spec, converters=replace(converters, **changes))
        yield Suggestion(words=" and ".join(words), smaller=None if compensated else factor, spec=changed)
    if not math.isfinite(converters.amplifier_gain):
        yield from _voltage(spec, 2.0, 2.0)
        yield from _more_swing(spec)


def _voltage(spec: ArraySpec, times: float, smaller: float | None) -> Iterator[Suggestion]:
    """Higher against what adds to currents without regard to them, lower against what bends them."""
    try:
        changed = replace(spec, v_read=times * spec.v_read)
    except InputError:  # beyond what arrays take
        return
    words = f"a largest voltage of {_volts(changed.v_read)} in place of {_volts(spec.v_read)}"
    yield Suggestion(words=words, smaller=smaller, spec=changed)


def _more_swing(spec: ArraySpec) -> Iterator[Suggestion]:
    """Against what grows with a cell's conductance, where that lies around the middle whatever the weight."""
    if spec.scheme == "one_side":
        return
    if spec.swing < 1:
        words = f"weights over a cell's whole range (swing 1 in place of {spec.swing:.2g})"
        yield Suggestion(words=words, smaller=1.0 / spec.swing, spec=replace(spec, swing=1.0))
    yield Suggestion(
        words='the scheme "one_side" over the whole range', spec=replace(spec, scheme="one_side", swing=1.0)
    )


def _read_noise(explanation: Explanation, factor: float) -> Iterator[Suggestion]:
    spec, conditions = explanation.spec, explanation.spec.conditions
    changed = replace(spec, conditions=replace(conditions, read_noise=conditions.read_noise / factor))
    if changed.memristor is not None:
        own: Any = changed.memristor.read_noise
        own = tuple(each / factor for each in own) if isinstance(own, tuple) else own / factor
        changed = replace(changed, memristor=replace(changed.memristor, read_noise=own))
    words = f"cells with {factor:.2g} times less read noise"
    if spec.cells != "memristors":
        words = f"cells with {_share(conditions.read_noise / factor)} of read noise in place of "
        words += _share(conditions.read_noise)
        yield from _more_swing(spec)
    yield Suggestion(words=words, smaller=factor, spec=changed)
    yield _SEVERAL_READS


def _thermal_noise(explanation: Explanation, factor: float) -> Iterator[Suggestion]:
    spec, band = explanation.spec, explanation.spec.conditions.bandwidth
    if band is not None:
        narrow = band / factor**2
        yield Suggestion(
            words=f"a bandwidth of {_hertz(narrow)} in place of {_hertz(band)}",
            smaller=factor,
            spec=replace(spec, conditions=replace(spec.conditions, bandwidth=narrow)),
        )
    yield from _voltage(spec, 2.0, 2.0)
    yield _SEVERAL_READS


_SEVERAL_READS = Suggestion(words="the mean of several reads of each input (in Python: read=0, 1, 2 and so on)")


def _halvings(factor: float) -> int:
    """Halvings that make a `factor`."""
    return math.ceil(math.log2(factor) - 1e-9)


def _ohms(value: float) -> str:
    return format_quantity(value, "ohm", 3)


def _volts(value: float) -> str:
    return format_quantity(value, "V", 3)


def _hertz(value: float) -> str:
    return format_quantity(value, "Hz", 3)


def _share(value: float) -> str:
    return format_quantity(value, "%", 2)


def _duration(seconds: float) -> str:
    """In the largest unit of which it has two at least."""
    unit, size = next((each for each in _TIMES if seconds >= 2 * each[1]), _TIMES[-1])
    return f"{seconds / size:.3g} {unit}"


_BY_CAUSE: dict[str, Callable[[Explanation, float], Iterator[Suggestion]]] = {
    "programming": _programming,
    "calibration": _calibration,
    "stuck": _stuck,
    "temperature": _temperature,
    "drift": _drift,
    "switches": _switches,
    "wires": _wires,
    "amplifier": _amplifier,
    "read_noise": _read_noise,
    "thermal_noise": _thermal_noise,
    "dac": _dac,
    "adc": _adc,
}
