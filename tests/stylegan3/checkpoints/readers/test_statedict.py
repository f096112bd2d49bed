"""Tensors by name: rosinality's layout, encoders, and published names, in every container."""

import time
import zipfile
from argparse import Namespace

import pytest
import torch

from stylegan3.checkpoints import read
from tests.support.networks import SMALL1, lively


@pytest.fixture
def rosinality(forge):
    return torch.load(forge.DATA / "sg2-rosinality-64.pt", weights_only=True)


@pytest.fixture
def saved(tmp_path):
    def saved(value, **options):
        path = tmp_path / "file.pt"
        torch.save(value, path, **options)
        return path

    return saved


@pytest.fixture
def expected(forge):
    return read(forge.DATA / "sg2-rosinality-64.pt").state_dict


def assert_same(checkpoint, expected, but=()):
    assert checkpoint.state_dict.keys() == expected.keys()
    for name, tensor in expected.items():
        if name not in but:
            assert torch.equal(checkpoint.state_dict[name], tensor), name


def test_older_stream_of_torch(saved, rosinality, expected):
    path = saved(rosinality, _use_new_zipfile_serialization=False)
    assert_same(read(path), expected)


def test_training_checkpoint_with_optimisers(saved, rosinality, expected):
    weight = torch.nn.Parameter(torch.ones(3))
    adam = torch.optim.Adam([weight])
    weight.grad = torch.ones(3)
    adam.step()
    whole = {
        "g": {k: v + 1 for k, v in rosinality["g_ema"].items()},
        "d": {"final_conv.0.weight": torch.ones(3)},
        "g_ema": rosinality["g_ema"],
        "g_optim": adam.state_dict(),
        "args": Namespace(lr=0.002, size=64),
        "latent_avg": rosinality["latent_avg"],
        "ada_aug_p": 0.25,
    }
    checkpoint = read(saved(whole))
    assert_same(checkpoint, expected)
    assert len(checkpoint.notes) == 1 and "is assumed" in checkpoint.notes[0]
    assert checkpoint.training == {"ada_aug_p": 0.25}


def test_training_weights_only(saved, rosinality, expected):
    checkpoint = read(saved({"g": rosinality["g_ema"], "latent_avg": rosinality["latent_avg"]}))
    assert_same(checkpoint, expected)
    assert "training weights g are used" in checkpoint.notes[0]


def test_without_average_latent(saved, rosinality, expected):
    for value in ({"g_ema": rosinality["g_ema"]}, rosinality["g_ema"]):
        checkpoint = read(saved(value))
        assert_same(checkpoint, expected, but=["mapping.w_avg"])
        assert "10000 mapped samples" in checkpoint.notes[0]
        assert checkpoint.state_dict["mapping.w_avg"].any()


def test_without_noise_pictures(saved, rosinality, expected):
    kept = {k: v for k, v in rosinality["g_ema"].items() if not k.startswith("noises.")}
    checkpoint = read(saved({"g_ema": kept, "latent_avg": rosinality["latent_avg"]}))
    silent = [name for name in expected if name.endswith("noise_const")]
    assert_same(checkpoint, expected, but=silent)
    assert "9 layers" in checkpoint.notes[0]


def test_without_blur_kernels(saved, rosinality, expected):
    kept = {k: v for k, v in rosinality["g_ema"].items() if "kernel" not in k}
    checkpoint = read(saved({"g_ema": kept, "latent_avg": rosinality["latent_avg"]}))
    assert_same(checkpoint, expected)


@pytest.mark.parametrize("rows", [None, 1, 10])
def test_encoders_of_psp_kind(saved, rosinality, expected, rows):
    average = rosinality["latent_avg"]
    value = {
        "state_dict": {f"decoder.{k}": v for k, v in rosinality["g_ema"].items()}
        | {"encoder.input_layer.0.weight": torch.zeros(4, 3, 3, 3)},
        "latent_avg": average if rows is None else average.repeat(rows, 1),
        "opts": {"output_size": 64},
    }
    checkpoint = read(saved(value))
    assert_same(checkpoint, expected)
    assert checkpoint.source_format.startswith("decoder in an encoder's checkpoint")
    assert "decoder is used" in checkpoint.notes[-2]


def test_weights_of_parallel_training(saved, rosinality, expected):
    value = {"g_ema": {f"module.{k}": v for k, v in rosinality["g_ema"].items()}}
    value["latent_avg"] = rosinality["latent_avg"]
    assert_same(read(saved(value)), expected)


@pytest.mark.parametrize("prefix", ["", "decoder."])
def test_published_names_of_stylegan3(saved, small3, prefix):
    state = {f"{prefix}{k}": v for k, v in small3.state_dict().items()}
    checkpoint = read(saved({"state_dict": state, "latent_avg": torch.zeros(8)}))
    assert checkpoint.config == small3.config
    assert_same(checkpoint, small3.state_dict())


