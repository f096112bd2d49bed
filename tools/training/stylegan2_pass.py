"""StyleGAN2's synthesis as training runs it, on the generator's own parameters."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylegan3 import Generator, StyleGAN2Config
from stylegan3.config import Config
from stylegan3.layers import block_name
from stylegan3.stylegan2.layers import SynthesisLayer, ToRGBLayer
from tools.training.packing import (
    doubling_kernel,
    doubling_matrix,
    pack_kernel,
    pack_noise,
    unpack,
)
from tools.training.scale_act import scale_act

PACKED_CHANNELS = 16  # blocks of at most so many channels stay packed


class NoiseBuffer:
    """Per-pixel noise of all StyleGAN2 layers at fixed addresses, drawn anew for every step.

    One noise serves a whole batch: what the generator may not do is learn one fixed pattern.
    """

    def __init__(
        self, config: Config, device: torch.device, dtype: torch.dtype = torch.float32
    ) -> None:
        sizes = config.block_resolutions if isinstance(config, StyleGAN2Config) else ()
        self._flat = torch.zeros(2 * sum(r * r for r in sizes), device=device, dtype=dtype)
        self._maps: dict[str, Tensor] = {}
        offset = 0
        for r in sizes:
            for name in ("conv0", "conv1"):
                self._maps[f"b{r}.{name}"] = self._flat[offset : offset + r * r].view(1, 1, r, r)
                offset += r * r

    def draw(self, generator: torch.Generator) -> None:
        """Fill all maps with normal noise."""
        self._flat.normal_(generator=generator)

    def __getitem__(self, layer: str) -> Tensor:  # [1, 1, r, r]
        return self._maps[layer]


def start_growing(generator: Generator, resolution: int) -> None:
    """Let blocks above `resolution` add nothing to the picture at first.

    Training may then begin at low resolution, where steps are cheap, and go on at a higher one
    without a jump. Progressive growing: Karras et al. 2018; the skips make fading unnecessary.
    """
    for name, parameter in generator.synthesis.named_parameters():
        block = block_name(f"synthesis.{name}")
        if block and block.resolution > resolution and block.tensor == "torgb.weight":
            nn.init.zeros_(parameter)


def synthesise_stylegan2(
    generator: Generator,
    ws: Tensor,  # [N, num_ws, w_dim]
    resolution: int,  # 4 .. img_resolution
    noise: NoiseBuffer,
    dtype: torch.dtype,  # of convolutions
    packed_channels: int = PACKED_CHANNELS,
) -> Tensor:  # [N, 3, resolution, resolution] float32
    """The differentiable picture at or below full resolution, laid out for training.

    Equal to `generator.synthesis` up to rounding (`conv_clamp` apart: bfloat16 needs none). Every
    layer is three passes over memory: modulate; a plain 3x3 convolution, also where it upsamples
    (`packing`); demodulate, noise, bias and leaky ReLU in one (`scale_act`). Channels last
    throughout, no host synchronisation, fit for CUDA graphs.
    """
    assert isinstance(generator.config, StyleGAN2Config)
    taps = generator.config.resample_filter
    modules = dict(generator.synthesis.named_modules())
    const = generator.synthesis.get_parameter("b4.const")
    x = const.to(dtype).expand(len(ws), -1, -1, -1)
    x = x.contiguous(memory_format=torch.channels_last)
    image: Tensor | None = None
    row = 0
    r = 4
    is_packed = False
    while r <= resolution:
        for name in ("conv1",) if r == 4 else ("conv0", "conv1"):
            layer = modules[f"b{r}.{name}"]
            assert isinstance(layer, SynthesisLayer)
            if layer.up == 2:
                x = unpack(x) if is_packed else x
                is_packed = len(layer.bias) <= packed_channels
            x = _layer(layer, x, ws[:, row], noise[f"b{r}.{name}"], taps, is_packed)
            row += 1
        torgb = modules[f"b{r}.torgb"]
        assert isinstance(torgb, ToRGBLayer)
        y = _to_rgb(torgb, x, ws[:, row], is_packed)
        if image is not None:
            y = y + _double(image, doubling_matrix(taps, r // 2, x.device))
        image = y
        r *= 2
    assert image is not None
    return image


def affine(layer: nn.Module, w: Tensor) -> Tensor:  # [N, w_dim] -> [N, C]
    """Styles of a layer's `affine`, whose parameters these are."""
    # Not by calling the module: what it might cache while gradients are off, as the
    # discriminator's step has them, a captured graph would never renew.
    weight, bias = layer.get_parameter("weight"), layer.get_parameter("bias")
    return F.linear(w, weight / math.sqrt(weight.shape[1]), bias)


