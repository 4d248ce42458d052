"""Pictures of networks on chips: what they draw is what the explanation says."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot as plt

from rescircuit.network.arrays import ArraySpec
from rescircuit.network.explaining import Explanation, LayerError, Run
from rescircuit.plotting import plot_explanation, save_figure

ALONE = {"programming": 2e-4, "switches": 3e-9, "wires": 0.03, "adc": 0.01}
WITHOUT = {"programming": 0.033, "switches": 0.033, "wires": 0.01, "adc": 0.031}


def run(error, layers, *, accuracy=None, share=1.0):
    return Run(
        effects=(),
        inputs=100,
        error=error,
        same_answer=None,
        accuracy=accuracy,
        layers=tuple(LayerError(name=f"layer{k}", propagated=error, local=share * error) for k in range(layers)),
    )


@pytest.fixture
def explained():
    def make(layers=3, accuracy=None):
        return Explanation(
            spec=ArraySpec(),
            digital=run(0.0, layers, accuracy=accuracy),
            together=run(0.033, layers, accuracy=accuracy),
            alone={cause: run(error, layers, share=0.5) for cause, error in ALONE.items()},
            without={cause: run(error, layers) for cause, error in WITHOUT.items()},
        )

    yield make
    plt.close("all")


def test_bars_are_the_errors_and_lines_all_together(explained):
    bars, _ = plot_explanation(explained())
    alone, without = bars.containers
    low = bars.get_xlim()[0]
    assert [bar.get_width() for bar in alone] == pytest.approx([max(error, low) for error in ALONE.values()])
    assert [bar.get_width() for bar in without] == pytest.approx(list(WITHOUT.values()))
    assert [text.get_text() for text in bars.get_yticklabels()] == [
        "programming",
        "switches",
        "wires",
        "output converters",
    ]
    together, independent = bars.lines
    assert together.get_xdata()[0] == pytest.approx(0.033)
    assert independent.get_xdata()[0] == pytest.approx(sum(error**2 for error in ALONE.values()) ** 0.5)
    assert [text.get_text().strip() for text in bars.texts] == ["0.020%", "3e-07%", "3.0%", "1.0%"]
    assert bars.get_xscale() == "log"
    assert 1e-5 < low < 2e-4  # so small an error as the switches' does not squeeze the others
    assert bars.get_title() == "100 inputs"


def test_the_map_has_each_cause_in_each_layer(explained):
    _, panel = plot_explanation(explained())
    shown = np.asarray(panel.images[0].get_array())
    assert shown.shape == (4, 3)
    assert shown[2] == pytest.approx([0.015] * 3)
    assert [text.get_text() for text in panel.get_xticklabels()] == ["layer0", "layer1", "layer2"]
    assert [text.get_text() for text in panel.texts[6:9]] == ["1.5%"] * 3


def test_many_layers_have_no_numbers_in_the_map(explained):
    _, panel = plot_explanation(explained(layers=40))
    assert not panel.texts
    assert panel.images[0].get_array().shape == (4, 40)


def test_accuracies_are_in_the_title(explained, tmp_path):
    panels = plot_explanation(explained(accuracy=0.9))
    assert panels[0].get_title() == "100 inputs: 90.00% right, digitally 90.00%"
    assert save_figure(panels, tmp_path / "why.png").stat().st_size > 10_000


def test_a_chip_without_causes_has_no_picture():
    exact = run(0.0, 1)
    nothing = Explanation(spec=ArraySpec(), digital=exact, together=exact, alone={}, without={})
    with pytest.raises(ValueError, match="explanation must be of a chip with at least one cause"):
        plot_explanation(nothing)
