"""Latents that are kept: places with their small pictures, and what is saved to the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sgview.app.files import Files
from sgview.app.pictures import host_pixels
from sgview.show.look_files import shrink
from sgview.show.show import Show
from sgview.show.visited import SIDE
from sgview.state.journeys import go_to, shown_place
from sgview.state.latent_places import read_place
from sgview.state.networks import NetworkStatus, Slot
from sgview.state.notices import Notices

if TYPE_CHECKING:
    from sgview.engine.picture.picture import Picture
    from sgview.engine.worker import EngineWorker


def shapes_in(path: Path) -> Mapping[str, tuple[int, ...]]:
    """Return the shapes of the tensors in a .pt or .pth file, which its inert reader knows."""
    from sgview.engine.latents.latent_files import read_latent_shapes

    return read_latent_shapes(path)


class KeptLatents:
    """Notes places, has small pictures of them made, and writes latents as files of the library.

    Args:
        worker: computes the latents.
        show: has the library and the places that were visited.
        files: writes, so that the window plays on.
        notices: told where there is nothing to save.
        now: the source of real time [s].
    """

    def __init__(
        self,
        worker: EngineWorker,
        show: Show,
        files: Files,
        notices: Notices,
        now: Callable[[], float],
    ) -> None:
        self._worker, self._show, self._files = worker, show, files
        self._notices, self._now = notices, now
        self._new_keys: set[Path] = set()  # of the path, while their latents are written

    def note_place(self, picture: Picture | None) -> None:
        """Remember where the source is, with the picture of it."""
        if picture is not None:
            visited = self._show.visited
            visited.note(picture.params, picture.motion, lambda: host_pixels(picture))

    def ask_preview(self, picture: Picture | None, networks: Mapping[Slot, NetworkStatus]) -> None:
        """Ask the engine for a small picture of a place that has none, for when it has time."""
        previews = self._show.previews
        previews.poll({slot: (network.path, network.name) for slot, network in networks.items()})
        made_by = previews.networks
        if picture is None or picture.params.layer.name:  # of a layer it would say little
            return
        if name := self._show.next_preview(picture.params.latents.path):
            try:
                place = read_place(name)
            except ValueError:  # of a key that is wrong
                previews.take(made_by, name, None)
                return
            params = go_to(picture.params, place).params
            self._worker.preview(params, place, SIDE, partial(previews.take, made_by, name))

    def save(self, picture: Picture | None, name: str, *, is_key: bool) -> None:
        """Write what plays to the library; the engine's thread computes it, another one writes it.

        Args:
            picture: what plays.
            name: of the file; "": that of the place.
            is_key: whether it becomes a key of the path, once it is written.
        """
        if picture is None:
            self._notices.add("warning", "There is no latent to save yet.", now=self._now())
            return
        place = shown_place(picture.params, picture.motion)
        path = self._show.library.new_path(name or (str(place) if place else "on the path"))
        thumbnail = shrink(host_pixels(picture))

        def write(held: dict[str, np.ndarray]) -> None:
            self._files.save_latent(path, {**held, "thumbnail": thumbnail})

        self._worker.export(picture.params, picture.motion, write)
        if is_key:
            self._new_keys.add(path)

    def forget(self) -> None:
        """Let files of the library be read anew when they are played again."""
        self._worker.forget_latents()

    def take_new_keys(self) -> list[Path]:
        """Let latents that were just written be played; return those that were to be keys."""
        keys: list[Path] = []
        for path in self._files.take_saved():
            if path.parent != self._show.library.folder:
                continue
            self._worker.forget_latents()
            self._show.library.look_again()
            if path in self._new_keys:
                self._new_keys.remove(path)
                keys.append(path)
        return keys
