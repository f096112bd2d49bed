"""The icon: on the window, and in the files that a desktop reads."""

import configparser

import numpy as np
import pytest
from PIL import Image

from sgview import resources
from sgview.gfx import icon
from sgview.gfx.window import Window
from tests.support import ROOT


@pytest.mark.gl
def test_the_window_has_the_icon(screen, monkeypatch: pytest.MonkeyPatch) -> None:
    given, hand_over = [], icon.glfw.set_window_icon

    def keep(window: object, count: int, images: list) -> None:
        given.append(images)
        hand_over(window, count, images)

    monkeypatch.setattr(icon.glfw, "set_window_icon", keep)
    with Window("sgview icon", 200, 100):
        ((width, height, pixels),) = given[0]
    assert np.array_equal(np.array(pixels), np.load(resources.asset("icon.npy")))
    assert (width, height) == np.array(pixels).shape[1::-1]


def test_what_a_desktop_reads() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment]
    entry.read(ROOT / "packaging" / "sgview.desktop", encoding="utf-8")
    assert entry["Desktop Entry"]["Exec"] == "sgview %F"
    with Image.open(resources.asset("icon.png")) as picture:
        assert picture.size == (128, 128)
        alpha = np.asarray(picture.convert("RGBA"))[..., 3]
    assert alpha[0, 0] == 0 and alpha[64, 64] == 255
