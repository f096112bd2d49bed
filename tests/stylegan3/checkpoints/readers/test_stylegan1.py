"""StyleGAN1 files: three layouts, each compared with its formulas; and what is refused."""

import numpy as np
import pytest
import torch

import stylegan3
from stylegan3.checkpoints import read, save_safetensors
from tests.support import DATA
from tests.support import stylegan1 as published

WIDTHS = {4: 4, 8: 4, 16: 3}
FUSED = {4: 3, 8: 3, 16: 3, 32: 3, 64: 2, 128: 2}
Z = torch.randn(2, published.Z_DIM, generator=torch.Generator().manual_seed(5))

pytestmark = pytest.mark.usefixtures("no_grad")


def relative(ours, theirs):
    return float((ours.double() - theirs).norm() / theirs.norm())


@pytest.fixture
def tensorflow(tmp_path, forge):
    """Writes variables as the tuple of a TensorFlow program; returns the path."""

    def network(name, variables, components, version, kwargs):
        state = {
            "version": version,
            "name": name,
            "static_kwargs": kwargs,
            "components": components,
            "build_module_src": "raise SystemError('source was run')",
            "build_func_name": name,
            "variables": [(k, x.numpy()) for k, x in variables.items()],
        }
        return forge.Call(forge.Name("dnnlib.tflib.network", "Network"), (), state, b"\x81")

    def write(variables, version=3, numbers=None, **kwargs):
        inner = {}
        for part in ("mapping", "synthesis"):
            own = {k.partition("/")[2]: x for k, x in variables.items() if k.startswith(part)}
            inner[part] = network(f"G_{part}", own, {}, version, kwargs)
        if numbers:  # as NumPy's scalars, not as arrays
            variables_of = inner["synthesis"].state["variables"]
            variables_of[:] = [(k, numbers.get(k, x)) for k, x in variables_of]
        top = {k: x for k, x in variables.items() if "/" not in k}
        empty = [network(name, {}, {}, version, {}) for name in ("G", "D")]
        path = tmp_path / "network.pkl"
        path.write_bytes(forge.dump((*empty, network("Gs", top, inner, version, kwargs))))
        return path

    return write


@pytest.fixture
def torch_file(tmp_path):
    def write(tree, is_zip=False):
        path = tmp_path / "network.pth"
        torch.save(tree, path, _use_new_zipfile_serialization=is_zip)
        return path

    return write


def check(path, ws, outputs, w, c=None):
    """Compare the network in `path` with outputs by the names of layers."""
    generator = stylegan3.load(path)
    assert relative(generator.mapping(Z, c)[:, 0], w) < 1e-5
    for name in generator.synthesis.layer_names:
        assert relative(generator.synthesis(ws, layer=name), outputs[name]) < 1e-5, name
    assert relative(generator.synthesis(ws), outputs[""]) < 1e-5
    return generator


def rows(count):
    draw = torch.Generator().manual_seed(3)
    return torch.randn(2, count, published.W_DIM, generator=draw)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("c_dim", [0, 3])
def test_tensorflow(tensorflow, version, c_dim):
    v, ws = published.tensorflow_variables(WIDTHS, c_dim), rows(6)
    c = torch.eye(3)[[2, 0]] if c_dim else None
    path = tensorflow(v, version)
    outputs, w = published.tensorflow_outputs(v, ws), published.tensorflow_w(v, Z, c)
    generator = check(path, ws, outputs, w, c)
    names = tuple(name for name in outputs if "/" in name or name == "ToRGB_lod0")
    assert tuple(generator.synthesis.layer_names) == names
    checkpoint = read(path)
    assert (checkpoint.family, checkpoint.notes) == ("StyleGAN1", ())
    assert checkpoint.source_format == "TensorFlow pickle of StyleGAN1"


@pytest.mark.parametrize(
    ("fused_scale", "fused_from"), [("auto", 128), (True, 0), (False, 1 << 20)]
)
def test_both_ways_to_upsample(tensorflow, fused_scale, fused_from):
    v, ws = published.tensorflow_variables(FUSED), rows(12)
    outputs = published.tensorflow_outputs(v, ws, fused_from)
    generator = stylegan3.load(tensorflow(v, fused_scale=fused_scale))
    for name in ("16x16/Conv0_up", "128x128/Conv0_up", "128x128/Conv1"):
        assert relative(generator.synthesis(ws, layer=name), outputs[name]) < 1e-5, name


