"""Decks that are only text, and what ngspice writes for them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from rescircuit.spice import (
    Capacitor,
    Circuit,
    Instance,
    Resistor,
    Subcircuit,
    Transient,
    VoltageSource,
    find_ngspice,
)

OPTIONS = ".options reltol=1e-9 vntol=1e-12 abstol=1e-18 gmin=1e-18 tnom=27.0 temp=27.0"


@dataclass(frozen=True, kw_only=True)
class TextDeck:
    """Any text in place of a deck, with what its run must bring."""

    text: str
    nodes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    plot: str = "Operating Point"
    points: int = 1
    scale: str | None = None
    transient: Transient | None = None
    steps: None = None

    @property
    def shape(self):
        return (self.points,)

    @property
    def variables(self):
        voltages = {f"v({node.lower()})" for node in self.nodes}
        currents = {f"i({source.lower()})" for source in self.sources}
        return frozenset(voltages | currents | ({self.scale} if self.scale else set()))

    def write(self, path):
        path.write_text(self.text, encoding="utf-8")
        return path


@pytest.fixture
def nested():
    """1 V over two halves of 1 kΩ and 1 kΩ, in a subcircuit with 8 kΩ from their joint to ground."""
    half = Subcircuit(
        name="half",
        ports=("a", "b"),
        elements=(
            Resistor(name="r_1", plus="a", minus="middle", resistance=1e3),
            Resistor(name="r_2", plus="middle", minus="b", resistance=1e3),
        ),
    )
    whole = Subcircuit(
        name="whole",
        ports=("plus", "minus"),
        elements=(
            Instance(name="x_left", ports=("plus", "joint"), model="half"),
            Instance(name="x_right", ports=("joint", "minus"), model="half"),
            Resistor(name="r_1", plus="joint", minus="0", resistance=8e3),
        ),
    )
    return Circuit(
        elements=(
            VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0),
            Instance(name="x_whole", ports=("in", "out"), model="whole"),
            VoltageSource(name="v_out", plus="out", minus="0", voltage=0.0),
        ),
        models=(half, whole),
        probes=("x_whole.joint", "x_whole.x_right.middle"),
    )


@pytest.fixture
def frightening():
    """A circuit over time, from its rest, whose nodes ngspice lists by names that look like complaints."""
    elements = (
        VoltageSource(name="v_aborted", plus="error_1", minus="0", voltage=1.0),
        Resistor(name="r_1", plus="error_1", minus="Warning", resistance=1e3),
        Capacitor(name="c_1", plus="Warning", minus="0", capacitance=1e-9),
    )
    transient = Transient(stop=1e-6, max_step=1e-7, use_initial_conditions=False)
    return Circuit(elements=elements, transient=transient)


@pytest.fixture
def text_deck():
    """A function that makes a deck of cards, with our title, tolerances and end; it saves what it must bring."""

    def make(cards, *, nodes=("in",), sources=("v1",), saved=None, **expected):
        saves = saved or " ".join([f"v({node})" for node in nodes] + [f"i({source})" for source in sources])
        text = f"text\n{cards}\n{OPTIONS}\n.save {saves}\n.end\n"
        return TextDeck(text=text, nodes=nodes, sources=sources, **expected)

    return make


@pytest.fixture
def written_by_ngspice(tmp_path):
    """A function that has ngspice itself run a text, and gives the path of the file that it leaves."""

    def run(text: str, file: str = "out.raw", *, ascii_file: bool = False) -> Path:
        (tmp_path / "deck.cir").write_text(text, encoding="utf-8")
        command = [find_ngspice(), "-n", "-b", "-r", "out.raw", "deck.cir"]
        environment = {"PATH": os.defpath, "HOME": str(tmp_path)} | ({"SPICE_ASCIIRAWFILE": "1"} if ascii_file else {})
        subprocess.run(
            command, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        return (tmp_path / file).rename(tmp_path / f"{len(list(tmp_path.iterdir()))}.raw")

    return run
