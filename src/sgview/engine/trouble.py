"""What a failure on a device means: whether it is gone with the next call, or the device is."""

from __future__ import annotations

import torch


def device_answers(device: torch.device) -> bool:
    """Return whether `device` still computes; waits for what it is doing. Ask after a failure.

    Some errors of CUDA stick: an illegal address, a device that was removed or reset, a kernel that
    ran for too long. From then on every call in the process is answered with the same error, and
    nothing but another process helps; all other errors are gone with the next call.
    """
    if device.type != "cuda":
        return True
    try:
        torch.cuda.synchronize(device)
    except Exception:
        return False
    return True


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says; further ones are advice for developers."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].strip()
