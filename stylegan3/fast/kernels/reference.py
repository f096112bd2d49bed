"""The operations of plans in plain torch: what the kernels compute, on any device.

They take the launchers' arguments and check them likewise, so that the wiring of a plan can be
tested, and run, where there is no GPU.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from stylegan3.fast.kernels.activation.reference import (
    FusedConvolution,
    ModulatedAct,
    PhaseUpsample,
    SkipSums,
    store,
)
from stylegan3.fast.kernels.convolution.convolution import ReferenceConvolution
from stylegan3.fast.kernels.dense import launcher as fully_connected_cuda
from stylegan3.fast.kernels.filtered_lrelu.geometry import FilterGeometry
from stylegan3.fast.kernels.filtered_lrelu.launcher import check_operands
from stylegan3.fast.kernels.modulation import launcher as modulation_cuda
from stylegan3.fast.kernels.modulation.first_input import ConstantInput, FourierInput
from stylegan3.fast.kernels.modulation.launcher import Modulation
from stylegan3.fast.kernels.torgb import alias_free_launcher as alias_free_torgb_cuda
from stylegan3.fast.kernels.torgb import partial_sums_launcher as colour_sums_cuda
from stylegan3.fast.kernels.torgb.partial_sums import PART_CHANNELS, AliasFreeRgb
from stylegan3.fast.kernels.weights.reference import WeightPreparation
from stylegan3.fast.operations import Operations
from stylegan3.fast.plan import planar
from stylegan3.ops.upfirdn2d import upfirdn2d


def reference_operations(colour_parts: int = 0) -> Operations:
    """Return the operations for any device.

    Args:
        colour_parts: 0 for activations and upsampling filters in passes of their own, else
            convolutions include them, and ToRGB comes as this many sums, as with Hopper's kernel,
            and StyleGAN3's as the sums of each 16 channels, as with tensor cores.
    """

    def convolution(
        weight: Any, size: int, padding: int, channels: int, *, may_block: bool = False
    ) -> ReferenceConvolution:
        if colour_parts:
            return FusedConvolution(weight, padding, colour_parts)
        return ReferenceConvolution(weight, padding)

    return Operations(
        weight_preparation=WeightPreparation,
        fully_connected=FullyConnected,
        dense_chain=lambda *_: None,
        modulation_vectors=ModulationVectors,
        alias_free_torgb=AliasFreeToRgb,
        colour_sums=ColourSums,
        modulated_act=ModulatedAct,
        phase_upsample=PhaseUpsample,
        skip_sums=SkipSums,
        filtered_lrelu=FilteredLrelu,
        reads_blocks=lambda *_: False,
        begins_torgb=lambda *_: colour_parts > 0,
        convolution=convolution,
        composes_upsampling=lambda *_: colour_parts > 0,
    )


class FullyConnected(fully_connected_cuda.FullyConnected):
    """`fully_connected.cu`."""

    def __call__(self) -> None:
        """Compute all layers."""
        for d in self._layers:
            x = d.x
            if d.normalise:
                x = x * (x.square().mean() + 1e-8).rsqrt()
            y = d.weight @ x * d.weight_gain
            if d.bias is not None:
                y = y + d.bias * d.bias_gain
            y = leaky_relu(y, 0.2) * math.sqrt(2) if d.activate else y
            if d.average is not None and d.psi is not None:
                y = d.average + d.psi.view(-1, 1) * (y - d.average)
            d.y.copy_(y)


class ModulationVectors(modulation_cuda.ModulationVectors):
    """`modulation.cu`."""

    def __call__(self) -> None:
        """Compute all vectors."""
        for layer in self._layers:
            d, following = self._demodulation(layer), self._following(layer)
            bias = layer.first.new_zeros(1) if layer.bias is None else layer.bias
            outs = layer.out_channels
            if layer.folded:
                d = d.clamp_min(1e-8)
                clamp = math.inf if layer.clamp is None else layer.clamp
                values = (bias / d, clamp / d, d * layer.correction * following)
            else:
                values = (bias, d, following)
            for vector, value in zip((layer.first, layer.second, layer.third), values, strict=True):
                vector[:outs] = value
        match self._beginning:
            case ConstantInput():
                self._write_constant(self._beginning)
            case FourierInput():
                self._write_features(self._beginning)
                self._scale_weight(self._beginning)

    def _demodulation(self, layer: Modulation) -> Tensor:
        if layer.energy is None or layer.styles is None:
            return layer.first.new_ones(1)
        power = layer.styles.square().mean() + 1e-8
        energy = layer.energy[: layer.out_channels, : len(layer.styles)]
        q = energy @ layer.styles.square() / power
        r = 1.0 if layer.row_rms is None else layer.row_rms[: layer.out_channels] * power.sqrt()
        return math.sqrt(layer.fan_in) * r * (r * r * q + 1e-8).rsqrt()

    def _following(self, layer: Modulation | FourierInput) -> Tensor:
        if layer.next_styles is None:
            return torch.ones(1, device=self._device)
        s = layer.next_styles
        s = s * (layer.next_gain or (s.square().mean() + 1e-8).rsqrt())
        return s if layer.next_power is None else s * layer.next_power.clamp_min(1e-8).rsqrt()

    def _write_constant(self, b: ConstantInput) -> None:
        styles = b.next_styles * (b.next_styles.square().mean() + 1e-8).rsqrt()
        b.y.zero_()
        b.y[..., : len(styles)] = b.constant.permute(1, 2, 0) * styles

    def _write_features(self, b: FourierInput) -> None:
        rc, rs, tx, ty = b.affine / b.affine[:2].norm().clamp_min(1e-15)
        one, zero = torch.ones_like(rc), torch.zeros_like(rc)
        turn = torch.stack([rc, -rs, zero, rs, rc, zero, zero, zero, one]).view(3, 3)
        move = torch.stack([one, zero, -tx, zero, one, -ty, zero, zero, one]).view(3, 3)
        m = turn @ move @ b.transform
        phases = b.phases + b.freqs @ m[:2, 2]
        freqs = b.freqs @ m[:2, :2]
        fade = (freqs.norm(dim=1) - b.bandwidth) / (b.sampling_rate / 2 - b.bandwidth)
        size = len(b.features)
        grid = torch.arange(size, device=freqs.device) + 0.5 - size / 2
        grid = grid / b.sampling_rate
        turns = grid[None, :, None] * freqs[:, 0] + grid[:, None, None] * freqs[:, 1] + phases
        b.features.zero_()
        b.features[..., : len(freqs)] = torch.sin(turns * (2 * math.pi)) * (1 - fade).clamp(0, 1)

    def _scale_weight(self, b: FourierInput) -> None:
        channels = len(b.weight)
        scale = self._following(b) / math.sqrt(channels)
        b.scaled[:channels, ..., :channels] = (b.weight * scale.view(-1, 1))[:, None, None]


class AliasFreeToRgb(alias_free_torgb_cuda.AliasFreeToRgb):
    """`alias_free_torgb.cu`."""

    def __call__(self, x: Tensor, y: Tensor) -> None:
        """Compute the picture."""
        rgb, weight = self._torgb, self._torgb.weight[:, :, 0, 0]
        v = torch.einsum("hwc,oc->ohw", x[..., : weight.shape[1]].float(), weight)
        _finish(rgb, v, y)


class ColourSums(colour_sums_cuda.ColourSums):
    """`colour_sums.cu`."""

    def __call__(self, parts: Tensor, picture: Tensor) -> None:
        """Compute the picture."""
        rgb = self._torgb
        rgb.check_parts(parts, self._size)
        rgb.check_picture(picture, self._size)
        _finish(rgb, parts.sum(0), picture)


def _finish(rgb: AliasFreeRgb, sums: Tensor, picture: Tensor) -> None:
    v = (sums + rgb.bias[:, None, None]).clamp(-rgb.clamp_limit, rgb.clamp_limit)
    picture.copy_(v * rgb.output_scale)


class FilteredLrelu:
    """`filtered_lrelu_plain.cu`, or with `torgb` what `filtered_lrelu.cu` makes of it."""

    dc_correction = 1.0

    def __init__(
        self, geometry: FilterGeometry, *_: Any, torgb: AliasFreeRgb | None = None
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
