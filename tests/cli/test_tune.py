"""`sgview tune`: what it prints of a card, and what it says where there is none."""

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import stylegan3.cuda
import stylegan3.fast
from sgview.cli import main
from sgview.cli.tune import Tuned, format_frame
from stylegan3 import Generator
from stylegan3.cuda import KernelError
from stylegan3.fast import FastSynthesis, TunedFrame, TunedLayer
from stylegan3.fast.kernels.convolution.choices import Choice, Choices
from stylegan3.fast.kernels.convolution.mma_tiling import MmaTiling
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape
from tests.support.app import SG2, SG3_A
from tests.support.networks import SMALL2, SMALL3, lively
from tests.support.operations import reference_operations

OURS = Choice(60.0, 90.0, MmaTiling(64, 2, 4, run=2))


def test_without_a_card_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a card")
    assert main(["tune", str(SG3_A)]) == 1
    assert "nothing to tune: torch sees no NVIDIA GPU" in capsys.readouterr().err


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card on which each network has two layers."""

    def tune(generator: Generator, precision: str, *, again: bool) -> Iterator[TunedLayer]:
        yield TunedLayer("9 × 9 px, 3 × 3, 8 to 8 channels", "mma", 10.0, 15.0, not again)
        yield TunedLayer("9 × 9 px, 1 × 1, 8 to 8 channels", "cuDNN", 5.0, 5.0, False)
        yield TunedLayer("99 × 99 px, 1 × 1, 8 to 8 channels", "", 0.0, 0.0, False, "no memory")

    monkeypatch.setattr(stylegan3.cuda, "unavailable_reason", lambda: None, raising=False)
    monkeypatch.setattr(stylegan3.fast, "tune", tune, raising=False)
    frame = TunedFrame(2.0, 1.5, 1e-3, is_taken=True)
    monkeypatch.setattr(stylegan3.fast, "prove", lambda *_: frame, raising=False)
    monkeypatch.setattr(stylegan3.fast, "forget_failure", lambda: None, raising=False)
    monkeypatch.setattr(Generator, "to", lambda generator, device: generator)


@pytest.mark.usefixtures("card")
def test_who_won_and_by_how_much(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", str(SG3_A), str(SG2), "--only", "sg2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sg2-64-a.pkl, precision fast"
    assert lines[1].split() == "9 × 9 px, 3 × 3, 8 to 8 channels 10.0 us 1.50 times cuDNN mma, known before".split()  # noqa: E501, SIM905  # fmt: skip
    assert lines[3].strip().startswith("99 × 99 px") and lines[3].endswith(
        " not measured: no memory"
    )
    assert lines[4].strip() == "each shape once: 15 us, by cuDNN alone 20 us"
    assert lines[5].strip() == (
        "a frame: 1.500 ms, without tuning 2.000 ms; pictures differ by 1.0e-03"
    )
    assert main(["tune", str(SG3_A), "--again", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["sg3-t-64-a.pkl"]
    first, *_ = found["layers"]
    assert first["made_by"] == "mma" and first["was_known"] is False
    assert found["frame"]["is_taken"] is True


@pytest.mark.usefixtures("card")
def test_a_card_that_stops_is_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Iterator[TunedLayer]:
        raise RuntimeError("CUDA error: an illegal memory access\nadvice")
        yield

    answers: list[bool] = [False, True]
    monkeypatch.setattr(stylegan3.fast, "tune", fail, raising=False)
    monkeypatch.setattr("sgview.engine.device.device_answers", lambda device: answers.pop(0))
    assert main(["tune", str(SG3_A)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("sgview: the graphics card stopped while sg3-t-64-a.pkl was measured")
    assert "illegal memory access);" in error and "advice" not in error
    with pytest.raises(RuntimeError):  # it does: this is a fault of ours
        main(["tune", str(SG3_A)])


@pytest.mark.usefixtures("card")
def test_a_network_without_room_is_left_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Iterator[TunedLayer]:
        raise torch.OutOfMemoryError("CUDA out of memory")
        yield

    monkeypatch.setattr(stylegan3.fast, "tune", fail, raising=False)
    assert main(["tune", str(SG3_A)]) == 0
    assert "no memory on the card for sg3-t-64-a.pkl" in capsys.readouterr().err


def test_what_did_not_run_is_null_in_json() -> None:
    frame = TunedFrame(2.0, math.inf, math.nan, is_taken=False)
    numbers = json.loads(json.dumps(Tuned([], frame).numbers, allow_nan=False))
    assert numbers["frame"] == {"usual": 2.0, "chosen": None, "error": None, "is_taken": False}
    assert Tuned([], None).numbers == {"layers": [], "frame": None}


@pytest.mark.parametrize(("frame", "words"), [
    (TunedFrame(2.0, 2.1, 1e-3, is_taken=False), "a frame: 2.100 ms"),
    (TunedFrame(2.0, 1.0, 1e-1, is_taken=False), "pictures differ by 1.0e-01, which is too much"),
    (TunedFrame(2.0, math.inf, math.nan, is_taken=False), "the kernels do not run"),
], ids=["slower", "wrong", "failed"])  # fmt: skip
def test_what_does_not_pay_in_whole_frames_is_said(frame: TunedFrame, words: str) -> None:
    assert format_frame(frame).startswith(words)
    assert format_frame(frame).endswith(": it plays on as without tuning")


@pytest.mark.usefixtures("card")
def test_settings_without_a_choice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", str(SG3_A), "--kernels", "generic"]) == 1
    assert "nothing to tune: these settings" in capsys.readouterr().err


@pytest.mark.parametrize("config", [SMALL2, SMALL3], ids=["stylegan2", "stylegan3"])
def test_each_shape_is_measured_once_and_kept(config: Any, tmp_path: Path) -> None:
    measured: list[ConvolutionShape] = []

    def measure(shape: ConvolutionShape, device: torch.device, *, float16_sums: bool) -> Choice:
        assert float16_sums
        measured.append(shape)
        return OURS

    def tuned(**options: Any) -> list[TunedLayer]:
        return list(stylegan3.fast.tune(
            lively(config), kept=Choices(tmp_path / "choices.json", "a card"), measure=measure,
            operations=reference_operations(), **options,
        ))  # fmt: skip

    layers = tuned()
    assert len(measured) == len(set(measured)) == len(layers) > 2
    assert {layer.made_by for layer in layers} == {"mma 16x8 px, 64 channels, float16 sums of 64"}
    assert not any(layer.was_known for layer in layers)
    count = len(measured)
    assert all(layer.was_known for layer in tuned()) and len(measured) == count
    assert not any(layer.was_known for layer in tuned(again=True)) and len(measured) == 2 * count
    assert not list(stylegan3.fast.tune(lively(config), "fp32", kept=Choices(tmp_path / "x", "")))


def test_a_layer_without_room_plays_as_before(tmp_path: Path) -> None:
    def measure(shape: ConvolutionShape, device: torch.device, *, float16_sums: bool) -> Choice:
        if shape.kernel == 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return OURS

    kept = Choices(tmp_path / "choices.json", "a card")
    layers = list(stylegan3.fast.tune(
        lively(SMALL2), kept=kept, measure=measure, operations=reference_operations()
    ))  # fmt: skip
    assert {layer.note for layer in layers} == {"", "no memory for it"}
    assert len(kept) == sum(not layer.note for layer in layers) > 0


@pytest.mark.parametrize(("times", "spoil", "is_taken"), [
    ((2.0, 1.0), None, True),
    ((2.0, 1.99), None, False),  # hardly faster
    ((2.0, 1.0), "picture", False),
    ((2.0, 1.0), "kernel", False),
], ids=["faster", "not faster", "wrong", "failing"])  # fmt: skip
def test_whole_frames_decide(
    tmp_path: Path, times: tuple[float, float], spoil: str | None, is_taken: bool
) -> None:
    generator, usual = lively(SMALL2), reference_operations()
    operations = usual
    if spoil is not None:

        def vectors(*arguments: Any) -> Any:
            if spoil == "kernel":
                raise KernelError("no such instruction")
            made = usual.modulation(*arguments)

            def launch() -> None:
                made()
                for modulation in arguments[0]:
                    modulation.first.mul_(1.5)

            return launch

        operations = dataclasses.replace(usual, modulation=vectors)
    kept = Choices(tmp_path / "choices.json", "a card")
    list(stylegan3.fast.tune(
        generator, kept=kept, measure=lambda *_, **__: OURS, operations=usual
    ))  # fmt: skip
    left = list(times)

    def clock(fast: FastSynthesis) -> float:
        return left.pop(0)

    frame = stylegan3.fast.prove(
        generator, kept=kept, operations=operations, usual=usual, clock=clock
    )
    assert frame is not None and frame.is_taken is is_taken and frame.usual == 2.0
    again = stylegan3.fast.prove(generator, kept=Choices(tmp_path / "choices.json", "a card"),
                                 operations=usual, usual=usual, clock=lambda fast: 1.0)  # fmt: skip
    assert (again is None) is not is_taken  # dropped for good
