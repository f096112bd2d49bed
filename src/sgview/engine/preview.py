"""A small picture of a place, made between pictures that are seen, and when it is its turn."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch.nn.functional import interpolate

from sgview.engine.device import device_answers
from sgview.engine.failures import first_line
from sgview.engine.picture.picture import select_channels, to_rgba8
from sgview.state.latent_places import FilePlace, Place
from sgview.state.params import Params, View
from stylegan3.cuda import let_go

if TYPE_CHECKING:
    from sgview.engine.engine import Engine
    from sgview.engine.network import GeneratorLike

_log = logging.getLogger(__name__)

_REST = 0.25  # without a new picture wanted, after which there is time for previews [s]
_SHORT = 0.004  # a preview that no picture waits for long, made in between on CUDA [s]


class PreviewTurn:
    """A preview that waits until there is time for it; one at a time.

    It waits until nothing has moved for a while; on CUDA, where it is quick, it is also made
    between two pictures, a few in a second. Whoever calls holds the lock that guards it.

    Args:
        works_behind: whether the device lags behind the host, as on CUDA.
        now: the source of real time [s].
    """

    def __init__(self, *, works_behind: bool, now: Callable[[], float] = time.monotonic) -> None:
        self._works_behind, self._now = works_behind, now
        self._task: Callable[[], None] | None = None
        self._seconds = float("inf")  # that the last one took
        self._due = 0.0  # [s]

    def request(self, task: Callable[[], None]) -> None:
        """Let `task` be run; it takes the place of one that waits."""
        self._task = task

    def seconds_left(self) -> float | None:
        """Return for how long one still waits [s], None if there is none."""
        return None if self._task is None else self._due - self._now()

    def put_off(self) -> None:
        """Let it wait while pictures move, unless it is short."""
        if not self._works_behind or self._seconds >= _SHORT:
            self._due = self._now() + _REST

    def take(self) -> Callable[[], None] | None:
        """Return the one that waits, if it is time for it."""
        if self._task is None or self._now() < self._due:
            return None
        task, self._task = self._task, None
        return task

    def make(self, task: Callable[[], None]) -> None:
        """Run one that was taken, without the lock, and note how long it takes."""
        begun = self._now()
        task()
        self._seconds = self._now() - begun
        self._due = begun + _REST if self._works_behind else begun


@torch.no_grad()
def preview(
    engine: Engine,
    params: Params,  # that play at the place
    place: Place,
    side: int,  # [px]
) -> np.ndarray | None:  # uint8 [side, side, 4]
    """Return the middle square of the image, small; waits for the device.

    None if the place is a file that the networks cannot play, or there is no network.
    """
    networks = engine.networks.values()
    if not networks:
        return None
    for network in networks:
        made = cast("GeneratorLike", network.generator)
        widths = {"z": made.z_dim, "w": made.w_dim}
        if isinstance(place, FilePlace) and not engine.library.fits(place, widths):
            return None
    with engine.on_stream():
        output = engine.synthesise(params)
        height, width = output.shape[2:]
        square = min(height, width)
        top, left = (height - square) // 2, (width - square) // 2
        output = output[..., top : top + square, left : left + square].float()
        small = interpolate(output, (side, side), mode="bilinear", antialias=True)
        shown = select_channels(small, params.layer)
        return to_rgba8(shown, params.layer, View(), None).cpu().numpy()


def try_preview(engine: Engine, params: Params, place: Place, side: int) -> np.ndarray | None:
    """Return what `preview` does, None also where it fails: nobody looks at it yet.

    Raises:
        Exception: what the device raises that does not answer any more.
    """
    try:
        return preview(engine, params, place, side)
    except Exception as error:
        let_go(error)
        if not device_answers(engine.device):
            raise
        _log.warning("there is no preview of %s: %s", place, first_line(error))
        return None
