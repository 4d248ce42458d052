"""What the tests of this folder share."""

from __future__ import annotations

import pytest

from rescircuit.errors import MissingToolError
from rescircuit.spice import Circuit, Resistor, VoltageSource
from rescircuit.spice.engines.pyspice_process import run_pyspice


@pytest.fixture(scope="session")
def library():
    """Skips a test, saying why, where PySpice has no library to run."""
    load = Resistor(name="r_1", plus="in", minus="0", resistance=1e3)
    source = VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0)
    try:
        run_pyspice(Circuit(elements=(source, load)))
    except MissingToolError as missing:
        pytest.skip(str(missing))
