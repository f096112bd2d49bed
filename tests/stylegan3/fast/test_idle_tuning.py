"""Layers are measured a few launches at a time, and a file says so meanwhile."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from stylegan3.cuda import KernelError, KernelSpec, nvrtc
from stylegan3.fast import IdleTuning
from stylegan3.fast.kernels.convolution.choices import Choice, Choices
from stylegan3.fast.kernels.convolution.mma_tiling import MmaTiling
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape

CPU = torch.device("cpu")
SHAPE = ConvolutionShape(6, 9, 40, 24, 3, 1)
OTHER = replace(SHAPE, height=7)
OURS = Choice(60.0, 90.0, MmaTiling(64, 2, 4, run=2))


class Measuring:
    """Finds the same choice for each shape, in three steps."""

    def __init__(self) -> None:
        self.begun: list[ConvolutionShape] = []
        self.freed = 0
        self.failure: Exception | None = None

    def __call__(
        self, shape: ConvolutionShape, device: torch.device, *, float16_sums: bool
    ) -> Generator[None, None, Choice]:
        assert float16_sums
        self.begun.append(shape)
        try:
            yield
            yield
            if self.failure is not None:
                raise self.failure
            return OURS
        finally:
            self.freed += 1


@pytest.fixture
def measuring() -> Measuring:
    return Measuring()


@pytest.fixture
def kept(tmp_path: Path) -> Choices:
    choices = Choices(tmp_path / "cache" / "convolutions.json", "a card")
    for shape in (SHAPE, OTHER):
        choices.want(shape, float16_sums=True)
    return choices


@pytest.fixture
def tuning(kept: Choices, measuring: Measuring) -> IdleTuning:
    return IdleTuning(CPU, kept, measuring, kernels=lambda *_: [])


def test_each_layer_in_turn_until_all_are_known(tuning, kept, measuring, tmp_path) -> None:
    for _ in range(3):
        assert kept.find(SHAPE, float16_sums=True) is None and tuning.has_work
        assert not tuning.is_barred
        tuning.step()
    assert kept.find(SHAPE, float16_sums=True) == OURS and not kept.mark.exists()
    again = Choices(tmp_path / "cache" / "convolutions.json", "a card")
    assert again.find(SHAPE, float16_sums=True) == OURS  # on disk at once
    for _ in range(3):
        tuning.step()
    assert measuring.begun == [SHAPE, OTHER] and tuning.measured == 2
    assert not tuning.has_work
    tuning.step()
    assert tuning.measured == 2


def test_what_is_dropped_is_freed_and_begins_anew(tuning, kept, measuring) -> None:
    tuning.step()
    tuning.step()
    assert kept.mark.exists() and measuring.freed == 0
    tuning.drop()
    assert not kept.mark.exists() and measuring.freed == 1 and tuning.has_work
    for _ in range(3):
        tuning.step()
    assert measuring.begun == [SHAPE, SHAPE] and tuning.measured == 1


def test_a_card_that_stopped_is_not_tried_again(tuning, kept, measuring) -> None:
    measuring.failure = RuntimeError("CUDA error: an illegal memory access was encountered")
    with pytest.raises(RuntimeError):
        for _ in range(3):
            tuning.step()
    assert kept.mark.exists()  # until somebody drops it, who asked the device
    assert IdleTuning(CPU, kept, measuring, kernels=lambda *_: []).is_barred


def test_a_layer_that_is_left_out_is_not_measured_here(tuning, kept, measuring) -> None:
    tuning.step()
    tuning.leave_out()
    assert not kept.mark.exists()
    for _ in range(3):
        tuning.step()
    assert measuring.begun == [SHAPE, OTHER] and not tuning.has_work
    assert kept.find(SHAPE, float16_sums=True) is None


def test_kernels_are_compiled_ahead_as_long_as_nothing_moves(
    kept: Choices, measuring: Measuring, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = [KernelSpec(name, "") for name in ("a", "b", "c")]
    loaded: list[str] = []

    def load(spec: KernelSpec, device: torch.device) -> Any:
        loaded.append(spec.name)
        if spec.name == "b":
            raise KernelError("ptxas")

    monkeypatch.setattr(nvrtc, "load", load)
    tuning = IdleTuning(CPU, kept, measuring, kernels=lambda *_: specs)
    job = tuning.ahead(lambda: len(loaded) < 1)
    assert job is not None
    job()
    assert loaded == ["a"]
    job = tuning.ahead(lambda: True)  # it was not all
    assert job is not None
    job()
    assert loaded == ["a", "a", "b", "c"] and tuning.ahead(lambda: True) is None
