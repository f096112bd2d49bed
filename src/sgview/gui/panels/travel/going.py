"""Carrying out a journey from a panel, and places as people read them."""

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


def in_words(place: str) -> str:
    """Return a place as people read it: numbers with two digits."""
    kind, *numbers = place.split(" ")
    if kind == "file":
        return " ".join(numbers)
    return " ".join([kind, *(f"{float(number):.2f}".removesuffix(".00") for number in numbers)])
