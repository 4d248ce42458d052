"""``rescircuit prune train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rescircuit.cli.console import JSON_OPTION, example, print_json, print_table, print_text, progress_bar, say
from rescircuit.cli.data import DATA_DIR_OPTION
from rescircuit.cli.outputs import check_writable, interruptible, naming
from rescircuit.cli.prune_epochs import print_epochs, telling
from rescircuit.cli.prune_inputs import fitted_images, labelled_images, shares_of, template_of
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rescircuit.network import Network
    from rescircuit.pruning.training import Labelled, TrainedMasks
    from rescircuit.pruning.training.models import WeightModel

__all__ = ["EPILOG", "train"]

EPILOG = example(
    "rescircuit prune train --data digits --network mlp:200 --keep 0.4 --epochs 10",
    "rescircuit prune train --data mnist --network mlp:500 --epochs 10 --checkpoint state --out pruned.npz",
    "rescircuit prune train --data mnist --network lenet5 --frozen-convolutions --rate 0.01 --epochs 20",
)
_OPTIONS = {
    **{name: f"--{name}" for name in ("method", "keep", "epochs", "batch", "rate", "seed", "threads", "pairs", "gain")},
    "data_dir": "--data-dir",
    "data folder": "--data-dir",
    "limit": "--images",
    "path": "--out",
    "checkpoint": "--checkpoint",
    "file": "--network",
    "FILE": "--network",
    "width": "--network",
    "layers": "--network",
    "distribution": "--weights",
    "x": "--data",
    "y": "--data",
}
_SAVED = (".npz", ".safetensors")
_GAIN, _PAIRS = 9.0, 5
_STRUCTURES = ("identity", "relu")


def train(
    data: Annotated[str, typer.Option(help="Images: digits, which need no files, mnist or fashion-mnist.")] = "digits",
    network: Annotated[
        str,
        typer.Option(
            help="The layers: mlp:500 for a hidden layer of 500 units, mlp:500,500,500 for three, lenet5, or a "
            "network's file, whose numbers random ones replace."
        ),
    ] = "mlp:500",
    method: Annotated[str, typer.Option(help="edge-popup or probabilistic.")] = "edge-popup",
    keep: Annotated[
        str, typer.Option(help="The share of the weights that stays; or one for each layer, such as 0.5,0.3.")
    ] = "0.5",
    epochs: Annotated[int, typer.Option(help="Passes over the images to train on.")] = 10,
    batch: Annotated[int, typer.Option(help="Images of a step.")] = 64,
    rate: Annotated[
        float | None, typer.Option(help="Learning rate; 0.1, or 200 for probabilistic masks.", show_default=False)
    ] = None,
    weights: Annotated[
        str, typer.Option(help="Random weights: kaiming-normal, kaiming-uniform or signed-constant.")
    ] = "kaiming-normal",
    gain: Annotated[
        float | None,
        typer.Option(
            help="A factor on the random network's outputs, spread evenly over its layers; 9 if left out.",
            show_default=False,
        ),
    ] = None,
    structure: Annotated[
        str | None,
        typer.Option(
            help="Prune dense layers only, made of the structures of Pensia et al., figure 1c: identity or relu.",
            show_default=False,
        ),
    ] = None,
    pairs: Annotated[
        int | None,
        typer.Option(help="Pairs of random numbers for each weight of a structure; 5 if left out.", show_default=False),
    ] = None,
    frozen_convolutions: Annotated[
        bool, typer.Option("--frozen-convolutions", help="Prune dense layers only.")
    ] = False,
    images: Annotated[
        int | None, typer.Option(help="Only so many images to train on, the first ones.", show_default=False)
    ] = None,
    data_dir: Annotated[Path | None, DATA_DIR_OPTION] = None,
    seed: Annotated[int, typer.Option("--seed", help="Which random network, scores and order of images.")] = 1,
    threads: Annotated[int, typer.Option(help="That PyTorch computes with.")] = 1,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Folder for the state after each epoch; the same command goes on from it.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for the pruned network (.npz, .safetensors).")] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Learn which weights of a random network stay; the weights themselves never change.

    The accuracy and the network are those of the best epoch on the test images, as in the published protocol; the
    accuracy after the last epoch stands beside it. Needs PyTorch.
    """
    from rescircuit.pruning.training import TrainingSettings

    check_writable("--out", out, _SAVED)
    remark = "nothing is kept; --checkpoint FOLDER keeps the state after each epoch."
    if checkpoint is not None:
        remark = f"the state after the last whole epoch is in {checkpoint}, and the same command goes on from there."
    with interruptible(remark), naming(_OPTIONS), progress_bar() as report:
        settings = TrainingSettings(
            method=method, keep=shares_of(keep), epochs=epochs, batch=batch, rate=rate, threads=threads
        )
        _check_random(weights, gain)
        _check_structure(structure, pairs, frozen_convolutions=frozen_convolutions)
        from rescircuit.network import save_network
        from rescircuit.pruning.training import train_masks  # brings PyTorch, which takes seconds

        report("reading images", 0, epochs)
        train_set, test_set = labelled_images(data, data_dir, images)
        template = _random(network, test_set, weights=weights, gain=_GAIN if gain is None else gain, seed=seed)
        if frozen_convolutions and len(_dense(template)) == len(template.weighted):
            raise InputError("--frozen-convolutions", "left out for a network without convolutions", network)
        models = _models(template, structure, pairs=_PAIRS if pairs is None else pairs, weights=weights, seed=seed)
        if gain is not None and models and len(models) == len(template.weighted):
            raise InputError("--gain", "left out where all layers are made of structures", gain)
        train_set, test_set = (fitted_images(each, template) for each in (train_set, test_set))
        found = train_masks(
            template,
            train_set,
            test_set,
            settings=settings,
            seed=seed,
            models=models,
            layers=_dense(template) if frozen_convolutions else None if models else template.weighted,
            checkpoint=checkpoint,
            report=telling(report, epochs),
        )
        if out is not None:
            save_network(found.network(), out)
    _show(found, out, as_json=as_json)


