"""PyTorch's modules to networks, and networks and chips to PyTorch's modules.

PyTorch is an extra, and slow to import: what needs it lies in files that these functions import.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rescircuit.extras import optional_package
from rescircuit.network.layers import Network

__all__ = ["from_torch", "to_torch"]


def from_torch(module: Any, input_shape: Sequence[int] | None = None) -> Network:
    """The network that a module of PyTorch computes once it is trained.

    The module's ``forward`` is traced with :mod:`torch.fx` as in evaluation mode, whatever mode it is in: dropout is
    left out, and batch normalisations use their running statistics. The module itself is left as it is. Known are
    linear layers, one- and two-dimensional convolutions, batch normalisation, the usual activations, poolings,
    flattening, sums of two arrays of one shape, and numbers for each channel that are added or multiplied; as modules,
    as functions, and as methods. What the module computes from its weights alone is computed while tracing. A batch
    normalisation behind a weighted layer whose output nothing else takes goes into its weights (:func:`folded`).

    Parameters
    ----------
    module : torch.nn.Module
        A trained module that takes one array and gives one. Weights of any floating type; networks compute in
        float64.
    input_shape : sequence of int, optional
        The shape of one input, without the batch, such as (1, 28, 28); not needed where the first layer is linear.

    Raises
    ------
    InputError
        For what the network can't represent, named with where it stands; for weights that are not finite, without
        values (on the device ``meta``) or without a shape (lazy layers); and for layers that do not take what others
        give.
    MissingToolError
        Without PyTorch.
    """
    optional_package("torch", "networks from PyTorch")
    from rescircuit.network.importers.torch_graphs import network_of

    return network_of(module, input_shape)


def to_torch(network: Any) -> Any:
    r"""A ``torch.nn.Module`` whose ``forward`` is a network, or a network on a chip.

    It takes tensors (..., \*input_shape) with any axes of a batch, on any device, and gives tensors
    (..., \*output_shape) of their type, so that it stands anywhere in a larger module.

    Parameters
    ----------
    network : Network or AnalogNetwork
        A :class:`Network` becomes a :class:`~rescircuit.network.importers.torch_module.NetworkModule`, with parameters
        that can be trained further; :func:`from_torch` gives the trained network back, and of an untrained one the
        same numbers to the last bit. Parameters are float64 until ``.float()`` or ``.to`` makes them another type.
        An :class:`AnalogNetwork` becomes a :class:`~rescircuit.network.importers.torch_module.ChipModule`, without
        parameters and with an empty state dictionary: its outputs are the chip's, its gradient with respect to its
        inputs is the digital network's (a straight-through estimator).

    Raises
    ------
    InputError
        For something else.
    MissingToolError
        Without PyTorch.
    """
    optional_package("torch", "networks as modules of PyTorch")
    from rescircuit.network.importers.torch_module import ChipModule, NetworkModule

    return NetworkModule(network) if isinstance(network, Network) else ChipModule(network)
