"""The OpenGL commands of every frame, called as directly as Python can.

PyOpenGL asks for errors after each command and lets other threads run during it. A turn of the
window's loop has some fifty commands that return at once: offering the interpreter to the engine's
thread at each, and waiting to get it back, would take longer than all of them. Errors are not lost:
OpenGL keeps them for the next command that PyOpenGL calls.

Where the processor draws, two of them do not return at once: see `share_interpreter`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import c_float, c_int, c_uint
from typing import Any

from OpenGL import GL
from OpenGL.platform import PLATFORM


def _call(name: str, *arguments: type, shares: bool = False) -> Callable[..., Any]:
    """Return a command of the OpenGL library; PyOpenGL's where the library does not export it.

    Args:
        name: of the command.
        arguments: their types.
        shares: whether other threads run during it.
    """
    try:
        exported = getattr(PLATFORM.GL, name)  # type: ignore[union-attr]
    except AttributeError:  # Windows exports OpenGL 1.1
        return getattr(GL, name)
    address = ctypes.cast(exported, ctypes.c_void_p).value
    assert address is not None
    function = ctypes.CFUNCTYPE if shares else ctypes.PYFUNCTYPE
    return function(None, *arguments)(address)


active_texture = _call("glActiveTexture", c_uint)
bind_framebuffer = _call("glBindFramebuffer", c_uint, c_uint)
bind_texture = _call("glBindTexture", c_uint, c_uint)
bind_vertex_array = _call("glBindVertexArray", c_uint)
blend_func = _call("glBlendFunc", c_uint, c_uint)
clear: Callable[..., Any]
clear_colour = _call("glClearColor", c_float, c_float, c_float, c_float)
disable = _call("glDisable", c_uint)
draw_arrays: Callable[..., Any]
enable = _call("glEnable", c_uint)
scissor = _call("glScissor", c_int, c_int, c_int, c_int)
tex_parameter = _call("glTexParameteri", c_uint, c_uint, c_int)
uniform_float4 = _call("glUniform4f", c_int, c_float, c_float, c_float, c_float)
use_program = _call("glUseProgram", c_uint)
viewport = _call("glViewport", c_int, c_int, c_int, c_int)


def share_interpreter(is_wanted: bool) -> None:
    """Let other threads run during commands that draw, or not, as at first.

    A processor that draws does so within them: 6 to 8 ms each, four times for each drawing of the
    panel. The engine's thread would wait as long.
    """
    global clear, draw_arrays
    clear = _call("glClear", c_uint, shares=is_wanted)
    draw_arrays = _call("glDrawArrays", c_uint, c_int, c_int, shares=is_wanted)


share_interpreter(False)
