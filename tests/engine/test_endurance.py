"""Thousands of frames with everything changing leave no memory behind."""

import gc
from collections.abc import Callable

import pytest
import torch

from sgview.engine.engine import Engine
from sgview.engine.network import Network
from sgview.state.params import Blend, Edit, Latents, Layer, Mapping, Params

OPERATIONS = ("multiply", "add", "noise", "sign", "shuffle", "roll")


def params_of(frame: int, network: Network) -> Params:
    """Return a frame's parameters: moving edits and blends, another layer every 50 frames."""
    layers = ["", *(layer.name for layer in network.status.layers)]
    tensors = [t.name for t in network.status.tensors if "filter" not in t.name]
    edits = tuple(
        Edit(
            tensor=tensors[(frame // 40 + k) % len(tensors)],
            operation=OPERATIONS[(frame // 30 + k) % len(OPERATIONS)],
            amount=1.0 + 0.001 * (frame % 100),
            seed=frame // 60,
        )
        for k in range(frame // 20 % 4)
    )
    groups = sorted({t.group for t in network.status.tensors})
    amounts = dict.fromkeys(groups[: frame // 25 % (len(groups) + 1)], 0.01 * (frame % 50))
    return Params(
        latents=Latents(
            source="seeds" if frame // 70 % 5 == 4 else "noise",
            space="w" if frame // 90 % 4 == 3 else "z",
            seed_speed=3.0,
        ),
        mapping=Mapping(truncation_psi=0.5 + 0.01 * (frame % 50)),
        layer=Layer(name=layers[frame // 50 % len(layers)], normalise=frame % 200 > 150),
        edits=edits,
        blend=Blend(amounts=amounts),
    )


def play(engine: Engine, network: Network, frames: int, used: Callable[[], int]) -> list[int]:
    """Play and return how much was in use at each quarter."""
    noted = []
    for frame in range(frames):
        picture = engine.render(params_of(frame, network), frame / 60)
        assert picture is not None
        if picture.ready is not None and frame % 2:
            picture.ready.synchronize()  # one ahead, as the worker plays
        if (frame + 1) % (frames // 4) == 0:
            del picture
            noted.append(used())
    return noted


def live_tensors() -> int:
    gc.collect()
    return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())


def video_memory() -> int:
    """Return what the whole card has in use, graphs and kernels included [bytes]."""
    gc.collect()
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    free, total = torch.cuda.mem_get_info()
    return total - free


@pytest.mark.parametrize("family", ["sg3", "sg2"])
def test_hundreds_of_frames_leave_no_tensors_behind(
    family: str, request: pytest.FixtureRequest
) -> None:
    make = request.getfixturevalue(f"make_{family}")
    with Engine("cpu") as engine:
        engine.set_network("a", make(0))
        engine.set_network("b", make(1))
        noted = play(engine, make(0), 400, live_tensors)
    # What is kept at one moment differs a little: numbers drawn for edits, the seeds of a walk.
    assert max(noted[2:]) <= max(noted[:2]) + 8, noted


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
@pytest.mark.parametrize("family", ["sg3", "sg2"])
def test_ten_thousand_frames_leave_no_video_memory_behind(
    family: str, request: pytest.FixtureRequest
) -> None:
    make = request.getfixturevalue(f"make_{family}")
    with Engine("cuda") as engine:
        engine.set_network("a", make(0))
        engine.set_network("b", make(1))
        play(engine, make(0), 1000, video_memory)  # kernels and graphs of every kind are there
        noted = play(engine, make(0), 10_000, video_memory)
    assert max(noted[1:]) <= noted[0] + 4 * 2**20, noted
