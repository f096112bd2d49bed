"""The picture's CUDA kernels against `picture.py`, through their launchers."""

import pytest
import torch

from sgview.engine.picture.cuda_picture import PictureKernels, PixelKernel, StatisticsKernel
from sgview.engine.picture.picture import measure, select_channels, to_rgba8
from sgview.state.params import Layer, View


def features(dtype, is_planar, channels=21, size=(18, 23), pitch=32):
    rng = torch.Generator().manual_seed(3)
    if is_planar:
        return torch.randn(1, channels, *size, generator=rng).to(dtype)
    x = torch.randn(*size, pitch, generator=rng).to(dtype)
    return x[..., :channels].permute(2, 0, 1)[None]


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
@pytest.mark.parametrize("is_planar", [True, False], ids=["planar", "channels last"])
@pytest.mark.parametrize("layer", [Layer(base_channel=4), Layer(mode="grey", base_channel=99)])
def test_statistics(device, dtype, is_planar, layer):
    x = features(dtype, is_planar) + 0.5
    expected = measure(x, select_channels(x, layer))
    x = x.to(device)
    statistics = StatisticsKernel(x, select_channels(x, layer), 300)
    latents = torch.randn(2, 300, generator=torch.Generator().manual_seed(5)).to(device)
    copy = torch.zeros(307, pin_memory=device.type == "cuda")
    values = statistics(latents, copy).cpu()  # waits
    assert torch.equal(copy, values)
    assert torch.equal(values[7:], latents[0].cpu())
    values = statistics(latents).cpu()[:7]
    assert torch.allclose(values, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_one_bad_value_is_noticed(device, value):
    x = features(torch.float16, False).to(device)
    measure = StatisticsKernel(x, select_channels(x, Layer()))
    assert measure()[0] == 1
    x[0, 20, 17, 22] = value  # a channel that is not shown
    assert measure()[0] == 0


@pytest.mark.parametrize(
    ("layer", "view"),
    [
        (Layer(), View()),
        (Layer(base_channel=5, normalise=True), View(flip_vertical=True)),
        (Layer(mode="grey", gain_db=-7.0), View(flip_horizontal=True)),
    ],
)
def test_pixels(device, layer, view):
    x = features(torch.float16, False)
    expected = to_rgba8(select_channels(x, layer), layer, view)
    x = x.to(device)
    draw = PixelKernel(select_channels(x, layer))
    for _ in range(2):
        draw(Layer(normalise=not layer.normalise, gain_db=3.0), View(flip_vertical=True))
        rgba8 = draw(layer, view).cpu()
        assert (rgba8.int() - expected.int()).abs().max() <= 1
        assert (rgba8 != expected).float().mean() < 0.01


@pytest.mark.parametrize("view", [View(), View(flip_horizontal=True, flip_vertical=True)])
def test_a_fourth_channel_is_alpha(device, view):
    x = features(torch.float16, False, 4)
    layer = Layer(normalise=True, gain_db=4.0)
    expected = to_rgba8(x[0, :3], layer, view, x[0, 3])
    assert torch.equal(expected[..., 3], to_rgba8(x[0, 3:], Layer(), view)[..., 0])
    x, latent = x.to(device), torch.ones(1, 4, device=device)
    kernels = PictureKernels()
    for has_alpha in (True, False, True):
        rgba8 = kernels.draw(x, latent, layer, view, has_alpha=has_alpha).cpu()
        if not has_alpha:
            assert (rgba8[..., 3] == 255).all()
    assert (rgba8.int() - expected.int()).abs().max() <= 1


def test_a_picture_follows_its_output_wherever_that_lies(device):
    kernels, latent = PictureKernels(), torch.ones(1, 4, device=device)
    cases = [
        (torch.float16, False, 21, Layer()),
        (torch.float16, False, 21, Layer(base_channel=7)),
        (torch.float32, True, 3, Layer()),
        (torch.float32, True, 2, Layer(mode="grey", base_channel=1)),
    ]
    for dtype, is_planar, channels, layer in cases * 2:
        x = features(dtype, is_planar, channels)
        place = features(dtype, is_planar, channels).to(device)
        copy = torch.zeros(11, pin_memory=device.type == "cuda")
        for factor in (1.0, -0.5):
            x, place = x * factor, place.mul_(factor)
            shown = select_channels(x, layer)
            rgba8 = kernels.draw(place, latent, layer, View(), copy=copy).cpu()  # waits
            assert (rgba8.int() - to_rgba8(shown, layer, View()).int()).abs().max() <= 1
            assert torch.allclose(copy[:7], measure(x, shown), rtol=1e-4, atol=1e-5)


def test_a_picture_that_is_not_finite_gives_way_to_the_last(device):
    kernels, latent = PictureKernels(), torch.ones(1, 4, device=device)
    x = features(torch.float32, True, 3).to(device)
    last = kernels.draw(x, latent, Layer(), View())
    x[0, 1, 2, 3] = torch.nan
    black = kernels.draw(x, latent, Layer(), View()).cpu()
    assert (black[..., :3] == 0).all() and (black[..., 3] == 255).all()
    assert torch.equal(kernels.draw(x, latent, Layer(), View(), last=last).cpu(), last.cpu())
