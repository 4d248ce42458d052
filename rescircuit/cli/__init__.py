"""The command line. Only here is anything printed."""

from rescircuit.cli.app import main

__all__ = ["main"]
