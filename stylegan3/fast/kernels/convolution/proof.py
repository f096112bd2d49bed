"""Whether `conv_mma.cu` computes on this very card what networks have it do.

Its plain sums say nothing of pictures stored in blocks, nor of the activation and ToRGB, which are
other kernels of the same source.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from stylegan3.cuda.kernel import KernelError
from stylegan3.fast.kernels.activation.launcher import ActVectors, TorgbOperands
from stylegan3.fast.kernels.channels_last import padded_channels, vector_length
from stylegan3.fast.kernels.convolution.epilogue import Epilogue
from stylegan3.fast.kernels.convolution.mma_launcher import MmaConvolution
from stylegan3.fast.kernels.convolution.mma_tiling import MmaTiling
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape

_CLAMP = 2.0
_COLOURS = 3


def plays_right(
    shape: ConvolutionShape,
    tiling: MmaTiling,
    x: Tensor,  # [H, W, P] float16
    weight: Tensor,  # [O, I, kH, kW]
    expected: Tensor,  # [O, H', W'] float32: the convolution
    bound: float,
) -> bool:
    """Return whether it is right behind an activation, as StyleGAN2 has it, or in blocks.

    Args:
        shape: of the convolution.
        tiling: that is to be proven.
        x: the input.
        weight: the weights.
        expected: what is right.
        bound: relative error that it may have, rounding to float16 included.
    """
    try:
        if (shape.kernel, shape.padding) == (3, 1):
            return _activates(shape, tiling, x, weight, expected, bound)
        return _stores_blocks(shape, tiling, x, weight)
    except KernelError:  # a compiler or a card that it does not suit
        return False


def _stores_blocks(shape: ConvolutionShape, tiling: MmaTiling, x: Tensor, weight: Tensor) -> bool:
    plain, blocked = (
        MmaConvolution(shape, x.device, is_blocked=is_blocked, tiling=tiling)
        for is_blocked in (False, True)
    )
    prepared = plain.prepare(weight)
    pictures = x.new_zeros(*shape.out_size, padded_channels(shape.out_channels, 16))
    blocks = x.new_full(blocked.blocked_shape, torch.nan)
    plain(x, prepared, pictures)
    blocked(x, prepared, blocks)
    return torch.equal(blocks.permute(1, 2, 0, 3).reshape(pictures.shape), pictures)


def _activates(
    shape: ConvolutionShape,
    tiling: MmaTiling,
    x: Tensor,
    weight: Tensor,
    expected: Tensor,
    bound: float,
) -> bool:
    generator = torch.Generator(x.device).manual_seed(1)

    def random(*size: int) -> Tensor:
        return torch.randn(*size, generator=generator, device=x.device)

    channels, size = shape.out_channels, shape.out_size
    colours = _COLOURS if channels == shape.columns else 0
    operation = MmaConvolution(
        shape, x.device, epilogue=Epilogue(_CLAMP, colours=colours), tiling=tiling
    )
    vectors = torch.zeros(3, vector_length(shape.columns), device=x.device)
    vectors[:, :channels] = random(3, channels)
    demodulation, bias, following = vectors
    noise, strength = random(*size), torch.full((), 0.5, device=x.device)
    out = x.new_full((*size, shape.columns), torch.nan)
    rgb = None
    if colours:
        parts = () if operation.torgb_parts == 1 else (operation.torgb_parts,)
        sums = torch.full((*parts, colours, *size), torch.nan, device=x.device)
        given = random(colours, channels, 1, 1), random(channels), random(colours)
        rgb = TorgbOperands(*given, channels**-0.5, sums)
    acted = ActVectors(bias, demodulation, following, noise, strength)
    operation(x, operation.prepare(weight), out, acted, rgb)
    v = expected * _columns(demodulation, channels) + noise * strength + _columns(bias, channels)
    v = (leaky_relu(v, 0.2) * 2**0.5).clamp_(-_CLAMP, _CLAMP)
    if rgb is not None:
        mixed = rgb.weight[:, :, 0, 0] * rgb.styles * rgb.gain
        right = (mixed @ v.flatten(1)).view(colours, *size)
        made = rgb.out.sum(0) if operation.torgb_parts > 1 else rgb.out
        if operation.torgb_parts == 1:
            right = (right + rgb.bias[:, None, None]).clamp_(-_CLAMP, _CLAMP)
        if not _error(made, right) < bound:
            return False
    stored = out[..., :channels].permute(2, 0, 1).float()
    return _error(stored, v * _columns(following, channels)) < bound


def _columns(vector: Tensor, channels: int) -> Tensor:  # [C, 1, 1]
    return vector[:channels, None, None]


def _error(made: Tensor, right: Tensor) -> float:
    return ((made - right).norm() / right.norm()).item()
