"""Pictures in the frame of an output, against the plain reference."""

from typing import Any

import numpy as np
import pytest
import torch

from sgview.engine.picture.framing import DIMMED, cubic, frame_picture
from sgview.gfx.placement import Rect, place
from tests.support.framing_reference import frame_picture_ref, mitchell_netravali


def picture(height: int = 7, width: int = 11, seed: int = 0) -> np.ndarray:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 4), dtype=np.uint8)
    pixels[..., 3] = 255
    return pixels


def framed(pixels: np.ndarray, size: tuple[int, int], fit: Any = "fit", **options) -> np.ndarray:
    turned = pixels.shape[1::-1] if options.get("rotation", 0) % 180 == 0 else pixels.shape[:2]
    quad = place(turned, Rect(0, 0, *size), fit)
    result = frame_picture(torch.from_numpy(pixels), size, quad, **options)
    assert result.is_contiguous()
    return result.numpy()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("edges", ["black", "mirrored"])
@pytest.mark.parametrize("resampling", ["cubic", "linear", "nearest"])
@pytest.mark.parametrize("fit", ["fit", "fill", "stretch", "1:1"])
@pytest.mark.parametrize("size", [(40, 16), (9, 31), (5, 4), (11, 7)])
def test_it_is_what_the_reference_says(size, fit, resampling, edges, rotation) -> None:
    pixels = picture()
    options = {"rotation": rotation, "edges": edges, "resampling": resampling, "level": 0.7}
    made = framed(pixels, size, fit, **options)
    turned = (11, 7) if rotation % 180 == 0 else (7, 11)
    expected = frame_picture_ref(pixels, size, place(turned, Rect(0, 0, *size), fit), **options)
    assert made.shape == (size[1], size[0], 4)
    assert np.abs(made.astype(int) - expected).max() <= 1


def test_a_picture_of_the_size_of_its_frame_is_not_touched() -> None:
    pixels = picture()
    for resampling in ("cubic", "linear", "nearest"):
        np.testing.assert_array_equal(framed(pixels, (11, 7), resampling=resampling), pixels)
    turned = framed(pixels, (7, 11), rotation=90)
    np.testing.assert_array_equal(turned, np.rot90(pixels, -1))
    np.testing.assert_array_equal(turned[0, -1], pixels[0, 0])  # clockwise: top left to top right


def test_a_flat_picture_stays_flat_and_a_ramp_a_ramp() -> None:
    flat = np.full((5, 5, 4), 93, np.uint8)
    flat[..., 3] = 255
    assert (framed(flat, (37, 37))[..., :3] == 93).all()
    ramp = np.repeat(np.arange(0, 240, 16, dtype=np.uint8)[None, :, None], 4, 2).repeat(4, 0)
    ramp[..., 3] = 255
    steps = np.diff(framed(ramp, (15 * 16, 64), "stretch")[32, 40:-40, 0].astype(int))
    assert set(steps) <= {0, 1, 2}  # a level a pixel: no diamonds, no stairs


def test_the_filter_sharpens_an_edge_that_linear_would_blur() -> None:
    edge = np.zeros((8, 8, 4), np.uint8)
    edge[:, 4:, :3], edge[..., 3] = 200, 255
    slopes = {
        resampling: np.abs(
            np.diff(framed(edge, (80, 80), resampling=resampling)[40, :, 0].astype(int))
        ).max()
        for resampling in ("linear", "cubic")
    }
    assert slopes["cubic"] > 1.3 * slopes["linear"]


def test_mirrored_edges_go_on_with_the_picture_and_blurred_ones_are_dark_and_soft() -> None:
    pixels = picture(8, 8)
    mirrored = framed(pixels, (16, 8), edges="mirrored")
    np.testing.assert_array_equal(mirrored[:, 4:12], pixels)
    np.testing.assert_array_equal(mirrored[:, :4], pixels[:, 3::-1])
    blurred = framed(np.full((64, 64, 4), 200, np.uint8), (128, 64), edges="blurred")
    assert (blurred[:, 32:96, :3] == 200).all()
    assert np.abs(blurred[:, :32, :3].astype(int) - 200 * DIMMED).max() <= 1
    noisy = framed(picture(64, 64), (128, 64), edges="blurred")[:, :32, :3].astype(int)
    assert np.abs(np.diff(noisy, axis=1)).max() < 16


def test_what_is_clear_does_not_fringe() -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:, :2] = (200, 100, 50, 255)
    pixels[:, 2:] = (0, 255, 255, 0)  # clear: its colour must not show
    made = framed(pixels, (32, 32), has_alpha=True, resampling="linear")
    visible = made[..., 3] > 8
    assert np.abs(made[visible][:, :3].astype(int) - (200, 100, 50)).max() <= 6
    assert made[:, 0, 3].min() == 255
    assert made[:, -1, 3].max() == 0
    assert (framed(pixels, (64, 32), has_alpha=True)[:, 0] == 0).all()  # edges are clear too


@pytest.mark.parametrize("kernel", [(-0.2, 0.6), (0.0, 0.5), (1.0, 0.0), (1 / 3, 1 / 3)])
def test_weights_of_the_filters_add_up_to_one(kernel: tuple[float, float]) -> None:
    for place_in_pixel in np.linspace(0, 1, 9):
        distances = torch.tensor([1 + place_in_pixel, place_in_pixel, 1 - place_in_pixel,
                                  2 - place_in_pixel])  # fmt: skip
        made = cubic(distances, *kernel)
        assert float(made.sum()) == pytest.approx(1.0)
        expected = [mitchell_netravali(float(x), *kernel) for x in distances]
        np.testing.assert_allclose(made.numpy(), expected, atol=1e-12)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_a_card_makes_the_same_without_waiting(never_waiting) -> None:
    pixels = torch.from_numpy(picture(64, 64))
    quad = place((64, 64), Rect(0, 0, 320, 180), "fit")
    on_card = pixels.cuda()
    for edges in ("black", "blurred", "mirrored"):
        arguments = ((320, 180), quad)
        with never_waiting():
            made = frame_picture(on_card, *arguments, edges=edges)
        expected = frame_picture(pixels, *arguments, edges=edges)
        assert (made.cpu().int() - expected.int()).abs().max() <= 1
