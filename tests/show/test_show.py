"""What plays along, without a window."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sgview.settings import FolderSettings, LookSettings, Settings
from sgview.show.clock import Clock
from sgview.show.player import Player
from sgview.show.show import MENDED, Show
from sgview.show.takes.replay import replay
from sgview.show.takes.take import read_take
from sgview.signals import SignalStatus
from sgview.state import commands as c
from sgview.state.motion import Motion
from sgview.state.notices import Notices
from sgview.state.params import Latents, Mapping, Params
from sgview.state.session import Surroundings
from sgview.state.sound import Sound
from sgview.state.status import ShowStatus
from tests.support.until import until

STEP = 1 / 60


class Stage:
    """A show with a hand on its clock."""

    def __init__(self, folder: Path, shipped: dict[str, Path] | None = None, **settings) -> None:
        self.folder, self.notices, self.t, self.params = folder, Notices(), 0.0, Params()
        folders = FolderSettings(presets=str(folder / "presets"), takes=str(folder / "takes"))
        all_settings = Settings(folders=folders, **settings)
        self.player = Player(all_settings, Clock(lambda: self.t))
        self.show = Show(all_settings, self.player, self.notices, time.monotonic, shipped)

    def play(self, frames: int = 1) -> Params:
        """Return what plays after so many frames."""
        shown = Params()
        for _ in range(frames):
            self.t += STEP
            self.player.advance(self.params)
            resolved = self.player.resolve(self.params)
            self.show.record(self.params, resolved, {})
            shown = resolved.params
            self.show.poll()
        return shown

    def status(self) -> ShowStatus:
        return self.show.status({}, has_own_networks=True)

    def surroundings(self) -> Surroundings:
        return self.show.surroundings(self.player.surroundings())

    def resume(self, surroundings: Surroundings) -> None:
        self.player.resume(surroundings)
        self.show.resume(surroundings)

    def close(self) -> None:
        self.show.close()
        self.player.close()

    def told(self) -> str:
        return " ".join(notice.text for notice in self.notices.shown(time.monotonic()))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path, looks=LookSettings(fade=1.0, easing="linear"))
    yield stage
    stage.close()
    stage.close()


def psi(value: float) -> Params:
    return Params(mapping=Mapping(truncation_psi=value))


def test_a_recall_fades_and_what_comes_from_elsewhere_cuts(stage: Stage) -> None:
    stage.show.save_look(psi(0.0), None, "night")
    assert stage.status().fade.look == "night"
    stage.play()
    recalled = stage.show.recall(c.RecallLook(name="night"))
    assert recalled == (psi(0.0), "night")
    stage.params = psi(0.0)
    assert stage.play(30).mapping.truncation_psi == pytest.approx(0.5)
    assert stage.status().fade.progress == pytest.approx(0.5)
    stage.show.leave_look()
    assert stage.play().mapping.truncation_psi == 0.0
    assert stage.status().fade.look == ""
    assert stage.status().fade.progress == 1.0


def test_a_recall_can_say_how_long_it_takes(stage: Stage) -> None:
    stage.show.save_look(psi(0.0), None, "night")
    stage.play()
    stage.show.recall(c.RecallLook(key=1, seconds=0.0))
    stage.params = psi(0.0)
    assert stage.play() == psi(0.0)
    assert stage.show.recall(c.RecallLook(name="day")) is None
    assert "There is no look day" in stage.told()


def test_a_take_holds_a_fade_that_was_cut_and_one_that_had_begun(stage: Stage) -> None:
    stage.show.save_look(psi(0.0), None, "night")
    stage.play()
    stage.show.recall(c.RecallLook(name="night"))
    stage.params = psi(0.0)
    stage.play(10)
    stage.show.toggle_take(stage.params, {})
    shown = [stage.play() for _ in range(10)]
    stage.show.leave_look()
    stage.params = psi(0.9)
    shown += [stage.play() for _ in range(5)]
    path = Path(stage.status().take.path)
    assert stage.status().take.frames == 15
    stage.show.toggle_take(stage.params, {})
    assert f"Recorded {path}: 15 frames" in stage.told()
    assert stage.status().take.path == ""
    assert [shot.params for shot in replay(read_take(path))] == shown
    assert 0.7 < shown[0].mapping.truncation_psi < 0.9
    assert shown[9] != shown[10] == psi(0.9)


def test_a_take_that_cannot_be_written_is_a_notice(tmp_path: Path) -> None:
    (tmp_path / "takes").write_text("")
    stage = Stage(tmp_path)
    stage.show.toggle_take(Params(), {})
    assert "cannot be written" in stage.told()
    assert stage.status().take.path == ""
    stage.close()


def test_a_take_is_closed_at_the_end(stage: Stage) -> None:
    stage.show.toggle_take(Params(), {})
    stage.play(3)
    path = Path(stage.status().take.path)
    stage.close()
    assert len(read_take(path).frames) == 3
    assert not read_take(path).is_cut_short


def test_surroundings_come_back(stage: Stage, tmp_path: Path) -> None:
    stage.show.execute(c.SetFade(7.5, "out"))
    stage.player.execute(c.SetTempo(133.0, is_following=True))
    sound = Sound(source="file", file=str(tmp_path / "missing.wav"), gain_db=6.0)
    stage.player.execute(c.SetSound(sound))
    around = stage.surroundings()
    other = Stage(tmp_path)
    other.resume(around)
    assert other.surroundings() == around
    assert other.status().fade.seconds == 7.5
    assert other.player.status(SignalStatus()).sound.sound == sound
    other.close()


def test_a_script_is_named_but_not_resumed(stage: Stage, tmp_path: Path) -> None:
    script = tmp_path / "play.py"
    script.write_text("raise SystemExit\n")
    stage.resume(Surroundings(script=str(script)))
    assert stage.player.status(SignalStatus()).script.path == ""
    assert "play.py played along" in stage.told()


def test_the_notice_of_a_mended_script_goes(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    now = [0.0]
    stage.show = Show(Settings(), stage.player, stage.notices, lambda: now[0])
    script = tmp_path / "play.py"
    mistakes = ("1 / 0", "undefined", "[][1]")
    for mistake in mistakes:
        script.write_text(f"def frame(play):\n    {mistake}\n")
        stage.player.open_script(script, is_watched=False)
        stage.play(2)
        shown = [notice.text for notice in stage.notices.shown(0.0)]
        assert len(shown) == 1, "one mistake, the newest, is told of"
    script.write_text("def frame(play):\n    pass\n")
    stage.player.open_script(script, is_watched=False)
    stage.play()
    assert len(stage.notices.shown(0.0)) == 1
    now[0] = MENDED
    stage.play()
    assert stage.notices.shown(0.0) == ()
    stage.close()


def test_shipped_looks_show_beside_the_built_in_networks_only(tmp_path: Path) -> None:
    path = tmp_path / "frost.toml"
    path.write_text("version = 1\n")
    stage = Stage(tmp_path, {"frost": path})
    shown = stage.show.status({str(path): 7}, has_own_networks=True).looks
    names = [f"{look.name} {look.texture} {look.is_shipped}" for look in shown]
    assert names == ["frost 7 True"]
    assert stage.show.status({str(path): 7}, has_own_networks=False).looks == ()
    stage.close()


def test_each_direction_of_a_file_has_a_name_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "latents" / "directions"
    folder.mkdir(parents=True)
    np.save(folder / "ages.npy", np.zeros((2, 14, 8), np.float32))
    np.save(folder / "smile#3 b.npy", np.zeros((14, 8), np.float32))
    settings = Settings(folders=FolderSettings(latents=str(folder.parent)))
    player = Player(settings, Clock(lambda: 0.0))
    show = Show(settings, player, Notices(), time.monotonic)
    until(lambda: show.directions.entries, show.directions.poll)
    files = show.directions_status("", {}, (), is_busy=False).files
    assert files == ("ages#1", "ages#2", "smile#3 b")
    show.close()
    player.close()


def test_a_latent_that_does_not_fit_has_no_picture_of_what_played_in_its_place(stage) -> None:
    show, pixels = stage.show, np.zeros((8, 8, 4), np.uint8)
    for name in ("wide.npz", "petals.npz"):
        params = Params(latents=Latents(source="library", entry=name))
        show.visited.note(params, Motion(), lambda: pixels)
    show.previews.poll("network")
    show.previews.take("network", "file wide.npz", None)
    show.previews.poll("network")
    textures = {f"visit file {name}": 7 for name in ("wide.npz", "petals.npz")}
    visited = show.status(textures, has_own_networks=True).visited
    assert {v.place: v.texture for v in visited} == {"file wide.npz": 0, "file petals.npz": 7}
