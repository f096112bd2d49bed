"""A picture to set up a projector with: where it ends, whether it is even, what it is called."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

CELLS = 16  # of the grid, along the longer side
SAFE = (0.05, 0.10)  # what an edge may hide of it: of the picture, and of its text
LINE, BRIGHT, DIM = (255, 255, 255, 255), (235, 235, 235, 255), (90, 90, 96, 255)
GROUND = (18, 18, 20, 255)


def make_test_picture(name: str, size: tuple[int, int]) -> np.ndarray:
    """Return a test picture for one pixel on one of the screen.

    It has a border of one pixel, a grid of squares, circles that must be round, steps of grey, the
    areas that are safe for pictures and for text, and name and size.

    Args:
        name: what the screen is called.
        size: width and height [px].

    Returns:
        uint8 [H, W, 4], row 0 on top, opaque.
    """
    width, height = size
    image = Image.new("RGBA", size, GROUND)
    draw = ImageDraw.Draw(image)
    cell = max(width, height) / CELLS
    centre = (width / 2, height / 2)
    for middle, end, is_vertical in ((centre[0], width, True), (centre[1], height, False)):
        for step in range(-CELLS, CELLS + 1):
            place = round(middle + step * cell)
            if 0 <= place < end:
                line = (place, 0, place, height) if is_vertical else (0, place, width, place)
                draw.line(line, DIM)
    radius = min(width, height) / 2 - 1
    _circle(draw, centre, radius)
    for x in (radius / 4, width - 1 - radius / 4):
        for y in (radius / 4, height - 1 - radius / 4):
            _circle(draw, (x, y), radius / 4 - 1)
    _greys(image, (width, height))
    for share in SAFE:
        left, top = round(width * share), round(height * share)
        draw.rectangle((left, top, width - 1 - left, height - 1 - top), outline=BRIGHT)
    sides = f"{width} x {height}"  # Pillow's font has no ×
    _text(draw, centre, name, sides, min(width, height))
    draw.rectangle((0, 0, width - 1, height - 1), outline=LINE)
    return np.array(image)


def _circle(draw: ImageDraw.ImageDraw, centre: tuple[float, float], radius: float) -> None:
    (x, y), r = centre, max(radius, 1)
    draw.ellipse((x - r, y - r, x + r, y + r), outline=BRIGHT, width=max(1, round(r / 200)))


def _greys(image: Image.Image, size: tuple[int, int]) -> None:
    """Lay eleven steps from black to white below the text."""
    width, height = size
    left, across, top = round(width * 0.25), max(1, width // 2), round(height * 0.68)
    ramp = np.repeat(np.linspace(0, 255, 11).round().astype(np.uint8)[None], 1, axis=0)
    steps = Image.fromarray(ramp).resize((across, max(1, round(height * 0.06))), 0)
    image.paste(steps.convert("RGBA"), (left, top))


def _text(
    draw: ImageDraw.ImageDraw, centre: tuple[float, float], name: str, size: str, side: int
) -> None:
    for text, share, offset in ((name, 0.09, -0.05), (size, 0.06, 0.06)):
        font = ImageFont.load_default(max(8, side * share))
        place = (centre[0], centre[1] + side * offset)
        box = draw.textbbox(place, text, font=font, anchor="mm")
        pad = side * 0.015
        draw.rectangle((box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad), fill=GROUND)
        draw.text(place, text, fill=LINE, font=font, anchor="mm")
