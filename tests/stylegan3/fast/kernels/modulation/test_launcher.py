"""Per-channel vectors and prepared weights against the float64 modulated convolution."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from stylegan3.fast.kernels.modulation.launcher import Modulation, ModulationVectors
from stylegan3.fast.kernels.weights.launcher import WeightPreparation
from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight
from stylegan3.ops.modulated_conv2d import modulated_conv2d_ref, normalise_styles, normalise_weight
from tests.support.kernels import generator
from tools.published import relative_error

CHANNELS = [(5, 8, 3), (24, 17, 3), (40, 33, 1)]


def make(device: torch.device, ins: int, outs: int, kernel: int) -> tuple[Tensor, Tensor]:
    rng = generator(ins)
    weight = torch.randn(outs, ins, kernel, kernel, generator=rng) * 3
    return weight.to(device), (torch.randn(ins, generator=rng) + 1).to(device)


@pytest.mark.parametrize(("ins", "outs", "kernel"), CHANNELS)
@pytest.mark.parametrize("normalised", [True, False], ids=["stylegan3", "stylegan2"])
def test_scale_convolve_scale_is_the_modulated_convolution(
    device: torch.device, ins: int, outs: int, kernel: int, normalised: bool
) -> None:
    weight, styles = make(device, ins, outs, kernel)
    prepared = PreparedWeight(weight, in_pitch=48, out_pitch=40, dtype=torch.float32)
    WeightPreparation([prepared], device)([0])
    vectors = [torch.zeros(48, device=device) for _ in range(3)]
    layer = Modulation(
        outs,
        *vectors,
        energy=prepared.energy,
        row_rms=None if normalised else prepared.row_rms,
        styles=styles,
        fan_in=prepared.fan_in,
    )
    ModulationVectors([layer], device)()
    x = torch.randn(1, ins, 6, 7, generator=generator(3)).double()
    w, s = weight.cpu().double(), styles.cpu().double()[None]
    if normalised:
        w, s = normalise_weight(w), normalise_styles(s)
    expected = modulated_conv2d_ref(x, w, s, padding=kernel - 1)
    s = normalise_styles(s)
    scaled = torch.nn.functional.pad(x * s[0][:, None, None], (0, 0, 0, 0, 0, 48 - ins))
    y = conv2d(scaled, prepared.weight.cpu().double(), padding=kernel - 1)
    assert not y[:, outs:].any()
    y = y[:, :outs] * vectors[1][:outs].cpu().double()[:, None, None]
    assert relative_error(y, expected) < 1e-6


def test_zero_weights_and_styles_stay_finite(device: torch.device) -> None:
    weight, styles = make(device, 5, 8, 3)
    weight.zero_()
    styles.zero_()
    prepared = PreparedWeight(weight, in_pitch=8, out_pitch=8, dtype=torch.float16)
    WeightPreparation([prepared], device)([0])
    vectors = [torch.zeros(16, device=device) for _ in range(3)]
    layer = Modulation(
        8,
        *vectors,
        energy=prepared.energy,
        styles=styles,
        fan_in=prepared.fan_in,
        next_styles=torch.zeros(8, device=device),
        next_power=torch.tensor(-1.0, device=device),
        folded=True,
        clamp=256.0,
    )
    ModulationVectors([layer], device)()
    for v in (prepared.weight, *vectors):
        assert torch.isfinite(v).all()


@pytest.mark.parametrize("next_gain", [0.0, 0.25])
def test_folded_vectors(device: torch.device, next_gain: float) -> None:
    rng = generator(9)
    energy = torch.rand(7, 12, generator=rng)
    styles, bias, following = (torch.randn(n, generator=rng) for n in (10, 7, 7))
    vectors = [torch.full((16,), 9.0, device=device) for _ in range(3)]
    layer = Modulation(
        7,
        *vectors,
        energy=energy.to(device),
        styles=styles.to(device),
        fan_in=90,
        bias=bias.to(device),
        next_styles=following.to(device),
        next_power=torch.tensor(4.0, device=device),
        next_gain=next_gain,
        folded=True,
        clamp=256.0,
        correction=1.25,
    )
    plain = Modulation(7, *(torch.zeros(16, device=device) for _ in range(3)), bias=bias.to(device))
    ModulationVectors([layer, plain], device)()
    s = normalise_styles(styles.double()[None])[0]
    d = 90**0.5 * (energy[:, :10].double() @ s.square() + 1e-8).rsqrt()
    n = following.double() * (next_gain or (following.double().square().mean() + 1e-8).rsqrt()) / 2
    for actual, expected in zip(vectors, (bias / d, 256 / d, d * 1.25 * n), strict=True):
        assert relative_error(actual[:7], expected) < 1e-6
        assert (actual[7:] == 9).all()
    for actual, expected in zip(
        (plain.first, plain.second, plain.third), (bias, 1, 1), strict=True
    ):
        assert relative_error(actual[:7], torch.ones(7).double() * expected) < 1e-6


@pytest.mark.parametrize("ins", [512, 700, 1100])
def test_many_channels(device: torch.device, ins: int) -> None:
    rng, outs = generator(ins), 19
    energy = torch.rand(outs, ins + 4, generator=rng)
    styles, following = torch.randn(ins, generator=rng), torch.randn(1100, generator=rng)
    vectors = [torch.full((32,), 9.0, device=device) for _ in range(3)]
    layer = Modulation(
        outs, *vectors, energy=energy.to(device), styles=styles.to(device), fan_in=ins
    )
    wide = Modulation(
        1100,
        *(torch.zeros(1104, device=device) for _ in range(3)),
        next_styles=following.to(device),
    )
    ModulationVectors([layer, wide], device)()
    s = normalise_styles(styles.double()[None])[0]
    d = ins**0.5 * (energy[:, :ins].double() @ s.square() + 1e-8).rsqrt()
    assert relative_error(vectors[1][:outs], d) < 1e-6
    assert (vectors[1][outs:] == 9).all()
    expected = following.double() * (following.double().square().mean() + 1e-8).rsqrt()
    assert relative_error(wide.third[:1100], expected) < 1e-6