@pytest.mark.parametrize("key", ["G_ema", "g_ema", "ema", "state_dict", "model"])
def test_published_names_of_stylegan2(saved, small2, key):
    checkpoint = read(saved({key: small2.state_dict()}))
    assert checkpoint.config == small2.config
    assert_same(checkpoint, small2.state_dict())


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize("has_key", [True, False])
def test_a_whole_module_in_a_torch_file(forge, small3, tmp_path, is_zip, has_key):
    """`torch.save(G_ema)`: pickled modules whose storages lie beside the pickle."""
    module = forge.persistent(small3, forge.sg3_kwargs(small3.config))
    path = tmp_path / "module.pt"
    torch.save(
        {"G_ema": module} if has_key else module,
        path,
        pickle_module=forge.pickle_module,
        _use_new_zipfile_serialization=is_zip,
    )
    assert_same(read(path), small3.state_dict())


def test_surplus_tensors_are_an_error(saved, rosinality, forge):
    rosinality["g_ema"]["attention.0.weight"] = torch.zeros(3)
    assert "1 surplus (attention.0.weight)" in forge.refused(saved(rosinality))


def test_missing_tensors_are_an_error(saved, rosinality, forge):
    del rosinality["g_ema"]["convs.3.conv.weight"]
    assert "b16.conv1.weight" in forge.refused(saved(rosinality))


@pytest.mark.parametrize(
    ("name", "shape", "words"),
    [
        ("convs.3.conv.weight", (1, 24, 24, 5, 5), "misshapen"),
        ("convs.3.conv.weight", (24,), "shape"),
        ("convs.0.conv.blur.kernel", (4,), "blur kernel"),
        ("convs.0.conv.blur.kernel", (400, 400), "blur kernel"),
        ("style.1.weight", (0, 32), "shape"),
        ("style.1.weight", (), "shape"),
        ("input.input", (1, 24, 4, 8), "b4.conv1.noise_const is [4, 4] instead of [4, 8]"),
    ],
)
def test_wrong_shapes(saved, rosinality, forge, name, shape, words):
    rosinality["g_ema"][name] = torch.zeros(shape)
    assert words in forge.refused(saved(rosinality))


def test_whole_numbers_are_no_weights(saved, rosinality, forge):
    name = "style.1.weight"
    rosinality["g_ema"][name] = rosinality["g_ema"][name].long()
    assert "torch.int64" in forge.refused(saved(rosinality))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions(saved, rosinality, expected, dtype):
    rosinality["g_ema"] = {k: v.to(dtype) for k, v in rosinality["g_ema"].items()}
    for legacy in (True, False):
        state = read(saved(rosinality, _use_new_zipfile_serialization=not legacy)).state_dict
        name = "mapping.fc0.weight"
        assert state[name].dtype == torch.float32
        assert torch.equal(state[name], expected[name].to(dtype).float())


def assert_generator(checkpoint, generator):
    assert checkpoint.config == generator.config
    assert_same(checkpoint, generator.state_dict())


PREFIXES = ["_orig_mod.", "generator_ema.", "module.", "G_ema.module._orig_mod.", "net.", "x.y.z."]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("small", ["small2", "small3"])
def test_any_prefix_of_published_names(saved, request, prefix, small):
    generator = request.getfixturevalue(small)
    state = {prefix + name: tensor for name, tensor in generator.state_dict().items()}
    assert_generator(read(saved(state)), generator)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_any_prefix_of_rosinality_names(saved, rosinality, expected, prefix):
    state = {prefix + name: tensor for name, tensor in rosinality["g_ema"].items()}
    checkpoint = read(saved({"weights": state, "latent_avg": rosinality["latent_avg"]}))
    assert_same(checkpoint, expected)


def worse(state):
    return {name: tensor + 1 for name, tensor in state.items()}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda good, bad: {"generator": bad, "generator_ema": good},
        lambda good, bad: {"G": bad, "other": good},
        lambda good, bad: {"params": bad, "params_ema": good},
        lambda good, bad: {"models": {"g_running": good, "generator": bad}},
        lambda good, bad: {"models": {"netG": bad, "generator_smooth": good}},
        lambda good, bad: [bad, {"ema": good}],
        lambda good, bad: (
            {f"G.{k}": v for k, v in bad.items()} | {f"G_ema.{k}": v for k, v in good.items()}
        ),
    ],
)
def test_averaged_weights_are_preferred(saved, small2, wrap):
    state = small2.state_dict()
    discriminator = {"b4.mbstd.weight": torch.ones(2), "mapping.fc0.weight": torch.ones(2, 2)}
    tree = wrap(state, worse(state))
    if isinstance(tree, dict):
        tree["D"] = discriminator
    assert_generator(read(saved(tree)), small2)


def split(generator, mapping, synthesis):
    state = generator.state_dict()
    parts = {}
    for name, tensor in state.items():
        part, _, rest = name.partition(".")
        parts.setdefault(mapping if part == "mapping" else synthesis, {})[rest] = tensor
    return parts


