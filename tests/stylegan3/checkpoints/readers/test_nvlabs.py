"""Pickles of the PyTorch programs in all the shapes in which they are published."""

from dataclasses import replace

import pytest
import torch

from stylegan3 import Generator, StyleGAN2Config
from stylegan3.checkpoints import read


@pytest.fixture
def written(tmp_path, forge):
    def written(value, **options):
        path = tmp_path / "network.pkl"
        path.write_bytes(forge.dump(value, **options))
        return read(path)

    return written


def assert_same(checkpoint, generator):
    state = generator.state_dict()
    assert list(checkpoint.state_dict) == list(state)
    for name, tensor in state.items():
        assert torch.equal(checkpoint.state_dict[name], tensor), name


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_every_protocol(written, forge, small3, protocol):
    module = forge.persistent(small3, forge.sg3_kwargs(small3.config))
    checkpoint = written({"G_ema": module}, protocol=protocol)
    assert checkpoint.config == small3.config
    assert checkpoint.notes == ()
    assert_same(checkpoint, small3)


def test_protocols_without_bytes(forge, small3, tmp_path):
    path = tmp_path / "network.pkl"
    module = forge.persistent(small3, forge.sg3_kwargs(small3.config))
    path.write_bytes(forge.dump({"G_ema": module}, protocol=2))
    assert "protocol 2" in forge.refused(path)


def test_averaged_weights_are_preferred(written, forge, small3):
    kwargs = forge.sg3_kwargs(small3.config)
    training = forge.persistent(Generator(small3.config), kwargs)
    averaged = forge.persistent(small3, kwargs)
    assert_same(written({"G": training, "D": None, "G_ema": averaged}), small3)
    assert_same(written({"G_ema": averaged}), small3)
    assert_same(written(averaged), small3)


def test_training_weights_when_there_are_no_others(written, forge, small3):
    module = forge.persistent(small3, forge.sg3_kwargs(small3.config))
    for value in ({"G": module, "D": None}, {"G": module, "G_ema": None}):
        checkpoint = written(value)
        assert_same(checkpoint, small3)
        assert "G_ema" in checkpoint.notes[0] and "training weights" in checkpoint.notes[0]


def test_stylegan2_of_the_ada_program(written, forge, small2):
    kwargs = forge.sg2_kwargs(small2.config, num_fp16_res=3, conv_clamp=256)
    checkpoint = written({"G_ema": forge.persistent(small2, kwargs)})
    assert checkpoint.config == replace(small2.config, num_fp16_res=3)
    assert_same(checkpoint, small2)


def test_stylegan2_made_with_the_stylegan3_program(written, forge, small2):
    nested = forge.sg2_kwargs(small2.config)
    flat = {k: v for k, v in nested.items() if k != "synthesis_kwargs"}
    flat |= nested["synthesis_kwargs"]
    flat |= {"fused_modconv_default": "inference_only", "num_fp16_res": 4, "conv_clamp": 256}
    checkpoint = written({"G_ema": forge.persistent(small2, flat)})
    assert checkpoint.config == small2.config
    assert checkpoint.notes == ()


def test_positional_arguments(written, forge, small2):
    nested = forge.sg2_kwargs(small2.config)
    args = tuple(nested.values())
    checkpoint = written({"G_ema": forge.persistent(small2, {}, args=args)})
    assert checkpoint.config == small2.config


def test_defaults_of_the_training_program_come_from_its_modules(written, forge, small2):
    """StyleGAN2-ADA's defaults were no clamping and no float16; later ones differ."""
    attributes = {
        f"synthesis.b{r}": {"use_fp16": r > 8, "architecture": "skip"} for r in (4, 8, 16)
    }
    attributes["synthesis.b4.conv1"] = {
        "conv_clamp": None,
        "use_noise": True,
        "activation": "lrelu",
    }
    module = forge.persistent(small2, forge.sg2_kwargs(small2.config), attributes=attributes)
    config = written({"G_ema": module}).config
    assert (config.conv_clamp, config.num_fp16_res) == (None, 1)


def test_stylegan3_defaults_come_from_its_modules(written, forge, small3):
    attributes = {
        "synthesis": {"output_scale": 0.5, "num_fp16_res": 2, "margin_size": 10},
        f"synthesis.{small3.synthesis.layer_names[0]}": {"conv_clamp": 128},
    }
    module = forge.persistent(small3, forge.sg3_kwargs(small3.config), attributes=attributes)
    config = written({"G_ema": module}).config
    assert (config.output_scale, config.num_fp16_res, config.conv_clamp) == (0.5, 2, 128)


