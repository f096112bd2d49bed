import numpy as np
import pytest
import torch

from stylegan3.ops.resample import resample_matrix, separate
from stylegan3.ops.upfirdn2d import upfirdn2d, upfirdn2d_ref, upsample2d
from tests.stylegan3.ops import naive

CASES = {
    "up": {"up": 2, "padding": (2, 1, 2, 1), "gain": 4.0},
    "up with crop": {"up": 4, "padding": (-3, -6, -1, 2)},
    "up with more padding than taps": {"up": 2, "padding": (9, 4, 0, 7)},
    "down": {"down": 2, "padding": (1, 2, 0, 3)},
    "down with crop": {"down": 3, "padding": (-2, -1, 3, -1)},
    "same size": {"padding": (1, 1, 1, 1), "gain": 4.0},
    "both": {"up": 3, "down": 2, "padding": (2, 3, 1, 0)},
    "uneven crop": {"up": 2, "padding": (-2, 1, 1, -3)},
}
FILTERS = {
    "separable": torch.tensor([0.1, 0.5, -0.3, 0.7, 0.2]),
    "even": torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8,
    "2-D": torch.arange(12.0).reshape(3, 4) / 66 - 0.05,
    "one tap": torch.tensor([1.0]),
}


@pytest.fixture
def x():
    return torch.randn(2, 3, 9, 11, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("f", FILTERS)
def test_every_form_matches_loops(x, case, f):
    f, options = FILTERS[f], CASES[case]
    want = torch.from_numpy(naive.upfirdn2d(x.double().numpy(), f.double().numpy(), **options))
    close = {"rtol": 0, "atol": 3e-6 * float(want.abs().max())}
    torch.testing.assert_close(upfirdn2d_ref(x, f, **options).double(), want, **close)
    torch.testing.assert_close(upfirdn2d(x, f, impl="ref", **options).double(), want, **close)
    with torch.no_grad():  # depthwise convolutions
        torch.testing.assert_close(upfirdn2d(x, f, **options).double(), want, **close)
    matrices = upfirdn2d(x.requires_grad_(), f, **options)
    torch.testing.assert_close(matrices.double(), want, **close)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_dtypes(x, dtype):
    f = FILTERS["even"]
    want = upfirdn2d_ref(x, f, up=2, padding=(2, 1, 2, 1), gain=4)
    with torch.no_grad():
        y = upfirdn2d(x.to(dtype), f, up=2, padding=(2, 1, 2, 1), gain=4)
    assert y.dtype == dtype
    tolerance = {torch.float64: 1e-6, torch.float16: 5e-3, torch.bfloat16: 5e-2}[dtype]
    torch.testing.assert_close(y.float(), want, rtol=tolerance, atol=tolerance)


def test_wide_pictures_are_done_in_tiles():
    x = torch.randn(1, 2, 150, 140, generator=torch.Generator().manual_seed(1))
    f = FILTERS["separable"]
    for options in ({"up": 2, "padding": (3, 1, 3, 1)}, {"down": 2}, {"padding": (-9, 2, 0, 0)}):
        y = upfirdn2d(x.clone().requires_grad_(), f, **options)
        torch.testing.assert_close(y, upfirdn2d_ref(x, f, **options), rtol=0, atol=1e-5)


def test_gradients_of_first_and_second_order():
    x = torch.randn(1, 2, 4, 5, dtype=torch.float64, requires_grad=True)

    def run(x):
        return upfirdn2d(x, FILTERS["2-D"].double(), up=2, padding=(2, 1, 2, 1)) ** 2

    assert torch.autograd.gradcheck(run, (x,))
    assert torch.autograd.gradgradcheck(run, (x,))


def test_no_filter_is_the_identity(x):
    assert torch.equal(upfirdn2d(x, None), x)
    torch.testing.assert_close(upfirdn2d(x, None, padding=(-1, 0, 0, -2)), x[:, :, :-2, 1:])


def test_upsampling_keeps_a_constant_picture():
    f = torch.tensor([1.0, 3.0, 3.0, 1.0])
    y = upsample2d(torch.ones(1, 1, 6, 6), f.outer(f) / 64)
    assert y.shape == (1, 1, 12, 12)
    torch.testing.assert_close(y[:, :, 1:-1, 1:-1], torch.ones(1, 1, 10, 10))


def test_matrix_rows_hold_shifted_taps():
    m = resample_matrix(torch.tensor([1.0, 2.0, 3.0]), 4, 1, 1, (1, 1))
    assert m.tolist() == [[2, 1, 0, 0], [3, 2, 1, 0], [0, 3, 2, 1], [0, 0, 3, 2]]


def test_separable_terms_sum_to_the_filter():
    f = torch.randn(12, 12, generator=torch.Generator().manual_seed(2))
    f = f + f.t()
    terms = separate(f)
    total = sum(np.outer(c, r) for c, r in terms)
    np.testing.assert_allclose(total, f, atol=1e-5)
    assert len(separate(FILTERS["even"].outer(FILTERS["even"]))) == 1


def test_wrong_arguments_say_what_is_wrong(x):
    with pytest.raises(ValueError, match=r"larger than the padded picture"):
        upfirdn2d(x, torch.ones(20))
    with pytest.raises(ValueError, match="at least 1"):
        upfirdn2d(x, torch.ones(2), up=0)
    with pytest.raises(ValueError, match=r"\[N, C, H, W\]"):
        upfirdn2d(x[0], torch.ones(2))
    with pytest.raises(ValueError, match="one or two dimensions"):
        upfirdn2d(x, torch.ones(2, 2, 2))
