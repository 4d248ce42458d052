"""Samples do not depend on how they are drawn, and are drawn once."""

from __future__ import annotations

import numpy as np
import pytest

from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.pieces import Pieces
from rescircuit.theory.sampling import Case, drawn


def case(n, at_once, asked=None):
    def draw(first, count):
        if asked is not None:
            asked.append((n, first, count))
        numbers = Stream(seed=3, source=f"test.{n}").uniform(count * n, first * n)
        return {"numbers": numbers.reshape(count, n), "which": np.arange(first, first + count)}

    return Case(settings={"experiment": "test", "n": n}, draw=draw, at_once=at_once)


def test_samples_do_not_depend_on_the_pieces():
    whole = drawn([case(4, 100), case(2, 100)], samples=23, seed=3)
    parts = drawn([case(4, 5), case(2, 1)], samples=23, seed=3)
    for one, other, n in zip(whole, parts, (4, 2), strict=True):
        assert one["numbers"].shape == (23, n)
        np.testing.assert_array_equal(one["numbers"], other["numbers"])
        np.testing.assert_array_equal(one["which"], np.arange(23))


def test_what_is_there_is_not_drawn_again(tmp_path):
    pieces, asked = Pieces(folder=tmp_path), []
    first = drawn([case(3, 4, asked)], samples=8, seed=3, pieces=pieces)
    assert sorted(asked) == [(3, 0, 4), (3, 4, 4)]
    more = drawn([case(3, 4, asked)], samples=12, seed=3, pieces=pieces)
    assert sorted(asked[2:]) == [(3, 8, 4)]
    np.testing.assert_array_equal(more[0]["numbers"][:8], first[0]["numbers"])


def test_progress_adds_up_to_all_of_it():
    told = []
    drawn([case(2, 3), case(2, 7)], samples=20, seed=3, progress=told.append)
    assert sum(told) == pytest.approx(1)


def test_what_fails_is_said_and_samples_are_counted():
    def fail(*_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        drawn([Case(settings={}, draw=fail, at_once=1)], samples=3, seed=0)
    with pytest.raises(InputError, match="samples must be a whole number"):
        drawn([case(2, 3)], samples=0, seed=3)
