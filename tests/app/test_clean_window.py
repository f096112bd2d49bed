"""The clean window: on the second of two screens, unplugged and back, and set as it was last."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sgview.app.kept_outputs import KeptOutputs, read_outputs, with_kept, write_outputs
from sgview.gfx.window import Window
from sgview.outputs.output import OutputKind
from sgview.outputs.outputs import Outputs
from sgview.outputs.test_picture import make_test_picture
from sgview.settings import CleanWindowSettings, OscSettings, Settings, WindowSettings
from sgview.state import commands as c
from sgview.state.output_frame import CLEAN_WINDOW, OutputFrame
from sgview.state.params import Noise, Params, Stage
from sgview.state.recording import Recording
from tests.support.app import SG3_A, app_playing
from tests.support.until import until
from tools.dummy_screen import SECOND, missing_part

WINDOW = WindowSettings(width=700, height=420)
QUIET = {"window": WINDOW, "osc": OscSettings(enabled=False)}


@pytest.mark.gl
def test_it_is_where_and_what_it_is_asked_to_be_while_screens_come_and_go() -> None:
    if missing := missing_part():
        pytest.skip(missing)
    done = subprocess.run(
        [sys.executable, "-m", "tools.clean_window_states"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    if "Xorg does not start" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stderr[-2000:]
    states = {state["state"]: state for state in map(json.loads, done.stdout.splitlines())}
    assert list(states) == [
        "plain", "blurred", "mirrored", "blackout", "test picture", "frozen", "unplugged", "back",
        "off",
    ]  # fmt: skip
    for name, state in states.items():
        is_there = name not in ("unplugged", "off")
        assert state["covers"] == (SECOND if is_there else "")
        assert not is_there or state["size"] == [1280, 720]
        assert not state["notices"]
    assert (states["plain"]["edge"], states["frozen"]["is_same"]) == (0.0, True)
    assert 0 < states["blurred"]["edge"] < states["blurred"]["middle"]
    assert states["unplugged"]["problem"].startswith(f"{SECOND} is not there")
    assert not states["back"]["problem"]


@pytest.mark.gl
def test_a_minimised_window_goes_on_playing_for_outputs(
    screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app_playing({"a": SG3_A}, screen, tmp_path, **QUIET) as app:
        app.execute(c.ToggleOutput("PNG series"))
        monkeypatch.setattr(Window, "is_minimised", property(lambda self: True))
        app.params = Params(noise=Noise(seed=77), stage=Stage(blackout=True))
        until(lambda: app.picture.params == app.params, app.frame)
        series = next(one for one in app.outgoing.outputs.status() if one.name == "PNG series")
        before = series.written

        def written() -> int:
            return next(
                one for one in app.outgoing.outputs.status() if one.name == "PNG series"
            ).written

        until(lambda: written() > before, app.frame)
        time = app.player.clock.t
        app.execute(c.ToggleOutput("PNG series"))
        app.frame()  # nobody wants pictures: the clock goes on, the engine is not asked
        assert app.player.clock.t > time


@pytest.mark.gl
def test_it_is_a_window_on_the_only_screen_and_is_drawn_when_it_changes(
    screen, tmp_path: Path
) -> None:
    with app_playing({"a": SG3_A}, screen, tmp_path, **QUIET) as app:
        app.player.clock.is_paused = True
        app.execute(c.ToggleOutput(CLEAN_WINDOW))

        def middle() -> np.ndarray:
            """What is on the screen where the window is, its centre."""
            x, y = (side // 2 for side in (screen.read().shape[1], screen.read().shape[0]))
            return screen.read()[y - 40 : y + 40, x - 40 : x + 40]

        def status():
            return next(one for one in app.status.outputs if one.name == CLEAN_WINDOW)

        screen.xdotool("mousemove", 1, 1)  # the pointer is a part of what is read
        until(lambda: status().written == 1, app.frame)
        assert (status().target, status().size) == ("in a window", (960, 540))
        app.params = Params(stage=Stage(blackout=True, fade=0.0))
        until(lambda: middle().max() == 0, app.frame)
        app.execute(c.ShowTestPicture(True))
        app.params = Params()
        until(lambda: middle().max() == 255, app.frame)
        assert app.status.clean_window.shows_test
        app.execute(c.ToggleOutput(CLEAN_WINDOW))
        until(lambda: not status().is_on, app.frame)
        assert not app.status.notices


@pytest.mark.gl
def test_its_keys_act_as_those_of_the_main_window(screen, tmp_path: Path) -> None:
    """A click on a clean window gives it the keys: blackout has to work all the same."""
    with app_playing({"a": SG3_A}, screen, tmp_path, **QUIET) as app:
        app.execute(c.ToggleOutput(CLEAN_WINDOW))
        until(lambda: app.status.outputs and app.status.outputs[0].written, app.frame)
        screen.xdotool("search", "--name", "^sgview output$", "windowfocus")
        until(lambda: not app.screen.window.has_focus, app.frame)
        for _ in range(3):  # ImGui forgets keys when its window loses them
            app.frame()
            until(lambda: app.screen.has_panel, app.frame)
        screen.xdotool("key", "k")
        until(lambda: app.params.stage.blackout, app.frame)
        hold = app.params.stage.hold
        screen.xdotool("key", "shift+z")
        until(lambda: app.params.stage.hold != hold, app.frame)
        assert not app.params.stage.freeze  # which is z alone
        screen.xdotool("key", "bracketleft")  # by its character
        until(lambda: app.params.layer.name, app.frame)
        screen.xdotool("key", "w")
        until(lambda: not app.status.outputs[0].is_on, app.frame)


@pytest.mark.gl
def test_how_a_recording_is_made_is_kept_for_the_next_start(screen, tmp_path: Path) -> None:
    chosen = Recording(codec="ffv1", quality=33.0, sound=False)
    with app_playing({"a": SG3_A}, screen, tmp_path, **QUIET) as app:
        app.execute(c.SetRecording(chosen))
    with app_playing({"a": SG3_A}, screen, tmp_path, **QUIET) as app:
        assert app.outgoing.outputs.recording == chosen
        assert app.outgoing.outputs.status()[0].name == CLEAN_WINDOW


@pytest.mark.gl
def test_an_output_may_take_the_framed_picture_as_a_texture(
    screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from OpenGL import GL

    class Sharer:
        """Reads back the texture that it is offered, and the pixels."""

        seen: list[tuple[np.ndarray, np.ndarray]]

        def __init__(self) -> None:
            self.seen = []

        def offer(self, picture) -> None:
            width, height = picture.size
            pixels = np.empty((height, width, 4), np.uint8)
            GL.glBindTexture(GL.GL_TEXTURE_2D, picture.texture())
            GL.glGetTexImage(GL.GL_TEXTURE_2D, 0, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, pixels)
            GL.glBindTexture(GL.GL_TEXTURE_2D, 0)
            self.seen.append((pixels[::-1], picture.host()))

        def status(self):
            from sgview.state.status import OutputStatus

            return OutputStatus(written=len(self.seen))

        def close(self) -> None: ...

    sharer = Sharer()
    frame = OutputFrame(size="300x200", edges="mirrored", rotation=90)
    kind = OutputKind("sharer", "", lambda _: sharer, frame=frame, is_seen=True)
    with app_playing({"a": SG3_A}, screen, tmp_path, **QUIET) as app:
        outgoing = app.outgoing
        outputs = Outputs(Settings(), app._notices, app._now, outgoing._view, (kind,))
        monkeypatch.setattr(outgoing, "outputs", outputs)
        app.execute(c.ToggleOutput("sharer"))
        app.params = Params(stage=Stage(brightness=0.5))
        until(lambda: len(sharer.seen) >= 2, app.frame)
    texture, pixels = sharer.seen[-1]
    assert pixels.shape == (200, 300, 4)
    assert np.abs(texture.astype(int) - pixels).max() <= 3


def test_how_outputs_are_set_is_kept_and_settings_win(tmp_path: Path) -> None:
    frame = OutputFrame(size="640x480", rate=25.0)
    assert read_outputs(tmp_path) == KeptOutputs()
    kept = KeptOutputs(
        {"NDI": frame, "Recorder": frame}, "HDMI-1", Recording(codec="ffv1", quality=60.0)
    )
    write_outputs(tmp_path, kept)
    assert read_outputs(tmp_path) == kept
    plain = with_kept(Settings(), kept)
    assert plain.clean_window.screen == "HDMI-1"
    assert plain.outputs == kept.frames
    own = Settings(
        outputs={"NDI": OutputFrame(size="4k")}, clean_window=CleanWindowSettings(screen="DP-1")
    )
    assert with_kept(own, kept).outputs == {"NDI": OutputFrame(size="4k"), "Recorder": frame}
    assert with_kept(own, kept).clean_window.screen == "DP-1"
    assert plain.recording == kept.recording
    recording = Recording(codec="prores", hardware=False)
    merged = with_kept(Settings(recording=recording), kept).recording
    assert merged == Recording(codec="prores", quality=60.0, hardware=False)
    for damaged in ("", "[]", '{"frames": {"NDI": {"size": "huge"}}}', '{"screen": 5}'):
        (tmp_path / "outputs.json").write_text(damaged)
        assert read_outputs(tmp_path) == KeptOutputs()


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (320, 180), (90, 320)])
def test_a_test_picture_has_a_border_all_around(size: tuple[int, int]) -> None:
    pixels = make_test_picture("Beamer \u6f22", size)
    assert pixels.shape == (size[1], size[0], 4)
    assert (pixels[..., 3] == 255).all()
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 255).all()
