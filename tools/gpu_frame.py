"""Time whole frames of the engine on this machine's GPU: noise, weights, network, picture.

    PYTHONPATH=src:. python3 tools/gpu_frame.py [--frames N]

Three ways, a line each scene: frames one after the other, each waited for, so that what the host
adds is seen too; frames one ahead of the device, as the window plays them; and the device's stages,
begun only when the host has launched them all, so that they hold no waiting for it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from sgview.engine.engine import Engine
from sgview.engine.network import Network
from sgview.engine.picture import Picture
from sgview.engine.playing import Acceleration
from sgview.state.params import Blend, Edit, Layer, Params
from stylegan3 import Generator, StyleGAN2Config, StyleGAN3Config

CONFIGS = {
    "stylegan3-t 1024": StyleGAN3Config(),
    "stylegan2 256": StyleGAN2Config(img_resolution=256),
}


def random_network(config: StyleGAN2Config | StyleGAN3Config, seed: int) -> Network:
    """Return a network of random weights, drawn on the GPU."""
    torch.manual_seed(seed)
    with torch.device("cuda"):
        generator = Generator(config)
    return Network.of(generator.cpu(), f"random {seed}")


def scenes(network: Network, groups: list[str]) -> dict[str, Callable[[int], Params]]:
    """Return what a frame shows, by its number."""
    tensors = [t for t in network.status.tensors if "filter" not in t.name]
    largest = max(tensors, key=lambda t: torch.Size(t.shape).numel()).name
    layer = Layer(name=network.status.layers[4].name)

    def blend(frame: int) -> Blend:
        return Blend(amounts=dict.fromkeys(groups[:16], 0.3 + 0.001 * frame))

    def edits(frame: int, names: list[str]) -> tuple[Edit, ...]:
        return tuple(Edit(tensor=name, amount=1 + 0.001 * frame) for name in names)

    return {
        "noise alone moves": lambda frame: Params(),
        "16 groups blend": lambda frame: Params(blend=blend(frame)),
        "and 50 edits": lambda frame: Params(
            blend=blend(frame), edits=edits(frame, [t.name for t in tensors[:50]])
        ),
        "1 edit, the largest tensor": lambda frame: Params(edits=edits(frame, [largest])),
        f"layer {layer.name}": lambda frame: Params(layer=layer),
    }


def time_frames(engine: Engine, scene: Callable[[int], Params], frames: int) -> str:
    """Return medians of wall clock and host time, and the GPU's stages [ms]."""
    walls, hosts = [], []
    for frame in range(-5, frames):
        start = time.perf_counter()
        _, ready = render(engine, scene, frame)
        launched = time.perf_counter()
        ready.synchronize()
        if frame >= 0:
            walls.append((time.perf_counter() - start) * 1e3)
            hosts.append((launched - start) * 1e3)
    wall, host = statistics.median(walls), statistics.median(hosts)
    ahead, stages = time_ahead(engine, scene, frames), time_stages(engine, scene, frames)
    return f"wall {wall:.3f}  host {host:.3f}  one ahead {ahead:.3f}  GPU: {stages}"


def render(
    engine: Engine, scene: Callable[[int], Params], frame: int
) -> tuple[Picture, torch.cuda.Event]:
    """Return the picture of a frame, begun, and what tells when it is finished."""
    picture = engine.render(scene(frame), frame / 60)
    assert picture is not None and picture.ready is not None
    return picture, picture.ready


def time_ahead(engine: Engine, scene: Callable[[int], Params], frames: int) -> float:
    """Return the mean time of a frame [ms], one picture begun ahead as `EngineWorker` does."""
    _, under_way = render(engine, scene, 0)
    start = time.perf_counter()
    for frame in range(1, frames + 1):
        _, begun = render(engine, scene, frame)
        under_way.synchronize()
        under_way = begun
    under_way.synchronize()
    return (time.perf_counter() - start) * 1e3 / frames


def time_stages(engine: Engine, scene: Callable[[int], Params], frames: int) -> str:
    """Return the medians of the device's stages [ms], behind work that keeps it busy meanwhile."""
    times: dict[str, list[float]] = {}
    for frame in range(frames // 2):
        with torch.cuda.stream(engine._stream):
            torch.cuda._sleep(5_000_000)  # [cycles], some milliseconds
        picture, ready = render(engine, scene, frame)
        ready.synchronize()
        for timing in picture.timings if frame > 1 else ():
            times.setdefault(timing.stage, []).append(timing.milliseconds)
    return "  ".join(f"{stage} {statistics.median(ms):.3f}" for stage, ms in times.items())


def main() -> None:
    """Print a table a network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--kernels", choices=["auto", "generic"], default="auto")
    arguments = parser.parse_args()
    frames, acceleration = arguments.frames, Acceleration(kernels=arguments.kernels)
    for name, config in CONFIGS.items():
        a, b = random_network(config, 0), random_network(config, 1)
        with Engine("cuda", acceleration) as engine:
            engine.set_network("a", a)
            engine.set_network("b", b)
            first = engine.render(Params(), 0.0)
            assert first is not None
            print(f"{name}: {engine.device_description}")
            groups = [group.name for group in first.blend_groups]
            for scene, params in scenes(a, groups).items():
                print(f"  {scene:<28}{time_frames(engine, params, frames)}")
            torch.cuda.synchronize()
            print(f"  memory {torch.cuda.memory_allocated() / 2**20:.0f} MiB", end="")
        torch.cuda.synchronize()
        print(f", after closing {torch.cuda.memory_allocated() / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
