"""Several latents in one picture: against a slow loop over layers and latents, for every family."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

import stylegan3
from stylegan3 import Canvas, Generator, Grid, Regions, fitting_side
from stylegan3.ops.enlarge import crop_centre
from stylegan3.ops.upfirdn2d import doubled, upsample2d
from tests.support import DATA

pytestmark = pytest.mark.usefixtures("no_grad")

NETWORKS = [
    "sg1-tf-cond-128.pkl",
    "sg2-64-a.pkl",
    "sg2-cond-resnet-32.pkl",
    "sg2-tf-minhw-cond-32.pkl",
    "sg3-r-64.pkl",
    "sg3-t-human-64x32.pt",
    "sgxl-r-sr-sr-uncond-64.pkl",
]


def waves(grid: Grid, count: int = 3) -> Tensor:  # [count, 1, H, W], of sum 1
    """Shares that differ from place to place, and are the same wherever a layer samples them."""
    y = (torch.arange(grid.height) + 0.5 - grid.height / 2).double() / grid.rate
    x = (torch.arange(grid.width) + 0.5 - grid.width / 2).double() / grid.rate
    waves = [(3 * x[None, :] + k).sin() * (4 * y[:, None] - k).cos() for k in range(count)]
    return torch.stack(waves).softmax(0)[:, None]


def halves(grid: Grid) -> Tensor:  # [2, 1, H, W]: the left is the first latent's
    right = (torch.arange(grid.width) >= grid.width / 2).double().expand(1, grid.height, -1)
    return torch.stack([1 - right, right])


def opened(name: str, count: int) -> tuple[Any, Tensor]:
    generator = stylegan3.load(DATA / name).double()
    draw = torch.Generator().manual_seed(0)
    return generator, torch.randn(
        count, generator.num_ws, generator.w_dim, generator=draw, dtype=torch.float64
    )


class Slow:
    """Each layer of each latent by itself, from the features that were mixed before."""

    def __init__(self, generator: Generator, ws: Tensor, first: int, last: int) -> None:
        self.synthesis: Any = generator.synthesis
        self.config: Any = generator.config
        self.ws, self.first, self.last = ws, first, last

    def each(self, row: int, rate: int, make: Any) -> Tensor:
        if not self.first <= row <= self.last:
            return make(self.ws[:1, row])
        made = [make(w[None, row]) for w in self.ws]
        shares = waves(Grid(made[0].shape[2], made[0].shape[3], rate), len(made))
        return sum((x * share for x, share in zip(made, shares, strict=True)), torch.zeros(()))

    def outputs(self, canvas: Canvas | None) -> Iterator[tuple[str, Tensor]]:
        kinds = {"stylegan1": self._one, "stylegan2": self._two}
        return kinds.get(self.config.family, self._alias_free)(canvas)

    def _one(self, canvas: Canvas | None) -> Iterator[tuple[str, Tensor]]:
        x = image = None
        for number, resolution in enumerate(self.config.block_resolutions):
            block = getattr(self.synthesis, f"b{resolution}")
            size = None if canvas is None else self.config.size_on(resolution, canvas)
            for place, part in enumerate(block.layers):
                x = part.constant(size, "tile")[None] if x is None else part.convolve(x)
                x = x if size is None else crop_centre(x, size)
                run = partial(part, x, noise=part.noise(size))
                x = self.each(2 * number + place, resolution, run)
            image = None if image is None else doubled(image)
            image = image if image is None or size is None else crop_centre(image, size)
            if block.torgb is not None:
                y = block.torgb(x) * self.config.torgb_weight(resolution)
                image = y if image is None else image + y
        assert image is not None
        yield "", image

    def _two(self, canvas: Canvas | None) -> Iterator[tuple[str, Tensor]]:
        row, img = 0, None
        x = self.synthesis.b4.constant(canvas)[None]
        for resolution in self.config.block_resolutions:
            block = getattr(self.synthesis, f"b{resolution}")
            rate = self.config.size(resolution)[0]
            size = None if canvas is None else self.config.size_on(resolution, canvas)
            gain = 0.5**0.5 if block.is_resnet else 1.0
            shortcut = block.skip(x, gain=gain) if block.is_resnet else None
            for name in ("conv0", "conv1")[block.is_first :]:
                run = partial(getattr(block, name), x, size=size)
                if name == "conv1":
                    run = partial(run, gain=gain)
                x = self.each(row, rate, run)
                row += 1
                yield f"{block.name}.{name}", x
            if shortcut is not None:
                x = x + (shortcut if size is None else crop_centre(shortcut, size))
            if img is not None:
                img = upsample2d(img, block.resample_filter)
                img = img if size is None else crop_centre(img, size)
            if block.has_torgb:
                y = self.each(row, rate, partial(block.torgb, x))
                img = y if img is None else img + y
        assert img is not None
        yield "", img

    def _alias_free(self, canvas: Canvas | None) -> Iterator[tuple[str, Tensor]]:
        layers = self.synthesis._layers_on(canvas)
        size = (layers[0].in_width, layers[0].in_size)
        rate = self.synthesis.input.sampling_rate
        x = self.each(0, rate, lambda w: self.synthesis.input(w, size))
        yield "input", x
        for row, g in enumerate(layers, 1):
            run = self.synthesis.get_submodule(g.name)
            x = self.each(row, g.out_sampling_rate, partial(run, x, geometry=g))
            yield g.name, x
        yield "", x * self.synthesis.output_scale


def relative(found: Tensor, expected: Tensor) -> float:
    assert found.shape == expected.shape
    return float((found - expected).norm() / expected.norm())


@pytest.mark.parametrize(
    ("name", "has_canvas"),
    [
        *((name, False) for name in NETWORKS),
        *((name, True) for name in ("sg1-tf-cond-128.pkl", "sg2-64-a.pkl", "sg3-r-64.pkl")),
    ],
)
def test_layers_are_mixed_as_a_slow_loop_mixes_them(name: str, has_canvas: bool) -> None:
    generator, ws = opened(name, 3)
    canvas = None
    if has_canvas:
        own = generator.img_width, generator.img_height
        canvas = Canvas(fitting_side(own[0] * 1.6, own[0]), own[1] + 4)
    first, last = 1, generator.num_ws - 3
    regions = Regions(waves, first, last)
    outputs = dict(Slow(generator, ws, first, last).outputs(canvas))
    for layer in ("", *list(outputs)[1:-1:6]):
        found = generator.synthesis(ws, layer=layer or None, regions=regions, canvas=canvas)
        assert relative(found, outputs[layer]) < 1e-7, layer


@pytest.mark.parametrize("name", NETWORKS)
def test_one_latent_is_that_picture_and_rows_outside_are_the_first(name: str) -> None:
    generator, ws = opened(name, 2)
    plain = generator.synthesis(ws[:1])
    assert torch.equal(generator.synthesis(ws[:1], regions=Regions(halves)), plain)
    nowhere = Regions(halves, generator.num_ws, None)
    assert torch.equal(generator.synthesis(ws, regions=nowhere), plain)
    same = generator.synthesis(ws[:1].expand(2, -1, -1), regions=Regions(halves))
    assert relative(same, plain) < 1e-7
    whole = Regions(lambda grid: torch.tensor([0.0, 1.0]).view(2, 1, 1, 1))
    assert relative(generator.synthesis(ws, regions=whole), generator.synthesis(ws[1:])) < 1e-7


@pytest.mark.parametrize("name", ["sg2-64-a.pkl", "sg3-t-64-a.pkl"])
def test_far_from_the_seam_a_half_is_its_latents_picture(name: str) -> None:
    generator, ws = opened(name, 2)
    first = generator.num_ws - 3  # what the last layers see reaches a few pixels
    low = ws.clone()
    low[1, :first] = ws[0, :first]
    made = generator.synthesis(ws, regions=Regions(halves, first))
    left, right = generator.synthesis(ws[:1]), generator.synthesis(low[1:])
    far, width = 16, generator.img_width
    assert relative(made[..., :far], left[..., :far]) < 1e-6
    assert relative(made[..., width - far :], right[..., width - far :]) < 1e-6
    assert relative(made[..., :far], right[..., :far]) > 1e-3


def test_random_noise_is_the_same_for_all_latents() -> None:
    generator, ws = opened("sg2-64-a.pkl", 2)
    ws = ws[:1].expand(2, -1, -1)
    torch.manual_seed(3)
    plain = generator.synthesis(ws[:1], noise_mode="random")
    torch.manual_seed(3)
    assert relative(generator.synthesis(ws, "random", regions=Regions(halves)), plain) < 1e-7
