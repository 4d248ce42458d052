"""``rescircuit prune chip``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.cell_options import CalibrationOptions
from rescircuit.cli.console import (
    JSON_OPTION,
    SEED_OPTION,
    counting,
    example,
    print_json,
    print_table,
    progress_bar,
    say,
)
from rescircuit.cli.converter_options import AmplifierOptions, ConverterOptions
from rescircuit.cli.data import DATA_DIR_OPTION
from rescircuit.cli.network_options import CHIP_NAMES, ChipOptions, ConditionOptions
from rescircuit.cli.option_groups import with_groups
from rescircuit.cli.outputs import check_writable, interruptible, naming
from rescircuit.cli.prune_epochs import print_epochs, telling
from rescircuit.cli.prune_inputs import fitted_images, labelled_images, shares_of, template_of
from rescircuit.cli.simulate_network import WireOptions
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.network import AnalogNetwork, ArraySpec
    from rescircuit.pruning.chip import RandomChip
    from rescircuit.pruning.training import Labelled, TrainedMasks, TrainingSettings

__all__ = ["EPILOG", "prune_chip"]

EPILOG = example(
    "rescircuit prune chip --data digits --network mlp:100 --epochs 10 --out chip.npz --bits chip.csv",
    "rescircuit prune chip --data mnist --network mlp:500 --signs differential --nominal 100k --r-word-line 5ohm "
    "--r-bit-line 5ohm --dac-bits 8 --adc-bits 8 --out chip.npz",
    "rescircuit simulate chip chip.npz --dataset mnist --explain",
)
_OPTIONS = {
    **CHIP_NAMES,
    **{name: f"--{name}" for name in ("method", "keep", "epochs", "batch", "rate", "signs", "spread")},
    "data_dir": "--data-dir",
    "data folder": "--data-dir",
    "limit": "--images",
    "width": "--network",
    "layers": "--network",
    "file": "--network",
    "FILE": "--network",
    "refresh_every": "--refresh",
    "x": "--data",
    "y": "--data",
}
_REFRESH = 100  # steps
_TYPICAL = 2000  # training images that ranges are set to


@dataclass(frozen=True, kw_only=True)
class RandomChipOptions:
    """The chip whose random resistors are the weights."""

    signs: Annotated[
        str, typer.Option(help="column: a switch for each bank; differential: one bit sets both banks of a weight.")
    ] = "column"
    process: Annotated[str, typer.Option(help="A process's name, or a TOML file of your own.")] = "polysilicon"
    nominal: Annotated[str, typer.Option(help="Nominal resistance.")] = "100k"
    bank_size: Annotated[int, typer.Option(help="Resistors at each crossing, each with a switch.")] = 1
    rows: Annotated[int, typer.Option(help="Word lines of a tile.")] = 128
    cols: Annotated[int, typer.Option(help="Bit lines of a tile; an output takes two.")] = 128
    dac_bits: Annotated[
        int | None, typer.Option(help="Input converters' bits; ideal if left out.", show_default=False)
    ] = None
    seed: Annotated[int, SEED_OPTION] = 1
    spread: Annotated[
        float | None,
        typer.Option(
            help="Of the random weights, as multiples of He's; by default what trains well.", show_default=False
        ),
    ] = None
    wires: Annotated[WireOptions, "Its wires"] = field(default_factory=WireOptions)
    converters: Annotated[ConverterOptions, "Its converters"] = field(default_factory=ConverterOptions)
    calibration: Annotated[CalibrationOptions, "Calibration before masks are trained"] = field(
        default_factory=CalibrationOptions
    )
    amplifiers: Annotated[AmplifierOptions, "Its read-out amplifiers"] = field(default_factory=AmplifierOptions)
    conditions: Annotated[ConditionOptions, "The chip in use"] = field(default_factory=ConditionOptions)

    def spec(self) -> ArraySpec:
        """Its arrays."""
        same = ("process", "nominal", "bank_size", "rows", "cols", "dac_bits", "seed")
        parts = ("calibration", "amplifiers", "conditions")
        chip = ChipOptions(**{name: getattr(self, name) for name in (*same, *parts)})
        return chip.spec(self.wires.r_word_line, self.wires.r_bit_line, self.converters)[0]


@with_groups
def prune_chip(
    chip: Annotated[RandomChipOptions, "The chip"],
    data: Annotated[str, typer.Option(help="Images: digits, which need no files, mnist or fashion-mnist.")] = "digits",
    network: Annotated[
        str,
        typer.Option(help="The layers: mlp:500, mlp:500,500, lenet5, or a network's file, whose weights do not count."),
    ] = "mlp:500",
    in_loop: Annotated[
        bool,
        typer.Option(
            "--in-loop/--ideal", help="Whether training sees wires, converters and noise, or the conductances alone."
        ),
    ] = True,
    method: Annotated[str, typer.Option(help="edge-popup or probabilistic.")] = "edge-popup",
    keep: Annotated[
        str, typer.Option(help="The share of the bits that are set; or one for each layer, such as 0.5,0.3.")
    ] = "0.5",
    epochs: Annotated[int, typer.Option(help="Passes over the images to train on.")] = 10,
    batch: Annotated[int, typer.Option(help="Images of a step.")] = 64,
    rate: Annotated[
        float | None, typer.Option(help="Learning rate; by default the method's.", show_default=False)
    ] = None,
    refresh: Annotated[
        int | None,
        typer.Option(
            help="Steps between exact solutions of the tiles with their wires; 100 if left out.", show_default=False
        ),
    ] = None,
    images: Annotated[
        int | None, typer.Option(help="Only so many images to train on, the first ones.", show_default=False)
    ] = None,
    data_dir: Annotated[Path | None, DATA_DIR_OPTION] = None,
    out: Annotated[
        Path | None, typer.Option(help="The programmed chip (.npz), for simulate chip and Python.", show_default=False)
    ] = None,
    bits: Annotated[
        Path | None,
        typer.Option(
            help="The settings in scan order: a table, a row a bank (.csv), or a stream of bits (.bits, described in "
            ".bits.json).",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Train which of a chip's random resistors are the weights of a network, and set its switches.

    The masks are those of the last epoch. Accuracies are on the test images: in arithmetic with the conductances that
    are believed, on the chip without its wires, and on the chip as it is. Needs PyTorch.
    """
    from rescircuit.pruning.training import TrainingSettings

    check_writable("--out", out, (".npz",))
    check_writable("--bits", bits, (".csv", ".bits"))
    if refresh is not None and not in_loop:
        raise InputError("--refresh", "left out with --ideal, which trains without wires", refresh)
    steps = _REFRESH if refresh is None else refresh
    with interruptible(), naming(_OPTIONS), progress_bar() as report:
        settings = TrainingSettings(
            method=method, keep=shares_of(keep), epochs=epochs, batch=batch, rate=rate, refresh_every=steps
        )
        spec = chip.spec()
        report("reading images", 0, 1)
        train, test = labelled_images(data, data_dir, images)
        template = template_of(network, test)
        train, test = (fitted_images(each, template) for each in (train, test))
        sampled = _sampled(template, spec, chip, report)
        found = _trained(sampled if in_loop else sampled.ideal(), train, test, settings, report)
        analog = sampled.program(found.last_masks, calibration_inputs=train.x[:_TYPICAL].astype(float))
        result = _measured(sampled, found, analog, test, report)
        result["files"] = _written(sampled, found, analog, out, bits)
    _show(result, found, as_json=as_json)


