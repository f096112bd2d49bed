"""Check and time the CUDA path on this machine's GPU (development only).

    python3 tools/gpu_check.py [--json FILE] [--sections tests,compile,flrelu,conv,small] [--sweep]

Every section runs on its own: one that fails is reported, and the rest goes on. Needs torch with
CUDA, cuda-core and cuda-bindings; from a checkout, without installation.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "tests" / "ops"), str(ROOT / "tools")]

from gpu_timing import median_us  # noqa: E402
from kernel_reference import published_geometry, relative_error  # noqa: E402

from stylegan3.config import StyleGAN3Config  # noqa: E402
from stylegan3.geometry import AliasFreeLayer  # noqa: E402
from stylegan3.ops import nvrtc  # noqa: E402
from stylegan3.ops.alias_free_ends_cuda import AliasFreeToRgb  # noqa: E402
from stylegan3.ops.blend_edit_cuda import BlendEdit, BlendJob  # noqa: E402
from stylegan3.ops.channels_last import padded_channels, vector_length  # noqa: E402
from stylegan3.ops.filtered_lrelu_cuda import TensorCoreFilteredLrelu  # noqa: E402
from stylegan3.ops.filtered_lrelu_plain_cuda import PlainFilteredLrelu  # noqa: E402
from stylegan3.ops.fully_connected_cuda import Dense, FullyConnected  # noqa: E402
from stylegan3.ops.modulated_act_cuda import (  # noqa: E402
    ActVectors,
    ModulatedAct,
    PhaseUpsample,
    SkipRgb,
)
from stylegan3.ops.weight_preparation_cuda import PreparedWeight  # noqa: E402

DEVICE = torch.device("cuda", 0)
Rows = list[dict[str, object]]


def published_config(radial: bool, resolution: int = 1024) -> StyleGAN3Config:
    """Return stylegan3-r or -t."""
    return StyleGAN3Config(
        img_resolution=resolution,
        conv_kernel=1 if radial else 3,
        channel_base=65536 if radial else 32768,
        channel_max=1024 if radial else 512,
        use_radial_filters=radial,
    )


def published_layers(radial: bool) -> list[AliasFreeLayer]:
    """Return the layers of the 1024 px network, ToRGB left out."""
    config = published_config(radial)
    return [AliasFreeLayer.of(config, i) for i in range(config.num_layers)]


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
    command = [sys.executable, "-m", "pytest", str(ROOT / "tests/ops"), "-m", "cuda", "-q", "-rfE"]
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


def run_flrelu(sweep: bool) -> Rows:
    """Time and check the filtered leaky ReLU of every layer, against the plain float32 kernel."""
    rows: Rows = []
    for radial in (False, True):
        for layer in published_layers(radial):
            geometry = published_geometry(layer.index, radial=radial)
            size, channels = layer.in_size + layer.conv_kernel - 1, layer.out_channels
            pitches = padded_channels(channels), padded_channels(channels, 16)
            x = torch.randn(size, size, pitches[0], device=DEVICE, dtype=torch.float16)
            y = torch.zeros(
                *geometry.out_size(size, size), pitches[1], device=DEVICE, dtype=x.dtype
            )
            bias, scale = (torch.randn(vector_length(pitches[1]), device=DEVICE) for _ in range(2))
            clamp = torch.full_like(bias, 256.0)
            op = TensorCoreFilteredLrelu(geometry, DEVICE)
            reference = torch.zeros(y.shape, device=DEVICE)
            plain = PlainFilteredLrelu(geometry, DEVICE, in_dtype=torch.float16)
            plain(x, reference, channels, bias, clamp, scale)
            op(x, y, channels, bias, clamp, scale * op.dc_correction)
            strips = -(-pitches[1] // 16) * -(-y.shape[1] // 32)
            row: dict[str, object] = {
                "name": ("R " if radial else "T ") + layer.name,
                "rank": op.rank,
                "rel": relative_error(y.cpu(), reference.cpu().double()),
                "us": median_us(partial(op, x, y, channels, bias, clamp, scale)),
                "floor_us": (x.numel() + y.numel()) * 2 / 4.3e6,
                "strip": op._strip_height(y.shape[0], strips),
                "plain_us": median_us(
                    partial(plain, x, reference, channels, bias, clamp, scale), calls=2, replays=3
                ),
            }
            if sweep:
                times = {
                    h: median_us(partial(op, x, y, channels, bias, clamp, scale, h), 5, 5)
                    for h in range(16, min(y.shape[0], 400) + 32, 16)
                }
                best = min(times, key=times.__getitem__)
                row |= {"best_strip": best, "best_us": times[best]}
            rows.append(row)
            print(row)
    for kind in "TR":
        total = {"name": f"{kind} sum"}
        mine = [r for r in rows if str(r["name"]).startswith(kind)]
        total |= {k: sum(float(r[k]) for r in mine) for k in ("us", "floor_us")}  # type: ignore[arg-type]
        rows.append(total)
    return rows


def run_conv() -> Rows:
    """Time cuDNN's and cuBLAS' convolutions, channels last, by padding of the channel counts."""
    rows: Rows = []
    shapes = [
        (
            f"{'R' if radial else 'T'} {g.name}",
            g.in_size,
            g.in_channels,
            g.out_channels,
            g.conv_kernel,
        )
        for radial in (False, True)
        for g in published_layers(radial)
    ]
    for size in (4, 8, 16, 32, 64, 128, 256, 512, 1024):
        channels = min(32768 // size, 512)
        shapes.append((f"SG2 b{size}.conv1", size, channels, channels, -3))
        if size > 4:
            shapes.append(
                (f"SG2 b{size}.conv0", size // 2, min(65536 // size, 512), 4 * channels, 2)
            )
    for name, size, ins, outs, kernel in shapes:
        row: dict[str, object] = {"name": name}
        k, padding = abs(kernel), {3: 2, 1: 0, -3: 1, 2: 1}[kernel]
        for multiple in (8, 16, 32, 64):
            p, q = padded_channels(ins, multiple), padded_channels(outs, multiple)
            x = (
                torch.randn(1, p, size, size, device=DEVICE)
                .half()
                .to(memory_format=torch.channels_last)
            )
            w = torch.randn(q, p, k, k, device=DEVICE).half().to(memory_format=torch.channels_last)
            with torch.backends.cudnn.flags(enabled=True, benchmark=True):
                convolve = partial(torch.nn.functional.conv2d, x, w, padding=padding)
                row[f"cudnn_{multiple}"] = median_us(convolve)
            if k == 1:
                pixels, matrix = x.permute(0, 2, 3, 1).reshape(-1, p), w.reshape(q, p).t()
                row[f"mm_{multiple}"] = median_us(partial(torch.mm, pixels, matrix))
        rows.append(row)
        print(row)
    return rows


def run_small() -> Rows:
    """Time the memory-bound kernels at the largest sizes of the published networks."""
    rows: Rows = []
    for size, channels in ((1024, 32), (512, 64), (256, 128), (64, 512)):
        x = torch.randn(size, size, channels, device=DEVICE).half()
        z = torch.randn(size // 2 + 1, size // 2 + 1, 4 * channels, device=DEVICE).half()
        image = torch.zeros(3, size, size, device=DEVICE)
        previous = torch.zeros(3, size // 2, size // 2, device=DEVICE)
        v = [torch.randn(vector_length(channels), device=DEVICE) for _ in range(3)]
        noise = torch.randn(size, size, device=DEVICE)
        vectors = ActVectors(*v, noise=noise, strength=torch.ones((), device=DEVICE))
        weight = torch.randn(3, channels, 1, 1, device=DEVICE)
        rgb = SkipRgb(weight, v[0][:channels], v[1][:3], 0.1, image, previous)
        taps = torch.ones(2, 4, device=DEVICE)
        upsample = PhaseUpsample(dtype=torch.float16, clamp=256.0)
        act = ModulatedAct(pitch=channels, dtype=torch.float16, clamp=256.0, colours=3)
        last = ModulatedAct(
            pitch=channels, dtype=torch.float16, clamp=256.0, colours=3, store=False
        )
        torgb = AliasFreeToRgb(
            weight, v[1][:3], pitch=channels, dtype=x.dtype, clamp=256.0, output_scale=0.25
        )
        jobs = {
            "phase_upsample": (partial(upsample, z, x, channels, vectors, taps), 2 * x.nbytes),
            "act + torgb": (partial(act, x, x, channels, vectors, rgb, taps), 2 * x.nbytes),
            "torgb alone": (partial(last, x, None, channels, vectors, rgb, taps), x.nbytes),
            "alias_free_torgb": (partial(torgb, x, image), x.nbytes),
        }
        for name, (run, size_bytes) in jobs.items():
            floor = (size_bytes + image.nbytes) / 4.3e6
            rows.append({"name": f"{name} {size}", "us": median_us(run), "floor_us": floor})
    for columns, counts in ((512, [512]), (512, [512] * 8 + [323, 203, 128, 81, 51, 32, 32])):
        layers = [
            Dense(
                torch.randn(n, columns, device=DEVICE),
                torch.randn(n, device=DEVICE),
                torch.randn(columns, device=DEVICE),
                torch.zeros(n, device=DEVICE),
                1.0,
            )
            for n in counts
        ]
        run = FullyConnected(layers, DEVICE)
        floor = sum(counts) * columns * 4 / 4.3e6
        rows.append(
            {"name": f"fully connected x{len(counts)}", "us": median_us(run), "floor_us": floor}
        )
    weight = torch.randn(512, 512, 3, 3, device=DEVICE)
    for phases in (False, True):
        prepared = PreparedWeight(
            weight, in_pitch=512, out_pitch=512, dtype=torch.float16, phases=phases
        )
        name = f"weight preparation{' phases' if phases else ''}"
        floor = (weight.nbytes + prepared.weight.nbytes) / 4.3e6
        rows.append({"name": name, "us": median_us(prepared.refresh), "floor_us": floor})
    tensors = [torch.randn(512, 512, 3, 3, device=DEVICE) for _ in range(3)]
    blend = BlendEdit([BlendJob(*tensors)] * 10, DEVICE)
    floor = 30 * weight.nbytes / 4.3e6
    rows.append({"name": "blend of 10 x 2.4 M", "us": median_us(blend), "floor_us": floor})
    return rows


SECTIONS: dict[str, Callable[[argparse.Namespace], Rows]] = {
    "tests": lambda _: run_tests(),
    "compile": lambda _: run_compile(),
    "flrelu": lambda arguments: run_flrelu(arguments.sweep),
    "conv": lambda _: run_conv(),
    "small": lambda _: run_small(),
}


def main() -> None:
    """Run the sections that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sections", default=",".join(SECTIONS))
    parser.add_argument("--sweep", action="store_true", help="time every strip height")
    arguments = parser.parse_args()
    reason = nvrtc.unavailable_reason()
    if reason:
        sys.exit(reason)
    report: dict[str, object] = {"machine": machine()}
    print(json.dumps(report["machine"], indent=2), flush=True)
    torch.manual_seed(0)
    for name in arguments.sections.split(","):
        print(f"\n== {name}", flush=True)
        start = time.perf_counter()
        try:
            rows = SECTIONS[name](arguments)
        except Exception:  # one section must not take the others with it
            traceback.print_exc()
            rows = [{"name": "FAILED", "error": traceback.format_exc()[-2000:]}]
        report[name] = rows
        print_table(rows)
        print(f"-- {name}: {time.perf_counter() - start:.1f} s", flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(report, indent=1))


def print_table(rows: Rows) -> None:
    """Print rows with their keys as columns."""
    keys = list(dict.fromkeys(key for row in rows for key in row if key != "error"))
    lines = [keys] + [[_text(row.get(key, "")) for key in keys] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(keys))]
    for line in lines:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1e}" if abs(value) < 0.1 else f"{value:.1f}"
    return str(value)


if __name__ == "__main__":
    main()
