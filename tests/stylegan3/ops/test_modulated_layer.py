import pytest
import torch

from stylegan3.ops.filters import resample_filter
from stylegan3.ops.memo import Memo
from stylegan3.ops.modulated_layer import modulated_layer
from stylegan3.ops.winograd import suits_winograd

FILTER = resample_filter((1, 3, 3, 1))


def tensors(n=1, channels_in=6, channels_out=5, height=9, width=7, kernel=3):
    g = torch.Generator().manual_seed(0)
    return (
        torch.randn(n, channels_in, height, width, generator=g),
        torch.randn(channels_out, channels_in, kernel, kernel, generator=g),
        torch.randn(n, channels_in, generator=g) + 1,
        torch.randn(channels_out, generator=g),
    )


def trusting():
    memo = Memo()
    memo.trust_version_counters()
    return memo


def assert_as_reference(values, **options):
    want = modulated_layer(*(v.double() for v in values), impl="ref", **options)
    with torch.no_grad():
        for memo in (None, trusting()):
            y = modulated_layer(*values, memo=memo, **options)
            assert y.dtype == torch.float32
            assert y.shape == want.shape
            assert (y - want).norm() < 1e-5 * want.norm()
    torch.testing.assert_close(
        modulated_layer(*values, **options).double(), want, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("up", [1, 2])
@pytest.mark.parametrize("noise", [None, "one", "each"])
@pytest.mark.parametrize("n", [1, 2])
def test_it_is_what_the_paper_says(n, noise, up):
    size = (9 * up, 7 * up)
    maps = {None: None, "one": torch.randn(size), "each": torch.randn(n, 1, *size)}
    options = {"resample_filter": FILTER} if up == 2 else {}
    assert_as_reference(tensors(n), noise=maps[noise], padding=1, up=up, **options)


@pytest.mark.parametrize("sizes", [(4, 4), (33, 20)])  # weights larger than the picture, smaller
@pytest.mark.parametrize("up", [1, 2])
@pytest.mark.parametrize("kernel", [1, 3])
def test_wherever_styles_are_put(kernel, up, sizes):
    values = tensors(1, 40, 24, *sizes, kernel=kernel)
    options = {"resample_filter": FILTER} if up == 2 else {}
    assert_as_reference(values, padding=kernel // 2, up=up, **options)


def test_many_channels_take_the_form_with_fewer_products():
    values = tensors(2, 80, 96, 15, 17)
    assert suits_winograd(values[0], values[1], 1)
    assert_as_reference(values, noise=torch.randn(15, 17), padding=1)


@pytest.mark.parametrize("clamp", [None, 0.5])
@pytest.mark.parametrize("gain", [1.0, 0.5, 0.0, -1.0])
@pytest.mark.parametrize("act", ["lrelu", "linear", "swish"])
def test_activations_gains_and_clamps(act, gain, clamp):
    values = tensors()
    options = {"act": act, "gain": gain, "clamp": clamp, "padding": 1}
    want = modulated_layer(*values, impl="ref", **options)
    with torch.no_grad():
        y = modulated_layer(*values, **options)
    torch.testing.assert_close(y, want, rtol=1e-4, atol=1e-5)


def test_it_is_cropped_before_the_noise():
    noise = torch.randn(14, 10)
    assert_as_reference(
        tensors(), noise=noise, padding=1, up=2, resample_filter=FILTER, size=(14, 10)
    )


@pytest.mark.parametrize("taps", [(1, 1), (1, 2, 1), (1, 3, 3, 1), (1, 4, 6, 4, 1)])
def test_filters_of_any_length(taps):
    assert_as_reference(tensors(), padding=1, up=2, resample_filter=resample_filter(taps))


def test_inputs_stay_as_they_are():
    values = tensors(1, 80, 80, 16, 16)
    before = [v.clone() for v in values]
    noise = torch.randn(16, 16)
    kept = noise.clone()
    with torch.no_grad():
        modulated_layer(*values, noise=noise, padding=1, memo=trusting(), clamp=1.0)
    assert all(map(torch.equal, before, values))
    assert torch.equal(noise, kept)


def test_changed_weights_are_followed():
    x, weight, styles, bias = tensors(1, 80, 80, 16, 16)
    memo = trusting()
    with torch.no_grad():
        modulated_layer(x, weight, styles, bias, padding=1, memo=memo)
        weight[3].mul_(torch.randn(80, 3, 3))
        y = modulated_layer(x, weight, styles, bias, padding=1, memo=memo)
    want = modulated_layer(x, weight, styles, bias, padding=1, impl="ref")
    torch.testing.assert_close(y, want, rtol=1e-4, atol=1e-4)


def test_gradients_flow():
    values = tensors()
    for value in values:
        value.requires_grad_()
    modulated_layer(*values, padding=1).square().sum().backward()
    assert all(value.grad is not None and value.grad.any() for value in values)


def test_unknown_activation():
    with pytest.raises(ValueError, match="activation must be one of"):
        modulated_layer(*tensors(), act="sine", padding=1)


@pytest.mark.parametrize("up", [1, 2])
@pytest.mark.parametrize("channels", [6, 80])
def test_one_input_serves_all_styles(channels, up):
    x, weight, styles, bias = tensors(3, channels, channels, 16, 16)
    options = {"padding": 1, "up": up, "resample_filter": FILTER if up == 2 else None}
    assert_as_reference((x[:1], weight, styles, bias), **options)
