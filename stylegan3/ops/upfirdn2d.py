"""Upsample, filter and downsample a picture: the resampling step of all these networks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan3.ops import Impl, depthwise
from stylegan3.ops.memo import Memo
from stylegan3.ops.resample import resample_columns, resample_rows, resample_tiles, separate

Padding = tuple[int, int, int, int]

_FEW_VALUES = 3 * 32**2  # of which matrix products are quicker than convolutions on a CPU


def upfirdn2d(
    x: Tensor,  # [N, C, H, W]
    f: Tensor | None,  # [T] separable, [Th, Tw], or None: identity
    *,
    up: int = 1,
    down: int = 1,
    padding: Padding = (0, 0, 0, 0),
    gain: float = 1.0,
    memo: Memo | None = None,  # remembers what follows from f alone
    impl: Impl = "auto",
) -> Tensor:  # [N, C, H', W'], H' = (H * up + y0 + y1 - Th) // down + 1
    """Zero-insertion by `up`, padding, convolution with `f * gain`, decimation by `down`.

    `padding` is [x0, x1, y0, y1] of the upsampled picture, negative values crop. No zeros are
    inserted; the result equals `upfirdn2d_ref` up to rounding.

    Raises:
        ValueError: if the filter is larger than the padded picture, or a factor is below 1.
    """
    if impl == "ref":
        return upfirdn2d_ref(x, f, up=up, down=down, padding=padding, gain=gain)
    check_upfirdn2d(x, f, up, down, padding)
    pads_x, pads_y = padding[:2], padding[2:]
    if f is None:
        if up == 1 and down == 1 and not any(padding):
            return x if gain == 1 else x * gain
        f = x.new_ones(1)
    height, width = x.shape[2:]
    memo, filters, channels = memo or Memo(), f, x.shape[1]
    if depthwise.suits_depthwise(x) and channels * height * width > _FEW_VALUES:
        x = x.contiguous(memory_format=torch.channels_last)
        make = depthwise.down_kernels if up == 1 else depthwise.up_kernels
        kernels = memo.get(
            "kernels", (f,), lambda: make(filters.to(x), channels, gain), (up == 1, channels, gain)
        )
        if up == 1:
            return depthwise.downsample(x, kernels, down, pads_y, pads_x)
        return depthwise.upsample(x, kernels, up, pads_y, pads_x)[:, :, ::down, ::down]
    terms = memo.get(
        f"tiles {height} {width} {up} {down} {padding} {gain} {x.dtype} {x.device}",
        (f,),
        lambda: [
            (
                resample_tiles((column * gain).to(x), height, up, down, pads_y),
                resample_tiles(row.to(x), width, up, down, pads_x),
            )
            for column, row in separate(filters)
        ],
    )
    y = None
    for rows, columns in terms:
        term = resample_rows(resample_columns(x, columns), rows)
        y = term if y is None else y + term
    assert y is not None
    return y


def upfirdn2d_ref(
    x: Tensor,
    f: Tensor | None,
    *,
    up: int = 1,
    down: int = 1,
    padding: Padding = (0, 0, 0, 0),
    gain: float = 1.0,
) -> Tensor:
    """`upfirdn2d` step by step: insert zeros, pad or crop, convolve, decimate."""
    check_upfirdn2d(x, f, up, down, padding)
    n, c, h, w = x.shape
    x = x.reshape(n, c, h, 1, w, 1)
    x = F.pad(x, (0, up - 1, 0, 0, 0, up - 1)).reshape(n, c, h * up, w * up)
    x = F.pad(x, padding)
    taps = (x.new_ones(1) if f is None else f).to(x)
    # a true convolution: conv2d correlates, so the filter is flipped
    if taps.ndim == 2:
        taps = taps.flip(0, 1) * gain
        x = F.conv2d(x, taps.expand(c, 1, *taps.shape), groups=c)
    else:
        taps = taps.flip(0) * gain**0.5
        x = F.conv2d(x, taps[:, None].expand(c, 1, len(taps), 1), groups=c)
        x = F.conv2d(x, taps[None, :].expand(c, 1, 1, len(taps)), groups=c)
    return x[:, :, ::down, ::down]


def upsample2d(
    x: Tensor,  # [N, C, H, W]
    f: Tensor,  # [T] or [Th, Tw]
    up: int = 2,
    memo: Memo | None = None,
) -> Tensor:  # [N, C, H up, W up]
    """Enlarge by `up`, the picture's centre kept in place."""
    taps_y, taps_x = f.shape[0], f.shape[-1]
    padding = (
        (taps_x + up - 1) // 2,
        (taps_x - up) // 2,
        (taps_y + up - 1) // 2,
        (taps_y - up) // 2,
    )
    return upfirdn2d(x, f, up=up, padding=padding, gain=up**2, memo=memo)


def check_upfirdn2d(x: Tensor, f: Tensor | None, up: int, down: int, padding: Padding) -> None:
    """Raise ValueError where the arguments do not fit together."""
    if x.ndim != 4:
        raise ValueError(f"x must be [N, C, H, W], not {list(x.shape)}")
    if f is not None and f.ndim not in (1, 2):
        raise ValueError(f"f must have one or two dimensions, not {list(f.shape)}")
    if up < 1 or down < 1:
        raise ValueError(f"up and down must be at least 1, not {up} and {down}")
    taps_y, taps_x = (1, 1) if f is None else (f.shape[0], f.shape[-1])
    room_x = x.shape[3] * up + padding[0] + padding[1] - taps_x
    room_y = x.shape[2] * up + padding[2] + padding[3] - taps_y
    if room_x < 0 or room_y < 0:
        raise ValueError(
            f"the filter {[taps_y, taps_x]} is larger than the padded picture of x {list(x.shape)}"
        )


def doubled(x: Tensor) -> Tensor:  # [N, C, H, W] -> [N, C, 2 H, 2 W]
    """Every pixel twice in both directions, as networks that grow do with pictures."""
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)
