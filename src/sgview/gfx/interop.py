"""CUDA to OpenGL without leaving the graphics card: a CUDA buffer copied into a texture.

The texture is registered once a size. Each picture: wait (on the card) until it is finished, map,
copy, unmap. Nothing waits on the host.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from sgview.closing import Closing
from sgview.gfx.texture import BYTES_PER_PIXEL, Texture


class InteropError(RuntimeError):
    """CUDA pictures cannot reach OpenGL directly; the message says why."""


@dataclass(frozen=True, eq=False)
class DeviceImage:
    """A finished or soon finished RGBA8 picture in CUDA memory, [height, width, 4] contiguous."""

    pointer: int  # device address
    width: int  # [px]
    height: int
    download: Callable[[], np.ndarray]  # the same picture as uint8 [H, W, 4] in host memory
    owner: object = None  # kept until the picture was read, so that its memory is not reused
    ready: int | None = None  # cudaEvent_t recorded after the last write; None: finished
    device: int = 0  # CUDA ordinal


class Interop(Closing):
    """Copies CUDA pictures into one texture.

    Args:
        texture: the destination; registered here, so `close` this before the texture is deleted
            or takes another size.
        device: CUDA ordinal of the pictures.
        runtime: `cuda.bindings.runtime`; imported when None.

    Raises:
        InteropError: if the CUDA bindings are not installed, or OpenGL does not run on that card.
    """

    def __init__(self, texture: Texture, device: int = 0, runtime: ModuleType | Any = None) -> None:
        self._cuda = runtime if runtime is not None else _import_runtime()
        self._kind = self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToDevice
        self._resource: Any = None
        self._stream: Any = None
        self._under_way: deque[tuple[Any, DeviceImage]] = deque()  # copies not known to be done
        self._events: list[Any] = []  # to be recorded again
        self.device = device
        try:
            self._call("cudaSetDevice", device)
            self._check_device(device)
            self._stream = self._call("cudaStreamCreateWithFlags", self._cuda.cudaStreamNonBlocking)
            flags = self._cuda.cudaGraphicsRegisterFlags.cudaGraphicsRegisterFlagsWriteDiscard
            self._resource = self._call(
                "cudaGraphicsGLRegisterImage", texture.id, _TEXTURE_2D, flags
            )
        except InteropError:
            self.close()
            raise
        self._size = (texture.width, texture.height)

    def copy(self, image: DeviceImage) -> None:
        """Queue the copy of `image` into the texture; OpenGL commands issued later see it.

        `image` and its owner are kept alive until the card has read them.

        Raises:
            InteropError: if a CUDA call fails.
        """
        assert (image.width, image.height) == self._size
        if image.ready is not None:
            self._call("cudaStreamWaitEvent", self._stream, image.ready, 0)
        self._call("cudaGraphicsMapResources", 1, self._resource, self._stream)
        try:
            array = self._call("cudaGraphicsSubResourceGetMappedArray", self._resource, 0, 0)
            row = image.width * BYTES_PER_PIXEL
            self._call(
                "cudaMemcpy2DToArrayAsync",
                array, 0, 0, image.pointer, row, row, image.height, self._kind, self._stream,
            )  # fmt: skip
        finally:
            self._call("cudaGraphicsUnmapResources", 1, self._resource, self._stream)
        self._keep(image)

    def close(self) -> None:
        """Unregister the texture and free the stream; errors of a lost device are ignored."""
        if self._stream is not None:
            self._cuda.cudaStreamSynchronize(self._stream)
        if self._resource is not None:
            self._cuda.cudaGraphicsUnregisterResource(self._resource)
            self._resource = None
        if self._stream is not None:
            self._events += [event for event, _ in self._under_way]
            self._under_way.clear()
            while self._events:
                self._cuda.cudaEventDestroy(self._events.pop())
            self._cuda.cudaStreamDestroy(self._stream)
            self._stream = None

    def _keep(self, image: DeviceImage) -> None:
        """Hold `image` until its copy is done, and release images whose copies are."""
        while self._under_way:
            if int(self._cuda.cudaEventQuery(self._under_way[0][0])[0]) != 0:
                break
            self._events.append(self._under_way.popleft()[0])
        if not self._events:
            flags = self._cuda.cudaEventDisableTiming
            self._events.append(self._call("cudaEventCreateWithFlags", flags))
        event = self._events.pop()
        self._under_way.append((event, image))
        self._call("cudaEventRecord", event, self._stream)

    def _check_device(self, device: int) -> None:
        """Refuse early, with words, where OpenGL runs on another card or in software."""
        every = self._cuda.cudaGLDeviceList.cudaGLDeviceListAll
        try:
            count, devices = self._call("cudaGLGetDevices", 16, every)
        except InteropError as error:
            raise InteropError("OpenGL does not run on the CUDA card") from error
        if device not in [int(number) for number in devices[: int(count)]]:
            raise InteropError(f"OpenGL does not run on CUDA card {device}")

    def _call(self, name: str, *arguments: Any) -> Any:
        error, *values = getattr(self._cuda, name)(*arguments)
        if error:
            _, text = self._cuda.cudaGetErrorString(error)
            raise InteropError(f"{name}: {text.decode() if isinstance(text, bytes) else text}")
        return values[0] if len(values) == 1 else values


_TEXTURE_2D = 0x0DE1  # GL_TEXTURE_2D


def _import_runtime() -> ModuleType:
    try:
        from cuda.bindings import runtime
    except (ImportError, RuntimeError) as error:
        raise InteropError(
            "cuda-bindings is not installed; `pip install cuda-bindings` makes this faster"
        ) from error
    return runtime
