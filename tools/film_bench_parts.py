"""What of a film takes how long by itself: the network, and the encoders on all cores."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from sgview.cli.films.casting import TakeNetworks
from sgview.cli.films.frames import pictures_of
from sgview.cli.films.maker import Share
from sgview.engine.engine import Engine
from sgview.outputs.film_writers import cores, threads_of
from sgview.outputs.png import encode_png
from sgview.outputs.video import rate_of
from sgview.show.takes.replay import Shot, replay
from sgview.show.takes.take import read_take
from tools.film_bench_take import FPS, TAKE

NETWORK, ENCODER = "network", "encoder"
_HELD = 30  # pictures, a chunk: encoded again and again
_WARM_UP = 3


def measure_part(part: str, folder: Path, device: str, frames: int) -> dict[str, Any]:
    """Return what was measured, for people and programs."""
    shots = list(replay(read_take(folder / TAKE)))[:frames]
    with Engine(device) as engine:
        if part == NETWORK:
            return _network(engine, shots)
        cast = TakeNetworks(engine)
        pictures = list(pictures_of(engine, shots[:_HELD], lambda shot: cast.set(shot.networks)))
    return _encoders(pictures, frames)


def _network(engine: Engine, shots: list[Shot]) -> dict[str, Any]:
    cast = TakeNetworks(engine)
    begun = time.perf_counter()
    cast.set(shots[0].networks)
    read = time.perf_counter()
    _render(engine, shots[:1])
    first = time.perf_counter()
    _render(engine, shots[:_WARM_UP])
    start = time.perf_counter()
    _render(engine, shots)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    for _ in pictures_of(engine, shots):
        pass
    downloaded = time.perf_counter() - start
    return {
        "device": engine.device_description,
        "read and placed [s]": round(read - begun, 3),
        "first picture [s]": round(first - read, 3),
        "pictures [1/s]": round(len(shots) / seconds, 2),
        "seconds": round(seconds, 3),
        "with download [1/s]": round(len(shots) / downloaded, 2),
    }


def _render(engine: Engine, shots: list[Shot]) -> None:
    picture = None
    for shot in shots:
        picture = engine.render(shot.params, shot.t)
    if picture is not None and picture.ready is not None:
        picture.ready.synchronize()


def _encoders(pictures: list[np.ndarray], frames: int) -> dict[str, Any]:
    """Encode as many pictures as a film has, on all cores; the pictures are there."""
    with ThreadPoolExecutor(cores()) as pool:
        start = time.perf_counter()
        sizes = list(
            pool.map(lambda n: len(encode_png(pictures[n % len(pictures)][..., :3])), range(frames))
        )
        png = time.perf_counter() - start
    result = {
        "cores": cores(),
        "PNG [s]": round(png, 3),
        "PNG [1/s]": round(frames / png, 2),
        "PNG [MB a picture]": round(sum(sizes) / len(sizes) / 1e6, 3),
    }
    try:
        from sgview.outputs.film_chunks import FilmFormat, encode_chunk
    except ImportError:
        return result | {"H.264": "not measured: PyAV is not installed"}
    share = Share(cores())
    form = FilmFormat("h264", rate_of(FPS), threads=threads_of(share.encoders, cores()))
    chunks = max(1, frames // len(pictures))
    with ThreadPoolExecutor(share.encoders) as pool:
        start = time.perf_counter()
        sizes = list(pool.map(lambda _: len(encode_chunk(pictures, form)), range(chunks)))
        film = (time.perf_counter() - start) * frames / (chunks * len(pictures))
    return result | {
        "H.264 [s]": round(film, 3),
        "H.264 [1/s]": round(frames / film, 2),
        "H.264 [MB a picture]": round(sum(sizes) / chunks / len(pictures) / 1e6, 3),
    }
