"""Small files that once took minutes and gigabytes: what reading one costs follows its size."""

import gc
import io
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from stylegan3 import StyleGAN2Config
from stylegan3.checkpoints.errors import brief
from stylegan3.checkpoints.pickle.values import Stub
from tests.support import DATA

MOST_MEMORY = 50e6  # above the file [bytes]
MOST_TIME = 3.0  # a tenth of it without the tracing, on a quiet machine [s]

NETWORK = b"\x80\x02cdnnlib.tflib.network\nNetwork\n)\x81}("  # its state follows, then "ub."


def text(value: bytes) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value


def laughs(depth: int, memo: int = 0) -> bytes:
    """Lists of ten lists of ten .."""
    made = b"](" + text(b"lol") * 10 + b"e" + b"r" + struct.pack("<I", memo) + b"0"
    for n in range(memo, memo + depth - 1):
        made += b"](" + (b"j" + struct.pack("<I", n)) * 10 + b"e"
        made += b"r" + struct.pack("<I", n + 1) + b"0"
    return made + b"j" + struct.pack("<I", memo + depth - 1)


def deep(depth: int) -> bytes:
    return b"]" * depth + b"a" * (depth - 1)


def repeated(function: bytes, argument: bytes, times: int = 20_000) -> bytes:
    """Let `_rebuild_from_type_v2` call a constructor over and over, each copying its argument."""
    data = b"\x80\x02" + argument + b"r\x01\x00\x00\x000"
    data += b"ctorch._tensor\n_rebuild_from_type_v2\nr\x02\x00\x00\x000"
    data += b"c" + function + b"r\x03\x00\x00\x000"
    data += b"(j\x03\x00\x00\x00Nj\x01\x00\x00\x00\x85Ntr\x04\x00\x00\x000"
    return data + b"](" + b"j\x02\x00\x00\x00j\x04\x00\x00\x00R" * times + b"e."


def table(entries: int) -> bytes:
    return b"}(" + b"".join(b"J" + struct.pack("<i", n) + b"N" for n in range(entries)) + b"u"


def network(**state: bytes) -> bytes:
    items = b"".join(text(name.encode()) + value for name, value in state.items())
    return NETWORK + items + b"ub."


def nameless_zip() -> bytes:
    """An archive of which one entry has no name in the central directory."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("x/data.pkl", b"\x80\x02}.")
        archive.writestr("n", b"")
    whole = bytearray(data.getvalue())
    entry = whole.rindex(b"PK\x01\x02")
    whole[entry + 28 : entry + 30] = b"\0\0"  # the length of the name
    whole[entry + 30 : entry + 32] = b"\1\0"  # its byte is extra data now
    return bytes(whole)


FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "laughing version": (lambda: network(version=laughs(8)), "a TensorFlow network without"),
    "deep version": (lambda: network(version=deep(50_000)), "a TensorFlow network without"),
    "copied dictionary": (
        lambda: repeated(b"collections\nOrderedDict\n", table(20_000)),
        "far more objects",
    ),
    "copied dictionaries in twos": (
        lambda: repeated(b"builtins\ndict\n", table(20_000)),
        "far more objects",
    ),
    "copied text": (
        lambda: repeated(b"_codecs\nencode\n", text(b"a" * 900_000)),
        "far more objects",
    ),
    "copied list": (
        lambda: repeated(b"builtins\nset\n", b"](" + b"N" * 50_000 + b"e"),
        "",  # nothing is copied: only what a checkpoint lacks is said
    ),
    "a zip with a nameless entry": (nameless_zip, "no name"),
    "deep tree": (lambda: b"\x80\x02" + deep(100_000) + b".", "no StyleGAN generator"),
    "deep dictionary": (
        lambda: b"\x80\x02" + (b"}" + text(b"G_ema")) * 20_000 + b"N" + b"s" * 20_000 + b".",
        "",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_small_file_costs_no_more_than_a_small_file(name: str, forge, tmp_path: Path) -> None:
    make, words = FILES[name]
    path = tmp_path / "small"
    path.write_bytes(make())
    size = path.stat().st_size
    tracemalloc.start()
    start = time.process_time()
    cause = forge.refused(path)
    seconds = time.process_time() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert words in cause
    assert len(cause) < 500
    assert seconds < MOST_TIME
    assert peak < MOST_MEMORY + size


@pytest.mark.parametrize("name", FILES)
def test_a_small_file_takes_at_most_a_fifth_of_a_second(name: str, forge, tmp_path: Path) -> None:
    """Of the processor's time; the best of five, since other programs slow it down."""
    path = tmp_path / "small"
    path.write_bytes(FILES[name][0]())
    seconds = []
    for _ in range(5):
        start = time.process_time()
        forge.refused(path)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.2


def test_reading_leaves_the_collector_as_it_was(forge, tmp_path: Path) -> None:
    path = tmp_path / "small"
    path.write_bytes(b"\x80\x02" + deep(10) + b"?")
    assert gc.isenabled()
    forge.refused(path)
    assert gc.isenabled()
    gc.disable()
    try:
        forge.refused(path)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_file_that_took_half_a_minute(forge) -> None:
    start = time.process_time()
    cause = forge.refused(DATA / "faults" / "hostile" / "tf-version-laughs8.pkl")
    assert "a TensorFlow network without" in cause
    assert time.process_time() - start < 1.0


def test_two_laughing_sides_are_not_compared(forge, tmp_path: Path) -> None:
    """Reached by a file that is a whole generator but for its size: asked of the function here."""
    from stylegan3.checkpoints.errors import UnusableError
    from stylegan3.checkpoints.readers.tensorflow_options import check_geometry

    def laugh() -> list:
        value: list = ["lol"] * 10
        for _ in range(8):
            value = [value] * 10
        return value

    kwargs = {"resolution_w": laugh(), "resolution_h": laugh()}
    start = time.process_time()
    with pytest.raises(UnusableError, match="resolution_h = a tuple"):
        check_geometry(kwargs, StyleGAN2Config(img_resolution=16), (4, 4))
    assert time.process_time() - start < 1.0


def test_values_are_named_in_brief() -> None:
    assert brief(3) == "3"
    assert brief(None) == "None"
    assert brief("x" * 100) == "x" * 20
    assert brief([["lol"] * 10] * 10) == "(list)"
    stub = Stub(None, args=([1] * 1000,))
    stub.state = stub
    assert repr(stub) == "Stub()"
    assert brief(stub) == "(Stub)"
