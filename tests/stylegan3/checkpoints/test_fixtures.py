"""Every reference network loads, with the right configuration and the right tensors."""

import numpy as np
import pytest
import torch

import stylegan3
from stylegan3 import StyleGAN2Config, StyleGAN3Config
from stylegan3.checkpoints import read, save_safetensors

SG3T = StyleGAN3Config(
    z_dim=32, w_dim=32, img_resolution=64, channel_base=1024, channel_max=16, num_layers=14
)
SG2 = StyleGAN2Config(
    z_dim=32, w_dim=32, img_resolution=64, channel_base=512, channel_max=16, num_mapping_layers=4
)
FIXTURES = {
    "sg3-t-64-a.pkl": ("StyleGAN3-T", SG3T),
    "sg3-t-64-b.pkl": ("StyleGAN3-T", SG3T),
    "sg3-r-64.pkl": (
        "StyleGAN3-R",
        StyleGAN3Config(
            z_dim=32,
            w_dim=32,
            img_resolution=64,
            channel_base=2048,
            channel_max=16,
            num_layers=8,
            conv_kernel=1,
            use_radial_filters=True,
        ),
    ),
    "sg2-64-a.pkl": ("StyleGAN2", SG2),
    "sg2-cond-resnet-32.pkl": (
        "StyleGAN2",
        StyleGAN2Config(
            z_dim=32,
            c_dim=3,
            w_dim=32,
            img_resolution=32,
            channel_base=512,
            channel_max=16,
            num_mapping_layers=4,
            architecture="resnet",
        ),
    ),
    "sg2-tf-legacy-32.pkl": (
        "StyleGAN2",
        StyleGAN2Config(
            z_dim=32,
            w_dim=32,
            img_resolution=32,
            channel_base=512,
            channel_max=16,
            num_mapping_layers=4,
            num_fp16_res=0,
            conv_clamp=None,
        ),
    ),
    "sg2-rosinality-64.pt": (
        "StyleGAN2",
        StyleGAN2Config(
            z_dim=32,
            w_dim=32,
            img_resolution=64,
            channel_base=1536,
            channel_max=24,
            num_mapping_layers=4,
            num_fp16_res=0,
            conv_clamp=None,
        ),
    ),
}


@pytest.mark.parametrize("name", FIXTURES)
def test_family_and_configuration(forge, name):
    checkpoint = read(forge.DATA / name)
    assert (checkpoint.family, checkpoint.config) == FIXTURES[name]
    assumed = [note for note in checkpoint.notes if "is assumed" in note]
    assert checkpoint.notes == tuple(assumed)
    assert len(assumed) == (1 if name.endswith(".pt") else 0)  # pickles say it all
    assert all(t.dtype == torch.float32 for t in checkpoint.state_dict.values())
    assert all(t.is_contiguous() for t in checkpoint.state_dict.values())


@pytest.mark.parametrize("name", FIXTURES)
def test_pictures_are_those_of_the_published_programs(forge, name):
    expected = np.load((forge.DATA / name).with_suffix(".npz"))
    generator = stylegan3.load(forge.DATA / name)
    c = torch.from_numpy(expected["c"]) if generator.c_dim else None
    with torch.no_grad():
        image = generator(torch.from_numpy(expected["z"]), c).numpy()
    error = np.linalg.norm(image - expected["image"]) / np.linalg.norm(expected["image"])
    assert error < 1e-5


@pytest.mark.parametrize("name", FIXTURES)
def test_conversion_keeps_every_bit(forge, name, tmp_path):
    before = read(forge.DATA / name)
    save_safetensors(before, tmp_path / "a.safetensors")
    after = read(tmp_path / "a.safetensors")
    assert after.config == before.config
    assert after.family == before.family
    assert after.source_format == f"safetensors (from: {before.source_format})"
    assert list(after.state_dict) == list(before.state_dict)
    for key, tensor in before.state_dict.items():
        assert after.state_dict[key].dtype == tensor.dtype
        assert torch.equal(after.state_dict[key], tensor), key


def test_rosinality_tensors_agree_with_torch(forge):
    path = forge.DATA / "sg2-rosinality-64.pt"
    theirs = torch.load(path, weights_only=True)
    ours = read(path).state_dict
    g = theirs["g_ema"]
    assert torch.equal(ours["mapping.w_avg"], theirs["latent_avg"])
    assert torch.equal(ours["mapping.fc3.bias"], g["style.4.bias"])
    assert torch.equal(ours["synthesis.b4.const"], g["input.input"][0])
    assert torch.equal(ours["synthesis.b16.conv0.weight"], g["convs.2.conv.weight"][0])
    assert torch.equal(ours["synthesis.b64.conv1.noise_const"], g["noises.noise_8"][0, 0])
    assert torch.equal(ours["synthesis.b64.torgb.bias"], g["to_rgbs.3.bias"].flatten())
    kernel = g["convs.0.conv.blur.kernel"]
    assert torch.equal(ours["synthesis.b8.conv0.resample_filter"], kernel / 4)


def test_progress_runs_from_0_to_1(forge):
    shares: list[float] = []
    read(forge.DATA / "sg3-r-64.pkl", shares.append)
    assert shares[0] == 0 and shares[-1] == 1
    assert shares == sorted(shares)
    assert len(shares) > 20


def test_load_accepts_text_and_gives_a_generator_at_rest(forge):
    generator = stylegan3.load(str(forge.DATA / "sg3-r-64.pkl"))
    assert not generator.training
    assert not any(p.requires_grad for p in generator.parameters())


def test_tensors_as_the_file_has_them(forge, small3, tmp_path):
    module = forge.persistent(small3, forge.sg3_kwargs(small3.config), cast=torch.float16)
    path = tmp_path / "half.pkl"
    path.write_bytes(forge.dump({"G_ema": module}))
    stored = read(path, dtype=None).state_dict["mapping.fc0.weight"]
    assert stored.dtype == torch.float16
    asked = read(path).state_dict["mapping.fc0.weight"]
    assert asked.dtype == torch.float32
    assert torch.equal(asked, small3.state_dict()["mapping.fc0.weight"].half().float())
