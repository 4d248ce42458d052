"""Networks from elsewhere: scikit-learn, PyTorch and ONNX; and networks and chips as modules of PyTorch."""

from rescircuit.network.importers.onnx_model import from_onnx
from rescircuit.network.importers.sklearn_models import from_sklearn
from rescircuit.network.importers.torch_networks import from_torch, to_torch

__all__ = ["from_onnx", "from_sklearn", "from_torch", "to_torch"]
