"""The documentation's examples run: Python blocks file by file in order, docstrings, and the example netlists."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

import rescircuit as rc
from rescircuit.cli.app import main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def with_python(pages):
    return [page for page in pages if BLOCK.search(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", with_python(PAGES), ids=lambda page: page.name)
def test_python_examples_of_a_page_run_in_order(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        exec(compile(block, page.name, "exec"), names)  # noqa: S102 - our own pages
    assert capsys.readouterr().out, "an example shows something"


def modules_with_examples():
    for found in pkgutil.walk_packages(rc.__path__, "rescircuit."):
        module = importlib.import_module(found.name)
        if any(test.examples for test in doctest.DocTestFinder().find(module)):
            yield module


@pytest.mark.parametrize("module", list(modules_with_examples()), ids=lambda module: module.__name__)
def test_docstring_examples_are_right(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def netlist_commands():
    """The commands of netlists/README.md, which made the decks beside it."""
    text = (ROOT / "netlists" / "README.md").read_text(encoding="utf-8")
    return [line.removeprefix("$ rescircuit ") for line in text.splitlines() if line.startswith("$ rescircuit ")]


def test_example_netlists_are_what_their_commands_make(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "netlists", tmp_path / "netlists")
    monkeypatch.chdir(tmp_path)
    decks = {path.relative_to(tmp_path): path.read_text() for path in (tmp_path / "netlists").rglob("*.cir")}
    assert len(decks) >= 3
    for path in decks:
        path.unlink()
    for command in netlist_commands():
        monkeypatch.setattr(sys, "argv", ["rescircuit", *shlex.split(command)])
        with pytest.raises(SystemExit) as leaving:
            main()
        assert not leaving.value.code, command
    assert {path: path.read_text() for path in decks} == decks


def test_example_netlists_agree_with_ngspice():
    """Through the same commands' inputs; the decks themselves are compared above."""
    from rescircuit.bank.files import load_bank
    from rescircuit.files import read_csv

    for path in sorted((ROOT / "netlists").rglob("bank.json")):
        bank, mask = load_bank(path)
        check = rc.verify(bank, mask=mask, voltages=bank.v_read)
        assert check.passed
        assert check.deck.text == (path.parent / "bank.cir").read_text()
    cells = read_csv(ROOT / "netlists" / "crossbar.csv")
    check = rc.verify(rc.Crossbar(cells, 1.0, 1.0), voltages=[0.1] * cells.shape[0])
    assert check.passed
    assert check.deck.text == (ROOT / "netlists" / "crossbar.cir").read_text()
