"""Train one built-in network and write it with everything that says how good it is.

python tools/training/train.py --family blooms --network sg2 --minutes 6 --out OUT
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stylegan3 import Generator
from tools.training.checkpoint import export_network, save_pieces
from tools.training.distributed import leave_group
from tools.training.frechet import collect_features, frechet_distance
from tools.training.options import Options, parse
from tools.training.pool import PicturePool
from tools.training.sheets import save_curves, save_sheet
from tools.training.show import sample
from tools.training.trainer import Trainer


def train(options: Options) -> dict[str, Any]:
    """Run a training and write its results into `options.out`.

    Returns:
        the record that also goes into the network file's metadata.
    """
    started = time.perf_counter()
    options.out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(options, started)

    def stop(number: int, frame: object) -> None:
        trainer.should_stop = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        trainer.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        leave_group()  # all together: writing takes the first one longer
        # Also after an error: what was trained until then is worth having.
        record = _write(trainer) if trainer.rank == 0 else {}
    return record


def _write(trainer: Trainer) -> dict[str, Any]:
    options = trainer.options
    name = f"{options.network}-{options.family}"
    record: dict[str, Any] = {
        "family": options.family,
        "network": options.network,
        "images": trainer.images,
        "steps": trainer.step,
        "seed": options.seed,
        "processes": trainer.processes,
        "minutes": round(trainer.budget.seconds / 60, 2),
        "stages": trainer.plan,
        "built_on": trainer.record,
        "commit": _commit(),
    }
    export_network(trainer.average, options.out / f"{name}.safetensors", record)
    if options.state != "none":
        tensors = trainer.networks()
        if options.state == "full":
            tensors |= trainer.optimisers() | trainer.dice_states()
        save_pieces(options.out, tensors, trainer.plain())
    save_sheet(sample(trainer.average, 32, seed=0, psi=0.8), options.out / f"{name}.png")
    log = trainer.log
    steps = [float(entry["images"]) for entry in log]
    curves = {key: [entry.get(key, float("nan")) for entry in log] for key in ("D", "G", "R1")}
    save_curves(curves, steps, options.out / f"{name}-curves.png")
    if options.samples:
        record |= _measure(trainer)
        export_network(trainer.average, options.out / f"{name}.safetensors", record)
    text = json.dumps({"record": record, "log": log}, indent=1)
    (options.out / f"{name}.json").write_text(text)
    return record


def _measure(trainer: Trainer) -> dict[str, float]:
    """Frechet distances: network, and other pictures of the data, against the data."""
    options, size = trainer.options, trainer.average.img_resolution
    count = options.samples

    def drawn(seed: int) -> PicturePool:
        chunk = min(options.chunk, count)
        return PicturePool(
            options.family, size=size, capacity=chunk, chunk=chunk, seed=seed, device=trainer.device
        )

    def real(seed: int) -> Iterator[Tensor]:
        pool = drawn(seed)
        for _ in range(-(-count // pool.capacity)):
            pool.renew()
            yield pool.first(pool.capacity)

    def fake(generator: Generator, count: int = count) -> Iterator[Tensor]:
        chunk = min(options.chunk, count)
        for index in range(-(-count // chunk)):
            yield sample(generator, chunk, seed=1000 + index, psi=1)

    def distance(batches: Iterator[Tensor]) -> float:
        return round(frechet_distance(reference, collect_features(batches, trainer.device)), 3)

    reference = collect_features(real(900_001), trainer.device)
    untrained = Generator(trainer.average.config).to(trainer.device).requires_grad_(False).eval()
    return {
        "frechet": distance(fake(trainer.average)),
        "frechet_data": distance(real(900_002)),
        "frechet_untrained": distance(fake(untrained, min(count, 512))),
    }


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    try:
        folder = Path(__file__).parent
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def main(arguments: list[str] | None = None) -> None:
    """Train as the command line says and print a short table."""
    options = parse(arguments)
    if options.device.startswith("cuda"):
        print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}", flush=True)
    record = train(options)
    for key, value in record.items():
        print(f"{key:>14}  {value}")
    if not record:  # another process writes; threads of gloo do not survive the end of Python
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
