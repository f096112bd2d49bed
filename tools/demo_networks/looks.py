"""One picture of every look in `configs/looks`, with its name, on one sheet.

python tools/demo_networks/looks.py --out docs/images/looks.jpg
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sgview import resources
from sgview.engine.engine import Engine
from sgview.engine.loader import builtin_networks
from sgview.signals import Instant, Signals
from sgview.state.presets import load_preset

TILE, CAPTION, COLUMNS = 152, 22, 7  # [px], [px]
MOMENTS = {"ebb": 4.6, "opal": 3.0, "petal-worlds": 9.0, "planets": 10.0, "scatter": 7.0}  # [s]
MOMENT = 4.0  # of all others [s]


def draw_looks() -> Image.Image:
    """Render all looks with the built-in pair, at moments that show what they do."""
    looks = resources.looks()
    rows = -(-len(looks) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * TILE, rows * (TILE + CAPTION)), (16, 16, 18))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    with Engine("cpu") as engine:
        engine.set_network("a", (pair := builtin_networks())[0])
        engine.set_network("b", pair[1])
        for index, (name, path) in enumerate(looks.items()):
            t = MOMENTS.get(name, MOMENT)
            picture = engine.render(Signals().resolve(load_preset(path), Instant(t))[0], t)
            assert picture is not None
            tile = Image.fromarray(np.ascontiguousarray(picture.rgba8[..., :3].numpy()))
            tile = tile.resize((TILE - 4, TILE - 4), Image.Resampling.BICUBIC)
            left, top = (index % COLUMNS) * TILE, (index // COLUMNS) * (TILE + CAPTION)
            sheet.paste(tile, (left + 2, top + 2))
            pen.text((left + 6, top + TILE), name, fill=(200, 200, 205), font=font)
    return sheet


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    draw_looks().save(args.out, quality=88, optimize=True)
    print(args.out)


if __name__ == "__main__":
    main()
