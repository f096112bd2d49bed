import numpy as np
import pytest

from sgview.gfx.texture import Texture
from sgview.gfx.thumbnails import Thumbnails
from sgview.gfx.window import Window

pytestmark = pytest.mark.gl


def picture(level: int) -> np.ndarray:
    return np.full((8, 8, 4), level, np.uint8)


def test_pictures_are_uploaded_once_and_freed_when_they_go(
    context: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = []
    upload = Texture.upload
    monkeypatch.setattr(Texture, "upload", lambda s, p: uploads.append(p[0, 0, 0]) or upload(s, p))
    one, two = picture(10), picture(20)
    with Thumbnails() as thumbnails:
        first = thumbnails.show({"one": one, "two": two})
        assert set(first) == {"one", "two"}
        assert thumbnails.show({"one": one, "two": two}) == first
        assert uploads == [10, 20]
        assert thumbnails.show({"two": picture(30)}) == {"two": first["two"]}
        assert uploads == [10, 20, 30]
        texture = thumbnails._textures["two"][1]
        np.testing.assert_array_equal(texture.read(), picture(30))
    assert texture.id == 0
