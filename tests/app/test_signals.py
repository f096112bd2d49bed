"""Messages, bindings and learning in the program in its window."""

from collections.abc import Callable, Iterator

import pytest
from pythonosc.udp_client import SimpleUDPClient

from sgview.settings import MidiSettings, OscSettings, WindowSettings
from sgview.state import commands as c
from sgview.state.params import Params
from tests.support.app import SG2, SG3_A, Time, app_playing
from tests.support.until import until

pytestmark = pytest.mark.gl


class Stage:
    def __init__(self, app, screen, time: Time) -> None:
        self.app, self.screen, self.time = app, screen, time
        self.port = int(app.status.player.osc.listens_at.rpartition(":")[2])

    def until(self, is_so: Callable[[], object]) -> None:
        until(is_so, self.app.frame)

    def send(self, address: str, *values: float | str) -> None:
        with SimpleUDPClient("127.0.0.1", self.port) as client:
            client.send_message(address, list(values))


@pytest.fixture(scope="module")
def opened(screen, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("app")
    settings = {
        "window": WindowSettings(width=900, height=700),
        "osc": OscSettings(port=0),
        "midi": MidiSettings(enabled=False),
    }
    time = Time()
    with app_playing({"a": SG3_A}, screen, folder, now=time, **settings) as app:
        yield Stage(app, screen, time)


@pytest.fixture
def stage(opened: Stage) -> Stage:
    opened.app.params = Params()
    opened.app.player.clock.rewind()
    opened.app.player.clock.is_paused = True
    opened.app.frame()
    return opened


def test_a_message_moves_the_picture_and_is_one_step_of_undo(stage: Stage) -> None:
    app = stage.app
    with stage.time.held() as move:
        move(0.6)  # what came before is another change
        app.frame()
        for step in range(1, 6):
            stage.send("/sgview/noise/amplitude", step / 4)
            stage.until(lambda step=step: app.params.noise.amplitude == step / 4)
            move(0.1)
            app.frame()
    stage.until(lambda: app.picture.params.noise.amplitude == 1.25)
    app.execute(c.Undo())
    assert app.params == Params()


def test_layers_go_by_number_and_unknown_addresses_are_said_once(stage: Stage) -> None:
    app = stage.app
    for _ in range(3):
        stage.send("/sgview/nothing", 1)
    stage.send("/sgview/layer", 2)
    stage.until(lambda: app.params.layer.name == app.status.engine.networks["a"].layers[1].name)
    stage.until(lambda: any("/sgview/nothing" in n.text for n in app.status.notices))
    (notice,) = [n for n in app.status.notices if "/sgview/nothing" in n.text]
    assert notice.repeats == 1


def test_layers_go_by_number_in_b_while_it_plays_alone(stage: Stage) -> None:
    from sgview.engine.networks import load_network

    app = stage.app
    app.worker.set_network("b", load_network(SG2))
    try:
        stage.until(lambda: "b" in app.status.engine.networks)
        stage.send("/sgview/blend/source", "b")
        stage.send("/sgview/layer", 3)
        layers = app.status.engine.networks["b"].layers
        stage.until(lambda: app.params.layer.name == layers[2].name)
        stage.until(lambda: app.picture.status.layer == layers[2].name)
    finally:
        app.worker.set_network("b", None)
    stage.until(lambda: "b" not in app.status.engine.networks)


def test_typing_in_the_editor_binds_what_is_played(stage: Stage) -> None:
    app = stage.app
    app.execute(c.EditBinding("noise.amplitude", 0.0, 2.0))
    for _ in range(4):
        app.frame()
    for key in ("2", "asterisk", "t"):
        stage.screen.xdotool("key", key)
        for _ in range(3):
            app.frame()
    assert app.params.bindings == {"noise.amplitude": "2*t"}
    app.execute(c.Step(45))
    stage.until(lambda: app.picture.params.noise.amplitude == pytest.approx(1.5))
    assert app.params.noise.amplitude == 0.9
    assert app.status.player.bindings["noise.amplitude"].value == pytest.approx(1.5)
    stage.screen.xdotool("key", "Escape")
    for _ in range(3):
        app.frame()


def test_a_message_is_learned(stage: Stage) -> None:
    app = stage.app
    app.execute(c.Learn("noise.amplitude", "osc", 0.0, 2.0))
    app.frame()
    assert app.status.player.learning is not None
    stage.send("/my/fader", 0.75)
    stage.until(lambda: app.params.bindings == {"noise.amplitude": 'lerp(0, 2, osc("/my/fader"))'})
    stage.until(lambda: app.picture.params.noise.amplitude == 1.5)
    assert app.status.player.learning is None
    stage.send("/my/fader", 0.25)
    stage.until(lambda: app.picture.params.noise.amplitude == 0.5)


def test_time_runs_as_fast_as_its_binding_says(stage: Stage) -> None:
    app = stage.app
    app.params = Params(bindings={"playback.speed": "-3"})
    app.frame()
    app.player.clock.is_paused = False
    stage.until(lambda: app.player.clock.t < -0.2)
