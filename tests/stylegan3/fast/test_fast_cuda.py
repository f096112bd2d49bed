"""The fast path on an NVIDIA GPU: right in every precision, captured once, never waiting."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from stylegan3 import Generator, StyleGAN2Config, StyleGAN3Config, StyleGANXLConfig
from stylegan3.fast import FastSynthesis, Precision
from stylegan3.fast.kernels.convolution.convolution import Kernels
from tests.support.networks import SMALL2, SMALL3, SMALL_XL, latent, lively, names_of

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU"),
    pytest.mark.usefixtures("no_grad", "own_stream", "exact_float32"),
]

Reference = Callable[[str], tuple[Generator, dict[str, Tensor]]]
TOLERANCE: dict[Precision, float] = {"fast": 5e-3, "published": 5e-3, "fp32": 2e-5}

# the published configurations, narrowed; odd channel counts as they have
SMALL_T = StyleGAN3Config(img_resolution=128, channel_base=4096, channel_max=96)
SMALL_R = StyleGAN3Config(
    img_resolution=128,
    channel_base=4096,
    channel_max=96,
    conv_kernel=1,
    use_radial_filters=True,
)
SMALL_2 = StyleGAN2Config(img_resolution=256, channel_base=8192, channel_max=128)
# rates rise by 2 in the first stage, by up to 8 at once in the second
SMALL_XL_R = StyleGANXLConfig(
    img_resolution=512,
    num_layers=7,
    c_dim=3,
    channel_base=4096,
    channel_max=72,
    conv_kernel=1,
    use_radial_filters=True,
    head_layers=(5, 4),
    up_factors=(2, 16),
)
PUBLISHED = {"t": SMALL_T, "r": SMALL_R, "2": SMALL_2, "xl": SMALL_XL_R}
UNEQUAL = {  # height and width differ; StyleGAN-Human's are the first and the last two
    "2 tall": replace(SMALL_2, init_res=(4, 2)),
    "2 odd": replace(SMALL_2, img_resolution=128, init_res=(3, 5)),
    "t tall": replace(SMALL_T, square=False),
    "r tall": replace(SMALL_R, square=False),
}
FAMILIES = {"stylegan3": SMALL3, "stylegan2": SMALL2, "stylegan-xl": SMALL_XL}


@pytest.fixture
def own_stream() -> Iterator[None]:
    """Graphs are captured on another stream than the default one."""
    with torch.cuda.stream(torch.cuda.Stream()):
        yield
    torch.cuda.synchronize()


@pytest.fixture
def exact_float32() -> Iterator[None]:
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


def exact(generator: Generator, ws: Tensor, **options: object) -> Tensor:
    return generator.synthesis(ws, force_fp32=True, **options)


def relative_error(actual: Tensor, expected: Tensor) -> float:
    assert actual.shape == expected.shape
    return float((actual.double() - expected.double()).norm() / expected.double().norm())


def levels(picture: Tensor, spread: float) -> Tensor:
    """8-bit levels as a trained network's picture has them: three deviations span 127.5.

    Random weights of StyleGAN2 overshoot [-1, 1] more than ten times, and so would their errors;
    what stays within is taken as it is.
    """
    scale = 127.5 / max(1.0, 3 * spread)
    return (picture.float() * scale + 128).clamp(0, 255).to(torch.uint8).int()


@pytest.mark.parametrize("precision", ["fast", "published", "fp32"])
@pytest.mark.parametrize(
    "name",
    [
        "sg3-t-64-a.pkl",
        "sg3-r-64.pkl",
        "sg2-64-a.pkl",
        "sg2-rosinality-64.pt",
        "sgxl-r-sr-sr-uncond-64.pkl",
    ],
)
def test_pictures_of_the_reference_networks(
    reference: Reference, name: str, precision: Precision
) -> None:
    generator, recorded = reference(name)
    fast = FastSynthesis(lively_copy(generator), precision)
    for n in range(len(recorded["z"])):
        for _ in range(2):  # captured, then replayed
            picture = fast(z=recorded["z"][n : n + 1].cuda()).cpu()
        expected = recorded["image"][n : n + 1]
        assert relative_error(picture, expected) < TOLERANCE[precision]


def lively_copy(generator: Generator) -> Generator:
    import copy

    return copy.deepcopy(generator).cuda()


@pytest.mark.parametrize(
    ("precision", "kernels"),
    [("fast", "auto"), ("fast", "generic"), ("published", "generic"), ("fp32", "generic")],
)
@pytest.mark.parametrize(
    "config", [*PUBLISHED.values(), *UNEQUAL.values()], ids=[*PUBLISHED, *UNEQUAL]
)
def test_every_layer(
    config: StyleGAN2Config | StyleGAN3Config, precision: Precision, kernels: Kernels
) -> None:
    generator = lively(config).cuda()
    fast = FastSynthesis(generator, precision, kernels=kernels)
    ws = generator.mapping(latent(generator).cuda())
    for name in (*names_of(generator), None):
        expected = exact(generator, ws, layer=name)
        for _ in range(2):
            error = relative_error(fast(ws=ws, layer=name), expected)
            assert error < TOLERANCE[precision], name
    spread = float(expected.std())
    difference = (levels(fast(ws=ws), spread) - levels(expected, spread)).abs()
    assert difference.max() <= (2 if precision != "fp32" else 1)


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES)
def test_a_moving_edit_is_followed_and_captures_nothing(
    config: StyleGAN2Config | StyleGAN3Config,
) -> None:
    generator = lively(config).cuda()
    z = latent(generator).cuda()
    fast = FastSynthesis(generator)
    fast(z=z)
    assert fast._graphs is not None
    graphs = dict(fast._graphs._graphs)
    for name, tensor in generator.state_dict(keep_vars=True).items():
        if name.endswith("_filter"):
            continue
        tensor.copy_(tensor * 0.8 + torch.randn_like(tensor) * 0.1)
        picture = fast(z=z, truncation_psi=0.8)
        expected = exact(generator, generator.mapping(z, truncation_psi=0.8))
        assert relative_error(picture, expected) < 5e-3, name
    assert fast._graphs._graphs == graphs


@pytest.mark.parametrize("config", PUBLISHED.values(), ids=PUBLISHED)
def test_weights_that_go_on_moving_are_followed_and_capture_nothing(
    config: StyleGAN2Config | StyleGAN3Config,
) -> None:
    generator = lively(config).cuda()
    z, fast = latent(generator).cuda(), FastSynthesis(generator)
    weights = [x for n, x in generator.synthesis.named_parameters() if n.endswith("weight")]
    for step in range(5):
        for weight in weights:
            weight.copy_(weight * 0.9 + torch.randn_like(weight) * 0.1)
        expected = exact(generator, generator.mapping(z))
        assert relative_error(fast(z=z), expected) < 5e-3, step
    assert fast._graphs is not None
    assert len(fast._graphs._graphs) == 1


@pytest.mark.parametrize("config", PUBLISHED.values(), ids=PUBLISHED)
def test_all_that_is_derived_can_be_captured(
    config: StyleGAN2Config | StyleGAN3Config,
) -> None:
    generator = lively(config).cuda()
    z, fast = latent(generator).cuda(), FastSynthesis(generator)
    first = fast(z=z).clone()
    plan = fast.plan()
    weights = [x for n, x in generator.synthesis.named_parameters() if n.endswith("weight")]
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=torch.cuda.current_stream()):
        plan.preparation([derived.item for derived in plan.derived])
    for weight in weights:
        weight.copy_(weight * 0.9 + torch.randn_like(weight) * 0.1)
    expected = exact(generator, generator.mapping(z))
    graph.replay()
    for derived in plan.derived:
        derived.settle()
    picture = fast(z=z)
    assert relative_error(picture, expected) < 5e-3
    assert relative_error(picture, first) > 5e-2


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES)
def test_a_frame_never_waits(
    config: StyleGAN2Config | StyleGAN3Config,
    never_waiting: Callable[[], AbstractContextManager[None]],
) -> None:
    generator = lively(config).cuda()
    zs = [latent(generator, seed).cuda() for seed in range(4)]
    fast = FastSynthesis(generator)
    layer = names_of(generator)[3]
    for name in (None, layer):
        fast(z=zs[0], layer=name)
    with never_waiting():
        for i, z in enumerate(zs):
            next(generator.synthesis.parameters()).mul_(1.01)
            fast(z=z, layer=layer if i % 2 else None, truncation_psi=i / 3)


def test_random_noise_is_a_function_of_the_seed() -> None:
    generator = lively(SMALL2).cuda()
    z, fast = latent(generator).cuda(), FastSynthesis(generator)
    fast(z=z, noise_mode="random")

    def picture(seed: int) -> Tensor:
        torch.cuda.manual_seed(seed)
        return fast(z=z, noise_mode="random").clone()

    assert torch.equal(picture(3), picture(3))
    assert not torch.equal(picture(3), picture(4))


@pytest.mark.parametrize("config", PUBLISHED.values(), ids=PUBLISHED)
def test_a_picture_can_be_made_again_bit_for_bit(
    config: StyleGAN2Config | StyleGAN3Config,
) -> None:
    generator = lively(config).cuda()
    fast = FastSynthesis(generator)
    zs = [latent(generator, seed).cuda() for seed in (1, 2)]
    first = fast(z=zs[0]).clone()
    for _ in range(20):
        assert not torch.equal(fast(z=zs[1]), first)
        assert torch.equal(fast(z=zs[0]), first)


@pytest.mark.parametrize("config", PUBLISHED.values(), ids=PUBLISHED)
def test_a_thousand_latents_stay_finite(config: StyleGAN2Config | StyleGAN3Config) -> None:
    generator = lively(config).cuda()
    fast = FastSynthesis(generator)
    z = torch.randn(1000, 1, generator.z_dim, generator=torch.Generator().manual_seed(2)).cuda()
    is_finite = torch.ones([], dtype=torch.bool, device="cuda")
    for latent_ in z:
        is_finite &= torch.isfinite(fast(z=latent_)).all()
    assert is_finite


def test_memory_does_not_grow() -> None:
    generator = lively(SMALL3).cuda()
    z, fast = latent(generator).cuda(), FastSynthesis(generator)
    layers = (*names_of(generator), None)

    def play() -> int:
        for frame in range(60):
            generator.synthesis.input.weight.mul_(1.001)
            fast(z=z, layer=layers[frame % len(layers)])
        torch.cuda.synchronize()
        return torch.cuda.memory_reserved()

    play()
    before = play()
    for _ in range(3):
        assert play() <= before
