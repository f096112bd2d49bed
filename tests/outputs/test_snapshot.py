import zlib
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from sgview.outputs.snapshot import (
    KEY,
    Latent,
    Snapshot,
    dated_name,
    load_snapshot,
    load_snapshot_params,
    save_snapshot,
)
from sgview.outputs.video import OutputError
from sgview.state.embedded_latent import KEY as LATENT_KEY
from sgview.state.embedded_latent import read_embedded
from sgview.state.motion import Motion
from sgview.state.params import Edit, Params, View
from sgview.state.validation import ConfigError
from tests.support.disk import full_disk

PARAMS = Params(edits=(Edit(tensor="synthesis.input.weight", expression="sin(t)"),), view=View())


def picture(height: int = 5, width: int = 7) -> np.ndarray:
    rgba8 = np.random.default_rng(1).integers(0, 256, (height, width, 4), dtype=np.uint8)
    return rgba8[:, ::-1]  # not contiguous, as a flipped one is


def test_pixels_and_parameters_come_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "shot.png"
    save_snapshot(path, picture(), PARAMS, t=1.25)
    with Image.open(path) as image:
        assert image.mode == "RGBA"
        assert image.info[f"{KEY}:t"] == "1.25"
        np.testing.assert_array_equal(np.asarray(image), picture())
    assert load_snapshot_params(path) == PARAMS


def test_names_sort_by_time() -> None:
    first = dated_name(datetime(2026, 1, 2, 3, 4, 5, 6000))
    second = dated_name(datetime(2026, 1, 2, 3, 4, 5, 123000))
    assert first == "sgview-20260102-030405-006.png"
    assert first < second


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file.*shot\.png cannot be written"):
        save_snapshot(tmp_path / "file" / "shot.png", picture(), PARAMS)


def write_png(path: Path, text: str | None) -> Path:
    info = PngImagePlugin.PngInfo()
    if text is not None:
        info.add_itxt(KEY, text)
    Image.new("RGB", (2, 2)).save(path, pnginfo=info)
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "was not written by sgview"),
        ("{", "damaged"),
        ("[" * 100_000, "damaged"),
        ("[1]", "not ones this program reads"),
        ('{"version": 99}', "version 99 is not one this program reads"),
        ('{"noise": {"perod": 1}}', r"noise\.perod.*`period`"),
    ],
)
def test_other_pictures_and_bad_parameters_say_what_is_wrong(
    tmp_path: Path, text: str | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        load_snapshot_params(write_png(tmp_path / "a.png", text))


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" * 9]
)
def test_files_that_are_no_png(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="not a PNG"):
        load_snapshot_params(path)
    with pytest.raises(ConfigError, match="not a PNG"):
        load_snapshot_params(tmp_path / "missing.png")


def test_a_full_disk_keeps_the_old_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text("old")
    with full_disk(100), pytest.raises(OutputError, match="cannot be written"):
        save_snapshot(path, np.zeros((64, 64, 4), np.uint8), Params())
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


def test_alpha_is_kept_where_a_picture_is_not_opaque(tmp_path: Path) -> None:
    pixels = np.full((4, 6, 4), 255, np.uint8)
    for name, alpha, mode in (("opaque.png", 255, "RGB"), ("clear.png", 17, "RGBA")):
        pixels[1, 2, 3] = alpha
        save_snapshot(tmp_path / name, pixels, Params())
        with Image.open(tmp_path / name) as image:
            assert image.mode == mode
            assert np.array_equal(np.asarray(image), pixels[..., : len(mode)])


def there(latent: Latent) -> Future[Latent]:
    future: Future[Latent] = Future()
    future.set_result(latent)
    return future


def test_where_it_was_and_its_latent_come_back(tmp_path: Path) -> None:
    motion = Motion(positions={"seed": 0.1, "plane.x": -2.5}, trail=(("seed 3", 0.25),))
    ws = np.random.default_rng(2).normal(size=(1, 18, 512)).astype(np.float32)
    path = tmp_path / "shot.png"
    latent = {"ws": ws, "network": np.array("blooms"), "network_hash": np.array("ab")}
    save_snapshot(path, picture(), PARAMS, motion=motion, latent=there(latent))
    assert load_snapshot(path) == Snapshot(PARAMS, motion, has_latent=True)
    with Image.open(path) as image:
        found = read_embedded(image.info[LATENT_KEY])
    assert (found.kind, found.rows, found.width) == ("w", 18, 512)
    assert (found.network, found.network_hash) == ("blooms", "ab")
    np.testing.assert_array_equal(np.frombuffer(found.numbers(), "<f4").reshape(ws.shape), ws)


def test_equal_rows_are_written_once_and_z_is_preferred(tmp_path: Path) -> None:
    ws, z = np.ones((1, 18, 64), np.float32), np.arange(64, dtype=np.float32)[None]
    for held, kind, numbers in (({"ws": ws}, "w", ws[0, 0]), ({"ws": ws, "z": z}, "z", z[0])):
        save_snapshot(tmp_path / "shot.png", picture(), PARAMS, latent=there(held))
        with Image.open(tmp_path / "shot.png") as image:
            found = read_embedded(image.info[LATENT_KEY])
        assert (found.kind, found.rows) == (kind, 1)
        np.testing.assert_array_equal(np.frombuffer(found.numbers(), "<f4"), numbers)


def test_a_latent_that_never_comes_keeps_no_picture_back(tmp_path: Path) -> None:
    save_snapshot(tmp_path / "shot.png", picture(), PARAMS, latent=Future(), patience=0.0)
    assert load_snapshot(tmp_path / "shot.png") == Snapshot(PARAMS)


def test_what_no_reader_of_png_takes_is_left_out(tmp_path: Path) -> None:
    ws = np.random.default_rng(3).normal(size=(1, 1000, 512)).astype(np.float32)
    save_snapshot(tmp_path / "shot.png", picture(), PARAMS, latent=there({"ws": ws}))
    assert load_snapshot(tmp_path / "shot.png") == Snapshot(PARAMS)


@pytest.mark.parametrize(
    "text", ["{", '{"positions": {"seed": 1e300}}', '{"positions": 3}', '{"a":' * 5000]
)
def test_damaged_positions_are_none(tmp_path: Path, text: str) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt(KEY, "{}")
    info.add_itxt(f"{KEY}:motion", text)
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png", pnginfo=info)
    assert load_snapshot(tmp_path / "a.png").motion is None


def test_a_latent_that_would_unpack_to_more_than_it_says_is_refused() -> None:
    import base64

    bomb = base64.b64encode(zlib.compress(bytes(1 << 24))).decode()
    text = f'{{"kind": "z", "rows": 1, "width": 4, "data": "{bomb}"}}'
    with pytest.raises(ValueError, match="damaged"):
        read_embedded(text).numbers()
    with pytest.raises(ValueError, match="no latent"):
        read_embedded('{"kind": "z", "rows": 0, "width": 4, "data": ""}')
    with pytest.raises(ValueError, match="no latent"):
        read_embedded('{"a":' * 5000)
