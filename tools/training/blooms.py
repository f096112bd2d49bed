"""Blooms: flowers and mandalas, drawn petal over petal in polar sectors."""

from __future__ import annotations

import torch
from torch import Tensor

from tools.training.bloom_palette import Palette, choose_palette
from tools.training.bloom_petals import Finish, Petals, choose_finish, draw_ring, place_petals
from tools.training.canvas import TAU, Canvas, bump, noise, smoothstep, turn

LAYERS = 4  # rings of petals, the outermost first


def draw_blooms(canvas: Canvas) -> None:
    """Draw one flower into every picture of the canvas."""
    c = canvas
    palette = choose_palette(c)
    _draw_ground(c, palette)

    x, y = c.x - c.uniform(-0.025, 0.025), c.y - c.uniform(-0.025, 0.025)
    x, y = _tilt(c, x, y)
    radius = torch.sqrt(x * x + y * y + 1e-6)
    angle = torch.atan2(y, x)
    reach = c.uniform(0.74, 0.92)
    light = c.uniform(0.28, 0.46) * TAU  # from the upper left, as painters have it

    is_mandala = c.chance(0.25)
    count = torch.where(
        is_mandala > 0,
        c.choice((8, 8, 10, 12)),
        c.choice((5, 5, 6, 6, 7, 8, 8, 10)),
    )
    look = choose_finish(c, is_mandala)
    c.shade(1 - (0.22 + 0.25 * palette.is_dark) * smoothstep(reach * 1.12, 0.3, radius))
    _draw_leaves(c, palette, radius, angle, reach, light)

    rings = c.uniform(1.6, LAYERS + 0.999).floor()
    rings = torch.where(is_mandala > 0, rings.clamp(min=3), rings)
    shrink = c.uniform(0.64, 0.8)
    overlap = (c.uniform(0.85, 1.25) - 0.2 * is_mandala) * (0.4 + count / 10).clamp(max=1)
    belly, point = c.uniform(0.5, 0.74), c.uniform(0.38, 0.85)
    notch = c.uniform(0.05, 0.16) * c.chance(0.25)
    bend = c.uniform(-0.55, 0.55) * c.chance(0.45)
    ruffle = c.uniform(0.0, 0.07) * c.chance(0.4) * (1 - is_mandala)
    start = 0.25 * TAU + c.uniform(-0.12, 0.12)
    drift = c.uniform(-0.22, 0.22)
    for index in range(LAYERS):
        size = reach * shrink**index
        petals = Petals(
            count=count,
            reach=size,
            width=overlap * size * belly * torch.pi / count,
            belly=belly,
            point=point,
            notch=notch,
            offset=start + index * torch.pi / count,
            bend=bend,
            ruffle=ruffle,
            shown=(index < rings).float(),
        )
        depth = torch.tensor(index / (LAYERS - 1), device=c.device) + 0 * drift
        draw_ring(c, palette, petals, look, radius, angle, light, depth, drift)
        _draw_beads(c, palette, petals, look, radius, angle)
    last = reach * shrink ** (rings - 1)
    _draw_heart(c, palette, radius, angle, last, light)
    _draw_air(c, palette, reach)


