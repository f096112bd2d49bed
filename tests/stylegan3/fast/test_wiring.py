"""The plans of the fast path, computed in plain torch, against the generators."""

import dataclasses
import gc
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from stylegan3 import Canvas, Generator, StyleGAN2Config, StyleGAN3Config
from stylegan3.cuda import KernelError
from stylegan3.fast import FastSynthesis, UnsupportedNetworkError, filter_versions, synthesis
from stylegan3.fast.kernels.convolution.convolution import Convolution
from stylegan3.fast.kernels.convolution.reference import FusedConvolution, TorchConvolution
from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight
from tests.support.networks import SMALL2, SMALL3, SMALL_XL, latent, lively, names_of
from tests.support.operations import reference_operations

pytestmark = pytest.mark.usefixtures("no_grad")

XL = "sgxl-r-sr-sr-uncond-64.pkl"
Reference = Callable[[str], tuple[Generator, dict[str, Tensor]]]


def make_fast(generator: Generator) -> FastSynthesis:
    return FastSynthesis(generator, "fp32", operations=reference_operations())


def assert_close(actual: Tensor, expected: Tensor, tolerance: float = 2e-5) -> None:
    assert actual.shape == expected.shape
    assert (actual - expected).norm() <= tolerance * expected.norm()


@pytest.mark.parametrize(
    "name",
    ["sg3-t-64-a.pkl", "sg3-r-64.pkl", "sg2-64-a.pkl", "sg2-rosinality-64.pt", XL],
)
def test_pictures_of_the_reference_networks(reference: Reference, name: str) -> None:
    generator, recorded = reference(name)
    fast = make_fast(generator)
    for n in range(len(recorded["z"])):
        picture = fast(z=recorded["z"][n : n + 1])
        assert_close(picture, recorded["image"][n : n + 1])
        assert_close(fast.ws, recorded["ws"][n : n + 1])


@pytest.mark.parametrize(
    "config", [SMALL3, SMALL_XL, SMALL2], ids=["stylegan3", "stylegan-xl", "stylegan2"]
)
def test_every_layer_can_be_shown(config: StyleGAN2Config | StyleGAN3Config) -> None:
    generator = lively(config)
    fast = make_fast(generator)
    z = latent(generator)
    ws = generator.mapping(z)
    for name in (*names_of(generator), None):
        assert_close(fast(ws=ws, layer=name), generator.synthesis(ws, layer=name))


def test_classes_and_their_averages_of_stylegan_xl() -> None:
    generator = lively(SMALL_XL)
    fast = make_fast(generator)
    z = latent(generator)
    for weights in ((0.0, 0.0, 1.0, 0.0), (0.0, 0.5, 0.0, 0.25), (0.0,) * 4, None):
        label = None if weights is None else torch.tensor([weights])
        for psi, cutoff in ((1.0, None), (0.7, None), (0.7, 3)):
            fast(z=z, c=label, truncation_psi=psi, truncation_cutoff=cutoff)
            assert_close(fast.ws, generator.mapping(z, label, psi, cutoff))
    assert_close(fast(z=z), generator(z))


def test_a_layer_goes_by_its_index_too() -> None:
    generator = lively(SMALL3)
    fast = make_fast(generator)
    ws = generator.mapping(latent(generator))
    full = fast(ws=ws, layer=names_of(generator)[2]).clone()
    for name in ("L1", "L1_148_512"):
        assert torch.equal(fast(ws=ws, layer=name), full)


@pytest.mark.parametrize("parts", [1, 3])
def test_activations_in_convolutions(parts: int) -> None:
    generator = lively(SMALL2)
    fast = FastSynthesis(generator, "fp32", operations=reference_operations(parts))
    ws = generator.mapping(latent(generator))
    for name in (*names_of(generator), None):
        assert_close(fast(ws=ws, layer=name), generator.synthesis(ws, layer=name))
    names = [step.name for step in fast.plan().steps]
    assert "b32.conv1 convolution, activation" in names
    assert not [name for name in names if name.endswith((".conv1 activation", "upsample"))]
    # sums in parts are all added up in one launch, at the end
    assert [name for name in names if name.endswith("picture")] == ["b32 picture"] * (parts > 1)


