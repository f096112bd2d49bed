"""Pictures of another size than a network's own: every family, every layer, and what must agree."""

from typing import Any

import pytest
import torch
from torch import Tensor

import stylegan3
from stylegan3 import Canvas, Generator, StyleGAN2Config, StyleGAN3Config, fitting_side
from stylegan3.alias_free.synthesis import SynthesisInput
from stylegan3.canvas import FILLS
from stylegan3.ops.enlarge import crop_centre, enlarge_constant, enlarge_noise
from tests.support import DATA

pytestmark = pytest.mark.usefixtures("no_grad")

PLAIN: dict[str, Any] = {
    "z_dim": 4, "w_dim": 4, "img_resolution": 128, "num_layers": 3, "num_critical": 1,
    "channel_base": 512, "channel_max": 4,
}  # fmt: skip
SMALL: dict[str, Any] = {
    "z_dim": 4,
    "w_dim": 4,
    "img_resolution": 32,
    "channel_base": 128,
    "channel_max": 4,
}
NETWORKS = [
    "sg1-tf-cond-128.pkl",
    "sg2-64-a.pkl",
    "sg2-cond-resnet-32.pkl",
    "sg2-tf-minhw-cond-32.pkl",
    "sg3-t-64-a.pkl",
    "sg3-r-64.pkl",
    "sg3-t-human-64x32.pt",
    "sgxl-r-sr-sr-uncond-64.pkl",
]


