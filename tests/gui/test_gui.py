from pathlib import Path

import pytest
from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.app.screen import PANELS_FOR_AN_INPUT
from sgview.gui import Gui
from sgview.gui.gui import CURSOR_REST
from sgview.state.commands import ChooseNetwork, EditBinding, ToggleGui
from sgview.state.networks import LayerInfo, TensorInfo
from sgview.state.params import Blend, Edit, Latents, Layer, Noise, Params, Plane
from sgview.state.status import BlendGroup, EditStatus, LoadStatus, Notice, Status

WINDOWS = ("Latents", "Layers", "Edits", "Blend")


def test_drawing_alone_changes_nothing(make_stage) -> None:
    params = Params(noise=Noise(amplitude=0.9), edits=(Edit(tensor="synthesis.input.weight"),))
    stage = make_stage(params=params)
    for window in WINDOWS:
        stage.show(window)
    assert stage.params is params
    assert stage.commands == []


def test_first_run_docks_the_panels_on_the_right(make_stage) -> None:
    stage = make_stage(size=(1600, 1000))
    x, y, width, height = stage.gui.picture_rect
    assert (x, y) == (0, 0)
    assert 1600 - width == pytest.approx(383, abs=6)
    assert 20 < 1000 - height < 60  # the bar
    # The latents are the first tab, and every window is reachable.
    assert stage.has("Gaussianise") or stage.has("##Gaussianise")


def test_picture_rect_is_in_framebuffer_pixels(make_stage) -> None:
    stage = make_stage(size=(1600, 1000))
    width = stage.gui.picture_rect[2]
    imgui.get_io().display_framebuffer_scale = imgui.ImVec2(2.0, 2.0)
    stage.frame(2)
    assert stage.gui.picture_rect[2] == pytest.approx(2 * width, abs=1)


def test_what_lies_over_the_picture_is_known(make_stage) -> None:
    stage = make_stage(size=(1600, 1000))
    gui = stage.gui
    assert gui.is_picture_free()
    stage.gui.show_panels = False
    stage.frame(3)
    assert gui.is_picture_free()
    stage.gui.show_panels = True
    stage.frame(3)
    stage.change(notices=(Notice(1, "error", "it broke", "mend it"),))
    stage.frame(3)
    assert not gui.is_picture_free()
    stage.change(notices=())
    stage.frame(3)
    assert gui.is_picture_free()
    gui.execute(EditBinding("noise.amplitude", 0.0, 1.0))
    stage.frame(3)
    assert not gui.is_picture_free()


def test_the_invitation_lies_where_the_picture_will(make_stage) -> None:
    assert not make_stage(status=Status()).gui.is_picture_free()


