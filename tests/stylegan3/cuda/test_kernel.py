"""How a kernel is launched, on a stand-in for the driver; real launches are in `tests/ops`."""

import ctypes
import sys
from types import ModuleType, SimpleNamespace

import pytest
import torch

from stylegan3.cuda import kernel as kernel_module
from stylegan3.cuda.kernel import Kernel, KernelError, without_dependent_launch


class Driver(SimpleNamespace):
    """Notes launches; refuses them with `status`."""

    def __init__(self) -> None:
        self.attributes: dict[int, dict[str, int]] = {}
        super().__init__(launches=[], status=0, stream=77, CUlaunchConfig=SimpleNamespace)
        self.CUlaunchAttribute = lambda: SimpleNamespace(value=SimpleNamespace())
        self.CUlaunchAttributeID = SimpleNamespace(
            CU_LAUNCH_ATTRIBUTE_COOPERATIVE=2,
            CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION=6,
        )

    def cuModuleLoadData(self, binary: bytes):  # noqa: N802
        return 0, "module"

    def cuModuleGetFunction(self, module: str, name: bytes):  # noqa: N802
        return 0, name

    def cuLaunchKernel(self, function, *what):  # noqa: N802
        *sizes, shared, stream, address, _ = what
        self.launches.append((tuple(sizes), shared, stream, _first_argument(address)))
        return (self.status,)

    def cuLaunchKernelEx(self, config, function, address, _):  # noqa: N802
        grid = (config.gridDimX, config.gridDimY, config.gridDimZ)
        block = (config.blockDimX, config.blockDimY, config.blockDimZ)
        assert len(config.attrs) == config.numAttrs
        self.attributes = {attribute.id: vars(attribute.value) for attribute in config.attrs}
        shared, stream = config.sharedMemBytes, config.hStream
        self.launches.append(((*grid, *block), shared, stream, _first_argument(address)))
        return (self.status,)

    def cuGetErrorString(self, status: int):  # noqa: N802
        return 0, b"refused"


def _first_argument(address: int) -> int:
    """Return the int32 behind the first of the pointers at `address`."""
    pointer = ctypes.c_void_p.from_address(address).value
    return ctypes.c_int32.from_address(pointer or 0).value


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    driver = Driver()
    bindings = ModuleType("cuda.bindings")
    bindings.driver = driver  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cuda", ModuleType("cuda"))
    monkeypatch.setitem(sys.modules, "cuda.bindings", bindings)
    monkeypatch.setattr(kernel_module, "ensure_context", lambda device: None)
    monkeypatch.setattr(kernel_module, "current_stream", lambda device: driver.stream)
    return driver


@pytest.mark.parametrize("is_dependent_launch", [False, True])
def test_both_ways_of_launching_say_the_same(driver: Driver, is_dependent_launch: bool) -> None:
    kernel = Kernel(b"", "twice", 0, is_dependent_launch=is_dependent_launch)
    kernel((4, 2), 128, 42, torch.zeros(3), None, 0.5, shared=16)
    assert driver.launches == [((4, 2, 1, 128, 1, 1), 16, 77, 42)]


def test_what_other_streams_wait_for_does_not_start_early(driver: Driver) -> None:
    early = Kernel(b"", "early", 0, is_dependent_launch=True)
    at_once = Kernel(b"", "at_once", 0, is_dependent_launch=True, is_cooperative=True)
    with without_dependent_launch():
        early(1, 1, 42)
        assert not driver.attributes
        at_once(1, 1, 43)
        assert 2 in driver.attributes
    early(1, 1, 44)
    assert set(driver.attributes) == {6}
    assert [launch[-1] for launch in driver.launches] == [42, 43, 44]


def test_attributes_of_launches(driver: Driver) -> None:
    Kernel(b"", "early", 0, is_dependent_launch=True)(1, 1, 42)
    assert driver.attributes == {6: {"programmaticStreamSerializationAllowed": 1}}
    Kernel(b"", "at_once", 0, is_cooperative=True)(1, 1, 42)
    assert driver.attributes == {2: {"cooperative": 1}}


@pytest.mark.parametrize("is_dependent_launch", [False, True])
def test_a_prepared_launch_follows_its_values_and_the_current_stream(
    driver: Driver, is_dependent_launch: bool
) -> None:
    number = ctypes.c_int32(1)
    launch = Kernel(b"", "twice", 0, is_dependent_launch=is_dependent_launch).prepare(
        3, 32, number, torch.zeros(3)
    )
    assert driver.launches == []
    launch()
    number.value = 2
    launch()
    driver.stream = 88
    launch()
    size = (3, 1, 1, 32, 1, 1)
    assert driver.launches == [(size, 0, 77, 1), (size, 0, 77, 2), (size, 0, 88, 2)]


@pytest.mark.parametrize("is_dependent_launch", [False, True])
def test_a_refused_launch_is_an_error_with_the_kernels_name(
    driver: Driver, is_dependent_launch: bool
) -> None:
    driver.status = 1
    with pytest.raises(KernelError, match="launching twice: refused"):
        Kernel(b"", "twice", 0, is_dependent_launch=is_dependent_launch)(1, 1, 42)
