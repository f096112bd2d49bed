"""Scripts that optimise latents and noise, train, average weights, copy and search directions."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional as F

from stylegan3 import Generator
from tests.support.networks import SMALL2, SMALL3, SMALL_XL, lively

Fresh = Callable[[Generator], Any]


@pytest.mark.parametrize("config", [SMALL2, SMALL3], ids=["stylegan2", "stylegan3"])
def test_projecting_a_picture(config: Any) -> None:
    """As the published projector: statistics of w, then w and the noise buffers by Adam."""
    lr, steps = 0.1, 6
    G: Any = copy.deepcopy(lively(config)).eval().requires_grad_(False).to("cpu")
    with torch.no_grad():
        goal = G(torch.randn(1, G.z_dim))
    z = np.random.RandomState(123).randn(50, G.z_dim)
    w = G.mapping(torch.from_numpy(z), None)[:, :1, :].cpu().numpy().astype(np.float32)
    w_avg = np.mean(w, axis=0, keepdims=True)
    w_std = (np.sum((w - w_avg) ** 2) / len(w)) ** 0.5
    noise = {name: b for name, b in G.synthesis.named_buffers() if "noise_const" in name}
    assert bool(noise) == (config is SMALL2)
    w_opt = torch.tensor(w_avg, dtype=torch.float32, requires_grad=True)
    optimizer = torch.optim.Adam([w_opt, *noise.values()], betas=(0.9, 0.999), lr=lr)
    for buffer in noise.values():
        buffer[:] = torch.randn_like(buffer)
        buffer.requires_grad = True
    before = {name: b.detach().clone() for name, b in noise.items()}
    losses = []
    for step in range(steps):
        w_noise = torch.randn_like(w_opt) * w_std * 0.05 * (1 - step / steps) ** 2
        ws = (w_opt + w_noise).repeat([1, G.mapping.num_ws, 1])
        picture = G.synthesis(ws, noise_mode="const")
        loss = (picture - goal).square().mean()
        for v in noise.values():  # smooth noise is punished
            n = v[None, None, :, :]
            while n.shape[2] > 8:
                loss = loss + 1e-3 * (n * torch.roll(n, shifts=1, dims=3)).mean() ** 2
                n = F.avg_pool2d(n, kernel_size=2)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        with torch.no_grad():
            for buffer in noise.values():
                buffer -= buffer.mean()
                buffer *= buffer.square().mean().rsqrt()
    assert losses[-1] < losses[0]
    changed = [name for name, b in noise.items() if not torch.equal(b, before[name])]
    assert changed == list(noise)


def test_gradients_after_a_call_in_inference_mode(G: Any) -> None:
    z = torch.randn(1, G.z_dim)
    with torch.inference_mode():
        want = G(z)
        G(z, update_emas=True)
    G.requires_grad_(True).train()
    ws = G.mapping(z).detach().requires_grad_()
    G.synthesis(ws).square().mean().backward()
    assert ws.grad is not None and ws.grad.isfinite().all()
    assert want.shape == (1, 3, G.img_resolution, G.img_resolution)


def test_a_step_of_training_and_its_average(G: Any, fresh: Fresh) -> None:
    """The published loop of weights: G trains, G_ema follows by `copy_` and `lerp`."""
    G.train().requires_grad_(True)
    G_ema = copy.deepcopy(G).eval().requires_grad_(False)
    z = torch.randn(2, G.z_dim)
    before = G_ema(z)
    optimizer = torch.optim.Adam(G.parameters(), lr=0.05, betas=(0.0, 0.99), eps=1e-8)
    for _ in range(2):
        optimizer.zero_grad(set_to_none=True)
        F.softplus(-G(z, update_emas=True).mean((1, 2, 3))).mean().backward()
        optimizer.step()
        beta = 0.5
        with torch.no_grad():
            for p_ema, p in zip(G_ema.parameters(), G.parameters(), strict=True):
                p_ema.copy_(p.lerp(p_ema, beta))
            for b_ema, b in zip(G_ema.buffers(), G.buffers(), strict=True):
                b_ema.copy_(b)
    after = G_ema(z)
    assert not torch.equal(after, before)
    torch.testing.assert_close(after, fresh(G_ema)(z), rtol=0, atol=0)
    for p_ema, p in zip(G_ema.parameters(), G.parameters(), strict=True):  # others' idiom
        p_ema.data.mul_(0.9).add_(p.data, alpha=0.1)
    assert torch.equal(G_ema(z), fresh(G_ema)(z))


@pytest.mark.parametrize("config", [SMALL2, SMALL3], ids=["stylegan2", "stylegan3"])
def test_path_length_needs_gradients_of_gradients(config: Any) -> None:
    G: Any = lively(config).requires_grad_(True)
    ws = G.mapping(torch.randn(1, G.z_dim))
    picture = G.synthesis(ws, noise_mode="none")
    noise = torch.randn_like(picture) / picture[0, 0].numel() ** 0.5
    (slope,) = torch.autograd.grad([(picture * noise).sum()], [ws], create_graph=True)
    lengths = slope.square().sum(2).mean(1).sqrt()
    lengths.sum().backward()
    weights = [p for p in G.synthesis.parameters() if p.ndim == 4]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in weights)


def test_copies_states_and_pickles(G: Any, fresh: Fresh) -> None:
    z = torch.randn(1, G.z_dim)
    want = G(z)
    twin = copy.deepcopy(G)
    assert torch.equal(twin(z), want)
    for p in twin.parameters():
        p.data.mul_(-0.5)
    assert torch.equal(G(z), want)
    bent = twin(z)
    assert not torch.equal(bent, want)
    G.load_state_dict(twin.state_dict())
    assert torch.equal(G(z), bent)
    assert torch.equal(pickle.loads(pickle.dumps(G))(z), bent)
    assert torch.equal(fresh(G)(z), bent)
    assert type(G)(*G.init_args, **G.init_kwargs).config == G.config
    names = {name for name, _ in [*G.named_parameters(), *G.named_buffers()]}
    assert names == set(G.state_dict())
    assert G.to(torch.float64)(z).dtype == torch.float64
    ema = {name: tensor * 2 for name, tensor in lively(G.config).state_dict().items()}
    called = functional_call(lively(G.config), ema, (z,))
    G.float().load_state_dict(ema)
    assert torch.equal(called, G(z))


def test_directions_of_w(G: Any) -> None:
    """Principal components of many w, then of a layer's features, as GANSpace takes them."""
    w = G.mapping(torch.randn(200, G.z_dim))[:, 0]
    mean = w.mean(0)
    _, scales, directions = torch.pca_lowrank(w - mean, q=4)
    edited = []
    for sigma in (-2.0, 0.0, 2.0):
        ws = mean.repeat(1, G.num_ws, 1)
        ws[:, 2:6] += sigma * scales[0] / len(w) ** 0.5 * directions[:, 0]
        edited.append(G.synthesis(ws))
    assert not torch.equal(edited[0], edited[2])
    features: list[Tensor] = []
    name = next(n for n in G.synthesis.layer_names if n in dict(G.synthesis.named_modules()))
    hook = G.synthesis.get_submodule(name).register_forward_hook(
        lambda module, arguments, output: features.append(output.flatten(1))
    )
    for z in torch.randn(6, 1, G.z_dim):
        G(z)
    hook.remove()
    basis = torch.linalg.svd(torch.cat(features) - torch.cat(features).mean(0), full_matrices=False)
    assert basis.Vh.shape[1] == features[0].shape[1]
    closed_form = torch.linalg.svd(G.mapping.fc0.weight)  # as SeFa takes them
    assert closed_form.Vh.isfinite().all()


