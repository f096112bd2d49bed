"""Convolutions on packed pictures: 2 x 2 places side by side in the channels.

High resolutions of StyleGAN2 have few channels, and tensor cores starve on them. A picture of
C channels at r px holds the same numbers as one of 4 C channels at r / 2 px, and every 3x3
convolution of the first is a 3x3 convolution of the second, with a larger kernel that is a linear
map of the smaller one. Upsampling by 2 and its filter are a plain 3x3 convolution to packed
channels too. Packed channels are ordered (row, column, channel).
"""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F
from torch import Tensor


def pack(x: Tensor) -> Tensor:  # [N, C, H, W] -> [N, 4 C, H / 2, W / 2], channels last
    """Move blocks of 2 x 2 places into the channels."""
    n, c, h, w = x.shape
    x = x.permute(0, 2, 3, 1).reshape(n, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5)
    return x.reshape(n, h // 2, w // 2, 4 * c).permute(0, 3, 1, 2)


def unpack(x: Tensor) -> Tensor:  # [N, 4 C, H, W] -> [N, C, 2 H, 2 W], channels last
    """Undo `pack`."""
    n, c, h, w = x.shape
    x = x.permute(0, 2, 3, 1).reshape(n, h, w, 2, 2, c // 4).permute(0, 1, 3, 2, 4, 5)
    return x.reshape(n, 2 * h, 2 * w, c // 4).permute(0, 3, 1, 2)


def pack_kernel(weight: Tensor) -> Tensor:  # [O, I, 3, 3] -> [4 O, 4 I, 3, 3], channels last
    """The kernel that does on packed pictures what `weight` does, padding 1."""
    o, i = weight.shape[:2]
    wide = weight.reshape(o * i, 9) @ _packing_map(weight.device).to(weight.dtype)
    wide = wide.view(o, i, 2, 2, 2, 2, 3, 3)  # O, I, out row, out column, in row, in column
    wide = wide.permute(2, 3, 0, 6, 7, 4, 5, 1)  # the kernel's rows and columns before its input
    return wide.reshape(4 * o, 3, 3, 4 * i).permute(0, 3, 1, 2)


def doubling_kernel(
    weight: Tensor,  # [O, I, 3, 3]
    taps: tuple[float, ...],  # 4 of the upsampling filter along one axis, of any sum
) -> Tensor:  # [4 O, I, 3, 3], channels last
    """The kernel from r px to packed 2 r px: upsampling by 2, and `weight` as StyleGAN2 has it."""
    o, i = weight.shape[:2]
    wide = weight.reshape(o * i, 9) @ _doubling_map(taps, weight.device).to(weight.dtype)
    wide = wide.view(o, i, 2, 2, 3, 3).permute(2, 3, 0, 4, 5, 1)
    return wide.reshape(4 * o, 3, 3, i).permute(0, 3, 1, 2)


def pack_noise(noise: Tensor) -> Tensor:  # [1, 1, H, W] -> [H * W / 4, 4]
    """A map of one channel by packed place."""
    h, w = noise.shape[2:]
    return noise.view(h // 2, 2, w // 2, 2).permute(0, 2, 1, 3).reshape(-1, 4)


@functools.lru_cache(maxsize=8)
def _packing_map(device: torch.device) -> Tensor:  # [9, 2 * 2 * 2 * 2 * 3 * 3]
    # Output row 2 m + p reads input row 2 (m + t - 1) + a with kernel row 2 (t - 1) + a - p + 1.
    line = torch.zeros(2, 2, 3, 3)  # p, a, t, kernel row
    for p in range(2):
        for a in range(2):
            for t in range(3):
                k = 2 * (t - 1) + a - p + 1
                if 0 <= k < 3:
                    line[p, a, t, k] = 1
    full = torch.einsum("patk,qbul->klpqabtu", line, line)
    return full.reshape(9, -1).to(device)


@functools.lru_cache(maxsize=8)
def _doubling_map(taps: tuple[float, ...], device: torch.device) -> Tensor:  # [9, 2 * 2 * 3 * 3]
    """How each weight spreads over the four kernels, one for each place of a block."""
    # Convolving with the filter makes 6 weights of 3. A transposed convolution of stride 2 and
    # padding 2 then uses weight p + 4 - 2 t for output row p of a block and input row t.
    f = torch.tensor(taps) * (2 / sum(taps))
    wide = F.conv1d(torch.eye(3)[:, None], f.flip(0)[None, None], padding=3)[:, 0]  # [3, 6]
    rows = torch.arange(2)[:, None] + 4 - 2 * torch.arange(3)[None, :]  # [2, 3]
    line = wide[:, rows]  # [3, 2, 3]
    return torch.einsum("kpt,lqu->klpqtu", line, line).reshape(9, -1).to(device)


@functools.lru_cache(maxsize=16)
def doubling_matrix(
    taps: tuple[float, ...], size: int, device: torch.device
) -> Tensor:  # [2 size, size]
    """Upsampling by 2 along one axis, as StyleGAN2 does it between its pictures."""
    f = torch.tensor(taps) * (2 / sum(taps))
    line = torch.eye(size)[:, None]
    return F.conv_transpose1d(line, f[None, None], stride=2, padding=1)[:, 0].t().to(device)
