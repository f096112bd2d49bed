"""`sgview inspect`: what is in a checkpoint file, as tables or as JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sgview.cli import fetching
from sgview.cli.description import describe
from sgview.cli.folder import describe_folder, format_folder
from sgview.cli.tables import format_table, show
from sgview.state.places import is_folder
from sgview.state.text import format_bytes

SHOWN_CLASSES = 20  # `--json` has all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sgview inspect`."""
    parser.add_argument(
        "file",
        metavar="FILE|FOLDER|ADDRESS",
        help="a .pkl, .pt or .safetensors file; a folder of them; an address of one",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for other programs")
    fetching.add_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print the content of the file, or a row for each file of a folder.

    Raises:
        CheckpointError: if the file cannot be read.
        DownloadError: if the address gives none.
    """
    path = fetching.local_file(args.file, is_agreed=args.yes)
    text = _text_of_folder(path, args.json) if is_folder(path) else _text_of(path, args.json)
    show(text)
    return 0


def _text_of(path: Path, is_json: bool) -> str:
    from stylegan3.checkpoints import read

    report = describe(path, read(path, dtype=None))
    return json.dumps(report, indent=2, allow_nan=False) if is_json else format_report(report)


def _text_of_folder(folder: Path, is_json: bool) -> str:
    rows = describe_folder(folder)
    return json.dumps(rows, indent=2) if is_json else format_folder(folder, rows)


def format_report(report: dict[str, Any]) -> str:
    """The report as text: a summary, the configuration, the layers and the tensors."""
    config = report["config"]
    size = f"{report['img_width']} × {report['img_height']} px"
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
                (layer["name"], f"{layer['width']} × {layer['size']}", str(layer["channels"]))
                for layer in report["layers"]
            ],
            right=(1, 2),
        ),
        f"Tensors ({len(report['tensors'])})",
        format_table(
            ("name", "shape", "type", "kind"),
            [
                (t["name"], " × ".join(map(str, t["shape"])) or "scalar", t["dtype"], t["kind"])
                for t in report["tensors"]
            ],
        ),
    ]
    if report["class_names"]:
        names = report["class_names"]
        shown = [(str(index), name) for index, name in enumerate(names[:SHOWN_CLASSES])]
        more = f"\n  and {len(names) - SHOWN_CLASSES} more" if len(names) > SHOWN_CLASSES else ""
        blocks[4:4] = [f"Classes ({len(names)})", _pairs(shown) + more]
    if report["training"]:
        blocks[4:4] = ["Training", _pairs((k, _value(v)) for k, v in report["training"].items())]
    return "\n\n".join(
        f"{title}\n{body}" for title, body in zip(blocks[::2], blocks[1::2], strict=True)
    )


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    rows = list(pairs)
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"  {name.ljust(width)}  {value}" for name, value in rows)


def _latents(report: dict[str, Any]) -> str:
    config = report["config"]
    label = f", c {config['c_dim']}" if config["c_dim"] else ""
    return f"z {config['z_dim']}{label}, w {config['w_dim']} × {report['num_ws']} rows"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value)
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
