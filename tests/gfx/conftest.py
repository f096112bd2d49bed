"""Contexts for the graphics tests: one window for a module, or none on a card without a screen."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

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


@pytest.fixture
def card_context(request: pytest.FixtureRequest) -> Iterator[None]:
    """A context on the graphics card: with PYOPENGL_PLATFORM=egl without a screen."""
    with ExitStack() as stack:
        if os.environ.get("PYOPENGL_PLATFORM") == "egl":
            from tools.surfaceless import surfaceless_context

            stack.enter_context(surfaceless_context())
        else:
            request.getfixturevalue("context")
        yield
