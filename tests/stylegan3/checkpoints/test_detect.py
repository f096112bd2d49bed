"""Files that are no network, and networks of other families: each is named."""

import os
import stat
from pathlib import Path

import pytest
import torch

from stylegan3.checkpoints import CheckpointError, read


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>Quota exceeded</html>", "web page"),
        (b"\xef\xbb\xbf\n <HTML>", "web page"),
        (b"<?xml version='1.0'?><Error>AccessDenied</Error>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git lfs pull"),
        (b'{"error": "not found"}', "JSON"),
        (b"\x1f\x8b\x08\x00" + bytes(50), "gzip"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(50), "7z"),
        (b"Rar!\x1a\x07" + bytes(50), "rar"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "picture"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "picture"),
        (b"\x89HDF\r\n\x1a\n" + bytes(50), "HDF5"),
        (b"\x93NUMPY" + bytes(50), "NumPy"),
        (bytes(5000), "zeros"),
        (b"\x80", "no checkpoint"),
        (b"\x80\x09", "no checkpoint"),
        (b"hello, world", "no checkpoint"),
        (b"\x80\x04", "truncated"),
        (b"\x80\x04N.", "no StyleGAN generator"),
        (b"PK\x03\x04", "truncated"),
        (b"PK\x03\x04" + bytes(100), "truncated"),
        (b"PK\x05\x06" + bytes(18), "without a torch checkpoint"),
    ],
)
def test_files_that_are_no_network(tmp_path, forge, data, words):
    path = tmp_path / "file.pkl"
    path.write_bytes(data)
    assert words in forge.refused(path)


