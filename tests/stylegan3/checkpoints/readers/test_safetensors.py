"""The project's own format: written whole or not at all, and checked when it is read."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from stylegan3.checkpoints import CheckpointError, read, save_safetensors


@pytest.fixture
def path(tmp_path):
    return tmp_path / "network.safetensors"


def test_generators_are_saved_as_they_are_now(small2, path):
    save_safetensors(small2, path)
    checkpoint = read(path)
    assert checkpoint.config == small2.config
    assert checkpoint.source_format == "safetensors"
    assert list(checkpoint.state_dict) == list(small2.state_dict())
    for name, tensor in small2.state_dict().items():
        assert torch.equal(checkpoint.state_dict[name], tensor), name


def test_other_programs_can_read_it(small3, path):
    save_safetensors(small3, path)
    with safe_open(path, "pt") as file:
        assert json.loads(file.metadata()["stylegan3.config"])["family"] == "stylegan3"
        assert torch.equal(file.get_tensor("mapping.w_avg"), small3.mapping.w_avg)


def test_half_the_size(small2, path):
    save_safetensors(small2, path)
    whole = path.stat().st_size
    save_safetensors(small2, path, is_half=True)
    assert path.stat().st_size < 0.8 * whole
    stored = read(path, dtype=None).state_dict
    assert stored["synthesis.b8.conv1.weight"].dtype == torch.float16
    for name in ("mapping.w_avg", "synthesis.b8.conv1.noise_const", "synthesis.b8.conv1.bias"):
        assert torch.equal(stored[name], small2.state_dict()[name])
    assert {tensor.dtype for tensor in read(path).state_dict.values()} == {torch.float32}


def test_weights_too_large_for_float16_stay(small2, forge, path, tmp_path):
    save_safetensors(small2, path)
    checkpoint = read(path)
    checkpoint.state_dict["mapping.fc0.weight"][0, 0] = 1e6
    save_safetensors(checkpoint, path, is_half=True)
    assert read(path).state_dict["mapping.fc0.weight"][0, 0] == 1e6


def test_nothing_is_left_when_writing_fails(small2, path, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", fail)
    with pytest.raises(CheckpointError, match="cannot be written: No space left on device"):
        save_safetensors(small2, path)
    assert list(path.parent.iterdir()) == []


def test_folders_that_do_not_exist(small2, tmp_path):
    with pytest.raises(CheckpointError, match="cannot be written: No such file"):
        save_safetensors(small2, tmp_path / "none" / "a.safetensors")


def test_published_names_of_another_program(small3, path):
    save_file(small3.state_dict(), path)
    checkpoint = read(path)
    assert checkpoint.config == small3.config


def test_tensors_of_another_network(forge, path):
    save_file({"model.diffusion_model.out.weight": torch.zeros(2)}, path)
    assert "latent diffusion" in forge.refused(path)
    save_file({"weight": torch.zeros(2)}, path)
    assert "it holds weight" in forge.refused(path)


def rewrite(path, change):
    """Change the header in place."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = change(json.loads(data[8 : 8 + length]))
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])


def put(**changes):
    def change(header):
        header["mapping.w_avg"] |= changes
        return header

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put(shape=[1 << 40]), "does not fit in it"),
        (put(shape=[-8]), "invalid"),
        (put(shape="8"), "invalid"),
        (put(shape=[8.0]), "invalid"),
        (put(shape=[True]), "invalid"),
        (put(shape=[1] * 40), "invalid"),
        (put(data_offsets=[0, 1 << 40]), "does not fit in it"),
        (put(data_offsets=[32, 0]), "does not fit in it"),
        (put(data_offsets=[0]), "invalid"),
        (put(dtype="F8_E4M3"), "not supported"),
        (put(dtype=7), "invalid"),
        (put(dtype="I32"), "torch.int32"),
        (lambda h: h | {"mapping.w_avg": 7}, "invalid"),
        (lambda h: {k: v for k, v in h.items() if k != "mapping.fc0.bias"}, "1 missing"),
        (lambda h: h | {"extra": h["mapping.fc0.bias"]}, "1 surplus (extra)"),
        (lambda h: h | {"__metadata__": 7}, "metadata"),
        (lambda h: h | {"__metadata__": {"stylegan3.config": 7}}, "metadata"),
        (lambda _: b"{" * 100, "no JSON"),
        (lambda _: b'{"a":' + b"[" * 200_000 + b"}", "no JSON"),
        (lambda _: b'{"a": ' + b"9" * 5000 + b"}", "no JSON"),
        (lambda _: b'{"\xff": 1}', "no JSON"),
    ],
)
def test_damaged_headers(small2, forge, path, change, words):
    save_safetensors(small2, path)
    rewrite(path, change)
    assert words in forge.refused(path)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("no json", "no JSON"),
        ("[1]", "no table"),
        ('{"family": "stylegan9"}', "stylegan9"),
        ('{"family": "stylegan3", "num_layers": 1000000000}', "num_layers"),
        ('{"family": "stylegan3", "img_resolution": NaN}', "impossible"),
        ('{"family": "stylegan3", "img_resolution": 1099511627776}', "the most is 8192"),
        ('{"family": "stylegan2", "resample_filter": [[1]]}', "no plain value"),
        ('{"family": "stylegan2", "depth": 1}', "depth"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_damaged_configurations(small2, forge, path, values, words):
    save_safetensors(small2, path)

    def change(header):
        header["__metadata__"]["stylegan3.config"] = values
        return header

    rewrite(path, change)
    assert words in forge.refused(path)


def test_newer_versions(small2, forge, path):
    save_safetensors(small2, path)

    def change(header):
        header["__metadata__"]["stylegan3.version"] = "2"
        return header

    rewrite(path, change)
    assert "newer version (format 2): update" in forge.refused(path)


@pytest.mark.parametrize("length", [0, 7, 8, 9, 100, -1])
def test_truncated_files(small2, forge, path, length):
    save_safetensors(small2, path)
    path.write_bytes(path.read_bytes()[:length])
    assert forge.refused(path)


def test_headers_that_claim_much(forge, path):
    path.write_bytes((1 << 31).to_bytes(8, "little") + b'{"a"' + bytes(100))
    assert "header does not fit" in forge.refused(path)


def test_one_tensor_claimed_by_many_names(forge, small2, path):
    """Every name points at the same bytes: more is claimed than the file holds."""
    save_safetensors(small2, path)

    def change(header):
        shared = header["synthesis.b8.conv1.weight"]
        return header | {f"extra{i}.weight": shared for i in range(1000)}

    rewrite(path, change)
    assert "1000 surplus" in forge.refused(path)
