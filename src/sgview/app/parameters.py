"""The parameters as they are set, what can be undone of them, and what replaces them at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from msgspec.structs import replace

from sgview.app.files import Files
from sgview.app.kept_latents import KeptLatents
from sgview.outputs.snapshot import Snapshot
from sgview.show.player import Player
from sgview.show.show import Show
from sgview.state import commands as c
from sgview.state.descriptions import names_of_edits
from sgview.state.history import History
from sgview.state.journeys import add_key, as_it_is, go_to
from sgview.state.latent_places import FilePlace
from sgview.state.library_files import files_played, find_file
from sgview.state.networks import NetworkStatus, Slot, spread_blend
from sgview.state.notices import Notices
from sgview.state.params import Params, Region, on_stage_of
from sgview.state.places import absolute
from sgview.state.region_params import NAMES


class Parameters:
    """Holds `Params` and their history, and runs the commands that set all of them.

    Args:
        params: to begin with.
        files: reads presets and snapshots.
        player: set to the place that a snapshot goes on from.
        show: fades to looks.
        latents: are opened, and become keys of the path.
        notices: told what was removed.
        now: the source of real time [s].

    Attributes:
        value: the parameters as they are set now.
    """

    def __init__(
        self,
        params: Params,
        files: Files,
        player: Player,
        show: Show,
        latents: KeptLatents,
        notices: Notices,
        now: Callable[[], float],
    ) -> None:
        self.value = params
        self.history = History(params)
        self._files, self._player, self._show = files, player, show
        self._latents, self._notices, self._now = latents, notices, now

    def execute(self, command: c.ParamsCommand) -> None:
        """Do what `command` asks, as one change that can be undone."""
        match command:
            case c.LoadPreset(path):
                if (loaded := self._files.load_preset(path)) is not None:
                    self._show.leave_look()
                    self._set(self._going_on_from(path, loaded), f"Open {path.stem}")
            case c.RecallLook() as wish:
                if (recalled := self._show.recall(wish)) is not None:
                    params, name = recalled
                    self._set(params, f"Recall {name}")
            case c.OpenLatent(path):
                self._latents.forget()
                going = go_to(self.value, FilePlace(str(absolute(path))))
                self._set(going.params, f"Open {path.stem}")
            case c.OpenMask(region, path):
                self._open_mask(region, path)
            case c.RemoveEdits():
                self._remove_edits()
            case c.Undo(count):
                self._show.leave_look()
                self.value = self.history.undo(count)
            case c.Redo(count):
                self._show.leave_look()
                self.value = self.history.redo(count)
            case _:
                assert_never(command)

    def record(self, *, is_active: bool) -> None:
        """Note what was changed in this frame; while a widget is held, it is one change."""
        self.history.record(self.value, self._now(), is_active=is_active)

    def take(self, params: Params, networks: dict[Slot, NetworkStatus]) -> None:
        """Go on with parameters that inputs changed, blended as the networks now are."""
        self.value = spread_blend(params, networks)
        if self.value is not params:
            self.history.amend(self.value)

    def add_keys(self) -> None:
        """Let the path lead to latents that were just written as keys of it."""
        for path in self._latents.take_new_keys():
            latents = self.value.latents
            latents = replace(latents, path=add_key(latents.path, f"file {path.stem}"))
            self._set(replace(self.value, latents=latents), "Add a key")

    def _set(self, params: Params, name: str) -> None:
        """Take parameters from a file as one change that can be undone."""
        self.value = on_stage_of(params, self.value)
        self.history.record(self.value, self._now(), name=name)

    def _open_mask(self, name: str, path: Path) -> None:
        """Let a picture be the mask of a region, over the whole picture if it is the first."""
        if name not in NAMES:
            return
        region: Region = getattr(self.value.regions, name)
        size = region.size if region.file else 1.0
        region = replace(region, mask="file", file=str(absolute(path)), size=size)
        regions = replace(self.value.regions, **{name: region})
        self._set(replace(self.value, regions=regions), f"Open mask {path.stem}")

    def _going_on_from(self, path: Path, loaded: Snapshot) -> Params:
        """Go on from what a preset or a snapshot holds, at the very place where that was.

        Where its way there is not at hand (a glide, a file of the library that is not here), the
        latent that it carries plays.
        """
        params, motion = loaded.params, loaded.motion
        if motion is not None:
            for name, position in motion.positions.items():
                self._player.execute(c.Restart(name, position))
            needed = files_played(params, motion)
            folder = self._show.library.folder
            is_missing = any(find_file(folder, name) is None for name in needed)
            if loaded.has_latent and (motion.trail or motion.trails or is_missing):
                params = as_it_is(go_to(params, FilePlace(str(absolute(path)))).params)
        return params

    def _remove_edits(self) -> None:
        if self.value.edits:
            removed = names_of_edits(self.value.edits)
            self._set(replace(self.value, edits=()), "Remove all edits")
            hint = "Ctrl+Z brings them back."
            self._notices.add("info", f"Removed {removed}", hint, now=self._now())
