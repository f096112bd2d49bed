"""StyleGAN-XL's files: whole snapshots of dill, what is left of them, and tensors by name."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import stylegan3
from stylegan3 import StyleGANXLConfig
from stylegan3.checkpoints import read, save_safetensors
from stylegan3.checkpoints.source import Source
from tests.support import DATA
from tests.support.networks import SMALL_XL, lively, unpacked

T = StyleGANXLConfig(
    z_dim=8,
    c_dim=5,
    w_dim=24,
    img_resolution=16,
    channel_base=512,
    channel_max=24,
    conv_clamp=256,
    magnitude_ema_beta=0.9977843871238888,
    embed_classes=7,
    embed_features=12,
)
FILES = {
    "sgxl-t-stem-cond-16-empty.pkl": T,
    "sgxl-t-sr-cond-32.pkl": replace(T, img_resolution=32, head_layers=(7,), up_factors=(2,)),
    "sgxl-r-sr-sr-uncond-64.pkl": replace(
        T,
        c_dim=0,
        img_resolution=64,
        num_layers=7,
        channel_base=1024,
        channel_max=20,
        conv_kernel=1,
        use_radial_filters=True,
        head_layers=(4, 5),
        up_factors=(2, 2),
    ),
}


def located(name: str, folder: Path) -> Path:
    path = DATA / name
    return path if path.exists() else unpacked(name, folder)


@pytest.mark.parametrize("name", FILES)
def test_family_and_configuration(name: str, tmp_path: Path) -> None:
    checkpoint = read(located(name, tmp_path))
    assert checkpoint.family == "StyleGAN-XL"
    assert checkpoint.config == FILES[name]
    assert checkpoint.notes == ()
    assert all(t.dtype == torch.float32 for t in checkpoint.state_dict.values())
    if FILES[name].c_dim:  # these are whole snapshots
        assert checkpoint.training["best_fid"] == 12.5
        assert checkpoint.state_dict["mapping.w_avg"].shape == (5, 24)


@pytest.mark.parametrize("name", FILES)
def test_conversion_keeps_every_bit(name: str, tmp_path: Path) -> None:
    before = read(located(name, tmp_path))
    save_safetensors(before, tmp_path / "a.safetensors")
    after = read(tmp_path / "a.safetensors")
    assert (after.config, after.family) == (before.config, before.family)
    assert list(after.state_dict) == list(before.state_dict)
    assert all(torch.equal(after.state_dict[k], t) for k, t in before.state_dict.items())


def test_other_networks_of_the_file_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G and D lie before G_ema; their numbers, and D's code, stay in the file."""
    path = located("sgxl-t-sr-cond-32.pkl", tmp_path)
    done = []
    read_into = Source.read_into

    def note(source: Source, start: int, target: memoryview) -> None:
        done.append((start, len(target)))
        read_into(source, start, target)

    monkeypatch.setattr(Source, "read_into", note)
    checkpoint = read(path)
    wanted = sum(t.numel() for t in checkpoint.state_dict.values()) * 4
    assert sum(length for _, length in done) <= wanted < path.stat().st_size / 4


def test_tensors_by_name_alone(tmp_path: Path) -> None:
    """Nothing says where stages begin but names, sizes and filters."""
    path = DATA / "sgxl-r-sr-sr-uncond-64.pkl"
    checkpoint = read(path)
    torch.save({"g_ema": checkpoint.state_dict}, tmp_path / "a.pt")
    found = read(tmp_path / "a.pt")
    assert found.family == "StyleGAN-XL"
    expected = np.load(path.with_suffix(".npz"))
    with torch.no_grad():
        image = stylegan3.load(tmp_path / "a.pt")(torch.from_numpy(expected["z"])).numpy()
    error = np.linalg.norm(image - expected["image"])
    assert error < 1e-5 * np.linalg.norm(expected["image"])


def test_averages_that_are_missing_are_made_for_every_class(tmp_path: Path) -> None:
    config = replace(SMALL_XL, c_dim=6)  # all that have an embedding
    state = lively(config).state_dict()
    del state["mapping.w_avg"]
    torch.save(state, tmp_path / "a.pt")
    checkpoint = read(tmp_path / "a.pt")
    assert "mean of" in checkpoint.notes[0]
    made = checkpoint.state_dict["mapping.w_avg"]
    generator = stylegan3.load(tmp_path / "a.pt")
    z = torch.randn(4000, config.z_dim, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        for k in range(config.c_dim):
            mean = generator.mapping(z, torch.eye(config.c_dim)[[k] * len(z)])[:, 0].mean(0)
            assert (made[k] - mean).norm() < 0.1 * mean.norm()


@pytest.mark.parametrize("cast", [torch.float32, torch.float16])
def test_a_pickled_network(forge: SimpleNamespace, tmp_path: Path, cast: torch.dtype) -> None:
    """Whatever arguments say, which are those of the last stage: the layers count."""
    generator = lively(SMALL_XL)
    kwargs = {"path_stem": "stem.pkl", "head_layers": 4, "up_factor": 2, "img_resolution": 64}
    module = forge.persistent(generator, kwargs, name="SuperresGenerator", cast=cast)
    path = tmp_path / "a.pkl"
    path.write_bytes(forge.dump({"G_ema": module}))
    checkpoint = read(path)
    assert [layer.name for layer in checkpoint.config.layers] == [
        layer.name for layer in SMALL_XL.layers
    ]
    for name, tensor in generator.state_dict().items():
        assert torch.equal(checkpoint.state_dict[name], tensor.to(cast).float()), name


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        ("mapping.embed_proj.bias", "1 missing"),
        ("mapping.fc1.weight", "it is StyleGAN-XL, but tensor mapping.fc1.weight is missing"),
        ("synthesis.L0_24_21.weight", "it is StyleGAN-XL, but"),
        ("mapping.embed.weight", "it is StyleGAN-XL, but"),
    ],
)
def test_what_is_missing_is_told(
    forge: SimpleNamespace, tmp_path: Path, tensor: str, message: str
) -> None:
    generator = lively(SMALL_XL)
    assert tensor in generator.state_dict()
    path = tmp_path / "a.pkl"
    path.write_bytes(forge.dump({"G_ema": forge.persistent(generator, {}, drop=(tensor,))}))
    assert message in forge.refused(path)


@pytest.mark.parametrize("value", [float("nan"), "many", (1, 2), 1 << 40])
def test_attributes_that_make_no_sense(
    forge: SimpleNamespace, tmp_path: Path, value: object
) -> None:
    generator = lively(SMALL_XL)
    attributes = {"synthesis": {"first_cutoff": value, "num_fp16_res": value}}
    path = tmp_path / "a.pkl"
    module = forge.persistent(generator, {}, attributes=attributes)
    path.write_bytes(forge.dump({"G_ema": module}))
    assert "it is StyleGAN-XL" in forge.refused(path) or "impossible" in forge.refused(path)
