"""The film that `film_bench` makes: two networks of random weights, edits and a blend that move."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch

from sgview.engine.engine import Engine
from sgview.engine.network import Network
from sgview.show.resolver import Resolver
from sgview.show.takes.recorder import TakeRecorder
from sgview.show.takes.take import RecordedNetwork
from sgview.signals import Instant
from sgview.state.params import Blend, Edit, Params
from stylegan3 import Generator, StyleGAN2Config, StyleGAN3Config
from stylegan3.checkpoints import Checkpoint, save_safetensors

TAKE = "take.jsonl.zst"
NETWORKS = {"stylegan3-t": StyleGAN3Config, "stylegan2": StyleGAN2Config}
FPS = 30.0  # [pictures/s]
_SMALL = 256  # networks up to here have few channels, for machines without a GPU [px]
_EDITS, _GROUPS = 4, 6


def make_film(folder: Path, kind: str, size: int, frames: int) -> None:
    """Write the networks and a take of so many frames into a folder, unless they are there."""
    take = folder / TAKE
    if take.exists():
        return
    few: dict[str, Any] = {"channel_base": 4096, "channel_max": 64} if size <= _SMALL else {}
    config = NETWORKS[kind](img_resolution=size, **few)
    networks = {}
    for seed, slot in enumerate(("a", "b")):
        torch.manual_seed(seed)
        path = folder / f"random-{slot}.safetensors"
        generator = Generator(config).requires_grad_(False).eval()
        state = dict(generator.state_dict())
        save_safetensors(Checkpoint(config, state, kind, "random"), path)
        networks[slot] = (RecordedNetwork(path=str(path), name=path.stem), generator)
    _record(take, frames, {slot: network for slot, (network, _) in networks.items()}, networks)


def _record(take: Path, frames: int, recorded: Any, networks: Any) -> None:
    tensors, groups = _what_moves(networks["a"][1], networks["b"][1])
    resolver = Resolver()
    recorder = TakeRecorder(take, Params(), resolver, recorded)
    for frame in range(frames):
        t = frame / FPS
        share = 0.5 + 0.5 * math.sin(0.7 * t)
        params = Params(
            edits=tuple(
                Edit(tensor=name, amount=1 + 0.2 * math.sin(t + place))
                for place, name in enumerate(tensors)
            ),
            blend=Blend(amounts=dict.fromkeys(groups, share)),
        )
        instant = Instant(t, dt=1 / FPS, elapsed=1 / FPS)
        resolver.resolve(params, instant)
        recorder.record(params, instant, (), recorded)
    recorder.close()


def _what_moves(a: Any, b: Any) -> tuple[list[str], list[str]]:
    """Return tensors to edit and groups to blend."""
    first, second = Network.of(a, "a"), Network.of(b, "b")
    names = [tensor.name for tensor in first.status.tensors if "affine.bias" in tensor.name]
    with Engine("cpu") as engine:
        engine.set_network("a", first)
        engine.set_network("b", second)
        layer = first.status.layers[0].name  # the others are not computed
        picture = engine.render(Params(layer=Params().layer.__class__(name=layer)), 0.0)
        assert picture is not None
        groups = [group.name for group in picture.blend_groups if group.is_blendable]
    return names[:_EDITS], groups[:_GROUPS]
