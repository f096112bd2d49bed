"""One loaded CUDA kernel, launched on torch's current stream without a host synchronisation."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

Scalar = ctypes.c_void_p | ctypes.c_int32 | ctypes.c_float
Argument = torch.Tensor | int | float | Scalar | ctypes.Structure | ctypes.Array | None
Size = int | tuple[int, ...]

_DEFAULT_SHARED_BYTES = 48 * 1024
_thread = threading.local()


class KernelError(RuntimeError):
    """A CUDA kernel could not be compiled, loaded or launched."""


class Kernel:
    """A function of a compiled binary.

    Args:
        binary: cubin or PTX.
        name: the `extern "C"` function.
        device: index of the CUDA device.
        is_dependent_launch: programmatic dependent launch (compute capability 9.0 and later): it
            starts while the kernel before it still runs, whose results it awaits itself.
        is_cooperative: cooperative launch (where `multiprocessors` says so): all blocks start at
            once or none, for they wait for each other; more than fit are refused.

    Raises:
        KernelError: if the driver refuses the binary.
    """

    def __init__(
        self,
        binary: bytes,
        name: str,
        device: int,
        *,
        is_dependent_launch: bool = False,
        is_cooperative: bool = False,
    ) -> None:
        from cuda.bindings import driver

        ensure_context(device)
        self.name = name
        self.device = device
        self.driver = driver
        self._module = check_driver(driver.cuModuleLoadData(binary), f"loading {name}")
        self.function = check_driver(
            driver.cuModuleGetFunction(self._module, name.encode()), f"finding {name}"
        )
        self._shared_limit = _DEFAULT_SHARED_BYTES
        self.is_dependent_launch = is_dependent_launch and not is_cooperative
        self.attributes = [_programmatic_launch()] if is_dependent_launch else []
        if is_cooperative:
            self.attributes.append(_cooperative_launch())

    def __call__(self, grid: Size, block: Size, *arguments: Argument, shared: int = 0) -> None:
        """Launch once; see `prepare` for the arguments.

        Raises:
            KernelError: if the launch is refused.
        """
        self.prepare(grid, block, *arguments, shared=shared)()

    def prepare(
        self, grid: Size, block: Size, *arguments: Argument, shared: int = 0
    ) -> PreparedLaunch:
        """Return a launch that can be made again and again, with all its arguments in place.

        Args:
            grid: blocks in x, y, z.
            block: threads in x, y, z.
            arguments: tensors and None become pointers, int becomes int32, float becomes float32,
                ctypes values are passed as they are when it is launched: what is written into one
                counts for the launches that follow. Kernels trust them: wrappers check.
            shared: dynamic shared memory [bytes].

        Raises:
            KernelError: if the kernel cannot have so much shared memory.
        """
        if shared > self._shared_limit:
            ensure_context(self.device)
            attribute = (
                self.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
            )
            answer = self.driver.cuFuncSetAttribute(self.function, attribute, shared)
            check_driver(answer, self.name)
            self._shared_limit = shared
        return PreparedLaunch(self, three(grid), three(block), arguments, shared)


class PreparedLaunch:
    """A launch of one kernel whose arguments are packed: calling it is all that a frame has to do.

    It keeps its tensors alive. One thread may launch at a time.
    """

    def __init__(
        self,
        kernel: Kernel,
        grid: tuple[int, int, int],
        block: tuple[int, int, int],
        arguments: tuple[Argument, ...],
        shared: int,
    ) -> None:
        self._kernel = kernel
        self._alive = arguments
        self._pointers, self._values = pack(arguments)
        self._size = (*grid, *block, shared)
        self._address = ctypes.addressof(self._pointers)
        self._config: Any = None
        self._config_stream = 0
        if kernel.attributes:
            self._config = config = kernel.driver.CUlaunchConfig()
            config.gridDimX, config.gridDimY, config.gridDimZ = grid
            config.blockDimX, config.blockDimY, config.blockDimZ = block
            config.sharedMemBytes = shared
            config.attrs, config.numAttrs = kernel.attributes, len(kernel.attributes)

    def __call__(self) -> None:
        """Launch on torch's current stream of the device; capturable in a CUDA graph.

        Raises:
            KernelError: if the launch is refused.
        """
        kernel, config = self._kernel, self._config
        if kernel.is_dependent_launch and getattr(_thread, "is_without_dependent_launch", False):
            config = None
        ensure_context(kernel.device)
        stream = current_stream(kernel.device)
        if config is None:
            answer = kernel.driver.cuLaunchKernel(
                kernel.function, *self._size, stream, self._address, 0
            )
        else:
            if stream != self._config_stream:
                config.hStream, self._config_stream = stream, stream
            answer = kernel.driver.cuLaunchKernelEx(config, kernel.function, self._address, 0)
        if int(answer[0]) != 0:
            check_driver(answer, f"launching {kernel.name}")


@contextmanager
def without_dependent_launch() -> Iterator[None]:
    """Let what this thread launches start once all before it is done, in whichever streams."""
    _thread.is_without_dependent_launch = True
    try:
        yield
    finally:
        _thread.is_without_dependent_launch = False


def current_stream(device: int) -> int:
    """Return the address of torch's current stream, without an object for it."""
    return torch._C._cuda_getCurrentRawStream(device)  # type: ignore[attr-defined]


