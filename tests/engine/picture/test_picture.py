import pytest
import torch

from sgview.engine.picture.last_good import LastGood
from sgview.engine.picture.picture import measure, select_channels, to_rgba8
from sgview.state.params import Layer, View

FEATURES = torch.randn(1, 8, 5, 7, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("layer", "channels"),
    [
        (Layer(), [0, 1, 2]),
        (Layer(base_channel=4), [4, 5, 6]),
        (Layer(base_channel=99), [5, 6, 7]),
        (Layer(mode="grey"), [0]),
        (Layer(mode="grey", base_channel=99), [7]),
    ],
)
def test_select_channels(layer, channels):
    assert torch.equal(select_channels(FEATURES, layer), FEATURES[0, channels])


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_channels_for_colours_are_grey(count):
    shown = select_channels(FEATURES[:, :count], Layer(base_channel=1))
    assert torch.equal(shown, FEATURES[0, count - 1 : count])


@pytest.mark.parametrize(
    ("value", "level"),
    [(-1.0, 0), (-2.0, 0), (0.0, 128), (0.5, 191), (0.996, 254), (1.0, 255), (1e30, 255)],
)
def test_levels(value, level):
    pixels = to_rgba8(torch.full((3, 2, 2), value), Layer(), View())
    assert pixels.unique().tolist() == sorted({level, 255})
    assert (pixels[..., :3] == level).all() and (pixels[..., 3] == 255).all()


def test_layout():
    pixels = to_rgba8(FEATURES[0, :3] * 0.3, Layer(), View())
    assert pixels.shape == (5, 7, 4) and pixels.dtype == torch.uint8 and pixels.is_contiguous()
    wanted = (FEATURES[0, :3] * 0.3 * 127.5 + 128).clamp(0, 255).to(torch.uint8)
    assert torch.equal(pixels[..., :3], wanted.permute(1, 2, 0))


def test_grey_fills_all_colours():
    pixels = to_rgba8(FEATURES[0, :1], Layer(mode="grey"), View())
    assert torch.equal(pixels[..., 0], pixels[..., 1])
    assert torch.equal(pixels[..., 0], pixels[..., 2])


def test_flips():
    plain = to_rgba8(FEATURES[0, :3], Layer(), View())
    assert torch.equal(
        to_rgba8(FEATURES[0, :3], Layer(), View(flip_horizontal=True)), plain.flip(1)
    )
    assert torch.equal(to_rgba8(FEATURES[0, :3], Layer(), View(flip_vertical=True)), plain.flip(0))
    both = to_rgba8(FEATURES[0, :3], Layer(), View(flip_horizontal=True, flip_vertical=True))
    assert torch.equal(both, plain.flip(0, 1)) and both.is_contiguous()


def test_gain_is_in_decibels():
    x = torch.full((3, 1, 1), 0.1)
    louder = to_rgba8(x, Layer(gain_db=6.0206), View())
    assert louder[0, 0, 0] == int(0.2 * 127.5 + 128)
    assert to_rgba8(x, Layer(gain_db=-40.0), View())[0, 0, 0] == 128
    assert to_rgba8(x, Layer(gain_db=40.0), View())[0, 0, 0] == 255


def test_normalise_is_per_channel_and_before_gain():
    x = torch.stack(
        [torch.tensor([[0.001, -0.002]]), torch.tensor([[30.0, 60.0]]), torch.zeros(1, 2)]
    )
    pixels = to_rgba8(x, Layer(normalise=True), View())
    assert pixels[0, 0, :3].tolist() == [191, 191, 128]
    assert pixels[0, 1, :3].tolist() == [0, 255, 128]
    halved = to_rgba8(x, Layer(normalise=True, gain_db=-6.0206), View())
    assert halved[0, 1, :3].tolist() == [64, 191, 128]


def test_statistics():
    shown = FEATURES[0, 2:5]
    values = measure(FEATURES, shown)
    assert values[0] == 1.0
    for part, x in ((values[1:4], FEATURES), (values[4:7], shown)):
        wanted = torch.stack([x.mean(), x.std(correction=0), x.abs().max()])
        assert torch.allclose(part, wanted, atol=1e-6)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_one_bad_number_anywhere_is_seen(bad):
    features = FEATURES.clone()
    features[0, 7, 4, 6] = bad
    assert measure(features, features[0, :3])[0] == 0.0


def test_large_numbers_are_finite():
    assert measure(torch.full((1, 3, 4, 4), 1e30), torch.full((3, 4, 4), 1e30))[0] == 1.0


def test_bad_pictures_give_way_to_the_last_good_one():
    good, bad = torch.full((2, 3, 4), 9, dtype=torch.uint8), torch.ones(5, 6, 4, dtype=torch.uint8)
    yes, no = torch.tensor(1.0), torch.tensor(0.0)
    last = LastGood()
    first = last.keep(bad, no)
    assert first.shape == bad.shape and first[..., :3].max() == 0 and first[..., 3].min() == 255
    assert last.keep(good, yes) is good
    assert last.keep(bad, no) is good
    last.forget()
    assert last.keep(bad, no).shape == bad.shape
