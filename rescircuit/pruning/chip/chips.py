"""A chip whose random resistors are the weights, and whose switches are the bits of the mask.

The thesis (da Cunha 2023, section 1.3.5) proposes to select weights by training which of them stay. Here each weight of
a layer has two banks of `bank_size` resistors, one on the positive bit line of its output and one on the negative one,
sampled as :func:`rescircuit.map_network` would sample them at the same places; with banks of one, each crossing is a
resistor with its switch. With signs by column each bank has switches of its own, and so

    w = (sum m+ g+ - sum m- g-) / unit,

a weight being about -1, 0 or 1 times a resistor's conductance. With differential signs one bit sets both switches of a
pair, ``w = m (g+ - g-) / unit``: a continuous random weight that is there from the resistors' mismatch alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.checks import Array, positive_number
from rescircuit.errors import InputError
from rescircuit.network.arrays import ArraySpec, Converters, Tile
from rescircuit.network.arrays.placement import network_places
from rescircuit.network.arrays.reach import typical_inputs
from rescircuit.network.inference import AnalogLayer, AnalogNetwork, calibration_rows
from rescircuit.network.layers import Network, WeightedLayer
from rescircuit.pruning.chip.random_layer import RandomLayer, sampled_layer
from rescircuit.pruning.chip.settings import SPREADS, Signs, check_spec, checked_signs

if TYPE_CHECKING:
    from rescircuit.pruning.chip.in_loop import ChipWeights

__all__ = ["Masks", "RandomChip", "random_chip"]

Masks = Mapping[int, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class RandomChip:
    """A sampled chip for networks of one shape; see :func:`random_chip`, which makes it.

    Masks are truth values by the number of the layer in the network, of the layers' mask shapes.

    Attributes
    ----------
    network : Network
        The template: layers, shapes and biases count, its weights do not.
    spec : ArraySpec
    seed, chip : int
        Which chip.
    signs : "column" or "differential"
    layers : tuple of RandomLayer
        Of the layers with weights.
    """

    network: Network = field(repr=False)
    spec: ArraySpec
    seed: int
    chip: int
    signs: Signs
    layers: tuple[RandomLayer, ...] = field(repr=False)

    @property
    def mask_shapes(self) -> dict[int, tuple[int, ...]]:
        """Of each layer's mask, by the layer's number."""
        return {layer.number: layer.mask_shape for layer in self.layers}

    @property
    def cells(self) -> int:
        """Banks, two for each weight."""
        return sum(place.cells for layer in self.layers for place in layer.places)

    @property
    def resistors(self) -> int:
        """Of all banks; as many switches, too."""
        return self.cells * self.spec.bank_size

    @property
    def bits(self) -> int:
        """Of all masks: as many as switches, or half of them where a bit sets both of a pair."""
        return self.resistors if self.signs == "column" else self.resistors // 2

    def pruned(self, masks: Masks) -> Network:
        """The network in digital arithmetic, its weights by what is believed of the banks, without wires.

        Raises
        ------
        InputError
            For a mask that is missing, of another shape, or of a layer that is not there.
        """
        self.check(masks)
        weights = {layer.number: layer.weight(masks[layer.number]) for layer in self.layers}
        layers = [
            replace(layer, weight=weights[number]) if isinstance(layer, WeightedLayer) else layer
            for number, layer in enumerate(self.network.layers)
        ]
        return Network(layers, self.network.input_shape, self.network.sources)

    def program(self, masks: Masks, *, calibration_inputs: Any | None = None) -> AnalogNetwork:
        """The chip with its switches set: the network on it, as :func:`rescircuit.map_network` gives one.

        Without any effect it is the network of :meth:`pruned`; what calibration got wrong is the effect
        ``"calibration"``, and there is no error of programming, as nothing was aimed at.

        Parameters
        ----------
        masks : mapping of int to bool array
        calibration_inputs : array (k, *input shape), optional
            Typical inputs; the converters' ranges are set to what they need, as by :func:`rescircuit.map_network`.

        Raises
        ------
        InputError
            For other masks, see :meth:`pruned`, and inputs of another shape.
        """
        network = self.pruned(masks)
        _, taken, bounds = typical_inputs(network, calibration_inputs)
        layers = tuple(
            self._programmed(
                layer, network.layers[layer.number], masks[layer.number], bounds[layer.number], taken.get(layer.number)
            )
            for layer in self.layers
        )
        return AnalogNetwork(network=network, layers=layers, spec=self.spec, seed=self.seed, chip=self.chip)

    def models(self) -> dict[int, ChipWeights]:
        """What training by pruning needs of each layer, by its number, with the hardware in the loop; needs PyTorch.

        Training then sees the wires, amplifiers' input resistances, converters and read noise of the spec; that of
        :meth:`ideal` sees the conductances alone.

        Raises
        ------
        MissingToolError
            Without PyTorch.
        """
        from rescircuit.pruning.chip.in_loop import ChipWeights

        return {layer.number: ChipWeights(layer) for layer in self.layers}

    def ideal(self) -> RandomChip:
        """The same resistors without wires, with ideal converters and amplifiers, and without noise.

        Masks of one are masks of the other.
        """
        conditions = replace(self.spec.conditions, read_noise=0.0, bandwidth=None)
        spec = replace(
            self.spec,
            r_word_line=0.0,
            r_bit_line=0.0,
            dac_bits=None,
            adc_bits=None,
            converters=Converters(),
            conditions=conditions,
        )
        layers = tuple(replace(layer, spec=spec) for layer in self.layers)
        return replace(self, spec=spec, layers=layers)

    def _programmed(
        self, layer: RandomLayer, weighted: Any, mask: Any, input_full_scale: float, inputs: Array | None
    ) -> AnalogLayer:
        tiles: list[Tile] = []
        for place, cells in zip(layer.places, layer.programmed(mask), strict=True):
            asked = cells.programmed if cells.believed is cells.programmed else np.maximum(cells.believed, 0.0)
            tiles.append(place.tile(asked, asked, cells))
        largest = max(float(layer.offset.max() + layer.items.sum(axis=-1).max()), *(t.asked.max() for t in tiles))
        return AnalogLayer(
            number=layer.number,
            weighted=weighted,
            tiles=tuple(tiles),
            siemens_per_weight=np.full(weighted.outputs, layer.siemens_per_weight),
            input_full_scale=input_full_scale,
            cell_full_scale=largest,
            calibration_inputs=None if inputs is None else calibration_rows(weighted, inputs),
            spec=self.spec,
        )

    def check(self, masks: Masks) -> None:
        """Refuse masks of other layers; their shapes are the layers' own to check."""
        expected = [layer.number for layer in self.layers]
        if not isinstance(masks, Mapping) or sorted(masks) != expected:
            got = sorted(masks) if isinstance(masks, Mapping) else type(masks).__name__
            raise InputError("masks", f"one for each of the layers {', '.join(map(str, expected))}", got)


