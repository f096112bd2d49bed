"""The engine on an NVIDIA GPU: the same pictures, no waiting, no memory left behind."""

from typing import Any

import numpy as np
import pytest
import torch

from sgview.engine.engine import Engine
from sgview.engine.picture.preview import preview
from sgview.engine.worker import EngineWorker
from sgview.state.journeys import go_to
from sgview.state.latent_places import SeedPlace
from sgview.state.motion import motion_at
from sgview.state.params import (
    Blend,
    Digression,
    Directions,
    Edit,
    Ground,
    InputTransform,
    Latents,
    Layer,
    Mapping,
    Mixing,
    Noise,
    Params,
    PixelNoise,
    Walk,
)
from stylegan3.fast import FastSynthesis
from tests.support import travelling

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU"),
]

WEIGHT = "synthesis.input.weight"
GROUND = Ground(
    input=InputTransform(x=0.2, rotate=30.0, shear=0.1, speed_y=0.3, speed_scale=0.2),
    noise=PixelNoise(strength=1.5, layers={"b8_conv1": 0.2}, seed=2, moving=0.8),
    constant=Digression(amount=0.9),
)
CASES = [
    Params(),
    Params(latents=Latents(mode="independent", gaussianise=True), noise=Noise(type="perlin3d")),
    Params(latents=Latents(space="w"), noise=Noise(monochrome=False)),
    Params(latents=Latents(source="seeds", seed_speed=0.3), mapping=Mapping(truncation_psi=0.5)),
    Params(
        mapping=Mapping(truncation_psi=0.6, centre="modes", modes=4),
        mixing=Mixing(rows=(0.0, 0.5, 1.0), seed=6, seed_speed=0.2),
        directions=Directions(amounts={"sefa1": 1.0, "pca2:1-2": -0.7}),
        walk=Walk(reach=0.4, speed=2.0),
    ),
    Params(layer=Layer(name="L2", normalise=True, gain_db=-3.0)),
    Params(
        blend=Blend(amounts={"L1": 0.5, "mapping": 1.3}),
        edits=tuple(
            Edit(tensor=WEIGHT, operation=operation, amount=0.4)
            for operation in ("noise", "sign", "shuffle", "zero", "quantise", "roll", "add")
        ),
    ),
    *travelling.CASES,
    Params(ground=GROUND),
    Params(ground=Ground(input=InputTransform(x=0.2, rotate=10.0, untransform=True))),
]


@pytest.fixture
def engines(sg3, sg3_other, tmp_path):
    with Engine("cpu") as cpu, Engine("cuda") as cuda:
        for engine in (cpu, cuda):
            engine.set_network("a", sg3)
            engine.set_network("b", sg3_other)
            travelling.fill_library(tmp_path, engine)
        yield cpu, cuda


@pytest.mark.parametrize("params", CASES)
def test_the_same_pictures_as_on_the_cpu(engines, params):
    outputs = [engine.synthesise(params, 1.3) for engine in engines]
    torch.cuda.synchronize()  # the engine has a stream of its own
    cpu, cuda = (output.float().cpu() for output in outputs)
    assert (cpu - cuda).norm() / cpu.norm() < 5e-3  # float16 layers
    picture = engines[1].render(params, 1.3)
    picture.ready.synchronize()
    difference = engines[0].render(params, 1.3).rgba8.int() - picture.rgba8.cpu().int()
    assert difference.abs().max() <= 3


def test_pictures_that_follow_each_other_are_those_of_their_time(engines):
    cpu, cuda = engines
    for params in [*CASES, Params(), *CASES]:
        pictures = [cuda.render(params, t) for t in (0.1, 0.7, 1.3)]  # the last calls run again
        for picture in (pictures[0], pictures[-1]):
            picture.ready.synchronize()
            expected = cpu.render(params, picture.t).rgba8.int()
            assert (expected - picture.rgba8.cpu().int()).abs().max() <= 3
        late, wanted = cuda.render(params, 1.3), cpu.render(params, 1.3)
        assert late.latent == pytest.approx(wanted.latent, abs=1e-4)


def test_what_is_read_back_arrives_though_hundreds_of_frames_are_under_way(engines):
    cpu, cuda = engines
    for frame in range(300):
        cuda.render(Params(), frame / 60)
    torch.cuda.synchronize()
    for _ in range(2):
        cuda.render(Params(), 5.0)
        torch.cuda.synchronize()
    late, wanted = cuda.render(Params(), 5.0), cpu.render(Params(), 5.0)
    assert late.latent == pytest.approx(wanted.latent, abs=1e-4)
    assert late.status.statistics.std == pytest.approx(wanted.status.statistics.std, rel=1e-2)


