"""The documentation's examples run: Python blocks file by file in order, and docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import rescircuit as rc
from rescircuit.errors import MissingToolError

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TORCH = re.compile(r"^```py\n(.*?)^```$", re.MULTILINE | re.DOTALL)  # what needs PyTorch, an extra, is fenced so


def with_python(pages, block=BLOCK):
    return [page for page in pages if block.search(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", with_python(PAGES), ids=lambda page: page.name)
def test_python_examples_of_a_page_run_in_order(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        exec(compile(block, page.name, "exec"), names)  # noqa: S102 - our own pages
    assert capsys.readouterr().out, "an example shows something"


@pytest.mark.parametrize("page", with_python(PAGES, TORCH), ids=lambda page: page.name)
def test_examples_with_pytorch_run_after_the_first_of_their_page(page, tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch", reason="needs PyTorch (make torch)")
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for block in (BLOCK.findall(text)[0], *TORCH.findall(text)):
        exec(compile(block, page.name, "exec"), names)  # noqa: S102 - our own pages
    assert capsys.readouterr().out, "an example shows something"


def modules_with_examples():
    for found in pkgutil.walk_packages(rc.__path__, "rescircuit."):
        try:
            module = importlib.import_module(found.name)
        except MissingToolError:  # what stands on a package that an extra brings, where that is not installed
            continue
        if any(test.examples for test in doctest.DocTestFinder().find(module)):
            yield module


@pytest.mark.parametrize("module", list(modules_with_examples()), ids=lambda module: module.__name__)
def test_docstring_examples_are_right(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
