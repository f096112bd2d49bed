"""The pickle machine: every protocol, plain values exactly, nothing executed."""

import datetime
import pickle
import tracemalloc
from collections import OrderedDict, defaultdict

import numpy as np
import pytest

from stylegan3.checkpoints.container.tensors import read_tensor
from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle.unpickler import Unpickler
from stylegan3.checkpoints.pickle.values import ArrayRef, EncodedText, Global, Stub
from stylegan3.checkpoints.source import Cursor, Source, Span

PLAIN = {
    "none": None,
    "flags": [True, False],
    "ints": [0, 1, 255, 256, 65535, 65536, -1, -(2**31), 2**31, 2**40, -(2**63), 10**30],
    "floats": (0.0, -1.5, 3.141592653589793, 1e300),
    "text": ["", "ascii", "ümläut ✓", "line\nbreak", "x" * 5000],
    "nested": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [[[{}]]], {"a": {"b": []}}),
    "many": list(range(3000)),
    3: "int key",
    None: "none key",
}


@pytest.fixture
def load(tmp_path):
    def load(data: bytes, **options):
        (tmp_path / "file").write_bytes(data)
        with Source(tmp_path / "file") as source:
            return Unpickler(Cursor(source, Span(0, source.size)), **options).load()

    return load


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values(load, protocol):
    value = load(pickle.dumps(PLAIN, protocol))
    assert value == PLAIN
    assert all(type(a) is type(b) for a, b in zip(value["floats"], PLAIN["floats"], strict=True))


@pytest.mark.parametrize("protocol", range(6))
def test_containers(load, protocol):
    value = {
        "ordered": OrderedDict([("b", 1), ("a", 2)]),
        "default": defaultdict(list),
        "set": {"x"},
        "frozen": frozenset(["y"]),
    }
    assert load(pickle.dumps(value, protocol)) == {
        "ordered": {"b": 1, "a": 2},
        "default": {},
        "set": ["x"],
        "frozen": ["y"],
    }


def test_memo_keeps_identity(load):
    shared = ["x"]
    first, second = load(pickle.dumps([shared, shared], 4))
    assert first is second


def test_a_structure_may_contain_itself(load):
    loop: list = []
    loop.append(loop)
    value = load(pickle.dumps(loop, 4))
    assert value[0] is value


@pytest.mark.parametrize("protocol", range(1, 6))
@pytest.mark.parametrize("numpy_1", [False, True])
def test_numpy_values(load, forge, tmp_path, protocol, numpy_1):
    array = (np.arange(3000) % 2000).astype(np.float32).reshape(30, 100)
    value = {
        "c": array,
        "f": np.asfortranarray(array),
        "half": array.astype(np.float16),
        "empty": np.zeros((0, 4), np.float32),
        "scalar": np.float64(2.5),
        "int": np.int64(-7),
        "flag": np.bool_(True),
        "text": np.array(["a"]),
    }
    data = forge.dump(value, protocol, numpy_1)
    assert (b"numpy.core" in data, b"numpy._core" in data) == (numpy_1, not numpy_1)
    found = load(data)
    assert (found["scalar"], found["int"], found["flag"]) == (2.5, -7, True)
    assert found["text"].ref is None
    with Source(tmp_path / "file") as source:
        for key in ("c", "f", "half"):
            ref = found[key]
            assert isinstance(ref, ArrayRef)
            tensor = read_tensor(source, key, ref.ref)
            np.testing.assert_array_equal(tensor.numpy(), array)
        assert read_tensor(source, "empty", found["empty"].ref).shape == (0, 4)


def test_arrays_of_python_2(load, tmp_path):
    """Python 2 wrote the bytes of arrays as text; some are no valid UTF-8."""
    array = np.linspace(-9, 9, 100, dtype=np.float32)
    raw = array.tobytes()
    data = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR"
        b"(K\x01Kd\x85cnumpy\ndtype\n(U\x02f4K\x00K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xff"
        b"J\xff\xff\xff\xffK\x00tb\x89T" + len(raw).to_bytes(4, "little") + raw + b"tb."
    )
    found = load(data)
    with Source(tmp_path / "file") as source:
        np.testing.assert_array_equal(read_tensor(source, "x", found.ref).numpy(), array)


def test_long_text_that_holds_bytes_stays_in_the_file(load, tmp_path):
    array = np.full(600_000, 1.7e38, np.float32)  # bytes above 127: text grows when written
    found = load(pickle.dumps(array, 2))
    assert isinstance(found.ref.storage.data, EncodedText)
    with Source(tmp_path / "file") as source:
        np.testing.assert_array_equal(read_tensor(source, "x", found.ref).numpy(), array)


