"""Thermal noise by Nyquist's and Twiss's theorem, against the sum over every resistance and against ngspice."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.crossbar.noise import thermal_noise
from rescircuit.spice.engines.ngspice import find_ngspice

BOLTZMANN = 1.380649e-23  # J/K, exact since 2019


def sample(seed, shape=(3, 4), **more):
    rng = np.random.default_rng(seed)
    m, n = shape
    wires = {"r_word_line": rng.uniform(10, 200, (m, n + 1)), "r_bit_line": rng.uniform(10, 200, (m + 1, n))}
    ends = {"r_driver": rng.uniform(10, 200, m), "r_sense": rng.uniform(10, 200, n)}
    return rc.Crossbar(10.0 ** rng.uniform(-5, -3, shape), **(wires | ends | more))


def noise_of_every_resistance(crossbar, kelvin):
    """Each resistance's own current source, through its transfer to all outputs: a sum over all of them."""
    topology = crossbar.topology
    m, n = crossbar.shape
    branches = [*topology.wires, topology.cell_branches(crossbar.conductances)]
    tail, head, resistance = (
        np.concatenate([getattr(part, name) for part in branches]) for name in ("tail", "head", "resistance")
    )
    incidence = np.zeros((tail.size, m + n + 2 * m * n))
    incidence[np.arange(tail.size), tail] += 1.0
    incidence[np.arange(tail.size), head] -= 1.0
    nodal = incidence.T @ (incidence / resistance[:, np.newaxis])
    held = np.unique(np.concatenate([topology.drivers[topology.driven], topology.senses[topology.sensed]]))
    free = np.setdiff1d(np.flatnonzero(nodal.diagonal()), held)
    # A source of 1 A beside resistance k, from its tail to its head, with all ends at 0 V
    volts = np.zeros((incidence.shape[1], tail.size))
    volts[free] = np.linalg.solve(nodal[np.ix_(free, free)], -incidence[:, free].T)
    into_nodes = -incidence.T - nodal @ volts
    transfer = np.zeros((n, tail.size))
    transfer[topology.sensed] = into_nodes[topology.senses[topology.sensed]]
    return (transfer * (4 * BOLTZMANN * kelvin / resistance)) @ transfer.T


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"drive": "both", "sense": "both"},
        {"drive": "right", "sense": "top"},
        {"drive": ["left", "floating", "both"], "sense": ["bottom", "top", "floating", "both"]},
        {"r_word_line": 0.0, "r_driver": 0.0},
        {"r_bit_line": 0.0, "r_driver": 0.0, "sense": "both"},
    ],
)
def test_equals_the_sum_over_every_resistance(more):
    crossbar = sample(4, **more)
    found = thermal_noise(crossbar, 85.0).density
    expected = noise_of_every_resistance(crossbar, 358.15)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12 * expected.max())


def test_without_wires_each_line_has_its_cells_noise():
    cells = np.array([[1e-3, 2e-4], [3e-4, 4e-3]])
    noise = thermal_noise(rc.Crossbar(cells), 26.85)
    assert noise.spectral_density == pytest.approx(4 * BOLTZMANN * 300.0 * cells.sum(axis=0), rel=1e-14)
    assert noise.correlation == pytest.approx(np.eye(2))
    assert noise.rms(1e6) == pytest.approx(np.sqrt(4 * BOLTZMANN * 300.0 * cells.sum(axis=0) * 1e6), rel=1e-14)


def test_shared_wires_correlate_the_lines():
    correlation = thermal_noise(sample(2)).correlation
    assert np.diagonal(correlation) == pytest.approx(np.ones(4))
    assert (correlation[~np.eye(4, dtype=bool)] < 0).all()
    assert correlation == pytest.approx(correlation.T)
    # Behind one driver that conducts little, what enters one bit line leaves the other.
    pair = thermal_noise(rc.Crossbar([[1e-3, 1e-3]], r_driver=1e9))
    assert pair.correlation[0, 1] == pytest.approx(-1.0, abs=1e-5)


def test_a_floating_line_has_no_noise_current():
    noise = thermal_noise(sample(3, sense=["bottom", "floating", "bottom", "top"]))
    assert noise.spectral_density[1] == 0.0
    assert not noise.correlation[1, [0, 2, 3]].any()
    assert (noise.rms(1.0)[[0, 2, 3]] > 0).all()


def test_no_noise_at_absolute_zero():
    assert not thermal_noise(sample(3), -273.15).density.any()


@pytest.mark.parametrize("celsius", [27.0, 125.0])
@pytest.mark.parametrize("line", [0, 1])
def test_ngspice_agrees(tmp_path, celsius, line):
    """Its .noise analysis, of the current through the source that holds a bit line."""
    crossbar = sample(6, shape=(2, 2), drive=["left", "both"], r_driver=0.0)
    topology = crossbar.topology
    cards = ["thermal noise of a crossbar", "v0 drive_0 0 dc 0 ac 1", "v1 drive_1 0 dc 0"]
    branches = [*topology.wires, topology.cell_branches(crossbar.conductances)]
    lines = [each for part in branches for each in zip(part.tail, part.head, part.resistance, strict=True)]
    for k, (tail, head, ohm) in enumerate(lines):
        cards.append(f"r{k} {topology.node_name(int(tail))} {topology.node_name(int(head))} {float(ohm)!r}")
    cards += [f"vs{j} sense_{j} 0 dc 0" for j in range(2)]
    # 1 V for 1 A, without noise of its own
    cards += [f"h1 out 0 vs{line} 1", f".options temp={celsius} tnom={celsius} numdgt=12"]
    cards += [".noise v(out) v0 lin 1 1k 1k", ".print noise onoise_spectrum", ".end"]
    deck = tmp_path / "noise.cir"
    deck.write_text("\n".join(cards) + "\n", encoding="utf-8")
    done = subprocess.run(
        [find_ngspice(), "-n", "-b", deck.name], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    table = done.stdout.split("onoise_spectrum")[1].splitlines()
    index, frequency, density = next(row.split() for row in table if row.startswith("0\t"))
    assert (index, float(frequency)) == ("0", 1000.0)
    expected = thermal_noise(crossbar, celsius).spectral_density[line]
    assert float(density) ** 2 == pytest.approx(expected, rel=1e-5)  # its Boltzmann constant is an older one


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda x: thermal_noise(x, -300.0), "temperature_celsius must be at least -273.15 °C"),
        (lambda x: thermal_noise(x, np.nan), "temperature_celsius must be a finite number"),
        (lambda x: thermal_noise(x).rms(0.0), "bandwidth must be a finite number above 0 (Hz)"),
    ],
)
def test_bad_input_gets_one_clear_line(make, says):
    with pytest.raises(rc.InputError) as caught:
        make(sample(0))
    assert says in str(caught.value)
