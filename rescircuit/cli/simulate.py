"""``rescircuit simulate array``, ``network``, ``netlist``, ``memristor`` and ``write-verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.circuit_tables import check_output, naming_option
from rescircuit.cli.console import (
    JSON_OPTION,
    counting,
    example,
    print_json,
    print_table,
    print_text,
    progress_bar,
    say,
)
from rescircuit.cli.network_options import CHIP_NAMES, ChipOptions, read_network_inputs
from rescircuit.cli.option_groups import with_groups
from rescircuit.cli.outputs import interruptible, naming
from rescircuit.cli.simulate_array import ARRAY_EPILOG, check_finite, simulate_array
from rescircuit.cli.simulate_memristor import MEMRISTOR_EPILOG, simulate_memristor
from rescircuit.cli.simulate_netlist import NETLIST_EPILOG, simulate_netlist
from rescircuit.cli.simulate_write_verify import WRITE_VERIFY_EPILOG, simulate_write_verify
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.checks import Array

__all__ = ["simulate"]

simulate = typer.Typer(
    name="simulate",
    help="Simulate an array, a network on a chip, a netlist, a memristor, or how memristors are written.",
    no_args_is_help=True,
)

NETWORK_EPILOG = example(
    "rescircuit simulate network demo-output/network.npz --digits --bank-size 12 --r-word-line 1ohm --r-bit-line 1ohm",
    "rescircuit simulate network net.npz --inputs test.npz --rows 128 --cols 128 --dac-bits 8 --adc-bits 10",
)

simulate.command("array", epilog=ARRAY_EPILOG)(simulate_array)
simulate.command("netlist", epilog=NETLIST_EPILOG)(simulate_netlist)
simulate.command("memristor", epilog=MEMRISTOR_EPILOG)(simulate_memristor)
simulate.command("write-verify", epilog=WRITE_VERIFY_EPILOG)(simulate_write_verify)


@simulate.command("network", epilog=NETWORK_EPILOG)
@with_groups
def simulate_network(
    file: Annotated[Path, typer.Argument(help="A network (.npz): NAME.weight (out, in), NAME.bias, layer by layer.")],
    chip: ChipOptions,
    inputs: Annotated[
        Path | None, typer.Option(help="Inputs x (k, in) and, to count hits, y (k,) (.npz); or inputs alone (.csv).")
    ] = None,
    digits: Annotated[bool, typer.Option("--digits", help="Use the test digits that come with scikit-learn.")] = False,
    r_word_line: Annotated[str, typer.Option(help="Word-line wire between cells, such as 1ohm.")] = "0ohm",
    r_bit_line: Annotated[str, typer.Option(help="Bit-line wire between cells, such as 1ohm.")] = "0ohm",
    adc_bits: Annotated[int | None, typer.Option(help="Output converters' bits; ideal if left out.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The chip's outputs, a row an input (.csv).")] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Program a network onto a sampled chip and run inputs through it.

    Compares with digital arithmetic step by step: programming, then wires, then converters.
    """
    import numpy as np

    from rescircuit.network import load_network, map_network

    if (inputs is None) == (not digits):
        raise InputError("--inputs", "a file, or --digits in its place", "both" if digits else "neither")
    check_output("--out", out, (".csv",), [file, inputs])
    names = {**CHIP_NAMES, "x": "--digits" if digits else "--inputs"}
    # Overflow is found by the check.
    with interruptible(), naming(names), progress_bar() as report, np.errstate(over="ignore", invalid="ignore"):
        report("reading", 0, 1)
        network = load_network(file)
        x, y = _digits() if inputs is None else _inputs(inputs, network.outputs)
        spec, made = chip.spec(r_word_line, r_bit_line, adc_bits)
        total = 2 * sum(layer.weight.size for layer in network.layers)
        count = counting(report, "programming banks", total)
        analog = map_network(network, spec, seed=chip.seed, calibration_inputs=x, progress=count)
        report("solving tiles with their wires", 0, 1)
        ideal_converters = analog.with_converters(None, None)
        stages = {
            "digital": network(x),
            "programmed": ideal_converters.rewired(0.0, 0.0)(x),
            "and wires": ideal_converters(x),
            "and converters": analog(x),
        }
        summary = _summary(stages, y)
        check_finite("inputs and weights", *stages.values(), *(stage["deviation"] for stage in summary.values()))
        written = None if out is None else _write(out, stages["and converters"].reshape(-1, network.outputs))
    error = analog.programming_error
    if as_json:
        print_json(
            {
                "seed": chip.seed,
                "inputs": len(x),
                "weights": total // 2,
                "tiles": len(analog.tiles),
                "stages": summary,
                "median_programming_error": float(np.median(error)),
                "worst_programming_error": float(error.max()),
                "file": written,
            }
        )
        return
    columns = {"deviation": "deviation (rms)", "same_answer": "same answer", "accuracy": "right answer"}
    shown = [key for key in columns if summary["digital"][key] is not None]
    cells = [
        [name, *(f"{stage[key]:.2e}" if key == "deviation" else f"{stage[key]:.2%}" for key in shown)]
        for name, stage in summary.items()
    ]
    title = f"{len(x)} inputs on chip {chip.seed} of {made.name}"
    print_table(title, ["stage", *(columns[key] for key in shown)], cells)
    print_text(
        f"{total // 2:,} weights on {len(analog.tiles)} tile(s). Programming error: at most {error.max():.1e} of a "
        "bank's full scale. Deviation: of the outputs from digital, relative to their own rms."
    )
    if written is not None:
        say(f"Written: {written}")


def _write(path: Path, outputs: Array) -> Path:
    from rescircuit.files import write_csv

    with naming_option("--out"):
        return write_csv(path, outputs)


def _digits() -> tuple[Array, Any]:
    from rescircuit.datasets import load_digits

    data = load_digits()
    return data.test_x, data.test_y


def _inputs(file: Path, outputs: int) -> tuple[Array, Any]:
    """x (k, in) and y (k,) or None of a file; of a single output nothing is the answer, and y is not read."""
    from rescircuit.checks import finite_array

    x, y = read_network_inputs(file)
    if y is not None and y.shape != x.shape[:1]:
        raise InputError(file.name, "an archive with x (k, in) and y (k,)", f"shape {x.shape}")
    if y is None or outputs == 1:
        return x, None
    labels = finite_array(f"y in {file.name}", y)
    wrong = (labels != labels.round()) | (labels < 0) | (labels >= outputs)
    if wrong.any():
        required = f"whole numbers from 0 to {outputs - 1}, the outputs' numbers"
        raise InputError(f"y in {file.name}", required, float(labels[wrong][0]))
    return x, labels


def _summary(stages: dict[str, Array], y: Any) -> dict[str, dict[str, Any]]:
    """How each stage's outputs compare with the digital ones, and with the labels; a single output is no answer."""
    import numpy as np

    digital = stages["digital"]
    size = float(np.sqrt(np.mean(digital**2))) or 1.0
    answers = digital.argmax(axis=-1)
    single = digital.shape[-1] == 1
    return {
        name: {
            "deviation": float(np.sqrt(np.mean((outputs - digital) ** 2))) / size,
            "same_answer": None if single else float((outputs.argmax(axis=-1) == answers).mean()),
            "accuracy": None if y is None or single else float((outputs.argmax(axis=-1) == y).mean()),
        }
        for name, outputs in stages.items()
    }
