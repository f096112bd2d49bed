"""Where kernels run in tests: on the CPU emulator wherever there is g++, and on a GPU."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from stylegan3.cuda import nvrtc, tensor_map
from tests.emulator import emulated_kernel, emulated_map


@pytest.fixture(params=["emulator", pytest.param("cuda", marks=pytest.mark.cuda)])
def device(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[torch.device]:
    """Where a kernel runs: the launchers are the same."""
    if request.param == "cuda":
        reason = nvrtc.unavailable_reason()
        if reason:
            pytest.skip(reason)
        yield torch.device("cuda", 0)
        torch.cuda.synchronize()
        return
    if not emulated_kernel.has_compiler():
        pytest.skip("no g++: CUDA kernels are not emulated")
    monkeypatch.setattr(nvrtc, "load", emulated_kernel.load)
    yield torch.device("cpu")


@pytest.fixture
def hopper(device: torch.device, monkeypatch: pytest.MonkeyPatch) -> torch.device:
    """Where this kernel runs: a Hopper GPU, or the emulator, with maps that it can read.

    Other GPUs are no reason to fail: nothing asks for the kernel there.
    """
    if device.type == "cuda":
        if torch.cuda.get_device_capability(device) != (9, 0):
            pytest.xfail("not a Hopper GPU")
        return device
    monkeypatch.setattr(tensor_map, "encode", emulated_map.encode)
    return device
