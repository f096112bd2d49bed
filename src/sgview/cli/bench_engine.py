"""Times of the engine's whole frames: noise, weights, network and picture; for `sgview bench`."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from sgview.state.networks import NetworkStatus
from sgview.state.params import (
    Blend,
    Directions,
    Edit,
    Key,
    Latents,
    Layer,
    Mixing,
    Params,
    Path,
    Plane,
    Walk,
)

if TYPE_CHECKING:
    import torch

    from sgview.engine.acceleration import Acceleration
    from sgview.engine.engine import Engine
    from sgview.engine.picture.picture import Picture

_WARM_UP = 5  # frames on a GPU: kernels are compiled and the graph captured in the first
_IDLING = 5_000_000  # [clocks] of the GPU, some milliseconds
_EDITS, _GROUPS = 50, 16

_KEYS = tuple(Key(at=float(n), place=f"seed {n}") for n in range(4))
SOURCES = {
    "seeds": Latents(source="seeds", seed_speed=0.7),
    "plane": Latents(source="plane", plane=Plane(speed_x=0.7, speed_y=0.3)),
    "path, sphere": Latents(source="path", path=Path(keys=_KEYS)),
    "path, cubic": Latents(source="path", path=Path(keys=_KEYS, curve="cubic")),
    "library": Latents(source="library", entry="w"),
}
"""What the column of latents is to be compared for: 0.05 ms a frame at most."""

Scene = Callable[[int], Params]


class FrameTimes(Struct, frozen=True):
    """Medians over the frames of one scene [ms]."""

    scene: str  # what moves in it
    frames: int
    wall_ms: float  # until the picture is finished, each waited for
    host_ms: float  # until the host is free again
    stages: dict[str, float]  # on CUDA without waiting for the host, elsewhere times of the host
    ahead_ms: float | None = None  # mean on CUDA, one picture begun ahead as the window plays them


class EngineTimes(Struct, frozen=True):
    """What the engine takes for a network and a partner of the same kind."""

    made_by: str  # how the network was computed, and why so
    scenes: tuple[FrameTimes, ...]
    memory: dict[str, int]  # by owner [bytes]


def engine_times(
    generator: Any,
    device: torch.device,
    frames: int,
    acceleration: Acceleration,
    tick: Callable[[], Any] = lambda: None,
) -> EngineTimes:
    """Time `frames` frames of every scene."""
    from sgview.engine.engine import Engine
    from sgview.engine.network import Network

    network = Network.of(generator.cpu(), "bench")
    partner = Network.of(_changed(generator), "bench partner")
    with (
        tempfile.TemporaryDirectory() as folder,
        Engine(str(device), acceleration, FilePath(folder)) as engine,
    ):
        np.save(FilePath(folder) / "w.npy", np.ones(generator.w_dim, np.float32))
        engine.set_network("a", network)
        engine.set_network("b", partner)
        first = engine.render(Params(), 0.0)
        assert first is not None
        groups = [group.name for group in first.blend_groups if group.is_blendable]
        times = []
        for name, scene in scenes(network.status, groups).items():
            times.append(_time_scene(engine, name, scene, frames))
            tick()
        memory = {share.owner: share.size for share in engine.memory((first,)).shares}
        return EngineTimes(first.status.made_by, tuple(times), memory)


def scenes(network: NetworkStatus, groups: list[str]) -> dict[str, Scene]:
    """Return what a frame shows, by its number: from what always moves to the most at once."""
    tensors = [tensor for tensor in network.tensors if "filter" not in tensor.name]
    largest = max(tensors, key=_size).name
    layer = Layer(name=network.layers[min(4, len(network.layers) - 1)].name)
    edited = [tensor.name for tensor in tensors[:_EDITS]]

    def blend(frame: int) -> Blend:
        return Blend(amounts=dict.fromkeys(groups[:_GROUPS], 0.3 + 0.001 * frame))

    def edits(frame: int, names: list[str]) -> tuple[Edit, ...]:
        return tuple(Edit(tensor=name, amount=1 + 0.001 * frame) for name in names)

    blended = f"{len(groups[:_GROUPS])} groups blend"
    return {
        "noise alone moves": lambda frame: Params(),
        **{f"source {name}": _still(latents) for name, latents in SOURCES.items()},
        "rows mix, move and walk": lambda frame: Params(
            mixing=Mixing(rows=(0.0, 0.5, 1.0), source="noise", seed=7),
            directions=Directions(amounts={"sefa1": 0.001 * frame, "sefa2": 1.0}),
            walk=Walk(reach=0.5),
        ),
        "1 edit, the largest tensor": lambda frame: Params(edits=edits(frame, [largest])),
        blended: lambda frame: Params(blend=blend(frame)),
        f"{blended}, {len(edited)} edits": lambda frame: Params(
            blend=blend(frame), edits=edits(frame, edited)
        ),
        f"layer {layer.name}": lambda frame: Params(layer=layer),
    }


def _still(latents: Latents) -> Scene:
    """Return a scene whose parameters stay: positions alone move."""
    params = Params(latents=latents)
    return lambda frame: params


def format_engine(network: str, times: EngineTimes) -> list[str]:
    """The lines of a table: scenes down, stages across."""
    names = list(dict.fromkeys(stage for scene in times.scenes for stage in scene.stages))
    widths = [max(len(name) + 2, 9) for name in names]
    head = "".join(f"{name:>{width}}" for name, width in zip(names, widths, strict=True))
    lines = [
        f"{network}, frames of the engine [ms]: {times.made_by}",
        f"  {'':<28}{'wall':>9}{'host':>9}{'ahead':>9}  |{head}",
    ]
    for scene in times.scenes:
        stages = "".join(
            f"{scene.stages.get(name, 0.0):>{width}.3f}"
            for name, width in zip(names, widths, strict=True)
        )
        ahead = "-" if scene.ahead_ms is None else f"{scene.ahead_ms:.3f}"
        wall = f"{scene.wall_ms:>9.3f}{scene.host_ms:>9.3f}{ahead:>9}"
        lines.append(f"  {scene.scene:<28}{wall}  |{stages}")
    held = ", ".join(f"{owner} {size / 1e6:.0f} MB" for owner, size in times.memory.items())
    return [*lines, f"  memory: {held}"]


def _time_scene(engine: Engine, name: str, scene: Scene, frames: int) -> FrameTimes:
    """Frames are made one after the other and waited for, so that the host's part is seen too."""
    is_cuda = engine.stream is not None
    walls, hosts = [], []
    stages: dict[str, list[float]] = defaultdict(list)
    for frame in range(-_WARM_UP if is_cuda else -1, frames):
        start = time.perf_counter()
        picture = _begin(engine, scene, frame)
        launched = time.perf_counter()
        _finish(picture)
        if frame >= 0:
            walls.append((time.perf_counter() - start) * 1e3)
            hosts.append((launched - start) * 1e3)
            for timing in picture.timings:
                stages[timing.stage].append(timing.milliseconds)
    return FrameTimes(
        name,
        frames,
        round(statistics.median(walls), 4),
        round(statistics.median(hosts), 4),
        _medians(_stages_on_cuda(engine, scene, frames) if is_cuda else stages),
        round(_ahead(engine, scene, frames), 4) if is_cuda else None,
    )


