from typing import Any

import pytest
from imgui_bundle import imgui

from sgview.gui import key_sheet
from sgview.gui.hotkeys import Hotkey, hotkeys
from sgview.state import commands
from sgview.state.params import Blend, Edit, Layer, Params, View
from sgview.state.status import Status

K = imgui.Key
CTRL, SHIFT = K.mod_ctrl, K.mod_shift


def every_key() -> tuple[Hotkey, ...]:
    """The table, without a GUI behind it."""

    def nothing() -> None: ...

    return hotkeys(nothing, nothing, nothing, lambda params, *_: params)


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        ((K.space,), commands.TogglePause()),
        ((K.f,), commands.ToggleFullscreen()),
        ((K.h,), commands.ToggleGui()),
        ((K.tab,), commands.ToggleGui()),
        ((K.h, CTRL), commands.PutWindowsBack()),
        ((K.s,), commands.SaveSnapshot()),
        ((K.s, CTRL), commands.NamePreset()),
        ((K.o, CTRL), commands.ChoosePreset()),
        ((K.z, CTRL), commands.Undo()),
        ((K.z, CTRL, SHIFT), commands.Redo()),
        ((K.y, CTRL), commands.Redo()),
        ((K.comma,), commands.Step(-1)),
        ((K.period,), commands.Step(1)),
        ((K.home,), commands.Rewind()),
    ],
)
@pytest.mark.parametrize("show_panels", [True, False])
def test_key_emits_its_command_once(make_stage, keys, command, show_panels) -> None:
    stage = make_stage()
    stage.gui.show_panels = show_panels
    stage.frame(2)
    stage.key(*keys)
    assert stage.commands == [command]
    assert stage.params == Params()


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (K.x, Params(view=View(flip_horizontal=True))),
        (K.y, Params(view=View(flip_vertical=True))),
        (K.b, Params(blend=Blend(source="a"))),
        (K.left_bracket, Params(layer=Layer(name="L6"))),
        (K.page_down, Params(layer=Layer(name="L6"))),
        (K.right_bracket, Params(layer=Layer(name="input"))),
        (K.page_up, Params(layer=Layer(name="input"))),
    ],
)
def test_key_changes_the_parameters(make_stage, key, expected) -> None:
    stage = make_stage()
    stage.key(key)
    assert stage.params == expected
    assert stage.commands == []


@pytest.mark.parametrize("key", [K._0, K.keypad0])
def test_zero_returns_to_the_image(make_stage, key) -> None:
    stage = make_stage(params=Params(layer=Layer(name="L3", gain_db=6.0)))
    stage.key(key)
    assert stage.params == Params(layer=Layer(gain_db=6.0))


def test_layer_keys_walk_through_the_network(make_stage) -> None:
    stage = make_stage(params=Params(layer=Layer(name="L1_36_64")))
    seen = []
    for key in (K.left_bracket, K.left_bracket, K.left_bracket, K.right_bracket, K.right_bracket):
        stage.key(key)
        seen.append(stage.params.layer.name)
    assert seen == ["L0", "input", "", "input", "L0"]


def test_layer_keys_go_on_from_the_layer_of_another_network_that_is_shown(make_stage) -> None:
    for key, name in ((K.left_bracket, "L1"), (K.right_bracket, "L3")):
        stage = make_stage(params=Params(layer=Layer(name="L2_148_512")))
        stage.key(key)
        assert stage.params.layer.name == name


def test_layer_keys_go_on_from_the_image_where_a_name_means_no_layer(make_stage) -> None:
    for name in ("L66", "L2_", "L2_148", "b16.conv0"):
        stage = make_stage(params=Params(layer=Layer(name=name)))
        stage.key(K.left_bracket)
        assert stage.params.layer.name == "L6"


def test_blend_key_goes_round(make_stage) -> None:
    stage = make_stage()
    seen = []
    for _ in range(3):
        stage.key(K.b)
        seen.append(stage.params.blend.source)
    assert seen == ["a", "b", "mix"]


def test_a_key_asks_for_the_edits_to_be_removed(make_stage) -> None:
    params = Params(edits=(Edit(tensor="mapping.w_avg"),), layer=Layer(name="L2"))
    stage = make_stage(params=params)
    stage.key(K.r)
    assert (stage.params, stage.commands) == (params, [])  # beside T, which is tapped in the dark
    stage.key(CTRL, K.e)
    assert (stage.params, stage.commands) == (params, [commands.RemoveEdits()])


def test_keys_do_nothing_while_text_is_typed(make_stage) -> None:
    stage = make_stage()
    stage.show("Layers")
    stage.click("##search layers")
    for key in (K.x, K.s, K.space, K.left_bracket, K.b, K.tab, K.h):
        stage.key(key)
    assert stage.params == Params()
    assert stage.commands == []
    stage.key(K.escape)
    stage.key(K.x)
    assert stage.params.view.flip_horizontal


