"""`sgview tune`: find the fastest convolutions for a network on this card, ahead of a show."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from sgview.cli import options
from sgview.cli.bench_cases import Case, file_cases, published_cases
from sgview.settings import GpuSettings

if TYPE_CHECKING:
    from stylegan3.fast import TunedLayer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sgview tune`."""
    parser.add_argument(
        "networks", type=Path, nargs="*", metavar="FILE",
        help="checkpoints to tune for; without one the published configurations",
    )  # fmt: skip
    parser.add_argument("--only", metavar="TEXT", help="networks whose name contains this")
    parser.add_argument(
        "--again", action="store_true", help="also measure what was measured before"
    )
    options.add_gpu_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, for other programs")


def run(args: argparse.Namespace) -> int:
    """Measure every layer and print who won.

    Raises:
        CheckpointError: if a file cannot be read.
    """
    from stylegan3.cuda import unavailable_reason
    from stylegan3.fast import UnsupportedNetworkError

    gpu = options.gpu_from(args, GpuSettings())  # as the window would play
    reason = unavailable_reason()
    if reason is None and (gpu.ops, gpu.kernels) != ("auto", "auto"):
        reason = "these settings use no kernels that could be chosen"
    if reason is not None:
        print(f"sgview: there is nothing to tune: {reason}", file=sys.stderr)
        return 1
    cases = file_cases(args.networks) if args.networks else published_cases("cuda")
    done: dict[str, list[TunedLayer]] = {}
    for case in cases:
        if (args.only or "") not in case.name:
            continue
        try:
            done[case.name] = _tune(case, gpu, again=args.again, is_quiet=args.json)
        except UnsupportedNetworkError as error:
            print(f"sgview: {case.name} is not on the fast path: {error}", file=sys.stderr)
    if args.json:
        layers = {name: [asdict(layer) for layer in found] for name, found in done.items()}
        print(json.dumps(layers, indent=2))
    return 0


def _tune(case: Case, gpu: GpuSettings, *, again: bool, is_quiet: bool) -> list[TunedLayer]:
    from stylegan3.fast import tune

    if not is_quiet:
        print(f"{case.name}, precision {gpu.precision}")
    found = []
    for layer in tune(case.build().to("cuda"), gpu.precision, again=again):
        found.append(layer)
        if not is_quiet:
            print(f"  {format_layer(layer)}", flush=True)
    if not is_quiet:
        print(f"  {format_sum(found)}\n")
    return found


def format_layer(layer: TunedLayer) -> str:
    """Return a layer as a line of the table."""
    known = ", known before" if layer.was_known else ""
    gain = f"{layer.cudnn / layer.time:.2f} times cuDNN"
    return f"{layer.shape:<46} {layer.time:>9.1f} us  {gain}  {layer.made_by}{known}"


def format_sum(layers: Sequence[TunedLayer]) -> str:
    """Return what tuning gives in all."""
    if not layers:
        return "it has no float16 convolutions: nothing to choose"
    time, cudnn = (sum(values) for values in zip(*((n.time, n.cudnn) for n in layers), strict=True))
    return f"each shape once: {time:.0f} us, by cuDNN alone {cudnn:.0f} us"
