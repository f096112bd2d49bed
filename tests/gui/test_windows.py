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