@pytest.mark.parametrize("lod", [0.0, 0.25, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("is_number", [False, True])
def test_a_network_that_still_grew(tensorflow, lod, is_number):
    v, ws = published.tensorflow_variables(WIDTHS), rows(6)
    v["synthesis/lod"] = torch.tensor(lod)
    path = tensorflow(v, numbers={"lod": np.float32(lod)} if is_number else None)
    generator = stylegan3.load(path)
    assert generator.num_ws == 6 and generator.img_resolution == 16
    want = published.tensorflow_outputs(v, ws, lod=lod)
    assert relative(generator.synthesis(ws), want[""]) < 1e-5
    for name in generator.synthesis.layer_names:
        assert relative(generator.synthesis(ws, layer=name), want[name]) < 1e-5, name
    assert bool(read(path).notes) == (lod > 0)


def test_options_of_the_tensorflow_program(tensorflow):
    v = published.tensorflow_variables(WIDTHS)
    path = tensorflow(
        v,
        nonlinearity="relu",
        mapping_lrmul=0.1,
        use_instance_norm=False,
        blur_filter=None,
        truncation_psi=0.5,
        structure="fixed",
    )
    config = read(path).config
    assert (config.activation, config.mapping_lr_multiplier) == ("relu", 0.1)
    assert (config.use_instance_norm, config.blur_filter) == (False, (1.0,))


@pytest.mark.parametrize("is_zip", [False, True])
@pytest.mark.parametrize("key", ["generator_smooth", "models"])
def test_genforce(torch_file, key, is_zip):
    v, ws = published.tensorflow_variables(FUSED, c_dim=3), rows(12)
    tensors = {"generator_smooth": published.genforce_tensors(v), "generator": {}}
    path = torch_file(tensors if key != "models" else {"models": tensors}, is_zip)
    c = torch.eye(3)[[1, 2]]
    outputs = published.tensorflow_outputs(v, ws)
    ours = [f"layer{i}" for i in range(12)]
    by_name = dict(zip(ours, [x for k, x in outputs.items() if "/" in k], strict=True))
    by_name |= {"output5": outputs["ToRGB_lod0"], "": outputs[""]}
    generator = check(path, ws, by_name, published.tensorflow_w(v, Z, c), c)
    assert generator.synthesis.layer_names == [*ours, "output5"]
    assert torch.equal(generator.mapping.w_avg, v["dlatent_avg"])


@pytest.mark.parametrize("prefix", ["", "module."])
def test_rosinality(torch_file, prefix):
    tensors, ws = published.rosinality_tensors(FUSED), rows(12)
    ws[:, 1::2] = ws[:, ::2]
    path = torch_file({"g_running": {f"{prefix}{k}": x for k, x in tensors.items()}})
    checkpoint = read(path)
    noise = {
        int(name.split(".")[1][1:]): x
        for name, x in checkpoint.state_dict.items()
        if name.endswith("noise_const")
    }
    z = Z[:, : published.W_DIM]
    generator = stylegan3.load(path)
    outputs = published.rosinality_outputs(tensors, ws, noise)
    assert relative(generator.mapping(z)[:, 0], published.rosinality_w(tensors, z)) < 1e-5
    assert generator.synthesis.layer_names == [name for name in outputs if name]
    for name in (*generator.synthesis.layer_names, ""):
        ours = generator.synthesis(ws, layer=name or None)
        assert relative(ours, outputs[name]) < 1e-5, name
    assert any("noise pictures" in note for note in checkpoint.notes)
    assert any("average w" in note for note in checkpoint.notes)


def test_training_weights_are_a_last_resort(torch_file):
    tensors = published.rosinality_tensors(WIDTHS)
    other = {name: x + 1 for name, x in tensors.items()}
    both = read(torch_file({"generator": other, "g_running": tensors}))
    assert torch.equal(
        both.state_dict["synthesis.b4.Const.const"],
        tensors["generator.progression.0.conv1.input"][0],
    )
    alone = read(torch_file({"generator": other}))
    assert "training weights generator" in alone.notes[0]
    assert read(torch_file(tensors)).config == both.config


def test_the_recorded_network():
    generator = stylegan3.load(DATA / "sg1-tf-cond-128.pkl")
    recorded = np.load(DATA / "sg1-tf-cond-128.npz")
    known = {name: torch.from_numpy(recorded[name]) for name in recorded}

    def near(ours, name):
        return relative(ours, known[name].double()) < 1e-5

    for name, options in {
        "": {},
        "_psi0.7": {"truncation_psi": 0.7},
        "_psi0.7_cutoff3": {"truncation_psi": 0.7, "truncation_cutoff": 3},
        "_default": {"truncation_psi": 0.7, "truncation_cutoff": 8},
    }.items():
        if f"ws{name}" in known:
            assert near(generator.mapping(known["z"], known["c"], **options), f"ws{name}")
        picture = generator(known["z"][:1], known["c"][:1], **options)
        assert near(picture[..., 40:72, 40:72], f"image{name}"), name
    direct = known["w_direct"][:, None].expand(-1, generator.num_ws, -1)
    assert near(generator.synthesis(direct)[..., 40:72, 40:72], "image_w_direct")
    ws = known["ws"][:1]
    assert [f"layer/{name}" for name in generator.synthesis.layer_names] == [
        name for name in known if name.startswith("layer/")
    ]
    for name in generator.synthesis.layer_names:
        output = generator.synthesis(ws, layer=name)
        step = max(1, output.shape[2] // 16)
        assert near(output[:, :4, ::step, ::step], f"layer/{name}"), name


@pytest.mark.parametrize("layout", ["tensorflow", "rosinality", "genforce"])
def test_conversion_keeps_every_bit(tensorflow, torch_file, tmp_path, layout):
    v = published.tensorflow_variables(WIDTHS, c_dim=3)
    before = read(
        tensorflow(v)
        if layout == "tensorflow"
        else torch_file({"generator_smooth": published.genforce_tensors(v)})
        if layout == "genforce"
        else torch_file(published.rosinality_tensors(WIDTHS))
    )
    save_safetensors(before, tmp_path / "a.safetensors")
    after = read(tmp_path / "a.safetensors")
    assert (after.config, after.family, after.notes) == (before.config, "StyleGAN1", ())
    assert list(after.state_dict) == list(before.state_dict)
    for name, tensor in before.state_dict.items():
        assert torch.equal(after.state_dict[name], tensor), name


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("use_pixel_norm", True),
        ("use_styles", False),
        ("const_input_layer", False),
        ("normalize_latents", False),
        ("use_wscale", False),
        ("fused_scale", "sometimes"),
        ("nonlinearity", "swish"),
        ("blur_filter", [1.0, float("nan"), 1.0]),
        ("mapping_lrmul", -1.0),
        ("use_attention", True),
        ("\n" * 99, {}),
    ],
)
def test_options_nobody_has_described(forge, tensorflow, option, value):
    cause = forge.refused(tensorflow(published.tensorflow_variables(WIDTHS), **{option: value}))
    option = option.strip() or "a dict"
    names = {"nonlinearity": "activation", "mapping_lrmul": "mapping_lr_multiplier"}
    assert names.get(option, option) in cause and "StyleGAN1" in cause


@pytest.mark.parametrize(
    ("name", "tensor", "words"),
    [
        ("synthesis/8x8/Conv1/weight", None, "missing"),
        ("synthesis/8x8/Conv1/bias", torch.zeros(9), "misshapen"),
        ("synthesis/8x8/Conv7/weight", torch.zeros(9), "surplus"),
        ("synthesis/8x8/Conv1/weight", torch.zeros(3, 3, 4), "not 4 axes"),
        ("synthesis/noise1", torch.zeros(1, 2, 4, 4), "not 4 axes"),
        ("synthesis/4x4/Const/const", torch.zeros(1, 4, 4, 6), "grow from 6 × 4"),
        ("synthesis/4x4/Const/const", None, "not a generator"),
        ("synthesis/99999x99999/Conv1/bias", torch.zeros(9), "of no size"),
        ("synthesis/lod", torch.tensor(7.0), "lod is 7"),
        ("synthesis/lod", torch.tensor(float("nan")), "lod is no number"),
        ("mapping/LabelConcat/weight", torch.zeros(3, 5), "label"),
    ],
)
def test_what_does_not_fit(forge, tensorflow, name, tensor, words):
    variables = published.tensorflow_variables(WIDTHS)
    variables.pop(name, None)
    if tensor is not None:
        variables[name] = tensor
    assert words in forge.refused(tensorflow(variables))


@pytest.mark.parametrize(
    ("name", "tensor", "words"),
    [
        ("generator.progression.1.noise1.weight_orig", torch.zeros(4), "not 4 axes"),
        ("generator.progression.1.noise1.weight_orig", torch.zeros(1, 0, 1, 1), "not 4 axes"),
        ("generator.progression.99.conv2.conv.bias", torch.zeros(4), "of no size"),
        ("generator.progression.1.adain1.style.linear.bias", torch.zeros(4), "misshapen"),
        ("style.2.linear.bias", torch.zeros(4), "surplus"),
        ("generator.to_rgb.2.conv.weight_orig", None, "missing"),
    ],
)
def test_what_does_not_fit_in_state_dicts(forge, torch_file, name, tensor, words):
    tensors = published.rosinality_tensors(WIDTHS)
    tensors.pop(name, None)
    if tensor is not None:
        tensors[name] = tensor
    assert words in forge.refused(torch_file({"g_running": tensors}))
