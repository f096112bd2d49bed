"""The fast path of one network on the canvas that plays, and how another canvas takes over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from sgview.engine.acceleration import Acceleration
from sgview.engine.background import Background
from sgview.engine.canvas import CanvasOfNetwork
from sgview.engine.canvas_change import CanvasChange
from sgview.engine.device import device_answers
from sgview.engine.layer_change import LayerChange
from sgview.engine.network import Network
from sgview.state.canvas import is_sized
from sgview.state.params import Params
from sgview.state.status import Notice
from stylegan3 import Canvas
from stylegan3.cuda import is_out_of_memory, let_go
from stylegan3.fast import FastSynthesis, UnsupportedNetworkError, filter_versions


class _Played(NamedTuple):
    """What pictures were made on, and by."""

    canvas: Canvas | None
    fast: FastSynthesis | None
    obstacle: str


class FastPath:
    """Prepares launches for a network where `FastSynthesis` plays it, and says why where not.

    The window's pictures go on while launches are prepared for another canvas, on another thread.
    What then fails, or has no memory, leaves the canvas as it was, with a notice. Whoever calls
    the engine directly waits, so that each picture is on the canvas that its parameters ask for.

    Args:
        network: that plays.
        generator: the copy of it that is written to.
        device: to play on.
        acceleration: how to compute on an NVIDIA GPU.
        background: where another canvas is prepared.

    Attributes:
        canvas: of the pictures; None: the network's own size.
        fast: makes them, if its canvas is the same; None: there is none.
    """

    def __init__(
        self,
        network: Network,
        generator: Any,
        device: torch.device,
        acceleration: Acceleration,
        background: Background,
    ) -> None:
        self._name = network.status.name
        self._generator = generator
        self._device = device
        self._acceleration = acceleration
        self._background = background
        self._canvases = CanvasOfNetwork(network.status, device)
        self._change: CanvasChange[FastSynthesis] = CanvasChange(background)
        is_behind = acceleration.layers == "background"
        self._layers = LayerChange(background) if is_behind else None
        self.canvas: Canvas | None = None
        self.fast: FastSynthesis | None = None
        self._obstacle = acceleration.obstacle(device)  # why modules play; "": no reason known
        self._canvas_obstacle = ""  # the same, on this canvas
        self._has_played = False
        self._before: _Played | None = None  # where no picture was made since it changed
        self._retired: tuple[FastSynthesis, torch.cuda.Event] | None = None  # may be under way
        self._sizes: tuple[Canvas | None, tuple[tuple[int, int], ...]] = (None, ())
        self._notices: list[Notice] = []
        self._remark = ""  # of a fast path, told before

    def follow(self, params: Params, layer: str) -> None:
        """Go to the canvas that is wanted, or have it prepared for this layer."""
        if self._retired is not None and self._retired[1].query():
            self._retired = None
        is_live = self._has_played and not self._background.waits
        wanted = self._canvases.find(params.canvas, self.canvas if is_live else None)
        if wanted == self.canvas:
            self._change.drop()
        elif not is_live or self._obstacle or (self.fast and self.fast.canvas == wanted):
            self._change.drop()
            self._play_on(wanted)
        else:
            ready = self._change.follow(
                wanted,
                lambda: self._maker(wanted, layer, params.noise_mode),
                is_moving=is_sized(params.canvas),
            )
            if ready is not None and (ready.made or ready.canvas == wanted):
                self._take(ready.canvas, ready.made, ready.error)

    def layer_now(self, layer: str, noise_mode: str) -> str:
        """Return the layer to show: the one before, while the wanted one is planned behind it."""
        if self._layers is None:
            return layer
        fast = self.fast if self.fast and self.fast.canvas == self.canvas else None
        return self._layers.follow(fast, layer, noise_mode)

    def goes_back(self, error: Exception) -> bool:
        """Return whether the canvas before is back, since the first picture could not be made.

        Whoever calls the engine directly gets the error, unless it is that memory is full.
        """
        if self._before is None:
            return False
        if not is_out_of_memory(error) and (
            self._background.waits or not device_answers(self._device)
        ):
            return False
        let_go(error)
        if self._device.type == "cuda":
            torch.cuda.current_stream().synchronize()  # what is given up is not to be under way
        refused = self.canvas
        self.canvas, self.fast, self._canvas_obstacle = self._before
        self._before = None
        self._canvases.refuse(refused, self.canvas, error)
        return True

    def settle(self) -> None:
        """Note that a picture was made: what made those before is not needed any more."""
        self._has_played = True
        if self.fast is not None and self.fast.remark not in ("", self._remark):
            text = f"{self._name} plays as without tuning: {self.fast.remark}."
            hint = "Its pictures are right. `sgview tune --again` measures anew."
            self._notices.append(Notice(0, "warning", text, hint))
            self._remark = self.fast.remark
        before, self._before = self._before, None
        if before is None or before.fast is None or before.fast is self.fast:
            return
        if self._device.type == "cuda":  # its graphs are not to be dropped while they run
            made = torch.cuda.Event()
            made.record()
            self._retired = (before.fast, made)

    def prepare(self) -> FastSynthesis | None:
        """Return the fast path, None where it does not play this network on this canvas."""
        if self.fast is not None and self.fast.canvas == self.canvas:
            return self.fast
        if self._obstacle or self._canvas_obstacle:
            return None
        try:
            self.fast = self._maker(self.canvas)()
        except UnsupportedNetworkError as error:
            self._note(error)
            return None
        return self.fast

    def give_up(self, error: UnsupportedNetworkError) -> None:
        """Let modules play from now on, and say why."""
        self.fast, self._obstacle = None, str(error)
        text = f"{self._name} plays without the fast path: {error}."
        notice = Notice(0, "warning", text, "Its pictures are right, but slower.")
        self._notices.append(notice)

    def set_acceleration(self, acceleration: Acceleration) -> None:
        """Compute in another way from the next picture on; no graph may be under way."""
        self._change.drop()
        self.fast = self._before = self._retired = None
        self._acceleration = acceleration
        self._obstacle, self._canvas_obstacle = acceleration.obstacle(self._device), ""

    def free_graphs(self) -> None:
        """Drop the captured graphs; none may be under way."""
        self._retired = None
        if self.fast is not None:
            self.fast.free_graphs()

    @property
    def obstacle(self) -> str:
        """Why no fast path plays this network, on any canvas; "": no reason known."""
        return self._obstacle

    @property
    def made_by(self) -> str:
        """How pictures are computed, for people, and why so."""
        if self.fast is None or self.fast.canvas != self.canvas:
            return f"torch, layer by layer: {self._obstacle or self._canvas_obstacle}"
        options = self._acceleration
        return f"CUDA graphs of {options.kernels} kernels, {options.precision} precision"

    @property
    def canvas_note(self) -> str:
        """The size of pictures, and how much larger they could be, for people."""
        note = self._canvases.note(self.canvas)
        return f"{note}. Another size is being prepared .." if self._change.is_under_way else note

    @property
    def layer_sizes(self) -> tuple[tuple[int, int], ...]:
        """Width and height of each layer on the canvas [px]; empty: the network's own."""
        if self.canvas is None:
            return ()
        if self._sizes[0] != self.canvas:
            layers = self._generator.synthesis.layers_on(self.canvas)
            self._sizes = self.canvas, tuple(layer.dimensions for layer in layers)
        return self._sizes[1]

    def take_notices(self) -> list[Notice]:
        """Return what the user should know since the last time."""
        notices, self._notices = self._notices, []
        return notices + self._canvases.take_notices()

    def _play_on(self, canvas: Canvas | None) -> None:
        if self._has_played and self._before is None:
            self._before = _Played(self.canvas, self.fast, self._canvas_obstacle)
        self.canvas, self._canvas_obstacle = canvas, ""

    def _take(
        self, canvas: Canvas | None, made: FastSynthesis | None, error: Exception | None
    ) -> None:
        if made is not None:
            self._play_on(canvas)
            self.fast = made
        elif isinstance(error, UnsupportedNetworkError):
            self._play_on(canvas)
            self._note(error)
        else:
            assert error is not None
            self._canvases.refuse(canvas, self.canvas, error)

    def _note(self, error: UnsupportedNetworkError) -> None:
        if self.canvas is None:
            self.give_up(error)
        else:
            self._canvas_obstacle = str(error)

    def _maker(
        self, canvas: Canvas | None, layer: str | None = None, noise_mode: str = ""
    ) -> Callable[[], FastSynthesis]:
        """Return what prepares a canvas, and with a mode of noise the launches of a layer too."""
        options, generator = self._acceleration, self._generator
        filters = filter_versions(generator)

        def make() -> FastSynthesis:
            made = FastSynthesis(
                generator,
                options.precision,
                kernels=options.kernels,
                canvas=canvas,
                stays_in_place=True,  # weights are written there, by `LiveWeights` alone
                filters=filters,
            )
            if noise_mode:
                made.plan(layer or None, noise_mode)
            return made

        return make
