"""A transimpedance amplifier of finite gain: from a bank's conductance to the current that its output stands for.

A bank of conductance ``G`` hangs between the input voltage ``v`` and the virtual ground, which stands at ``v_x``. The
amplifier has the open-loop gain ``A``, the input offset ``v_os`` and the feedback resistor ``R_f``:

    v_x = v_os - v_out / A,        v_out = v_x - R_f G (v - v_x),

and so the current that the output stands for is

    y = -v_out / R_f = (G (v - v_os) - v_os / R_f) / (1 + (1 + R_f G) / A).

The finite gain takes a part that grows with ``G``; where ``A`` is known, and ``v_os`` or an estimate of it, both are
taken out again,

    G = (y (1 + 1 / A) + v_os / R_f) / (v - v_os - y R_f / A).

The bank is taken to conduct what it does at its read voltage; the virtual ground's millivolts do not change that.
"""

from __future__ import annotations

from typing import Any

from rescircuit.checks import Array

__all__ = ["amplifier_current", "amplifier_slope", "conductance_at_amplifier"]


def amplifier_current(conductance: Array, v_in: float, feedback: float | None, gain: Any, offset: Any) -> Array:
    """The current, ampere, that the output stands for; an ideal amplifier where `feedback` is None."""
    if feedback is None:
        return conductance * v_in
    reached = conductance * (v_in - offset) - offset / feedback
    return reached if gain is None else reached / (1.0 + (1.0 + feedback * conductance) / gain)


def conductance_at_amplifier(
    current: Array, v_in: float, feedback: float | None, gain: float | None, offset: Any = 0.0
) -> Array:
    """The conductance, siemens, for which the output of an amplifier of that `offset`, volt, stands for `current`."""
    if feedback is None:
        return current / v_in
    lost = 0.0 if gain is None else 1.0 / gain
    return (current * (1.0 + lost) + offset / feedback) / (v_in - offset - current * feedback * lost)


def amplifier_slope(conductance: Array, v_in: float, feedback: float | None, gain: float | None) -> Array:
    """How the conductance found changes with the current, 1/volt, at `conductance`."""
    if feedback is None or gain is None:
        return conductance * 0.0 + 1.0 / v_in
    return (1.0 + (1.0 + feedback * conductance) / gain) ** 2 / (v_in * (1.0 + 1.0 / gain))
