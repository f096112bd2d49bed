"""Carrying out a journey from a panel."""

from __future__ import annotations

from sgview.gui.emit import Emit
from sgview.state.commands import Restart
from sgview.state.journeys import Going
from sgview.state.params import Params


def go(going: Going, emit: Emit) -> Params:
    """Return the parameters of a journey, and ask for what begins there."""
    for name in going.restarts:
        emit(Restart(name))
    return going.params
