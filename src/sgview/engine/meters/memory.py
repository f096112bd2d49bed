"""Who holds how much of the memory that pictures are made in."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any

import torch
from torch import Tensor

from sgview.state.machine import MemoryOwner, MemoryShare, MemoryStatus

_INTERVAL = 2.0  # between two measurements, which take some milliseconds [s]
_EMPTY = {type(None), bool, int, float, str, bytes, torch.dtype, torch.device, torch.Size}
_OWN_MODULES = ("sgview.", "stylegan3.", "torch.nn.")  # whose objects are looked into


def memory_status(
    device: torch.device,
    owners: Mapping[str, object],  # by name: what holds tensors, however deep inside
) -> MemoryStatus:
    """Return what each owner holds on `device`, and the rest; never waits for the device.

    What two owners share is counted for the first. On CUDA the rest is split into what torch has
    handed out to others, what it keeps free for later, and what lies outside of torch (CUDA's
    context, OpenGL, other programs); on the CPU the rest is that of the process.
    """
    seen: set[int] = set()
    shares = [MemoryShare(name, sum(_sizes(owner, device, seen))) for name, owner in owners.items()]
    named = sum(share.size for share in shares)
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        allocated = torch.cuda.memory_allocated(device)
        reserved = torch.cuda.memory_reserved(device)
        rest = {
            MemoryOwner.OTHER_BUFFERS: allocated - named,
            MemoryOwner.KEPT_FREE: reserved - allocated,
            MemoryOwner.OUTSIDE: total - free - reserved,
        }
    else:
        free, total = system_memory()
        rest = {MemoryOwner.PROGRAM: process_memory() - named}
    shares += [MemoryShare(name, size) for name, size in rest.items()]
    kind = "VRAM" if device.type == "cuda" else "RAM"
    return MemoryStatus(kind, tuple(share for share in shares if share.size > 0), free, total)


class MemoryWatch:
    """Measures the memory every other second while somebody watches.

    Args:
        look: measures it.
        now: the source of real time [s].
    """

    def __init__(
        self, look: Callable[[], MemoryStatus], now: Callable[[], float] = time.perf_counter
    ) -> None:
        self._look = look
        self._now = now
        self._due = 0.0
        self.is_wanted = False
        self.latest: MemoryStatus | None = None

    def poll(self) -> None:
        """Measure, if it is time to."""
        if not self.is_wanted:
            self.latest = None
            self._due = 0.0
        elif self._now() >= self._due:
            self.latest = self._look()
            self._due = self._now() + _INTERVAL


def tensors_in(root: object) -> Iterator[Tensor]:
    """Yield every tensor that `root` holds: in containers, attributes, closures, and so on down."""
    stack, seen = [root], set[int]()
    while stack:
        thing = stack.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, Tensor):
            yield thing
        else:
            stack.extend(part for part in _parts(thing) if type(part) not in _EMPTY)


def _parts(thing: Any) -> Iterator[object]:
    if isinstance(thing, dict):
        yield from thing.values()
    elif isinstance(thing, (list, tuple, set, frozenset)):
        yield from thing
    elif isinstance(thing, functools.partial):
        yield from (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, MethodType):
        yield thing.__self__
    elif isinstance(thing, FunctionType):
        for cell in thing.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # not assigned yet
                continue
    elif type(thing).__module__.startswith(_OWN_MODULES):
        yield from getattr(thing, "__dict__", {}).values()
        for name in _slots(type(thing)):
            yield getattr(thing, name, None)


@functools.cache
def _slots(kind: type) -> tuple[str, ...]:
    return tuple(name for each in kind.__mro__ for name in getattr(each, "__slots__", ()))


def _sizes(owner: object, device: torch.device, seen: set[int]) -> Iterator[int]:
    for tensor in tensors_in(owner):
        if tensor.device.type != device.type:
            continue
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in seen:
            seen.add(storage.data_ptr())
            yield storage.nbytes()


def process_memory() -> int:
    """Return what this process holds of the machine's memory [bytes]; 0 where it is not known."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    import resource  # there is none on Windows

    return pages * resource.getpagesize()


def system_memory() -> tuple[int, int]:
    """Return what is free of the machine's memory, and all of it [bytes]; 0 where not known."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found = {line.partition(":")[0]: int(line.split()[1]) * 1024 for line in lines}
        return found["MemAvailable"], found["MemTotal"]
    except (OSError, ValueError, IndexError, KeyError):
        return 0, 0
