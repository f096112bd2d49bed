import ctypes
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from OpenGL import GL

from sgview.gfx import framebuffer
from sgview.gfx.context import GraphicsInfo
from sgview.gfx.glfw_library import library_path
from sgview.gfx.window import Window
from tests.support.until import LIMIT, until

pytestmark = pytest.mark.gl


def settle(window: Window, is_done) -> None:
    """Handle events until `is_done`, as the server answers when it likes."""
    until(is_done, lambda: window.wait(0.02))


def test_context_is_a_core_profile_of_at_least_4_1(context: Window) -> None:
    version = (GL.glGetIntegerv(GL.GL_MAJOR_VERSION), GL.glGetIntegerv(GL.GL_MINOR_VERSION))
    assert tuple(int(v) for v in version) >= (4, 1)
    mask = GL.glGetIntegerv(GL.GL_CONTEXT_PROFILE_MASK)
    assert mask & GL.GL_CONTEXT_CORE_PROFILE_BIT
    assert context.graphics.version
    assert context.address


def test_clear_fills_the_window(context: Window) -> None:
    framebuffer.clear(context.framebuffer_size, (1.0, 0.0, 0.4))
    pixels = framebuffer.read(context.framebuffer_size)
    assert pixels.shape == (240, 320, 4)
    assert (pixels == np.array([255, 0, 102, 255], np.uint8)).all()


def test_fullscreen_covers_the_monitor_and_goes_back_to_its_place(screen) -> None:
    with Window("fullscreen", 200, 150) as window:
        settle(window, lambda: window.framebuffer_size == (200, 150))
        window.placement.set_fullscreen(True)
        settle(window, lambda: window.framebuffer_size == (1600, 1000))
        assert window.placement.is_fullscreen
        window.placement.set_fullscreen(True)
        window.placement.set_fullscreen(False)
        settle(window, lambda: window.framebuffer_size == (200, 150))
        assert not window.placement.is_fullscreen


def test_a_window_larger_than_the_screen_shrinks_to_it(screen) -> None:
    with Window("large", 5000, 700) as window:
        settle(window, lambda: window.framebuffer_size == (1600, 700))


def test_files_that_are_dropped_come_with_the_next_events(screen) -> None:
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p))
    listen = ctypes.CDLL(library_path()).glfwSetDropCallback  # returns who listened before
    listen.argtypes, listen.restype = [ctypes.c_void_p, ctypes.c_void_p], ctypes.c_void_p
    seen: list[Path] = []
    with Window("drops", 64, 64, visible=False) as window:
        drop = ctypes.cast(listen(window.address, None), kind)
        window.on_drop = seen.extend
        drop(None, 2, (ctypes.c_char_p * 2)(b"/a b/c.pkl", b"/no UTF-8 \xff.toml"))
        assert not seen  # what fails over them shall fail in the frame, not in GLFW
        window.poll()
        assert [os.fsencode(path) for path in seen] == [b"/a b/c.pkl", b"/no UTF-8 \xff.toml"]
        window.on_drop = None
        drop(None, 1, (ctypes.c_char_p * 1)(b"/nobody.pkl"))
        window.wait(0.001)
        assert len(seen) == 2


def test_vsync_can_be_switched(context: Window) -> None:
    context.vsync = False
    assert not context.vsync
    context.vsync = True
    assert context.vsync


def test_close_is_idempotent(screen) -> None:
    window = Window("short", 64, 64, visible=False)
    window.close()
    window.close()


@pytest.mark.parametrize(
    ("environment", "message"),
    [({}, "there is no display"), ({"DISPLAY": ":987"}, "no window can be opened on this display")],
)
def test_no_display_is_one_clear_sentence(environment: dict[str, str], message: str) -> None:
    code = (
        "from sgview.gfx.context import WindowError\n"
        "from sgview.gfx.window import Window\n"
        "try: Window('x')\n"
        "except WindowError as error: print(error)"
    )
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={"PATH": "", "HOME": "/nonexistent", **environment},
        capture_output=True, text=True, timeout=LIMIT, check=True,
    )  # fmt: skip
    assert message in result.stdout
    assert "Traceback" not in result.stderr


def test_software_renderers_are_known() -> None:
    assert GraphicsInfo("llvmpipe (LLVM 15)", "4.5", "Mesa").is_software
    assert not GraphicsInfo("NVIDIA H200/PCIe/SSE2", "4.6", "NVIDIA").is_software
