"""A picture as PNG that carries the parameters it was made with."""

from __future__ import annotations

import io
import json
import warnings
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from sgview.outputs.picture import channels_to_keep
from sgview.outputs.video import OutputError
from sgview.state.params import Params
from sgview.state.presets import decode, encode
from sgview.state.validation import ConfigError
from sgview.state.whole_file import write_whole

KEY = "sgview"
"""Name of the text chunk; its content is a preset as JSON."""


def dated_name(now: datetime) -> str:
    """Return a file name that sorts by time and is new every millisecond."""
    return f"sgview-{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}.png"


def save_snapshot(path: Path, rgba8: np.ndarray, params: Params, *, t: float = 0.0) -> None:
    """Write `rgba8`, uint8 [H, W, 4] with row 0 on top, as a PNG; alpha where it is not opaque.

    Args:
        path: the file; its folder is made if need be.
        rgba8: the picture.
        params: stored in the text chunk "sgview", `load_snapshot_params` reads them.
        t: the instant it shows [s], stored in the text chunk "sgview:t".

    Raises:
        OutputError: if the file cannot be written.
    """
    metadata = PngImagePlugin.PngInfo()
    metadata.add_itxt(KEY, encode(params, as_json=True))
    metadata.add_text(f"{KEY}:t", repr(t))
    metadata.add_text("Software", "sgview")
    png = io.BytesIO()
    Image.fromarray(channels_to_keep(rgba8)).save(
        png, format="PNG", pnginfo=metadata, compress_level=4
    )
    try:
        write_whole(path, png.getvalue())
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


def load_snapshot_params(path: Path) -> Params:
    """Read the parameters out of a PNG that `save_snapshot` wrote.

    Raises:
        ConfigError: if the file is no such PNG or its parameters are not valid.
    """
    try:
        with warnings.catch_warnings():
            # Only the header is read, never the pixels: their number is no danger.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=["PNG"]) as image:
                text = image.info.get(KEY)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ConfigError(f"{path} is not a PNG picture that can be read") from error
    if not isinstance(text, str):
        raise ConfigError(f"{path} holds no parameters: it was not written by sgview")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: its parameters are damaged") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: its parameters are not ones this program reads")
    return decode(data, str(path)).params
