"""The program's icon on a window, and so in the desktop's list of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgview import resources
from sgview.gfx.context import collected_errors
from sgview.gfx.glfw_library import glfw


def set_icon(window: Any) -> None:
    """Give GLFW's `window` the icon; Wayland and macOS, which take it from elsewhere, refuse it."""
    pixels = np.load(resources.asset("icon.npy"), allow_pickle=False)  # uint8 [H, W, 4]
    height, width = pixels.shape[:2]
    with collected_errors():
        glfw.set_window_icon(window, 1, [(width, height, pixels.tolist())])
