import time

import pytest
from OpenGL import GL

from sgview.gfx import framebuffer
from sgview.gfx.draw_timer import DrawTimer
from tests.support.until import until

pytestmark = pytest.mark.gl


def draw(size: int = 64) -> None:
    framebuffer.clear((size, size), (0.5, 0.0, 0.0))


def test_times_arrive_without_waiting(context) -> None:
    with DrawTimer() as timer:
        timer.is_wanted = True
        start = time.perf_counter()
        with timer.stage("first"):
            draw()
        with timer.stage("second"):
            draw()
        GL.glFinish()
        until(lambda: len(timer.latest()) == 2)
        whole = (time.perf_counter() - start) * 1e3
        times = timer.latest()
        assert set(times) == {"first", "second"}
        assert all(0.0 <= milliseconds < whole for milliseconds in times.values())


def test_nothing_is_asked_while_nobody_watches(context) -> None:
    with DrawTimer() as timer:
        with timer.stage("first"):
            draw()
        GL.glFinish()
        assert timer.latest() == {}
        timer.is_wanted = True
        with timer.stage("first"):
            draw()
        GL.glFinish()
        timer.is_wanted = False
        assert timer.latest() == {}  # nor told, once nobody watches any more


def test_queries_are_used_again(context, monkeypatch: pytest.MonkeyPatch) -> None:
    made, make = [], GL.glGenQueries
    monkeypatch.setattr(GL, "glGenQueries", lambda count: made.append(count) or make(count))
    with DrawTimer() as timer:
        timer.is_wanted = True
        for _ in range(50):
            with timer.stage("one"):
                draw()
            GL.glFinish()
            timer.latest()
        assert 1 <= sum(made) <= 4
        timer.close()
        timer.close()
