import numpy as np
import pytest
import torch

from stylegan3.ops.filters import lowpass_filter, resample_filter


def response(f, frequency, rate):
    """Magnitude of a separable filter's response."""
    n = np.arange(len(f))
    return abs((np.asarray(f, np.float64) * np.exp(-2j * np.pi * frequency / rate * n)).sum())


def test_separable_filter_passes_low_and_stops_high_frequencies():
    f = lowpass_filter(24, cutoff=10, width=12, sampling_rate=128)
    assert f is not None
    assert f.shape == (24,)
    torch.testing.assert_close(f, f.flip(0))
    assert response(f, 0, 128) == pytest.approx(1, abs=1e-6)
    assert response(f, 10, 128) == pytest.approx(0.5, abs=0.02)
    assert response(f, 30, 128) < 0.02


def test_radial_filter_is_the_same_in_all_directions():
    f = lowpass_filter(12, cutoff=8, width=16, sampling_rate=64, radial=True)
    assert f is not None
    assert f.shape == (12, 12)
    assert float(f.sum()) == pytest.approx(1, abs=1e-6)
    torch.testing.assert_close(f, f.t())
    torch.testing.assert_close(f, f.flip(0))
    n = np.arange(12)
    phase = 2j * np.pi * 8 / 64

    def along(angle):
        wave = np.exp(-phase * (np.cos(angle) * n[:, None] + np.sin(angle) * n))
        return abs((f.numpy() * wave).sum())

    assert along(0) == pytest.approx(along(np.pi / 4), abs=0.01)


def test_radial_filter_with_a_tap_at_the_centre_is_finite():
    f = lowpass_filter(5, cutoff=8, width=16, sampling_rate=64, radial=True)
    assert f is not None
    assert f.isfinite().all()
    assert f[2, 2] == f.max()


def test_one_tap_is_no_filter():
    assert lowpass_filter(1, 8, 16, 64) is None


def test_resample_filter():
    f = resample_filter((1, 3, 3, 1))
    assert f.shape == (4, 4)
    assert float(f.sum()) == pytest.approx(1)
    assert float(f[1, 2]) == pytest.approx(9 / 64)
