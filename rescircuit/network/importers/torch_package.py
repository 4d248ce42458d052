"""PyTorch for the modules beside this one that stand on it. They load where it is installed, and only when needed.

Its parts are of type ``Any`` here, so that types are checked alike with and without it.
"""

from __future__ import annotations

from typing import Any

from rescircuit.extras import optional_package

__all__ = ["F", "Module", "Node", "Proxy", "Tensor", "fx", "nn", "prune", "spectral_norm", "torch", "weight_norm"]


def _part(name: str) -> Any:
    return optional_package(name, "networks of PyTorch")


torch = _part("torch")
fx = _part("torch.fx")
nn = _part("torch.nn")
F = _part("torch.nn.functional")
prune = _part("torch.nn.utils.prune")
spectral_norm = _part("torch.nn.utils.spectral_norm")  # torch.nn.utils has functions of these two names
weight_norm = _part("torch.nn.utils.weight_norm")

# Classes that annotations name.
Tensor = torch.Tensor
Module = nn.Module
Node = fx.Node
Proxy = fx.Proxy
