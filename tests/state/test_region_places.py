"""Where masks of regions are while they move: round and round, and never with a jump."""

import math

import pytest
import torch

from sgview.engine.regions.masks import drawn
from sgview.state.morph import morph
from sgview.state.motion import SPEEDS, Motion, motion_at
from sgview.state.params import Params, Region, Regions
from sgview.state.region_places import mask_at, masks_at


def moved(**positions: float) -> Motion:
    return Motion(positions={f"regions.second.{name}": value for name, value in positions.items()})


def values(
    region: Region, motion: Motion, aspect: float, points: list[tuple[float, float]]
) -> torch.Tensor:
    x, y = (torch.tensor(axis) for axis in zip(*points, strict=True))
    mask = mask_at("second", region, motion, aspect)
    alpha = drawn(mask, x, y, torch.full_like(x, 1e-3))
    return 1.0 - alpha if mask.is_inverted else alpha


def test_those_that_are_on_in_their_order() -> None:
    regions = Regions(third=Region(strength=0.5, x=0.2), fourth=Region(strength=1.0))
    found = masks_at(regions, Motion(), 1.0)
    assert [mask.strength for mask in found] == [0.5, 1.0] and found[0].x == 0.2
    assert masks_at(Regions(), Motion(), 1.0) == ()


@pytest.mark.parametrize("kind", ["linear", "band", "radial"])
@pytest.mark.parametrize("angle", [0.0, 130.0])
@pytest.mark.parametrize("aspect", [1.0, 16 / 9])
def test_a_mask_that_moves_never_jumps_and_comes_back(kind, angle, aspect) -> None:
    region = Region(mask=kind, angle=angle, x=0.1, y=-0.2, size=0.3, softness=0.2)
    points = [(aspect * (i / 8 - 0.5), j / 8 - 0.5) for i in range(9) for j in range(9)]
    before = values(region, Motion(), aspect, points)
    step, largest, seen = 0.01, 0.0, []
    for number in range(1, 900):
        now = values(region, moved(x=number * step), aspect, points)
        largest = max(largest, float((now - before).abs().max()))
        seen.append(float(now.mean()))
        before = now
    assert largest < step * 1.5 / 0.2 * 1.1  # as steep as an edge is, and no more
    assert max(seen) > min(seen) + 0.02
    late = seen[450:]  # it has come round by then
    assert max(late) > max(seen) - 0.01 and min(late) < min(seen) + 0.01


def test_it_turns_about_its_middle_and_stays_where_it_was_set() -> None:
    region = Region(mask="band", x=0.7, y=0.1, angle=10.0)
    still = mask_at("second", region, Motion(), 1.0)
    assert (still.x, still.y) == (0.7, 0.1) and still.angle == math.radians(10.0)
    turned = mask_at("second", region, moved(angle=35.0), 1.0)
    assert turned.angle == pytest.approx(math.radians(45.0)) and turned.x == 0.7
    assert mask_at("third", region, moved(angle=35.0), 1.0) == still


def test_speeds_are_integrated_by_name() -> None:
    region = Region(speed_x=0.1, speed_y=-0.2, speed_angle=30.0, seed_speed=0.5)
    motion = motion_at(Params(regions=Regions(fourth=region)), 2.0)
    found = {name[15:]: at for name, at in motion.positions.items() if name[8:14] == "fourth"}
    assert found == {"x": 0.2, "y": -0.4, "angle": 60.0, "seed": 1.0}
    assert len({speed.name for speed in SPEEDS}) == len(SPEEDS)


def test_a_crossfade_lets_a_region_come_where_it_will_be() -> None:
    there = Region(strength=1.0, mask="radial", x=0.4, seed=9)
    a, b = Params(), Params(regions=Regions(third=there))
    half = morph(a, b, 0.25).regions.third
    assert half == Region(strength=0.25, mask="radial", x=0.4, seed=9)
    assert morph(b, a, 0.25).regions.third == Region(strength=0.75, mask="radial", x=0.4, seed=9)
    other = Params(regions=Regions(third=Region(strength=1.0, x=0.0)))
    assert morph(other, b, 0.5).regions.third.x == pytest.approx(0.2)