def _begin(engine: Engine, scene: Scene, frame: int) -> Picture:
    picture = engine.render(scene(frame), frame / 60)
    assert picture is not None
    return picture


def _finish(picture: Picture) -> None:
    if picture.ready is not None:
        picture.ready.synchronize()


def _ahead(engine: Engine, scene: Scene, frames: int) -> float:  # [ms]
    under_way = _begin(engine, scene, 0)
    start = time.perf_counter()
    for frame in range(1, frames + 1):
        begun = _begin(engine, scene, frame)
        _finish(under_way)
        under_way = begun
    _finish(under_way)
    return (time.perf_counter() - start) * 1e3 / frames


def _stages_on_cuda(engine: Engine, scene: Scene, frames: int) -> dict[str, list[float]]:
    """Times of the device, kept busy until the host has launched the whole frame."""
    import torch

    stages: dict[str, list[float]] = defaultdict(list)
    known: object = None  # the times last seen: of an earlier frame, and not every frame is timed
    for frame in range(-8, 2 * frames):
        with torch.cuda.stream(engine.stream):
            torch.cuda._sleep(_IDLING)
        picture = _begin(engine, scene, frame)
        _finish(picture)
        for timing in picture.timings if frame >= 0 and picture.timings is not known else ():
            stages[timing.stage].append(timing.milliseconds)
        known = picture.timings
    return stages


def _medians(stages: dict[str, list[float]]) -> dict[str, float]:
    return {stage: round(statistics.median(values), 4) for stage, values in stages.items()}


def _changed(generator: Any) -> Any:
    """Return a copy that differs in every tensor but its filters: what is equal is not blended."""
    import copy

    import torch

    partner = copy.deepcopy(generator)
    with torch.no_grad():
        for name, tensor in partner.state_dict(keep_vars=True).items():
            if "filter" not in name:
                tensor.mul_(1.01).add_(0.001)
    return partner


def _size(tensor: Any) -> int:
    size = 1
    for length in tensor.shape:
        size *= length
    return size
