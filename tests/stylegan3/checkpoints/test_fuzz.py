"""Damaged files: whatever happens to the bytes, the file loads or is refused in one sentence."""

import io
import pickle
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stylegan3.checkpoints import CheckpointError, read, save_safetensors
from tests.support import DATA
from tests.support import stylegan1 as published

QUICK = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["set", "delete", "insert", "repeat", "cut"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 255),
        st.integers(1, 40),
    ),
    min_size=1,
    max_size=6,
)


def mutate(data: bytes, edits) -> bytes:
    changed = bytearray(data)
    for kind, where, byte, length in edits:
        at = int(where * len(changed))
        if kind == "set":
            changed[at : at + 1] = bytes([byte])
        elif kind == "delete":
            del changed[at : at + length]
        elif kind == "insert":
            changed[at:at] = bytes([byte]) * length
        elif kind == "repeat":
            changed[at:at] = changed[at : at + length]
        elif kind == "cut" and byte < 32:
            del changed[at:]
    return bytes(changed)


def load_or_refuse(path: Path, data: bytes) -> bool:
    path.write_bytes(data)
    try:
        checkpoint = read(path)
    except CheckpointError as error:
        assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
        return False
    assert checkpoint.state_dict
    return True


@pytest.fixture(scope="module")
def seeds(small2, small3, tmp_path_factory):
    """Small files of every format. Structure is what matters, so they hold few numbers."""
    folder = tmp_path_factory.mktemp("seeds")
    save_safetensors(small3, folder / "a.safetensors")
    files = {"safetensors": (folder / "a.safetensors").read_bytes()}
    for name, is_zip in (("zip", True), ("stream", False)):
        buffer = io.BytesIO()
        torch.save({"g_ema": small2.state_dict()}, buffer, _use_new_zipfile_serialization=is_zip)
        files[name] = buffer.getvalue()
    files["pytorch"] = (DATA / "sg3-r-64.pkl").read_bytes()
    files["dill"] = (DATA / "sgxl-r-sr-sr-uncond-64.pkl").read_bytes()
    files["tensorflow"] = (DATA / "sg2-tf-legacy-32.pkl").read_bytes()
    files["stylegan1"] = (DATA / "sg1-tf-cond-128.pkl").read_bytes()
    variables = published.tensorflow_variables({4: 16, 8: 16})
    for name, held in (
        ("rosinality", {"g_running": published.rosinality_tensors({4: 16, 8: 16})}),
        ("genforce", {"generator_smooth": published.genforce_tensors(variables)}),
    ):
        buffer = io.BytesIO()
        torch.save(held, buffer, _use_new_zipfile_serialization=False)
        files[name] = buffer.getvalue()
    return files


FORMATS = ["pytorch", "dill", "tensorflow", "zip", "stream", "safetensors"]
FORMATS += ["stylegan1", "rosinality", "genforce"]


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_files(seeds, tmp_path, name):
    seed = seeds[name]
    counts = {True: 0, False: 0}

    @QUICK
    @given(EDITS)
    def damage(edits):
        counts[load_or_refuse(tmp_path / "file", mutate(seed, edits))] += 1

    damage()
    assert counts[True] and counts[False] > 20  # both sides of the line were reached


OPCODES = st.sampled_from(
    [bytes([c]) for c in b"(.012NabdelostuR}])\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94bQ"]
    + [b"K\x01", b"h\x00", b"h\x01", b"q\x00", b"M\x01\x02", b"\x8c\x01a", b"C\x01x", b"I1\n"]
    + [b"ctorch._utils\n_rebuild_tensor_v2\n", b"cnumpy\ndtype\n", b"ccollections\nOrderedDict\n"]
    + [b"cnumpy.core.multiarray\n_reconstruct\n", b"cnumpy.core.multiarray\nscalar\n"]
    + [b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n", b"c_codecs\nencode\n"]
    + [b"cdnnlib.tflib.network\nNetwork\n", b"ctorch.storage\n_load_from_bytes\n"]
    + [b"ctorch._tensor\n_rebuild_from_type_v2\n", b"X\x05\x00\x00\x00G_ema", b"C\x04\x00\x00\x80?"]
    + [b"cdill._dill\n_import_module\n", b"cdill._dill\n_get_attr\n", b"cbuiltins\ngetattr\n"]
    + [b"cdill._dill\n_create_array\n", b"cdill._dill\n_load_type\n", b"X\x03\x00\x00\x00set"]
    + [b"cdill._dill\n_create_code\n", b"X\x0a\x00\x00\x00numpy.core"]
)


@settings(QUICK, max_examples=600)
@given(st.lists(OPCODES, max_size=60))
def test_random_programs_of_the_pickle_machine(tmp_path, opcodes):
    load_or_refuse(tmp_path / "file.pkl", b"\x80\x04" + b"".join(opcodes) + b".")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "G_ema",
                    "G",
                    "g_ema",
                    "state_dict",
                    "latent_avg",
                    "_modules",
                    "state",
                    "class_name",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
        | st.tuples(inner, inner)
    ),
    max_leaves=20,
)


@settings(QUICK, max_examples=300)
@given(VALUES, st.integers(0, 5))
def test_any_plain_data(tmp_path, value, protocol):
    assert not load_or_refuse(tmp_path / "file.pkl", pickle.dumps(value, protocol))
