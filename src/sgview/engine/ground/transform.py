"""StyleGAN3's sampling grid: Karras et al. 2021, "Alias-Free Generative Adversarial Networks".

Where the picture is to be moved by T, the grid is moved by the inverse of T. Coordinates are
heights of the picture, from its middle, x to the right and y downwards, as rows run.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sgview.engine.ground.held import HeldTensor
from sgview.engine.transfer.upload import Upload
from sgview.state.ground_params import InputTransform
from sgview.state.motion import Motion

NAME = "synthesis.input.transform"
_SMALLEST, _LARGEST = 1e-4, 1e4  # sizes: a zoom that is forgotten stops there
_BLACK = -1.0

Placement = tuple[float, float, float, float, float]
"""x, y, angle [degrees], scale, shear: where the picture lies in all."""
STILL: Placement = (0.0, 0.0, 0.0, 1.0, 0.0)


def placement(transform: InputTransform, motion: Motion) -> Placement:
    """Return where the picture lies: what is set, and where its speeds have led to."""
    moved = motion.positions
    octaves = min(max(moved.get("ground.scale", 0.0), -64.0), 64.0)
    return (
        transform.x + moved.get("ground.x", 0.0),
        transform.y + moved.get("ground.y", 0.0),
        transform.rotate + moved.get("ground.rotate", 0.0),
        min(max(transform.scale * 2.0**octaves, _SMALLEST), _LARGEST),
        transform.shear,
    )


def matrix(place: Placement) -> np.ndarray:  # [3, 3] float64
    """Return T, which takes a point of the untouched picture to where it is shown."""
    x, y, degrees, scale, shear = place
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    move = np.array([[1.0, 0.0, x], [0.0, 1.0, -y], [0.0, 0.0, 1.0]])
    turn = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    lean = np.array([[1.0, -shear, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    return move @ turn @ lean @ np.diag([scale, scale, 1.0])


class LiveTransform:
    """Writes the transform of one network's input.

    Args:
        live: [3, 3] float32.
    """

    def __init__(self, live: Tensor) -> None:
        self._live = live
        self._held: HeldTensor | None = None
        self._inverse = torch.zeros_like(live, requires_grad=False)
        self._upload = Upload(self._inverse)
        self._last = STILL

    def update(self, place: Placement) -> None:
        """Bring the tensor to `place`."""
        if place == STILL:
            if self._held is not None:
                self._held.release()
                self._held = None
            return
        held = self._held
        is_new = held is None
        if held is None:
            held = self._held = HeldTensor(self._live)
        if held.follow() or is_new or place != self._last:
            self._upload.send(np.linalg.inv(matrix(place)).astype(np.float32))
            # no matrix product: those may be of less than float32 on a GPU
            product = held.base[:, :, None] * self._inverse[None]
            torch.sum(product, dim=1, out=held.live)
            held.settle()
            self._last = place


def turned_back(
    image: Tensor,  # [N, C, H, W], about [-1, 1]
    place: Placement,
) -> Tensor:  # [N, C, H, W] float32
    """Return a picture moved back to where it was, black where nothing of it is known."""
    height, width = image.shape[2:]
    ends = np.diag([width / height / 2, 0.5, 1.0])  # from -1..1 across the picture
    rows = (np.linalg.inv(ends) @ matrix(place) @ ends)[:2]
    theta = torch.tensor(rows, dtype=torch.float32)
    if image.is_cuda:
        theta = theta.pin_memory()  # so that the copy does not wait for the device
    theta = theta.to(image.device, non_blocking=True).expand(len(image), 2, 3)
    grid = F.affine_grid(theta, list(image.shape), align_corners=False)
    lifted = image.float() - _BLACK  # what is outside counts as 0
    return F.grid_sample(lifted, grid, mode="bicubic", align_corners=False) + _BLACK
