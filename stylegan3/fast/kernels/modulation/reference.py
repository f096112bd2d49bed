"""The vectors around modulated convolutions and the synthesis input, in plain torch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from stylegan3.fast.kernels.modulation.first_input import ConstantInput, FirstInput, FourierInput
from stylegan3.fast.kernels.modulation.launcher import Modulation, check_modulation


class ModulationVectors:
    """`modulation.cu`; the same call as its launcher."""

    def __init__(
        self,
        layers: Sequence[Modulation],
        device: torch.device,
        first_input: FirstInput | None = None,
    ) -> None:
        for layer in layers:
            check_modulation(layer)
        self._layers, self._device, self._first_input = tuple(layers), device, first_input

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
        match self._first_input:
            case ConstantInput():
                self._write_constant(self._first_input)
            case FourierInput():
                self._write_features(self._first_input)
                self._scale_weight(self._first_input)

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
        y, x = (
            (torch.arange(count, device=freqs.device) + 0.5 - count / 2) / b.sampling_rate
            for count in b.features.shape[:2]
        )
        turns = x[None, :, None] * freqs[:, 0] + y[:, None, None] * freqs[:, 1] + phases
        b.features.zero_()
        b.features[..., : len(freqs)] = torch.sin(turns * (2 * math.pi)) * (1 - fade).clamp(0, 1)

    def _scale_weight(self, b: FourierInput) -> None:
        channels = len(b.weight)
        scale = self._following(b) / math.sqrt(channels)
        b.scaled[:channels, ..., :channels] = (b.weight * scale.view(-1, 1))[:, None, None]
