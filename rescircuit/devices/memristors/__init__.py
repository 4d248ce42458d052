"""Memristors: sampled states for arrays of them, their programming, and how one moves under a voltage."""

from rescircuit.devices.memristors.array import MemristorArray
from rescircuit.devices.memristors.dynamics import MemristorTransient, simulate_memristor
from rescircuit.devices.memristors.models import VTEAM, LinearDriftMemristor, MemristorModel
from rescircuit.devices.memristors.states import Memristor
from rescircuit.devices.memristors.waveforms import PiecewiseLinear, Pulses, Sine, Waveform
from rescircuit.devices.memristors.write_verify import WriteVerifyResult, write_verify

__all__ = [
    "VTEAM",
    "LinearDriftMemristor",
    "Memristor",
    "MemristorArray",
    "MemristorModel",
    "MemristorTransient",
    "PiecewiseLinear",
    "Pulses",
    "Sine",
    "Waveform",
    "WriteVerifyResult",
    "simulate_memristor",
    "write_verify",
]
