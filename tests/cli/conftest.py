"""What all tests of the command line share."""

from __future__ import annotations

import functools
import sys

import pytest
import typer.main

from rescircuit.cli.app import main

BUILT_ONCE = functools.cache(typer.main.get_command)


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run a command line in an empty folder; returns (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr("typer.main.get_command", BUILT_ONCE)  # a tenth of a second in each of a thousand commands

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["rescircuit", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture
def refused(run, tmp_path):
    """Run a command line that has to be refused with one line and exit code 2, leaving no file; returns the line."""

    def command(*arguments):
        before = sorted(tmp_path.rglob("*"))
        code, out, err = run(*arguments)
        assert (code, out, err.count("\n")) == (2, "", 1), err
        assert err.startswith("rescircuit: ")
        assert sorted(tmp_path.rglob("*")) == before
        return err

    return command
