"""The panel of what moves the picture, by mouse and keys."""

import pytest
from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui.controls import widgets
from sgview.gui.picture_drag import SEEDS_ACROSS
from sgview.state.commands import KeepPlace, Restart, SaveLatent
from sgview.state.history import History
from sgview.state.params import Key, Latents, Noise, Params, Path, Plane, View
from sgview.state.status import LatentStatus, ShowStatus, VisitedStatus


def test_the_fader_reverses_and_rests_at_0(make_stage) -> None:
    stage = make_stage()
    stage.show("Latents")
    bar = stage.find("##Motion")
    width = bar.high[0] - bar.low[0]  # of which 4 lie on it, from -2 to 2
    stage.drag("##Motion", -width / 8)
    assert 0.3 < stage.params.latents.motion < 0.8
    stage.drag("##Motion", -width / 2)
    assert stage.params.latents.motion < -0.5
    rested = make_stage(Params(latents=Latents(motion=0.3)))
    rested.show("Latents")
    width = rested.find("##Motion").high[0] - rested.find("##Motion").low[0]
    rested.drag("##Motion", round(-0.3 * width / 4.0))
    assert rested.params.latents.motion == 0.0


def test_dice_and_neighbours(make_stage) -> None:
    stage = make_stage(Params(latents=Latents(source="seeds", seed=5)))
    stage.show("Latents")
    stage.click("next seed")
    assert stage.params.latents.seed == 6
    stage.click("previous seed")
    stage.click("previous seed")
    assert stage.params.latents.seed == 4
    stage.click("dice")
    assert stage.params.latents.source == "seeds" and Restart("seed") in stage.commands
    noise = make_stage(Params(noise=Noise(seed=9)))
    noise.show("Latents")
    noise.click("next seed")
    assert noise.params.noise.seed == 10 and noise.params.latents == Latents()


def test_a_source_chosen_by_hand_moves(make_stage) -> None:
    stage = make_stage()
    stage.show("Latents")
    stage.click("##Source")
    stage.click("Plane")
    assert stage.params.latents.source == "plane"
    assert stage.params.latents.plane.speed_x > 0.0


def test_a_path_begins_where_the_source_was(make_stage) -> None:
    stage = make_stage(Params(latents=Latents(source="seeds", seed=7, between=0.5)))
    stage.show("Latents")
    stage.click("##Source")
    stage.click("Path")
    assert [key.place for key in stage.params.latents.path.keys] == ["seed 7.5"]
    stage.click("add key")
    assert [key.place for key in stage.params.latents.path.keys] == ["seed 7.5", "seed 8"]


def test_the_strip_goes_there_and_keeps(make_stage, fakes) -> None:
    visited = (VisitedStatus("seed 7.25"), VisitedStatus("noise 3", is_kept=True))
    status = replace(fakes.status(), show=ShowStatus(visited=visited))
    stage = make_stage(Params(), status)
    stage.show("Latents")
    stage.click("##visit seed 7.25")
    latents = stage.params.latents
    assert (latents.source, latents.seed, latents.between) == ("seeds", 7, 0.25)
    assert Restart("seed") in stage.commands
    stage.click("##visit noise 3")
    assert stage.params.latents.source == "noise" and stage.params.noise.seed == 3
    stage.click("##visit seed 7.25", button=1)
    stage.click("Keep it")
    assert KeepPlace("seed 7.25", True) in stage.commands
    stage.click("##star noise 3")
    assert KeepPlace("noise 3", False) in stage.commands
    latents = stage.params.latents
    stage.point("##visit seed 7.25")
    stage.frame(2)
    stage.click("##star seed 7.25")
    assert stage.commands.count(KeepPlace("seed 7.25", True)) == 2
    assert stage.params.latents == latents  # it went nowhere
    stage.click("##visit seed 7.25", button=1)
    stage.click("Add to the path")
    assert stage.params.latents.path.keys[0].place == "seed 7.25"


@pytest.mark.parametrize(
    ("place", "short"),
    [
        ("plane 520 0.9452611 -0.0355", "520"), ("seed 7.24999", "7.2"), ("seed 12", "12"),
        ("noise -3", "-3"), ("file petals", "petals"),
    ],
)  # fmt: skip
def test_a_place_without_a_picture_is_told_in_a_word(make_stage, fakes, monkeypatch, place, short):
    drawn = []
    elide = widgets.elided
    monkeypatch.setattr(
        widgets, "elided", lambda text, *rest: drawn.append(text) or elide(text, *rest)
    )
    status = replace(fakes.status(), show=ShowStatus(visited=(VisitedStatus(place),)))
    make_stage(None, status).show("Latents")
    assert short in drawn


