"""What makes a set of parameters a show: looks and how they fade, and takes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import assert_never

import numpy as np
from msgspec.structs import replace

from sgview.closing import Closing
from sgview.settings import Settings
from sgview.show.direction_names import DirectionNames, direction_in
from sgview.show.latent_counts import ReadShapes
from sgview.show.latent_folder import LatentFolder
from sgview.show.looks import Looks
from sgview.show.player import Player
from sgview.show.previews import Previews
from sgview.show.resolver import Resolved
from sgview.show.script import Script
from sgview.show.takes.recorder import TakeRecorder, dated_name
from sgview.show.takes.take import FadeStart, RecordedNetwork
from sgview.show.visited import Visited
from sgview.state import commands as c
from sgview.state.networks import NetworkStatus, Slot
from sgview.state.notices import Notices
from sgview.state.params import Params
from sgview.state.params import Path as LatentPath
from sgview.state.session import Surroundings
from sgview.state.status import (
    DirectionsStatus,
    FadeStatus,
    LatentStatus,
    LookStatus,
    ShowStatus,
    TakeStatus,
    VisitedStatus,
)

log = logging.getLogger(__name__)

MENDED = 0.5  # after so long without a mistake, a script counts as mended [s]


class Show(Closing):
    """Owns the looks and the take that is being recorded, and fades what the player plays.

    Args:
        settings: how to start.
        player: what is faded and recorded.
        notices: told what the user should know.
        now: the source of real time [s].
        shipped: looks that came with the program, by name.
        kept_places: the file of places in latent space that are kept; None: none are.
        names: of directions.
        read_shapes: of the tensors in files of latents that only an engine can read.
    """

    def __init__(
        self,
        settings: Settings,
        player: Player,
        notices: Notices,
        now: Callable[[], float],
        shipped: dict[str, Path] | None = None,
        kept_places: Path | None = None,
        names: DirectionNames | None = None,
        read_shapes: ReadShapes | None = None,
    ) -> None:
        self._folder = Path(settings.folders.takes)
        self._player = player
        self._notices = notices
        self._now = now
        self.looks = Looks(Path(settings.folders.presets), notices, now, shipped)
        self.visited = Visited(kept_places)
        self.previews = Previews()
        latents = Path(settings.folders.latents)
        self.library = LatentFolder(latents, now, read_shapes)
        self.directions = LatentFolder(latents / "directions", now, read_shapes)
        self.direction_names = names or DirectionNames()
        self._told: tuple[Script | None, int] = (None, 0)  # the script, and what was told of it
        self._script_notice: int | None = None  # that tells of the script's newest mistake
        self._good_since = 0.0  # since when the script has made none [s]
        self._recorder: TakeRecorder | None = None
        self._has_own_networks = True
        self._fade = FadeStatus(settings.looks.fade, settings.looks.easing)

    def execute(self, command: c.ShowCommand) -> None:
        """Do what `command` asks."""
        match command:
            case c.RenameLook(name, new_name):
                self.looks.rename(name, new_name)
                if self._fade.look == name:
                    self._fade = replace(self._fade, look=new_name)
            case c.DeleteLook(name):
                self.looks.delete(name)
            case c.SetLookKey(name, key):
                self.looks.set_key(name, key)
            case c.SetFade(seconds, easing):
                seconds = min(max(seconds, 0.0), 3600.0)
                self._fade = replace(self._fade, seconds=seconds, easing=easing)
            case c.KeepPlace(place, is_kept):
                self.visited.keep(place, is_kept)
            case c.NameDirection(network, direction, name):
                self.direction_names.rename(network, direction, name)
            case _:
                assert_never(command)

    def record(
        self, params: Params, resolved: Resolved, networks: dict[Slot, NetworkStatus]
    ) -> None:
        """Note what plays at this instant, if a take is being recorded."""
        if self._recorder is None:
            return
        instant = self._player.instant
        self._recorder.record(params, instant, resolved.changes, played(networks))
        if self._recorder.problem:
            self._fail(self._recorder.problem, "The take ends there.")
            self._end_take()

    def poll(self) -> None:
        """Tell of what was done in the background; cheap, each frame."""
        self.looks.poll()
        self.library.poll()
        self.directions.poll()
        script = self._player.script
        if script is not None and (script, script.troubles) != self._told:
            self._told = (script, script.troubles)
            status = script.status
            if not status.error:
                return
            if self._script_notice is not None:
                self._notices.dismiss(self._script_notice)
            place = f"{script.path.name}, line {status.line}" if status.line else status.file
            playing = "Everything else of it" if status.plays else "The last good version"
            self._script_notice = self._notices.add(
                "warning",
                f"{place}: {status.error}",
                f"{playing} plays on; mend and save the file.",
                now=self._now(),
            )
        self._forget_mended(script)

    def _forget_mended(self, script: Script | None) -> None:
        """Take the notice of a script's mistake away once it has played without one for a while."""
        if self._script_notice is None or (script is not None and script.status.error):
            self._good_since = self._now()
        elif script is None or self._now() - self._good_since >= MENDED:
            self._notices.dismiss(self._script_notice)
            self._script_notice = None

    def recall(self, command: c.RecallLook) -> tuple[Params, str] | None:
        """Begin to fade to a look; return its parameters and name, None if there is none."""
        has_shipped = self._has_own_networks
        look = self.looks.find(command.name, command.key, has_shipped=has_shipped)
        if look is None or look.params is None:
            return None
        seconds = self._fade.seconds if command.seconds is None else max(command.seconds, 0.0)
        self._begin_fade(seconds)
        self._fade = replace(self._fade, look=look.name)
        return look.params, look.name

    def leave_look(self) -> None:
        """Note that the values are not of a look any more: they came from elsewhere."""
        if self._player.resolver.crossfade.is_running:
            self._begin_fade(0.0)
        self._fade = replace(self._fade, look="")

    def save_look(self, params: Params, pixels: np.ndarray | None, name: str) -> None:
        """Store what is set as a look."""
        self._fade = replace(self._fade, look=self.looks.save(params, pixels, name))

    def toggle_take(self, params: Params, networks: dict[Slot, NetworkStatus]) -> None:
        """Begin a take with the next frame, or end the one that is being recorded."""
        if self._recorder is not None:
            recorder, frames = self._recorder, self._recorder.status.frames
            self._end_take()
            if recorder.problem:
                self._fail(recorder.problem, "The take ends there.")
            else:
                text = f"Recorded {recorder.path}: {frames} frames"
                self._notices.add("info", text, now=self._now())
            return
        path = self._folder / dated_name(datetime.now())
        resolver = self._player.resolver
        resolver.restart()
        try:
            self._recorder = TakeRecorder(path, params, resolver, played(networks))
        except OSError as error:
            text = f"{path} cannot be written: {error.strerror or error}"
            self._fail(text, "Choose another folder for takes in the settings.")

    def resume(self, surroundings: Surroundings) -> None:
        """Restore the settings of the fade; a notice names the script that played along."""
        self._fade = replace(
            self._fade, seconds=surroundings.fade_seconds, easing=surroundings.fade_easing
        )
        if surroundings.script:
            text = f"{surroundings.script} played along when the session ended."
            self._notices.add("info", text, "Open it again if it shall.", now=self._now())

    def surroundings(self, so_far: Surroundings) -> Surroundings:
        """Add what `resume` takes."""
        return replace(so_far, fade_seconds=self._fade.seconds, fade_easing=self._fade.easing)

    def status(self, textures: dict[str, int], *, has_own_networks: bool) -> ShowStatus:
        """Return what there is to show.

        Args:
            textures: the thumbnails of `thumbnails`, by their names.
            has_own_networks: whether the program's own networks play, and no others: the looks
                that came with it are made for them.
        """
        self._has_own_networks = has_own_networks
        refused = self.previews.refused  # seed 0 played in their place: that is no picture of them
        places = {
            place: texture
            for kind in ("preview ", "visit ")  # who was there saw it as it is
            for name, texture in textures.items()
            if name.startswith(kind) and (place := name.removeprefix(kind)) not in refused
        }
        return ShowStatus(
            looks=tuple(
                LookStatus(
                    look.name,
                    look.key,
                    textures.get(str(look.path), 0),
                    look.problem,
                    look.is_shipped,
                )
                for look in self.looks.shown
                if has_own_networks or not look.is_shipped
            ),
            fade=replace(self._fade, progress=self._player.resolver.crossfade.progress),
            take=self._recorder.status if self._recorder is not None else TakeStatus(),
            visited=tuple(
                VisitedStatus(visit.place, places.get(visit.place, 0), is_kept=visit.is_kept)
                for visit in self.visited.shown
            ),
            library=tuple(
                LatentStatus(
                    entry.name,
                    textures.get(f"latent {entry.name}", 0) or places.get(f"file {entry.name}", 0),
                )
                for entry in self.library.entries.values()
            ),
            places=places,
        )

    def next_preview(self, path: LatentPath) -> str:
        """Return a place that wants a small picture now, "" if there is none."""
        visited = {visit.place: visit.thumbnail is not None for visit in self.visited.shown}
        keys = [key.place for key in path.keys if not visited.get(key.place)]
        files = [
            f"file {entry.name}"
            for entry in self.library.entries.values()
            if entry.thumbnail is None
        ]
        kept = [place for place, has_picture in visited.items() if not has_picture]
        return self.previews.ask((*keys, *kept, *files))

    @property
    def thumbnails(self) -> dict[str, np.ndarray]:
        """Small pictures of looks, places and latents."""
        return {
            **self.looks.thumbnails,
            **self.visited.thumbnails,
            **self.library.thumbnails,
            **self.previews.thumbnails,
        }

    def directions_status(
        self, network: str, textures: Mapping[str, int], glances: Iterable[str], *, is_busy: bool
    ) -> DirectionsStatus:
        """Return what is known of directions.

        Args:
            network: fingerprint of the one that plays.
            textures: of "NAME back" and "NAME forth" for each name of `glances`.
            glances: directions that there are pictures of.
            is_busy: whether something is being found.
        """
        return DirectionsStatus(
            network=network,
            names=dict(self.direction_names.of(network)),
            files=tuple(direction_in(name) for name in self.directions.entries),
            glances={
                name: (textures.get(f"{name} back", 0), textures.get(f"{name} forth", 0))
                for name in glances
            },
            is_busy=is_busy,
        )

    def close(self) -> None:
        """End everything that runs; a take is closed."""
        self._end_take()
        self.directions.close()
        self.library.close()
        self.looks.close()

    def _begin_fade(self, seconds: float) -> None:
        """Fade from the next frame on; 0 seconds: cut, and end a fade that is running."""
        fade = FadeStart(seconds=seconds, easing=self._fade.easing)
        self._player.resolver.fade(fade.seconds, fade.easing)
        if self._recorder is not None:
            self._recorder.note_fade(fade)

    def _end_take(self) -> None:
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None

    def _fail(self, text: str, hint: str) -> None:
        log.error("%s", text)
        self._notices.add("error", text, hint, now=self._now())


def played(networks: dict[Slot, NetworkStatus]) -> dict[Slot, RecordedNetwork]:
    """Return what a take notes of the networks that play."""
    return {
        slot: RecordedNetwork(path=network.path, name=network.name)
        for slot, network in networks.items()
    }
