"""JPEG for the page: the right pixels, and other threads go on meanwhile."""

import io
import sys
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from sgview.outputs.page.jpeg import JpegEncoder
from sgview.outputs.picture import channels_to_keep
from sgview.outputs.png import encode_png
from tests.support.until import until

y, x = np.mgrid[0:300, 0:200]
PICTURE = np.stack([x, y % 256, 255 - x, x * 0 + 9], -1).astype(np.uint8)


def test_each_file_holds_its_own_picture_and_no_more() -> None:
    with JpegEncoder(80) as encoder:
        large = encoder.encode(PICTURE)
        small = encoder.encode(PICTURE[:40, :50])
        opaque = encoder.encode(PICTURE[..., :3])
    for data, pixels in ((large, PICTURE), (small, PICTURE[:40, :50]), (opaque, PICTURE)):
        found = np.asarray(Image.open(io.BytesIO(data)))
        assert found.shape == (*pixels.shape[:2], 3)
        assert np.abs(found.astype(int) - pixels[..., :3]).mean() < 3
    assert len(small) < len(large) == len(opaque)
    assert data.endswith(b"\xff\xd9")


def test_reading_only_pixels_are_taken() -> None:
    """As outputs have them: shared, so that nobody may write."""
    pixels = PICTURE.copy()
    pixels.flags.writeable = False
    with JpegEncoder(80) as encoder:
        assert encoder.encode(pixels)[:2] == b"\xff\xd8"
    encoder.close()


def as_png(pixels: np.ndarray) -> object:
    return encode_png(channels_to_keep(pixels))


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_other_threads_play_while_a_picture_is_encoded(kind: str) -> None:
    pixels = np.tile(PICTURE, (6, 8, 1))
    pixels[..., 3] = 255
    encoder = JpegEncoder(80)
    encode: Callable[[np.ndarray], object] = encoder.encode if kind == "jpeg" else as_png
    encode(pixels)  # what is imported by then is
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000.0)  # who runs goes on until it lets others

    def was_let() -> bool:
        """Encode once, and return whether this thread ran in the middle of it."""
        steps: list[str] = []
        go = threading.Event()

        def work() -> None:
            go.wait()
            steps.append("begun")
            encode(pixels)
            steps.append("done")

        thread = threading.Thread(target=work)
        thread.start()
        go.set()
        seen = set()
        while thread.is_alive():
            seen.add(len(steps))
            time.sleep(0)
        return 1 in seen

    try:
        until(was_let)
    finally:
        sys.setswitchinterval(interval)
        encoder.close()