def test_the_map_is_dragged_and_drifts_on(make_stage) -> None:
    still = Params(latents=Latents(source="plane", plane=Plane()))
    stage = make_stage(still)
    stage.show("Latents")
    stage.drag("##plane", -60)
    plane = stage.params.latents.plane
    assert plane.x > 0.05 and plane.speed_x > 0.0 and abs(plane.y) < 1e-6
    stage.click("##plane")  # a click stops it
    stopped = stage.params.latents.plane
    assert (stopped.x, stopped.speed_x, stopped.speed_y) == (plane.x, 0.0, 0.0)


def hold_picture(stage, *moves: tuple[float, float]) -> None:
    """Press on the picture, move over it and let go."""
    io = imgui.get_io()
    x, y, width, height = stage.gui.picture_rect
    at = (x + width / 2, y + height / 2)
    io.add_mouse_pos_event(*at)
    stage.frame(2)
    stage.press(0, True)
    for across, up in moves:
        at = (at[0] + across, at[1] - up)
        io.add_mouse_pos_event(*at)
        stage.frame()
    assert stage.gui.is_widget_held
    stage.press(0, False)
    assert not stage.gui.is_widget_held


def test_the_picture_is_dragged_as_one_change_of_the_history(make_stage) -> None:
    start = Plane(x=0.5, speed_x=0.25)
    stage = make_stage(Params(latents=Latents(source="plane", plane=start)))
    history, before, draw = History(stage.params), stage.params, stage.gui.draw

    def draw_and_record(*args):
        params = draw(*args)
        now = imgui.get_time() * 100.0  # so slow a hand that nothing counts as a burst
        history.record(params, now, is_active=stage.gui.is_widget_held)
        return params

    stage.gui.draw = draw_and_record
    hold_picture(stage, *[(-20, 10)] * 6)
    plane = stage.params.latents.plane
    _, _, width, height = stage.gui.picture_rect
    scale = min(width, height) / SEEDS_ACROSS
    assert (plane.x, plane.y) == pytest.approx((0.5 + 120 / scale, -60 / scale))
    assert plane.speed_x > 0.0 and plane.speed_y < 0.0
    assert history.undo_names() == (history.undo_names(1)[0],)
    assert history.undo() == before


@pytest.mark.parametrize("source", ["noise", "plane"])
def test_the_wheel_on_the_picture_does_what_it_is_set_to(make_stage, source) -> None:
    stage = make_stage(Params(latents=Latents(source=source)))
    x, y, width, height = stage.gui.picture_rect
    imgui.get_io().add_mouse_pos_event(x + width / 2, y + height / 2)
    stage.frame(2)

    def turn(notches: float) -> Params:
        imgui.get_io().add_mouse_wheel_event(0.0, notches)
        stage.frame(2)
        return stage.params

    assert turn(-2.0).mapping.truncation_psi == 0.9 and stage.params.view.zoom == 1.0
    stage.params = replace(stage.params, view=View(wheel="zoom"))
    assert turn(1.0).view.zoom == pytest.approx(1.1)
    assert turn(-1.0).view.zoom == 1.0
    assert turn(100.0).view.zoom == 8.0 and turn(-100.0).view.zoom == 0.25
    assert stage.params.mapping.truncation_psi == 0.9


def test_keys_of_a_path(make_stage, fakes) -> None:
    path = Path(keys=(Key(at=0.0, place="seed 1"), Key(at=4.0, place="seed 2")))
    stage = make_stage(Params(latents=Latents(source="path", path=path)))
    stage.show("Latents")
    stage.click("remove key")
    assert [key.place for key in stage.params.latents.path.keys] == ["seed 2"]
    stage.click("add key")
    assert [key.place for key in stage.params.latents.path.keys] == ["seed 2", "seed 3"]
    assert stage.commands == [] and stage.reads("Key 2 of 2")
    between = Latents(source="path", path=replace(path, position=1.0))
    on_the_way = make_stage(Params(latents=between))
    on_the_way.show("Latents")
    on_the_way.click("add key")
    assert on_the_way.commands == [SaveLatent(is_key=True)]
    assert len(on_the_way.params.latents.path.keys) == 2  # the app adds it once it is saved


