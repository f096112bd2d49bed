"""Every recorded output of the published programs, and what a generator promises beyond them."""

import copy

import pytest
import torch

import stylegan3
from stylegan3 import StyleGAN2Config, StyleGAN3Config

pytestmark = pytest.mark.usefixtures("no_grad")

NETWORKS = [
    "sg3-t-64-a.pkl",
    "sg3-t-64-b.pkl",
    "sg3-r-64.pkl",
    "sg2-64-a.pkl",
    "sg2-cond-resnet-32.pkl",
    "sg2-tf-legacy-32.pkl",
    "sg2-rosinality-64.pt",
]
SMALL = {
    "sg2": StyleGAN2Config(
        img_resolution=16, channel_base=256, channel_max=12, z_dim=8, w_dim=8, num_mapping_layers=2
    ),
    "sg3": StyleGAN3Config(
        img_resolution=16, channel_base=128, channel_max=8, z_dim=8, w_dim=8, num_layers=4
    ),
}


def relative(a, b):
    return float((a - b).norm() / b.norm())


@pytest.mark.parametrize("name", NETWORKS)
def test_recorded_pictures(reference, name):
    G, r = reference(name)
    c = r.get("c")
    assert relative(G.mapping(r["z"], c), r["ws"]) <= 1e-5
    assert relative(G(r["z"], c), r["image"]) <= 1e-5
    assert relative(G.synthesis(r["ws"]), r["image"]) <= 1e-5
    if "image_psi0.7_cutoff3" in r:
        assert relative(G.mapping(r["z"], c, 0.7, 3), r["ws_psi0.7_cutoff3"]) <= 1e-5
        picture = G(r["z"], c, truncation_psi=0.7, truncation_cutoff=3)
        assert relative(picture, r["image_psi0.7_cutoff3"]) <= 1e-5
    if "image_psi0.7" in r:
        assert relative(G(r["z"], c, truncation_psi=0.7), r["image_psi0.7"]) <= 1e-5
    if "w_direct" in r:
        ws = r["w_direct"][:, None].expand(-1, G.num_ws, -1)
        assert relative(G.synthesis(ws), r["image_w_direct"]) <= 1e-5


@pytest.mark.parametrize("name", NETWORKS)
def test_recorded_layers(reference, name):
    G, r = reference(name)
    recorded = {k.removeprefix("layer/"): v for k, v in r.items() if k.startswith("layer/")}
    names = {layer.name for layer in G.synthesis.layers}
    assert recorded.keys() <= names
    if recorded:
        assert names - recorded.keys() <= {"input"}
    errors = {  # of large layers the first channels are recorded
        k: relative(G.synthesis(r["ws"][:1], layer=k)[:, : v.shape[1]], v)
        for k, v in recorded.items()
    }
    assert not {k: e for k, e in errors.items() if e > 1e-5}


@pytest.mark.parametrize("name", NETWORKS)
def test_layers_are_as_described(reference, name):
    G, r = reference(name)
    names = [layer.name for layer in G.synthesis.layers]
    assert ["input", *G.synthesis.layer_names] == names
    for layer in G.synthesis.layers:
        shape = G.synthesis(r["ws"], layer=layer.name).shape
        assert shape == (2, layer.channels, layer.size, layer.size), layer


@pytest.mark.parametrize("name", ["sg3-t-64-a.pkl", "sg2-64-a.pkl"])
def test_the_differentiable_form_computes_the_same(reference, name):
    G, r = reference(name)
    with torch.enable_grad():
        ws = r["ws"].clone().requires_grad_()
        picture = G.synthesis(ws)
        picture.square().mean().backward()
    assert relative(picture, r["image"]) <= 1e-5
    assert ws.grad is not None
    rows = ws.grad.abs().amax((0, 2))
    # row 0 of StyleGAN3 drives the input, which here does not depend on it
    assert (rows[1:] > 0).all()


def test_a_layer_does_not_run_what_comes_after(reference):
    for name, last in (("sg3-t-64-a.pkl", "L14_64_3"), ("sg2-64-a.pkl", "b64.conv1")):
        G, r = copy.deepcopy(reference(name)[0]), reference(name)[1]
        broken = G.synthesis.get_submodule(last)
        broken.weight.fill_(float("nan"))
        names = [layer.name for layer in G.synthesis.layers]
        for layer in names[: names.index(last)]:
            assert G.synthesis(r["ws"], layer=layer).isfinite().all()
        assert not G.synthesis(r["ws"]).isfinite().all()


@pytest.mark.parametrize("config", SMALL.values(), ids=SMALL)
def test_initialisation_is_reproducible(config):
    def state():
        torch.manual_seed(5)
        return stylegan3.Generator(config).state_dict()

    first, second = state(), state()
    assert all(torch.equal(first[k], second[k]) for k in first)
    torch.manual_seed(6)
    other = stylegan3.Generator(config).state_dict()
    assert any(not torch.equal(first[k], other[k]) for k in first)