def _sampled(template: Any, spec: ArraySpec, chip: RandomChipOptions, report: Callable[..., None]) -> RandomChip:
    from rescircuit.network.arrays.placement import cells_of
    from rescircuit.pruning.chip import random_chip

    count = counting(report, "sampling the chip", cells_of(template, spec))
    signs: Any = chip.signs
    return random_chip(template, spec, seed=chip.seed, signs=signs, spread=chip.spread, progress=count)


def _trained(
    chip: RandomChip, train: Labelled, test: Labelled, settings: TrainingSettings, report: Callable[..., None]
) -> TrainedMasks:
    from rescircuit.pruning.training import train_masks

    tell = telling(report, settings.epochs)
    return train_masks(chip.network, train, test, settings=settings, seed=chip.seed, models=chip.models(), report=tell)


def _measured(
    chip: RandomChip, found: TrainedMasks, analog: AnalogNetwork, test: Labelled, report: Callable[..., None]
) -> dict[str, Any]:
    """The accuracies of the network in arithmetic and on the chip, and what it takes."""
    from rescircuit.network.answers import answers_of

    analog.compile(counting(report, "solving tiles with their wires", len(analog.tiles)))
    x = test.x.astype(float)
    stages = {"arithmetic": analog.network, "chip without wires": analog.without("wires"), "chip": analog}
    accuracy = {}
    for k, (name, model) in enumerate(stages.items()):
        report(f"inference: {name}", k, len(stages))
        accuracy[name] = float((answers_of(model(x)) == test.y).mean())
    return {
        "seed": chip.seed,
        "signs": chip.signs,
        "weights": chip.network.weights,
        "resistors": chip.resistors,
        "switches": chip.resistors,
        "bits": chip.bits,
        "bits_set": found.kept,
        "tiles": len(analog.tiles),
        "test_images": len(x),
        "accuracy": accuracy,
        "training": {
            "settings": found.settings.as_dict(),
            "history": [{"epoch": e.epoch, "loss": e.loss, "accuracy": e.accuracy} for e in found.history],
        },
    }


def _written(
    chip: RandomChip, found: TrainedMasks, analog: AnalogNetwork, out: Path | None, bits: Path | None
) -> list[Path]:
    """The files that were asked for."""
    files = []
    if out is not None:
        from rescircuit.network import save_analog

        with naming({"path": "--out", "analog.layers": "--network"}):
            files.append(save_analog(analog, out))
    if bits is not None:
        from rescircuit.pruning.chip import write_mask_table, write_masks

        write = write_mask_table if bits.suffix.lower() == ".csv" else write_masks
        with naming({"path": "--bits", "file": "--bits"}):
            files.append(write(chip, found.last_masks, bits))
    return files


def _show(result: dict[str, Any], found: TrainedMasks, *, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    print_epochs(found)
    parts = (
        f"{result['weights']:,} weights from {result['resistors']:,} resistors on {result['tiles']} tiles, "
        f"{result['bits_set']:,} of {result['bits']:,} bits set, {result['test_images']:,} test images"
    )
    print_table(parts, ["", "accuracy"], [[name, f"{share:.2%}"] for name, share in result["accuracy"].items()])
    if result["files"]:
        say(f"Written: {', '.join(map(str, result['files']))}")