def test_unknown_classes_become_stubs_that_absorb_everything(load, forge):
    thing = forge.Name("some.where", "Thing")
    made = forge.Call(thing, (1,), {"x": 2}, b"\x81", items=[5, 6])
    stub = load(forge.dump(made))
    assert (stub.cls, stub.args) == (Global("some.where", "Thing"), (1,))
    assert (stub.items, stub.state) == ([5, 6], {"x": 2})
    stub = load(forge.dump(forge.Call(thing, (1,), None, b"\x92", {"k": 3})))
    assert stub.kwargs == {"k": 3}
    called = load(forge.dump(forge.Call(forge.Call(thing), (1,))))
    assert isinstance(called.cls, Stub)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02(ccopy_reg\n_reconstructor\n" + b"ohoh.",
        b"(isome.where\nThing\n.",
        b"(csome.where\nThing\nK\x01o.",
        b"csome.where\nThing\n)R}b.",
        b"csome.where\nThing\n)\x81(K\x01K\x02u.",
    ],
)
def test_old_ways_of_making_objects(load, data):
    if b"ohoh" in data:
        with pytest.raises(UnusableError):
            load(data)
    else:
        assert load(data).cls == Global("some.where", "Thing")


def test_harmless_parts_of_the_standard_library(load):
    value = [datetime.date(2020, 2, 3), slice(1, 2), complex(1, 2), range(3)]
    assert all(isinstance(item, Stub) for item in load(pickle.dumps(value, 4)))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "truncated"),
        (b"\x80\x04", "truncated"),
        (b"\x80\x04.", "takes more values"),
        (b"\x80\x04(.", "takes more values"),
        (b"\x80\x04\xff.", "no pickle has the operation"),
        (b"\x80\x04h\x05.", "refers to a value that it lacks"),
        (b"\x80\x04K\x01K\x02s.", "takes more values"),
        (b"\x80\x04K\x01K\x02K\x03s.", "no dictionary"),
        (b"\x80\x04K\x01K\x02a.", "no list"),
        (b"\x80\x04t.", "no start of a list"),
        (b"\x80\x04}(K\x01u.", "without a value"),
        (b"\x80\x04K\x01K\x02\x93.", "no name"),
        (b"\x80\x04\x8b\xff\xff\xff\x7f.", "integer larger"),
        (b"\x80\x04\x8b\xff\xff\xff\xff.", "integer larger"),
        (b"\x80\x04B\xff\xff\xff\xff.", "truncated"),
        (b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", "truncated"),
        (b"\x80\x04X\xff\xff\xff\xff.", "truncated"),
        (b"\x80\x04T\xff\xff\xff\xff.", "negative length"),
        (b"Iabc\n.", "no number"),
        (b"L" + b"9" * 5000 + b"\n.", "no number"),
        (b"Fnothing\n.", "no number"),
        (b"S'open\n.", "no end"),
        (b"c" + b"x" * 10_000, "no end"),
        (b"c" + b"x" * 100_000 + b"\n\n.", "no end"),
        (b"\x80\x02\x82\x01.", "extension registry"),
        (b"\x80\x02\x84\x01\x00\x00\x00.", "extension registry"),
        (b"\x80\x05\x97.", "outside the file"),
        (b"\x80\x02K\x01Q.", "another file"),
        (b"P1\n.", "another file"),
        (b"\x80\x02csome\nThing\nK\x01R.", "no arguments"),
        (b"\x80\x02(o.", "no class"),
    ],
)
def test_damage_is_named(load, data, words):
    with pytest.raises(UnusableError, match=words):
        load(data)


def test_the_memo_takes_no_more_than_its_entries(load):
    assert load(b"\x80\x02K\x07r\xff\xff\xff\xff0j\xff\xff\xff\xff.") == 7


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02" + b"}" * 2_000_000,
        b"\x80\x02](" + b"K\x01" * 400_000 + b"eq\x00" + b"ccollections\ndeque\nh\x00\x85R0" * 9,
        b"\x80\x02](" + b"]K\x01aK\x02a" * 100_000 + b"eq\x00"
        b"0ccollections\nOrderedDict\nq\x01" + b"0h\x01h\x00\x85R" * 50 + b".",
    ],
)
def test_the_number_of_objects_is_bounded(load, data):
    with pytest.raises(UnusableError, match=r"far more objects|truncated"):
        load(data)


@pytest.mark.parametrize(
    "pattern",
    [
        b"]\x94",
        b"}\x94",
        b"(",
        b"h\x00h\x00)R\x94",
        b"h\x00)\x81}b\x94",
        b"G12345678\x94",
        b"]\x85\x94",
    ],
)
def test_memory_for_an_object_is_bounded(load, pattern):
    operations = 30_000
    tracemalloc.start()
    with pytest.raises(UnusableError, match="far more objects"):
        load(
            b"\x80\x04\x8c\x04some\x8c\x05Thing\x93\x94" + pattern * operations,
            most_operations=operations,
        )
    assert tracemalloc.get_traced_memory()[1] / operations < 300
    tracemalloc.stop()


def test_depth_is_no_danger(load):
    deep = load(b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b".")
    assert len(deep) == 1
    del deep
    deep = load(b"\x80\x02)" + b"\x85" * 200_000 + b".")
    assert len(deep) == 1
    del deep
    load(b"\x80\x02csome\nThing\nq\x00)R" + b"h\x00h\x00)R\x85R" * 1000 + b".")


def test_keys_that_are_slow_to_hash_are_never_hashed(load):
    """Forty doublings of a tuple would take 2**40 steps to hash."""
    value = load(b"\x80\x02}K\x01" + b"q\x00h\x00\x86" * 40 + b"K\x05s.")
    assert list(value.values()) == [5]
