"""Binding with the mouse: the dot, the editor, learning."""

from pathlib import Path

import pytest
from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.signals import Inputs, Instant, Signals
from sgview.signals.learning import Learner
from sgview.state.commands import CancelLearn, EditBinding, Learn, MarkControl
from sgview.state.params import (
    Blend,
    Canvas,
    Directions,
    Edit,
    Mapping,
    Mixing,
    Noise,
    Params,
    Region,
    Regions,
    Walk,
)
from sgview.state.paths import leaves
from sgview.state.region_params import NAMES
from sgview.state.status import BindingStatus, Learning, MidiStatus, OscStatus

FIELD = "##bound to"
BOUND = Params(bindings={"noise.amplitude": "sin(t)"})


def live(stage, t: float = 1.0, inputs: Inputs | None = None) -> None:
    """Let the signals move the parameters, as the application does each frame."""
    _, moved = Signals().resolve(stage.params, Instant(t, inputs=inputs or Inputs()))
    stage.change(bindings=moved.bindings, sliders=moved.sliders, edits=moved.edits)


def test_the_dot_opens_the_editor_and_typing_binds(make_stage) -> None:
    stage = make_stage()
    stage.show("Latents")
    stage.click("bind noise.amplitude")
    assert stage.has(FIELD) and stage.reads("Noise amplitude")
    stage.write(FIELD, "2 * t")
    assert stage.params.bindings == {"noise.amplitude": "2 * t"}
    assert stage.params.noise.amplitude == 0.9


def test_the_field_has_the_keyboard_when_the_editor_opens(make_stage) -> None:
    stage = make_stage()
    stage.show("Latents")
    stage.click("bind noise.period")
    stage.type("t")
    assert stage.params.bindings == {"noise.period": "t"}


def test_a_bound_control_shows_the_moving_value(make_stage, monkeypatch) -> None:
    shown: dict[str, float] = {}
    draw = imgui.drag_float

    def drag_float(name: str, value: float, *rest: object) -> tuple[bool, float]:
        shown[name] = value
        return draw(name, value, *rest)  # type: ignore[arg-type]

    stage = make_stage(BOUND)
    stage.show("Latents")
    live(stage, 1.0)
    monkeypatch.setattr(imgui, "drag_float", drag_float)
    stage.frame()
    assert shown["##Amplitude"] == pytest.approx(0.8414709848)


def test_a_bound_control_takes_no_drag(make_stage) -> None:
    stage = make_stage(BOUND)
    stage.show("Latents")
    live(stage)
    stage.drag("##Amplitude", 80)
    assert stage.params == BOUND
    assert stage.has(FIELD)  # a click on it opens the editor


def test_right_click_on_a_bound_control_opens_the_editor(make_stage) -> None:
    stage = make_stage(BOUND)
    stage.show("Latents")
    live(stage)
    stage.click("##Amplitude", button=1)
    assert stage.has(FIELD)
    assert stage.params == BOUND


def test_an_error_stands_in_the_row_and_in_the_editor(make_stage) -> None:
    stage = make_stage(replace(BOUND, bindings={"noise.amplitude": "1 / 0"}))
    stage.show("Latents")
    live(stage)
    assert stage.reads("divides by zero")
    stage.click("bind noise.amplitude")
    assert sum("divides by zero" in line for line in stage.texts) == 2


def test_waiting_is_no_error_in_the_row(make_stage) -> None:
    stage = make_stage(replace(BOUND, bindings={"noise.amplitude": "midi(21)"}))
    stage.show("Latents")
    live(stage)
    assert not stage.reads("Waiting")
    stage.click("bind noise.amplitude")
    assert stage.reads("Waiting for MIDI controller 21")


def test_clear_returns_to_the_hand_set_value(make_stage) -> None:
    stage = make_stage(BOUND)
    stage.show("Latents")
    live(stage)
    stage.click("bind noise.amplitude")
    stage.click("Clear")
    assert stage.params == Params()


