"""Planets: lit spheres with seas, bands, ice, storms, clouds, rings and an atmosphere."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tools.demo_networks.canvas import TAU, Canvas, bump, noise, smoothstep, turn

_SPACE_HUES = (0.55, 0.66, 0.72, 0.76, 0.8, 0.88, 0.97)  # ink, navy, indigo, plum, wine
_LOW_HUES = (0.02, 0.07, 0.11, 0.5, 0.56, 0.62, 0.68, 0.73, 0.78, 0.84, 0.94)
_LAND_HUES = (
    0.0,
    0.06,
    0.12,
    0.17,
    0.21,
    0.25,
    0.42,
    0.5,
    0.66,
    0.8,
    0.92,
)  # rose .. sand .. lilac


@dataclass
class _Palette:
    """Colours of one picture, each [N, 3, 1, 1] OKLab."""

    space: Tensor
    nebula: Tensor
    low: Tensor  # deep sea, or the darkest band
    shallow: Tensor
    land: Tensor
    high: Tensor
    ice: Tensor
    cloud: Tensor
    air: Tensor
    night: Tensor
    ring: Tensor


@dataclass
class _Ball:
    """The sphere seen from the front; normals point to the viewer, all [N, 1, H, W]."""

    x: Tensor
    y: Tensor
    radius: Tensor  # [N, 1, 1, 1]
    distance: Tensor  # from its centre [same units as the canvas]
    normal: tuple[Tensor, Tensor, Tensor]
    cover: Tensor


def draw_planets(canvas: Canvas) -> None:
    """Draw one planet into every picture of the canvas."""
    c = canvas
    palette = _choose_palette(c)
    has_ring = c.chance(0.3)
    radius = torch.where(has_ring > 0, c.uniform(0.48, 0.57), c.uniform(0.64, 0.78))
    ball = _place_ball(c, radius)
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

    ring = _Ring(c, palette, ball, light, has_ring, lean)
    ring.draw(front=False)
    c.paint(lit * ring.shadow(), ball.cover)
    ring.draw(front=True)


def _choose_palette(c: Canvas) -> _Palette:
    hue = c.choice(_LOW_HUES) + c.uniform(-0.025, 0.025)
    land_hue = c.choice(_LAND_HUES) + c.uniform(-0.025, 0.025)
    # The short way round the circle of hues from one to the other.
    swing = (land_hue - hue + 0.5) % 1 - 0.5
    space_hue = c.choice(_SPACE_HUES) + c.uniform(-0.03, 0.03)
    # Hue and lightness rise together, as in old printed charts: deep water, shore, land, heights.
    dark = c.uniform(0.34, 0.5)
    rise = c.uniform(0.13, 0.2)
    chroma = c.uniform(0.09, 0.165)
    air_hue = torch.where(c.chance(0.6) > 0, c.uniform(0.58, 0.7), hue + swing * 0.5)
    is_dusk = c.chance(0.2)
    space_light = torch.where(is_dusk > 0, c.uniform(0.28, 0.38), c.uniform(0.12, 0.19))
    return _Palette(
        space=c.colour(space_light, c.uniform(0.03, 0.06) + 0.035 * is_dusk, space_hue),
        nebula=c.colour(
            space_light + c.uniform(0.12, 0.26),
            c.uniform(0.08, 0.14),
            space_hue + c.uniform(-0.16, 0.16),
        ),
        low=c.colour(dark, chroma, hue),
        shallow=c.colour(dark + rise, chroma, hue + 0.09 * torch.sign(swing)),
        land=c.colour(dark + rise * 1.8, chroma, land_hue),
        high=c.colour((dark + rise * 2.7).clamp(max=0.94), chroma * 0.6, land_hue + 0.04),
        ice=c.colour(c.uniform(0.93, 0.98), c.uniform(0.0, 0.025), hue + 0.5),
        cloud=c.colour(c.uniform(0.92, 0.98), c.uniform(0.0, 0.035), land_hue),
        air=c.colour(c.uniform(0.8, 0.92), c.uniform(0.05, 0.11), air_hue),
        night=c.colour(c.uniform(0.13, 0.2), c.uniform(0.03, 0.065), space_hue),
        ring=c.colour(c.uniform(0.7, 0.9), c.uniform(0.03, 0.09), land_hue),
    )


def _place_ball(c: Canvas, radius: Tensor) -> _Ball:
    x, y = c.x - c.uniform(-0.025, 0.025), c.y - c.uniform(-0.025, 0.025)
    distance = torch.sqrt(x * x + y * y + 1e-8)
    # Outside, the nearest normal of the limb: colours then fade to the edge without a seam.
    scale = 1 / torch.maximum(distance, radius)
    nx, ny = x * scale, y * scale
    nz = torch.sqrt((1 - nx * nx - ny * ny).clamp(min=1e-4))
    return _Ball(x, y, radius, distance, (nx, ny, nz), c.edge(radius - distance))


def _choose_light(c: Canvas) -> tuple[Tensor, Tensor, Tensor]:
    """Direction to the sun: from the upper left, sometimes low, rarely from behind."""
    angle = c.uniform(0.28, 0.46) * TAU
    height = 1 - 0.72 * c.uniform(0, 1) ** 1.5
    flat = torch.sqrt(1 - height * height)
    return flat * torch.cos(angle), flat * torch.sin(angle), height


def _draw_space(
    c: Canvas, palette: _Palette, ball: _Ball, light: tuple[Tensor, Tensor, Tensor]
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
    palette: _Palette,
    ball: _Ball,
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
    c: Canvas, palette: _Palette, ball: _Ball, light: tuple[Tensor, Tensor, Tensor]
) -> Tensor:
    """How much daylight each place has, 0..1 [N, 1, H, W]."""
    nx, ny, nz = ball.normal
    cosine = nx * light[0] + ny * light[1] + nz * light[2]
    soft = c.uniform(0.1, 0.3)  # wider in a thick atmosphere
    day = ((cosine + soft) / (1 + soft)).clamp(0, 1)
    # OKLab lightness goes with the cube root of light; a little steeper keeps the ball round.
    return (day + 1e-4) ** 0.5 * smoothstep(-0.02, 0.3, day)


class _Ring:
    """A flat ring around the ball, half of it behind."""

    def __init__(
        self,
        c: Canvas,
        palette: _Palette,
        ball: _Ball,
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
        side = self._is_front if front else 1 - self._is_front
        self._canvas.paint(self._colour, self._cover * side)

    def shadow(self) -> Tensor:
        """Factor on the light of the ball, [N, 1, H, W]."""
        return self._shadow
