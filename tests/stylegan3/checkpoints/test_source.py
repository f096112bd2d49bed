"""Bounded reading: every byte that is needed once, no byte of what is not."""

import struct

import pytest
import torch

from stylegan3 import Generator, StyleGAN2Config
from stylegan3.checkpoints import read
from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.source import Cursor, Source, Span


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 200)
    return path


def test_reading_by_position(path):
    with Source(path) as source:
        assert source.size == 51_200
        assert source.read(256, 3) == b"\0\1\2"
        target = bytearray(4)
        source.read_into(51_196, memoryview(target))
        assert target == bytes([252, 253, 254, 255])
        for start, length in ((-1, 2), (0, -1), (51_199, 2), (0, 51_201)):
            with pytest.raises(UnusableError, match="truncated"):
                source.read(start, length)


def test_cursors_cross_blocks(path):
    data = path.read_bytes()
    with Source(path) as source:
        cursor = Cursor(source, Span(100, 40_000))
        position = 100
        for length in (1, 5000, 3192, 1, 20_000, 0, 7):
            assert cursor.take(length) == data[position : position + length]
            position += length
            assert cursor.position == position
        assert cursor.skip(10) == Span(position, 10)
        assert cursor.take_number(struct.Struct("<H")) == int.from_bytes(
            data[position + 10 : position + 12], "little"
        )
        cursor.seek(110)
        assert cursor.take(1) == data[110:111]
        for position in (111, 8300):  # within the block, and beyond it
            cursor.seek(position)
            assert cursor.take_byte() == data[position]
            assert cursor.position == position + 1


def test_lines_may_cross_blocks(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 8190 + b"abcdef\n\nlast\nrest")
    with Source(path) as source:
        cursor = Cursor(source, Span(0, source.size))
        cursor.take(8190)
        assert [cursor.take_line() for _ in range(3)] == [b"abcdef", b"", b"last"]
        with pytest.raises(UnusableError, match="no end"):
            cursor.take_line()


def test_cursors_end_with_their_span(path):
    with Source(path) as source:
        cursor = Cursor(source, Span(0, 10))
        cursor.take(8)
        for read_on in (cursor.take, cursor.skip):
            with pytest.raises(UnusableError, match="truncated"):
                read_on(3)


def test_memory_is_rationed(path):
    with (
        Source(path) as source,
        pytest.raises(UnusableError, match="more data than the file holds"),
    ):
        for _ in range(100):
            source.charge(source.size)


def test_only_the_averaged_network_is_read_and_only_once(forge, tmp_path, monkeypatch):
    config = StyleGAN2Config(
        z_dim=64, w_dim=64, img_resolution=16, channel_base=2048, channel_max=128
    )
    generator = Generator(config)
    kwargs = forge.sg2_kwargs(config)
    three = {key: forge.persistent(generator, kwargs) for key in ("G", "D", "G_ema")}
    path = tmp_path / "network.pkl"
    path.write_bytes(forge.dump(three))
    count = 0
    fill = Source._fill

    def counting(self, start, target):
        nonlocal count
        count += len(target)
        fill(self, start, target)

    monkeypatch.setattr(Source, "_fill", counting)
    state = read(path).state_dict
    wanted = sum(tensor.nbytes for tensor in state.values())
    assert wanted < count < 1.5 * wanted < path.stat().st_size / 2
    owned = [tensor.untyped_storage().nbytes() == tensor.nbytes for tensor in state.values()]
    assert all(owned)
    assert torch.equal(state["mapping.fc0.weight"], generator.mapping.fc0.weight)
