"""The performance panel: frames, stages, layers, memory, path."""

import pytest
from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui.panels.performance.memory import summary
from sgview.state import commands
from sgview.state.machine import LayerTimes, MemoryShare, MemoryStatus, Timing
from sgview.state.params import Params
from sgview.state.status import PictureStatus, ScreenStatus

P = imgui.Key.p
STEPS = (Timing("mapping", 0.5), Timing("L0_36_64", 2.0), Timing("L1_36_64", 1.5))
SHARES = (
    MemoryShare("Network A", 100_000_000),
    MemoryShare("Live weights", 250_000_000),
    MemoryShare("Outside of torch", 1_500_000_000),
)


STATUS = {
    "memory": MemoryStatus("VRAM", SHARES, free=8_150_000_000, total=10_000_000_000),
    "layer_times": LayerTimes("faces", "GPU", STEPS),
    "device": "a card",
    "screen": ScreenStatus(
        fps=60.0,
        vsync=False,
        display="CUDA-OpenGL interop",
        timings=(Timing("draw", 0.25), Timing("panels", 0.75), Timing("window", 3.0)),
        fps_limit=90.0,
        refresh_rate=144.0,
    ),
    "picture": PictureStatus(size=(128, 128), channels=3, made_by="CUDA graphs", clock="GPU"),
    "timings": (Timing("weights", 0.125), Timing("synthesis", 7.5), Timing("picture", 0.375)),
}


@pytest.fixture
def stage(make_stage, fakes):
    status = fakes.status(**STATUS)
    stage = make_stage(status=status)
    stage.key(P)
    stage.frame(3)
    return stage


def test_key_shows_the_panel_beside_the_picture_and_puts_it_away(make_stage) -> None:
    stage = make_stage(size=(1600, 1000))
    before = stage.gui.picture_rect
    assert not stage.gui.shows_performance
    assert not stage.has("time layers")
    stage.key(P)
    stage.frame(3)
    assert stage.gui.shows_performance
    assert stage.has("time layers")
    x, _, width, _ = stage.gui.picture_rect
    assert x == pytest.approx(346, abs=8)
    assert x + width == before[0] + before[2]  # the other panels stay where they are
    stage.key(P)
    stage.frame(3)
    assert stage.gui.picture_rect == before
    assert stage.params == Params()
    assert stage.commands == []


def test_key_leaves_hidden_panels_hidden_and_takes_it_away_again(make_stage) -> None:
    stage = make_stage()
    stage.gui.show_panels = False
    stage.frame(2)
    stage.key(P)
    assert not stage.gui.show_panels and stage.gui.shows_performance
    stage.key(P)
    assert not stage.gui.shows_performance  # so that nothing is measured for nobody


def test_button_of_the_bar_shows_it_too(make_stage) -> None:
    stage = make_stage(size=(1600, 1000))
    stage.click("performance")
    assert stage.gui.shows_performance


def test_click_on_the_rate_shows_it_too(make_stage) -> None:
    stage = make_stage(size=(1600, 1000))
    imgui.get_io().add_mouse_pos_event(1570, 984)
    stage.frame(2)
    stage.press(0, True)
    stage.press(0, False)
    assert stage.gui.shows_performance


def test_rates_and_stages_are_means_of_the_last_second(stage) -> None:
    for _ in range(4):
        stage.frame(30)
    for text in (" 24.0", " 60.0", "7.50", "0.125", "One picture"):
        assert stage.reads(text), text
    assert stage.reads("8.00")  # together
    stage.change(picture_fps=240.0)
    stage.frame(10)
    assert "240.0" not in stage.texts  # it follows, but does not jump
    stage.frame(80)
    assert "240.0" in stage.texts


def test_stages_that_are_no_more_leave_the_table(stage) -> None:
    assert stage.reads("Synthesis")
    stage.change(timings=(Timing("mapping, synthesis", 1.5),))
    stage.frame(60)
    assert stage.reads("Mapping, synthesis") and stage.reads("Synthesis")  # seconds ago
    stage.frame(640)
    assert "Synthesis" not in stage.texts
    assert stage.reads("Mapping, synthesis")


def test_memory_by_owner(stage) -> None:
    for text in ("Network A", "100 MB", "250 MB", "1.50 GB", "8.15 GB"):
        assert stage.reads(text), text
    assert summary(stage.status.engine.memory) == "VRAM  1.85 GB of 10.0 GB in use"
    assert summary(MemoryStatus("RAM", SHARES)) == "RAM"  # a system that does not tell


