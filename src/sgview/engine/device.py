"""Which device the networks play on."""

from __future__ import annotations

import torch

from sgview.engine.cards import too_old_reason


class DeviceLostError(RuntimeError):
    """The device computes nothing more in this process; the message says which, and what it said.

    What it said is the cause.
    """


def choose_device(name: str = "auto") -> torch.device:
    """Return the device called `name`; "auto" is the first of cuda, mps and cpu that can play.

    Raises:
        ValueError: if `name` is no device, or this machine does not have it.
    """
    if name == "auto":
        if torch.cuda.is_available() and not too_old_reason(torch.cuda.current_device()):
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cuda", "mps", "cpu"):
        raise ValueError(f"The device is one of auto, cuda, cuda:1, mps and cpu, not '{name}'.")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ValueError("This machine has no Metal device: use --device cpu.")
    if device.type == "cuda":
        if not torch.cuda.is_available():
            why = "torch was built without CUDA" if not torch.version.cuda else "no GPU answers"
            raise ValueError(f"CUDA cannot be used here, {why}: use --device cpu.")
        index = torch.cuda.current_device() if device.index is None else device.index
        if index >= torch.cuda.device_count():
            raise ValueError(
                f"There is no device cuda:{index}: this machine has {torch.cuda.device_count()}."
            )
        return torch.device("cuda", index)
    return device


def describe_device(device: torch.device) -> str:
    """Return the name of `device` for people, e.g. "NVIDIA H200 (cuda:0)" or "CPU, 8 threads"."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} ({device})"
    if device.type == "mps":
        return "Apple GPU (mps)"
    count = torch.get_num_threads()
    return f"CPU, {count} thread{'s' * (count > 1)}"


def limit_memory(device: torch.device, gib: float) -> None:
    """Let torch take no more than this of a card's memory; what needs more is out of memory.

    Buffers of CUDA itself and of OpenGL come on top, some hundred MB.

    Args:
        device: a CUDA device; others have no limit.
        gib: how much [GiB]; 0 for all there is.
    """
    if device.type == "cuda" and gib > 0:
        _, total = torch.cuda.mem_get_info(device)
        torch.cuda.set_per_process_memory_fraction(min(1.0, gib * 2**30 / total), device)


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
