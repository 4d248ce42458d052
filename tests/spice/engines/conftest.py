"""Decks that are only text, and what ngspice writes for them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from rescircuit.spice import Transient, find_ngspice

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
