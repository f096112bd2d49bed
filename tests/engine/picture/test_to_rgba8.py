"""`shaders/to_rgba8.cu`, through a launcher of the test: pixels, flips, what is never shown."""

from __future__ import annotations

import ctypes

import pytest
import torch
from torch import Tensor

from stylegan3.cuda import nvrtc
from stylegan3.cuda.sources import resolve
from tests.support import ROOT
from tests.support.kernels import generator

SHADER = ROOT / "shaders" / "to_rgba8.cu"


class Source(ctypes.Structure):
    _fields_ = [
        ("x", ctypes.c_void_p),
        ("channel_stride", ctypes.c_longlong),
        ("row_stride", ctypes.c_longlong),
        ("column_stride", ctypes.c_longlong),
        ("height", ctypes.c_int),
        ("width", ctypes.c_int),
        ("channels", ctypes.c_int * 3),
        ("alpha", ctypes.c_int),
    ]


def to_rgba8(
    x: Tensor,
    channels: tuple[int, int, int],
    scale: float,
    normalise: bool,
    flips: tuple[int, int],
    is_finite: Tensor | None = None,
    last: Tensor | None = None,
) -> Tensor:
    kind = "Half" if x.dtype == torch.float16 else "Float"
    text = resolve(SHADER.read_text())
    peaks_kernel, kernel = (
        nvrtc.load(nvrtc.KernelSpec(name, text, (("TYPE", kind),)), x.device)
        for name in ("channel_peaks", "to_rgba8")
    )
    _, h, w = x.shape
    source = Source(x.data_ptr(), *x.stride(), h, w, (ctypes.c_int * 3)(*channels), -1)
    peaks = torch.zeros(3, dtype=torch.int32, device=x.device)
    rgba = torch.zeros(h, w, 4, dtype=torch.uint8, device=x.device)
    if normalise:
        peaks_kernel((4, 3), 256, source, peaks)
    kernel(
        -(-h * w // 256),
        256,
        source,
        rgba,
        peaks if normalise else None,
        is_finite,
        last,
        scale,
        *flips,
    )
    return rgba


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("flips", [(0, 0), (1, 0), (0, 1), (1, 1)], ids=str)
def test_pixels(
    device: torch.device, dtype: torch.dtype, normalise: bool, flips: tuple[int, int]
) -> None:
    x = (torch.randn(5, 13, 17, generator=generator(1)) * 0.7).to(dtype)
    strided = x.permute(1, 2, 0).contiguous().permute(2, 0, 1)  # channels last underneath
    rgba = to_rgba8(strided.to(device), (4, 0, 2), 1.5, normalise, flips)
    v = x.float()[[4, 0, 2]]
    if normalise:
        v = v / v.abs().amax((1, 2), keepdim=True)
    expected = (v * 1.5 * 127.5 + 128).clamp(0, 255).to(torch.uint8)
    dims = [d for d, flip in ((2, flips[0]), (1, flips[1])) if flip]
    expected = expected.flip(dims).permute(1, 2, 0)
    difference = (rgba[..., :3].cpu().int() - expected.int()).abs()
    assert difference.max() <= (1 if normalise else 0)
    assert (rgba[..., 3] == 255).all()


def test_the_last_picture_takes_the_place_of_one_that_is_not_finite(device: torch.device) -> None:
    x = torch.zeros(3, 9, 9, device=device)
    last = torch.randint(256, (9, 9, 4), dtype=torch.uint8, generator=generator(2)).to(device)
    grey = to_rgba8(x, (0, 1, 2), 1.0, False, (0, 0))
    for value, kept, expected in (
        (1.0, last, grey),
        (0.0, last, last),
        (0.0, None, torch.zeros_like(last)),
    ):
        flag = torch.tensor([value], device=device)
        shown = to_rgba8(x, (0, 1, 2), 1.0, False, (0, 0), flag, kept)
        assert torch.equal(shown[..., :3], expected[..., :3])
        assert kept is not None or (shown[..., 3] == 255).all()
