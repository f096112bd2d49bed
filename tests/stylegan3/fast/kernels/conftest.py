"""CUDA kernels are tested twice: on the CPU emulator wherever there is g++, and on a GPU."""

from tests.emulator.devices import device, hopper

__all__ = ["device", "hopper"]
