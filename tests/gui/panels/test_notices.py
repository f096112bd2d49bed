from itertools import pairwise

import pytest
from imgui_bundle import imgui

from sgview.state.commands import DismissNotice, WakePart
from sgview.state.status import Notice

NOTICES = (
    Notice(1, "info", "Saved a.png."),
    Notice(2, "warning", "Layer L9 is not finite.", "Undo the last edit.", repeats=3),
    Notice(7, "error", "b.pkl is a web page.", "Download it again."),
)


@pytest.fixture
def stage(make_stage, fakes):
    stage = make_stage(status=fakes.status(notices=NOTICES))
    stage.frame(3)
    return stage


def test_text_hint_and_count_are_shown(stage) -> None:
    for text in ("Saved a.png.", "not finite.  (×3)", "Undo the last edit.", "Download it again."):
        assert stage.reads(text), text


@pytest.mark.parametrize("identity", [1, 2, 7])
def test_dismissing_one(stage, identity) -> None:
    stage.click(f"dismiss {identity}")
    assert stage.commands == [DismissNotice(identity)]


def test_the_button_of_what_rests_wakes_it(make_stage, fakes) -> None:
    resting = Notice(4, "error", "Looks failed.", "It failed 3 times and rests.", resting="looks")
    stage = make_stage(status=fakes.status(notices=(*NOTICES, resting)))
    stage.frame(3)
    stage.click("Try it again")
    assert stage.commands == [WakePart("looks")]


def test_newest_is_lowest_and_none_overlap(stage) -> None:
    tops = [stage.find(f"dismiss {identity}").low[1] for identity in (1, 2, 7)]
    assert tops == sorted(tops)
    assert min(b - a for a, b in pairwise(tops)) > 30
    x, y, width, height = stage.gui.picture_rect
    for identity in (1, 2, 7):
        item = stage.find(f"dismiss {identity}")
        assert x < item.low[0] < item.high[0] < x + width
        assert y < item.low[1] < item.high[1] < y + height


def test_only_the_newest_are_shown(make_stage, fakes) -> None:
    many = tuple(Notice(i, "info", f"notice {i}.") for i in range(50))
    stage = make_stage(status=fakes.status(notices=many))
    assert stage.reads("notice 49.")
    assert not stage.reads("notice 9.")


def test_no_toasts_on_a_stage_with_hidden_panels(stage) -> None:
    stage.gui.show_panels = False
    stage.frame(2)
    assert not stage.reads("Download it again.")


def test_where_panels_leave_no_room_it_lies_on_them_also_after_a_click_there(
    make_stage, fakes
) -> None:
    stage = make_stage(status=fakes.status(notices=NOTICES[:1]), size=(780, 640))
    stage.key(imgui.Key.o)  # panels on both sides
    stage.frame(3)
    stage.click("Mapping")  # a section of the dock, which comes to the front
    stage.frame(3)
    x, _, width, _ = stage.gui.picture_rect
    assert stage.find("dismiss 1").low[0] > x + width
    stage.click("dismiss 1")
    assert stage.commands == [DismissNotice(1)]
