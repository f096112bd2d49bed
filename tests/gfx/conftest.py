"""One window for the graphics tests of a module."""

from collections.abc import Iterator

import pytest

from sgview.gfx.window import Window

WIDTH, HEIGHT = 320, 240


@pytest.fixture(scope="module")
def window(screen) -> Iterator[Window]:
    with Window("graphics", WIDTH, HEIGHT) as window:
        yield window


@pytest.fixture
def context(window: Window) -> Window:
    """The window with its context current, whatever other tests made so."""
    import glfw

    glfw.make_context_current(window._handle)
    return window