@pytest.mark.parametrize(
    "changes",
    [
        {"c_dim": 3},
        {"c_dim": 3, "embed_features": 5},
        {"layer_features": 6},
        {"architecture": "resnet"},
        {"architecture": "orig"},
        {"use_noise": False},
        {"resample_filter": (1.0, 2.0, 1.0)},
        {"img_channels": 1},
        {"img_channels": 4},
        {"num_mapping_layers": 1},
    ],
)
@pytest.mark.parametrize("has_kwargs", [True, False])
def test_options(written, forge, changes, has_kwargs):
    config = replace(forge.SMALL2, **changes)
    generator = Generator(config)
    mapping = {"num_layers": config.num_mapping_layers}
    mapping |= {k: v for k, v in changes.items() if k in ("embed_features", "layer_features")}
    synthesis = {k: changes[k] for k in ("use_noise", "resample_filter") if k in changes}
    kwargs = forge.sg2_kwargs(config, **synthesis) | {"mapping_kwargs": mapping}
    if not has_kwargs:
        kwargs = {}
    checkpoint = written({"G_ema": forge.persistent(generator, kwargs)})
    # Bases that give the same widths are the same network.
    assert replace(checkpoint.config, channel_base=64) == config
    assert_same(checkpoint, generator)


@pytest.mark.parametrize("kernel", [1, 3])
def test_stylegan3_without_arguments(written, forge, kernel):
    config = replace(forge.SMALL3, conv_kernel=kernel, use_radial_filters=kernel == 1)
    generator = Generator(config)
    checkpoint = written({"G_ema": forge.persistent(generator, {})})
    assert checkpoint.config == config
    assert checkpoint.family == ("StyleGAN3-R" if kernel == 1 else "StyleGAN3-T")
    assert_same(checkpoint, generator)


def test_classes_pickled_without_the_decorator(written, forge, small2):
    module = forge.persistent(small2, forge.sg2_kwargs(small2.config), plain=True)
    assert_same(written({"G_ema": module}), small2)


def test_float16_weights_become_float32(written, forge, small2):
    module = forge.persistent(small2, forge.sg2_kwargs(small2.config), cast=torch.float16)
    checkpoint = written({"G_ema": module})
    for name, tensor in small2.state_dict().items():
        assert torch.equal(checkpoint.state_dict[name], tensor.half().float()), name


def test_surplus_buffers_do_not_matter(written, forge, small3):
    extra = {"mapping": {"num_batches_tracked": torch.tensor(7), "pl_mean": torch.zeros([])}}
    module = forge.persistent(small3, forge.sg3_kwargs(small3.config), buffers=extra)
    checkpoint = written({"G_ema": module})
    assert_same(checkpoint, small3)
    assert checkpoint.notes == ("2 buffers that no generator uses are left out",)


def test_options_of_other_programs_are_named(written, forge, small3):
    kwargs = forge.sg3_kwargs(small3.config, colour_of_the_bike_shed="green")
    checkpoint = written({"G_ema": forge.persistent(small3, kwargs)})
    assert "colour_of_the_bike_shed" in checkpoint.notes[0]


def test_what_follows_from_the_configuration_may_be_missing(written, forge, small2):
    drop = ("mapping.w_avg", "synthesis.b8.conv0.resample_filter", "synthesis.b8.conv1.noise_const")
    module = forge.persistent(small2, forge.sg2_kwargs(small2.config), drop=drop)
    checkpoint = written({"G_ema": module})
    state = small2.state_dict()
    assert torch.equal(checkpoint.state_dict[drop[1]], state[drop[1]])
    assert not checkpoint.state_dict[drop[2]].any()
    draw = torch.Generator().manual_seed(5)
    mean = small2.mapping(torch.randn(20_000, 8, generator=draw))[:, 0].mean(0)
    torch.testing.assert_close(checkpoint.state_dict[drop[0]], mean, rtol=0.05, atol=0.01)
    assert len(checkpoint.notes) == 2
    assert "stay silent" in checkpoint.notes[0] and "average w" in checkpoint.notes[1]


def test_missing_surplus_and_misshapen_tensors_are_named(forge, small3, tmp_path):
    path = tmp_path / "network.pkl"
    kwargs = forge.sg3_kwargs(small3.config)
    module = forge.persistent(small3, kwargs, drop=("mapping.fc1.weight",))
    fc0 = module.args[0]["state"]["_modules"]["mapping"].args[0]["state"]["_modules"]["fc0"]
    fc0.args[0]["state"]["_parameters"] |= {"gain": torch.ones(1), "bias": torch.ones(9)}
    path.write_bytes(forge.dump({"G_ema": module}))
    assert forge.refused(path) == (
        "it is StyleGAN3-T, but its tensors do not fit its configuration: 1 missing"
        " (mapping.fc1.weight), 1 surplus (mapping.fc0.gain), 1 misshapen (mapping.fc0.bias is [9]"
        " instead of [8]); docs/formats.md lists what opens"
    )


