import numpy as np
import pytest

import rescircuit as rc
from rescircuit.calibration import ReadOut


@pytest.fixture(scope="session")
def banks():
    """400 banks of 9 resistors that leak a little with their switches open."""
    resistor = rc.Resistor(nominal=1e6, mismatch=0.02)
    switch = rc.IdealSwitch(r_on=500.0, r_off=1e9)
    return rc.Bank.sample(resistor, n=9, seed=11, shape=(400,), switch=switch)


@pytest.fixture(scope="session")
def sheet():
    """A 12-bit read-out with every kind of error."""
    return ReadOut(
        adc_bits=12,
        full_scale=1.4e-6,
        headroom=0.125,
        noise=5e-10,
        relative_noise=2e-4,
        dither=1.0,
        averages=4,
        offset=2e-9,
        gain_error=1e-3,
        inl=0.4,
        feedback=1e5,
        amplifier_offset=5e-4,
        amplifier_gain=5e3,
        amplifier_gain_spread=0.1,
    )


@pytest.fixture(scope="session")
def ideal():
    """A read-out that is nearly exact: 24 bits and nothing else."""
    return ReadOut(adc_bits=24, full_scale=1.4e-6)


@pytest.fixture
def rms():
    return lambda values: float(np.sqrt(np.mean(np.square(values))))
