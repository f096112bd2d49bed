"""The picture from shares of ToRGB's sums against float64."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from stylegan3.fast.kernels.activation.launcher import resampling_taps
from stylegan3.fast.kernels.torgb.launcher import SkipLevel, TorgbSkipSums
from stylegan3.ops.filters import resample_filter
from stylegan3.ops.upfirdn2d import upsample2d
from tests.support.kernels import generator
from tools.published import relative_error

CLAMP = 1.5
FILTERS = [resample_filter(f) for f in ((1, 3, 3, 1), (1, 2, 5, 4))]


def make_levels(
    device: torch.device, first: tuple[int, int], count: int, colours: int
) -> list[SkipLevel]:
    levels = []
    for i in range(count):
        rng, size = generator(i), [side << i for side in first]
        taps = resampling_taps(FILTERS[i % 2])
        assert taps is not None
        sums = torch.randn(5 - i % 3, colours, *size, generator=rng).to(device)
        bias = torch.randn(colours, generator=rng).to(device)
        levels.append(SkipLevel(sums, bias, taps.to(device), CLAMP if i % 2 == 0 else None))
    return levels


def reference(levels: list[SkipLevel], previous: Tensor | None) -> Tensor:
    picture = None if previous is None else previous.cpu().double()
    for i, level in enumerate(levels):
        own = level.sums.cpu().double().sum(0) + level.bias.cpu().double()[:, None, None]
        own = own if level.clamp is None else own.clamp(-level.clamp, level.clamp)
        if picture is not None:
            own = own + upsample2d(picture[None], FILTERS[i % 2].double())[0]
        picture = own
    assert picture is not None
    return picture


@pytest.mark.parametrize(
    ("first", "count"),
    [
        ((4, 4), 1),
        ((4, 4), 2),
        ((4, 4), 5),
        ((2, 2), 4),
        ((8, 8), 1),
        ((16, 16), 2),
        ((4, 2), 4),
        ((6, 10), 3),
        ((2, 14), 2),
    ],
)
@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("has_previous", [True, False])
def test_levels(
    device: torch.device, first: tuple[int, int], count: int, colours: int, has_previous: bool
) -> None:
    levels = make_levels(device, first, count, colours)
    size, previous = levels[-1].size, None
    if has_previous:
        previous = torch.randn(colours, first[0] // 2, first[1] // 2, generator=generator(9)).to(
            device
        )
    out = torch.full((colours, *size), torch.nan, device=device)
    TorgbSkipSums(levels, out, previous)()
    assert relative_error(out, reference(levels, previous)) < 1e-6


def test_what_does_not_fit_is_refused(device: torch.device) -> None:
    levels = make_levels(device, (4, 4), 2, 3)
    out = torch.zeros(3, 8, 8, device=device)
    with pytest.raises(ValueError, match="comes before one of 4 x 4"):
        TorgbSkipSums(levels[::-1], out)
    with pytest.raises(ValueError, match="levels of up to"):
        TorgbSkipSums([], out)
    with pytest.raises(ValueError, match="out must be of 8 x 8 px"):
        TorgbSkipSums(levels, out[:, :4, :4].contiguous())
    with pytest.raises(ValueError, match="previous must be of 2 x 2 px"):
        TorgbSkipSums(levels, out, out)
    with pytest.raises(ValueError, match="float32"):
        TorgbSkipSums([replace(levels[0], bias=levels[0].bias.double()), levels[1]], out)
    with pytest.raises(ValueError, match="sums must be"):
        TorgbSkipSums([replace(levels[0], sums=levels[0].sums[:, :2]), levels[1]], out)
