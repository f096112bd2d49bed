"""The layout of the CUDA fast path: [H, W, P], P the channel count padded with zero channels."""

from __future__ import annotations

import torch
from torch import Tensor

from stylegan3.cuda.multiprocessors import multiprocessors
from stylegan3.cuda.sources import storage_class

_SMALL = 512  # [px] up to here, wider padding costs less time than it saves in the convolution


def padded_channels(channels: int, multiple: int = 8) -> int:
    """Return the channel pitch P: `channels` rounded up."""
    return -(-channels // multiple) * multiple


def pitch_of(channels: int, size: int) -> int:
    """Return the padded channel count of a picture `size` pixels wide.

    Tensor cores take channels in groups of 16; cuDNN is a little faster with groups of 32.
    """
    return padded_channels(channels, 32 if channels > 16 and size < _SMALL else 16)


def vector_length(pitch: int) -> int:
    """Return the length of per-channel vectors for a pitch: whole groups of 16."""
    return padded_channels(pitch, 16)


def planar(x: Tensor, channels: int) -> Tensor:  # [H, W, P] -> [1, C, H, W]
    """Return a channels-last picture as torch sees pictures, without its padding; a view."""
    return x[..., :channels].permute(2, 0, 1)[None]


def check_picture(name: str, x: Tensor, channels: int) -> None:
    """Check a tensor's layout; raises ValueError that names what is wrong."""
    if x.ndim != 3 or not x.is_contiguous():
        raise ValueError(f"{name} must be a contiguous [H, W, P], not {tuple(x.shape)}")
    storage_class(x.dtype)
    if x.shape[2] % 8 or x.shape[2] < channels:
        raise ValueError(
            f"{name} must have a pitch of a multiple of 8 of at least {channels} channels,"
            f" not {x.shape[2]}"
        )


def check_vectors(pitch: int, **vectors: Tensor) -> None:
    """Check per-channel vectors for a pitch; raises ValueError that names the wrong one."""
    for name, vector in vectors.items():
        if vector.dtype != torch.float32 or vector.numel() < vector_length(pitch):
            raise ValueError(
                f"{name} must have {vector_length(pitch)} float32 values,"
                f" not {vector.numel()} of {vector.dtype}"
            )


def lanes_per_pixel(pitch: int) -> int:
    """Return how many neighbouring lanes, 8 channels each, share a pixel: a power of two."""
    return min(32, 1 << (pitch // 8 - 1).bit_length())


def chunks_per_lane(pitch: int) -> int:
    """Return how many groups of 8 channels each of those lanes takes."""
    return -(-pitch // 256)


def striding_blocks(pixels: int, pitch: int, device: torch.device) -> int:
    """Return how many blocks of 256 threads stride over a picture: no more than run at once.

    Their threads load constants of their channels first, which should be done once.
    """
    warps = -(-pixels * lanes_per_pixel(pitch) // 128)  # of 4 pixels a lane
    return min(-(-warps // 8), 2 * multiprocessors(device).count)
