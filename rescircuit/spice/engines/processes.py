"""A program run to its end, or stopped: its words are heard line by line, and its children end with it."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from threading import Event

from rescircuit.errors import SpiceError

__all__ = ["run_program"]

_LARGEST_OUTPUT = 64 << 20  # bytes; before a transient ngspice lists every node, some 50 bytes each
_LONGEST_LINE = 1 << 20  # bytes
_BLOCK = 1 << 16  # bytes, what a pipe holds
_WAIT = 0.05  # second, after which a run looks whether it is still wanted


@dataclass(frozen=True, kw_only=True)
class _Limits:
    """When to give a run up."""

    timeout: float
    deadline: float
    stop: Event

    def seconds_to_wait(self) -> float:
        """How long to wait for the next sign of the program; raise when it is over."""
        if self.stop.is_set():
            raise CancelledError
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            hint = "Allow more time, or check a part of the circuit."
            raise SpiceError(f"ngspice was stopped after {self.timeout:g} s. {hint}")
        return min(remaining, _WAIT)


class _Group:
    """The processes of a program and its children, killed once: later the number may be another group's."""

    def __init__(self, number: int) -> None:
        self._number: int | None = number

    def kill(self) -> None:
        number, self._number = self._number, None
        if number is not None:
            with suppress(ProcessLookupError, PermissionError):  # all of the group may have ended by themselves
                os.killpg(number, signal.SIGKILL)


def run_program(
    command: Sequence[str], folder: str, *, timeout: float, hear: Callable[[str], object], stop: Event | None = None
) -> int:
    """Exit status of a command that runs in `folder` with next to no environment and no input.

    However it ends, and also when this is interrupted, every process of its group is killed.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments.
    folder : str
        Its working directory and home.
    timeout : float
        Longest time to wait, second.
    hear : callable
        Called with each line of its two output streams.
    stop : threading.Event, optional
        Once set, from another thread, the run is given up.

    Raises
    ------
    SpiceError
        When it cannot be started, takes too long, or writes without end.
    concurrent.futures.CancelledError
        When it was stopped.
    """
    limits = _Limits(timeout=timeout, deadline=time.monotonic() + timeout, stop=stop or Event())
    limits.seconds_to_wait()  # nothing is started that is not wanted any more
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={"HOME": folder, "LC_ALL": "C", "PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise SpiceError(f"{command[0]} cannot be run: {error.strerror}") from None
    with process:
        group = _Group(process.pid)
        try:
            _listen(process, group, hear, limits)
            while process.poll() is None:  # it closed its output and goes on
                with suppress(subprocess.TimeoutExpired):
                    process.wait(limits.seconds_to_wait())
        finally:  # after Ctrl-C too: it does not reach a process group of its own
            group.kill()
    return process.returncode


def _listen(process: subprocess.Popen[bytes], group: _Group, hear: Callable[[str], object], limits: _Limits) -> None:
    """Hand on lines until all who may write have ended."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    descriptor = process.stdout.fileno()
    heard, rest = 0, b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if process.poll() is not None:  # children that it left behind would keep the pipe open
                group.kill()
            if not selector.select(limits.seconds_to_wait()):
                continue
            block = os.read(descriptor, _BLOCK)
            heard += len(block)
            *lines, rest = re.split(rb"[\r\n]+", rest + block)
            if heard > _LARGEST_OUTPUT or len(rest) > _LONGEST_LINE:
                raise SpiceError(f"ngspice was stopped after it printed {heard} bytes of messages")
            for line in lines if block else [rest]:
                hear(line.decode("utf-8", errors="replace"))
            if not block:
                return