def test_wrong_configuration_is_named_in_short(forge, small3, tmp_path):
    path = tmp_path / "network.pkl"
    kwargs = forge.sg3_kwargs(small3.config) | {"img_resolution": 64}
    path.write_bytes(forge.dump({"G_ema": forge.persistent(small3, kwargs)}))
    assert "more)" in forge.refused(path)


def test_nan_is_noted(written, forge, small3):
    kwargs = forge.sg3_kwargs(small3.config)
    module = forge.persistent(small3, kwargs)
    fc0 = module.args[0]["state"]["_modules"]["mapping"].args[0]["state"]["_modules"]["fc0"]
    fc0.args[0]["state"]["_parameters"]["bias"] = torch.full((8,), torch.nan)
    notes = written({"G_ema": module}).notes
    assert notes == ("1 tensors hold NaN or infinity, first mapping.fc0.bias",)


def test_tensors_that_are_views(written, forge, small3):
    """Transposed and sliced tensors keep their whole storage in the file."""
    weight = torch.arange(400.0).reshape(20, 20)[3:11, 2:10].T
    module = forge.persistent(small3, forge.sg3_kwargs(small3.config))
    fc0 = module.args[0]["state"]["_modules"]["mapping"].args[0]["state"]["_modules"]["fc0"]
    fc0.args[0]["state"]["_parameters"]["weight"] = weight
    loaded = written({"G_ema": module}).state_dict["mapping.fc0.weight"]
    assert torch.equal(loaded, weight) and loaded.is_contiguous()


def test_training_facts(written, forge, small3):
    module = forge.persistent(small3, forge.sg3_kwargs(small3.config))
    facts = {"resolution": 16, "use_labels": False, "path": "/home/someone/faces.zip", "x": []}
    checkpoint = written({"G_ema": module, "training_set_kwargs": facts, "cur_nimg": 25_000_000})
    assert checkpoint.training == {"cur_nimg": 25_000_000, "resolution": 16, "use_labels": False}


def test_published_pairs_of_widths_are_found(written, forge):
    """A file without arguments whose widths are those of the published 256 px networks."""
    config = StyleGAN2Config(z_dim=4, w_dim=4, img_resolution=32, channel_base=128, channel_max=16)
    generator = Generator(config)
    checkpoint = written({"G_ema": forge.persistent(generator, {}, name="Generator")})
    assert [checkpoint.config.channels(r) for r in (4, 8, 16, 32)] == [16, 16, 8, 4]


def wrapped(forge, module, name):
    """A module that only holds another, as DataParallel and torch.compile have it."""
    state = {"training": False, "_parameters": {}, "_buffers": {}, "_modules": {name: module}}
    return forge.Call(forge.Name("torch.nn.parallel", "DataParallel"), (), state, b"\x81")


@pytest.mark.parametrize("name", ["module", "_orig_mod", "decoder"])
def test_modules_that_wrap_the_generator(written, forge, small3, name):
    kwargs = forge.sg3_kwargs(small3.config, output_scale=0.5)
    module = wrapped(forge, forge.persistent(small3, kwargs), name)
    for tree in (module, {"G_ema": module}, {"models": {"D": 3, "net_ema": module}}):
        checkpoint = written(tree)
        assert checkpoint.config.output_scale == 0.5  # which tensors alone do not say
        assert checkpoint.state_dict.keys() == small3.state_dict().keys()


@pytest.mark.parametrize("kind", [list, tuple])
def test_a_list_of_modules(written, forge, small2, small3, kind):
    """(G, D, G_ema), as TensorFlow's programs ordered them."""
    modules = [
        forge.persistent(small3, forge.sg3_kwargs(small3.config)),
        forge.persistent(torch.nn.Linear(2, 2), name="Discriminator"),
        forge.persistent(small2, forge.sg2_kwargs(small2.config)),
    ]
    checkpoint = written(kind(modules))
    assert checkpoint.config == small2.config
    assert "of which the last generator is used" in checkpoint.notes[0]
    assert written(kind(modules[:2])).config == small3.config


def test_free_widths_are_stated(forge, small2, tmp_path):
    kwargs = forge.sg2_kwargs(small2.config) | {"channels_dict": {4: 8, 8: 8, 16: "x"}}
    path = tmp_path / "network.pkl"
    path.write_bytes(forge.dump({"G_ema": forge.persistent(small2, kwargs)}))
    assert "block_channels" in forge.refused(path)
    kwargs["channels_dict"] = 7
    path.write_bytes(forge.dump({"G_ema": forge.persistent(small2, kwargs)}))
    assert "channels_dict says no widths" in forge.refused(path)
