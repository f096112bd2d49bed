from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from sgview.app.pictures import pixels_of
from sgview.engine.engine import Engine
from sgview.engine.networks import load_network
from sgview.gfx.display import Display
from sgview.gfx.interop import DeviceImage, Interop
from sgview.state.params import Layer, Params
from tests.support import DATA

pytestmark = [pytest.mark.gl, pytest.mark.cuda]


def needs_cuda() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA")


@pytest.mark.parametrize("size", [(64, 64), (37, 53), (1024, 1024), (64, 64)])
def test_cuda_picture_arrives_byte_for_byte_without_the_host(
    card_context: None, size: tuple[int, int]
) -> None:
    needs_cuda()
    pytest.importorskip("cuda.bindings.runtime")
    stream = torch.cuda.Stream()
    with Display() as display:
        for seed in range(3):
            with torch.cuda.stream(stream):
                torch.manual_seed(seed)
                pixels = torch.randint(0, 256, (*size, 4), dtype=torch.uint8, device="cuda")
                ready = torch.cuda.Event()
                ready.record(stream)
            display.show(
                DeviceImage(
                    pixels.data_ptr(), size[1], size[0],
                    download=lambda: pytest.fail("went through the host"),
                    owner=pixels, ready=ready.cuda_event,
                )
            )  # fmt: skip
            assert (display.read() == pixels.cpu().numpy()).all()


@pytest.mark.parametrize("name", ["sg3-t-64-a.pkl", "sg2-64-a.pkl"])
def test_what_the_engine_renders_is_what_the_texture_holds(card_context: None, name: str) -> None:
    needs_cuda()
    with Engine("cuda") as engine, Display() as display:
        engine.set_network("a", load_network(DATA / name))
        for frame in range(4):
            picture = engine.render(Params(), frame / 30)
            assert picture is not None
            display.show(pixels_of(picture))
            assert "interop" in display.description
            assert (display.read() == picture.rgba8.cpu().numpy()).all()


class CountedRuntime:
    """The real runtime; counts what is registered."""

    def __init__(self, runtime: ModuleType) -> None:
        self._runtime = runtime
        self.registered = 0
        self.most = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._runtime, name)
        if name == "cudaGraphicsGLRegisterImage":
            self.registered += 1
            self.most = max(self.most, self.registered)
        if name == "cudaGraphicsUnregisterResource":
            self.registered -= 1
        return found


def test_layers_and_networks_leave_no_registration_behind(card_context: None) -> None:
    needs_cuda()
    runtime = CountedRuntime(pytest.importorskip("cuda.bindings.runtime"))
    networks = [load_network(DATA / name) for name in ("sg3-t-64-a.pkl", "sg2-64-a.pkl")]
    with Engine("cuda") as engine:
        with Display(lambda texture, device: Interop(texture, device, runtime)) as display:
            for turn in range(6):
                network = networks[turn % 2]
                engine.set_network("a", network)
                for layer in ("", *(spec.name for spec in network.status.layers[::3])):
                    for frame in range(3):
                        picture = engine.render(Params(layer=Layer(name=layer)), frame / 30)
                        assert picture is not None
                        display.show(pixels_of(picture))
                    assert "interop" in display.description
                    assert (display.read() == picture.rgba8.cpu().numpy()).all()
                display.show(np.zeros((5, 5, 4), np.uint8))  # a picture of the host in between
                assert runtime.registered == 0
        assert runtime.registered == 0
        assert runtime.most == 2
