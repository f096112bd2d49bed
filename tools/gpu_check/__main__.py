"""Check and time the CUDA path on this machine's GPU (development only).

    python3 -m tools.gpu_check [--json FILE] [--sections NAME,..] [--sweep]

Sections are tests, compile, flrelu, torgb, conv, small, weights and head.
Every section runs on its own: one that fails is reported, and the rest goes on. Needs torch with
CUDA, cuda-core and cuda-bindings; from a checkout, with its root and `src` on PYTHONPATH.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import torch

from stylegan3.cuda import nvrtc
from tools.gpu_check.convolution import run_conv
from tools.gpu_check.filtered_lrelu import run_flrelu
from tools.gpu_check.filtered_torgb import run_torgb
from tools.gpu_check.kernels import machine, run_compile, run_tests
from tools.gpu_check.network_head import run_head
from tools.gpu_check.rows import Rows
from tools.gpu_check.small_kernels import run_small
from tools.gpu_check.weights import run_weights

SECTIONS: dict[str, Callable[[argparse.Namespace], Rows]] = {
    "tests": lambda _: run_tests(),
    "compile": lambda _: run_compile(),
    "flrelu": lambda arguments: run_flrelu(arguments.sweep),
    "torgb": lambda arguments: run_torgb(arguments.sweep),
    "conv": lambda _: run_conv(),
    "small": lambda _: run_small(),
    "weights": lambda _: run_weights(),
    "head": lambda _: run_head(),
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
        rows: Rows
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
