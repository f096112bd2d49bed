"""Which convolution was the fastest for each layer, measured on this very card and kept on disk."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import torch

from stylegan3.cuda.kept import card_of, read_kept, write_kept
from stylegan3.cuda.nvrtc import kernel_folder
from stylegan3.cuda.sources import cuda_source
from stylegan3.fast.kernels.convolution.mma_tiling import MmaTiling
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape

Wanted = tuple[ConvolutionShape, bool]
"""A layer, and whether its sums may be float16."""


@dataclass(frozen=True)
class Choice:
    """What plays a layer, and times [us] beside it."""

    time: float
    cudnn: float
    tiling: MmaTiling | None = None  # of `conv_mma.cu`; None: another kernel
    is_hopper: bool = False  # `conv_wgmma.cu`

    @property
    def gain(self) -> float:
        """How many times as fast as cuDNN it is."""
        return self.cudnn / self.time


class Choices:
    """Those for one card.

    A file of another version, of another card, or that somebody wrote to, gives no choices: cuDNN
    and what is known of Hopper play then.

    Args:
        path: where they are kept.
        card: the card and all else that times depend on.
    """

    def __init__(self, path: Path, card: str) -> None:
        self._path = path
        self._card = card
        self._choices = _choices(read_kept(path).get(card))
        self._wanted: dict[Wanted, None] = {}

    def __len__(self) -> int:
        return len(self._choices)

    def find(self, shape: ConvolutionShape, *, float16_sums: bool) -> Choice | None:
        """Return what was chosen for a layer, None if it was not measured.

        Args:
            shape: of the convolution.
            float16_sums: whether sums may be float16 in short runs.
        """
        return self._choices.get(_key(shape, float16_sums))

    def want(self, shape: ConvolutionShape, *, float16_sums: bool) -> None:
        """Note that a network plays such a layer."""
        self._wanted[shape, float16_sums] = None

    @property
    def unmeasured(self) -> list[Wanted]:
        """Layers that networks of this process play, and of which nothing was measured."""
        return [wanted for wanted in tuple(self._wanted) if _key(*wanted) not in self._choices]

    @property
    def mark(self) -> Path:
        """The file that is there while something is measured for a show that may go on."""
        return self._path.with_suffix(".measuring")

    def keep(self, shape: ConvolutionShape, choice: Choice, *, float16_sums: bool) -> None:
        """Take a choice from now on; `save` writes it."""
        self._choices[_key(shape, float16_sums)] = choice

    def save(self) -> None:
        """Write them, beside those of other cards and what other processes measured meanwhile.

        Raises:
            OSError: if the file cannot be written.
        """
        found = read_kept(self._path)
        kept = _choices(found.get(self._card)) | self._choices
        found[self._card] = {key: asdict(choice) for key, choice in kept.items()}
        write_kept(self._path, found)


@cache
def kept(device: torch.device) -> Choices:
    """Return the choices for a card, of this process."""
    kernel = hashlib.sha256(cuda_source(__file__, "conv_mma.cu").encode()).hexdigest()[:12]
    cudnn = torch.backends.cudnn.version()
    card = f"{card_of(device)}, cuDNN {cudnn}, kernel {kernel}"
    return Choices(kernel_folder().parent / "convolutions.json", card)


def _key(shape: ConvolutionShape, float16_sums: bool) -> str:
    size = f"{shape.height}x{shape.width} padded by {shape.padding}"
    sums = "float16" if float16_sums else "float32"
    kernel = f"{shape.kernel}x{shape.kernel}"
    return f"{kernel}, {shape.in_channels} to {shape.out_channels}, {size}, {sums} sums"


def _choices(values: Any) -> dict[str, Choice]:
    """Return the choices in what a file has of a card."""
    found = {
        key: _choice(value) for key, value in (values if isinstance(values, dict) else {}).items()
    }
    return {key: choice for key, choice in found.items() if choice is not None}


def _choice(value: Any) -> Choice | None:
    """Return a choice from a file, None where it is none."""
    try:
        tiling = value["tiling"]
        if tiling is not None:
            numbers = {field.name: tiling[field.name] for field in fields(MmaTiling)}
            if any(type(number) is not int for number in numbers.values()):
                return None
            if any(number < (name != "run") for name, number in numbers.items()):
                return None  # all but that are counts
            tiling = MmaTiling(**numbers)
        times = float(value["time"]), float(value["cudnn"])
        is_hopper = value["is_hopper"] is True
    except (KeyError, TypeError, ValueError):
        return None
    return Choice(*times, tiling, is_hopper) if min(times) > 0 else None
