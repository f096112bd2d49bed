"""Networks that are not square play: pictures, layers, flips, edits, blends, and what is listed."""

from typing import Any

import pytest
import torch

from sgview.state.params import Blend, Edit, Layer, Params, View


@pytest.fixture(params=["sg2", "sg3"])
def wide(request: pytest.FixtureRequest) -> Any:
    """Two networks of one shape, and (width, height) of their pictures."""
    if request.param == "sg2":
        make, options, size = request.getfixturevalue("make_sg2"), {"init_res": (3, 5)}, (20, 12)
    else:
        make, options, size = request.getfixturevalue("make_sg3"), {"square": False}, (8, 16)
    return make(0, **options), make(1, **options), size


def test_the_picture_and_its_flips(engine, wide) -> None:
    network, _, (width, height) = wide
    engine.set_network("a", network)
    assert network.status.dimensions == (width, height)
    plain = engine.render(Params(), 1.0)
    assert plain.rgba8.shape == (height, width, 4)
    assert plain.status.size == (width, height) and plain.status.is_finite
    image = network.generator(torch.tensor([plain.latent]))[0]
    levels = (image * 127.5 + 128).clamp(0, 255).to(torch.uint8)
    assert torch.equal(plain.rgba8[..., :3], levels.permute(1, 2, 0))
    sideways = engine.render(Params(view=View(flip_horizontal=True)), 1.0)
    assert torch.equal(sideways.rgba8, plain.rgba8.flip(1))
    upside_down = engine.render(Params(view=View(flip_vertical=True)), 1.0)
    assert torch.equal(upside_down.rgba8, plain.rgba8.flip(0))


def test_every_layer(engine, wide) -> None:
    network, _, _ = wide
    engine.set_network("a", network)
    for layer in network.status.layers:
        picture = engine.render(Params(layer=Layer(name=layer.name)), 0.0)
        assert picture.status.size == layer.dimensions
        assert picture.rgba8.shape == (*layer.dimensions[::-1], 4)
    assert engine.take_notices() == []


def test_edits_and_blends(engine, wide) -> None:
    first, second, _ = wide
    engine.set_network("a", first)
    engine.set_network("b", second)
    plain = engine.render(Params(), 0.0).rgba8
    name = "b16" if "b16" in {layer.group for layer in first.status.layers} else "L2"
    blended = engine.render(Params(blend=Blend(amounts={name: 1.0})), 0.0)
    assert blended.rgba8.shape == plain.shape and not torch.equal(blended.rgba8, plain)
    assert all(group.is_blendable for group in blended.blend_groups)
    edit = Edit(tensor="mapping.fc0.weight", operation="multiply", amount=2.0)
    assert not torch.equal(engine.render(Params(edits=(edit,)), 0.0).rgba8, plain)
    assert torch.equal(engine.render(Params(), 0.0).rgba8, plain)
