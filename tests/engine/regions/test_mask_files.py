"""PNG files as masks: every kind of pixel, and what is refused."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sgview.engine.regions import mask_files
from sgview.engine.regions.mask_files import MaskFileError, MaskFiles, read_mask


def test_grey_times_alpha_of_every_kind(tmp_path: Path) -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    path = tmp_path / "a.png"
    Image.fromarray(grey).save(path)
    assert np.allclose(read_mask(path).numpy(), grey / 255, atol=1e-6)
    Image.fromarray(grey).convert("RGB").save(path)
    assert np.allclose(read_mask(path).numpy(), grey / 255, atol=1e-6)
    Image.fromarray(grey.astype(np.uint16) * 257).save(path)
    assert np.allclose(read_mask(path).numpy(), grey / 255, atol=1e-6)
    alpha = np.full_like(grey, 51)
    Image.fromarray(np.stack([grey, grey, grey, alpha], -1)).save(path)
    assert np.allclose(read_mask(path).numpy(), grey / 255 * 0.2, atol=1e-6)
    Image.fromarray(grey > 100).save(path)
    assert np.array_equal(read_mask(path).numpy(), grey > 100)


def test_a_large_one_is_made_smaller(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.new("L", (4000, 10), 255).save(path)
    found = read_mask(path)
    assert found.shape == (3, 1000) and found.mean() == 1.0


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb() -> bytes:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data)


def test_what_is_no_mask_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    Image.new("L", (64, 64), 255).save(path)
    whole = path.read_bytes()
    for data in (b"", b"GIF89a", whole[:60], whole[:40] + b"\xff" * 20, bomb()):
        path.write_bytes(data)
        with pytest.raises(MaskFileError, match=r"a\.png"):
            read_mask(path)
    Image.new("L", (8, 8)).save(path, format="GIF")
    with pytest.raises(MaskFileError, match="cannot be read as a PNG"):
        read_mask(path)
    Image.new("L", (64, 64), 255).save(path)
    monkeypatch.setattr(mask_files, "LARGEST", 10)
    with pytest.raises(MaskFileError, match="larger than any mask"):
        read_mask(path)
    with pytest.raises(MaskFileError):
        read_mask(tmp_path / "none.png")


def test_each_is_read_once_and_told_of_once(tmp_path: Path) -> None:
    path, files = tmp_path / "a.png", MaskFiles(lambda name: Path(name))
    assert files.read("") is None and files.take_notices() == []
    assert files.read(str(path)) is None and files.read(str(path)) is None
    assert len(files.take_notices()) == 1 and files.take_notices() == []
    Image.new("L", (4, 4), 255).save(path)
    assert files.read(str(path)) is None
    files.forget()
    found = files.read(str(path))
    assert found is not None and files.read(str(path)) is found
