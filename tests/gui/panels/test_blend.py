import pytest

from sgview.gui.panels.blend import preset_amounts
from sgview.state.params import Blend, Params
from sgview.state.status import BlendGroup, Status


@pytest.fixture
def stage(make_stage):
    stage = make_stage()
    stage.show("Blend")
    return stage


@pytest.mark.parametrize(("label", "source"), [("A##1", "a"), ("B##2", "b")])
def test_source(stage, label, source) -> None:
    stage.click(label)
    assert stage.params == Params(blend=Blend(source=source))


def test_master(stage) -> None:
    stage.drag("##Master", -100)
    assert stage.params.blend.master < 1.0
    stage.click("##Master", button=1)
    assert stage.params == Params()


def test_fader_of_a_group_is_unclamped(stage) -> None:
    stage.drag("blend L4", 100)
    assert 0.0 < stage.params.blend.amounts["L4"] < 1.0
    stage.drag("blend L4", 500)
    assert stage.params.blend.amounts["L4"] > 1.0
    stage.drag("blend L4", -1500)
    assert stage.params.blend.amounts["L4"] < 0.0
    assert set(stage.params.blend.amounts) == {"L4"}
    stage.click("blend L4", button=1)
    assert stage.params == Params()


def test_mapping_and_input_have_faders(stage) -> None:
    stage.drag("blend mapping", 50)
    stage.drag("blend input", 50)
    assert set(stage.params.blend.amounts) == {"mapping", "input"}


def test_group_that_cannot_blend_says_why(stage) -> None:
    assert not stage.has("blend L3")
    assert stage.reads("shapes differ")


def test_presets_by_their_buttons(stage) -> None:
    stage.click("Low##preset")
    low = stage.params.blend.amounts
    stage.click("High##preset")
    high = stage.params.blend.amounts
    assert low
    assert high
    assert not low.keys() & high.keys()
    stage.click("All##preset")
    assert stage.params.blend.amounts.keys() == {*low, *high, "mapping"}
    stage.click("Ramp##preset")
    ramp = stage.params.blend.amounts
    assert ramp["L6"] == 1.0
    assert "L3" not in ramp
    assert list(ramp.values()) == sorted(ramp.values())
    stage.click("None##preset")
    assert stage.params == Params()


def test_preset_shapes() -> None:
    names = ("mapping", "input", "L0", "L1", "L2")
    groups = [BlendGroup(name, name != "L1") for name in names]
    assert preset_amounts("low", groups) == {"input": 1.0, "L0": 1.0}
    assert preset_amounts("high", groups) == {"L2": 1.0}
    assert preset_amounts("ramp", groups) == {"L0": 0.333, "L2": 1.0}
    assert preset_amounts("all", groups) == {"input": 1.0, "L0": 1.0, "L2": 1.0, "mapping": 1.0}
    assert preset_amounts("none", groups) == {}
    assert preset_amounts("ramp", []) == {}


def test_one_network_says_what_to_do(make_stage, fakes) -> None:
    stage = make_stage(status=fakes.status(networks={"a": fakes.network()}, blend_groups=()))
    stage.show("Blend")
    assert stage.reads("Load a second network into B")


def test_networks_without_common_layers(make_stage, fakes) -> None:
    stage = make_stage(status=fakes.status(blend_groups=()))
    stage.show("Blend")
    assert stage.reads("no layers that can be mixed")


def test_one_reason_for_all_groups_is_said_once(make_stage, fakes) -> None:
    reason = "A is StyleGAN2 and B is StyleGAN3-T"
    groups = tuple(BlendGroup(f"b{4 << i}", False, reason) for i in range(5))
    stage = make_stage(status=fakes.status(blend_groups=groups))
    stage.show("Blend")
    assert [text for text in stage.texts if reason in text] == [
        f"These two networks cannot be mixed: {reason}."
    ]
    assert not stage.has("All##preset")


def test_no_network_at_all(make_stage) -> None:
    stage = make_stage(status=Status())
    stage.show("Blend")
    assert stage.params == Params()
