"""The panel of outputs, and how it is found."""

from pathlib import Path

import pytest
from imgui_bundle import imgui
from msgspec import structs

from sgview.gui import theme
from sgview.gui.controls import widgets
from sgview.gui.panels import transport
from sgview.gui.panels.outputs.stage import words_of
from sgview.state.commands import ChooseScreen, SetOutputFrame, ShowTestPicture, ToggleOutput
from sgview.state.output_frame import CLEAN_WINDOW, OutputFrame
from sgview.state.params import Params, Stage
from sgview.state.status import CleanWindowStatus, OutputStatus

OFF = OutputStatus("PNG series", "Every new picture as a PNG.")
ON = OutputStatus(
    "Recorder", "A film.", True, "/films/take.mp4", (1024, 512), 29.7, written=120, dropped=3
)
FAILED = OutputStatus("NDI", "To other machines.", problem="It takes more packages.")


@pytest.fixture
def stage(make_stage, fakes):
    stage = make_stage(status=fakes.status(outputs=(OFF, ON, FAILED)), size=(1600, 1000))
    stage.key(imgui.Key.o)
    stage.frame(3)
    return stage


def test_the_key_shows_the_panel_beside_the_picture_and_puts_it_away(make_stage, fakes) -> None:
    stage = make_stage(status=fakes.status(outputs=(OFF,)), size=(1600, 1000))
    before = stage.gui.picture_rect
    assert not stage.has("##PNG series")
    stage.key(imgui.Key.o)
    stage.frame(3)
    assert stage.has("##PNG series")
    x, _, width, _ = stage.gui.picture_rect
    assert x > 0
    assert x + width == before[0] + before[2]  # the other panels stay where they are
    stage.key(imgui.Key.o)
    stage.frame(3)
    assert stage.gui.picture_rect == before
    assert (stage.params, stage.commands) == (Params(), [])


def test_the_key_shows_it_alone_where_the_panels_are_hidden(make_stage, fakes) -> None:
    stage = make_stage(status=fakes.status(outputs=(OFF,)), size=(1600, 1000))
    stage.gui.show_panels = False
    stage.frame(2)
    stage.key(imgui.Key.o)
    stage.frame(3)
    assert not stage.gui.show_panels
    assert stage.has("##PNG series")


def test_outputs_and_performance_share_the_place(stage) -> None:
    width = stage.gui.picture_rect[2]
    stage.key(imgui.Key.p)
    stage.frame(3)
    assert stage.gui.picture_rect[2] == width
    assert stage.has("time layers")
    stage.show("Outputs")
    assert stage.has("##PNG series")
    assert not stage.has("time layers")


def test_an_arrangement_that_does_not_know_them_has_a_place_for_them(
    make_stage, fakes, tmp_path: Path
) -> None:
    status, path = fakes.status(outputs=(OFF,)), tmp_path / "panels.ini"
    make_stage(ini_path=path, size=(1600, 1000)).gui.close()
    sections = path.read_text(encoding="utf-8").split("\n\n")
    kept = [section for section in sections if "[Window][Outputs]" not in section]
    assert len(kept) == len(sections) - 1
    path.write_text("\n\n".join(kept), encoding="utf-8")
    stage = make_stage(status=status, ini_path=path, size=(1600, 1000))
    stage.key(imgui.Key.o)
    stage.frame(3)
    assert stage.has("##PNG series")
    assert stage.gui.picture_rect[0] > 0  # beside the picture, not over it


