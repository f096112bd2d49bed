"""What bringing a picture into a frame means, in plain numpy; nothing of it is fast.

Along each axis the pixels of the frame are weighted sums of those of the picture. This writes the
weights as a matrix, one number after the other.
"""

from __future__ import annotations

import math

import numpy as np

from sgview.engine.picture.framing import SHARP, Quad


def frame_picture_ref(
    rgba8: np.ndarray,  # [H, W, 4] uint8
    size: tuple[int, int],  # width, height of the frame [px]
    quad: Quad,  # where the picture lies in it
    *,
    rotation: int = 0,  # clockwise [degrees]
    edges: str = "black",  # "black", "mirrored"
    resampling: str = "cubic",  # "cubic", "linear", "nearest"
    level: float = 1.0,  # brightness, 0..1
) -> np.ndarray:  # [H', W', 4] uint8
    """Return an opaque picture in its frame."""
    picture = np.rot90(rgba8, -rotation // 90).astype(np.float64)
    height, width = picture.shape[:2]
    x, y, w, h = quad
    down = weights(height, size[1], y, h, resampling, edges == "mirrored")
    across = weights(width, size[0], x, w, resampling, edges == "mirrored")
    framed = np.einsum("ij,jkc,lk->ilc", down, picture, across).clip(0, 255)
    framed[..., :3] *= level
    framed[..., 3] = 255
    return np.floor(framed + 0.5).astype(np.uint8)


def weights(
    inputs: int,  # pixels of the picture
    outputs: int,  # pixels of the frame
    start: int,  # where the picture lies in the frame [px]
    length: int,  # and how long it is there [px]
    resampling: str,
    is_mirrored: bool,
) -> np.ndarray:  # [outputs, inputs]
    """Return how much of each pixel of the picture is in each of the frame, along one axis."""
    matrix = np.zeros((outputs, inputs))
    step = inputs / length
    for i in range(outputs):
        centre = (i + 0.5 - start) * step
        if not (is_mirrored or 0 <= centre < inputs):
            continue
        for j in range(math.floor(centre - step) - 2, math.ceil(centre + step) + 3):
            folded = j % (2 * inputs)
            matrix[i, min(folded, 2 * inputs - 1 - folded)] += _weight(j, centre, step, resampling)
    return matrix


def _weight(j: int, centre: float, step: float, resampling: str) -> float:
    """Return how much of pixel `j`, which covers [j, j + 1], is in one of `step` at `centre`."""
    if step >= 1:  # several pixels in one: their mean
        return max(0.0, min(j + 1, centre + step / 2) - max(j, centre - step / 2)) / step
    if resampling == "nearest":
        return float(j == math.floor(centre))
    x = abs(centre - (j + 0.5))
    if resampling == "linear":
        return max(0.0, 1 - x)
    return mitchell_netravali(x, *SHARP)


def mitchell_netravali(x: float, b: float, c: float) -> float:
    """Return the weight at distance `x`: Mitchell and Netravali 1988, equation 8."""
    if x < 1:
        value = (12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + 6 - 2 * b
    elif x < 2:
        value = (-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x
        value += 8 * b + 24 * c
    else:
        return 0.0
    return value / 6
