"""Planets: lit spheres with seas, bands, ice, storms, clouds, rings and an atmosphere."""

from __future__ import annotations

import torch
from torch import Tensor

from tools.training.canvas import TAU, Canvas, bump, noise, smoothstep, turn
from tools.training.planet_ball import Ball, Ring, place_ball
from tools.training.planet_palette import Palette, choose_palette


def draw_planets(canvas: Canvas) -> None:
    """Draw one planet into every picture of the canvas."""
    c = canvas
    palette = choose_palette(c)
    has_ring = c.chance(0.3)
    radius = torch.where(has_ring > 0, c.uniform(0.48, 0.57), c.uniform(0.64, 0.78))
    ball = place_ball(c, radius)
    light = _choose_light(c)
    _draw_space(c, palette, ball, light)

    lean = c.uniform(-0.5, 0.5)  # of the axis [rad]
    surface, sea = _paint_surface(c, palette, ball, light, lean)
    shade = _paint_light(c, palette, ball, light)
    nx, ny, nz = ball.normal
    lx, ly, lz = light
    # Sunlight glints on water: Blinn's half-way vector, the viewer straight ahead.
    half = torch.rsqrt(lx * lx + ly * ly + (lz + 1) ** 2)
    glint = ((nx * lx + ny * ly + nz * (lz + 1)) * half).clamp(min=0) ** 40
    lit = torch.lerp(palette.night.expand_as(surface), surface, shade)
    lit = torch.lerp(lit, palette.ice.expand_as(lit), (glint * sea * 0.55).clamp(0, 1))
    rim = (1 - nz).clamp(0, 1) ** c.uniform(2.2, 4.5)
    sunny = (shade * 1.15).clamp(0.04, 1)
    lit = torch.lerp(lit, palette.air.expand_as(lit), rim * sunny * c.uniform(0.35, 0.85))

    ring = Ring(c, palette, ball, light, has_ring, lean)
    ring.draw(front=False)
    c.paint(lit * ring.shadow(), ball.cover)
    ring.draw(front=True)


def _choose_light(c: Canvas) -> tuple[Tensor, Tensor, Tensor]:
    """Direction to the sun: from the upper left, sometimes low, rarely from behind."""
    angle = c.uniform(0.28, 0.46) * TAU
    height = 1 - 0.72 * c.uniform(0, 1) ** 1.5
    flat = torch.sqrt(1 - height * height)
    return flat * torch.cos(angle), flat * torch.sin(angle), height


def _draw_space(
    c: Canvas, palette: Palette, ball: Ball, light: tuple[Tensor, Tensor, Tensor]
) -> None:
    c.paint(palette.space, torch.ones_like(ball.distance))
    place = c.uniform(0, 1, 3)
    spot = torch.cat([c.x + 0 * place[:, :1], c.y + 0 * place[:, :1]], dim=1) * 0.13
    cloud = noise(torch.cat([spot, 0 * spot[:, :1]], dim=1) + place)
    c.paint(
        palette.nebula,
        smoothstep(-1.2, 2.6, cloud[:, 1:2] + 0.35 * cloud[:, 2:3]) * c.uniform(0.3, 1),
    )
    _draw_stars(c)
    # Light that leaks around the limb, strongest on the sunny side.
    lx, ly, _ = light
    toward = (ball.x * lx + ball.y * ly) / ball.distance.clamp(min=0.05)
    past = (ball.distance - ball.radius).clamp(min=0)
    halo = torch.exp(-past / c.uniform(0.025, 0.1)) * (0.5 + 0.5 * toward).clamp(0, 1)
    c.paint(palette.air, halo * c.uniform(0.25, 0.75))


def _draw_stars(c: Canvas) -> None:
    """At most one star in each cell of a coarse grid."""
    cells = 10
    shape = (c.count, 4, cells, cells)
    dice = torch.rand(shape, generator=c.generator, device=c.device)
    dice = torch.nn.functional.interpolate(dice, size=(c.size, c.size), mode="nearest")
    u = (c.x + 1) * (cells / 2)
    v = (1 - c.y) * (cells / 2)
    du = u - u.floor() - (0.2 + 0.6 * dice[:, 0:1])
    dv = v - v.floor() - (0.2 + 0.6 * dice[:, 1:2])
    size = 0.035 + 0.075 * dice[:, 2:3] ** 4
    star = torch.exp(-(du * du + dv * dv) / (size * size)) * (dice[:, 3:4] < 0.36)
    white = torch.tensor([0.96, 0.0, 0.01], device=c.device).view(1, 3, 1, 1)
    c.paint(white, star * (0.45 + 0.5 * dice[:, 2:3]))


