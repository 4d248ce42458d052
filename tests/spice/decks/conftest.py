"""Decks that the tests of this folder change and break."""

from __future__ import annotations

import pytest

OURS = """\
rescircuit circuit
* One bank of three

.model switch nmos (level=1 vto=0.4 kp=0.0002 lambda=0.02 gamma=0.4 phi=0.7 is=1e-14)
* bank of three: code 5
.subckt bank in out gate
r_0 in branch_0 10000.0
m_0 branch_0 gate out 0 switch w=1.8e-06 l=1.8e-07
r_1 in out 20000.0 tc1=0.001
b_2 in out i = v(in, out) / (30000.0 * (1.0 + 1e-06 * (temper - 27.0)))
.ends bank
* what drives it
v_in in 0 dc 0.5
v_gate gate 0 dc 1.8
x_bank in out gate bank
i_extra 0 out dc 1e-06
c_load out 0 1e-12
v_out out 0 dc 0.0
.options reltol=1e-09 vntol=1e-12 abstol=1e-18 gmin=1e-18 tnom=27.0 temp=85.0
.op
.save v(in) v(gate) v(out) v(x_bank.branch_0) i(v_in) i(v_gate) i(v_out)
.end
"""

FLAT = """\
* Two resistors and more
R1 in mid 10k ; the first
r2 MID gnd
+ R = 4.7kOhm tc1=1e-3
* a comment between
I1 0 mid DC 1mA $ from ground into mid
V1 in 0 5V
C1 mid 0 100nF
.options temp=85 reltol=1e-6
.print dc v(mid)
.op
.END
"""


@pytest.fixture
def ours():
    """A deck that rescircuit wrote, with most that one can hold."""
    return OURS


@pytest.fixture
def flat():
    """A deck of somebody else's."""
    return FLAT
