"""Which kernels may start while the one before them runs (`await_previous` in primitives.cuh)."""

from __future__ import annotations

import pytest

from stylegan3.cuda.nvrtc import KernelSpec
from stylegan3.cuda.sources import resolve
from tests.support import ROOT

FRAME = (
    "torgb_convolution",
    "torgb_partial_sums",
    "conv_wgmma",
    "filtered_lrelu",
    "filtered_lrelu_plain",
    "fully_connected",
    "modulated_act",
    "modulation",
    "phase_upsample",
    "torgb_skip_sums",
)


def source(kernel: str) -> str:
    (path,) = (ROOT / "stylegan3" / "fast" / "kernels").rglob(f"{kernel}.cu")
    return resolve(path.read_text(encoding="utf-8"), path.parent)


@pytest.mark.parametrize("name", FRAME)
def test_kernels_of_a_frame_start_early(name: str) -> None:
    assert KernelSpec(name, source(name)).is_dependent_launch


@pytest.mark.parametrize("name", ["blend_edit", "weight_preparation"])
def test_kernels_that_write_weights_let_nobody_start_early(name: str) -> None:
    # what starts early reads weights before it waits
    assert not KernelSpec(name, source(name)).is_dependent_launch
