"""The networks as training runs them: the same pictures and gradients, by faster ways."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan3 import Generator
from stylegan3.ops.filtered_lrelu import filtered_lrelu_ref
from tools.training.banded import Banded
from tools.training.networks import CONFIGS, synthesise
from tools.training.packing import doubling_kernel, pack, pack_kernel, unpack
from tools.training.scale_act import halve, scale_act, scale_act_ref
from tools.training.stylegan2_pass import NoiseBuffer, start_growing, synthesise_stylegan2
from tools.training.stylegan3_pass import layer_grids, synthesise_stylegan3

CPU = torch.device("cpu")
TAPS = (1.0, 3.0, 3.0, 1.0)


def trained_looking(name: str, dtype: torch.dtype = torch.float64) -> Generator:
    """A network none of whose parameters is at a value that hides mistakes."""
    torch.manual_seed(0)
    generator = Generator(CONFIGS[name]).to(dtype)
    for key, parameter in generator.named_parameters():
        if key.endswith(("noise_strength", "bias")) and "input" not in key:
            torch.nn.init.normal_(parameter, 0.4, 0.3)
        if "input.affine.weight" in key:
            torch.nn.init.normal_(parameter, 0, 0.3)
    for key, buffer in generator.named_buffers():
        if key.endswith("magnitude_ema"):
            buffer.fill_(0.7)
    return generator


def constant_noise(generator: Generator, dtype: torch.dtype) -> NoiseBuffer:
    noise = NoiseBuffer(generator.config, CPU, dtype)
    for name, module in generator.synthesis.named_modules():
        if name.endswith(("conv0", "conv1")):
            noise[name].copy_(module.get_buffer("noise_const"))
    return noise


def assert_same(actual: Tensor, expected: Tensor, parameters: list[Tensor], tolerance: float):
    """Same pictures, and same gradients of a random function of them."""
    actual = actual.to(expected.dtype)
    atol = tolerance * float(expected.detach().std())
    torch.testing.assert_close(actual, expected, rtol=tolerance, atol=atol)
    weights = torch.randn_like(expected)
    found = torch.autograd.grad((actual * weights).sum(), parameters)
    wanted = torch.autograd.grad((expected * weights).sum(), parameters)
    for a, b in zip(found, wanted, strict=True):
        assert (a - b).norm() <= 1e-5 * b.norm() + 1e-9


@pytest.mark.parametrize("packed_channels", [0, 16, 64])
def test_stylegan2_equals_the_published_forward(packed_channels: int) -> None:
    generator = trained_looking("sg2-tiny")
    noise = constant_noise(generator, torch.float64)
    ws = generator.mapping(torch.randn(3, generator.z_dim)).detach()
    expected = generator.synthesis(ws, noise_mode="const")
    actual = synthesise_stylegan2(generator, ws, 32, noise, torch.float64, packed_channels)
    assert_same(actual, expected, list(generator.synthesis.parameters()), 1e-5)


def test_stylegan3_equals_the_published_forward() -> None:
    generator = trained_looking("sg3-tiny")
    ws = generator.mapping(torch.randn(3, generator.z_dim)).detach()
    expected = generator.synthesis(ws)
    actual = synthesise_stylegan3(generator, ws, 32, torch.float64)
    assert_same(actual, expected, list(generator.synthesis.parameters()), 1e-5)


def test_stylegan3_moves_the_magnitudes_as_published() -> None:
    ours, theirs = trained_looking("sg3-tiny"), trained_looking("sg3-tiny")
    ws = ours.mapping(torch.randn(3, ours.z_dim)).detach()
    with torch.no_grad():
        theirs.synthesis(ws, update_emas=True)
        synthesise_stylegan3(ours, ws, 32, torch.float64, update_emas=True)
    wanted = dict(theirs.named_buffers())
    moved = 0
    for name, buffer in ours.named_buffers():
        if name.endswith("magnitude_ema"):
            # the norm is taken in float32
            torch.testing.assert_close(buffer, wanted[name], rtol=1e-6, atol=0)
            moved += float(buffer) != 0.7
    assert moved == len(ours.config.layers)  # pyright: ignore[reportAttributeAccessIssue]


def test_stylegan3_runs_at_lower_resolutions_and_refuses_radial_filters() -> None:
    generator = trained_looking("sg3-tiny", torch.float32)
    ws = generator.mapping(torch.randn(2, generator.z_dim))
    noise = NoiseBuffer(generator.config, CPU)
    small = synthesise(generator, ws, 16, noise, torch.float32)
    assert small.shape == (2, 3, 16, 16)
    radial = replace(CONFIGS["sg3-tiny"], conv_kernel=1, use_radial_filters=True)
    with pytest.raises(ValueError, match="StyleGAN3-T only"):
        layer_grids(radial, 32, CPU, torch.float32)


@pytest.mark.parametrize("name", ["sg2-tiny", "sg3-tiny"])
def test_bfloat16_stays_close(name: str) -> None:
    generator = trained_looking(name, torch.float32)
    noise = constant_noise(generator, torch.float32)
    ws = generator.mapping(torch.randn(2, generator.z_dim))
    exact = synthesise(generator, ws, 32, noise, torch.float32)
    rough = synthesise(generator, ws, 32, noise, torch.bfloat16)
    assert 1e-4 < (rough - exact).norm() / exact.norm() < 0.05


def test_growing_goes_on_without_a_jump() -> None:
    generator = trained_looking("sg2-tiny", torch.float32)
    start_growing(generator, 16)
    for name, parameter in generator.named_parameters():
        if name == "synthesis.b32.torgb.bias":
            torch.nn.init.zeros_(parameter)
    noise = NoiseBuffer(generator.config, CPU)
    ws = generator.mapping(torch.randn(2, generator.z_dim))
    small = synthesise(generator, ws, 16, noise, torch.float32)
    large = synthesise(generator, ws, 32, noise, torch.float32)
    shrunk = F.avg_pool2d(large, 2)
    assert (shrunk - small)[:, :, 2:-2, 2:-2].std() < 0.35 * small.std()


def test_packed_kernels_do_what_the_small_ones_do() -> None:
    x = torch.randn(2, 3, 8, 10, dtype=torch.float64)
    weight = torch.randn(5, 3, 3, 3, dtype=torch.float64)
    torch.testing.assert_close(unpack(pack(x)), x)
    packed = F.conv2d(pack(x), pack_kernel(weight), padding=1)
    torch.testing.assert_close(unpack(packed), F.conv2d(x, weight, padding=1))

    f = torch.tensor(TAPS, dtype=torch.float64)
    f = f.outer(f) / f.sum() ** 2
    wide = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
    # the filter as a convolution of each channel, gain 4
    wide = F.conv2d(wide, (4 * f).expand(5, 1, 4, 4), padding=1, groups=5)
    doubled = F.conv2d(x, doubling_kernel(weight, TAPS), padding=1)
    torch.testing.assert_close(unpack(doubled), wide)


@pytest.mark.parametrize("rows", [4, 1000])
def test_banded_products_equal_dense_ones(rows: int) -> None:
    torch.manual_seed(0)
    distance = (torch.arange(20)[:, None] / 2 - torch.arange(11)[None, :]).abs()
    matrix = torch.randn(20, 11, dtype=torch.float64) * (distance < 2)
    banded = Banded.of(matrix, torch.float64, rows)
    x = torch.randn(11, 11, 2, 3, dtype=torch.float64, requires_grad=True)
    expected = torch.einsum("ah,hwnc->awnc", matrix, x)
    torch.testing.assert_close(banded.along_rows(x), expected)
    expected = F.leaky_relu(torch.einsum("bw,hwnc->hbnc", matrix, x), 0.2)
    actual = banded.along_columns(x, slope=0.2)
    torch.testing.assert_close(actual, expected)
    g = torch.randn_like(expected)
    torch.testing.assert_close(
        torch.autograd.grad(actual, x, g)[0], torch.autograd.grad(expected, x, g)[0]
    )


def test_filters_as_matrices_equal_filtered_lrelu() -> None:
    config = CONFIGS["sg3-tiny"]
    generator = trained_looking("sg3-tiny")
    for full, grid in zip(config.layers, layer_grids(config, 32, CPU, torch.float64), strict=True):  # pyright: ignore[reportAttributeAccessIssue]
        if grid.up is None or grid.down is None:
            assert full.is_torgb
            continue
        layer = generator.synthesis.get_submodule(full.name)
        size = full.in_size + full.conv_kernel - 1
        x = torch.randn(size, size, 2, 3, dtype=torch.float64)
        actual = grid.up.along_columns(grid.up.along_rows(x), slope=0.2)
        actual = grid.down.along_rows(grid.down.along_columns(actual))
        expected = filtered_lrelu_ref(
            x.permute(2, 3, 0, 1),
            layer.get_buffer("up_filter"),
            layer.get_buffer("down_filter"),
            up=full.up_factor,
            down=full.down_factor,
            padding=(*full.padding, *full.padding),
        )
        torch.testing.assert_close(actual.permute(2, 3, 0, 1), expected, rtol=1e-5, atol=1e-5)


def test_scale_act_checks_shapes_and_changes_layouts() -> None:
    x = torch.randn(2, 3, 4, 5)
    factor, shift = torch.randn(2, 3), torch.randn(20, 3)
    expected = scale_act_ref(x, factor, shift, 0.2)
    assert torch.equal(scale_act(x, factor, shift, 0.2), expected)
    places = scale_act(x, factor, shift, 0.2, to_places=True)
    assert places.is_contiguous()
    assert torch.equal(places, expected.permute(2, 3, 0, 1))
    again = scale_act(places, factor, from_places=True)
    assert torch.equal(again, expected * factor[:, :, None, None])
    with pytest.raises(ValueError, match=r"factor must have shape \[2, 3\], not \[3\]"):
        scale_act(x, torch.ones(3))
    with pytest.raises(ValueError, match=r"\[3\] or \[20, 3\], not \[4, 3\]"):
        scale_act(x, shift=torch.ones(4, 3))


@pytest.mark.cuda
@pytest.mark.parametrize("shape", [(3, 5, 4, 6), (8, 64, 32, 32), (4, 96, 20, 20)])
@pytest.mark.parametrize("with_factor", [False, True])
@pytest.mark.parametrize("shift", ["none", "channels", "places"])
@pytest.mark.parametrize("layouts", [(False, False), (True, False), (False, True)])
def test_kernels_equal_plain_torch(
    shape: tuple[int, ...], with_factor: bool, shift: str, layouts: tuple[bool, bool]
) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs an NVIDIA GPU")
    torch.manual_seed(0)
    n, c, h, w = shape
    from_places, to_places = layouts
    x = torch.randn(shape, device="cuda").contiguous(memory_format=torch.channels_last)
    if from_places:
        x = x.permute(2, 3, 0, 1).contiguous()
    factor = torch.randn(n, c, device="cuda") if with_factor else None
    b = {"none": None, "channels": (c,), "places": (h * w, c)}[shift]
    b = None if b is None else torch.randn(b, device="cuda")
    inputs = [t.requires_grad_() for t in (x, factor, b) if t is not None]
    layout = {"from_places": from_places, "to_places": to_places}
    expected = scale_act(x, factor, b, 0.2, is_plain=True, **layout)
    actual = scale_act(x, factor, b, 0.2, **layout)
    torch.testing.assert_close(actual, expected)
    g = torch.randn_like(expected)
    found = torch.autograd.grad(actual, inputs, g)
    torch.testing.assert_close(
        found, torch.autograd.grad(expected, inputs, g), rtol=1e-4, atol=1e-3
    )


@pytest.mark.cuda
def test_halving_equals_plain_torch_twice_over() -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs an NVIDIA GPU")
    x = torch.randn(2, 5, 6, 8, device="cuda", requires_grad=True)
    seen = []
    for pool in (halve, lambda t: F.avg_pool2d(t, 2)):
        y = pool(x)
        (g,) = torch.autograd.grad(y.pow(3).sum(), x, create_graph=True)
        (gg,) = torch.autograd.grad(g.pow(2).sum(), x)
        seen.append((y, g, gg))
    torch.testing.assert_close(*seen)
