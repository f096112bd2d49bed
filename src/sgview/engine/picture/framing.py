"""A picture brought into the frame of an output, on the device where it is.

`tests/support/framing_reference.py` is the specification, for this and for the shaders.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sgview.engine.picture.picture import Picture

SHARP = (-0.2, 0.6)  # B and C of the filter that enlarges: Catmull-Rom with a touch of sharpening
SMOOTH = (1.0, 0.0)  # the cubic B-spline
GRID = 32  # cells of the longer side that a blurred background is made of
DIMMED = 0.5  # brightness of a blurred background

Quad = tuple[int, int, int, int]  # x, y, width, height [px], origin top left


def frame_picture(
    rgba8: Tensor,  # [H, W, 4] uint8
    size: tuple[int, int],  # width, height of the frame [px]
    quad: Quad,  # where the picture lies in it, may overhang
    *,
    rotation: int = 0,  # clockwise [degrees]
    edges: str = "black",  # "black", "blurred", "mirrored"
    resampling: str = "cubic",  # "cubic", "linear", "nearest"
    level: float = 1.0,  # brightness, 0..1
    has_alpha: bool = False,
) -> Tensor:  # [H', W', 4] uint8, contiguous
    """Return the picture as an output takes it, on the same device, without waiting for it."""
    x = torch.rot90(rgba8, -rotation // 90).permute(2, 0, 1).to(torch.float32)
    if has_alpha:  # colours count as much as they cover, or what is clear would fringe
        x = torch.cat([x[:3] * (x[3:] / 255), x[3:]])
    is_mirrored = edges == "mirrored"
    framed = _resample(x, size, quad, resampling, is_mirrored)
    if edges == "blurred" and not _covers(size, quad):
        inside = _inside(size, quad, x.device)
        framed = torch.where(inside, framed, _blurred(x, size))
    elif edges == "black" and not has_alpha:
        framed[3] = 255
    framed.clamp_(0, 255)
    if has_alpha:
        framed[:3] *= 255 / framed[3:].clamp_min(1e-3)
    if level != 1.0:
        framed[:3] *= level
    return framed.add_(0.5).clamp_(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous()


@torch.no_grad()
def download_framed(
    picture: Picture, size: tuple[int, int], quad: Quad, **options: Any
) -> np.ndarray:  # [H', W', 4] uint8
    """Return `frame_picture` of a picture in host memory; waits for the device, on any thread.

    On CUDA it works on a stream beside the engine's, which goes on meanwhile.
    """
    rgba8 = picture.rgba8
    if rgba8.device.type != "cuda":
        return frame_picture(rgba8, size, quad, **options).cpu().numpy()
    stream = torch.cuda.Stream(rgba8.device)
    with torch.cuda.device(rgba8.device), torch.cuda.stream(stream):
        if picture.ready is not None:
            stream.wait_event(picture.ready)
        framed = frame_picture(rgba8, size, quad, **options)
        on_host = torch.empty(framed.shape, dtype=torch.uint8, pin_memory=True)
        on_host.copy_(framed, non_blocking=True)
        done = torch.cuda.Event(blocking=True)
        done.record(stream)
    done.synchronize()  # sleeps, and only then is the picture let go
    return on_host.numpy()


def _resample(
    x: Tensor,  # [C, h, w]
    size: tuple[int, int],
    quad: Quad,
    resampling: str,
    is_mirrored: bool,
    kernel: tuple[float, float] = SHARP,
) -> Tensor:  # [C, H, W]
    """Return what lies in a frame of `size`; 0 outside `quad`, or the picture mirrored there."""
    left, top, width, height = quad
    is_on_cpu = x.device.type == "cpu"
    if is_on_cpu:  # whole pixels are fetched there, which takes a fraction of the time
        x = x.permute(1, 2, 0).contiguous()
    row = 0 if is_on_cpu else 1
    spans = ((row, size[1], top, height), (row + 1, size[0], left, width))
    for axis, count, start, length in spans:
        sources, weights = taps(
            x.shape[axis], count, start, length, resampling, is_mirrored, kernel, x.device
        )
        weights = weights.view(-1, count, *(1,) * (x.ndim - 1 - axis))
        if is_on_cpu and axis == 1:
            weights = weights.repeat(1, 1, x.shape[2])  # vectors go over channels, too
        made = x.index_select(axis, sources[0]) * weights[0]
        for source, weight in zip(sources[1:], weights[1:], strict=True):
            made.addcmul_(x.index_select(axis, source), weight)
        x = made
    return x.permute(2, 0, 1) if is_on_cpu else x


def taps(
    inputs: int,  # pixels of the picture along an axis
    outputs: int,  # pixels of the frame
    start: int,  # where the picture lies in the frame [px]
    length: int,  # and how long it is there [px]
    resampling: str,
    is_mirrored: bool,
    kernel: tuple[float, float] = SHARP,  # B and C
    device: torch.device | None = None,
) -> tuple[Tensor, Tensor]:  # [taps, outputs] int64 and float32
    """Return which pixels make each pixel of the frame along an axis, and how much of each."""
    step = inputs / length  # pixels of the picture in one of the frame
    place = torch.arange(outputs, dtype=torch.float64, device=device)
    centre = (place + 0.5 - start) * step  # pixel j covers [j, j + 1]
    if step >= 1:  # several pixels in one: their mean
        first = (centre - step / 2).floor()
        sources = first + torch.arange(math.ceil(step) + 1, device=device)[:, None]
        covered = torch.minimum(sources + 1, centre + step / 2) - torch.maximum(
            sources, centre - step / 2
        )
        weights = covered.clamp_min(0) / step
    elif resampling == "nearest":
        sources = centre.floor()[None]
        weights = torch.ones_like(sources)
    else:
        reach = 1 if resampling == "linear" else 2
        first = (centre - 0.5).floor() - (reach - 1)
        sources = first + torch.arange(2 * reach, device=device)[:, None]
        distance = (centre - 0.5 - sources).abs()
        weights = 1 - distance if reach == 1 else cubic(distance, *kernel)
    if not is_mirrored:
        weights = weights * ((centre >= 0) & (centre < inputs))
    folded = sources.long().remainder(2 * inputs)
    return torch.minimum(folded, 2 * inputs - 1 - folded), weights.to(torch.float32)


def cubic(distance: Tensor, b: float, c: float) -> Tensor:
    """Return the weight of a pixel at `distance` >= 0 [px].

    Mitchell and Netravali 1988, "Reconstruction filters in computer graphics", equation 8. Those
    with 2 C + B = 1 keep linear ramps; B = 0 is Catmull-Rom, and B below 0 sharpens.
    """
    x, near = distance, distance < 1
    inner = ((12 - 9 * b - 6 * c) * x + (-18 + 12 * b + 6 * c)) * x * x + (6 - 2 * b)
    outer = (((-b - 6 * c) * x + (6 * b + 30 * c)) * x + (-12 * b - 48 * c)) * x + (8 * b + 24 * c)
    return torch.where(near, inner, torch.where(x < 2, outer, torch.zeros_like(x))) / 6


def _blurred(x: Tensor, size: tuple[int, int]) -> Tensor:  # [C, H, W]
    """Return the picture, so large that it covers the frame, as a few cells with soft borders."""
    scale = GRID / max(size)
    grid = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    cells = _resample(x, grid, _cover((x.shape[2], x.shape[1]), grid), "linear", True)
    blurred = _resample(cells, size, (0, 0, *size), "cubic", True, SMOOTH)
    blurred[:3] *= DIMMED
    return blurred


def _cover(picture: tuple[int, int], size: tuple[int, int]) -> Quad:
    """Return where a picture of (width, height) [px] lies that covers `size` and no more."""
    scale = max(size[0] / picture[0], size[1] / picture[1])
    width, height = (max(1, round(side * scale)) for side in picture)
    return (size[0] - width) // 2, (size[1] - height) // 2, width, height


def _covers(size: tuple[int, int], quad: Quad) -> bool:
    x, y, width, height = quad
    return x <= 0 and y <= 0 and x + width >= size[0] and y + height >= size[1]


def _inside(size: tuple[int, int], quad: Quad, device: torch.device) -> Tensor:  # [H, W] bool
    x, y, width, height = quad
    inside = torch.zeros(size[1], size[0], dtype=torch.bool, device=device)
    inside[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)] = True
    return inside
