"""CUDA kernels compiled at run time by NVRTC: no nvcc, no host compiler, nothing built at import.

`load` gives a launchable kernel for a device, from memory, from the cache on disk, or by compiling
it; `compile_all` prepares many in parallel threads. A cached binary is keyed by source, options,
architecture, NVRTC and driver version, so a stale one can never be used. Compilation goes through
`cuda.core`, loading and launching through the driver API of `cuda.bindings`.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

from stylegan3.cuda.kept import replace_file
from stylegan3.cuda.kernel import Kernel, KernelError, check_driver, ensure_context

_NOT_INSTALLED = "a library is missing: pip install cuda-core cuda-bindings"


@dataclass(frozen=True)
class KernelSpec:
    """One kernel to compile: an `extern "C" __global__` function and its compile-time constants."""

    name: str
    """The function's name."""
    source: str
    """CUDA C++ without includes (`sources.cuda_source`)."""
    defines: tuple[tuple[str, int | float | str], ...] = ()
    """Macros: per-layer constants. Sort them, so that equal kernels compare equal."""
    needs_exact_architecture: bool = False
    """Whether it uses instructions of one architecture alone (sm_90a)."""
    is_cooperative: bool = False
    """Whether its blocks wait for each other, so that none may start later than the others end."""

    @property
    def label(self) -> str:
        """The kernel as messages name it."""
        return f"{self.name}({', '.join(f'{k}={v}' for k, v in self.defines)})"

    @property
    def is_dependent_launch(self) -> bool:
        """Whether it may be launched while the kernel before it runs (`primitives.cuh`)."""
        return "await_previous();" in self.source


class KernelCache:
    """Compiled kernels, in memory and on disk.

    Args:
        directory: where binaries are kept; None for the user's cache directory.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._loaded: dict[tuple[KernelSpec, int], Kernel] = {}
        self._lock = threading.Lock()

    @property
    def directory(self) -> Path:
        """Where binaries are kept."""
        if self._directory is None:
            self._directory = kernel_folder()
        return self._directory

    def load(self, spec: KernelSpec, device: torch.device) -> Kernel:
        """Return the kernel, ready to launch on `device`, compiling it if need be.

        Raises:
            KernelError: if it cannot be compiled or loaded; the message holds the compile log.
        """
        if device.type != "cuda":
            raise KernelError(f"{spec.name} is a CUDA kernel; its tensors are on {device}")
        index = device.index if device.index is not None else torch.cuda.current_device()
        key = (spec, index)
        kernel = self._loaded.get(key)
        if kernel is None:
            capability = torch.cuda.get_device_capability(index)
            binary = self.binary(spec, capability)
            is_dependent_launch = spec.is_dependent_launch and capability >= (9, 0)
            with self._lock:
                kernel = self._loaded.get(key) or Kernel(
                    binary,
                    spec.name,
                    index,
                    is_dependent_launch=is_dependent_launch,
                    is_cooperative=spec.is_cooperative,
                )
                self._loaded[key] = kernel
        return kernel

    def binary(self, spec: KernelSpec, capability: tuple[int, int]) -> bytes:
        """Return the machine code for a compute capability, e.g. (8, 6), from disk or NVRTC."""
        architecture, target = _architecture(capability)
        if spec.needs_exact_architecture:
            architecture, target = "sm_{}{}a".format(*capability), "cubin"
        path = self.directory / f"{spec.name}-{_key(spec, architecture)}.{target}"
        try:
            return path.read_bytes()
        except FileNotFoundError:
            pass
        code = compile_kernel(spec, architecture, target)
        self._store(path, code)
        return code

    def compile_all(
        self,
        specs: Sequence[KernelSpec],
        device: torch.device,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Compile and load `specs` in parallel; `progress(done, total)` is called after each.

        Raises:
            KernelError: for the first that fails, after the others have finished.
        """
        wanted = list(dict.fromkeys(specs))
        with suppress(ImportError):  # compile_kernel says so
            import cuda.core  # noqa: F401  # by one thread: others would see it half imported
        with ThreadPoolExecutor(max_workers=min(16, os.cpu_count() or 1)) as pool:
            jobs = [pool.submit(self.load, spec, device) for spec in wanted]
            for done, _ in enumerate(as_completed(jobs), start=1):
                if progress is not None:
                    progress(done, len(wanted))
        for job in jobs:
            job.result()

    def _store(self, path: Path, code: bytes) -> None:
        # A read-only or full disk costs the cache, not the kernel.
        with suppress(OSError):
            replace_file(path, code)


