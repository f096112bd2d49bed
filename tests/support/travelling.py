"""Latents that travel: a case of each source, for tests of every way of making pictures."""

from pathlib import Path as FilePath
from typing import Any

import numpy as np

from sgview.engine.engine import Engine
from sgview.state.params import Key, Latents, Mapping, Params, Path, Plane

Z_FILE, W_FILE = "far z", "far w"
_KEYS = (
    Key(at=0.0, place="seed 1", easing="smooth"),
    Key(at=0.4, place="plane 3 0.5 0.25"),
    Key(at=1.1, place=f"file {W_FILE}"),
)
CASES = (
    Params(latents=Latents(source="plane", seed=4, plane=Plane(x=0.3, speed_x=0.7, speed_y=-0.4))),
    Params(latents=Latents(source="path", path=Path(keys=_KEYS[:2], closing=0.5))),
    Params(latents=Latents(source="path", path=Path(keys=_KEYS, curve="linear", ends="ping-pong"))),
    Params(
        latents=Latents(source="path", path=Path(keys=_KEYS, curve="cubic", closing=0.7)),
        mapping=Mapping(truncation_psi=0.6, truncation_cutoff=2),
    ),
    Params(latents=Latents(source="library", entry=Z_FILE)),
    Params(latents=Latents(source="library", entry=W_FILE), mapping=Mapping(truncation_psi=0.5)),
)


def fill_library(folder: FilePath, engine: Engine) -> None:
    """Write a z and a w that the engine's networks play, and let it look for them there."""
    made: Any = engine.networks["a"].generator
    numbers = np.random.default_rng(7)
    z = numbers.normal(size=(1, made.z_dim)).astype(np.float32)
    ws = numbers.normal(size=(1, made.num_ws, made.w_dim)).astype(np.float32)
    np.savez(folder / f"{Z_FILE}.npz", z=z)
    np.savez(folder / f"{W_FILE}.npz", ws=ws)
    engine.library.files.folder = folder
