"""The picture's CUDA kernels against `picture.py`, through their launchers."""

import pytest
import torch

from sgview.engine.cuda_picture import PictureKernels
from sgview.engine.picture import measure, select_channels, to_rgba8
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
    values = PictureKernels(device).measure(x, select_channels(x, layer)).cpu()
    assert torch.allclose(values, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_one_bad_value_is_noticed(device, value):
    x = features(torch.float16, False).to(device)
    kernels, shown = PictureKernels(device), select_channels(x, Layer())
    assert kernels.measure(x, shown)[0] == 1
    x[0, 20, 17, 22] = value  # a channel that is not shown
    assert kernels.measure(x, shown)[0] == 0


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
    kernels = PictureKernels(device)
    for _ in range(2):
        rgba8 = kernels.to_rgba8(select_channels(x, layer), layer, view).cpu()
        assert (rgba8.int() - expected.int()).abs().max() <= 1
        assert (rgba8 != expected).float().mean() < 0.01
