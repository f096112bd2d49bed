"""PNG files made for speed hold the pixels that they are given."""

import io

import numpy as np
import pytest
from PIL import Image

from sgview.outputs.png import encode_png

RNG = np.random.default_rng(7)


def decoded(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        image.load()
        return np.asarray(image)


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 7, 3), (64, 33, 4), (9, 4, 1), (1, 40, 4)])
def test_pixels_come_back(shape: tuple[int, int, int]) -> None:
    pixels = RNG.integers(0, 256, shape, dtype=np.uint8)
    back = decoded(encode_png(pixels))
    np.testing.assert_array_equal(back.reshape(shape), pixels)


def test_a_view_is_read_as_it_looks() -> None:
    pixels = RNG.integers(0, 256, (20, 30, 4), dtype=np.uint8)
    np.testing.assert_array_equal(decoded(encode_png(pixels[::-1, ::2, :3])), pixels[::-1, ::2, :3])


def test_sixteen_bits_are_written_high_byte_first() -> None:
    pixels = RNG.integers(0, 65536, (6, 5, 1), dtype=np.uint16)
    back = decoded(encode_png(pixels))
    np.testing.assert_array_equal(back.astype(np.uint16), pixels[..., 0])


def test_equal_pixels_give_equal_bytes_and_smooth_ones_are_small() -> None:
    ramp = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (256, 256, 3))
    assert encode_png(ramp) == encode_png(ramp.copy())
    assert len(encode_png(ramp)) < ramp.size / 50


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4, 3))]
)
def test_other_arrays_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="pixels are"):
        encode_png(pixels)


def test_texts_are_told_as_they_are() -> None:
    texts = {"sgview": '{"name": "Größe \u2603"}', "sgview:t": "1.5", "Software": ""}
    data = encode_png(np.zeros((4, 5, 3), np.uint8), texts)
    with Image.open(io.BytesIO(data)) as image:
        assert {key: str(text) for key, text in image.info.items()} == texts
        image.load()
