"""Between two states: numbers slide, names switch, the ends are exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgview.state.morph import EASINGS, morph
from sgview.state.params import (
    Blend,
    Directions,
    Edit,
    Latents,
    Layer,
    Mapping,
    Mixing,
    Noise,
    Params,
    Playback,
    View,
)

A = Params(
    noise=Noise(amplitude=1.0, translate=(0.0, 2.0, 4.0), seed=7, harmonics=0, type="perlin3d"),
    mapping=Mapping(truncation_psi=0.0, truncation_cutoff=2),
    layer=Layer(name="L3", gain_db=-10.0),
    blend=Blend(master=1.0, amounts={"L0": 1.0, "L1": 0.5}),
    view=View(flip_horizontal=True),
    playback=Playback(speed=1.0),
)
B = Params(
    noise=Noise(amplitude=3.0, translate=(4.0, 2.0, 0.0), seed=9, harmonics=4),
    mapping=Mapping(truncation_psi=1.0, truncation_cutoff=6),
    layer=Layer(gain_db=10.0),
    blend=Blend(master=0.0, amounts={"L1": 1.5, "L2": -1.0}),
    latents=Latents(source="seeds"),
    playback=Playback(speed=2.0),
)


def test_the_ends_are_the_states_themselves() -> None:
    assert morph(A, B, 0.0) is A
    assert morph(A, B, 1.0) is B
    assert morph(A, A, 0.3) == A


def test_numbers_slide() -> None:
    quarter = morph(A, B, 0.25)
    assert quarter.noise.amplitude == pytest.approx(1.5)
    assert quarter.noise.translate == pytest.approx((1.0, 2.0, 3.0))
    assert quarter.noise.harmonics == 1
    assert quarter.mapping.truncation_psi == pytest.approx(0.25)
    assert quarter.mapping.truncation_cutoff == 3
    assert quarter.layer.gain_db == pytest.approx(-5.0)
    assert quarter.playback.speed == pytest.approx(1.25)
    assert quarter.blend.master == pytest.approx(0.75)
    assert quarter.blend.amounts == pytest.approx({"L0": 0.75, "L1": 0.75, "L2": -0.25})


@pytest.mark.parametrize(("amount", "state"), [(0.49, A), (0.5, B)])
def test_what_is_no_number_switches_halfway(amount: float, state: Params) -> None:
    between = morph(A, B, amount)
    assert between.noise.seed == state.noise.seed
    assert between.noise.type == state.noise.type
    assert between.layer.name == state.layer.name
    assert between.view == state.view
    assert between.latents.source == state.latents.source


def test_edits_are_paired_by_what_they_do() -> None:
    one = Params(edits=(Edit(tensor="x", amount=2.0), Edit(tensor="y", operation="add", amount=4)))
    two = Params(edits=(Edit(tensor="z", operation="noise", amount=1), Edit(tensor="x", amount=0)))
    rows = morph(one, two, 0.25).edits
    assert {(row.tensor, row.operation): row.amount for row in rows} == {
        ("x", "multiply"): 1.5,
        ("y", "add"): 3.0,
        ("z", "noise"): 0.25,
    }
    assert [row.tensor for row in rows] == ["z", "x", "y"]


def test_a_row_that_multiplies_fades_from_one_and_an_unpaired_twin_stays_apart() -> None:
    twice = Params(edits=(Edit(tensor="x", amount=3.0), Edit(tensor="x", amount=5.0)))
    amounts = [row.amount for row in morph(Params(), twice, 0.5).edits]
    assert amounts == [2.0, 3.0]
    off = Params(edits=(Edit(tensor="x", amount=9.0, enabled=False),))
    (row,) = morph(off, Params(edits=(Edit(tensor="x", amount=3.0),)), 0.5).edits
    assert (row.amount, row.enabled) == (2.0, True)


def test_labels_of_different_length_mix() -> None:
    mixed = morph(Params(), Params(mapping=Mapping(class_weights=(0.0, 0.0, 1.0))), 0.25)
    assert mixed.mapping.class_weights == pytest.approx((0.75, 0.0, 0.25))


@given(st.sampled_from(sorted(EASINGS)), st.floats(0, 1), st.floats(0, 1))
def test_easings_start_at_0_end_at_1_and_never_turn_back(name: str, x: float, y: float) -> None:
    ease = EASINGS[name]
    assert (ease(0.0), ease(1.0)) == (0.0, 1.0)
    low, high = sorted((x, y))
    assert ease(low) <= ease(high) + 1e-12


def test_rows_and_directions_that_one_state_lacks_fade_from_nothing() -> None:
    mixed = Params(mixing=Mixing(rows=(1.0, 0.5), seed=3, amount=0.5))
    moved = Params(directions=Directions(strength=0.5, amounts={"sefa1": 2.0}))
    half = morph(mixed, moved, 0.25)
    assert half.mixing.rows == (0.75, 0.375) and half.mixing.amount == 0.625
    assert half.mixing.seed == 3 and half.directions.amounts == {"sefa1": 0.5}
    assert morph(moved, mixed, 0.75).mixing.rows == (0.75, 0.375)