def test_the_value_by_hand_is_set_and_reset_while_bound(make_stage) -> None:
    stage = make_stage(BOUND)
    stage.show("Latents")
    stage.click("bind noise.amplitude")
    stage.drag("##by hand", 60)
    assert stage.params.noise.amplitude > 0.95
    assert stage.params.bindings == BOUND.bindings
    stage.click("reset value")
    assert stage.params == BOUND


def test_a_function_of_the_list_is_added_by_a_click(make_stage) -> None:
    stage = make_stage()
    stage.show("Latents")
    stage.click("bind noise.amplitude")
    stage.click("##word t")
    assert stage.params.bindings == {"noise.amplitude": "sin(t)"}
    stage.click("##word frame")
    assert stage.params.bindings == {"noise.amplitude": "sin(t) + frame % 60 / 60"}


def test_sending_is_switched_in_the_editor(make_stage) -> None:
    stage = make_stage(status=None)
    stage.show("Latents")
    stage.click("bind noise.amplitude")
    assert stage.reads("/sgview/noise/amplitude")
    stage.click("send")
    assert stage.params.osc_out == ("noise.amplitude",)
    stage.click("send")
    assert stage.params.osc_out == ()


def test_a_value_is_put_on_the_web_page_in_the_editor(make_stage, fakes) -> None:
    for marked in ((), ("noise.amplitude",)):
        stage = make_stage(status=replace(fakes.status(), marked=marked))
        stage.show("Latents")
        stage.click("bind noise.amplitude")
        stage.click("web page")
        assert stage.commands[-1] == MarkControl("noise.amplitude", not marked)


def test_the_axes_of_a_vector_are_chosen_in_the_editor(make_stage) -> None:
    stage = make_stage()
    stage.show("Latents")
    stage.click("bind noise.translate.0")
    stage.click("y##1")
    stage.write(FIELD, "t")
    assert stage.params.bindings == {"noise.translate.1": "t"}
    live(stage, 0.5)
    stage.key(imgui.Key.escape)
    stage.drag("##Translate x", 40)
    assert stage.params.noise.translate[0] > 0
    assert stage.params.noise.translate[1] == 0


@pytest.mark.parametrize("source", ["midi", "osc"])
def test_learning_from_the_click_to_the_binding(make_stage, source) -> None:
    stage = make_stage(status=None)
    stage.show("Latents")
    stage.click("bind noise.amplitude")
    stage.click(f"learn {source}")
    wish = stage.commands[-1]
    assert wish == Learn("noise.amplitude", source, 0.0, 2.0)
    stage.change(learning=Learning("noise.amplitude", source))
    assert any("..." in item.label for item in stage.items if "learn" in item.label)
    now = [0.0]
    learner = Learner(lambda: now[0])
    learner.begin(wish, Inputs())
    heard = Inputs(midi={"cc/1/21": 0.5}, osc={"/fader": (0.5,)})
    assert learner.poll(heard, picks_up=False) is None
    now[0] += 1.0
    learned = learner.poll(heard, picks_up=False)
    assert learned is not None
    stage.params = replace(stage.params, bindings=dict([learned]))
    stage.change(learning=None)
    live(stage, inputs=heard)
    assert stage.status.player.bindings["noise.amplitude"].value == 1.0
    assert stage.has(FIELD)
    assert not any(isinstance(command, CancelLearn) for command in stage.commands)


def test_learning_ends_with_a_second_click_or_with_the_editor(make_stage) -> None:
    stage = make_stage()
    stage.show("Latents")
    stage.click("bind noise.amplitude")
    stage.change(learning=Learning("noise.amplitude", "osc"))
    stage.click("learn osc")
    assert stage.commands[-1] == CancelLearn()
    stage.commands.clear()
    stage.key(imgui.Key.escape)
    assert stage.commands[:1] == [CancelLearn()]


def test_learning_is_refused_with_the_reason(make_stage, fakes) -> None:
    status = fakes.status(midi=MidiStatus(reason="No packages."), osc=OscStatus(reason="No port."))
    stage = make_stage(status=status)
    stage.show("Latents")
    stage.click("bind noise.amplitude")
    for source in ("midi", "osc"):
        stage.click(f"learn {source}")
    assert stage.commands == []
    stage.point("learn osc")
    stage.wait(1.0)
    assert stage.reads("No port.")


