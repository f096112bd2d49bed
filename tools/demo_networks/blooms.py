"""Blooms: flowers and mandalas, drawn petal over petal in polar sectors."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tools.demo_networks.canvas import TAU, Canvas, bump, noise, smoothstep, turn

LAYERS = 4  # rings of petals, the outermost first

# Hues in turns of OKLCH: rose, coral, amber, gold, teal, blue, lavender, violet, magenta.
_PETAL_HUES = (0.0, 0.03, 0.07, 0.11, 0.18, 0.24, 0.53, 0.67, 0.75, 0.8, 0.86, 0.93, 0.97)
_NIGHT_HUES = (0.5, 0.58, 0.68, 0.74, 0.79, 0.86, 0.95, 0.44)  # pine, ink, navy, aubergine


@dataclass
class _Palette:
    """Colours of one picture, each [N, 3, 1, 1] OKLab."""

    ground: Tensor
    glow: Tensor
    base: Tensor
    tip: Tensor
    accent: Tensor
    heart: Tensor
    leaf: Tensor
    is_dark: Tensor  # [N, 1, 1, 1], 1 where the ground is dark


@dataclass
class _Petals:
    """Shape of one ring of petals; every field is [N, 1, 1, 1] unless said otherwise."""

    count: Tensor
    reach: Tensor  # length of a petal
    width: Tensor  # half-width at the widest place
    belly: Tensor  # where the widest place is, 0.4 (near the heart) .. 0.8 (near the tip)
    point: Tensor  # 0.4 (round tip) .. 1 (pointed)
    notch: Tensor  # depth of a heart-shaped notch in the tip
    offset: Tensor  # angle of the first petal [rad]
    bend: Tensor  # sideways curvature
    ruffle: Tensor
    shown: Tensor  # 1 where the ring exists


def draw_blooms(canvas: Canvas) -> None:
    """Draw one flower into every picture of the canvas."""
    c = canvas
    palette = _choose_palette(c)
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
    look = _choose_look(c, is_mandala)
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
        petals = _Petals(
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
        _draw_ring(c, palette, petals, look, radius, angle, light, depth, drift)
        _draw_beads(c, palette, petals, look, radius, angle)
    last = reach * shrink ** (rings - 1)
    _draw_heart(c, palette, radius, angle, last, light)
    _draw_air(c, palette, reach)


def _choose_palette(c: Canvas) -> _Palette:
    """Harmonies around one hue: analogous, split or complementary accents on a quiet ground."""
    hue = c.choice(_PETAL_HUES) + c.uniform(-0.03, 0.03)
    step = c.choice((0.06, 0.09, -0.07, -0.1, 0.14, -0.13))
    is_dark = c.chance(0.55)
    is_pale = c.chance(0.22)
    chroma = c.uniform(0.11, 0.19) * (1 - 0.62 * is_pale)
    light = torch.where(is_dark > 0, c.uniform(0.64, 0.84), c.uniform(0.58, 0.76))
    light = torch.where(is_pale > 0, 0.92 - 0.05 * (1 - is_dark), light)
    # Dark grounds stay cool (dark yellow is mud); light ones take any quiet hue.
    ground_hue = torch.where(
        is_dark > 0, c.choice(_NIGHT_HUES), hue + c.choice((0.0, 0.5, 0.45, 0.55, 0.08, -0.08))
    )
    ground = c.colour(
        torch.where(is_dark > 0, c.uniform(0.17, 0.32), c.uniform(0.8, 0.94)),
        torch.where(is_dark > 0, c.uniform(0.03, 0.075), c.uniform(0.012, 0.055)),
        ground_hue,
    )
    glow = c.colour(
        torch.where(is_dark > 0, c.uniform(0.36, 0.5), c.uniform(0.95, 0.98)),
        torch.where(is_dark > 0, c.uniform(0.05, 0.1), c.uniform(0.01, 0.035)),
        ground_hue + c.uniform(-0.06, 0.06),
    )
    is_deep = c.chance(0.6)  # dark towards the heart, or light
    base_light = torch.where(is_deep > 0, light - c.uniform(0.16, 0.3), light + 0.12)
    warm = c.uniform(0.16, 0.25)
    return _Palette(
        ground=ground,
        glow=glow,
        base=c.colour(base_light.clamp(0.28, 0.95), chroma * 1.05 + 0.02, hue + step),
        tip=c.colour(light, chroma, hue),
        accent=c.colour(c.uniform(0.72, 0.93), c.uniform(0.05, 0.13), hue + step * 2.2),
        heart=c.colour(
            torch.where(c.chance(0.65) > 0, c.uniform(0.68, 0.86), c.uniform(0.26, 0.4)),
            c.uniform(0.08, 0.15),
            torch.where(c.chance(0.7) > 0, warm, hue + 0.5),
        ),
        leaf=c.colour(c.uniform(0.36, 0.56), c.uniform(0.05, 0.1), c.uniform(0.33, 0.46)),
        is_dark=is_dark,
    )


@dataclass
class _Look:
    """How petals are finished, shared by all rings of a flower; [N, 1, 1, 1]."""

    cup: Tensor
    curl: Tensor
    crease: Tensor
    veins: Tensor
    vein_count: Tensor
    rim: Tensor  # accent colour along the edge
    flame: Tensor  # accent colour up the middle
    outline: Tensor
    inset: Tensor
    beads: Tensor
    depth: Tensor  # how much inner rings differ from outer ones
    glow: Tensor


def _choose_look(c: Canvas, is_mandala: Tensor) -> _Look:
    natural = 1 - is_mandala
    return _Look(
        cup=c.uniform(0.05, 0.3) * (1 - 0.6 * is_mandala),
        curl=c.uniform(-0.12, 0.26),
        crease=c.uniform(0.1, 0.4) * c.chance(0.75) * natural,
        veins=c.uniform(0.02, 0.075) * c.chance(0.6) * natural,
        vein_count=c.uniform(2.0, 4.5),
        rim=c.uniform(0.35, 0.95) * c.chance(0.35) * natural,
        flame=c.uniform(0.3, 0.85) * c.chance(0.35),
        outline=is_mandala * c.uniform(0.6, 1),
        inset=torch.maximum(is_mandala * c.chance(0.8), natural * c.chance(0.06)),
        beads=torch.maximum(is_mandala * c.chance(0.75), natural * c.chance(0.05)),
        depth=c.uniform(-0.1, 0.13),
        glow=c.uniform(0.0, 0.12),
    )


def _tilt(c: Canvas, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Look at the flower a little from the side."""
    angle, squash = c.uniform(0, TAU), c.uniform(1.0, 1.14)
    u, v = turn(x, y, angle)
    return turn(u, v * squash, -angle)


