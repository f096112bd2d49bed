import time

import pytest
import torch

from sgview.engine.network import tensors_of
from sgview.state.params import (
    Blend,
    Edit,
    Latents,
    Layer,
    Mapping,
    Noise,
    Params,
    View,
)

WEIGHT = "synthesis.input.weight"


def edited(tensor, operation="multiply", amount=0.0, **options):
    return Params(edits=(Edit(tensor=tensor, operation=operation, amount=amount, **options),))


def test_without_a_network_there_is_no_picture(engine):
    assert engine.render(Params(), 0.0) is None
    with pytest.raises(RuntimeError, match="no network"):
        engine.synthesise(Params())


def test_a_picture(engine, sg3):
    engine.set_network("a", sg3)
    params = Params()
    picture = engine.render(params, 1.5)
    assert picture.rgba8.shape == (16, 16, 4) and picture.rgba8.dtype == torch.uint8
    assert picture.t == 1.5 and picture.params is params
    assert picture.status.size == (16, 16) and picture.status.channels == 3
    assert picture.status.layer == "" and picture.status.is_finite
    assert len(picture.latent) == 8
    assert picture.ready is None
    stages = [timing.stage for timing in picture.timings]
    assert stages == ["weights", "latents", "mapping", "synthesis", "picture"]
    assert all(timing.milliseconds >= 0 for timing in picture.timings)
    assert picture.blend_groups == ()


def test_the_picture_is_what_the_generator_gives(engine, sg3):
    engine.set_network("a", sg3)
    picture = engine.render(Params(), 2.0)
    image = sg3.generator(torch.tensor([picture.latent]))[0]
    levels = (image * 127.5 + 128).clamp(0, 255).to(torch.uint8)
    assert torch.equal(picture.rgba8[..., :3], levels.permute(1, 2, 0))


@pytest.mark.parametrize("network", ["sg3", "sg2"])
@pytest.mark.parametrize("noise_mode", ["const", "random", "none"])
def test_a_frame_depends_on_parameters_and_time_alone(engine, request, network, noise_mode):
    engine.set_network("a", request.getfixturevalue(network))
    params = Params(noise_mode=noise_mode)
    first = engine.render(params, 1.0)
    engine.render(edited("mapping.w_avg", "add", 3.0), 2.0)
    engine.render(Params(layer=Layer(name="input")), 3.0)
    again = engine.render(params, 1.0)
    assert torch.equal(first.rgba8, again.rgba8)
    assert first.status == again.status and first.latent == again.latent
    assert not torch.equal(first.rgba8, engine.render(params, 1.7).rgba8)


def test_every_layer(engine, sg3, sg2):
    for network in (sg3, sg2):
        engine.set_network("a", network)
        for layer in network.status.layers:
            picture = engine.render(Params(layer=Layer(name=layer.name)), 0.0)
            assert picture.status.layer == layer.name
            assert picture.status.size == (layer.size, layer.size)
            assert picture.status.channels == layer.channels
            assert picture.rgba8.shape == (layer.size, layer.size, 4)
    assert engine.take_notices() == []


def test_the_index_of_a_layer_is_enough_and_the_layer_itself_is_shown(engine, sg3):
    engine.set_network("a", sg3)
    picture = engine.render(Params(layer=Layer(name="L2")), 0.0)
    assert picture.status.layer == "L2_20_8"
    ws = sg3.generator.mapping(torch.tensor([picture.latent]))
    features = sg3.generator.synthesis(ws, layer="L2_20_8")
    assert picture.status.statistics.max_abs == pytest.approx(features.abs().max().item())
    assert picture.status.statistics.shown_mean == pytest.approx(
        features[:, :3].mean().item(), abs=1e-6
    )


def test_an_unknown_layer_shows_the_image_and_says_so_once(engine, sg3, sg2):
    engine.set_network("a", sg3)
    params = Params(layer=Layer(name="b16.conv0"))
    for _ in range(3):
        assert engine.render(params, 0.0).status.layer == ""
    (notice,) = engine.take_notices()
    assert "three-0 has no layer b16.conv0" in notice.text
    engine.set_network("a", sg2)
    assert engine.render(params, 0.0).status.layer == "b16.conv0"
    assert engine.take_notices() == []


def test_edits_report_and_act(engine, sg3):
    engine.set_network("a", sg3)
    plain = engine.render(Params(), 0.0)
    picture = engine.render(edited(WEIGHT, amount=2.0), 0.0)
    assert not torch.equal(picture.rgba8, plain.rgba8)
    assert [(s.amount, s.error) for s in picture.edits] == [(2.0, "")]
    assert torch.equal(engine.render(Params(), 0.0).rgba8, plain.rgba8)
    assert "no tensor nonsense" in engine.render(edited("nonsense"), 0.0).edits[0].error


