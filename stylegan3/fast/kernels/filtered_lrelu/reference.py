"""Filtered leaky ReLU, and ToRGB's partial sums from it, in plain torch, on any device."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from stylegan3.fast.kernels.activation.reference import store
from stylegan3.fast.kernels.channels_last import planar
from stylegan3.fast.kernels.filtered_lrelu.geometry import FilterGeometry
from stylegan3.fast.kernels.filtered_lrelu.launcher import check_operands
from stylegan3.fast.kernels.torgb.layer import PART_CHANNELS, TorgbLayer
from stylegan3.ops.upfirdn2d import upfirdn2d


class FilteredLrelu:
    """`filtered_lrelu_plain.cu`; with `torgb`, `filtered_lrelu.cu`. The same call as they have."""

    dc_correction = 1.0

    def __init__(
        self, geometry: FilterGeometry, *_: object, torgb: TorgbLayer | None = None
    ) -> None:
        self.geometry = geometry
        self._torgb = torgb

    def __call__(
        self, x: Tensor, y: Tensor, channels: int, bias: Tensor, clamp: Tensor, scale: Tensor
    ) -> None:
        """Compute `y = scale * down(clamp(lrelu(up(x + bias)) * gain, +-clamp))`."""
        g = self.geometry
        if self._torgb is None:
            check_operands(g, x, y, channels, bias, clamp, scale)
        else:
            self._torgb.check_channels(channels)
            self._torgb.check_parts(y, g.out_size(x.shape[0], x.shape[1]))
        up, down = (
            None if f is None else torch.from_numpy(f).to(x.device, torch.float32)
            for f in (g.up_filter, g.down_filter)
        )
        b, limit, s = (v[:channels, None, None] for v in (bias, clamp, scale))
        v = upfirdn2d(planar(x, channels).float() + b, up, up=g.up, padding=g.padding, gain=g.up**2)
        v = leaky_relu(v, g.slope) * g.gain
        v = upfirdn2d(torch.clamp(v, -limit, limit), down, down=g.down) * s
        if self._torgb is None:
            store(v, y)
            return
        weights = self._torgb.weight[:, :, 0, 0].split(PART_CHANNELS, 1)
        for part, weight, some in zip(y, weights, v[0].split(PART_CHANNELS), strict=True):
            part.copy_(torch.einsum("oc,chw->ohw", weight, some))
