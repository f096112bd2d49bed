"""Scripts that change weights in every way people know, call layers one by one, and hook them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from stylegan3 import Generator
from tests.support.networks import SMALL2, SMALL3, SMALL_XL, lively

Fresh = Callable[[Generator], Any]


def convolutions(G: Any) -> list[Tensor]:
    return [p for name, p in G.synthesis.named_parameters() if p.ndim == 4 and "torgb" not in name]


def zero(p: Tensor) -> None:
    p.data.mul_(0)


def cut(p: Tensor) -> None:
    p.data[: len(p) // 2] = 0


def shuffle(p: Tensor) -> None:
    p.data = p.data[torch.randperm(len(p))]


def roll(p: Tensor) -> None:
    p.data.copy_(p.data.roll(1, 1))


def through_numpy(p: Tensor) -> None:
    p.detach().numpy()[:, ::2] = 0.5


def average(p: Tensor) -> None:
    p.data.lerp_(torch.ones_like(p), 0.3)


@pytest.mark.parametrize("bend", [zero, cut, shuffle, roll, through_numpy, average])
def test_what_is_bent_shows_at_once(G: Any, fresh: Fresh, bend: Callable[[Tensor], None]) -> None:
    z = torch.randn(1, G.z_dim)
    before = G(z)
    torch.manual_seed(0)
    for p in convolutions(G)[:3]:
        bend(p)
    after = G(z)
    assert torch.equal(after, fresh(G)(z))
    assert not torch.equal(after, before)


def test_filters_and_buffers_are_bent_too(G: Any, fresh: Fresh) -> None:
    z = torch.randn(1, G.z_dim)
    before = G(z)
    for name, buffer in G.synthesis.named_buffers():
        if name.endswith(("down_filter", "resample_filter")):
            buffer.data[..., 0] += 0.2
    after = G(z)
    assert torch.equal(after, fresh(G)(z))
    assert not torch.equal(after, before)


@pytest.mark.parametrize("config", [SMALL3, SMALL_XL], ids=["stylegan3", "stylegan-xl"])
def test_layers_one_by_one_as_stylegan3_is_published(config: Any) -> None:
    G: Any = lively(config)
    ws = G.mapping(torch.randn(1, G.z_dim))
    rows = ws.unbind(dim=1)
    x = G.synthesis.input(rows[0])
    for name, w in zip(G.synthesis.layer_names, rows[1:], strict=True):
        x = getattr(G.synthesis, name)(x, w, noise_mode="const", force_fp32=True)
    image = x.to(torch.float32) * G.synthesis.output_scale
    assert torch.equal(image, G.synthesis(ws))


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_blocks_one_by_one_as_stylegan2_is_published(architecture: str) -> None:
    G: Any = lively(replace(SMALL2, architecture=architecture))  # type: ignore[arg-type]
    ws = G.mapping(torch.randn(2, G.z_dim))
    block_ws, start = [], 0
    for resolution in G.synthesis.block_resolutions:
        block = getattr(G.synthesis, f"b{resolution}")
        block_ws.append(ws.narrow(1, start, block.num_conv + block.num_torgb))
        start += block.num_conv
    x = img = None
    for resolution, rows in zip(G.synthesis.block_resolutions, block_ws, strict=True):
        x, img = getattr(G.synthesis, f"b{resolution}")(x, img, rows, noise_mode="const")
    assert torch.equal(img, G.synthesis(ws))
    one_by_one = G.synthesis.b8.conv1(
        G.synthesis.b8.conv0(G.synthesis(ws, layer="b4"), ws[:, 1]), ws[:, 2], fused_modconv=False
    )
    assert torch.equal(one_by_one, G.synthesis(ws, layer="b8.conv1")) or architecture == "resnet"
    with pytest.raises(ValueError, match="b8 needs the features of the block before it"):
        G.synthesis.b8(None, None, block_ws[1])
    with pytest.raises(ValueError, match=r"ws must have shape \[N, "):
        G.synthesis.b32(x, img, ws[:, :1])


def test_hooks_see_and_replace_features(G: Any) -> None:
    z = torch.randn(1, G.z_dim)
    before = G(z)
    seen: dict[str, Tensor] = {}
    modules = dict(G.synthesis.named_modules())
    names = [name for name in G.synthesis.layer_names if name in modules and "conv" in name] or [
        name for name in G.synthesis.layer_names if name in modules
    ]

    def keep(name: str) -> Callable[..., None]:
        return lambda module, arguments, output: seen.update({name: output.clone()})

    hooks = [modules[name].register_forward_hook(keep(name)) for name in names]
    G(z)
    for hook in hooks:
        hook.remove()
    ws = G.mapping(z)
    for name, features in seen.items():
        assert torch.equal(features, G.synthesis(ws, layer=name)), name
    assert list(seen) == names

    hook = modules[names[1]].register_forward_hook(lambda m, a, y: y * 0)
    assert not torch.equal(G(z), before)
    hook.remove()
    assert torch.equal(G(z), before)


def test_attributes_that_scripts_read() -> None:
    two, three = lively(SMALL2), lively(SMALL3)
    for G in (two, three):
        config: Any = G.config
        whole: Any = G
        assert (whole.z_dim, whole.w_dim, whole.c_dim) == (24, 20, 0)
        assert (whole.img_resolution, whole.img_channels) == (32, 3)
        assert whole.num_ws == whole.mapping.num_ws == whole.synthesis.num_ws == config.num_ws
        assert whole.mapping.num_layers == config.num_mapping_layers
        assert (whole.mapping.fc0.in_features, whole.mapping.fc0.out_features) == (24, 20)
        assert whole.synthesis.num_fp16_res == 4
    synthesis: Any = two.synthesis
    assert synthesis.block_resolutions == [4, 8, 16, 32]
    assert synthesis.img_resolution_log2 == 5
    b4, b32 = synthesis.b4, synthesis.b32
    assert (b4.in_channels, b4.num_conv, b4.num_torgb, b4.is_last) == (0, 1, 1, False)
    assert (b32.in_channels, b32.num_conv, b32.num_torgb, b32.is_last) == (25, 2, 1, True)
    assert (b32.architecture, b32.use_fp16, b32.resolution) == ("skip", True, 32)
    assert (b32.conv0.in_channels, b32.conv0.out_channels, b32.conv0.up) == (25, 12, 2)
    assert (b32.conv1.resolution, b32.conv1.use_noise, b32.conv1.activation) == (32, True, "lrelu")
    assert (b32.torgb.in_channels, b32.torgb.out_channels) == (12, 3)

    synthesis = three.synthesis
    assert (synthesis.num_layers, synthesis.num_critical) == (6, 2)
    assert (synthesis.output_scale, synthesis.margin_size) == (0.25, 4)
    source = synthesis.input
    assert (source.w_dim, source.channels, source.sampling_rate) == (20, 21, 16)
    assert (source.bandwidth, source.size.tolist()) == (2.0, [24, 24])
    g = SMALL3.layers[2]
    layer = getattr(synthesis, g.name)
    names = "is_torgb is_critically_sampled in_channels out_channels in_sampling_rate conv_kernel"
    names += " out_sampling_rate tmp_sampling_rate in_cutoff out_cutoff in_half_width"
    names += " out_half_width up_factor down_factor up_taps down_taps"
    for name in names.split():
        assert getattr(layer, name) == getattr(g, name), name
    assert layer.in_size.tolist() == [g.in_size] * 2
    assert layer.out_size.tolist() == [g.out_size] * 2
    assert layer.padding == [*g.padding, *g.padding]
    assert [getattr(synthesis, name).is_torgb for name in synthesis.layer_names] == [False] * 6 + [
        True
    ]
    assert np.all(layer.out_size == synthesis.layers[3].size)
