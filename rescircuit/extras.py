"""Packages that only some need, and that an extra of the installation brings."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from rescircuit.errors import MissingToolError

__all__ = ["optional_package"]


def optional_package(name: str, needed_for: str, *, extra: str = "") -> Any:
    """An installed module, imported now.

    Parameters
    ----------
    name : str
        The module, such as ``"torch.fx"``.
    needed_for : str
        What it is needed for, for the message.
    extra : str, optional
        What brings it, of the installation's extras; by default the module's first name.

    Raises
    ------
    MissingToolError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError:
        first = name.partition(".")[0]
        remedy = f"Install it with: pip install 'rescircuit[{extra or first}]'."
        raise MissingToolError(first, needed_for, remedy) from None
