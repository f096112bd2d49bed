from collections.abc import Callable
from functools import partial

import pytest
import torch

from sgview.engine.engine import Engine
from sgview.engine.meters.memory import (
    MemoryWatch,
    memory_status,
    process_memory,
    system_memory,
    tensors_in,
)
from sgview.engine.network import tensors_of
from sgview.state.machine import MemoryStatus
from sgview.state.params import Params
from stylegan3.fast import FastSynthesis
from tests.support.operations import reference_operations

CPU = torch.device("cpu")


class Holder:
    """Stands in for an object of this program."""

    def __init__(self, *parts: object) -> None:
        self.parts = parts

    def __call__(self) -> None: ...


Holder.__module__ = "sgview.engine.somewhere"


def closure(tensor: torch.Tensor) -> Callable[[], torch.Tensor]:
    return lambda: tensor


def test_tensors_are_found_wherever_they_are_held():
    tensors = [torch.zeros(n + 1) for n in range(7)]
    root = [
        {"key": tensors[0]},
        (tensors[1],),
        Holder(tensors[2]),
        closure(tensors[3]),
        partial(print, tensors[4], end=tensors[5]),
        Holder(tensors[6]).__call__,
    ]
    root.append(root)  # goes round
    found = {id(tensor) for tensor in tensors_in(root)}
    assert found == {id(tensor) for tensor in tensors}


def sizes(status: MemoryStatus) -> dict[str, int]:
    return {share.owner: share.size for share in status.shares}


def test_what_two_owners_share_is_counted_once():
    tensor, other = torch.zeros(1000), torch.zeros(10)
    owners = {"first": [tensor, tensor[:5]], "second": [tensor.view(10, 100), other]}
    shares = sizes(memory_status(CPU, owners))
    assert (shares["first"], shares["second"]) == (4000, 40)


def test_an_owner_of_nothing_is_left_out():
    assert "nobody" not in sizes(memory_status(CPU, {"nobody": []}))


def test_an_engine_tells_networks_from_what_plays(engine, sg3, sg2):
    expected = {
        network: sum(t.untyped_storage().nbytes() for t in tensors_of(network.generator).values())
        for network in (sg3, sg2)
    }
    engine.set_network("a", sg3)
    assert "Network B" not in sizes(engine.memory())
    engine.set_network("b", sg2)
    picture = engine.render(Params(), 0.0)
    shares = sizes(engine.memory((picture,)))
    assert shares["Network A"] == expected[sg3]
    assert shares["Network B"] == expected[sg2]
    assert shares["Live weights"] >= expected[sg3] + expected[sg2]
    assert shares["Pictures"] == picture.rgba8.nbytes
    engine.set_network("b", None)
    assert "Network B" not in sizes(engine.memory())


def test_prepared_weights_are_found_behind_a_fast_path(sg3):
    fast = FastSynthesis(sg3.generator, "fp32", operations=reference_operations())
    with torch.no_grad():
        fast(z=torch.zeros(1, sg3.generator.z_dim))
    owners = {"network": sg3.generator, "prepared": fast}
    weights = sum(
        t.nbytes for name, t in tensors_of(sg3.generator).items() if name.endswith(".weight")
    )
    # Channels are padded to whole vectors, so that these are more than the weights themselves.
    assert sizes(memory_status(CPU, owners))["prepared"] > 0.5 * weights


def test_the_rest_of_the_process_is_named():
    if not process_memory():
        pytest.skip("this system does not tell")
    mine = torch.ones(30_000_000)  # 120 MB
    before = process_memory()
    status = memory_status(CPU, {"mine": mine})
    shares = sizes(status)
    assert shares["mine"] == 120_000_000
    assert shares["Rest of the program"] == pytest.approx(before - 120_000_000, rel=0.1)
    free, total = system_memory()
    assert 0 < free < total and status.total == total


def test_nobody_looks_while_nobody_watches():
    time, looks = [0.0], []

    def look() -> MemoryStatus:
        looks.append(time[0])
        return MemoryStatus()

    watch = MemoryWatch(look, lambda: time[0])
    watch.poll()
    assert (looks, watch.latest) == ([], None)
    watch.is_wanted = True
    for step in range(50):
        time[0] = step / 10
        watch.poll()
    assert looks == [0.0, 2.0, 4.0]
    assert watch.latest == MemoryStatus()
    watch.is_wanted = False
    watch.poll()
    assert watch.latest is None
    watch.is_wanted = True
    watch.poll()
    assert len(looks) == 4  # at once


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_on_cuda_the_shares_add_up_to_what_is_in_use(sg3, sg3_other, never_waiting):
    with Engine("cuda") as engine:
        engine.set_network("a", sg3)
        engine.set_network("b", sg3_other)
        for frame in range(3):
            picture = engine.render(Params(), frame / 60)
        with never_waiting():
            status = engine.memory((picture,))
        shares = sizes(status)
        assert status.kind == "VRAM"
        for owner in ("Network A", "Network B", "Live weights", "Pictures", "Outside of torch"):
            assert shares[owner] > 0, owner
        assert shares["Prepared weights, buffers"] > 0
        in_use = status.total - status.free
        assert sum(shares.values()) == pytest.approx(in_use, rel=0.02)
