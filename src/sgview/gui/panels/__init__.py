"""Panels: each is `(params, status, emit) -> params` and draws into the current ImGui window.

A panel that must remember what the user is typing (a search, a path) is an object with that
signature as its `__call__`; it remembers nothing else.
"""

from __future__ import annotations

from typing import Protocol

from sgview.gui.emit import Emit
from sgview.state.params import Params
from sgview.state.status import Status

__all__ = ["Emit", "Panel"]


class Panel(Protocol):
    """What every panel looks like to `Gui`."""

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw; return `params`, or a changed copy if the user changed something."""
        ...
