"""What the user's keyboard layout types."""

from __future__ import annotations

from sgview.gfx.context import collected_errors
from sgview.gfx.glfw_library import glfw

UNKNOWN = " "


def number_row() -> str:
    """Return what the keys 1 to 9 and 0 type without Shift, as the layout is now.

    A character each, and a space where GLFW does not tell: "1234567890" on most keyboards,
    "&é\"'(-è_çà" on a French one.
    """
    with collected_errors():
        names = (glfw.get_key_name(glfw.KEY_0 + number % 10, 0) for number in range(1, 11))
        return "".join(name if name and len(name) == 1 else UNKNOWN for name in names)