def test_torgb_fused_into_the_filter_before_it() -> None:
    generator = lively(SMALL3)
    fast = FastSynthesis(generator, "fp32", operations=reference_operations(torgb_parts=1))
    ws = generator.mapping(latent(generator))
    *_, before, last = generator.synthesis.layer_names
    for name in (before, last, None):
        assert_close(fast(ws=ws, layer=name), generator.synthesis(ws, layer=name))
    ends = [step.name for step in fast.plan().steps[-2:]]
    assert ends == [f"{before} filtered_lrelu, torgb", f"{last} torgb"]
    for name in ("weight", "bias"):
        generator.synthesis.get_parameter(f"{last}.{name}").mul_(-0.5).add_(0.1)
    assert_close(fast(ws=ws), generator.synthesis(ws))


def test_a_picture_from_complete_and_partial_sums() -> None:
    generator, z = lively(SMALL2), latent(lively(SMALL2))

    def convolution(
        weight: PreparedWeight, size: tuple[int, int], padding: int, channels: int
    ) -> Convolution:
        if size[0] == 16:  # as where no kernel of ours suits
            return TorchConvolution(weight, padding)
        return FusedConvolution(weight, padding, {4: 1, 8: 2}.get(size[0], 3))

    operations = dataclasses.replace(reference_operations(), convolution=convolution)
    fast = FastSynthesis(generator, "fp32", operations=operations)
    assert_close(fast(z=z), generator(z))
    names = [step.name for step in fast.plan().steps]
    order = ["b8 picture", "b16.conv1 convolution", "b16.conv1 activation", "b32 picture"]
    assert [name for name in names if name in order] == order
    # as soon as it can be, beside what does not need it, up to what does
    assert names.index("b8.conv1 convolution, activation") == names.index("b8 picture") - 1
    steps = {step.name: step for step in fast.plan().steps}
    assert [name for name, step in steps.items() if step.is_on_side_stream] == ["b8 picture"]
    assert [name for name, step in steps.items() if step.joins_side_stream] == [
        "b16.conv1 activation"
    ]


@pytest.mark.parametrize("noise_mode", ["const", "none"])
def test_noise_modes(noise_mode: str) -> None:
    generator = lively(SMALL2)
    z = latent(generator)
    expected = generator(z, noise_mode=noise_mode)
    assert_close(make_fast(generator)(z=z, noise_mode=noise_mode), expected)


def test_random_noise_is_fresh_every_time() -> None:
    generator = lively(SMALL2)
    fast, z = make_fast(generator), latent(generator)
    first = fast(z=z, noise_mode="random").clone()
    second = fast(z=z, noise_mode="random").clone()
    spread = (generator(z) - generator(z, noise_mode="none")).norm()
    assert 0.2 * spread < (first - second).norm() < 5 * spread


@pytest.mark.parametrize(("psi", "cutoff"), [(0.7, None), (0.7, 3), (-1.5, 1), (0.0, 0)])
def test_truncation(psi: float, cutoff: int | None) -> None:
    generator = lively(SMALL3)
    z, fast = latent(generator), make_fast(generator)
    fast(z=z, truncation_psi=0.3)
    picture = fast(z=z, truncation_psi=psi, truncation_cutoff=cutoff)
    assert_close(picture, generator(z, truncation_psi=psi, truncation_cutoff=cutoff))


@pytest.mark.parametrize("label_concat", [False, True])
def test_classes(label_concat: bool) -> None:
    config = StyleGAN2Config(
        z_dim=8,
        w_dim=12,
        c_dim=3,
        img_resolution=8,
        num_mapping_layers=2,
        channel_max=9,
        label_concat=label_concat,
    )
    generator = lively(config)
    z, fast = latent(generator), make_fast(generator)
    mixed = torch.tensor([[0.2, 0.0, 0.8]])
    assert_close(fast(z=z, c=mixed), generator(z, mixed))
    assert_close(fast(z=z), generator(z))


