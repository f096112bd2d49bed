"""What an audience sees of what plays."""

from typing import Any

import pytest

from sgview.outputs.stage import StageState
from sgview.state.params import Stage


def follow(state: StageState[Any], picture: Any, now: float, **stage: Any) -> tuple[Any, float]:
    state.follow(picture, Stage(**stage), now)
    return state.picture, pytest.approx(state.level)


def test_a_blackout_fades_in_the_chosen_time_and_back_from_where_it_is() -> None:
    state: StageState[str] = StageState()
    assert follow(state, "a", 0.0, fade=2.0) == ("a", 1.0)
    assert follow(state, "b", 5.0, fade=2.0) == ("b", 1.0)
    assert follow(state, "c", 5.5, fade=2.0, blackout=True) == ("c", 0.75)
    assert follow(state, "d", 6.0, fade=2.0, blackout=True) == ("d", 0.5)
    assert follow(state, "e", 6.5, fade=2.0) == ("e", 0.75)
    assert follow(state, "f", 60.0, fade=2.0) == ("f", 1.0)
    assert follow(state, "g", 60.1, fade=0.0, blackout=True) == ("g", 0.0)
    assert follow(state, "h", 60.2, fade=0.0) == ("h", 1.0)


def test_brightness_dims_and_a_blackout_goes_on_from_it() -> None:
    state: StageState[str] = StageState()
    assert follow(state, "a", 0.0, brightness=0.5) == ("a", 0.5)
    assert follow(state, "a", 0.5, brightness=0.5, blackout=True) == ("a", 0.25)


def test_a_frozen_picture_stays_and_the_first_one_is_not_missed() -> None:
    state: StageState[str] = StageState()
    assert follow(state, None, 0.0, freeze=True)[0] is None
    assert follow(state, "a", 0.1, freeze=True)[0] == "a"
    assert follow(state, "b", 0.2, freeze=True)[0] == "a"
    assert follow(state, "b", 0.3)[0] == "b"


def test_the_last_picture_is_held_or_gives_way_to_black() -> None:
    state: StageState[str] = StageState()
    assert follow(state, "a", 0.0) == ("a", 1.0)
    assert follow(state, None, 0.1) == ("a", 1.0)
    assert follow(state, None, 0.2, hold=False) == ("a", 0.0)
    assert follow(state, "b", 0.3, hold=False) == ("b", 1.0)
