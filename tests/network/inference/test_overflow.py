"""What NumPy says of overflow is for the caller to ask for, and not for threads to print."""

from __future__ import annotations

import numpy as np
import pytest

from rescircuit.network.inference.threads import in_threads


@pytest.mark.parametrize("cases", [1, 8])
def test_threads_take_over_how_their_caller_handles_overflow(cases):
    large = [np.full(4, 1e308)] * cases
    with np.errstate(over="ignore"):
        assert all(np.isinf(found).all() for found in in_threads(lambda x: 10.0 * x, large))
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow"):
        list(in_threads(lambda x: 10.0 * x, large))
