"""Design of the low-pass filters that StyleGAN2 and StyleGAN3 store in their checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def lowpass_filter(
    taps: int,
    cutoff: float,
    width: float,
    sampling_rate: float,
    *,
    radial: bool = False,
) -> Tensor | None:  # [taps] or, radial, [taps, taps] float32; None where taps == 1
    """Kaiser-windowed low-pass filter: Karras et al. 2021 (StyleGAN3), appendix C.1, equations 7-8.

    `cutoff`, `width` (of the transition band) and `sampling_rate` share one unit. The separable
    filter is a windowed sinc; the radial one is a windowed jinc, and so is the same in all
    directions. Both sum to 1.
    """
    if taps == 1:
        return None
    if torch.get_default_device().type == "meta":  # shapes alone are wanted: spare the import
        return torch.empty([taps, taps] if radial else [taps])
    import scipy.signal
    import scipy.special

    if not radial:
        f = scipy.signal.firwin(numtaps=taps, cutoff=cutoff, width=width, fs=sampling_rate)
        return torch.as_tensor(f, dtype=torch.float32)
    x = (np.arange(taps) - (taps - 1) / 2) / sampling_rate
    r = np.hypot(*np.meshgrid(x, x))
    # j1(a r) / r tends to a / 2 at the centre, which odd tap counts sample
    centre = np.full_like(r, cutoff)
    f = np.divide(scipy.special.j1(2 * np.pi * cutoff * r), np.pi * r, out=centre, where=r > 0)
    beta = scipy.signal.kaiser_beta(scipy.signal.kaiser_atten(taps, width / (sampling_rate / 2)))
    window = np.kaiser(taps, beta)
    f = f * np.outer(window, window)
    return torch.as_tensor(f / f.sum(), dtype=torch.float32)


def resample_filter(taps: Sequence[float]) -> Tensor:  # [T, T] float32
    """StyleGAN2's resampling filter: outer product of 1-D taps, normalised to sum 1."""
    f = np.asarray(taps, np.float32)
    f = np.outer(f, f)
    return torch.as_tensor(f / f.sum())
