"""The order of CUDA calls, on a stand-in runtime; the real one is in test_interop_cuda.py."""

import weakref
from enum import IntEnum
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sgview.gfx.interop import DeviceImage, Interop, InteropError

TEXTURE: Any = SimpleNamespace(id=9, width=5, height=3)


class Error(IntEnum):
    OK = 0
    FAILED = 1


class Runtime:
    """Records calls; `failing` ones return an error; events are done when `is_done`."""

    cudaStreamNonBlocking = 1  # noqa: N815
    cudaEventDisableTiming = 2  # noqa: N815
    cudaGraphicsRegisterFlags = SimpleNamespace(cudaGraphicsRegisterFlagsWriteDiscard=2)  # noqa: N815
    cudaMemcpyKind = SimpleNamespace(cudaMemcpyDeviceToDevice=3)  # noqa: N815
    cudaGLDeviceList = SimpleNamespace(cudaGLDeviceListAll=1)  # noqa: N815

    def __init__(self, failing: str = "", devices: tuple[int, ...] = (0,)) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.failing = failing
        self.is_done = False
        self._devices = devices
        self._results = {
            "cudaGLGetDevices": (len(devices), list(devices)),
            "cudaStreamCreateWithFlags": ("stream",),
            "cudaGraphicsGLRegisterImage": ("resource",),
            "cudaGraphicsSubResourceGetMappedArray": ("array",),
            "cudaEventCreateWithFlags": ("event",),
        }

    def __getattr__(self, name: str):
        if not name.startswith("cuda"):
            raise AttributeError(name)

        def call(*arguments: Any) -> tuple[Any, ...]:
            if name == "cudaGetErrorString":
                return Error.OK, b"something broke"
            self.calls.append((name, *arguments))
            if name == self.failing:
                return (Error.FAILED, *self._results.get(name, ()))
            if name == "cudaEventQuery":
                return (Error.OK if self.is_done else Error.FAILED,)
            return (Error.OK, *self._results.get(name, ()))

        return call

    @property
    def names(self) -> list[str]:
        return [call[0].removeprefix("cuda") for call in self.calls]


class Owner:
    pass


def image(owner: object = None) -> DeviceImage:
    return DeviceImage(0xABC, 5, 3, lambda: np.zeros((3, 5, 4), np.uint8), owner, ready=77)


def test_copy_waits_for_the_picture_on_the_card_and_maps_around_the_copy() -> None:
    runtime = Runtime()
    with Interop(TEXTURE, runtime=runtime) as interop:
        runtime.calls.clear()
        interop.copy(image())
        assert runtime.names == [
            "StreamWaitEvent",
            "GraphicsMapResources",
            "GraphicsSubResourceGetMappedArray",
            "Memcpy2DToArrayAsync",
            "GraphicsUnmapResources",
            "EventCreateWithFlags",
            "EventRecord",
        ]
        assert runtime.calls[0] == ("cudaStreamWaitEvent", "stream", 77, 0)
        assert runtime.calls[3][1:] == ("array", 0, 0, 0xABC, 20, 20, 3, 3, "stream")


def test_the_host_never_waits_before_close() -> None:
    runtime = Runtime()
    with Interop(TEXTURE, runtime=runtime) as interop:
        for _ in range(5):
            interop.copy(image())
        assert not [name for name in runtime.names if "Synchronize" in name]


def test_a_picture_lives_until_its_copy_is_done() -> None:
    runtime = Runtime()
    with Interop(TEXTURE, runtime=runtime) as interop:
        owner = Owner()
        alive = weakref.ref(owner)
        interop.copy(image(owner))
        del owner
        interop.copy(image())
        assert alive() is not None
        runtime.is_done = True
        interop.copy(image())
        assert alive() is None


def test_close_unregisters_after_the_last_copy_and_once() -> None:
    runtime = Runtime()
    interop = Interop(TEXTURE, runtime=runtime)
    interop.copy(image())
    runtime.calls.clear()
    interop.close()
    interop.close()
    assert runtime.names == [
        "StreamSynchronize",
        "GraphicsUnregisterResource",
        "EventDestroy",
        "StreamDestroy",
    ]


def test_unmaps_when_the_copy_fails() -> None:
    runtime = Runtime(failing="cudaMemcpy2DToArrayAsync")
    interop = Interop(TEXTURE, runtime=runtime)
    with pytest.raises(InteropError, match="cudaMemcpy2DToArrayAsync: something broke"):
        interop.copy(image())
    assert runtime.names[-1] == "GraphicsUnmapResources"


def test_registering_that_fails_leaves_nothing_behind() -> None:
    runtime = Runtime(failing="cudaGraphicsGLRegisterImage")
    with pytest.raises(InteropError):
        Interop(TEXTURE, runtime=runtime)
    assert runtime.names[-1] == "StreamDestroy"
    assert "GraphicsUnregisterResource" not in runtime.names


@pytest.mark.parametrize(
    "runtime", [Runtime(failing="cudaGLGetDevices"), Runtime(devices=()), Runtime(devices=(1,))]
)
def test_opengl_on_another_card_is_said_in_words(runtime: Runtime) -> None:
    with pytest.raises(InteropError, match="OpenGL does not run on"):
        Interop(TEXTURE, device=0, runtime=runtime)
    assert "GraphicsGLRegisterImage" not in runtime.names