def test_paths_that_are_no_file(tmp_path, forge):
    assert forge.refused(tmp_path / "none.pkl") == "there is no such file"
    assert "folder" in forge.refused(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "regular file" in forge.refused(tmp_path / "pipe")
    assert "regular file" in forge.refused(Path("/dev/zero"))


def test_no_permission(tmp_path, forge, monkeypatch):
    path = tmp_path / "file.pkl"
    path.write_bytes(b"\x80\x04N.")
    path.chmod(0)
    if os.access(path, os.R_OK):  # the superuser may read everything

        def refuse(*_args, **_kwargs):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
    assert "permission" in forge.refused(path)
    path.chmod(stat.S_IRUSR)


def test_reading_errors_are_named(tmp_path, forge, monkeypatch):
    path = tmp_path / "file.pkl"
    path.write_bytes(b"\x80\x04N.")

    def fail(*_args, **_kwargs):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    assert "Input/output error" in forge.refused(path)


def test_a_file_that_shrinks_while_it_is_read(forge, tmp_path):
    path = tmp_path / "a.pkl"
    path.write_bytes((forge.DATA / "sg3-r-64.pkl").read_bytes())

    def shrink(share):
        if share > 0.1:
            path.write_bytes(b"")

    with pytest.raises(CheckpointError, match="became shorter"):
        read(path, shrink)


def t(*shape):
    return torch.zeros(shape)


FAMILIES = {
    "FastGAN": {"g_ema": {"module.init.init.0.weight_orig": t(2), "se_64.main.1.weight": t(2)}},
    "lucidrains": {"GAN": {"GE.blocks.0.to_style1.weight": t(2), "S.net.0.weight": t(2)}},
    "MMGeneration": {
        "state_dict": {
            "generator_ema.style_mapping.1.weight": t(2),
            "generator_ema.constant_input.const": t(2),
        },
        "meta": {},
    },
    "GenForce": {
        "models": {
            "generator_smooth": {"mapping.dense0.weight": t(2), "synthesis.layer0.weight": t(2)}
        }
    },
    "Progressive GAN": {"netG": {"scaleLayers.0.0.module.weight": t(2)}},
    "Progressive GAN,": {"initial_block.conv_1.weight": t(2), "layers.0.conv_1.weight": t(2)},
    "StyleGAN1 of StyleGAN.pytorch": {"g_synthesis.blocks.0.conv0_up.bias": t(2)},
    "lightweight GAN": {"GAN": {"G.layers.0.0.2.1.weight": t(2), "GE.layers.0.0.4.bias": t(2)}},
    "EG3D": {"G_ema": {"backbone.synthesis.b4.const": t(2), "decoder.net.0.weight": t(2)}},
    "latent diffusion": {"state_dict": {"model.diffusion_model.input_blocks.0.0.weight": t(2)}},
    "VQGAN": {"state_dict": {"quantize.embedding.weight": t(2)}},
    "BigGAN": {"shared.weight": t(2), "linear.weight": t(2)},
    "no StyleGAN generator in it (it holds net.weight": {"net": {"net.weight": t(2)}},
    "no StyleGAN generator in it": {"x": 1},
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("is_zip", [True, False])
def test_families_of_torch_files(tmp_path, forge, family, is_zip):
    path = tmp_path / "file.pt"
    torch.save(FAMILIES[family], path, _use_new_zipfile_serialization=is_zip)
    cause = forge.refused(path)
    assert family in cause
    assert "docs/formats.md" in cause  # where it is written
    if "generator in it" not in family:
        assert "not supported" in cause


def test_half_a_stylegan1(tmp_path, forge):
    path = tmp_path / "a.model"
    torch.save({"g_running": {"generator.progression.0.conv1.conv.weight": t(2)}}, path)
    cause = forge.refused(path)
    assert "StyleGAN1 of style-based-gan-pytorch" in cause and "not complete" in cause


SUPPORTED = ("StyleGAN-XL",)
CLASSES = {
    "StyleGAN-XL": ("SuperresGenerator", {"mapping": {"embed_proj": {"weight": t(2)}}}),
    "EG3D": ("TriPlaneGenerator", {"backbone": {"synthesis": {"weight": t(2)}}}),
    "StyleGAN-T": ("Generator", {"mapping": {"clip": {"weight": t(2)}}}),
    "FastGAN": ("Generator", {"synthesis": {"se_64": {"main": {"weight": t(2)}}}}),
    "EDM2": ("Precond", {"unet": {"enc": {"weight": t(2)}}}),
    "discriminator": ("Discriminator", {"b4": {"weight": t(2)}}),
}


@pytest.mark.parametrize("family", CLASSES)
def test_families_of_pickled_modules(tmp_path, forge, family):
    name, tree = CLASSES[family]

    def module(tree, name="Part"):
        tensors = {k: v for k, v in tree.items() if isinstance(v, torch.Tensor)}
        below = {k: module(v) for k, v in tree.items() if isinstance(v, dict)}
        state = {"_parameters": tensors, "_buffers": {}, "_modules": below}
        meta = {"type": "class", "version": 6, "class_name": name, "state": state}
        return forge.Call(
            forge.Name("torch_utils.persistence", "_reconstruct_persistent_obj"), (meta,)
        )

    path = tmp_path / "file.pkl"
    key = "D" if family == "discriminator" else "ema" if family == "EDM2" else "G_ema"
    path.write_bytes(forge.dump({key: module(tree, name)}))
    cause = forge.refused(path)
    assert family in cause
    missing = "layers of its synthesis are missing"
    assert (missing if family in SUPPORTED else "not supported") in cause


def test_stylegan_xl_with_layers_of_stylegan3(tmp_path, forge, small3):
    """It carries the published layer names, but computes something else."""
    module = forge.persistent(small3, forge.sg3_kwargs(small3.config))
    mapping = module.args[0]["state"]["_modules"]["mapping"].args[0]["state"]
    proj = {"_parameters": {"weight": t(8, 8)}, "_buffers": {}, "_modules": {}}
    mapping["_modules"]["embed_proj"] = forge.Call(forge.Name("x", "Linear"), (), proj, b"\x81")
    path = tmp_path / "file.pkl"
    path.write_bytes(forge.dump({"G_ema": module}))
    assert "StyleGAN-XL" in forge.refused(path)
