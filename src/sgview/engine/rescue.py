"""Playing on where the device's memory is full: what can be made again goes first."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from sgview.engine.engine import Engine
from sgview.engine.picture.picture import Picture
from sgview.state.commands import SetPrecision, UnloadNetwork
from sgview.state.networks import OTHER, resolve_layer, shown_slot
from sgview.state.params import Params
from sgview.state.status import Notice, Offer
from stylegan3.cuda import is_out_of_memory, let_go

_log = logging.getLogger(__name__)

REST = 1.0  # after a picture that could not be made at all [s]


class Rescue:
    """Makes pictures with an engine, in less memory where there is no room.

    First the captured CUDA graphs go and the picture is tried again. Then the layer that was shown
    before is shown again. If even that has no room, the last picture stays; what would make room
    is offered to the user, for it would change what the show looks like.

    Args:
        engine: makes the pictures.
        now: the source of real time [s].
    """

    def __init__(self, engine: Engine, now: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._now = now
        self._notices: list[Notice] = []
        self._shown: str | None = None  # the layer of the last picture; None: not known
        self._refused: str | None = None  # the layer that had no room
        self._failed: str | None = None  # the layer of which no picture could be made, lately
        self._rests_until = 0.0

    def render(self, params: Params, t: float, *further: Any) -> Picture | None:
        """Return what `Engine.render` returns for these arguments.

        Raises:
            Exception: what the engine raised, where nothing helped.
        """
        asked = params.layer.name
        if self._refused != asked:
            self._refused = None
        elif self._shown is not None:
            params = _with_layer(params, self._shown)
        picture, failure = self._try(params, t, *further)
        if failure is not None:
            _log.warning("the device's memory is full, so CUDA graphs are dropped: %s", failure)
            self._engine.free_spare()
            picture, failure = self._try(params, t, *further)
        if failure is not None and self._shown not in (None, params.layer.name):
            before = _with_layer(params, self._shown)
            picture, again = self._try(before, t, *further)
            if again is None:
                self._refuse(params, asked, failure)
                params, failure = before, None
        if failure is not None:
            self._failed, self._rests_until = asked, self._now() + REST
            raise failure
        self._failed = None
        self._shown = params.layer.name if picture is not None else None
        return picture

    def is_resting(self, params: Params) -> bool:
        """Return whether the picture of `params` had no room just now."""
        return self._failed == params.layer.name and self._now() < self._rests_until

    def begin_anew(self) -> None:
        """Try everything again: networks or precision have changed."""
        self._shown = self._refused = self._failed = None

    def take_notices(self) -> list[Notice]:
        """Return what the user should know of the pictures since the last call."""
        notices, self._notices = self._notices, []
        return notices

    def advice(self, params: Params) -> tuple[str, Offer | None]:
        """Return what would make room, in words and as an offer."""
        networks = self._engine.networks
        if self._engine.precision not in ("", "fast"):
            text = "Less precision takes about half the memory, and shows nearly the same."
            return text, Offer("Play with less precision", SetPrecision("fast"))
        slot = shown_slot(params, networks)
        if slot is not None and OTHER[slot] in networks:
            other = OTHER[slot]
            text = f"Unload {other.upper()}, or pick a layer of lower resolution."
            return text, Offer(f"Unload {other.upper()}", UnloadNetwork(other))
        return "Pick a layer of lower resolution, or close what else uses the memory.", None

    def _try(
        self, params: Params, t: float, *further: Any
    ) -> tuple[Picture | None, Exception | None]:
        """Return the picture, or the error that says that there is no room for it."""
        try:
            return self._engine.render(params, t, *further), None
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            let_go(error)
            return None, error

    def _refuse(self, params: Params, asked: str, failure: Exception) -> None:
        self._refused = asked
        slot = shown_slot(params, self._engine.networks)
        network = self._engine.networks[slot].status if slot is not None else None
        name = f" of {network.name}" if network is not None else ""
        layer = resolve_layer(asked, network.layers) if network is not None else asked
        device = self._engine.device_description.partition(",")[0]
        text = (
            f"The memory of {device} is full: there is no room for "
            f"{layer or 'the image'}{name}, so {self._shown or 'the image'} stays."
        )
        hint, offer = self.advice(params)
        _log.error("%s", text, exc_info=failure)
        self._notices.append(Notice(0, "error", text, f"{hint} Then pick it again.", offer=offer))


def _with_layer(params: Params, name: str | None) -> Params:
    return replace(params, layer=replace(params.layer, name=name or ""))
