"""`sgview bench --check`: whether pictures as they are played here are the right ones."""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

    from sgview.cli.bench_cases import Case
    from sgview.engine.acceleration import Acceleration

MOST_ERROR, MOST_LEVELS = 5e-3, 2
_SEEDS = 3


class Check(Struct, frozen=True):
    """How far pictures are from those of the plain operations on the processor."""

    network: str
    made_by: str  # how it was computed
    error: float  # relative Euclidean error, the largest of three latents
    levels: int  # largest difference, of 255 where six standard deviations span them
    problem: str = ""  # why there is no picture

    @property
    def is_right(self) -> bool:
        """Whether the difference is within what is promised."""
        return not self.problem and self.error <= MOST_ERROR and self.levels <= MOST_LEVELS


def check(
    cases: Sequence[Case],
    device: torch.device,
    acceleration: Acceleration,
    tick: Callable[[], Any] = lambda: None,
) -> list[Check]:
    """Compare three pictures of every case with those of its own modules in float32."""
    results = []
    for case in cases:
        generator = case.build()
        try:
            results.append(_check(case.name, generator, device, acceleration))
        except (NotImplementedError, RuntimeError) as error:
            # of an operation that the device lacks; nothing is computed elsewhere in silence
            reason = str(error).partition("\n")[0]
            results.append(Check(case.name, str(device), float("inf"), 255, reason))
        tick()
    return results


def format_checks(checks: Sequence[Check]) -> str:
    """The results as a table, and what they mean."""
    lines = [f"{'pictures beside the plain ones':<34}{'error':>10}{'of 255':>8}"]
    for c in checks:
        verdict = "" if c.is_right else "  WRONG"
        lines.append(f"{c.network:<34}{c.error:>10.1e}{c.levels:>8}{verdict}  {c.made_by}")
        lines += [f"  {c.problem}"] * bool(c.problem)
    if os.environ.get("PYTORCH_ENABLE_MPS_FALLBACK", "0") not in ("", "0"):
        lines.append(
            "PYTORCH_ENABLE_MPS_FALLBACK lets operations run on the processor instead: unset it."
        )
    wrong = sum(not c.is_right for c in checks)
    lines.append(f"{wrong} of {len(checks)} networks are wrong" if wrong else "all are right")
    return "\n".join(lines)


def _check(name: str, generator: Any, device: torch.device, acceleration: Acceleration) -> Check:
    import torch

    from sgview.engine.live_network import LiveNetwork
    from sgview.engine.network import Network
    from sgview.state.params import Params

    plain = copy.deepcopy(generator).float()  # keeps nothing of its weights, and sums directly
    live = LiveNetwork(Network.of(generator, name), device, acceleration)
    errors, differences = [], []
    with torch.no_grad():
        for seed in range(_SEEDS):
            z = torch.randn(1, plain.z_dim, generator=torch.Generator().manual_seed(seed))
            expected = plain(z)
            picture = live.run(z.to(device), Params(), "")[0].float().cpu()
            difference = picture - expected
            errors.append(float(difference.norm() / expected.norm()))
            step = float(expected.std()) * 6 / 255
            differences.append(round(float(difference.abs().max()) / max(step, 1e-12)))
    return Check(name, live.made_by, max(errors), max(differences))
