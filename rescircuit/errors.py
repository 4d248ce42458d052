"""What can go wrong, in one line each: which argument, what is required, what came, what to do."""

from __future__ import annotations

__all__ = [
    "InputError",
    "MissingToolError",
    "RescircuitError",
    "SolutionError",
    "SpiceError",
]


class RescircuitError(Exception):
    """Anything that rescircuit refuses or cannot vouch for; its text is one line for a person."""


class InputError(RescircuitError, ValueError):
    """An argument or a file is not usable.

    Parameters
    ----------
    argument : str
        Name of the argument, option or file.
    required : str
        What is required, as the end of the sentence "*argument* must be ...".
    got : object
        What came; shown shortened.
    hint : str
        What to do about it, a sentence of its own; may be empty.
    """

    def __init__(self, argument: str, required: str, got: object, hint: str = "") -> None:
        self.argument = argument
        self.required = required
        self.got = got
        self.hint = hint
        text = f"{argument} must be {required}, got {shorten(got)}"
        super().__init__(_one_line(f"{text}. {hint}" if hint else text))


class SolutionError(RescircuitError):
    """A computation ended without a certificate: its residual is above the limit.

    Parameters
    ----------
    what : str
        What was being solved.
    residual, limit : float
        The residual reached and the one required.
    hint : str
        What to try.
    """

    def __init__(self, what: str, residual: float, limit: float, hint: str) -> None:
        self.residual = residual
        self.limit = limit
        super().__init__(f"{what}: residual {residual:.3g} is above the limit {limit:.3g}. {hint}")


class SpiceError(RescircuitError):
    """ngspice did not deliver a result that can be trusted."""


class MissingToolError(RescircuitError):
    """A program or a library that this step needs is not installed, or its licence does not reach."""

    def __init__(self, tool: str, needed_for: str, remedy: str) -> None:
        self.tool = tool
        super().__init__(f"{tool} is needed for {needed_for} and was not found. {remedy}")


def shorten(value: object, length: int = 60) -> str:
    """One line of at most `length` characters that shows `value`, both ends of it: paths end in a file's name."""
    if type(value).__module__ == "numpy" and hasattr(value, "item") and not getattr(value, "shape", True):
        value = value.item()  # type: ignore[attr-defined] - a scalar of NumPy's, which this module does not load
    text = value if isinstance(value, str) and value.startswith("shape ") else repr(value)
    text = _one_line(text)
    tail = (length - 3) // 2
    return text if len(text) <= length else f"{text[: length - 3 - tail]}...{text[len(text) - tail :]}"


def _one_line(text: str) -> str:
    """Without line breaks and control characters, which names of files and words of libraries may hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
