import pytest

from sgview.signals import Inputs, Instant, Signals
from sgview.state.commands import SetPickUp
from sgview.state.params import Edit, Params
from sgview.state.status import MidiStatus, OscStatus


@pytest.fixture
def stage(make_stage, fakes):
    params = Params(
        bindings={"noise.amplitude": 'slider("energy", 0, 2)', "noise.offset": "1 / 0"},
        edits=(Edit(tensor="a", expression="t"),),
    )
    _, moved = Signals().resolve(params, Instant(0.5, inputs=Inputs()))
    status = fakes.status(
        bindings=moved.bindings,
        sliders=moved.sliders,
        osc=OscStatus("127.0.0.1:9000", rate=120.0, last="/fader 0.5"),
        midi=MidiStatus(devices=("nanoKONTROL",), last="CC 21"),
    )
    stage = make_stage(params, status)
    stage.show("Signals")
    return stage


def test_own_sliders_are_moved_here(stage) -> None:
    stage.drag("##energy", 80)
    assert 0.1 < stage.params.sliders["energy"] < 2.0
    stage.click("##energy", button=1)
    assert stage.params.sliders["energy"] == 0.0


def test_bindings_are_listed_opened_and_cleared(stage) -> None:
    assert stage.reads("Noise amplitude") and stage.reads("Edit 1 amount")
    assert stage.reads('slider("energy", 0, 2)') and stage.reads("divides by zero")
    stage.click("clear", nth=1)
    assert stage.params.bindings == {"noise.amplitude": 'slider("energy", 0, 2)'}
    stage.click("clear", nth=1)
    assert stage.params.edits[0].expression == ""
    stage.click("bind noise.amplitude")
    assert stage.has("##bound to")


def test_a_slider_can_be_bound_itself(stage) -> None:
    stage.click("bind sliders.energy")
    stage.write("##bound to", "t")
    assert stage.params.bindings["sliders.energy"] == "t"


def test_osc_and_midi_say_what_they_hear(stage) -> None:
    for text in ("127.0.0.1:9000", "120 /s", "/fader 0.5", "nanoKONTROL", "CC 21"):
        assert stage.reads(text), text
    stage.click("##Pick up")
    assert stage.commands == [SetPickUp(False)]


def test_what_is_missing_is_said(make_stage, fakes) -> None:
    status = fakes.status(osc=OscStatus(reason="No port."), midi=MidiStatus(reason="No package."))
    stage = make_stage(status=fakes.changed(status, bindings={}))
    stage.show("Signals")
    for text in ("No port.", "No package.", "slider(", "Click the dot"):
        assert stage.reads(text), text
