import pytest
import torch

from sgview.engine.engine import Engine
from sgview.engine.network import tensors_of
from sgview.engine.untrained import build_pair
from sgview.state.params import Blend, Params


@pytest.fixture(scope="module")
def pair():
    return build_pair()


@pytest.fixture
def playing(pair, engine: Engine):
    engine.set_network("a", pair[0])
    engine.set_network("b", pair[1])
    return engine


def pictures(engine, params=None):
    frames = [engine.render(params or Params(), t) for t in (0.0, 2.0, 5.0, 9.0)]
    return torch.stack([frame.rgba8[..., :3] for frame in frames]).float()


def test_always_the_same(pair):
    for first, again in zip(pair, build_pair(), strict=True):
        assert first.status == again.status
        others = tensors_of(again.generator)
        for name, tensor in tensors_of(first.generator).items():
            assert torch.allclose(tensor, others[name], rtol=1e-4, atol=1e-5), name


def test_small_and_of_one_configuration(pair):
    a, b = pair
    assert a.generator.config == b.generator.config
    assert a.status.img_resolution == 128 and a.status.path == ""
    assert a.status.name != b.status.name
    assert a.status.num_parameters < 1_000_000


@pytest.mark.parametrize("source", ["a", "b"])
def test_lively_and_colourful(playing, source):
    frames = pictures(playing, Params(blend=Blend(source=source)))
    assert frames.std((1, 2)).mean() > 25  # forms within a picture
    assert (frames.amax(-1) - frames.amin(-1)).mean() > 40  # colours, not grey
    assert (frames[1:] - frames[:-1]).abs().mean() > 25  # motion
    is_clipped = (frames == 0) | (frames == 255)
    assert is_clipped.float().mean() < 0.35


def test_clearly_different(playing):
    a, b = (pictures(playing, Params(blend=Blend(source=s))) for s in ("a", "b"))
    assert (a - b).abs().mean() > 40


def test_the_way_from_one_to_the_other_is_never_empty(playing):
    groups = [group.name for group in playing.render(Params(), 0.0).blend_groups]
    assert all(group.is_blendable for group in playing.render(Params(), 0.0).blend_groups)
    for amount in (0.25, 0.5, 0.75):
        frames = pictures(playing, Params(blend=Blend(amounts=dict.fromkeys(groups, amount))))
        assert frames.std((1, 2)).mean() > 8
        assert 30 < frames.mean() < 225
