"""What a film costs beyond its network: the steps of `sgview render` added one by one.

    python -m tools.film_overhead [--rounds 8] [--pictures 24] [--demo sg2|sg3]

In every round the same pictures are made by the network alone, brought to the host, written as a
film and as PNG files, one after the other in one process, so that all see the machine equally
busy. Prints the best of all rounds, as time and as time of processor for each picture.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sgview.cli.films.frames import FilmFrame, pictures_of
from sgview.engine.engine import Engine
from sgview.engine.networks import builtin_networks
from sgview.outputs.film_writers import open_film_writer
from sgview.show.takes.replay import Shot
from sgview.signals import Instant, Signals
from sgview.state.params import Params

_FPS = 30.0


def main() -> int:
    """Measure and print; return the exit code."""
    if "GOMP_SPINCOUNT" not in os.environ:  # as the program has it, and before torch is loaded
        os.environ["GOMP_SPINCOUNT"] = "1000"
        os.execv(sys.executable, [sys.executable, "-m", "tools.film_overhead", *sys.argv[1:]])
    parser = argparse.ArgumentParser(prog="python -m tools.film_overhead", description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--pictures", type=int, default=24, help="of a round and a step")
    parser.add_argument("--demo", choices=("sg2", "sg3"), default="sg2")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="film-overhead-") as name,
        Engine(args.device) as engine,
    ):
        for slot, network in zip(("a", "b"), builtin_networks(args.demo), strict=True):
            engine.set_network(slot, network)
        steps = _steps(engine, Path(name), list(_shots(args.pictures)))
        for step in steps.values():  # whatever is made once is made
            step()
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
        for left in range(args.rounds, 0, -1):
            print(f"{left} rounds left", file=sys.stderr)
            for name, step in steps.items():
                taken[name].append(_timed(step, args.pictures))
    _print(taken)
    return 0


def _shots(count: int) -> Iterator[Shot]:
    signals = Signals()
    for number in range(count):
        t = number / _FPS
        params, _ = signals.resolve(Params(), Instant(t))
        yield Shot(params, t, {})


def _steps(engine: Engine, folder: Path, shots: list[Shot]) -> dict[str, Callable[[], None]]:
    def alone() -> None:
        picture = None
        for shot in shots:
            picture = engine.render(shot.params, shot.t)
        if picture is not None and picture.ready is not None:
            picture.ready.synchronize()

    def to_host() -> None:
        for _ in pictures_of(engine, shots, frame=FilmFrame()):
            pass

    def written(name: str) -> Callable[[], None]:
        def write() -> None:
            writer = open_film_writer(folder / name, _FPS)
            for pixels in pictures_of(engine, shots, frame=FilmFrame()):
                writer.write(pixels)
            writer.close()

        return write

    films = {name: written(name) for name in ("film.mp4", "pngs")}
    return {"network alone": alone, "on the host": to_host, **films}


def _timed(step: Callable[[], None], count: int) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    step()
    return (time.perf_counter() - wall) / count, (time.process_time() - cpu) / count


def _print(taken: dict[str, list[tuple[float, float]]]) -> None:
    """Print the best of all rounds, which other programs disturb least."""
    best = {name: [min(kind) for kind in zip(*times, strict=True)] for name, times in taken.items()}
    alone = next(iter(best.values()))
    print(f"{'a picture':<16}{'ms':>8}{'times':>8}{'CPU ms':>10}{'times':>8}")
    for name, (wall, cpu) in best.items():
        wall_ratio, cpu_ratio = wall / alone[0], cpu / alone[1]
        print(f"{name:<16}{1e3 * wall:>8.1f}{wall_ratio:>8.3f}{1e3 * cpu:>10.1f}{cpu_ratio:>8.3f}")


if __name__ == "__main__":
    sys.exit(main())
