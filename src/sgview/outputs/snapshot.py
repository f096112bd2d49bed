"""A picture as PNG that carries the parameters it was made with, where it was, and its latent."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from PIL import Image

from sgview.outputs.picture import channels_to_keep
from sgview.outputs.png import encode_png
from sgview.outputs.video import OutputError
from sgview.state.embedded_latent import KEY as LATENT_KEY
from sgview.state.embedded_latent import embed
from sgview.state.motion import Motion
from sgview.state.params import Params
from sgview.state.presets import decode, encode
from sgview.state.validation import ConfigError, decode_json
from sgview.state.whole_file import write_whole

UNREADABLE = (
    OSError, ValueError, LookupError, SyntaxError, MemoryError, Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow raises for a PNG that it cannot read, damaged or too large."""

KEY = "sgview"
"""Name of the text chunk; its content is a preset as JSON."""
MOTION_KEY = f"{KEY}:motion"
FARTHEST = 1e12  # position that is believed


def dated_name(now: datetime) -> str:
    """Return a file name that sorts by time and is new every millisecond."""
    return f"sgview-{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}.png"


Latent = Mapping[str, np.ndarray]
"""What `Engine.export` returns: `z` [1, z_dim] or `ws` [1, num_ws, w_dim], and where from."""


class Snapshot(NamedTuple):
    """What a PNG tells of its picture."""

    params: Params
    motion: Motion | None = None  # None: it is of a version that did not tell
    has_latent: bool = False


def save_snapshot(
    path: Path,
    rgba8: np.ndarray,
    params: Params,
    *,
    t: float = 0.0,
    motion: Motion | None = None,
    latent: Future[Latent] | None = None,
    patience: float = 5.0,
) -> None:
    """Write `rgba8`, uint8 [H, W, 4] with row 0 on top, as a PNG; alpha where it is not opaque.

    Args:
        path: the file; its folder is made if need be.
        rgba8: the picture.
        params: stored in the text chunk "sgview", `load_snapshot` reads them.
        t: the instant it shows [s], stored in the text chunk "sgview:t".
        motion: where all that moves was, stored in the text chunk "sgview:motion".
        latent: will be what the picture was made from, stored in the text chunk "sgview:latent".
        patience: how long is waited for it; the picture is written without it then [s].

    Raises:
        OutputError: if the file cannot be written.
    """
    texts = {KEY: encode(params, as_json=True), f"{KEY}:t": repr(t), "Software": "sgview"}
    if motion is not None:
        texts[MOTION_KEY] = msgspec.json.encode(motion).decode()
    if text := _embedded(latent, patience):
        texts[LATENT_KEY] = text
    png = encode_png(channels_to_keep(rgba8), texts)
    try:
        write_whole(path, png)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


def _embedded(latent: Future[Latent] | None, patience: float) -> str:
    """Return a latent as text, "" if there is none: an engine that is lost never hands it out."""
    if latent is None:
        return ""
    held: Latent = {}
    with suppress(TimeoutError, CancelledError):
        held = latent.result(patience)
    kind = "z" if "z" in held else "w"
    values = held.get("z" if kind == "z" else "ws")
    if values is None:
        return ""
    return embed(
        kind,
        values.astype("<f4").tobytes(),
        values.shape[-1],
        network=str(held.get("network", "")),
        network_hash=str(held.get("network_hash", "")),
    )


def load_snapshot(path: Path) -> Snapshot:
    """Read what a PNG tells that `save_snapshot` wrote.

    Raises:
        ConfigError: if the file is no such PNG or its parameters are not valid.
    """
    texts = _texts(path)
    params = _params(path, texts.get(KEY))
    return Snapshot(params, _motion(texts.get(MOTION_KEY)), LATENT_KEY in texts)


def load_snapshot_params(path: Path) -> Params:
    """Read the parameters out of a PNG that `save_snapshot` wrote.

    Raises:
        ConfigError: if the file is no such PNG or its parameters are not valid.
    """
    return load_snapshot(path).params


def _texts(path: Path) -> dict[str, str]:
    try:
        with warnings.catch_warnings():
            # Only the header is read, never the pixels: their number is no danger.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=["PNG"]) as image:
                info = image.info.items()
                return {str(key): str(text) for key, text in info if isinstance(text, str)}
    except UNREADABLE as error:
        raise ConfigError(f"{path} is not a PNG picture that can be read") from error


def _motion(text: str | None) -> Motion | None:
    """Return where all that moves was; one that is damaged is none."""
    try:
        motion = decode_json(text or "", Motion)
    except ValueError:
        return None
    is_good = all(abs(position) <= FARTHEST for position in motion.positions.values())
    return motion if is_good else None


def _params(path: Path, text: str | None) -> Params:
    if text is None:
        raise ConfigError(f"{path} holds no parameters: it was not written by sgview")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: its parameters are damaged") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: its parameters are not ones this program reads")
    return decode(data, str(path)).params
