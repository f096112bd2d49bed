"""Pictures drawn as outputs get them, against the plain reference."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from sgview.engine.picture.framing import frame_picture
from sgview.gfx import framebuffer
from sgview.gfx.painter import Painter
from sgview.gfx.placement import Rect, place
from sgview.gfx.texture import Texture
from sgview.gfx.window import Window
from tests.support.framing_reference import frame_picture_ref

pytestmark = pytest.mark.gl

WIDTH, HEIGHT = 320, 240


@pytest.fixture
def painter(context: Window) -> Iterator[Painter]:
    with Painter() as painter:
        yield painter


@pytest.fixture
def texture(context: Window) -> Iterator[Texture]:
    texture = Texture()
    yield texture
    texture.close()


def smooth(height: int, width: int) -> np.ndarray:
    """Waves, so that a mean of a few samples is close to the mean of all."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 5 + c) + np.cos(y / (7 + c)) for c in range(3)]
    levels = [np.clip(128 + 60 * wave, 0, 255) for wave in waves]
    return np.stack([*levels, np.full((height, width), 255)], axis=-1).astype(np.uint8)


def noise(height: int, width: int) -> np.ndarray:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 4), dtype=np.uint8)
    pixels[..., 3] = 255
    return pixels


def paint(painter: Painter, texture: Texture, rect: Rect, *arguments: Any, **options: Any):
    framebuffer.clear((WIDTH, HEIGHT), (0.0, 0.0, 0.0))
    painter.paint(texture, rect, HEIGHT, *arguments, **options)
    drawn = framebuffer.read((WIDTH, HEIGHT))[..., :3]
    x, y, width, height = rect
    inside = drawn[y : y + height, x : x + width].copy()
    drawn[y : y + height, x : x + width] = 0
    assert not drawn.any()  # nothing beside the rectangle
    return inside


def turned(pixels: np.ndarray, rotation: int) -> tuple[int, int]:
    height, width = pixels.shape[:2]
    return (width, height) if rotation % 180 == 0 else (height, width)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("edges", ["black", "mirrored"])
@pytest.mark.parametrize("filter", ["cubic", "linear", "nearest"])
@pytest.mark.parametrize("fit", ["fit", "fill", "stretch", "1:1"])
def test_enlarged_it_is_what_the_reference_says(
    painter: Painter, texture: Texture, fit: Any, filter: Any, edges: Any, rotation: int
) -> None:
    pixels = noise(17, 23)
    texture.upload(pixels)
    rect = Rect(31, 12, 200, 90)
    made = paint(painter, texture, rect, fit, filter, rotation=rotation, edges=edges, level=0.8)
    quad = place(turned(pixels, rotation), Rect(0, 0, 200, 90), fit)
    expected = frame_picture_ref(
        pixels, (200, 90), quad, rotation=rotation, edges=edges, resampling=filter, level=0.8
    )[..., :3]
    difference = np.abs(made.astype(int) - expected)
    # Interpolation of the card's own has 8 bits, and a rounded place may be in the next pixel.
    assert (difference > (2 if filter == "cubic" else 4)).mean() < 0.002


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("edges", ["black", "blurred", "mirrored"])
def test_shrunk_and_with_edges_it_is_about_what_outputs_get(
    painter: Painter, texture: Texture, edges: Any, rotation: int
) -> None:
    pixels = smooth(96, 160)
    texture.upload(pixels)
    size = (160, 64)
    made = paint(painter, texture, Rect(5, 9, *size), rotation=rotation, edges=edges)
    quad = place(turned(pixels, rotation), Rect(0, 0, *size), "fit")
    expected = frame_picture(
        torch.from_numpy(pixels), size, quad, rotation=rotation, edges=edges
    ).numpy()[..., :3]
    difference = np.abs(made.astype(int) - expected)
    assert difference.mean() < 2
    assert difference.max() < 24


def test_without_edges_the_rest_is_left(painter: Painter, texture: Texture) -> None:
    texture.upload(noise(8, 8))
    framebuffer.clear((WIDTH, HEIGHT), (1.0, 0.0, 0.0))
    painter.paint(texture, (0, 0, WIDTH, HEIGHT), HEIGHT)
    drawn = framebuffer.read((WIDTH, HEIGHT))
    assert (drawn[:, :40, :3] == (255, 0, 0)).all()
    assert (drawn[:, 41:279, :3] != (255, 0, 0)).any(axis=-1).mean() > 0.99


def test_nothing_is_drawn_before_there_is_a_picture(painter: Painter, texture: Texture) -> None:
    assert not paint(painter, texture, Rect(0, 0, WIDTH, HEIGHT), edges="blurred").any()
