"""``rescircuit simulate network`` and, of a chip that was saved, ``rescircuit simulate chip``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.circuit_tables import check_output, naming_option, same_file
from rescircuit.cli.console import (
    JSON_OPTION,
    counting,
    example,
    print_json,
    progress_bar,
    say,
)
from rescircuit.cli.converter_options import ConverterOptions
from rescircuit.cli.network_files import InputOptions, InputShape, LayersFile, read_network
from rescircuit.cli.network_options import CHIP_NAMES, ChipOptions
from rescircuit.cli.network_reports import placement_rows, print_explanation, print_placement, print_stages
from rescircuit.cli.option_groups import option_names, with_groups
from rescircuit.cli.outputs import PICTURES, interruptible, naming
from rescircuit.cli.simulate_array import check_finite
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.checks import Array
    from rescircuit.network import AnalogNetwork, Explanation, Network

__all__ = ["CHIP_EPILOG", "NETWORK_EPILOG", "simulate_chip", "simulate_network"]

NETWORK_EPILOG = example(
    "rescircuit simulate network demo-output/network.npz --digits --bank-size 12 --r-word-line 1ohm --r-bit-line 1ohm",
    "rescircuit simulate network net.npz --inputs test.npz --rows 128 --cols 128 --dac-bits 8 --adc-bits 10",
    "rescircuit simulate network lenet5.npz --layers lenet5 --dataset mnist --images 1000 --r-word-line 1ohm "
    "--r-bit-line 1ohm --adc-bits 8 --explain --plot causes.png",
    "rescircuit simulate network net.onnx --inputs test.npz --cells memristors --memristor pcm --age 86400s --explain",
    "rescircuit simulate network net.npz --digits --r-word-line 5ohm --r-bit-line 5ohm --compensate wires,columns",
)
CHIP_EPILOG = example(
    "rescircuit simulate network demo-output/network.npz --digits --save-chip chip.npz",
    "rescircuit simulate chip chip.npz --digits --explain",
    "rescircuit verify chip.npz --layer 1 --tile 0",
)
# What is added to the chip before it, stage by stage; the last of those that add anything is the chip itself.
_STAGES = (
    ("programmed", ("programming", "calibration")),
    ("and faults", ("stuck",)),
    ("and conditions", ("temperature", "drift")),
    ("and switches", ("switches",)),
    ("and wires", ("wires",)),
    ("and amplifiers", ("amplifier",)),
    ("and noise", ("read_noise", "thermal_noise")),
    ("and converters", ("dac", "adc")),
)


@dataclass(frozen=True, kw_only=True)
class WireOptions:
    """A tile's wires."""

    r_word_line: Annotated[str, typer.Option(help="Word-line wire between cells, such as 1ohm.")] = "0ohm"
    r_bit_line: Annotated[str, typer.Option(help="Bit-line wire between cells, such as 1ohm.")] = "0ohm"


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """What is told of the chip, besides its result stage by stage."""

    explain: Annotated[
        bool,
        typer.Option("--explain", help="What each cause costs alone and is worth when it is gone, and what to change."),
    ] = False
    plot: Annotated[
        Path | None, typer.Option(help="With --explain: causes and layers (.png, .svg, .pdf).", show_default=False)
    ] = None
    placement: Annotated[bool, typer.Option("--placement", help="Which tiles each layer takes.")] = False
    placement_plot: Annotated[
        Path | None, typer.Option(help="A picture of the tiles (.png, .svg, .pdf).", show_default=False)
    ] = None
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The chip's outputs, a row an input (.csv).", show_default=False),
    ] = None
    save_chip: Annotated[
        Path | None,
        typer.Option(help="The programmed chip itself (.npz), for simulate chip and Python.", show_default=False),
    ] = None

    def check(self, read: list[Path | None]) -> None:
        """Refuse before the work what could not be written after it."""
        if self.plot is not None and not self.explain:
            raise InputError("--plot", "given with --explain", str(self.plot))
        check_output("--out", self.out, (".csv",), read)
        check_output("--plot", self.plot, PICTURES, read)
        check_output("--placement-plot", self.placement_plot, PICTURES, read)
        check_output("--save-chip", self.save_chip, (".npz",), read)
        if self.plot and self.placement_plot and same_file(self.plot, self.placement_plot):
            raise InputError("--placement-plot", "another file than that of --plot", str(self.placement_plot))


