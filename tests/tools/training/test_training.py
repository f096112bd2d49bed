"""The trainer of the built-in networks, at a size that a CPU trains in seconds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from stylegan3 import Generator, load
from tools.training import show
from tools.training.checkpoint import load_pieces, save_pieces
from tools.training.discriminator import Discriminator
from tools.training.frechet import collect_features, frechet_distance
from tools.training.images import FAMILIES, draw
from tools.training.losses import r1_penalty
from tools.training.networks import CONFIGS, synthesise
from tools.training.options import parse
from tools.training.pool import PicturePool
from tools.training.schedule import Budget, Stage, parse_stages, stage_at
from tools.training.steps import Steps
from tools.training.stylegan2_pass import NoiseBuffer, start_growing
from tools.training.train import train
from tools.training.trainer import Trainer

CPU = torch.device("cpu")
SMALL = [
    *("--network", "sg2-tiny", "--device", "cpu", "--pool", "32", "--pool-start", "16"),
    *("--chunk", "8", "--channel-base", "256", "--channel-max", "16", "--tick", "2"),
    *("--stages", "16x4:0.5,32x4:0.5", "--samples", "0"),
]


@pytest.mark.parametrize("family", FAMILIES)
def test_pictures_are_seeded_varied_and_in_range(family: str) -> None:
    pictures = draw(family, 4, torch.Generator().manual_seed(3), size=48)
    again = draw(family, 4, torch.Generator().manual_seed(3), size=48)
    assert pictures.shape == (4, 3, 48, 48)
    assert torch.equal(pictures, again)
    assert pictures.isfinite().all()
    assert pictures.abs().max() <= 1
    distances = torch.pdist(pictures.flatten(1)) / (3 * 48 * 48) ** 0.5
    assert distances.min() > 0.1  # no two alike
    assert pictures.std(dim=(1, 2, 3)).min() > 0.05  # none empty


def test_unknown_family_is_named() -> None:
    with pytest.raises(ValueError, match="blooms, planets"):
        draw("cats", 1, torch.Generator())


def test_training_pass_equals_the_published_forward() -> None:
    torch.manual_seed(0)
    generator = Generator(CONFIGS["sg2-tiny"])
    for name, parameter in generator.named_parameters():
        if name.endswith(("noise_strength", "bias")):
            torch.nn.init.normal_(parameter, 0.5, 0.3)
    noise = NoiseBuffer(generator.config, CPU)
    for name, module in generator.synthesis.named_modules():
        if name.endswith(("conv0", "conv1")):
            noise[name].copy_(module.get_buffer("noise_const"))
    ws = generator.mapping(torch.randn(3, generator.z_dim))
    expected = generator.synthesis(ws, noise_mode="const")
    actual = synthesise(generator, ws, 32, noise, torch.float32)
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-4)


def test_growing_goes_on_without_a_jump() -> None:
    torch.manual_seed(0)
    generator = Generator(CONFIGS["sg2-tiny"])
    start_growing(generator, 16)
    noise = NoiseBuffer(generator.config, CPU)
    ws = generator.mapping(torch.randn(2, generator.z_dim))
    small = synthesise(generator, ws, 16, noise, torch.float32)
    large = synthesise(generator, ws, 32, noise, torch.float32)
    shrunk = torch.nn.functional.avg_pool2d(large, 2)
    assert (shrunk - small)[:, :, 2:-2, 2:-2].std() < 0.35 * small.std()

    discriminator = Discriminator(32, 256, 16, start=16)
    x = torch.randn(4, 3, 32, 32)
    gone = x + 5 * torch.randn(4, 3, 1, 1) * _checkerboard(32)  # invisible once averaged
    torch.testing.assert_close(discriminator(x), discriminator(gone), rtol=1e-3, atol=1e-3)


def _checkerboard(size: int) -> torch.Tensor:
    steps = torch.arange(size)
    return ((steps[:, None] + steps[None, :]) % 2 * 2 - 1).float()


def test_r1_is_the_squared_gradient() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(8, 64, 8, start=8)
    real = torch.randn(4, 3, 8, 8)

    def logit_sum(x: torch.Tensor) -> torch.Tensor:
        return discriminator(x, torch.float32).sum()

    expected = torch.autograd.functional.jacobian(logit_sum, real).square().sum((1, 2, 3)).mean()
    actual = r1_penalty(discriminator, real, torch.float32)
    torch.testing.assert_close(actual, expected)


def test_run_writes_everything_and_fine_tuning_starts_from_it(tmp_path: Path) -> None:
    arguments = [*SMALL, "--family", "blooms", "--steps", "6", "--out", str(tmp_path / "a")]
    record = train(parse([*arguments, "--precision", "bf16"]))
    assert record["images"] == 24
    network = tmp_path / "a" / "sg2-tiny-blooms.safetensors"
    assert load(network).img_resolution == 32
    with safe_open(network, "pt") as file:
        metadata = file.metadata()
    assert metadata["license"] == "MIT"
    assert json.loads(metadata["training"])["images"] == 24
    assert _size_of(tmp_path / "a" / "sg2-tiny-blooms.png")[0] > 8 * 32
    assert _size_of(tmp_path / "a" / "sg2-tiny-blooms-curves.png") == (960, 480)

    tuned = [*SMALL, "--family", "planets", "--steps", "2", "--samples", "8", "--state", "none"]
    tuned += ["--start-from", str(tmp_path / "a"), "--out", str(tmp_path / "b")]
    record = train(parse(tuned))
    assert record["built_on"] == [{"family": "blooms", "images": 24, "seed": 1}]
    assert np.isfinite([record["frechet"], record["frechet_data"]]).all()
    assert not list((tmp_path / "b").glob("state-*"))

    tuned[tuned.index("--start-from") + 1] = str(tmp_path / "b" / "sg2-tiny-planets.safetensors")
    record = train(parse([*tuned, "--out", str(tmp_path / "c")]))
    assert [(r["family"], r["images"]) for r in record["built_on"]] == [
        ("blooms", 24),
        ("planets", 8),
    ]

    strips = show.blend_strips(
        load(network), load(tmp_path / "b" / "sg2-tiny-planets.safetensors"), seed=0, steps=2
    )
    groups = 1 + 4  # mapping, b4 .. b32
    assert len(strips) == 2 * (groups + 1)
    assert not torch.equal(strips[-2], strips[-1])


def _size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def test_resumed_run_equals_an_unbroken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = [*SMALL, "--state", "full", "--family", "planets"]
    whole = Trainer(parse([*common, "--steps", "8", "--out", str(tmp_path / "whole")]))
    whole.run()

    first = Trainer(parse([*common, "--steps", "8", "--out", str(tmp_path / "first")]))
    take = first._take_step

    def take_and_stop(steps: Steps, stage: Stage) -> dict[str, torch.Tensor]:
        first.should_stop = first.step == 4  # as a signal in the middle would
        return take(steps, stage)

    monkeypatch.setattr(first, "_take_step", take_and_stop)
    first.run()
    assert first.step == 5
    state = first.networks() | first.optimisers() | first.dice_states()
    save_pieces(tmp_path / "first", state, first.plain())
    arguments = [*common, "--steps", "8", "--out", str(tmp_path / "second")]
    second = Trainer(parse([*arguments, "--resume", str(tmp_path / "first")]))
    assert second.step == 5
    second.run()
    assert second.images == whole.images
    expected = whole.networks()
    for name, tensor in second.networks().items():
        assert torch.equal(tensor, expected[name]), name


def test_each_player_learns_against_a_resting_other(tmp_path: Path) -> None:
    trainer = Trainer(parse([*SMALL, "--steps", "1", "--out", str(tmp_path)]))
    trainer.pool.renew()
    steps = Steps(trainer.players, Stage(32, 8, 1.0, 4), gamma=100.0, graphs=False)
    steps.real.copy_(trainer.pool.sample(8, 32, trainer.dice))
    trainer._roll(steps)
    telling = [float(steps.discriminator_step()) for _ in range(12)]
    assert telling[-1] < 0.8 * telling[0]
    convincing = [float(steps.generator_step()) for _ in range(12)]
    assert convincing[-1] < 0.9 * convincing[0]
    penalties = [float(steps.penalty_step()) for _ in range(12)]
    assert penalties[-1] < penalties[0]


def test_collapse_falls_back_to_the_last_good_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(parse([*SMALL, "--steps", "8", "--out", str(tmp_path)]))
    take = trainer._take_step

    def take_and_break(steps: Steps, stage: Stage) -> dict[str, torch.Tensor]:
        losses = take(steps, stage)
        if trainer.step == 3:
            trainer.players.generator.get_parameter("synthesis.b4.const").data.fill_(torch.nan)
        return losses

    monkeypatch.setattr(trainer, "_take_step", take_and_break)
    trainer.run()
    assert trainer.step == 8
    assert trainer._caution == 0.5
    for name, tensor in trainer.networks().items():
        assert tensor.isfinite().all(), name


def test_pool_restores_what_it_held() -> None:
    def pool() -> PicturePool:
        return PicturePool("planets", size=16, capacity=8, chunk=4, seed=5, device=CPU)

    first, second = pool(), pool()
    for _ in range(3):
        first.renew()
    second.restore(3)
    assert len(first) == len(second) == 8
    assert torch.equal(first.first(8), second.first(8))


def test_stages_cover_the_budget() -> None:
    stages = parse_stages("32x64:1,64x32:3", 64)
    assert [stage_at(stages, p).resolution for p in (0, 0.24, 0.26, 2)] == [32, 32, 64, 64]
    with pytest.raises(ValueError, match="rise to the network's 128 px"):
        parse_stages("32x64:1", 128)
    with pytest.raises(ValueError, match="must look like"):
        parse_stages("32", 32)
    assert Budget(None, 10, 0.0).progress(5) == 0.5


def test_frechet_distance_is_zero_for_equals_and_grows_with_damage() -> None:
    pictures = draw("planets", 24, torch.Generator().manual_seed(0), size=32)
    clean = collect_features([pictures], "cpu")
    noisy = collect_features([pictures + 0.3 * torch.randn(pictures.shape)], "cpu")
    assert clean.shape == (24, 432)
    assert frechet_distance(clean, clean) == pytest.approx(0, abs=1e-3)
    assert frechet_distance(clean, noisy) > 10


def test_state_comes_back_from_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.training.checkpoint.PIECE", 1000)
    tensors = {f"t{i}": torch.full((100,), float(i)) for i in range(6)}
    paths = save_pieces(tmp_path, tensors, {"step": 3})
    assert len(paths) == 3
    read, plain = load_pieces(tmp_path)
    assert plain == {"step": 3}
    assert all(torch.equal(read[name], tensor) for name, tensor in tensors.items())
    paths[1].unlink()
    with pytest.raises(FileNotFoundError, match="3 pieces"):
        load_pieces(tmp_path)
