"""Completeness: whether a file has the tensors of its configuration. What follows is added."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from stylegan3.checkpoints.errors import WHERE, UnusableError
from stylegan3.checkpoints.found import FoundGenerator, Part
from stylegan3.config import Config
from stylegan3.families import FAMILIES, family_of, fresh_buffer, is_buffer
from stylegan3.generator import Generator
from stylegan3.shapes import Shapes

W_AVG = "mapping.w_avg"
W_AVG_SAMPLES = 10_000
W_AVG_CLASS_SAMPLES = 100  # of each class, where each has its own average
SHOWN = 3  # names in a message


def expected_shapes(config: Config) -> Shapes:
    """Names and shapes of all tensors of a generator; no memory is used for their numbers.

    Raises:
        UnusableError: if no generator can have this configuration.
    """
    try:
        state = Generator.without_numbers(config).state_dict()
    except (ValueError, RuntimeError, OverflowError, ArithmeticError) as error:
        raise UnusableError(f"its configuration is impossible: {error}") from error
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def match_parts(found: FoundGenerator, expected: Shapes) -> tuple[dict[str, Part], list[str]]:
    """The parts of `found` that the generator has, in its order, and names to be recomputed.

    Raises:
        UnusableError: naming tensors that are missing, surplus or of the wrong shape.
    """
    surplus = [name for name in found.parts if name not in expected]
    left_out = [name for name in surplus if found.parts[name].is_buffer or is_buffer(name)]
    surplus = [name for name in surplus if name not in set(left_out)]
    missing, recomputed, wrong, parts = [], [], [], {}
    for name, shape in expected.items():
        part = found.parts.get(name)
        if part is None:
            is_known = name == W_AVG or fresh_buffer(found.config, name, (1,)) is not None
            (recomputed if is_known else missing).append(name)
        elif part.shape == shape:
            parts[name] = part
        elif _without_ones(part.shape) == _without_ones(shape):
            parts[name] = Part(part.ref, shape, _reshaped(part, shape), part.is_buffer)
        elif name.endswith(FAMILIES[found.config.family].unread):
            recomputed.append(name)
        else:
            wrong.append(f"{name} is {list(part.shape)} instead of {list(shape)}")
    faults = [_fault("missing", missing), _fault("surplus", surplus), _fault("misshapen", wrong)]
    if any(faults):
        raise UnusableError(
            f"it is {family_of(found.config)}, but its tensors do not fit its configuration: "
            + ", ".join(filter(None, faults))
            + f"; {WHERE}"
        )
    if left_out:
        found.notes.append(f"{len(left_out)} buffers that no generator uses are left out")
    return parts, recomputed


def complete(
    found: FoundGenerator, state: dict[str, Tensor], recomputed: list[str], expected: Shapes
) -> None:
    """Add the tensors named in `recomputed` to `state`, and note what was done."""
    for name in recomputed:
        if name != W_AVG:
            fresh = fresh_buffer(found.config, name, expected[name])
            assert fresh is not None
            state[name] = fresh
    noise = [name for name in recomputed if name.endswith(".noise_const")]
    silent = [name for name in noise if not state[name].any()]
    if len(noise) > len(silent):
        found.notes.append(
            "it has no noise pictures, which its program draws anew each time; these are drawn once"
        )
    if silent:
        found.notes.append(
            f"it has no noise pictures for {len(silent)} layers, so these stay silent"
        )
    if W_AVG in recomputed:
        state[W_AVG] = torch.zeros(expected[W_AVG])
        samples = _samples(expected[W_AVG])
        state[W_AVG] = mean_w(found.config, state, samples)
        found.notes.append(f"it has no average w, so the mean of {samples} mapped samples is used")


def _samples(shape: tuple[int, ...]) -> int:
    """How many samples give the average w, or one for each class."""
    return W_AVG_SAMPLES if len(shape) == 1 else max(W_AVG_SAMPLES, shape[0] * W_AVG_CLASS_SAMPLES)


def mean_w(
    config: Config, state: dict[str, Tensor], samples: int
) -> Tensor:  # [w_dim], [c_dim, w_dim]
    """Mean of w over z ~ N(0, 1), with labels drawn evenly: what training averages over time.

    Where `state` has an average for each class, the mean is that of each class.
    """
    generator = Generator.of(config, state)
    draw = torch.Generator().manual_seed(0)
    shape = state[W_AVG].shape
    total = torch.zeros(shape[0] if len(shape) > 1 else 1, shape[-1], dtype=torch.float64)
    count = torch.zeros(len(total), dtype=torch.float64)
    chunk = 1000
    with torch.no_grad():
        for start in range(0, samples, chunk):
            z = torch.randn(chunk, config.z_dim, generator=draw)
            c, place = None, torch.zeros(chunk, dtype=torch.int64)
            if config.c_dim:
                classes = torch.arange(start, start + chunk) % config.c_dim
                c = torch.nn.functional.one_hot(classes, config.c_dim).float()
                place = classes if len(shape) > 1 else place
            total.index_add_(0, place, generator.mapping(z, c)[:, 0].double())
            count.index_add_(0, place, torch.ones(chunk, dtype=torch.float64))
    mean = total / count[:, None]
    return mean.reshape(shape).to(state["mapping.fc0.weight"].dtype)


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def _reshaped(part: Part, shape: tuple[int, ...]) -> Callable[[Tensor], Tensor]:
    convert = part.convert
    return lambda x: (convert(x) if convert else x).reshape(shape)


def _fault(kind: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{len(names)} {kind} ({', '.join(name[:120] for name in names[:SHOWN])}{more})"
