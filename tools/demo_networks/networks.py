"""Which generators are trained, and the pass through them that training takes."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylegan3 import Generator, StyleGAN2Config, StyleGAN3Config
from stylegan3.config import Config
from stylegan3.stylegan2 import SynthesisLayer, ToRGBLayer

CONFIGS: dict[str, Config] = {
    # First contact and CPUs: below 50 ms of one core for a picture.
    "sg2": StyleGAN2Config(
        z_dim=256,
        w_dim=256,
        img_resolution=256,
        channel_base=4096,
        channel_max=192,
        num_mapping_layers=4,
    ),
    # GPUs: StyleGAN3-T with reduced channels, layers L0 .. L14.
    "sg3": StyleGAN3Config(
        z_dim=256, w_dim=256, img_resolution=256, channel_base=8192, channel_max=192
    ),
    # Tests: small enough for a few steps on a CPU.
    "sg2-tiny": StyleGAN2Config(
        z_dim=32,
        w_dim=32,
        img_resolution=32,
        channel_base=512,
        channel_max=32,
        num_mapping_layers=2,
    ),
    "sg3-tiny": StyleGAN3Config(
        z_dim=32,
        w_dim=32,
        img_resolution=32,
        channel_base=256,
        channel_max=16,
        num_layers=4,
        num_critical=1,
    ),
}


class NoiseBuffer:
    """Per-pixel noise of all StyleGAN2 layers at fixed addresses, drawn anew for every step.

    One noise serves a whole batch: what the generator may not do is learn one fixed pattern.
    """

    def __init__(self, config: Config, device: torch.device) -> None:
        sizes = config.block_resolutions if isinstance(config, StyleGAN2Config) else ()
        self._flat = torch.zeros(2 * sum(r * r for r in sizes), device=device)
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
    """Let blocks above `resolution` add nothing to the picture at first (StyleGAN2 only).

    Training may then begin at low resolution, where steps are cheap, and go on at a higher one
    without a jump. Progressive growing: Karras et al. 2018; the skips make fading unnecessary.
    """
    for name, parameter in generator.synthesis.named_parameters():
        block, _, rest = name.partition(".")
        if block[1:].isdigit() and int(block[1:]) > resolution and rest == "torgb.weight":
            nn.init.zeros_(parameter)


def synthesise(
    generator: Generator,
    ws: Tensor,  # [N, num_ws, w_dim]
    resolution: int,
    noise: NoiseBuffer,
    dtype: torch.dtype,
    update_emas: bool = False,  # of StyleGAN3's magnitudes
) -> Tensor:  # [N, 3, resolution, resolution] float32
    """The differentiable picture as training sees it, at or below full resolution.

    Raises:
        ValueError: if a StyleGAN3 network is asked for less than its full resolution.
    """
    if isinstance(generator.config, StyleGAN3Config):
        if resolution != generator.img_resolution:
            raise ValueError("StyleGAN3 networks train at full resolution only")
        is_full = dtype == torch.float32
        return generator.synthesis(ws, update_emas=update_emas, force_fp32=is_full)
    return _synthesise_stylegan2(generator, ws, resolution, noise, dtype)


def _synthesise_stylegan2(
    generator: Generator, ws: Tensor, resolution: int, noise: NoiseBuffer, dtype: torch.dtype
) -> Tensor:
    """StyleGAN2's synthesis on the generator's own parameters, laid out for training.

    Equal to `generator.synthesis` up to rounding, but every layer is four passes over memory:
    modulate; convolve, where upsampling by 2 and its filter are folded into a 6x6 kernel;
    demodulate with noise and bias; leaky ReLU. No host synchronisation, fit for CUDA graphs.
    """
    modules = dict(generator.synthesis.named_modules())
    const = generator.synthesis.get_parameter("b4.const")
    filter2d = generator.synthesis.get_buffer("b4.resample_filter")
    x = const.to(dtype).expand(len(ws), -1, -1, -1)
    x = x.contiguous(memory_format=torch.channels_last)
    image: Tensor | None = None
    row = 0
    r = 4
    while r <= resolution:
        for name in ("conv1",) if r == 4 else ("conv0", "conv1"):
            layer = modules[f"b{r}.{name}"]
            assert isinstance(layer, SynthesisLayer)
            x = _layer(layer, x, ws[:, row], noise[f"b{r}.{name}"], dtype)
            row += 1
        torgb = modules[f"b{r}.torgb"]
        assert isinstance(torgb, ToRGBLayer)
        styles = _affine(torgb.affine, ws[:, row]) / math.sqrt(x.shape[1])
        y = F.conv2d(x * styles.to(dtype)[:, :, None, None], torgb.weight.to(dtype))
        y = y.float() + torgb.bias[:, None, None]
        image = y if image is None else _double(image, filter2d) + y
        r *= 2
    assert image is not None
    return image


def _layer(
    layer: SynthesisLayer, x: Tensor, w: Tensor, noise: Tensor, dtype: torch.dtype
) -> Tensor:
    styles = _affine(layer.affine, w)
    energy = layer.weight.square().sum([2, 3])  # [O, I]
    demodulation = (styles.square() @ energy.t() + 1e-8).rsqrt()
    x = x * styles.to(dtype)[:, :, None, None]
    if layer.up == 1:
        x = F.conv2d(x, layer.weight.to(dtype), padding=1)
    else:
        kernel = _widen(layer.weight, layer.resample_filter * 4)
        x = F.conv_transpose2d(x, kernel.transpose(0, 1).to(dtype), stride=2, padding=2)
    # leaky ReLU is positively homogeneous: its gain sqrt(2) goes before it
    factor = demodulation * math.sqrt(2)
    shift = (noise * layer.noise_strength + layer.bias[:, None, None]) * math.sqrt(2)
    x = torch.addcmul(shift.to(dtype), x, factor.to(dtype)[:, :, None, None])
    return F.leaky_relu(x, 0.2)


def _affine(affine: nn.Module, w: Tensor) -> Tensor:  # [N, w_dim] -> [N, C]
    # Not by calling the module: what it might cache while gradients are off, as the
    # discriminator's step has them, a captured graph would never renew.
    weight, bias = affine.get_parameter("weight"), affine.get_parameter("bias")
    return F.linear(w, weight / math.sqrt(weight.shape[1]), bias)


def _widen(weight: Tensor, f: Tensor) -> Tensor:  # [O, I, 3, 3], [4, 4] -> [O, I, 6, 6]
    """The kernel that convolves with `weight` and then with the filter `f`."""
    out_channels, in_channels, height, width = weight.shape
    flat = weight.reshape(-1, 1, height, width)
    wide = F.conv2d(flat, f.flip([0, 1])[None, None], padding=f.shape[0] - 1)
    return wide.reshape(out_channels, in_channels, *wide.shape[2:])


def _double(image: Tensor, f: Tensor) -> Tensor:  # [N, 3, r, r] -> [N, 3, 2 r, 2 r]
    kernel = (f * 4).expand(image.shape[1], 1, -1, -1)
    return F.conv_transpose2d(image, kernel, stride=2, padding=1, groups=image.shape[1])