@pytest.mark.parametrize(
    ("mapping", "synthesis"),
    [
        ("mapping", "synthesis"),
        ("G_mapping", "G_synthesis"),
        ("f", "g"),
        ("MappingNet", "SynthesisNet"),
    ],
)
@pytest.mark.parametrize("small", ["small2", "small3"])
def test_mapping_and_synthesis_apart(saved, request, mapping, synthesis, small):
    generator = request.getfixturevalue(small)
    parts = split(generator, mapping, synthesis)
    assert_generator(read(saved(parts)), generator)
    assert_generator(
        read(saved({"epoch": 3, "nets": parts, "d": {"b4.fc.weight": torch.ones(1)}})), generator
    )


@pytest.mark.parametrize("prefix", ["", "g_ema.", "x.module."])
def test_any_prefix_of_our_names_of_stylegan1(saved, prefix):
    generator = lively(SMALL1)
    state = {prefix + name: tensor for name, tensor in generator.state_dict().items()}
    checkpoint = read(saved(state))
    assert_same(checkpoint, generator.state_dict())
    assert checkpoint.family == "StyleGAN1" and "conv_clamp none" in checkpoint.notes[-1]


def test_apart_and_parallel(saved, small2):
    parts = split(small2, "mapping.module", "synthesis.module")
    assert_generator(read(saved(parts)), small2)


def test_a_synthesis_without_its_mapping(saved, small2, forge):
    parts = split(small2, "mapping", "synthesis")
    del parts["mapping"]
    assert "without the mapping network" in forge.refused(saved(parts))


def test_relatives_behind_a_prefix(saved, small2, forge):
    state = {f"net.backbone.{k}": v for k, v in small2.state_dict().items()}
    assert "EG3D" in forge.refused(saved(state))


@pytest.mark.parametrize("small", ["small2", "small3"])
def test_what_was_assumed_is_said(saved, request, small):
    note = read(saved(request.getfixturevalue(small).state_dict())).notes[-1]
    assert "is assumed" in note
    assert "conv_clamp 256.0" in note and "mapping_lr_multiplier 0.01" in note
    assert ("output_scale 0.25" in note) == (small == "small3")


def test_rosinality_assumes_no_clamp(saved, rosinality):
    note = read(saved(rosinality)).notes[-1]
    assert "conv_clamp none, mapping_lr_multiplier 0.01" in note


def test_keys_without_end(saved, small2, forge):
    tree = deepest = {}
    for _ in range(50):
        deepest["a"] = {}
        deepest = deepest["a"]
    deepest["g"] = small2.state_dict()
    assert "no StyleGAN generator" in forge.refused(saved(tree))


def test_names_that_end_alike_cost_little(saved, forge):
    """Ten thousand prefixes are no network, and must not take minutes."""
    one = torch.ones(1)
    state = {f"p{i}.mapping.fc0.weight": one for i in range(10_000)}
    state |= {f"p{i}.synthesis.b4.const": one for i in range(10_000)}
    path = saved(state)
    start = time.monotonic()
    forge.refused(path)
    assert time.monotonic() - start < 20  # [s], on a busy machine


def test_one_dictionary_in_many_places(saved, small2):
    state = small2.state_dict()
    assert_generator(read(saved({f"epoch_{i}": {"ema": state} for i in range(500)})), small2)


# -- the containers ------------------------------------------------------------------------------


def rezip(path, change, compression=zipfile.ZIP_STORED):
    """Write the archive anew; `change(name, data)` gives the new content or None to leave out."""
    with zipfile.ZipFile(path) as archive:
        files = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files:
            new = change(name, data)
            if new is not None:
                archive.writestr(name, new)


def test_storages_missing_from_the_archive(saved, rosinality, forge):
    path = saved(rosinality)
    rezip(path, lambda name, data: None if name.endswith("/data/3") else data)
    assert "storage 3 are missing" in forge.refused(path)


def test_storages_too_short(saved, rosinality, forge):
    path = saved(rosinality)
    rezip(path, lambda name, data: data[:-4] if name.endswith("/data/3") else data)
    assert "truncated" in forge.refused(path)


def test_compressed_archives(saved, rosinality, forge):
    path = saved(rosinality)
    rezip(path, lambda _, data: data, zipfile.ZIP_DEFLATED)
    assert "compressed zip archive" in forge.refused(path)


def test_big_endian_archives(saved, rosinality, forge):
    path = saved(rosinality)
    rezip(path, lambda name, data: b"big" if name.endswith("byteorder") else data)
    assert "big-endian" in forge.refused(path)


def test_other_archives(tmp_path, forge):
    path = tmp_path / "a.zip"
    for names, words in (
        (["readme.txt"], "without a torch checkpoint"),
        (["w.npy"], "arrays of NumPy, such as saved latents, and no network"),
        ([], "without a torch checkpoint"),
        (["m/data.pkl", "m/constants.pkl", "m/code/x.py"], "TorchScript"),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "x")
        assert words in forge.refused(path)


def test_truncated_archives(saved, rosinality, forge):
    path = saved(rosinality)
    whole = path.read_bytes()
    for length in (10, 1000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "truncated" in forge.refused(path)


def test_truncated_streams(saved, rosinality, forge):
    path = saved(rosinality, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    for length in (20, 60, 1000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "truncated" in forge.refused(path)
