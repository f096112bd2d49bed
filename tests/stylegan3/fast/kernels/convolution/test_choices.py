"""Which convolution is chosen: by time, if it is right, and kept for this card alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from stylegan3.fast.kernels.convolution import convolution, measuring
from stylegan3.fast.kernels.convolution.choices import Choice, Choices
from stylegan3.fast.kernels.convolution.measuring import choose
from stylegan3.fast.kernels.convolution.mma_launcher import MmaConvolution
from stylegan3.fast.kernels.convolution.mma_tiling import MmaTiling, candidates
from stylegan3.fast.kernels.convolution.reference import TorchConvolution
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape

SHAPE = ConvolutionShape(6, 9, 40, 24, 3, 1)
TILING = MmaTiling(48, 2, 4, split=2, run=2)
CARD = "a card"


class Clock:
    """Says that cuDNN takes 100 us, and each other launch what is given, in turn."""

    def __init__(self, *times: float) -> None:
        self.times = times
        self.launches: Sequence[measuring.Launch] = ()

    def __call__(self, launches: Sequence[measuring.Launch]) -> list[float]:
        self.launches = launches
        others = [self.times[i % len(self.times)] for i in range(len(launches) - 1)]
        return [100.0, *others]


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> torch.device:
    from stylegan3.cuda import nvrtc
    from tests.emulator import emulated_kernel

    if not emulated_kernel.has_compiler():
        pytest.skip("no g++: CUDA kernels are not emulated")
    monkeypatch.setattr(nvrtc, "load", emulated_kernel.load)
    monkeypatch.setattr(measuring, "CudnnConvolution", TorchConvolution)
    return torch.device("cpu")


def test_the_fastest_is_chosen(emulator: torch.device) -> None:
    tilings = candidates(SHAPE, (8, 6), 1, count=2)
    choice = choose(SHAPE, emulator, float16_sums=False, clock=Clock(80.0, 60.0), count=2)
    assert choice == Choice(60.0, 100.0, tilings[1])
    assert choice.gain == pytest.approx(100 / 60)


def test_what_is_hardly_faster_is_not(emulator: torch.device) -> None:
    choice = choose(SHAPE, emulator, float16_sums=False, clock=Clock(99.0), count=2)
    assert choice == Choice(100.0, 100.0)


def test_sums_are_float16_only_where_they_may_be(emulator: torch.device) -> None:
    clock = Clock(100.0, 90.0, 50.0)
    choice = choose(SHAPE, emulator, float16_sums=True, clock=clock, count=1)
    assert choice.tiling is not None and choice.tiling.run == 2
    choice = choose(SHAPE, emulator, float16_sums=False, clock=clock, count=1)
    assert choice.tiling is None and len(clock.launches) == 2


def test_what_is_wrong_or_does_not_run_never_wins(
    emulator: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stylegan3.cuda.kernel import KernelError

    launch = MmaConvolution.__call__
    tilings = candidates(SHAPE, (8, 6), 1, count=3)

    def some(operation: MmaConvolution, x, weight, out, *rest) -> None:
        if operation.tiling == tilings[0]:
            raise KernelError("no such instruction")
        launch(operation, x, weight, out, *rest)
        if operation.tiling == tilings[1]:
            out[0, 0, 3] = torch.nan

    monkeypatch.setattr(MmaConvolution, "__call__", some)
    clock = Clock(50.0)
    choice = choose(SHAPE, emulator, float16_sums=False, clock=clock, count=3)
    assert len(clock.launches) == 2 and choice.tiling == tilings[2]


def test_choices_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "convolutions.json"
    choices = Choices(path, CARD)
    assert choices.find(SHAPE, float16_sums=True) is None
    for float16_sums, choice in ((True, Choice(5.0, 8.0, TILING)), (False, Choice(8.0, 8.0))):
        choices.keep(SHAPE, choice, float16_sums=float16_sums)
    choices.save()
    again = Choices(path, CARD)
    assert again.find(SHAPE, float16_sums=True) == Choice(5.0, 8.0, TILING)
    assert again.find(SHAPE, float16_sums=False) == Choice(8.0, 8.0)
    assert again.find(replace(SHAPE, height=7), float16_sums=True) is None
    assert len(Choices(path, "the same card, another driver")) == 0


def test_those_of_other_cards_stay(tmp_path: Path) -> None:
    path = tmp_path / "convolutions.json"
    for card in (CARD, "another"):
        choices = Choices(path, card)
        choices.keep(SHAPE, Choice(5.0, 8.0, TILING), float16_sums=True)
        choices.save()
    assert [len(Choices(path, card)) for card in (CARD, "another")] == [1, 1]
    assert [child.name for child in tmp_path.iterdir()] == ["convolutions.json"]


TIMES = {"time": 1, "cudnn": 1, "is_hopper": False}


@pytest.mark.parametrize("value", [
    None, 3, [], {}, TIMES,
    {**TIMES, "time": "x", "tiling": None}, {**TIMES, "time": -1, "tiling": None},
    {**TIMES, "tiling": {"n_tile": 16}},
    {**TIMES, "tiling": dict.fromkeys(MmaTiling.__dataclass_fields__, "16")},
    {**TIMES, "tiling": dict.fromkeys(MmaTiling.__dataclass_fields__, 0)},
    {**TIMES, "tiling": dict.fromkeys(MmaTiling.__dataclass_fields__, -16)},
], ids=str)  # fmt: skip
def test_what_is_no_choice_is_none(tmp_path: Path, value: object) -> None:
    path = tmp_path / "convolutions.json"
    path.write_text(json.dumps({CARD: {"3x3": value}, "other": value}))
    assert len(Choices(path, CARD)) == 0


@pytest.mark.parametrize("text", ["", "[", "[1]", '{"a card": 3}', "[" * 100_000, "\ud800"])
def test_a_file_that_is_none_holds_no_choices(tmp_path: Path, text: str) -> None:
    path = tmp_path / "convolutions.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    choices = Choices(path, CARD)
    assert len(choices) == 0
    choices.keep(SHAPE, Choice(5.0, 8.0), float16_sums=True)
    choices.save()
    assert len(Choices(path, CARD)) == 1


def test_a_choice_is_what_plays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On the table of a card: ours where it won, cuDNN where that did, else what is known."""
    from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight

    class OnACard(PreparedWeight):
        def __init__(self) -> None:
            super().__init__(
                torch.zeros(24, 40, 3, 3), in_pitch=40, out_pitch=24, dtype=torch.float16
            )
            self.source = _OfCuda(self.source)  # type: ignore[assignment]

    class _OfCuda:
        def __init__(self, source: torch.Tensor) -> None:
            self._source, self.device = source, _Device("cpu")

        def __getattr__(self, name: str) -> object:
            return getattr(self._source, name)

    class _Device:
        def __init__(self, name: str) -> None:
            self.type = "cuda"

    choices = Choices(tmp_path / "none.json", CARD)
    monkeypatch.setattr(convolution.choices, "kept", lambda device: choices)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (8, 6))
    monkeypatch.setattr(
        convolution,
        "MmaConvolution",
        lambda shape, _, **options: MmaConvolution(shape, torch.device("cpu"), **options),
    )

    def made_by(**options: Any) -> str:
        return convolution.choose_convolution(OnACard(), (6, 9), 1, 24, **options).made_by

    assert made_by() == "cuDNN"
    choices.keep(SHAPE, Choice(5.0, 8.0, TILING), float16_sums=True)
    tiling = replace(TILING, run=0)
    choices.keep(SHAPE, Choice(6.0, 8.0, tiling), float16_sums=False)
    assert made_by(float16_sums=True) == "mma 16x8 px, 48 channels, float16 sums of 64"
    assert made_by() == "mma 16x8 px, 48 channels"
    assert (
        convolution.choose_convolution(OnACard(), (6, 9), 1, 24, kernels="generic").made_by
        == "cuDNN"
    )
    choices.keep(SHAPE, Choice(8.0, 8.0), float16_sums=False)
    assert made_by() == "cuDNN"
    choices.keep(SHAPE, Choice(5.0, 8.0, replace(TILING, n_tile=24)), float16_sums=True)
    assert made_by(float16_sums=True) == "cuDNN"  # somebody wrote to the file: it cannot be built
