import numpy as np
import pytest

from sgview.gfx.placement import Rect, around, place

SPACE = Rect(10, 20, 300, 200)


@pytest.mark.parametrize(
    ("picture", "fit", "expected"),
    [
        ((64, 64), "fit", Rect(60, 20, 200, 200)),
        ((64, 64), "fill", Rect(10, -30, 300, 300)),
        ((64, 64), "1:1", Rect(128, 88, 64, 64)),
        ((600, 400), "fit", SPACE),
        ((600, 400), "fill", SPACE),
        ((600, 400), "1:1", Rect(-140, -80, 600, 400)),
        ((1000, 10), "fit", Rect(10, 118, 300, 3)),
        ((100_000, 1), "fit", Rect(10, 119, 300, 1)),
    ],
)
def test_place(picture: tuple[int, int], fit, expected: Rect) -> None:
    assert place(picture, SPACE, fit) == expected


@pytest.mark.parametrize("fit", ["fit", "fill", "1:1"])
@pytest.mark.parametrize("picture", [(1, 1), (37, 53), (1044, 1044), (7, 4000)])
def test_is_centred_to_a_pixel(picture: tuple[int, int], fit) -> None:
    rect = place(picture, SPACE, fit)
    assert abs(2 * rect.x + rect.width - (2 * SPACE.x + SPACE.width)) <= 1
    assert abs(2 * rect.y + rect.height - (2 * SPACE.y + SPACE.height)) <= 1


@pytest.mark.parametrize(
    "hole",
    [
        Rect(50, 60, 100, 80),
        Rect(10, 20, 250, 180),  # in a corner
        Rect(10, 20, 300, 200),  # all of it
        Rect(-50, 100, 100, 1000),  # overhanging
        Rect(500, 500, 10, 10),  # beside it
        Rect(50, 60, 0, 80),
    ],
)
def test_around_a_hole_every_pixel_is_covered_once(hole: Rect) -> None:
    covered = np.zeros((300, 400), int)
    for x, y, width, height in around(SPACE, hole):
        covered[y : y + height, x : x + width] += 1
    expected = np.zeros_like(covered)
    expected[SPACE.y : SPACE.y + SPACE.height, SPACE.x : SPACE.x + SPACE.width] = 1
    expected[
        max(hole.y, 0) : max(hole.y + hole.height, 0), max(hole.x, 0) : max(hole.x + hole.width, 0)
    ] = 0
    assert (covered == expected).all()


def test_zoom_enlarges_about_the_centre() -> None:
    space = Rect(10, 20, 400, 300)
    assert place((100, 100), space, "fit", 2.0) == Rect(10 - 100, 20 - 150, 600, 600)
    assert place((100, 100), space, "1:1", 0.5) == Rect(10 + 175, 20 + 125, 50, 50)
    assert place((100, 100), space, "stretch", 2.0) == space
