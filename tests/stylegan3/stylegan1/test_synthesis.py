import dataclasses

import pytest
import torch

from stylegan3 import scale_invariant
from stylegan3.layers import group_of
from tests.support.networks import SMALL1, latent, lively

pytestmark = pytest.mark.usefixtures("no_grad")


def build(**changes):
    return lively(dataclasses.replace(SMALL1, **changes))


def test_every_program_has_its_names_and_knows_the_others():
    first = ("4x4/Const", "4x4/Conv", "8x8/Conv0_up")
    names = {
        "tensorflow": (*first, "ToRGB_lod0"),
        "genforce": ("layer0", "layer1", "layer2", "output3"),
        "rosinality": ("progression.0.adain1", "progression.0", "progression.1.adain1", "to_rgb.3"),
    }
    for program, own in names.items():
        G = build(program=program)
        ws = G.mapping(latent(G))
        assert set(own) <= set(G.synthesis.layer_names)
        for others in names.values():
            for name, other in zip(own, others, strict=True):
                ours = G.synthesis(ws, layer=name)
                assert torch.equal(ours, G.synthesis(ws, layer=other))


def test_layers_say_what_they_give():
    for program in ("tensorflow", "rosinality", "genforce"):
        G = build(program=program)
        ws = G.mapping(latent(G))
        groups = {group_of(name) for name in G.state_dict()} - {"mapping"}
        for spec in G.synthesis.layers:
            output = G.synthesis(ws, layer=spec.name)
            assert output.shape == (1, spec.channels, spec.size, spec.size)
            assert spec.group in groups
        assert torch.equal(output, G.synthesis(ws))


def test_an_unknown_layer_is_told_the_nearest():
    G = build()
    with pytest.raises(ValueError, match="try 8x8/Conv1"):
        G.synthesis(G.mapping(latent(G)), layer="8x8/Conv2")


def test_noise_modes():
    G = build()
    ws = G.mapping(latent(G))
    const, none = G.synthesis(ws), G.synthesis(ws, noise_mode="none")
    torch.manual_seed(1)
    random = G.synthesis(ws, noise_mode="random")
    torch.manual_seed(1)
    assert torch.equal(random, G.synthesis(ws, noise_mode="random"))
    assert torch.equal(const, G.synthesis(ws))
    assert not torch.allclose(const, none) and not torch.allclose(const, random)
    for name, tensor in G.synthesis.named_parameters():
        if name.endswith("noise_strength"):
            tensor.zero_()
    assert torch.equal(G.synthesis(ws), none)
    with pytest.raises(ValueError, match="noise_mode"):
        G.synthesis(ws, noise_mode="some")


def test_rosinality_draws_one_noise_for_both_layers_of_a_block():
    G = build(program="rosinality", use_instance_norm=False)
    for name, tensor in G.synthesis.named_parameters():
        if name.startswith("b4."):
            tensor.zero_()
        if name.endswith(("Const.noise_strength", "Conv.noise_strength")):
            tensor.fill_(1.0)
        if name.endswith("affine.bias"):
            tensor[: len(tensor) // 2] = 1.0
    ws = torch.zeros(1, G.num_ws, G.w_dim)
    seen = []
    for layer in ("progression.0.adain1", "progression.0.adain2"):
        torch.manual_seed(2)
        seen.append(G.synthesis(ws, noise_mode="random", layer=layer))
    assert seen[0].std() > 0.1 and torch.equal(*seen)


def test_weights_may_change_in_place():
    G = build()
    ws = G.mapping(latent(G))
    before = G.synthesis(ws)
    weight = G.get_parameter("synthesis.b8.Conv0_up.weight")
    kept = weight.clone()
    weight.mul_(2)
    assert not torch.allclose(before, G.synthesis(ws))
    weight.copy_(kept)
    assert torch.equal(before, G.synthesis(ws))


def test_nothing_divides_a_factor_out_again():
    """Noise and bias stand between a convolution and the instance norm."""
    assert not scale_invariant(build().state_dict())


def test_gradients_reach_every_parameter_that_is_read():
    G = build().requires_grad_(True)
    with torch.enable_grad():
        G(latent(G), torch.eye(3)[:1]).square().sum().backward()
    silent = [name for name, p in G.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []
