"""What several tests of banks need."""

from __future__ import annotations

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.devices.switches import Characterisation


@pytest.fixture(scope="session")
def tabulated():
    """A transistor by a table, which here is made from a law in place of ngspice."""
    card = rc.BSIM4Card(parameters=(("toxe", 3e-9), ("vth0", 0.4)), version="4.5")
    law = rc.NMOS(w_over_l=10, i_threshold=1e-7, gamma=0.0)
    v_ds, v_out = 0.01 * (np.arange(-8, 40) + 0.5), np.linspace(0.0, 0.05, 7)
    across = v_ds[:, np.newaxis]
    on, off = (law.branch(np.array(1e-9), across + v_out, v_out, closed=c)[0] / across for c in (True, False))
    certificate = Characterisation(
        card_digest=card.digest,
        ngspice_version="39",
        temperature=27.0,
        on_error=1e-11,
        off_error=2e-8,
        bulk_current=3e-18,
        remarks=("Warning: k2 should be specified with k1.",),
    )
    return rc.TabulatedSwitch(
        source=rc.BSIM4Switch(card=card, width=2e-6, length=180e-9, v_gate=1.5),
        v_ds=v_ds,
        v_out=v_out,
        on=on,
        off=off,
        characterisation=certificate,
    )