def _layer(
    layer: SynthesisLayer,
    x: Tensor,
    w: Tensor,
    noise: Tensor,
    taps: tuple[float, ...],
    is_packed: bool,  # the result; where nothing is upsampled, x as well
) -> Tensor:
    styles = affine(layer.affine, w)
    energy = layer.weight.square().sum([2, 3])  # [O, I]
    demodulation = (styles.square() @ energy.t() + 1e-8).rsqrt()
    # Leaky ReLU is positively homogeneous: its gain sqrt(2) goes before it.
    factor = demodulation * math.sqrt(2)
    bias, strength = layer.bias * math.sqrt(2), layer.noise_strength * math.sqrt(2)
    if layer.up == 2:
        kernel = doubling_kernel(layer.weight, taps)
    else:
        kernel = pack_kernel(layer.weight) if is_packed else layer.weight
        styles = styles.repeat(1, 4) if is_packed else styles
    x = scale_act(x, styles)
    kernel = kernel.to(x.dtype).contiguous(memory_format=torch.channels_last)
    x = F.conv2d(x, kernel, padding=1)
    if is_packed:
        factor = factor.repeat(1, 4)
        shift = (pack_noise(noise) * strength)[:, :, None] + bias
        return scale_act(x, factor, shift.flatten(1), 0.2)
    if layer.up == 2:
        x = unpack(x)
    return scale_act(x, factor, noise.view(-1, 1) * strength + bias, 0.2)


def _to_rgb(layer: ToRGBLayer, x: Tensor, w: Tensor, is_packed: bool) -> Tensor:
    """The picture of one block [N, 3, r, r] float32, by one small matrix for each sample."""
    n, c, h, width = x.shape
    styles = affine(layer.affine, w) / math.sqrt(layer.weight.shape[1])
    matrix = styles[:, :, None] * layer.weight[:, :, 0, 0].t()  # [N, C, 3]
    side = 2 if is_packed else 1
    if is_packed:
        eye = torch.eye(4, device=x.device, dtype=matrix.dtype)
        matrix = torch.einsum("ab,nck->nacbk", eye, matrix).reshape(n, c, 12)
    matrix = F.pad(matrix, (0, -matrix.shape[2] % 8)).to(x.dtype)  # columns as tensor cores want
    y = torch.bmm(x.permute(0, 2, 3, 1).reshape(n, h * width, c), matrix)
    y = y[:, :, : 3 * side * side].float() + layer.bias.repeat(side * side)
    y = y.view(n, h, width, side, side, 3).permute(0, 5, 1, 3, 2, 4)
    return y.reshape(n, 3, h * side, width * side)


def _double(image: Tensor, matrix: Tensor) -> Tensor:  # [N, 3, r, r], [2 r, r] -> [N, 3, 2 r, 2 r]
    n, c, size, _ = image.shape
    up = matrix.to(image.dtype).expand(n * c, -1, -1)
    wide = torch.bmm(torch.bmm(up, image.reshape(n * c, size, size)), up.transpose(1, 2))
    return wide.view(n, c, 2 * size, 2 * size)
