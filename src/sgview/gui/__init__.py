"""The panels of the instrument. Knows the state and Dear ImGui; no torch, no GL, no engine."""

from sgview.gui.gui import Gui

__all__ = ["Gui"]
