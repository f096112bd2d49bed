"""The two families of pictures that the built-in networks learn, drawn on the device that trains.

python tools/training/images.py --out sheets/      # contact sheets of both, as PNG
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from tools.training.blooms import draw_blooms
from tools.training.canvas import Canvas
from tools.training.colour import to_srgb
from tools.training.planets import draw_planets

FAMILIES: dict[str, Callable[[Canvas], None]] = {"blooms": draw_blooms, "planets": draw_planets}


@torch.no_grad()
def draw(
    family: str, count: int, generator: torch.Generator, size: int = 256
) -> Tensor:  # [count, 3, size, size], sRGB in [-1, 1]
    """Draw `count` pictures of a family on the generator's device.

    Raises:
        ValueError: if there is no such family.
    """
    if family not in FAMILIES:
        raise ValueError(f"family must be one of {', '.join(FAMILIES)}, not {family!r}")
    canvas = Canvas(count, size, generator)
    FAMILIES[family](canvas)
    return to_srgb(canvas.lab)


def main() -> None:
    """Write a contact sheet of each family and say how long a picture takes."""
    from tools.training.sheets import save_sheet

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("sheets"))
    parser.add_argument("--family", choices=[*FAMILIES, "all"], default="all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--suffix", choices=[".png", ".jpg"], default=".png")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    for family in FAMILIES if args.family == "all" else [args.family]:
        generator = torch.Generator(args.device).manual_seed(args.seed)
        start = time.perf_counter()
        pictures = torch.cat([draw(family, 8, generator) for _ in range(4)]).cpu()
        took = time.perf_counter() - start
        file = args.out / f"{family}{args.suffix}"
        path = save_sheet(pictures, file, columns=8, scale=args.scale)
        print(f"{path}: {took / len(pictures) * 1e3:.1f} ms a picture")


if __name__ == "__main__":
    main()
