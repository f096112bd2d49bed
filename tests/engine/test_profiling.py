import time

import pytest
import torch

from sgview.engine import fast_path, profiling
from sgview.engine.acceleration import Acceleration
from sgview.engine.engine import Engine
from sgview.engine.live_network import LiveNetwork
from sgview.engine.worker import EngineWorker
from sgview.state.params import Latents, Layer, Params
from stylegan3.fast import FastSynthesis
from tests.support.operations import reference_operations
from tests.support.until import until


class Accelerated(Acceleration):
    """Tries the fast path on every device."""

    def obstacle(self, device):
        return ""


@pytest.mark.parametrize("name", ["sg3", "sg2"])
def test_every_layer_is_timed_once_in_order(engine, request, name):
    network = request.getfixturevalue(name)
    engine.set_network("a", network)
    times = engine.time_layers(Params(), 0.0)
    assert (times.network, times.clock) == (network.status.name, "host")
    whole = {layer.name for layer in network.status.layers if "." not in layer.name}
    blocks = {name for name in whole if name.startswith("b")}  # made of other layers
    left_out = {*blocks, "input"}
    layers = [layer.name for layer in network.status.layers if layer.name not in left_out]
    names = [step.stage for step in times.steps]
    assert names[0] == "mapping" and names[-1] == "between the layers"
    assert [n for n in names if n in layers] == [n for n in layers if n in names]
    assert set(layers) <= set(names)
    assert all(step.milliseconds >= 0 for step in times.steps)
    assert sum(step.milliseconds for step in times.steps) > 0


def test_only_what_is_shown_is_timed(engine, sg3):
    engine.set_network("a", sg3)
    params = Params(layer=Layer(name="L1"), latents=Latents(space="w"))
    names = [step.stage for step in engine.time_layers(params, 0.0).steps]
    assert "mapping" not in names
    assert not any(name.startswith(("L2", "L3")) for name in names)
    assert any(name.startswith("L1") for name in names)


def test_the_slow_layer_is_found(engine, sg3):
    engine.set_network("a", sg3)
    slow = sg3.status.layers[2].name
    module = engine._live["a"].generator.synthesis.get_submodule(slow)
    module.register_forward_pre_hook(lambda *_: None)
    inner = module.forward
    module.forward = lambda *a, **k: (time.sleep(0.05), inner(*a, **k))[1]

    def is_found() -> bool:  # other programs may hold up another layer once
        steps = engine.time_layers(Params(), 0.0).steps
        times = {step.stage: step.milliseconds for step in steps}
        assert times[slow] > 50
        return max(times, key=times.__getitem__) == slow and times[slow] < 500

    until(is_found)


def test_timing_leaves_no_trace(engine, sg3):
    engine.set_network("a", sg3)
    before = engine.render(Params(), 0.5)
    engine.time_layers(Params(), 0.0)
    generator = engine._live["a"].generator
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in generator.modules())
    assert torch.equal(engine.render(Params(), 0.5).rgba8, before.rgba8)


def test_without_a_network_there_is_nothing_to_time(engine):
    assert engine.time_layers(Params(), 0.0) is None


def test_the_fast_path_is_timed_by_its_launches(monkeypatch, sg3):
    class Synthesis(FastSynthesis):
        def __init__(self, generator, *_, **__):
            super().__init__(generator, "fp32", operations=reference_operations())

    monkeypatch.setattr(fast_path, "FastSynthesis", Synthesis)
    live = LiveNetwork(sg3, torch.device("cpu"), Accelerated())
    launched = []

    def time_steps(steps):
        for step in steps:
            step.launch()
            launched.append(step.name)
        return [(step.name, 250.0) for step in steps]

    monkeypatch.setattr(profiling, "time_steps", time_steps)
    z = torch.ones(1, sg3.generator.z_dim)
    with torch.no_grad():
        output, ws = live.run(z, Params(), "")
        picture = output.clone()
        times = profiling.time_layers(live, z, Params(), "")
        assert torch.equal(output, picture)  # steps may be run again
        given = profiling.time_layers(live, ws, Params(), "")
    assert times.clock == given.clock == "GPU"
    assert [step.stage for step in (*times.steps, *given.steps)] == launched
    assert {step.milliseconds for step in times.steps} == {0.25}
    assert any("mapping" in step.stage for step in times.steps)
    assert not any("mapping" in step.stage for step in given.steps)  # it starts at `ws`


def test_a_worker_times_between_two_frames(sg3):
    with EngineWorker(Engine("cpu")) as worker:
        worker.set_network("a", sg3)
        worker.submit(Params(), 0.0)
        until(worker.latest)
        assert worker.status().layer_times.steps == ()
        worker.time_layers(Params(), 0.0)
        until(lambda: worker.status().layer_times.steps)
        times = worker.status().layer_times
        assert times.network == sg3.status.name and not times.is_running
        worker.submit(Params(), 1.0)
        until(lambda: worker.latest().t == 1.0)  # the show goes on


def test_a_failure_is_a_notice_and_the_button_works_again(monkeypatch, sg3):
    def fail(*_):
        raise RuntimeError("no clock")

    engine = Engine("cpu")
    monkeypatch.setattr(engine, "time_layers", fail)
    with EngineWorker(engine) as worker:
        worker.time_layers(Params(), 0.0)
        notices = until(worker.take_notices)
        assert "no clock" in notices[0].text
        assert not worker.status().layer_times.is_running


def test_memory_is_watched_on_demand(sg3):
    with EngineWorker(Engine("cpu")) as worker:
        worker.set_network("a", sg3)
        worker.submit(Params(), 0.0)
        until(worker.latest)
        assert worker.status().memory is None
        worker.watch_memory(True)
        worker.submit(Params(), 0.0)  # also where the picture stays as it is
        memory = until(lambda: worker.status().memory)
        assert memory.shares[0].owner == "Network A"
        worker.watch_memory(False)
        worker.submit(Params(), 0.0)
        until(lambda: worker.status().memory is None)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
@pytest.mark.parametrize("name", ["sg3", "sg2"])
def test_layers_on_a_gpu(request, name):
    network = request.getfixturevalue(name)
    with Engine("cuda") as engine:
        engine.set_network("a", network)
        picture = engine.render(Params(), 0.3)
        picture.ready.synchronize()
        before = picture.rgba8.clone()
        times = engine.time_layers(Params(), 0.3)
        assert times.clock == "GPU"
        assert all(0 < step.milliseconds < 100 for step in times.steps)
        picture = engine.render(Params(), 0.3)
        picture.ready.synchronize()
        assert torch.equal(picture.rgba8, before)
