from collections.abc import Iterator

import numpy as np
import pytest

from sgview.gfx import framebuffer
from sgview.gfx.display import Display
from sgview.gfx.interop import DeviceImage, InteropError
from sgview.gfx.texture import Texture
from sgview.gfx.window import Window

pytestmark = pytest.mark.gl

WIDTH, HEIGHT = 320, 240
RED, GREEN = (200, 10, 20), (5, 220, 30)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 4), dtype=np.uint8)


def halves(height: int, width: int) -> np.ndarray:
    """Red above, green below, and transparent, which must not show."""
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[: height // 2, :, :3] = RED
    pixels[height // 2 :, :, :3] = GREEN
    return pixels


class FakeInterop:
    """Takes pictures the way a card would, without one."""

    log: list[str]

    def __init__(self, texture: Texture, device: int) -> None:
        self.texture, self.device = texture, device
        FakeInterop.log.append(f"register {texture.width}x{texture.height}")

    def copy(self, image: DeviceImage) -> None:
        self.texture.upload(image.download())

    def close(self) -> None:
        assert self.texture.id, "unregistered after it was deleted"
        FakeInterop.log.append("unregister")


@pytest.fixture
def display(context: Window) -> Iterator[Display]:
    FakeInterop.log = []
    with Display(FakeInterop) as display:  # type: ignore[arg-type]
        yield display


def draw(display: Display, rect: tuple[int, int, int, int], **options) -> np.ndarray:
    framebuffer.clear((WIDTH, HEIGHT), (0.0, 0.0, 0.0))
    display.draw(rect, HEIGHT, **options)
    return framebuffer.read((WIDTH, HEIGHT))[..., :3]


def test_one_to_one_is_byte_for_byte_where_it_belongs(display: Display) -> None:
    picture = noise(37, 53)
    display.show(picture)
    np.testing.assert_array_equal(display.read(), picture)
    for filter_name in ("nearest", "linear"):
        drawn = draw(display, (40, 21, 61, 47), fit="1:1", filter=filter_name)
        np.testing.assert_array_equal(drawn[26:63, 44:97], picture[..., :3])
        drawn[26:63, 44:97] = 0
        assert not drawn.any()


def test_letterbox_leaves_bars_and_row_zero_is_on_top(display: Display) -> None:
    display.show(halves(8, 8))
    drawn = draw(display, (0, 0, WIDTH, HEIGHT), filter="nearest")
    assert not drawn[:, :40].any()
    assert not drawn[:, 280:].any()
    assert (drawn[:120, 40:280] == RED).all()
    assert (drawn[120:, 40:280] == GREEN).all()


def test_fill_covers_the_rectangle_and_nothing_else(display: Display) -> None:
    display.show(halves(64, 8))
    drawn = draw(display, (100, 50, 120, 80), fit="fill", filter="nearest")
    assert drawn[50:130, 100:220].any(axis=2).all()
    drawn[50:130, 100:220] = 0
    assert not drawn.any()


def test_larger_than_the_window_is_cut_at_the_rectangle(display: Display) -> None:
    picture = noise(300, 400)
    display.show(picture)
    drawn = draw(display, (10, 10, 100, 60), fit="1:1", filter="nearest")
    np.testing.assert_array_equal(drawn[10:70, 10:110], picture[120:180, 150:250, :3])


def test_nearest_has_only_the_colours_of_the_picture_and_linear_blends(display: Display) -> None:
    display.show(halves(2, 2))
    nearest = draw(display, (0, 0, WIDTH, HEIGHT), filter="nearest")[:, 160]
    assert {tuple(c) for c in nearest.tolist()} == {RED, GREEN}
    linear = draw(display, (0, 0, WIDTH, HEIGHT), filter="linear")[:, 160]
    assert len({tuple(c) for c in linear.tolist()}) > 50


def test_the_same_object_is_taken_once(display: Display) -> None:
    picture = noise(4, 4)
    display.show(picture)
    before = picture.copy()
    picture[:] = 0
    display.show(picture)
    np.testing.assert_array_equal(display.read(), before)
    display.show(picture.copy())
    assert not display.read().any()


def test_draws_nothing_without_a_picture_or_room(display: Display) -> None:
    assert not draw(display, (0, 0, WIDTH, HEIGHT)).any()
    display.show(noise(4, 4))
    assert not draw(display, (5, 5, 0, 40)).any()
    assert not draw(display, (5, 5, 40, -3)).any()


def device_image(pixels: np.ndarray, device: int = 0) -> DeviceImage:
    height, width = pixels.shape[:2]
    return DeviceImage(1, width, height, lambda: pixels, device=device)


def test_cuda_pictures_register_two_textures_a_size_and_again_for_another(
    display: Display,
) -> None:
    for seed, size in enumerate([(8, 8), (8, 8), (8, 8), (9, 7), (8, 8)]):
        display.show(device_image(noise(*size, seed)))
        np.testing.assert_array_equal(display.read(), noise(*size, seed))
    assert FakeInterop.log == [
        "register 8x8", "register 8x8", "unregister", "unregister",
        "register 7x9", "unregister", "register 8x8",
    ]  # fmt: skip
    assert display.description.startswith("CUDA-OpenGL interop")


def test_cuda_never_writes_to_the_texture_that_is_drawn(display: Display) -> None:
    written = []
    for seed in range(4):
        drawn = display.texture.id
        display.show(device_image(noise(8, 8, seed)))
        written.append(display.texture.id)
        assert written[-1] != drawn
    assert written[0] == written[2] and written[1] == written[3]


def test_nothing_stays_registered(context: Window) -> None:
    FakeInterop.log = []
    with Display(FakeInterop) as display:  # type: ignore[arg-type]
        for seed, size in enumerate([(8, 8), (8, 8), (5, 9), (5, 9), (8, 8)]):
            display.show(device_image(noise(*size, seed)))
            if seed == 2:
                display.show(noise(3, 3))
        display.show(device_image(noise(8, 8), device=1))
    log = [line.partition(" ")[0] for line in FakeInterop.log]
    assert log.count("register") == log.count("unregister") == 6


def test_host_pictures_release_the_registration_before_the_texture_changes(
    display: Display,
) -> None:
    display.show(device_image(noise(8, 8)))
    display.show(noise(5, 5))
    assert FakeInterop.log == ["register 8x8", "unregister"]
    assert "pixel buffer upload" in display.description


def test_refused_interop_falls_back_for_good_and_says_why(context: Window) -> None:
    attempts = []

    def refuse(texture: Texture, device: int):
        attempts.append(device)
        raise InteropError("OpenGL does not run on the CUDA card")

    with Display(refuse) as display:
        for seed in range(3):
            display.show(device_image(noise(6, 4, seed)))
            np.testing.assert_array_equal(display.read(), noise(6, 4, seed))
        assert attempts == [0]
        assert "OpenGL does not run on the CUDA card" in display.description


def test_without_the_bindings_the_advice_names_them(
    context: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cuda.bindings", None)
    with Display() as display:
        display.show(device_image(noise(6, 4)))
        np.testing.assert_array_equal(display.read(), noise(6, 4))
        assert "pip install cuda-bindings" in display.description


def test_close_is_idempotent(context: Window) -> None:
    display = Display()
    display.show(noise(3, 3))
    display.close()
    display.close()


@pytest.mark.parametrize("shrink", [2, 3, 5])
@pytest.mark.parametrize("filter_name", ["nearest", "linear"])
def test_a_shrunk_picture_is_averaged_instead_of_flickering(
    display: Display, shrink: int, filter_name
) -> None:
    lines = np.zeros((40 * shrink, 50 * shrink, 4), np.uint8)
    lines[:, ::shrink] = 255  # one bright column in `shrink`
    display.show(lines)
    drawn = draw(display, (30, 20, 50, 40), filter=filter_name)[20:60, 30:80]
    assert np.abs(drawn.astype(float) - 255 / shrink).max() < 0.25 * 255 / shrink
