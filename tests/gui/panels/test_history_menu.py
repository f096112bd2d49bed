from imgui_bundle import imgui

from sgview.state.commands import Redo, ToggleTake, Undo
from sgview.state.status import TakeStatus


def test_the_menu_names_changes_and_goes_back_to_any(make_stage, fakes) -> None:
    status = fakes.status(
        undo_names=("Noise amplitude", "Look night", "Blend L3"),
        redo_names=("Flip horizontal", "Seed"),
    )
    stage = make_stage(status=status)
    for name, command in (
        ("undo 0", None),
        ("undo 2", Undo(2)),
        ("oldest", Undo(3)),
        ("redo 1", Redo(1)),
        ("redo 2", Redo(2)),
    ):
        stage.commands.clear()
        stage.click("history")
        assert stage.find("undo 0").label.startswith("Noise amplitude")
        stage.click(name)
        assert stage.commands == ([] if command is None else [command])
        if command is None:
            stage.key(imgui.Key.escape)


def test_undo_says_what_it_takes_back(make_stage, fakes) -> None:
    stage = make_stage(status=fakes.status(undo_names=("Seed",)))
    stage.point("undo")
    stage.wait(1.0)
    stage.frame(3)
    assert stage.reads("Undo: Seed  (Ctrl+Z)")


def test_without_changes_there_is_no_menu(make_stage) -> None:
    stage = make_stage()
    stage.click("history")
    assert not stage.has("oldest")


def test_a_take_is_recorded_by_button_and_key(make_stage) -> None:
    stage = make_stage()
    stage.click("record")
    stage.key(imgui.Key.r, imgui.Key.mod_ctrl)
    assert stage.commands == [ToggleTake(), ToggleTake()]
    assert not stage.reads("1:02.5")
    stage.change(take=TakeStatus("takes/a.zst", seconds=62.5, frames=3000, size=10_000))
    assert stage.reads("1:02.5")
