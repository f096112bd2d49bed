"""Sections that need no timing of single kernels: the machine, the tests, the compiler."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from stylegan3.cuda import nvrtc
from stylegan3.fast.kernels.filtered_lrelu.launcher import TensorCoreFilteredLrelu
from tools.gpu_check.rows import DEVICE, Rows
from tools.published import published_geometry, published_layers

ROOT = Path(__file__).resolve().parents[2]


def machine() -> dict[str, object]:
    """Say what this ran on."""
    import cuda.core
    from cuda.bindings import driver

    p = torch.cuda.get_device_properties(DEVICE)
    return {
        "gpu": p.name,
        "capability": list(torch.cuda.get_device_capability()),
        "shared_per_sm": p.shared_memory_per_multiprocessor,
        "cuda_driver": driver.cuDriverGetVersion()[1],
        "nvrtc": ".".join(map(str, nvrtc._nvrtc_version())),
        "cuda_core": cuda.core.__version__,
        "torch": torch.__version__,
        "cudnn": torch.backends.cudnn.version(),
        "python": platform.python_version(),
    }


def run_tests() -> Rows:
    """Run the CUDA tests of the operations; the output is the report."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        str(ROOT / "tests/stylegan3/fast/kernels"),
        "-m",
        "cuda",
        "-q",
        "-rfE",
    ]
    command += [
        "--tb=short",
        "-W",
        "default",
        "-o",
        "filterwarnings=default",
        "-p",
        "no:cacheprovider",
    ]
    environment = os.environ | {"SGVIEW_EXPECT": "cuda", "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
    print(done.stdout[-6000:], done.stderr[-2000:])
    return [
        {"name": "pytest", "exit": done.returncode, "summary": done.stdout.strip().split("\n")[-1]}
    ]


def run_compile() -> Rows:
    """Time compilation of the 1024 px networks' filtered leaky ReLUs, cold and from disk."""
    specs = [
        TensorCoreFilteredLrelu(published_geometry(layer.index, radial=radial), DEVICE).spec
        for radial in (False, True)
        for layer in published_layers(radial)
    ]
    rows: Rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("cold", "from disk"):
            start = time.perf_counter()
            nvrtc.KernelCache(Path(folder)).compile_all(specs, DEVICE)
            rows.append(
                {"name": name, "kernels": len(set(specs)), "s": time.perf_counter() - start}
            )
    return rows
