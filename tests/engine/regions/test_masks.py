"""Masks at the samples of layers: against loops over pixels, and what the shares add up to."""

import math
from itertools import product

import pytest
import torch

from sgview.engine.regions.masks import Shares
from sgview.state.region_places import Mask
from stylegan3 import Grid

CPU = torch.device("cpu")
GRIDS = (Grid(4, 4, 4), Grid(9, 15, 6), Grid(32, 32, 32))


def mask(**values) -> Mask:
    plain = {"kind": "linear", "x": 0.0, "y": 0.0, "angle": 0.0, "size": 0.5, "softness": 0.2}
    return Mask(**(plain | {"is_inverted": False, "strength": 1.0} | values))


def shares(*masks: Mask, scale: float = 1.0, files=None) -> Shares:
    made = Shares(CPU, (files or {}).get)
    made.set(masks, scale, ())
    return made


def slow(mask: Mask, x: float, y: float, distance: float) -> float:
    x, y = x - mask.x, y - mask.y
    along = x * math.cos(mask.angle) + y * math.sin(mask.angle)
    inside = {
        "linear": along,
        "band": mask.size / 2 - abs(along),
        "radial": mask.size / 2 - math.hypot(x, y),
    }[mask.kind]
    softness = mask.softness if mask.kind == "linear" else min(mask.softness, mask.size)
    t = min(max(inside / max(softness, distance) + 0.5, 0.0), 1.0)
    alpha = t * t * (3 - 2 * t)
    return (1 - alpha if mask.is_inverted else alpha) * mask.strength


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_shares_are_those_of_a_loop_over_samples(scale: float) -> None:
    masks = (
        mask(kind="linear", angle=0.7, x=0.1, strength=0.8),
        mask(kind="band", angle=-2.0, y=0.2, is_inverted=True, strength=1.3),
        mask(kind="radial", x=-0.2, y=0.1, softness=0.0),
    )
    made = shares(*masks, scale=scale)
    for grid in GRIDS:
        found = made(grid)
        assert found.shape == (4, 1, grid.height, grid.width)
        step = scale / grid.rate
        for row, column in product(range(0, grid.height, 3), range(grid.width)):
            x = (column + 0.5 - grid.width / 2) * step
            y = (grid.height / 2 - row - 0.5) * step
            expected = [1.0]
            for one in masks:
                alpha = slow(one, x, y, step)
                expected = [value * (1 - alpha) for value in expected] + [alpha]
            assert found[:, 0, row, column].tolist() == pytest.approx(expected, abs=2e-6)
        assert (found.sum(0) - 1).abs().max() < 1e-6


def test_a_sharp_line_between_pixels_is_black_and_white() -> None:
    for grid in (Grid(4, 4, 4), Grid(64, 96, 64)):
        right = shares(mask(softness=0.0))(grid)[1, 0]
        half = grid.width // 2
        assert not right[:, :half].any() and (right[:, half:] == 1.0).all()
    low = shares(mask(softness=0.0, angle=-math.pi / 2))(Grid(4, 4, 4))[1, 0]
    assert not low[:2].any() and (low[2:] == 1.0).all()


def test_they_are_drawn_once_until_they_change() -> None:
    made = shares(mask())
    first = made(GRIDS[2])
    assert made(GRIDS[2]).data_ptr() == first.data_ptr()
    before = first.clone()
    made._draw = None  # type: ignore[method-assign]
    made.set((mask(),), 1.0, ())
    assert torch.equal(made(GRIDS[2]), before)
    del made._draw
    made.set((mask(x=0.3),), 1.0, ())
    assert not torch.equal(made(GRIDS[2]), before)
    made.set((mask(), mask(strength=0.5)), 1.0, ("another",))
    assert made(GRIDS[0]).shape[0] == 3


def test_a_picture_is_drawn_as_high_as_it_is_set_and_turned() -> None:
    picture = torch.zeros(8, 16)
    picture[:4, :8] = 1.0  # its upper left quarter
    files = {"a.png": picture}
    grid = Grid(16, 32, 16)
    whole = mask(kind="file", file="a.png", size=1.0)
    found = shares(whole, files=files)(grid)[1, 0]
    expected = torch.zeros(16, 32)
    expected[:8, :16] = 1.0
    inner = torch.ones(16, 32, dtype=torch.bool)
    inner[6:10] = inner[:, 14:18] = False  # interpolated between its pixels
    inner[:2] = inner[-2:] = inner[:, :2] = inner[:, -2:] = False
    assert torch.equal(found[inner], expected[inner])
    quarter = shares(mask(kind="file", file="a.png", size=1.0, angle=math.pi / 2), files=files)
    square = Grid(16, 16, 16)
    turned = quarter(square)[1, 0]  # anticlockwise: upper left becomes lower left
    assert turned[10:14, 1:7].min() == 1.0 and not turned[:7].any() and not turned[:, 9:].any()
    small = shares(mask(kind="file", file="a.png", size=0.5), files=files)(grid)[1, 0]
    assert not small[:3].any() and not small[:, :7].any() and small[6, 12] == 1.0
    coarse = shares(whole, files=files)(Grid(2, 4, 2))[1, 0]
    assert coarse[0].tolist()[1] == pytest.approx(0.5, abs=0.5)


def test_fine_lines_of_a_picture_are_grey_where_samples_lie_far_apart() -> None:
    lines = torch.arange(256).remainder(2).float().expand(256, -1)
    found = shares(mask(kind="file", file="lines", size=1.0), files={"lines": lines})
    assert (found(Grid(4, 4, 4))[1] - 0.5).abs().max() < 0.01


@pytest.mark.parametrize("is_inverted", [False, True])
def test_without_a_picture_the_region_is_not_there(is_inverted: bool) -> None:
    found = shares(mask(kind="file", file="gone", is_inverted=is_inverted))(GRIDS[0])
    assert not found[1].any() and (found[0] == 1.0).all()
