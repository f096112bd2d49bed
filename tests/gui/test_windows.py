"""Where the windows are: what a smaller screen makes of them, and putting them back."""

from pathlib import Path

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.state.commands import PutWindowsBack


def height_of(title: str) -> float:
    return imgui.internal.find_window_by_name(title).size.y


def test_an_arrangement_of_a_large_screen_cuts_no_network_on_a_small_one(
    make_stage, tmp_path: Path
) -> None:
    path = tmp_path / "panels.ini"
    stage = make_stage(size=(1600, 1000), ini_path=path)
    stage.gui.close()
    make_stage(size=(1280, 720), ini_path=path).frame(4)
    needed = theme.px(theme.NETWORKS_HEIGHT)
    assert height_of("Networks") >= needed - 3
    assert height_of("Latents") > needed


def test_a_box_that_was_made_smaller_by_hand_stays_so(make_stage) -> None:
    stage = make_stage(size=(1600, 1000))
    node = imgui.internal.find_window_by_name("Networks").dock_node
    beside = imgui.internal.find_window_by_name("Latents").dock_node
    node.size_ref, beside.size_ref = imgui.ImVec2(380, 90), imgui.ImVec2(380, 880)
    stage.frame(4)
    assert height_of("Networks") < 100


def test_windows_are_put_back(make_stage) -> None:
    stage = make_stage(size=(1600, 1000))
    stage.gui.show_panels = False
    stage.frame(2)
    stage.gui.execute(PutWindowsBack())
    stage.frame(6)
    layers = imgui.internal.find_window_by_name("Layers")
    networks = imgui.internal.find_window_by_name("Networks")
    assert stage.gui.show_panels
    assert layers.dock_node is not None
    assert layers.pos.x == networks.pos.x


def test_a_torn_off_window_comes_back(make_stage, tmp_path: Path) -> None:
    path = tmp_path / "panels.ini"
    path.write_text("[Window][Layers]\nPos=-3000,-2000\nSize=300,400\nCollapsed=0\n")
    stage = make_stage(size=(1600, 1000), ini_path=path)
    stage.gui.execute(PutWindowsBack())
    stage.frame(6)
    window = imgui.internal.find_window_by_name("Layers")
    assert window.dock_node is not None
    assert window.pos.x > 1000


def test_rows_stay_as_wide_when_the_window_is_scrolled(make_stage) -> None:
    stage = make_stage(size=(1600, 1500))
    stage.show("Latents")
    before = stage.find("##Motion")
    imgui.get_io().display_size = imgui.ImVec2(1600, 500)
    stage.frame(6)
    assert imgui.internal.find_window_by_name("Latents").scroll_max.y > 0.0
    assert stage.find("##Motion").low[0] == before.low[0]
    assert stage.find("##Motion").high[0] == before.high[0]


def test_the_bar_in_the_margin_is_dragged_and_the_wheel_scrolls(make_stage) -> None:
    stage = make_stage(size=(1600, 500))
    stage.show("Latents")
    window = imgui.internal.find_window_by_name("Latents")
    right, top = window.inner_rect.max.x - 5, window.inner_rect.min.y + 10
    io = imgui.get_io()
    io.add_mouse_pos_event(right, top)
    stage.frame(2)
    stage.press(0, True)
    io.add_mouse_pos_event(right, top + 60)
    stage.frame(3)
    stage.press(0, False)
    dragged = window.scroll.y
    assert dragged > 60.0
    io.add_mouse_pos_event(right - 100, top)
    io.add_mouse_wheel_event(0.0, 1.0)
    stage.frame(4)
    assert window.scroll.y < dragged