@pytest.mark.parametrize("config", [SMALL3, SMALL2], ids=["stylegan3", "stylegan2"])
def test_changed_tensors_are_followed_and_no_others_derived_again(
    config: StyleGAN2Config | StyleGAN3Config,
) -> None:
    generator = lively(config)
    z, fast = latent(generator), make_fast(generator)
    fast(z=z)
    tensors = generator.state_dict(keep_vars=True)
    rng = torch.Generator().manual_seed(5)
    launched, followed = record_preparations(fast), []
    for name, tensor in tensors.items():
        if name.endswith("_filter"):
            continue  # baked into kernels: another test
        launched.clear()
        tensor.copy_(tensor * 0.8 + torch.randn(tensor.shape, generator=rng) * 0.1)
        derived = [d.item for d in fast.plan().derived if d._source.data_ptr() == tensor.data_ptr()]
        assert_close(fast(z=z), generator(z))
        assert launched == [derived] * len(derived), name
        followed += derived
    assert sorted(followed) == list(range(len(fast.plan().derived)))


@pytest.mark.parametrize("config", [SMALL3, SMALL2], ids=["stylegan3", "stylegan2"])
def test_tensors_that_move_together_are_derived_by_one_launch(
    config: StyleGAN2Config | StyleGAN3Config,
) -> None:
    generator = lively(config)
    z, fast = latent(generator), make_fast(generator)
    launched = record_preparations(fast)
    assert_close(fast(z=z), generator(z))
    assert launched == [list(range(len(fast.plan().derived)))]
    fast(z=z)
    for tensor in (fast.plan().derived[i]._source for i in (3, 1)):
        tensor.mul_(1.1)
    assert_close(fast(z=z), generator(z))
    assert launched[1:] == [[1, 3]]


def record_preparations(fast: FastSynthesis) -> list[list[int]]:
    """Return a list that what is derived from now on is added to."""
    launched: list[list[int]] = []
    plan = fast.plan()

    class Recording:
        spec = None

        def __call__(self, which: Sequence[int]) -> None:
            launched.append(list(which))
            plan.preparation(which)

    fast._plans[None, "const"] = dataclasses.replace(plan, preparation=Recording())
    return launched


def test_an_input_written_in_place_is_not_copied() -> None:
    generator = lively(SMALL2)
    fast, z = make_fast(generator), latent(generator)
    fast.z.copy_(z)
    assert_close(fast(z=fast.z), generator(z))
    ws = generator.mapping(latent(generator, 3))
    fast.ws.copy_(ws)
    assert_close(fast(ws=fast.ws), generator.synthesis(ws))


@pytest.mark.parametrize("config", [SMALL3, SMALL2], ids=["stylegan3", "stylegan2"])
def test_a_call_can_be_run_again_on_what_lies_in_its_input(
    config: StyleGAN2Config | StyleGAN3Config,
) -> None:
    generator = lively(config)
    fast, z = make_fast(generator), latent(generator, 2)
    with pytest.raises(RuntimeError, match="no call"):
        fast.again()
    ws = generator.mapping(z, truncation_psi=0.5)
    for layer in (None, names_of(generator)[2]):
        expected = generator.synthesis(ws, layer=layer)
        fast(z=latent(generator, 1), truncation_psi=0.5, layer=layer)
        fast.z.copy_(z)
        assert_close(fast.again(), expected)
        fast(ws=ws.neg(), layer=layer)
        fast.ws.copy_(ws)
        assert_close(fast.again(), expected)


def test_a_tensor_with_other_memory_is_noticed() -> None:
    generator = lively(SMALL2)
    z, fast = latent(generator), make_fast(generator)
    fast(z=z)
    weight = generator.synthesis.get_parameter("b8.conv1.weight")
    weight.data = weight.data * -0.5
    assert_close(fast(z=z), generator(z))


