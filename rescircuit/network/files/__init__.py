"""Networks in files: npz and safetensors with the numbers, and a layer file, in them or beside them.

A layer file is TOML: the shape of one input, channels first, and the layers in their order. Each has its ``kind``, a
``name`` where it has weights or another layer takes its output, and the fields of the layer's class; ``inputs`` names
the layers that it takes, or ``input``, by default the one before.

.. code-block:: toml

    input = [1, 28, 28]

    [[layers]]
    kind = "conv"                       # arrays conv1.weight (out, in, height, width) and conv1.bias (out,)
    name = "conv1"
    padding = 2

    [[layers]]
    kind = "relu"
    name = "first"

    [[layers]]
    kind = "conv"
    name = "conv2"
    padding = 1

    [[layers]]
    kind = "add"                        # a residual connection
    inputs = ["first", "conv2"]

    [[layers]]
    kind = "max_pool"
    kernel = [2, 2]

    [[layers]]
    kind = "flatten"

    [[layers]]
    kind = "dense"                      # arrays fc.weight (out, in) and fc.bias (out,)
    name = "fc"
"""

from rescircuit.network.files.layer_text import layers_text, list_layer_files
from rescircuit.network.files.networks import load_network, save_network

__all__ = ["layers_text", "list_layer_files", "load_network", "save_network"]