def test_a_key_is_dragged_on_the_time_line_and_its_place_typed(make_stage) -> None:
    keys = (Key(at=0.0, place="seed 1"), Key(at=4.0, place="seed 2"), Key(at=8.0, place="seed 3"))
    path = Path(keys=keys, ends="open")
    stage = make_stage(Params(latents=Latents(source="path", path=path)))
    stage.show("Latents")
    stage.drag("##time line", 40)  # the key in the middle
    moved = stage.params.latents.path.keys
    assert 4.5 < moved[1].at < 7.0 and (moved[0], moved[2]) == (keys[0], keys[2])
    assert stage.reads("Key 2 of 3")
    stage.write("##place", "plane 0 1.5 2")
    assert stage.params.latents.path.keys[1].place == "plane 0 1.5 2"
    stage.click("##place")
    stage.type(" nowhere")
    assert stage.reads("is no place")
    stage.key(imgui.Key.enter)
    assert not stage.reads("is no place")  # as it was
    assert stage.params.latents.path.keys[1].place == "plane 0 1.5 2"


def test_the_last_key_stays_under_the_hand_that_drags_it(make_stage) -> None:
    """The time line is drawn anew for the new times when it is let go."""
    keys = tuple(Key(at=at, place=f"seed {at:g}") for at in (0.0, 4.0, 20.0))
    moved = []
    for pixels in (-60.0, -120.0):
        path = Path(keys=keys, ends="open")
        stage = make_stage(Params(latents=Latents(source="path", path=path)))
        stage.show("Latents")
        line = stage.find("##time line")
        imgui.get_io().add_mouse_pos_event(line.high[0] - 20, line.centre[1])
        stage.frame(2)
        stage.press(0, True)
        for step in range(1, 11):
            at = line.high[0] - 20 + pixels * step / 10
            imgui.get_io().add_mouse_pos_event(at, line.centre[1])
            stage.frame()
        stage.press(0, False)
        assert stage.reads("Key 3 of 3")
        moved.append(20.0 - stage.params.latents.path.keys[2].at)
    assert moved[1] == pytest.approx(2.0 * moved[0], abs=0.02) and moved[0] > 1.0


def test_the_library(make_stage, fakes) -> None:
    library = (LatentStatus("petals.npz"),)
    status = replace(fakes.status(), show=ShowStatus(library=library))
    stage = make_stage(Params(latents=Latents(source="library")), status)
    stage.show("Latents")
    stage.click("##latent petals.npz")
    assert stage.params.latents.entry == "petals.npz"
    stage.click("##save latent")
    assert SaveLatent() in stage.commands
    assert "previous seed" in [item.label.partition("##")[2] for item in stage.items]


@pytest.mark.parametrize(("key", "by"), [(imgui.Key.right_arrow, 1), (imgui.Key.left_arrow, -1)])
def test_keys_step(make_stage, key, by) -> None:
    stage = make_stage()
    stage.key(key)
    assert stage.params.noise.seed == Noise().seed + by


def test_d_throws_the_dice(make_stage) -> None:
    stage = make_stage()
    seeds = set()
    for _ in range(4):
        stage.key(imgui.Key.d)
        seeds.add(stage.params.noise.seed)
    assert len(seeds) > 1


def test_the_dice_of_a_path_and_of_the_library_stay_there(make_stage, fakes) -> None:
    keys = (Key(place="seed 1"), Key(at=4.0, place="file petals"))
    stage = make_stage(Params(latents=Latents(source="path", path=Path(keys=keys))))
    stage.show("Latents")
    stage.key(imgui.Key.d)
    path = stage.params.latents.path
    assert stage.params.latents.source == "path" and path.keys[1] == keys[1]
    assert path.keys[0].place != "seed 1" and path.keys[0].place.startswith("seed ")
    library = (LatentStatus("a.pt#1"), LatentStatus("a.pt#2"))
    status = replace(fakes.status(), show=ShowStatus(library=library))
    stage = make_stage(Params(latents=Latents(source="library", entry="a.pt#1")), status)
    stage.show("Latents")
    stage.click("dice")
    assert (stage.params.latents.source, stage.params.latents.entry) == ("library", "a.pt#2")


def test_dice_that_have_nothing_to_throw_say_why(make_stage) -> None:
    keys = (Key(place="file petals"), Key(at=4.0, place="file stamens"))
    stage = make_stage(Params(latents=Latents(source="path", path=Path(keys=keys))))
    stage.show("Latents")
    before = stage.params
    stage.key(imgui.Key.d)
    stage.click("dice")
    stage.frame(60)
    assert stage.params == before
    assert stage.reads("there is no seed to throw")
