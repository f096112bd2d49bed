import pytest
from msgspec.structs import replace

from sgview.show.crossfade import Crossfade
from sgview.state.params import Mapping, Params, Stage


def psi(value: float) -> Params:
    return Params(mapping=Mapping(truncation_psi=value))


def test_leads_from_one_to_the_other_and_ends() -> None:
    fade = Crossfade()
    fade.start(psi(0.0), 10.0, 2.0, "linear")
    assert fade.is_running
    assert fade.apply(psi(1.0), 10.0) == psi(0.0)
    assert fade.apply(psi(1.0), 10.5).mapping.truncation_psi == pytest.approx(0.25)
    assert fade.progress == pytest.approx(0.25)
    target = psi(1.0)
    assert fade.apply(target, 12.0) is target
    assert not fade.is_running
    assert fade.progress == 1.0


def test_the_goal_may_move_meanwhile() -> None:
    fade = Crossfade()
    fade.start(psi(0.0), 0.0, 1.0, "linear")
    assert fade.apply(psi(4.0), 0.5).mapping.truncation_psi == pytest.approx(2.0)
    assert fade.apply(psi(8.0), 0.75).mapping.truncation_psi == pytest.approx(6.0)


def test_a_new_recall_starts_where_the_old_one_was() -> None:
    fade = Crossfade()
    fade.start(psi(0.0), 0.0, 1.0)
    middle = fade.apply(psi(1.0), 0.5)
    fade.start(middle, 0.5, 1.0)
    assert fade.apply(psi(5.0), 0.5) == middle


def test_no_time_is_a_cut() -> None:
    fade = Crossfade()
    fade.start(psi(0.0), 0.0, 1.0)
    fade.start(psi(0.0), 0.0, 0.0)
    assert not fade.is_running
    assert fade.apply(replace(psi(1.0)), 0.0) == psi(1.0)
    fade.start(psi(0.0), 0.0, 1.0)
    fade.stop()
    assert fade.apply(psi(1.0), 0.1) == psi(1.0)


def test_a_blackout_does_not_wait_for_a_fade() -> None:
    fade = Crossfade()
    fade.start(Params(), 0.0, 10.0)
    dark = Params(stage=Stage(blackout=True, brightness=0.25))
    assert fade.apply(dark, 0.1).stage == dark.stage
    assert fade.apply(Params(), 0.2).stage == Stage()
