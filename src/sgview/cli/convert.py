"""`sgview convert`: a checkpoint of any family as safetensors, which is safe and quick to open."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from sgview.cli import fetching
from sgview.state.text import format_bytes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sgview convert`."""
    parser.add_argument(
        "source", metavar="SOURCE", help="a .pkl, .pt or .safetensors, or an address"
    )
    parser.add_argument("target", type=Path, metavar="TARGET", help="the .safetensors to write")
    parser.add_argument(
        "--half",
        action="store_true",
        help="store weights in float16: half the size, nearly the same pictures",
    )
    fetching.add_argument(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace TARGET if it exists")


def run(args: argparse.Namespace) -> int:
    """Read SOURCE and write its averaged generator to TARGET.

    Raises:
        CheckpointError: if SOURCE cannot be read or TARGET cannot be written.
        DownloadError: if SOURCE is an address that gives no file.
    """
    from stylegan3.checkpoints import CheckpointError, read, save_safetensors

    if args.target.suffix != ".safetensors":
        raise CheckpointError(args.target, "the target's name must end in .safetensors")
    if args.target.exists() and not args.overwrite:
        raise CheckpointError(args.target, "it exists already: add --overwrite to replace it")
    source = fetching.local_file(args.source, is_agreed=args.yes)
    with tqdm(total=100, unit="%", desc=source.name, disable=None, leave=False) as bar:

        def show(share: float) -> None:
            bar.update(round(100 * share) - bar.n)

        checkpoint = read(source, show)
    save_safetensors(checkpoint, args.target, is_half=args.half)
    for note in checkpoint.notes:
        print(f"sgview: note: {note}", file=sys.stderr)
    width, height = checkpoint.config.img_width, checkpoint.config.img_height
    size = f"{width}" if width == height else f"{width} × {height}"
    written = format_bytes(args.target.stat().st_size)
    print(f"{args.target}: {checkpoint.family}, {size} px, {written}")
    return 0
