"""Circuits and stand-ins for ngspice that the tests of this folder share."""

from __future__ import annotations

from pathlib import Path

import pytest

from rescircuit.errors import MissingToolError
from rescircuit.spice import Circuit, Level1Model, Mosfet, Resistor, VoltageSource, run_pyspice
from rescircuit.spice.engines.ngspice import EXECUTABLE_VARIABLE

VERSION = "** ngspice-39 : a stand-in"


@pytest.fixture(scope="session")
def library():
    """Skips a test, saying why, where PySpice has no library to run."""
    load = Resistor(name="r_1", plus="in", minus="0", resistance=1e3)
    source = VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0)
    try:
        run_pyspice(Circuit(elements=(source, load)))
    except MissingToolError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def divider():
    """1 V over 1 kΩ and 3 kΩ: 0.75 V between them, 0.25 mA into the sense."""
    return Circuit(
        elements=(
            VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0),
            Resistor(name="r_1", plus="in", minus="middle", resistance=1e3),
            Resistor(name="r_2", plus="middle", minus="out", resistance=3e3),
            VoltageSource(name="v_out", plus="out", minus="0", voltage=0.0),
        )
    )


@pytest.fixture
def transistor():
    """An NMOS with 0.5 V from drain to source and 1.8 V at its gate."""
    return Circuit(
        elements=(
            VoltageSource(name="v_drain", plus="drain", minus="0", voltage=0.5),
            VoltageSource(name="v_gate", plus="gate", minus="0", voltage=1.8),
            Mosfet(
                name="m_1",
                drain="drain",
                gate="gate",
                source="out",
                bulk="0",
                model="switch",
                width=1.8e-6,
                length=1.8e-7,
            ),
            VoltageSource(name="v_out", plus="out", minus="0", voltage=0.0),
        ),
        models=(Level1Model(name="switch", vto=0.4, kp=200e-6, lambda_=0.02, gamma=0.4, phi=0.7),),
    )


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A function that puts a shell script in ngspice's place; the script runs in the run's own folder."""

    def install(script: str, version: str = VERSION) -> Path:
        program = tmp_path / "ngspice-stand-in"
        answer = f'if [ "$1" = "--version" ]; then echo "{version}"; exit 0; fi'
        program.write_text(f"#!/bin/sh\n{answer}\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv(EXECUTABLE_VARIABLE, str(program))
        return program

    return install
