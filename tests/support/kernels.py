"""Float64 references of the CUDA kernels, and how results are compared with them."""

from __future__ import annotations

import torch
from torch import Tensor

from stylegan3.fast.kernels.channels_last import padded_channels, vector_length
from stylegan3.fast.kernels.filtered_lrelu.geometry import FilterGeometry
from stylegan3.ops.upfirdn2d import upfirdn2d_ref


def generator(seed: int) -> torch.Generator:
    """Return a seeded CPU generator: the same numbers on every device."""
    return torch.Generator().manual_seed(seed)


def picture(
    height: int,
    width: int,
    channels: int,
    pitch: int,
    dtype: torch.dtype,
    seed: int,
    scale: float = 1.0,
) -> Tensor:  # [H, W, P], padding channels zero
    """Return normal noise in the fast path's layout."""
    x = torch.zeros(height, width, pitch, dtype=dtype)
    noise = torch.randn(height, width, channels, generator=generator(seed))
    x[..., :channels] = (noise * scale).to(dtype)
    return x


def vector(channels: int, pitch: int, seed: int, low: float | None = None) -> Tensor:
    """Return a per-channel vector, normal, or uniform in [low, 2 low]."""
    v = torch.zeros(vector_length(pitch))
    if low is None:
        v[:channels] = torch.randn(channels, generator=generator(seed))
    else:
        v[:channels] = low * (1 + torch.rand(channels, generator=generator(seed)))
    return v


def planes(x: Tensor, channels: int) -> Tensor:  # [H, W, P] -> [1, C, H, W] float64
    """Return a picture as the references take it."""
    return x[..., :channels].cpu().double().permute(2, 0, 1)[None]


def columns(v: Tensor, channels: int) -> Tensor:  # [..] -> [C, 1, 1] float64
    """Return a vector as the references take it."""
    return v[:channels].cpu().double()[:, None, None]


def empty(height: int, width: int, pitch: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return an output buffer full of NaN, so that nothing goes unwritten unseen."""
    return torch.full((height, width, pitch), torch.nan, dtype=dtype, device=device)


def filtered_lrelu_reference(
    geometry: FilterGeometry, x: Tensor, bias: Tensor, clamp: Tensor, scale: Tensor
) -> Tensor:
    """`y = scale * down(clamp(lrelu(up(x + bias)) * gain))` in float64, vectors [C, 1, 1]."""
    up, down = (
        None if f is None else torch.from_numpy(f)
        for f in (geometry.up_filter, geometry.down_filter)
    )
    z = upfirdn2d_ref(x + bias, up, up=geometry.up, padding=geometry.padding, gain=geometry.up**2)
    z = torch.nn.functional.leaky_relu(z, geometry.slope) * geometry.gain
    z = torch.minimum(torch.maximum(z, -clamp), clamp)
    return upfirdn2d_ref(z, down, down=geometry.down) * scale


def run_filtered_lrelu(
    op: object,
    geometry: FilterGeometry,
    device: torch.device,
    channels: int,
    size: tuple[int, int],
    *,
    in_dtype: torch.dtype = torch.float16,
    out_dtype: torch.dtype = torch.float16,
    in_multiple: int = 8,
    out_multiple: int = 8,
    scale: float = 1.0,
    clamp: float = 256.0,
    junk: float = 0.0,
    **options: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Run a filtered leaky ReLU on noise; return its channels, the reference, its padding."""
    in_pitch, out_pitch = (padded_channels(channels, m) for m in (in_multiple, out_multiple))
    x = picture(*size, channels, in_pitch, in_dtype, seed=0, scale=scale)
    x[..., channels:] = junk
    bias, gains = vector(channels, out_pitch, 1), vector(channels, out_pitch, 2)
    limits = vector(channels, out_pitch, 3, low=clamp)
    y = empty(*geometry.out_size(*size), out_pitch, out_dtype, device)
    on_device = (v.to(device) for v in (bias, limits, gains * op.dc_correction))  # type: ignore[attr-defined]
    op(x.to(device), y, channels, *on_device, **options)  # type: ignore[operator]
    expected = filtered_lrelu_reference(
        geometry,
        planes(x, channels),
        columns(bias, channels),
        columns(limits, channels),
        columns(gains, channels),
    )
    return planes(y, channels), expected, y[..., channels:]
