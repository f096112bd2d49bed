"""Frames as they are made on CUDA, by emulated kernels and the fast path in plain torch."""

from collections.abc import Iterator

import pytest
import torch
from msgspec.structs import replace

from sgview.engine.acceleration import Acceleration
from sgview.engine.engine import Engine
from sgview.state.params import (
    Blend,
    Canvas,
    Digression,
    Directions,
    Edit,
    Ground,
    InputTransform,
    Latents,
    Layer,
    Mapping,
    Mixing,
    Noise,
    Params,
    PixelNoise,
    View,
    Walk,
)
from stylegan3.fast import FastSynthesis
from tests.support import travelling
from tests.support.operations import reference_operations

WEIGHT = "synthesis.L1_20_8.weight"
FILTER = "synthesis.L1_20_8.up_filter"


class Accelerated(Acceleration):
    """Has kernels on every device."""

    def has_kernels(self, device: torch.device) -> bool:
        return True

    def obstacle(self, device: torch.device) -> str:
        return ""


class CountingSynthesis(FastSynthesis):
    """Counts the calls of its methods."""

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, operations=reference_operations(), **options)
        self.calls = self.repeats = 0

    def __call__(self, **options):
        self.calls += 1
        return super().__call__(**options)

    def again(self):
        self.repeats += 1
        return super().again()


@pytest.fixture
def engines(sg3, sg3_other, prepare_by, tmp_path) -> Iterator[tuple[Engine, Engine]]:
    """One with plain torch, and one with kernels."""
    prepare_by(lambda g, *_, canvas=None, **__: CountingSynthesis(g, "fp32", canvas=canvas))
    with Engine("cpu") as plain, Engine("cpu", Accelerated()) as fast:
        fast._latents._has_kernel = True
        for engine in (plain, fast):
            engine.set_network("a", sg3)
            engine.set_network("b", sg3_other)
            travelling.fill_library(tmp_path, engine)
        yield plain, fast


def check(engines: tuple[Engine, Engine], params: Params, t: float) -> None:
    plain, fast = (engine.render(params, t) for engine in engines)
    assert (plain.rgba8.int() - fast.rgba8.int()).abs().max() <= 1
    assert fast.latent == pytest.approx(plain.latent, abs=1e-5)
    assert fast.status.layer == plain.status.layer and fast.status.size == plain.status.size
    for name in ("mean", "std", "max_abs", "shown_mean", "shown_std", "shown_max_abs"):
        wanted = getattr(plain.status.statistics, name)
        assert getattr(fast.status.statistics, name) == pytest.approx(wanted, rel=1e-3, abs=1e-4)


