"""Where tooltips come: not upon what a hand wants to see next."""

import pytest
from imgui_bundle import imgui

from sgview.gui.controls.tooltip_place import Box, place_beside
from sgview.state.params import Params, Region, Regions
from sgview.state.status import OutputStatus

SCREEN = Box(0, 0, 1600, 1000)
ON_THE_RIGHT, ON_THE_LEFT = Box(1200, 100, 1600, 970), Box(0, 0, 350, 970)


def place(item: Box, panel: Box, size: tuple[float, float] = (300, 40), *, is_name: bool = False):
    return place_beside(size, item, panel, SCREEN, gap=5, inset=8, is_name=is_name)


def test_it_stands_beside_the_panel_as_high_as_its_item() -> None:
    assert place(Box(1210, 300, 1400, 320), ON_THE_RIGHT) == ((1195, 292), (1, 0))
    assert place(Box(10, 300, 300, 320), ON_THE_LEFT) == ((355, 292), (0, 0))
    assert place(Box(10, 990, 300, 1000), ON_THE_LEFT) == ((355, 960), (0, 0))  # not below


def test_a_name_stands_above_its_item_and_below_it_only_at_the_top() -> None:
    assert place(Box(1300, 300, 1320, 320), ON_THE_RIGHT, is_name=True) == ((1310, 295), (0.5, 1))
    assert place(Box(1300, 10, 1320, 30), ON_THE_RIGHT, is_name=True) == ((1310, 35), (0.5, 0))
    assert place(Box(1580, 300, 1600, 320), ON_THE_RIGHT, is_name=True)[0][0] == 1445  # in sight


def test_what_has_no_room_beside_it_stands_above() -> None:
    bar = Box(0, 970, 1600, 1000)
    assert place(Box(1500, 975, 1590, 995), bar) == ((1445, 970), (0.5, 1))


def rested_on(stage, name: str) -> imgui.internal.Window:
    """Let the mouse rest on an item until its tooltip is there."""
    stage.point(name)
    stage.frame(60)
    tip = imgui.internal.find_window_by_name("##Tooltip_00")
    assert tip.active
    return tip


@pytest.mark.parametrize(("title", "item"), [("Latents", "##masks"), ("Outputs", "##NDI")])
def test_no_row_lies_under_a_tooltip(make_stage, fakes, title: str, item: str) -> None:
    outputs = (OutputStatus("NDI", "Pictures go to other machines of the network."),)
    params = Params(regions=Regions(second=Region(strength=1.0)))
    stage = make_stage(params, fakes.status(outputs=outputs), size=(1600, 1500))
    if title == "Outputs":
        stage.key(imgui.Key.o)
    stage.show(title)
    tip, panel = rested_on(stage, item), imgui.internal.find_window_by_name(title)
    assert tip.pos.x + tip.size.x <= panel.pos.x or tip.pos.x >= panel.pos.x + panel.size.x
    assert 0 < stage.find(item).low[1] - tip.pos.y < 10  # their first lines are side by side
    stage.press(0, True)
    stage.frame(60)
    assert not tip.active  # while it is held
    stage.press(0, False)


def test_a_second_one_goes_on_below_the_first(make_stage, fakes) -> None:
    long = OutputStatus("An output with a name that is far too long for its card" * 2, "Help.")
    stage = make_stage(status=fakes.status(outputs=(long,)), size=(1600, 1000))
    stage.key(imgui.Key.o)
    stage.show("Outputs")
    switch = stage.find(f"##{long.name}")
    imgui.get_io().add_mouse_pos_event(switch.high[0] + 60, switch.centre[1])
    stage.frame(60)
    tip = imgui.internal.find_window_by_name("##Tooltip_00")
    panel = imgui.internal.find_window_by_name("Outputs")
    assert stage.reads("Help.") and stage.reads(long.name)
    assert tip.active and tip.pos.x >= panel.pos.x + panel.size.x