@pytest.mark.parametrize("config", SMALL.values(), ids=SMALL)
def test_a_batch_is_its_samples(config):
    torch.manual_seed(0)
    G = stylegan3.Generator(config).double()
    ws = G.mapping(torch.randn(3, 8))
    if config is SMALL["sg3"]:  # whose styles are normalised over the batch
        ws = ws[:1].expand(3, -1, -1)
    whole = G.synthesis(ws)
    single = torch.cat([G.synthesis(w) for w in ws.split(1)])
    torch.testing.assert_close(whole, single)


@pytest.mark.parametrize("config", SMALL.values(), ids=SMALL)
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_dtypes(config, dtype):
    torch.manual_seed(0)
    G = stylegan3.Generator(config)
    z = torch.randn(2, 8)
    want = G(z)
    y = G.to(dtype)(z)
    assert y.dtype == dtype
    assert relative(y.float(), want) < (1e-5 if dtype == torch.float64 else 0.1)


@pytest.mark.parametrize("config", SMALL.values(), ids=SMALL)
def test_every_tensor_changed_in_place_changes_the_picture_at_once(config):
    torch.manual_seed(0)
    G = stylegan3.Generator(config).requires_grad_(False)
    if config is SMALL["sg2"]:
        for name, tensor in G.named_parameters():
            if name.endswith("noise_strength"):
                tensor.fill_(0.1)
    z = torch.randn(1, 8)
    psi = 0.5  # so that w_avg takes part
    for name, tensor in G.state_dict(keep_vars=True).items():
        before, pristine = G(z, truncation_psi=psi), tensor.clone()
        tensor.copy_(pristine * -0.7 + 0.3)
        after = G(z, truncation_psi=psi)
        fresh = stylegan3.Generator(config).requires_grad_(False)
        fresh.load_state_dict(G.state_dict())
        assert torch.equal(after, fresh(z, truncation_psi=psi)), name
        # filters of b4 and of layers that do not upsample are stored, and not used
        unused = name.endswith("resample_filter") and ("conv1" in name or ".b4." in name)
        assert unused or not torch.equal(after, before), name
        tensor.copy_(pristine)
        assert torch.equal(G(z, truncation_psi=psi), before), name


@pytest.mark.parametrize("config", SMALL.values(), ids=SMALL)
def test_training_step_with_gradient_penalty(config):
    torch.manual_seed(0)
    G = stylegan3.Generator(config)
    with torch.enable_grad():
        ws = G.mapping(torch.randn(2, 8))
        picture = G.synthesis(ws)
        # path length regularisation: a gradient of a gradient
        noise = torch.randn_like(picture)
        (slope,) = torch.autograd.grad((picture * noise).sum(), ws, create_graph=True)
        slope.square().sum().backward()
    without = [k for k, p in G.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    # noise and the last bias are added: they have no part in how ws changes the picture
    allowed = ("noise_strength", "torgb.bias", "L4_16_3.bias")
    assert [k for k in without if not k.endswith(allowed)] == []


def test_a_layer_goes_by_its_index_too(reference):
    G, r = reference("sg3-t-64-a.pkl")
    full = next(name for name in G.synthesis.layer_names if name.startswith("L6_"))
    expected = G.synthesis(r["ws"], layer=full)
    for name in ("L6", "L6_148_512"):
        assert torch.equal(G.synthesis(r["ws"], layer=name), expected)
    with pytest.raises(ValueError, match=r"no layer is called 'L66'; try L6, "):
        G.synthesis(r["ws"], layer="L66")


def test_wrong_calls_say_what_is_wrong(reference):
    G, r = reference("sg2-64-a.pkl")
    with pytest.raises(ValueError, match=r"no layer is called 'b64\.conv9'; try b64\.conv"):
        G.synthesis(r["ws"], layer="b64.conv9")
    with pytest.raises(ValueError, match=r"ws must have shape \[N, 10, 32\], not \[2, 9, 32\]"):
        G.synthesis(r["ws"][:, 1:])
    with pytest.raises(ValueError, match="noise_mode must be const, random or none"):
        G(r["z"], noise_mode="perlin")


def test_importing_names_is_lazy():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        stylegan3.nonsense  # noqa: B018  # pyright: ignore
    assert issubclass(stylegan3.CheckpointError, Exception)


@pytest.mark.parametrize("config", SMALL.values(), ids=SMALL)
def test_layers_take_float16_features_beside_float32_weights(config):
    """As the published networks run their highest resolutions on a GPU."""
    torch.manual_seed(0)
    G = stylegan3.Generator(config)
    G(torch.randn(2, 8), update_emas=True)
    ws = G.mapping(torch.randn(2, 8))
    names = G.synthesis.layer_names
    last = "b16.conv1" if config is SMALL["sg2"] else names[-2]
    before = names[names.index(last) - 1]
    layer, features = G.synthesis.get_submodule(last), G.synthesis(ws, layer=before)
    want = layer(features, ws[:, -2])
    half = layer(features.half(), ws[:, -2])
    assert half.dtype == torch.float16
    assert relative(half.float(), want) < 5e-3