@pytest.mark.parametrize("stays_in_place", [False, True])
def test_changed_filters_are_followed(stays_in_place: bool) -> None:
    generator = lively(SMALL3)
    operations = reference_operations()
    z = latent(generator)
    fast = FastSynthesis(generator, "fp32", operations=operations, stays_in_place=stays_in_place)
    fast(z=z)
    layer = generator.synthesis.get_submodule(names_of(generator)[3])
    layer.up_filter.mul_(torch.linspace(0.5, 1.5, len(layer.up_filter)))
    assert_close(fast(z=z), generator(z))


@pytest.mark.parametrize("is_changed", [False, True])
def test_what_another_thread_prepared_follows_filters_changed_meanwhile(is_changed: bool) -> None:
    generator = lively(SMALL3)
    z, before = latent(generator), filter_versions(generator)
    layer = generator.synthesis.get_submodule(names_of(generator)[3])
    if is_changed:
        layer.up_filter.mul_(torch.linspace(0.5, 1.5, len(layer.up_filter)))
    options = {"operations": reference_operations(), "stays_in_place": True, "filters": before}
    fast = FastSynthesis(generator, "fp32", **options)
    plan = fast.plan()
    assert_close(fast(z=z), generator(z))
    assert (fast.plan() is not plan) == is_changed  # made anew where it may not be right
    assert_close(fast(z=z), generator(z))


def test_a_filter_that_no_kernel_has_is_refused() -> None:
    generator = lively(SMALL2)
    z, fast = latent(generator), make_fast(generator)
    fast(z=z)
    generator.synthesis.get_submodule("b8.conv0").resample_filter[0, 3] += 0.3
    with pytest.raises(UnsupportedNetworkError, match="outer product"):
        fast(z=z)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"architecture": "resnet"}, "resnet"),
        ({"activation": "relu"}, "activation is relu"),
        ({"conv_kernel": 5}, "kernels are 5 × 5, not 3 × 3"),
        ({"resample_filter": (1, 2, 1)}, "resampling filter"),
    ],
)
def test_what_is_not_supported_is_named(options: dict[str, Any], reason: str) -> None:
    generator = Generator(StyleGAN2Config(z_dim=8, w_dim=8, img_resolution=8, **options))
    with pytest.raises(UnsupportedNetworkError, match=reason):
        make_fast(generator)


@pytest.mark.parametrize("parts", [0, 1, 3])
@pytest.mark.parametrize("init_res", [(4, 2), (3, 5), (6, 4), (1, 7)], ids=str)
def test_stylegan2_of_any_first_size(init_res: tuple[int, int], parts: int) -> None:
    generator = lively(dataclasses.replace(SMALL2, init_res=init_res))
    fast = FastSynthesis(generator, "fp32", operations=reference_operations(parts))
    ws = generator.mapping(latent(generator))
    for name in (*names_of(generator), None):
        assert_close(fast(ws=ws, layer=name), generator.synthesis(ws, layer=name))


@pytest.mark.parametrize("parts", [0, 1])
@pytest.mark.parametrize("is_radial", [False, True], ids=["t", "r"])
def test_stylegan3_that_is_not_square(is_radial: bool, parts: int) -> None:
    kernel = 1 if is_radial else 3
    generator = lively(
        dataclasses.replace(
            SMALL3, square=False, margin_size=5, use_radial_filters=is_radial, conv_kernel=kernel
        )
    )
    fast = FastSynthesis(generator, "fp32", operations=reference_operations(parts))
    ws = generator.mapping(latent(generator))
    for name in (*names_of(generator), None):
        assert_close(fast(ws=ws, layer=name), generator.synthesis(ws, layer=name))
    assert fast(ws=ws).shape == (1, 3, 32, 16)