def test_the_button_of_the_bar_shows_them_and_how_they_are(
    make_stage, fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    colours = []
    draw = transport.widgets.icon_button

    def watched(icon: str, name: str, help: str = "", **look) -> bool:
        if name == "outputs":
            colours.append((look["colour"], help.partition("\n")[2]))
        return draw(icon, name, help, **look)

    monkeypatch.setattr(transport.widgets, "icon_button", watched)
    stage = make_stage(status=fakes.status(outputs=(OFF,)), size=(1600, 1000))
    stage.click("outputs")
    assert stage.has("##PNG series")
    assert colours[-1] == (None, "")
    stage.change(outputs=(OFF, ON))
    assert colours[-1] == (theme.ACCENT, "Recorder")
    stage.change(outputs=(OFF, ON, FAILED))
    assert colours[-1] == (theme.ERROR, "Recorder")


def test_all_are_shown_at_a_glance(stage) -> None:
    for text in ("Recorder", "30 /s", "1024 × 512, 120 pictures", "3 dropped", "/films/take.mp4"):
        assert stage.reads(text), text
    for text in ("PNG series", "NDI", "It takes more packages."):
        assert stage.reads(text), text
    assert not stage.reads("A film.")  # what it is for stands among its settings
    stage.click("settings Recorder")
    assert stage.reads("A film.")
    assert not stage.reads("Every new picture as a PNG.")


def test_one_that_is_on_and_has_had_no_picture_says_so(stage) -> None:
    stage.change(outputs=(OutputStatus("NDI", is_on=True),))
    assert stage.reads("No picture yet")
    stage.change(outputs=(OutputStatus("NDI", is_on=True, size=(8, 8), written=1),))
    assert stage.reads("8 × 8, 1 picture")


def test_switches_are_commands(stage) -> None:
    stage.click("##PNG series")
    stage.click("##Recorder")
    assert stage.commands == [ToggleOutput("PNG series"), ToggleOutput("Recorder")]
    assert stage.params == Params()


def test_long_paths_stay_in_the_panel(stage) -> None:
    stage.change(outputs=(OutputStatus("S", is_on=True, target="/a/long/folder" * 20 + "/end"),))
    assert any(text.startswith("…") and text.endswith("/end") for text in stage.texts)


FIELDS = ("size", "rate", "fit", "rotation", "edges", "resampling")


def test_what_an_audience_sees_is_set_by_keys_and_in_the_panel(stage) -> None:
    for key in (imgui.Key.k, imgui.Key.z):
        stage.key(key)
    stage.key(imgui.Key.z, imgui.Key.mod_shift)
    assert stage.params.stage == Stage(blackout=True, freeze=True, hold=False)
    assert words_of(stage.params) == "black, frozen"
    stage.click("##Blackout")
    stage.click("##Hold last")
    assert stage.params == Params(stage=Stage(freeze=True))
    stage.key(imgui.Key.w)
    assert stage.commands == [ToggleOutput(CLEAN_WINDOW)]


def test_the_frame_of_an_output_is_set_in_its_fold(make_stage, fakes) -> None:
    output = OutputStatus("NDI", "To others.", frame_fields=FIELDS)
    stage = make_stage(status=fakes.status(outputs=(output,)), size=(1600, 1000))
    stage.key(imgui.Key.o)
    stage.frame(3)
    assert not stage.has("Blurred")
    stage.click("settings NDI")
    expected = [
        ("##Size", "1080p, 1920 × 1080", OutputFrame(size="1080p")),
        ("##Size", "Custom", OutputFrame(size="1024x1024")),
        ("##Rate", "30 /s", OutputFrame(rate=30.0)),
        ("Fill", "", OutputFrame(fit="fill")),
        ("90°", "", OutputFrame(rotation=90)),
        ("Blurred", "", OutputFrame(edges="blurred")),
        ("Sharp", "", OutputFrame(resampling="nearest")),
    ]
    for label, option, frame in expected:
        stage.click(label)
        if option:
            stage.click(option)
        assert stage.commands.pop() == SetOutputFrame("NDI", frame)
    stage.change(outputs=(changed_frame(output, OutputFrame(size="640x480", rate=12.5)),))
    assert stage.reads("640 × 480, 12.5 /s")
    assert stage.has("##Width")


def changed_frame(output: OutputStatus, frame: OutputFrame, **changes) -> OutputStatus:
    return structs.replace(output, frame=frame, **changes)


def test_a_film_that_is_being_written_keeps_its_frame(stage) -> None:
    film = changed_frame(ON, OutputFrame(), frame_fields=FIELDS, is_fixed=True)
    stage.change(outputs=(film,))
    stage.click("settings Recorder")
    stage.click("Blurred")
    assert stage.commands == []
    assert stage.reads("stay as they are while it is on")


def test_the_clean_window_has_a_screen_and_a_test_picture(stage) -> None:
    clean = OutputStatus(CLEAN_WINDOW, frame_fields=("fit",))
    screens = CleanWindowStatus(("eDP-1", "HDMI-1"), "DP-7")
    stage.change(outputs=(clean,), clean_window=screens)
    stage.click(f"settings {CLEAN_WINDOW}")
    stage.click("##Test picture")
    stage.click("##Screen")
    stage.click("HDMI-1")
    assert stage.commands == [ShowTestPicture(True), ChooseScreen("HDMI-1")]


PAGE = OutputStatus(
    "Web page", "In a browser.", True, "http://192.168.1.7:8710/token/", note="2 connected",
    code=("101", "010", "111"),
)  # fmt: skip


def test_an_address_is_copied_and_shown_to_a_camera_once_it_is_unfolded(
    make_stage, fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    monkeypatch.setattr(imgui, "set_clipboard_text", copied.append)
    stage = make_stage(status=fakes.status(outputs=(PAGE,)), size=(1600, 1000))
    stage.key(imgui.Key.o)
    stage.frame(3)
    stage.click("copy Web page")
    assert copied == ["http://192.168.1.7:8710/token/"]
    texts: list[str] = []
    paragraph = widgets.paragraph
    monkeypatch.setattr(
        widgets, "paragraph", lambda text, *rest: (texts.append(text), paragraph(text, *rest))
    )
    stage.frame()
    assert "2 connected" in texts and not any("camera" in text for text in texts)
    stage.click("settings Web page")
    stage.frame(2)
    assert any("camera" in text for text in texts)