def test_a_drawing_in_front_of_everything_may_cover_the_picture(
    make_stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = make_stage()
    render = imgui.render

    def with_a_line() -> None:
        imgui.get_foreground_draw_list().add_line(
            imgui.ImVec2(1, 1), imgui.ImVec2(50, 50), 0xFFFFFFFF
        )
        render()

    monkeypatch.setattr(imgui, "render", with_a_line)
    stage.frame()
    assert not stage.gui.is_picture_free()


def test_hidden_panels_leave_the_whole_window_and_come_back_docked(make_stage) -> None:
    stage = make_stage(size=(1600, 1000))
    before = stage.gui.picture_rect
    stage.gui.show_panels = False
    stage.frame(5)
    assert stage.gui.picture_rect == (0, 0, 1600, 1000)
    assert stage.items == []
    stage.gui.show_panels = True
    stage.frame(3)
    assert stage.gui.picture_rect == before


def test_chosen_tab_is_still_chosen_when_the_panels_come_back(make_stage) -> None:
    stage = make_stage()
    stage.show("Edits")
    stage.gui.show_panels = False
    stage.frame(5)
    stage.gui.show_panels = True
    stage.frame(5)
    assert stage.has("Add edit")


def test_arrangement_is_kept_in_the_ini_file(make_stage, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "panels.ini"
    first = make_stage(size=(1600, 1000), ini_path=path)
    node = imgui.internal.find_window_by_name("Layers").dock_node
    imgui.internal.dock_builder_set_node_size(node.parent_node.id_, imgui.ImVec2(600, 900))
    first.frame(3)
    moved = first.gui.picture_rect
    assert moved[2] < 1000
    first.gui.close()
    assert path.is_file()
    second = make_stage(size=(1600, 1000), ini_path=path)
    assert second.gui.picture_rect == moved


def test_a_window_that_an_older_arrangement_lacks_is_a_tab_beside_the_others(
    make_stage, tmp_path: Path
) -> None:
    path = tmp_path / "panels.ini"
    make_stage(size=(1600, 1000), ini_path=path).gui.close()
    sections = path.read_text().split("\n\n")
    path.write_text("\n\n".join(part for part in sections if "[Window][Ground]" not in part))
    stage = make_stage(size=(1600, 1000), ini_path=path)
    stage.frame(3)
    ground, layers = (imgui.internal.find_window_by_name(name) for name in ("Ground", "Layers"))
    assert ground.dock_id == layers.dock_id != 0


def test_unwritable_ini_file_is_no_error(make_stage, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    stage = make_stage(ini_path=in_the_way / "panels.ini")
    stage.gui.close()
    assert in_the_way.read_text() == ""


def test_close_is_idempotent_and_drawing_after_it_is_an_error() -> None:
    with Gui() as gui:
        gui.close()
    with pytest.raises(RuntimeError, match="closed"):
        gui.draw(Params(), Status(), print)


def test_two_guis_keep_apart(make_stage) -> None:
    first, second = make_stage(size=(1600, 1000)), make_stage(size=(800, 600))
    first.frame()
    second.frame()
    assert first.gui.picture_rect[3] > 900 > 600 > second.gui.picture_rect[3]


def test_without_networks_it_invites_to_drop_a_file(make_stage) -> None:
    stage = make_stage(status=Status())
    assert stage.reads("Drop a .pkl here")
    stage.click("Choose a file…")
    assert stage.commands == [ChooseNetwork("a")]


def test_invitation_goes_when_a_network_is_read(make_stage, fakes) -> None:
    loading = (LoadStatus("a", "/x/faces.pkl", 0.1),)
    stage = make_stage(status=fakes.changed(Status(), loading=loading))
    assert not stage.has("Choose a file…")


def test_invitation_without_panels_is_text_only(make_stage) -> None:
    stage = make_stage(status=Status())
    stage.gui.show_panels = False
    stage.frame(2)
    assert stage.reads("Drop a .pkl here")
    assert not stage.has("Choose a file…")


def crowded(fakes) -> tuple[Params, Status]:
    """30 layers, 200 tensors, long names, everything at once."""
    name = "a-network-with-a-very-long-name-" * 6
    network = fakes.network(name=name, c_dim=12)
    layers = tuple(LayerInfo(f"L{i}_{1000 + i}_{512}", f"L{i}", 1000 + i, 512) for i in range(30))
    tensors = tuple(
        TensorInfo(
            f"synthesis.L{i}_1024_512.{'long' * 12}.{i}", f"L{i}", (512, 512, 3, 3), i % 2 == 0
        )
        for i in range(200)
    )
    network = replace(network, layers=layers, tensors=tensors, num_parameters=10**10)
    edits = tuple(
        Edit(tensor=tensors[i].name, expression="1 / 0" if i % 3 == 0 else "", solo=i == 4)
        for i in range(12)
    )
    status = fakes.status(
        networks={"a": network, "b": network},
        unloaded={"a": "/" + "deep/" * 60 + "file.pkl"},
        recent=tuple(f"/{'folder/' * 40}{i}.pkl" for i in range(12)),
        loading=(LoadStatus("a", "/" + name + ".pkl", 0.5), LoadStatus("b", "x", 2.0)),
        blend_groups=tuple(BlendGroup(f"L{i}", i % 4 != 0, "because " * 20) for i in range(30)),
        latent=(float("nan"), *(float(i) for i in range(2000))),
        edits=tuple(EditStatus(float(i), "no value " * 20) for i in range(12)),
        notices=tuple(Notice(i, "error", "it broke " * 30, "mend it " * 30, i) for i in range(9)),
        device="a device with a long name " * 4,
        display="a path with a long explanation " * 6,
    )
    params = Params(
        edits=edits,
        layer=Layer(name="L29"),
        blend=Blend(amounts={f"L{i}": -3.0 + i for i in range(30)}),
    )
    return params, status


@pytest.mark.parametrize("size", [(480, 320), (200, 120), (1, 1), (3840, 2160)])
@pytest.mark.parametrize("ui_scale", [1.0, 2.0])
def test_nothing_breaks_when_it_is_crowded(make_stage, fakes, size, ui_scale) -> None:
    params, status = crowded(fakes)
    stage = make_stage(params=params, status=status, size=size, ui_scale=ui_scale)
    for window in WINDOWS:
        stage.show(window)
    stage.key(imgui.Key.f1)
    assert stage.params == params


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("ui_scale", [1.0, 2.0])
def test_no_item_is_cut_at_the_default_width(make_stage, fakes, window, ui_scale) -> None:
    size = (int(1400 * ui_scale), int(2400 * ui_scale))
    params = Params(edits=(Edit(tensor="synthesis.input.weight", operation="noise"),))
    stage = make_stage(params=params, size=size, ui_scale=ui_scale)
    stage.show(window)
    if window == "Edits":
        stage.click("unfold")
    right = size[0] - 8 * ui_scale
    cut = [item.label for item in stage.items if item.is_visible and item.high[0] > right + 2]
    assert not cut


def test_scale_makes_everything_larger(make_stage) -> None:
    small = make_stage(size=(1600, 1000)).gui.picture_rect
    large = make_stage(size=(1600, 1000), ui_scale=2.0).gui.picture_rect
    assert 1600 - large[2] == pytest.approx(2 * (1600 - small[2]), rel=0.05)


def test_slot_under_a_dropped_file(make_stage) -> None:
    stage = make_stage()
    first, second = stage.find("choose", 0), stage.find("choose", 1)
    assert stage.gui.slot_at(*first.centre) == "a"
    assert stage.gui.slot_at(*second.centre) == "b"
    assert stage.gui.slot_at(10, 10) is None
    stage.gui.show_panels = False
    assert stage.gui.slot_at(*second.centre) is None


@pytest.mark.gl
def test_panels_reach_the_screen(screen) -> None:
    from sgview.gfx import framebuffer
    from sgview.gfx.window import Window

    with Window("sgview gui test", 900, 600) as window, Gui() as gui:
        gui.attach(window.address)
        for _ in range(4):
            window.poll()
            gui.draw(Params(), Status(), print)
            framebuffer.clear(window.framebuffer_size, (0.0, 0.0, 0.0))
            gui.present()
        pixels = framebuffer.read(window.framebuffer_size)[..., :3]
        x, _, width, _ = gui.picture_rect
        panel, picture = pixels[:, x + width + 4 :], pixels[:200, : width - 4]
        assert panel.max() > 200  # text
        assert (panel.min(axis=(0, 1)) > 0).all()  # a background
        assert picture.max() == 0


def test_a_resting_cursor_hides_over_the_bare_picture_only(make_stage) -> None:
    stage = make_stage()
    stage.wait(CURSOR_REST + 0.5)
    assert imgui.get_mouse_cursor() != imgui.MouseCursor_.none
    stage.gui.show_panels = False
    stage.frame()
    assert imgui.get_mouse_cursor() == imgui.MouseCursor_.none
    imgui.get_io().add_mouse_pos_event(40.0, 30.0)
    stage.frame()
    imgui.get_io().add_mouse_pos_event(50.0, 30.0)
    stage.frame()
    assert imgui.get_mouse_cursor() != imgui.MouseCursor_.none
    stage.wait(CURSOR_REST + 0.5)
    assert imgui.get_mouse_cursor() == imgui.MouseCursor_.none


def test_performance_comes_alone_where_the_panels_are_hidden(make_stage) -> None:
    stage = make_stage()
    stage.gui.show_panels = False
    stage.frame(2)
    stage.gui._toggle_performance()
    stage.frame(3)
    assert stage.gui.shows_performance and not stage.gui.show_panels
    assert stage.reads("To the screen")
    assert not stage.reads("Networks")
    stage.gui._toggle_performance()
    stage.frame(2)
    assert not stage.gui.shows_performance and not stage.reads("To the screen")
    stage.gui._toggle_performance()
    stage.gui.execute(ToggleGui())  # the panels come back as they were
    stage.frame(2)
    assert stage.gui.show_panels and not stage.gui.shows_performance


def test_two_clicks_are_a_double_click_at_a_few_frames_a_second(make_stage) -> None:
    stage = make_stage(Params(latents=Latents(source="plane", plane=Plane(x=1.5))))
    stage.show("Latents")
    stage.point("##plane")
    imgui.get_io().delta_time = 0.2
    for is_down in (True, False, True, False):
        imgui.get_io().add_mouse_button_event(0, is_down)
        stage.frame()
    assert stage.params.latents.plane.x == 0.0


@pytest.mark.parametrize("name", ["Looks", "Signals"])
def test_a_tab_takes_a_click_that_comes_with_the_move_to_it(make_stage, name: str) -> None:
    stage = make_stage()
    stage.show("Edits")
    tab = imgui.internal.find_window_by_name(name).dc.dock_tab_item_rect
    io = imgui.get_io()
    for x in (tab.min.x - 50, (tab.min.x + tab.max.x) / 2):
        io.add_mouse_pos_event(x, (tab.min.y + tab.max.y) / 2)
    io.add_mouse_button_event(0, True)
    io.add_mouse_button_event(0, False)
    io.add_mouse_pos_event(400, 500)
    stage.frame(PANELS_FOR_AN_INPUT)
    assert any(item.window.startswith(name) for item in stage.items)
    stage.frame(2)
    assert (io.mouse_pos.x, io.mouse_pos.y) == (400, 500)  # nothing is left out
    assert not io.mouse_down[0]
