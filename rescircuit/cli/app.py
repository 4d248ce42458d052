"""The root of the command line: its commands, and how errors leave it.

Commands import what they need when they run, so that ``rescircuit --help`` answers at once.
"""

from __future__ import annotations

import signal
import sys
from io import TextIOWrapper
from typing import Any, NoReturn

import typer

from rescircuit import __version__
from rescircuit.cli import (
    calibrate,
    check,
    compare,
    convert,
    data,
    demo,
    describe,
    design,
    draw,
    export,
    map_codes,
    program,
    reproduce,
    sample,
    trim,
    verify,
)
from rescircuit.cli.prune import prune
from rescircuit.cli.simulate import simulate
from rescircuit.cli.theory import theory
from rescircuit.errors import InputError, MissingToolError, RescircuitError

__all__ = ["app", "main"]

app = typer.Typer(
    name="rescircuit",
    help="Programmable conductances from imprecise resistors, crossbars of them, and their proof in ngspice.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo", epilog=demo.EPILOG)(demo.demo)
app.add_typer(data.data)
app.command("design", epilog=design.EPILOG)(design.design)
app.command("describe", epilog=describe.EPILOG)(describe.describe)
app.command("sample", epilog=sample.EPILOG)(sample.sample)
app.command("calibrate", epilog=calibrate.EPILOG)(calibrate.calibrate)
app.command("program", epilog=program.EPILOG)(program.program)
app.command("trim", epilog=trim.EPILOG)(trim.trim)
app.command("map", epilog=map_codes.EPILOG)(map_codes.map_codes)
app.command("convert", epilog=convert.EPILOG)(convert.convert)
app.add_typer(simulate)
app.command("export", epilog=export.EPILOG)(export.export)
app.command("verify", epilog=verify.EPILOG)(verify.verify)
app.command("check", epilog=check.EPILOG)(check.check)
app.command("compare", epilog=compare.EPILOG)(compare.compare)
app.command("draw", epilog=draw.EPILOG)(draw.draw)
app.add_typer(prune)
app.add_typer(theory)
app.command("reproduce", epilog=reproduce.EPILOG)(reproduce.reproduce)


_PLAINLY = {
    "Input should be a valid integer, unable to parse string as an integer": "it must be a whole number",
    "Input should be a valid number, unable to parse string as a number": "it must be a number",
}
# Typer's own copy of Click's exceptions is private, and where it lies has changed; its public one has it as a base.
_CommandLineError: type[Exception] = typer.BadParameter.__bases__[0].__bases__[0]


def _version(value: bool) -> None:
    if value:
        typer.echo(f"rescircuit {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Design banks of resistors, simulate crossbars of them, export and verify their netlists."""


def _refuse(error: Any) -> NoReturn:
    """Answer a command line that cannot be read in one line; one without anything in it gets the help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        sys.exit(2)
    command = getattr(error.ctx, "command_path", "rescircuit") if getattr(error, "ctx", None) else "rescircuit"
    said = " ".join(error.format_message().split())
    for theirs, ours in _PLAINLY.items():
        said = said.replace(theirs, ours)
    stop = "" if said.endswith((".", "?")) else "."
    typer.echo(f"rescircuit: {said}{stop} See {command} --help.", err=True)
    sys.exit(2)


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 not confirmed, 2 bad input, 3 a tool is missing, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Ω or µ gets a question mark
    for name in ("SIGTERM", "SIGHUP"):  # as Ctrl-C: programs that we have started end with us, and folders go
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _end)
    try:
        status = app(standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except _CommandLineError as error:
        _refuse(error)
    except typer.Abort:
        sys.exit(1)
    except RescircuitError as error:
        typer.echo(f"rescircuit: {error}", err=True)
        sys.exit({InputError: 2, MissingToolError: 3}.get(type(error), 1))
    except BrokenPipeError:  # the reader of our output, such as head, has seen enough
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:  # a full disk behind standard output
        typer.echo(f"rescircuit: the result cannot be written: {error.strerror}.", err=True)
        sys.exit(1)


def _end(number: int, _: Any) -> NoReturn:
    sys.exit(128 + number)
