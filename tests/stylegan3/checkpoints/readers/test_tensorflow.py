"""TensorFlow pickles: layouts, names, versions, and options of other programs."""

import math

import numpy as np
import pytest
import torch

from stylegan3 import Generator, StyleGAN2Config
from stylegan3.checkpoints import read


def variables_of(generator):
    """The variables a TensorFlow program would have written for one of our generators."""
    top, mapping, synthesis = [], [], []
    for name, tensor in generator.state_dict().items():
        x = tensor.numpy()
        part, *path = name.split(".")
        if name == "mapping.w_avg":
            top.append(("dlatent_avg", x))
        elif part == "mapping":
            layer = "LabelEmbed" if path[0] == "embed" else f"Dense{path[0][2:]}"
            mapping.append((f"{layer}/{path[1]}", x.T if path[1] == "weight" else x))
        elif path[-1] == "resample_filter":
            continue
        else:
            synthesis.append(variable(path, x))
    return [("lod", np.float32(0)), *top], mapping, synthesis


def variable(path, x):
    resolution = int(path[0][1:])
    scope = f"{resolution}x{resolution}"
    if path[1] == "const":
        return f"{scope}/Const/const", x[None]
    kind, last = path[1], path[-1]
    if last == "noise_const":
        stage = int(math.log2(resolution))
        return f"noise{2 * stage - (5 if kind == 'conv0' else 4)}", x[None, None]
    layer = {"conv0": "Conv0_up", "torgb": "ToRGB", "skip": "Skip"}.get(kind, "Conv1")
    if kind == "conv1" and resolution == 4:
        layer = "Conv"
    if path[2] == "affine":
        x, last = (x.T, "mod_weight") if last == "weight" else (x - 1, "mod_bias")
    elif last == "weight":
        x = x.transpose(2, 3, 1, 0)
        if kind in ("conv0", "skip"):
            x = x[::-1, ::-1]
    return f"{scope}/{layer}/{last}", np.ascontiguousarray(x)


@pytest.fixture
def networks(forge):
    """The tuple (G, D, Gs) of a TensorFlow program."""

    def network(name, variables, components=None, version=4, kwargs=None):
        state = {
            "version": version,
            "name": name,
            "static_kwargs": kwargs or {},
            "components": components or {},
            "build_module_src": "raise SystemError('source was run')",
            "build_func_name": name,
            "variables": variables,
        }
        return forge.Call(forge.Name("dnnlib.tflib.network", "Network"), (), state, b"\x81")

    def networks(generator, version=4, extra=(), kwargs=None):
        top, mapping, synthesis = variables_of(generator)
        components = {
            "mapping": network("G_mapping", mapping),
            "synthesis": network("G_synthesis", [*synthesis, *extra]),
        }
        known = {"architecture": generator.config.architecture, "randomize_noise": True}
        gs = network("Gs", top, components, version, known | (kwargs or {}))
        return network("G", [], None, version), network("D", [], None, version), gs

    return networks


@pytest.fixture
def written(tmp_path, forge):
    def written(value, **options):
        path = tmp_path / "network.pkl"
        path.write_bytes(forge.dump(value, **options))
        return path

    return written


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
@pytest.mark.parametrize("c_dim", [0, 3])
def test_tensors_take_their_places(forge, networks, written, architecture, c_dim):
    config = StyleGAN2Config(
        z_dim=6,
        c_dim=c_dim,
        w_dim=5,
        img_resolution=16,
        channel_base=64,
        channel_max=8,
        num_mapping_layers=3,
        embed_features=6 if c_dim else None,
        layer_features=7,
        architecture=architecture,
        conv_clamp=None,
        num_fp16_res=0,
    )
    generator = Generator(config).requires_grad_(False)
    checkpoint = read(written(networks(generator)))
    assert checkpoint.config == config
    for name, tensor in generator.state_dict().items():
        torch.testing.assert_close(checkpoint.state_dict[name], tensor, msg=name, rtol=0, atol=1e-6)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("numpy_1", [True, False])
def test_spellings(networks, written, small2, protocol, numpy_1):
    checkpoint = read(written(networks(small2), protocol=protocol, numpy_1=numpy_1))
    assert checkpoint.source_format == "TensorFlow pickle of StyleGAN2"
    assert checkpoint.config.conv_clamp is None


def test_options_of_ada_and_of_other_programs(networks, written, small2):
    kwargs = {
        "conv_clamp": 256,
        "num_fp16_res": 4,
        "resolution_w": 16,
        "resolution_h": 16,
        "resample_kernel": [1, 3, 3, 1],
        "mapping_lrmul": 0.02,
    }
    config = read(written(networks(small2, kwargs=kwargs))).config
    assert (config.conv_clamp, config.num_fp16_res) == (256, 4)
    assert config.mapping_lr_multiplier == 0.02


def test_only_the_averaged_network(networks, written, small2):
    g, d, gs = networks(small2)
    assert read(written(gs)).notes == ()
    assert read(written([gs])).notes == ()
    gs.state["name"] = "G"
    assert "no averaged weights" in read(written(gs)).notes[0]
    del g, d


@pytest.mark.parametrize("version", [2, 3, None, "4"])
def test_older_versions(forge, networks, written, small2, version):
    cause = forge.refused(written(networks(small2, version=version)))
    assert "Progressive GAN is not supported" in cause and f"version {version}" in cause


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (("4x4/LabelConcat/weight", np.zeros((3, 8), np.float32)), "class-conditional"),
        (("4x4/StyleMod/weight", np.zeros((3, 8), np.float32)), "it is StyleGAN1 with the option"),
        (("8x8/Conv7/weight", np.zeros((3, 8), np.float32)), "surplus"),
        (("4x4/Conv/weight", np.zeros((8, 8), np.float32)), "axes"),
        (("4x4/Conv/weight", np.zeros((5, 5, 8, 8), np.float32)), "misshapen"),
        (("4x4/Const/const", np.zeros((1, 8, 4, 7), np.float32)), "7 x 4"),
    ],
)
def test_what_does_not_fit(forge, networks, written, small2, extra, words):
    assert words in forge.refused(written(networks(small2, extra=[extra])))


def test_rectangular_pictures(forge, networks, written, small2):
    kwargs = {"resolution_w": 32, "resolution_h": 16}
    assert "not square (32 x 16)" in forge.refused(written(networks(small2, kwargs=kwargs)))


def test_networks_without_end(forge, networks, written, small2):
    _, _, gs = networks(small2)
    gs.state["components"]["again"] = gs
    assert "nested" in forge.refused(written(gs))


def test_a_network_that_is_no_generator(forge, networks, written, small2):
    _, d, _ = networks(small2)
    assert "not a StyleGAN2 generator" in forge.refused(written(d))
