"""`sgview tune`: what it prints of a card, and what it says where there is none."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import stylegan3.cuda
import stylegan3.fast
from sgview.cli import main
from stylegan3 import Generator
from stylegan3.fast import TunedLayer
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

    monkeypatch.setattr(stylegan3.cuda, "unavailable_reason", lambda: None, raising=False)
    monkeypatch.setattr(stylegan3.fast, "tune", tune, raising=False)
    monkeypatch.setattr(Generator, "to", lambda generator, device: generator)


@pytest.mark.usefixtures("card")
def test_who_won_and_by_how_much(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", str(SG3_A), str(SG2), "--only", "sg2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sg2-64-a.pkl, precision fast"
    assert lines[1].split() == "9 × 9 px, 3 × 3, 8 to 8 channels 10.0 us 1.50 times cuDNN mma, known before".split()  # noqa: E501, SIM905  # fmt: skip
    assert lines[3].strip() == "each shape once: 15 us, by cuDNN alone 20 us"
    assert main(["tune", str(SG3_A), "--again", "--json"]) == 0
    first, _ = json.loads(capsys.readouterr().out)["sg3-t-64-a.pkl"]
    assert first["made_by"] == "mma" and first["was_known"] is False


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
