"""Rows follow the leaves of `Params`: what they are called, their ranges, what resets them."""

import pytest
from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.state.commands import Learn
from sgview.state.params import (
    Canvas,
    Edit,
    Key,
    Latents,
    Mapping,
    Mixing,
    Noise,
    Params,
    Path,
    Region,
    Regions,
    Walk,
)
from sgview.state.paths import leaves
from sgview.state.status import BindingStatus

TENSOR = "synthesis.input.weight"


@pytest.mark.parametrize("source", ["noise", "seeds", "plane", "path", "library"])
def test_every_value_has_a_row(make_stage, fakes, source) -> None:
    latents = Latents(source=source, path=Path(keys=(Key(),)))
    params = Params(latents=latents, noise=Noise(type="simplex4d"), walk=Walk(reach=0.5))
    lines: list[str] = []
    for family, centre in (("StyleGAN2", "modes"), ("StyleGAN3-T", "latent")):
        mapping = Mapping(truncation_psi=0.7, centre=centre)
        mixing = Mixing(rows=(0.5,), source="library" if centre == "latent" else "seeds")
        canvas = Canvas(shape="free" if centre == "modes" else "pixels")
        region = Region(strength=1.0, source="seeds", mask="file")
        if centre == "latent":
            region = replace(region, source="library", mask="linear")
        regions = Regions(second=region)
        network = fakes.network(family, c_dim=3)
        stage = make_stage(
            replace(params, mapping=mapping, mixing=mixing, canvas=canvas, regions=regions),
            fakes.status(networks={"a": network, "b": network}),
            (1400, 3400),
        )
        stage.key(imgui.Key.o)  # a window that comes on a key
        for window in ("Latents", "Ground", "Layers", "Blend", "Outputs"):
            stage.show(window)
            lines += stage.texts
    of_source = {
        "noise": ("noise.", "latents.mode", "latents.gauss"),
        "seeds": ("latents.seed", "latents.between", "latents.glide"),
        "plane": ("latents.seed", "latents.plane.", "latents.glide"),
        "path": ("latents.path.",),
        "library": ("latents.glide",),
    }
    own = of_source.pop(source)
    others = [name for names in of_source.values() for name in names if name not in own]
    hidden = tuple(
        name for name in others if name != "latents.seed" or source not in ("seeds", "plane")
    )
    for leaf in leaves(params):
        if leaf.path.startswith(
            (*hidden, "latents.entry", "latents.seed_speed", "layer.name", "playback.")
        ):
            continue  # the list of layers and the bar of time stand for the last two
        assert leaf.field.label in lines, leaf.path


def test_help_and_what_resets_are_said_on_the_label(make_stage) -> None:
    stage = make_stage()
    stage.show("Latents")
    x, y = stage.find("##Harmonic spread").low
    imgui.get_io().add_mouse_pos_event(x - 60, y + 10)
    stage.frame(60)
    assert stage.reads("Factor of the frequency") and stage.reads("Right-click resets to 2.")


def test_a_number_above_0_stops_before_it_reads_as_0(make_stage) -> None:
    stage = make_stage(Params(noise=Noise(period=0.5)))
    stage.show("Latents")
    stage.drag("##Period", -900)
    assert stage.params.noise.period == 0.001


def test_a_number_that_may_be_left_to_the_network_says_so(make_stage) -> None:
    stage = make_stage()
    stage.show("Latents")
    stage.drag("##Cutoff", -40)
    cutoff = stage.params.mapping.truncation_cutoff
    assert cutoff is not None and 0 < cutoff < 9
    stage.click("##Cutoff", button=1)
    assert stage.params == Params()
    bound = Params(
        mapping=Mapping(truncation_cutoff=3), bindings={"mapping.truncation_cutoff": "4"}
    )
    stage = make_stage(bound)
    stage.show("Latents")
    stage.click("bind mapping.truncation_cutoff")
    stage.click("reset value")
    assert stage.params == replace(bound, mapping=Mapping())


def test_what_is_opened_from_the_list_learns_its_usual_range(make_stage) -> None:
    params = Params(bindings={"noise.amplitude": "t"})
    stage = make_stage(params)
    stage.change(bindings={"noise.amplitude": BindingStatus(0.5)})
    stage.show("Signals")
    stage.click("bind noise.amplitude")
    stage.click("learn midi")
    assert stage.commands[-1] == Learn("noise.amplitude", "midi", 0.0, 2.0)


@pytest.mark.parametrize(("operation", "neutral"), [("multiply", 1.0), ("roll", 0.0)])
def test_the_editor_resets_an_amount_to_where_it_does_nothing(
    make_stage, operation, neutral
) -> None:
    stage = make_stage(Params(edits=(Edit(tensor=TENSOR, operation=operation, amount=7.0),)))
    stage.show("Edits")
    stage.click("bind edits.0.amount")
    stage.click("reset value")
    assert stage.params.edits[0].amount == neutral
