"""ToRGB fused into the filtered leaky ReLU, against float64 and against both in turn."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from stylegan3.fast.kernels.channels_last import padded_channels
from stylegan3.fast.kernels.filtered_lrelu.launcher import TensorCoreFilteredLrelu
from stylegan3.fast.kernels.torgb.launcher import TorgbConvolution, TorgbPartialSums
from stylegan3.fast.kernels.torgb.layer import TorgbLayer
from tests.support.kernels import (
    columns,
    filtered_lrelu_reference,
    generator,
    picture,
    planes,
    vector,
)
from tools.published import published_geometry, relative_error

LAST = 13  # of the published layers before ToRGB
BOUND = 1.2e-3  # of the filter, see test_filtered_lrelu_cuda.py
HALF = torch.float16


class Case:
    """One network's last two layers on noise."""

    def __init__(
        self,
        device: torch.device,
        channels: int,
        size: tuple[int, int],
        *,
        layer: int = LAST,
        radial: bool = False,
        colours: int = 3,
        clamp: float | None = None,
        scale: float = 1.0,
        blocked: bool = False,
    ) -> None:
        self.device, self.channels, self.blocked = device, channels, blocked
        self.geometry = published_geometry(layer, radial=radial)
        self.size = self.geometry.out_size(*size)
        rng = generator(channels)
        weight = torch.randn(colours, channels, 1, 1, generator=rng).to(device) * scale
        bias = torch.randn(colours, generator=rng).to(device)
        self.rgb = TorgbLayer(weight, bias, clamp, 0.25)
        self.pitch = padded_channels(channels, 16 if blocked else 8)
        self.x = picture(*size, channels, self.pitch, HALF, seed=4).to(device)
        self.x[..., channels:] = 7.0  # to be ignored
        self.vectors = [vector(channels, self.pitch, seed).to(device) for seed in (1, 2)]
        self.limit = vector(channels, self.pitch, 3, low=256.0).to(device)

    def parts(self, strip_height: int | None = None) -> Tensor:  # [parts, colours, H, W]
        op = TensorCoreFilteredLrelu(
            self.geometry, self.device, blocked_input=self.blocked, torgb=self.rgb
        )
        y = torch.full(self.rgb.parts_shape(self.size), torch.nan, device=self.device)
        bias, gains = self.vectors
        op(self.input, y, self.channels, bias, self.limit, gains * op.dc_correction, strip_height)
        return y

    def run(self, strip_height: int | None = None) -> Tensor:  # [colours, H, W]
        y = torch.full((self.rgb.colours, *self.size), torch.nan, device=self.device)
        TorgbPartialSums(self.rgb, self.size)(self.parts(strip_height), y)
        return y

    @property
    def input(self) -> Tensor:
        if not self.blocked:
            return self.x
        return self.x.unflatten(2, (-1, 16)).permute(2, 0, 1, 3).contiguous()

    def between(self) -> Tensor:  # [H, W, P]
        """What ToRGB is of, by the filter that stores it."""
        op = TensorCoreFilteredLrelu(self.geometry, self.device, blocked_input=self.blocked)
        between = torch.zeros(*self.size, self.pitch, dtype=HALF, device=self.device)
        bias, gains = self.vectors
        op(self.input, between, self.channels, bias, self.limit, gains * op.dc_correction)
        return between

    def in_turn(self) -> Tensor:
        """By the kernels of layers that are shown."""
        torgb = TorgbConvolution(self.rgb, pitch=self.pitch, dtype=HALF)
        y = torch.zeros(self.rgb.colours, *self.size, device=self.device)
        torgb(self.between(), y)
        return y

    def exact(self) -> Tensor:
        bias, gains = self.vectors
        of_channels = (columns(v, self.channels) for v in (bias, self.limit, gains))
        y = filtered_lrelu_reference(self.geometry, planes(self.x, self.channels), *of_channels)
        weight, bias = (v.cpu().double() for v in (self.rgb.weight, self.rgb.bias))
        colours = torch.nn.functional.conv2d(y, weight, bias)[0]
        limit = float("inf") if self.rgb.clamp is None else self.rgb.clamp
        return colours.clamp(-limit, limit) * self.rgb.output_scale


@pytest.mark.parametrize("radial", [False, True], ids=["t", "r"])
@pytest.mark.parametrize("channels", [1, 13, 16, 21, 51])
def test_any_channel_count(device: torch.device, channels: int, radial: bool) -> None:
    case = Case(device, channels, (40, 62), radial=radial)
    actual = case.run()
    assert relative_error(actual, case.exact()) < BOUND
    assert relative_error(actual, case.in_turn().cpu().double()) < 2e-6