def test_without_memory_and_times_it_says_so(make_stage, fakes) -> None:
    stage = make_stage(status=fakes.status())
    stage.key(P)
    stage.frame(3)
    assert stage.reads("Nothing plays yet.")
    assert not stage.has("Slowest first")


def test_layers_are_timed_on_request(stage) -> None:
    stage.click("time layers")
    assert stage.commands == [commands.TimeLayers()]
    running = replace(stage.status.engine.layer_times, is_running=True)
    stage.change(layer_times=running)
    stage.click("time layers")
    assert stage.commands == [commands.TimeLayers()]  # not while it runs


def order(stage) -> list[str]:
    names = [step.stage for step in STEPS]
    lines = [line for line in stage.texts if line in names]
    return list(dict.fromkeys(lines))


def test_layers_are_sorted_by_time_or_as_they_run(stage) -> None:
    assert order(stage) == ["L0_36_64", "L1_36_64", "mapping"]
    assert stage.reads("  2.00  50 %")
    stage.click("As they run##1")
    assert order(stage) == ["mapping", "L0_36_64", "L1_36_64"]


def test_layers_can_be_copied(stage) -> None:
    stage.click("copy layer times")
    lines = imgui.get_clipboard_text().splitlines()
    assert lines[0].split("\t") == ["faces", "ms (GPU time)"]
    assert lines[2].split("\t") == ["L0_36_64", "2.0000"]
    assert lines[-1].split("\t") == ["together", "4.0000"]


def test_vsync_and_limit_are_commands(stage) -> None:
    stage.click("##Vsync")
    assert stage.commands == [commands.SetVsync(True)]
    stage.drag("##Limit", 40)
    limits = [c.limit for c in stage.commands[1:] if isinstance(c, commands.SetFpsLimit)]
    assert limits and limits[-1] > 90


def test_limit_rests_while_the_screen_sets_the_pace(stage) -> None:
    stage.change(vsync=True)
    stage.drag("##Limit", 40)
    assert stage.commands == []


def test_path_and_its_reasons(stage) -> None:
    for text in ("a card", "CUDA graphs", "CUDA-OpenGL interop"):
        assert stage.reads(text), text


@pytest.mark.parametrize("size", [(480, 320), (200, 120), (1, 1), (3840, 2160)])
@pytest.mark.parametrize("ui_scale", [1.0, 2.0])
def test_any_size_of_window(make_stage, fakes, size, ui_scale) -> None:
    many = LayerTimes("n" * 300, "GPU", tuple(Timing("x" * 90, i / 7) for i in range(200)))
    nothing = LayerTimes("n", "host", (Timing("zero", 0.0),))
    for times in (many, nothing):
        timings = (Timing("synthesis", 1e9), Timing("unheard of", 1.0))
        status = fakes.status(**{**STATUS, "layer_times": times, "timings": timings})
        stage = make_stage(status=status, size=size, ui_scale=ui_scale)
        stage.key(P)
        stage.frame(40)
        assert stage.params == Params()


def test_an_arrangement_without_its_place_lets_the_panel_float(make_stage, tmp_path) -> None:
    path = tmp_path / "panels.ini"
    make_stage(size=(1600, 1000), ini_path=path).gui.close()
    sections = path.read_text().split("\n\n")
    of_the_place = ("[Window][Outputs]", "[Window][Performance]")
    kept = [section for section in sections if not section.strip().startswith(of_the_place)]
    assert len(kept) == len(sections) - 2
    path.write_text("\n\n".join(kept))
    stage = make_stage(size=(1600, 1000), ini_path=path)
    before = stage.gui.picture_rect
    stage.key(P)
    stage.frame(3)
    assert stage.has("time layers")
    assert stage.gui.picture_rect == before


def test_the_place_of_the_panel_is_kept(make_stage, tmp_path) -> None:
    path = tmp_path / "panels.ini"
    first = make_stage(size=(1600, 1000), ini_path=path)
    first.key(P)
    first.frame(3)
    docked = first.gui.picture_rect
    first.gui.close()
    second = make_stage(size=(1600, 1000), ini_path=path)
    second.key(P)
    second.frame(3)
    assert second.gui.picture_rect == docked
