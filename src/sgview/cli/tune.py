"""`sgview tune`: find the fastest convolutions for a network on this card, ahead of a show."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgview.cli import options
from sgview.cli.bench_cases import file_cases, published_cases
from sgview.settings import GpuSettings

if TYPE_CHECKING:
    from stylegan3.fast import TunedFrame, TunedLayer


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
    import torch

    from sgview.engine.device import device_answers, limit_memory
    from sgview.engine.failures import first_line
    from stylegan3.cuda import is_out_of_memory, unavailable_reason
    from stylegan3.fast import UnsupportedNetworkError

    gpu = options.gpu_from(args, GpuSettings())  # as the window would play
    reason = unavailable_reason()
    if reason is None and (gpu.ops, gpu.kernels) != ("auto", "auto"):
        reason = "these settings use no kernels that could be chosen"
    if reason is not None:
        print(f"sgview: there is nothing to tune: {reason}", file=sys.stderr)
        return 1
    device = torch.device("cuda")
    limit_memory(device, gpu.vram)
    cases = file_cases(args.networks) if args.networks else published_cases("cuda")
    done: dict[str, Tuned] = {}
    for case in cases:
        if (args.only or "") not in case.name:
            continue
        generator = case.build()
        try:
            done[case.name] = _tune(
                case.name, generator.to(device), gpu, again=args.again, is_quiet=args.json
            )
        except UnsupportedNetworkError as error:
            print(f"sgview: {case.name} is not on the fast path: {error}", file=sys.stderr)
        except OSError as error:
            print(f"sgview: what was measured cannot be kept: {error}", file=sys.stderr)
            return 1
        except Exception as error:
            if is_out_of_memory(error):
                print(f"sgview: there is no memory on the card for {case.name}", file=sys.stderr)
                continue
            if device_answers(device):
                raise
            text = f"the graphics card stopped while {case.name} was measured"
            hint = "what was kept before plays on, and nothing of this layer"
            print(f"sgview: {text} ({first_line(error)}); {hint}", file=sys.stderr)
            return 1
    if args.json:
        print(json.dumps({name: tuned.numbers for name, tuned in done.items()}, indent=2))
    return 0


@dataclass(frozen=True)
class Tuned:
    """What came of a network."""

    layers: list[TunedLayer]
    frame: TunedFrame | None  # None: there is no choice but the usual, or no memory for a frame

    @property
    def numbers(self) -> dict[str, Any]:
        """All of it as JSON has it, which knows no endless time."""
        numbers = asdict(self)
        for name, value in (numbers["frame"] or {}).items():
            numbers["frame"][name] = value if math.isfinite(value) else None
        return numbers


def _tune(name: str, generator: Any, gpu: GpuSettings, *, again: bool, is_quiet: bool) -> Tuned:
    from stylegan3.cuda import is_out_of_memory, let_go
    from stylegan3.fast import forget_failure, prove, tune

    def say(text: str) -> None:
        if not is_quiet:
            print(text, flush=True)

    say(f"{name}, precision {gpu.precision}")
    found = []
    for layer in tune(generator, gpu.precision, again=again):
        found.append(layer)
        say(f"  {format_layer(layer)}")
    say(f"  {format_sum(found)}")
    frame = None
    try:
        frame = prove(generator, gpu.precision)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        let_go(error)
        say("  there is no memory to time whole frames")
    forget_failure()
    say(f"  {format_frame(frame)}\n" if frame else "")
    return Tuned(found, frame)


def format_layer(layer: TunedLayer) -> str:
    """Return a layer as a line of the table."""
    if layer.note:
        return f"{layer.shape:<46} not measured: {layer.note}"
    known = ", known before" if layer.was_known else ""
    gain = f"{layer.cudnn / layer.time:.2f} times cuDNN"
    return f"{layer.shape:<46} {layer.time:>9.1f} us  {gain}  {layer.made_by}{known}"


def format_sum(layers: Sequence[TunedLayer]) -> str:
    """Return what tuning gives in all."""
    if not layers:
        return "it has no float16 convolutions: nothing to choose"
    time, cudnn = (sum(values) for values in zip(*((n.time, n.cudnn) for n in layers), strict=True))
    return f"each shape once: {time:.0f} us, by cuDNN alone {cudnn:.0f} us"


def format_frame(frame: TunedFrame) -> str:
    """Return what it gives in whole frames, and whether it stays so."""
    times = f"a frame: {frame.chosen:.3f} ms, without tuning {frame.usual:.3f} ms"
    if frame.is_taken:
        return f"{times}; pictures differ by {frame.error:.1e}"
    if math.isinf(frame.chosen):
        times = "the kernels do not run in whole frames"
    elif frame.chosen < frame.usual:
        times = f"pictures differ by {frame.error:.1e}, which is too much"
    return f"{times}: it plays on as without tuning"
