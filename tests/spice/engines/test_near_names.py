"""Names near to one that is not there."""

from __future__ import annotations

import re

import pytest

from rescircuit.spice.engines.near_names import near_names

MANY = [f"v(x_{k}.branch_{k})" for k in range(20_000)]


@pytest.mark.parametrize(
    ("wanted", "names", "said"),
    [
        ("ot", ["in", "out"], "out, in"),
        ("V(OT)", ["i(v1)", "v(Out)"], r"v\(Out\), i\(v1\)"),
        ("ot", [], ""),
        (None, ["in"], "in"),
        ("e", list("abcdefg"), "e, .* and 2 more"),
        ("v(x_17000.brunch_17000)", MANY, r"v\(x_17000\.branch_17000\), .* and 19,995 more"),
        ("x" * 10**6, ["in"], "in"),
    ],
)
def test_the_nearest_come_first_and_the_others_are_counted(wanted, names, said):
    assert re.fullmatch(said, near_names(wanted, names))
