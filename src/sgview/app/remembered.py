"""What a session keeps besides the parameters, gathered from its owners and given back to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from sgview.outputs.outputs import Outputs
from sgview.show.player import Player
from sgview.show.show import Show
from sgview.state.networks import Slot
from sgview.state.notices import Notices
from sgview.state.params import Params
from sgview.state.session import Session, Surroundings

if TYPE_CHECKING:
    from sgview.engine.worker import EngineWorker


class Remembered:
    """Makes sessions of what plays, and goes on from one.

    Args:
        worker: knows which networks are wanted.
        player: has time, sound and tempo.
        show: has the fade and the script.
        outputs: have the values that are marked for the web page.
        demo: which built-in pair plays.
        notices: told of networks that are missing.
        now: the source of real time [s].
    """

    def __init__(
        self,
        worker: EngineWorker,
        player: Player,
        show: Show,
        outputs: Outputs,
        demo: Literal["sg2", "sg3"],
        notices: Notices,
        now: Callable[[], float],
    ) -> None:
        self._worker, self._player, self._show = worker, player, show
        self._outputs, self._demo = outputs, demo
        self._notices, self._now = notices, now

    def session(self, params: Params) -> Session:
        """Return what `--resume` restores: nobody wants the dark, or a picture frozen and gone."""
        around = replace(
            self._show.surroundings(self._player.surroundings()),
            networks=self._worker.status().wanted,
            demo=self._demo,
            marked=self._outputs.marked,
        )
        stage = replace(params.stage, blackout=False, freeze=False)
        return Session(params=replace(params, stage=stage), surroundings=around)

    def resume(self, surroundings: Surroundings) -> None:
        """Restore time, sound, tempo and fade as the last session saved them."""
        self._player.resume(surroundings)
        self._outputs.marked = surroundings.marked or self._outputs.marked
        self._show.resume(surroundings)

    def miss(self, slot: Slot, path: str) -> None:
        """Say that the file of a network is not there, and go on wanting it in `slot`."""
        self._worker.want(slot, path)
        hint = "The session remembers it until another network is loaded there."
        self._notices.add("warning", f"{path} is not there any more.", hint, now=self._now())