def test_a_frame_never_waits_for_the_device(engines, never_waiting):
    cuda = engines[1]
    for params in CASES:
        cuda.render(params, 0.0)  # what is made once: kernels, tables, random numbers
    with never_waiting():
        for t in range(1, 4):
            for params in CASES:
                cuda.render(params, t / 7)


@pytest.mark.parametrize("params", travelling.CASES)
def test_a_latent_under_way_is_that_of_the_cpu(engines, params):
    for t in (0.2, 0.9):
        latents = [engine.export(params, motion_at(params, t))["ws"] for engine in engines]
        assert latents[1] == pytest.approx(latents[0], abs=2e-3)


def test_previews_are_made_between_pictures(engines):
    _, cuda = engines
    before = cuda.render(Params(), 0.4)
    before.ready.synchronize()
    wanted = before.rgba8.cpu()
    small = [
        preview(engine, go_to(Params(), SeedPlace(3.0)).params, SeedPlace(3.0), 8)
        for engine in engines
    ]
    assert np.abs(small[0].astype(int) - small[1]).max() <= 3
    assert torch.equal(before.rgba8.cpu(), wanted)  # a picture on its way is not written over
    again = cuda.render(Params(), 0.4)
    again.ready.synchronize()
    assert torch.equal(again.rgba8.cpu(), wanted)


def test_statistics_come_one_frame_late(engines):
    cpu, cuda = engines
    cuda.render(Params(), 1.0)
    torch.cuda.synchronize()
    late, wanted = cuda.render(Params(), 1.0), cpu.render(Params(), 1.0)
    assert late.status.statistics.mean == pytest.approx(wanted.status.statistics.mean, abs=1e-3)
    assert late.latent == pytest.approx(wanted.latent, abs=1e-4)


def test_bad_pictures_are_not_shown(engines):
    cuda = engines[1]
    picture = cuda.render(Params(), 0.0)
    picture.ready.synchronize()
    good = picture.rgba8.cpu()
    name = "synthesis.L1_20_8.bias"
    cuda._live["a"].pristine[name].fill_(torch.nan)
    for _ in range(3):
        bad = cuda.render(Params(edits=(Edit(tensor=name, amount=1.0),)), 0.0)
        bad.ready.synchronize()
        assert torch.equal(bad.rgba8.cpu(), good)
    assert not bad.status.is_finite
    assert "L1_20_8" in cuda.take_notices()[0].text


def test_unloading_returns_the_memory(sg3):
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    with Engine("cuda") as engine:
        for _ in range(5):
            engine.set_network("a", sg3)
            engine.render(Params(edits=(Edit(tensor=WEIGHT, operation="noise"),)), 0.0)
            engine.set_network("a", None)
    torch.cuda.synchronize()
    assert torch.cuda.memory_allocated() - before < 2**20


def test_the_worker_hands_out_finished_pictures(sg3):
    import time

    worker = EngineWorker(Engine("cuda"))
    try:
        worker.set_network("a", sg3)
        end = time.perf_counter() + 60
        while worker.latest() is None and time.perf_counter() < end:
            worker.submit(Params(), 0.0)
            time.sleep(0.01)
        picture = worker.latest()
        torch.cuda.current_stream().wait_event(picture.ready)
        assert picture.rgba8.float().std() > 0
    finally:
        worker.close()


@pytest.mark.parametrize("network", ["sg3", "sg2"])
def test_a_ground_that_moves_is_launched_as_the_frame_before(
    engines, request, monkeypatch, never_waiting, network
):
    """Its tensors are written in place, so that the graph that was captured is replayed."""
    cpu, cuda = engines
    for engine in engines:
        engine.set_network("b", None)
        engine.set_network("a", request.getfixturevalue(network))
    params = Params(ground=GROUND)
    for t in (0.0, 0.1, 0.2):
        cuda.render(params, t)
    calls: list[object] = []
    call = FastSynthesis.__call__

    def counting(self: FastSynthesis, **options: Any) -> torch.Tensor:
        calls.append(options)
        return call(self, **options)

    monkeypatch.setattr(FastSynthesis, "__call__", counting)
    with never_waiting():
        pictures = [cuda.render(params, frame / 3) for frame in range(1, 9)]
    assert not calls
    picture = pictures[-1]
    picture.ready.synchronize()
    expected = cpu.render(params, picture.t).rgba8.int()
    assert (expected - picture.rgba8.cpu().int()).abs().max() <= 3
