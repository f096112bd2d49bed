"""The ball of a planet, and the ring around it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tools.training.canvas import TAU, Canvas, bump, smoothstep, turn
from tools.training.planet_palette import Palette


@dataclass
class Ball:
    """The sphere seen from the front; normals point to the viewer, all [N, 1, H, W]."""

    x: Tensor
    y: Tensor
    radius: Tensor  # [N, 1, 1, 1]
    distance: Tensor  # from its centre [same units as the canvas]
    normal: tuple[Tensor, Tensor, Tensor]
    cover: Tensor


def place_ball(c: Canvas, radius: Tensor) -> Ball:
    """Put a sphere of `radius` near the middle."""
    x, y = c.x - c.uniform(-0.025, 0.025), c.y - c.uniform(-0.025, 0.025)
    distance = torch.sqrt(x * x + y * y + 1e-8)
    # Outside, the nearest normal of the limb: colours then fade to the edge without a seam.
    scale = 1 / torch.maximum(distance, radius)
    nx, ny = x * scale, y * scale
    nz = torch.sqrt((1 - nx * nx - ny * ny).clamp(min=1e-4))
    return Ball(x, y, radius, distance, (nx, ny, nz), c.edge(radius - distance))


class Ring:
    """A flat ring around the ball, half of it behind."""

    def __init__(
        self,
        c: Canvas,
        palette: Palette,
        ball: Ball,
        light: tuple[Tensor, Tensor, Tensor],
        shown: Tensor,
        lean: Tensor,
    ) -> None:
        self._canvas, self._shown = c, shown
        self._open = c.uniform(0.16, 0.42) * (2 * c.chance(0.5) - 1)
        along, across = turn(ball.x, ball.y, lean)
        self._is_front = (across * torch.sign(self._open) < 0).float()
        reach = torch.sqrt(along**2 + (across / self._open) ** 2 + 1e-8) / ball.radius
        inner, outer = c.uniform(1.22, 1.4), c.uniform(1.62, 1.85)
        pixel = c.pixel / (ball.radius * self._open.abs())
        inside = torch.minimum(reach - inner, outer - reach)
        grooves = torch.sin(reach * c.uniform(18, 34) + c.uniform(0, TAU))
        gap = 1 - 0.75 * bump(reach - inner - (outer - inner) * c.uniform(0.5, 0.75), 0.035)
        cover = (inside / (1.5 * pixel) + 0.5).clamp(0, 1) * (0.72 + 0.16 * grooves) * gap
        self._cover = cover * shown
        # The ball's shadow falls on the ring on the far side from the sun.
        lx, ly, _ = light
        behind = -(ball.x * lx + ball.y * ly)
        beside = (ball.x * ly - ball.y * lx).abs() / torch.sqrt(lx**2 + ly**2 + 1e-6)
        dark = smoothstep(0.0, 0.1, behind) * smoothstep(ball.radius, ball.radius * 0.85, beside)
        self._colour = (
            palette.ring * (1 + 0.08 * grooves) * (1 - 0.68 * dark * (1 - self._is_front))
        )
        # On the ball the ring throws a thin curved shadow, shifted away from the sun.
        shift = across + 0.13 * torch.sign(self._open) * ball.radius
        on_ball = torch.sqrt(along**2 + (shift / self._open) ** 2 + 1e-8) / ball.radius
        band = torch.minimum(on_ball - inner, outer - on_ball)
        front = (shift * torch.sign(self._open) < 0).float()
        self._shadow = 1 - 0.3 * shown * front * smoothstep(0.0, 0.12, band)

    def draw(self, front: bool) -> None:
        """Paint the half in front of the ball, or the one behind."""
        side = self._is_front if front else 1 - self._is_front
        self._canvas.paint(self._colour, self._cover * side)

    def shadow(self) -> Tensor:
        """Factor on the light of the ball, [N, 1, H, W]."""
        return self._shadow
