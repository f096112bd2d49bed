"""CUDA kernels on the CPU: compiled by g++ against the emulator's primitives, launched alike.

`EmulatedKernel` stands in for `stylegan3.cuda.kernel.Kernel`, so the typed launchers themselves run
in tests, argument order and shapes included.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from stylegan3.cuda.kernel import Argument, Size, pack, three
from stylegan3.cuda.nvrtc import KernelSpec


def _half_floats() -> tuple[str, ...]:
    """Let this processor convert float16 itself, if it can: without, a function is called."""
    cpus = Path("/proc/cpuinfo")
    return ("-mf16c",) if cpus.exists() and " f16c " in cpus.read_text() else ()


HERE = Path(__file__).parent
_BUILD = Path(tempfile.gettempdir()) / "stylegan3-emulator"
# Jumps between stacks are what `longjmp` is checked for where sources are fortified.
_FLAGS = ("-std=c++17", "-O1", "-w", "-fPIC", "-U_FORTIFY_SOURCE", *_half_floats())


def has_compiler() -> bool:
    """Whether kernels can be built here."""
    return shutil.which("g++") is not None


class EmulatedKernel:
    """One kernel, compiled for the CPU."""

    def __init__(self, spec: KernelSpec) -> None:
        self.name = spec.name
        self._at_once = ctypes.c_bool(spec.runs_at_once)
        self._library = ctypes.CDLL(str(_build(spec)))

    def __call__(self, grid: Size, block: Size, *arguments: Argument, shared: int = 0) -> None:
        """Run the whole grid: block after block, or at once where blocks wait for each other."""
        self.prepare(grid, block, *arguments, shared=shared)()

    def prepare(
        self, grid: Size, block: Size, *arguments: Argument, shared: int = 0
    ) -> Callable[[], None]:
        """Return what runs it again and again with the same arguments."""
        packed = pack(arguments)
        threads = three(block)
        assert threads[1:] == (1, 1), "the emulator runs one-dimensional blocks"
        size = (ctypes.c_int * 3)(*three(grid)), threads[0], ctypes.c_uint32(shared)

        def launch(alive: object = arguments) -> None:
            self._library.emulate(*size, self._at_once, packed[0])

        return launch


@cache
def load(spec: KernelSpec, device: object = None) -> EmulatedKernel:
    """Take the place of `nvrtc.load`."""
    return EmulatedKernel(spec)


def _build(spec: KernelSpec) -> Path:
    defines = "".join(f"#define {name} {value}\n" for name, value in spec.defines)
    entry = (
        f'\nextern "C" void emulate(const int* grid, int block, u32 shared, bool at_once, '
        f"void** arguments) {{\n"
        f"  emulator::launch({spec.name}, grid, block, shared, at_once, arguments);\n}}\n"
    )
    header = _precompiled_header()
    text = f'#include "{header.name}"\n' + defines + _without_primitives(spec.source) + entry
    library = header.parent / f"{spec.name}-{_digest(text)}.so"
    if not library.exists():
        source = library.with_suffix(".cpp")
        source.write_text(text)
        _compile("-shared", str(source), library)
    return library


@cache
def _precompiled_header() -> Path:
    """Compile the primitives once: their headers are most of a small kernel's compilation."""
    text = "".join((HERE / name).read_text() for name in ("primitives.cuh", "hopper.cuh"))
    header = _BUILD / _digest(text + repr(_FLAGS)) / "primitives.h"
    compiled = header.with_suffix(".h.gch")
    if not compiled.exists():
        header.parent.mkdir(parents=True, exist_ok=True)
        header.write_text(text)
        _compile("-xc++-header", str(header), compiled)
    return header


def _compile(mode: str, source: str, target: Path) -> None:
    # Under a name of its own and renamed, so that test runs side by side never see half a file.
    partial = target.with_suffix(f".{os.getpid()}")
    subprocess.run(["g++", *_FLAGS, mode, source, "-o", str(partial)], check=True)
    partial.replace(target)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _without_primitives(source: str) -> str:
    """Cut the real primitives out of a resolved source: the emulator's take their place."""
    return re.sub(
        r"// Device primitives as inline PTX.*?// end of primitives\n", "", source, flags=re.DOTALL
    )