@with_groups
def simulate_network(
    file: Annotated[
        Path,
        typer.Argument(
            help="A network: .npz with NAME.weight (out, in) and NAME.bias, layer by layer; .safetensors; or .onnx.",
            show_default=False,
        ),
    ],
    given: Annotated[InputOptions, "Inputs"],
    chip: Annotated[ChipOptions, "The chip"],
    wires: Annotated[WireOptions, "Its wires"],
    converters: Annotated[ConverterOptions, "Its converters"],
    asked: Annotated[ReportOptions, "Results"],
    layers: LayersFile = None,
    input_shape: InputShape = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Program a network onto a sampled chip and run inputs through it.

    Compares with digital arithmetic step by step: programming, then what else the chip has, then converters.
    """
    source = given.name()
    asked.check([file, *given.files()])
    names = {**CHIP_NAMES, **option_names(ConverterOptions), "x": source}
    with interruptible(), naming(names), progress_bar() as report:
        report("reading", 0, 1)
        network = read_network(file, layers, input_shape)
        x, y = given.read(network)
        analog, process = _programmed(network, given.typical(network, x), chip, wires, converters, report)
        found = _measured(analog, x, y, asked, report)
    found.result["ranges_set_to"] = given.typical_of()
    _print(found, f"{len(x)} inputs on chip {chip.seed} of {process}", asked, as_json)


@with_groups
def simulate_chip(
    file: Annotated[
        Path,
        typer.Argument(
            help="A chip that simulate network --save-chip or prune chip --out left (.npz).", show_default=False
        ),
    ],
    given: Annotated[InputOptions, "Inputs"],
    asked: Annotated[ReportOptions, "Results"],
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Run inputs through a programmed chip that was saved; its converters' ranges are those that it was saved with."""
    from rescircuit.network import load_analog

    source = given.name()
    asked.check([file, *given.files()])
    if given.calibration_inputs is not None:
        raise InputError("--calibration-inputs", "left out: a saved chip has its ranges", str(given.calibration_inputs))
    with interruptible(), naming({"x": source}), progress_bar() as report:
        report("reading", 0, 1)
        with naming({"path": "FILE"}):
            analog = load_analog(file)
        x, y = given.read(analog.network)
        found = _measured(analog, x, y, asked, report)
    _print(found, f"{len(x)} inputs on chip {analog.chip} of seed {analog.seed}, {file.name}", asked, as_json)


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """What a run found."""

    analog: AnalogNetwork
    summary: dict[str, dict[str, Any]]
    explanation: Explanation | None
    result: dict[str, Any]
    files: list[Path]


def _measured(
    analog: AnalogNetwork, x: Array, y: Any, asked: ReportOptions, report: Callable[[str, float, float], None]
) -> _Measured:
    """Inputs through a chip, stage by stage, and what else was asked for."""
    import numpy as np

    from rescircuit.network import explain

    with np.errstate(over="ignore", invalid="ignore"):  # overflow is found by the check
        outputs = _stages(analog, x, report)
        summary = _summary(outputs, analog.network, y)
        check_finite("inputs and weights", *outputs.values(), *(stage["deviation"] for stage in summary.values()))
        explanation = explain(analog, x, y, progress=report) if asked.explain else None
    files = _written(asked, analog, list(outputs.values())[-1], explanation)
    result = _result(analog, x, summary, explanation, files)
    return _Measured(analog=analog, summary=summary, explanation=explanation, result=result, files=files)


def _print(found: _Measured, title: str, asked: ReportOptions, as_json: bool) -> None:
    placement = {"placement": placement_rows(found.analog)} if asked.placement else {}
    if as_json:
        print_json({**found.result, **placement})
        return
    print_stages(title, found.result, found.summary)
    if asked.placement:
        print_placement(found.analog)
    if found.explanation is not None:
        print_explanation(found.explanation)
    if found.files:
        say(f"Written: {', '.join(map(str, found.files))}")


def _programmed(
    network: Network,
    typical: Array,
    chip: ChipOptions,
    wires: WireOptions,
    converters: ConverterOptions,
    report: Callable[[str, float, float], None],
) -> tuple[AnalogNetwork, str]:
    """The chip, and the name of its process."""
    import numpy as np

    from rescircuit.network import map_network
    from rescircuit.network.arrays.placement import cells_of

    spec, made = chip.spec(wires.r_word_line, wires.r_bit_line, converters)
    with np.errstate(over="ignore", invalid="ignore"):  # overflow is found where the chip is run
        analog = map_network(
            network,
            spec,
            seed=chip.seed,
            calibration_inputs=typical,
            compensation=chip.compensation,
            progress=counting(report, "programming cells", cells_of(network, spec)),
        )
    return analog, chip.memristors.name if spec.cells == "memristors" else made.name


def _stages(analog: AnalogNetwork, x: Array, report: Callable[[str, float, float], None]) -> dict[str, Array]:
    """Outputs by stage: digital, and with more and more of the chip's effects."""
    analog.compile(counting(report, "solving tiles with their wires", len(analog.tiles)))  # for all stages at once
    stages = {"digital": analog.network(x)}
    on: list[str] = []
    there = [(name, [each for each in adds if each in analog.effects]) for name, adds in _STAGES]
    there = [(name, adds) for name, adds in there if adds] or [("programmed", [])]
    for k, (name, adds) in enumerate(there):
        report(f"inference: {name}", k, len(there))
        on += adds
        stages[name] = analog.with_effects(*on)(x)
    return stages


def _summary(stages: dict[str, Array], network: Network, y: Any) -> dict[str, dict[str, Any]]:
    """How each stage's outputs compare with the digital ones, and with the labels."""
    import numpy as np

    from rescircuit.network.answers import answers_of, has_answers

    digital = stages["digital"]
    size = float(np.sqrt(np.mean(digital**2))) or 1.0
    scored = has_answers(network)
    exact = answers_of(digital)
    return {
        name: {
            "deviation": float(np.sqrt(np.mean((outputs - digital) ** 2))) / size,
            "same_answer": float((answers_of(outputs) == exact).mean()) if scored else None,
            "accuracy": None if y is None or not scored else float((answers_of(outputs) == y).mean()),
        }
        for name, outputs in stages.items()
    }


def _written(
    asked: ReportOptions, analog: AnalogNetwork, outputs: Array, explanation: Explanation | None
) -> list[Path]:
    """The files that were asked for."""
    from rescircuit.files import write_csv

    files = []
    if asked.out is not None:
        with naming_option("--out"):
            files.append(write_csv(asked.out, outputs.reshape(len(outputs), -1)))
    if asked.plot is not None and explanation is not None:
        from rescircuit.plotting import plot_explanation, save_figure

        with naming_option("--plot"):
            files.append(save_figure(plot_explanation(explanation), asked.plot))
    if asked.placement_plot is not None:
        from rescircuit.plotting import plot_placement, save_figure

        with naming_option("--placement-plot"):
            files.append(save_figure(plot_placement(analog), asked.placement_plot))
    if asked.save_chip is not None:
        from rescircuit.network import save_analog

        with naming_option("--save-chip"):
            files.append(save_analog(analog, asked.save_chip))
    return files


def _result(
    analog: AnalogNetwork,
    x: Array,
    summary: dict[str, dict[str, Any]],
    explanation: Explanation | None,
    files: list[Path],
) -> dict[str, Any]:
    """For JSON, and for the words under the table."""
    import numpy as np

    from rescircuit.network.arrays import EFFECTS

    error = analog.programming_error
    network = analog.network
    return {
        "seed": analog.seed,
        "inputs": len(x),
        "weights": network.weights,
        "layers": len(network.layers),
        "tiles": len(analog.tiles),
        "effects": [name for name in EFFECTS if name in analog.effects],
        "stages": summary,
        "median_programming_error": float(np.median(error)),
        "worst_programming_error": float(error.max()),
        "programming_errors_relative_to": "full scale of the layer's cells",
        **({} if explanation is None else {"explanation": explanation.as_dict()}),
        "files": files,
    }
