"""Contact sheets and training curves as pictures, PNG or JPEG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

_LINES = ((214, 73, 91), (59, 130, 196), (72, 159, 98), (180, 120, 40))


def save_sheet(
    pictures: Tensor,  # [N, 3, H, W] in [-1, 1]
    path: Path,
    columns: int = 8,
    gap: int = 4,
    scale: float = 1,
) -> Path:
    """Write pictures row by row on one sheet, `gap` px apart on near-black."""
    pixels = ((pictures.float().clamp(-1, 1) + 1) * 127.5).round().byte()
    pixels = pixels.permute(0, 2, 3, 1).cpu().numpy()
    count, height, width, _ = pixels.shape
    rows = -(-count // columns)
    sheet = np.full(
        (rows * (height + gap) + gap, columns * (width + gap) + gap, 3), 16, dtype=np.uint8
    )
    for i, picture in enumerate(pixels):
        top, left = (i // columns) * (height + gap) + gap, (i % columns) * (width + gap) + gap
        sheet[top : top + height, left : left + width] = picture
    image = Image.fromarray(sheet)
    if scale != 1:
        size = round(image.width * scale), round(image.height * scale)
        image = image.resize(size, Image.Resampling.LANCZOS)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, optimize=True, quality=88)
    return path


def save_curves(
    curves: Mapping[str, Sequence[float]],
    steps: Sequence[float],  # images seen, rising
    path: Path,
    size: tuple[int, int] = (960, 480),
) -> Path:
    """Draw one line per curve over `steps`; all share one axis, labelled at its ends."""
    width, height = size
    left, top, right, bottom = 64, 16, width - 16, height - 32
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    values = [v for curve in curves.values() for v in curve if np.isfinite(v)]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    span, first = max(high - low, 1e-9), steps[0] if steps else 0.0
    reach = max((steps[-1] - first) if steps else 0.0, 1e-9)
    pen.rectangle((left, top, right, bottom), outline=(200, 200, 200))
    pen.text((4, top), f"{high:.3g}", fill="black")
    pen.text((4, bottom - 10), f"{low:.3g}", fill="black")
    pen.text((left, bottom + 8), f"{first:,.0f}", fill="black")
    pen.text((right - 110, bottom + 8), f"{first + reach:,.0f} images", fill="black")
    for index, (name, curve) in enumerate(curves.items()):
        line = _LINES[index % len(_LINES)]
        points = [
            (
                left + (s - first) / reach * (right - left),
                bottom - (v - low) / span * (bottom - top),
            )
            for s, v in zip(steps, curve, strict=True)
            if np.isfinite(v)
        ]
        if len(points) > 1:
            pen.line(points, fill=line, width=2)
        pen.text((left + 12 + 150 * index, top + 8), name, fill=line)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, optimize=True)
    return path