def _paint_surface(
    c: Canvas,
    palette: Palette,
    ball: Ball,
    light: tuple[Tensor, Tensor, Tensor],
    lean: Tensor,
) -> tuple[Tensor, Tensor]:
    """Colours of the ground in full light [N, 3, H, W], and where water lies [N, 1, H, W]."""
    nx, ny, nz = ball.normal
    # Turn the globe: lean of the axis, tip towards the viewer, then its day.
    tip, day = c.uniform(-0.45, 0.45), c.uniform(0, TAU)

    def on_globe(x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        px, py = turn(x, y, lean)
        py, pz = turn(py, z, tip)
        gx, gz = turn(px, pz, day)
        return px, py, gx, gz

    px, py, gx, gz = on_globe(nx, ny, nz)
    point = torch.cat([gx, py, gz], dim=1)
    scale = c.uniform(0.13, 0.23)
    place = c.uniform(0, 1, 3)
    warp = noise(point * 0.16 + c.uniform(0, 1, 3))
    place = place + warp * c.uniform(0.0, 0.05)
    rough = noise(point * scale + place)
    fine = noise(point * (scale * 2.3) + place + 0.37)
    height = rough[:, 0:1] + 0.5 * fine[:, 0:1]
    # The same height a step towards the sun: their difference is the slope that light sees.
    step = 0.035
    _, sy, sx, sz = on_globe(nx + step * light[0], ny + step * light[1], nz + step * light[2])
    ahead = torch.cat([sx, sy, sz], dim=1)
    slope = height - noise(ahead * scale + place)[:, 0:1]
    slope = slope - 0.5 * noise(ahead * (scale * 2.3) + place + 0.37)[:, 0:1]

    # Rocky: seas below a level, then shore, land, heights.
    level = c.uniform(-0.7, 0.55)
    rise = height - level
    land = smoothstep(-0.03, 0.03, rise)
    ground = torch.lerp(
        palette.low.expand_as(point), palette.shallow.expand_as(point), smoothstep(-0.9, 0, rise)
    )
    soil = torch.lerp(
        palette.land.expand_as(point), palette.high.expand_as(point), smoothstep(0.1, 1.3, rise)
    )
    relief = 1 + (slope * c.uniform(0.2, 0.5)).clamp(-0.2, 0.2) * (0.25 + 0.75 * land)
    rocky = torch.lerp(ground, soil, land) * relief

    # Gaseous: bands along the latitude, bent by the warps, and one storm.
    bent = py + 0.035 * warp[:, 1:2] + 0.02 * fine[:, 1:2] * c.uniform(0.2, 1.6)
    storm_x, storm_y = c.uniform(-0.45, 0.45), c.uniform(-0.4, 0.4)
    storm_size = c.uniform(0.12, 0.24)
    reach = torch.sqrt(((px - storm_x) / 1.7) ** 2 + (py - storm_y) ** 2 + 1e-6)
    has_storm = c.chance(0.5)
    bent = bent + has_storm * bump(reach, storm_size * 1.5) * (storm_y - py) * 0.7
    column = torch.cat([0 * bent, bent * c.uniform(0.22, 0.45), 0 * bent], 1) + c.uniform(0, 1, 3)
    bands = noise(column)
    tone = 0.5 + 0.42 * bands[:, 0:1] + 0.06 * fine[:, 2:3] + 0.06 * torch.sin(bent * 19)
    gas = torch.lerp(
        palette.shallow.expand_as(point), palette.land.expand_as(point), smoothstep(0, 0.5, tone)
    )
    gas = torch.lerp(gas, palette.high.expand_as(gas), smoothstep(0.45, 0.95, tone))
    warm = palette.low * 1.25
    gas = torch.lerp(gas, warm.expand_as(gas), 0.8 * smoothstep(0.5, 1.6, bands[:, 2:3]))
    swirl = torch.cos(reach / storm_size * 7)
    eye = has_storm * smoothstep(storm_size, storm_size * 0.7, reach)
    gas = torch.lerp(gas, palette.low.expand_as(gas) * (1.18 + 0.1 * swirl), eye * 0.85)

    is_gas = c.chance(0.42)
    surface = torch.lerp(rocky, gas, is_gas)

    has_ice = c.chance(0.6) * (1 - is_gas)
    cap = py.abs() + 0.05 * fine[:, 0:1] + 0.04 * warp[:, 0:1]
    ice = has_ice * smoothstep(0.0, 0.05, cap - c.uniform(0.68, 0.93))
    surface = torch.lerp(surface, palette.ice.expand_as(surface), ice)

    cloud_point = point * torch.cat(
        [torch.full_like(lean, 0.2), torch.full_like(lean, 0.34), torch.full_like(lean, 0.2)], 1
    )
    puffs = noise(cloud_point + c.uniform(0, 1, 3) + warp * 0.035)[:, 2:3]
    amount = c.uniform(0.35, 1) * c.chance(0.65) * (1 - 0.75 * is_gas)
    veil = amount * smoothstep(0.3, 1.1, puffs - c.uniform(-0.3, 0.6))
    surface = torch.lerp(surface * (1 - 0.25 * veil), palette.cloud.expand_as(surface), veil)
    sea = (1 - land) * (1 - is_gas) * (1 - ice) * (1 - veil)
    return surface, sea


def _paint_light(
    c: Canvas, palette: Palette, ball: Ball, light: tuple[Tensor, Tensor, Tensor]
) -> Tensor:
    """How much daylight each place has, 0..1 [N, 1, H, W]."""
    nx, ny, nz = ball.normal
    cosine = nx * light[0] + ny * light[1] + nz * light[2]
    soft = c.uniform(0.1, 0.3)  # wider in a thick atmosphere
    day = ((cosine + soft) / (1 + soft)).clamp(0, 1)
    # OKLab lightness goes with the cube root of light; a little steeper keeps the ball round.
    return (day + 1e-4) ** 0.5 * smoothstep(-0.02, 0.3, day)
