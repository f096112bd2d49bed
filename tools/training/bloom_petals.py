"""Petals of blooms: their outline, their finish, and a ring of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tools.training.bloom_palette import Palette
from tools.training.canvas import TAU, Canvas, bump, smoothstep


@dataclass
class Petals:
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


@dataclass
class Finish:
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


def choose_finish(c: Canvas, is_mandala: Tensor) -> Finish:
    """Natural petals have veins and creases, those of mandalas outlines and insets."""
    natural = 1 - is_mandala
    return Finish(
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


def place_petals(
    c: Canvas, p: Petals, radius: Tensor, angle: Tensor, neighbour: int
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


def draw_ring(
    c: Canvas,
    palette: Palette,
    p: Petals,
    look: Finish,
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
        s, t, distance, axis = place_petals(c, p, radius, angle, neighbour)
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
