"""The networks that `sgview bench` times, and what is known of their times elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from stylegan3 import Generator


@dataclass(frozen=True)
class Case:
    """A network to time."""

    name: str
    build: Callable[[], Generator]
    published: float | None = None  # time of one picture by the published code [ms]
    published_graph: float | None = None  # the same as a CUDA graph
    goal: float | None = None  # what this project aims at on an H200


def published_cases(device_type: str) -> list[Case]:
    """The published configurations that make sense on such a device, and the built-in network."""
    from stylegan3 import StyleGAN2Config, StyleGAN3Config

    radial: dict[str, Any] = {"conv_kernel": 1, "use_radial_filters": True}
    half: dict[str, Any] = {"channel_base": 16384}
    if device_type == "cuda":
        wide = StyleGAN3Config(channel_base=65536, channel_max=1024, **radial)
        return [
            _fresh("stylegan3-t 1024", StyleGAN3Config(), 12.7, 8.0, 1.5),
            _fresh("stylegan3-r 1024", wide, 18.0, 13.9, 1.9),
            _fresh("stylegan2 1024", StyleGAN2Config(), 15.8, 3.95, 0.55),
            _fresh("stylegan3-t 512", StyleGAN3Config(img_resolution=512), 10.3, None, 1.3),
            _fresh("stylegan3-t 256", StyleGAN3Config(img_resolution=256), 10.5, None, 1.0),
            _fresh("stylegan2 256", StyleGAN2Config(img_resolution=256), 12.9, 2.0, 0.4),
            _builtin(),
        ]
    small: dict[str, Any] = {"img_resolution": 128, "channel_base": 8192, "channel_max": 256}
    return [
        _fresh("stylegan3-t 256", StyleGAN3Config(img_resolution=256, **half), 7200),
        _fresh("stylegan3-t 128", StyleGAN3Config(**small), 1400),
        _fresh("stylegan3-r 128", StyleGAN3Config(**small, **radial)),
        _fresh("stylegan2 256", StyleGAN2Config(img_resolution=256, **half)),
        _builtin(),
        _builtin("sg3"),
    ]


def file_cases(paths: Sequence[Path]) -> list[Case]:
    """One case a checkpoint."""
    from stylegan3 import load

    return [Case(path.name, lambda path=path: load(path)) for path in paths]


def _fresh(
    name: str,
    config: Any,
    published: float | None = None,
    published_graph: float | None = None,
    goal: float | None = None,
) -> Case:
    def build() -> Generator:
        import torch

        from stylegan3 import Generator

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return Generator(config).requires_grad_(False).eval()

    return Case(name, build, published, published_graph, goal)


def _builtin(pair: Literal["sg2", "sg3"] = "sg2") -> Case:
    def build() -> Any:
        from sgview.engine.networks import builtin_networks

        return builtin_networks(pair)[0].generator

    return Case("built-in" if pair == "sg2" else f"built-in {pair}", build)
