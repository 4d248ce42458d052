"""PyTorch for the modules beside this one that stand on it. They load where it is installed, and only when needed.

Its parts are of type ``Any`` here, so that types are checked alike with and without it.
"""

from __future__ import annotations

from typing import Any

from rescircuit.extras import optional_package

__all__ = ["F", "fx", "nn", "torch"]

torch: Any = optional_package("torch", "networks of PyTorch")
fx: Any = optional_package("torch.fx", "networks of PyTorch")
nn: Any = torch.nn
F: Any = torch.nn.functional
