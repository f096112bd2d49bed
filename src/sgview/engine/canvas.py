"""The canvas of one network: its size in pixels, and whether there is memory for it."""

from __future__ import annotations

import logging
import math

import torch

from sgview.engine.meters.memory import system_memory
from sgview.state.canvas import LARGEST, canvas_size
from sgview.state.canvas import Canvas as Wanted
from sgview.state.networks import NetworkStatus
from sgview.state.status import Notice
from stylegan3 import Canvas, fitting_side
from stylegan3.cuda import is_out_of_memory

_log = logging.getLogger(__name__)

_COPIES = 8  # of the largest layer that torch holds at a time; measured on a CPU, 5 to 8
_SHARE = 0.8  # of the memory that is free


class CanvasOfNetwork:
    """Finds the canvas that `Params` ask for; measures memory only where they ask for another.

    One that memory has no room for is not tried: the canvas that plays stays, and a notice says
    what it would have taken.

    Args:
        network: whose pictures are enlarged.
        device: where they are made.
    """

    def __init__(self, network: NetworkStatus, device: torch.device) -> None:
        self._network = network
        self._device = device
        self._asked: Wanted | None = None
        self._found: Canvas | None = None
        self._notices: list[Notice] = []
        self._most = math.inf  # times the network's own pixels that memory had room for

    def find(self, wanted: Wanted, present: Canvas | None) -> Canvas | None:
        """Return the canvas to play on, None for the network's own size.

        Args:
            wanted: what is asked for.
            present: what stays where there is no memory for that.
        """
        if wanted != self._asked:
            self._asked = wanted
            self._found = self._decide(wanted, present)
        return self._found

    def refuse(self, canvas: Canvas | None, present: Canvas | None, error: Exception) -> None:
        """Stay on `present` until another canvas is asked for, since `error` came of this one."""
        self._found = present
        name, size = self._network.name, self._text(canvas)
        if is_out_of_memory(error):
            text = f"There is no memory for a canvas of {size}, so {name} stays at"
            hint = "Choose a smaller one, or the network's own size first."
        else:
            cause = (str(error).strip().splitlines() or [type(error).__name__])[0]
            text = f"A canvas of {size} cannot be prepared ({cause}), so {name} stays at"
            hint = "The log says where."
        text = f"{text} {self._text(present)}."
        _log.error("%s", text, exc_info=error)
        self._notices.append(Notice(0, "warning", text, hint))

    def note(self, present: Canvas | None) -> str:
        """Return the size of pictures, and how much larger they could be, for people."""
        width, height = self._size(present)
        pixels = width * height / math.prod(self._network.dimensions)
        return f"{self._text(present)}{_multiple(pixels)}{_limit(self._most)}"

    def take_notices(self) -> list[Notice]:
        """Return what the user should know since the last time."""
        notices, self._notices = self._notices, []
        return notices

    def _decide(self, wanted: Wanted, present: Canvas | None) -> Canvas | None:
        own = self._network.dimensions
        sides = zip(canvas_size(wanted, own), own, strict=True)
        width, height = (fitting_side(side, before) for side, before in sides)
        pixels = width * height / math.prod(own)
        room, each = _room(self._device), self._bytes()
        self._most = room / each if room else math.inf
        if (width, height) == own:
            return None
        if pixels <= self._most:
            return Canvas(width, height, wanted.fill)
        stays = "keeps its own size" if present is None else f"stays at {self._text(present)}"
        text = (
            f"A canvas of {width} × {height} px would take about {_gigabytes(pixels * each)}, and"
            f" {_gigabytes(room)} can be had, so {self._network.name} {stays}."
        )
        hint = f"Memory has room for about {self._most:.1f} times the network's own pixels."
        self._notices.append(Notice(0, "warning", text, hint))
        return present

    def _size(self, canvas: Canvas | None) -> tuple[int, int]:
        own = self._network.dimensions
        return own if canvas is None else (canvas.width, canvas.height)

    def _text(self, canvas: Canvas | None) -> str:
        width, height = self._size(canvas)
        return f"{width} × {height} px"

    def _bytes(self) -> int:
        """What making a picture of the network's own size takes, besides its weights."""
        layers = self._network.layers
        values = max((math.prod(layer.dimensions) * layer.channels for layer in layers), default=1)
        return max(values, 1) * 4 * _COPIES


def _room(device: torch.device) -> int:
    """Return how much memory a picture may take [bytes], 0 where that is not known."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        used = torch.cuda.memory_allocated(device)
        free += torch.cuda.memory_reserved(device) - used
        allowed = torch.cuda.get_per_process_memory_fraction(device) * total  # see `limit_memory`
        return max(1, int(min(free, allowed - used) * _SHARE))
    free, _ = system_memory()
    return int(free * _SHARE)


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB"


def _multiple(pixels: float) -> str:
    return "" if pixels == 1 else f", {pixels:.2f}× the pixels"


def _limit(most: float) -> str:
    return "" if math.isinf(most) else f"; memory allows {min(most, LARGEST**2):.0f}×"
