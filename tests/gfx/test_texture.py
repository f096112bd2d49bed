import numpy as np
import pytest

from sgview.gfx.texture import Texture
from sgview.gfx.window import Window

pytestmark = pytest.mark.gl


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 4), dtype=np.uint8)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (36, 36), (37, 53), (256, 255)])
def test_upload_arrives_byte_for_byte(context: Window, size: tuple[int, int]) -> None:
    with Texture() as texture:
        texture.upload(noise(*size))
        assert (texture.height, texture.width) == size
        np.testing.assert_array_equal(texture.read(), noise(*size))


def test_takes_the_size_of_each_picture(context: Window) -> None:
    with Texture() as texture:
        for n, size in enumerate([(8, 8), (31, 9), (8, 8), (8, 8), (1, 40)]):
            texture.upload(noise(*size, n))
            np.testing.assert_array_equal(texture.read(), noise(*size, n))


def test_takes_views_that_are_not_contiguous(context: Window) -> None:
    with Texture() as texture:
        texture.upload(noise(12, 10)[::-1, ::2])
        np.testing.assert_array_equal(texture.read(), noise(12, 10)[::-1, ::2])


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4, 3), np.uint8),
        np.zeros((4, 4, 4), np.float32),
        np.zeros((4, 4), np.uint8),
        np.zeros((0, 4, 4), np.uint8),
    ],
)
def test_refuses_what_is_no_picture(context: Window, pixels: np.ndarray) -> None:
    with Texture() as texture, pytest.raises(ValueError, match=r"expected uint8|cannot be shown"):
        texture.upload(pixels)


def test_refuses_a_size_beyond_the_card(context: Window) -> None:
    with Texture() as texture, pytest.raises(ValueError, match="cannot be shown"):
        texture.resize(1 << 20, 1)


def test_close_is_idempotent(context: Window) -> None:
    texture = Texture()
    texture.upload(noise(2, 2))
    texture.close()
    texture.close()
