"""What is kept of a drawing is shown again as if it were drawn again."""

from collections.abc import Iterator

import numpy as np
import pytest
from OpenGL import GL

from sgview.gfx import framebuffer
from sgview.gfx.kept_drawing import KeptDrawing
from sgview.gfx.window import Window

pytestmark = pytest.mark.gl

SIZE = (320, 240)
GREY = (0.4, 0.4, 0.4)


@pytest.fixture
def layer(context: Window) -> Iterator[KeptDrawing]:
    with KeptDrawing() as layer:
        yield layer


def paint(x: int, colour: tuple[float, float, float, float]) -> None:
    """Fill ten columns from `x` on, premultiplied as blending leaves them."""
    GL.glEnable(GL.GL_SCISSOR_TEST)
    GL.glScissor(x, 0, 10, SIZE[1])
    GL.glClearColor(*colour)
    GL.glClear(GL.GL_COLOR_BUFFER_BIT)
    GL.glDisable(GL.GL_SCISSOR_TEST)


def shown(layer: KeptDrawing) -> np.ndarray:
    framebuffer.clear(SIZE, GREY)
    layer.draw()
    return framebuffer.read(SIZE)[..., :3].astype(int)


def test_it_covers_mixes_and_leaves_alone_again_and_again(layer: KeptDrawing) -> None:
    with layer.drawn(SIZE):
        paint(0, (1.0, 0.0, 0.0, 1.0))
        paint(10, (0.25, 0.25, 0.25, 0.5))
    for _ in range(2):
        pixels = shown(layer)
        assert (pixels[:, :10] == (255, 0, 0)).all()
        assert (abs(pixels[:, 10:20] - 255 * (0.25 + 0.5 * 0.4)) <= 1).all()
        assert (pixels[:, 20:] == 102).all()


def test_a_new_drawing_replaces_the_one_before(layer: KeptDrawing) -> None:
    with layer.drawn(SIZE):
        paint(0, (1.0, 0.0, 0.0, 1.0))
    with layer.drawn(SIZE):
        paint(50, (0.0, 1.0, 0.0, 1.0))
    pixels = shown(layer)
    assert (pixels[:, :50] == 102).all()
    assert (pixels[:, 50:60] == (0, 255, 0)).all()


def test_a_hole_is_left_alone_to_the_pixel(layer: KeptDrawing) -> None:
    with layer.drawn(SIZE):
        GL.glClearColor(1.0, 0.0, 0.0, 1.0)
        GL.glClear(GL.GL_COLOR_BUFFER_BIT)
    for hole in ((0, 0, 217, 207), (33, 41, 100, 99), (0, 0, *SIZE), (300, 200, 20, 40)):
        framebuffer.clear(SIZE, GREY)
        layer.draw(hole)
        pixels = framebuffer.read(SIZE)[..., :3].astype(int)
        x, y, width, height = hole
        expected = np.zeros_like(pixels)
        expected[..., 0] = 255
        expected[y : y + height, x : x + width] = 102
        assert (pixels == expected).all()
    assert (shown(layer) == (255, 0, 0)).all()


def test_it_follows_the_size_of_the_window(layer: KeptDrawing) -> None:
    with layer.drawn((16, 16)):
        paint(0, (1.0, 1.0, 1.0, 1.0))
    with layer.drawn(SIZE):
        paint(300, (0.0, 0.0, 1.0, 1.0))
    assert (shown(layer)[:, 300:310] == (0, 0, 255)).all()


def test_the_window_is_drawn_into_again_even_if_drawing_fails(layer: KeptDrawing) -> None:
    with pytest.raises(RuntimeError), layer.drawn(SIZE):
        raise RuntimeError
    framebuffer.clear(SIZE, (1.0, 1.0, 1.0))
    assert (framebuffer.read(SIZE)[..., :3] == 255).all()


def test_nothing_is_shown_before_the_first_drawing_and_closing_twice_is_safe(
    layer: KeptDrawing,
) -> None:
    assert (shown(layer) == 102).all()
    layer.close()
    layer.close()
