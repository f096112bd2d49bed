import pytest
from imgui_bundle import imgui

from sgview.state.commands import (
    DeleteLook,
    RecallLook,
    RenameLook,
    SaveLook,
    SetFade,
    SetLookKey,
)
from sgview.state.params import Params
from sgview.state.status import FadeStatus, LookStatus

LOOKS = (
    LookStatus("night", key=1),
    LookStatus("day", key=2),
    LookStatus("broken", problem="broken.toml: noise.perod: there is no such setting"),
    LookStatus("frost", is_shipped=True),
)
K = imgui.Key


@pytest.fixture
def stage(make_stage, fakes):
    stage = make_stage(status=fakes.status(looks=LOOKS))
    stage.show("Looks")
    return stage


def test_a_click_recalls_and_shift_cuts(stage) -> None:
    stage.click("look night")
    assert stage.commands == [RecallLook(name="night")]
    stage.commands.clear()
    imgui.get_io().add_key_event(K.mod_shift, True)
    stage.click("look day")
    imgui.get_io().add_key_event(K.mod_shift, False)
    assert stage.commands == [RecallLook(name="day", seconds=0.0)]
    stage.frame(2)
    stage.commands.clear()
    stage.click("look frost")
    assert stage.commands == [RecallLook(name="frost")]


def test_a_broken_look_says_why_and_does_nothing(stage) -> None:
    stage.click("look broken")
    assert stage.commands == []
    stage.point("look broken")
    stage.wait(1.0)
    stage.frame(3)
    assert stage.reads("noise.perod")


@pytest.mark.parametrize("number", range(1, 10))
def test_the_number_keys_recall(stage, number: int) -> None:
    stage.key(getattr(K, f"_{number}"))
    stage.key(getattr(K, f"keypad{number}"))
    assert stage.commands == [RecallLook(key=number)] * 2


def test_what_plays_is_saved_by_the_cell_and_by_the_key(stage) -> None:
    stage.click("save look")
    stage.key(K.l)
    assert stage.commands == [SaveLook(), SaveLook()]


def test_the_menu_renames_replaces_deletes_and_gives_keys(stage) -> None:
    stage.click("look day", button=1)
    stage.write("look name", "noon")
    assert stage.commands.pop() == RenameLook("day", "noon")
    stage.click("look day", button=1)
    stage.click("5##key")
    assert stage.commands.pop() == SetLookKey("day", 5)
    stage.click("2##key")
    assert stage.commands.pop() == SetLookKey("day", 0)
    stage.click("Replace by what plays now")
    assert stage.commands.pop() == SaveLook("day")
    stage.click("look day", button=1)
    stage.click("Delete")
    assert stage.commands == [DeleteLook("day")]


def test_a_broken_look_can_be_deleted_and_a_shipped_one_not(stage) -> None:
    stage.click("look broken", button=1)
    assert not stage.has("Replace by what plays now")
    stage.click("Delete")
    assert stage.commands == [DeleteLook("broken")]
    stage.click("look frost", button=1)
    assert not stage.has("Delete")


def test_how_looks_are_recalled(stage) -> None:
    stage.drag("Crossfade", 40)
    assert isinstance(stage.commands[-1], SetFade)
    assert stage.commands[-1].seconds > 2.0
    stage.commands.clear()
    stage.click("Linear")
    assert stage.commands == [SetFade(2.0, "linear")]


def test_what_plays_is_marked_while_it_fades_in(stage) -> None:
    for progress in (0.0, 0.5, 1.0):
        stage.change(fade=FadeStatus(look="night", progress=progress))
    assert stage.params == Params()


def test_without_looks_it_says_how_to_begin(make_stage) -> None:
    stage = make_stage()
    stage.show("Looks")
    assert stage.reads("Save one with the key L")


def test_a_narrow_panel_keeps_every_cell_in_sight(make_stage, fakes) -> None:
    stage = make_stage(status=fakes.status(looks=LOOKS), size=(500, 900))
    stage.show("Looks")
    assert all(stage.has(f"look {look.name}") for look in LOOKS)


def test_shipped_looks_can_be_given_a_key_and_nothing_else(stage) -> None:
    stage.click("look frost", button=1)
    stage.click("4##key")
    assert stage.commands == [SetLookKey("frost", 4)]
    assert not stage.has("Delete")
