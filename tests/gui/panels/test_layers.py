import pytest
from imgui_bundle import imgui

from sgview.gui import theme
from sgview.state.params import Blend, Layer, Params
from sgview.state.status import PictureStatus, Status


@pytest.fixture
def stage(make_stage):
    stage = make_stage()
    stage.show("Layers")
    return stage


def names(stage) -> list[str]:
    found = [item.label.removeprefix("##") for item in stage.items if item.window.count("layers")]
    return [name for name in found if "search layers" not in name]


def test_list_has_the_image_on_top_and_the_input_below(stage) -> None:
    listed = names(stage)
    assert listed[0] == "Image"
    assert listed[-1] == "input"
    assert listed[1:3] == ["L6_148_3", "L5_148_16"]
    assert stage.reads("36 × 36")


def test_sizes_are_those_of_the_canvas_that_plays(stage, fakes) -> None:
    (network, *_) = fakes.status().engine.networks.values()
    sizes = tuple((layer.size + 100, layer.size) for layer in network.layers)
    stage.change(picture=PictureStatus(layer_sizes=sizes, image_size=(234, 128)))
    assert {"234 × 128", "136 × 36"} <= set(stage.texts)
    assert "36 × 36" not in stage.texts
    stage.change(picture=PictureStatus(layer_sizes=sizes[1:], image_size=(234, 128)))
    assert "36 × 36" in stage.texts  # those were of a network that is gone


def test_picking_a_layer_and_the_image(stage) -> None:
    stage.click("##L4_84_32")
    # Without its size, so that the preset fits networks of other sizes.
    assert stage.params == Params(layer=Layer(name="L4"))
    stage.click("##input")
    assert stage.params == Params(layer=Layer(name="input"))
    stage.click("##Image")
    assert stage.params == Params()


def test_layers_of_stylegan2_keep_their_full_names(make_stage, fakes) -> None:
    stage = make_stage(status=fakes.status(networks={"a": fakes.network("StyleGAN2")}))
    stage.show("Layers")
    stage.click("##b16.conv0")
    assert stage.params.layer.name == "b16.conv0"


def search(stage, text: str) -> None:
    stage.click("##search layers")
    stage.key(imgui.Key.a, imgui.Key.mod_ctrl)
    stage.type(text)


def test_search_narrows_the_list_but_for_the_layer_that_is_shown(stage) -> None:
    search(stage, "l5")
    assert names(stage) == ["Image", "L5_148_16"]
    stage.click("##L5_148_16")
    search(stage, "l4")
    assert names(stage) == ["L5_148_16", "L4_84_32"]
    search(stage, "IMA")
    assert names(stage) == ["Image", "L5_148_16"]


def test_arrows_and_enter_choose_what_the_search_found(stage) -> None:
    search(stage, "_64")
    for key in (imgui.Key.down_arrow, imgui.Key.down_arrow, imgui.Key.up_arrow):
        stage.key(key)
    stage.key(imgui.Key.enter)
    assert stage.params.layer.name == "L1"  # below L2_52_64, the first that matches
    stage.key(imgui.Key.enter)
    stage.key(imgui.Key.down_arrow)
    assert stage.params.layer.name == "L1"


def test_enter_without_a_search_chooses_nothing(stage) -> None:
    stage.click("##L4_84_32")
    stage.click("##search layers")
    stage.key(imgui.Key.enter)
    assert stage.params.layer.name == "L4"


def test_the_search_is_cleared_by_its_cross_and_by_escape(stage) -> None:
    search(stage, "l5")
    stage.click("clear ##search layers")
    assert len(names(stage)) == 9
    search(stage, "l5")
    stage.key(imgui.Key.escape)
    stage.frame(2)
    assert len(names(stage)) == 9


def test_layer_of_another_network_stays_listed(make_stage) -> None:
    stage = make_stage(params=Params(layer=Layer(name="b64.torgb")))
    stage.show("Layers")
    assert stage.reads("not in this network")
    assert stage.params.layer.name == "b64.torgb"


def test_layer_of_the_same_index_is_found_as_the_engine_finds_it(make_stage) -> None:
    stage = make_stage(params=Params(layer=Layer(name="L4_148_512")))
    stage.show("Layers")
    assert not stage.reads("not in this network")
    assert stage.has("##L4_84_32") and not stage.has("##L4_148_512")


def test_list_is_of_b_where_b_plays_alone(make_stage, fakes) -> None:
    networks = {"a": fakes.network(), "b": fakes.network("StyleGAN2")}
    status = fakes.status(networks=networks)
    stage = make_stage(params=Params(blend=Blend(source="b")), status=status)
    stage.show("Layers")
    assert stage.has("##b32.torgb")


def test_without_a_network(make_stage) -> None:
    stage = make_stage(status=Status())
    stage.show("Layers")
    assert stage.reads("No network is loaded")


def test_channels(stage) -> None:
    stage.click("Grey##1")
    stage.click("##Normalise")
    stage.drag("##Gain", 50)
    stage.drag("##Base channel", 2000)
    layer = stage.params.layer
    assert (layer.mode, layer.normalise) == ("grey", True)
    assert layer.gain_db > 0
    assert layer.base_channel == 63


def test_rgb_leaves_room_for_three_channels(stage) -> None:
    stage.drag("##Base channel", 2000)
    assert stage.params.layer.base_channel == 61


def test_statistics(stage) -> None:
    for value in ("0.100", "1.000", "4.000", "0.200", "0.900", "3.000"):
        assert stage.reads(value)
    stage.change(picture=PictureStatus())
    assert not stage.reads("4.000")


def fills_at(low: tuple[float, float]) -> set[int]:
    """Return the colours of what was drawn with a corner there."""
    vertices = (v for drawn in imgui.get_draw_data().cmd_lists for v in drawn.vtx_buffer)
    return {v.col for v in vertices if abs(v.pos.x - low[0]) < 2 and abs(v.pos.y - low[1]) < 2}


def test_what_is_shown_keeps_its_accent_under_the_mouse(stage) -> None:
    stage.click("##L4_84_32")
    stage.point("##L4_84_32")
    assert theme.u32(theme.ACCENT_FILL_HOVERED) in fills_at(stage.find("##L4_84_32").low)
    stage.point("##L2_52_64")
    assert theme.u32(theme.ACCENT_FILL) in fills_at(stage.find("##L4_84_32").low)
    assert theme.u32(theme.FIELD) in fills_at(stage.find("##L2_52_64").low)
