"""`sgview inspect`: what is in a checkpoint file, as tables or as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stylegan3.checkpoints import Checkpoint


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sgview inspect`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a .pkl, .pt or .safetensors file")
    parser.add_argument("--json", action="store_true", help="print JSON, for other programs")


def run(args: argparse.Namespace) -> int:
    """Print the content of the file.

    Raises:
        CheckpointError: if the file cannot be read.
    """
    from stylegan3.checkpoints import read

    report = describe(args.file, read(args.file, dtype=None))
    text = json.dumps(report, indent=2, allow_nan=False) if args.json else format_report(report)
    try:
        print(text, flush=True)
    except BrokenPipeError:  # `sgview inspect FILE | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def describe(path: Path, checkpoint: Checkpoint) -> dict[str, Any]:
    """Everything that is known about a checkpoint, as plain JSON values."""
    import torch

    from stylegan3 import Generator

    with torch.device("meta"):
        generator = Generator(checkpoint.config)
    state = checkpoint.state_dict
    parameters = {name for name, _ in generator.named_parameters()}
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "family": checkpoint.family,
        "format": checkpoint.source_format,
        "img_width": generator.img_width,
        "img_height": generator.img_height,
        "num_ws": generator.num_ws,
        "num_parameters": sum(t.numel() for name, t in state.items() if name in parameters),
        "num_buffer_values": sum(t.numel() for name, t in state.items() if name not in parameters),
        "notes": list(checkpoint.notes),
        "training": checkpoint.training,
        "config": checkpoint.config.to_dict(),
        "layers": [asdict(layer) for layer in generator.synthesis.layers],
        "tensors": [
            {
                "name": name,
                "shape": list(tensor.shape),
                "dtype": str(tensor.dtype).removeprefix("torch."),
                "kind": "parameter" if name in parameters else "buffer",
            }
            for name, tensor in state.items()
        ],
    }


def format_report(report: dict[str, Any]) -> str:
    """The report as text: a summary, the configuration, the layers and the tensors."""
    config = report["config"]
    size = f"{report['img_width']} x {report['img_height']} px"
    facts = [
        ("family", report["family"]),
        ("format", report["format"]),
        ("file size", format_bytes(report["bytes"])),
        ("pictures", f"{size}, {config['img_channels']} channels"),
        ("latents", _latents(report)),
        ("parameters", f"{report['num_parameters']:,}"),
        ("in buffers", f"{report['num_buffer_values']:,}"),
        *(("note", note) for note in report["notes"]),
    ]
    blocks = [
        Path(report["file"]).name,
        _pairs(facts),
        "Configuration",
        _pairs((name, _value(value)) for name, value in config.items()),
        f"Layers ({len(report['layers'])})",
        format_table(
            ("name", "size", "channels"),
            [
                (layer["name"], f"{layer['width']} x {layer['size']}", str(layer["channels"]))
                for layer in report["layers"]
            ],
            right=(1, 2),
        ),
        f"Tensors ({len(report['tensors'])})",
        format_table(
            ("name", "shape", "type", "kind"),
            [
                (t["name"], " x ".join(map(str, t["shape"])) or "scalar", t["dtype"], t["kind"])
                for t in report["tensors"]
            ],
        ),
    ]
    if report["training"]:
        blocks[4:4] = ["Training", _pairs((k, _value(v)) for k, v in report["training"].items())]
    return "\n\n".join(
        f"{title}\n{body}" for title, body in zip(blocks[::2], blocks[1::2], strict=True)
    )


def format_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> str:
    """Columns as wide as their widest cell, under a line; `right` are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [heads, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  "
        + "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def format_bytes(count: int) -> str:
    """A file size as people read it: "490.3 kB"."""
    size, units = float(count), ["bytes", "kB", "MB", "GB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{count} bytes" if units[0] == "bytes" else f"{size:.1f} {units[0]}"


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    rows = list(pairs)
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"  {name.ljust(width)}  {value}" for name, value in rows)


def _latents(report: dict[str, Any]) -> str:
    config = report["config"]
    label = f", c {config['c_dim']}" if config["c_dim"] else ""
    return f"z {config['z_dim']}{label}, w {config['w_dim']} x {report['num_ws']} rows"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value)
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
