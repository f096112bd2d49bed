"""Figures of finished networks: contact sheets, blend strips, distances.

    python tools/training/show.py sheet sg2-blooms.safetensors --out docs/blooms.png
    python tools/training/show.py blend sg2-blooms.safetensors sg2-planets.safetensors \\
        --out docs/blend.png
    python tools/training/show.py distance sg2-blooms.safetensors --family blooms
    python tools/training/show.py record src/sgview/assets tests/data/builtin-pictures.npz
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan3 import Generator, load
from tools.training.sheets import save_sheet


@torch.no_grad()
def sample(
    generator: Generator, count: int, seed: int, psi: float = 0.7, batch: int = 8
) -> Tensor:  # [count, 3, R, R] on the CPU
    """Pictures of consecutive latents from one seed, fixed noise."""
    dice = torch.Generator().manual_seed(seed)
    z = torch.randn(count, generator.z_dim, generator=dice)
    device = generator.mapping.w_avg.device
    batch = batch if device.type == "cpu" else 64
    pictures = [
        generator(part.to(device), truncation_psi=psi, noise_mode="const", force_fp32=True).cpu()
        for part in z.split(batch)
    ]
    return torch.cat(pictures)


def blended(a: Generator, b: Generator, amounts: dict[str, float]) -> dict[str, Tensor]:
    """Tensors of `a` moved towards `b`, by the amount of their layer group (0 = a, 1 = b)."""
    state = dict(a.state_dict())
    other = b.state_dict()
    for name, tensor in state.items():
        amount = amounts.get(group_of(name), 0.0)
        if amount and tensor.shape == other[name].shape:
            state[name] = torch.lerp(tensor, other[name], amount)
    return state


def group_of(name: str) -> str:
    """The layer group of a tensor: "mapping", "b16", "L6", "input"."""
    parts = name.split(".")
    return "mapping" if parts[0] == "mapping" else parts[1].split("_")[0]


def blend_strips(
    a: Generator, b: Generator, seed: int, steps: int = 8, psi: float = 0.7
) -> Tensor:  # [groups * steps, 3, R, R]
    """For every layer group a row: 0..1 from `a` to `b` in that group alone; a last row for all."""
    groups = list(dict.fromkeys(group_of(name) for name in a.state_dict()))
    live = Generator(a.config).eval().requires_grad_(False)
    rows = []
    for row in [[group] for group in groups] + [groups]:
        for step in range(steps):
            amount = step / (steps - 1)
            live.load_state_dict(blended(a, b, dict.fromkeys(row, amount)))
            rows.append(sample(live, 1, seed, psi))
    return torch.cat(rows)


@torch.no_grad()
def record(folder: Path, path: Path) -> Path:
    """Write what all networks of a folder make of two latents, 32 px, for the tests to compare.

    The latents are those of an earlier record at the same place, if there is one.
    """
    if path.exists():
        z = torch.from_numpy(np.load(path)["z"])
    else:
        z = torch.randn(2, 256, generator=torch.Generator().manual_seed(0))
    arrays = {"z": z.numpy()}
    for file in sorted(folder.glob("*.safetensors")):
        pictures = load(file)(z, truncation_psi=0.7)
        name = file.stem.removeprefix("sg2-")
        arrays[name] = F.adaptive_avg_pool2d(pictures, 32).numpy()
    np.savez_compressed(path, **arrays)
    return path


def main(arguments: list[str] | None = None) -> None:
    """Write the figure that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sheet = commands.add_parser("sheet", help="8 x 4 pictures of one network")
    blend = commands.add_parser("blend", help="0..1 over each layer group of two networks")
    distance = commands.add_parser("distance", help="Frechet distances of one network")
    recording = commands.add_parser("record", help="what tests compare built-in networks with")
    recording.add_argument("folder", type=Path)
    recording.add_argument("out", type=Path)
    for command in (sheet, blend, distance):
        command.add_argument("network", type=Path)
    for command in (sheet, blend):
        command.add_argument("--out", type=Path, required=True)
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--psi", type=float, default=0.7)
        command.add_argument("--scale", type=float, default=1.0)
    blend.add_argument("other", type=Path)
    distance.add_argument("--family", required=True)
    distance.add_argument("--samples", type=int, default=512)
    args = parser.parse_args(arguments)
    if args.command == "record":
        print(record(args.folder, args.out))
        return
    network = load(args.network)
    if args.command == "sheet":
        pictures = sample(network, 32, args.seed, args.psi)
        print(save_sheet(pictures, args.out, scale=args.scale))
    elif args.command == "blend":
        pictures = blend_strips(network, load(args.other), args.seed, psi=args.psi)
        print(save_sheet(pictures, args.out, scale=args.scale))
    else:
        for name, value in _distances(network, args.family, args.samples).items():
            print(f"{name:>10}  {value:.3f}")


def _distances(network: Generator, family: str, count: int) -> dict[str, float]:
    from tools.training.frechet import collect_features, frechet_distance
    from tools.training.images import draw

    size, batch = network.img_resolution, 8
    rounds = range(-(-count // batch))

    def real(seed: int):
        dice = torch.Generator().manual_seed(seed)
        return (draw(family, batch, dice, size) for _ in rounds)

    def fake(generator: Generator):
        return (sample(generator, batch, 1000 + index, psi=1) for index in rounds)

    torch.manual_seed(0)
    untrained = Generator(network.config).eval().requires_grad_(False)
    reference = collect_features(real(900_001), "cpu")
    return {
        "network": frechet_distance(reference, collect_features(fake(network), "cpu")),
        "data": frechet_distance(reference, collect_features(real(900_002), "cpu")),
        "untrained": frechet_distance(reference, collect_features(fake(untrained), "cpu")),
    }


if __name__ == "__main__":
    main()
