"""What to change against a cause, by the first-order law by which it grows.

How far a cause has to come down is taken from the numbers: to the error that all others leave. What halving a
converter's step, or a tile's lines, does is a rule of thumb: a changed chip is to be simulated again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from rescircuit.network.explaining.explanation import percent
from rescircuit.quantities import format_quantity

if TYPE_CHECKING:
    from rescircuit.network.explaining.explanation import Explanation

__all__ = ["advice"]

_LEAST, _MOST = 2.0, 100.0  # how many times smaller a cause is asked to be


def advice(explanation: Explanation, cause: str) -> str:
    """A sentence: what brings this cause down to what all others leave, or to half of itself where they leave more."""
    alone, rest = explanation.alone[cause].error, explanation.without[cause].error
    factor = min(max(alone / rest if rest else _MOST, _LEAST), _MOST)
    aim = "To halve it" if factor == _LEAST else f"To bring it down to {percent(alone / factor)}"
    return f"{aim}: {_ADVICE[cause](explanation, factor)}."


def _bits(factor: float) -> int:
    """Halvings that make a `factor`."""
    return math.ceil(math.log2(factor))


def _programming(explanation: Explanation, factor: float) -> str:
    spec = explanation.spec
    if spec.cells == "memristors":
        return f"write until cells are {factor:.2g} times closer to their targets, or take banks of resistors"
    if spec.cells == "resistors":
        return f"resistors that match {factor:.2g} times better, or banks of several in place of single ones"
    ways = [f"banks of {spec.bank_size + _bits(factor)} resistors in place of {spec.bank_size}"]
    if spec.pairs == "in_turn":
        ways.append("pairs of banks programmed jointly")
    if "columns" not in explanation.compensation:
        ways.append("compensation of columns")
    return ", or ".join(ways)


def _wires(explanation: Explanation, factor: float) -> str:
    spec = explanation.spec
    shrink = math.sqrt(factor)
    rows, cols = (max(2, round(lines / shrink)) for lines in (spec.rows, spec.cols))
    ways = [f"resistors {factor:.2g} times as large", f"tiles of {rows} x {cols} in place of {spec.rows} x {spec.cols}"]
    if "wires" not in explanation.compensation:
        ways.append("compensation of wires")
    return ", or ".join(ways)


def _dac(explanation: Explanation, factor: float) -> str:
    spec = explanation.spec
    bits = (
        "finer input converters"
        if spec.dac_bits is None
        else f"{spec.dac_bits + _bits(factor)} bits in place of {spec.dac_bits}"
    )
    if spec.converters.dac_noise or spec.converters.dac_offset:
        return f"{bits}, or converters with {factor:.2g} times less offset and noise"
    return bits


def _adc(explanation: Explanation, factor: float) -> str:
    spec = explanation.spec
    ways = []
    if spec.adc_bits is not None:
        ways.append(f"{spec.adc_bits + _bits(factor)} bits in place of {spec.adc_bits}")
    if spec.converters.adc_range != "least_error":
        ways.append('a range of least error in place of "' + spec.converters.adc_range + '"')
    if spec.converters.shared_range:
        ways.append("a range for each tile")
    if spec.converters.adc_noise or spec.converters.adc_offset:
        ways.append(f"converters with {factor:.2g} times less noise and offset")
    return ", or ".join(ways)


def _calibration(explanation: Explanation, factor: float) -> str:
    sheet = explanation.spec.calibration
    reads = "" if sheet is None else f" ({math.ceil(sheet.averages * factor**2)} in place of {sheet.averages})"
    return f"measure with {_bits(factor)} more bits, or average {math.ceil(factor**2)} times as many readings{reads}"


def _stuck(explanation: Explanation, factor: float) -> str:
    if not explanation.spec.conditions.known_faults:
        return "find the faults before programming and work around them (known_faults)"
    return f"{factor**2:.2g} times fewer stuck switches, or larger banks to work around them"


def _temperature(explanation: Explanation, factor: float) -> str:
    distance = abs(explanation.spec.conditions.temperature - 27.0)
    return f"hold the chip within {distance / factor:.2g} °C of 27 °C, or calibrate it where it works"


def _drift(explanation: Explanation, factor: float) -> str:  # noqa: ARG001 - what all advice is given
    return "program it again more often"


def _switches(explanation: Explanation, factor: float) -> str:  # noqa: ARG001 - what all advice is given
    return f"transistors {factor:.2g} times as wide, or resistors {factor:.2g} times as large"


def _amplifier(explanation: Explanation, factor: float) -> str:
    spec, ways = explanation.spec.converters, []
    if math.isfinite(spec.amplifier_gain):
        ways.append(f"an open-loop gain of {factor * spec.amplifier_gain:,.0f} in place of {spec.amplifier_gain:,.0f}")
    if spec.amplifier_offset:
        ways.append(f"offsets {factor:.2g} times smaller, or measured and subtracted")
    return ", and ".join(ways)


def _read_noise(explanation: Explanation, factor: float) -> str:  # noqa: ARG001 - what all advice is given
    return f"average {math.ceil(factor**2)} reads"


def _thermal_noise(explanation: Explanation, factor: float) -> str:
    band = explanation.spec.conditions.bandwidth
    less = ""
    if band is not None:
        narrow, wide = (format_quantity(hertz, "Hz", 3) for hertz in (band / factor**2, band))
        less = f"a bandwidth of {narrow} in place of {wide}, or "
    return f"{less}the mean of {math.ceil(factor**2)} reads"


_ADVICE: dict[str, Callable[[Explanation, float], str]] = {
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
