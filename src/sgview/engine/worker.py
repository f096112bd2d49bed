"""The engine on a thread of its own: latest parameters in, latest finished picture out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from weakref import ReferenceType

import numpy as np
from msgspec.structs import replace

from sgview.closing import Closing
from sgview.engine.device import DeviceLostError
from sgview.engine.direction_work import DirectionWork
from sgview.engine.engine import Engine
from sgview.engine.failures import Failures
from sgview.engine.host_threads import HostThreads, let_the_window_go_first
from sgview.engine.loader_thread import Load
from sgview.engine.meters.memory import MemoryWatch
from sgview.engine.network import Network
from sgview.engine.picture.picture import Picture
from sgview.engine.picture.under_way import PictureRate, UnderWay
from sgview.engine.preview import try_preview
from sgview.engine.requests import Requests, Wanted
from sgview.engine.rescue import Rescue
from sgview.engine.slots import Slots
from sgview.engine.tuning_turn import TuningTurn
from sgview.state import commands as c
from sgview.state.latent_places import Place
from sgview.state.machine import LayerTimes
from sgview.state.motion import Motion
from sgview.state.networks import Slot
from sgview.state.params import Params
from sgview.state.status import EngineStatus, Notice

_log = logging.getLogger(__name__)

_QUICK = 0.003  # a time a picture below which the next one is requested ahead [s]
_VERY_QUICK = 0.001  # a time a picture below which two are begun ahead of the device [s]


class EngineWorker(Closing):
    """Runs an engine; no method but `await_newer` waits for it.

    Networks are read on a second thread while the old ones play on. What fails becomes a notice,
    once, and one entry in the log; the threads live on. Where the device's memory is full, `Rescue`
    makes room. A device that is lost stays lost for this process: `lost` then says so, and the
    last picture stays.
    """

    def __init__(self, engine: Engine, load: Load | None = None):
        """Start the threads; `load` reads a file into a network, `load_network` by default."""
        self._engine = engine
        engine.found.analyses.waits = False  # pictures go on until it is found
        engine.found.analyses.on_found = self._make_another
        engine.canvases.waits = False  # pictures go on on the canvas before
        engine.canvases.on_done = self._make_another
        works_behind = engine.device.type == "cuda"  # the device lags behind the host
        self._requests = Requests(works_behind=works_behind)
        self._condition = threading.Condition()  # notified of each new `_picture`
        self._picture: Picture | None = None
        self._under_way = UnderWay()
        self._rate = PictureRate()
        self._host_threads = HostThreads() if engine.device.type == "cpu" else None
        self._device = engine.device_description
        self._others: Sequence[ReferenceType[Picture]] = ()  # pictures that wait in outputs
        self._memory = MemoryWatch(lambda: engine.memory(self._pictures()))
        self._layer_times = LayerTimes()
        self._rescue = Rescue(engine)
        self._failures = Failures(engine, self._rescue, self._under_way.clear)
        self._slots = Slots(
            engine,
            load or _load,
            post=self._requests.post,
            tell=self._failures.tell,
            on_change=self._note_change,
        )
        if engine.tunes:
            self._requests.tuning = TuningTurn(
                engine.device, self._failures.tell, self._requests.wake
            )
        self.directions = DirectionWork(
            engine, self._requests.post, self._failures.tell, lambda: self._requests.asked
        )
        """Finds directions, and pictures them."""
        self._thread = threading.Thread(target=self._work, name="sgview engine", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> DeviceLostError | None:
        """That the device does not compute any more; None while it does."""
        return self._failures.lost

    def submit(
        self,
        params: Params,  # edit expressions already resolved
        t: float,  # [s]
        motion: Motion | None = None,  # as for `Engine.render`
    ) -> None:
        """Ask for the picture of this instant; what was asked before and not begun is dropped."""
        self._requests.submit((params, t, motion))

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
            is_quick = picture is not None and self._rate.seconds_a_picture < _QUICK
            if not is_quick:
                self._condition.wait_for(lambda: self._picture is not picture, seconds)
        if is_quick:
            self._requests.await_begun(seconds)

    def execute(self, command: c.EngineCommand) -> None:
        """Do what `command` asks."""
        if isinstance(command, c.DirectionCommand):
            self.directions.execute(command)
        elif isinstance(command, c.SetPrecision):
            precision = command.precision
            self._requests.post(lambda: self._set_precision(precision))
        else:
            self._slots.execute(command)

    def want(self, slot: Slot, path: str | Path) -> None:
        """Note that `path` is wanted in `slot`, whatever plays there; nothing is read."""
        self._slots.want(slot, path)

    def load(self, slot: Slot, path: str | Path) -> None:
        """Read `path` in the background and play it in `slot`; if it fails the old one stays."""
        self._slots.load(slot, path)

    def set_network(self, slot: Slot, network: Network | None) -> None:
        """Play `network` in `slot`; None empties the slot."""
        self._slots.set_network(slot, network)

    def unload(self, slot: Slot) -> None:
        """Free the network of `slot` and remember it for `reload`."""
        self._slots.unload(slot)

    def reload(self, slot: Slot) -> None:
        """Load what was last unloaded from `slot`."""
        self._slots.reload(slot)

    def swap(self) -> None:
        """Exchange A and B."""
        self._slots.swap()

    def watch_memory(self, is_wanted: bool, others: Sequence[ReferenceType[Picture]] = ()) -> None:
        """Keep `EngineStatus.memory` up to date from now on, or stop looking.

        Args:
            is_wanted: whether somebody looks at it.
            others: pictures that the caller handed on, which count as long as they live.
        """
        self._memory.is_wanted = is_wanted
        self._others = others

    def leave_a_core(self, is_wanted: bool) -> None:
        """Compute quick pictures by all cores but one, which draws the window, or by all."""
        if self._host_threads is not None:
            self._host_threads.leave_one = is_wanted

    def time_layers(self, params: Params, t: float, motion: Motion | None = None) -> None:
        """Time every step of this picture once, between two frames."""
        with self._condition:
            self._layer_times = replace(self._layer_times, is_running=True)
        self._requests.post(lambda: self._time_layers(params, t, motion))

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

        self._requests.post(task)

    def preview(
        self,
        params: Params,
        place: Place,
        side: int,  # [px]
        done: Callable[[np.ndarray | None], None],  # called on the engine's thread
    ) -> None:
        """Hand out a small picture of a place, see `preview`, once there is nothing else to do.

        It waits until nothing has moved for a while; on CUDA, where it is quick, it is also made
        between two pictures, a few in a second. There is one at a time: a new one takes the place
        of one that waits.
        """

        def task() -> None:
            done(try_preview(self._engine, params, place, side))

        self._requests.post_preview(task)

    def forget_latents(self) -> None:
        """Read files of the library anew when they are played again."""

        def forget() -> None:
            found = self._engine.found
            for files in (self._engine.library, found.directions, found.averages, found.masks):
                files.forget()

        self._requests.post(forget)

    def status(self) -> EngineStatus:
        """Return a snapshot of what plays and what is being read."""
        slots = self._slots.status()
        with self._condition:
            return replace(
                slots,
                device=self._device,
                picture_fps=self._rate.fps,
                memory=self._memory.latest,
                layer_times=self._layer_times,
            )

    def take_notices(self) -> list[Notice]:
        """Return what the user should know since the last call; ids are 0."""
        return list(self._failures.take_notices())

    def close(self) -> None:
        """Stop the threads after the current frame and free the engine; idempotent."""
        if not self._requests.close():
            return
        self._slots.close()
        self._thread.join()
        self._picture = None
        self._under_way.clear()
        try:
            self._engine.close()
        except Exception:
            if not self.lost:
                raise
            _log.warning("what is left on the lost device cannot be freed")

    def _pictures(self) -> tuple[Picture | None, ...]:
        """The pictures that somebody holds."""
        return (self._picture, *self._under_way.pictures, *(other() for other in self._others))

    def _work(self) -> None:
        try:
            with self._engine.on_stream():
                self._run()
        except Exception:
            if not self.lost:
                raise
        finally:
            if self._requests.tuning is not None and not self.lost:
                self._requests.tuning.close()

    def _run(self) -> None:
        if self._engine.device.type == "cpu":
            let_the_window_go_first()
        guard = self._failures.guard
        last: Wanted | None = None
        while (request := self._requests.take(last, self._under_way)) is not None:
            if self.lost:
                continue
            wanted = request.wanted
            if (preview := request.preview) is not None:
                self._requests.preview.make(lambda preview=preview: guard(preview))
            if request.task is not None:
                last = None
                guard(lambda: self._finish(leaving=0))
                guard(request.task)
            elif wanted is not None and self._rescue.is_resting(wanted[0]):
                last = None
            elif wanted is not None:
                last = wanted
                if request.is_new:
                    guard(lambda wanted=wanted: self._render(*wanted), wanted[0])
                guard(self._memory.poll)
            elif request.tunes and self._requests.tuning is not None:
                guard(self._requests.tuning.step)
            elif preview is None:
                guard(lambda: self._finish(leaving=len(self._under_way) - 1))

    def _render(self, params: Params, t: float, motion: Motion | None) -> None:
        """Begin a picture, then hand out an earlier one: so the device always has work.

        One picture at most is begun ahead of the device, two where they take less time than
        threads may take to wake each other up. The window is given finished ones only, so that it
        never waits for one to draw it.
        """
        if self._host_threads is not None:
            self._host_threads.choose(self._rate.seconds_a_picture)
        picture = self._rescue.render(self._engine.shown_now(params), t, motion)
        self._failures.tell(*self._engine.take_notices(), *self._rescue.take_notices())
        self._requests.note_launched()
        if picture is None or picture.ready is None:
            self._finish(leaving=0)
            self._hand_out(picture)
        else:
            self._under_way.begin(picture)
            self._finish(leaving=2 if self._rate.seconds_a_picture < _VERY_QUICK else 1)
        self._failures.note_success()

    def _finish(self, *, leaving: int) -> None:
        """Wait for the oldest pictures under way and hand them out, until so many are left."""
        while len(self._under_way) > leaving:
            self._hand_out(self._under_way.take_oldest())

    def _hand_out(self, picture: Picture | None) -> None:
        with self._condition:
            self._picture = picture
            self._condition.notify_all()
            if picture is not None:
                self._rate.note()

    def _make_another(self) -> None:
        """Make another picture, though nothing that was asked for has changed."""
        self._requests.post(lambda: None)

    def _note_change(self) -> None:
        """Take note that the engine's networks have changed."""
        self._rescue.begin_anew()
        if not self._engine.networks:
            with self._condition:
                self._picture = None
                self._condition.notify_all()

    def _set_precision(self, precision: c.Precision) -> None:
        self._engine.set_precision(precision)
        self._rescue.begin_anew()
        self._device = self._engine.device_description

    def _time_layers(self, params: Params, t: float, motion: Motion | None) -> None:
        times = None
        try:
            times = self._engine.time_layers(params, t, motion)
        finally:
            with self._condition:
                self._layer_times = times or LayerTimes()


def _load(path: Path, progress: Callable[[float], None]) -> Network:
    from sgview.engine.networks import load_network

    return load_network(path, progress)
