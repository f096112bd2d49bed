from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from sgview.app.pictures import host_pixels, output_picture, pixels_of
from sgview.gfx.interop import DeviceImage
from sgview.outputs.video import PngWriter
from sgview.outputs.writer_thread import WriterThread
from sgview.state.params import Layer, Noise, Params
from tests.support.app import SG3_A
from tests.support.until import until


def test_host_pictures_are_shared_and_not_copied() -> None:
    rgba8 = torch.zeros(3, 5, 4, dtype=torch.uint8)
    pixels = pixels_of(SimpleNamespace(rgba8=rgba8, ready=None))  # type: ignore[arg-type]
    assert isinstance(pixels, np.ndarray)
    rgba8[1, 2, 3] = 7
    assert pixels[1, 2, 3] == 7


class DeviceTensor:
    """A tensor in CUDA memory, as far as the display looks at it."""

    device = SimpleNamespace(type="cuda", index=1)
    shape = (3, 5, 4)
    is_downloaded = False

    def data_ptr(self) -> int:
        return 0xABC

    def cpu(self) -> torch.Tensor:
        self.is_downloaded = True
        return torch.full(self.shape, 9, dtype=torch.uint8)


class Ready:
    cuda_event = 77
    is_awaited = False

    def synchronize(self) -> None:
        self.is_awaited = True


def test_cuda_pictures_are_handed_on_without_waiting_for_them() -> None:
    rgba8, ready = DeviceTensor(), Ready()
    picture: Any = SimpleNamespace(rgba8=rgba8, ready=ready)
    image = pixels_of(picture)
    assert isinstance(image, DeviceImage)
    assert (image.pointer, image.width, image.height) == (0xABC, 5, 3)
    assert (image.ready, image.device, image.owner) == (77, 1, picture)
    assert not rgba8.is_downloaded
    assert not ready.is_awaited
    assert (image.download() == 9).all()
    assert ready.is_awaited


def test_files_wait_for_the_device() -> None:
    rgba8, ready = DeviceTensor(), Ready()
    picture: Any = SimpleNamespace(rgba8=rgba8, ready=ready)
    assert (host_pixels(picture) == 9).all()
    assert ready.is_awaited


def test_outputs_are_given_pictures_without_waiting_and_download_them_when_they_want() -> None:
    rgba8, ready, params = DeviceTensor(), Ready(), Params()
    picture: Any = SimpleNamespace(rgba8=rgba8, ready=ready, params=params, t=1.5, has_alpha=False)
    view = output_picture(picture)
    assert (view.size, view.params, view.t) == ((5, 3), params, 1.5)
    assert view.rgba8 is rgba8
    assert not rgba8.is_downloaded
    assert not ready.is_awaited
    assert (view.host() == 9).all()
    assert ready.is_awaited


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_outputs_download_on_their_thread_while_the_engine_goes_on(
    never_waiting, tmp_path: Path
) -> None:
    from sgview.engine.engine import Engine
    from sgview.engine.networks import load_network

    output = WriterThread(PngWriter(tmp_path), "test")
    pictures = []
    with Engine("cuda") as engine:
        engine.set_network("a", load_network(SG3_A))
        for layer in ("", "L2", "L4", "", "L6", "L2", ""):  # new graphs are recorded in between
            picture = engine.render(
                Params(noise=Noise(seed=len(pictures)), layer=Layer(name=layer)), 0.0
            )
            assert picture is not None
            pictures.append(picture)
            output.offer(output_picture(picture))
        until(lambda: output.status().written == len(pictures))
        with never_waiting():
            view = output_picture(pictures[-1])
            assert view.size == (64, 64)
        assert output.status().dropped == 0
        output.close()
        for picture, file in zip(pictures, sorted(tmp_path.iterdir()), strict=True):
            np.testing.assert_array_equal(
                np.asarray(Image.open(file)), host_pixels(picture)[..., :3]
            )