def _programmatic_launch() -> Any:
    """Return the launch attribute that lets a kernel start before its predecessor has ended."""
    from cuda.bindings import driver

    attribute = driver.CUlaunchAttribute()
    attribute.id = driver.CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION
    attribute.value.programmaticStreamSerializationAllowed = 1
    return attribute


def _cooperative_launch() -> Any:
    """Return the launch attribute that promises all blocks a place at the same time."""
    from cuda.bindings import driver

    attribute = driver.CUlaunchAttribute()
    attribute.id = driver.CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_COOPERATIVE
    attribute.value.cooperative = 1
    return attribute


def pack(arguments: tuple[Argument, ...]) -> tuple[ctypes.Array, list[Any]]:
    """Return the array of argument addresses that a launch takes, and what must outlive it."""
    values = [_AS_C.get(type(argument), _other)(argument) for argument in arguments]
    return (ctypes.c_void_p * max(len(values), 1))(*map(ctypes.addressof, values)), values


def _pointer(tensor: torch.Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())


def _other(argument: Any) -> Any:
    """Convert heirs of the types in the table, such as NumPy's float64; ctypes values stay."""
    for kind in (torch.Tensor, int, float):
        if isinstance(argument, kind):
            return _AS_C[kind](argument)
    return argument


# by exact type: a launch is on the way of every frame
_AS_C: dict[type, Callable[[Any], Any]] = {
    type(None): lambda _: ctypes.c_void_p(0),
    torch.Tensor: _pointer,
    torch.nn.Parameter: _pointer,
    bool: ctypes.c_int32,
    int: ctypes.c_int32,
    float: ctypes.c_float,
}


def three(size: Size) -> tuple[int, int, int]:
    """Return a size as x, y, z."""
    if isinstance(size, int):
        return size, 1, 1
    x, y, z = (*size, 1, 1)[:3]
    return x, y, z


def ensure_context(device: int) -> None:
    """Make torch's context of the device current on this thread, once per thread."""
    if getattr(_thread, "device", None) == device:
        return
    from cuda.bindings import driver

    torch.cuda.init()
    check_driver(driver.cuInit(0))
    if not int(check_driver(driver.cuCtxGetCurrent())):
        handle = check_driver(driver.cuDeviceGet(device))
        check_driver(driver.cuCtxSetCurrent(check_driver(driver.cuDevicePrimaryCtxRetain(handle))))
    _thread.device = device


def has_cooperative_launch(device: torch.device) -> bool:
    """Whether kernels that run at once can be launched on a GPU."""
    from cuda.bindings import driver

    index = device.index if device.index is not None else torch.cuda.current_device()
    ensure_context(index)
    handle = check_driver(driver.cuDeviceGet(index))
    attribute = driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH
    return bool(check_driver(driver.cuDeviceGetAttribute(attribute, handle)))


def check_driver(answer: tuple[Any, ...], doing: str = "the CUDA driver") -> Any:
    """Return the value of a driver API answer.

    Raises:
        KernelError: if the driver reported an error.
    """
    from cuda.bindings import driver

    status, *values = answer
    if int(status) != 0:
        _, text = driver.cuGetErrorString(status)
        raise KernelError(f"{doing}: {text.decode() if text else status}")
    return values[0] if values else None
