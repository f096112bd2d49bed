"""Whole networks through the kernels' own launchers, on the CPU emulator of a GPU."""

import dataclasses
from collections.abc import Callable

import pytest
import torch

from stylegan3 import StyleGAN2Config, StyleGAN3Config
from stylegan3.cuda import nvrtc, tensor_map
from stylegan3.cuda.multiprocessors import Multiprocessors
from stylegan3.fast import FastSynthesis, Precision
from stylegan3.fast.kernels.convolution import launcher as conv_launcher
from stylegan3.fast.kernels.convolution.convolution import (
    Convolution,
    TensorCoreConvolution,
    WrittenWeight,
)
from stylegan3.fast.kernels.convolution.mma_launcher import MmaConvolution
from stylegan3.fast.kernels.convolution.mma_tiling import MmaTiling
from stylegan3.fast.kernels.convolution.reference import TorchConvolution
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape, Tiling
from stylegan3.fast.kernels.dense import chain_launcher as dense_chain_cuda
from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight
from stylegan3.fast.operations import Operations, cuda_operations
from tests.support.networks import latent, lively, names_of

pytestmark = pytest.mark.usefixtures("no_grad")

TINY2 = StyleGAN2Config(
    z_dim=8, w_dim=8, img_resolution=8, num_mapping_layers=2, channel_base=400, channel_max=27
)
TINY_T = StyleGAN3Config(
    z_dim=8,
    w_dim=8,
    img_resolution=16,
    num_layers=3,
    num_critical=1,
    channel_base=320,
    channel_max=21,
    margin_size=2,
)
TINY_R = dataclasses.replace(TINY_T, conv_kernel=1, use_radial_filters=True)


@pytest.fixture
def emulated(monkeypatch: pytest.MonkeyPatch) -> Operations:
    """The GPU's operations but cuDNN."""
    from tests.emulator import emulated_kernel, emulated_map

    if not emulated_kernel.has_compiler():
        pytest.skip("no g++: CUDA kernels are not emulated")
    monkeypatch.setattr(nvrtc, "load", emulated_kernel.load)
    monkeypatch.setattr(tensor_map, "encode", emulated_map.encode)
    return dataclasses.replace(
        cuda_operations(),
        convolution=lambda weight, size, padding, *_, **__: TorchConvolution(weight, padding),
    )


def wgmma(
    weight: PreparedWeight | WrittenWeight,
    size: tuple[int, int],
    padding: int,
    channels: int,
    *,
    may_block: bool = False,
) -> Convolution:
    """Take Hopper's kernel where it applies, with output in blocks where they are read."""
    if isinstance(weight, WrittenWeight) or weight.kernel[0] == 1:
        return TorchConvolution(weight, padding)
    kernel = weight.kernel[0]
    shape = ConvolutionShape(*size, weight.in_channels, channels, kernel, padding)
    operation = conv_launcher.HopperConvolution(shape, weight.source.device, is_blocked=may_block)
    return TensorCoreConvolution(weight, operation, "wgmma")


def mma(
    weight: PreparedWeight | WrittenWeight,
    size: tuple[int, int],
    padding: int,
    channels: int,
    *,
    may_block: bool = False,
) -> Convolution:
    """Take the kernel for every GPU, with sums in short runs of float16."""
    if isinstance(weight, WrittenWeight):
        return TorchConvolution(weight, padding)
    shape = ConvolutionShape(*size, weight.in_channels, channels, weight.kernel[0], padding)
    tiling = MmaTiling(16, 1, 2, weight_stages=3, run=2)
    operation = MmaConvolution(shape, weight.source.device, is_blocked=may_block, tiling=tiling)
    return TensorCoreConvolution(weight, operation, "mma")


