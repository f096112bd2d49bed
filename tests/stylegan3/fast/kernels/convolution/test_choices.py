"""Which convolution is chosen: by time, if it is right, and kept for this card alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from stylegan3.fast.kernels.channels_last import padded_channels
from stylegan3.fast.kernels.convolution import convolution, measuring, tuning
from stylegan3.fast.kernels.convolution.choices import Choice, Choices
from stylegan3.fast.kernels.convolution.launcher import HopperConvolution
from stylegan3.fast.kernels.convolution.measuring import choose
from stylegan3.fast.kernels.convolution.mma_launcher import MmaConvolution
from stylegan3.fast.kernels.convolution.mma_tiling import MmaTiling, candidates
from stylegan3.fast.kernels.convolution.reference import TorchConvolution
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape
from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight

SHAPE = ConvolutionShape(6, 9, 40, 24, 3, 1)
TILING = MmaTiling(48, 2, 4, split=2, run=2)
CARD = "a card"


class Clock:
    """Says that cuDNN takes 100 us, and each other launch what is given, in turn."""

    def __init__(self, *times: float) -> None:
        self.times = times
        self.launches: Sequence[measuring.Launch] = ()

    def __call__(self, launches: Sequence[measuring.Launch]) -> list[list[float]]:
        self.launches = launches
        others = [self.times[i % len(self.times)] for i in range(len(launches) - 1)]
        return [[1000.0] * len(launches), [100.0, *others]]


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


IN_BLOCKS = replace(SHAPE, padding=2)
ACTIVATED = SHAPE


@pytest.mark.parametrize("shape", [ACTIVATED, IN_BLOCKS], ids=["activated", "in blocks"])
def test_what_is_wrong_as_networks_play_it_never_wins(
    emulator: torch.device, monkeypatch: pytest.MonkeyPatch, shape: ConvolutionShape
) -> None:
    """Its plain sums are right, but not what is made of them in the same kernel."""
    launch = MmaConvolution.__call__
    tilings = candidates(shape, (8, 6), 1, count=2)
    played = []

    def some(operation: MmaConvolution, x, weight, out, *rest) -> None:
        launch(operation, x, weight, out, *rest)
        if rest or operation.is_blocked:
            played.append(operation.tiling)
            if operation.tiling == tilings[1]:
                out[0, 0, 1] += 4

    monkeypatch.setattr(MmaConvolution, "__call__", some)
    choice = choose(shape, emulator, float16_sums=False, clock=Clock(60.0, 50.0), count=2)
    assert choice == Choice(60.0, 100.0, tilings[0]) and played == [tilings[1], tilings[0]]


@pytest.mark.parametrize("outs", [24, 29], ids=["with ToRGB", "without"])
def test_kernels_of_both_kinds_of_sums_pass(emulator: torch.device, outs: int) -> None:
    shape = replace(SHAPE, out_channels=outs)
    for padding in (1, 2):
        choice = choose(
            replace(shape, padding=padding), emulator, float16_sums=True,
            clock=Clock(90.0, 80.0, 70.0), count=1,
        )  # fmt: skip
        assert choice.tiling is not None and choice.tiling.run == 2


def test_results_that_differ_from_time_to_time_never_win(
    emulator: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = MmaConvolution.__call__
    count = [0]

    def some(operation: MmaConvolution, x, weight, out, *rest) -> None:
        launch(operation, x, weight, out, *rest)
        count[0] += 1
        if count[0] == 2:
            out[0, 0, 0] += 2**-8

    monkeypatch.setattr(MmaConvolution, "__call__", some)
    choice = choose(SHAPE, emulator, float16_sums=False, clock=Clock(50.0), count=1)
    assert choice == Choice(100.0, 100.0)


@pytest.mark.parametrize(("ours", "expected"), [
    (120.0, Choice(110.0, 100.0, is_hopper=True)),  # in frames it also does what comes behind it
    (108.0, Choice(110.0, 100.0, is_hopper=True)),  # no difference to speak of
    (90.0, None),
])  # fmt: skip
def test_what_played_on_hopper_stays_unless_ours_is_clearly_faster(
    emulator: torch.device,
    monkeypatch: pytest.MonkeyPatch,
    ours: float,
    expected: Choice | None,
) -> None:
    from stylegan3.cuda import tensor_map
    from tests.emulator import emulated_map

    monkeypatch.setattr(tensor_map, "encode", emulated_map.encode)
    monkeypatch.setattr(measuring, "beats_cudnn", lambda shape, capability: True)
    choice = choose(SHAPE, emulator, float16_sums=False, clock=Clock(ours, 110.0), count=1)
    tiling = candidates(SHAPE, (8, 6), 1, count=1)[0]
    assert choice == (expected or Choice(90.0, 100.0, tiling))


def test_measuring_stops_wherever_it_is(emulator: torch.device) -> None:
    """A hand that moves something must not wait: each step is a few launches."""
    whole = measuring.choosing(SHAPE, emulator, float16_sums=False, clock=Clock(50.0), count=2)
    steps = len(list(whole))
    assert steps >= 5
    for done in range(steps):
        some = measuring.choosing(SHAPE, emulator, float16_sums=False, clock=Clock(50.0), count=2)
        for _ in range(done):
            next(some)
        some.close()


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


def test_what_another_process_measured_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "convolutions.json"
    window, tuned = Choices(path, CARD), Choices(path, CARD)
    for choices, height in ((tuned, 6), (window, 7)):
        choices.keep(replace(SHAPE, height=height), Choice(5.0, 8.0), float16_sums=True)
        choices.save()
    assert len(Choices(path, CARD)) == 2


def test_what_was_not_measured_is_known(tmp_path: Path) -> None:
    choices = Choices(tmp_path / "none.json", CARD)
    for height in (6, 7, 6):
        choices.want(replace(SHAPE, height=height), float16_sums=True)
    choices.keep(SHAPE, Choice(5.0, 8.0), float16_sums=True)
    assert choices.unmeasured == [(replace(SHAPE, height=7), True)]


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


class _Device:
    type = "cuda"


class _OfCuda:
    def __init__(self, source: torch.Tensor) -> None:
        self._source, self.device = source, _Device()

    def __getattr__(self, name: str) -> object:
        return getattr(self._source, name)


class OnACard(PreparedWeight):
    """A weight whose live tensor is said to be on a card."""

    def __init__(self, ins: int, outs: int, kernel: int, taps: torch.Tensor | None = None) -> None:
        super().__init__(
            torch.zeros(outs, ins, kernel, kernel), in_pitch=padded_channels(ins),
            out_pitch=padded_channels(outs), dtype=torch.float16, phases=taps is not None,
            taps=taps,
        )  # fmt: skip
        self.source = _OfCuda(self.source)  # type: ignore[assignment]


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Choices:
    """The choices for a card of compute capability 8.6, which a CPU stands in for: none yet."""
    choices = Choices(tmp_path / "none.json", CARD)
    monkeypatch.setattr(convolution.choices, "kept", lambda device: choices)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (8, 6))
    for made in (MmaConvolution, HopperConvolution):
        monkeypatch.setattr(
            convolution,
            made.__name__,
            lambda shape, _, made=made, **options: made(shape, torch.device("cpu"), **options),
        )
    return choices


def test_a_choice_is_what_plays(card: Choices) -> None:
    """Ours where it won, cuDNN where that did, else what is known."""

    def made_by(**options: Any) -> str:
        weight = OnACard(40, 24, 3)
        return convolution.choose_convolution(weight, (6, 9), 1, 24, **options).made_by

    assert made_by() == "cuDNN"
    card.keep(SHAPE, Choice(5.0, 8.0, TILING), float16_sums=True)
    tiling = replace(TILING, run=0)
    card.keep(SHAPE, Choice(6.0, 8.0, tiling), float16_sums=False)
    assert made_by(float16_sums=True) == "mma 16x8 px, 48 channels, float16 sums of 64"
    assert made_by() == "mma 16x8 px, 48 channels"
    assert made_by(kernels="generic") == made_by(heeds_choices=False) == "cuDNN"
    card.keep(SHAPE, Choice(8.0, 8.0), float16_sums=False)
    assert made_by() == "cuDNN"
    card.keep(SHAPE, Choice(5.0, 8.0, replace(TILING, n_tile=24)), float16_sums=True)
    assert made_by(float16_sums=True) == "cuDNN"  # somebody wrote to the file: it cannot be built


PLAYED = [(3, size, ins, outs, 2) for size, ins, outs in (
    (36, 512, 512), (148, 512, 323), (276, 323, 203), (1044, 81, 51),
)] + [(3, size, 512, 512, 1) for size in (4, 16, 64)] + [
    (1, 148, 1024, 1024, 0), (2, 64, 512, 1024, 1), (3, 64, 40, 56, 1), (3, 1024, 32, 32, 1),
]  # fmt: skip


@pytest.mark.parametrize("capability", [(7, 5), (8, 0), (8, 6), (8, 9), (9, 0), (12, 0)], ids=str)
@pytest.mark.parametrize("float16_sums", [False, True])
def test_without_tuning_a_card_plays_by_what_ran_on_one(
    card: Choices,
    monkeypatch: pytest.MonkeyPatch,
    capability: tuple[int, int],
    float16_sums: bool,
) -> None:
    """Hopper's kernel there where it was the faster one, in its tiling of then; else cuDNN."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    made: list[Any] = []
    monkeypatch.setattr(
        convolution, "TensorCoreConvolution", lambda weight, operation, name: made.append(operation)
    )
    for kernel, size, ins, outs, padding in PLAYED:
        made.clear()
        weight = OnACard(ins, outs, kernel)
        shape = ConvolutionShape(size, size, ins, outs, kernel, padding)
        found = convolution.choose_convolution(
            weight, size, padding, outs, float16_sums=float16_sums
        )
        if capability == (9, 0) and kernel > 1:
            [operation] = made
            assert isinstance(operation, HopperConvolution)
            assert operation.tiling == tuning.choose_tiling(shape, 3)  # the emulator's processors
        else:
            assert isinstance(found, convolution.CudnnConvolution) and not made
    assert len(card.unmeasured) == len(PLAYED)


def test_a_filter_in_the_weights_is_hoppers_whatever_was_chosen(
    card: Choices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    shape = ConvolutionShape(8, 8, 32, 128, 3, 1)
    card.keep(shape, Choice(5.0, 8.0, MmaTiling(32, 1, 2)), float16_sums=True)
    weight = OnACard(32, 32, 3, taps=torch.zeros(2, 4))
    found = convolution.choose_convolution(weight, 8, 1, weight.rows, float16_sums=True)
    assert found.made_by == "wgmma" and not card.unmeasured
