"""What the engine's thread does about directions: find them, picture them, write them."""

from __future__ import annotations

import io
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import assert_never

import numpy as np
import torch
from msgspec.structs import replace

from sgview.engine.engine import Engine
from sgview.engine.latents.analyses import Want
from sgview.engine.network import Network, fingerprint
from sgview.state import commands as c
from sgview.state.directions import read_direction
from sgview.state.motion import Motion, motion_at
from sgview.state.params import Params
from sgview.state.status import Notice
from sgview.state.whole_file import write_whole

SIDE = 128  # of a glance [px]
REACH = 2.5  # of a glance, both ways; of a found direction in standard deviations
_MOST = 24  # glances that are kept
_REST, _LONG_REST = 2.0, 10.0  # after a glance, in its own time: before another, or the same again

Asked = tuple[Params, float, Motion | None]


class DirectionWork:
    """Does what is asked of directions, between two frames.

    Args:
        engine: of the worker; used on its thread alone.
        post: runs a task there.
        tell: what the user should know.
        asked: returns what the engine was asked for last.
        now: real time [s].
    """

    def __init__(
        self,
        engine: Engine,
        post: Callable[[Callable[[], None]], None],
        tell: Callable[[Notice], None],
        asked: Callable[[], Asked],
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._engine, self._post, self._tell, self._asked = engine, post, tell, asked
        self._now = now
        self._lock = threading.Lock()
        self._wanted = ""  # glance that is posted; a mouse that moves on wants another one
        self._last = ("", -1e9, 0.0)  # glance made last, when it was there, and what it took [s]
        self._glances: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._network: Callable[[], Network | None] = lambda: None  # that was last asked about

    @property
    def network(self) -> str:
        """Fingerprint of the network that directions were last asked of; "" until it is known."""
        with self._lock:
            network = self._network()
        return "" if network is None else self._engine.found.analyses.fingerprint(network)

    @property
    def is_busy(self) -> bool:
        """Whether something is being found."""
        return self._engine.found.analyses.is_busy()

    @property
    def glances(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Small pictures by direction, uint8 [SIDE, SIDE, 4]: moved back, and forth."""
        with self._lock:
            return dict(self._glances)

    def execute(self, command: c.DirectionCommand) -> None:
        """Post what `command` asks."""
        match command:
            case c.FindDirections(names):
                self._post(lambda: self._find(names))
            case c.GlanceDirection(name):
                with self._lock:
                    is_posted, self._wanted = bool(self._wanted), name
                if not is_posted:  # where pictures are slow, a queue of them would stop the show
                    self._post(self._glance_at_last)
            case c.MakeDirection(start, end, name):
                self._post(lambda: self._make(start, end, name))
            case c.ExportDirection(name, file):
                self._post(lambda: self._export(name, file))
            case _:
                assert_never(command)

    def _find(self, names: tuple[str, ...]) -> None:
        network = self._engine.shown(self._asked()[0])
        if network is None:
            return
        with self._lock:
            if network is not self._network():
                self._network, self._glances = weakref.ref(network), {}
        for name in names:
            self._is_found(name)

    def _is_found(self, name: str) -> bool:
        """Return whether a direction is known; if not, it is being found from now on."""
        direction, network = read_direction(name), self._engine.shown(self._asked()[0])
        if direction.method == "file" or network is None:
            return network is not None
        rows = direction.rows if direction.method == "sefa" else None
        analyses = self._engine.found.analyses
        return analyses.directions(network, Want(direction.method, rows)) is not None

    def _glance_at_last(self) -> None:
        """Make the glance that is wanted by now, if the picture has had its time since the last."""
        with self._lock:
            name, self._wanted = self._wanted, ""
        last, ended, took = self._last
        begun = self._now()
        if begun - ended < took * (_LONG_REST if name == last else _REST):
            return  # who still wants it asks again
        self._glance(name)
        self._last = (name, self._now(), self._now() - begun)

    def _glance(self, name: str) -> None:
        params, t, motion = self._asked()
        if not self._is_found(name):
            return
        motion = motion or motion_at(params, t)
        pictures: list[np.ndarray] = []
        for amount in (-REACH, REACH):
            amounts = {**params.directions.amounts, name: amount}
            directions = replace(params.directions, strength=1.0, amounts=amounts)
            moved = replace(params, directions=directions)
            picture = self._engine.glance(moved, t, motion, SIDE)
            if picture is None:
                return
            pictures.append(picture)
        with self._lock:
            self._glances.pop(name, None)
            while len(self._glances) >= _MOST:
                self._glances.pop(next(iter(self._glances)))
            self._glances[name] = (pictures[0], pictures[1])

    def _make(self, start: tuple[str, ...], end: tuple[str, ...], name: str) -> None:
        params = self._asked()[0]
        try:
            rows = [self._engine.rows_of(names, params).mean(0) for names in (start, end)]
        except LookupError as error:
            self._tell(Notice(0, "warning", str(error.args[0])))
            return
        self._write(name, rows[1] - rows[0])

    def _export(self, name: str, file: str) -> None:
        params = self._asked()[0]
        vector = self._engine.direction(name, params)
        if vector is None:
            self._tell(Notice(0, "warning", f"The direction {name} is not known yet."))
        else:
            self._write(file, vector)

    def _write(self, name: str, rows: torch.Tensor) -> None:  # [num_ws, w_dim]
        network = self._engine.shown(self._asked()[0])
        if network is None:
            return
        path = self._engine.found.directions.folder / f"{name}.npz"
        is_one = bool((rows == rows[:1]).all())
        data = io.BytesIO()
        np.savez_compressed(
            data,
            direction=(rows[0] if is_one else rows).numpy(),
            network=np.array(network.status.name),
            network_hash=np.array(fingerprint(network.generator)),
        )
        try:
            write_whole(path, data.getvalue())
        except OSError as error:
            text = f"{path} cannot be written: {error.strerror}"
            self._tell(Notice(0, "error", text, "Choose another folder for latents."))
            return
        self._engine.found.directions.forget()
        self._tell(Notice(0, "info", f"Saved {Path(path).name} in {path.parent}"))