def test_blend_reaches_the_other_network(engine, sg3, sg3_other):
    engine.set_network("a", sg3)
    engine.set_network("b", sg3_other)
    groups = [g.name for g in engine.render(Params(), 0.0).blend_groups]
    whole = Blend(amounts=dict.fromkeys(groups, 1.0))
    alone = engine.render(Params(blend=Blend(source="b")), 0.0)
    assert torch.equal(engine.render(Params(blend=whole), 0.0).rgba8, alone.rgba8)
    plain = engine.render(Params(), 0.0)
    assert not torch.equal(plain.rgba8, alone.rgba8)
    source_a = Params(blend=Blend(source="a", amounts=whole.amounts))
    assert torch.equal(engine.render(source_a, 0.0).rgba8, plain.rgba8)
    engine.swap_networks()
    assert torch.equal(engine.render(Params(), 0.0).rgba8, alone.rgba8)
    assert torch.equal(engine.render(Params(blend=whole), 0.0).rgba8, plain.rgba8)


def test_b_alone_plays_b(engine, sg3_other):
    engine.set_network("b", sg3_other)
    picture = engine.render(Params(blend=Blend(amounts={"L1": 0.5})), 0.0)
    assert picture is not None and picture.blend_groups == ()


@pytest.mark.parametrize("first", ["sg3", "sg2", "conditional"])
@pytest.mark.parametrize("second", ["sg3", "sg2", "conditional"])
def test_networks_of_any_two_kinds(engine, request, make_sg2, first, second):
    def network(name):
        if name == "conditional":
            return make_sg2(5, c_dim=3, architecture="resnet", img_resolution=32, z_dim=9)
        return request.getfixturevalue(name)

    engine.set_network("a", network(first))
    engine.set_network("b", network(second))
    amounts = dict.fromkeys(("mapping", "input", "L1", "L4", "b4", "b16", "b32"), 0.5)
    edits = (Edit(tensor=WEIGHT), Edit(tensor="synthesis.b8.conv0.weight", operation="noise"))
    for source in ("mix", "a", "b"):
        for name in ("", "L2", "b8.conv0", "input"):
            params = Params(
                edits=edits, layer=Layer(name=name), blend=Blend(source=source, amounts=amounts)
            )
            assert engine.render(params, 0.3).status.is_finite
    engine.swap_networks()
    assert engine.render(Params(edits=edits, blend=Blend(amounts=amounts)), 0.0) is not None
    engine.set_network("a", None)
    assert engine.render(Params(), 0.0) is not None
    engine.set_network("b", None)
    assert engine.render(Params(), 0.0) is None


def test_one_network_in_both_slots(engine, sg3):
    engine.set_network("a", sg3)
    engine.set_network("b", sg3)
    engine.render(edited(WEIGHT, amount=2.0), 0.0)
    plain = engine.render(Params(), 0.0)
    assert torch.equal(engine.render(Params(blend=Blend(source="b")), 0.0).rgba8, plain.rgba8)


def test_the_loaded_network_is_never_written(engine, sg3, sg3_other):
    before = {name: x.clone() for name, x in tensors_of(sg3.generator).items()}
    engine.set_network("a", sg3)
    engine.set_network("b", sg3_other)
    engine.render(Params(edits=(Edit(tensor=WEIGHT),), blend=Blend(amounts={"L1": 2.0})), 0.0)
    assert all(torch.equal(before[name], x) for name, x in tensors_of(sg3.generator).items())


@pytest.mark.parametrize("source", ["noise", "seeds"])
def test_latent_as_w_bypasses_mapping(engine, sg3, source):
    engine.set_network("a", sg3)
    params = Params(latents=Latents(source=source, space="w"))
    picture = engine.render(params, 0.4)
    ws = torch.tensor([picture.latent]).repeat(sg3.status.num_ws, 1).unsqueeze(0)
    image = sg3.generator.synthesis(ws)
    assert torch.allclose(engine.synthesise(params, 0.4), image, atol=1e-6)
    assert torch.equal(
        engine.render(params, 0.4).rgba8,
        engine.render(
            Params(latents=params.latents, edits=(Edit(tensor="mapping.w_avg"),)), 0.4
        ).rgba8,
    )


def test_rows_of_w_may_have_noise_of_their_own(engine, sg3):
    engine.set_network("a", sg3)
    latents = Latents(space="w")
    equal = engine.synthesise(Params(latents=latents), 0.4)
    own = engine.synthesise(Params(latents=latents, noise=Noise(monochrome=False)), 0.4)
    assert not torch.allclose(equal, own, atol=1e-3)


