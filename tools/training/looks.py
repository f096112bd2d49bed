"""One picture of every look in `configs/looks`, with its name, on one sheet.

python tools/training/looks.py --out docs/images/looks.jpg
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sgview import resources
from sgview.engine.engine import Engine
from sgview.engine.networks import open_networks
from sgview.signals import Instant, Signals
from sgview.state.presets import load_preset

TILE, CAPTION, COLUMNS = 158, 22, 7  # [px], [px]
MOMENTS = {  # that show what looks do [s]
    "asteroids": 18.0,
    "breath": 2.8,
    "dusk": 2.6,
    "ebb": 4.6,
    "kaleidoscope": 6.0,
    "nocturne": 14.0,
    "opal": 3.0,
    "patina": 9.4,
    "petal-worlds": 10.0,
    "planets": 10.0,
    "porcelain": 22.0,
    "tide": 4.0,
    "zoom": 8.0,
}
MOMENT = 4.0  # of all others [s]


def draw_looks() -> Image.Image:
    """Render all looks with their built-in pair, at moments that show what they do."""
    tiles: list[tuple[str, Image.Image]] = []
    for pair in ("sg2", "sg3"):
        looks = {n: p for n, p in resources.looks(pair).items() if n not in dict(tiles)}
        with Engine("cpu") as engine:
            for slot, network in open_networks(demo=pair).items():
                engine.set_network(slot, network)
            for name, path in looks.items():
                t = MOMENTS.get(name, MOMENT)
                picture = engine.render(Signals().resolve(load_preset(path), Instant(t))[0], t)
                assert picture is not None
                tile = Image.fromarray(np.ascontiguousarray(picture.rgba8[..., :3].numpy()))
                tiles.append((name, tile.resize((TILE - 4, TILE - 4), Image.Resampling.BICUBIC)))
    rows = -(-len(tiles) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * TILE, rows * (TILE + CAPTION)), (16, 16, 18))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for index, (name, tile) in enumerate(tiles):
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