def test_an_edit_is_bound_in_its_card(make_stage) -> None:
    stage = make_stage(Params(edits=(Edit(tensor="mapping.w_avg"),)))
    stage.show("Edits")
    stage.click("bind edits.0.amount")
    stage.write(FIELD, "t")
    assert stage.params.edits[0].expression == "t" and not stage.params.bindings
    stage.key(imgui.Key.escape)
    stage.click("on", button=1)
    stage.write(FIELD, "pulse(t)")
    assert stage.params.bindings == {"edits.0.enabled": "pulse(t)"}


def test_the_editor_of_an_edit_that_goes_closes(make_stage) -> None:
    stage = make_stage(Params(edits=(Edit(tensor="mapping.w_avg"),)))
    stage.show("Edits")
    stage.click("bind edits.0.amount")
    stage.params = Params()
    stage.frame(3)
    assert not stage.has(FIELD)


def test_bindings_move_with_their_edits(make_stage) -> None:
    edits = (Edit(tensor="mapping.w_avg"), Edit(tensor="synthesis.input.weight"))
    stage = make_stage(Params(edits=edits, bindings={"edits.1.seed": "t"}))
    stage.show("Edits")
    stage.click("remove")
    assert stage.params.edits == edits[1:]
    assert stage.params.bindings == {"edits.0.seed": "t"}


def test_every_number_and_switch_of_the_tree_has_a_control(make_stage, fakes) -> None:
    """Open everything there is, and look for the dot of each leaf, or a right-click on it."""
    params = Params(
        edits=(Edit(tensor="mapping.w_avg", operation="noise"),),
        blend=Blend(amounts={"L1": 0.5}),
        noise=Noise(type="simplex4d"),
        mapping=Mapping(truncation_psi=0.7, centre="modes"),
        directions=Directions(amounts={"sefa1": 1.0}),
        walk=Walk(reach=0.5),
    )
    seen: set[str] = set()
    path = replace(params.latents.path, ends="closed")
    scenes = [
        ("noise", "StyleGAN2"),
        ("seeds", "StyleGAN3-T"),
        ("plane", "StyleGAN2"),
        ("path", ""),
    ]
    for index, (source, family) in enumerate(scenes):
        network = fakes.network(family or "StyleGAN2", c_dim=3)
        status = fakes.status(networks={"a": network, "b": network})
        status = fakes.changed(status, bindings={"noise.seed": BindingStatus(1.0)})
        latents = replace(params.latents, source=source, path=path)
        mixing = Mixing(rows=(0.0, 1.0), source=source)
        canvas = Canvas(shape="pixels" if source == "path" else "free")
        region = NAMES[index % len(NAMES)]
        regions = replace(Regions(), **{region: Region(strength=1.0, source="seeds")})
        scene = replace(params, latents=latents, mixing=mixing, canvas=canvas, regions=regions)
        stage = make_stage(scene, status, (1400, 3400))
        stage.key(imgui.Key.o)
        for window in ("Latents", "Ground", "Layers", "Edits", "Blend", "Outputs"):
            stage.show(window)
            if window == "Latents":
                stage.click(region.capitalize())
            if window == "Edits" and not stage.has("bind edits.0.seed"):
                stage.click("unfold")
            seen |= {i.label.removeprefix("bind ") for i in stage.items if i.label[:5] == "bind "}
    by_vector = {f"{path[:-1]}{axis}" for path in seen if path.endswith(".0") for axis in "12"}
    by_click = {"edits.0.enabled", "edits.0.solo"}  # tried above
    everything = {leaf.path for leaf in leaves(params) if leaf.is_number}
    assert everything - seen - by_vector - by_click == set()


def test_the_editor_fits_small_windows(make_stage, tmp_path: Path) -> None:
    stage = make_stage(size=(640, 480))
    stage.gui.execute(EditBinding("noise.amplitude", 0.0, 2.0))
    stage.frame(4)
    field = stage.find(FIELD)
    assert field.low[0] >= 0 and field.high[0] <= 640
    assert stage.find("Clear").high[1] <= 480
