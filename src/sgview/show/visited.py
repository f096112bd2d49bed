"""The places in latent space that have played lately, with pictures, and those that are kept."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from sgview.state.journeys import shown_place
from sgview.state.latent_places import Place, read_place
from sgview.state.motion import Motion
from sgview.state.params import Params
from sgview.state.whole_file import write_whole

log = logging.getLogger(__name__)

MOST = 30  # that are shown
MOST_KEPT = 200
SIDE = 96  # of a thumbnail [px]


@dataclass(frozen=True, eq=False)
class Visit:
    """A place that has played."""

    place: str
    thumbnail: np.ndarray | None = None  # uint8 [SIDE, SIDE, 4]
    is_kept: bool = False
    order: int = 0  # of the last time that it played: of all visits, from 1 on


class Visited:
    """Remembers where the source has been; what is kept is in a file.

    A place comes in front when it is new, and stays where it is when it is gone to again or kept:
    nothing moves under the hand that clicks. Those that have not played for longest leave.

    Args:
        path: of what is kept; None: nowhere.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._visits = [Visit(place, is_kept=True) for place in _read(path)]
        self._target = ""  # what was set last: a walk from there is one visit
        self._order = 0  # of the last visit

    @property
    def shown(self) -> tuple[Visit, ...]:
        """The last ones and those that are kept, those that came last in front."""
        return tuple(self._visits)

    @property
    def thumbnails(self) -> dict[str, np.ndarray]:
        """Pictures by place, the same objects until they change."""
        return {f"visit {v.place}": v.thumbnail for v in self.shown if v.thumbnail is not None}

    def note(self, params: Params, motion: Motion, picture: Callable[[], np.ndarray]) -> None:
        """Note what a finished picture shows; it is fetched once a place, when it has come there.

        Args:
            params, motion: of the picture, resolved.
            picture: returns its pixels, uint8 [H, W, 4].
        """
        place = shown_place(params, motion)
        if place is None or motion.trail:
            return
        target = _target_of(params)
        if target == self._target:
            return
        self._target = target
        self._order += 1
        names = str(place), str(shown_place(params, Motion()))  # of this instant, and as it is set
        for index, old in enumerate(self._visits):
            if old.place in names:
                thumbnail = old.thumbnail if old.place != names[0] else None
                thumbnail = _shrink(picture()) if thumbnail is None else thumbnail
                self._visits[index] = replace(old, thumbnail=thumbnail, order=self._order)
                return
        visit = Visit(names[0], _shrink(picture()), order=self._order)
        self._visits = _held([visit, *self._visits])

    def keep(self, place: str, is_kept: bool) -> None:
        """Keep a place, or let it go."""
        self._visits = [
            replace(visit, is_kept=is_kept) if visit.place == place else visit
            for visit in self._visits
        ]
        if self._path is None:
            return
        kept = [visit.place for visit in self._visits if visit.is_kept]
        try:
            write_whole(self._path, msgspec.json.encode(kept).decode())
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error)


def _target_of(params: Params) -> str:
    latents = params.latents
    seed = params.noise.seed if latents.source == "noise" else latents.seed
    return f"{latents.source} {latents.entry if latents.source == 'library' else seed}"


def _held(visits: list[Visit]) -> list[Visit]:
    """Return the last ones that have played and those that are kept, in their order."""
    by_time = sorted(visits, key=lambda visit: -visit.order)
    kept = [visit for visit in by_time[MOST:] if visit.is_kept]
    held = {visit.place for visit in (*by_time[:MOST], *kept[:MOST_KEPT])}
    return [visit for visit in visits if visit.place in held]


def _shrink(pixels: np.ndarray) -> np.ndarray:
    """Return the middle square of a picture, small."""
    image = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    small = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
    return np.asarray(small.convert("RGBA"))


def _read(path: Path | None) -> list[str]:
    """Return the places in the file of what is kept; one that is damaged is none."""
    try:
        if path is None:
            return []
        found = msgspec.json.decode(path.read_bytes()[:1_000_000], type=list[str])
        places: list[Place] = [read_place(name) for name in found[:MOST_KEPT]]
        return [str(place) for place in places]
    except (OSError, ValueError, msgspec.DecodeError):
        return []