_CACHE = KernelCache()


def load(spec: KernelSpec, device: torch.device) -> Kernel:
    """Return a kernel of the process-wide cache, ready to launch; see `KernelCache.load`."""
    return _CACHE.load(spec, device)


def compile_all(
    specs: Sequence[KernelSpec],
    device: torch.device,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Prepare kernels of the process-wide cache in parallel; see `KernelCache.compile_all`."""
    _CACHE.compile_all(specs, device, progress)


def compile_kernel(
    spec: KernelSpec, architecture: str, target: str = "cubin", log: Any = None
) -> bytes:
    """Compile one kernel with NVRTC. Needs no GPU.

    Args:
        spec: what to compile.
        architecture: e.g. "sm_86".
        target: "cubin" (machine code) or "ptx".
        log: object with `write`, receives NVRTC's and ptxas' remarks (registers, spills).

    Raises:
        KernelError: with the compile log, or with the reason why NVRTC is unavailable.
    """
    try:
        from cuda.core import Program, ProgramOptions
    except ImportError as error:
        raise KernelError(_NOT_INSTALLED) from error
    options = ProgramOptions(
        name=f"{spec.name}.cu",
        arch=architecture,
        std="c++17",
        define_macro=[(name, str(value)) for name, value in spec.defines] or None,
        ptxas_options="-v" if log is not None else None,
        diag_suppress=[177],  # functions of a header that one kernel does not use
    )
    try:
        code = Program(spec.source, "c++", options).compile(target, logs=log).code
    except Exception as error:  # cuda.core raises its own types, which moved between versions
        raise KernelError(f"cannot compile {spec.label} for {architecture}:\n{error}") from error
    return code if isinstance(code, bytes) else code.encode()


def unavailable_reason() -> str | None:
    """Say why kernels cannot be compiled and run here, or None when they can.

    The card comes first: what it takes to compile is installed on machines without one too.
    """
    if not torch.cuda.is_available():
        return "torch sees no NVIDIA GPU: install the driver, and the CUDA build of torch"
    if torch.cuda.get_device_capability() < (7, 5):
        return f"{torch.cuda.get_device_name()} is older than compute capability 7.5"
    try:
        import cuda.bindings.driver
        import cuda.core  # noqa: F401
    except ImportError:
        return _NOT_INSTALLED
    try:
        _nvrtc_version()
    except Exception:  # the loader's error type differs between versions of cuda.bindings
        return "the NVRTC library was not found: pip install nvidia-cuda-nvrtc"
    return None


def kernel_folder() -> Path:
    """Return where compiled kernels of this user are kept."""
    try:
        import platformdirs
    except ImportError:  # the generators alone do without it
        return Path(tempfile.gettempdir()) / "stylegan3" / "kernels"
    return platformdirs.user_cache_path("stylegan3") / "kernels"


def _key(spec: KernelSpec, architecture: str) -> str:
    parts = (spec.source, repr(spec.defines), architecture, *map(str, _versions()))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


@cache
def _versions() -> tuple[int, int, int]:
    ensure_context(torch.cuda.current_device())
    from cuda.bindings import driver

    return (*_nvrtc_version(), check_driver(driver.cuDriverGetVersion()))


def _nvrtc_version() -> tuple[int, int]:
    from cuda.bindings import nvrtc

    _, major, minor = nvrtc.nvrtcVersion()
    return int(major), int(minor)


def _architecture(capability: tuple[int, int]) -> tuple[str, str]:
    """Return what to compile for: the newest architecture NVRTC knows that the GPU can run."""
    from cuda.bindings import nvrtc

    wanted = capability[0] * 10 + capability[1]
    _, known = nvrtc.nvrtcGetSupportedArchs()
    usable = [number for number in known if number <= wanted]
    if not usable:
        raise KernelError(f"NVRTC {_nvrtc_version()} cannot compile for compute {capability}")
    best = max(usable)
    # Machine code runs on later chips of the same generation only; PTX on every later one.
    return (f"sm_{best}", "cubin") if best // 10 == capability[0] else (f"compute_{best}", "ptx")
