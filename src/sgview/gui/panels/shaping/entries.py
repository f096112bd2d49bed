"""Choosing a latent of the library by name."""

from __future__ import annotations

from pathlib import PurePath

from imgui_bundle import imgui

from sgview.gui.controls import rows, widgets
from sgview.state.paths import leaf_at
from sgview.state.status import Status


def entry_row(path: str, value: str, status: Status, none: str = "none") -> str:
    """Draw a list of what is in the library; returns the name that is chosen.

    Args:
        path: of the leaf that holds the name.
        value: what it holds.
        status: knows the library.
        none: what an empty name is called.
    """
    leaf = leaf_at(path)
    assert leaf is not None
    is_reset = rows.label(leaf.field.label, value == "", leaf.field.help)
    new = value
    if widgets.begin_combo(f"##{path}", PurePath(value).name if value else none):
        for name in ("", *(latent.name for latent in status.show.library)):
            if imgui.selectable(name or none, name == value)[0]:
                new = name
        imgui.end_combo()
    return "" if is_reset else new