@pytest.mark.parametrize("channels", [16, 37])
def test_each_part_is_of_16_channels(device: torch.device, channels: int) -> None:
    case = Case(device, channels, (36, 61))
    y, weight = planes(case.between(), channels)[0], case.rgb.weight[:, :, 0, 0].cpu().double()
    parts = case.parts()
    assert len(parts) == -(-channels // 16)
    for part, w, v in zip(parts, weight.split(16, 1), y.split(16), strict=True):
        assert relative_error(part, torch.einsum("oc,chw->ohw", w, v)) < 2e-6


@pytest.mark.parametrize("layer", [LAST, 12, 2], ids=["last", "last but one", "up 4"])
@pytest.mark.parametrize("size", [(43, 62), (67, 51), (55, 86)], ids=str)
def test_any_size_and_strip(device: torch.device, layer: int, size: tuple[int, int]) -> None:
    case = Case(device, 19, size, layer=layer)
    expected = case.exact()
    first = case.run(strip_height=16)
    assert relative_error(first, expected) < BOUND
    for strip_height in (48, 96):
        assert torch.equal(case.run(strip_height), first)


@pytest.mark.parametrize("colours", [1, 2, 4])
def test_any_number_of_colours(device: torch.device, colours: int) -> None:
    case = Case(device, 20, (36, 61), colours=colours, clamp=2.0)
    actual, expected = case.run(), case.exact()
    assert relative_error(actual, expected) < BOUND
    assert 0.01 < float((expected.abs() == 2 * 0.25).double().mean()) < 0.99


def test_input_in_blocks_of_channels(device: torch.device) -> None:
    plain, blocked = (Case(device, 43, (36, 63), blocked=b) for b in (False, True))
    assert torch.equal(plain.run(), blocked.run())


def test_weights_are_as_good_as_in_float32(device: torch.device) -> None:
    for scale in (1e-4, 1.0, 3000.0):
        case = Case(device, 32, (36, 61), scale=scale)
        case.rgb.bias.zero_()
        assert relative_error(case.run(), case.in_turn().cpu().double()) < 2e-6


def test_weights_beyond_float16_stay_finite(device: torch.device) -> None:
    case = Case(device, 32, (36, 61), scale=1e6, clamp=256.0)
    actual = case.run()
    assert torch.isfinite(actual).all()
    assert actual.abs().max() == 64


@pytest.mark.parametrize("channel", [2, 17])
@pytest.mark.parametrize("where", ["pixel", "weight"])
def test_not_a_number_passes_through(device: torch.device, channel: int, where: str) -> None:
    case = Case(device, 20, (36, 61), clamp=1.0)
    if where == "pixel":
        case.x[18, 30, channel] = torch.nan
    else:
        case.rgb.weight[1, channel] = torch.nan
    is_finite = torch.isfinite(case.run()).flatten(1)
    if where == "pixel":
        assert not is_finite.all(1).any()
        assert is_finite.any()
    else:
        assert is_finite.all(1).tolist() == [True, False, True]


def test_the_live_weight_is_read(device: torch.device) -> None:
    case = Case(device, 20, (36, 61))
    case.rgb.bias.zero_()
    before = case.run()
    case.rgb.weight.neg_()
    assert torch.equal(case.run(), -before)


def test_shapes_are_checked(device: torch.device) -> None:
    case = Case(device, 20, (36, 61))
    op = TensorCoreFilteredLrelu(case.geometry, device, torgb=case.rgb)
    bias, gains = case.vectors
    y = torch.zeros(case.rgb.parts_shape(case.size), device=device)
    for wrong in (y[:1], y.half(), y[:, :2], y[..., :-1], y.transpose(2, 3), y[0]):
        with pytest.raises(ValueError, match="parts must be contiguous float32"):
            op(case.x, wrong, 20, bias, case.limit, gains)
    with pytest.raises(ValueError, match="19 channels"):
        op(case.x, y, 19, bias, case.limit, gains)
    with pytest.raises(ValueError, match="bias"):
        op(case.x, y, 20, bias[:16], case.limit, gains)
    many = TorgbLayer(torch.zeros(5, 20, 1, 1), torch.zeros(5), None, 1.0)
    with pytest.raises(ValueError, match="at most 4"):
        many.check_channels(20)
