"""StyleGAN3's picture from parts of ToRGB's sums against float64."""

from __future__ import annotations

import pytest
import torch

from stylegan3.fast.kernels.torgb.launcher import TorgbPartialSums
from stylegan3.fast.kernels.torgb.layer import TorgbLayer
from tests.support.kernels import generator
from tools.published import relative_error


def make_torgb(
    device: torch.device, parts: int, colours: int = 3, clamp: float | None = 4.0
) -> TorgbLayer:
    weight = torch.zeros(colours, parts * 16 - 3, 1, 1, device=device)  # not read: summed already
    bias = torch.randn(colours, generator=generator(parts)).to(device)
    return TorgbLayer(weight, bias, clamp, 0.25)


# the last is more than the threads have at a time, on the emulator's multiprocessors
@pytest.mark.parametrize("size", [(1, 1), (9, 7), (6, 10), (64, 36), (150, 220)], ids=str)
@pytest.mark.parametrize("count", [1, 2, 4, 5, 11])
@pytest.mark.parametrize("clamp", [None, 4.0])
def test_sums(device: torch.device, size: tuple[int, int], count: int, clamp: float | None) -> None:
    torgb = make_torgb(device, count, clamp=clamp)
    parts = torch.randn(count, 3, *size, generator=generator(count)) * 3
    picture = torch.full((3, *size), torch.nan, device=device)
    TorgbPartialSums(torgb, size)(parts.to(device), picture)
    expected = parts.double().sum(0) + torgb.bias.cpu().double()[:, None, None]
    if clamp is not None:
        assert size[0] < 9 or (expected.abs() > clamp).any()
        expected = expected.clamp(-clamp, clamp)
    assert relative_error(picture, expected * 0.25) < 1e-6


@pytest.mark.parametrize("colours", [1, 2, 4])
def test_any_number_of_colours_in_one_order(device: torch.device, colours: int) -> None:
    torgb = make_torgb(device, 6, colours, clamp=None)
    parts = torch.randn(6, colours, 12, 15, generator=generator(3)).to(device)
    picture = torch.empty(colours, 12, 15, device=device)
    TorgbPartialSums(torgb, (12, 15))(parts, picture)
    sums = torch.zeros_like(picture)
    for part in parts:
        sums += part
    assert torch.equal(picture, (sums + torgb.bias[:, None, None]) * 0.25)


def test_not_a_number_passes_through(device: torch.device) -> None:
    torgb, size = make_torgb(device, 3), (8, 8)
    parts, picture = torch.zeros(3, 3, *size, device=device), torch.zeros(3, *size, device=device)
    parts[1, 2, 5, 6] = torch.nan
    TorgbPartialSums(torgb, size)(parts, picture)
    assert torch.isnan(picture).nonzero().tolist() == [[2, 5, 6]]


def test_the_live_bias_is_read(device: torch.device) -> None:
    torgb, size = make_torgb(device, 2, clamp=None), (8, 8)
    parts, picture = torch.zeros(2, 3, *size, device=device), torch.zeros(3, *size, device=device)
    sums = TorgbPartialSums(torgb, size)
    sums(parts, picture)
    before = picture.clone()
    torgb.bias.neg_()
    sums(parts, picture)
    assert torch.equal(picture, -before)


def test_shapes_are_checked(device: torch.device) -> None:
    torgb, size = make_torgb(device, 2), (8, 6)
    sums = TorgbPartialSums(torgb, size)
    parts, picture = torch.zeros(2, 3, *size, device=device), torch.zeros(3, *size, device=device)
    for wrong in (parts[:1], parts.half(), parts[:, :2], parts.transpose(0, 1)):
        with pytest.raises(ValueError, match="parts must be contiguous float32"):
            sums(wrong, picture)
    for wrong in (picture[:2], picture.half(), picture[:, :, :-1]):
        with pytest.raises(ValueError, match="the picture must be contiguous float32"):
            sums(parts, wrong)
    torgb = TorgbLayer(torgb.weight, torgb.bias[:2], None, 1.0)
    with pytest.raises(ValueError, match="a bias a colour"):
        TorgbPartialSums(torgb, size)(parts, picture)
