"""StyleGAN3's synthesis as training runs it, on the generator's own parameters."""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan3 import Generator, StyleGAN3Config
from stylegan3.alias_free.geometry import AliasFreeLayer
from stylegan3.alias_free.synthesis import (
    MAGNITUDE_FLOOR,
    AliasFreeSynthesis,
    SynthesisInput,
    SynthesisLayer,
)
from stylegan3.ops.filters import lowpass_filter
from stylegan3.ops.modulated_conv2d import normalise_styles, normalise_weight
from stylegan3.ops.upfirdn2d import upfirdn2d_ref
from tools.training.banded import Banded
from tools.training.scale_act import scale_act
from tools.training.stylegan2_pass import affine


def synthesise_stylegan3(
    generator: Generator,
    ws: Tensor,  # [N, num_ws, w_dim]
    resolution: int,
    dtype: torch.dtype,  # of convolutions and filters
    update_emas: bool = False,  # of `magnitude_ema`
) -> Tensor:  # [N, 3, resolution, resolution] float32
    """The differentiable picture, laid out for training.

    Equal to `generator.synthesis` up to rounding at full resolution (`conv_clamp` apart: bfloat16
    needs none, and normalised signals stay far below it). Filters are banded matrices
    (`banded`); channels are padded with zeros to multiples of 8. No host synchronisation, fit for
    CUDA graphs.

    Below full resolution the same weights run on the sampling grid that a network of that
    resolution has. Most layers keep their rate and none changes it by more than 2, so that
    training may begin where steps are cheap; the published recipe does not grow.
    """
    config = generator.config
    synthesis = generator.synthesis
    assert isinstance(config, StyleGAN3Config) and isinstance(synthesis, AliasFreeSynthesis)
    grids = layer_grids(config, resolution, ws.device, dtype)
    x = _input(synthesis.input, ws[:, 0], grids[0].geometry, dtype)
    for full, grid in zip(config.layers, grids, strict=True):
        layer = synthesis.get_submodule(full.name)
        assert isinstance(layer, SynthesisLayer)
        x = _layer(layer, grid, x, ws[:, full.index + 1], update_emas)
    x = x.permute(2, 3, 0, 1)[:, : config.img_channels]
    return x.float() * config.output_scale


class LayerGrid:
    """Where one layer samples its signal, and its filters as matrices.

    Attributes:
        geometry: rates and sizes.
        up, down: along either axis; None where there is nothing to filter.
    """

    def __init__(
        self, g: AliasFreeLayer, up: Tensor | None, down: Tensor | None, dtype: torch.dtype
    ) -> None:
        self.geometry = g
        self.up: Banded | None = None
        self.down: Banded | None = None
        if up is None and down is None:
            return
        # What an axis does to each unit impulse. The gain of upsampling is u for each axis, and
        # leaky ReLU is positively homogeneous: its gain sqrt(2) goes before it.
        size = g.in_size + g.conv_kernel - 1
        gain = g.up_factor * 2**0.25
        wide = _axis(size, up, up=g.up_factor, padding=g.padding) * gain
        narrow = _axis(len(wide), down, down=g.down_factor)
        self.up, self.down = Banded.of(wide, dtype), Banded.of(narrow, dtype)


@functools.lru_cache(maxsize=8)
def layer_grids(
    config: StyleGAN3Config, resolution: int, device: torch.device, dtype: torch.dtype
) -> tuple[LayerGrid, ...]:
    """The grids of all layers for pictures of `resolution`.

    Raises:
        ValueError: if the filters are radial: they are no matrices along axes.
    """
    if config.use_radial_filters:
        raise ValueError("training supports StyleGAN3-T only: radial filters do not separate")
    grids = []
    for g in replace(config, img_resolution=resolution).layers:
        up = lowpass_filter(g.up_taps, g.in_cutoff, g.in_half_width * 2, g.tmp_sampling_rate)
        down = lowpass_filter(g.down_taps, g.out_cutoff, g.out_half_width * 2, g.tmp_sampling_rate)
        up, down = (None if f is None else f.to(device) for f in (up, down))
        grids.append(LayerGrid(g, up, down, dtype))
    return tuple(grids)