def _draw_ground(c: Canvas, palette: _Palette) -> None:
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


def _petal(
    c: Canvas, p: _Petals, radius: Tensor, angle: Tensor, neighbour: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """One petal of each sector, or its neighbour's.

    Returns:
        along (0 at the heart, 1 at the tip), across (-1..1 from edge to edge), signed distance to
        the outline (positive inside), and the angle of the petal's axis [rad]; all [N, 1, H, W].
    """
    sector = TAU / p.count
    turns = (angle - p.offset) / sector
    nearest = torch.floor(turns + 0.5) + neighbour
    delta = (turns - nearest) * sector
    u, v = radius * torch.cos(delta), radius * torch.sin(delta)
    v = v - p.bend * u * u
    s = u / p.reach
    s = s * (1 + p.notch * bump(v, p.width * 0.45))
    inside = s.clamp(1e-3, 1 - 1e-3)
    # A beta-shaped outline, scaled to 1 at its widest place.
    a = p.point * p.belly / (1 - p.belly)
    log_width = a * torch.log(inside / p.belly) + p.point * torch.log((1 - inside) / (1 - p.belly))
    width = p.width * torch.exp(log_width)
    width = width * (1 + p.ruffle * torch.sin(inside * 26 + 5 * nearest))
    # At a round tip the slope is infinite; unlimited it would call far points near.
    slope = (width * (a / inside - p.point / (1 - inside)) / p.reach).clamp(-1.5, 1.5)
    distance = (width - v.abs()) * torch.rsqrt(1 + slope * slope)
    past_tip = -2 * torch.sqrt(v * v + ((s - 1) * p.reach) ** 2 + 1e-9)
    distance = torch.minimum(torch.where(s > 1, past_tip, distance), u)
    across = (v / (width + 1e-3)).clamp(-1.3, 1.3)
    return s.clamp(0, 1.2), across, distance, p.offset + nearest * sector


def _draw_ring(
    c: Canvas,
    palette: _Palette,
    p: _Petals,
    look: _Look,
    radius: Tensor,
    angle: Tensor,
    light: Tensor,
    depth: Tensor,
    drift: Tensor,
) -> None:
    """All petals of a ring, each lying over its left neighbour."""
    tip = torch.lerp(palette.tip, palette.base, (depth * drift.abs() * 2).clamp(0, 1))
    tip = tip * (1 + look.depth * depth)
    base = palette.base * (1 + look.depth * depth)
    for neighbour in (-1, 0, 1):
        s, t, distance, axis = _petal(c, p, radius, angle, neighbour)
        # The shadow that this petal throws on what lies under it.
        c.shade(1 - 0.32 * p.shown * smoothstep(-0.055, 0.02, distance))
        cover = c.edge(distance) * p.shown

        mix = smoothstep(0.1, 0.95, s)
        colour = torch.lerp(base.expand_as(c.lab), tip.expand_as(c.lab), mix)
        flame = look.flame * bump(t, 0.42) * smoothstep(0.85, 0.2, s)
        colour = torch.lerp(colour, palette.accent.expand_as(colour), flame)
        rim = look.rim * smoothstep(0.05, 0.0, distance) * smoothstep(0.25, 0.7, s)
        colour = torch.lerp(colour, palette.accent.expand_as(colour), rim)
        inner = distance - 0.3 * p.width
        colour = torch.lerp(
            colour, palette.accent.expand_as(colour), look.inset * 0.85 * c.edge(inner)
        )
        colour = torch.lerp(
            colour,
            base.expand_as(colour) * 0.92,
            look.inset * c.edge(distance - 0.55 * p.width),
        )

        # Light from one side over a petal that is cupped across and curls along.
        toward, side = torch.cos(light - axis), torch.sin(light - axis)
        lit = 1 + look.cup * t * side - look.curl * (s - 0.55) * toward
        lit = lit * (0.66 + 0.34 * smoothstep(0.02, 0.5, s))
        crease = look.crease * bump(t * p.width, 0.012) * smoothstep(0.9, 0.1, s)
        veins = look.veins * torch.cos(t * look.vein_count * TAU) * smoothstep(1, 0.3, s)
        lit = lit * (1 - crease * 0.5) * (1 - veins * (1 - t * t).clamp(min=0))
        lit = lit + 0.07 * smoothstep(0.035, 0.0, distance) * (1 - look.outline)
        c.paint(colour * lit, cover)
        line = look.outline * bump(distance - 0.011, 0.009) * p.shown
        c.paint(palette.accent, line * cover)


def _draw_leaves(
    c: Canvas,
    palette: _Palette,
    radius: Tensor,
    angle: Tensor,
    reach: Tensor,
    light: Tensor,
) -> None:
    """A few leaves behind some of the flowers."""
    count = c.choice((3, 4, 5, 6))
    p = _Petals(
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
    s, t, distance, axis = _petal(c, p, radius, angle, 0)
    cover = c.edge(distance) * p.shown
    lit = 0.75 + 0.2 * s + 0.22 * torch.sin(light - axis) * t - 0.2 * bump(t, 0.07)
    ribs = 0.05 * torch.cos((s * 9 - t.abs() * 1.6) * TAU) * (1 - t * t).clamp(min=0)
    leaf = torch.lerp(palette.leaf, palette.ground, 0.25)
    c.paint(leaf * (lit + ribs), cover)


def _draw_beads(
    c: Canvas, palette: _Palette, p: _Petals, look: _Look, radius: Tensor, angle: Tensor
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
    palette: _Palette,
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


def _draw_air(c: Canvas, palette: _Palette, reach: Tensor) -> None:
    """Soft light from the upper left, over everything."""
    fall = (c.y * 0.6 - c.x * 0.45).clamp(-1, 1)
    c.shade(1 + c.uniform(0.02, 0.09) * fall)
    distance = torch.sqrt((c.x + 0.5) ** 2 + (c.y - 0.6) ** 2)
    c.paint(palette.glow, bump(distance, reach) * c.uniform(0, 0.14))