GRID = InputTransform(x=0.2, rotate=30.0, shear=0.1, speed_y=0.3, speed_scale=0.2)
GROUND = Ground(
    input=GRID,
    noise=PixelNoise(
        strength=1.5, layers={"b8_conv1": 0.2}, seed=2, moving=0.8, speed_x=0.3, speed_y=-0.1
    ),
    constant=Digression(amount=0.9),
)
SHAPED = Params(
    mapping=Mapping(truncation_psi=0.6, truncation_cutoff=2),
    mixing=Mixing(source="noise", rows=(0.0, 0.5, 1.0), seed=6),
    directions=Directions(amounts={"sefa1": 1.0, "sefa2:1-2": -0.7}),
    walk=Walk(reach=0.4, speed=2.0),
)
CASES = [
    Params(),
    Params(noise=Noise(type="simplex3d", amplitude=1.5, translate_4d_speed=0.3)),
    Params(noise=Noise(seed=4, rotate=(0.0, 30.0, 10.0), translate_speed=(0.2, 0.5, 0.0))),
    Params(latents=Latents(mode="independent", gaussianise=True)),
    Params(latents=Latents(space="w"), noise=Noise(monochrome=False)),
    Params(latents=Latents(source="seeds", seed_speed=0.3)),
    Params(mapping=Mapping(truncation_psi=0.4, truncation_cutoff=2)),
    SHAPED,
    replace(SHAPED, latents=Latents(source="seeds"), mixing=Mixing(rows=(1.0, 0.4), seed=3)),
    replace(SHAPED, latents=Latents(space="w")),
    Params(layer=Layer(name="L2", base_channel=1, normalise=True)),
    Params(layer=Layer(gain_db=-6.0), view=View(flip_horizontal=True, flip_vertical=True)),
    Params(blend=Blend(amounts={"L1": 0.5, "mapping": 1.3})),
    Params(blend=Blend(source="b")),
    Params(edits=(Edit(tensor=WEIGHT, operation="add", amount=0.3),)),
    Params(edits=(Edit(tensor=FILTER, operation="multiply", amount=1.2),)),
    Params(edits=(Edit(tensor=WEIGHT, operation="shuffle", amount=0.7),)),
    *travelling.CASES,
    Params(ground=Ground(input=GRID)),
    Params(ground=Ground(input=InputTransform(x=0.2, untransform=True))),
    Params(ground=GROUND, blend=Blend(amounts={"input": 0.5})),
    Params(ground=GROUND, edits=(Edit(tensor="synthesis.input.freqs", amount=1.1),)),
]


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("device", ["emulator"], indirect=True)
def test_pictures_follow_every_change(engines) -> None:
    for params in CASES:
        for frame in range(3):
            check(engines, params, frame / 7)
        check(engines, Params(), 0.3)  # nothing stays of it
        for t in (0.1, 0.2):
            check(engines, params, t)


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("device", ["emulator"], indirect=True)
def test_a_canvas_is_planned_where_it_is_asked_for(engines) -> None:
    """Offline each picture follows from its parameters alone."""
    _, engine = engines
    wide = Params(canvas=Canvas(shape="16:9"))
    check(engines, Params(), 0.0)
    for width in (1.2, 1.4):
        moving = Params(canvas=Canvas(shape="free", width=width))
        assert engine.render(moving, 0.1).status.made_by.startswith("CUDA graphs")
        check(engines, moving, 0.1)
    prepared = engine._live["a"].prepared
    check(engines, wide, 0.2)
    check(engines, wide, 0.3)
    assert engine._live["a"].prepared is not prepared
    assert engine.render(wide, 0.3).status.size == (28, 16)
    check(engines, Params(), 0.4)
    assert engine.render(Params(), 0.4).status.made_by.startswith("CUDA graphs")
    assert engine.take_notices() == []


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("device", ["emulator"], indirect=True)
def test_a_canvas_that_has_no_fast_path_says_so(engines, make_sg2) -> None:
    wide = Params(canvas=Canvas(shape="2:1"))
    for engine in engines:
        engine.set_network("b", None)
        engine.set_network("a", make_sg2(0))
    check(engines, wide, 0.2)
    made = engines[1].render(wide, 0.2)
    assert made.status.made_by.endswith("StyleGAN2 on a canvas has no fast path")
    assert engines[1].take_notices() == []
    check(engines, Params(), 0.3)
    assert engines[1].render(Params(), 0.3).status.made_by.startswith("CUDA graphs")


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("device", ["emulator"], indirect=True)
def test_where_only_the_noise_moves_the_call_before_is_run_again(engines) -> None:
    _, engine = engines
    for params in (Params(), Params(latents=Latents(space="w")), Params(layer=Layer(name="L1"))):
        engine.render(params, 0.0)  # the fast path has no memory for noise before its first call
        engine.render(params, 0.0)
        fast = engine._live["a"].prepared
        before = fast.calls, fast.repeats
        for frame in range(3):
            engine.render(_moved(params, 1.0 + frame), 0.1 * frame)
        assert (fast.calls, fast.repeats) == (before[0], before[1] + 3)


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("device", ["emulator"], indirect=True)
@pytest.mark.parametrize("network", ["sg3", "sg2"])
def test_a_ground_that_moves_is_written_under_the_call_before(engines, request, network) -> None:
    """Launches read it where it lies: nothing is planned or captured anew."""
    for engine in engines:
        engine.set_network("a", request.getfixturevalue(network))
        engine.set_network("b", None)
    params = Params(ground=GROUND)
    for t in (0.0, 0.1):
        check(engines, params, t)
    fast = engines[1]._live["a"].prepared
    before = fast.calls, fast.repeats
    for frame in range(1, 6):
        check(engines, params, frame / 3)
    assert (fast.calls, fast.repeats) == (before[0], before[1] + 5)
    check(engines, Params(), 2.0)


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("device", ["emulator"], indirect=True)
def test_a_path_that_an_edit_ends_is_given_up_once_and_said(engines, sg2, sg3) -> None:
    for engine in engines:
        engine.set_network("a", sg2)
        engine.render(Params(), 0.0)
    plain, fast = engines
    assert not fast.take_notices() and fast._live["a"].prepared is not None
    name = "synthesis.b8.conv0.resample_filter"  # no outer product any more: no kernel has it
    edited = Params(edits=(Edit(tensor=name, operation="noise", amount=0.3),))
    for frame in range(3):
        check(engines, edited, frame / 7)
    (notice,) = fast.take_notices()
    assert notice.text.startswith(f"{sg2.status.name} plays without the fast path: its resampling")
    check(engines, Params(), 0.5)
    picture = fast.render(Params(), 0.5)
    assert "outer product" in picture.status.made_by
    assert [t.stage for t in plain.render(Params(), 0.5).timings][2:4] == ["mapping", "synthesis"]
    assert "mapping, synthesis" not in [timing.stage for timing in picture.timings]
    assert fast._live["a"].prepared is None and not fast.take_notices()
    fast.set_network("a", sg3)  # another network is tried again
    assert "mapping, synthesis" in [t.stage for t in fast.render(Params(), 0.2).timings]


def _moved(params: Params, amplitude: float) -> Params:
    layer = Layer(name=params.layer.name)
    return Params(noise=Noise(amplitude=amplitude), latents=params.latents, layer=layer)
