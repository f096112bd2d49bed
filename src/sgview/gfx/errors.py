"""What OpenGL refused, collected once a frame.

PyOpenGL asks for errors after each command and raises them at whatever command comes next, which
may be a sound one: an error of the panel would then keep a picture from being uploaded, and end the
show. Only with `SGVIEW_STRICT=1`, for tests, does it; else it is asked here, once for each panel.
"""

from __future__ import annotations

import os
from typing import Any

import OpenGL

IS_STRICT = os.environ.get("SGVIEW_STRICT") == "1"
if not IS_STRICT:
    OpenGL.ERROR_CHECKING = False  # before OpenGL.GL is imported, or it has no effect

from OpenGL import GL  # noqa: E402

LOST = "context lost"
MOST = 8  # errors that OpenGL keeps, one a kind; a context that is lost may repeat one for ever

NAMES = {
    0x0500: "invalid enum",
    0x0501: "invalid value",
    0x0502: "invalid operation",
    0x0505: "out of memory",
    0x0506: "invalid framebuffer operation",
    0x0507: LOST,
}


def collected_gl_errors() -> list[str]:
    """Return the errors since the last call, in words; [] for none."""
    errors: list[str] = []
    while len(errors) < MOST and (code := _ask()):
        errors.append(NAMES.get(code, f"error {code:#x}"))
    return errors


def was_reset() -> bool:
    """Return whether the graphics card was reset, with which the context is lost for good.

    Drivers that cannot tell (it takes OpenGL 4.5, or ARB_robustness) never say so.
    """
    ask: Any = GL.glGetGraphicsResetStatus  # declared to return nothing
    return bool(ask) and int(ask()) != 0


def _ask() -> int:
    code: Any = GL.glGetError()  # declared to return nothing
    return int(code)