@pytest.mark.parametrize("torgb_parts", [0, 2])
@pytest.mark.parametrize("size", [(58, 32), (34, 62), (20, 44)])
@pytest.mark.parametrize("config", [SMALL3, SMALL_XL], ids=["stylegan3", "stylegan-xl"])
def test_a_canvas(config: StyleGAN3Config, size: tuple[int, int], torgb_parts: int) -> None:
    generator = lively(config)
    width, height = (side - 32 + config.img_resolution for side in size)
    canvas, operations = Canvas(width, height), reference_operations(torgb_parts)
    fast = FastSynthesis(generator, "fp32", operations=operations, canvas=canvas)
    ws = generator.mapping(latent(generator))
    for name in (*names_of(generator)[::3], None):
        expected = generator.synthesis(ws, layer=name, canvas=canvas)
        assert_close(fast(ws=ws, layer=name), expected)


def test_a_canvas_of_stylegan2_is_refused() -> None:
    with pytest.raises(UnsupportedNetworkError, match="StyleGAN2 on a canvas has no fast path"):
        FastSynthesis(Generator(SMALL2), operations=reference_operations(), canvas=Canvas(64, 32))


def test_widths_of_their_own() -> None:
    config = dataclasses.replace(SMALL2, block_channels=(27, 9, 33, 5))
    generator = lively(config)
    z = latent(generator)
    assert_close(make_fast(generator)(z=z), generator(z))


def test_a_cpu_is_refused_with_the_reason() -> None:
    with pytest.raises(UnsupportedNetworkError, match="cpu"):
        FastSynthesis(lively(SMALL2))


@pytest.mark.parametrize("config", [SMALL3, SMALL2], ids=["stylegan3", "stylegan2"])
def test_memory_is_freed_at_once(config: StyleGAN2Config | StyleGAN3Config) -> None:
    generator = lively(config)
    fast = make_fast(generator)
    fast(z=latent(generator))
    tensors = generator.state_dict(keep_vars=True).values()
    owners = [weakref.ref(x) for x in (*tensors, fast, fast._planner, fast.mapping, fast.plan())]
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        del fast, generator, tensors
        assert [owner() for owner in owners if owner() is not None] == []
    finally:
        if was_enabled:
            gc.enable()


def test_wrong_arguments_are_refused() -> None:
    generator = lively(SMALL2)
    fast = make_fast(generator)
    with pytest.raises(ValueError, match=r"z must have shape \[1, 24\]"):
        fast(z=torch.zeros(2, 24))
    with pytest.raises(ValueError, match="ws must have shape"):
        fast(ws=torch.zeros(1, 2, 20))
    with pytest.raises(ValueError, match="noise_mode"):
        fast(z=torch.zeros(1, 24), noise_mode="loud")
    with pytest.raises(ValueError, match="no layer is called"):
        fast(z=torch.zeros(1, 24), layer="b8.conv9")


class _Choices(list):
    """That many convolutions were chosen for this card."""


def _refuse(*_: Any, **__: Any) -> Any:
    raise KernelError("cannot compile conv_mma:\nptxas error")


def test_a_choice_that_cannot_be_compiled_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = lively(SMALL2)
    z = latent(generator)
    expected = make_fast(generator)(z=z).clone()
    refusing = dataclasses.replace(reference_operations(), modulation=_refuse)

    def make(**options: Any) -> FastSynthesis:
        return FastSynthesis(generator, "fp32", operations=refusing, **options)

    monkeypatch.setattr(synthesis.choices, "kept", lambda device: _Choices([1]))
    fast = make(fallback=reference_operations())
    assert fast.remark == ""
    given = fast.z.copy_(z)  # its own memory, which is another one once it is prepared anew
    assert torch.equal(fast(z=given), expected)
    assert fast.remark.endswith("do not run (cannot compile conv_mma:)")
    assert torch.equal(fast(z=z), expected)
    with pytest.raises(KernelError):
        make()(z=z)
    monkeypatch.setattr(synthesis.choices, "kept", lambda device: _Choices())
    with pytest.raises(KernelError):  # no choice is to blame
        make(fallback=reference_operations())(z=z)
