import pytest
import torch

from stylegan3.ops import filtered_lrelu as module
from stylegan3.ops.filtered_lrelu import filtered_lrelu, filtered_lrelu_ref
from tests.stylegan3.ops import naive


def taps(n, seed):
    f = torch.rand(n, generator=torch.Generator().manual_seed(seed)) + 0.1
    return f / f.sum()


CASES = {  # up taps, down taps, up, down, padding
    "T": (taps(12, 0), taps(12, 1), 2, 2, (9, 8, 9, 8)),
    "T, rate doubles": (taps(24, 2), taps(12, 3), 4, 2, (-6, -9, -6, -9)),
    "R": (taps(12, 4), taps(12, 5).outer(taps(12, 5)) + 0.001, 2, 2, (9, 8, 9, 8)),
    "both axes differ": (taps(6, 6), taps(4, 7), 2, 1, (3, 1, -2, 5)),
}


def arguments(case, clamp, channels=3):
    up_filter, down_filter, up, down, padding = CASES[case]
    g = torch.Generator().manual_seed(8)
    x, bias = torch.randn(2, channels, 14, 15, generator=g), torch.randn(channels, generator=g)
    options = {"up": up, "down": down, "padding": padding, "gain": 1.4, "slope": 0.2}
    return x, up_filter, down_filter, bias, options | {"clamp": clamp}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("clamp", [0.8, 256.0])
def test_every_form_matches_loops(case, clamp):
    x, fu, fd, b, options = arguments(case, clamp)
    want = naive.filtered_lrelu(*(v.double().numpy() for v in (x, fu, fd, b)), **options)
    want = torch.from_numpy(want)
    close = {"rtol": 0, "atol": 3e-6 * float(want.abs().max())}
    torch.testing.assert_close(filtered_lrelu_ref(x, fu, fd, b, **options).double(), want, **close)
    with torch.no_grad():  # depthwise convolutions
        y = filtered_lrelu(x, fu, fd, b, **options)
    torch.testing.assert_close(y.double(), want, **close)
    y = filtered_lrelu(x.requires_grad_(), fu, fd, b, **options)  # matrices
    torch.testing.assert_close(y.double(), want, **close)


@pytest.mark.parametrize("clamp", [0.5, 256.0])
def test_chunks_of_channels_make_no_difference(monkeypatch, clamp):
    x, fu, fd, b, options = arguments("T", clamp, channels=40)
    with torch.no_grad():
        whole = filtered_lrelu(x, fu, fd, b, **options)
        monkeypatch.setattr(module, "CHUNK", 1)
        torch.testing.assert_close(filtered_lrelu(x, fu, fd, b, **options), whole)


def test_the_clamp_is_never_skipped_where_it_acts():
    # the filter's worst case: alternating signs pass with the sum of absolute taps
    f = torch.tensor([1.0, -1.0, 1.0, -1.0])
    x = torch.tensor([1.0, -1.0] * 8)
    x = (x[:, None] * x)[None, None]
    with torch.no_grad():
        for clamp in (15.9, 16.0, 16.1):
            options = {"padding": (2, 2, 2, 2), "gain": 1.0, "clamp": clamp}
            y = filtered_lrelu(x, f, torch.ones(1), **options)
            want = filtered_lrelu_ref(x, f, torch.ones(1), **options)
            torch.testing.assert_close(y, want)
            assert float(y.max()) == pytest.approx(min(clamp, 16.0))


def test_nan_and_infinity_are_not_hidden():
    x, fu, fd, b, options = arguments("T", 256.0)
    with torch.no_grad():
        x[0, 1, 5, 5] = float("nan")
        y = filtered_lrelu(x, fu, fd, b, **options)
        assert y[0, 1].isnan().any()
        assert y[1].isfinite().all()
        x[0, 1, 5, 5] = float("inf")
        want = filtered_lrelu_ref(x, fu, fd, b, **options)
        y = filtered_lrelu(x, fu, fd, b, **options)
        assert torch.equal(y[1].isfinite(), want[1].isfinite())


def test_input_is_left_as_it_was():
    x, fu, fd, _, options = arguments("T", 0.5)
    before = x.clone()
    with torch.no_grad():
        filtered_lrelu(x.contiguous(memory_format=torch.channels_last), fu, fd, None, **options)
        filtered_lrelu(x, fu, fd, None, **options)
        filtered_lrelu(x, None, None, None, slope=1.0, gain=1.0)
    assert torch.equal(x, before)


def test_gradients_of_first_and_second_order():
    _, fu, fd, _, options = arguments("T", 1e6)
    x = torch.randn(1, 2, 5, 5, dtype=torch.float64, requires_grad=True)
    b = torch.randn(2, dtype=torch.float64, requires_grad=True)

    def run(x, b):
        return filtered_lrelu(x, fu.double(), fd.double(), b, **options) ** 2

    assert torch.autograd.gradcheck(run, (x, b))
    assert torch.autograd.gradgradcheck(run, (x, b), fast_mode=True)


def test_bias_of_wrong_length_is_refused():
    with pytest.raises(ValueError, match=r"bias must have shape \[3\], not \[2\]"):
        filtered_lrelu(torch.zeros(1, 3, 4, 4), bias=torch.zeros(2))