def _tilt(c: Canvas, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Look at the flower a little from the side."""
    angle, squash = c.uniform(0, TAU), c.uniform(1.0, 1.14)
    u, v = turn(x, y, angle)
    return turn(u, v * squash, -angle)


def _draw_ground(c: Canvas, palette: Palette) -> None:
    glow_x, glow_y = c.uniform(-0.7, 0.3), c.uniform(0.0, 0.8)
    distance = torch.sqrt((c.x - glow_x) ** 2 + (c.y - glow_y) ** 2)
    c.paint(palette.ground, torch.ones_like(distance))
    c.paint(palette.glow, bump(distance, c.uniform(0.8, 1.5)) * 0.8)
    place = c.uniform(0, 1, 3)
    spot = torch.cat([c.x + 0 * place[:, :1], c.y + 0 * place[:, :1]], dim=1) * 0.11
    mottle = noise(torch.cat([spot, 0 * spot[:, :1]], dim=1) + place)
    c.shade(1 + 0.05 * mottle[:, 1:2])
    # Discs of light out of focus.
    for _ in range(3):
        disc_x, disc_y, size = c.uniform(-1, 1), c.uniform(-1, 1), c.uniform(0.07, 0.22)
        inside = size - torch.sqrt((c.x - disc_x) ** 2 + (c.y - disc_y) ** 2)
        c.paint(palette.glow, smoothstep(-0.015, 0.03, inside) * c.uniform(0, 0.3) * c.chance(0.6))
    c.shade(1 - 0.14 * smoothstep(0.75, 1.5, torch.sqrt(c.x**2 + c.y**2)))


def _draw_leaves(
    c: Canvas,
    palette: Palette,
    radius: Tensor,
    angle: Tensor,
    reach: Tensor,
    light: Tensor,
) -> None:
    """A few leaves behind some of the flowers."""
    count = c.choice((3, 4, 5, 6))
    p = Petals(
        count=count,
        reach=reach * c.uniform(1.04, 1.2),
        width=reach * c.uniform(0.16, 0.26),
        belly=c.uniform(0.5, 0.65),
        point=c.uniform(0.7, 0.95),
        notch=torch.zeros_like(reach),
        offset=c.uniform(0, TAU),
        bend=c.uniform(-0.4, 0.4),
        ruffle=torch.zeros_like(reach),
        shown=c.chance(0.4),
    )
    s, t, distance, axis = place_petals(c, p, radius, angle, 0)
    cover = c.edge(distance) * p.shown
    lit = 0.75 + 0.2 * s + 0.22 * torch.sin(light - axis) * t - 0.2 * bump(t, 0.07)
    ribs = 0.05 * torch.cos((s * 9 - t.abs() * 1.6) * TAU) * (1 - t * t).clamp(min=0)
    leaf = torch.lerp(palette.leaf, palette.ground, 0.25)
    c.paint(leaf * (lit + ribs), cover)


def _draw_beads(
    c: Canvas, palette: Palette, p: Petals, look: Finish, radius: Tensor, angle: Tensor
) -> None:
    """Beads between the petals of a mandala."""
    sector = TAU / p.count
    local = (angle - p.offset) / sector
    local = (local - torch.floor(local) - 0.5) * sector
    u, v = radius * torch.cos(local), radius * torch.sin(local)
    place, size = p.reach * 0.86, p.reach * 0.055
    distance = size - torch.sqrt((u - place) ** 2 + v * v + 1e-8)
    shown = look.beads * p.shown
    c.shade(1 - 0.3 * shown * smoothstep(-0.04, 0.0, distance))
    c.paint(palette.accent * (0.9 + 0.12 * smoothstep(0, size, distance)), c.edge(distance) * shown)


def _draw_heart(
    c: Canvas,
    palette: Palette,
    radius: Tensor,
    angle: Tensor,
    ring: Tensor,
    light: Tensor,
) -> None:
    """Stamens and the seed disc."""
    size = ring * c.uniform(0.2, 0.42)
    size = size.clamp(0.075, 0.26)
    has_stamens = c.chance(0.55)
    count = c.choice((10, 12, 14, 16, 20))
    length = size * c.uniform(1.35, 1.9)
    c.shade(1 - 0.4 * smoothstep(size * 1.7, size * 0.7, radius))

    sector = TAU / count
    turns = angle / sector + c.uniform(0, 1)
    local = (turns - torch.floor(turns) - 0.5) * sector
    u, v = radius * torch.cos(local), radius * torch.sin(local)
    filament = c.edge(0.0075 - v.abs()) * (u < length).float() * (u > 0).float()
    bright = torch.lerp(palette.heart, palette.accent, 0.5)
    c.paint(bright, filament * has_stamens * 0.75)
    anther = 0.024 - torch.sqrt((u - length) ** 2 + v * v + 1e-8)
    c.shade(1 - 0.3 * has_stamens * smoothstep(-0.03, 0.0, anther))
    c.paint(palette.heart * 1.06, c.edge(anther) * has_stamens)

    distance = size - radius
    cover = c.edge(distance)
    # Two families of spirals cross where seeds sit (a sunflower has 13 and 21 of them).
    spin = torch.log(radius + 0.02) * 5.5
    seeds = torch.cos(13 * angle + 2.4 * spin) * torch.cos(21 * angle - 1.5 * spin)
    dome = 1 - (radius / size).clamp(0, 1) ** 2
    lit = 0.72 + 0.3 * dome + 0.14 * torch.cos(angle - light) * (radius / size)
    lit = lit + c.uniform(0.04, 0.13) * seeds * smoothstep(0.02, 0.08, radius)
    eye = torch.lerp(palette.heart, palette.base, 0.55)
    colour = torch.lerp(
        palette.heart.expand_as(c.lab), eye.expand_as(c.lab), c.chance(0.5) * dome**2
    )
    c.paint(colour * lit, cover)


def _draw_air(c: Canvas, palette: Palette, reach: Tensor) -> None:
    """Soft light from the upper left, over everything."""
    fall = (c.y * 0.6 - c.x * 0.45).clamp(-1, 1)
    c.shade(1 + c.uniform(0.02, 0.09) * fall)
    distance = torch.sqrt((c.x + 0.5) ** 2 + (c.y - 0.6) ** 2)
    c.paint(palette.glow, bump(distance, reach) * c.uniform(0, 0.14))
