"""The statuses of several owners, combined for the panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sgview.show.player import Player
from sgview.signals import SignalStatus
from sgview.state.history import History
from sgview.state.params import Params
from sgview.state.status import HistoryStatus, PictureStatus, PlayerStatus

if TYPE_CHECKING:
    from sgview.engine.picture.picture import Picture


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
