"""The engine on a thread of its own: latest parameters in, latest finished picture out."""

from __future__ import annotations

import logging
import math
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import assert_never

import numpy as np
import torch
from msgspec.structs import replace

from sgview.closing import Closing
from sgview.engine.engine import Engine
from sgview.engine.loader_thread import Load, LoaderThread
from sgview.engine.meters.memory import MemoryWatch
from sgview.engine.network import Network
from sgview.engine.picture.picture import Picture
from sgview.engine.wanted import WantedNetworks
from sgview.state import commands as c
from sgview.state.machine import LayerTimes
from sgview.state.motion import Motion
from sgview.state.networks import OTHER, NetworkStatus, Slot
from sgview.state.params import Params
from sgview.state.places import is_there
from sgview.state.status import EngineStatus, Notice

_log = logging.getLogger(__name__)

_QUICK = 0.003  # a time a picture below which the next one is requested ahead [s]
_VERY_QUICK = 0.001  # a time a picture below which two are begun ahead of the device [s]
_USEFUL = 4  # times an unchanged frame is made on CUDA: its statistics are downloaded a frame late
_Wanted = tuple[Params, float, Motion | None]  # arguments of `Engine.render`
_GLANCE = 0.0003  # how often the device is asked whether it has finished [s]


class EngineWorker(Closing):
    """Runs an engine; no method but `await_newer` waits for it.

    Networks are read on a second thread while the old ones play on. What fails becomes a notice,
    once, and one entry in the log; the threads live on.
    """

    def __init__(self, engine: Engine, load: Load | None = None):
        """Start the threads; `load` reads a file into a network, `load_network` by default."""
        self._engine = engine
        lock = threading.Lock()
        self._condition = threading.Condition(lock)  # notified of work: parameters or tasks
        self._begun = threading.Condition(lock)  # notified when the newest request is begun
        self._handed_out = threading.Condition(lock)  # notified of each new `_picture`
        self._wanted: _Wanted | None = None
        self._is_begun = False  # the newest request
        self._works_behind = engine.device.type == "cuda"  # the device lags behind the host
        self._tasks: deque[Callable[[], None]] = deque()  # run between frames on the thread
        self._is_closing = False
        self._picture: Picture | None = None
        self._under_way: deque[Picture] = deque()  # begun, and perhaps not finished
        self._networks: dict[Slot, NetworkStatus] = {}
        self._wanted_networks = WantedNetworks()
        self._unloaded: dict[Slot, Network | str] = {}  # built-in networks are kept, paths reread
        self._notices: list[Notice] = []
        self._last_problem = ""
        self._finished: deque[float] = deque(maxlen=30)  # times of the last pictures [s]
        self._device = engine.device_description
        self._memory = MemoryWatch(lambda: engine.memory((self._picture, *self._under_way)))
        self._layer_times = LayerTimes()
        self._loader = LoaderThread(load or _load, self._arrive, self._report_failed_load)
        self._thread = threading.Thread(target=self._work, name="sgview engine", daemon=True)
        self._thread.start()

    def submit(
        self,
        params: Params,  # edit expressions already resolved
        t: float,  # [s]
        motion: Motion | None = None,  # as for `Engine.render`
    ) -> None:
        """Ask for the picture of this instant; what was asked before and not begun is dropped."""
        with self._condition:
            self._wanted, self._is_begun = (params, t, motion), False
            self._condition.notify_all()

    def latest(self) -> Picture | None:
        """Return the newest finished picture, None without one or without a network."""
        with self._condition:
            return self._picture

    def await_newer(
        self,
        picture: Picture | None,
        seconds: float,  # at most
    ) -> None:
        """Sleep until the newest finished picture is another than `picture`.

        Where pictures are quick, waiting for a finished one would leave the device idle until the
        caller requests the next. There this sleeps only until the newest request is begun, on CUDA
        until all of it is launched: the engine's thread then waits for the device without holding
        the interpreter, and the caller can run.
        """
        with self._condition:
            if picture is not None and self._seconds_a_picture() < _QUICK:
                self._begun.wait_for(lambda: self._is_begun, seconds)
            else:
                self._handed_out.wait_for(lambda: self._picture is not picture, seconds)

    def execute(self, command: c.NetworkCommand) -> None:
        """Do what `command` asks."""
        match command:
            case c.LoadNetwork(slot, path):
                self.load(slot, path)
            case c.UnloadNetwork(slot):
                self.unload(slot)
            case c.ReloadNetwork(slot):
                self.reload(slot)
            case c.SwapNetworks():
                self.swap()
            case _:
                assert_never(command)

    def want(self, slot: Slot, path: str | Path) -> None:
        """Note that `path` is wanted in `slot`, whatever plays there; nothing is read."""
        with self._condition:
            self._wanted_networks = self._wanted_networks.want(slot, str(path))

    def load(self, slot: Slot, path: str | Path) -> None:
        """Read `path` in the background and play it in `slot`; if it fails the old one stays."""
        self._loader.request(slot, Path(path))

    def set_network(self, slot: Slot, network: Network | None) -> None:
        """Play `network` in `slot`; None empties the slot."""
        self._loader.cancel(slot)
        self._arrive(slot, network)

    def unload(self, slot: Slot) -> None:
        """Free the network of `slot` and remember it for `reload`."""
        self._loader.cancel(slot)
        with self._condition:
            self._wanted_networks = self._wanted_networks.unload(slot)
        self._post(lambda: self._unload(slot))

    def reload(self, slot: Slot) -> None:
        """Load what was last unloaded from `slot`."""
        with self._condition:
            self._wanted_networks = self._wanted_networks.reload(slot)
        self._post(lambda: self._reload(slot))

    def swap(self) -> None:
        """Exchange A and B."""
        self._loader.swap(then=self._begin_swap)

    def watch_memory(self, is_wanted: bool) -> None:
        """Keep `EngineStatus.memory` up to date from now on, or stop looking."""
        self._memory.is_wanted = is_wanted

    def time_layers(self, params: Params, t: float, motion: Motion | None = None) -> None:
        """Time every step of this picture once, between two frames."""
        with self._condition:
            self._layer_times = replace(self._layer_times, is_running=True)
        self._post(lambda: self._time_layers(params, t, motion))

    def export(
        self,
        params: Params,
        motion: Motion,
        done: Callable[[dict[str, np.ndarray]], None],  # called on the engine's thread
    ) -> None:
        """Hand out the latent of a picture, between two frames, as `Engine.export` does."""

        def task() -> None:
            held = self._engine.export(params, motion)
            if held is not None:
                done(held)

        self._post(task)

    def forget_latents(self) -> None:
        """Read files of the library anew when they are played again."""
        self._post(self._engine.library.forget)

    def status(self) -> EngineStatus:
        """Return a snapshot of what plays and what is being read."""
        loading = self._loader.statuses()
        with self._condition:
            return EngineStatus(
                networks=dict(self._networks),
                wanted=self._wanted_networks.beside({load.slot: load.path for load in loading}),
                unloaded={slot: _name_of(what) for slot, what in self._unloaded.items()},
                loading=loading,
                device=self._device,
                picture_fps=self._fps(),
                memory=self._memory.latest,
                layer_times=self._layer_times,
            )

    def take_notices(self) -> list[Notice]:
        """Return what the user should know since the last call; ids are 0."""
        with self._condition:
            notices, self._notices = self._notices, []
            return notices

    def close(self) -> None:
        """Stop the threads after the current frame and free the engine; idempotent."""
        with self._condition:
            if self._is_closing:
                return
            self._is_closing = True
            self._condition.notify_all()
        self._loader.close()
        self._thread.join()
        self._picture = None
        self._under_way.clear()
        self._engine.close()

    def _post(self, task: Callable[[], None]) -> None:
        with self._condition:
            self._tasks.append(task)
            self._condition.notify_all()

    def _arrive(self, slot: Slot, network: Network | None) -> None:
        with self._condition:
            wanted = self._wanted_networks
            self._wanted_networks = (
                wanted.empty(slot) if network is None else wanted.want(slot, network.status.path)
            )
        self._post(lambda: self._set_network(slot, network))

    def _work(self) -> None:
        with self._engine.on_stream():
            self._run()

    def _run(self) -> None:
        if self._engine.device.type == "cpu":
            _let_the_window_go_first()
        useful = _USEFUL if self._works_behind else 1
        last: _Wanted | None = None
        repeats = 0
        while True:
            with self._condition:
                self._wait()
                if self._is_closing:
                    return
                task = self._tasks.popleft() if self._tasks else None
                wanted = None
                if task is None:
                    wanted, self._wanted = self._wanted, None
                    if wanted is not None:
                        repeats = repeats + 1 if wanted == last else 1
                        self._is_begun = repeats <= useful and not self._works_behind
                        self._begun.notify_all()
            if task is not None:
                last = None
                self._guard(lambda: self._finish(leaving=0))
                self._guard(task)
            elif wanted is not None:
                last = wanted
                if repeats <= useful:  # a frame is a function of `wanted`: more would be equal
                    self._guard(lambda wanted=wanted: self._render(*wanted))
                self._guard(self._memory.poll)
            else:
                self._guard(lambda: self._finish(leaving=len(self._under_way) - 1))

    def _wait(self) -> None:
        """Wait for something to do; the condition is held.

        Either something new is wanted, or the picture under way is finished. The device cannot
        wake this thread up through the condition, so it is asked from time to time.
        """
        while not (self._is_closing or self._tasks or self._wanted is not None):
            if not self._under_way:
                self._condition.wait()
            elif _is_finished(self._under_way[0]):
                return
            else:
                self._condition.wait(_GLANCE)

    def _render(self, params: Params, t: float, motion: Motion | None) -> None:
        """Begin a picture, then hand out an earlier one: so the device always has work.

        One picture at most is begun ahead of the device, two where they take less time than
        threads may take to wake each other up. The window is given finished ones only, so that it
        never waits for one to draw it.
        """
        picture = self._engine.render(params, t, motion)
        notices = self._engine.take_notices()
        with self._condition:
            self._notices.extend(notices)
            self._is_begun = self._wanted is None
            self._begun.notify_all()
        if picture is None or picture.ready is None:
            self._finish(leaving=0)
            self._hand_out(picture)
        else:
            self._under_way.append(picture)
            self._finish(leaving=2 if self._seconds_a_picture() < _VERY_QUICK else 1)
        self._last_problem = ""

    def _finish(self, *, leaving: int) -> None:
        """Wait for the oldest pictures under way and hand them out, until so many are left."""
        while len(self._under_way) > leaving:
            picture = self._under_way.popleft()
            assert picture.ready is not None
            picture.ready.synchronize()  # sleeps: the events are blocking ones
            self._hand_out(picture)

    def _hand_out(self, picture: Picture | None) -> None:
        with self._condition:
            self._picture = picture
            self._handed_out.notify_all()
            if picture is not None:
                self._finished.append(time.perf_counter())

    def _guard(self, task: Callable[[], None]) -> None:
        """Run `task`; an exception becomes a notice, once until something else happens."""
        try:
            task()
        except torch.OutOfMemoryError as error:
            self._report(
                f"The memory of {self._device.partition(',')[0]} is full.",
                "Unload a network, or pick a layer of lower resolution.",
                error,
            )
        except Exception as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            self._report(f"A picture could not be made: {lines[0]}", "The log says where.", error)

    def _report(self, text: str, hint: str, error: Exception) -> None:
        if text == self._last_problem:
            return
        self._last_problem = text
        _log.error("%s", text, exc_info=error)
        with self._condition:
            self._notices.append(Notice(0, "error", text, hint))

    def _report_failed_load(self, slot: Slot, path: Path, error: Exception) -> None:
        # The readers' own errors are one sentence with the file in it; others are bugs.
        is_known = isinstance(error, (_checkpoint_error(), OSError))
        text = str(error) if is_known else f"{path} cannot be read: {error or type(error).__name__}"
        _log.error("%s", text, exc_info=None if is_known else error)
        is_away = not is_there(path)
        with self._condition:
            if is_away:
                self._wanted_networks = self._wanted_networks.miss(slot, str(path))
            hint = "The network that played before stays." if slot in self._networks else ""
            self._notices.append(Notice(0, "error", text.splitlines()[0], hint))

    def _set_network(self, slot: Slot, network: Network | None) -> None:
        try:
            self._engine.set_network(slot, network)
            if network is not None:
                with self._condition:
                    self._unloaded.pop(slot, None)
        except Exception:
            self._note_refused(slot, network)
            raise
        finally:
            self._note_networks()

    def _note_refused(self, slot: Slot, network: Network | None) -> None:
        present = self._engine.networks.get(slot)
        if network is not None and present is not None:
            with self._condition:
                self._wanted_networks = self._wanted_networks.refuse(
                    slot, network.status.path, present.status.path
                )

    def _unload(self, slot: Slot) -> None:
        network = self._engine.networks.get(slot)
        if network is not None:
            self._set_network(slot, None)
            with self._condition:
                self._unloaded[slot] = network.status.path or network

    def _reload(self, slot: Slot) -> None:
        what = self._unloaded.get(slot)
        if isinstance(what, Network):
            self._set_network(slot, what)
        elif what is not None:
            self._loader.request(slot, Path(what))

    def _begin_swap(self) -> None:
        with self._condition:
            self._wanted_networks = self._wanted_networks.swap()
        self._post(self._swap)

    def _swap(self) -> None:
        self._engine.swap_networks()
        with self._condition:
            self._unloaded = {OTHER[slot]: what for slot, what in self._unloaded.items()}
        self._note_networks()

    def _time_layers(self, params: Params, t: float, motion: Motion | None) -> None:
        times = None
        try:
            times = self._engine.time_layers(params, t, motion)
        finally:
            with self._condition:
                self._layer_times = times or LayerTimes()

    def _note_networks(self) -> None:
        networks = self._engine.networks
        with self._condition:
            self._networks = {slot: network.status for slot, network in networks.items()}
            if not networks:
                self._picture = None
                self._handed_out.notify_all()

    def _fps(self) -> float:
        """Return the pictures a second over the last second or so."""
        return 1 / max(self._seconds_a_picture(), 1e-6)

    def _seconds_a_picture(self) -> float:
        """Return the mean time a picture of the last two seconds or 30 pictures [s]."""
        now, recent = time.perf_counter(), self._finished
        if recent and now - recent[0] >= 2.0:
            recent = [moment for moment in recent if now - moment < 2.0]
        return math.inf if len(recent) < 2 else (recent[-1] - recent[0]) / (len(recent) - 1)


def _let_the_window_go_first() -> None:
    """Lower this thread's priority, and with it that of the threads torch starts from it.

    Where a network keeps every core busy, the panel would otherwise wait its turn for each frame.
    Linux alone has a priority a thread.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)


def _is_finished(picture: Picture) -> bool:
    return picture.ready is None or picture.ready.query()


def _name_of(what: Network | str) -> str:
    return what.status.name if isinstance(what, Network) else what


def _load(path: Path, progress: Callable[[float], None]) -> Network:
    from sgview.engine.networks import load_network

    return load_network(path, progress)


def _checkpoint_error() -> type[Exception]:
    from stylegan3 import CheckpointError

    return CheckpointError