def _check_random(weights: str, gain: float | None) -> None:
    """Refuse, before PyTorch is loaded, what no random network has."""
    from rescircuit.checks import positive_number
    from rescircuit.pruning.training.random_weights import DISTRIBUTIONS

    if weights not in DISTRIBUTIONS:
        raise InputError("--weights", f"one of {', '.join(DISTRIBUTIONS)}", weights)
    if gain is not None:
        positive_number("--gain", gain)


def _check_structure(structure: str | None, pairs: int | None, *, frozen_convolutions: bool) -> None:
    """Refuse unknown structures, and options that say nothing without one or beside one."""
    if structure is None:
        if pairs is not None:
            raise InputError("--pairs", "left out without --structure", pairs)
        return
    if structure not in _STRUCTURES:
        raise InputError("--structure", f"one of {', '.join(_STRUCTURES)}", structure)
    if frozen_convolutions:
        required = "left out with --structure, which prunes dense layers only"
        raise InputError("--frozen-convolutions", required, structure)


def _random(network: str, images: Labelled, *, weights: str, gain: float, seed: int) -> Network:
    """The layers that were asked for, with random weights."""
    from rescircuit.pruning.training import random_network

    template = template_of(network, images)
    scale = gain ** (1 / max(len(template.weighted), 1))
    return random_network(template, seed=seed, distribution=weights, scale=scale)


def _models(
    template: Network, structure: str | None, *, pairs: int, weights: str, seed: int
) -> Mapping[int, WeightModel] | None:
    """What the weights of trained layers are, where they are not the network's own."""
    if structure is None:
        return None
    from rescircuit.pruning.training import gadget_models

    if any(taken != (number - 1,) for number, taken in enumerate(template.sources)):
        raise InputError("--structure", "left out for a network with branches", structure)
    relu = structure == "relu"
    found = gadget_models(template, pairs=pairs, relu=relu, seed=seed, signed_inputs=False, distribution=weights)
    if not found:
        raise InputError("--structure", "left out for a network without dense layers", structure)
    return found


def _dense(template: Network) -> list[int]:
    from rescircuit.network import Dense

    return [number for number, layer in template.weighted_layers if isinstance(layer, Dense)]


def _show(found: TrainedMasks, out: Path | None, *, as_json: bool) -> None:
    if as_json:
        print_json({**found.as_dict(), "out": out})
        return
    print_epochs(found)
    table = found.table()
    print_table("Weights", list(table.columns), [list(row) for row in table.rows])
    print_text(f"{table.title}.")
    if out is not None:
        say(f"Written: {out}")
