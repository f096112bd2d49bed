import pytest
import torch

from stylegan3.ops.filters import resample_filter
from stylegan3.ops.memo import Memo
from stylegan3.ops.modulated_conv2d import (
    modulated_conv2d,
    modulated_conv2d_ref,
    normalise_styles,
    normalise_weight,
)
from stylegan3.ops.upfirdn2d import upsample2d
from tests.stylegan3.ops import naive

FILTER = resample_filter((1, 3, 3, 1))


@pytest.fixture
def tensors():
    g = torch.Generator().manual_seed(0)
    return (
        torch.randn(3, 4, 6, 5, generator=g),
        torch.randn(7, 4, 3, 3, generator=g),
        torch.randn(3, 4, generator=g) + 1,
    )


@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_every_form_matches_loops(tensors, demodulate, padding):
    want = naive.modulated_conv2d(*(t.double().numpy() for t in tensors), demodulate, padding)
    want = torch.from_numpy(want)
    options = {"demodulate": demodulate, "padding": padding}
    for y in (
        modulated_conv2d(*tensors, **options),
        modulated_conv2d(*tensors, impl="ref", **options),
        modulated_conv2d_ref(*tensors, **options),
    ):
        torch.testing.assert_close(y.double(), want, rtol=1e-5, atol=1e-5)
    with torch.no_grad():
        y = modulated_conv2d(*tensors, **options)
    torch.testing.assert_close(y.double(), want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("demodulate", [True, False])
def test_upsampling_form(tensors, demodulate):
    x, weight, styles = tensors
    options = {"demodulate": demodulate, "padding": 1}
    y = modulated_conv2d(*tensors, up=2, resample_filter=FILTER, **options)
    want = modulated_conv2d_ref(*tensors, up=2, resample_filter=FILTER, **options)
    torch.testing.assert_close(y, want, rtol=1e-5, atol=1e-5)
    assert y.shape == (3, 7, 12, 10)
    # upsampling first, then a true convolution, is the same picture inside the border
    slow = modulated_conv2d(upsample2d(x, FILTER), weight.flip(2, 3), styles, **options)
    torch.testing.assert_close(y[:, :, 2:-2, 2:-2], slow[:, :, 2:-2, 2:-2], rtol=1e-4, atol=1e-4)


def test_input_gain_scales_the_input_but_not_the_demodulation(tensors):
    x, weight, styles = tensors
    gain = torch.tensor(0.3)
    y = modulated_conv2d(x, weight, styles, padding=1, input_gain=gain)
    torch.testing.assert_close(y, modulated_conv2d(x * gain, weight, styles, padding=1))
    want = modulated_conv2d_ref(x, weight, styles, padding=1, input_gain=gain)
    torch.testing.assert_close(y, want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("up", [1, 2])
@pytest.mark.parametrize("demodulate", [True, False])
def test_bias_is_added_last(tensors, up, demodulate):
    bias = torch.linspace(-2, 2, 7)
    options = {"padding": 1, "up": up, "demodulate": demodulate}
    options["resample_filter"] = FILTER if up == 2 else None
    want = modulated_conv2d_ref(*tensors, **options) + bias[:, None, None]
    with torch.no_grad():
        quick = modulated_conv2d(*tensors, bias=bias, **options)
    ref = modulated_conv2d(*tensors, bias=bias, impl="ref", **options)
    for y in (quick, ref, modulated_conv2d(*tensors, bias=bias.requires_grad_(), **options)):
        torch.testing.assert_close(y, want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", [(9, 7), (80, 64)])  # a product of matrices, a convolution
@pytest.mark.parametrize("outputs", [3, 8, 13])
@pytest.mark.parametrize("count", [1, 2])
def test_weights_of_one_pixel(size, outputs, count):
    g = torch.Generator().manual_seed(1)
    x = torch.randn(count, 5, *size, generator=g)
    weight = torch.randn(outputs, 5, 1, 1, generator=g)
    styles, bias = torch.randn(count, 5, generator=g), torch.randn(outputs, generator=g)
    for options in ({"demodulate": False}, {"bias": bias}):
        want = modulated_conv2d_ref(x, weight, styles, **options)
        with torch.no_grad():
            y = modulated_conv2d(x, weight, styles, **options)
        torch.testing.assert_close(y, want, rtol=1e-4, atol=1e-4)


def test_scaling_weights_or_styles_changes_nothing(tensors):
    x, weight, styles = tensors
    y = modulated_conv2d(x, weight, styles, padding=1)
    torch.testing.assert_close(modulated_conv2d(x, weight * 3, styles, padding=1), y)
    torch.testing.assert_close(modulated_conv2d(x, weight, styles * 0.5, padding=1), y)


def test_zero_weights_and_styles_give_zero_not_nan(tensors):
    x, weight, styles = tensors
    assert not modulated_conv2d(x, normalise_weight(weight * 0), styles).any()
    assert not modulated_conv2d(x, weight, normalise_styles(styles * 0)).any()
    half = modulated_conv2d(x.half(), weight * 0, styles * 0)
    assert half.dtype == torch.float16
    assert not half.any()


def test_float16_does_not_overflow(tensors):
    x, weight, styles = tensors
    want = modulated_conv2d(x, weight, styles, padding=1)
    y = modulated_conv2d(x.half(), weight * 3e4, styles * 2e3, padding=1)
    torch.testing.assert_close(y.float(), want, rtol=1e-2, atol=1e-2)


def test_remembered_weights_follow_changes_in_place(tensors):
    x, weight, styles = tensors
    memo = Memo()
    with torch.no_grad():
        before = modulated_conv2d(x, weight, styles, memo=memo)
        weight.copy_(weight.roll(1, 0))
        after = modulated_conv2d(x, weight, styles, memo=memo)
    torch.testing.assert_close(after, before.roll(1, 1))


@pytest.mark.parametrize("up", [1, 2])
def test_gradients_of_first_and_second_order(up):
    g = torch.Generator().manual_seed(1)

    def tensor(*shape):
        return torch.randn(*shape, generator=g, dtype=torch.float64, requires_grad=True)

    def run(x, weight, styles):
        f = FILTER.double() if up == 2 else None
        return modulated_conv2d(x, weight, styles, padding=1, up=up, resample_filter=f)

    inputs = tensor(2, 2, 3, 3), tensor(3, 2, 3, 3), tensor(2, 2)
    assert torch.autograd.gradcheck(run, inputs, fast_mode=True)
    assert torch.autograd.gradgradcheck(run, inputs, fast_mode=True)


def test_shapes_that_disagree_are_named(tensors):
    x, weight, styles = tensors
    with pytest.raises(ValueError, match=r"weight \[7, 3, 3, 3\] does not fit x \[3, 4, 6, 5\]"):
        modulated_conv2d(x, weight[:, :3], styles)
    with pytest.raises(ValueError, match=r"styles must have shape \[3, 4\], not \[2, 4\]"):
        modulated_conv2d(x, weight, styles[:2])
    with pytest.raises(ValueError, match="resample_filter"):
        modulated_conv2d(x, weight, styles, up=2)


@pytest.mark.parametrize("demodulate", [True, False])
def test_one_input_serves_all_styles(tensors, demodulate):
    x, weight, styles = tensors
    options = {"demodulate": demodulate, "padding": 1}
    for impl in ("auto", "ref"):
        one = modulated_conv2d(x[:1], weight, styles, impl=impl, **options)
        each = modulated_conv2d(x[:1].expand(3, -1, -1, -1), weight, styles, impl="ref", **options)
        torch.testing.assert_close(one, each, rtol=1e-5, atol=1e-5)
