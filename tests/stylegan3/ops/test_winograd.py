import pytest
import torch
import torch.nn.functional as F

from stylegan3.ops.winograd import convolve, suits_winograd, transform_weight


def tensors(n=1, channels_in=5, channels_out=3, height=9, width=14):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n, channels_in, height, width, generator=g)
    weight = torch.randn(channels_out, channels_in, 3, 3, generator=g)
    scale = torch.rand(n, channels_in, generator=g) + 0.5
    factors = torch.rand(n, channels_out, generator=g) + 0.5
    return x, weight, scale, factors, torch.randn(channels_out, generator=g)


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("size", [(9, 14), (4, 4), (3, 17), (8, 8)])
@pytest.mark.parametrize("n", [1, 2])
def test_it_is_the_convolution(n, size, padding):
    x, weight, scale, factors, bias = tensors(n, height=size[0], width=size[1])
    y = convolve(x, transform_weight(weight), 3, scale, factors, bias, padding)
    scaled = (x * scale[:, :, None, None]).double()
    want = F.conv2d(scaled, weight.double(), padding=padding)
    want = want * factors[:, :, None, None] + bias[:, None, None]
    assert y.shape == want.shape
    assert (y - want).norm() < 2e-5 * want.norm()


def test_factors_and_bias_can_be_left_out():
    x, weight, scale, factors, bias = tensors()
    transformed = transform_weight(weight)
    plain = convolve(x, transformed, 3, scale)
    torch.testing.assert_close(
        convolve(x, transformed, 3, scale, factors), plain * factors[:, :, None, None]
    )
    torch.testing.assert_close(
        convolve(x, transformed, 3, scale, bias=bias), plain + bias[:, None, None]
    )


def test_layouts_of_the_input_make_no_difference():
    x, weight, scale, *_ = tensors()
    transformed = transform_weight(weight)
    want = convolve(x, transformed, 3, scale)
    last = x.contiguous(memory_format=torch.channels_last)
    assert torch.equal(convolve(last, transformed, 3, scale), want)
    wide = torch.cat([last, last], 3)[:, :, :, : x.shape[3]]
    assert torch.equal(convolve(wide, transformed, 3, scale), want)


def test_the_error_of_a_wide_layer_is_that_of_float32():
    x, weight, scale, *_ = tensors(channels_in=256, channels_out=64, height=16, width=16)
    y = convolve(x, transform_weight(weight), 64, scale)
    want = F.conv2d((x * scale[:, :, None, None]).double(), weight.double(), padding=1)
    assert (y - want).norm() < 1e-5 * want.norm()


def test_what_is_not_a_number_stays_so():
    x, weight, scale, *_ = tensors()
    x[0, 0, 4, 4] = torch.nan
    assert convolve(x, transform_weight(weight), 3, scale).isnan().any()


def test_few_channels_few_tiles_and_other_kernels_are_left_to_the_direct_form():
    x, weight = torch.zeros(1, 80, 16, 16), torch.zeros(80, 80, 3, 3)
    assert suits_winograd(x, weight, 1)
    assert not suits_winograd(x, weight[:16], 1)
    assert not suits_winograd(x[:, :, :8, :8], weight, 1)
    assert not suits_winograd(x, weight[:, :, :1, :1], 1)