def test_options_as_published() -> None:
    three = Generator(
        z_dim=24,
        c_dim=0,
        w_dim=20,
        img_resolution=32,
        img_channels=3,
        mapping_kwargs={"num_layers": 2},
        num_layers=6,
        channel_base=640,
        channel_max=21,
        margin_size=4,
    )
    assert three.config == SMALL3
    flat = {"channel_base": 400, "channel_max": 27, "architecture": "skip", "num_fp16_res": 4}
    common: dict[str, Any] = {"z_dim": 24, "c_dim": 0, "w_dim": 20, "img_resolution": 32}
    mapping = {"num_layers": 3}
    for options in (flat, {"synthesis_kwargs": flat}):
        assert Generator(**common, mapping_kwargs=mapping, **options).config == SMALL2
    for config in (SMALL2, SMALL3, SMALL_XL):
        made = lively(config)
        assert Generator(**made.init_kwargs).config == config
    with pytest.raises(TypeError, match="no option 'channel_bse'; did you mean 'channel_base'"):
        Generator(channel_bse=1)
    with pytest.raises(TypeError, match="mapping of stylegan3 has no option 'layers'"):
        Generator(mapping_kwargs={"layers": 1})
    with pytest.raises(ValueError, match="family must be one of"):
        Generator(family="stylegan9")
    with pytest.raises(TypeError, match="either a configuration or options"):
        Generator(SMALL2, z_dim=4)


def test_words_that_published_calls_take(G: Any) -> None:
    z = torch.randn(1, G.z_dim)
    want = G(z)
    assert torch.equal(G(z, None, 1, None, False, fused_modconv=True, force_fp32=True), want)
    state = {k: v.clone() for k, v in G.state_dict().items()}
    ws = G.mapping(z, None, 1, None, True, skip_w_avg_update=True)
    assert torch.equal(G.synthesis(ws, fused_modconv=False, update_emas=False), want)
    assert all(torch.equal(v, state[k]) for k, v in G.state_dict().items())