def test_amplitude_acts_in_w_and_not_through_the_mapping(engine, sg3):
    engine.set_network("a", sg3)

    def change(space):
        images = [
            engine.synthesise(Params(latents=Latents(space=space), noise=Noise(amplitude=a)), 0.4)
            for a in (0.9, 0.3)
        ]
        return (images[0] - images[1]).abs().max()

    assert change("z") < 1e-4 < 1e-2 < change("w")


def test_truncation_and_classes(engine, make_sg2):
    network = make_sg2(3, c_dim=3)
    engine.set_network("a", network)
    z = torch.randn(1, 6, generator=torch.Generator().manual_seed(0))
    c = torch.tensor([[0.0, 0.25, 0.75]])
    wanted = network.generator(z, c, truncation_psi=0.3, truncation_cutoff=2)
    mapping = Mapping(truncation_psi=0.3, truncation_cutoff=2, class_weights=(0.0, 0.25, 0.75))
    assert torch.allclose(engine.synthesise(Params(mapping=mapping), z=z), wanted, atol=1e-6)
    too_far = Mapping(truncation_psi=0.3, truncation_cutoff=99)
    assert torch.isfinite(engine.synthesise(Params(mapping=too_far), z=z)).all()


def test_flips_reach_the_picture(engine, sg3):
    engine.set_network("a", sg3)
    plain = engine.render(Params(), 0.0).rgba8
    flipped = engine.render(Params(view=View(flip_horizontal=True, flip_vertical=True)), 0.0).rgba8
    assert torch.equal(flipped, plain.flip(0, 1))


@pytest.mark.parametrize("network", ["sg3", "sg2"])
@pytest.mark.parametrize("operation", ["multiply", "zero", "add", "quantise"])
@pytest.mark.parametrize("amount", [0.0, 1.0, -1.0, 1e6])
def test_traps_for_nan_are_guarded(engine, request, network, operation, amount):
    """No edit of any one tensor gives a picture that is not finite: convolutions of zeros,
    `magnitude_ema` of zero and below, an input transform without direction.
    """
    network = request.getfixturevalue(network)
    engine.set_network("a", network)
    for tensor in network.status.tensors:
        picture = engine.render(edited(tensor.name, operation, amount), 0.0)
        assert picture.edits[0].error == ""
        assert picture.status.is_finite, tensor.name


def test_bad_pictures_are_not_shown(engine, sg3):
    engine.set_network("a", sg3)
    good = engine.render(Params(), 0.0)
    poisoned = "synthesis.L1_20_8.bias"
    engine._live["a"].pristine[poisoned] = torch.full((8,), torch.nan)
    for t in (0.0, 0.1, 0.2):
        bad = engine.render(edited(poisoned, amount=1.0), t)
        assert not bad.status.is_finite
        assert torch.equal(bad.rgba8, good.rgba8)
    (notice,) = engine.take_notices()
    assert "L1_20_8 of three-0" in notice.text


def test_bad_mapping_is_named(engine, sg3):
    engine.set_network("a", sg3)
    engine._live["a"].pristine["mapping.fc0.bias"] = torch.full((8,), torch.inf)
    engine.render(edited("mapping.fc0.bias", amount=1.0), 0.0)
    assert "mapping of three-0" in engine.take_notices()[0].text


def test_unchanged_edits_and_blends_cost_nothing(engine, sg3, sg3_other):
    engine.set_network("a", sg3)
    engine.set_network("b", sg3_other)
    edits = tuple(Edit(tensor=t.name, operation="noise") for t in sg3.status.tensors)
    params = Params(edits=edits, blend=Blend(amounts={"L1": 0.5, "L2": 0.5}))
    engine.render(params, 0.0)
    start = time.thread_time()  # of the processor: other programs do not count
    for _ in range(100):
        engine._live["a"].weights.update(params.blend, params.edits)
    assert (time.thread_time() - start) / 100 < 0.002


def test_closing_twice(engine, sg3):
    engine.set_network("a", sg3)
    engine.close()
    engine.close()
    assert engine.networks == {} and engine.render(Params(), 0.0) is None


@pytest.mark.parametrize("family", ["make_sg2", "make_sg3"])
def test_the_fourth_channel_of_an_image_is_alpha(engine, request, family):
    network = request.getfixturevalue(family)(3, img_channels=4)
    engine.set_network("a", network)
    picture = engine.render(Params(view=View(flip_vertical=True)), 2.0)
    image = network.generator(torch.tensor([picture.latent]))[0].flip(1)
    levels = (image * 127.5 + 128).clamp(0, 255).to(torch.uint8)
    assert picture.has_alpha
    assert torch.equal(picture.rgba8, levels.permute(1, 2, 0))
    for layer in (
        Layer(mode="grey"),
        Layer(base_channel=1),
        Layer(name=network.status.layers[0].name),
    ):
        opaque = engine.render(Params(layer=layer), 2.0)
        assert not opaque.has_alpha
        assert (opaque.rgba8[..., 3] == 255).all()
