"""Blending and editing many tensors in one launch."""

from __future__ import annotations

import math

import torch

from stylegan3.fast.kernels.weights.blend_edit_launcher import BlendEdit, BlendJob
from tests.support.kernels import generator


def test_blend_edit(device: torch.device) -> None:
    rng = generator(1)
    shapes = [(3,), (), (4096,), (70, 70, 3), (5000,)]
    pairs = [(torch.randn(s, generator=rng), torch.randn(s, generator=rng)) for s in shapes]
    amounts = torch.tensor(
        [
            (0.0, 1.0, 0.0, -math.inf),
            (1.0, 1.0, 0.0, -math.inf),
            (-0.4, 1.0, 0.0, -math.inf),
            (1.7, 2.0, 0.5, 0.25),
            (0.3, -1.0, 0.0, -math.inf),
        ]
    )
    jobs = [
        BlendJob(
            a.to(device), None if i == 4 else b.to(device), torch.full_like(a, torch.nan).to(device)
        )
        for i, (a, b) in enumerate(pairs)
    ]
    op = BlendEdit(jobs, device)
    op()
    for job in jobs:
        assert torch.equal(job.live, job.a), "nothing set: the pristine tensor, exactly"
    op.amounts.copy_(amounts)
    op()
    assert torch.equal(jobs[0].live, jobs[0].a)
    assert jobs[1].b is not None
    assert torch.equal(jobs[1].live, jobs[1].b)
    for i, ((a, b), job) in enumerate(zip(pairs, jobs, strict=True)):
        amount, factor, offset, floor = amounts[i].double()
        mixed = a.double() + amount * ((a if i == 4 else b).double() - a.double())
        expected = (mixed * factor + offset).clamp_min(floor)
        assert torch.allclose(job.live.cpu().double(), expected, rtol=1e-6, atol=1e-6)
