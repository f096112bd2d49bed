"""What is said to do nothing does nothing, measured; and what does something is not said to."""

import pytest
import torch
from msgspec.structs import replace

from sgview.engine.latents.latents import LatentSource
from sgview.state.fields import fields_of
from sgview.state.idle import idle_reason, idle_reasons
from sgview.state.motion import motion_at
from sgview.state.params import Latents, Mixing, Noise, Params, Walk
from sgview.state.paths import get_leaf, leaf_at, set_leaf

AXES = ("translate", "translate_speed", "rotate", "scale", "pivot")
PATHS = [
    f"noise.{name}.{axis}" if name in AXES else f"noise.{name}"
    for name in fields_of(Noise)
    for axis in ("xyz" if name in AXES else "x")
]
SETS = {
    "default": Params(),
    "independent": Params(latents=Latents(mode="independent")),
    "as w": Params(latents=Latents(space="w")),
    "loop": Params(noise=Noise(loop=7.0)),
    "turned": Params(noise=Noise(type="simplex3d", rotate=(10.0, 20.0, 30.0), scale=(2, 1, 1))),
    "pivot": Params(noise=Noise(pivot=(0.1, 0.2, 0.0), harmonics=0)),
    "perlin4d": Params(noise=Noise(type="perlin4d", offset=0.4)),
    "random": Params(noise=Noise(type="random")),
    "off": Params(latents=Latents(source="seeds", seed_speed=0.3)),
}
TYPES = {"noise.type": "perlin3d", "noise.loop_unit": "beats", "noise.monochrome": False}


def latent(params: Params) -> torch.Tensor:
    """What the network makes of it: z by its length alone."""
    motion = motion_at(params, 1.3, 3.7)
    rows = 2 if params.latents.space == "w" else 1
    vector = LatentSource().vector(params, motion, 48, rows=rows).double()
    if params.latents.space == "z":
        vector = vector / vector.square().mean().sqrt()
    return vector


def changed(params: Params, path: str) -> bool:
    leaf = leaf_at(path)
    assert leaf is not None
    value = get_leaf(params, leaf)
    new = TYPES.get(path)
    if new is None:
        new = value + (37.0 if ".rotate." in path else 1 if leaf.kind == "int" else 0.37)
    other = set_leaf(params, leaf, new)
    before, after = latent(params), latent(other)
    return not torch.allclose(before, after, atol=2e-5)


@pytest.mark.parametrize("name", SETS)
def test_reasons_are_true(name):
    params = SETS[name]
    for path in PATHS:
        assert bool(idle_reason(params, path)) != changed(params, path), path


def test_a_vector_is_idle_if_all_of_it_is():
    params = Params(latents=Latents(mode="independent"))
    asked = ("noise.rotate", "noise.pivot", "noise.translate", "noise.period")
    assert set(idle_reasons(params, asked)) == {"noise.rotate", "noise.pivot"}


def test_the_fader_says_what_it_lacks():
    assert "no speed" in idle_reason(Params(latents=Latents(source="seeds")), "latents.motion")
    assert not idle_reason(SETS["off"], "latents.motion")
    still = Params(noise=replace(Noise(), translate_speed=(0.0, 0.0, 0.0)))
    assert idle_reason(still, "latents.motion")
    assert not idle_reason(Params(), "latents.motion")
    standing = Params(latents=Latents(source="seeds"))
    for heard in (
        replace(standing, walk=Walk(reach=0.4)),
        replace(standing, walk=Walk(reach=0.4, speed=0.0, loop=3.0)),
        replace(standing, mixing=Mixing(rows=(1.0,), seed_speed=0.5)),
        replace(standing, mixing=Mixing(rows=(1.0,), source="noise")),
    ):
        assert not idle_reason(heard, "latents.motion")
    for unheard in (
        replace(standing, walk=Walk(reach=0.4, speed=0.0)),
        replace(standing, mixing=Mixing(rows=(0.0,), seed_speed=0.5)),
        replace(standing, mixing=Mixing(rows=(1.0,))),
    ):
        assert idle_reason(unheard, "latents.motion")
    assert idle_reason(SETS["as w"], "mapping.truncation_psi")
