"""The index of the laboratory: every name is there, and none is loaded before it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import rescircuit.theory


@pytest.mark.parametrize("name", rescircuit.theory.__all__)
def test_a_name_is_that_of_what_it_names(name):
    found = getattr(rescircuit.theory, name)
    assert getattr(found, "__name__", "LAWS") == name


def test_the_index_loads_nothing_and_refuses_other_names():
    code = "import sys, rescircuit.theory; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        rescircuit.theory.nothing  # noqa: B018 - looking is what fails
