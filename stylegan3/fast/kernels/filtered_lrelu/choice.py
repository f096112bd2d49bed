"""Which kernel a layer's filtered leaky ReLU is, and what that kernel can do beside it."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from stylegan3.fast.kernels.filtered_lrelu.geometry import FilterGeometry
from stylegan3.fast.kernels.filtered_lrelu.launcher import TensorCoreFilteredLrelu
from stylegan3.fast.kernels.filtered_lrelu.plain_launcher import PlainFilteredLrelu
from stylegan3.fast.kernels.torgb.layer import MAX_COLOURS, TorgbLayer


class FilteredLrelu(Protocol):
    """`y = scale * down(clamp(lrelu(up(x + bias)) * gain, +-clamp))`, per channel."""

    dc_correction: float
    """What `scale` is to be multiplied by: exact gain over the gain of rounded filters."""

    def __call__(
        self,
        x: Tensor,  # [H, W, P], or [B, H, W, 16] in blocks
        y: Tensor,  # [H', W', P'], or ToRGB's partial sums [.., colours, H', W'], written
        channels: int,
        bias: Tensor,
        clamp: Tensor,
        scale: Tensor,
    ) -> None:
        """Launch on torch's current stream."""
        ...


def choose_filtered_lrelu(
    geometry: FilterGeometry,
    device: torch.device,
    in_dtype: torch.dtype,
    out_dtype: torch.dtype,
    has_clamp: bool,
    is_blocked: bool = False,
    torgb: TorgbLayer | None = None,
) -> FilteredLrelu:
    """Return the tensor-core kernel where it applies, else the plain one.

    Args:
        geometry: filters and factors.
        device: of launches.
        in_dtype: of the input.
        out_dtype: of the output.
        has_clamp: False leaves the clamp out.
        is_blocked: whether the input is in blocks of 16 channels; only where
            `accepts_blocked_input`.
        torgb: whose partial sums are to be stored instead of the output; only where
            `can_fuse_torgb`.
    """
    if accepts_blocked_input(geometry, device, in_dtype, out_dtype):
        return TensorCoreFilteredLrelu(
            geometry, device, has_clamp=has_clamp, blocked_input=is_blocked, torgb=torgb
        )
    assert torgb is None
    return PlainFilteredLrelu(geometry, device, in_dtype=in_dtype, out_dtype=out_dtype)


def accepts_blocked_input(
    geometry: FilterGeometry, device: torch.device, in_dtype: torch.dtype, out_dtype: torch.dtype
) -> bool:
    """Whether the input may be in blocks of 16 channels: the kernel is the tensor-core one."""
    capability = torch.cuda.get_device_capability(device) if device.type == "cuda" else (8, 0)
    return in_dtype == out_dtype and geometry.suits_tensor_cores(in_dtype, capability)


def can_fuse_torgb(
    geometry: FilterGeometry,
    device: torch.device,
    in_dtype: torch.dtype,
    out_dtype: torch.dtype,
    colours: int,
) -> bool:
    """Whether ToRGB can be part of the filter before it, which then stores its partial sums.

    Partial ToRGB sums are smaller than the layer's output: fewer bytes to write and to read.
    """
    is_there = accepts_blocked_input(geometry, device, in_dtype, out_dtype)
    return is_there and colours <= MAX_COLOURS
