"""Which places get a small picture, in which order."""

import numpy as np

from sgview.show.previews import Previews

PICTURE = np.zeros((8, 8, 4), np.uint8)


def test_one_is_asked_for_at_a_time_and_none_twice() -> None:
    previews, places = Previews(), ["seed 1", "file a", "seed 2"]
    previews.poll("network")
    assert previews.ask(places) == "seed 1"
    assert previews.ask(places) == ""  # one is on its way
    previews.take("network", "seed 1", PICTURE)
    previews.poll("network")
    assert previews.ask(places) == "file a"
    previews.take("network", "file a", None)  # it cannot be played
    previews.poll("network")
    assert list(previews.thumbnails) == ["preview seed 1"]
    assert previews.ask(places) == "seed 2"


def test_another_network_makes_its_own() -> None:
    previews = Previews()
    previews.poll("old")
    assert previews.ask(["seed 1"]) == "seed 1"
    previews.poll("new")
    previews.take("old", "seed 1", PICTURE)
    previews.poll("new")
    assert previews.thumbnails == {}
    assert previews.ask(["seed 1"]) == "seed 1"