def test_letters_with_ctrl_are_not_the_plain_keys(make_stage) -> None:
    stage = make_stage()
    for key in (K.x, K.b, K.f, K.t, K.l, K.p):
        stage.key(key, CTRL)
    assert stage.params == Params()
    assert stage.commands == []
    stage.key(K.h, CTRL)
    assert commands.ToggleGui() not in stage.commands


def test_escape_never_quits(make_stage) -> None:
    stage = make_stage()
    for _ in range(3):
        stage.key(K.escape)
    assert stage.commands == []


def test_held_layer_key_repeats_but_pause_does_not(make_stage) -> None:
    stage = make_stage()
    io = imgui.get_io()
    for key in (K.page_down, K.space):
        io.add_key_event(key, True)
    stage.frame(30)  # half a second
    for key in (K.page_down, K.space):
        io.add_key_event(key, False)
    stage.frame(2)
    assert stage.commands == [commands.TogglePause()]
    assert stage.params.layer.name not in ("", "L6")


def test_layer_keys_without_a_network_do_nothing(make_stage) -> None:
    stage = make_stage(status=Status())
    stage.key(K.page_down)
    assert stage.params == Params()


def test_f1_shows_every_key_and_hides_again(make_stage) -> None:
    stage = make_stage()
    stage.key(K.f1)
    for hotkey in every_key():
        assert stage.reads(hotkey.text), hotkey.text
    stage.key(K.f1)
    assert not stage.reads("This sheet")


def test_no_key_of_the_sheet_lies_over_what_it_does(
    make_stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[float] = []
    covered: list[str] = []
    cap, text = key_sheet._key_cap, key_sheet.widgets.text

    def measured_cap(key: str) -> None:
        cap(key)
        ends.append(imgui.get_item_rect_max().x)

    def measured_text(line: str, *rest: Any) -> None:
        if ends and ends.pop() > imgui.get_cursor_screen_pos().x:
            covered.append(line)
        ends.clear()
        text(line, *rest)

    stage = make_stage()
    monkeypatch.setattr(key_sheet, "_key_cap", measured_cap)
    monkeypatch.setattr(key_sheet.widgets, "text", measured_text)
    stage.key(K.f1)
    assert stage.reads("Move the mask of a region")
    assert covered == []


@pytest.mark.parametrize("size", [(1280, 720), (1600, 1000)])
def test_the_sheet_is_seen_whole(
    make_stage, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    room: list[tuple[float, float]] = []
    cap = key_sheet._key_cap

    def measured_cap(key: str) -> None:
        cap(key)
        end = imgui.get_window_pos() + imgui.get_window_size() - imgui.get_item_rect_max()
        room.append((end.x, end.y))

    stage = make_stage(size=size)
    stage.key(K.f1)
    monkeypatch.setattr(key_sheet, "_key_cap", measured_cap)
    stage.frame()
    assert min(min(beside, below) for beside, below in room) > 0


def test_sheet_closes_by_escape_and_by_a_click_beside_it(make_stage) -> None:
    stage = make_stage()
    stage.key(K.f1)
    stage.key(K.escape)
    assert not stage.reads("This sheet")
    stage.key(K.f1)
    imgui.get_io().add_mouse_pos_event(3, 3)
    stage.press(0, True)
    stage.press(0, False)
    assert not stage.reads("This sheet")
    assert stage.params == Params()


def test_keys_work_while_the_sheet_is_shown(make_stage) -> None:
    stage = make_stage()
    stage.key(K.f1)
    stage.key(K.space)
    assert stage.commands == [commands.TogglePause()]
    assert stage.reads("This sheet")


def test_no_chord_is_taken_twice() -> None:
    chords = [chord for hotkey in every_key() for chord in hotkey.chords]
    assert len(chords) == len(set(chords))


def test_ctrl_let_go_within_one_slow_frame_still_counts(make_stage) -> None:
    stage = make_stage()
    io = imgui.get_io()
    for _ in range(3):
        io.add_key_event(imgui.Key.mod_ctrl, True)
        stage.frame()
        # All of this between two frames: Ctrl is up again before the keys are looked at.
        io.add_key_event(imgui.Key.z, True)
        io.add_key_event(imgui.Key.mod_ctrl, False)
        io.add_key_event(imgui.Key.z, False)
        stage.frame(3)
    assert stage.commands == [commands.Undo()] * 3


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (" https://a.org/x.pkl\n", [commands.AskDownload("a", "https://a.org/x.pkl")]),
        ("some words", []),
        ("", []),
    ],
)
def test_a_copied_address_is_opened(make_stage, text, wanted) -> None:
    stage = make_stage()
    imgui.set_clipboard_text(text)
    stage.key(K.v, CTRL)
    assert stage.commands == wanted
