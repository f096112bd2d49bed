"""The status of every owner, combined for the panels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sgview.app.asked import Asked
from sgview.app.files import Files
from sgview.app.outgoing import Outgoing
from sgview.app.screen import Screen
from sgview.gui.gui import Gui
from sgview.show.player import Player
from sgview.show.resolver import Resolved
from sgview.show.show import Show
from sgview.signals import SignalStatus
from sgview.state.history import History
from sgview.state.networks import SLOTS, NetworkStatus, Slot, is_built_in
from sgview.state.notices import Notices
from sgview.state.params import Params
from sgview.state.status import HistoryStatus, PictureStatus, PlayerStatus, Status

if TYPE_CHECKING:
    from sgview.engine.picture.picture import Picture
    from sgview.engine.worker import EngineWorker


class Overview:
    """Asks each owner for its status, once for each panel that is drawn.

    Args:
        worker: computes the pictures.
        screen: has the window, and the textures of small pictures.
        gui: knows whether somebody looks at what is slow to measure.
        player: has time and what moves values.
        show: has looks, takes, places and directions.
        outgoing: has the outputs.
        files: knows the networks opened lately, and what is being fetched.
        asked: has the file dialog.
        history: of the parameters.
        notices: that are shown.
        now: the source of real time [s].
    """

    def __init__(
        self,
        worker: EngineWorker,
        screen: Screen,
        gui: Gui,
        player: Player,
        show: Show,
        outgoing: Outgoing,
        files: Files,
        asked: Asked,
        history: History,
        notices: Notices,
        now: Callable[[], float],
    ) -> None:
        self._worker, self._screen, self._gui = worker, screen, gui
        self._player, self._show, self._outgoing = player, show, outgoing
        self._files, self._asked, self._history = files, asked, history
        self._notices, self._now = notices, now
        self._networks: dict[Slot, NetworkStatus] = {}  # that played when it was last asked

    def status(self, params: Params, resolved: Resolved, picture: Picture | None) -> Status:
        """Return the status of every owner.

        Args:
            params: as they are set.
            resolved: the values of this instant.
            picture: the newest one; None while nothing plays.
        """
        is_watched = self._gui.shows_performance
        pictures = self._outgoing.pictures() if is_watched else ()
        self._worker.watch_memory(is_watched, pictures)
        engine = self._worker.status()
        self._note_networks(engine.networks)
        directions, thumbnails = self._worker.directions, self._show.thumbnails
        glances = directions.glances
        for name, (back, forth) in glances.items():
            thumbnails[f"{name} back"], thumbnails[f"{name} forth"] = back, forth
        textures = self._screen.thumbnails.show(thumbnails)
        has_own_networks = all(is_built_in(n.path) for n in engine.networks.values())
        return Status(
            engine=engine,
            player=player_status(self._player, resolved.signals, picture, params),
            show=self._show.status(textures, has_own_networks=has_own_networks),
            directions=self._show.directions_status(
                directions.network, textures, glances, is_busy=directions.is_busy
            ),
            picture=picture_status(picture),
            screen=self._screen.status(is_watched=is_watched),
            outputs=self._outgoing.outputs.status(),
            recording=self._outgoing.outputs.recording,
            marked=self._outgoing.outputs.marked,
            clean_window=self._outgoing.clean_window_status(),
            history=history_status(self._history),
            recent=self._files.recent.paths,
            notices=self._notices.shown(self._now()),
            path_prompt=self._asked.dialog.prompt,
            download=self._files.fetching.status(),
        )

    def _note_networks(self, networks: dict[Slot, NetworkStatus]) -> None:
        """Remember files that turned out to be networks, and put their names in the title."""
        known, self._networks = self._networks, networks
        if networks == known:
            return
        paths = [[network.path for network in slots.values()] for slots in (networks, known)]
        self._files.recent.note(*paths)
        names = [networks[slot].name for slot in SLOTS if slot in networks]
        self._screen.window.set_title(" \u2013 ".join(["sgview", *names]))


def player_status(
    player: Player, moved: SignalStatus, picture: Picture | None, params: Params
) -> PlayerStatus:
    """Return time and what moves values, with what went wrong in the picture that is shown."""
    status = player.status(moved)
    if picture is None:
        return status
    own = [(edit.tensor, edit.operation) for edit in params.edits]
    shown = [(edit.tensor, edit.operation) for edit in picture.params.edits]
    if shown[: len(own)] != own:  # the picture still shows other edits
        return status
    edits = tuple(
        edit if edit.error else replace(edit, error=act.error)
        for edit, act in zip(status.edits, picture.edits, strict=False)
    )
    errors = [act.error for act in picture.edits[len(own) :] if act.error]
    script = status.script
    if script.path and errors and not script.error:
        script = replace(script, error=errors[0])
    return replace(status, edits=edits, script=script)


def picture_status(picture: Picture | None) -> PictureStatus:
    """Return the status of the picture on the screen."""
    if picture is None:
        return PictureStatus()
    return replace(
        picture.status,
        latent=picture.latent,
        blend_groups=picture.blend_groups,
        timings=picture.timings,
        clock="GPU" if picture.ready else "host",
    )


def history_status(history: History) -> HistoryStatus:
    """Return what can be undone and redone."""
    return HistoryStatus(undo_names=history.undo_names(), redo_names=history.redo_names())
