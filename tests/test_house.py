"""The house as the design draws it: layers that import downwards only, and a public face that is an index."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import rescircuit as rc

PACKAGE = Path(rc.__file__).parent

# From the top down; a module imports from its own level's package or from those below.
LAYERS = [
    ["cli"],
    ["demo", "reproductions"],
    ["plotting", "datasets"],
    ["theory"],
    ["pruning"],
    ["network"],
    ["calibration"],
    ["spice"],
    ["crossbar"],
    ["bank"],
    ["devices", "subsetsum"],
    ["measured", "pieces"],
    ["quantities", "files", "compiled", "extras", "side_by_side", "tables"],
    ["checks"],
    ["errors"],
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def imports(path):
    """Rescircuit's packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("rescircuit."):
            yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("rescircuit."))


MODULES = sorted(set(PACKAGE.rglob("*.py")) - {PACKAGE / "__init__.py"})  # the index names every layer


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_layers_import_downwards_only(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    assert parts[0] in LEVEL, f"{parts[0]} has no place in the house yet"
    for imported in imports(path):
        assert imported == parts[0] or LEVEL[imported] > LEVEL[parts[0]], f"{parts[0]} reaches up to {imported}"


def test_the_index_names_what_it_serves():
    for name in rc.__all__:
        assert getattr(rc, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = rc.nonsense
    assert set(rc.__all__) <= set(dir(rc))


def test_the_index_serves_modules_too():
    script = "import rescircuit as rc; print(*(getattr(rc, name).__name__ for name in sorted(rc._SUBMODULES)))"
    served = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert set(served) == {f"rescircuit.{name}" for name in there - {"__init__", "cli"}}
    assert {"network", "spice"} <= set(dir(rc))


def test_importing_the_package_loads_nothing_heavy():
    script = "import sys, rescircuit, rescircuit.cli.app; print(*{m.partition('.')[0] for m in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "scipy", "numba", "matplotlib", "PySpice", "gurobipy", "networkx", "sklearn", "pydantic"}
    heavy |= {"torch", "onnx", "safetensors"}
    assert not heavy & set(loaded)


def test_public_docstrings_are_there():
    for name in rc.__all__:
        assert (getattr(rc, name).__doc__ or "").strip(), name