def made(config: Any, seed: int = 0) -> tuple[Generator, Tensor]:
    """A network of lively tensors, and ws."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = Generator(config)
        for name, tensor in generator.state_dict(keep_vars=True).items():
            if name.endswith(("bias", "noise_strength")):
                tensor.add_(torch.randn(tensor.shape) * 0.3)
        return generator, torch.randn(1, generator.num_ws, generator.w_dim)


def relative(found: Tensor, expected: Tensor) -> float:
    assert found.shape == expected.shape
    return float((found - expected).norm() / expected.norm())


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_grows_round_its_middle(name: str) -> None:
    generator = stylegan3.load(DATA / name)
    synthesis, draw = generator.synthesis, torch.Generator().manual_seed(0)
    ws = torch.randn(1, generator.num_ws, generator.w_dim, generator=draw)
    own = generator.img_width, generator.img_height
    plain = synthesis(ws)
    assert torch.equal(synthesis(ws, canvas=Canvas(*own)), plain)
    canvas = Canvas(fitting_side(own[0] * 16 / 9, own[0]), own[1] + 6)
    image = synthesis(ws, canvas=canvas)
    assert image.shape[2:] == (canvas.height, canvas.width)
    assert image.isfinite().all() and image.std() != 0
    assert synthesis.layers_on(None) == synthesis.layers == synthesis.layers_on(Canvas(*own))
    wide = dict(zip(synthesis.layers, synthesis.layers_on(canvas), strict=True))
    for spec in (synthesis.layers[0], *synthesis.layers[2::4], synthesis.layers[-1]):
        grown = synthesis(ws, layer=spec.name, canvas=canvas)
        assert grown.shape[:1:-1] == wide[spec].dimensions and wide[spec].name == spec.name
        width, height = spec.dimensions
        assert grown.shape[1] == spec.channels
        assert grown.shape[3] > width and grown.shape[2] >= height
        assert (grown.shape[3] - width) % 2 == 0 == (grown.shape[2] - height) % 2
        assert grown.isfinite().all()
    assert torch.equal(synthesis(ws), plain)  # nothing is left over


@pytest.mark.parametrize("is_radial", [False, True])
@pytest.mark.parametrize("canvas", [Canvas(228, 138), Canvas(64, 96)], ids=str)
def test_stylegan3_paints_its_own_picture_in_the_middle(canvas: Canvas, is_radial: bool) -> None:
    radial = {"conv_kernel": 1, "use_radial_filters": True} if is_radial else {}
    generator, ws = made(StyleGAN3Config(**PLAIN | radial))
    for spec in generator.synthesis.layers:
        own = generator.synthesis(ws, layer=spec.name)
        grown = generator.synthesis(ws, layer=spec.name, canvas=canvas)
        size = (min(own.shape[2], grown.shape[2]), min(own.shape[3], grown.shape[3]))
        own, grown = crop_centre(own, size), crop_centre(grown, size)
        # zeros beyond the ends of either grid reach no further than this
        away = 0 if spec.name == "input" else 12 if spec.size < 100 else 28
        inside = slice(away, -away or None), slice(away, -away or None)
        own, grown = own[:, :, *inside], grown[:, :, *inside]
        assert own.numel() and own.std() > 0
        assert relative(grown, own) < 1e-5, spec.name


def test_stylegan3_paints_beyond_its_square_what_it_paints_when_it_is_moved() -> None:
    generator, ws = made(StyleGAN3Config(**PLAIN))
    source, moved = generator.synthesis.input, 48  # [px]
    assert isinstance(source, SynthesisInput)
    wide = generator.synthesis(ws, canvas=Canvas(256, 128))
    source.transform[0, 2] = moved / 128
    there = generator.synthesis(ws)
    assert relative(there[..., 32:96, 32:96], wide[..., 32:96, 96 + moved : 160 + moved]) < 1e-4


@pytest.mark.parametrize("fill", FILLS)
def test_fills_of_the_constant(fill: Any) -> None:
    const = torch.tensor([[[1.0, 2.0, 3.0, 4.0]] * 2])  # 2 x 4
    found = enlarge_constant(const, (4, 10), fill)
    assert found.shape == (1, 4, 10)
    expected = {
        "tile": [2, 3, 4, 1, 2, 3, 4, 1, 2, 3],
        "mirror": [3, 2, 1, 1, 2, 3, 4, 4, 3, 2],
    }
    if fill in expected:
        assert found[0, 0].tolist() == [float(v) for v in expected[fill]][: found.shape[2]]
    elif fill == "centre":
        row = found[0, 1]
        assert row[3:7].tolist() == [1, 2, 3, 4]
        assert 1 < row[2] < row[1] < row[0] < 2.5 and 4 > row[7] > row[8] > row[9] > 2.5
    else:
        assert torch.allclose(found[0, 0].diff().clamp_min(0), found[0, 0].diff())
        assert (found[0, 0, 0], found[0, 0, -1]) == (1.0, 4.0)
    assert enlarge_constant(const, (2, 4), fill) is const


def test_noise_goes_on_without_coming_again() -> None:
    noise = torch.randn(16, 16, generator=torch.Generator().manual_seed(0))
    found = enlarge_noise(noise, (16, 80))
    assert torch.equal(crop_centre(found, (16, 16)), noise)
    assert abs(found.std() - noise.std()) < 0.05
    spectrum = torch.fft.fft(found, dim=1).abs() ** 2
    alike = torch.fft.ifft(spectrum.sum(0)).real
    assert alike[1:].abs().max() < 0.5 * alike[0]  # tiles as they are have 0.8 at 16 px


@pytest.mark.parametrize("mode", ["const", "random", "none"])
@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_stylegan2_by_modes_of_noise(architecture: Any, mode: str) -> None:
    generator, ws = made(StyleGAN2Config(**SMALL, architecture=architecture))
    image = generator.synthesis(ws, noise_mode=mode, canvas=Canvas(58, 36, "mirror"))
    assert image.shape == (1, 3, 36, 58) and image.isfinite().all()


def test_a_changed_constant_is_continued_anew() -> None:
    generator, ws = made(StyleGAN2Config(**SMALL))
    stylegan3.trust_version_counters(generator)
    canvas = Canvas(64, 32)
    before = generator.synthesis(ws, canvas=canvas)
    tensors = dict(generator.named_parameters())
    tensors["synthesis.b4.const"].add_(1.0)
    after = generator.synthesis(ws, canvas=canvas)
    assert not torch.equal(after, before)
    dict(generator.named_buffers())["synthesis.b32.conv1.noise_const"].mul_(-3.0)
    assert not torch.equal(generator.synthesis(ws, canvas=canvas), after)
    other = generator.synthesis(ws, canvas=Canvas(64, 32, "centre"))
    assert not torch.equal(generator.synthesis(ws, canvas=canvas), other)


def test_a_canvas_of_exactly_repeated_pictures() -> None:
    """Without noise and borders a tiled constant is periodic, and so is the picture."""
    generator, ws = made(StyleGAN2Config(**SMALL))
    wide = generator.synthesis(ws, noise_mode="none", canvas=Canvas(32 * 5, 32, "tile"))
    assert relative(wide[..., 32:64], wide[..., 64:96]) < 1e-5
    assert relative(wide[..., 64:96], wide[..., 96:128]) < 1e-5


@pytest.mark.parametrize("size", [(65, 64), (14, 64), (64, 65), (64, 2)])
def test_impossible_canvases(size: tuple[int, int]) -> None:
    generator = stylegan3.load(DATA / "sg2-64-a.pkl")
    ws = torch.zeros(1, generator.num_ws, generator.w_dim)
    with pytest.raises(ValueError, match="of a canvas must be even"):
        generator.synthesis(ws, canvas=Canvas(*size))


@pytest.mark.parametrize(
    "options", [{"width": 0, "height": 4}, {"width": 4, "height": 1 << 15}, {"width": 4.0}]
)
def test_no_canvas(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be an integer of 1 to 16384"):
        Canvas(**{"height": 4, **options})
    with pytest.raises(ValueError, match="fill must be one of tile, mirror"):
        Canvas(4, 4, "blur")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("side", "own", "expected"),
    [(1820.4, 1024, 1820), (455.1, 256, 456), (33.4, 15, 33), (1, 64, 16), (1e9, 64, 16384),
     (1e9, 15, 16383), (1, 15, 5)],
)  # fmt: skip
def test_the_nearest_side(side: float, own: int, expected: int) -> None:
    assert fitting_side(side, own) == expected
    Canvas(expected, own).check((own, own))