@pytest.mark.parametrize(
    ("config", "convolution"), [(TINY2, wgmma), (TINY_T, wgmma), (TINY2, mma), (TINY_T, mma)]
)
def test_our_own_convolutions(
    emulated: Operations,
    config: StyleGAN2Config | StyleGAN3Config,
    convolution: Callable[..., Convolution],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generator = lively(config)
    z = latent(generator)
    operations = dataclasses.replace(emulated, convolution=convolution)
    fast = FastSynthesis(generator, operations=operations)
    launched, load = [], nvrtc.load
    monkeypatch.setattr(nvrtc, "load", lambda *a: (launched.append(a[0].name), load(*a))[1])
    for _ in range(2):
        expected = generator(z)
        launched.clear()
        assert (fast(z=z) - expected).norm() < 5e-3 * expected.norm()
        assert launched.count("weight_preparation") == 1  # for all layers
        assert launched[0] == "weight_preparation"
        for name, tensor in generator.synthesis.named_parameters():
            if name.endswith(".weight"):
                tensor.mul_(-0.5).add_(0.1)


@pytest.mark.parametrize("n_tile", [32, 16])
def test_activations_in_hoppers_convolutions(
    emulated: Operations, monkeypatch: pytest.MonkeyPatch, n_tile: int
) -> None:
    monkeypatch.setattr(conv_launcher, "choose_tiling", lambda *_: Tiling(n_tile, 1, 2))
    generator = lively(dataclasses.replace(TINY2, channel_max=32))  # whole groups of 8: ToRGB too
    z = latent(generator)
    operations = dataclasses.replace(
        emulated, convolution=wgmma, fuses_upsampling=lambda *_: n_tile == 16
    )
    fast = FastSynthesis(generator, operations=operations)
    for layer in (None, "b4.conv1", "b8.conv0", "b8.torgb"):
        expected = generator.synthesis(generator.mapping(z), layer=layer)
        actual = fast(z=z, layer=layer)
        assert (actual - expected).norm() < 5e-3 * expected.norm()
    generator.synthesis.get_parameter("b8.conv0.weight").mul_(-0.5).add_(0.1)
    expected = generator(z)
    assert (fast(z=z) - expected).norm() < 5e-3 * expected.norm()
    names = [step.name for step in fast.plan().steps]
    assert not [name for name in names if name.endswith("activation") and "," not in name]
    assert ("b8 picture" in names) == (n_tile == 16)

    # a layer's frame takes the picture's kernels, but where the picture stored nothing
    def convolutions(layer: str | None) -> set[nvrtc.KernelSpec]:
        return {spec for spec in fast.plan(layer).specs if spec.name == "conv_wgmma"}

    assert convolutions("b8.conv0") < convolutions(None)
    assert ("b8.conv0 upsample" in names) == (n_tile == 32)


@pytest.mark.parametrize("config", [TINY2, TINY_T, TINY_R], ids=["2", "t", "r"])
@pytest.mark.parametrize(("precision", "tolerance"), [("fast", 5e-3), ("fp32", 2e-5)])
def test_pictures_and_layers(
    emulated: Operations,
    config: StyleGAN2Config | StyleGAN3Config,
    precision: Precision,
    tolerance: float,
) -> None:
    generator = lively(config)
    z = latent(generator)
    fast = FastSynthesis(generator, precision, operations=emulated)
    for layer in (None, names_of(generator)[2]):
        actual = fast(z=z, layer=layer, truncation_psi=0.8)
        expected = generator.synthesis(generator.mapping(z, truncation_psi=0.8), layer=layer)
        assert actual.shape == expected.shape
        assert (actual - expected).norm() < tolerance * expected.norm()
    generator.synthesis.get_parameter(
        "b8.conv0.weight" if config is TINY2 else "input.weight"
    ).neg_()
    expected = generator(z)
    assert (fast(z=z) - expected).norm() < tolerance * expected.norm()
    assert torch.isfinite(expected).all()


@pytest.mark.parametrize("cooperative", [True, False])
def test_the_mapping_is_one_launch_where_all_of_its_blocks_fit(
    emulated: Operations, monkeypatch: pytest.MonkeyPatch, cooperative: bool
) -> None:
    processors = Multiprocessors(4, 64 * 1024, cooperative, 2**20)
    monkeypatch.setattr(dense_chain_cuda, "multiprocessors", lambda device: processors)
    generator = lively(dataclasses.replace(TINY2, w_dim=16, num_mapping_layers=3))
    fast, z = FastSynthesis(generator, operations=emulated), latent(generator)
    names = [step.name for step in fast.mapping.steps]
    assert names == (["mapping"] if cooperative else ["mapping fc0", "mapping fc1", "mapping fc2"])
    for psi, cutoff in ((1.0, None), (0.4, 2)):
        fast(z=z, truncation_psi=psi, truncation_cutoff=cutoff)
        expected = generator.mapping(z, truncation_psi=psi, truncation_cutoff=cutoff)
        assert (fast.ws - expected).norm() < 1e-5 * expected.norm()


@pytest.mark.parametrize("config", [TINY_T, TINY_R], ids=["t", "r"])
def test_torgb_in_the_filter_before_it(emulated: Operations, config: StyleGAN3Config) -> None:
    generator = lively(config)
    z = latent(generator)
    fast = FastSynthesis(generator, operations=emulated)
    *_, before, last = generator.synthesis.layer_names

    def assert_close(layer: str | None) -> None:
        expected = generator.synthesis(generator.mapping(z), layer=layer)
        assert (fast(z=z, layer=layer) - expected).norm() < 5e-3 * expected.norm()

    for layer in (None, before, last, None):
        assert_close(layer)
    generator.synthesis.get_parameter(f"{last}.weight").mul_(-0.5).add_(0.1)
    generator.synthesis.get_parameter(f"{last}.bias").add_(0.3)
    for layer in (last, None):
        assert_close(layer)

    def ends(fast: FastSynthesis, layer: str | None) -> list[str]:
        return [step.name for step in fast.plan(layer).steps[-2:]]

    assert ends(fast, None) == [f"{before} filtered_lrelu, torgb", f"{last} torgb"]
    assert ends(fast, last) == ends(fast, None)
    assert ends(fast, before) == [f"{before} convolution", f"{before} filtered_lrelu"]
    # where another format, or more colours, are against it
    exact = FastSynthesis(generator, "fp32", operations=emulated)
    assert ends(exact, None) == [f"{before} filtered_lrelu", f"{last} torgb"]
    apart = dataclasses.replace(emulated, can_fuse_torgb=lambda *_: False)
    in_turn = FastSynthesis(generator, operations=apart)
    assert ends(in_turn, None) == ends(exact, None)
    assert (in_turn(z=z) - fast(z=z)).norm() < 1e-5 * fast(z=z).norm()
    # the partial sums take the memory of the layer's output
    assert fast._planner._arena._sizes == in_turn._planner._arena._sizes


def test_a_picture_of_more_colours_than_a_filter_makes(emulated: Operations) -> None:
    generator = lively(dataclasses.replace(TINY_T, img_channels=5))
    z = latent(generator)
    fast = FastSynthesis(generator, operations=emulated)
    expected = generator(z)
    assert (fast(z=z) - expected).norm() < 5e-3 * expected.norm()
    assert fast.plan().steps[-1].name.endswith(" torgb")
