"""StyleGAN3's last layer, ToRGB, as launches on prepared buffers."""

from __future__ import annotations

import torch
from torch import Tensor

from stylegan3.alias_free.geometry import AliasFreeLayer
from stylegan3.alias_free.synthesis import SynthesisLayer
from stylegan3.fast.kernels.filtered_lrelu.geometry import FilterGeometry
from stylegan3.fast.kernels.torgb.layer import TorgbLayer
from stylegan3.fast.operations import Operations, step
from stylegan3.fast.plan import Arena, Step


class TorgbSteps:
    """ToRGB of one network; its picture serves all plans.

    Where it can be part of the filter before it, that stores partial sums of ToRGB, which are
    smaller than its output, and what is left is to add them up.

    Args:
        layer: whose live tensors are read.
        output_scale: the network's.
        operations: what to compute with.
        filters: of the layer before.
        dtypes: of that layer and this one.
        pitch: channels of the input, padded.
        device: of the picture.
        g: geometry of the layer, on the canvas that is played.

    Raises:
        ValueError: if the layer resamples the picture.
    """

    def __init__(
        self,
        layer: SynthesisLayer,
        output_scale: float,
        operations: Operations,
        filters: FilterGeometry,
        dtypes: tuple[torch.dtype, torch.dtype],
        pitch: int,
        device: torch.device,
        g: AliasFreeLayer,
    ) -> None:
        is_plain = (g.up_factor, g.down_factor, g.conv_kernel) == (1, 1, 1)
        if not is_plain or any((*g.padding, *g.row_padding)):
            raise ValueError(f"{g.name} resamples the picture")
        self._layer, self._output_scale = layer, output_scale
        self._ops, self._dtype, self._pitch = operations, dtypes[-1], pitch
        self._size = (g.out_size, g.out_width)
        self.picture = torch.zeros(g.out_channels, *self._size, device=device)
        self.is_fused = operations.can_fuse_torgb(filters, device, *dtypes, g.out_channels)
        """Whether the filter before stores partial sums, where only the picture is wanted."""

    def torgb(self, *, is_scaled: bool) -> TorgbLayer:
        """Return what to compute: the picture, or the layer's output, without the scale."""
        layer, scale = self._layer, self._output_scale if is_scaled else 1.0
        return TorgbLayer(layer.weight, layer.bias, layer.conv_clamp, scale)

    def reserve(self, arena: Arena) -> None:
        """Have room for the parts, where there are some."""
        if self.is_fused:
            arena.reserve("activated", self._parts_shape, torch.float32)

    def parts(self, arena: Arena) -> Tensor:  # [parts, colours, H, W]
        """Return the buffer of the parts: nothing else is "activated" while they are."""
        return arena.picture("activated", self._parts_shape, torch.float32)

    def step(self, torgb: TorgbLayer, x: Tensor) -> Step:
        """Return what makes the picture of the parts, or of the output of the layer before."""
        name = f"{self._layer.geometry.name} torgb"
        if self.is_fused:
            return step(name, self._ops.torgb_partial_sums(torgb, self._size), x, self.picture)
        operation = self._ops.torgb(torgb, pitch=self._pitch, dtype=self._dtype)
        return step(name, operation, x, self.picture)

    @property
    def _parts_shape(self) -> tuple[int, ...]:
        return self.torgb(is_scaled=True).parts_shape(self._size)
