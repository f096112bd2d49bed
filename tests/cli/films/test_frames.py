"""Shots to pixels: in order, and those that were begun come out."""

import numpy as np
import pytest

from sgview.cli.films.casting import TakeNetworks, networks_of
from sgview.cli.films.frames import pictures_of
from sgview.engine.engine import Engine
from sgview.engine.networks import load_network, open_networks
from sgview.settings import NetworkSettings
from sgview.show.takes.replay import Shot
from sgview.show.takes.take import RecordedNetwork
from sgview.state.params import Layer, Params
from sgview.state.validation import ConfigError
from tests.support import DATA

A = str(DATA / "sg3-t-64-a.pkl")
SMALL = Params(layer=Layer(name="L2"))
SHOTS = [Shot(SMALL, n / 10, {}) for n in range(6)]


def test_pictures_come_in_order_each_in_memory_of_its_own() -> None:
    with Engine("cpu") as engine:
        engine.set_network("a", load_network(A))
        got = list(pictures_of(engine, SHOTS))
        assert len(got) == len(SHOTS)
        for pixels, shot in zip(got, SHOTS, strict=True):
            picture = engine.render(shot.params, shot.t)
            assert picture is not None
            np.testing.assert_array_equal(pixels, picture.rgba8.numpy())


def test_no_more_are_begun_when_told_so() -> None:
    seen: list[float] = []
    with Engine("cpu") as engine:
        engine.set_network("a", load_network(A))
        answers = iter([True, True, False])
        some = pictures_of(engine, SHOTS, lambda shot: seen.append(shot.t), lambda: next(answers))
        assert len(list(some)) == 2
    assert seen == [0.0, 0.1, 0.2]


def test_a_shot_without_a_network_is_refused() -> None:
    with Engine("cpu") as engine, pytest.raises(ConfigError, match="plays no network there"):
        list(pictures_of(engine, SHOTS, lambda shot: TakeNetworks(engine).set(shot.networks)))


@pytest.mark.parametrize(
    "settings",
    [
        NetworkSettings(),
        NetworkSettings(demo="sg3"),
        NetworkSettings(a=A),
        NetworkSettings(a=A, b=A),
        NetworkSettings(b=A),
    ],
)
def test_networks_are_named_as_they_are_opened(settings: NetworkSettings) -> None:
    opened = open_networks(settings.a, settings.b, settings.demo)
    assert networks_of(settings) == {
        slot: RecordedNetwork(path=network.status.path, name=network.status.name)
        for slot, network in opened.items()
    }
