"""Monitors that come and go: those of Xorg's dummy driver, and GLFW's answers made here."""

import json
import subprocess
import sys
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from sgview.gfx import monitors
from sgview.gfx.monitors import Monitors
from tools.dummy_screen import missing_part
from tools.monitor_changes import PLACE, STATES

CHANGES = 4  # in each state; `python -m tools.monitor_changes --changes 200` has more


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> dict:
    """Monitors by handle, as GLFW would tell of them: x, y, width, height."""
    known = {"left": (0, 0, 1280, 720), "right": (1280, 0, 1920, 1080)}

    def mode(handle: str) -> SimpleNamespace:
        if handle not in known:
            raise ValueError("NULL pointer access")
        return SimpleNamespace(size=known[handle][2:], refresh_rate=50)

    fake = SimpleNamespace(
        set_monitor_callback=lambda callback: None,
        get_monitors=lambda: ["left", "right"],  # as it may list one that has just gone
        get_video_mode=mode,
        get_monitor_pos=lambda handle: known[handle][:2],
        get_monitor_workarea=lambda handle: known[handle],
        get_monitor_name=lambda handle: handle.encode(),
    )
    monkeypatch.setattr(monitors, "glfw", fake)
    monkeypatch.setattr(monitors, "collected_errors", nullcontext)
    return known


def test_a_monitor_that_is_gone_is_none(plugged) -> None:
    del plugged["right"]
    assert [monitor.name for monitor in Monitors().all] == ["left"]
    plugged.clear()
    assert Monitors().below((0, 0, 10, 10)) is None


def test_monitors_are_asked_about_on_a_change_only(plugged) -> None:
    there = Monitors()
    assert len(there.all) == 2
    del plugged["right"]
    assert len(there.all) == 2
    there._note("right", 0)
    assert there.take_change()
    assert not there.take_change()
    assert len(there.all) == 1


def test_a_window_out_of_sight_is_brought_back(plugged) -> None:
    there = Monitors()
    assert there.brought_back((1400, 50, 800, 600)) == (1400, 50, 800, 600)
    del plugged["right"]
    there = Monitors()
    assert there.brought_back((1400, 50, 800, 600)) == (240, 60, 800, 600)
    assert there.brought_back((1400, 50, 3000, 600)) == (0, 60, 1280, 600)
    assert there.brought_back((100, -300, 800, 600)) == (240, 60, 800, 600)


def test_of_two_monitors_with_one_name_the_one_in_its_place_is_found(plugged, monkeypatch) -> None:
    monkeypatch.setattr(monitors.glfw, "get_monitor_name", lambda handle: b"Generic")
    there = Monitors()
    left, right = there.all
    assert there.find(right) == right
    assert there.find(left) == left
    del plugged["right"]
    assert Monitors().find(right) == left


def test_the_window_survives_monitors_and_fullscreen_returns() -> None:
    if missing := missing_part():
        pytest.skip(missing)
    done = subprocess.run(
        [sys.executable, "-m", "tools.monitor_changes", "--changes", str(CHANGES)],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    if "Xorg does not start" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stderr[-2000:]
    states = [json.loads(line) for line in done.stdout.splitlines()]
    assert [state["state"] for state in states] == list(STATES)
    for state in states:
        is_fullscreen = state["state"].startswith("fullscreen")
        assert state["covers"] == ("DUMMY1" if is_fullscreen else "")
        assert state["place"][2:] == list(PLACE[2:])  # the size to go back to is not lost
        gone = "DUMMY1 is gone" if is_fullscreen else "of this window is gone"
        assert all(gone in text for text in state["notices"])  # and nothing else is told
        assert state["notices"] or not is_fullscreen
