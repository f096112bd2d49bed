"""TensorFlow pickles: layouts, names, versions, and options of other programs."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from stylegan3 import Generator, StyleGAN2Config
from stylegan3.checkpoints import read
from tests.support.networks import lively


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
        (("4x4/StyleMod/weight", np.zeros((3, 8), np.float32)), "it is StyleGAN1 with the option"),
        (("8x8/Conv7/weight", np.zeros((3, 8), np.float32)), "surplus"),
        (("4x4/Conv/weight", np.zeros((8, 8), np.float32)), "axes"),
        (("4x4/Conv/weight", np.zeros((5, 5, 8, 8), np.float32)), "misshapen"),
        (("8x9/Conv1/weight", np.zeros((3, 3, 8, 8), np.float32)), "surplus"),
    ],
)
def test_what_does_not_fit(forge, networks, written, small2, extra, words):
    assert words in forge.refused(written(networks(small2, extra=[extra])))


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"resolution_w": 32, "resolution_h": 16}, "resolution_w = 32"),
        ({"min_h": 3, "min_w": 4, "res_log2": 2}, "min_h = 3"),
        ({"min_h": 4, "min_w": 4, "res_log2": 3}, "res_log2 = 3"),
        ({"init_res": [4, 5]}, "init_res = 4 × 5"),
        ({"dlatent_broadcast": 14}, "dlatent_broadcast = 14"),
    ],
)
def test_options_that_say_another_size(forge, networks, written, small2, kwargs, words):
    cause = forge.refused(written(networks(small2, kwargs=kwargs)))
    assert words in cause and "16 × 16 px from 4 × 4" in cause


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"use_attention": True}, "the option use_attention = True, which is not known"),
        ({"normalize_latents": False}, "normalize_latents = False, of which only True"),
        ({"use_pixel_norm": True}, "use_pixel_norm"),
        ({"synthesis_func": "networks.G_other"}, "synthesis_func = networks.G_other"),
        ({"\n" * 99: {}}, "a dict"),
    ],
)
def test_options_are_never_skipped(forge, networks, written, small2, kwargs, words):
    cause = forge.refused(written(networks(small2, kwargs=kwargs)))
    assert "it is StyleGAN2 with the option" in cause and words in cause


def test_options_of_training_and_of_the_shapes(networks, written, small2):
    kwargs = {
        "truncation_psi": 0.5,
        "randomize_noise": False,
        "normalize_latents": True,
        "fmap_base": 64,
        "fmap_min": 1,
        "synthesis_func": "training.networks_stylegan2.G_synthesis_stylegan2",
        "mapping_func": "G_mapping",
        "dlatent_avg_beta": None,
        "min_h": 4,
        "min_w": 4,
        "res_log2": 2,
        "init_res": [4, 4],
        "dlatent_broadcast": 6,
    }
    plain = read(written(networks(small2))).config
    assert read(written(networks(small2, kwargs=kwargs))).config == plain


def test_a_box_filter(networks, written, small2):
    config = read(written(networks(small2, kwargs={"resample_kernel": None}))).config
    assert config.resample_filter == (1, 1)


def test_labels_beside_z(networks, written):
    """LabelConcat: one weight without bias, as wide as z."""
    config = StyleGAN2Config(
        z_dim=6,
        c_dim=3,
        w_dim=5,
        img_resolution=8,
        channel_base=64,
        channel_max=8,
        num_mapping_layers=2,
        layer_features=7,
        label_concat=True,
        conv_clamp=None,
        num_fp16_res=0,
    )
    generator = Generator(config).requires_grad_(False)
    gs = networks(generator)
    mapping = gs[2].state["components"]["mapping"].state["variables"]
    label = generator.mapping.embed.weight.numpy().T
    mapping[:] = [pair for pair in mapping if "LabelEmbed" not in pair[0]]
    mapping.append(("LabelConcat/weight", np.ascontiguousarray(label)))
    checkpoint = read(written(gs))
    assert checkpoint.config == config
    assert torch.equal(
        checkpoint.state_dict["mapping.embed.weight"], generator.mapping.embed.weight
    )


def grown(networks, generator, lod):
    """A network of configuration D: a ToRGB for each stage, all of them the last one's."""
    gs = networks(generator, kwargs={"architecture": "skip"})
    variables = gs[2].state["components"]["synthesis"].state["variables"]
    rgb = [(name.replace("16x16/ToRGB", "ToRGB_lod0"), x) for name, x in variables]
    coarse = [(n, x) for n, x in rgb if n.startswith("ToRGB_lod0")]
    for level in (1, 2):
        rgb += [(n.replace("lod0", f"lod{level}"), x * (1 + level)) for n, x in coarse]
    variables[:] = [*rgb, ("lod", np.float32(lod).reshape(()))]
    return gs


@pytest.fixture
def configuration_d():
    """Of equal widths, so that one ToRGB fits all stages."""
    config = StyleGAN2Config(
        z_dim=6, w_dim=5, img_resolution=16, channel_base=1024, channel_max=8, architecture="orig",
        num_mapping_layers=2, conv_clamp=None, num_fp16_res=0,
    )  # fmt: skip
    return lively(config)


