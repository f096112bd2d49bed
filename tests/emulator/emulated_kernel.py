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
        self._at_once = ctypes.c_bool(spec.is_cooperative)
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
        f"  emulator::run_grid(emulator::Call<{spec.name}>::with, arguments, grid, block, shared, "
        f"at_once, emulator::rounds);\n}}\n"
    )
    header, scheduler = _prepared()
    text = f'#include "{header.name}"\n' + defines + _without_primitives(spec.source) + entry
    library = header.parent / f"{spec.name}-{_digest(text)}.so"
    if not library.exists():
        source = library.with_suffix(".cpp")
        _write(source, text)
        _compile(library, "-shared", str(source), str(scheduler))
    return library


@cache
def _prepared() -> tuple[Path, Path]:
    """Compile once what all kernels need: their header, and what lets threads take turns."""
    header_text = "".join((HERE / name).read_text() for name in ("primitives.cuh", "hopper.cuh"))
    own = [(HERE / name).read_text() for name in ("scheduler.h", "scheduler.cpp")]
    folder = _BUILD / _digest("".join([header_text, *own, repr(_FLAGS)]))
    folder.mkdir(parents=True, exist_ok=True)
    header, scheduler = folder / "primitives.h", folder / "scheduler.so"
    compiled = header.with_suffix(".h.gch")
    if not compiled.exists():
        _write(header, header_text)
        _compile(compiled, f"-I{HERE}", "-xc++-header", str(header))
    if not scheduler.exists():
        _compile(scheduler, "-shared", str(HERE / "scheduler.cpp"))
    return header, scheduler


def _compile(target: Path, *options: str) -> None:
    partial = _own(target)
    subprocess.run(["g++", *_FLAGS, *options, "-o", str(partial)], check=True)
    partial.replace(target)


def _write(target: Path, text: str) -> None:
    partial = _own(target)
    partial.write_text(text)
    partial.replace(target)


def _own(target: Path) -> Path:
    """Name a file to be renamed once whole: tests run side by side, and see no half of one."""
    return target.with_suffix(f".{os.getpid()}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _without_primitives(source: str) -> str:
    """Cut the real primitives out of a resolved source: the emulator's take their place."""
    return re.sub(
        r"// Device primitives as inline PTX.*?// end of primitives\n", "", source, flags=re.DOTALL
    )
