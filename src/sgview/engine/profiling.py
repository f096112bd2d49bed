"""What each step of a picture takes, timed alone when the user asks for it."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from sgview.engine.live_network import LiveNetwork
from sgview.engine.regions.several import Several
from sgview.state.machine import LayerTimes, Timing
from sgview.state.params import Params
from stylegan3.fast import time_steps

_ENOUGH = 1.0  # time spent on pictures after which no more are made [s]
_PICTURES = 5  # at most

_Clock = Callable[[], Any]
_Mark = tuple[str, Any, Any]  # step, begin, end: seconds on the host, or events


def time_layers(
    live: LiveNetwork,
    latent: Tensor,  # [1, z_dim], or [1, num_ws, w_dim]: ws, without the mapping
    params: Params,
    layer: str,  # full name, "" for the image
    several: Several | None = None,  # all latents of the picture
) -> LayerTimes:
    """Time every step that leads from the latent to the output of `layer`; waits for the device.

    Steps of the fast path are its launches. Those of a generator's own modules are its layers, and
    what lies between them (such as upsampling the picture) comes last.
    """
    name = live.network.status.name
    launches = live.steps(latent, params, layer)
    if launches is not None:
        times = time_steps(launches)
        steps = tuple(Timing(step, microseconds / 1000) for step, microseconds in times)
        return LayerTimes(name, "GPU", steps)

    def make_picture() -> None:
        live.run_modules(latent, params, layer, several)

    steps = _time_modules(live.generator, make_picture, live.device)
    return LayerTimes(name, "GPU" if live.device.type == "cuda" else "host", steps)


def _time_modules(
    generator: Any, make_picture: Callable[[], object], device: torch.device
) -> tuple[Timing, ...]:
    """Return the medians over a few pictures."""
    is_cuda = device.type == "cuda"
    clock = _event if is_cuda else time.perf_counter
    marks: list[_Mark] = []
    times: dict[str, list[float]] = defaultdict(list)
    hooks = _hook(generator, clock, marks)
    end = time.perf_counter() + _ENOUGH
    try:
        for _ in range(_PICTURES):
            marks.clear()
            begin = clock()
            make_picture()
            marks.append(("", begin, clock()))
            if is_cuda:
                torch.cuda.synchronize(device)
            for name, milliseconds in _durations(marks).items():
                times[name].append(milliseconds)
            if time.perf_counter() > end:
                break
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(Timing(name, statistics.median(values)) for name, values in times.items())


def _hook(generator: Any, clock: _Clock, marks: list[_Mark]) -> list[Any]:
    """Record when the mapping and every layer begins and ends."""
    names = {spec.name for spec in generator.synthesis.layers}
    parts = [
        (name, module)
        for name, module in generator.synthesis.named_modules()
        if name in names and not any(other.startswith(f"{name}.") for other in names)
    ]
    if isinstance(generator.mapping, nn.Module):
        parts.insert(0, ("mapping", generator.mapping))
    begun: dict[str, Any] = {}
    hooks: list[Any] = []
    for name, module in parts:

        def begin(*_: object, name: str = name) -> None:
            begun[name] = clock()

        def end(*_: object, name: str = name) -> None:
            marks.append((name, begun[name], clock()))

        hooks += [module.register_forward_pre_hook(begin), module.register_forward_hook(end)]
    return hooks


def _durations(marks: list[_Mark]) -> dict[str, float]:  # [ms], in order
    found: dict[str, float] = {}
    for name, begin, end in marks:
        length = begin.elapsed_time(end) if hasattr(begin, "elapsed_time") else 1e3 * (end - begin)
        found[name] = found.get(name, 0.0) + length
    whole = found.pop("")
    found["between the layers"] = max(whole - sum(found.values()), 0.0)
    return found


def _event() -> torch.cuda.Event:
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event