def _axis(
    size: int, f: Tensor | None, *, up: int = 1, down: int = 1, padding: tuple[int, int] = (0, 0)
) -> Tensor:  # [out, size]
    """Resampling of one axis as a dense matrix."""
    device = None if f is None else f.device
    impulses = torch.eye(size, dtype=torch.float64, device=device)[:, None, None, :]
    taps = None if f is None else f.double()[None, :]
    pads = (*padding, 0, 0)
    # One row of samples: the other axis neither gains samples nor a filter.
    stretched = torch.zeros(size, 1, 1, size * up, dtype=torch.float64, device=device)
    stretched[..., ::up] = impulses
    filtered = upfirdn2d_ref(stretched, taps, padding=pads)
    return filtered[:, 0, 0, ::down].t()


def _input(layer: SynthesisInput, w: Tensor, g: AliasFreeLayer, dtype: torch.dtype) -> Tensor:
    """Fourier features, each of them the outer product of two waves: section 3, appendix F."""
    freqs, phases = layer._transformed(affine(layer.affine, w))  # [N, C, 2], [N, C]
    limit, cutoff = g.in_sampling_rate / 2, g.in_cutoff
    amplitudes = (1 - (freqs.norm(dim=2) - cutoff) / (limit - cutoff)).clamp(0, 1)
    grid = (torch.arange(g.in_size, device=w.device) + 0.5 - g.in_size / 2) / g.in_sampling_rate
    x = freqs[:, :, 0, None] * grid  # [N, C, size]
    y = freqs[:, :, 1, None] * grid + phases[:, :, None]
    waves = torch.sin((y[:, :, :, None] + x[:, :, None, :]) * (2 * math.pi))
    matrix = amplitudes[:, :, None] * layer.weight.t() / math.sqrt(layer.channels)  # [N, I, O]
    features = torch.bmm(waves.flatten(2).transpose(1, 2), matrix)  # [N, size * size, O]
    features = features.view(len(w), g.in_size, g.in_size, -1).to(dtype)
    return features.permute(1, 2, 0, 3).contiguous()


def _layer(
    layer: SynthesisLayer,
    grid: LayerGrid,
    x: Tensor,  # [H, W, N, C]
    w: Tensor,  # [N, w_dim]
    update_emas: bool,
) -> Tensor:  # [H', W', N, C']
    g = layer.geometry
    if update_emas:
        # Padded channels are zero and do not count.
        count = x[..., 0].numel() * g.in_channels
        kind = torch.promote_types(x.dtype, torch.float32)
        energy = torch.linalg.vector_norm(x.detach(), dtype=kind).square() / count
        beta = layer.magnitude_ema_beta
        layer.magnitude_ema.copy_(energy.lerp(layer.magnitude_ema, beta))
    styles = affine(layer.affine, w)
    weight = layer.weight
    factor = None
    if g.is_torgb:
        styles = styles * (1 / math.sqrt(g.in_channels * g.conv_kernel**2))
    else:
        weight = normalise_weight(weight)
        styles = normalise_styles(styles)
        factor = (styles.square() @ weight.square().sum([2, 3]).t() + 1e-8).rsqrt()
    styles = styles * layer.magnitude_ema.clamp_min(MAGNITUDE_FLOOR).rsqrt()

    spare = x.shape[3] - g.in_channels
    extra = -g.out_channels % 8
    kernel = F.pad(weight, (0, 0, 0, 0, 0, spare, 0, extra)).to(x.dtype)
    kernel = kernel.contiguous(memory_format=torch.channels_last)
    x = scale_act(x, F.pad(styles, (0, spare)), from_places=True)
    x = F.conv2d(x, kernel, padding=g.conv_kernel - 1)
    if factor is not None:
        factor = F.pad(factor, (0, extra))
    x = scale_act(x, factor, F.pad(layer.bias, (0, extra)), to_places=True)
    if grid.up is None or grid.down is None:
        return x
    x = grid.up.along_columns(grid.up.along_rows(x), slope=0.2)
    return grid.down.along_rows(grid.down.along_columns(x))
