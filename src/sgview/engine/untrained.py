"""A StyleGAN3 pair without training, made to be looked at.

A fresh StyleGAN3 gives grey fog: its features are mostly constant, and every layer blurs them. Here
the early convolutions lose most of the constant part of their kernels, so that forms arise and are
carried on; `magnitude_ema` is measured as training would; and ToRGB maps the strongest directions
in which the last features vary to the axes of a palette.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sgview.engine.network import Network, tensors_of
from stylegan3 import Generator, StyleGAN3Config

CONFIG = StyleGAN3Config(z_dim=64, w_dim=64, img_resolution=128, channel_base=1280, channel_max=48)

_Colour = tuple[float, float, float]  # RGB, 0 is middle grey, -1 black, 1 white
_FORMING_LAYERS = 9  # layers whose styles differ freely from picture to picture
_PICTURES = 6  # that are measured
_RESEMBLANCE = 0.6  # correlation of the second network's weights with the first's


@dataclass(frozen=True)
class _Look:
    """What one of the networks is made from."""

    name: str
    seed: int
    edges: int  # early layers that make forms
    flatness: float  # share of the kernels' constant part that later layers lose
    shared: float  # share of the variation between pictures that colours follow
    base: _Colour  # where the features are at their mean
    axes: tuple[_Colour, _Colour, _Colour]  # one standard deviation along the strongest directions


_EMBERS = _Look(
    name="embers",
    seed=81,
    edges=5,
    flatness=0.5,
    shared=0.8,
    base=(0.05, -0.3, 0.0),
    axes=((0.56, 0.5, 0.06), (0.38, -0.19, -0.12), (-0.12, 0.06, 0.5)),
)
_TIDES = _Look(
    name="tides",
    seed=82,
    edges=4,
    flatness=0.6,
    shared=0.7,
    base=(-0.3, -0.05, 0.12),
    axes=((0.3, 0.38, 0.35), (-0.2, 0.1, 0.28), (0.35, 0.1, -0.15)),
)


def build_pair() -> tuple[Network, Network]:
    """Return two networks of one configuration, the same everywhere up to rounding."""
    directions: list[Tensor] = []
    embers = _build(_EMBERS, None, directions)
    return embers, _build(_TIDES, embers, directions)


@torch.no_grad()
def _build(look: _Look, sibling: Network | None, directions: list[Tensor]) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(look.seed)
        generator = Generator(CONFIG).requires_grad_(False)
        layers: list[Any] = [generator.synthesis.get_submodule(g.name) for g in CONFIG.layers]
        _enliven(generator.synthesis.input, layers, look)
        if sibling is not None:
            _resemble(generator, sibling)
        z = torch.randn(_PICTURES, CONFIG.z_dim)
    hooks = [layer.register_forward_pre_hook(_measure_magnitude) for layer in layers]
    hooks.append(
        layers[-1].register_forward_pre_hook(lambda m, x: _colour(m, x[0], look, directions))
    )
    generator(z)
    for hook in hooks:
        hook.remove()
    return Network.of(generator, look.name)


def _resemble(generator: Generator, sibling: Network) -> None:
    """Correlate all weights with a sibling's, as in networks that one was trained from the other.

    Halfway between unrelated weights there is nothing; between these there are pictures.
    """
    others = tensors_of(sibling.generator)
    for name, tensor in tensors_of(generator).items():
        if name.endswith(("weight", "bias")):
            own = math.sqrt(1.0 - _RESEMBLANCE**2)
            tensor.mul_(own).add_(others[name] * _RESEMBLANCE)
        elif name.endswith(("freqs", "phases")):
            tensor.copy_(others[name])


def _enliven(first: Any, layers: list[Any], look: _Look) -> None:
    """Give forms to the features, and a motion of its own to the input."""
    first.affine.weight.copy_(torch.randn_like(first.affine.weight) * 0.3)
    for index, layer in enumerate(layers):
        layer.bias.copy_(torch.randn_like(layer.bias) * 0.3)
        layer.affine.weight.mul_(1.0 if index < _FORMING_LAYERS else 0.2)
        if layer.weight.shape[-1] > 1:
            share = 0.95 if index < look.edges else look.flatness
            layer.weight.sub_(layer.weight.mean((2, 3), keepdim=True) * share)
    layers[-1].affine.weight.mul_(0.5)


def _measure_magnitude(layer: Any, arguments: tuple[Tensor, ...]) -> None:
    """Set what training would have averaged: the mean square of the layer's input."""
    layer.magnitude_ema.copy_(arguments[0].square().mean())


def _colour(
    to_rgb: Any,
    features: Tensor,  # [N, C, H, W]
    look: _Look,
    directions: list[Tensor],  # [C, 3]; found and added, if there are none
) -> None:
    """Map the three strongest directions of the features (principal components) to the palette.

    The second network takes the first one's directions, so that colours blend too.
    """
    channels = features.shape[1]
    mean = features.mean((0, 2, 3))
    of_each = features.mean((2, 3), keepdim=True)
    varying = features - mean[:, None, None] - (1.0 - look.shared) * (of_each - mean[:, None, None])
    samples = varying.permute(1, 0, 2, 3).reshape(channels, -1)
    covariance = samples @ samples.T / samples.shape[1]
    steady = mean / mean.norm()  # left out, so that brightness hardly depends on the blend
    if not directions:
        without = torch.eye(channels) - torch.outer(steady, steady)
        covariance = without @ covariance @ without
        strongest = torch.linalg.eigh(covariance)[1][:, -3:].flip(1)
        largest = strongest.abs().argmax(0)
        directions.append(strongest * strongest[largest, torch.arange(3)].sign())
    (basis,) = directions
    basis = basis - torch.outer(steady, steady @ basis)
    spread = (basis.T @ covariance @ basis).diagonal().sqrt()
    matrix = (torch.tensor(look.axes).T / spread) @ basis.T  # [RGB, C]
    # What the layer does besides: 1 / sqrt(C), magnitude_ema^-0.5, and the output's scale.
    gain = math.sqrt(channels) * to_rgb.magnitude_ema.sqrt() / CONFIG.output_scale
    to_rgb.weight.copy_((matrix * gain)[:, :, None, None])
    to_rgb.bias.copy_((torch.tensor(look.base) - matrix @ mean) / CONFIG.output_scale)
