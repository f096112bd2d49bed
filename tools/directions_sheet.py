"""A sheet of the directions of a network: a row each, from one side to the other.

    python -m tools.directions_sheet OUT.png [--network sg2-blooms] [--kind sefa] [--rows 0-4]

For looking at, before they are given names.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from sgview.engine.engine import Engine
from sgview.engine.network import Network, style_fingerprint
from sgview.engine.networks import builtin_networks, load_network
from sgview.state.motion import Motion
from sgview.state.params import Directions, Latents, Mapping, Params

SIDE = 112  # [px]
AMOUNTS = (-3.0, -1.5, 0.0, 1.5, 3.0)
SEEDS = (3, 11)


def open_network(name: str) -> Network:
    """Return a built-in network by its name, or one from a file."""
    pair, _, kind = name.partition("-")
    if pair in ("sg2", "sg3") and kind in ("blooms", "planets"):
        return builtin_networks("sg2" if pair == "sg2" else "sg3")[kind == "planets"]
    return load_network(Path(name))


def sheet(network: Network, names: list[str]) -> Image.Image:
    """Return the pictures of some seeds moved along each direction."""
    columns = len(AMOUNTS) * len(SEEDS)
    made = Image.new("RGB", (90 + columns * SIDE, len(names) * SIDE))
    draw = ImageDraw.Draw(made)
    with Engine("cpu") as engine:
        engine.set_network("a", network)
        for line, name in enumerate(names):
            draw.text((8, line * SIDE + SIDE // 2), name, fill="white")
            for column in range(columns):
                seed, amount = SEEDS[column // len(AMOUNTS)], AMOUNTS[column % len(AMOUNTS)]
                params = Params(
                    latents=Latents(source="seeds", seed=seed),
                    mapping=Mapping(truncation_psi=0.7),
                    directions=Directions(amounts={name: amount}),
                )
                picture = engine.glance(params, 0.0, Motion(), SIDE)
                assert picture is not None
                image = Image.fromarray(np.ascontiguousarray(picture[..., :3]))
                made.paste(image, (90 + column * SIDE, line * SIDE))
    return made


def main() -> None:
    """Write the sheet, and say which names belong to the network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--network", default="sg2-blooms")
    parser.add_argument("--kind", choices=("sefa", "pca"), default="sefa")
    parser.add_argument("--rows", default="")
    parser.add_argument("--count", type=int, default=10)
    args = parser.parse_args()
    network = open_network(args.network)
    suffix = f":{args.rows}" if args.rows else ""
    names = [f"{args.kind}{number + 1}{suffix}" for number in range(args.count)]
    sheet(network, names).save(args.out)
    print(f"{args.network}: {style_fingerprint(network.generator)}")


if __name__ == "__main__":
    main()