def random_chip(
    network: Network,
    spec: ArraySpec,
    *,
    seed: int,
    chip: int = 0,
    signs: Signs = "column",
    spread: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> RandomChip:
    """Sample a chip for networks of the shape of `network`.

    Parameters
    ----------
    network : Network
        The template: of its weights only the shapes count. Biases stay digital, as they are.
    spec : ArraySpec
        With banks; with a `calibration` the weights are the measured ones for those who train, and the true ones on
        the chip.
    seed, chip : int
        Which chip: its banks are those that :func:`rescircuit.map_network` programs for the same network.
    signs : "column" or "differential"
        Whether each bank has switches of its own, or a pair of banks is switched together.
    spread : float, optional
        Of the weights: their root mean square over random masks, as multiples of He's ``sqrt(2 / inputs)``. It is the
        scale of numbers behind the converters, and makes no difference to a network of rectified units without biases;
        but training does, whose loss wants scores of some size. By default 1.4 with signs by column, else 2.
    progress : callable, optional
        Called with the number of banks sampled since the last call.

    Raises
    ------
    InputError
        For what is no network, a spec without pairs of banks, or other signs.

    Examples
    --------
    >>> import numpy as np
    >>> from rescircuit.network import ArraySpec, Dense, Network
    >>> from rescircuit.pruning.chip import random_chip
    >>> network = Network([Dense(weight=np.zeros((3, 4)))])
    >>> chip = random_chip(network, ArraySpec(bank_size=1), seed=1)
    >>> chip.resistors, chip.mask_shapes
    (24, {0: (3, 4, 2, 1)})
    >>> masks = {0: np.arange(24).reshape(3, 4, 2, 1) % 3 == 0}
    >>> analog = chip.program(masks)
    >>> x = np.array([0.1, 0.2, 0.3, 0.4])
    >>> bool(np.allclose(analog.with_effects()(x), chip.pruned(masks)(x), rtol=1e-12))
    True
    """
    if not isinstance(network, Network):
        raise InputError("network", "a Network", network)
    check_spec(spec)
    checked = checked_signs(signs)
    scale = SPREADS[checked] if spread is None else positive_number("spread", spread)
    layers = tuple(
        sampled_layer(
            number,
            weighted,
            places,
            spec,
            seed=seed,
            chip=chip,
            signs=checked,
            spread=scale,
            progress=progress or (lambda _: None),
        )
        for number, weighted, places in network_places(network, spec)
    )
    return RandomChip(network=network, spec=spec, seed=seed, chip=chip, signs=checked, layers=layers)
