import pytest
from imgui_bundle import imgui

from sgview.state.idle import idle_reason
from sgview.state.params import Latents, Mapping, Noise, Params

NUMBERS = {
    "Period": "period",
    "Harmonics": "harmonics",
    "Harmonic spread": "harmonic_spread",
    "Harmonic gain": "harmonic_gain",
    "Exponent": "exponent",
    "Amplitude": "amplitude",
    "Offset": "offset",
    "Seed": "seed",
}


@pytest.mark.parametrize(("label", "field"), NUMBERS.items())
def test_dragging_a_number_changes_it_and_right_click_resets(make_stage, label, field) -> None:
    stage = make_stage()
    stage.drag(f"##{label}", 60)
    assert getattr(stage.params.noise, field) > getattr(Noise(), field)
    assert stage.params.latents == Latents()
    stage.click(f"##{label}", button=1)
    assert stage.params == Params()


def test_typed_number_is_taken_exactly(make_stage) -> None:
    stage = make_stage()
    stage.double_click("##Amplitude")
    stage.key(imgui.Key.a, imgui.Key.mod_ctrl)
    stage.type("12.34")
    stage.key(imgui.Key.enter)
    assert stage.params.noise.amplitude == 12.34


def test_positive_numbers_stay_positive(make_stage) -> None:
    stage = make_stage()
    for label in ("Period", "Exponent", "Harmonic spread"):
        stage.drag(f"##{label}", -900)
    noise = stage.params.noise
    assert min(noise.period, noise.exponent, noise.harmonic_spread) > 0


def test_harmonics_stay_within_their_range(make_stage) -> None:
    stage = make_stage()
    stage.drag("##Harmonics", 900)
    assert stage.params.noise.harmonics == 8
    stage.drag("##Harmonics", -1200)
    assert stage.params.noise.harmonics == 0


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("W##1", Latents(space="w")),
        ("Independent##1", Latents(mode="independent")),
        ("##Gaussianise", Latents(gaussianise=True)),
    ],
)
def test_choices(make_stage, label, expected) -> None:
    stage = make_stage()
    stage.click(label)
    assert stage.params == Params(latents=expected)


def test_the_source_is_picked_from_a_list_and_moves(make_stage) -> None:
    stage = make_stage()
    stage.click("##Source")
    stage.click("Seeds")
    assert stage.params == Params(latents=Latents(source="seeds", seed_speed=0.25))


def test_monochrome(make_stage) -> None:
    stage = make_stage()
    stage.click("##Monochrome")
    assert stage.params.noise.monochrome is False


def test_noise_type_is_picked_from_a_list(make_stage) -> None:
    stage = make_stage()
    assert idle_reason(stage.params, "noise.translate_4d")  # dimmed
    stage.click("##Type")
    stage.click("Perlin 4D")
    assert not idle_reason(stage.params, "noise.translate_4d")
    assert stage.params.noise == Noise(type="perlin4d")
    stage.drag("##Translate 4D", 50)
    stage.drag("##Speed 4D", 50)
    assert stage.params.noise.translate_4d > 0
    assert stage.params.noise.translate_4d_speed > 0


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ("Translate", "translate"),
        ("Speed", "translate_speed"),
        ("Rotate", "rotate"),
        ("Scale", "scale"),
        ("Pivot", "pivot"),
    ],
)
@pytest.mark.parametrize("axis", [0, 2])
def test_vectors_change_one_axis(make_stage, label, field, axis) -> None:
    stage = make_stage()
    stage.drag(f"##{label} {'xyz'[axis]}", 40)
    before, after = getattr(Noise(), field), getattr(stage.params.noise, field)
    assert after[axis] > before[axis]
    assert [v for i, v in enumerate(after) if i != axis] == [
        v for i, v in enumerate(before) if i != axis
    ]
    stage.click(f"##{label} y", button=1)
    assert stage.params == Params()


def test_seeds_have_their_own_rows(make_stage) -> None:
    stage = make_stage(params=Params(latents=Latents(source="seeds")))
    assert not stage.has("##Amplitude")
    stage.drag("##Seed", 100)
    stage.drag("##Walk", 50)
    assert stage.params.latents.seed > 0
    assert stage.params.latents.seed_speed > 0


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 720)])
def test_what_moves_the_picture_is_in_sight_and_the_noise_folded(make_stage, size) -> None:
    stage = make_stage(Params(mapping=Mapping(truncation_psi=0.8)), size=size, is_unfolded=False)
    for name in ("##Motion", "dice", "##Source", "##Truncation psi", "##rows of w", "Vector"):
        assert stage.find(name).is_visible, name
    assert not stage.has("##Amplitude") and not stage.has("##Mix in")


def test_the_noise_unfolds_with_its_transform_and_loop(make_stage) -> None:
    stage = make_stage(is_unfolded=False)
    stage.click("Noise")
    assert stage.has("##Amplitude") and stage.has("##Translate 4D") and stage.reads("Transform")


def test_folding_a_section_hides_its_rows(make_stage) -> None:
    stage = make_stage()
    assert stage.has("##Amplitude")
    stage.click("Noise")
    assert not stage.has("##Amplitude")
    stage.click("Noise")
    assert stage.has("##Amplitude")
    assert stage.params == Params()


def test_amplitude_explains_that_z_is_normalised(make_stage) -> None:
    stage = make_stage()
    x, y = stage.find("##Amplitude").low
    imgui.get_io().add_mouse_pos_event(x - 80, y + 10)
    for _ in range(60):
        stage.frame()
    assert stage.reads("normalises z")


def test_strip_shows_any_vector(make_stage) -> None:
    stage = make_stage()
    for values in ((), (1.0,), (float("nan"),) * 3, (float("inf"), 0.5), tuple([7.0] * 5000)):
        stage.change(latent=values)
    assert stage.params == Params()