def test_configuration_d(networks, written, configuration_d):
    """One ToRGB outside of the scopes; those that served the growth are left out."""
    checkpoint = read(written(grown(networks, configuration_d, 0)))
    assert checkpoint.config.architecture == "orig" and checkpoint.config.lod == 0
    assert "ToRGB layers of lower resolutions" in checkpoint.notes[0]
    weight = checkpoint.state_dict["synthesis.b16.torgb.weight"]
    assert torch.equal(weight, configuration_d.synthesis.b16.torgb.weight)


@pytest.mark.parametrize("lod", [0.25, 1, 1.5, 2])
def test_configuration_d_that_still_grows(networks, written, configuration_d, lod):
    """(1 - f) ToRGB_lodL + f double(ToRGB_lod(L + 1)), doubled L times more."""
    checkpoint = read(written(grown(networks, configuration_d, lod)))
    run = 16 >> int(lod)
    assert checkpoint.config.lod == lod and checkpoint.config.img_resolution == 16
    assert f"finer than {run} × {run} px are left out" in checkpoint.notes[0]
    played = Generator.of(checkpoint.config, checkpoint.state_dict).requires_grad_(False)
    ws = torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(0))
    assert played.synthesis.num_ws == 6

    def picture(level):
        synthesis, x = configuration_d.synthesis, None
        for row, resolution in enumerate((4, 8, 16)[: 3 - level]):
            block = getattr(synthesis, f"b{resolution}")
            x = (
                block.const.expand(2, -1, -1, -1)
                if x is None
                else block.conv0(x, ws[:, 2 * row - 1])
            )
            x = block.conv1(x, ws[:, 2 * row])
        torgb = copy.deepcopy(synthesis.b16.torgb)
        scale = 1 + level
        torgb.weight.mul_(scale)
        torgb.affine.weight.mul_(scale)
        torgb.affine.bias.copy_((torgb.affine.bias - 1) * scale + 1)
        torgb.bias.mul_(scale)
        return torgb(x, ws[:, 2 * row + 1])

    level, share = int(lod), lod - int(lod)
    expected = picture(level) * (1 - share)
    if share:
        expected = expected + twice(picture(level + 1)) * share
    for _ in range(level):
        expected = twice(expected)
    torch.testing.assert_close(played.synthesis(ws), expected, rtol=1e-5, atol=1e-5)


def twice(x):
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


@pytest.mark.parametrize("lod", [2.5, 9])
def test_growth_that_is_impossible(forge, networks, written, configuration_d, lod):
    cause = forge.refused(written(grown(networks, configuration_d, lod)))
    assert "it is StyleGAN2 (configuration B to D)" in cause and "docs/formats.md" in cause


@pytest.mark.parametrize("kernel", [1, 5])
def test_kernels_of_other_sizes(networks, written, small2, kernel):
    """The tensors show them."""
    generator = lively(replace(small2.config, conv_kernel=kernel, conv_clamp=None, num_fp16_res=0))
    checkpoint = read(written(networks(generator)))
    assert checkpoint.config == generator.config
    played = Generator.of(checkpoint.config, checkpoint.state_dict)
    ws = torch.ones(1, played.num_ws, 8)
    torch.testing.assert_close(played.synthesis(ws), generator.synthesis(ws))
    assert played.synthesis(ws).shape == (1, 3, 16, 16)


def test_noise_pictures_of_another_size(forge, networks, written, small2):
    """Of a program that draws them anew: it keeps square ones beside layers that are not."""
    config = replace(small2.config, init_res=(6, 4))
    generator = Generator(config).requires_grad_(False)
    gs = networks(generator, kwargs={"resolution_h": 24, "resolution_w": 16})
    variables = gs[2].state["components"]["synthesis"].state["variables"]
    square = [(n, x[:, :, : x.shape[-1], :] if n.startswith("noise") else x) for n, x in variables]
    scopes = {"4x4/": "6x4/", "8x8/": "12x8/", "16x16/": "24x16/"}
    for old, new in scopes.items():
        square = [(n.replace(old, new) if n.startswith(old) else n, x) for n, x in square]
    variables[:] = square
    checkpoint = read(written(gs))
    assert checkpoint.config.init_res == (6, 4)
    assert "no noise pictures for 5 layers" in checkpoint.notes[0]


def test_a_synthesis_without_its_mapping(forge, networks, written, small2):
    gs = networks(small2)
    del gs[2].state["components"]["mapping"]
    assert "without the mapping network" in forge.refused(written(gs))


def test_progressive_gan_is_named(forge, networks, written, small2):
    gs = networks(small2, version=2)
    gs[2].state["variables"].append(("4x4/Dense/weight", np.zeros((8, 8), np.float32)))
    assert "it is Progressive GAN" in forge.refused(written(gs))


def test_networks_without_end(forge, networks, written, small2):
    _, _, gs = networks(small2)
    gs.state["components"]["again"] = gs
    assert "nested" in forge.refused(written(gs))


def test_a_network_that_is_no_generator(forge, networks, written, small2):
    _, d, _ = networks(small2)
    assert "not a StyleGAN2 generator" in forge.refused(written(d))
